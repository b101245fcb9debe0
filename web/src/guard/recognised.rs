//! Which sessions were found to be real lately: when the node sheds load, people who work go before those who only say that they do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Clock;
use crate::session::SessionHash;

/// A session counts so long after it was last seen to be real.
const KEPT: Duration = Duration::from_secs(15 * 60);
/// Most sessions remembered.
const SESSIONS_MAX: usize = 65_536;

/// Sessions that the service found in its store. The guard hands it to the service with each request.
#[derive(Clone)]
pub struct Recognised {
    clock: Clock,
    seen: Arc<Mutex<HashMap<SessionHash, Duration>>>,
}

impl Recognised {
    pub(super) fn new(clock: Clock) -> Recognised {
        Recognised { clock, seen: Arc::default() }
    }

    /// The session behind this hash is real.
    pub fn mark(&self, session: SessionHash) {
        let now = (self.clock)();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SESSIONS_MAX {
            seen.retain(|_, at| now.saturating_sub(*at) < KEPT);
        }
        if seen.len() < SESSIONS_MAX {
            seen.insert(session, now);
        }
    }

    pub(super) fn is_known(&self, session: SessionHash) -> bool {
        let now = (self.clock)();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&session).is_some_and(|at| now.saturating_sub(*at) < KEPT)
    }
}

//! The clock of a machine that is not to be trusted: it may run ahead of the true time, or behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use service::Clock;

use super::super::DemoClock;

/// What the node reads, by the true time and how far it is off.
pub(super) struct FaultyClock {
    /// The true time.
    pub(super) real: Arc<DemoClock>,
    ahead_us: AtomicI64,
}

impl FaultyClock {
    /// Right at first.
    pub(super) fn new(real: Arc<DemoClock>) -> Self {
        Self { real, ahead_us: AtomicI64::new(0) }
    }

    /// From now on it is so far ahead of the true time; negative = behind.
    pub(super) fn put_ahead(&self, by: SignedDuration) {
        self.ahead_us.store(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FaultyClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_micros(self.ahead_us.load(Ordering::SeqCst));
        self.real.now().checked_add(ahead).unwrap()
    }
}

//! The outbox as jobs use it: claimed in turn by organisation, finished or put off.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use store::{Claim, OutboxItem};

use crate::app::App;
use crate::error::{Error, Result};

/// The organisation that each queue served last, in this process.
#[derive(Default)]
pub(crate) struct Turns(Mutex<BTreeMap<&'static str, String>>);

/// How work of a queue is claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Which queue.
    pub(crate) queue: &'static str,
    /// How long the claim holds, µs.
    pub(crate) lease_us: i64,
    /// Most that each organisation gets in one turn.
    pub(crate) each: u32,
    /// Most in one turn.
    pub(crate) limit: u32,
}

impl App {
    /// Claims work that is due; the organisations behind the one that was served last come first.
    pub(crate) async fn claim(&self, share: Share, lease: &str) -> Result<Vec<OutboxItem>> {
        let Share { queue, lease_us, each, limit } = share;
        // The map cannot be left half changed: insertion is one step.
        let turns = &self.turns().0;
        let after = turns.lock().unwrap_or_else(PoisonError::into_inner).get(queue).cloned().unwrap_or_default();
        let (now, lease) = (self.now().as_microsecond(), lease.to_owned());
        let claimed = self.store().write(move |writes| {
            writes.claim_outbox(&Claim { queue, lease: &lease, now, until: now + lease_us, each, after: &after, limit })
        });
        let claimed = claimed.await.map_err(Error::Fault)?;
        if let Some(last) = claimed.last() {
            let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.insert(queue, last.organisation.clone());
        }
        Ok(claimed)
    }

    /// The work is done.
    pub(crate) async fn finish(&self, item: &OutboxItem, lease: &str) -> Result<()> {
        let (lease, sequence, n) = (lease.to_owned(), item.sequence, item.n);
        let written = self.store().write(move |writes| writes.finish_outbox(&lease, sequence, n)).await;
        written.map(|_| ()).map_err(Error::Fault)
    }

    /// The work is to be tried again after a while.
    pub(crate) async fn put_off(&self, item: &OutboxItem, lease: &str, wait_us: i64) -> Result<()> {
        let (lease, sequence, n) = (lease.to_owned(), item.sequence, item.n);
        let due_at = self.now().as_microsecond() + wait_us;
        let written = self.store().write(move |writes| writes.retry_outbox(&lease, sequence, n, due_at)).await;
        written.map(|_| ()).map_err(Error::Fault)
    }
}

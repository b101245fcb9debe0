//! Time and chance of the demonstration: a simulated clock and a seed while it is built, the machine's own from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;
use service::{Clock, EntropySource};
use sha2::{Digest, Sha256};

/// A clock that is set by hand until it is released.
pub(crate) struct DemoClock {
    real: Arc<dyn Clock>,
    /// Microseconds UTC; `RELEASED` when the real clock counts.
    simulated: AtomicI64,
}

const RELEASED: i64 = i64::MIN;

impl DemoClock {
    /// Begins at an instant.
    pub(crate) fn new(real: Arc<dyn Clock>, begin: Timestamp) -> Self {
        Self { real, simulated: AtomicI64::new(begin.as_microsecond()) }
    }

    /// Moves on; never back.
    pub(crate) fn set(&self, at: Timestamp) {
        self.simulated.fetch_max(at.as_microsecond(), Ordering::SeqCst);
    }

    /// From now on the real clock counts.
    pub(crate) fn release(&self) {
        self.simulated.store(RELEASED, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        match self.simulated.load(Ordering::SeqCst) {
            RELEASED => self.real.now(),
            at => Timestamp::from_microsecond(at).unwrap_or_else(|_| self.real.now()),
        }
    }
}

/// Seeded bytes until it is released: the same demonstration every time, but nothing that anyone could guess afterwards.
#[derive(Clone)]
pub(crate) struct DemoEntropy(Arc<Seeded>);

struct Seeded {
    real: Box<dyn EntropySource>,
    seed: u64,
    drawn: AtomicU64,
    released: AtomicBool,
}

impl DemoEntropy {
    /// Begins with a seed.
    pub(crate) fn new(real: Box<dyn EntropySource>, seed: u64) -> Self {
        let seeded = Seeded { real, seed, drawn: AtomicU64::new(0), released: AtomicBool::new(false) };
        Self(Arc::new(seeded))
    }

    /// From now on the machine's randomness counts.
    pub(crate) fn release(&self) {
        self.0.released.store(true, Ordering::SeqCst);
    }
}

impl EntropySource for DemoEntropy {
    fn seed(&self) -> [u8; 32] {
        if self.0.released.load(Ordering::SeqCst) {
            return self.0.real.seed();
        }
        let n = self.0.drawn.fetch_add(1, Ordering::SeqCst);
        Sha256::new().chain_update(self.0.seed.to_be_bytes()).chain_update(n.to_be_bytes()).finalize().into()
    }
}

/// Choices of the demonstration's story: the same for the same seed and name.
pub(crate) struct Choices {
    name: String,
    drawn: u64,
}

impl Choices {
    /// The choices of one thing.
    pub(crate) fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), drawn: 0 }
    }

    /// A number below a bound, which is above zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        let hash = Sha256::new().chain_update(&self.name).chain_update(self.drawn.to_be_bytes()).finalize();
        let number = hash.iter().take(8).fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        number % bound.max(1)
    }

    /// One of these.
    pub(crate) fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.below(all.len() as u64)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, SystemEntropy};

    #[test]
    fn the_clock_never_goes_back_and_is_real_when_released() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let clock = DemoClock::new(Arc::new(SystemClock), at("2026-01-05T01:00:00Z"));
        clock.set(at("2026-01-06T01:00:00Z"));
        clock.set(at("2026-01-05T02:00:00Z"));
        assert_eq!(clock.now(), at("2026-01-06T01:00:00Z"));
        clock.release();
        assert!(clock.now() > at("2026-01-06T01:00:00Z"));
    }

    #[test]
    fn chance_repeats_until_it_is_released() {
        let [one, two] = [(); 2].map(|()| DemoEntropy::new(Box::new(SystemEntropy), 7));
        assert_eq!([one.seed(), one.seed()], [two.seed(), two.seed()]);
        one.release();
        two.release();
        assert_ne!(one.seed(), two.seed());
        let choices: Vec<u64> = std::iter::repeat_with({
            let mut choices = Choices::of("case 1");
            move || choices.below(10)
        })
        .take(200)
        .collect();
        assert!((0..10).all(|n| choices.contains(&n)), "{choices:?}");
    }
}

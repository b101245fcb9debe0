//! The only place that reads the machine's clock and its randomness.

use jiff::Timestamp;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl service::Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemEntropy;

impl service::EntropySource for SystemEntropy {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        // Without randomness no salt, id or session is safe: there is nothing sensible to go on with.
        getrandom::fill(&mut seed).expect("the operating system gives random bytes");
        seed
    }
}

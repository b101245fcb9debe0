//! Personal values never stand in entries or states: a commitment stands there, the value and its salt lie in the vault.

use base::id::SubjectId;
use journal::Commitment;
use sha2::{Digest, Sha256};

/// A value on its way to the vault. The store seals it under the subject's key; it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Whose key seals it.
    pub subject: SubjectId,
    /// Where it belongs, unique under the subject: [`crate::case::Places`].
    pub field: String,
    /// Random salt of the commitment.
    pub salt: [u8; 16],
    /// The value, UTF-8 text.
    pub value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({}/{})", self.subject, self.field)
    }
}

impl Secret {
    /// What the entry holds in its place.
    pub fn commitment(&self) -> Commitment {
        Commitment {
            subject: journal::Id(*self.subject.uuid().as_bytes()),
            field: self.field.clone(),
            hash: journal::commit(&self.salt, self.value.as_bytes()),
        }
    }
}

/// Salts, ids and codes for one command, all drawn from one random seed: randomness is an argument of `decide`, and a seeded run repeats.
#[derive(Clone)]
pub struct Entropy {
    seed: [u8; 32],
    counter: u32,
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}

impl Entropy {
    /// From 32 random bytes.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// Sixteen fresh bytes: SHA-256(seed ‖ counter), truncated.
    pub fn bytes16(&mut self) -> [u8; 16] {
        self.counter += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize();
        let mut out = [0; 16];
        out.copy_from_slice(&digest[..16]);
        out
    }

    /// A 128-bit verification code, lower-case hex.
    pub fn code(&mut self) -> String {
        crate::state::hex(&self.bytes16())
    }
}

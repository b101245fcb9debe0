//! The journal: canonical entries, RFC 6962 tree, signed checkpoints, proofs and a verifier.
//!
//! This crate fixes bytes that last: what an [`Entry`] looks like, how entries hash into a tree, how a node signs its tree, and what a receipt
//! carries. It deliberately does not know what any entry means, where rows lie, what time it is or where keys come from: it reads bytes, hashes
//! and compares them, so that a receipt can still be checked when nothing else of the product is at hand.
//!
//! | module | knows | form |
//! |---|---|---|
//! | [`cbor`] | canonical bytes of any value | RFC 8949 §4.2 |
//! | [`entry`] | one line of the journal | a map of nine text keys, ≤ 65 535 bytes |
//! | [`tree`] | hashes, frontier, tiles, proofs | RFC 6962 over SHA-256, C2SP tlog-tiles |
//! | [`note`] | signed texts and keys | C2SP signed-note, Ed25519 |
//! | [`checkpoint`] | the head of a tree as a text | C2SP tlog-checkpoint |
//! | [`receipt`] | what an applicant takes home | JSON, format 1 |
//! | [`verify`] | a whole log, entry by entry | names the first entry at fault |

pub mod cbor;
pub mod checkpoint;
pub mod entry;
pub mod note;
pub mod receipt;
pub mod tree;
pub mod verify;

mod values;

pub use checkpoint::Checkpoint;
pub use entry::{Actor, Body, Commitment, Entry, EntryError, Kind, commit};
pub use receipt::{Receipt, ReceiptError, Verified};
pub use values::{Hash, Id, IdError};

#[cfg(test)]
mod tests;

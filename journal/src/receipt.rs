//! Receipts: proof, on one small file, that an entry stands in a node's journal.
//!
//! # The file, format 1
//! JSON, an object of exactly these fields; UTF-8, any white space; base64 is RFC 4648 §4 with padding.
//!
//! | field | value |
//! |---|---|
//! | `receipt` | the number 1 |
//! | `entry` | base64 of the entry's bytes ([`crate::entry`]) |
//! | `proof` | array of base64 hashes: the inclusion proof (RFC 6962 §2.1.1), from the leaf's sibling up |
//! | `checkpoint` | the signed checkpoint, verbatim (C2SP tlog-checkpoint) |
//! | `signer` | the verifier key of the signature that counts: `name+hash+base64` (C2SP signed-note) |
//!
//! The leaf index is the entry's `sequence`, the tree's size stands in the checkpoint: neither is repeated. To check one without this program:
//! SHA-256(0x00 ‖ entry), fold the proof, compare with the root in line 3 of the checkpoint, verify the Ed25519 signature of its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::checkpoint::origin;
use crate::note::{Note, NoteError, VerifierKey};
use crate::tree::leaf_hash;
use crate::tree::proofs::{ProofRefused, verify_inclusion};
use crate::{Checkpoint, Entry, EntryError, Hash, Id};

/// Larger files are refused: the largest entry, proof and note fit well within it.
pub const RECEIPT_BYTES_MAX: usize = 1024 * 1024;

/// The form written and read.
pub const RECEIPT_FORMAT: u32 = 1;

/// Proof that an entry stands in a node's journal (回执).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The sibling hashes from the leaf up.
    pub proof: Vec<Hash>,
    /// The signed head of a tree that holds the entry.
    pub checkpoint: Note,
    /// The key that signed it, as the receipt says.
    pub signer: VerifierKey,
}

/// What a receipt that holds together shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The entry.
    pub entry: Entry,
    /// The node in whose journal it stands.
    pub node: Id,
    /// SHA-256 of the signing key: without a pinned key, this is what must be compared with what the node publishes.
    pub fingerprint: Hash,
    /// Whether the signing key is the one the caller knows. Without it the receipt agrees with itself, and no more is shown.
    pub pinned: bool,
    /// The size of the tree.
    pub tree_size: u64,
    /// Its root.
    pub root: Hash,
    /// When the tree's head was signed, µs UTC.
    pub signed_at: Option<i64>,
}

/// Why a receipt is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the JSON of a receipt.
    #[error("not a receipt: {0}")]
    Form(String),
    /// A receipt of a form this program does not know.
    #[error("a receipt of format {0}; this program knows format {RECEIPT_FORMAT}")]
    Format(u64),
    /// The entry cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The checkpoint or key is malformed, or the signature is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is not signed by the key that the caller knows.
    #[error("signed by another key than the one given; its fingerprint is {fingerprint}")]
    OtherSigner {
        /// The fingerprint of the key that did sign.
        fingerprint: Hash,
    },
    /// The checkpoint or its key is of another log than the entry's node.
    #[error("the checkpoint is of {found:?}, the entry of {expected:?}")]
    OtherLog {
        /// The origin that the entry's node has.
        expected: String,
        /// The origin or key name found.
        found: String,
    },
    /// The proof does not lead from the entry to the signed root.
    #[error("the entry is not in the tree that was signed")]
    Proof(#[from] ProofRefused),
}

impl ReceiptError {
    /// A stable name for programs and message catalogues.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "receipt-form",
            Self::Format(_) => "receipt-format",
            Self::Entry(_) => "receipt-entry",
            Self::Note(NoteError::NotSigned(_) | NoteError::WrongSignature(_)) => "receipt-signature",
            Self::Note(NoteError::Malformed(_) | NoteError::Key(_)) => "receipt-checkpoint",
            Self::OtherSigner { .. } => "receipt-other-signer",
            Self::OtherLog { .. } => "receipt-other-log",
            Self::Proof(_) => "receipt-proof",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    receipt: u64,
    entry: String,
    proof: Vec<String>,
    checkpoint: String,
    signer: String,
}

/// Read first, so that a later form is named rather than called malformed.
#[derive(Deserialize)]
struct FormatOnly {
    receipt: u64,
}

impl Receipt {
    /// The file's text.
    pub fn to_json(&self) -> Result<String, ReceiptError> {
        let file = File {
            receipt: RECEIPT_FORMAT.into(),
            entry: STANDARD.encode(&self.entry),
            proof: self.proof.iter().map(|hash| STANDARD.encode(hash.0)).collect(),
            checkpoint: self.checkpoint.to_string(),
            signer: self.signer.to_string(),
        };
        serde_json::to_string_pretty(&file)
            .map(|text| text + "\n")
            .map_err(|error| ReceiptError::Form(error.to_string()))
    }

    /// Reads a file's text. This checks form only; [`Receipt::verify`] checks truth.
    pub fn from_json(text: &str) -> Result<Self, ReceiptError> {
        let form = |message: &str| ReceiptError::Form(message.to_owned());
        if text.len() > RECEIPT_BYTES_MAX {
            return Err(form("the file is too large"));
        }
        let format: FormatOnly = serde_json::from_str(text).map_err(|error| form(&error.to_string()))?;
        if format.receipt != u64::from(RECEIPT_FORMAT) {
            return Err(ReceiptError::Format(format.receipt));
        }
        let file: File = serde_json::from_str(text).map_err(|error| form(&error.to_string()))?;
        let base64 = |text: &str| STANDARD.decode(text).map_err(|_| form("a field is not base64"));
        let hash = |text: &String| base64(text)?.try_into().map(Hash).map_err(|_| form("a hash is not of 32 bytes"));
        Ok(Self {
            entry: base64(&file.entry)?,
            proof: file.proof.iter().map(hash).collect::<Result<_, _>>()?,
            checkpoint: file.checkpoint.parse()?,
            signer: file.signer.parse()?,
        })
    }

    /// Checks everything: the signature, that signer, checkpoint and entry are of one node, and that the proof leads from the entry to the
    /// signed root. With `key`, the checkpoint must be signed by that key too; without, compare the fingerprint by other means.
    pub fn verify(&self, key: Option<&VerifierKey>) -> Result<Verified, ReceiptError> {
        self.checkpoint.verify(&self.signer)?;
        if let Some(key) = key {
            self.checkpoint.verify(key).map_err(|error| match error {
                NoteError::NotSigned(_) => ReceiptError::OtherSigner { fingerprint: self.signer.fingerprint() },
                other => other.into(),
            })?;
        }
        let entry = Entry::decode(&self.entry)?;
        let checkpoint: Checkpoint = self.checkpoint.text().parse()?;
        let expected = origin(entry.node);
        let names = [Some(checkpoint.origin.as_str()), Some(self.signer.name()), key.map(VerifierKey::name)];
        if let Some(found) = names.into_iter().flatten().find(|name| *name != expected) {
            return Err(ReceiptError::OtherLog { expected, found: found.to_owned() });
        }
        verify_inclusion(&leaf_hash(&self.entry), entry.sequence, checkpoint.size, &self.proof, &checkpoint.root)?;
        Ok(Verified {
            node: entry.node,
            entry,
            fingerprint: key.unwrap_or(&self.signer).fingerprint(),
            pinned: key.is_some(),
            tree_size: checkpoint.size,
            root: checkpoint.root,
            signed_at: checkpoint.at(),
        })
    }
}

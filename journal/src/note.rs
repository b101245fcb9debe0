//! Signed notes: a text and the signatures under it, as C2SP signed-note fixes them, with Ed25519 (signature type 0x01).
//!
//! ```text
//! text, one line or more, each ended by a newline
//!
//! — key-name base64(key id ‖ signature)
//! ```
//! Signatures under keys that are not known are kept and ignored, as the specification demands: witnesses may add theirs.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use sha2::{Digest, Sha256};

use crate::Hash;
use crate::values::unhex;

/// Longer notes are refused: room for a checkpoint and some dozens of signatures, large post-quantum ones included.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;

/// More signatures are refused; the specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// Signature type identifier of Ed25519 in C2SP signed-note.
const ED25519: u8 = 0x01;

/// Why a note or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is not of the form that the specification gives.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// The text is not `name+hash+key`, or the hash is not that of the name and key.
    #[error("not a verifier key: {0}")]
    Key(&'static str),
    /// No signature under this key.
    #[error("not signed by {0:?}")]
    NotSigned(String),
    /// A signature under this key that is not its signature of this text.
    #[error("the signature of {0:?} is not one of this text")]
    WrongSignature(String),
}

/// A text with signatures under it. Reading one checks its form; only [`Note::verify`] says whether to believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The first four bytes of a hash of name and key.
    pub key_id: [u8; 4],
    /// The signature, in the form of the key's algorithm.
    pub bytes: Vec<u8>,
}

/// The public half of a key with its name, written `name+hash+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// A key that signs. Made from a seed that the caller keeps; it is wiped from memory when dropped.
pub struct SignerKey {
    key: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

impl Note {
    /// A note over `text`, signed by one key; [`Note::add_signature`] adds others.
    pub fn sign(text: &str, signer: &SignerKey) -> Result<Self, NoteError> {
        check_text(text)?;
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        note.add_signature(signer);
        Ok(note)
    }

    /// Signs the same text with another key.
    pub fn add_signature(&mut self, signer: &SignerKey) {
        self.signatures.push(Signature {
            name: signer.verifier.name.clone(),
            key_id: signer.verifier.key_id(),
            bytes: signer.key.sign(self.text.as_bytes()).to_bytes().to_vec(),
        });
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in their order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Whether this key signed this text: at least one signature under its name and id, and no wrong one.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let key_id = key.key_id();
        let mut signed = false;
        for signature in self.signatures.iter().filter(|line| line.name == key.name && line.key_id == key_id) {
            let right = ed25519_dalek::Signature::from_slice(&signature.bytes)
                .is_ok_and(|signature| key.key.verify_strict(self.text.as_bytes(), &signature).is_ok());
            if !right {
                return Err(NoteError::WrongSignature(key.name.clone()));
            }
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteError::NotSigned(key.name.clone())) }
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        if note.len() > NOTE_BYTES_MAX {
            return Err(malformed("too long"));
        }
        // The text may have empty lines of its own: the last one is the border.
        let border = note.rfind("\n\n").ok_or(malformed("no empty line before the signatures"))?;
        let (text, signatures) = (&note[..=border], &note[border + 2..]);
        check_text(text)?;
        let lines = signatures.strip_suffix('\n').ok_or(malformed("no signatures, or the last one is not ended"))?;
        let signatures = lines.split('\n').map(parse_signature).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(malformed("too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn parse_signature(line: &str) -> Result<Signature, NoteError> {
    let malformed = NoteError::Malformed;
    let (name, base64) = line
        .strip_prefix("— ")
        .and_then(|rest| rest.split_once(' '))
        .ok_or(malformed("a line that is no signature"))?;
    check_name(name).map_err(malformed)?;
    let bytes = STANDARD.decode(base64).map_err(|_| malformed("a signature that is not base64"))?;
    match bytes.split_first_chunk::<4>() {
        Some((key_id, bytes)) if !bytes.is_empty() => {
            Ok(Signature { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() })
        }
        _ => Err(malformed("a signature that is too short")),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for Signature { name, key_id, bytes } in &self.signatures {
            writeln!(f, "— {name} {}", STANDARD.encode([key_id.as_slice(), bytes].concat()))?;
        }
        Ok(())
    }
}

impl VerifierKey {
    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the 32 bytes of the public key: what two people compare.
    pub fn fingerprint(&self) -> Hash {
        Hash(Sha256::digest(self.key.as_bytes()).into())
    }

    /// The first four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ public key).
    fn key_id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(base64)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("expected name+hash+key"));
        };
        check_name(name).map_err(NoteError::Key)?;
        let id: [u8; 4] = unhex(id.as_bytes()).ok_or(NoteError::Key("the hash is not 8 hexadecimal digits"))?;
        let bytes = STANDARD.decode(base64).map_err(|_| NoteError::Key("the key is not base64"))?;
        let Some((&ED25519, public)) = bytes.split_first() else {
            return Err(NoteError::Key("not an Ed25519 key"));
        };
        let key = <&[u8; 32]>::try_from(public)
            .ok()
            .and_then(|public| ed25519_dalek::VerifyingKey::from_bytes(public).ok())
            .filter(|key| !key.is_weak())
            .ok_or(NoteError::Key("not an Ed25519 key"))?;
        let verifier = Self { name: name.to_owned(), key };
        if verifier.key_id() == id { Ok(verifier) } else { Err(NoteError::Key("the hash is of another name or key")) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public = STANDARD.encode([[ED25519].as_slice(), self.key.as_bytes()].concat());
        write!(f, "{}+{:08x}+{public}", self.name, u32::from_be_bytes(self.key_id()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SignerKey {
    /// The key of this name made from 32 secret random bytes (the RFC 8032 private key).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name).map_err(NoteError::Key)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey { name: name.to_owned(), key: key.verifying_key() };
        Ok(Self { key, verifier })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({})", self.verifier.name)
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end with a newline"));
    }
    if text.chars().any(|character| character < ' ' && character != '\n') {
        return Err(NoteError::Malformed("a control character"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("a key without a name");
    }
    if name.chars().any(|character| character.is_whitespace() || character < ' ' || character == '+') {
        return Err("a key name with a space, a control character or a plus sign");
    }
    Ok(())
}

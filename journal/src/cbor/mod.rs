//! Deterministic CBOR: one value, one sequence of bytes (RFC 8949 §4.2.1, core deterministic encoding).
//!
//! Integers and lengths in their shortest form, definite lengths only, map keys in bytewise order of their encoded form, no key twice. On top
//! of that, what frozen records should not carry is refused: floating point (decimals are canonical text), integers below −2^63, tags, and simple
//! values other than `false`, `true` and `null`.
//!
//! Writing is a serde serializer of our own: an intermediate `ciborium::Value` allocates every key and string, and has to be walked to sort and to
//! refuse. (A body of 303 bytes, development profile, two shared cores: 3.4 µs against 14.3 µs; a whole entry around it 0.5 µs more. The test
//! `measures_the_codec` repeats it.) Reading checks the bytes in one pass without allocating, then hands them to ciborium, a kept library, for
//! the typed value.
//!
//! For those who derive `Serialize` on something that is encoded here:
//! - the format is not human readable to serde, so a `uuid::Uuid` becomes a byte string of 16;
//! - enums are externally tagged unless told otherwise: a text for a unit variant, a map of one for the others;
//! - `Vec<u8>` is an array of integers to serde; for a byte string use a type that calls `serialize_bytes`;
//! - a `HashMap` is sorted like any map, a `HashSet` keeps its random order: use `BTreeSet`.

use serde::Serialize;
use serde::de::DeserializeOwned;

mod read;
mod write;

pub use read::{Item, Reader};
pub(crate) use write::{Writer, write_bytes, write_i64, write_map_head, write_text, write_u64};

/// Deeper nesting is refused, written or read: a reader must never run out of stack.
pub const DEPTH_MAX: usize = 64;

/// Larger values are refused, written or read. States and catalog indexes stay far below; entries have their own, smaller limit.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Which keys a map may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Any value: for states, whose maps are keyed by ids and numbers too.
    Any,
    /// Text only, at every depth: for entries.
    Text,
}

/// Why a value cannot be written, or bytes cannot be read, as deterministic CBOR.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The bytes break a rule at an offset.
    #[error("byte {offset}: {problem}")]
    Malformed {
        /// Where, from 0.
        offset: usize,
        /// Which rule.
        problem: Problem,
    },
    /// A map was written with the same key twice.
    #[error("a map has the same key twice")]
    DuplicateKey,
    /// A map was written with a key that is not text, where only text is allowed.
    #[error("a map key is not text")]
    KeyNotText,
    /// A floating-point number was written: decimals are canonical text.
    #[error("floating-point numbers are not written; write a decimal as text")]
    Float,
    /// An integer below −2^63 or above 2^64 − 1 was written.
    #[error("an integer is beyond 64 bits")]
    IntegerTooLarge,
    /// The value nests deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX}")]
    TooDeep,
    /// The value takes more than [`BYTES_MAX`] bytes.
    #[error("larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// The type and the bytes do not fit each other.
    #[error("{0}")]
    Type(String),
}

/// A rule of deterministic CBOR, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes end inside an item.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the item.
    #[error("bytes follow the end")]
    Trailing,
    /// An integer or a length is not in its shortest form.
    #[error("an integer or length is not in its shortest form")]
    NotShortest,
    /// An indefinite length.
    #[error("an indefinite length")]
    Indefinite,
    /// A floating-point number.
    #[error("a floating-point number")]
    Float,
    /// A negative integer below −2^63: no type of ours holds it, so it is not written either.
    #[error("an integer below −2^63")]
    IntegerTooLow,
    /// A tag.
    #[error("a tag")]
    Tag,
    /// A simple value other than false, true and null, or a reserved head.
    #[error("a simple value other than false, true and null")]
    Simple,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// Map keys out of order.
    #[error("map keys out of order")]
    KeyOrder,
    /// The same key twice.
    #[error("the same key twice")]
    DuplicateKey,
    /// A key that is not text, where only text is allowed.
    #[error("a key that is not text")]
    KeyNotText,
    /// Deeper than [`DEPTH_MAX`].
    #[error("nested too deep")]
    TooDeep,
    /// Another kind of item was expected here.
    #[error("another kind of item was expected")]
    Unexpected,
}

/// The one encoding of a value.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CborError> {
    encode_with(value, Keys::Any)
}

/// The one encoding of a value, under a rule for map keys.
pub fn encode_with<T: Serialize + ?Sized>(value: &T, keys: Keys) -> Result<Vec<u8>, CborError> {
    let mut writer = Writer::new(keys);
    value.serialize(&mut writer)?;
    writer.finish()
}

/// Reads a value from its one encoding; any other spelling of the same value is refused.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CborError> {
    check(bytes, Keys::Any)?;
    ciborium::de::from_reader_with_recursion_limit(bytes, 2 * DEPTH_MAX)
        .map_err(|error| CborError::Type(error.to_string()))
}

/// Whether the bytes are exactly one item in deterministic encoding. Allocates nothing.
pub fn check(bytes: &[u8], keys: Keys) -> Result<(), CborError> {
    if bytes.len() > BYTES_MAX {
        return Err(CborError::TooLarge);
    }
    let mut reader = Reader::new(bytes);
    reader.skip(keys)?;
    reader.finish()
}

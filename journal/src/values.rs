use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id in the journal: the sixteen bytes of a UUID.
///
/// In CBOR it is a byte string of 16 (17 bytes with its head; the hyphenated text would take 38, and an entry carries four to eight ids of its
/// some 300 bytes). It stays readable: CBOR diagnostic notation prints `h'0190…'`, the same digits. Elsewhere it is the hyphenated text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

/// A SHA-256 hash: of a leaf, a subtree, a commitment. A byte string in CBOR, lower-case hexadecimal elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// The text is not an id: 36 characters, lower-case hexadecimal, hyphens after 8, 12, 16 and 20 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form 01234567-89ab-cdef-0123-456789abcdef")]
pub struct IdError;

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes: &[u8; 36] = text.as_bytes().try_into().map_err(|_| IdError)?;
        let mut digits = [0u8; 32];
        let mut count = 0;
        for (position, &byte) in bytes.iter().enumerate() {
            if matches!(position, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return Err(IdError);
                }
            } else {
                digits[count] = byte;
                count += 1;
            }
        }
        unhex(&digits).map(Self).ok_or(IdError)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Lower-case hexadecimal of exactly `N` bytes; upper case is refused, so that a value has one spelling.
pub(crate) fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0u8; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

macro_rules! bytes_or_text {
    ($type:ident, $length:literal, $expecting:literal, $from_text:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;
                impl Visitor<'_> for Either {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<$type, E> {
                        bytes.try_into().map($type).map_err(|_| E::invalid_length(bytes.len(), &self))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        let parse: fn(&str) -> Option<$type> = $from_text;
                        parse(text).ok_or_else(|| E::custom(concat!("expected ", $expecting)))
                    }
                }
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Either)
                } else {
                    deserializer.deserialize_bytes(Either)
                }
            }
        }
    };
}

bytes_or_text!(Id, 16, "an id of 16 bytes", |text| text.parse().ok());
bytes_or_text!(Hash, 32, "a hash of 32 bytes", |text| unhex(text.as_bytes()).map(Hash));

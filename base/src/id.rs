//! Typed ids: UUID version 7 made by the application, so that keys sort by time and no database hands them out.
//!
//! The instant and the random bytes are arguments; only `node` has a clock and a random source.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

pub use crate::region::RegionCode;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct IdError {
    what: &'static str,
    text: String,
}

impl IdError {
    fn new(what: &'static str, text: &str) -> Self {
        Self { what, text: text.chars().take(80).collect() }
    }
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: milliseconds since 1970 and ten random bytes.
            pub fn new_v7(timestamp_ms: u64, random: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(timestamp_ms, &random).into_uuid())
            }

            /// The id that a stored UUID stands for.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID to store.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the hyphenated form: one id has one text, in addresses and in the journal.
                let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
                uuid.map(Self).ok_or_else(|| IdError::new($what, text))
            }
        }
    )*};
}

typed_ids! {
    /// An account (账号): who signs in; acts as one post at a time.
    AccountId = "account id";
    /// A case (办件): one run of a matter.
    CaseId = "case id";
    /// A draft (草稿) that an applicant has not submitted yet.
    DraftId = "draft id";
    /// A post (岗位): the place in an organisation from which an account acts.
    PostId = "post id";
    /// The subject (个人信息主体) whose key seals personal values.
    SubjectId = "subject id";
}

/// Longest code of an organisation.
pub const ORG_ID_CHARS_MAX: usize = 64;

/// An organisation (机构) of the directory, by its text code, such as `130100-zjj`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgId(String);

impl OrgId {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OrgId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if text.is_empty() || text.len() > ORG_ID_CHARS_MAX || !plain {
            return Err(IdError::new("organisation code", text));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for OrgId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<OrgId> for String {
    fn from(id: OrgId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_sort_by_time() {
        let early = CaseId::new_v7(1_700_000_000_000, [0xff; 10]);
        let late = CaseId::new_v7(1_700_000_000_001, [0; 10]);
        assert!(early < late);
        assert_eq!(early.uuid().get_version_num(), 7);
        assert_eq!(early.to_string(), "018bcfe5-6800-7fff-bfff-ffffffffffff");
        assert_eq!(early.to_string().parse::<CaseId>().unwrap(), early);
        assert_eq!(serde_json::to_string(&early).unwrap(), "\"018bcfe5-6800-7fff-bfff-ffffffffffff\"");
    }

    #[test]
    fn refuses_other_spellings_of_an_id() {
        for text in ["", "018bcfe568007fffbfffffffffffffff", "{018bcfe5-6800-7fff-bfff-ffffffffffff}", "x"] {
            assert_eq!(text.parse::<CaseId>().unwrap_err().to_string(), format!("`{text}` is not a case id"));
        }
    }

    #[test]
    fn organisation_codes_are_plain_text() {
        assert_eq!("130100-zjj".parse::<OrgId>().unwrap().as_str(), "130100-zjj");
        let long = "x".repeat(ORG_ID_CHARS_MAX + 1);
        for text in ["", "a b", "住建局", "a/b", &long] {
            assert!(text.parse::<OrgId>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<OrgId>("\"a b\"").is_err());
    }
}

//! One line of the journal, and the commitments that stand in it for personal values.
//!
//! # Bytes
//! An entry is one deterministic CBOR map ([`crate::cbor`]) of exactly these nine text keys, here in the order in which they are written:
//!
//! | key | value |
//! |---|---|
//! | `at` | integer, µs since 1970-01-01T00:00:00Z |
//! | `body` | map; every key at every depth is text |
//! | `kind` | text, `case-accepted@1` |
//! | `node` | byte string of 16 |
//! | `actor` | map of one: `officer`, `applicant` or `system` ([`Actor`]) |
//! | `stream` | text, `family/rest`, at most 200 bytes, no control character |
//! | `version` | unsigned integer, from 1 in each stream |
//! | `sequence` | unsigned integer, from 0 in each node: the leaf index |
//! | `entered_at` | integer, µs since 1970-01-01T00:00:00Z |
//!
//! The stream is a text, `case/0198…`, because replay from entries alone needs its family and people read it; like every field it must not hold
//! a personal value, so a person's record is named by an id, not by an identity number.
//!
//! The body is a map among the others, not bytes within bytes, so that any CBOR tool shows a whole entry. The map is written and read by hand,
//! not derived: a renamed field must not change bytes that are signed.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cbor::{self, CborError, Item, Keys, Reader, write_bytes, write_i64, write_map_head, write_text, write_u64};
use crate::{Hash, Id};

/// An entry encodes to at most this many bytes: C2SP entry bundles give a length 16 bits. What does not fit goes into a file, and the entry
/// carries its hash.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Longest kind, and longest job of a system actor.
pub const NAME_BYTES_MAX: usize = 64;

/// Longest name of a stream.
pub const STREAM_BYTES_MAX: usize = 200;

/// One line of the journal (日志条目): what happened, to what, who did it, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The node that wrote it.
    pub node: Id,
    /// Its place in the node's journal, from 0 without a gap: the leaf index in the tree.
    pub sequence: u64,
    /// The case, licence, record or other thing it is about.
    pub stream: String,
    /// Its place within the stream, from 1 without a gap.
    pub version: u64,
    /// What kind of event, and which form of it.
    pub kind: Kind,
    /// The journal's time, µs UTC: strictly increasing within a node, `max(now, last + 1 µs)`. Replay hands it to `evolve` as the time.
    pub at: i64,
    /// When the act was entered, µs UTC, by the clock where it was entered. Never used for order; a time at which something happened earlier,
    /// such as the receipt of a paper, is a field of the body, and the difference shows a late entry (补录).
    pub entered_at: i64,
    /// Who acted.
    pub actor: Actor,
    /// The event's own fields. No personal value: a [`Commitment`] in its place.
    pub body: Body,
}

/// Who acted. Ids only: names are looked up, and erased, elsewhere.
///
/// In CBOR a map of one, from the variant's name to a map of its fields; a field that is `None` is absent. Serde gives the same form, for
/// states and JSON; the entry's bytes are written by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// `officer`: an official, acting as one post.
    Officer {
        /// The account of the person.
        account: Id,
        /// The post (岗位) the person acts as.
        post: Id,
        /// The delegation (委托) through which the post's power came, the last one if there is a chain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegation: Option<Id>,
    },
    /// `applicant`: someone outside the administration.
    Applicant {
        /// The account of the person.
        account: Id,
        /// The enterprise or person acted for; absent when the person acts for himself or herself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<Id>,
    },
    /// `system`: the node itself, in a named job such as `timers`.
    System {
        /// The job: lower-case words joined by hyphens.
        job: String,
    },
}

/// The name and form of an event: `case-accepted@1`. A released kind is frozen; a change of its fields is `@2`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Box<str>);

/// The event's own fields: one deterministic CBOR map whose keys are text at every depth.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Box<[u8]>);

/// What stands in an entry for a personal or sensitive value: a salted hash. Value and salt lie in the vault under the subject's key; when the
/// key is destroyed the hash says nothing, and entry, leaf and proofs stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Whose value it is.
    pub subject: Id,
    /// Which field, by the name the vault knows it under.
    pub field: String,
    /// SHA-256(salt ‖ value).
    pub hash: Hash,
}

/// Why an entry cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The bytes are not deterministic CBOR of the right shape.
    #[error("not an entry: {0}")]
    Cbor(#[from] CborError),
    /// Larger than [`ENTRY_BYTES_MAX`].
    #[error("an entry of {bytes} bytes; at most {ENTRY_BYTES_MAX} are allowed, move the largest field into a file")]
    TooLarge {
        /// How many bytes it would take.
        bytes: usize,
    },
    /// The kind is not `lower-case-words@number`.
    #[error("{0:?} is not a kind of the form case-accepted@1")]
    Kind(String),
    /// The job is not lower-case words joined by hyphens.
    #[error("{0:?} is not the name of a job")]
    Job(String),
    /// The body is not a map.
    #[error("the body is not a map")]
    BodyNotMap,
    /// The actor is none of the three.
    #[error("an actor of an unknown sort")]
    Actor,
    /// The stream is not `family/rest`, has a control character, or more than [`STREAM_BYTES_MAX`] bytes.
    #[error("{0:?} is not the name of a stream of the form case/0198…")]
    Stream(String),
    /// Versions of a stream begin with 1.
    #[error("version 0; a stream begins with version 1")]
    VersionZero,
}

impl Entry {
    /// The bytes that are hashed, stored and proved.
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        if self.version == 0 {
            return Err(EntryError::VersionZero);
        }
        let mut out = Vec::with_capacity(256 + self.body.0.len());
        write_map_head(&mut out, 9);
        write_text(&mut out, "at");
        write_i64(&mut out, self.at);
        write_text(&mut out, "body");
        out.extend_from_slice(&self.body.0);
        write_text(&mut out, "kind");
        write_text(&mut out, &self.kind.0);
        write_text(&mut out, "node");
        write_bytes(&mut out, &self.node.0);
        write_text(&mut out, "actor");
        self.actor.write(&mut out)?;
        write_text(&mut out, "stream");
        write_text(&mut out, check_stream(&self.stream)?);
        write_text(&mut out, "version");
        write_u64(&mut out, self.version);
        write_text(&mut out, "sequence");
        write_u64(&mut out, self.sequence);
        write_text(&mut out, "entered_at");
        write_i64(&mut out, self.entered_at);
        if out.len() > ENTRY_BYTES_MAX { Err(EntryError::TooLarge { bytes: out.len() }) } else { Ok(out) }
    }

    /// Reads an entry, refusing every byte that [`Entry::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLarge { bytes: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        map_of(&mut reader, 9)?;
        reader.key("at")?;
        let at = reader.signed()?;
        reader.key("body")?;
        let body = Body::read(&mut reader)?;
        reader.key("kind")?;
        let kind = reader.text()?.parse()?;
        reader.key("node")?;
        let node = Id(reader.bytes()?);
        reader.key("actor")?;
        let actor = Actor::read(&mut reader)?;
        reader.key("stream")?;
        let stream = check_stream(reader.text()?)?.to_owned();
        reader.key("version")?;
        let version = reader.unsigned()?;
        reader.key("sequence")?;
        let sequence = reader.unsigned()?;
        reader.key("entered_at")?;
        let entered_at = reader.signed()?;
        reader.finish()?;
        if version == 0 {
            return Err(EntryError::VersionZero);
        }
        Ok(Self { node, sequence, stream, version, kind, at, entered_at, actor, body })
    }
}

impl Actor {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        write_map_head(out, 1);
        match self {
            Self::Officer { account, post, delegation } => {
                write_text(out, "officer");
                write_map_head(out, if delegation.is_some() { 3 } else { 2 });
                write_text(out, "post");
                write_bytes(out, &post.0);
                write_text(out, "account");
                write_bytes(out, &account.0);
                if let Some(delegation) = delegation {
                    write_text(out, "delegation");
                    write_bytes(out, &delegation.0);
                }
            }
            Self::Applicant { account, on_behalf_of } => {
                write_text(out, "applicant");
                write_map_head(out, if on_behalf_of.is_some() { 2 } else { 1 });
                write_text(out, "account");
                write_bytes(out, &account.0);
                if let Some(on_behalf_of) = on_behalf_of {
                    write_text(out, "on_behalf_of");
                    write_bytes(out, &on_behalf_of.0);
                }
            }
            Self::System { job } => {
                check_job(job)?;
                write_text(out, "system");
                write_map_head(out, 1);
                write_text(out, "job");
                write_text(out, job);
            }
        }
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, EntryError> {
        map_of(reader, 1)?;
        match reader.text()? {
            "officer" => {
                let fields = reader.map()?;
                reader.key("post")?;
                let post = Id(reader.bytes()?);
                reader.key("account")?;
                let account = Id(reader.bytes()?);
                let delegation = optional(reader, fields, 2, "delegation")?;
                Ok(Self::Officer { account, post, delegation })
            }
            "applicant" => {
                let fields = reader.map()?;
                reader.key("account")?;
                let account = Id(reader.bytes()?);
                let on_behalf_of = optional(reader, fields, 1, "on_behalf_of")?;
                Ok(Self::Applicant { account, on_behalf_of })
            }
            "system" => {
                map_of(reader, 1)?;
                reader.key("job")?;
                let job = reader.text()?.to_owned();
                check_job(&job)?;
                Ok(Self::System { job })
            }
            _ => Err(EntryError::Actor),
        }
    }
}

fn check_stream(stream: &str) -> Result<&str, EntryError> {
    let named = stream.split_once('/').is_some_and(|(family, rest)| !family.is_empty() && !rest.is_empty());
    let well_formed = named && stream.len() <= STREAM_BYTES_MAX && !stream.chars().any(char::is_control);
    if well_formed { Ok(stream) } else { Err(EntryError::Stream(shortened(stream))) }
}

fn map_of(reader: &mut Reader<'_>, fields: usize) -> Result<(), EntryError> {
    let start = reader.clone();
    if reader.map()? == fields { Ok(()) } else { Err(start.unexpected().into()) }
}

/// The last field of a map, which is there exactly when the map has one field more than it must.
fn optional(reader: &mut Reader<'_>, fields: usize, required: usize, name: &str) -> Result<Option<Id>, EntryError> {
    if fields == required {
        return Ok(None);
    }
    if fields != required + 1 {
        return Err(reader.unexpected().into());
    }
    reader.key(name)?;
    Ok(Some(Id(reader.bytes()?)))
}

impl Kind {
    /// The name without the form: `case-accepted`.
    pub fn name(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(name, _)| name)
    }

    /// The form, from 1.
    pub fn form(&self) -> u32 {
        self.0.split_once('@').and_then(|(_, form)| form.parse().ok()).unwrap_or_default()
    }

    /// The whole: `case-accepted@1`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Kind {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let valid = text.len() <= NAME_BYTES_MAX
            && text.split_once('@').is_some_and(|(name, form)| {
                is_words(name)
                    && !form.starts_with('0')
                    && form.bytes().all(|byte| byte.is_ascii_digit())
                    && form.parse::<u32>().is_ok()
            });
        if valid { Ok(Self(text.into())) } else { Err(EntryError::Kind(shortened(text))) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Body {
    /// The body of an event: any value that serialises to a map with text keys.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, EntryError> {
        let bytes = cbor::encode_with(value, Keys::Text)?;
        if matches!(Reader::new(&bytes).item()?, Item::Map(_)) {
            Ok(Self(bytes.into()))
        } else {
            Err(EntryError::BodyNotMap)
        }
    }

    /// The body of bytes that were encoded elsewhere ([`cbor::encode`]); refuses what [`Body::of`] would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut reader = Reader::new(bytes);
        let body = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(body)
    }

    /// The fields for people to read, not to be read back: a byte string of 16 is shown as an id, others as hexadecimal digits.
    pub fn to_json(&self) -> serde_json::Value {
        // The bytes were checked when the body was made, so `null` does not come up.
        to_json(&mut Reader::new(&self.0)).unwrap_or_default()
    }

    /// The event's fields as a type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, EntryError> {
        Ok(cbor::decode(&self.0)?)
    }

    /// The map's bytes, as they stand in the entry.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, EntryError> {
        if !matches!(reader.clone().item()?, Item::Map(_)) {
            return Err(EntryError::BodyNotMap);
        }
        Ok(Self(reader.skip(Keys::Text)?.into()))
    }
}

fn to_json(reader: &mut Reader<'_>) -> Result<serde_json::Value, CborError> {
    Ok(match reader.item()? {
        Item::Unsigned(value) => value.into(),
        Item::Negative(value) => value.into(),
        Item::Bytes(bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(id) => Id(id).to_string().into(),
            Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
        },
        Item::Text(text) => text.into(),
        Item::Array(length) => (0..length).map(|_| to_json(reader)).collect::<Result<Vec<_>, _>>()?.into(),
        Item::Map(length) => {
            let pairs = (0..length).map(|_| Ok((reader.text()?.to_owned(), to_json(reader)?)));
            serde_json::Value::Object(pairs.collect::<Result<_, CborError>>()?)
        }
        Item::Bool(value) => value.into(),
        Item::Null => serde_json::Value::Null,
    })
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// SHA-256(salt ‖ value). The salt is 16 random bytes, one for each value; `value` is the value's canonical CBOR ([`cbor::encode`]), so that the
/// text `1` and the number 1 differ.
pub fn commit(salt: &[u8; 16], value: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update(salt).chain_update(value).finalize().into())
}

impl Commitment {
    /// The commitment to a value.
    pub fn to(subject: Id, field: impl Into<String>, salt: &[u8; 16], value: &[u8]) -> Self {
        Self { subject, field: field.into(), hash: commit(salt, value) }
    }

    /// Whether this salt and value are what was committed to.
    pub fn opens_with(&self, salt: &[u8; 16], value: &[u8]) -> bool {
        commit(salt, value) == self.hash
    }
}

fn check_job(job: &str) -> Result<(), EntryError> {
    if job.len() <= NAME_BYTES_MAX && is_words(job) { Ok(()) } else { Err(EntryError::Job(shortened(job))) }
}

/// Lower-case words of ASCII letters and digits, joined by single hyphens, beginning with a letter.
fn is_words(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// An error message repeats a hostile text only so far.
fn shortened(text: &str) -> String {
    text.chars().take(NAME_BYTES_MAX).collect()
}

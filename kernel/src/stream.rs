//! Streams: the unit of consistency. Each has a version that grows by one with each entry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a stream, `<family>/<id…>`: `case/0198…`, `record/licences/130102202509280101`, `account/0198…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamId(String);

/// The longest stream name in bytes; register ids are bounded by it.
pub const STREAM_BYTES_MAX: usize = 200;

impl StreamId {
    /// The stream of a case.
    pub fn case(id: impl fmt::Display) -> Self {
        Self(format!("case/{id}"))
    }
    /// The reminders sent for a case. They lie beside the case, so that a reminder never makes an officer's open page stale.
    pub fn reminders(case: impl fmt::Display) -> Self {
        Self(format!("reminders/{case}"))
    }
    /// What became of the messages that told of a case; beside it for the same reason.
    pub fn messages(case: impl fmt::Display) -> Self {
        Self(format!("messages/{case}"))
    }
    /// The stream of one record of a register.
    pub fn record(register: &str, id: &str) -> Self {
        Self(format!("record/{register}/{id}"))
    }
    /// The stream of an account and the posts it may act as.
    pub fn account(id: impl fmt::Display) -> Self {
        Self(format!("account/{id}"))
    }
    /// The stream of an organisation.
    pub fn organisation(code: impl fmt::Display) -> Self {
        Self(format!("organisation/{code}"))
    }
    /// What remains of a subject whose key was destroyed.
    pub fn erased(subject: impl fmt::Display) -> Self {
        Self(format!("erased/{subject}"))
    }
    /// The stream of the node itself: catalog and calendar versions taken into use.
    pub fn node() -> Self {
        Self("node/settings".to_owned())
    }
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The part before the first `/`.
    pub fn family(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(family, _)| family)
    }
    /// The part after the first `/`.
    pub fn rest(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stream name that is too long, or has no family, or holds control characters.
#[derive(Debug, thiserror::Error)]
#[error("not a stream name: {0:?}")]
pub struct StreamIdError(String);

impl FromStr for StreamId {
    type Err = StreamIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() <= STREAM_BYTES_MAX
            && text.split_once('/').is_some_and(|(family, rest)| !family.is_empty() && !rest.is_empty())
            && !text.chars().any(char::is_control);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(StreamIdError(text.chars().take(40).collect())) }
    }
}

impl TryFrom<String> for StreamId {
    type Error = StreamIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(id: StreamId) -> Self {
        id.0
    }
}

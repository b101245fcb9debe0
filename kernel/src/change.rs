//! What a decision changes. The store commits all of it in one transaction, or nothing.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::message::Message;
use crate::sealed::Secret;
use crate::state::State;
use crate::stream::StreamId;

/// The answer of `decide`: everything that is to be committed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Streams with new entries. A grant touches the case and the licence together.
    pub streams: Vec<StreamDecision>,
    /// Numbers used up, each equal to what [`crate::Facts::numbers`] offered.
    pub numbers: Vec<(NumberKey, u64)>,
    /// Values for the vault.
    pub secrets: Vec<Secret>,
    /// Work for after the commit.
    pub outbox: Vec<Outgoing>,
    /// What the caller gets, and gets again when the command is repeated under the same key.
    pub reply: serde_json::Value,
}

/// One stream's part of a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamDecision {
    /// Which.
    pub stream: StreamId,
    /// Version the state had; 0 = the stream is new.
    pub expected_version: u64,
    /// New entries, at least one.
    pub events: Vec<Event>,
    /// State before; none when the stream is new.
    pub before: Option<State>,
    /// State after all of them.
    pub state: State,
}

/// A counter of a numbering register (`base::number`): register name and the scope that resets it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NumberKey {
    /// Register of numbering.toml.
    pub register: String,
    /// Its scope, e.g. `130102/20250928`.
    pub scope: String,
}

/// A job for the outbox: done after the commit, at least once, answered by a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The stream that waits for the answer.
    pub stream: StreamId,
    /// The organisation for which it is done: work is taken in turn, so that one with much of it keeps no other waiting.
    pub organisation: String,
    /// What to do.
    pub job: Job,
}

/// The kinds of outgoing work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Render the paper of a document and report its hash.
    Render {
        /// The document's number.
        number: String,
    },
    /// Tell somebody by e-mail or SMS, and record that it went out.
    Message(Message),
}

impl Job {
    /// The queue that it waits in: each has its own, so that a mail server that does not answer keeps no paper waiting.
    pub fn queue(&self) -> &'static str {
        match self {
            Self::Render { .. } => Self::RENDER,
            Self::Message(message) => message.medium.as_str(),
        }
    }

    /// The queue of papers.
    pub const RENDER: &'static str = "render";
}

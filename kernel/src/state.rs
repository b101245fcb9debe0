//! States of streams: what a fold of the entries gives. Stored as canonical bytes with a format number; an unknown format is folded again.

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::directory::{Account, ErasedSubject, NodeSettings, Organisation};
use crate::event::Event;
use crate::message::Messages;
use crate::record::Record;
use crate::reminder::RemindersSent;

/// The shape of state bytes. Raised when a state's fields change; golden hashes are then accepted anew by a reviewed command.
pub const STATE_FORMAT: u32 = 1;

/// The state of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "state", rename_all = "snake_case")]
pub enum State {
    /// A case.
    Case(Box<Case>),
    /// A record of a register.
    Record(Box<Record>),
    /// An organisation.
    Organisation(Organisation),
    /// An account with its posts.
    Account(Account),
    /// What this node works with.
    Node(NodeSettings),
    /// Reminders sent for a case.
    Reminders(RemindersSent),
    /// What became of the messages of a case.
    Messages(Messages),
    /// A subject whose key was destroyed.
    Erased(ErasedSubject),
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    format: u32,
    state: T,
}

/// What every format says in the same place.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// State bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Not a state at all.
    #[error("state bytes: {0}")]
    Bytes(#[from] journal::cbor::CborError),
    /// Written by another version: fold the entries again.
    #[error("state format {0}, this version reads {STATE_FORMAT}")]
    Format(u32),
}

/// An entry does not fit the state it is applied to: the journal or the code is broken.
#[derive(Debug, thiserror::Error)]
#[error("entry {kind} does not apply to {to}: {reason}")]
pub struct EvolveError {
    /// Kind of the entry.
    pub kind: &'static str,
    /// What it met.
    pub to: &'static str,
    /// Why.
    pub reason: String,
}

impl State {
    /// Canonical bytes.
    pub fn encode(&self) -> Result<Vec<u8>, StateError> {
        Ok(journal::cbor::encode(&Stored { format: STATE_FORMAT, state: self })?)
    }

    /// From canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        match journal::cbor::decode::<Stored<State>>(bytes) {
            Ok(stored) if stored.format == STATE_FORMAT => Ok(stored.state),
            Ok(stored) => Err(StateError::Format(stored.format)),
            // Another format need not have this one's shape: its number says that it is one, and no damage.
            Err(error) => match journal::cbor::decode::<Format>(bytes) {
                Ok(Format { format }) if format != STATE_FORMAT => Err(StateError::Format(format)),
                _ => Err(error.into()),
            },
        }
    }

    /// The next state. Never chooses: everything it needs stands in the event. `at` is the entry's instant in microseconds UTC.
    pub fn evolve(state: Option<Self>, event: &Event, at: i64) -> Result<Self, EvolveError> {
        let family = state.as_ref().map_or("nothing", Self::family);
        let misfit = |reason: &str| EvolveError { kind: event.kind(), to: family, reason: reason.to_owned() };
        match (state, event) {
            (None, Event::CaseSubmitted(event)) => Ok(Self::Case(Box::new(Case::begin(event, at)))),
            (Some(Self::Case(mut case)), event) => {
                case.apply(event, at).map_err(|reason| misfit(&reason))?;
                Ok(Self::Case(case))
            }
            (None, Event::RecordWritten(event)) => Ok(Self::Record(Box::new(Record::begin(event)))),
            (Some(Self::Record(mut record)), event) => {
                record.apply(event).map_err(|reason| misfit(&reason))?;
                Ok(Self::Record(record))
            }
            (None | Some(Self::Organisation(_)), Event::OrganisationRegistered(event)) => {
                Ok(Self::Organisation(Organisation::from(event)))
            }
            (None, Event::AccountOpened(event)) => Ok(Self::Account(Account::begin(event))),
            (Some(Self::Account(mut account)), event) => {
                account.apply(event).map_err(|reason| misfit(&reason))?;
                Ok(Self::Account(account))
            }
            (state @ (None | Some(Self::Node(_))), Event::CatalogAdopted(event)) => {
                let mut node = if let Some(Self::Node(node)) = state { node } else { NodeSettings::default() };
                node.apply(event);
                Ok(Self::Node(node))
            }
            (state @ (None | Some(Self::Node(_))), Event::CalendarLoaded(event)) => {
                let mut node = if let Some(Self::Node(node)) = state { node } else { NodeSettings::default() };
                node.load(event);
                Ok(Self::Node(node))
            }
            (state @ (None | Some(Self::Reminders(_))), Event::ReminderSent(event)) => {
                let mut sent = if let Some(Self::Reminders(sent)) = state { sent } else { RemindersSent::default() };
                sent.apply(event);
                Ok(Self::Reminders(sent))
            }
            (
                state @ (None | Some(Self::Messages(_))),
                event @ (Event::MessageDelivered(_) | Event::MessageFailed(_) | Event::MessageRequeued(_)),
            ) => {
                let mut messages =
                    if let Some(Self::Messages(messages)) = state { messages } else { Messages::default() };
                messages.apply(event, at).map_err(|reason| misfit(&reason))?;
                Ok(Self::Messages(messages))
            }
            (None, Event::SubjectErased(event)) => Ok(Self::Erased(ErasedSubject { on: event.on })),
            (_, _) => Err(misfit("no arm")),
        }
    }

    /// The family of streams that holds it.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::Record(_) => "record",
            Self::Organisation(_) => "organisation",
            Self::Account(_) => "account",
            Self::Node(_) => "node",
            Self::Reminders(_) => "reminders",
            Self::Messages(_) => "messages",
            Self::Erased(_) => "erased",
        }
    }

    /// The case, if it is one.
    pub fn as_case(&self) -> Option<&Case> {
        if let Self::Case(case) = self { Some(case) } else { None }
    }
    /// The record, if it is one.
    pub fn as_record(&self) -> Option<&Record> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }
    /// The account, if it is one.
    pub fn as_account(&self) -> Option<&Account> {
        if let Self::Account(account) = self { Some(account) } else { None }
    }
}

/// Lower-case hex of bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_another_format_are_told_from_damage_whatever_their_shape() {
        #[derive(Serialize)]
        struct Strange {
            format: u32,
            folded: Vec<u32>,
        }
        let bytes = |format| journal::cbor::encode(&Strange { format, folded: vec![1, 2] }).unwrap();
        assert!(
            matches!(State::decode(&bytes(STATE_FORMAT + 1)), Err(StateError::Format(format)) if format == STATE_FORMAT + 1)
        );
        assert!(matches!(State::decode(&bytes(STATE_FORMAT)), Err(StateError::Bytes(_))));
        let whole = State::Erased(ErasedSubject { on: jiff::civil::date(2026, 3, 2) });
        assert_eq!(State::decode(&whole.encode().unwrap()).unwrap(), whole);
    }
}

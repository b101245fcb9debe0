//! Commands: what someone asks for. One door for all of them, so that every act passes the same checks.

use std::collections::BTreeMap;

use base::id::{AccountId, CaseId};
use journal::Actor;

use crate::case::{self, CaseCommand};
use crate::change::{Decision, NumberKey};
use crate::directory::{self, DirectoryCommand};
use crate::facts::Facts;
use crate::message::{self, MessageCommand};
use crate::record::{self, RecordCommand};
use crate::refusal::Refusal;
use crate::reminder::ReminderSent;
use crate::state::State;
use crate::stream::StreamId;

/// An order to the kernel.
#[derive(Clone, Debug)]
pub enum Command {
    /// About one case.
    Case {
        /// Which; a new id for a submission.
        case: CaseId,
        /// What.
        command: CaseCommand,
    },
    /// About one record of a register.
    Record(RecordCommand),
    /// About accounts, posts, organisations, catalog versions.
    Directory(DirectoryCommand),
    /// Reminders that went out for a case.
    Remind {
        /// Which case.
        case: CaseId,
        /// What was sent.
        sent: Vec<ReminderSent>,
    },
    /// About a message that went out, or did not.
    Message {
        /// Of which case.
        case: CaseId,
        /// What.
        command: MessageCommand,
    },
}

/// What the writer must load before it decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Streams whose states may change or are checked.
    pub streams: Vec<StreamId>,
    /// Counters that may be used.
    pub numbers: Vec<NumberKey>,
}

/// States as the writer holds them: version and state; absent = the stream is new.
pub type Loaded = BTreeMap<StreamId, (u64, State)>;

/// What a command needs, from the command and facts alone, so that a batch can load everything in one query.
pub fn needs(command: &Command, actor: &Actor, facts: &Facts) -> Needs {
    let mut needs = match command {
        Command::Case { case, command } => Needs {
            streams: case::streams_needed(*case, command, facts),
            numbers: case::numbers_needed(command, facts),
        },
        Command::Record(command) => Needs { streams: command.streams(), numbers: Vec::new() },
        Command::Directory(command) => Needs { streams: command.streams(), numbers: Vec::new() },
        Command::Remind { case, .. } => {
            Needs { streams: vec![StreamId::case(case), StreamId::reminders(case)], numbers: Vec::new() }
        }
        Command::Message { case, .. } => {
            Needs { streams: vec![StreamId::case(case), StreamId::messages(case)], numbers: Vec::new() }
        }
    };
    if let Some(account) = actor_account(actor) {
        needs.streams.push(StreamId::account(account));
    }
    needs
}

/// The account behind an actor; none for the system's own jobs.
pub fn actor_account(actor: &Actor) -> Option<AccountId> {
    match actor {
        Actor::Officer { account, .. } | Actor::Applicant { account, .. } => Some(account_id(*account)),
        Actor::System { .. } => None,
    }
}

/// The journal's sixteen bytes as the directory's id.
pub(crate) fn account_id(id: journal::Id) -> AccountId {
    AccountId::from_uuid(uuid::Uuid::from_bytes(id.0))
}

/// Events or a refusal. Pure: the same command, states and facts give the same answer.
pub fn decide(command: &Command, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<Decision, Refusal> {
    match command {
        Command::Case { case, command } => case::decide(*case, command, actor, loaded, facts),
        Command::Record(command) => record::decide(command, actor, loaded, facts),
        Command::Directory(command) => directory::decide(command, actor, loaded, facts),
        Command::Remind { case, sent } => crate::reminder::decide(*case, sent, actor, loaded, facts),
        Command::Message { case, command } => message::decide(*case, command, actor, loaded, facts),
    }
}

//! The nouns every system shares and their rules: cases and their clocks, tasks, registers, the directory, policy, reminders,
//! messages.
//!
//! Everything here is pure. A command and the facts gathered for it go in; events or a refusal come out ([`decide`]); events change state
//! ([`State::evolve`]); state gives the rows that pages read ([`project`]). This crate knows no clock, no database, no network, no page, and
//! no matter by name: a matter is data of the catalog.

pub mod case;
pub mod catalog;
pub mod change;
pub mod command;
pub mod directory;
pub mod event;
pub mod facts;
pub mod form;
pub mod message;
pub mod policy;
pub mod projection;
pub mod record;
pub mod refusal;
pub mod reminder;
pub mod rules;
pub mod sealed;
pub mod state;
pub mod stream;
pub mod tally;

pub use change::{Decision, NumberKey, Outgoing, StreamDecision};
pub use command::{Command, Needs, decide, needs};
pub use event::Event;
pub use facts::Facts;
pub use projection::project;
pub use refusal::Refusal;
pub use state::State;
pub use stream::StreamId;

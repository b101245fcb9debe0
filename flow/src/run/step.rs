//! The one entrance: `step(definition, state, input, scope)`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::state::{Delta, Due, State, Status};
use crate::bpmn::Definition;
use crate::feel::{Context, Lookup, Value};

/// Facts that expressions may read beside the variables and that are never stored: personal form fields, register rows. A variable hides a
/// fact of the same name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    facts: Option<&'a Context>,
}

impl<'a> Scope<'a> {
    /// No facts beside the variables.
    pub const EMPTY: Scope<'static> = Scope { facts: None };

    /// These facts.
    pub fn new(facts: &'a Context) -> Self {
        Self { facts: Some(facts) }
    }
}

impl Lookup for Scope<'_> {
    fn lookup(&self, name: &str) -> Option<&Value> {
        self.facts.and_then(|facts| facts.get(name))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The process starts with these variables.
    Start {
        /// First variables.
        variables: Context,
    },
    /// A person completed a user task. Its outcome is among the variables if the caller wants it there.
    CompleteTask {
        /// Instance of the task.
        instance: u32,
        /// Variables to set.
        variables: Context,
    },
    /// A service, business rule or send task was done.
    ServiceDone {
        /// Instance of the task.
        instance: u32,
        /// Variables to set.
        variables: Context,
    },
    /// A service, business rule or send task failed. A code that an error event catches goes there; else it is an incident.
    ServiceFailed {
        /// Instance of the task.
        instance: u32,
        /// Error code for error events.
        code: Option<String>,
        /// What to tell the process owner.
        reason: String,
    },
    /// A message, named by its message's name or id or by the id of the catching element. Reaches one waiting catcher, the oldest;
    /// without one nothing happens.
    Message {
        /// Name or id.
        name: String,
        /// Variables to set if it is caught.
        variables: Context,
    },
    /// A signal: reaches every catcher; without one nothing happens.
    Signal {
        /// Name or id.
        name: String,
        /// Variables to set if it is caught.
        variables: Context,
    },
    /// A timer is due.
    Timer {
        /// Instance that the timer was set for.
        instance: u32,
    },
    /// Variables change; conditions are looked at again.
    SetVariables {
        /// Variables to set.
        variables: Context,
    },
    /// An incident was dealt with: try again.
    Retry {
        /// Instance with the incident.
        instance: u32,
    },
    /// The process ends from outside: withdrawal, an order.
    Cancel,
}

/// What the surroundings have to do or may want to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
#[non_exhaustive]
pub enum Effect {
    /// A token entered an element.
    Entered {
        /// Element id.
        element: Arc<str>,
    },
    /// An activity or event was completed; no gateways.
    Completed {
        /// Element id.
        element: Arc<str>,
    },
    /// An activity or a waiting event was cancelled.
    Cancelled {
        /// Element id.
        element: Arc<str>,
    },
    /// A user task waits for its person.
    TaskOpened {
        /// Instance id, to complete it.
        instance: u32,
        /// Element id.
        element: Arc<str>,
        /// Item of a multi-instance and `loopCounter`.
        locals: Context,
    },
    /// A user task waits no longer.
    TaskClosed {
        /// Instance id.
        instance: u32,
        /// Element id.
        element: Arc<str>,
        /// Whether it was cancelled rather than completed.
        cancelled: bool,
    },
    /// A service, business rule or send task asks for its work.
    ServiceRequested {
        /// Instance id, to answer.
        instance: u32,
        /// Element id.
        element: Arc<str>,
        /// The standard attribute `implementation`.
        implementation: Option<String>,
        /// Item of a multi-instance and `loopCounter`.
        locals: Context,
    },
    /// A service, business rule or send task is no longer wanted.
    ServiceCancelled {
        /// Instance id.
        instance: u32,
        /// Element id.
        element: Arc<str>,
    },
    /// A timer is to be set.
    TimerSet {
        /// Instance id, for `Input::Timer`.
        instance: u32,
        /// Element id.
        element: Arc<str>,
        /// When.
        due: Due,
    },
    /// A timer is gone: it fired, or nothing waits for it any more.
    TimerCancelled {
        /// Instance id.
        instance: u32,
        /// Element id.
        element: Arc<str>,
    },
    /// A message was thrown by an event.
    MessageThrown {
        /// Element id.
        element: Arc<str>,
        /// Name of the message.
        name: Option<String>,
    },
    /// A signal was thrown; catchers in this process have it already.
    SignalThrown {
        /// Element id.
        element: Arc<str>,
        /// Name of the signal.
        name: String,
    },
    /// An escalation that nothing caught; the process goes on.
    EscalationUncaught {
        /// Element id.
        element: Arc<str>,
        /// Its code.
        code: Option<String>,
    },
    /// A token cannot go on: to the process owner.
    Incident {
        /// Instance id, for `Input::Retry`.
        instance: u32,
        /// Element id.
        element: Arc<str>,
        /// Why.
        reason: Reason,
    },
    /// The process ended.
    Ended {
        /// Completed or cancelled.
        status: Status,
    },
}

/// Why a token cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// No outgoing flow is true, and there is no default (BPMN 2.0.2 §13.4.2: an exception) or the default may not be taken: that some
    /// condition is undecided is no answer to it.
    NoFlow {
        /// Flows whose condition is null: undecided, which is not "no".
        undecided: Vec<Arc<str>>,
    },
    /// An expression gave no usable value.
    Expression {
        /// The expression as written.
        text: String,
        /// What would have been usable.
        expected: String,
    },
    /// An error that no event catches.
    ErrorUncaught {
        /// Its code.
        code: Option<String>,
    },
    /// A service failed.
    ServiceFailed {
        /// What the service said.
        text: String,
    },
    /// The step entered too many elements: a cycle that never waits.
    StepBudget,
    /// Tokens wait at a join and no token is left that could come.
    JoinStarved,
    /// The element is not executed; `check` said so.
    NotExecuted,
}

impl Reason {
    /// Stable code; the message catalogue's key is `flow-incident-<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFlow { .. } => "no-flow",
            Self::Expression { .. } => "expression",
            Self::ErrorUncaught { .. } => "error-uncaught",
            Self::ServiceFailed { .. } => "service-failed",
            Self::StepBudget => "step-budget",
            Self::JoinStarved => "join-starved",
            Self::NotExecuted => "not-executed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFlow { undecided } if undecided.is_empty() => {
                f.write_str("no outgoing flow is true and there is no default")
            }
            Self::NoFlow { undecided } => {
                write!(f, "no outgoing flow is true; undecided: {}", undecided.join(", "))
            }
            Self::Expression { text, expected } => write!(f, "{text:?} gave no {expected}"),
            Self::ErrorUncaught { code: Some(code) } => write!(f, "nothing catches the error {code}"),
            Self::ErrorUncaught { code: None } => f.write_str("nothing catches the error"),
            Self::ServiceFailed { text } => write!(f, "the service failed: {text}"),
            Self::StepBudget => f.write_str("too many elements in one step: a cycle that never waits"),
            Self::JoinStarved => f.write_str("tokens wait at a join and no other token is left that could come"),
            Self::NotExecuted => f.write_str("the element is not executed"),
        }
    }
}

/// Why an input does not fit the state: a wrong call, not a fault of the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowFault {
    /// The process was started before.
    #[error("the process has started already")]
    AlreadyStarted,
    /// The process was never started.
    #[error("the process has not started")]
    NotStarted,
    /// The process has ended.
    #[error("the process has ended")]
    Ended,
    /// Nothing alive has this id.
    #[error("there is no instance {0}")]
    NoInstance(u32),
    /// The instance waits for something else.
    #[error("instance {0} does not wait for this")]
    NotWaiting(u32),
    /// The state names an element that the definition does not have: another definition or version.
    #[error("the definition has no element {0}")]
    NoElement(String),
    /// The process has no start event that can be used.
    #[error("the process has no single start")]
    NoStart,
}

/// The answer to an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// To be stored and applied.
    pub delta: Delta,
    /// To be carried out, in order: what the step leaves behind, not what came and went within it.
    pub effects: Vec<Effect>,
}

/// Decides what an input changes. Pure: the same arguments give the same answer; nothing is carried out here.
pub fn step(definition: &Definition, state: &State, input: Input, scope: &Scope<'_>) -> Result<Step, FlowFault> {
    let mut machine = Machine::new(definition, state, *scope);
    machine.take(input)?;
    machine.run();
    Ok(machine.finish())
}

//! The token machine: BPMN 2.0.2 clause 13 as a pure function.

mod activities;
mod compensation;
mod due;
mod events;
mod gateways;
mod machine;
mod state;
mod step;
mod throwing;

pub use state::{Compensation, Delta, Due, Instance, Position, State, Status};
pub use step::{Effect, FlowFault, Input, Reason, Scope, Step, step};

/// Most elements entered in one step: a cycle that never waits ends here with an incident.
pub const STEP_ELEMENTS_MAX: u32 = 10_000;
/// Most instances of one multi-instance activity.
pub const MULTI_INSTANCES_MAX: u64 = 1_000;

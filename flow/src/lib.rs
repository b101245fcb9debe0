//! BPMN 2.0 and DMN: reading, checking and running.
//!
//! Knows neither a clock nor a store nor what a case is: it is given a definition, a state and what happened, and answers with a delta
//! and with effects for its surroundings to carry out.

pub mod bpmn;
pub mod feel;
mod problem;
pub mod rules;
pub mod run;
pub mod script;
pub mod xml;

pub use bpmn::Definition;
pub use problem::{Problem, Severity};
pub use run::{Delta, Due, Effect, FlowFault, Input, Instance, Position, Reason, Scope, State, Status, Step, step};

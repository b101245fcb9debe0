//! The commands of the binary, one module each.

pub(crate) mod catalog;
pub(crate) mod code;
pub(crate) mod deadline;
pub(crate) mod flow;
pub(crate) mod rules;

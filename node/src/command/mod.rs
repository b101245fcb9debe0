//! The commands of the binary.

pub(crate) mod catalog;
pub(crate) mod code;
pub(crate) mod deadline;

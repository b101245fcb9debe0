//! The commands of the binary.

pub(crate) mod code;
pub(crate) mod deadline;

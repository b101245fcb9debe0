//! Integration tests of the flow crate; one binary, so that there is one link.

mod checks;
mod exec;
mod models;
mod rules;

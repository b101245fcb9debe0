//! The nouns every system shares and their rules: cases, clocks, tasks, registers, directory, policy.

pub mod catalog;
pub mod form;
pub mod rules;

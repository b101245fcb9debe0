//! Catalog packages (architecture.md §6): what a business system is, read from files and checked as a whole.

pub mod matter;
mod ordered;
pub(crate) mod paths;

pub use ordered::Ordered;

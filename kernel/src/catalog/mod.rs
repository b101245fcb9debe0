//! Catalog packages (architecture.md §6): what a business system is, read from files and checked as a whole.

mod files;
pub mod matter;
mod ordered;
mod package;
pub(crate) mod paths;
mod problem;
mod shared;

pub use files::{FILE_BYTES_MAX, Files};
pub use ordered::Ordered;
pub use package::*;
pub use problem::{Problem, Severity};
pub use shared::*;

//! Pages: handlers that read views of use cases and show them. Every action is a form that posts and redirects.

pub mod hall;
pub mod office;
pub mod public;
pub mod sign_in;

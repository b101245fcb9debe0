//! Pages: layout, components, words, sessions, forms, uploads and the limits of every request.
//!
//! This crate knows HTTP, HTML and files on their way in. It does not know what a case is, who may do what, or where anything is
//! stored: handlers of the service give it plain view structs and take typed values from it. It never reads the wall clock; whoever
//! starts it hands in closures.

extern crate self as web; // Components name `web::view` types, and so work in every crate that imports them.

pub mod assets;
pub mod download;
pub mod form;
pub mod gallery;
pub mod guard;
pub mod page;
pub mod password;
pub mod problem;
pub mod server;
pub mod session;
pub mod upload;
pub mod view;
pub mod words;

//! The main job: through all floors below the pages, and through the interface; who may ask for what, and what
//! the document says of it; a package that nobody built the program for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate jiantong_service as service;

mod asks;
mod bodies;
mod calendar;
mod client;
mod document;
mod floors;
mod golden;
mod hostile;
mod licence;
mod lights;
mod messages;
mod office;
mod once;
mod openapi;
mod pages;
mod parity;
mod reach;
mod rights;
mod sessions;
mod setup;
mod story;
mod thesis;
mod timers;

use store::Options;

fn options(folder: &std::path::Path) -> Options {
    Options::new(folder.join("data"), folder.join("keys"), journal::Id([0x13; 16]))
}

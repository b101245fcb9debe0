//! The main job: through all floors below the pages, and through the interface; who may ask for what; a package that nobody built the program for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate jiantong_service as service;

mod client;
mod floors;
mod golden;
mod office;
mod rights;
mod setup;
mod story;
mod thesis;
mod timers;

use store::Options;

fn options(folder: &std::path::Path) -> Options {
    Options::new(folder.join("data"), folder.join("keys"), journal::Id([0x13; 16]))
}

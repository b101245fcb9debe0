//! The life of cases and licences over the built-in packages: tables of given / when / then at the kernel's door.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate jiantong_kernel as kernel;

mod added;
mod after;
mod calendar;
mod commitment;
mod every;
mod forward;
mod hearing;
mod joint;
mod law;
mod licence;
mod lights;
mod path;
mod told;
mod world;

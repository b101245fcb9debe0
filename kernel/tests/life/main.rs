//! The life of cases and licences over the built-in packages: tables of given / when / then at the kernel's door.

extern crate jiantong_kernel as kernel;

mod licence;
mod path;
mod world;

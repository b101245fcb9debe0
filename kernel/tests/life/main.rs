//! The life of cases and licences over the built-in packages: tables of given / when / then at the kernel's door.

mod licence;
mod path;
mod world;

//! The `jiantong` binary.
fn main() {}

//! Tells Cargo what the crate embeds, and says early when the stylesheet has not been built. Asks the network for nothing.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=messages");
    println!("cargo:rerun-if-changed=../ui/dist");
    if !Path::new("../ui/dist/jt.css").exists() {
        // A check or a unit test does not need the stylesheet; serving does, and `assets::ready` refuses to start without it.
        println!(
            "cargo:warning=ui/dist is missing, pages will have no style: run `cargo xtask setup`, \
             or `npm ci --ignore-scripts && npm run build` in ui/"
        );
    }
}

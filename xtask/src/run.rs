//! `cargo xtask run`: from a clone to a running demo province.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::shell::{self, Workspace};

/// How much of a province the demo builds: every organisation and account, a few hundred cases. Serving must begin within 15 seconds of the
/// end of the build.
pub(crate) const SCALE: &str = "0.02";

/// Gets what is needed, builds, and becomes `jiantong demo`.
pub(crate) fn demo(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    setup::for_running(workspace)?;
    build(workspace)?;
    let mut demo = workspace.command(workspace.binary());
    demo.arg("demo");
    // What the person says wins; the binary refuses an option given twice.
    let data = workspace.target.join("demo").display().to_string();
    for (option, value) in [("--data", data.as_str()), ("--listen", "127.0.0.1:8080"), ("--scale", SCALE)] {
        let given = arguments.iter().any(|word| word == option || word.starts_with(&format!("{option}=")));
        if !given {
            demo.args([option, value]);
        }
    }
    demo.args(arguments);
    // The demo takes our place, so that a signal to us is a signal to it.
    let error = demo.exec();
    bail!("{} could not be started: {error}", shell::relative(&workspace.root, &workspace.binary()))
}

/// Builds the binary in the profile that the tests use too, and as part of the whole workspace: building one package alone would select other
/// features of shared dependencies, and build those twice.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    shell::call(&mut workspace.cargo(["build", "--locked", "--workspace", "--bin", "jiantong"]))
        .context("the build failed")
}

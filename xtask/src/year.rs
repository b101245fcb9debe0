//! `cargo xtask year`: the long form of the simulated year that `cargo xtask test` lives through in short (docs/reliability.md).

use std::path::PathBuf;

use anyhow::Result;

use crate::shell::{self, Workspace};

/// How long a year.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Cases
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    cases: u64,
    /// The same seed gives the same cases and calamities
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Keep the journal's export in this file
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

/// Runs the test that lives through it, with its figures shown.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut year =
        workspace.cargo(["test", "--locked", "--workspace", "--bin", "jiantong", "--", "year::tests::a_year"]);
    year.arg("--nocapture")
        .env("JIANTONG_YEAR_CASES", options.cases.to_string())
        .env("JIANTONG_YEAR_SEED", options.seed.to_string());
    if let Some(export) = &options.export {
        year.env("JIANTONG_YEAR_EXPORT", std::path::absolute(export)?);
    }
    shell::call(&mut year)
}

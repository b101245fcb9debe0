//! Development commands: `cargo xtask setup | run | test | tidy | year`.
//!
//! Knows how to get what the build needs and how to check the tree. It does not know the product: it starts the `jiantong` binary like
//! anybody else, so that it compiles in seconds and still works when a crate of the product does not.
#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

mod browser;
mod checks;
mod fonts;
mod packages;
mod run;
mod setup;
mod shell;
mod steps;
mod tidy;
mod year;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Development commands of Jiantong.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Get what building and testing need: npm packages, fonts, Debian packages (installed when root, named otherwise)
    Setup,
    /// Build, create the demo province and serve it on 127.0.0.1:8080; more arguments go to `jiantong demo`
    #[command(after_help = "Example: cargo xtask run -- --listen 127.0.0.1:9000")]
    Run {
        /// Passed on to `jiantong demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check everything: format, lints, licences, tidy, tests on SQLite and PostgreSQL, catalog, browser journeys
    #[command(after_help = "Example: cargo xtask test --fast")]
    Test(checks::Options),
    /// Check the rules of the tree that no compiler knows: floors, words, links, sizes
    Tidy,
    /// Live through a simulated year of cases and have the reminders judged by the oracle under tests/
    #[command(after_help = "Example: cargo xtask year --cases 20000 --seed 7")]
    Year(year::Options),
}

fn main() -> ExitCode {
    match carry_out() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out() -> Result<ExitCode> {
    let workspace = shell::Workspace::find()?;
    match Arguments::parse().command {
        Command::Setup => setup::everything(&workspace)?,
        Command::Run { arguments } => run::demo(&workspace, &arguments)?,
        Command::Test(options) => return Ok(checks::run(&workspace, &options)),
        Command::Tidy => tidy::run(&workspace)?,
        Command::Year(options) => year::run(&workspace, &options)?,
    }
    Ok(ExitCode::SUCCESS)
}

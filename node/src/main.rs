//! The `jiantong` binary: configuration, wiring, jobs, commands. The only crate that reads the clock, the environment and the command line.

mod carriers;
mod clock;
mod command;
mod config;
mod demo;
mod jobs;
mod logs;
mod serve;
mod start;

use std::process::ExitCode;

use clap::Parser;

/// Jiantong (建通): the open platform on which a province's construction administration works.
#[derive(Parser)]
#[command(name = "jiantong", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: command::Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match command::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // One clear line: what failed and why, outermost first.
            eprintln!("jiantong: {error:#}");
            ExitCode::from(2)
        }
    }
}

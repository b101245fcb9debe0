//! The `jiantong` binary.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The platform of a province's construction administration.
#[derive(Debug, Parser)]
#[command(name = "jiantong", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Flow(command::flow::FlowArgs),
    Rules(command::rules::RulesArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Flow(args) => command::flow::run(&args),
        Command::Rules(args) => command::rules::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("jiantong: {error:#}");
            ExitCode::FAILURE
        }
    }
}

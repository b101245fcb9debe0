//! The `jiantong` binary.

mod command;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use base::calendar::Calendar;
use base::region::Regions;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "jiantong", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Catalog(command::catalog::CatalogArgs),
    Deadline(command::deadline::DeadlineArgs),
    Code(command::code::CodeArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match cli.command {
        Command::Catalog(args) => command::catalog::run(&args, &mut out)?,
        Command::Deadline(args) => {
            let calendar =
                Calendar::parse(include_str!("../../catalog/calendars/cn.csv")).context("calendars/cn.csv")?;
            command::deadline::run(&args, &calendar, &mut out)?;
        }
        Command::Code(args) => {
            let regions = Regions::parse_all(&[
                include_str!("../../catalog/directory/regions.csv"),
                include_str!("../../catalog/standards/regions-cn.csv"),
            ])
            .context("regions")?;
            command::code::run(&args, &regions, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

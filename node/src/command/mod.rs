//! The commands of the binary (architecture.md §12), one module each: a public contract, to be added to and not broken.

pub(crate) mod catalog;
pub(crate) mod code;
pub(crate) mod deadline;
pub(crate) mod demo;
pub(crate) mod flow;
pub(crate) mod journal;
pub(crate) mod rules;
pub(crate) mod serve;

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;

/// What the binary can be asked to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Catalog(catalog::CatalogArgs),
    Deadline(deadline::DeadlineArgs),
    Code(code::CodeArgs),
    Flow(flow::FlowArgs),
    Rules(rules::RulesArgs),
    /// The journal: check receipts, without a data directory
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
}

/// What may be asked of a journal.
#[derive(Subcommand)]
pub(crate) enum JournalCommand {
    VerifyReceipt(journal::VerifyReceiptArgs),
}

/// Runs a command; its answer goes to the standard output.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Serve(args) => {
            drop(out);
            return serve::run(&args);
        }
        Command::Demo(args) => {
            drop(out);
            return demo::run(&args);
        }
        Command::Catalog(args) => catalog::run(&args, &mut out)?,
        Command::Deadline(args) => deadline::run(&args, &catalog::load(None)?.calendar, &mut out)?,
        Command::Code(args) => code::run(&args, &catalog::load(None)?.regions, &mut out)?,
        Command::Flow(args) => return flow::run(&args),
        Command::Rules(args) => return rules::run(&args),
        Command::Journal { command: JournalCommand::VerifyReceipt(args) } => journal::verify_receipt(&args, &mut out)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

//! The commands of the binary (architecture.md §12), one module each: a public contract, to be added to and not broken.

pub(crate) mod calendar;
pub(crate) mod catalog;
pub(crate) mod code;
pub(crate) mod deadline;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod flow;
pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod reminders;
pub(crate) mod rules;
pub(crate) mod serve;
pub(crate) mod user;

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;

/// What the binary can be asked to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Catalog(catalog::CatalogArgs),
    Calendar(calendar::CalendarArgs),
    Deadline(deadline::DeadlineArgs),
    Code(code::CodeArgs),
    Flow(flow::FlowArgs),
    Rules(rules::RulesArgs),
    Reminders(reminders::RemindersArgs),
    Replay(inspect::ReplayArgs),
    User(user::UserArgs),
    Doctor(doctor::DoctorArgs),
    /// The journal: verify it, sign its head, prove entries, check receipts, export it
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
}

/// What may be asked of a journal.
#[derive(Subcommand)]
pub(crate) enum JournalCommand {
    Verify(inspect::VerifyArgs),
    Checkpoint(inspect::CheckpointArgs),
    Prove(inspect::ProveArgs),
    VerifyReceipt(journal::VerifyReceiptArgs),
    Export(export::ExportArgs),
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
        Command::Calendar(args) => calendar::run(&args, &mut out)?,
        Command::Deadline(args) => deadline::run(&args, &catalog::load(None)?.calendar, &mut out)?,
        Command::Code(args) => code::run(&args, &catalog::load(None)?.regions, &mut out)?,
        Command::Flow(args) => return flow::run(&args),
        Command::Rules(args) => return rules::run(&args),
        Command::Reminders(args) => reminders::run(&args, &mut out)?,
        Command::Replay(args) => inspect::replay(&args, &mut out)?,
        Command::User(args) => user::run(&args, &mut out)?,
        Command::Doctor(args) => doctor::run(&args, &mut out)?,
        Command::Journal { command } => match command {
            JournalCommand::Verify(args) => inspect::verify(&args, &mut out)?,
            JournalCommand::Checkpoint(args) => inspect::checkpoint(&args, &mut out)?,
            JournalCommand::Prove(args) => inspect::prove(&args, &mut out)?,
            JournalCommand::VerifyReceipt(args) => journal::verify_receipt(&args, &mut out)?,
            JournalCommand::Export(args) => export::run(&args, &mut out)?,
        },
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

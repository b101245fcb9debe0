//! `jiantong calendar load`: takes a year's notice of days off into use, and counts the open deadlines again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use base::notice::NOTICE_BYTES_MAX;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use jiff::civil::Date;
use kernel::Refusal;
use kernel::directory::LoadCalendar;
use serde_json::json;
use service::calendar::{CalendarPreview, GivenNotice, Recount};
use service::{App, Error};

use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

use super::serve::DATA;

const EXAMPLES: &str = "\
Examples:
  jiantong calendar load 2027.csv --year 2027 --title '…' --number '…' --issued-on 2026-11-04 --source '…' --dry-run
  jiantong calendar load 2027.csv --year 2027 --title '…' --number '…' --issued-on 2026-11-04 --source '…'

The file has the form of catalog/calendars/cn.csv for one year: a first line date,kind,name, then one day a line in order, kind = holiday, or
workday for a Saturday or Sunday that is worked. A load that was interrupted goes on when the command is given again, or when the node serves.";

/// The working calendar of this node
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CalendarArgs {
    #[command(subcommand)]
    command: CalendarCommand,
}

#[derive(Debug, Subcommand)]
enum CalendarCommand {
    /// Load a year's notice of days off and count the open deadlines again; each that moves is journaled
    Load(LoadArgs),
}

#[derive(Args, Debug)]
struct LoadArgs {
    /// The days
    file: PathBuf,
    /// Their year
    #[arg(long)]
    year: i16,
    /// Title of the notice
    #[arg(long)]
    title: String,
    /// Its document number
    #[arg(long)]
    number: String,
    /// The day on it
    #[arg(long, value_name = "DATE")]
    issued_on: Date,
    /// Where it was read
    #[arg(long)]
    source: String,
    /// Why a year that has its notice gets other days
    #[arg(long)]
    reason: Option<String>,
    /// Say what would change and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    node: NodeArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &CalendarArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let CalendarCommand::Load(args) = &args.command;
    let load = read(args)?;
    let config = Config::settle(&args.node, &ListenArgs::default(), DATA)?;
    let store = store::Store::open(start::options(&config, false)?)?;
    start::runtime()?.block_on(async {
        let (clock, entropy) = (Arc::new(SystemClock), Box::new(SystemEntropy));
        let app = start::app(&config, store, String::new(), false, clock, entropy).await?;
        let done = take(&app, args, load, out).await;
        app.store().stop();
        done
    })
}

/// The notice of the command line and its file.
fn read(args: &LoadArgs) -> anyhow::Result<LoadCalendar> {
    let shown = args.file.display();
    let size = fs::metadata(&args.file).with_context(|| shown.to_string())?.len();
    ensure!(size <= NOTICE_BYTES_MAX as u64, "{shown} is larger than {NOTICE_BYTES_MAX} bytes");
    let text = fs::read_to_string(&args.file).with_context(|| shown.to_string())?;
    let given = GivenNotice {
        year: args.year,
        text,
        title: args.title.clone(),
        number: args.number.clone(),
        issued_on: args.issued_on,
        source: args.source.clone(),
        reason: args.reason.clone(),
    };
    given.read().map_err(|wrong| wrong.0).with_context(|| shown.to_string())
}

async fn take(app: &App, args: &LoadArgs, load: LoadCalendar, out: &mut dyn Write) -> anyhow::Result<()> {
    let preview = match app.preview_calendar(None, &load).await {
        Ok(preview) => Some(preview),
        // It was loaded, and the command was interrupted: what is left is done now.
        Err(Error::Refused(Refusal::CalendarUnchanged)) => None,
        Err(error) => return Err(because(error)),
    };
    if let Some(preview) = preview.as_ref().filter(|_| !args.json) {
        tell(preview, out)?;
    }
    if args.dry_run {
        if args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&preview)?)?;
        }
        return Ok(());
    }
    if preview.is_some() {
        app.load_calendar(None, load).await.map_err(because)?;
    } else if !args.json {
        writeln!(out, "{} is loaded with these days already", args.year)?;
    }
    let run = count(app, preview.as_ref()).await?;
    if args.json {
        let value = json!({ "year": args.year, "looked": run.looked, "moved": run.moved, "failed": run.failed, "preview": preview });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        writeln!(out, "open cases: {}, deadlines moved: {}", run.looked, run.moved)?;
    }
    if run.failed > 0 {
        bail!("{} cases could not be counted again", run.failed);
    }
    Ok(())
}

/// Counts all open deadlines again, with a bar that shows how far it is.
async fn count(app: &App, preview: Option<&CalendarPreview>) -> anyhow::Result<Recount> {
    let bar = preview.map_or_else(ProgressBar::new_spinner, |preview| ProgressBar::new(preview.looked));
    loop {
        let run = app.recount(1).await?.context("no notice was loaded")?;
        bar.set_position(run.looked);
        if run.done {
            bar.finish_and_clear();
            return Ok(run);
        }
    }
}

fn tell(preview: &CalendarPreview, out: &mut dyn Write) -> anyhow::Result<()> {
    for change in &preview.changes {
        writeln!(out, "{}  {} -> {}  {}", change.on, change.was, change.is, change.name)?;
    }
    writeln!(out, "days that change: {}, named: {}", preview.changes.len(), preview.days.len())?;
    for moved in &preview.moves {
        writeln!(out, "{}  {}  {} -> {}", moved.number, moved.clock, moved.was, moved.is)?;
    }
    writeln!(out, "open cases: {}, of them with deadlines that move: {}", preview.looked, preview.moving)?;
    Ok(())
}

/// A refusal in a sentence.
fn because(error: Error) -> anyhow::Error {
    match error {
        Error::Refused(refusal) => {
            let words = web::words::Words::new(web::words::Lang::En);
            anyhow::anyhow!(service::error::refusal_words(&refusal, words))
        }
        other => other.into(),
    }
}

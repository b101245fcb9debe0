//! `jiantong journal export`: every entry as a line of JSON, for whoever wants to check the journal with a program of their own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use store::{EntryRow, Store};

use crate::config::NodeArgs;
use crate::start;

use super::inspect;

const EXAMPLES: &str = "\
Examples:
  jiantong journal export --data /srv/jiantong --out journal.jsonl
  jiantong journal export --data /srv/jiantong | grep '\"kind\":\"case-accepted@1\"' | wc -l

Each line is {\"sequence\", \"stream\", \"version\", \"kind\", \"at\", \"entered_at\", \"actor\", \"body\"}; instants are microseconds UTC. An entry holds no
personal value, so neither does the export: a salted hash stands in its place.";

/// Write every entry as one line of JSON, in the journal's order
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// File to write; without it, the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = inspect::open(&args.node)?;
    let runtime = start::runtime()?;
    match &args.out {
        Some(path) => {
            let shown = || path.display().to_string();
            let mut file = BufWriter::new(File::create(path).with_context(shown)?);
            runtime.block_on(write(&store, &mut file))?;
            file.flush().with_context(shown)
        }
        None => runtime.block_on(write(&store, out)).map(|_| ()),
    }
}

/// Writes all entries; answers how many they are.
pub(crate) async fn write(store: &Store, out: &mut dyn Write) -> anyhow::Result<u64> {
    /// Entries read at a time.
    const STEP: u32 = 2_000;
    let mut next = 0;
    loop {
        let rows = store.read(move |reader| reader.entries(next, STEP)).await?;
        let Some(last) = rows.last() else { return Ok(next) };
        next = last.sequence + 1;
        rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))?;
    }
}

fn line(row: &EntryRow) -> serde_json::Value {
    let entry = &row.entry;
    json!({
        "sequence": entry.sequence,
        "stream": entry.stream,
        "version": entry.version,
        "kind": entry.kind.as_str(),
        "at": entry.at,
        "entered_at": entry.entered_at,
        "actor": entry.actor,
        "body": entry.body.to_json(),
    })
}

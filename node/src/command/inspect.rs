//! `jiantong journal verify | checkpoint | prove` and `jiantong replay`: what a node's data directory holds, checked beside a running node.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use store::{Report, Store};

use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

use super::serve::DATA;

const VERIFY_EXAMPLES: &str = "\
Examples:
  jiantong journal verify --data /srv/jiantong
  jiantong journal verify --database postgres://jiantong@db1/jiantong --json";

/// Check the whole journal: entries, tree, checkpoints, states, rows for pages
#[derive(Args, Debug)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const CHECKPOINT_EXAMPLES: &str = "\
Examples:
  jiantong journal checkpoint --data /srv/jiantong > checkpoint.txt";

/// Print the signed head of the journal: sign it now, or, beside a running node, print its latest
#[derive(Args, Debug)]
#[command(after_help = CHECKPOINT_EXAMPLES)]
pub(crate) struct CheckpointArgs {
    #[command(flatten)]
    node: NodeArgs,
}

const PROVE_EXAMPLES: &str = "\
Examples:
  jiantong journal prove 1042 --data /srv/jiantong --out receipt.json
  jiantong journal verify-receipt receipt.json";

/// Write the receipt of an entry, which `verify-receipt` checks without a data directory
#[derive(Args, Debug)]
#[command(after_help = PROVE_EXAMPLES)]
pub(crate) struct ProveArgs {
    /// Its sequence
    #[arg(value_name = "SEQ")]
    sequence: u64,
    #[command(flatten)]
    node: NodeArgs,
    /// File to write; without it, the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  jiantong replay --check --data /srv/jiantong";

/// Rebuild every state from the entries alone and compare it with what is stored
#[derive(Args, Debug)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// Compare; nothing is changed
    #[arg(long, required = true)]
    check: bool,
    #[command(flatten)]
    node: NodeArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Opens a node's store to read it.
pub(crate) fn open(node: &NodeArgs) -> anyhow::Result<Store> {
    let config = Config::settle(node, &ListenArgs::default(), DATA)?;
    Ok(Store::open_to_read(start::options(&config, false)?)?)
}

/// `journal verify`.
pub(crate) fn verify(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    report("the journal", args.json, &args.node, out, Store::verify)
}

/// `replay --check`.
pub(crate) fn replay(args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    report("the states", args.json, &args.node, out, Store::replay_check)
}

fn report(
    what: &str,
    as_json: bool,
    node: &NodeArgs,
    out: &mut dyn Write,
    check: impl FnOnce(&Store) -> Result<Report, store::Fault>,
) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner().with_message(format!("checking {what}"));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let report = check(&open(node)?)?;
    bar.finish_and_clear();
    let sound = report.mismatches.is_empty();
    if as_json {
        let mismatches: Vec<_> = report.mismatches.iter().map(ToString::to_string).collect();
        let value = json!({
            "sound": sound, "entries": report.entries, "streams": report.streams, "root": report.root,
            "state_hash": report.state_hash, "mismatches": mismatches,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        for mismatch in &report.mismatches {
            writeln!(out, "{mismatch}")?;
        }
        writeln!(out, "entries: {}, streams: {}", report.entries, report.streams)?;
        writeln!(out, "root: {}", report.root)?;
        writeln!(out, "state hash: {}", report.state_hash)?;
    }
    if !sound {
        bail!("{} places do not fit", report.mismatches.len());
    }
    if !as_json {
        writeln!(out, "sound")?;
    }
    Ok(())
}

/// `journal checkpoint`.
pub(crate) fn checkpoint(args: &CheckpointArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = Config::settle(&args.node, &ListenArgs::default(), DATA)?;
    let options = start::options(&config, false)?;
    let (store, may_sign) = match Store::open(options.clone()) {
        Ok(store) => (store, true),
        Err(store::Fault::InUse(_)) => (Store::open_to_read(options)?, false),
        Err(fault) => return Err(fault.into()),
    };
    let note = start::runtime()?.block_on(async {
        if may_sign {
            store.sign_checkpoint(service::Clock::now(&crate::clock::SystemClock).as_microsecond()).await?;
        }
        anyhow::Ok(store.read(|reader| reader.checkpoint()).await?)
    })?;
    let (_, note) = note.context("the journal has no entry yet")?;
    write!(out, "{note}")?;
    Ok(())
}

/// `journal prove`.
pub(crate) fn prove(args: &ProveArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = open(&args.node)?;
    let receipt = start::runtime()?.block_on(store.receipt(args.sequence))?;
    let receipt = receipt.with_context(|| {
        format!(
            "no checkpoint covers entry {}, or there is none: `jiantong journal checkpoint` signs one",
            args.sequence
        )
    })?;
    let text = receipt.to_json()?;
    match &args.out {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => writeln!(out, "{text}")?,
    }
    Ok(())
}

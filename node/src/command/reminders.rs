//! `jiantong reminders audit`: what is owed was sent, and nothing else (architecture.md §8).

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::catalog::Catalog;
use kernel::reminder::{Reminder, RemindersSent, owed};
use kernel::{Event, State, StreamId};
use serde_json::json;
use service::Clock as _;
use store::{EntryRow, Fault, Reader, Store};

use crate::clock::SystemClock;
use crate::config::NodeArgs;
use crate::start;

use super::{catalog, inspect};

const EXAMPLES: &str = "\
Examples:
  jiantong reminders audit --data /srv/jiantong
  jiantong reminders audit --from 2026-11-01 --to 2026-11-30 --json";

/// Reminders
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RemindersArgs {
    #[command(subcommand)]
    command: RemindersCommand,
}

#[derive(Debug, Subcommand)]
enum RemindersCommand {
    /// Prove owed == sent, from the journal alone
    Audit {
        /// First day; without it, the first of the journal
        #[arg(long)]
        from: Option<Date>,
        /// Last day; without it, yesterday: today is not over
        #[arg(long)]
        to: Option<Date>,
        #[command(flatten)]
        node: NodeArgs,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Entries of one case: more than any has.
const ENTRIES_MAX: u32 = 10_000;

/// What an audit found.
#[derive(Default)]
struct Audit {
    cases: u64,
    owed: u64,
    sent: u64,
    missing: Vec<String>,
    extra: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &RemindersArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let RemindersCommand::Audit { from, to, node, json } = &args.command;
    let store = inspect::open(node)?;
    let catalog = catalog::load(node.catalog.as_deref())?;
    let today = base::time::date(SystemClock.now());
    let last = to.map_or_else(|| today.yesterday(), Ok)?.min(today);
    let found = start::runtime()?.block_on(audit(&store, &Arc::new(catalog), *from, last))?;
    if *json {
        let value = json!({
            "cases": found.cases, "owed": found.owed, "sent": found.sent, "missing": found.missing, "extra": found.extra,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        found.missing.iter().try_for_each(|line| writeln!(out, "owed, not sent: {line}"))?;
        found.extra.iter().try_for_each(|line| writeln!(out, "sent, not owed: {line}"))?;
        writeln!(out, "cases: {}, owed: {}, sent: {}", found.cases, found.owed, found.sent)?;
    }
    if !found.missing.is_empty() || !found.extra.is_empty() {
        bail!("{} reminders were owed and not sent, {} sent and not owed", found.missing.len(), found.extra.len());
    }
    Ok(())
}

/// Cases of the journal, by the stream that their first entry names.
async fn audit(store: &Store, catalog: &Arc<Catalog>, from: Option<Date>, last: Date) -> anyhow::Result<Audit> {
    /// Entries read at a time.
    const STEP: u32 = 2_000;
    let mut streams: BTreeSet<String> = BTreeSet::new();
    let mut next = 0;
    loop {
        let rows = store.read(move |reader| reader.entries(next, STEP)).await?;
        let Some(row) = rows.last() else { break };
        next = row.sequence + 1;
        streams.extend(rows.into_iter().map(|row| row.stream).filter(|stream| stream.starts_with("case/")));
    }
    let mut found = Audit::default();
    for stream in streams {
        let catalog = Arc::clone(catalog);
        let one = store.read(move |reader| of_case(reader, &stream, &catalog, from, last)).await?;
        found.cases += 1;
        found.owed += one.owed;
        found.sent += one.sent;
        found.missing.extend(one.missing);
        found.extra.extend(one.extra);
    }
    Ok(found)
}

/// Folds the case day by day. What is owed when a day ends must have been sent; what was sent must have been owed at some moment of a day:
/// a task that is done within the minute in which it came owes nothing.
///
/// To whom is judged by the posts valid on that day and by who held the task then, as the sender judges it.
fn of_case(
    reader: &mut Reader<'_>,
    stream: &str,
    catalog: &Catalog,
    from: Option<Date>,
    last: Date,
) -> Result<Audit, Fault> {
    let id: StreamId = stream.parse().map_err(|_| Fault::Task(format!("stream {stream}")))?;
    let entries = reader.entries_of(&id, 0, ENTRIES_MAX)?;
    let sent = match reader.state(&StreamId::reminders(id.rest()))? {
        Some((_, State::Reminders(sent))) => sent,
        _ => RemindersSent::default(),
    };
    let within = |on: Date| from.is_none_or(|from| from <= on) && on <= last;
    let (mut must, mut may) = (BTreeSet::new(), BTreeSet::new());
    let mut state: Option<State> = None;
    let mut rows = entries.iter().peekable();
    let mut day = rows.peek().and_then(|row| day_of(row.entry.at));
    while let Some(today) = day.filter(|today| *today <= last) {
        may.extend(owed_on(reader, state.as_ref(), catalog, today)?);
        while let Some(row) = rows.next_if(|row| day_of(row.entry.at).is_some_and(|on| on <= today)) {
            state = Some(after(state.take(), row)?);
            may.extend(owed_on(reader, state.as_ref(), catalog, today)?);
        }
        if within(today) {
            must.extend(owed_on(reader, state.as_ref(), catalog, today)?);
        }
        let over = matches!(&state, Some(State::Case(case)) if !case.stage.is_open()) && rows.peek().is_none();
        day = if over { None } else { today.tomorrow().ok() };
    }
    let word = |reminder: &Reminder| {
        format!("{} {} {} {} {}", id.rest(), reminder.rule, reminder.stage, reminder.recipient, reminder.n)
    };
    let in_range: Vec<_> = sent.sent.iter().filter(|sent| day_of(sent.sent_at).is_some_and(within)).collect();
    Ok(Audit {
        cases: 1,
        owed: must.len() as u64,
        sent: in_range.len() as u64,
        missing: must.iter().filter(|reminder| !sent.has(reminder)).map(word).collect(),
        extra: in_range.iter().filter(|sent| !may.contains(&sent.reminder)).map(|sent| word(&sent.reminder)).collect(),
    })
}

fn after(state: Option<State>, row: &EntryRow) -> Result<State, Fault> {
    let wrong = |error: String| Fault::Task(format!("entry {}: {error}", row.sequence));
    let event = Event::decode(row.entry.kind.as_str(), &row.entry.body).map_err(|error| wrong(error.to_string()))?;
    State::evolve(state, &event, row.entry.at).map_err(|error| wrong(error.to_string()))
}

fn owed_on(
    reader: &mut Reader<'_>,
    state: Option<&State>,
    catalog: &Catalog,
    day: Date,
) -> Result<BTreeSet<Reminder>, Fault> {
    let Some(State::Case(case)) = state else { return Ok(BTreeSet::new()) };
    let recipients = service::reminders::recipients(reader, case, &catalog.limits.reminded_posts, day)?;
    Ok(owed(case, &catalog.calendar, &catalog.limits, day, &recipients))
}

fn day_of(at: i64) -> Option<Date> {
    jiff::Timestamp::from_microsecond(at).ok().map(base::time::date)
}

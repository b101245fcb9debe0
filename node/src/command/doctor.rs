//! `jiantong doctor`: is this machine and this data directory fit to serve?

use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::bail;
use clap::Args;
use kernel::catalog::Catalog;
use kernel::directory::NodeSettings;
use kernel::{State, StreamId};
use service::Clock as _;
use store::Store;

use crate::carriers;
use crate::clock::SystemClock;
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

use super::catalog;
use super::serve::DATA;

const EXAMPLES: &str = "\
Examples:
  jiantong doctor --data /srv/jiantong --fonts /srv/fonts
  jiantong doctor --database postgres://jiantong@db1/jiantong --json";

/// Check clock, disk, permissions, fonts, catalog and database
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

type Finding = (&'static str, Verdict, String);

/// Runs every check, prints a line for each, and fails when one does.
pub(crate) fn run(args: &DoctorArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = Config::settle(&args.node, &ListenArgs::default(), DATA)?;
    let (read, catalog) = catalogue(&config);
    let mut findings = vec![fonts(&config), read, permissions(&config), messages(&config)];
    findings.extend(database(&config, catalog.as_ref()));
    if args.json {
        let all: Vec<_> = findings
            .iter()
            .map(
                |(what, verdict, said)| serde_json::json!({ "check": what, "verdict": verdict.word(), "detail": said }),
            )
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        for (what, verdict, said) in &findings {
            writeln!(out, "{:<5} {what:<12} {said}", verdict.word())?;
        }
    }
    let failed = findings.iter().filter(|(_, verdict, _)| *verdict == Verdict::Fail).count();
    if failed > 0 { bail!("{failed} checks failed") } else { Ok(()) }
}

fn fonts(config: &Config) -> Finding {
    let Some(folder) = &config.fonts else {
        return ("fonts", Verdict::Warn, "no folder is set: paper cannot be printed (--fonts)".to_owned());
    };
    match print::Fonts::load(folder) {
        Ok(_) => ("fonts", Verdict::Ok, folder.display().to_string()),
        Err(error) => ("fonts", Verdict::Fail, error.to_string()),
    }
}

/// Reads the catalog.
fn catalogue(config: &Config) -> (Finding, Option<Catalog>) {
    match catalog::load(config.catalog.as_deref()) {
        Ok(catalog) => (("catalog", Verdict::Ok, format!("{} matters", catalog.matters.len())), Some(catalog)),
        Err(error) => (("catalog", Verdict::Fail, format!("{error:#}")), None),
    }
}

/// Does the catalog's calendar, with the years that were loaded here, cover this year and, from December on, the next?
fn calendar(catalog: &Catalog, settings: &NodeSettings) -> Finding {
    let today = base::time::date(SystemClock.now());
    let needed = if today.month() == 12 { today.year() + 1 } else { today.year() };
    if settings.calendar_over(&catalog.calendar).is_official(needed) {
        ("calendar", Verdict::Ok, format!("covers {needed}"))
    } else {
        let said = format!("lacks the official notice for {needed}: dates are provisional (jiantong calendar load)");
        ("calendar", Verdict::Warn, said)
    }
}

/// Are the mail server and the SMS gateway configured so that they could be used? Nothing is sent.
fn messages(config: &Config) -> Finding {
    let media: Vec<&str> = carriers::media(config).into_iter().map(|medium| medium.as_str()).collect();
    match carriers::couriers(config) {
        Ok(_) if media.is_empty() => {
            ("messages", Verdict::Ok, "no mail server and no SMS gateway: told in the application alone".to_owned())
        }
        Ok(_) => ("messages", Verdict::Ok, format!("sent by {}", media.join(" and "))),
        Err(error) => ("messages", Verdict::Fail, format!("{error:#}")),
    }
}

fn permissions(config: &Config) -> Finding {
    let mode = |path: &std::path::Path| std::fs::metadata(path).map(|found| found.permissions().mode() & 0o777);
    match (mode(&config.key_file), mode(&config.data)) {
        (Ok(keys), _) if keys & 0o077 != 0 => {
            ("permissions", Verdict::Fail, format!("{} has mode {keys:o}: chmod 600", config.key_file.display()))
        }
        (Ok(_), Ok(data)) if data & 0o007 != 0 => (
            "permissions",
            Verdict::Warn,
            format!("{} has mode {data:o}: everybody on this machine may look into it", config.data.display()),
        ),
        (Ok(_), Ok(_)) => ("permissions", Verdict::Ok, "keys and data are their owner's alone".to_owned()),
        (Err(error), _) => ("permissions", Verdict::Fail, format!("{}: {error}", config.key_file.display())),
        (_, Err(error)) => ("permissions", Verdict::Fail, format!("{}: {error}", config.data.display())),
    }
}

/// Opens the database to read it: settings are checked on the way. Then the clock against the newest entry, and the room on the disk.
fn database(config: &Config, catalog: Option<&Catalog>) -> Vec<Finding> {
    let opened = start::options(config, false).and_then(|options| Ok(Store::open_to_read(options)?));
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            let unknown = catalog.map(|catalog| calendar(catalog, &NodeSettings::default()));
            return unknown.into_iter().chain([("database", Verdict::Fail, format!("{error:#}"))]).collect();
        }
    };
    let kind = if config.database.is_some() { "PostgreSQL" } else { "SQLite, synchronous = full" };
    let mut findings = Vec::new();
    let newest = start::runtime().and_then(|runtime| {
        runtime.block_on(async {
            let size = store.read(|reader| reader.tree_head()).await?.size;
            let Some(last) = size.checked_sub(1) else { return Ok(None) };
            Ok(store.read(move |reader| reader.entry(last)).await?.map(|row| (size, row.entry.at)))
        })
    });
    match newest {
        Ok(newest) => {
            let entries = newest.map_or(0, |(size, _)| size);
            findings.push(("database", Verdict::Ok, format!("{kind}, {entries} entries")));
            findings.push(clock(newest.map(|(_, at)| at)));
        }
        Err(error) => findings.push(("database", Verdict::Fail, format!("{error:#}"))),
    }
    findings.push(outbox(&store));
    let settings = start::runtime().and_then(|runtime| {
        let read = store.read(|reader| reader.state(&StreamId::node()));
        Ok(match runtime.block_on(read)? {
            Some((_, State::Node(settings))) => settings,
            _ => NodeSettings::default(),
        })
    });
    findings.extend(catalog.map(|catalog| match settings {
        Ok(settings) => calendar(catalog, &settings),
        Err(error) => ("calendar", Verdict::Fail, format!("{error:#}")),
    }));
    findings.push(match store.files().free_bytes() {
        Ok(free) if free < DISK_LOW => ("disk", Verdict::Warn, format!("{} MiB are free", free >> 20)),
        Ok(free) => ("disk", Verdict::Ok, format!("{} MiB are free", free >> 20)),
        Err(fault) => ("disk", Verdict::Fail, fault.to_string()),
    });
    findings
}

/// What waits longer than this deserves a look.
const WAIT_LONG_US: i64 = 60 * 60 * 1_000_000;

/// What waits to be sent or printed, and what was given up.
fn outbox(store: &Store) -> Finding {
    let age = start::runtime().and_then(|runtime| Ok(runtime.block_on(store.read(|reader| reader.outbox_age()))?));
    let age = match age {
        Ok(age) => age,
        Err(error) => return ("outbox", Verdict::Fail, format!("{error:#}")),
    };
    let waited = age.oldest_at.map_or(0, |at| (SystemClock.now().as_microsecond() - at).max(0));
    let minutes = waited / (60 * 1_000_000);
    let said = format!("{} wait, the oldest for {minutes} minutes; {} messages were given up", age.waiting, age.dead);
    let verdict = if waited > WAIT_LONG_US || age.dead > 0 { Verdict::Warn } else { Verdict::Ok };
    ("outbox", verdict, said)
}

/// Less free space than that deserves a look.
const DISK_LOW: u64 = 5 << 30;

/// A clock behind the newest entry went back, and due dates would be wrong.
fn clock(newest: Option<i64>) -> Finding {
    let now = SystemClock.now();
    match newest.filter(|at| *at > now.as_microsecond()) {
        Some(at) => {
            let at = jiff::Timestamp::from_microsecond(at).unwrap_or(now);
            ("clock", Verdict::Fail, format!("shows {now}, but the journal has an entry of {at}"))
        }
        None => ("clock", Verdict::Ok, now.to_string()),
    }
}

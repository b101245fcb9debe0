//! `jiantong deadline`: when a limit ends, and every day that was counted or skipped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base::calendar::Calendar;
use base::deadline::{Derivation, Limit, Pause, PauseKind, Start, derive, due};
use base::time;
use clap::Args;
use indicatif::ProgressBar;
use jiff::civil::{Date, DateTime};

const EXAMPLES: &str = "\
Examples:
  jiantong deadline --from 2024-09-25 --working-days 20
  jiantong deadline --from 2024-09-25 --working-days 20 --pause 2024-10-08..2024-10-12 --json
  jiantong deadline --from 2025-09-30T14:30 --hours 48
  jiantong deadline --from 2025-10-20 --before-event 15
  jiantong deadline --batch starts.csv > due.csv";

/// When a time limit ends, day by day.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeadlineArgs {
    /// Day of the triggering event (not counted), or of the event itself for --before-event; with a time for --hours [Asia/Shanghai]
    #[arg(long, value_name = "DATE[THH:MM]", required_unless_present = "batch")]
    from: Option<String>,
    #[command(flatten)]
    limit: LimitArgs,
    /// Excluded days, both included; an empty TO while the pause lasts; kinds as in 行政许可法 art. 45, expert_review if not named
    #[arg(long, value_name = "[KIND:]FROM..[TO]")]
    pause: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// CSV with the column start and one of n_workdays, n_calendar_days, n_months, n_hours, n_before; adds due and last_day
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["from", "pause", "json", "limit"])]
    batch: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(id = "limit", multiple = false)]
struct LimitArgs {
    /// Limit in working days
    #[arg(long, value_name = "N")]
    working_days: Option<u32>,
    /// Limit in calendar days; a last day that is no working day moves to the next one
    #[arg(long, value_name = "N")]
    calendar_days: Option<u32>,
    /// Limit in months
    #[arg(long, value_name = "N")]
    months: Option<u32>,
    /// Limit in hours
    #[arg(long, value_name = "N")]
    hours: Option<u32>,
    /// Calendar days before the event
    #[arg(long, value_name = "N")]
    before_event: Option<u32>,
}

impl LimitArgs {
    fn limit(&self) -> Option<Limit> {
        self.working_days
            .map(Limit::WorkingDays)
            .or(self.calendar_days.map(Limit::CalendarDays))
            .or(self.months.map(Limit::Months))
            .or(self.hours.map(Limit::Hours))
            .or(self.before_event.map(Limit::BeforeCalendarDays))
    }
}

type LimitOf = fn(u32) -> Limit;

/// Columns of a batch that state a limit.
const LIMIT_COLUMNS: [(&str, LimitOf); 5] = [
    ("n_workdays", Limit::WorkingDays),
    ("n_calendar_days", Limit::CalendarDays),
    ("n_months", Limit::Months),
    ("n_hours", Limit::Hours),
    ("n_before", Limit::BeforeCalendarDays),
];

/// Prints the due date and its derivation, or the due dates of a batch.
pub(crate) fn run(args: &DeadlineArgs, calendar: &Calendar, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(path) = &args.batch {
        return run_batch(path, calendar, out);
    }
    let from = args.from.as_deref().context("--from is missing")?;
    let limit = args
        .limit
        .limit()
        .context("one of --working-days, --calendar-days, --months, --hours, --before-event is needed")?;
    let start = parse_start(from)?;
    let pauses = args.pause.iter().map(|text| parse_pause(text)).collect::<anyhow::Result<Vec<Pause>>>()?;
    let derivation = derive(start, limit, &pauses, &[], calendar)?;
    if args.json {
        let value = serde_json::json!({
            "from": from,
            "due": due_text(&derivation),
            "calendar": calendar.version(),
            "derivation": derivation,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
    } else {
        write!(out, "{derivation}")?;
    }
    Ok(())
}

/// Nothing is written until every row is understood: a batch is right as a whole or names its first bad line.
fn run_batch(path: &Path, calendar: &Calendar, out: &mut dyn Write) -> anyhow::Result<()> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().with_context(|| format!("{shown}: cannot read the header"))?.clone();
    let column = |name: &str| header.iter().position(|title| title.trim() == name);
    let start_column = column("start").with_context(|| format!("{shown}: line 1: column `start` is missing"))?;
    let limit_columns: Vec<_> =
        LIMIT_COLUMNS.iter().filter_map(|(name, limit)| column(name).map(|index| (index, *name, *limit))).collect();
    ensure!(
        !limit_columns.is_empty(),
        "{shown}: line 1: one of the columns n_workdays, n_calendar_days, n_months, n_hours, n_before is needed"
    );

    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut titles = header.clone();
    titles.push_field("due");
    titles.push_field("last_day");
    writer.write_record(&titles)?;
    let progress = ProgressBar::new(u64::try_from(text.len())?);
    let mut provisional = 0;
    for record in reader.records() {
        let mut record = record.with_context(|| shown.to_string())?;
        let (line, byte) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        let row = || -> anyhow::Result<_> {
            let stated: Vec<_> = limit_columns
                .iter()
                .map(|(index, name, limit)| (record.get(*index).unwrap_or_default().trim(), *name, *limit))
                .filter(|(count, ..)| !count.is_empty())
                .collect();
            let [(count, name, limit)] = stated[..] else {
                bail!("{} limits are stated, one is needed", stated.len());
            };
            let count = count.parse().ok().with_context(|| format!("`{count}` is not a number for {name}"))?;
            let start = parse_start(record.get(start_column).unwrap_or_default().trim())?;
            let due = due(start, limit(count), &[], &[], calendar)?;
            let text = match due.due_at {
                Some(at) => civil_text(time::civil(at)),
                None => due.due_on.map(|on| on.to_string()).unwrap_or_default(),
            };
            let last_day = due.last_day_before_roll.map(|on| on.to_string()).unwrap_or_default();
            Ok((text, last_day, due.provisional))
        };
        let (due, last_day, row_provisional) = row().with_context(|| format!("{shown}: line {line}"))?;
        provisional += u64::from(row_provisional);
        record.push_field(&due);
        record.push_field(&last_day);
        writer.write_record(&record)?;
        progress.set_position(byte);
    }
    progress.finish_and_clear();
    out.write_all(&writer.into_inner()?)?;
    if provisional > 0 {
        tracing::warn!("{provisional} due dates are provisional: a year's official calendar is not loaded");
    }
    Ok(())
}

fn due_text(derivation: &Derivation) -> Option<String> {
    match derivation.due_at {
        Some(at) => Some(civil_text(time::civil(at))),
        None => derivation.due_on.map(|on| on.to_string()),
    }
}

/// To the minute, as `--from` is given; seconds only where there are some.
fn civil_text(civil: DateTime) -> String {
    let format = if civil.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    civil.strftime(format).to_string()
}

fn parse_start(text: &str) -> anyhow::Result<Start> {
    let refused = || format!("`{text}` is not a date (2025-09-28) or a date with time (2025-09-28T14:30)");
    // A civil date-time with a date alone parses as midnight; the two must stay apart.
    if text.contains(['T', 't', ' ']) {
        let civil: Option<DateTime> = text.parse().ok();
        return civil.and_then(Start::at_civil).with_context(refused);
    }
    text.parse::<Date>().ok().map(Start::On).with_context(refused)
}

fn parse_pause(text: &str) -> anyhow::Result<Pause> {
    let refused = || format!("`{text}` is not a pause such as 2024-10-08..2024-10-12 or hearing:2024-10-08..");
    let (kind, days) = text.split_once(':').unwrap_or((PauseKind::ExpertReview.key(), text));
    let kind = PauseKind::from_key(kind).with_context(|| {
        let known: Vec<&str> = PauseKind::ALL.iter().map(|kind| kind.key()).collect();
        format!("`{kind}` is not a kind of excluded time; known are {}", known.join(", "))
    })?;
    let (from, to) = days.split_once("..").with_context(refused)?;
    let from = from.trim().parse().ok().with_context(refused)?;
    let to = match to.trim() {
        "" => None,
        to => Some(to.parse().ok().with_context(refused)?),
    };
    Ok(Pause { kind, from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: DeadlineArgs,
    }

    fn ran(line: &[&str]) -> Result<String, String> {
        let calendar = Calendar::parse(include_str!("../../../catalog/calendars/cn.csv")).unwrap();
        let words = std::iter::once("deadline").chain(line.iter().copied());
        let cli = Cli::try_parse_from(words).map_err(|error| error.kind().to_string())?;
        let mut out = Vec::new();
        run(&cli.args, &calendar, &mut out).map_err(|error| format!("{error:#}"))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn prints_the_due_date_with_its_days() {
        let text = ran(&["--from", "2024-09-27", "--working-days", "2"]).unwrap();
        assert!(text.contains("2024-09-29 周日 第 1 个工作日（国庆节调休上班）"), "{text}");
        assert!(text.ends_with("到期日：2024-09-30 周一\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(
            &ran(&["--from", "2024-09-25", "--working-days", "20", "--pause", "2024-10-08..2024-10-12", "--json"])
                .unwrap(),
        )
        .unwrap();
        assert_eq!(json["due"], "2024-11-04");
        assert_eq!(json["derivation"]["lines"][13]["what"], "paused");
        let hours = ran(&["--from", "2025-09-30T14:30", "--hours", "48", "--json"]).unwrap();
        assert!(hours.contains("\"due\": \"2025-10-02T14:30\""), "{hours}");
        assert!(
            ran(&["--from", "2025-09-30", "--working-days", "9", "--pause", "hearing:2025-10-09.."])
                .unwrap()
                .contains("因听证停止计算")
        );
    }

    #[test]
    fn bad_input_is_one_clear_line() {
        let cases: [(&[&str], &str); 7] = [
            (
                &["--from", "2025-02-30", "--months", "1"],
                "`2025-02-30` is not a date (2025-09-28) or a date with time (2025-09-28T14:30)",
            ),
            (
                &["--from", "2025-02-03"],
                "one of --working-days, --calendar-days, --months, --hours, --before-event is needed",
            ),
            (&["--from", "2025-02-03", "--months", "9999"], "a limit of 9999 is longer than 1200"),
            (
                &["--from", "2025-02-03", "--months", "1", "--pause", "x"],
                "`x` is not a pause such as 2024-10-08..2024-10-12 or hearing:2024-10-08..",
            ),
            (
                &["--from", "2025-02-03", "--months", "1", "--pause", "lunch:2025-02-03.."],
                "`lunch` is not a kind of excluded time; known are hearing, tender, auction, inspection, testing, quarantine, \
                 appraisal, expert_review",
            ),
            (
                &["--from", "2025-02-03", "--months", "1", "--hours", "1"],
                "an argument cannot be used with one or more of the other specified arguments",
            ),
            (&["--working-days", "-1"], "unexpected argument found"),
        ];
        for (line, message) in cases {
            assert_eq!(ran(line).unwrap_err(), message, "{line:?}");
        }
    }

    #[test]
    fn a_batch_adds_due_and_last_day() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("starts.csv");
        let batch = |text: &str| {
            fs::write(&path, text).unwrap();
            ran(&["--batch", path.to_str().unwrap()]).map_err(|error| error.replace(path.to_str().unwrap(), "FILE"))
        };
        let text = "\u{feff}id,start,n_workdays,n_calendar_days,n_months,n_hours,n_before\n\
                    1,2024-09-25,20,,,,\n2,2024-09-16,,15,,,\n3,2025-01-31,,,1,,\n4,2025-09-30T14:30,,,,48,\n5,2025-10-20,,,,,15\n";
        assert_eq!(
            batch(text).unwrap(),
            "id,start,n_workdays,n_calendar_days,n_months,n_hours,n_before,due,last_day\n\
             1,2024-09-25,20,,,,,2024-10-28,\n\
             2,2024-09-16,,15,,,,2024-10-08,2024-10-01\n\
             3,2025-01-31,,,1,,,2025-02-28,\n\
             4,2025-09-30T14:30,,,,48,,2025-10-02T14:30,\n\
             5,2025-10-20,,,,,15,2025-10-05,\n"
        );
        let cases = [
            ("begin,n_workdays\n", "FILE: line 1: column `start` is missing"),
            (
                "start,days\n",
                "FILE: line 1: one of the columns n_workdays, n_calendar_days, n_months, n_hours, n_before is needed",
            ),
            ("start,n_workdays\n2025-01-01,1\n2025-01-01,x\n", "FILE: line 3: `x` is not a number for n_workdays"),
            ("start,n_workdays,n_months\n2025-01-01,1,1\n", "FILE: line 2: 2 limits are stated, one is needed"),
        ];
        for (text, message) in cases {
            assert_eq!(batch(text).unwrap_err(), message);
        }
        assert!(ran(&["--batch", "/nowhere.csv"]).unwrap_err().starts_with("cannot read /nowhere.csv"));
    }
}

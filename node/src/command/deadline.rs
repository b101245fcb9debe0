//! `jiantong deadline`: when a limit ends, and every day that was counted or skipped.

mod batch;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use base::calendar::Calendar;
use base::deadline::{Derivation, Limit, Pause, PauseKind, Start, derive};
use base::time;
use clap::Args;
use jiff::civil::{Date, DateTime};

const EXAMPLES: &str = "\
Examples:
  jiantong deadline --from 2024-09-25 --working-days 20
  jiantong deadline --from 2024-09-25 --working-days 20 --pause 2024-10-08..2024-10-12 --json
  jiantong deadline --from 2025-09-30T14:30 --hours 48
  jiantong deadline --from 2025-10-20 --before-event 15
  jiantong deadline --from 2025-10-20 --before-event-working-days 7
  jiantong deadline --batch starts.csv > due.csv

Columns of a batch (docs/deadlines.md), each but start may be missing or empty; other columns are kept and not read:
  start               day of the triggering event, or of the event itself for a limit before it; with a time for hours
  n_workdays, n_calendar_days, n_months, n_hours, n_before, n_before_workdays, n_before_months
                      the limit: one of them, or
  kind, n             wd, cd, months, hours, before_cd, before_wd or before_months, and how many
  pauses              excluded days as for --pause, several with ; between
  extension           by how much the limit was extended, in its own unit; with extension_approver and extension_reason
  roll                yes or no: does a last day that is no working day move to the next one? Empty = for cd it does";

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
    /// CSV with a column start and a limit in each row; adds due and last_day. The columns are below
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["from", "pause", "json", "limit"])]
    batch: Option<PathBuf>,
    /// Add a third column to the batch: yes where a date rests on a year without its official calendar
    #[arg(long, requires = "batch", conflicts_with = "from")]
    provisional: bool,
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
    /// Working days before the event
    #[arg(long, value_name = "N")]
    before_event_working_days: Option<u32>,
}

impl LimitArgs {
    fn limit(&self) -> Option<Limit> {
        self.working_days
            .map(Limit::WorkingDays)
            .or(self.calendar_days.map(Limit::CalendarDays))
            .or(self.months.map(Limit::Months))
            .or(self.hours.map(Limit::Hours))
            .or(self.before_event.map(Limit::BeforeCalendarDays))
            .or(self.before_event_working_days.map(Limit::BeforeWorkingDays))
    }
}

/// Prints the due date and its derivation, or the due dates of a batch.
pub(crate) fn run(args: &DeadlineArgs, calendar: &Calendar, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(path) = &args.batch {
        return batch::run(path, args.provisional, calendar, out);
    }
    let from = args.from.as_deref().context("--from is missing")?;
    let limit = args
        .limit
        .limit()
        .context(
            "one of --working-days, --calendar-days, --months, --hours, --before-event, --before-event-working-days is needed",
        )?;
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

fn due_text(derivation: &Derivation) -> Option<String> {
    match derivation.due_at {
        Some(at) => Some(civil_text(time::civil(at))),
        None => derivation.due_on.map(|on| on.to_string()),
    }
}

/// To the minute, as `--from` is given; seconds only where there are some.
pub(super) fn civil_text(civil: DateTime) -> String {
    let format = if civil.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    civil.strftime(format).to_string()
}

pub(super) fn parse_start(text: &str) -> anyhow::Result<Start> {
    let refused = || format!("`{text}` is not a date (2025-09-28) or a date with time (2025-09-28T14:30)");
    // A civil date-time with a date alone parses as midnight; the two must stay apart.
    if text.contains(['T', 't', ' ']) {
        let civil: Option<DateTime> = text.parse().ok();
        return civil.and_then(Start::at_civil).with_context(refused);
    }
    text.parse::<Date>().ok().map(Start::On).with_context(refused)
}

pub(super) fn parse_pause(text: &str) -> anyhow::Result<Pause> {
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

    pub(super) fn ran(line: &[&str]) -> Result<String, String> {
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
        let notice = ran(&["--from", "2025-10-20", "--before-event-working-days", "7", "--json"]).unwrap();
        assert!(notice.contains("\"due\": \"2025-10-10\""), "{notice}");
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
                "one of --working-days, --calendar-days, --months, --hours, --before-event, --before-event-working-days is needed",
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
}

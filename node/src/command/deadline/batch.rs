//! `jiantong deadline --batch`: a question in each row of a CSV, its answer beside it.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use base::calendar::Calendar;
use base::deadline::{Due, Extension, LIMIT_MONTHS_MAX, Limit, Pause, Period, Start, due, renewal_from};
use base::time;
use csv::StringRecord;
use indicatif::ProgressBar;

use super::{civil_text, parse_pause, parse_start};

/// What a row asks for.
#[derive(Clone, Copy)]
enum Ask {
    Limit(Limit),
    /// Months before an event, as licences are renewed: no clock, only a day.
    BeforeMonths(u32),
}

type AskOf = fn(u32) -> Ask;

/// Columns that state a limit, and the word of each for the column `kind`.
const LIMITS: [(&str, &str, AskOf); 7] = [
    ("n_workdays", "wd", |n| Ask::Limit(Limit::WorkingDays(n))),
    ("n_calendar_days", "cd", |n| Ask::Limit(Limit::CalendarDays(n))),
    ("n_months", "months", |n| Ask::Limit(Limit::Months(n))),
    ("n_hours", "hours", |n| Ask::Limit(Limit::Hours(n))),
    ("n_before", "before_cd", |n| Ask::Limit(Limit::BeforeCalendarDays(n))),
    ("n_before_workdays", "before_wd", |n| Ask::Limit(Limit::BeforeWorkingDays(n))),
    ("n_before_months", "before_months", Ask::BeforeMonths),
];

/// Nothing is written until every row is understood: a batch is right as a whole or names its first bad line.
pub(super) fn run(path: &Path, with_provisional: bool, calendar: &Calendar, out: &mut dyn Write) -> anyhow::Result<()> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().with_context(|| format!("{shown}: cannot read the header"))?.clone();
    let columns = Columns::of(&header).with_context(|| format!("{shown}: line 1"))?;

    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut titles = header;
    titles.extend(["due", "last_day"]);
    titles.extend(with_provisional.then_some("provisional"));
    writer.write_record(&titles)?;
    let progress = ProgressBar::new(u64::try_from(text.len())?);
    let mut provisional = 0;
    for record in reader.records() {
        let mut record = record.with_context(|| shown.to_string())?;
        let (line, byte) = record.position().map_or((0, 0), |position| (position.line(), position.byte()));
        let question = columns.question(&record).and_then(|question| question.answer(calendar));
        let due = question.with_context(|| format!("{shown}: line {line}"))?;
        provisional += u64::from(due.provisional);
        record.push_field(&match due.due_at {
            Some(at) => civil_text(time::civil(at)),
            None => due.due_on.map(|on| on.to_string()).unwrap_or_default(),
        });
        record.push_field(&due.last_day_before_roll.map(|on| on.to_string()).unwrap_or_default());
        record.extend(with_provisional.then_some(if due.provisional { "yes" } else { "no" }));
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

/// Where each column stands.
struct Columns {
    start: usize,
    limits: [Option<usize>; LIMITS.len()],
    kind: Option<usize>,
    n: Option<usize>,
    pauses: Option<usize>,
    extension: [Option<usize>; 3],
    roll: Option<usize>,
}

/// One row, understood.
struct Question {
    start: Start,
    ask: Ask,
    pauses: Vec<Pause>,
    extension: Option<Extension>,
    roll: Option<bool>,
}

impl Columns {
    fn of(header: &StringRecord) -> anyhow::Result<Self> {
        let column = |name: &str| header.iter().position(|title| title.trim() == name);
        let start = column("start").context("column `start` is missing")?;
        let limits = LIMITS.map(|(name, ..)| column(name));
        let (kind, n) = (column("kind"), column("n"));
        ensure!(
            limits.iter().any(Option::is_some) || (kind.is_some() && n.is_some()),
            "one of the columns {} is needed, or kind and n",
            LIMITS.map(|(name, ..)| name).join(", ")
        );
        let extension = ["extension", "extension_approver", "extension_reason"].map(column);
        Ok(Self { start, limits, kind, n, pauses: column("pauses"), extension, roll: column("roll") })
    }

    fn question(&self, record: &StringRecord) -> anyhow::Result<Question> {
        let cell = |column: Option<usize>| column.and_then(|index| record.get(index)).unwrap_or_default().trim();
        let (kind, n) = (cell(self.kind), cell(self.n));
        let stated = LIMITS.iter().zip(self.limits).map(|((name, _, ask), column)| (cell(column), *name, *ask));
        let mut stated: Vec<(&str, &str, AskOf)> = stated.filter(|(count, ..)| !count.is_empty()).collect();
        // Without a column `n` a column `kind` is somebody else's.
        if self.n.is_some() && !(kind.is_empty() && n.is_empty()) {
            let known = LIMITS.iter().find(|(_, word, _)| *word == kind);
            let (.., ask) = known.with_context(|| {
                format!("`{kind}` is not a kind of limit; known are {}", LIMITS.map(|(_, word, _)| word).join(", "))
            })?;
            stated.push((n, "n", *ask));
        }
        let [(count, name, ask)] = stated[..] else {
            bail!("{} limits are stated, one is needed", stated.len());
        };
        let ask = ask(number(count, name)?);
        let pauses = cell(self.pauses).split(';').map(str::trim).filter(|pause| !pause.is_empty());
        Ok(Question {
            start: parse_start(cell(Some(self.start)))?,
            ask,
            pauses: pauses.map(parse_pause).collect::<anyhow::Result<_>>()?,
            extension: extension(ask, self.extension.map(cell))?,
            roll: match cell(self.roll) {
                "" => None,
                "yes" => Some(true),
                "no" => Some(false),
                other => bail!("`{other}` is neither yes nor no for roll"),
            },
        })
    }
}

fn number(text: &str, column: &str) -> anyhow::Result<u32> {
    text.parse().ok().with_context(|| format!("`{text}` is not a number for {column}"))
}

/// In the unit of its limit. Without an approver and a reason there is none (行政许可法 art. 42(1)).
fn extension(ask: Ask, [count, approver, reason]: [&str; 3]) -> anyhow::Result<Option<Extension>> {
    if count.is_empty() {
        ensure!(approver.is_empty() && reason.is_empty(), "an extension says by how much");
        return Ok(None);
    }
    let by = number(count, "extension")?;
    let by = match ask {
        Ask::Limit(Limit::WorkingDays(_)) => Limit::WorkingDays(by),
        Ask::Limit(Limit::CalendarDays(_)) => Limit::CalendarDays(by),
        Ask::Limit(Limit::Months(_)) => Limit::Months(by),
        Ask::Limit(Limit::Hours(_)) => Limit::Hours(by),
        _ => bail!("a limit before an event cannot be extended"),
    };
    Ok(Some(Extension::new(by, approver, reason)?))
}

impl Question {
    fn answer(self, calendar: &Calendar) -> anyhow::Result<Due> {
        let limit = match self.ask {
            Ask::Limit(limit) => limit,
            Ask::BeforeMonths(n) => return self.months_before(n),
        };
        let extensions = self.extension.as_slice();
        let counted = || due(self.start, limit, &self.pauses, extensions, calendar);
        Ok(match (limit, self.roll) {
            (Limit::CalendarDays(_), Some(false)) => {
                let due = counted()?;
                Due { due_on: due.last_day_before_roll.filter(|_| due.held.is_none()), ..due }
            }
            // 民法典 art. 203 for a period in months: counted as the days that it has.
            (Limit::Months(_), Some(true)) => {
                let whole =
                    due(self.start, limit, &[], extensions, calendar)?.due_on.context("the date is out of range")?;
                let days = self.start.date().until(whole)?.get_days().unsigned_abs();
                due(self.start, Limit::CalendarDays(days), &self.pauses, &[], calendar)?
            }
            (Limit::Hours(_), Some(true)) => bail!("a limit in hours does not roll"),
            (_, Some(true)) if limit.is_before() => bail!("a limit before an event does not roll"),
            _ => counted()?,
        })
    }

    fn months_before(&self, n: u32) -> anyhow::Result<Due> {
        ensure!(self.pauses.is_empty(), "a limit before an event cannot be paused");
        ensure!(self.roll != Some(true), "a limit before an event does not roll");
        let months = u16::try_from(n).ok().filter(|n| u32::from(*n) <= LIMIT_MONTHS_MAX);
        let months = months.with_context(|| format!("a limit of {n} is longer than {LIMIT_MONTHS_MAX}"))?;
        let on = renewal_from(self.start.date(), Period::months(months))?;
        Ok(Due { due_on: Some(on), due_at: None, last_day_before_roll: None, held: None, provisional: false })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ran;
    use super::*;

    /// What a batch of this text answers; its file is called FILE.
    fn batch(text: &str, more: &[&str]) -> Result<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("starts.csv");
        fs::write(&path, text).unwrap();
        let line = [&["--batch", path.to_str().unwrap()][..], more].concat();
        ran(&line).map_err(|error| error.replace(path.to_str().unwrap(), "FILE"))
    }

    #[test]
    fn a_batch_adds_due_and_last_day() {
        let text = "\u{feff}id,start,n_workdays,n_calendar_days,n_months,n_hours,n_before\n\
                    1,2024-09-25,20,,,,\n2,2024-09-16,,15,,,\n3,2025-01-31,,,1,,\n4,2025-09-30T14:30,,,,48,\n5,2025-10-20,,,,,15\n";
        assert_eq!(
            batch(text, &[]).unwrap(),
            "id,start,n_workdays,n_calendar_days,n_months,n_hours,n_before,due,last_day\n\
             1,2024-09-25,20,,,,,2024-10-28,\n\
             2,2024-09-16,,15,,,,2024-10-08,2024-10-01\n\
             3,2025-01-31,,,1,,,2025-02-28,\n\
             4,2025-09-30T14:30,,,,48,,2025-10-02T14:30,\n\
             5,2025-10-20,,,,,15,2025-10-05,\n"
        );
    }

    /// Every date that the domain's fact book computes, and each kind with what may go with it: the columns `expected`, `expected_last_day`
    /// and `expected_provisional` say the answer.
    #[test]
    fn a_batch_answers_every_date_of_the_fact_book() {
        let text = include_str!("facts.csv");
        let answer = batch(text, &["--provisional"]).unwrap();
        let mut reader = csv::Reader::from_reader(answer.as_bytes());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|title| title == name).unwrap();
        let mut rows = 0;
        for record in reader.records() {
            let record = record.unwrap();
            let told = ["due", "last_day", "provisional"].map(|name| &record[column(name)]);
            let expected = ["expected", "expected_last_day", "expected_provisional"].map(|name| &record[column(name)]);
            assert_eq!(told, expected, "{record:?}");
            rows += 1;
        }
        assert_eq!(rows, text.lines().count() - 1);
        let without = batch(text, &[]).unwrap();
        assert!(without.lines().next().unwrap().ends_with(",due,last_day"), "only who asks gets the third column");
    }

    #[test]
    fn a_bad_row_is_named_with_its_line_and_nothing_is_answered() {
        let limits = "n_workdays, n_calendar_days, n_months, n_hours, n_before, n_before_workdays, n_before_months \
             is needed, or kind and n";
        let kinds = "is not a kind of limit; known are wd, cd, months, hours, before_cd, before_wd, before_months";
        let all = "start,kind,n,pauses,extension,extension_approver,extension_reason,roll\n2025-01-01,wd,1,,,,,\n";
        let cases: [(&str, &str, String); 24] = [
            ("begin,n_workdays\n", "", "line 1: column `start` is missing".to_owned()),
            ("start,days\n", "", format!("line 1: one of the columns {limits}")),
            ("start,kind\n", "", format!("line 1: one of the columns {limits}")),
            (
                "start,n_workdays\n2025-01-01,1\n",
                "2025-01-01,x",
                "line 3: `x` is not a number for n_workdays".to_owned(),
            ),
            (
                "start,n_workdays\n2025-01-01,1\n",
                "2025-01-01,-1",
                "line 3: `-1` is not a number for n_workdays".to_owned(),
            ),
            ("start,n_workdays,n_months\n", "2025-01-01,1,1", "line 2: 2 limits are stated, one is needed".to_owned()),
            ("start,n_workdays,kind,n\n", "2025-01-01,1,wd,1", "line 2: 2 limits are stated, one is needed".to_owned()),
            ("start,n_workdays\n", "2025-01-01,", "line 2: 0 limits are stated, one is needed".to_owned()),
            (all, "2025-01-01,weeks,1,,,,,", format!("line 3: `weeks` {kinds}")),
            (all, "2025-01-01,,1,,,,,", format!("line 3: `` {kinds}")),
            (all, "2025-01-01,wd,,,,,,", "line 3: `` is not a number for n".to_owned()),
            (
                all,
                "2025-02-30,wd,1,,,,,",
                "line 3: `2025-02-30` is not a date (2025-09-28) or a date with time (2025-09-28T14:30)".to_owned(),
            ),
            (
                all,
                "2025-01-01,wd,1,2025-01-02,,,,",
                "line 3: `2025-01-02` is not a pause such as 2024-10-08..2024-10-12 or hearing:2024-10-08..".to_owned(),
            ),
            (
                all,
                "2025-01-01,wd,9,2025-01-03..2025-01-06; 2025-01-09..2025-01-08,,,,",
                "line 3: the pause from 2025-01-09 ends before it begins, on 2025-01-08".to_owned(),
            ),
            (
                all,
                "2025-01-01,before_wd,1,2025-01-02..,,,,",
                "line 3: a limit before an event cannot be paused".to_owned(),
            ),
            (all, "2025-01-01,wd,1,,10,,why,", "line 3: an extension needs an approver".to_owned()),
            (all, "2025-01-01,wd,1,,10,head,,", "line 3: an extension needs a reason".to_owned()),
            (all, "2025-01-01,wd,1,,,head,why,", "line 3: an extension says by how much".to_owned()),
            (
                all,
                "2025-01-01,before_cd,1,,10,head,why,",
                "line 3: a limit before an event cannot be extended".to_owned(),
            ),
            (all, "2025-01-01,cd,1,,,,,maybe", "line 3: `maybe` is neither yes nor no for roll".to_owned()),
            (all, "2025-01-01,hours,1,,,,,yes", "line 3: a limit in hours does not roll".to_owned()),
            (all, "2025-01-01,before_wd,1,,,,,yes", "line 3: a limit before an event does not roll".to_owned()),
            (all, "2025-01-01,before_months,1,,,,,yes", "line 3: a limit before an event does not roll".to_owned()),
            (all, "2025-01-01,before_months,1201,,,,,", "line 3: a limit of 1201 is longer than 1200".to_owned()),
        ];
        for (before, row, message) in cases {
            assert_eq!(batch(&format!("{before}{row}\n"), &[]).unwrap_err(), format!("FILE: {message}"), "{row}");
        }
        assert!(ran(&["--batch", "/nowhere.csv"]).unwrap_err().starts_with("cannot read /nowhere.csv"));
        assert!(ran(&["--from", "2025-01-01", "--months", "1", "--provisional"]).is_err(), "of a batch alone");
    }
}

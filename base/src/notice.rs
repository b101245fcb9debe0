//! The yearly notice (部分节假日安排的通知): the days that the State Council names for one year, read strictly before they are loaded.
//!
//! What moves people's deadlines is read without mercy: a row that cannot be right refuses the whole text, by its line and for a reason with a
//! code, so that the page says it in the reader's language.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::{NEXT_NOTICE_FROM, YEARS, is_weekend};

/// The text of one year's notice has at most so many bytes; the longest so far has two thousand.
pub const NOTICE_BYTES_MAX: usize = 4 * 1024;
/// Days that one notice names at most; none named more than 45.
pub const NOTICE_DAYS_MAX: usize = 100;
/// Characters of a festival's name.
pub const NAME_CHARS_MAX: usize = 50;

/// The days of one year's notice, in order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    year: i16,
    days: Vec<NoticeDay>,
}

/// A day that a notice names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDay {
    /// The day.
    pub on: Date,
    /// A weekend day that is worked (调休上班); else a day off.
    pub working: bool,
    /// The festival.
    pub name: String,
}

/// Why the text of a notice was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The text is longer than any notice.
    #[error("the text is larger than {max} bytes")]
    TooLarge {
        /// Bytes at most.
        max: usize,
    },
    /// A year that no calendar has.
    #[error("{year} is not a year of the calendar")]
    Year {
        /// The year.
        year: i16,
    },
    /// A column is missing from the header.
    #[error("line 1: column `{column}` is missing")]
    Column {
        /// Its name.
        column: &'static str,
    },
    /// There is no row.
    #[error("the notice names no day")]
    Empty,
    /// There are too many rows.
    #[error("the notice names more than {max} days")]
    TooMany {
        /// Days at most.
        max: usize,
    },
    /// A row cannot be right.
    #[error("line {line}: {problem}: `{text}`")]
    Row {
        /// Line in the text, from 1.
        line: u64,
        /// What is wrong with it.
        problem: RowProblem,
        /// What stands there.
        text: String,
    },
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The row does not have the columns of the header.
    #[error("not the columns of the header")]
    Cells,
    /// No date.
    #[error("not a date")]
    Date,
    /// Neither `holiday` nor `workday`.
    #[error("neither holiday nor workday")]
    Kind,
    /// The notice column names another year.
    #[error("a row of another year's notice")]
    Notice,
    /// A day that this year's notice cannot name.
    #[error("a day of another year")]
    OtherYear,
    /// The same day again.
    #[error("the day stands there already")]
    Twice,
    /// An earlier day after a later one.
    #[error("earlier than the day before it")]
    Order,
    /// Only Saturdays and Sundays can be declared worked: a weekday is worked anyway.
    #[error("worked anyway: it is no Saturday or Sunday")]
    Weekday,
    /// No festival, or too long a name, or characters that no name has.
    #[error("not a festival's name")]
    Name,
}

impl NoticeError {
    /// The stable code, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Year { .. } => "year",
            Self::Column { .. } => "column",
            Self::Empty => "empty",
            Self::TooMany { .. } => "too-many",
            Self::Row { problem, .. } => match problem {
                RowProblem::Cells => "cells",
                RowProblem::Date => "date",
                RowProblem::Kind => "kind",
                RowProblem::Notice => "notice",
                RowProblem::OtherYear => "other-year",
                RowProblem::Twice => "twice",
                RowProblem::Order => "order",
                RowProblem::Weekday => "weekday",
                RowProblem::Name => "name",
            },
        }
    }

    /// What the words of the message may name, as key and value.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLarge { max } | Self::TooMany { max } => vec![("max", max.to_string())],
            Self::Year { year } => vec![("year", year.to_string())],
            Self::Column { column } => vec![("column", (*column).to_owned())],
            Self::Empty => Vec::new(),
            Self::Row { line, text, .. } => vec![("line", line.to_string()), ("text", text.clone())],
        }
    }
}

impl Notice {
    /// Reads `date,kind,name` rows, in order, with an optional `notice` column that names the same year throughout.
    pub fn parse(text: &str, year: i16) -> Result<Self, NoticeError> {
        if text.len() > NOTICE_BYTES_MAX {
            return Err(NoticeError::TooLarge { max: NOTICE_BYTES_MAX });
        }
        if !YEARS.contains(&year) {
            return Err(NoticeError::Year { year });
        }
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
        let find = |name| header.iter().position(|title| title == name);
        let column = |name| find(name).ok_or(NoticeError::Column { column: name });
        let (date, kind, name) = (column("date")?, column("kind")?, column("name")?);
        let notice = find("notice");
        let mut days: Vec<NoticeDay> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |index: usize| record.get(index).unwrap_or_default();
            let wrong = |problem, text: &str| {
                let text = text.chars().filter(|character| !character.is_control()).take(40).collect();
                NoticeError::Row { line, problem, text }
            };
            if let Some(other) = notice.map(cell).filter(|named| named.parse() != Ok(year)) {
                return Err(wrong(RowProblem::Notice, other));
            }
            let on: Date = cell(date).parse().map_err(|_| wrong(RowProblem::Date, cell(date)))?;
            let working = match cell(kind) {
                "holiday" => false,
                "workday" => true,
                other => return Err(wrong(RowProblem::Kind, other)),
            };
            let is_named = !cell(name).is_empty()
                && cell(name).chars().count() <= NAME_CHARS_MAX
                && !cell(name).chars().any(char::is_control);
            let last = days.last().map(|day| day.on);
            let problem = match last {
                _ if !may_name(year, on) => Some(RowProblem::OtherYear),
                Some(last) if last == on => Some(RowProblem::Twice),
                Some(last) if last > on => Some(RowProblem::Order),
                _ if working && !is_weekend(on) => Some(RowProblem::Weekday),
                _ => None,
            };
            if let Some(problem) = problem {
                return Err(wrong(problem, cell(date)));
            }
            if !is_named {
                return Err(wrong(RowProblem::Name, cell(name)));
            }
            if days.len() == NOTICE_DAYS_MAX {
                return Err(NoticeError::TooMany { max: NOTICE_DAYS_MAX });
            }
            days.push(NoticeDay { on, working, name: cell(name).to_owned() });
        }
        if days.is_empty() { Err(NoticeError::Empty) } else { Ok(Self { year, days }) }
    }

    /// Its year.
    pub fn year(&self) -> i16 {
        self.year
    }

    /// Its days, in order.
    pub fn days(&self) -> &[NoticeDay] {
        &self.days
    }
}

/// A year's notice names days of that year, and of the last days of the year before (a New Year bridge).
fn may_name(year: i16, on: Date) -> bool {
    on.year() == year || (on.year() == year - 1 && (on.month(), on.day()) >= NEXT_NOTICE_FROM)
}

fn unreadable(error: &csv::Error) -> NoticeError {
    let line = error.position().map_or(1, csv::Position::line);
    NoticeError::Row { line, problem: RowProblem::Cells, text: String::new() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::calendar::{Calendar, DayKind};

    const CN: &str = include_str!("../../catalog/calendars/cn.csv");

    /// The rows of one year's notice in the built-in calendar, and the calendar without them.
    fn split(year: &str) -> (String, Calendar) {
        let (own, others): (Vec<&str>, Vec<&str>) = CN.lines().skip(1).partition(|line| line.starts_with(year));
        let text = |lines: Vec<&str>| format!("notice,date,kind,name\n{}\n", lines.join("\n"));
        (text(own), Calendar::parse(&text(others)).unwrap())
    }

    #[test]
    fn every_notice_so_far_is_read_and_makes_the_calendar_that_the_file_makes() {
        let whole = Calendar::parse(CN).unwrap();
        for year in 2004..=2026_i16 {
            let (own, without) = split(&year.to_string());
            let notice = Notice::parse(&own, year).unwrap();
            assert!(notice.days().len() <= 45, "{year}: {}", notice.days().len());
            assert!(!without.is_official(year) && without.version() != whole.version());
            let with = without.with_notice(year, notice.days());
            assert_eq!(with.version(), whole.version(), "{year}");
            assert_eq!(whole.with_notice(year, notice.days()).version(), whole.version(), "loading again is the same");
        }
    }

    #[test]
    fn a_correction_replaces_the_whole_year_and_a_new_year_lengthens_the_calendar() {
        let whole = Calendar::parse(CN).unwrap();
        let text = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-03,workday,元旦\n";
        let first = whole.with_notice(2027, Notice::parse(text, 2027).unwrap().days());
        assert!(first.is_official(2027) && first.day(date(2026, 12, 31)).official && first.is_official(2026));
        assert_eq!(first.day(date(2027, 1, 3)).kind, DayKind::AdjustedWorking);
        let text = "date,kind,name\n2026-12-31,holiday,元旦\n2027-01-01,holiday,元旦\n";
        let second = first.with_notice(2027, Notice::parse(text, 2027).unwrap().days());
        assert_eq!(second.day(date(2027, 1, 3)).kind, DayKind::Weekend, "what is no longer named is a day like others");
        assert_eq!(second.day(date(2026, 12, 31)).kind, DayKind::Holiday);
        let was: Vec<_> =
            second.changes(&first, 2027).into_iter().map(|change| (change.on, change.was, change.is)).collect();
        let (friday, sunday) = (date(2026, 12, 31), date(2027, 1, 3));
        assert_eq!(
            was,
            [(friday, DayKind::Working, DayKind::Holiday), (sunday, DayKind::AdjustedWorking, DayKind::Weekend)]
        );
    }

    #[test]
    fn refuses_what_cannot_be_right_by_line_and_code() {
        let long = "x".repeat(NOTICE_BYTES_MAX + 1);
        let name = format!("date,kind,name\n2027-01-01,holiday,{}\n", "年".repeat(NAME_CHARS_MAX + 1));
        let year: String = (0..=NOTICE_DAYS_MAX)
            .map(|n| {
                format!("{},holiday,春节\n", date(2027, 1, 1).checked_add(jiff::Span::new().days(n as i64)).unwrap())
            })
            .collect();
        let many = format!("date,kind,name\n{year}");
        let cases = [
            (long.as_str(), "too-large", None),
            ("day,kind,name\n", "column", None),
            ("", "column", None),
            ("date,kind,name\n", "empty", None),
            (many.as_str(), "too-many", None),
            ("date,kind,name\n2027-01-01,holiday\n", "cells", Some(2)),
            ("date,kind,name\n2027-02-30,holiday,春节\n", "date", Some(2)),
            ("date,kind,name\n2027-01-01,off,元旦\n", "kind", Some(2)),
            ("notice,date,kind,name\n2026,2027-01-01,holiday,元旦\n", "notice", Some(2)),
            ("notice,date,kind,name\nx,2027-01-01,holiday,元旦\n", "notice", Some(2)),
            ("date,kind,name\n2026-12-20,holiday,元旦\n", "other-year", Some(2)),
            ("date,kind,name\n2028-01-01,holiday,元旦\n", "other-year", Some(2)),
            ("date,kind,name\n2027-01-01,holiday,元旦\n2027-01-01,holiday,元旦\n", "twice", Some(3)),
            ("date,kind,name\n# why\n2027-01-02,holiday,元旦\n2027-01-01,holiday,元旦\n", "order", Some(4)),
            ("date,kind,name\n2027-01-04,workday,元旦\n", "weekday", Some(2)),
            ("date,kind,name\n2027-01-01,holiday,\n", "name", Some(2)),
            (name.as_str(), "name", Some(2)),
        ];
        for (text, code, line) in cases {
            let error = Notice::parse(text, 2027).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            let named = error.params().into_iter().find(|(name, _)| *name == "line").map(|(_, line)| line);
            assert_eq!(named, line.map(|line: u64| line.to_string()), "{error}");
        }
        assert_eq!(Notice::parse("date,kind,name\n", 9999).unwrap_err().code(), "year");
        let bridge = "date,kind,name\n2026-12-26,workday,元旦\n2027-01-01,holiday,元旦\n";
        assert_eq!(Notice::parse(bridge, 2027).unwrap().days().len(), 2);
    }
}

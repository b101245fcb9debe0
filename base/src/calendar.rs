//! The working-day calendar (工作日历): which days count when the law counts working days.
//!
//! 行政许可法 art. 82: limits are counted in working days, without statutory holidays. Weekends that the yearly State Council notice declares
//! worked (调休上班日) are working days. A year without its notice falls back to Monday to Friday, and every date that needed it is provisional.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::notice::NoticeDay;

/// Years are kept in a plain table, so a typing error must not make it huge.
pub(crate) const YEARS: RangeInclusive<i16> = 1900..=2999;
/// First day of December on which the next year's notice has a say: it arranges the New Year's days with the weekends before them. Of the
/// notices for 2004 to 2026 none names a day before 29 December (catalog/calendars/cn.csv: 2007-12-29, 2018-12-29); a whole week more is kept
/// for a weekend that is moved earlier.
pub(crate) const NEXT_NOTICE_FROM: (i8, i8) = (12, 21);

/// The official arrangement of holidays and worked weekends, year by year.
#[derive(Debug, Clone)]
pub struct Calendar {
    first_year: i16,
    years: Vec<Year>,
    /// Sorted by date; only days that a notice names.
    listed: Vec<Listed>,
    version: String,
}

/// One day's place in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day<'a> {
    /// Why the day counts or does not.
    pub kind: DayKind,
    /// The festival the notice names it for.
    pub name: Option<&'a Arc<str>>,
    /// Whether the notices that have a say are loaded: its year's, and from 21 December on the next year's too. Without them the kind is a
    /// Monday-to-Friday guess.
    pub official: bool,
}

/// A day that became another kind of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayChange {
    /// The day.
    pub on: Date,
    /// What it was.
    pub was: DayKind,
    /// What it is.
    pub is: DayKind,
}

/// Why a day counts as a working day or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Monday to Friday, not named by a notice.
    Working,
    /// A weekend day declared worked (调休上班).
    AdjustedWorking,
    /// Saturday or Sunday.
    Weekend,
    /// A day off by notice (法定节假日), weekends inside the holiday period included.
    Holiday,
}

impl DayKind {
    /// Whether limits in working days count the day.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Working | Self::AdjustedWorking)
    }
}

/// Why a calendar text was refused. Every message names the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A column is missing from the header.
    #[error("line 1: column `{0}` is missing")]
    Column(&'static str),
    /// A row cannot be read.
    #[error("line {line}: {reason}")]
    Row {
        /// Line in the file, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no row at all.
    #[error("the calendar has no rows")]
    Empty,
}

#[derive(Debug, Clone, Default)]
struct Year {
    official: bool,
    /// Bit `day_of_year` is set on working days.
    working: [u64; 6],
}

#[derive(Debug, Clone)]
struct Listed {
    on: Date,
    notice: i16,
    working: bool,
    name: Arc<str>,
}

impl Calendar {
    /// Reads `date,kind,name` rows with an optional `notice` column (the year whose notice names the date; its own year when absent).
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().map_err(|error| row_error(1, &error))?.clone();
        let column = |name| header.iter().position(|title| title == name);
        let date_column = column("date").ok_or(CalendarError::Column("date"))?;
        let kind_column = column("kind").ok_or(CalendarError::Column("kind"))?;
        let name_column = column("name").ok_or(CalendarError::Column("name"))?;
        let notice_column = column("notice");

        let mut names: Vec<Arc<str>> = Vec::new();
        let mut listed: Vec<(u64, Listed)> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                row_error(line, &error)
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |index: usize| record.get(index).unwrap_or_default();
            let on: Date = cell(date_column)
                .parse()
                .map_err(|_| row_error(line, &format!("`{}` is not a date", cell(date_column))))?;
            let working = match cell(kind_column) {
                "holiday" => false,
                "workday" => true,
                other => return Err(row_error(line, &format!("kind `{other}` is neither holiday nor workday"))),
            };
            let notice = match notice_column.map(cell) {
                None => on.year(),
                Some(year) => year.parse().map_err(|_| row_error(line, &format!("notice `{year}` is not a year")))?,
            };
            for year in [on.year(), notice] {
                if !YEARS.contains(&year) {
                    let (first, last) = (YEARS.start(), YEARS.end());
                    return Err(row_error(line, &format!("year {year} is outside {first}–{last}")));
                }
            }
            let name = cell(name_column);
            let name = match names.iter().find(|known| &***known == name) {
                Some(known) => Arc::clone(known),
                None => {
                    let new: Arc<str> = name.into();
                    names.push(Arc::clone(&new));
                    new
                }
            };
            listed.push((line, Listed { on, notice, working, name }));
        }
        listed.sort_by_key(|(line, day)| (day.on, *line));
        if let Some(pair) = listed.windows(2).find(|pair| pair[0].1.on == pair[1].1.on) {
            let reason = format!("{} stands already on line {}", pair[1].1.on, pair[0].0);
            return Err(row_error(pair[1].0, &reason));
        }
        let listed: Vec<Listed> = listed.into_iter().map(|(_, day)| day).collect();
        if listed.is_empty() { Err(CalendarError::Empty) } else { Ok(Self::from_listed(listed)) }
    }

    /// The calendar with a year's notice loaded, in place of what it knew of that notice. A day that another notice names too is this one's.
    /// Without a day nothing is loaded: the year stays as it was.
    pub fn with_notice(&self, year: i16, days: &[NoticeDay]) -> Self {
        if days.is_empty() {
            return self.clone();
        }
        let named = |on: Date| days.iter().any(|day| day.on == on);
        let kept = self.listed.iter().filter(|day| day.notice != year && !named(day.on)).cloned();
        let new = days.iter().map(|day| Listed {
            on: day.on,
            notice: year,
            working: day.working,
            name: day.name.as_str().into(),
        });
        let mut listed: Vec<Listed> = kept.chain(new).collect();
        listed.sort_by_key(|day| day.on);
        Self::from_listed(listed)
    }

    /// The days that the loaded notice of a year names, in order.
    pub fn notice(&self, year: i16) -> Vec<NoticeDay> {
        let own = self.listed.iter().filter(|day| day.notice == year);
        own.map(|day| NoticeDay { on: day.on, working: day.working, name: day.name.to_string() }).collect()
    }

    /// A day that a year's notice would name although another year's notice names it.
    pub fn other_notice(&self, year: i16, days: &[NoticeDay]) -> Option<Date> {
        let other = |on: Date| self.listed.iter().any(|day| day.on == on && day.notice != year);
        days.iter().map(|day| day.on).find(|on| other(*on))
    }

    /// The days over which a year's notice has a say and which are of another kind here than in another calendar.
    pub fn changes(&self, before: &Self, year: i16) -> Vec<DayChange> {
        let (month, day) = NEXT_NOTICE_FROM;
        let mut changes = Vec::new();
        let mut next = Date::new(year.saturating_sub(1), month, day).ok();
        while let Some(on) = next.filter(|on| on.year() <= year) {
            let (was, is) = (before.day(on).kind, self.day(on).kind);
            if was != is {
                changes.push(DayChange { on, was, is });
            }
            next = on.tomorrow().ok();
        }
        changes
    }

    /// `listed` has at least one day, sorted.
    fn from_listed(listed: Vec<Listed>) -> Self {
        let years_named = || listed.iter().flat_map(|day| [day.on.year(), day.notice]);
        let first_year = years_named().min().unwrap_or(*YEARS.start());
        let last_year = years_named().max().unwrap_or(first_year);
        let mut years: Vec<Year> = (first_year..=last_year).map(weekday_year).collect();
        let mut hash = Sha256::new();
        for day in &listed {
            years[usize::from(day.notice.abs_diff(first_year))].official = true;
            let (word, bit) = bit_of(day.on);
            let words = &mut years[usize::from(day.on.year().abs_diff(first_year))].working;
            if day.working {
                words[word] |= bit;
            } else {
                words[word] &= !bit;
            }
            let kind = if day.working { "workday" } else { "holiday" };
            hash.update(format!("{},{},{kind},{}\n", day.notice, day.on, day.name));
        }
        let version = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { first_year, years, listed, version }
    }

    /// Hex SHA-256 of the canonical content: the same arrangement has the same version however its file is laid out.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the year's official notice is loaded.
    pub fn is_official(&self, year: i16) -> bool {
        self.year(year).is_some_and(|year| year.official)
    }

    /// Whether limits in working days count the day. In a year without notice: Monday to Friday.
    pub fn is_working_day(&self, on: Date) -> bool {
        match self.year(on.year()) {
            Some(year) => {
                let (word, bit) = bit_of(on);
                year.working[word] & bit != 0
            }
            None => !is_weekend(on),
        }
    }

    /// The day with its reason and the festival's name.
    pub fn day(&self, on: Date) -> Day<'_> {
        let is_last_days = (on.month(), on.day()) >= NEXT_NOTICE_FROM;
        let official = self.is_official(on.year()) && (!is_last_days || self.is_official(on.year().saturating_add(1)));
        let listed = self.listed.binary_search_by_key(&on, |day| day.on).ok().map(|index| &self.listed[index]);
        let kind = match listed {
            Some(day) if !day.working => DayKind::Holiday,
            Some(_) if is_weekend(on) => DayKind::AdjustedWorking,
            None if is_weekend(on) => DayKind::Weekend,
            Some(_) | None => DayKind::Working,
        };
        Day { kind, name: listed.map(|day| &day.name), official }
    }

    /// The day itself when it is a working day, else the next one that is.
    pub fn this_or_next_working_day(&self, on: Date) -> Date {
        if self.is_working_day(on) { on } else { self.next_working_day(on) }
    }

    /// The first working day after a day.
    pub fn next_working_day(&self, on: Date) -> Date {
        self.add_working_days(on, 1)
    }

    /// The `days`-th working day after a day; the day itself is not counted (行政许可法 art. 82, 民法典 art. 201). Stops at the last date
    /// there is (9999-12-31).
    pub fn add_working_days(&self, on: Date, days: u32) -> Date {
        let mut date = on;
        let mut left = days;
        while left > 0 {
            let Ok(next) = date.tomorrow() else { break };
            date = next;
            left -= u32::from(self.is_working_day(date));
        }
        date
    }

    /// How many working days lie after `from` up to and including `to`; negative when `to` is earlier, so that
    /// `working_days_between(a, b) == -working_days_between(b, a)`.
    pub fn working_days_between(&self, from: Date, to: Date) -> i32 {
        let (earlier, later, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
        let mut date = earlier;
        let mut days = 0;
        while date < later {
            let Ok(next) = date.tomorrow() else { break };
            date = next;
            days += i32::from(self.is_working_day(date));
        }
        sign * days
    }

    fn year(&self, year: i16) -> Option<&Year> {
        let index = year.checked_sub(self.first_year)?;
        self.years.get(usize::try_from(index).ok()?)
    }
}

fn weekday_year(year: i16) -> Year {
    let mut table = Year::default();
    let mut date = Date::constant(year, 1, 1);
    while date.year() == year {
        if !is_weekend(date) {
            let (word, bit) = bit_of(date);
            table.working[word] |= bit;
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    table
}

pub(crate) fn is_weekend(on: Date) -> bool {
    matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn bit_of(on: Date) -> (usize, u64) {
    let day = on.day_of_year().unsigned_abs();
    (usize::from(day / 64), 1 << (day % 64))
}

fn row_error(line: u64, reason: &dyn std::fmt::Display) -> CalendarError {
    CalendarError::Row { line, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn cn() -> Calendar {
        Calendar::parse(include_str!("../../catalog/calendars/cn.csv")).expect("the built-in calendar parses")
    }

    #[test]
    fn knows_each_official_year_and_no_other() {
        let calendar = cn();
        let official: Vec<i16> = (1995..2040).filter(|year| calendar.is_official(*year)).collect();
        assert_eq!(official, (2004..=2026).collect::<Vec<i16>>());
    }

    #[test]
    fn says_why_a_day_counts_or_not() {
        let calendar = cn();
        let cases = [
            (date(2024, 9, 25), DayKind::Working, None, true),
            (date(2024, 9, 28), DayKind::Weekend, None, true),
            (date(2024, 9, 29), DayKind::AdjustedWorking, Some("国庆节"), true),
            (date(2024, 10, 1), DayKind::Holiday, Some("国庆节"), true),
            (date(2024, 10, 5), DayKind::Holiday, Some("国庆节"), true),
            (date(2005, 12, 31), DayKind::AdjustedWorking, Some("元旦"), true),
            (date(2015, 9, 3), DayKind::Holiday, Some("中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"), true),
            (date(2003, 10, 1), DayKind::Working, None, false),
            (date(2027, 10, 1), DayKind::Working, None, false),
            (date(2027, 10, 2), DayKind::Weekend, None, false),
        ];
        for (on, kind, name, official) in cases {
            let day = calendar.day(on);
            assert_eq!((day.kind, day.name.map(|name| &**name), day.official), (kind, name, official), "{on}");
            assert_eq!(calendar.is_working_day(on), kind.is_working(), "{on}");
        }
    }

    #[test]
    fn the_last_days_of_a_year_are_firm_only_with_the_notice_of_the_next_year() {
        let text = include_str!("../../catalog/calendars/cn.csv");
        let until_2018: String =
            text.lines().filter(|line| !line.starts_with("2019")).map(|line| format!("{line}\n")).collect();
        let known = Calendar::parse(&until_2018).unwrap();
        // The notice for 2019 made Saturday 2018-12-29 a working day and Monday 2018-12-31 a day off.
        assert_eq!((known.day(date(2018, 12, 29)).official, cn().day(date(2018, 12, 29)).official), (false, true));
        assert!(!known.is_working_day(date(2018, 12, 29)) && cn().is_working_day(date(2018, 12, 29)));
        assert!(known.day(date(2018, 12, 20)).official && !known.day(date(2018, 12, 21)).official);
        assert!(cn().day(date(2026, 12, 20)).official && !cn().day(date(2026, 12, 31)).official);
        let early =
            cn().listed.iter().filter(|day| day.notice > day.on.year()).map(|day| (day.on.month(), day.on.day())).min();
        assert_eq!(early, Some((12, 29)), "no notice reaches back to the margin");
    }

    #[test]
    fn agrees_with_every_listed_row_and_the_weekday_rule_elsewhere() {
        let calendar = cn();
        let rows: std::collections::HashMap<String, bool> = include_str!("../../catalog/calendars/cn.csv")
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                (cells[1].to_owned(), cells[2] == "workday")
            })
            .collect();
        assert_eq!(rows.len(), 770);
        let mut on = date(2003, 1, 1);
        while on < date(2028, 1, 1) {
            let weekday = on.weekday().to_monday_one_offset() <= 5;
            let expected = rows.get(&on.to_string()).copied().unwrap_or(weekday);
            assert_eq!(calendar.is_working_day(on), expected, "{on}");
            on = on.tomorrow().unwrap();
        }
    }

    #[test]
    fn version_depends_on_content_alone() {
        let plain = "date,kind,name\n2025-01-01,holiday,元旦\n2025-01-26,workday,春节\n";
        let other = "# the same\nname,kind,date\n春节,workday,2025-01-26\n元旦,holiday,2025-01-01\n";
        let first = Calendar::parse(plain).unwrap();
        assert_eq!(first.version(), Calendar::parse(other).unwrap().version());
        assert_eq!(first.version().len(), 64);
        let changed = plain.replace("01-26", "01-25");
        assert_ne!(first.version(), Calendar::parse(&changed).unwrap().version());
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let cases = [
            ("day,kind,name\n", "line 1: column `date` is missing"),
            ("date,kind,name\n", "the calendar has no rows"),
            ("date,kind,name\n2025-01-01,holiday,元旦\n2025-02-30,holiday,x\n", "line 3: `2025-02-30` is not a date"),
            ("date,kind,name\n2025-01-01,off,元旦\n", "line 2: kind `off` is neither holiday nor workday"),
            ("date,kind,name\n9999-01-01,holiday,元旦\n", "line 2: year 9999 is outside 1900–2999"),
            (
                "date,kind,name\n2025-01-01,holiday,元旦\n2025-01-01,workday,元旦\n",
                "line 3: 2025-01-01 stands already on line 2",
            ),
            ("notice,date,kind,name\nx,2025-01-01,holiday,元旦\n", "line 2: notice `x` is not a year"),
        ];
        for (text, message) in cases {
            assert_eq!(Calendar::parse(text).unwrap_err().to_string(), message);
        }
        let short = Calendar::parse("date,kind,name\n2025-01-01,holiday\n").unwrap_err().to_string();
        assert!(short.starts_with("line 2: "), "{short}");
    }

    #[test]
    fn counts_working_days_in_both_directions() {
        let calendar = cn();
        assert_eq!(calendar.working_days_between(date(2024, 9, 25), date(2024, 10, 28)), 20);
        assert_eq!(calendar.working_days_between(date(2024, 10, 28), date(2024, 9, 25)), -20);
        assert_eq!(calendar.next_working_day(date(2024, 9, 30)), date(2024, 10, 8));
        assert_eq!(calendar.this_or_next_working_day(date(2024, 9, 29)), date(2024, 9, 29));
        assert_eq!(calendar.add_working_days(date(9999, 12, 30), 9), date(9999, 12, 31));
    }
}

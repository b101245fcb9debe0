//! The yearly notice of days off (放假安排) taken into use: which years this node has loaded, and over which calendar.
//!
//! The catalog brings the notices that were known when it was made. A later one is loaded by an act of its own, so that it stands in the journal
//! with its source, and every catalog that comes after counts with it.

use base::calendar::Calendar;
use base::notice::{Notice, NoticeDay};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::NodeSettings;
use crate::catalog::{Catalog, Organisation};
use crate::facts::Facts;
use crate::refusal::Refusal;

/// Characters of a title, a source or a reason.
pub const NOTICE_TEXT_CHARS_MAX: usize = 200;

/// Where the days of a year come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSource {
    /// Its title.
    pub title: String,
    /// Its document number (发文字号).
    pub number: String,
    /// The day on it.
    pub issued_on: Date,
    /// Where it was read: an address, a gazette.
    pub source: String,
}

/// Load one year's notice, or put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadCalendar {
    /// Its days.
    pub notice: Notice,
    /// Where they come from.
    pub source: NoticeSource,
    /// Why a year that has its notice gets other days.
    pub reason: Option<String>,
}

/// `calendar-loaded@1`: a year's official notice; again when it is put right. Not in it: whose deadlines move, each of which is an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarLoaded {
    /// The year.
    pub year: i16,
    /// The days that the notice names, in order.
    pub days: Vec<NoticeDay>,
    /// Where they come from.
    pub source: NoticeSource,
    /// Why other days than those of the notice before.
    pub reason: Option<String>,
    /// Content hash of the calendar from now on.
    pub calendar: String,
    /// When.
    pub on: Date,
}

/// A year as it was loaded last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedYear {
    /// The year.
    pub year: i16,
    /// Its days.
    pub days: Vec<NoticeDay>,
    /// Where they come from.
    pub source: NoticeSource,
    /// Why other days than those of the notice before.
    pub reason: Option<String>,
    /// When.
    pub on: Date,
}

impl From<&CalendarLoaded> for LoadedYear {
    fn from(event: &CalendarLoaded) -> Self {
        let CalendarLoaded { year, days, source, reason, on, calendar: _ } = event.clone();
        Self { year, days, source, reason, on }
    }
}

impl NodeSettings {
    /// The year, if this node loaded it.
    pub fn loaded(&self, year: i16) -> Option<&LoadedYear> {
        self.years.iter().find(|loaded| loaded.year == year)
    }

    /// The calendar in force: a catalog's, with the years that this node loaded in place of its own.
    pub fn calendar_over(&self, calendar: &Calendar) -> Calendar {
        self.years.iter().fold(calendar.clone(), |calendar, loaded| calendar.with_notice(loaded.year, &loaded.days))
    }

    pub(crate) fn load(&mut self, event: &CalendarLoaded) {
        self.years.retain(|loaded| loaded.year != event.year);
        self.years.push(event.into());
        self.loads += 1;
        self.calendar.clone_from(&event.calendar);
    }
}

/// The organisation whose affair the calendar is: the node's highest, because the days are the same for everyone below.
pub fn calendar_owner(catalog: &Catalog) -> Option<&Organisation> {
    catalog.directory.own().min_by_key(|organisation| organisation.region)
}

/// The years that may be loaded on a day: the next, the present one, and the one before, whose days may still be counted.
pub fn calendar_years(today: Date) -> std::ops::RangeInclusive<i16> {
    today.year() - 1..=today.year() + 1
}

/// The event, or why not.
pub(super) fn load(load: &LoadCalendar, settings: &NodeSettings, facts: &Facts) -> Result<CalendarLoaded, Refusal> {
    let (year, days) = (load.notice.year(), load.notice.days());
    let years = calendar_years(facts.today);
    if !years.contains(&year) {
        return Err(Refusal::CalendarYear { first: *years.start(), last: *years.end() });
    }
    let reason = load.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let NoticeSource { title, number, source, issued_on } = &load.source;
    let texts = [title, number, source].map(|text| text.trim());
    if texts.iter().any(|text| text.is_empty()) {
        return Err(Refusal::NoticeUnnamed);
    }
    if texts.iter().chain(&reason).any(|text| text.chars().count() > NOTICE_TEXT_CHARS_MAX) {
        return Err(Refusal::TextTooLong { max: NOTICE_TEXT_CHARS_MAX });
    }
    if *issued_on > facts.today {
        return Err(Refusal::DayAfter { latest: facts.today });
    }
    let before = settings.calendar_over(facts.calendar());
    if let Some(on) = before.other_notice(year, days) {
        return Err(Refusal::CalendarTaken { on });
    }
    let is_same = before.notice(year) == days;
    if is_same && settings.loaded(year).is_some() {
        return Err(Refusal::CalendarUnchanged);
    }
    let corrects = !is_same && before.is_official(year);
    if corrects && reason.is_none() {
        return Err(Refusal::ReasonMissing);
    }
    let [title, number, source] = texts.map(str::to_owned);
    Ok(CalendarLoaded {
        year,
        days: days.to_vec(),
        source: NoticeSource { title, number, issued_on: *issued_on, source },
        reason: reason.filter(|_| corrects).map(str::to_owned),
        calendar: before.with_notice(year, days).version().to_owned(),
        on: facts.today,
    })
}

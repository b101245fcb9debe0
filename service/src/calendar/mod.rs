//! The yearly notice of days off (放假安排): what is loaded, what a notice would change, loading it, and counting the open deadlines again.
//!
//! Whoever loads it may see no case (三员分立): the preview names a moved deadline by its case number, its bureau and its days, and nothing
//! that the case is about.

mod load;
mod recount;

use base::calendar::{Calendar, DayKind};
use jiff::civil::Date;
use kernel::directory::{LoadedYear, NodeSettings, calendar_owner, calendar_years};
use kernel::{State, StreamId};
use serde::Serialize;
use utoipa::ToSchema;
use web::words::Words;

use crate::app::App;
use crate::error::Result;
use crate::identity::Identity;

pub use load::{GivenNotice, NoticeWrong};
pub use recount::{Recount, RecountShown};

/// What grants.csv calls it.
pub const ACTION: &str = "calendar.load";
/// The page, as grants.csv calls it.
pub const PAGE: &str = "calendar";

/// The years and where each stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// The years that may be loaded.
    pub years: Vec<YearShown>,
    /// How far the open deadlines are counted again, since a notice was loaded here.
    pub recount: Option<RecountShown>,
    /// This reader may load a notice.
    pub may_load: bool,
    /// The organisation whose administrator may.
    pub owner: String,
}

/// One year of the calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct YearShown {
    /// The year.
    pub year: i16,
    /// Its notice is known; else its dates are provisional.
    pub official: bool,
    /// Days off that the notice names.
    pub days_off: usize,
    /// Weekend days that it declares worked.
    pub worked: usize,
    /// The notice, where it was loaded here and did not come with the catalog.
    pub notice: Option<NoticeShown>,
}

/// Where a year's days come from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeShown {
    /// Its title.
    pub title: String,
    /// Its document number.
    pub number: String,
    /// The day on it.
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    /// Where it was read.
    pub source: String,
    /// Why it replaced another.
    pub reason: Option<String>,
    /// When it was loaded.
    #[schema(value_type = String, format = Date)]
    pub loaded_on: Date,
}

impl From<&LoadedYear> for NoticeShown {
    fn from(loaded: &LoadedYear) -> Self {
        let LoadedYear { source, reason, on, .. } = loaded.clone();
        Self {
            title: source.title,
            number: source.number,
            issued_on: source.issued_on,
            source: source.source,
            reason,
            loaded_on: on,
        }
    }
}

/// What a notice would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalendarPreview {
    /// The year.
    pub year: i16,
    /// The year has its notice already: this one puts it right.
    pub correction: bool,
    /// The days that it names.
    pub days: Vec<PreviewDay>,
    /// Days that become another kind of day, those that it no longer names too.
    pub changes: Vec<PreviewDay>,
    /// Open cases that were counted again for this.
    pub looked: u64,
    /// Cases whose dates would move.
    pub moving: u64,
    /// Their dates, as many as are shown.
    pub moves: Vec<Move>,
}

/// A day of a notice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewDay {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// What it was: `working`, `adjusted_working`, `weekend` or `holiday`.
    pub was: &'static str,
    /// What it becomes.
    pub is: &'static str,
    /// The festival; empty where the notice does not name the day.
    pub name: String,
}

/// A deadline that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    /// Case number.
    pub number: String,
    /// The bureau that handles it.
    pub organisation: String,
    /// `acceptance`, `statutory` or `promised`.
    pub clock: &'static str,
    /// The day announced.
    #[schema(value_type = String, format = Date)]
    pub was: Date,
    /// The new one.
    #[schema(value_type = String, format = Date)]
    pub is: Date,
}

/// The word of a kind of day in views and message keys.
fn kind_word(kind: DayKind) -> &'static str {
    match kind {
        DayKind::Working => "working",
        DayKind::AdjustedWorking => "adjusted_working",
        DayKind::Weekend => "weekend",
        DayKind::Holiday => "holiday",
    }
}

/// A date in words, marked where it rests on a year without its notice.
pub(crate) fn date_words(on: Date, provisional: bool, words: Words) -> String {
    let date = words.date(on);
    if provisional { words.t1("date-provisional", "date", date) } else { date }
}

/// Does a date of a list, of which no more is known than the day, rest on a year without its notice?
pub(crate) fn is_provisional(on: Date, calendar: &Calendar) -> bool {
    !calendar.day(on).official
}

impl App {
    /// What this node has loaded.
    pub(crate) async fn node_settings(&self) -> Result<NodeSettings> {
        let state = self.store().read(|reader| reader.state(&StreamId::node())).await?;
        Ok(match state {
            Some((_, State::Node(settings))) => settings,
            _ => NodeSettings::default(),
        })
    }

    /// The years and where each stands.
    pub async fn calendar_view(&self, identity: &Identity) -> Result<CalendarView> {
        self.settle_calendar().await?;
        let (settings, catalog) = (self.node_settings().await?, self.catalog());
        let years = calendar_years(self.today()).map(|year| {
            let days = catalog.calendar.notice(year);
            YearShown {
                year,
                official: catalog.calendar.is_official(year),
                days_off: days.iter().filter(|day| !day.working).count(),
                worked: days.iter().filter(|day| day.working).count(),
                notice: settings.loaded(year).map(NoticeShown::from),
            }
        });
        Ok(CalendarView {
            years: years.collect(),
            recount: self.recount_shown(&settings).await?,
            may_load: self.may_load_calendar(identity),
            owner: calendar_owner(&catalog).map(|owner| owner.name.clone()).unwrap_or_default(),
        })
    }
}

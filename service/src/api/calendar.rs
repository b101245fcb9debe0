//! The yearly notice of days off: the years, what a notice would change, and loading it.

use axum::extract::State;
use jiff::civil::Date;
use kernel::directory::LoadCalendar;
use kernel::directory::NOTICE_TEXT_CHARS_MAX;
use serde::Deserialize;
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{Api, Doc, Key, done, reply};
use crate::app::App;
use crate::calendar::{CalendarPreview, CalendarView, GivenNotice, PAGE};
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get(
            "/api/v1/calendar",
            show,
            Doc::new("The years of the working calendar, and how far open deadlines are counted again")
                .gives::<CalendarView>(),
        )
        .post(
            "/api/v1/calendar/preview",
            preview,
            Doc::new("What a year's notice would change; nothing is written")
                .takes::<YearNotice>()
                .gives::<CalendarPreview>(),
        )
        .post("/api/v1/calendar", load, Doc::new("Load a year's notice").key().takes::<YearNotice>())
}

/// One year's notice of days off (放假安排).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct YearNotice {
    /// The year.
    year: i16,
    /// Its days, `date,kind,name` rows in order: `holiday`, or `workday` for a weekend day that is worked.
    text: String,
    /// Title of the notice.
    title: String,
    /// Its document number.
    number: String,
    /// The day on it.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// Where it was read.
    source: String,
    /// Why a year that has its notice gets other days.
    reason: Option<String>,
}

impl Takes for YearNotice {
    const TEXTS: &'static [(&'static str, Holds)] = &[
        ("text", Holds::Lines(base::notice::NOTICE_BYTES_MAX)),
        ("title", Holds::Line(NOTICE_TEXT_CHARS_MAX)),
        ("number", Holds::Line(NOTICE_TEXT_CHARS_MAX)),
        ("source", Holds::Line(NOTICE_TEXT_CHARS_MAX)),
        ("reason", Holds::Line(NOTICE_TEXT_CHARS_MAX)),
    ];
}

impl YearNotice {
    fn read(self, visitor: &Visitor) -> Result<LoadCalendar, Stop> {
        let Self { year, text, title, number, issued_on, source, reason } = self;
        let given = GivenNotice { year, text, title, number, issued_on, source, reason };
        given.read().map_err(|wrong| Problem::unprocessable().field("/text", wrong.words(visitor.words)).into())
    }
}

async fn show(State(app): State<App>, visitor: Visitor) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view(PAGE) {
        return Err(Problem::forbidden().into());
    }
    reply(&app.calendar_view(identity).await.map_err(|error| visitor.stop(error))?)
}

async fn preview(State(app): State<App>, visitor: Visitor, Body(given): Body<YearNotice>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !app.may_load_calendar(identity) {
        return Err(Problem::forbidden().into());
    }
    let load = given.read(&visitor)?;
    reply(&app.preview_calendar(Some(identity), &load).await.map_err(|error| visitor.stop(error))?)
}

/// The password is asked for as on the page.
async fn load(State(app): State<App>, visitor: Visitor, key: Key, Body(given): Body<YearNotice>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !app.may_load_calendar(identity) {
        return Err(Problem::forbidden().into());
    }
    let load = given.read(&visitor)?;
    if app.calendar_elevates(identity) && !visitor.elevated() {
        return Err(Problem::forbidden().detail(visitor.words.t("again-why")).into());
    }
    app.load_calendar(Some((identity, &key.0)), load).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

//! The yearly notice of days off (放假安排): the years, the form that takes a notice, what it would change, and loading it.

use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use base::notice::NOTICE_BYTES_MAX;
use kernel::directory::{NOTICE_TEXT_CHARS_MAX, calendar_years};
use web::form::{Complaint, Fields};
use web::guard::BodyFault;
use web::page::Page;
use web::problem::Problem;
use web::upload;
use web::view::{Choice, ErrorLine, Field, FieldKind, Note, Tag, Tone, Width, error_lines};
use web::words::Words;

use super::complete::sentence;
use crate::app::App;
use crate::calendar::{CalendarPreview, CalendarView, GivenNotice, PAGE, PreviewDay, RecountShown, YearShown};
use crate::pages::sign_in::{ask_again, elevate};
use crate::session::{Answer, Stop, Visitor, carrying, redirect};

/// Where all this is.
const HERE: &str = "/office/calendar";
/// Fields of the form, its token and its key.
const FIELDS_MAX: usize = 16;

#[derive(Template)]
#[template(path = "office/calendar.html")]
struct CalendarPage {
    p: Page,
    nonce: String,
    years: Vec<YearRow>,
    notes: Vec<Note>,
    errors: Vec<ErrorLine>,
    /// None for those who may look and not load.
    form: Option<Vec<Field>>,
}

struct YearRow {
    year: i16,
    state: Tag,
    days: String,
    notice: Vec<String>,
}

#[derive(Template)]
#[template(path = "office/calendar-preview.html")]
struct PreviewPage {
    p: Page,
    nonce: String,
    notes: Vec<Note>,
    intro: String,
    /// Caption and rows: days that change, then all that the notice names.
    tables: Vec<(String, Vec<DayRow>)>,
    moves_caption: String,
    moves: Vec<MoveRow>,
    kept: Vec<(String, String)>,
    button: String,
}

struct DayRow {
    date: String,
    was: String,
    is: String,
    name: String,
}

struct MoveRow {
    number: String,
    organisation: String,
    clock: String,
    was: String,
    is: String,
}

/// `GET /office/calendar`.
pub(super) async fn page(State(app): State<App>, visitor: Visitor) -> Answer {
    show(&app, &visitor, &Fields::default(), &[]).await
}

async fn show(app: &App, visitor: &Visitor, given: &Fields, wrong: &[(&'static str, String)]) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view(PAGE) {
        return Err(Problem::forbidden().into());
    }
    let view = app.calendar_view(identity).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("calendar-page");
    let mut fields = questions(&p, app, given);
    for field in &mut fields {
        field.error = wrong.iter().find(|(name, _)| *name == field.name).map(|(_, said)| said.clone());
    }
    let errors = error_lines(&fields);
    p.failed = !errors.is_empty();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = CalendarPage {
        nonce: visitor.nonce()?,
        years: view.years.iter().map(|year| year_row(p.words, year)).collect(),
        notes: notes(p.words, &view),
        errors,
        form: view.may_load.then_some(fields),
        p,
    };
    visitor.html_with(status, &page)
}

fn notes(words: Words, view: &CalendarView) -> Vec<Note> {
    let recount = view.recount.as_ref().map(|recount| recounted(words, recount));
    let other = (!view.may_load).then(|| Note {
        tone: Tone::Plain,
        title: String::new(),
        lines: vec![words.t1("calendar-owner", "organisation", &view.owner)],
        link: None,
    });
    recount.into_iter().chain(other).collect()
}

fn recounted(words: Words, recount: &RecountShown) -> Note {
    let args = [
        ("looked", recount.looked.to_string().into()),
        ("open", recount.open.max(recount.looked).to_string().into()),
        ("moved", recount.moved.to_string().into()),
    ];
    let key = if recount.done { "recount-done" } else { "recount-runs" };
    let failed = (recount.failed > 0).then(|| words.t1("recount-failed", "count", recount.failed));
    let tone = if failed.is_some() || !recount.done { Tone::Amber } else { Tone::Green };
    Note { tone, title: words.t_args(key, &args), lines: failed.into_iter().collect(), link: None }
}

fn year_row(words: Words, year: &YearShown) -> YearRow {
    let (tone, key) = if year.official { (Tone::Green, "year-official") } else { (Tone::Amber, "year-provisional") };
    let notice = match &year.notice {
        Some(notice) => {
            let args = [
                ("number", notice.number.as_str().into()),
                ("issued", words.date(notice.issued_on).into()),
                ("source", notice.source.as_str().into()),
                ("loaded", words.date(notice.loaded_on).into()),
            ];
            let reason = notice.reason.as_ref().map(|reason| words.t1("year-reason", "reason", reason));
            [notice.title.clone(), words.t_args("year-notice", &args)].into_iter().chain(reason).collect()
        }
        None if year.official => vec![words.t("year-catalog")],
        None => Vec::new(),
    };
    YearRow {
        year: year.year,
        state: Tag::new(tone, words.t(key)),
        days: words.t2("year-days", "off", year.days_off, "worked", year.worked),
        notice,
    }
}

/// The form, with what was typed.
fn questions(p: &Page, app: &App, given: &Fields) -> Vec<Field> {
    let typed = |name: &str| given.all(name, 1).concat();
    let text_max = u32::try_from(NOTICE_TEXT_CHARS_MAX).unwrap_or(u32::MAX);
    let today = app.today();
    let years = calendar_years(today).map(|year| Choice::new(year.to_string(), year.to_string()));
    let chosen = if given.has("year") { typed("year") } else { (today.year() + 1).to_string() };
    let line = |name: &str, label: &str, hint: &str| {
        let mut field = Field::new(FieldKind::Text, name, p.t(label)).value(typed(name));
        field.chars_max = text_max;
        field.hint(p.t(hint))
    };
    let mut file = Field::new(FieldKind::File, "file", p.t("calendar-file")).hint(p.t("calendar-file-hint"));
    file.accept = ".csv".to_owned();
    file.optional = true;
    file.bytes_max = NOTICE_BYTES_MAX as u64;
    let mut text = Field::new(FieldKind::LongText, "text", p.t("calendar-text")).value(typed("text"));
    text.optional = true;
    text.rows = 6;
    text.chars_max = u32::try_from(NOTICE_BYTES_MAX).unwrap_or(u32::MAX);
    let mut reason = line("reason", "calendar-reason", "calendar-reason-hint");
    reason.optional = true;
    let issued = Field::new(FieldKind::Date, "issued_on", p.t("calendar-issued")).value(typed("issued_on"));
    vec![
        Field::new(FieldKind::Select, "year", p.t("calendar-year")).choices(years.collect()).value(chosen),
        line("title", "calendar-title", "calendar-title-hint"),
        line("number", "calendar-number", "calendar-number-hint").width(Width::Middle),
        issued.width(Width::Middle),
        line("source", "calendar-source", "calendar-source-hint"),
        file,
        text.hint(p.t("calendar-text-hint")),
        reason,
    ]
}

/// What a form says, or its complaints by field.
fn read(app: &App, words: Words, fields: &Fields) -> Result<GivenNotice, Vec<(&'static str, String)>> {
    let mut wrong: Vec<(&'static str, String)> = Vec::new();
    let mut complain = |name: &'static str, label: &str, complaint: &Complaint| {
        wrong.push((name, complaint.say(words, &words.t(label))));
    };
    let years = calendar_years(app.today());
    let year = fields.whole("year", (*years.start()).into(), (*years.end()).into());
    let year = year.map_err(|complaint| complain("year", "calendar-year", &complaint)).unwrap_or_default();
    let mut text = |name: &'static str, label: &str| {
        let read = fields.text(name, NOTICE_TEXT_CHARS_MAX);
        read.map_err(|complaint| complain(name, label, &complaint)).unwrap_or_default()
    };
    let title = text("title", "calendar-title");
    let (number, source) = (text("number", "calendar-number"), text("source", "calendar-source"));
    let issued_on = fields.date("issued_on").map_err(|complaint| complain("issued_on", "calendar-issued", &complaint));
    let reason = fields.optional_text("reason", NOTICE_TEXT_CHARS_MAX);
    let reason = reason.map_err(|complaint| complain("reason", "calendar-reason", &complaint)).unwrap_or_default();
    let rows = fields.long_text("text", NOTICE_BYTES_MAX);
    let rows = rows.map_err(|complaint| complain("text", "calendar-text", &complaint)).unwrap_or_default();
    let given = GivenNotice {
        year: i16::try_from(year).unwrap_or_default(),
        text: rows,
        title,
        number,
        issued_on: issued_on.unwrap_or_default(),
        source,
        reason: Some(reason).filter(|reason| !reason.is_empty()),
    };
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

/// The form's fields and its file: the rows of a file that was chosen take the place of pasted ones.
async fn received(visitor: &Visitor, mut body: Multipart) -> Result<Fields, Stop> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    while let Some(mut part) = body.next_field().await.map_err(|error| BodyFault::find(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        if pairs.len() >= FIELDS_MAX {
            return Err(Problem::bad_request().into());
        }
        if part.file_name().is_none() {
            pairs.push((name, lines(&upload::text_beside(part).await?)));
            continue;
        }
        let mut bytes = Vec::new();
        // One more than a notice may have, so that the reader of the notice says so by its rule.
        while let Some(chunk) = part.chunk().await.map_err(|error| BodyFault::find(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > NOTICE_BYTES_MAX {
                return Err(too_large(visitor).into());
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| Problem::media_type())?;
        if !text.trim().is_empty() {
            pairs.retain(|(name, _)| name != "text");
            pairs.push(("text".to_owned(), lines(text.trim_start_matches('\u{feff}'))));
        }
    }
    let fields = Fields::from_pairs(pairs);
    visitor.check_form(&fields)?;
    Ok(fields)
}

/// Lines as forms of the other kind come: browsers, and one operating system, end them with two characters.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn too_large(visitor: &Visitor) -> Problem {
    Problem::too_large().detail(visitor.words.t1("calendar-wrong-too-large", "max", NOTICE_BYTES_MAX.to_string()))
}

/// `POST /office/calendar/preview`: what the notice would change. Nothing is written.
pub(super) async fn preview(State(app): State<App>, visitor: Visitor, body: Multipart) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !app.may_load_calendar(identity) {
        return Err(Problem::forbidden().into());
    }
    let fields = received(&visitor, body).await?;
    let words = visitor.words;
    let given = match read(&app, words, &fields) {
        Ok(given) => given,
        Err(wrong) => return show(&app, &visitor, &fields, &wrong).await,
    };
    let load = match given.read() {
        Ok(load) => load,
        Err(wrong) => return show(&app, &visitor, &fields, &[("text", wrong.words(words))]).await,
    };
    match app.preview_calendar(Some(identity), &load).await {
        Ok(found) => shown(&visitor, &found, kept(&fields)),
        Err(error) => refused(&app, &visitor, &fields, error).await,
    }
}

/// A refusal at the field that can mend it.
async fn refused(app: &App, visitor: &Visitor, fields: &Fields, error: crate::Error) -> Answer {
    use kernel::Refusal::{CalendarYear, DayAfter, NoticeUnnamed, ReasonMissing};
    let at = match &error {
        crate::Error::Refused(ReasonMissing) => "reason",
        crate::Error::Refused(DayAfter { .. }) => "issued_on",
        crate::Error::Refused(CalendarYear { .. }) => "year",
        crate::Error::Refused(NoticeUnnamed) => "title",
        _ => "text",
    };
    let (_, said) = sentence(visitor, error)?;
    show(app, visitor, fields, &[(at, said)]).await
}

/// What was typed, carried over the pages between.
fn kept(fields: &Fields) -> Vec<(String, String)> {
    let names = ["year", "title", "number", "issued_on", "source", "reason", "text"];
    names.map(|name| (name.to_owned(), fields.all(name, 1).concat())).into()
}

fn shown(visitor: &Visitor, found: &CalendarPreview, kept: Vec<(String, String)>) -> Answer {
    let words = visitor.words;
    let mut p = visitor.page_titled(words.t1("preview-title", "year", found.year.to_string()));
    p.crumbs = vec![web::view::Link::new(p.t("calendar-page"), HERE), web::view::Link::new(p.title.clone(), "")];
    let day = |day: &PreviewDay| DayRow {
        date: format!("{} {}", words.date(day.on), words.weekday(day.on.weekday())),
        was: words.t(&format!("day-kind-{}", day.was)),
        is: words.t(&format!("day-kind-{}", day.is)),
        name: day.name.clone(),
    };
    let table = |key: &str, days: &[PreviewDay]| (words.t1(key, "count", days.len()), days.iter().map(day).collect());
    let moves = found.moves.iter().map(|moved| MoveRow {
        number: moved.number.clone(),
        organisation: moved.organisation.clone(),
        clock: words.t(&format!("clock-{}", moved.clock)),
        was: words.date(moved.was),
        is: words.date(moved.is),
    });
    let correction = found.correction.then(|| Note {
        tone: Tone::Amber,
        title: words.t("preview-correction"),
        lines: Vec::new(),
        link: None,
    });
    let page = PreviewPage {
        nonce: visitor.nonce()?,
        notes: correction.into_iter().collect(),
        intro: words.t2("preview-intro", "moving", found.moving, "looked", found.looked),
        tables: vec![table("preview-changes", &found.changes), table("preview-days", &found.days)],
        moves_caption: words.t1("preview-moves", "count", found.moves.len()),
        moves: moves.collect(),
        kept,
        button: words.t1("preview-button", "year", found.year.to_string()),
        p,
    };
    visitor.html(&page)
}

/// `POST /office/calendar`: loads it. Asks for the password first, unless it was given within ten minutes.
pub(super) async fn load(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    if !app.may_load_calendar(identity) {
        return Err(Problem::forbidden().into());
    }
    let words = visitor.words;
    let load = match read(&app, words, &fields) {
        Ok(given) => given.read().map_err(|wrong| vec![("text", wrong.words(words))]),
        Err(wrong) => Err(wrong),
    };
    let load = match load {
        Ok(load) => load,
        Err(wrong) => return show(&app, &visitor, &fields, &wrong).await,
    };
    let mut cookie = None;
    if app.calendar_elevates(identity) && !visitor.elevated() {
        match fields.secret("password") {
            Err(_) => return ask_again(&visitor, HERE, kept(&fields), None),
            Ok(password) => match elevate(&app, &visitor, &password).await? {
                Ok(renewed) => cookie = Some(renewed),
                Err(said) => return ask_again(&visitor, HERE, kept(&fields), Some(said)),
            },
        }
    }
    let answer = match app.load_calendar(Some((identity, nonce)), load).await {
        Ok(()) => Ok(redirect(&format!("{HERE}?done=calendar-loaded"), None)),
        Err(error) => refused(&app, &visitor, &fields, error).await,
    };
    carrying(answer, cookie)
}

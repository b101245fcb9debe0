//! From the kernel's fields, answers and stages to what components show.

use base::deadline::{Light as Colour, Remaining};
use base::region::{Level, RegionCode, Regions};
use jiff::civil::Date;
use kernel::case::Stage;
use kernel::catalog::Catalog;
use kernel::catalog::matter::MatterKind;
use kernel::form::{Field, FieldError, Shown, SummaryRow as Row, Widget};
use serde_json::Value;
use web::view::{self, Choice, Light, LightState, Tag, Tone, Width};
use web::words::Words;

use super::say;
use crate::app::App;
use crate::apply::{ClockLine, typed_text};
use crate::calendar::date_words;
use crate::error::field_words;
use crate::naming::public_stage_name;

/// One question with its answer and its error. What was typed goes before what was saved.
pub(super) fn question(
    app: &App,
    words: Words,
    field: &Field,
    saved: Option<&Value>,
    typed: Option<&str>,
    errors: &[FieldError],
) -> view::Field {
    let kind = match field.widget {
        Widget::Textarea => view::FieldKind::LongText,
        Widget::Number => view::FieldKind::Number,
        Widget::Money => view::FieldKind::Money,
        Widget::Date => view::FieldKind::Date,
        Widget::Select | Widget::Region => view::FieldKind::Select,
        Widget::Radio => view::FieldKind::Radio,
        Widget::Checkbox => view::FieldKind::Checkbox,
        Widget::Phone => view::FieldKind::Phone,
        _ => view::FieldKind::Text,
    };
    let catalog = app.catalog();
    let value = typed.map_or_else(|| saved.map(|saved| typed_text(field, saved)).unwrap_or_default(), str::to_owned);
    let mut shown = view::Field::new(kind, field.name.clone(), say(&field.label, words)).value(value);
    shown.hint = say(&field.hint, words);
    let source = field.source.as_deref().and_then(|source| catalog.register(source));
    if let Some(register) = source.filter(|_| saved.is_some() && typed.is_none()) {
        let from = words.t1("hall-from-register", "register", register.spec.name.get(words.lang.tag()));
        shown.hint = if shown.hint.is_empty() { from } else { format!("{} {from}", shown.hint) };
    }
    shown.optional = !field.required;
    shown.unit = field.unit.as_ref().map(|unit| say(unit, words)).unwrap_or_default();
    shown.chars_max = field.max_length.and_then(|max| u32::try_from(max).ok()).unwrap_or(0);
    shown.width = match field.widget {
        Widget::Number | Widget::Money | Widget::Date => Width::Narrow,
        Widget::Uscc
        | Widget::Idcard
        | Widget::Phone
        | Widget::ProjectCode
        | Widget::PlatformCode
        | Widget::LicenceNo
        | Widget::Region => Width::Middle,
        _ => Width::Full,
    };
    shown.choices = match field.widget {
        Widget::Radio => {
            field.options.iter().map(|choice| Choice::new(choice.submitted(), say(&choice.text, words))).collect()
        }
        Widget::Select => {
            let options = field.options.iter().map(|choice| Choice::new(choice.submitted(), say(&choice.text, words)));
            empty_choice(words).chain(options).collect()
        }
        Widget::Checkbox => vec![Choice::new("true", words.t("hall-confirm"))],
        Widget::Region => empty_choice(words).chain(places(&catalog, app.settings().region, app.today())).collect(),
        _ => Vec::new(),
    };
    shown.error = errors.iter().find(|error| error.pointer == field.pointer).map(|error| field_words(error, words));
    shown
}

fn empty_choice(words: Words) -> impl Iterator<Item = Choice> {
    std::iter::once(Choice::new("", words.t("hall-choose")))
}

/// Cities and counties of the province, each county after its city's name.
fn places(catalog: &Catalog, province: RegionCode, on: Date) -> Vec<Choice> {
    let regions: &Regions = &catalog.regions;
    let here = regions.iter().filter(|region| region.code.is_within(&province) && region.is_valid_on(on));
    here.filter(|region| region.level != Level::Province)
        .map(|region| Choice::new(region.code.as_str(), place(regions, region.code)))
        .collect()
}

/// The name of a place with its city's before it.
pub(super) fn place(regions: &Regions, code: RegionCode) -> String {
    let name = |code: RegionCode| regions.current(code).map(|region| region.name.clone());
    let own = name(code).unwrap_or_else(|| code.to_string());
    match name(code.city()) {
        Some(city) if code.level() == Level::County => format!("{city} {own}"),
        _ => own,
    }
}

/// The field as the register fills it in, to be read and not typed.
pub(super) fn registered(app: &App, words: Words, field: &Field, value: &Value) -> view::Field {
    let catalog = app.catalog();
    let mut shown = view::Field::new(view::FieldKind::Register, field.name.clone(), say(&field.label, words));
    shown.value = typed_text(field, value);
    let register = field.source.as_deref().and_then(|source| catalog.register(source));
    shown.source = match register {
        // The code was chosen at the start; a register may not even know it.
        _ if field.prefill.as_deref() == Some("applicant.code") => words.t("hall-applicant-chosen"),
        Some(register) => words.t1("hall-from-register", "register", register.spec.name.get(words.lang.tag())),
        None => String::new(),
    };
    shown
}

/// Rows of a summary; a list's items stand one after another.
pub(super) fn summary_rows(app: &App, words: Words, rows: &[Row], change: Option<&str>) -> Vec<view::SummaryRow> {
    let catalog = app.catalog();
    let mut out = Vec::new();
    for row in rows {
        let value = match &row.shown {
            Shown::Plain(text) => text.clone(),
            Shown::Money(fen) => words.money_wan(fen.0),
            Shown::Measured(text, unit) => format!("{text} {}", say(unit, words)),
            Shown::Choice(text) => say(text, words),
            Shown::Confirmed(confirmed) => words.t(if *confirmed { "hall-confirmed" } else { "hall-not-confirmed" }),
            Shown::Region(code) => code.parse().map_or_else(|_| code.clone(), |code| place(&catalog.regions, code)),
            Shown::Items(items) => {
                for item in items {
                    out.extend(summary_rows(app, words, item, change));
                }
                continue;
            }
        };
        let change = change.map(|href| view::Link::new(words.t("hall-change"), href));
        out.push(view::SummaryRow { term: say(&row.label, words), value, change, ..view::SummaryRow::default() });
    }
    out
}

/// A stage as a coloured word.
pub fn stage_tag(words: Words, kind: MatterKind, stage: Stage) -> Tag {
    let tone = match stage {
        Stage::Submitted | Stage::Accepted => Tone::Blue,
        Stage::SupplementAsked => Tone::Amber,
        Stage::NotAccepted | Stage::Refused => Tone::Red,
        Stage::Withdrawn => Tone::Plain,
        Stage::Granted | Stage::Delivered => Tone::Green,
    };
    Tag::new(tone, public_stage_name(stage, kind, words))
}

/// The stage behind the word of a list's row.
pub(super) fn stage_of(word: &str) -> Option<Stage> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

/// The light of the clock that runs, with its words.
pub fn clock_light(words: Words, clock: &ClockLine) -> Light {
    let state = match clock.light {
        Colour::Green => LightState::Green,
        Colour::Yellow => LightState::Yellow,
        Colour::Red => LightState::Red,
        Colour::Hold => LightState::Paused,
    };
    let due = date_words(clock.due_on, clock.provisional, words);
    let said = match clock.remaining {
        Remaining::Left(days) => words.t2("hall-days-left", "days", days, "on", due),
        Remaining::Overdue(days) => words.t2("hall-days-over", "days", days, "on", due),
        Remaining::Held => words.t("hall-clock-held"),
    };
    Light::new(state, said)
}

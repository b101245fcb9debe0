//! Opening a case of the authority's own motion: what for, and about which licence. Its holder is the party; the form comes next.

use axum::extract::State;
use axum::http::StatusCode;
use web::form::Fields;
use web::problem::Problem;
use web::view::{Choice, Field, FieldKind, Link, Width, error_lines};

use super::complete::OutcomePage;
use crate::app::App;
use crate::error::Error;
use crate::pages::hall::say;
use crate::session::{Answer, Visitor, redirect};

/// The page.
const OPENINGS: &str = "/office/openings";
/// Longest number of a licence, as the register has it.
const NUMBER_CHARS_MAX: usize = 60;

/// `GET /office/openings`.
pub(super) async fn page(State(app): State<App>, visitor: Visitor) -> Answer {
    show(&app, &visitor, &Given::default(), None)
}

/// What was typed.
#[derive(Default)]
struct Given {
    matter: String,
    number: String,
}

/// Status, field and sentence of what is wrong.
type Wrong = (StatusCode, &'static str, String);

fn show(app: &App, visitor: &Visitor, given: &Given, wrong: Option<Wrong>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("openings") {
        return Err(Problem::forbidden().into());
    }
    let mut p = visitor.page("menu-openings");
    p.crumbs = vec![Link::new(p.t("menu-cases"), "/office/cases"), Link::new(p.title.clone(), "")];
    let choice = |matter: &kernel::catalog::Matter| {
        Choice::new(matter.code().to_string(), say(&matter.spec.name, visitor.words))
    };
    let choices = app.openings(identity).iter().map(|matter| choice(matter)).collect();
    let mut fields = vec![
        Field::new(FieldKind::Radio, "matter", p.t("opening-matter")).choices(choices).value(&given.matter),
        Field::new(FieldKind::Text, "licence", p.t("opening-licence"))
            .hint(p.t("opening-licence-hint"))
            .value(&given.number)
            .width(Width::Middle),
    ];
    let status = wrong.as_ref().map_or(StatusCode::OK, |(status, ..)| *status);
    p.failed = wrong.is_some();
    if let Some((_, name, sentence)) = wrong {
        for field in fields.iter_mut().filter(|field| field.name == name) {
            field.error = Some(sentence.clone());
        }
    }
    let errors = error_lines(&fields);
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: OPENINGS.to_owned(),
        back: "/office/cases".to_owned(),
        intro: p.t("opening-intro"),
        outcome: String::new(),
        button: p.t("opening-button"),
        danger: false,
        errors,
        fields,
        lines: Vec::new(),
        answers: Vec::new(),
        from: String::new(),
        p,
    };
    visitor.html_with(status, &page)
}

/// `POST /office/openings`: on to the form.
pub(super) async fn open(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    let words = visitor.words;
    let given = Given {
        matter: fields.all("matter", 1).concat(),
        number: fields.optional_text("licence", NUMBER_CHARS_MAX).unwrap_or_default(),
    };
    let again = |status, name, sentence| show(&app, &visitor, &given, Some((status, name, sentence)));
    let unfit = StatusCode::UNPROCESSABLE_ENTITY;
    if given.matter.is_empty() {
        return again(unfit, "matter", words.t("input-choice"));
    }
    if let Err(complaint) = fields.text("licence", NUMBER_CHARS_MAX) {
        return again(unfit, "licence", complaint.say(words, &words.t("opening-licence")));
    }
    match app.open_about(identity, &given.matter, &given.number, nonce).await {
        Ok(draft) => Ok(redirect(&format!("/drafts/{}", draft.id), None)),
        Err(Error::Refused(kernel::Refusal::NotFound)) => {
            again(StatusCode::NOT_FOUND, "licence", words.t("opening-licence-unknown"))
        }
        Err(error) => Err(visitor.stop(error)),
    }
}

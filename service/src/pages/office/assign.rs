//! Giving a task to a person, or handing it on: the people of its lane, those who cannot have it with the reason.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use web::form::Fields;
use web::problem::Problem;
use web::view::{Choice, Field, FieldKind, Link, error_lines};

use super::case::parse_case;
use super::complete::{OutcomePage, parse_task};
use crate::app::App;
use crate::cases::{self, Candidate};
use crate::session::{Answer, Visitor, redirect};

/// Longest remark that goes with a task.
const NOTE_CHARS_MAX: usize = 500;

/// `GET /office/cases/{case}/tasks/{task}/assign`.
pub(super) async fn assign_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    show(&app, &visitor, &case, &task, "", None).await
}

async fn show(app: &App, visitor: &Visitor, case: &str, task: &str, note: &str, error: Option<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let (id, task) = (parse_case(case)?, parse_task(task)?);
    let view = cases::case_view(app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let open = view.tasks.iter().find(|open| open.task == task).ok_or_else(Problem::not_found)?;
    if !open.may_assign {
        return Err(Problem::forbidden().into());
    }
    let people = cases::candidates(app, identity, id, task, visitor.words).await;
    let (number, people) = people.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("assign-title");
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(number, format!("/office/cases/{id}")),
        Link::new(p.title.clone(), ""),
    ];
    p.failed = error.is_some();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut whom = Field::new(FieldKind::Radio, "whom", p.t("assign-whom"));
    whom.choices = people.iter().filter(|person| person.refused.is_none()).map(choice).collect();
    whom.error = error;
    let cannot = people.iter().filter_map(|person| {
        let reason = person.refused.as_ref()?;
        Some(p.t2("greyed-line", "action", &person.name, "reason", reason))
    });
    whom.hint = cannot.collect::<Vec<_>>().join(" ");
    let mut remark = Field::new(FieldKind::LongText, "note", p.t("assign-note")).value(note).optional();
    remark.chars_max = u32::try_from(NOTE_CHARS_MAX).unwrap_or(u32::MAX);
    let fields = vec![whom, remark];
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: format!("/office/cases/{id}/tasks/{task}/assign"),
        back: format!("/office/cases/{id}"),
        intro: p.t1("assign-intro", "step", &open.name),
        outcome: String::new(),
        button: p.t("assign-button"),
        danger: false,
        errors: error_lines(&fields),
        fields,
        lines: Vec::new(),
        answers: Vec::new(),
        from: String::new(),
        p,
    };
    visitor.html_with(status, &page)
}

pub(super) fn choice(person: &Candidate) -> Choice {
    Choice {
        value: format!("{}/{}", person.account, person.post),
        label: person.name.clone(),
        hint: person.division.clone(),
    }
}

/// `POST /office/cases/{case}/tasks/{task}/assign`.
pub(super) async fn assign(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    let (id, number) = (parse_case(&case)?, parse_task(&task)?);
    let note = fields.optional_long_text("note", NOTE_CHARS_MAX);
    let whom = fields.optional_text("whom", 100).unwrap_or_default();
    let command = match (&note, whom.split_once('/')) {
        (Ok(note), Some((account, post))) => {
            cases::assignment(number, account, post, Some(note.clone()).filter(|note| !note.is_empty()))
        }
        _ => None,
    };
    let Some(command) = command else {
        let sentence = match &note {
            Err(complaint) => complaint.say(visitor.words, &visitor.words.t("assign-note")),
            Ok(_) => visitor.words.t("assign-none"),
        };
        return show(&app, &visitor, &case, &task, note.as_deref().unwrap_or_default(), Some(sentence)).await;
    };
    cases::act(&app, identity, id, command, Some(nonce)).await.map_err(|error| visitor.stop(error))?;
    Ok(redirect(&format!("/office/cases/{id}?done=assigned"), None))
}

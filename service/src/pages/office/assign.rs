//! A task and a person: it is given or handed on to somebody of its lane, or somebody is asked for an opinion on it. Those who cannot are named
//! with the reason.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::case::CaseCommand;
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

/// What a person is chosen for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// To have the task.
    Task,
    /// To give an opinion on it (加签).
    Opinion,
}

impl For {
    /// The last part of the address, and the prefix of the page's words.
    fn word(self) -> &'static str {
        match self {
            Self::Task => "assign",
            Self::Opinion => "countersigner",
        }
    }
}

/// `GET /office/cases/{case}/tasks/{task}/assign`.
pub(super) async fn assign_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    show(&app, &visitor, For::Task, (&case, &task), "", None).await
}

/// `GET /office/cases/{case}/tasks/{task}/countersigner`.
pub(super) async fn countersigner_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    show(&app, &visitor, For::Opinion, (&case, &task), "", None).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    what: For,
    (case, task): (&str, &str),
    note: &str,
    error: Option<String>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let word = what.word();
    let (id, task) = (parse_case(case)?, parse_task(task)?);
    let view = cases::case_view(app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let open = view.tasks.iter().find(|open| open.task == task).ok_or_else(Problem::not_found)?;
    if !(if what == For::Task { open.may_assign } else { open.may_ask }) {
        return Err(Problem::forbidden().into());
    }
    let people = match what {
        For::Task => cases::candidates(app, identity, id, task, visitor.words).await,
        For::Opinion => cases::countersigners(app, identity, id, task, visitor.words).await,
    };
    let (number, people) = people.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page(&format!("{word}-title"));
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(number, format!("/office/cases/{id}")),
        Link::new(p.title.clone(), ""),
    ];
    p.failed = error.is_some();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut whom = Field::new(FieldKind::Radio, "whom", p.t(&format!("{word}-whom")));
    whom.choices = people.iter().filter(|person| person.refused.is_none()).map(choice).collect();
    whom.error = error;
    let cannot = people.iter().filter_map(|person| {
        let reason = person.refused.as_ref()?;
        Some(p.t2("greyed-line", "action", &person.name, "reason", reason))
    });
    whom.hint = cannot.collect::<Vec<_>>().join(" ");
    let mut remark = Field::new(FieldKind::LongText, "note", p.t(&format!("{word}-note"))).value(note).optional();
    remark.chars_max = u32::try_from(NOTE_CHARS_MAX).unwrap_or(u32::MAX);
    let fields = vec![whom, remark];
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: format!("/office/cases/{id}/tasks/{task}/{word}"),
        back: format!("/office/cases/{id}"),
        intro: p.t1(&format!("{word}-intro"), "step", &open.name),
        outcome: String::new(),
        button: p.t(&format!("{word}-button")),
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
    give(&app, &visitor, For::Task, (&case, &task), &fields).await
}

/// `POST /office/cases/{case}/tasks/{task}/countersigner`.
pub(super) async fn add_countersigner(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    give(&app, &visitor, For::Opinion, (&case, &task), &fields).await
}

async fn give(app: &App, visitor: &Visitor, what: For, (case, task): (&str, &str), fields: &Fields) -> Answer {
    let nonce = visitor.check_form(fields)?;
    let (identity, _) = visitor.officer()?;
    let (id, number) = (parse_case(case)?, parse_task(task)?);
    let note = fields.optional_long_text("note", NOTE_CHARS_MAX);
    let whom = fields.optional_text("whom", 100).unwrap_or_default();
    let command = match (&note, whom.split_once('/')) {
        (Ok(note), Some((account, post))) => {
            let said = Some(note.clone()).filter(|note| !note.is_empty());
            match what {
                For::Task => cases::assignment(number, account, post, said),
                For::Opinion => cases::question(number, account, post, said),
            }
        }
        _ => None,
    };
    let Some(command) = command else {
        let sentence = match &note {
            Err(complaint) => complaint.say(visitor.words, &visitor.words.t(&format!("{}-note", what.word()))),
            Ok(_) => visitor.words.t("assign-none"),
        };
        let note = note.as_deref().unwrap_or_default();
        return show(app, visitor, what, (case, task), note, Some(sentence)).await;
    };
    cases::act(app, identity, id, command, Some(nonce)).await.map_err(|error| visitor.stop(error))?;
    let done = if what == For::Task { "assigned" } else { "countersigner" };
    Ok(redirect(&format!("/office/cases/{id}?done={done}"), None))
}

/// `POST /office/cases/{case}/tasks/{task}/drop`: the question is taken back.
pub(super) async fn drop_countersigner(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    let (id, task) = (parse_case(&case)?, parse_task(&task)?);
    let command = CaseCommand::DropCountersigner { task };
    cases::act(&app, identity, id, command, Some(nonce)).await.map_err(|error| visitor.stop(error))?;
    Ok(redirect(&format!("/office/cases/{id}?done=countersigner-dropped"), None))
}

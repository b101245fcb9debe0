//! Filling in an application: start, tasks, pages, items, check, submit.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::code::credit;
use kernel::catalog::Matter;
use kernel::catalog::matter::OpenedBy;
use kernel::form::{Field, FieldError, Widget};
use serde_json::Value;
use web::form::Fields;
use web::page::{Page, percent_encode};
use web::view::Field as Question;
use web::view::{
    Choice, ErrorLine, FieldKind, Link, Step, StepState, SummaryGroup, SummaryRow, Tag, TaskItem, TaskState, Tone,
    Width, error_lines,
};

use super::fields::{question, registered, summary_rows};
use super::{onward, say, typed};
use crate::app::App;
use crate::apply::{Draft, DraftView, MaterialView, PageState};
use crate::error::Error;
use crate::naming::of_opener;
use crate::session::{Answer, Stop, Visitor};

#[derive(Template)]
#[template(path = "hall/start.html")]
struct StartPage {
    p: Page,
    nonce: String,
    matter: String,
    guide: String,
    errors: Vec<ErrorLine>,
    whom: Option<Question>,
    alone: String,
}

/// `GET /matters/{code}/apply`: for whom.
pub(super) async fn start_page(State(app): State<App>, visitor: Visitor, Path(code): Path<String>) -> Answer {
    start_shown(&app, &visitor, &code, "", None).await
}

async fn start_shown(app: &App, visitor: &Visitor, code: &str, typed: &str, error: Option<String>) -> Answer {
    let identity = visitor.filer()?;
    let words = visitor.words;
    let matter = app.matter(code).ok_or_else(|| visitor.stop(Error::not_found()))?;
    if identity.post().is_some() {
        let mut field = Question::new(FieldKind::Text, "whom", words.t("hall-window-code")).value(typed);
        field.width = Width::Middle;
        field.hint = words.t("hall-window-code-hint");
        field.error = error;
        return start_page_of(visitor, &matter, Some(field));
    }
    let (organisations, person) = app.applicants(identity, &matter).await.map_err(|error| visitor.stop(error))?;
    let mut choices: Vec<Choice> =
        organisations.into_iter().map(|(code, name)| Choice { value: code.clone(), label: name, hint: code }).collect();
    if person {
        choices.push(Choice::new("self", words.t("hall-for-self")));
    }
    let whom = (!choices.is_empty()).then(|| {
        let first = if choices.len() == 1 { choices[0].value.clone() } else { String::new() };
        let mut field = Question::new(FieldKind::Radio, "whom", words.t("hall-for-whom")).value(first).choices(choices);
        field.error = error;
        field
    });
    start_page_of(visitor, &matter, whom)
}

/// The page that asks for whom.
fn start_page_of(visitor: &Visitor, matter: &Matter, whom: Option<Question>) -> Answer {
    let (words, code) = (visitor.words, matter.code());
    let status = if whom.as_ref().is_some_and(|field| field.error.is_some()) {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut p = visitor.page("hall-start-title");
    p.failed = status != StatusCode::OK;
    let page = StartPage {
        nonce: visitor.nonce()?,
        matter: say(&matter.spec.name, words),
        guide: format!("/matters/{code}"),
        errors: error_lines(whom.iter()),
        whom,
        alone: words.t("hall-nobody"),
        p,
    };
    visitor.html_with(status, &page)
}

/// Longest code of an applicant.
const WHOM_CHARS_MAX: usize = 40;

/// `POST /matters/{code}/apply`.
pub(super) async fn start(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.filer()?;
    let typed = fields.optional_text("whom", WHOM_CHARS_MAX).unwrap_or_default();
    let whom = if typed == "self" { String::new() } else { typed.to_uppercase() };
    let at_window = identity.post().is_some();
    if typed.is_empty() || (at_window && credit::parse(&whom).is_err()) {
        let key = if at_window { "hall-window-code-wrong" } else { "input-choice" };
        return start_shown(&app, &visitor, &code, &typed, Some(visitor.words.t(key))).await;
    }
    let draft = app.start_draft(identity, &code, &whom, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/drafts/{}", draft.id))
}

#[derive(Template)]
#[template(path = "hall/tasks.html")]
struct TasksPage {
    p: Page,
    matter: String,
    applicant: String,
    pages: Vec<TaskItem>,
    materials: Vec<TaskItem>,
    finish: Vec<TaskItem>,
    remove: String,
    opened_by: OpenedBy,
}

impl TasksPage {
    fn said(&self, key: &str) -> String {
        of_opener(key, self.opened_by, self.p.words)
    }
}

/// `GET /drafts/{id}`: the list of tasks.
pub(super) async fn tasks_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let identity = visitor.filer()?;
    let view = app.check_answers(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let opened_by = app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?.1.spec.opened_by;
    let words = visitor.words;
    let pages = view.pages.iter().map(|page| TaskItem {
        text: say(&page.title, words),
        href: Some(format!("/drafts/{id}/pages/{}", page.id)),
        state: match page.state {
            PageState::NotStarted => TaskState::NotStarted,
            PageState::InProgress => TaskState::InProgress,
            PageState::Done => TaskState::Done,
        },
    });
    let asked = view.materials.iter().filter(|material| material.may_upload && material.required != Some(false));
    let materials = asked.map(|material| TaskItem {
        text: say(&material.name, words),
        href: Some(format!("/drafts/{id}/files/{}", material.code)),
        state: if material.file.is_some() || material.on_paper || material.in_register || material.in_form {
            TaskState::Done
        } else {
            TaskState::NotStarted
        },
    });
    let finish = TaskItem {
        text: of_opener("hall-check-title", opened_by, words),
        href: view.ready.then(|| format!("/drafts/{id}/check")),
        state: if view.ready { TaskState::NotStarted } else { TaskState::CannotStart },
    };
    let page = TasksPage {
        matter: say(&view.name, words),
        applicant: view.draft.applicant_name.clone(),
        pages: pages.collect(),
        materials: materials.collect(),
        finish: vec![finish],
        remove: format!("/drafts/{id}/remove"),
        opened_by,
        p: visitor.page("hall-tasks-title"),
    };
    visitor.html(&page)
}

/// A list on a page: its items and where to add one.
struct ListView {
    label: String,
    error: Option<String>,
    target: String,
    items: Vec<SummaryGroup>,
    /// It may have one more.
    more: bool,
}

#[derive(Template)]
#[template(path = "hall/form.html")]
struct FormPage {
    p: Page,
    nonce: String,
    action: String,
    steps: Vec<Step>,
    step_of: String,
    question: String,
    hint: String,
    errors: Vec<ErrorLine>,
    fields: Vec<Question>,
    lists: Vec<ListView>,
    back: String,
    tasks: String,
    remove_item: bool,
}

/// `GET /drafts/{id}/pages/{page}`.
pub(super) async fn form_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, page)): Path<(String, String)>,
) -> Answer {
    form_shown(&app, &visitor, &id, &page, &[], &[]).await
}

/// `POST /drafts/{id}/pages/{page}`: saves, then the next page.
pub(super) async fn save_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, page)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    visitor.check_form(&fields)?;
    let identity = visitor.filer()?;
    let (_, matter) = app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let names = matter.form.page(&page).map(|page| page.fields.clone()).unwrap_or_default();
    let given = typed(&fields, names.iter().map(String::as_str));
    if let [list] = fields.all("add", 1)[..] {
        let index = app.save_before_item(identity, &id, &page, list, &given).await;
        let index = index.map_err(|error| visitor.stop(error))?;
        return onward(&format!("/drafts/{id}/items/{}/{index}", percent_encode(list)));
    }
    match app.save_page(identity, &id, &page, &given).await {
        Ok(_) => match matter.form.neighbours(&page).1 {
            Some(next) => onward(&format!("/drafts/{id}/pages/{}", next.id)),
            None => onward(&format!("/drafts/{id}")),
        },
        Err(Error::Invalid(errors)) => form_shown(&app, &visitor, &id, &page, &given, &errors).await,
        Err(error) => Err(visitor.stop(error)),
    }
}

async fn form_shown(
    app: &App,
    visitor: &Visitor,
    id: &str,
    page: &str,
    given: &[(String, String)],
    errors: &[FieldError],
) -> Answer {
    let (draft, matter) = app.draft(visitor.filer()?, id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let spec = matter.form.page(page).ok_or_else(|| visitor.stop(Error::not_found()))?;
    let unsaved = draft.unsaved.get(page).map_or(given, Vec::as_slice);
    let given = if given.is_empty() { unsaved } else { given };
    // Without scripts a condition is known only after saving: every field stands on the page, the hidden ones as optional.
    let shown: Vec<&str> = matter.form.shown(spec, &draft.form).iter().map(|field| field.name.as_str()).collect();
    let known = app.registered(&matter, &draft).await.map_err(|error| visitor.stop(error))?;
    let mut fields = Vec::new();
    let mut lists = Vec::new();
    for field in spec.fields.iter().filter_map(|name| matter.form.field(name)) {
        let saved = draft.form.get(&field.name);
        if field.widget == Widget::Items {
            lists.push(list_view(app, visitor, &draft, field, errors));
            continue;
        }
        if let Some(value) = known.get(&field.name) {
            fields.push(registered(app, words, field, value));
            continue;
        }
        let typed = (!given.is_empty())
            .then(|| given.iter().find(|(name, _)| *name == field.name).map_or("", |(_, text)| text.as_str()));
        let mut question = question(app, words, field, saved, typed, errors);
        question.optional |= !shown.contains(&field.name.as_str());
        fields.push(question);
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut lines = error_lines(fields.iter());
    lines.extend(
        lists.iter().filter_map(|list| Some(ErrorLine { text: list.error.clone()?, target: list.target.clone() })),
    );
    let (before, _) = matter.form.neighbours(page);
    let place = matter.form.pages().iter().position(|other| other.id == page).unwrap_or(0) + 1;
    let mut p = visitor.page_titled(say(&spec.title, words));
    p.failed = !errors.is_empty();
    let page = FormPage {
        nonce: visitor.nonce()?,
        action: format!("/drafts/{id}/pages/{page}"),
        steps: steps(visitor, &matter.form, &draft, page),
        step_of: words.t2("hall-step-of", "step", place, "steps", matter.form.pages().len()),
        question: say(if spec.question.zh.is_empty() { &spec.title } else { &spec.question }, words),
        hint: say(&spec.hint, words),
        errors: lines,
        fields,
        lists,
        back: before.map_or_else(|| format!("/drafts/{id}"), |before| format!("/drafts/{id}/pages/{}", before.id)),
        tasks: format!("/drafts/{id}"),
        remove_item: false,
        p,
    };
    visitor.html_with(status, &page)
}

fn steps(visitor: &Visitor, form: &kernel::form::Form, draft: &Draft, current: &str) -> Vec<Step> {
    let step = |page: &kernel::form::Page| Step {
        text: say(&page.title, visitor.words),
        href: Some(format!("/drafts/{}/pages/{}", draft.id, page.id)),
        state: if page.id == current {
            StepState::Current
        } else if draft.saved.contains(&page.id) {
            StepState::Done
        } else {
            StepState::Todo
        },
    };
    form.pages().iter().map(step).collect()
}

fn list_view(app: &App, visitor: &Visitor, draft: &Draft, field: &Field, errors: &[FieldError]) -> ListView {
    let words = visitor.words;
    let values = draft.form.get(&field.name).and_then(Value::as_array).map_or(0, Vec::len);
    let matter = app.matter(&draft.matter);
    let summary = matter.map(|matter| matter.form.summary(&draft.form)).unwrap_or_default();
    let row = summary.iter().flat_map(|page| &page.rows).find(|row| row.pointer == field.pointer);
    let items = match row.map(|row| &row.shown) {
        Some(kernel::form::Shown::Items(items)) => items.clone(),
        _ => Vec::new(),
    };
    let groups = items.iter().enumerate().map(|(index, rows)| {
        let href = format!("/drafts/{}/items/{}/{index}", draft.id, field.name);
        SummaryGroup { title: String::new(), note: String::new(), rows: summary_rows(app, words, rows, Some(&href)) }
    });
    let below = format!("{}/", field.pointer);
    let error = errors.iter().find(|error| error.pointer == field.pointer || error.pointer.starts_with(&below));
    ListView {
        label: say(&field.label, words),
        error: error.map(|error| crate::error::field_words(error, words)),
        target: field.name.clone(),
        items: groups.collect(),
        more: values < usize::try_from(field.items_max).unwrap_or(usize::MAX),
    }
}

/// `GET /drafts/{id}/items/{list}/{index}`: one item of a list.
pub(super) async fn item_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, list, index)): Path<(String, String, usize)>,
) -> Answer {
    item_shown(&app, &visitor, &id, &list, index, &[], &[]).await
}

/// `POST /drafts/{id}/items/{list}/{index}`: saves or removes it, then the page of the list.
pub(super) async fn save_item(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, list, index)): Path<(String, String, usize)>,
    fields: Fields,
) -> Answer {
    visitor.check_form(&fields)?;
    let identity = visitor.filer()?;
    let (_, matter) = app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let field = matter.form.field(&list).ok_or_else(|| visitor.stop(Error::not_found()))?;
    let given = typed(&fields, field.items.iter().map(|field| field.name.as_str()));
    let saved = if fields.has("remove") {
        app.remove_item(identity, &id, &list, index).await
    } else {
        app.save_item(identity, &id, &list, index, &given).await
    };
    match saved {
        Ok(_) => onward(&format!("/drafts/{id}/pages/{}?done=saved", field.page)),
        Err(Error::Invalid(errors)) => item_shown(&app, &visitor, &id, &list, index, &given, &errors).await,
        Err(error) => Err(visitor.stop(error)),
    }
}

async fn item_shown(
    app: &App,
    visitor: &Visitor,
    id: &str,
    list: &str,
    index: usize,
    given: &[(String, String)],
    errors: &[FieldError],
) -> Answer {
    let (draft, matter) = app.draft(visitor.filer()?, id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let not_found = || -> Stop { visitor.stop(Error::not_found()) };
    let field = matter.form.field(list).filter(|field| field.widget == Widget::Items).ok_or_else(not_found)?;
    let items = draft.form.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    if index > items.len() {
        return Err(not_found());
    }
    let fields: Vec<Question> = field
        .items
        .iter()
        .map(|inner| {
            let saved = items.get(index).and_then(|item| item.get(&inner.name));
            let typed = (!given.is_empty())
                .then(|| given.iter().find(|(name, _)| *name == inner.name).map_or("", |(_, text)| text.as_str()));
            question(app, words, inner, saved, typed, errors)
        })
        .collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut p = visitor.page_titled(say(&field.label, words));
    p.failed = !errors.is_empty();
    let back = format!("/drafts/{id}/pages/{}", field.page);
    let page = FormPage {
        nonce: visitor.nonce()?,
        action: format!("/drafts/{id}/items/{list}/{index}"),
        steps: steps(visitor, &matter.form, &draft, &field.page),
        step_of: words.t1("hall-item-of", "item", index + 1),
        question: say(&field.label, words),
        hint: say(&field.hint, words),
        errors: error_lines(fields.iter()),
        fields,
        lists: Vec::new(),
        back,
        tasks: format!("/drafts/{id}"),
        remove_item: index < items.len(),
        p,
    };
    visitor.html_with(status, &page)
}

#[derive(Template)]
#[template(path = "hall/check.html")]
struct CheckPage {
    p: Page,
    nonce: String,
    action: String,
    errors: Vec<ErrorLine>,
    notes: Vec<String>,
    groups: Vec<SummaryGroup>,
    declare_error: Option<String>,
    ready: bool,
    tasks: String,
    opened_by: OpenedBy,
}

impl CheckPage {
    fn said(&self, key: &str) -> String {
        of_opener(key, self.opened_by, self.p.words)
    }
}

/// `GET /drafts/{id}/check`: everything before it is handed in.
pub(super) async fn check_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    check_shown(&app, &visitor, &id, None).await
}

/// `POST /drafts/{id}/check`: hands it in.
pub(super) async fn submit(State(app): State<App>, visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.filer()?;
    if !fields.has("declare") {
        return check_shown(&app, &visitor, &id, Some(visitor.words.t("hall-declare-missing"))).await;
    }
    // Asked first: the draft goes when it is handed in.
    let opens = |matter: &Matter| matter.spec.opened_by == OpenedBy::Authority;
    let opened = app.draft(identity, &id).await.is_ok_and(|(_, matter)| opens(&matter));
    match app.submit_draft(identity, &id, nonce).await {
        Ok(receipt) if identity.post().is_some() => {
            let done = if opened { "opened" } else { "received" };
            onward(&format!("/office/cases/{}?done={done}", receipt.case))
        }
        Ok(receipt) => onward(&format!("/my/cases/{}/submitted", receipt.case)),
        Err(Error::Invalid(_)) => check_shown(&app, &visitor, &id, None).await,
        Err(error) => Err(visitor.stop(error)),
    }
}

async fn check_shown(app: &App, visitor: &Visitor, id: &str, declare_error: Option<String>) -> Answer {
    let identity = visitor.filer()?;
    let view = app.check_answers(identity, id).await.map_err(|error| visitor.stop(error))?;
    let (_, matter) = app.draft(identity, id).await.map_err(|error| visitor.stop(error))?;
    let (words, opened_by) = (visitor.words, matter.spec.opened_by);
    let mut groups: Vec<SummaryGroup> = matter
        .form
        .summary(&view.draft.form)
        .iter()
        .map(|page| {
            let href = format!("/drafts/{id}/pages/{}", page.id);
            SummaryGroup {
                title: say(&page.title, words),
                note: String::new(),
                rows: summary_rows(app, words, &page.rows, Some(&href)),
            }
        })
        .collect();
    groups.push(SummaryGroup {
        title: of_opener("hall-materials", opened_by, words),
        note: String::new(),
        rows: view.materials.iter().filter_map(|material| material_row(visitor, id, material)).collect(),
    });
    let mut errors: Vec<ErrorLine> =
        declare_error.iter().map(|text| ErrorLine { text: text.clone(), target: "declare".to_owned() }).collect();
    let unfinished = view.pages.iter().filter(|page| page.state != PageState::Done);
    errors.extend(unfinished.map(|page| ErrorLine {
        text: words.t1("hall-page-unfinished", "page", say(&page.title, words)),
        target: String::new(),
    }));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut p = visitor.page_titled(of_opener("hall-check-title", opened_by, words));
    p.failed = !errors.is_empty();
    let page = CheckPage {
        nonce: visitor.nonce()?,
        action: format!("/drafts/{id}/check"),
        errors,
        notes: notes(visitor, &view),
        groups,
        declare_error,
        ready: view.ready,
        tasks: format!("/drafts/{id}"),
        opened_by,
        p,
    };
    visitor.html_with(status, &page)
}

/// What to know before handing in: who handles it, what lacks, whether a permit is needed at all.
fn notes(visitor: &Visitor, view: &DraftView) -> Vec<String> {
    let words = visitor.words;
    let mut notes = Vec::new();
    if let Some(organisation) = &view.organisation {
        notes.push(words.t1("hall-handled-by", "organisation", organisation.as_str()));
    }
    if view.exempt == Some(true) {
        notes.push(words.t("hall-exempt"));
    }
    let missing: Vec<String> = view
        .materials
        .iter()
        .filter(|material| material.is_missing())
        .map(|material| say(&material.name, words))
        .collect();
    if !missing.is_empty() {
        notes.push(words.t1("hall-missing", "materials", missing.join(&words.t("hall-comma"))));
    }
    notes
}

fn material_row(visitor: &Visitor, id: &str, material: &MaterialView) -> Option<SummaryRow> {
    let words = visitor.words;
    if material.required == Some(false) && material.file.is_none() {
        return None;
    }
    let mut row = SummaryRow { term: say(&material.name, words), ..SummaryRow::default() };
    match &material.file {
        Some(file) => {
            row.value = file.name.clone();
            row.note = words.file_size(file.bytes);
            row.href = Some(format!("/drafts/{id}/files/{}/content", material.code));
        }
        None if material.in_register => row.tags.push(Tag::new(Tone::Green, words.t("hall-in-register"))),
        None if material.on_paper => row.tags.push(Tag::new(Tone::Green, words.t("material-paper"))),
        None if material.in_form => row.tags.push(Tag::new(Tone::Green, words.t("hall-in-form"))),
        None => row.tags.push(Tag::new(Tone::Amber, words.t("hall-not-given"))),
    }
    if material.may_upload {
        row.change = Some(Link::new(words.t("hall-change"), format!("/drafts/{id}/files/{}", material.code)));
    }
    Some(row)
}

#[derive(Template)]
#[template(path = "hall/confirm.html")]
pub(super) struct ConfirmPage {
    pub(super) p: Page,
    pub(super) nonce: String,
    pub(super) action: String,
    pub(super) text: String,
    pub(super) field: Option<Question>,
    pub(super) button: String,
    /// It takes something away.
    pub(super) danger: bool,
    pub(super) back: String,
}

impl ConfirmPage {
    fn errors(&self) -> Vec<ErrorLine> {
        error_lines(self.field.iter())
    }
}

/// `GET /drafts/{id}/remove`: asks first.
pub(super) async fn remove_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    app.draft(visitor.filer()?, &id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let page = ConfirmPage {
        nonce: visitor.nonce()?,
        action: format!("/drafts/{id}/remove"),
        text: words.t("hall-remove-text"),
        field: None,
        button: words.t("hall-remove-title"),
        danger: true,
        back: format!("/drafts/{id}"),
        p: visitor.page("hall-remove-title"),
    };
    visitor.html(&page)
}

/// `POST /drafts/{id}/remove`.
pub(super) async fn remove(State(app): State<App>, visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Answer {
    visitor.check_form(&fields)?;
    let identity = visitor.filer()?;
    app.remove_draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    // The window has no list of its own cases: its drafts stand on the desk.
    onward(if identity.post().is_some() { "/office/desk?done=draft-removed" } else { "/my?done=draft-removed" })
}

//! After handing in: my cases, the case, the receipt, supplement, withdrawal.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base::id::CaseId;
use kernel::case::Stage;
use kernel::catalog::matter::OpenedBy;
use kernel::form::FieldError;
use serde::Deserialize;
use web::form::Fields;
use web::page::{Page, percent_encode};
use web::problem::Problem;
use web::view::{
    Choice, Confirmation, Empty, ErrorLine, Fact, Field as Question, FieldKind, Light, Link, Note, SummaryGroup, Tag,
    Tone, error_lines,
};
use web::words::Words;

use super::draft::ConfirmPage;
use super::fields::{clock_light, question, stage_of, stage_tag, summary_rows};
use super::{onward, say, typed};
use crate::app::App;
use crate::apply::CaseView;
use crate::calendar::date_words;
use crate::citation::cited;
use crate::error::Error;
use crate::naming::{notice_name, of_opener};
use crate::pages::{attachment, moved_note};
use crate::session::{Answer, Stop, Visitor};

struct MyRow {
    href: String,
    matter: String,
    title: String,
    number: String,
    stage: Option<Tag>,
    received: String,
}

#[derive(Template)]
#[template(path = "hall/my.html")]
struct MyPage {
    p: Page,
    drafts: Vec<MyRow>,
    cases: Vec<MyRow>,
    next: Option<String>,
    empty: Empty,
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

/// `GET /my`.
pub(super) async fn my_page(State(app): State<App>, visitor: Visitor, Query(query): Query<After>) -> Answer {
    let identity = visitor.applicant()?;
    let words = visitor.words;
    let after = query.after.as_deref().and_then(store::Cursor::parse);
    let (cases, next) = app.my_cases(identity, after).await.map_err(|error| visitor.stop(error))?;
    let drafts = app.drafts(identity).await.map_err(|error| visitor.stop(error))?;
    let day = |at: i64| {
        let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
        words.date(base::time::date(at))
    };
    let page = MyPage {
        drafts: drafts
            .into_iter()
            .map(|draft| MyRow {
                href: format!("/drafts/{}", draft.id),
                matter: say(&draft.name, words),
                title: draft.applicant,
                number: String::new(),
                stage: None,
                received: day(draft.saved_at),
            })
            .collect(),
        cases: cases
            .into_iter()
            .map(|case| MyRow {
                href: format!("/my/cases/{}", case.id),
                matter: say(&case.matter, words),
                title: case.title,
                number: case.number,
                stage: stage_of(&case.stage).map(|stage| stage_tag(words, case.matter_kind, stage)),
                received: day(case.received_at),
            })
            .collect(),
        next: next.map(|next| format!("/my?after={next}")),
        empty: Empty { text: words.t("hall-my-empty"), action: Some(Link::new(words.t("hall-my-start"), "/matters")) },
        p: visitor.page("hall-my-title"),
    };
    visitor.html(&page)
}

struct Paper {
    name: String,
    number: String,
    on: String,
    href: String,
    verify: String,
}

#[derive(Template)]
#[template(path = "hall/case.html")]
struct CasePage {
    p: Page,
    tag: Tag,
    light: Option<Light>,
    /// Deadlines that moved, a licence that silence renewed.
    notes: Vec<Note>,
    facts: Vec<Fact>,
    papers: Vec<Paper>,
    groups: Vec<SummaryGroup>,
    actions: Vec<Link>,
    receipt: String,
    withdraw: Option<String>,
}

/// `GET /my/cases/{id}`.
pub(super) async fn case_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.case_page(visitor.applicant()?, &id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    // The form that was filled in, not the one that is offered today.
    let mut groups: Vec<SummaryGroup> = view
        .declared
        .form
        .summary(&view.form)
        .iter()
        .map(|page| SummaryGroup {
            title: say(&page.title, words),
            note: String::new(),
            rows: summary_rows(&app, words, &page.rows, None),
        })
        .collect();
    groups.retain(|group| !group.rows.is_empty());
    let mut actions = Vec::new();
    if view.stage == Stage::SupplementAsked {
        actions.push(Link::new(words.t("hall-supplement-title"), format!("/my/cases/{id}/supplement")));
    }
    if view.hearing.as_ref().is_some_and(|hearing| hearing.answer_by.is_some()) {
        actions.push(Link::new(words.t("hall-hearing-title"), format!("/my/cases/{id}/hearing")));
    }
    if view.may_take_delivery {
        actions.push(Link::new(words.t("hall-delivery-title"), format!("/my/cases/{id}/delivery")));
    }
    if view.may_state {
        actions.push(Link::new(words.t("hall-statement-title"), format!("/my/cases/{id}/statement")));
    }
    let page = CasePage {
        tag: own_stage_tag(words, &view),
        light: view.clock.as_ref().map(|clock| clock_light(words, clock)),
        notes: notes(words, &view),
        facts: facts(&visitor, &view),
        papers: view
            .notices
            .iter()
            .map(|notice| Paper {
                name: notice_name(&view.declared, notice.kind, words),
                number: notice.number.clone(),
                on: words.date(notice.issued_on),
                href: format!("/my/cases/{id}/papers/{}", percent_encode(&notice.number)),
                verify: verify_href(&notice.number, &notice.code),
            })
            .collect(),
        groups,
        actions,
        receipt: format!("/my/cases/{id}/receipt.json"),
        withdraw: view.may_withdraw.then(|| format!("/my/cases/{id}/withdraw")),
        p: Page { about: format!("{} {}", view.number, view.title), ..visitor.page_titled(say(&view.matter, words)) },
    };
    visitor.html(&page)
}

/// The stage; what the authority opened was not accepted, for nobody applied.
fn own_stage_tag(words: Words, view: &CaseView) -> Tag {
    let mut tag = stage_tag(words, view.declared.spec.kind, view.stage);
    if view.stage == Stage::Accepted {
        tag.text = of_opener("hall-stage-accepted", view.declared.spec.opened_by, words);
    }
    tag
}

fn notes(words: Words, view: &CaseView) -> Vec<Note> {
    let silence = view.renewed_until.map(|until| Note {
        tone: Tone::Green,
        title: words.t("hall-renewed-title"),
        lines: vec![words.t1("hall-renewed-text", "until", words.date(until))],
        link: None,
    });
    silence.into_iter().chain(view.moved.as_ref().map(|moved| moved_note(words, moved))).collect()
}

fn case_id(text: &str) -> Result<CaseId, Stop> {
    text.parse().map_err(|_| Problem::not_found().into())
}

/// `GET /my/cases/{id}/papers/{number}`: the paper of a document.
pub(super) async fn paper(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
) -> Answer {
    let file = app.paper(visitor.applicant()?, case_id(&id)?, &number).await.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

/// `GET /my/cases/{id}/materials/{code}`: what was handed in.
pub(super) async fn material(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, code)): Path<(String, String)>,
) -> Answer {
    let found = crate::cases::file(&app, visitor.applicant()?, case_id(&id)?, &code).await;
    let file = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

/// `GET /my/cases/{id}/receipt.json`: the proof that needs nothing else.
pub(super) async fn receipt(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let found = app.case_receipt(visitor.applicant()?, case_id(&id)?).await;
    let text = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment("receipt.json", "application/json", text.into_bytes()))
}

/// The public address that proves a document.
pub(crate) fn verify_href(number: &str, code: &str) -> String {
    format!("/verify/{}?code={code}", web::page::percent_encode(number).replace('/', "%2F"))
}

fn facts(visitor: &Visitor, view: &CaseView) -> Vec<Fact> {
    let words = visitor.words;
    let opened_by = view.declared.spec.opened_by;
    let fact = |key: &str, value: String| Fact { term: of_opener(key, opened_by, words), value, ..Fact::default() };
    let mut facts = vec![
        fact("hall-number", view.number.clone()),
        Fact { wide: true, ..fact("hall-about", view.title.clone()) },
        fact("hall-organisation", view.organisation.clone()),
    ];
    for (key, day) in [
        ("hall-received-on", view.received_on.filter(|_| opened_by == OpenedBy::Applicant)),
        ("hall-accept-by", view.accept_by.filter(|_| view.accepted_on.is_none())),
        ("hall-accepted-on", view.accepted_on),
        ("hall-promised-on", view.promised_on),
        ("hall-statutory-on", view.statutory_on),
    ] {
        facts.extend(day.map(|day| fact(key, date_words(day, view.provisional.contains(&day), words))));
    }
    facts.extend(view.hearing.as_ref().map(|hearing| {
        let at = hearing.at.filter(|_| hearing.state == "appointed").map(|at| words.date_time(base::time::civil(at)));
        let state = words.t(&format!("hearing-{}", hearing.state));
        fact("hall-hearing", at.map_or_else(|| state.clone(), |at| format!("{state} {at}")))
    }));
    facts.extend(view.result.clone().map(|number| fact("hall-result", number)));
    facts
}

#[derive(Template)]
#[template(path = "hall/submitted.html")]
struct SubmittedPage {
    p: Page,
    done: Confirmation,
}

/// `GET /my/cases/{id}/submitted`: number, what happens next and by when.
pub(super) async fn submitted_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.case_page(visitor.applicant()?, &id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let mut next = Vec::new();
    if let Some(day) = view.received_on {
        next.push(words.t1("hall-done-received", "on", words.date(day)));
    }
    if let Some(day) = view.accept_by {
        let due = date_words(day, view.provisional.contains(&day), words);
        next.push(words.t2("hall-done-accept", "organisation", view.organisation.as_str(), "on", due));
    }
    next.push(words.t("hall-done-result"));
    let page = SubmittedPage {
        done: Confirmation {
            title: words.t("hall-done-title"),
            number_label: words.t("hall-number"),
            number: view.number,
            next,
            links: vec![
                Link::new(words.t("hall-done-case"), format!("/my/cases/{id}")),
                Link::new(words.t("hall-my-title"), "/my"),
            ],
        },
        p: visitor.page("hall-done-title"),
    };
    visitor.html(&page)
}

struct AskedFile {
    name: String,
    words: String,
    article: String,
    file: Option<String>,
    href: String,
}

struct AskedField {
    field: Question,
    words: String,
    article: String,
}

#[derive(Template)]
#[template(path = "hall/supplement.html")]
struct SupplementPage {
    p: Page,
    nonce: String,
    asked: String,
    errors: Vec<ErrorLine>,
    files: Vec<AskedFile>,
    fields: Vec<AskedField>,
    save: String,
    send: String,
    ready: bool,
    back: String,
}

/// `GET /my/cases/{id}/supplement`: just what was asked for.
pub(super) async fn supplement_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    supplement_shown(&app, &visitor, &id, &[], &[]).await
}

/// `POST /my/cases/{id}/supplement/fields`.
pub(super) async fn save_supplement(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    let (_, page) = app.supplement_page(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let given = typed(&fields, page.fields.iter().map(String::as_str));
    match app.save_supplement(identity, &id, &given).await {
        Ok(()) => onward(&format!("/my/cases/{id}/supplement?done=saved")),
        Err(Error::Invalid(errors)) => supplement_shown(&app, &visitor, &id, &given, &errors).await,
        Err(error) => Err(visitor.stop(error)),
    }
}

/// `POST /my/cases/{id}/supplement`: sends the answer.
pub(super) async fn send_supplement(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    app.send_supplement(identity, &id, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/my/cases/{id}/submitted"))
}

async fn supplement_shown(
    app: &App,
    visitor: &Visitor,
    id: &str,
    given: &[(String, String)],
    errors: &[FieldError],
) -> Answer {
    let identity = visitor.applicant()?;
    let words = visitor.words;
    let view = app.supplement(identity, id).await.map_err(|error| visitor.stop(error))?;
    let (matter, _) = app.supplement_page(identity, id).await.map_err(|error| visitor.stop(error))?;
    let mut files = Vec::new();
    let mut fields = Vec::new();
    for line in view.lines {
        match matter.form.field(&line.target).filter(|_| line.is_field) {
            Some(field) => {
                let typed = given.iter().find(|(name, _)| *name == field.name).map(|(_, text)| text.as_str());
                let field = question(app, words, field, view.form.get(&field.name), typed, errors);
                let article = cited(&line.article, words);
                fields.push(AskedField { field, words: line.words, article });
            }
            None => files.push(AskedFile {
                href: format!("/my/cases/{id}/supplement/files/{}", line.target),
                name: say(&line.name, words),
                words: line.words,
                article: cited(&line.article, words),
                file: line.file.map(|file| file.name),
            }),
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut p = visitor.page("hall-supplement-title");
    p.failed = !errors.is_empty();
    let page = SupplementPage {
        nonce: visitor.nonce()?,
        asked: words.t2("hall-supplement-asked", "number", view.number.as_str(), "on", words.date(view.asked_on)),
        errors: error_lines(fields.iter().map(|asked| &asked.field)),
        files,
        fields,
        save: format!("/my/cases/{id}/supplement/fields"),
        send: format!("/my/cases/{id}/supplement"),
        ready: view.ready,
        back: format!("/my/cases/{id}"),
        p,
    };
    visitor.html_with(status, &page)
}

/// `GET /my/cases/{id}/withdraw`: asks first.
pub(super) async fn withdraw_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let case = app.own_case(visitor.applicant()?, &id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let reason = Question::new(FieldKind::LongText, "reason", words.t("hall-withdraw-reason")).optional();
    let page = ConfirmPage {
        nonce: visitor.nonce()?,
        action: format!("/my/cases/{id}/withdraw"),
        text: words.t1("hall-withdraw-text", "number", case.number.as_str()),
        field: Some(reason),
        button: words.t("hall-withdraw-title"),
        danger: true,
        back: format!("/my/cases/{id}"),
        p: visitor.page("hall-withdraw-title"),
    };
    visitor.html(&page)
}

/// What an applicant may answer to the offer of a hearing.
const HEARING_ANSWERS: [&str; 2] = ["request", "decline"];

/// `GET /my/cases/{id}/hearing`: asks for the hearing, or declines it.
pub(super) async fn hearing_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    hearing_shown(&app, &visitor, &id, None).await
}

async fn hearing_shown(app: &App, visitor: &Visitor, id: &str, error: Option<String>) -> Answer {
    let view = app.case_page(visitor.applicant()?, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let by = view.hearing.and_then(|hearing| hearing.answer_by).ok_or_else(Problem::not_found)?;
    let mut answer = Question::new(FieldKind::Radio, "answer", words.t("hall-hearing-answer"));
    answer.choices = HEARING_ANSWERS.map(|word| Choice::new(word, words.t(&format!("hall-hearing-{word}")))).into();
    answer.error = error;
    let mut p = visitor.page("hall-hearing-title");
    p.failed = answer.error.is_some();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ConfirmPage {
        nonce: visitor.nonce()?,
        action: format!("/my/cases/{id}/hearing"),
        text: words.t2("hall-hearing-text", "number", view.number.as_str(), "on", words.date(by)),
        field: Some(answer),
        button: words.t("hall-hearing-send"),
        danger: false,
        back: format!("/my/cases/{id}"),
        p,
    };
    visitor.html_with(status, &page)
}

/// `POST /my/cases/{id}/hearing`.
pub(super) async fn answer_hearing(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    let wants = match fields.choice("answer", HEARING_ANSWERS) {
        Ok(answer) => answer == HEARING_ANSWERS[0],
        Err(complaint) => {
            let sentence = complaint.say(visitor.words, &visitor.words.t("hall-hearing-answer"));
            return hearing_shown(&app, &visitor, &id, Some(sentence)).await;
        }
    };
    app.answer_hearing(identity, &id, wants, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/my/cases/{id}?done=hearing-answered"))
}

/// `GET /my/cases/{id}/delivery`: says what it means first.
pub(super) async fn delivery_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let case = app.own_case(visitor.applicant()?, &id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let page = ConfirmPage {
        nonce: visitor.nonce()?,
        action: format!("/my/cases/{id}/delivery"),
        text: words.t1("hall-delivery-text", "number", case.number.as_str()),
        field: None,
        button: words.t("hall-delivery-title"),
        danger: false,
        back: format!("/my/cases/{id}"),
        p: visitor.page("hall-delivery-title"),
    };
    visitor.html(&page)
}

/// `POST /my/cases/{id}/delivery`.
pub(super) async fn take_delivery(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    app.take_delivery(identity, &id, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/my/cases/{id}?done=delivery-taken"))
}

/// Longest statement of a party.
pub(crate) const STATEMENT_CHARS_MAX: usize = 2000;

/// `GET /my/cases/{id}/statement`: what is intended, until when one may speak, and the words.
pub(super) async fn statement_page(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    statement_shown(&app, &visitor, &id, "", None).await
}

async fn statement_shown(app: &App, visitor: &Visitor, id: &str, said: &str, error: Option<String>) -> Answer {
    let case = app.own_case(visitor.applicant()?, id).await.map_err(|error| visitor.stop(error))?;
    let words = visitor.words;
    let until = case.statement.as_ref().map(|statement| words.date(statement.until)).ok_or_else(Problem::not_found)?;
    let mut field = Question::new(FieldKind::LongText, "words", words.t("hall-statement-words")).value(said);
    field.chars_max = u32::try_from(STATEMENT_CHARS_MAX).unwrap_or(u32::MAX);
    field.error = error;
    let mut p = visitor.page("hall-statement-title");
    p.failed = field.error.is_some();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ConfirmPage {
        nonce: visitor.nonce()?,
        action: format!("/my/cases/{id}/statement"),
        text: words.t1("hall-statement-text", "until", until.as_str()),
        field: Some(field),
        button: words.t("hall-statement-button"),
        danger: false,
        back: format!("/my/cases/{id}"),
        p,
    };
    visitor.html_with(status, &page)
}

/// `POST /my/cases/{id}/statement`.
pub(super) async fn state_case(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    let said = match fields.long_text("words", STATEMENT_CHARS_MAX) {
        Ok(said) => said,
        Err(complaint) => {
            let sentence = complaint.say(visitor.words, &visitor.words.t("hall-statement-words"));
            return statement_shown(&app, &visitor, &id, &fields.all("words", 1).concat(), Some(sentence)).await;
        }
    };
    app.state_case(identity, &id, said, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/my/cases/{id}?done=stated"))
}

/// Longest reason for a withdrawal.
pub(crate) const REASON_CHARS_MAX: usize = 500;

/// `POST /my/cases/{id}/withdraw`.
pub(super) async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.applicant()?;
    let reason = fields.optional_long_text("reason", REASON_CHARS_MAX);
    let reason = reason.map_err(|complaint| {
        web::problem::Problem::unprocessable()
            .field("reason", complaint.say(visitor.words, &visitor.words.t("hall-withdraw-reason")))
    })?;
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    app.withdraw(identity, &id, reason, nonce).await.map_err(|error| visitor.stop(error))?;
    onward(&format!("/my/cases/{id}?done=withdrawn"))
}

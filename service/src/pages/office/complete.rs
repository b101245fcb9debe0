//! Working on a task: claim, give back, choose an outcome. What asks for a reason, an article or the lines of a notice has a page of its
//! own, so that nothing irreversible happens on one click (ui.md §6).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::id::CaseId;
use kernel::case::{CaseCommand, Complete};
use store::Beside;
use web::form::Fields;
use web::page::Page;
use web::problem::Problem;
use web::view::{ErrorLine, Field, FieldKind, Link, error_lines};

use super::case::{is_supplement, parse_case};
use crate::app::App;
use crate::cases::{self, CaseView, OutcomeShown, TaskShown};
use crate::error::{Error, refusal_words};
use crate::pages::sign_in::{ask_again, elevate};
use crate::session::{Answer, Stop, Visitor, carrying, redirect};

/// Most characters of an opinion, a reason, a line of a notice: the kernel's own limit.
const TEXT_CHARS_MAX: usize = 2_000;
/// Most characters of an article.
const ARTICLE_CHARS_MAX: usize = 200;
/// Most lines of a supplement notice.
const ITEMS_MAX: usize = 100;

pub(super) fn parse_task(text: &str) -> Result<u32, Stop> {
    text.parse().map_err(|_| Problem::not_found().into())
}

/// Takes the task from the shared queue (认领).
pub(super) async fn claim(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    simple(&app, &visitor, &case, CaseCommand::Claim { task: parse_task(&task)? }, "claimed", &fields).await
}

/// Gives it back.
pub(super) async fn release(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    simple(&app, &visitor, &case, CaseCommand::Release { task: parse_task(&task)? }, "released", &fields).await
}

async fn simple(app: &App, visitor: &Visitor, case: &str, command: CaseCommand, done: &str, fields: &Fields) -> Answer {
    let nonce = visitor.check_form(fields)?;
    let (identity, _) = visitor.officer()?;
    let id = parse_case(case)?;
    cases::act(app, identity, id, command, Some(nonce)).await.map_err(|error| visitor.stop(error))?;
    Ok(redirect(&format!("/office/cases/{id}?done={done}"), None))
}

/// One line that a supplement notice may name.
pub(super) struct Line {
    target: String,
    name: String,
    article: String,
    words: String,
    ticked: bool,
}

/// An outcome or an act that asks for more before it is done.
#[derive(Template)]
#[template(path = "office/outcome.html")]
pub(super) struct OutcomePage {
    pub(super) p: Page,
    pub(super) nonce: String,
    pub(super) action: String,
    pub(super) back: String,
    pub(super) intro: String,
    pub(super) outcome: String,
    pub(super) button: String,
    pub(super) danger: bool,
    pub(super) errors: Vec<ErrorLine>,
    pub(super) fields: Vec<Field>,
    pub(super) lines: Vec<Line>,
}

/// What a form of this module carries.
#[derive(Clone, Debug, Default)]
struct Given {
    outcome: String,
    opinion: String,
    article: String,
    items: Vec<(String, String)>,
}

impl Given {
    fn of(fields: &Fields) -> Result<Self, web::form::Complaint> {
        let mut items = Vec::new();
        for target in fields.all("item", ITEMS_MAX) {
            items.push((target.to_owned(), fields.optional_long_text(&format!("words-{target}"), TEXT_CHARS_MAX)?));
        }
        Ok(Self {
            outcome: fields.optional_text("outcome", 64)?,
            opinion: fields.optional_long_text("opinion", TEXT_CHARS_MAX)?,
            article: fields.optional_text("article", ARTICLE_CHARS_MAX)?,
            items,
        })
    }

    /// The same as hidden fields, for the page that asks for the password in between.
    fn kept(&self) -> Vec<(String, String)> {
        let mut kept = vec![
            ("outcome".to_owned(), self.outcome.clone()),
            ("opinion".to_owned(), self.opinion.clone()),
            ("article".to_owned(), self.article.clone()),
        ];
        for (target, words) in &self.items {
            kept.push(("item".to_owned(), target.clone()));
            kept.push((format!("words-{target}"), words.clone()));
        }
        kept
    }

    fn command(&self, task: u32) -> CaseCommand {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        CaseCommand::Complete(Box::new(Complete {
            task,
            outcome: self.outcome.clone(),
            opinion: some(&self.opinion),
            article: some(&self.article),
            items: self.items.clone(),
        }))
    }
}

/// The page of one outcome: reason and article, or the supplement notice filled in by the rules.
pub(super) async fn outcome_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task, outcome)): Path<(String, String, String)>,
) -> Answer {
    let (id, task) = (parse_case(&case)?, parse_task(&task)?);
    let (identity, _) = visitor.officer()?;
    let view = cases::case_view(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    show(&visitor, id, &view, task, &Given { outcome, ..Given::default() }, None)
}

fn show(visitor: &Visitor, id: CaseId, view: &CaseView, task: u32, given: &Given, error: Option<&str>) -> Answer {
    let open = view.tasks.iter().find(|open| open.task == task).ok_or_else(Problem::not_found)?;
    let outcome = open.outcomes.iter().find(|found| found.id == given.outcome).ok_or_else(Problem::not_found)?;
    let mut p = visitor.page_titled(outcome.text.clone());
    p.failed = error.is_some();
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(view.number.clone(), format!("/office/cases/{id}")),
        Link::new(outcome.text.clone(), ""),
    ];
    let supplement = is_supplement(open, outcome);
    let fields = questions(&p, outcome, supplement, given);
    let mut errors = error_lines(&fields);
    errors.extend(error.iter().map(|text| ErrorLine { text: (*text).to_owned(), target: String::new() }));
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: format!("/office/cases/{id}/tasks/{task}"),
        back: format!("/office/cases/{id}"),
        intro: p.t(if supplement { "supplement-intro" } else { "outcome-intro" }),
        outcome: outcome.id.clone(),
        button: p.t1("outcome-button", "outcome", &outcome.text),
        danger: outcome.reason && outcome.article,
        errors,
        fields,
        lines: if supplement { lines(view, given) } else { Vec::new() },
        p,
    };
    visitor.html_with(status, &page)
}

fn questions(p: &Page, outcome: &OutcomeShown, supplement: bool, given: &Given) -> Vec<Field> {
    if supplement {
        return Vec::new();
    }
    let mut reason = Field::new(FieldKind::LongText, "opinion", p.t("outcome-reason")).value(&given.opinion);
    reason.hint = p.t("outcome-reason-hint");
    reason.optional = !outcome.reason;
    let mut fields = vec![reason];
    if outcome.article {
        let article = Field::new(FieldKind::Text, "article", p.t("outcome-article")).value(&given.article);
        fields.push(article.hint(p.t("outcome-article-hint")));
    }
    fields
}

fn lines(view: &CaseView, given: &Given) -> Vec<Line> {
    let line = |line: &cases::SupplementLine| {
        let typed = given.items.iter().find(|(target, _)| *target == line.target);
        Line {
            target: line.target.clone(),
            name: line.name.clone(),
            article: line.article.clone(),
            words: typed.map_or_else(|| line.words.clone(), |(_, words)| words.clone()),
            ticked: if given.items.is_empty() { line.proposed } else { typed.is_some() },
        }
    };
    view.supplement.iter().map(line).collect()
}

/// Finishes the task. A decision asks for the password first, unless it was given within ten minutes; nothing typed is lost on the way.
pub(super) async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    let (id, task) = (parse_case(&case)?, parse_task(&task)?);
    let view = cases::case_view(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let given = match Given::of(&fields) {
        Ok(given) => given,
        Err(complaint) => {
            let sentence = complaint.say(visitor.words, &visitor.words.t("opinion-label"));
            return Err(Problem::unprocessable().detail(sentence).into());
        }
    };
    let Some((open, outcome)) = chosen(&view, task, &given.outcome) else {
        // Not open any more, or another outcome: the kernel says which, in its own words.
        cases::act(&app, identity, id, given.command(task), Some(nonce)).await.map_err(|error| visitor.stop(error))?;
        return Ok(redirect(&format!("/office/cases/{id}"), None));
    };
    let lacks = (outcome.reason && given.opinion.is_empty())
        || (outcome.article && given.article.is_empty())
        || (is_supplement(open, outcome) && given.items.is_empty());
    if lacks {
        let sentence = visitor.words.t(if is_supplement(open, outcome) { "supplement-none" } else { "outcome-lacks" });
        return show(&visitor, id, &view, task, &given, Some(&sentence));
    }
    // Read before the act: afterwards the case is no longer in the inbox.
    let beside = cases::beside(&app, identity, &case).await.map_err(|error| visitor.stop(error))?;
    let mut cookie = None;
    if open.elevate && !visitor.elevated() {
        let action = format!("/office/cases/{id}/tasks/{task}");
        match fields.secret("password") {
            Err(_) => return ask_again(&visitor, &action, given.kept(), None),
            Ok(password) => match elevate(&app, &visitor, &password).await? {
                Ok(renewed) => cookie = Some(renewed),
                Err(sentence) => return ask_again(&visitor, &action, given.kept(), Some(sentence)),
            },
        }
    }
    let answer = match cases::act(&app, identity, id, given.command(task), Some(nonce)).await {
        Ok(_) => Ok(redirect(&onward(beside), None)),
        Err(Error::Refused(refusal)) if asks_again(&refusal) => {
            let sentence = refusal_words(&refusal, visitor.words);
            show(&visitor, id, &view, task, &given, Some(&sentence))
        }
        Err(error) => Err(visitor.stop(error)),
    };
    carrying(answer, cookie)
}

/// On to the next case, without the list between (ui.md §6); to the list when there is none.
fn onward(beside: Beside) -> String {
    beside.next.map_or_else(
        || "/office/inbox?done=completed".to_owned(),
        |next| format!("/office/cases/{next}?done=completed-next"),
    )
}

fn chosen<'a>(view: &'a CaseView, task: u32, outcome: &str) -> Option<(&'a TaskShown, &'a OutcomeShown)> {
    let open = view.tasks.iter().find(|open| open.task == task)?;
    Some((open, open.outcomes.iter().find(|found| found.id == outcome)?))
}

/// Refusals that the person can mend on the same page.
fn asks_again(refusal: &kernel::Refusal) -> bool {
    matches!(
        refusal,
        kernel::Refusal::ReasonMissing
            | kernel::Refusal::ArticleMissing
            | kernel::Refusal::TextTooLong { .. }
            | kernel::Refusal::SupplementEmpty
            | kernel::Refusal::MaterialUnknown { .. }
            | kernel::Refusal::RuleUndecided { .. }
            | kernel::Refusal::ClaimTaken { .. }
    )
}

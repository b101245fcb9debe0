//! Working on a task: claim, give back, choose an outcome. What asks for a reason, an article or the lines of a notice has a page of its
//! own, so that nothing irreversible happens on one click (ui.md §6).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::id::CaseId;
use kernel::case::{CaseCommand, Complete};
use store::Beside;
use web::form::Fields;
use web::page::Page;
use web::problem::{Failure, Problem};
use web::view::{ErrorLine, Field, FieldKind, Link, error_lines};
use web::words::Words;

use super::address;
use super::case::{Said, asks_more, is_supplement, parse_case, shown};
use super::query::{back_to, case_from, list_key};
use crate::app::App;
use crate::cases::{self, CaseView, OutcomeShown, TaskShown};
use crate::citation::cited;
use crate::error::{Error, failure};
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

/// The buttons stand in the form of the opinion: what is written there already stays.
async fn simple(app: &App, visitor: &Visitor, case: &str, command: CaseCommand, done: &str, fields: &Fields) -> Answer {
    let nonce = visitor.check_form(fields)?;
    let (identity, _) = visitor.officer()?;
    let id = parse_case(case)?;
    let (opinion, from) = (fields.all("opinion", 1).concat(), fields.all("from", 1).concat());
    match cases::act(app, identity, id, command, Some(nonce)).await {
        Ok(_) if opinion.is_empty() => {
            let query = [("done", done), ("from", back_to(&from))];
            Ok(redirect(&address(&format!("/office/cases/{id}"), &query), None))
        }
        Ok(_) => {
            let done = Some(visitor.words.t(&format!("done-{done}")));
            shown(app, visitor, id, Said { opinion, done, from, ..Said::default() }).await
        }
        Err(error) if opinion.is_empty() => Err(visitor.stop(error)),
        Err(error) => {
            let error = Some(sentence(visitor, error)?);
            shown(app, visitor, id, Said { opinion, error, from, ..Said::default() }).await
        }
    }
}

/// Why not, to stand above what was written; what is no reason for a person goes its own way.
pub(super) fn sentence(visitor: &Visitor, error: Error) -> Result<(StatusCode, String), Stop> {
    match failure(error, visitor.words) {
        Failure::Problem(problem) if problem.status != StatusCode::NOT_FOUND => {
            Ok((problem.status, problem.sentence(visitor.words)))
        }
        failure => Err(failure.into()),
    }
}

/// One line that a supplement notice may name.
pub(super) struct Line {
    target: String,
    name: String,
    article: String,
    words: String,
    ticked: bool,
}

impl Line {
    fn is_answer(&self) -> bool {
        self.target.starts_with("form:")
    }

    /// Is one of them in the notice?
    fn any_ticked(lines: &[Self]) -> bool {
        lines.iter().any(|line| line.ticked)
    }
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
    /// Materials that a notice may name.
    pub(super) lines: Vec<Line>,
    /// Answers of the form that it may name.
    pub(super) answers: Vec<Line>,
    /// The list that the case was opened from.
    pub(super) from: String,
}

/// What a form of this module carries, as it was typed: it stands in the form again whatever is wrong with it.
#[derive(Clone, Debug, Default)]
struct Given {
    outcome: String,
    opinion: String,
    article: String,
    /// The targets ticked.
    ticked: Vec<String>,
    /// The words beside each target, ticked or not.
    words: BTreeMap<String, String>,
    /// It was written on the outcome's own page.
    own_page: bool,
    /// The list that the case was opened from.
    from: String,
}

/// Fields that hold the words of a line.
const WORDS: &str = "words-";

impl Given {
    fn of(fields: &Fields) -> Self {
        let one = |name: &str| fields.all(name, 1).concat();
        let words = fields.names_under(WORDS).take(ITEMS_MAX).map(|name| (name[WORDS.len()..].to_owned(), one(name)));
        Self {
            outcome: one("outcome"),
            opinion: one("opinion"),
            article: one("article"),
            ticked: fields.all("item", ITEMS_MAX).into_iter().map(str::to_owned).collect(),
            words: words.collect(),
            own_page: fields.has("own_page"),
            from: one("from"),
        }
    }

    /// What cannot be written so, first of all.
    fn complaint(&self, fields: &Fields, words: Words) -> Option<String> {
        let text = |name: &str, max| fields.optional_long_text(name, max).err();
        let said = |key: &str| words.t(key);
        let wrong = text("opinion", TEXT_CHARS_MAX).map(|complaint| (complaint, said("opinion-label")));
        let wrong = wrong.or_else(|| Some((text("article", ARTICLE_CHARS_MAX)?, said("outcome-article"))));
        let line = |target: &String| {
            Some((text(&format!("{WORDS}{target}"), TEXT_CHARS_MAX)?, said("supplement-requirement")))
        };
        let (complaint, label) = wrong.or_else(|| self.ticked.iter().find_map(line))?;
        Some(words.t2("complaint-about", "label", &label, "text", complaint.say(words, &label)))
    }

    /// The lines of the notice: what is ticked, with its words.
    fn items(&self) -> Vec<(String, String)> {
        let words = |target: &String| self.words.get(target).map(|words| words.trim().to_owned()).unwrap_or_default();
        self.ticked.iter().map(|target| (target.clone(), words(target))).collect()
    }

    /// The same as hidden fields, for the page that asks for the password in between.
    fn kept(&self) -> Vec<(String, String)> {
        let mut kept = vec![
            ("outcome".to_owned(), self.outcome.clone()),
            ("opinion".to_owned(), self.opinion.clone()),
            ("article".to_owned(), self.article.clone()),
            ("from".to_owned(), self.from.clone()),
        ];
        if self.own_page {
            kept.push(("own_page".to_owned(), "yes".to_owned()));
        }
        kept.extend(self.ticked.iter().map(|target| ("item".to_owned(), target.clone())));
        kept.extend(self.words.iter().map(|(target, words)| (format!("{WORDS}{target}"), words.clone())));
        kept
    }

    fn command(&self, task: u32) -> CaseCommand {
        let some = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        CaseCommand::Complete(Box::new(Complete {
            task,
            outcome: self.outcome.clone(),
            opinion: some(&self.opinion),
            article: some(&self.article),
            items: self.items(),
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

fn show(
    visitor: &Visitor,
    id: CaseId,
    view: &CaseView,
    task: u32,
    given: &Given,
    error: Option<(StatusCode, String)>,
) -> Answer {
    let open = view.tasks.iter().find(|open| open.task == task).ok_or_else(Problem::not_found)?;
    let outcome = open.outcomes.iter().find(|found| found.id == given.outcome).ok_or_else(Problem::not_found)?;
    let mut p = visitor.page_titled(outcome.text.clone());
    p.failed = error.is_some();
    p.about = format!("{} {}", view.number, view.title);
    let list = back_to(&given.from);
    let back = case_from(&id.to_string(), list);
    p.crumbs = vec![
        Link::new(p.t(list_key(list)), list),
        Link::new(view.number.clone(), back.clone()),
        Link::new(outcome.text.clone(), ""),
    ];
    let supplement = is_supplement(open, outcome);
    let fields = questions(&p, outcome, supplement, given);
    let mut errors = error_lines(&fields);
    let status = error.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    errors.extend(error.map(|(_, text)| ErrorLine { text, target: String::new() }));
    let (answers, lines) =
        if supplement { lines(view, given, p.words) } else { Vec::new() }.into_iter().partition(Line::is_answer);
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: format!("/office/cases/{id}/tasks/{task}"),
        back,
        intro: p.t(if supplement { "supplement-intro" } else { "outcome-intro" }),
        outcome: outcome.id.clone(),
        button: p.t1("outcome-button", "outcome", &outcome.text),
        danger: outcome.reason && outcome.article,
        errors,
        fields,
        lines,
        answers,
        from: given.from.clone(),
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
    reason.chars_max = u32::try_from(TEXT_CHARS_MAX).unwrap_or(u32::MAX);
    let mut fields = vec![reason];
    if outcome.article {
        let mut article = Field::new(FieldKind::Text, "article", p.t("outcome-article")).value(&given.article);
        article.chars_max = u32::try_from(ARTICLE_CHARS_MAX).unwrap_or(u32::MAX);
        fields.push(article.hint(p.t("outcome-article-hint")));
    }
    fields
}

fn lines(view: &CaseView, given: &Given, spoken: Words) -> Vec<Line> {
    let untouched = given.words.is_empty();
    let line = |line: &cases::SupplementLine| Line {
        target: line.target.clone(),
        name: line.name.clone(),
        article: cited(&line.article, spoken),
        words: given.words.get(&line.target).unwrap_or(&line.words).clone(),
        ticked: if untouched { line.proposed } else { given.ticked.contains(&line.target) },
    };
    view.supplement.iter().map(line).collect()
}

/// One task being finished.
struct Finishing<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    id: CaseId,
    view: &'a CaseView,
    task: u32,
    given: &'a Given,
}

impl Finishing<'_> {
    fn chosen(&self) -> Option<(&TaskShown, &OutcomeShown)> {
        let open = self.view.tasks.iter().find(|open| open.task == self.task)?;
        Some((open, open.outcomes.iter().find(|found| found.id == self.given.outcome)?))
    }

    /// The page that the form came from, with what was written and why it was not taken.
    async fn again(&self, error: (StatusCode, String)) -> Answer {
        match self.chosen() {
            Some((open, outcome)) if asks_more(open, outcome) => {
                show(self.visitor, self.id, self.view, self.task, self.given, Some(error))
            }
            _ => {
                let said = Said {
                    opinion: self.given.opinion.clone(),
                    error: Some(error),
                    from: self.given.from.clone(),
                    ..Said::default()
                };
                shown(self.app, self.visitor, self.id, said).await
            }
        }
    }

    /// What is missing before the kernel needs to be asked.
    fn lacks(&self, open: &TaskShown, outcome: &OutcomeShown) -> Option<&'static str> {
        if is_supplement(open, outcome) {
            return self.given.ticked.is_empty().then_some("supplement-none");
        }
        let blank = |text: &str| text.trim().is_empty();
        let lacks = (outcome.reason && blank(&self.given.opinion)) || (outcome.article && blank(&self.given.article));
        lacks.then_some("outcome-lacks")
    }

    /// On to the next case, without the list between (ui.md §6); to the list when there is none. Either says where this one went.
    fn onward(&self, beside: Beside) -> String {
        let (id, back) = (self.id.to_string(), back_to(&self.given.from));
        match beside.next {
            Some(next) => {
                address(&format!("/office/cases/{next}"), &[("done", "completed-next"), ("of", &id), ("from", back)])
            }
            None => {
                let joint = if back.contains('?') { '&' } else { '?' };
                format!("{back}{joint}done=completed&of={id}")
            }
        }
    }

    async fn act(&self, nonce: &str) -> Answer {
        let identity = self.visitor.identity()?;
        // Read before the act: afterwards the case is no longer in the inbox.
        let beside = cases::beside(self.app, identity, &self.id.to_string()).await;
        let beside = beside.map_err(|error| self.visitor.stop(error))?;
        match cases::act(self.app, identity, self.id, self.given.command(self.task), Some(nonce)).await {
            Ok(_) => Ok(redirect(&self.onward(beside), None)),
            Err(error) => self.again(sentence(self.visitor, error)?).await,
        }
    }
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
    let given = Given::of(&fields);
    let finishing = Finishing { app: &app, visitor: &visitor, id, view: &view, task, given: &given };
    if let Some(complaint) = given.complaint(&fields, visitor.words) {
        return finishing.again((StatusCode::UNPROCESSABLE_ENTITY, complaint)).await;
    }
    // Not open any more, or another outcome: the kernel says which, in its own words.
    let Some((open, outcome)) = finishing.chosen() else { return finishing.act(nonce).await };
    if asks_more(open, outcome) && !given.own_page {
        return show(&visitor, id, &view, task, &given, None);
    }
    if let Some(lacks) = finishing.lacks(open, outcome) {
        return finishing.again((StatusCode::UNPROCESSABLE_ENTITY, visitor.words.t(lacks))).await;
    }
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
    carrying(finishing.act(nonce).await, cookie)
}

//! What an officer may do: lists, the case, its clocks and files, tasks.

use axum::extract::{Path, Query, State};
use base::deadline::Light;
use kernel::case::{CaseCommand, Complete};
use serde::{Deserialize, Serialize};
use store::CaseFilter;
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{ANY_MEDIA, After, Api, Doc, Key, done, parse, reply};
use crate::app::App;
use crate::cases::{self, Candidate, CaseView, Counted, InboxFilter, InboxView, ProcessView, Row};
use crate::pages::attachment;
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get(
            "/api/v1/inbox",
            inbox,
            Doc::new("The open tasks that the post may take, the soonest due first")
                .gives::<InboxView>()
                .query("light", "red, yellow, green or hold")
                .query("matter", "Matter code")
                .query("kind", "Task kind")
                .query("who", "mine or unclaimed")
                .query("q", "Words of the case")
                .query("after", "Where a page goes on"),
        )
        .get(
            "/api/v1/cases",
            case_list,
            Doc::new("Cases within the post's scope")
                .gives::<Rows>()
                .query("matter", "Matter code")
                .query("stage", "Stage")
                .query("q", "Words of the case")
                .query("after", "Where a page goes on"),
        )
        .get(
            "/api/v1/desk",
            desk,
            Doc::new("Cases that wait at the window").gives::<Rows>().query("after", "Where a page goes on"),
        )
        .get("/api/v1/reminders", reminders, Doc::new("Reminders that one was sent, the newest first").lists::<Sent>())
        .post(
            "/api/v1/reminders/seen",
            saw_reminders,
            Doc::new("One has looked at them: `unread` counts from here").key(),
        )
        .get(
            "/api/v1/cases/{case}",
            case,
            Doc::new("A case: form, checks, materials, timeline, tasks").gives::<CaseView>(),
        )
        .get(
            "/api/v1/cases/{case}/clocks",
            clocks,
            Doc::new("How its limits are counted, day by day").gives::<Clocks>(),
        )
        .get(
            "/api/v1/cases/{case}/process",
            process,
            Doc::new("Its process: nodes, flows and lines as drawn, and where the tokens are").gives::<ProcessView>(),
        )
        .get("/api/v1/cases/{case}/materials/{material}", material, Doc::new("What was handed in").media(ANY_MEDIA))
        .get(
            "/api/v1/cases/{case}/papers/{number}",
            paper,
            Doc::new("The paper of a document").media("application/pdf"),
        )
        .post("/api/v1/cases/{case}/tasks/{task}/claim", claim, Doc::new("Take a task").key().gives::<Done>())
        .post("/api/v1/cases/{case}/tasks/{task}/release", release, Doc::new("Give it back").key().gives::<Done>())
        .get(
            "/api/v1/cases/{case}/tasks/{task}/candidates",
            candidates,
            Doc::new("Who may have the task").gives::<Vec<Candidate>>(),
        )
        .post(
            "/api/v1/cases/{case}/tasks/{task}/assignment",
            assign,
            Doc::new("Give it to a person, or hand it on").key().takes::<Assignment>().gives::<Done>(),
        )
        .get(
            "/api/v1/cases/{case}/tasks/{task}/countersigners",
            countersigners,
            Doc::new("Who may be asked for an opinion on it").gives::<Vec<Candidate>>(),
        )
        .post(
            "/api/v1/cases/{case}/tasks/{task}/countersigners",
            add_countersigner,
            Doc::new("Ask a person for an opinion on it").key().takes::<Assignment>().gives::<Done>(),
        )
        .delete(
            "/api/v1/cases/{case}/tasks/{task}",
            drop_countersigner,
            Doc::new("Take back an opinion that was asked for").key().gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/tasks/{task}/completion",
            complete,
            Doc::new("Finish it with one of its outcomes").key().takes::<Completion>().gives::<Done>(),
        )
}

/// A page of a list of cases.
#[derive(Serialize, ToSchema)]
struct Rows {
    rows: Vec<Row>,
    /// Where the next page begins.
    next: Option<String>,
}

/// A reminder that went out.
#[derive(Serialize, ToSchema)]
#[schema(as = Reminder)]
struct Sent {
    /// Case id.
    case: String,
    /// `acceptance` or `decision`.
    rule: String,
    /// What was near: the word of a light.
    stage: String,
    /// Which of its kind, from 1.
    n: u64,
    /// When, µs UTC.
    sent_at: i64,
}

/// The limits of a case, counted.
#[derive(Serialize, ToSchema)]
struct Clocks {
    /// Case number.
    number: String,
    clocks: Vec<Counted>,
}

/// An act and its place in the journal.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// Sequence of its first entry.
    sequence: u64,
}

/// Who shall have a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// Account.
    account: String,
    /// Post that it holds.
    post: String,
    /// What is said with it.
    note: Option<String>,
}

impl Takes for Assignment {
    const TEXTS: &'static [(&'static str, Holds)] = &[("note", Holds::Lines(500))];
}

/// How a task is finished.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Completion {
    /// The outcome's id.
    outcome: String,
    /// Opinion or reason.
    opinion: Option<String>,
    /// Article, where the outcome asks for one.
    article: Option<String>,
    /// Lines of the supplement notice.
    #[serde(default)]
    items: Vec<Line>,
}

impl Takes for Completion {
    const TEXTS: &'static [(&'static str, Holds)] =
        &[("opinion", Holds::Lines(TEXT_CHARS_MAX)), ("words", Holds::Lines(TEXT_CHARS_MAX))];
}

/// Most characters of an opinion, a reason, a line of a notice: the kernel's own limit.
pub(super) const TEXT_CHARS_MAX: usize = 2_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Material code, or `form:field`.
    target: String,
    /// What is asked for.
    #[serde(default)]
    words: String,
}

#[derive(Deserialize)]
struct ListQuery {
    light: Option<String>,
    matter: Option<String>,
    kind: Option<String>,
    who: Option<String>,
    stage: Option<String>,
    q: Option<String>,
    after: Option<String>,
}

/// Reminders of one answer.
const REMINDERS_MAX: u32 = 100;

async fn inbox(State(app): State<App>, visitor: Visitor, Query(query): Query<ListQuery>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("inbox") {
        return Err(Problem::forbidden().into());
    }
    let filter = InboxFilter {
        light: match query.light.as_deref() {
            Some("red") => Some(Light::Red),
            Some("yellow") => Some(Light::Yellow),
            Some("green") => Some(Light::Green),
            Some("hold") => Some(Light::Hold),
            _ => None,
        },
        matter: query.matter,
        kind: query.kind,
        mine: match query.who.as_deref() {
            Some("mine") => Some(true),
            Some("unclaimed") => Some(false),
            _ => None,
        },
        text: query.q,
        after: query.after,
    };
    let view = cases::inbox(&app, identity, &filter, visitor.words).await.map_err(|error| visitor.stop(error))?;
    reply(&view)
}

async fn case_list(State(app): State<App>, visitor: Visitor, Query(query): Query<ListQuery>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("cases") {
        return Err(Problem::forbidden().into());
    }
    let filter = CaseFilter {
        matter: query.matter,
        stages: query.stage.into_iter().collect(),
        text: query.q,
        ..CaseFilter::default()
    };
    let listed = cases::case_list(&app, identity, filter, query.after.as_deref(), visitor.words).await;
    let (rows, next) = listed.map_err(|error| visitor.stop(error))?;
    reply(&Rows { rows, next })
}

async fn desk(State(app): State<App>, visitor: Visitor, Query(query): Query<After>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("hall") {
        return Err(Problem::forbidden().into());
    }
    let listed = cases::window_queue(&app, identity, query.after.as_deref(), visitor.words).await;
    let (rows, next) = listed.map_err(|error| visitor.stop(error))?;
    reply(&Rows { rows, next })
}

async fn reminders(State(app): State<App>, visitor: Visitor) -> Answer {
    let (identity, _) = visitor.officer()?;
    let account = identity.account().to_string();
    let read = app.store().read(move |reader| reader.reminders(&account, REMINDERS_MAX)).await;
    let sent = read.map_err(|fault| visitor.stop(fault.into()))?;
    let sent = sent.into_iter().map(|sent| Sent {
        case: sent.case,
        rule: sent.rule,
        stage: sent.stage,
        n: sent.n,
        sent_at: sent.sent_at,
    });
    let shown: Vec<Sent> = sent.collect();
    reply(&shown)
}

async fn saw_reminders(visitor: Visitor, _: Key) -> Answer {
    visitor.officer()?;
    visitor.saw_reminders().await?;
    Ok(done())
}

async fn case(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let view = cases::case_view(&app, identity, parse(&case)?, visitor.words).await;
    reply(&view.map_err(|error| visitor.stop(error))?)
}

async fn clocks(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let counted = cases::derivations(&app, identity, parse(&case)?, visitor.words).await;
    let (number, clocks) = counted.map_err(|error| visitor.stop(error))?;
    reply(&Clocks { number, clocks })
}

async fn process(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let view = cases::process(&app, identity, parse(&case)?, visitor.words).await;
    reply(&view.map_err(|error| visitor.stop(error))?)
}

async fn material(State(app): State<App>, visitor: Visitor, Path((case, material)): Path<(String, String)>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let found = cases::file(&app, identity, parse(&case)?, &material).await;
    let file = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

async fn paper(State(app): State<App>, visitor: Visitor, Path((case, number)): Path<(String, String)>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let file = app.paper(identity, parse(&case)?, &number).await.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

async fn claim(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    act(&app, &visitor, &case, CaseCommand::Claim { task: parse(&task)? }, &key).await
}

async fn release(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    act(&app, &visitor, &case, CaseCommand::Release { task: parse(&task)? }, &key).await
}

async fn candidates(State(app): State<App>, visitor: Visitor, Path((case, task)): Path<(String, String)>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let found = cases::candidates(&app, identity, parse(&case)?, parse(&task)?, visitor.words).await;
    let (_, people) = found.map_err(|error| visitor.stop(error))?;
    reply(&people)
}

async fn assign(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
    Body(given): Body<Assignment>,
) -> Answer {
    let command = cases::assignment(parse(&task)?, &given.account, &given.post, given.note);
    let command = command.ok_or_else(|| Problem::unprocessable().field("account", visitor.words.t("input-choice")))?;
    act(&app, &visitor, &case, command, &key).await
}

async fn countersigners(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let found = cases::countersigners(&app, identity, parse(&case)?, parse(&task)?, visitor.words).await;
    let (_, people) = found.map_err(|error| visitor.stop(error))?;
    reply(&people)
}

async fn add_countersigner(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
    Body(given): Body<Assignment>,
) -> Answer {
    let command = cases::question(parse(&task)?, &given.account, &given.post, given.note);
    let command = command.ok_or_else(|| Problem::unprocessable().field("account", visitor.words.t("input-choice")))?;
    act(&app, &visitor, &case, command, &key).await
}

async fn drop_countersigner(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
) -> Answer {
    act(&app, &visitor, &case, CaseCommand::DropCountersigner { task: parse(&task)? }, &key).await
}

async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
    Body(given): Body<Completion>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let task = parse(&task)?;
    let view = cases::case_view(&app, identity, parse(&case)?, visitor.words).await;
    let view = view.map_err(|error| visitor.stop(error))?;
    let elevate = view.tasks.iter().any(|open| open.task == task && open.elevate);
    if elevate && !visitor.elevated() {
        return Err(Problem::forbidden().detail(visitor.words.t("again-why")).into());
    }
    // What is empty was not given.
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let command = CaseCommand::Complete(Box::new(Complete {
        task,
        outcome: given.outcome,
        opinion: some(given.opinion),
        article: some(given.article),
        items: given.items.into_iter().map(|line| (line.target, line.words)).collect(),
    }));
    act(&app, &visitor, &case, command, &key).await
}

pub(super) async fn act(app: &App, visitor: &Visitor, case: &str, command: CaseCommand, key: &Key) -> Answer {
    let (identity, _) = visitor.officer()?;
    let acted = cases::act(app, identity, parse(case)?, command, Some(&key.0)).await;
    let receipt = acted.map_err(|error| visitor.stop(error))?;
    reply(&Done { sequence: receipt.first_sequence })
}

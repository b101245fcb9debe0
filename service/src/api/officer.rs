//! What an officer may do: lists, the case, its clocks and files, tasks.

use axum::extract::{Path, Query, State};
use base::deadline::Light;
use kernel::case::{CaseCommand, Complete};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::CaseFilter;
use utoipa::ToSchema;
use web::problem::{Json, Problem};

use super::{Api, Doc, Key, parse, reply};
use crate::app::App;
use crate::cases::{self, CaseView, InboxFilter, InboxView};
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
                .query("matter", "Matter code")
                .query("stage", "Stage")
                .query("q", "Words of the case")
                .query("after", "Where a page goes on"),
        )
        .get("/api/v1/desk", desk, Doc::new("Cases that wait at the window").query("after", "Where a page goes on"))
        .get("/api/v1/reminders", reminders, Doc::new("Reminders that one was sent, the newest first"))
        .get(
            "/api/v1/cases/{case}",
            case,
            Doc::new("A case: form, checks, materials, timeline, tasks").gives::<CaseView>(),
        )
        .get("/api/v1/cases/{case}/clocks", clocks, Doc::new("How its limits are counted, day by day"))
        .get(
            "/api/v1/cases/{case}/materials/{material}",
            material,
            Doc::new("What was handed in").media("application/octet-stream"),
        )
        .get(
            "/api/v1/cases/{case}/papers/{number}",
            paper,
            Doc::new("The paper of a document").media("application/pdf"),
        )
        .post("/api/v1/cases/{case}/tasks/{task}/claim", claim, Doc::new("Take a task").key().gives::<Done>())
        .post("/api/v1/cases/{case}/tasks/{task}/release", release, Doc::new("Give it back").key().gives::<Done>())
        .post(
            "/api/v1/cases/{case}/tasks/{task}/completion",
            complete,
            Doc::new("Finish it with one of its outcomes").key().takes::<Completion>().gives::<Done>(),
        )
}

/// An act and its place in the journal.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// Sequence of its first entry.
    sequence: u64,
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
    let filter = CaseFilter {
        matter: query.matter,
        stages: query.stage.into_iter().collect(),
        text: query.q,
        ..CaseFilter::default()
    };
    let listed = cases::case_list(&app, identity, filter, query.after.as_deref(), visitor.words).await;
    let (rows, next) = listed.map_err(|error| visitor.stop(error))?;
    reply(&json!({ "rows": rows, "next": next }))
}

async fn desk(State(app): State<App>, visitor: Visitor, Query(query): Query<ListQuery>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("hall") {
        return Err(Problem::forbidden().into());
    }
    let listed = cases::window_queue(&app, identity, query.after.as_deref(), visitor.words).await;
    let (rows, next) = listed.map_err(|error| visitor.stop(error))?;
    reply(&json!({ "rows": rows, "next": next }))
}

async fn reminders(State(app): State<App>, visitor: Visitor) -> Answer {
    let (identity, _) = visitor.officer()?;
    let account = identity.account().to_string();
    let read = app.store().read(move |reader| reader.reminders(&account, REMINDERS_MAX)).await;
    let sent = read.map_err(|fault| visitor.stop(fault.into()))?;
    let shown: Vec<_> = sent
        .into_iter()
        .map(|sent| json!({ "case": sent.case, "rule": sent.rule, "stage": sent.stage, "n": sent.n, "sent_at": sent.sent_at }))
        .collect();
    reply(&shown)
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
    reply(&json!({ "number": number, "clocks": clocks }))
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

async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, task)): Path<(String, String)>,
    Json(given): Json<Completion>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let task = parse(&task)?;
    let view = cases::case_view(&app, identity, parse(&case)?, visitor.words).await;
    let view = view.map_err(|error| visitor.stop(error))?;
    let elevate = view.tasks.iter().any(|open| open.task == task && open.elevate);
    if elevate && !visitor.elevated() {
        return Err(Problem::forbidden().detail(visitor.words.t("again-why")).into());
    }
    let command = CaseCommand::Complete(Box::new(Complete {
        task,
        outcome: given.outcome,
        opinion: given.opinion,
        article: given.article,
        items: given.items.into_iter().map(|line| (line.target, line.words)).collect(),
    }));
    act(&app, &visitor, &case, command, &key).await
}

pub(super) async fn act(app: &App, visitor: &Visitor, case: &str, command: CaseCommand, key: &Key) -> Answer {
    let (identity, _) = visitor.officer()?;
    let done = cases::act(app, identity, parse(case)?, command, Some(&key.0)).await;
    let receipt = done.map_err(|error| visitor.stop(error))?;
    reply(&Done { sequence: receipt.first_sequence })
}

//! The journal: its signed head for anybody, an entry for whoever may read what it is about.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse as _;
use base::id::CaseId;
use kernel::case::Case;
use kernel::catalog::TargetClass;
use kernel::policy::Object;
use kernel::{State as KernelState, StreamId};
use serde::Serialize;
use serde_json::Value;
use store::EntryRow;
use utoipa::ToSchema;
use web::problem::Problem;

use super::{Api, Doc, parse, reply, schema};
use crate::app::App;
use crate::cases;
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get(
            "/api/v1/journal/checkpoint",
            checkpoint,
            Doc::new("The signed head of the journal, a C2SP signed note").open().media("text/plain"),
        )
        .get("/api/v1/journal/key", key, Doc::new("The key that signs it").open().media("text/plain"))
        .get("/api/v1/journal/entries/{sequence}", entry, Doc::new("An entry").gives::<EntryShown>())
        .get(
            "/api/v1/journal/entries/{sequence}/receipt",
            receipt,
            Doc::new("Its receipt, which verifies offline").gives::<schema::ProofFile>(),
        )
}

/// An entry of the journal.
#[derive(Serialize, ToSchema)]
#[schema(as = JournalEntry)]
struct EntryShown {
    /// Its place in the journal, from 0.
    sequence: u64,
    /// What it is about.
    stream: String,
    /// Its place within the stream, from 1.
    version: u64,
    /// The kind of event and the form of it, `case-accepted@1`.
    kind: String,
    /// The journal's time, µs UTC.
    at: i64,
    /// When it was entered, µs UTC.
    entered_at: i64,
    /// Who acted.
    #[schema(value_type = schema::Actor)]
    actor: journal::Actor,
    /// The event's own fields; a commitment in place of each personal value.
    #[schema(value_type = Object)]
    body: Value,
}

/// Words for a text answer.
const TEXT: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];

async fn checkpoint(State(app): State<App>, visitor: Visitor) -> Answer {
    let read = app.store().read(|reader| reader.checkpoint()).await;
    let (_, note) = read.map_err(|fault| visitor.stop(fault.into()))?.ok_or_else(Problem::not_found)?;
    Ok((TEXT, note.to_string()).into_response())
}

async fn key(State(app): State<App>, visitor: Visitor) -> Answer {
    let key = app.store().verifier().map_err(|fault| visitor.stop(fault.into()))?;
    Ok((TEXT, format!("{key}\n")).into_response())
}

async fn entry(State(app): State<App>, visitor: Visitor, Path(sequence): Path<String>) -> Answer {
    let row = readable(&app, &visitor, parse(&sequence)?).await?;
    let entry = row.entry;
    reply(&EntryShown {
        sequence: row.sequence,
        version: entry.version,
        kind: entry.kind.as_str().to_owned(),
        at: entry.at,
        entered_at: entry.entered_at,
        body: entry.body.to_json(),
        actor: entry.actor,
        stream: entry.stream,
    })
}

async fn receipt(State(app): State<App>, visitor: Visitor, Path(sequence): Path<String>) -> Answer {
    let row = readable(&app, &visitor, parse(&sequence)?).await?;
    let text = app.receipt_of(row.sequence).await.map_err(|error| visitor.stop(error))?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    reply(&value)
}

/// An entry that the reader may read: of a case that they may read, of a case within the reach of their grant to read the journal, or, for
/// who may read the journal of the node's own organisation, one of no case. Others are not there.
async fn readable(app: &App, visitor: &Visitor, sequence: u64) -> Result<EntryRow, Stop> {
    let identity = visitor.identity()?;
    let read = app.store().read(move |reader| reader.entry(sequence)).await;
    let row = read.map_err(|fault| visitor.stop(fault.into()))?.ok_or_else(Problem::not_found)?;
    let stream = row.stream.parse::<StreamId>().map_err(|_| Problem::not_found())?;
    let about_case = matches!(stream.family(), "case" | "reminders" | "messages");
    let audited = match stream.rest().parse::<CaseId>().ok().filter(|_| about_case) {
        Some(case) if cases::load(app, identity, case).await.is_ok() => return Ok(row),
        Some(case) => case_of(app, visitor, case).await?.map(|case| (case.organisation, case.region)),
        None => {
            let catalog = app.catalog();
            let own = catalog.directory.handling(app.settings().region);
            own.map(|own| (own.code.to_string(), own.region))
        }
    };
    let (organisation, region) = audited.ok_or_else(Problem::not_found)?;
    let (class, name) = (TargetClass::Page, "journal");
    let object = Object { class, name, immediate: false, organisation: &organisation, region };
    if identity.may(app, "journal.read", &object) { Ok(row) } else { Err(Problem::not_found().into()) }
}

/// A case, whoever asks.
async fn case_of(app: &App, visitor: &Visitor, id: CaseId) -> Result<Option<Case>, Stop> {
    let read = app.store().read(move |reader| reader.state(&StreamId::case(id))).await;
    Ok(match read.map_err(|fault| visitor.stop(fault.into()))? {
        Some((_, KernelState::Case(case))) => Some(*case),
        _ => None,
    })
}

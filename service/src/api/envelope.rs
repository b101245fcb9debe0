//! Acts of the legal envelope by an officer: pause, resume, extension, a statement taken down, delivery.

use axum::extract::{Path, State};
use base::deadline::PauseKind;
use jiff::civil::Date;
use kernel::case::CaseCommand;
use kernel::catalog::matter::DeliveryKind;
use serde::Deserialize;
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::officer::{Done, TEXT_CHARS_MAX, act};
use super::{Api, Doc, Key, parse};
use crate::app::App;
use crate::cases::{self, EnvelopeAct};
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .post(
            "/api/v1/cases/{case}/pause",
            pause,
            Doc::new("Stop the statutory clock").key().takes::<Pausing>().gives::<Done>(),
        )
        .post("/api/v1/cases/{case}/resume", resume, Doc::new("Let it run").key().takes::<Resuming>().gives::<Done>())
        .post(
            "/api/v1/cases/{case}/extension",
            extend,
            Doc::new("Extend the limit, once").key().takes::<Extending>().gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/statement",
            take_statement,
            Doc::new("Take down what the party said in person before a decision of the authority's own motion")
                .key()
                .takes::<StatementTaken>()
                .gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/delivery",
            deliver,
            Doc::new("Record that the result was handed over").key().takes::<Handover>().gives::<Done>(),
        )
}

/// A pause of the statutory clock (行政许可法 art. 45).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pausing {
    /// `hearing`, `tender`, `auction`, `inspection`, `testing`, `quarantine`, `appraisal` or `expert_review`.
    kind: String,
    /// First day not counted, `2026-11-25`.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Working days that it is expected to take.
    expected_days: u16,
}

impl Takes for Pausing {}

/// The end of a pause.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resuming {
    /// Last day not counted.
    #[schema(value_type = String, format = Date)]
    until: Date,
}

impl Takes for Resuming {}

/// An extension (行政许可法 art. 42(1)).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extending {
    /// Told to the applicant.
    reason: String,
}

impl Takes for Extending {
    const TEXTS: &'static [(&'static str, Holds)] = &[("reason", Holds::Lines(TEXT_CHARS_MAX))];
}

/// A party's statement, taken down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatementTaken {
    /// As the party signed it.
    words: String,
}

impl Takes for StatementTaken {
    const TEXTS: &'static [(&'static str, Holds)] = &[("words", Holds::Lines(TEXT_CHARS_MAX))];
}

/// How a result was handed over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Handover {
    /// `window` or `post`.
    method: String,
    /// Who signed for it.
    signer: String,
}

impl Takes for Handover {
    const TEXTS: &'static [(&'static str, Holds)] = &[("signer", Holds::Line(50))];
}

async fn pause(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Pausing>,
) -> Answer {
    let kind = PauseKind::from_key(&given.kind).ok_or_else(|| unknown(&visitor, "kind"))?;
    let command = CaseCommand::Pause { kind, from: given.from, expected_days: given.expected_days };
    envelope(&app, &visitor, &case, EnvelopeAct::Pause, command, &key).await
}

async fn resume(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Resuming>,
) -> Answer {
    let command = CaseCommand::Resume { until: given.until };
    envelope(&app, &visitor, &case, EnvelopeAct::Resume, command, &key).await
}

async fn extend(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Extending>,
) -> Answer {
    let command = CaseCommand::Extend { reason: given.reason };
    envelope(&app, &visitor, &case, EnvelopeAct::Extend, command, &key).await
}

async fn take_statement(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<StatementTaken>,
) -> Answer {
    let command = CaseCommand::State { words: given.words };
    envelope(&app, &visitor, &case, EnvelopeAct::TakeStatement, command, &key).await
}

async fn deliver(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Handover>,
) -> Answer {
    let method = match given.method.as_str() {
        "window" => DeliveryKind::Window,
        "post" => DeliveryKind::Post,
        _ => return Err(unknown(&visitor, "method")),
    };
    let command = CaseCommand::Deliver { method, signer: Some(given.signer) };
    envelope(&app, &visitor, &case, EnvelopeAct::Deliver, command, &key).await
}

pub(super) fn unknown(visitor: &Visitor, field: &'static str) -> Stop {
    Problem::unprocessable().field(field, visitor.words.t("input-choice")).into()
}

/// An act that the grant obliges to authenticate for is refused until that was done, as on the page.
pub(super) async fn envelope(
    app: &App,
    visitor: &Visitor,
    case: &str,
    which: EnvelopeAct,
    command: CaseCommand,
    key: &Key,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let view = cases::case_view(app, identity, parse(case)?, visitor.words).await;
    let view = view.map_err(|error| visitor.stop(error))?;
    let elevate = view.acts.iter().any(|shown| shown.act == which.as_str() && shown.elevate);
    if elevate && !visitor.elevated() {
        return Err(Problem::forbidden().detail(visitor.words.t("again-why")).into());
    }
    act(app, visitor, case, command, key).await
}

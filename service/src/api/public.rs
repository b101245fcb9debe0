//! What anybody may ask: matters, progress, verification.

use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::problem::Problem;

use super::{Api, Doc, reply};
use crate::app::App;
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get("/api/v1/matters", matters, Doc::new("The matters that can be applied for").open())
        .get("/api/v1/matters/{code}", matter, Doc::new("A matter: guide, limits, materials, form").open())
        .get(
            "/api/v1/progress",
            progress,
            Doc::new("Where a case stands")
                .open()
                .gives::<Progress>()
                .query("number", "Case number")
                .query("fact", "Credit code of the applicant, or the receipt's verification code"),
        )
        .get(
            "/api/v1/documents/{number}",
            verify,
            Doc::new("Is a document genuine?").open().gives::<Verified>().query("code", "Verification code"),
        )
}

async fn matters(State(app): State<App>) -> Answer {
    let catalog = app.catalog();
    let all: Vec<Value> = catalog
        .matters
        .values()
        .map(|matter| json!({ "code": matter.code(), "name": matter.spec.name, "immediate": matter.spec.immediate }))
        .collect();
    reply(&all)
}

async fn matter(State(app): State<App>, Path(code): Path<String>) -> Answer {
    let matter = app.matter(&code).ok_or_else(Problem::not_found)?;
    let limits = matter.spec.limits.in_force(app.today());
    let sections = matter.guide.sections.iter();
    let tasks = matter.tasks.iter().map(|(id, task)| {
        let outcomes: Vec<&str> = task.outcomes.iter().map(|(id, _)| id).collect();
        json!({ "id": id, "name": task.name, "kind": task.kind, "post": task.post_kind, "outcomes": outcomes })
    });
    reply(&json!({
        "code": matter.code(),
        "version": matter.version,
        "name": matter.spec.name,
        "immediate": matter.spec.immediate,
        "guide": sections.map(|section| json!({ "heading": section.heading, "body": section.body })).collect::<Vec<_>>(),
        "statutory": limits.map(|limits| limits.statutory.limit.to_string()),
        "promised": limits.map(|limits| limits.promised.limit.to_string()),
        "materials": matter.spec.materials.iter().map(|material| json!({
            "code": material.code, "name": material.name, "hint": material.hint, "required": material.required,
            "basis": material.basis, "formats": material.formats,
        })).collect::<Vec<_>>(),
        "tasks": tasks.collect::<Vec<_>>(),
        "form": matter.form.schema(),
    }))
}

#[derive(Deserialize)]
struct ProgressQuery {
    number: String,
    fact: String,
}

/// Where a case stands.
#[derive(Serialize, ToSchema)]
struct Progress {
    number: String,
    matter: String,
    organisation: String,
    stage: String,
    received_on: Option<String>,
    accepted_on: Option<String>,
    due_on: Option<String>,
}

async fn progress(State(app): State<App>, visitor: Visitor, Query(query): Query<ProgressQuery>) -> Answer {
    let found =
        app.progress(visitor.network(), query.number.trim(), &query.fact).await.map_err(|error| visitor.stop(error))?;
    reply(&Progress {
        number: found.number,
        matter: found.matter.get(visitor.words.lang.tag()).to_owned(),
        organisation: found.organisation,
        stage: found.stage.as_str().to_owned(),
        received_on: found.received_on.map(|on| on.to_string()),
        accepted_on: found.accepted_on.map(|on| on.to_string()),
        due_on: found.clock.map(|clock| clock.due_on.to_string()),
    })
}

#[derive(Deserialize)]
struct VerifyQuery {
    code: String,
}

/// A genuine document.
#[derive(Serialize, ToSchema)]
struct Verified {
    number: String,
    kind: String,
    issued_on: String,
    organisation: String,
    holder: String,
    title: String,
    /// Status of the licence in its register; none for a notice.
    status: Option<String>,
    valid_until: Option<String>,
    /// SHA-256 over the verification code's 16 bytes and the PDF.
    pdf_hash: Option<String>,
}

async fn verify(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<VerifyQuery>,
) -> Answer {
    let found =
        app.verify_document(visitor.network(), &number, &query.code).await.map_err(|error| visitor.stop(error))?;
    reply(&Verified {
        number: found.number,
        kind: found.kind.name().to_owned(),
        issued_on: found.issued_on.to_string(),
        organisation: found.organisation,
        holder: found.holder,
        title: found.title,
        status: found.status,
        valid_until: found.valid_until.map(|on| on.to_string()),
        pdf_hash: found.pdf_hash,
    })
}

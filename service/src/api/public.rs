//! What anybody may ask: matters, progress, verification.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use kernel::catalog::Matter;
use kernel::catalog::matter::{ApplicantKind, MaterialSpec, MatterKind, TaskKind, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::problem::Problem;

use super::{Api, Doc, reply, schema};
use crate::app::App;
use crate::pages::public::may_apply;
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get("/api/v1/matters", matters, Doc::new("The matters that are handled here").open().lists::<MatterLine>())
        .get(
            "/api/v1/matters/{code}",
            matter,
            Doc::new("A matter: guide, limits, materials, form").open().gives::<MatterShown>(),
        )
        .get(
            "/api/v1/progress",
            progress,
            Doc::new("Where a case stands")
                .open()
                .gives::<Progress>()
                .needs("number", "Case number")
                .needs("fact", "Credit code of the applicant, or the receipt's verification code"),
        )
        .get(
            "/api/v1/documents/{number}",
            verify,
            Doc::new("Is a document genuine?").open().gives::<Verified>().needs("code", "Verification code"),
        )
}

/// A matter in the list.
#[derive(Serialize, ToSchema)]
struct MatterLine {
    code: String,
    #[schema(value_type = schema::Text)]
    name: Text,
    #[schema(value_type = schema::MatterKind)]
    kind: MatterKind,
    /// Who may apply; empty where nobody does.
    #[schema(value_type = Vec<schema::ApplicantKind>)]
    applicant: Vec<ApplicantKind>,
    /// It is decided while the applicant waits.
    immediate: bool,
}

/// A matter.
#[derive(Serialize, ToSchema)]
#[schema(as = Matter)]
struct MatterShown {
    code: String,
    /// The version of the catalog that a case begun now would keep.
    version: String,
    #[schema(value_type = schema::Text)]
    name: Text,
    #[schema(value_type = schema::MatterKind)]
    kind: MatterKind,
    /// Who may apply; empty where nobody does.
    #[schema(value_type = Vec<schema::ApplicantKind>)]
    applicant: Vec<ApplicantKind>,
    /// It is decided while the applicant waits.
    immediate: bool,
    guide: Vec<GuideSection>,
    /// The statutory limit, `15 working days`.
    statutory: Option<String>,
    /// The law and article that says so.
    statutory_basis: Option<String>,
    /// The promised limit.
    promised: Option<String>,
    materials: Vec<MaterialAsked>,
    tasks: Vec<TaskDeclared>,
    /// The JSON Schema of the form; the same stands in this document as `form-<code>`.
    #[schema(value_type = Object)]
    form: Value,
}

/// A section of the service guide.
#[derive(Serialize, ToSchema)]
struct GuideSection {
    heading: String,
    /// A little Markdown: paragraphs and lists.
    body: String,
}

/// A material that a matter may ask for.
#[derive(Serialize, ToSchema)]
struct MaterialAsked {
    code: String,
    #[schema(value_type = schema::Text)]
    name: Text,
    #[schema(value_type = schema::Text)]
    hint: Text,
    /// `yes`, `no`, or the rule that says when.
    required: String,
    /// Law and article.
    basis: String,
    /// Formats of a file, `pdf`.
    formats: Vec<String>,
}

/// A step of people.
#[derive(Serialize, ToSchema)]
struct TaskDeclared {
    /// Element of the process.
    id: String,
    #[schema(value_type = schema::Text)]
    name: Text,
    #[schema(value_type = schema::TaskKind)]
    kind: TaskKind,
    /// The kind of post that has it.
    post: String,
    /// Ids of its outcomes.
    outcomes: Vec<String>,
}

async fn matters(State(app): State<App>) -> Answer {
    let catalog = app.catalog();
    let line = |matter: &Arc<Matter>| MatterLine {
        code: matter.code().to_string(),
        name: matter.spec.name.clone(),
        kind: matter.spec.kind,
        applicant: may_apply(matter).to_vec(),
        immediate: matter.spec.immediate,
    };
    reply(&catalog.matters.values().map(line).collect::<Vec<_>>())
}

async fn matter(State(app): State<App>, Path(code): Path<String>) -> Answer {
    let matter = app.matter(&code).ok_or_else(Problem::not_found)?;
    let limits = matter.spec.limits.in_force(app.today());
    let sections = matter.guide.sections.iter();
    let tasks = matter.tasks.iter().map(|(id, task)| TaskDeclared {
        id: (*id).to_owned(),
        name: task.name.clone(),
        kind: task.kind,
        post: task.post_kind.clone(),
        outcomes: task.outcomes.iter().map(|(id, _)| id.to_owned()).collect(),
    });
    reply(&MatterShown {
        code: matter.code().to_string(),
        version: matter.version.clone(),
        name: matter.spec.name.clone(),
        kind: matter.spec.kind,
        applicant: may_apply(&matter).to_vec(),
        immediate: matter.spec.immediate,
        guide: sections
            .map(|section| GuideSection { heading: section.heading.clone(), body: section.body.clone() })
            .collect(),
        statutory: limits.map(|limits| limits.statutory.limit.to_string()),
        statutory_basis: limits.and_then(|limits| limits.statutory.basis.clone()),
        promised: limits.map(|limits| limits.promised.limit.to_string()),
        materials: matter.spec.materials.iter().map(material_asked).collect(),
        tasks: tasks.collect(),
        form: matter.form.schema().clone(),
    })
}

fn material_asked(material: &MaterialSpec) -> MaterialAsked {
    MaterialAsked {
        code: material.code.clone(),
        name: material.name.clone(),
        hint: material.hint.clone(),
        required: material.required.clone(),
        basis: material.basis.clone(),
        formats: material.formats.clone(),
    }
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
    /// The day rests on a year whose notice of days off is not out: it may move.
    provisional: bool,
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
        provisional: found.clock.as_ref().is_some_and(|clock| clock.provisional),
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
    /// The day on which a later certificate under the same number replaced this one.
    replaced_on: Option<String>,
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
        replaced_on: found.replaced_on.map(|on| on.to_string()),
        pdf_hash: found.pdf_hash,
    })
}

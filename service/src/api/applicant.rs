//! What someone who applies may do: drafts, files, handing in, own cases, supplement, withdrawal.

use std::collections::BTreeMap;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::problem::{Json, Problem};
use web::upload;

use super::{Api, Doc, Key, done, parse, reply, reply_with};
use crate::app::App;
use crate::apply::Receipt;
use crate::pages::attachment;
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get("/api/v1/drafts", drafts, Doc::new("One's drafts"))
        .post("/api/v1/drafts", begin, Doc::new("Begin an application").key().takes::<Begin>())
        .get("/api/v1/drafts/{id}", draft, Doc::new("A draft: answers, pages, materials, what is missing"))
        .delete("/api/v1/drafts/{id}", remove, Doc::new("Throw a draft away"))
        .put("/api/v1/drafts/{id}/pages/{page}", save_page, Doc::new("Save the answers of a page").takes::<Answers>())
        .put(
            "/api/v1/drafts/{id}/items/{list}/{index}",
            save_item,
            Doc::new("Save one item of a list").takes::<Answers>(),
        )
        .delete("/api/v1/drafts/{id}/items/{list}/{index}", remove_item, Doc::new("Remove one item of a list"))
        .post("/api/v1/drafts/{id}/files/{material}", upload_file, Doc::new("Hand in a file").key().file())
        .get(
            "/api/v1/drafts/{id}/files/{material}",
            draft_file,
            Doc::new("A file of a draft").media("application/octet-stream"),
        )
        .delete("/api/v1/drafts/{id}/files/{material}", remove_file, Doc::new("Take a file out of a draft"))
        .put(
            "/api/v1/drafts/{id}/files/{material}/paper",
            keep_paper,
            Doc::new("The material was shown on paper at the window and kept there"),
        )
        .post("/api/v1/drafts/{id}/submission", submit, Doc::new("Hand the application in").key().gives::<Receipt>())
        .get(
            "/api/v1/my/cases",
            cases,
            Doc::new("One's cases, the newest first").query("after", "Where a page goes on"),
        )
        .get("/api/v1/my/cases/{id}", case, Doc::new("One of one's cases"))
        .get("/api/v1/my/cases/{id}/supplement", supplement, Doc::new("What the supplement notice asks for"))
        .put("/api/v1/my/cases/{id}/supplement", save_supplement, Doc::new("Save answers to it").takes::<Answers>())
        .post(
            "/api/v1/my/cases/{id}/supplement/files/{material}",
            supplement_file,
            Doc::new("Hand in a file that it asks for").key().file(),
        )
        .post("/api/v1/my/cases/{id}/supplement", send_supplement, Doc::new("Send the supplement").key())
        .post(
            "/api/v1/my/cases/{id}/withdrawal",
            withdraw,
            Doc::new("Take the application back").key().takes::<Withdrawal>(),
        )
        .post("/api/v1/my/cases/{id}/delivery", take_delivery, Doc::new("Receive the result on line").key())
        .get(
            "/api/v1/my/cases/{id}/papers/{number}",
            paper,
            Doc::new("The paper of a document").media("application/pdf"),
        )
        .get(
            "/api/v1/my/cases/{id}/materials/{material}",
            material,
            Doc::new("What was handed in").media("application/octet-stream"),
        )
        .get("/api/v1/my/cases/{id}/receipt", receipt, Doc::new("The receipt that verifies offline"))
}

/// A new application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Begin {
    /// Matter code.
    matter: String,
    /// Credit code of the organisation it is for; none = for oneself.
    applicant: Option<String>,
}

/// Field name → what is answered, as a person would type it.
#[derive(Deserialize, ToSchema)]
struct Answers(BTreeMap<String, String>);

impl Answers {
    fn typed(self) -> Vec<(String, String)> {
        self.0.into_iter().collect()
    }
}

/// A withdrawal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn drafts(State(app): State<App>, visitor: Visitor) -> Answer {
    let drafts = app.drafts(visitor.filer()?).await.map_err(|error| visitor.stop(error))?;
    reply(&drafts)
}

async fn begin(State(app): State<App>, visitor: Visitor, key: Key, Json(given): Json<Begin>) -> Answer {
    let applicant = given.applicant.unwrap_or_default();
    let begun = app.start_draft(visitor.filer()?, &given.matter, &applicant, &key.0).await;
    reply_with(StatusCode::CREATED, &begun.map_err(|error| visitor.stop(error))?)
}

async fn draft(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.check_answers(visitor.filer()?, &id).await.map_err(|error| visitor.stop(error))?;
    reply(&view)
}

async fn remove(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let identity = visitor.filer()?;
    app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    app.remove_draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn save_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, page)): Path<(String, String)>,
    Json(given): Json<Answers>,
) -> Answer {
    let saved = app.save_page(visitor.filer()?, &id, &page, &given.typed()).await;
    reply(&saved.map_err(|error| visitor.stop(error))?)
}

async fn save_item(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, list, index)): Path<(String, String, String)>,
    Json(given): Json<Answers>,
) -> Answer {
    let saved = app.save_item(visitor.filer()?, &id, &list, parse(&index)?, &given.typed()).await;
    reply(&saved.map_err(|error| visitor.stop(error))?)
}

async fn remove_item(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, list, index)): Path<(String, String, String)>,
) -> Answer {
    let left = app.remove_item(visitor.filer()?, &id, &list, parse(&index)?).await;
    reply(&left.map_err(|error| visitor.stop(error))?)
}

async fn upload_file(
    State(app): State<App>,
    visitor: Visitor,
    _: Key,
    Path((id, material)): Path<(String, String)>,
    body: Multipart,
) -> Answer {
    let (_, matter) = app.draft(visitor.filer()?, &id).await.map_err(|error| visitor.stop(error))?;
    take(&app, &visitor, &matter, &id, &material, body).await
}

async fn supplement_file(
    State(app): State<App>,
    visitor: Visitor,
    _: Key,
    Path((id, material)): Path<(String, String)>,
    body: Multipart,
) -> Answer {
    let asked = app.supplement_upload(visitor.applicant()?, &id, &material).await;
    let (matter, draft) = asked.map_err(|error| visitor.stop(error))?;
    take(&app, &visitor, &matter, &draft, &material, body).await
}

/// The first part with a file name is the file; the key's header shows that no foreign form sent it.
async fn take(
    app: &App,
    visitor: &Visitor,
    matter: &kernel::catalog::Matter,
    draft: &str,
    material: &str,
    mut body: Multipart,
) -> Answer {
    let identity = visitor.filer()?;
    while let Some(part) = body.next_field().await.map_err(|_| Problem::bad_request())? {
        if part.file_name().is_none() {
            continue;
        }
        let begun = app.begin_upload(identity, matter, draft, material).await;
        let (mut sink, rules) = begun.map_err(|error| visitor.stop(error))?;
        let received = upload::receive(part, &mut sink, &rules).await.map_err(|refusal| {
            let said = refusal.complaint(&rules, visitor.words).say(visitor.words, "");
            Stop::from(refusal.problem().detail(said))
        })?;
        let kept = app.finish_upload(identity, draft, material, sink, received).await;
        kept.map_err(|error| visitor.stop(error))?;
        return Ok(done());
    }
    Err(Problem::bad_request().into())
}

async fn draft_file(State(app): State<App>, visitor: Visitor, Path((id, material)): Path<(String, String)>) -> Answer {
    let found = app.draft_file(visitor.filer()?, &id, &material).await;
    let (file, bytes) = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, bytes))
}

async fn remove_file(State(app): State<App>, visitor: Visitor, Path((id, material)): Path<(String, String)>) -> Answer {
    app.remove_file(visitor.filer()?, &id, &material).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn keep_paper(State(app): State<App>, visitor: Visitor, Path((id, material)): Path<(String, String)>) -> Answer {
    app.keep_paper_material(visitor.filer()?, &id, &material).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn submit(State(app): State<App>, visitor: Visitor, key: Key, Path(id): Path<String>) -> Answer {
    let sent = app.submit_draft(visitor.filer()?, &id, &key.0).await;
    reply_with(StatusCode::CREATED, &sent.map_err(|error| visitor.stop(error))?)
}

async fn cases(State(app): State<App>, visitor: Visitor, Query(query): Query<After>) -> Answer {
    let after = query.after.as_deref().and_then(store::Cursor::parse);
    let (rows, next) = app.my_cases(visitor.applicant()?, after).await.map_err(|error| visitor.stop(error))?;
    reply(&json!({ "rows": rows, "next": next }))
}

async fn case(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.case_page(visitor.applicant()?, &id).await.map_err(|error| visitor.stop(error))?;
    reply(&view)
}

async fn supplement(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.supplement(visitor.applicant()?, &id).await.map_err(|error| visitor.stop(error))?;
    reply(&view)
}

async fn save_supplement(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Json(given): Json<Answers>,
) -> Answer {
    let saved = app.save_supplement(visitor.applicant()?, &id, &given.typed()).await;
    saved.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn send_supplement(State(app): State<App>, visitor: Visitor, key: Key, Path(id): Path<String>) -> Answer {
    let sent = app.send_supplement(visitor.applicant()?, &id, &key.0).await;
    sent.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(id): Path<String>,
    Json(given): Json<Withdrawal>,
) -> Answer {
    let taken = app.withdraw(visitor.applicant()?, &id, given.reason, &key.0).await;
    taken.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn take_delivery(State(app): State<App>, visitor: Visitor, key: Key, Path(id): Path<String>) -> Answer {
    let taken = app.take_delivery(visitor.applicant()?, &id, &key.0).await;
    taken.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn paper(State(app): State<App>, visitor: Visitor, Path((id, number)): Path<(String, String)>) -> Answer {
    let file = app.paper(visitor.applicant()?, parse(&id)?, &number).await.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

async fn material(State(app): State<App>, visitor: Visitor, Path((id, material)): Path<(String, String)>) -> Answer {
    let found = crate::cases::file(&app, visitor.applicant()?, parse(&id)?, &material).await;
    let file = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

async fn receipt(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let text = app.case_receipt(visitor.applicant()?, parse(&id)?).await.map_err(|error| visitor.stop(error))?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    reply(&value)
}

//! What someone who applies may do: drafts, files, handing in, own cases, supplement, withdrawal.

use std::collections::BTreeMap;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use kernel::form::VALUE_CHARS_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::problem::Problem;
use web::upload;

use super::body::{Body, Holds, Takes};
use super::envelope::unknown;
use super::{ANY_MEDIA, After, Api, Doc, Key, done, parse, reply, reply_with, schema};
use crate::app::App;
use crate::apply::{CaseView, Draft, DraftLine, DraftView, MyCase, Receipt, SupplementView};
use crate::pages::attachment;
use crate::pages::hall::{REASON_CHARS_MAX, STATEMENT_CHARS_MAX};
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get(
            "/api/v1/matters/{code}/applicants",
            applicants,
            Doc::new("For whom one may apply in a matter").gives::<Applicants>(),
        )
        .get("/api/v1/drafts", drafts, Doc::new("One's drafts").lists::<DraftLine>())
        .post(
            "/api/v1/drafts",
            begin,
            Doc::new("Begin an application").key().takes::<Begin>().gives::<Draft>().created(),
        )
        .get(
            "/api/v1/drafts/{id}",
            draft,
            Doc::new("A draft: answers, pages, materials, what is missing").gives::<DraftView>(),
        )
        .delete("/api/v1/drafts/{id}", remove, Doc::new("Throw a draft away"))
        .put(
            "/api/v1/drafts/{id}/pages/{page}",
            save_page,
            Doc::new("Save the answers of a page").takes::<Answers>().gives::<Draft>(),
        )
        .put(
            "/api/v1/drafts/{id}/items/{list}/{index}",
            save_item,
            Doc::new("Save one item of a list").takes::<Answers>().gives::<Draft>(),
        )
        .delete(
            "/api/v1/drafts/{id}/items/{list}/{index}",
            remove_item,
            Doc::new("Remove one item of a list").gives::<Draft>(),
        )
        .post("/api/v1/drafts/{id}/files/{material}", upload_file, Doc::new("Hand in a file").key().file())
        .get("/api/v1/drafts/{id}/files/{material}", draft_file, Doc::new("A file of a draft").media(ANY_MEDIA))
        .delete("/api/v1/drafts/{id}/files/{material}", remove_file, Doc::new("Take a file out of a draft"))
        .put(
            "/api/v1/drafts/{id}/files/{material}/paper",
            keep_paper,
            Doc::new("The material was shown on paper at the window and kept there"),
        )
        .post(
            "/api/v1/drafts/{id}/submission",
            submit,
            Doc::new("Hand the application in").key().gives::<Receipt>().created(),
        )
        .get(
            "/api/v1/my/cases",
            cases,
            Doc::new("One's cases, the newest first").gives::<MyCases>().query("after", "Where a page goes on"),
        )
        .get("/api/v1/my/cases/{id}", case, Doc::new("One of one's cases").gives::<CaseView>())
        .get(
            "/api/v1/my/cases/{id}/supplement",
            supplement,
            Doc::new("What the supplement notice asks for").gives::<SupplementView>(),
        )
        .put("/api/v1/my/cases/{id}/supplement", save_supplement, Doc::new("Save answers to it").takes::<Answers>())
        .post(
            "/api/v1/my/cases/{id}/supplement/files/{material}",
            supplement_file,
            Doc::new("Hand in a file that it asks for").key().file(),
        )
        .get(
            "/api/v1/my/cases/{id}/supplement/files/{material}",
            given_file,
            Doc::new("A file given for it").media(ANY_MEDIA),
        )
        .delete(
            "/api/v1/my/cases/{id}/supplement/files/{material}",
            remove_given_file,
            Doc::new("Take a file back that was given for it"),
        )
        .post("/api/v1/my/cases/{id}/supplement", send_supplement, Doc::new("Send the supplement").key())
        .post(
            "/api/v1/my/cases/{id}/withdrawal",
            withdraw,
            Doc::new("Take the application back").key().takes::<Withdrawal>(),
        )
        .post(
            "/api/v1/my/cases/{id}/hearing",
            answer_hearing,
            Doc::new("Ask for the hearing that was offered, or decline it").key().takes::<HearingAnswer>(),
        )
        .post(
            "/api/v1/my/cases/{id}/statement",
            state_case,
            Doc::new("State one's case before the authority decides of its own motion").key().takes::<StatementGiven>(),
        )
        .post("/api/v1/my/cases/{id}/delivery", take_delivery, Doc::new("Receive the result on line").key())
        .get(
            "/api/v1/my/cases/{id}/papers/{number}",
            paper,
            Doc::new("The paper of a document").media("application/pdf"),
        )
        .get("/api/v1/my/cases/{id}/materials/{material}", material, Doc::new("What was handed in").media(ANY_MEDIA))
        .get(
            "/api/v1/my/cases/{id}/receipt",
            receipt,
            Doc::new("The receipt that verifies offline").gives::<schema::ProofFile>(),
        )
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

impl Takes for Begin {
    // As on the page: eighteen characters, and room for blanks.
    const TEXTS: &'static [(&'static str, Holds)] = &[("applicant", Holds::Line(40))];
}

/// Field name → what is answered, as a person would type it.
#[derive(Deserialize, ToSchema)]
struct Answers(BTreeMap<String, String>);

impl Takes for Answers {
    // The form's own schema says more, field by field, and its own words are the better ones.
    const OTHERS: Holds = Holds::Lines(VALUE_CHARS_MAX);
}

impl Answers {
    /// The answers, when all of them are asked for: on a form nobody minds a field too many, here it is a mistake (security.md §2 rule 5).
    fn to<'a>(
        self,
        fields: impl IntoIterator<Item = &'a String>,
        visitor: &Visitor,
    ) -> Result<Vec<(String, String)>, Stop> {
        let asked: Vec<&String> = fields.into_iter().collect();
        let unknown = self.0.keys().filter(|name| !asked.contains(name)).take(UNKNOWN_SHOWN_MAX);
        let problem = unknown.fold(Problem::unprocessable(), |problem, name| {
            problem.field(format!("/{name}"), visitor.words.t1("form-unexpected", "label", name))
        });
        if problem.fields.is_empty() { Ok(self.0.into_iter().collect()) } else { Err(problem.into()) }
    }
}

/// Unknown names told in one answer.
const UNKNOWN_SHOWN_MAX: usize = 20;

/// A withdrawal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    reason: Option<String>,
}

impl Takes for Withdrawal {
    const TEXTS: &'static [(&'static str, Holds)] = &[("reason", Holds::Lines(REASON_CHARS_MAX))];
}

/// What the party has to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StatementGiven {
    words: String,
}

impl Takes for StatementGiven {
    const TEXTS: &'static [(&'static str, Holds)] = &[("words", Holds::Lines(STATEMENT_CHARS_MAX))];
}

/// For whom one may apply. At the window it is whoever stands there.
#[derive(Serialize, ToSchema)]
struct Applicants {
    /// Organisations that the account represents.
    organisations: Vec<Represented>,
    /// A person may apply for themself.
    person: bool,
}

/// An organisation that an account represents.
#[derive(Serialize, ToSchema)]
struct Represented {
    /// Credit code.
    code: String,
    name: String,
}

/// A page of one's cases.
#[derive(Serialize, ToSchema)]
struct MyCases {
    rows: Vec<MyCase>,
    /// Where the next page begins.
    next: Option<String>,
}

async fn applicants(State(app): State<App>, visitor: Visitor, Path(code): Path<String>) -> Answer {
    let identity = visitor.filer()?;
    let matter = app.matter(&code).ok_or_else(Problem::not_found)?;
    let found = app.applicants(identity, &matter).await.map_err(|error| visitor.stop(error))?;
    let organisations = found.0.into_iter().map(|(code, name)| Represented { code, name });
    reply(&Applicants { organisations: organisations.collect(), person: found.1 })
}

async fn drafts(State(app): State<App>, visitor: Visitor) -> Answer {
    let drafts = app.drafts(visitor.filer()?).await.map_err(|error| visitor.stop(error))?;
    reply(&drafts)
}

async fn begin(State(app): State<App>, visitor: Visitor, key: Key, Body(given): Body<Begin>) -> Answer {
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
    app.remove_draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn save_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, page)): Path<(String, String)>,
    Body(given): Body<Answers>,
) -> Answer {
    let identity = visitor.filer()?;
    let (_, matter) = app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let asked = matter.form.page(&page).ok_or_else(Problem::not_found)?;
    let saved = app.save_page(identity, &id, &page, &given.to(&asked.fields, &visitor)?).await;
    reply(&saved.map_err(|error| visitor.stop(error))?)
}

async fn save_item(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, list, index)): Path<(String, String, String)>,
    Body(given): Body<Answers>,
) -> Answer {
    let identity = visitor.filer()?;
    let (_, matter) = app.draft(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let asked = matter.form.field(&list).ok_or_else(Problem::not_found)?;
    let given = given.to(asked.items.iter().map(|field| &field.name), &visitor)?;
    let saved = app.save_item(identity, &id, &list, parse(&index)?, &given).await;
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

async fn given_file(State(app): State<App>, visitor: Visitor, Path((id, material)): Path<(String, String)>) -> Answer {
    let identity = visitor.applicant()?;
    let asked = app.supplement_upload(identity, &id, &material).await;
    let (_, draft) = asked.map_err(|error| visitor.stop(error))?;
    let found = app.draft_file(identity, &draft, &material).await;
    let (file, bytes) = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, bytes))
}

async fn remove_given_file(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let identity = visitor.applicant()?;
    let asked = app.supplement_upload(identity, &id, &material).await;
    let (_, draft) = asked.map_err(|error| visitor.stop(error))?;
    app.remove_file(identity, &draft, &material).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
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
    reply(&MyCases { rows, next })
}

async fn case(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let view = app.case_page(visitor.applicant()?, &id, visitor.words).await.map_err(|error| visitor.stop(error))?;
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
    Body(given): Body<Answers>,
) -> Answer {
    let identity = visitor.applicant()?;
    let (_, asked) = app.supplement_page(identity, &id).await.map_err(|error| visitor.stop(error))?;
    let saved = app.save_supplement(identity, &id, &given.to(&asked.fields, &visitor)?).await;
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
    Body(given): Body<Withdrawal>,
) -> Answer {
    let reason = given.reason.filter(|reason| !reason.is_empty());
    let taken = app.withdraw(visitor.applicant()?, &id, reason, &key.0).await;
    taken.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

/// The applicant's word on a hearing (行政许可法 art. 47).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HearingAnswer {
    /// `request` or `decline`.
    answer: String,
}

impl Takes for HearingAnswer {}

async fn answer_hearing(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(id): Path<String>,
    Body(given): Body<HearingAnswer>,
) -> Answer {
    let wants = match given.answer.as_str() {
        "request" => true,
        "decline" => false,
        _ => return Err(unknown(&visitor, "answer")),
    };
    let answered = app.answer_hearing(visitor.applicant()?, &id, wants, &key.0).await;
    answered.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn state_case(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(id): Path<String>,
    Body(given): Body<StatementGiven>,
) -> Answer {
    let stated = app.state_case(visitor.applicant()?, &id, given.words, &key.0).await;
    stated.map_err(|error| visitor.stop(error))?;
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

//! The questions of the table of rights: what each act is asked with, and on what.

use axum::http::Method;
use base::id::CaseId;
use kernel::case::ADDED_FROM;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::client::{Client, PASSWORD, Served, served};
use crate::office::{CLERK, HEAD, LEADER, OWNER, Office, REVIEWER};
use crate::story::{PDF, apply, typed};

/// One question.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    /// Method and address.
    pub(crate) route: &'static str,
    /// What its draft or case is like, where a route is asked more than once.
    pub(crate) what: &'static str,
    pub(crate) on: On,
    pub(crate) with: With,
}

/// What it is asked on.
#[derive(Clone, Copy)]
pub(crate) enum On {
    /// A case whose reviewer asked the head for an opinion: the added task.
    Added,
    /// What can be read: a draft, a case with its papers, its entries.
    Read,
    /// The same, not looked up by anybody: who tries too often has to wait.
    LookedUp,
    /// A list of a draft with one item.
    List,
    /// A case that waits for what it was asked for, with one file given.
    Asked,
    /// A draft that may be handed in.
    Draft,
    /// One that the window clerk began.
    ClerksDraft,
    /// A case at that step.
    Step(&'static str),
    /// A case that the authority opened, whose party was invited to state their case.
    Invited,
    /// A case whose first task the clerk took.
    Taken,
    /// A case on which that act of the envelope can be done.
    Envelope(&'static str),
    /// A case with a message that was given up.
    GivenUp,
    /// Nothing but who asks.
    Oneself,
}

/// What it is asked with: made for the account that asks.
#[derive(Clone, Copy)]
pub(crate) enum With {
    Nothing,
    Json(fn(&Scene, u8) -> Value),
    /// By someone who gave the password again.
    JsonElevated(fn(&Scene, u8) -> Value),
    /// By someone who just signed in.
    JsonUnelevated(fn(&Scene, u8) -> Value),
    Form(fn(&Scene, u8) -> Vec<(String, String)>),
    File,
    FormFile,
    /// A form that may carry a file, and does not.
    FormFields(fn(&Scene, u8) -> Vec<(&'static str, String)>),
}

const fn ask(route: &'static str, what: &'static str, on: On, with: With) -> Ask {
    Ask { route, what, on, with }
}

/// Everything that is not read at an address of its own.
pub(crate) const ASKS: &[Ask] = &[
    // Pages.
    ask("POST /matters/{code}/apply", "", On::Oneself, With::Form(|scene, _| vec![pair("whom", scene.code())])),
    ask("POST /drafts/{id}/pages/{page}", "", On::Draft, With::Form(|scene, _| fields(&scene.answers()))),
    ask("GET /drafts/{id}/items/{list}/{index}", "", On::List, With::Nothing),
    ask("POST /drafts/{id}/items/{list}/{index}", "", On::List, With::Form(|_, _| fields(&item()))),
    ask("POST /drafts/{id}/check", "", On::Draft, With::Form(|_, _| vec![pair("declare", "on")])),
    ask("POST /drafts/{id}/remove", "", On::Draft, With::Form(|_, _| Vec::new())),
    ask("POST /drafts/{id}/files/{material}", "", On::Draft, With::FormFile),
    ask("GET /my/cases/{id}/supplement", "", On::Asked, With::Nothing),
    ask("POST /my/cases/{id}/supplement", "", On::Asked, With::Form(|_, _| Vec::new())),
    ask("POST /my/cases/{id}/supplement/fields", "", On::Asked, With::Form(|_, _| Vec::new())),
    ask("GET /my/cases/{id}/supplement/files/{material}", "", On::Asked, With::Nothing),
    ask("POST /my/cases/{id}/supplement/files/{material}", "", On::Asked, With::FormFile),
    ask("POST /my/cases/{id}/withdraw", "", On::Step("accept"), With::Form(|_, _| vec![pair("reason", "sold")])),
    ask("GET /my/cases/{id}/statement", "", On::Invited, With::Nothing),
    ask("POST /my/cases/{id}/statement", "", On::Invited, With::Form(|_, _| vec![pair("words", OPINION)])),
    ask("GET /office/cases/{case}/acts/{act}", "take-statement", On::Invited, With::Nothing),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "take-statement",
        On::Invited,
        With::Form(|_, _| vec![pair("words", OPINION)]),
    ),
    ask(
        "POST /office/openings",
        "",
        On::Oneself,
        With::Form(|_, _| vec![pair("matter", REVOCATION), pair("licence", LICENCE)]),
    ),
    ask("POST /office/cases/{case}/tasks/{task}/claim", "", On::Step("accept"), With::Form(|_, _| Vec::new())),
    ask("POST /office/cases/{case}/tasks/{task}/release", "", On::Taken, With::Form(|_, _| Vec::new())),
    ask("POST /office/cases/{case}/tasks/{task}", "accept", On::Step("accept"), With::Form(|_, _| outcome("accepted"))),
    ask("POST /office/cases/{case}/tasks/{task}", "review", On::Step("review"), With::Form(|_, _| outcome("agree"))),
    ask("POST /office/cases/{case}/tasks/{task}", "check", On::Step("head"), With::Form(|_, _| outcome("agree"))),
    ask("POST /office/cases/{case}/tasks/{task}", "decide", On::Step("decide"), With::Form(|_, _| outcome("refuse"))),
    ask("GET /office/cases/{case}/acts/{act}", "pause", On::Envelope("pause"), With::Nothing),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "pause",
        On::Envelope("pause"),
        With::Form(|_, _| vec![pair("kind", "expert_review"), pair("first_day", DAY), pair("expected_days", "5")]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "resume",
        On::Envelope("resume"),
        With::Form(|_, _| vec![pair("until", DAY)]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "extend",
        On::Envelope("extend"),
        With::Form(|_, _| vec![pair("reason", OPINION), pair("password", PASSWORD)]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "offer-hearing",
        On::Envelope("offer-hearing"),
        With::Form(|_, _| vec![pair("interested", "")]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "request-hearing",
        On::Envelope("request-hearing"),
        With::Form(|_, _| vec![pair("party", "王小建")]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "decline-hearing",
        On::Envelope("decline-hearing"),
        With::Form(|_, _| vec![pair("party", "王小建")]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "appoint-hearing",
        On::Envelope("appoint-hearing"),
        With::Form(|_, _| {
            vec![pair("host", head()), pair("day", HEARING_DAY), pair("begin", "09:00"), pair("place", "三楼听证室")]
        }),
    ),
    ask("GET /my/cases/{id}/hearing", "offered", On::Envelope("request-hearing"), With::Nothing),
    ask(
        "POST /my/cases/{id}/hearing",
        "offered",
        On::Envelope("request-hearing"),
        With::Form(|_, _| vec![pair("answer", "request")]),
    ),
    ask(
        "POST /office/cases/{case}/acts/{act}",
        "deliver",
        On::Envelope("deliver"),
        With::Form(|_, _| vec![pair("method", "window"), pair("signer", "王小建")]),
    ),
    ask("GET /office/cases/{case}/tasks/{task}/assign", "", On::Step("review"), With::Nothing),
    ask(
        "POST /office/cases/{case}/tasks/{task}/assign",
        "",
        On::Step("review"),
        With::Form(|_, _| vec![pair("whom", reviewer()), pair("note", "")]),
    ),
    ask("GET /office/cases/{case}/tasks/{task}/countersigner", "", On::Step("review"), With::Nothing),
    ask(
        "POST /office/cases/{case}/tasks/{task}/countersigner",
        "",
        On::Step("review"),
        With::Form(|_, _| vec![pair("whom", head()), pair("note", "")]),
    ),
    ask("POST /office/cases/{case}/tasks/{task}/drop", "", On::Added, With::Form(|_, _| Vec::new())),
    ask("POST /my/cases/{id}/delivery", "", On::Envelope("deliver"), With::Form(|_, _| Vec::new())),
    ask("POST /sign-in", "", On::Oneself, With::Form(|_, n| vec![pair("login", login(n)), pair("password", PASSWORD)])),
    ask("POST /sign-in/again", "", On::Oneself, With::Form(|_, _| vec![pair("password", PASSWORD)])),
    ask("POST /logout", "", On::Oneself, With::Form(|_, _| Vec::new())),
    ask("POST /session/keep", "", On::Oneself, With::Form(|_, _| Vec::new())),
    ask("POST /account/post", "", On::Oneself, With::Form(|_, n| vec![pair("post", post(n))])),
    ask("POST /setup", "", On::Oneself, With::Form(|_, _| vec![pair("code", "ABCDE-23456")])),
    ask(
        "POST /account/password",
        "",
        On::Oneself,
        With::Form(|_, _| ["current", "new", "again"].map(|name| pair(name, PASSWORD)).into()),
    ),
    ask(
        "POST /account/contact",
        "",
        On::Oneself,
        With::Form(|_, _| vec![pair("email", "a@example.com"), pair("wishes", "email"), pair("language", "en")]),
    ),
    ask(
        "POST /office/messages/{case}/{key}/retry",
        "",
        On::GivenUp,
        With::Form(|_, _| vec![pair("password", PASSWORD)]),
    ),
    ask(
        "POST /office/calendar/preview",
        "",
        On::Oneself,
        With::FormFields(|_, _| notice("2026-03-05").map(|(name, value)| (name, value.replace('\n', "\r\n"))).into()),
    ),
    ask(
        "POST /office/calendar",
        "",
        On::Oneself,
        With::Form(|_, _| {
            notice("2026-03-02").into_iter().chain([("password", PASSWORD.to_owned())]).map(named).collect()
        }),
    ),
    // The interface.
    ask(
        "PUT /api/v1/account/contact",
        "",
        On::Oneself,
        With::Json(|_, _| json!({ "email": "a@example.com", "mobile": "", "wishes": ["email"], "language": "en" })),
    ),
    ask("POST /api/v1/messages/{case}/{key}/retry", "", On::GivenUp, With::JsonElevated(|_, _| json!({}))),
    ask("POST /api/v1/messages/{case}/{key}/retry", "no password", On::GivenUp, With::JsonUnelevated(|_, _| json!({}))),
    ask("POST /api/v1/calendar/preview", "", On::Oneself, With::Json(|_, _| notice_body("2026-03-06"))),
    ask("POST /api/v1/calendar", "", On::Oneself, With::JsonElevated(|_, _| notice_body("2026-03-03"))),
    ask("POST /api/v1/calendar", "no password", On::Oneself, With::JsonUnelevated(|_, _| notice_body("2026-03-04"))),
    ask("GET /api/v1/progress", "", On::LookedUp, With::Nothing),
    ask("GET /api/v1/documents/{number}", "", On::LookedUp, With::Nothing),
    ask("POST /api/v1/session", "", On::Oneself, With::Json(|_, n| json!({ "login": login(n), "password": PASSWORD }))),
    ask("DELETE /api/v1/session", "", On::Oneself, With::Nothing),
    ask("POST /api/v1/session/post", "", On::Oneself, With::Json(|_, n| json!({ "post": post(n) }))),
    ask("POST /api/v1/session/elevation", "", On::Oneself, With::Json(|_, _| json!({ "password": PASSWORD }))),
    ask(
        "PUT /api/v1/account/password",
        "",
        On::Oneself,
        With::Json(|_, _| json!({ "current": PASSWORD, "new": PASSWORD })),
    ),
    ask(
        "POST /api/v1/setup",
        "",
        On::Oneself,
        With::Json(|_, _| {
            let one = |login: &str| json!({ "name": "A", "login": login, "password": PASSWORD });
            json!({ "code": "ABCDE-23456", "system-admin": one("a"), "security-admin": one("b"), "audit-admin": one("c") })
        }),
    ),
    ask(
        "POST /api/v1/drafts",
        "",
        On::Oneself,
        With::Json(|scene, _| json!({ "matter": "construction-permit", "applicant": scene.code() })),
    ),
    ask("DELETE /api/v1/drafts/{id}", "", On::Draft, With::Nothing),
    ask("PUT /api/v1/drafts/{id}/pages/{page}", "", On::Draft, With::Json(|scene, _| scene.answers())),
    ask("PUT /api/v1/drafts/{id}/items/{list}/{index}", "", On::List, With::Json(|_, _| item())),
    ask("DELETE /api/v1/drafts/{id}/items/{list}/{index}", "", On::List, With::Nothing),
    ask("POST /api/v1/drafts/{id}/files/{material}", "", On::Draft, With::File),
    ask("DELETE /api/v1/drafts/{id}/files/{material}", "", On::Draft, With::Nothing),
    ask("PUT /api/v1/drafts/{id}/files/{material}/paper", "", On::Draft, With::Nothing),
    ask("PUT /api/v1/drafts/{id}/files/{material}/paper", "the clerk's", On::ClerksDraft, With::Nothing),
    ask("POST /api/v1/drafts/{id}/submission", "", On::Draft, With::Nothing),
    ask("POST /api/v1/drafts/{id}/submission", "the clerk's", On::ClerksDraft, With::Nothing),
    ask("GET /api/v1/my/cases/{id}/supplement", "", On::Asked, With::Nothing),
    ask("PUT /api/v1/my/cases/{id}/supplement", "", On::Asked, With::Json(|_, _| json!({}))),
    ask("POST /api/v1/my/cases/{id}/supplement", "", On::Asked, With::Nothing),
    ask("GET /api/v1/my/cases/{id}/supplement/files/{material}", "", On::Asked, With::Nothing),
    ask("POST /api/v1/my/cases/{id}/supplement/files/{material}", "", On::Asked, With::File),
    ask("DELETE /api/v1/my/cases/{id}/supplement/files/{material}", "", On::Asked, With::Nothing),
    ask(
        "POST /api/v1/my/cases/{id}/withdrawal",
        "",
        On::Step("accept"),
        With::Json(|_, _| json!({ "reason": "sold" })),
    ),
    ask("POST /api/v1/my/cases/{id}/statement", "", On::Invited, With::Json(|_, _| json!({ "words": OPINION }))),
    ask("POST /api/v1/cases/{case}/statement", "", On::Invited, With::Json(|_, _| json!({ "words": OPINION }))),
    ask(
        "POST /api/v1/openings",
        "",
        On::Oneself,
        With::Json(|_, _| json!({ "matter": REVOCATION, "licence": LICENCE })),
    ),
    ask("POST /api/v1/reminders/seen", "", On::Oneself, With::Nothing),
    ask("POST /api/v1/cases/{case}/tasks/{task}/claim", "accept", On::Step("accept"), With::Nothing),
    ask("POST /api/v1/cases/{case}/tasks/{task}/claim", "review", On::Step("review"), With::Nothing),
    ask("POST /api/v1/cases/{case}/tasks/{task}/release", "", On::Taken, With::Nothing),
    ask("POST /api/v1/my/cases/{id}/delivery", "", On::Envelope("deliver"), With::Nothing),
    ask(
        "POST /api/v1/cases/{case}/pause",
        "",
        On::Envelope("pause"),
        With::Json(|_, _| json!({ "kind": "expert_review", "from": DAY, "expected_days": 5 })),
    ),
    ask("POST /api/v1/cases/{case}/resume", "", On::Envelope("resume"), With::Json(|_, _| json!({ "until": DAY }))),
    ask(
        "POST /api/v1/cases/{case}/extension",
        "",
        On::Envelope("extend"),
        With::JsonElevated(|_, _| json!({ "reason": OPINION })),
    ),
    ask(
        "POST /api/v1/cases/{case}/extension",
        "no password",
        On::Envelope("extend"),
        With::JsonUnelevated(|_, _| json!({ "reason": OPINION })),
    ),
    ask("POST /api/v1/cases/{case}/hearing/offer", "", On::Envelope("offer-hearing"), With::Json(|_, _| json!({}))),
    ask(
        "POST /api/v1/cases/{case}/hearing/request",
        "offered",
        On::Envelope("request-hearing"),
        With::Json(|_, _| json!({ "party": "王小建" })),
    ),
    ask(
        "POST /api/v1/cases/{case}/hearing/refusal",
        "offered",
        On::Envelope("decline-hearing"),
        With::Json(|_, _| json!({ "party": "王小建" })),
    ),
    ask("GET /api/v1/cases/{case}/hearing/hosts", "", On::Envelope("appoint-hearing"), With::Nothing),
    ask(
        "POST /api/v1/cases/{case}/hearing/appointment",
        "",
        On::Envelope("appoint-hearing"),
        With::Json(|_, _| {
            let at = format!("{HEARING_DAY}T09:00:00+08:00");
            json!({ "account": post(HEAD), "post": post(HEAD), "at": at, "place": "三楼听证室" })
        }),
    ),
    ask(
        "POST /api/v1/cases/{case}/hearing/minutes",
        TOO_EARLY,
        On::Envelope("hold-hearing"),
        With::Json(|_, _| json!({ "minutes": OPINION })),
    ),
    ask(
        "POST /api/v1/my/cases/{id}/hearing",
        "offered",
        On::Envelope("request-hearing"),
        With::Json(|_, _| json!({ "answer": "request" })),
    ),
    ask(
        "POST /api/v1/cases/{case}/delivery",
        "",
        On::Envelope("deliver"),
        With::Json(|_, _| json!({ "method": "window", "signer": "王小建" })),
    ),
    ask("GET /api/v1/cases/{case}/tasks/{task}/countersigners", "", On::Step("review"), With::Nothing),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/countersigners",
        "",
        On::Step("review"),
        With::Json(|_, _| json!({ "account": post(HEAD), "post": post(HEAD), "note": OPINION })),
    ),
    ask("DELETE /api/v1/cases/{case}/tasks/{task}", "", On::Added, With::Nothing),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/assignment",
        "",
        On::Step("review"),
        With::Json(|_, _| json!({ "account": post(REVIEWER), "post": post(REVIEWER) })),
    ),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/completion",
        "accept",
        On::Step("accept"),
        With::Json(|_, _| done("accepted")),
    ),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/completion",
        "review",
        On::Step("review"),
        With::Json(|_, _| done("agree")),
    ),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/completion",
        "check",
        On::Step("head"),
        With::Json(|_, _| done("agree")),
    ),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/completion",
        "decide",
        On::Step("decide"),
        With::JsonElevated(|_, _| done("refuse")),
    ),
    ask(
        "POST /api/v1/cases/{case}/tasks/{task}/completion",
        "decide, no password",
        On::Step("decide"),
        With::JsonUnelevated(|_, _| done("refuse")),
    ),
];

/// An invented notice for 2026 that names one day: nothing of the scene is counted over it.
fn notice(day: &str) -> [(&'static str, String); 7] {
    [
        ("year", "2026".to_owned()),
        ("title", "关于2026年部分节假日安排的通知".to_owned()),
        ("number", "国办发明电〔2025〕7号".to_owned()),
        ("issued_on", "2025-11-04".to_owned()),
        ("source", "www.gov.cn".to_owned()),
        ("reason", "更正".to_owned()),
        ("text", format!("date,kind,name\n{day},holiday,春节\n")),
    ]
}

fn named((name, value): (&'static str, String)) -> (String, String) {
    (name.to_owned(), value)
}

fn notice_body(day: &str) -> Value {
    let mut body: serde_json::Map<String, Value> =
        notice(day).into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    body.insert("year".to_owned(), json!(2026));
    Value::Object(body)
}

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn fields(answers: &Value) -> Vec<(String, String)> {
    answers.as_object().unwrap().iter().map(|(name, value)| pair(name, value.as_str().unwrap())).collect()
}

fn item() -> Value {
    json!({ "name": "1#", "area_m2": "1200" })
}

/// The day on which all this happens.
const DAY: &str = "2025-11-17";
const HEARING_DAY: &str = "2025-12-01";
/// What may be done on its day only: who has the right is told that.
pub(crate) const TOO_EARLY: &str = "too early";

/// Whoever reviews, as account and post.
fn reviewer() -> String {
    format!("{}/{}", post(REVIEWER), post(REVIEWER))
}

fn head() -> String {
    format!("{}/{}", post(HEAD), post(HEAD))
}

/// What the authority opens of its own motion.
const REVOCATION: &str = "licence-revocation";
/// A licence in the county.
pub(crate) const LICENCE: &str = "冀20250101003P";
const OPINION: &str = "材料齐全，符合法定形式";

fn outcome(word: &str) -> Vec<(String, String)> {
    vec![
        pair("outcome", word),
        pair("opinion", OPINION),
        pair("article", "42"),
        pair("own_page", "yes"),
        pair("password", PASSWORD),
    ]
}

fn done(word: &str) -> Value {
    json!({ "outcome": word, "opinion": OPINION, "article": "42" })
}

/// Nobody signs in as the owner.
fn login(n: u8) -> String {
    format!("u{}", if n == 0 { OWNER } else { n })
}

fn post(n: u8) -> String {
    uuid::Uuid::from_bytes([n; 16]).to_string()
}

/// Where it all stands.
pub(crate) struct Scene {
    pub(crate) office: Office,
    pub(crate) served: Served,
    /// What is only read is made once.
    read: OnceCell<Ground>,
}

/// What a question is asked on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ground {
    draft: String,
    list: &'static str,
    material: &'static str,
    act: &'static str,
    pub(crate) case: String,
    pub(crate) case_number: String,
    task: u32,
    /// A document of the case, and its verification code.
    document: String,
    code: String,
    pub(crate) sequence: u64,
}

impl Ground {
    /// The address of a route here.
    pub(crate) fn address(&self, template: &str) -> String {
        let document = web::page::percent_encode(&self.document);
        let mut out = template.to_owned();
        for (name, value) in [
            ("/materials/{code}", &*format!("/materials/{}", self.material)),
            ("{code}", "construction-permit"),
            ("{id}", if template.contains("/drafts/") { &self.draft } else { &self.case }),
            ("{case}", &self.case),
            ("{key}", &self.case),
            ("{number}", &document),
            ("{task}", &self.task.to_string()),
            ("{outcome}", "supplement"),
            ("{act}", self.act),
            ("{sequence}", &self.sequence.to_string()),
            ("{material}", self.material),
            ("{page}", "applicant"),
            ("{list}", self.list),
            ("{index}", "0"),
        ] {
            out = out.replace(name, value);
        }
        match template {
            "/api/v1/progress" | "/progress" => format!("{out}?number={}&fact={}", self.case_number, self.code),
            "/api/v1/documents/{number}" | "/verify/{number}" => format!("{out}?code={}", self.code),
            _ => out,
        }
    }
}

impl Scene {
    pub(crate) fn of(office: Office) -> Self {
        Self { served: served(&office.app), office, read: OnceCell::new() }
    }

    /// Credit code of the owner's organisation.
    fn code(&self) -> String {
        self.office.example().form["applicant_code"].as_str().unwrap().to_owned()
    }

    /// What a person types on the page `applicant`.
    fn answers(&self) -> Value {
        typed(&self.office.matter, &self.office.example().form)["applicant"].clone()
    }

    /// Something to ask on that nobody has touched yet.
    pub(crate) async fn ground(&self, on: On) -> Ground {
        match on {
            On::Oneself => Ground::default(),
            On::Read => self.read.get_or_init(|| self.readable()).await.clone(),
            On::LookedUp => self.readable().await,
            On::Draft => self.draft(OWNER).await,
            On::ClerksDraft => self.draft(CLERK).await,
            On::List => self.list().await,
            On::Asked => self.asked().await,
            On::Step(element) => self.step(element).await,
            On::Envelope(act) => self.envelope(act).await,
            On::GivenUp => {
                let case = self.office.apply(&[]).await;
                self.office.give_up(case, OWNER, &case.to_string()).await;
                self.at(case).await
            }
            On::Added => {
                let ground = self.step("review").await;
                let given = json!({ "account": post(HEAD), "post": post(HEAD), "note": null });
                let path = format!("/api/v1/cases/{}/tasks/{}/countersigners", ground.case, ground.task);
                self.done(REVIEWER, &path, &given).await;
                Ground { task: ADDED_FROM, ..ground }
            }
            On::Invited => Ground { act: "take-statement", ..self.at(self.office.invited().await).await },
            On::Taken => {
                let ground = self.step("accept").await;
                self.office.claim(CLERK, ground.case.parse().unwrap(), ground.task).await;
                ground
            }
        }
    }

    async fn readable(&self) -> Ground {
        let owner = Client::signed_in(&self.served, OWNER).await;
        let case = apply(&owner, &self.office, &["contract"]).await;
        let ground = self.at(case.parse().unwrap()).await;
        Ground { draft: self.draft(OWNER).await.draft, ..ground }
    }

    /// A draft of the permit that may be handed in, with a file.
    async fn draft(&self, by: u8) -> Ground {
        let client = Client::signed_in(&self.served, by).await;
        let begin = json!({ "matter": "construction-permit", "applicant": self.code() });
        let draft = self.begun(&client, &begin).await;
        for (page, answers) in typed(&self.office.matter, &self.office.example().form) {
            client.send(Method::PUT, &format!("/api/v1/drafts/{draft}/pages/{page}"), &answers).await;
        }
        client.upload(&format!("/api/v1/drafts/{draft}/files/award_notice"), "a.pdf", PDF).await;
        Ground { draft, material: "award_notice", ..Ground::default() }
    }

    /// A draft of a matter that has a list in its form.
    async fn list(&self) -> Ground {
        let owner = Client::signed_in(&self.served, OWNER).await;
        let draft = self.begun(&owner, &json!({ "matter": "completion-filing", "applicant": self.code() })).await;
        owner.send(Method::PUT, &format!("/api/v1/drafts/{draft}/items/units/0"), &item()).await;
        Ground { draft, list: "units", ..Ground::default() }
    }

    async fn begun(&self, client: &Client, begin: &Value) -> String {
        client.post("/api/v1/drafts", begin).await.json()["id"].as_str().unwrap().to_owned()
    }

    /// A case that waits for the contract, which was given and not sent.
    async fn asked(&self) -> Ground {
        let case = self.office.apply(&["contract"]).await;
        self.office.ask_for(CLERK, case, "contract").await;
        let owner = Client::signed_in(&self.served, OWNER).await;
        owner.upload(&format!("/api/v1/my/cases/{case}/supplement/files/contract"), "a.pdf", PDF).await;
        Ground { material: "contract", ..self.at(case).await }
    }

    /// A case with an open task at that element.
    async fn step(&self, element: &str) -> Ground {
        let case = self.office.apply(&[]).await;
        for (before, by, word) in
            [("accept", CLERK, "accepted"), ("review", REVIEWER, "agree"), ("head", HEAD, "agree")]
        {
            if before == element {
                break;
            }
            self.office.finish(by, case, before, word).await;
        }
        let ground = self.at(case).await;
        assert_eq!(self.office.case(case).await.tasks[&ground.task].element, element);
        ground
    }

    /// A case under review, its clock standing where the act is to let it run; a refused one where it is to be delivered: granted twice, the
    /// manager would lead two sites.
    async fn envelope(&self, act: &'static str) -> Ground {
        let ground = self.step(if act == "deliver" { "decide" } else { "review" }).await;
        let case: CaseId = ground.case.parse().unwrap();
        match act {
            "deliver" => self.office.finish(LEADER, case, "decide", "refuse").await,
            "request-hearing" | "decline-hearing" => {
                self.done(REVIEWER, &format!("/api/v1/cases/{case}/hearing/offer"), &json!({})).await;
            }
            "hold-hearing" => {
                let at = format!("{HEARING_DAY}T09:00:00+08:00");
                let given = json!({ "account": post(HEAD), "post": post(HEAD), "at": at, "place": "三楼听证室" });
                self.done(REVIEWER, &format!("/api/v1/cases/{case}/hearing/appointment"), &given).await;
            }
            "resume" => {
                let pause = json!({ "kind": "expert_review", "from": DAY, "expected_days": 5 });
                self.done(REVIEWER, &format!("/api/v1/cases/{case}/pause"), &pause).await;
            }
            _ => {}
        }
        Ground { act, ..ground }
    }

    async fn done(&self, by: u8, path: &str, given: &Value) {
        let answer = Client::signed_in(&self.served, by).await.post(path, given).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn at(&self, id: CaseId) -> Ground {
        let case = self.office.case(id).await;
        let receipt = &case.notices[0];
        Ground {
            case: id.to_string(),
            task: case.tasks.keys().next().copied().unwrap_or_default(),
            document: receipt.number.clone(),
            code: receipt.code.clone(),
            sequence: self.office.entries(id).await[0],
            case_number: case.number,
            material: "award_notice",
            ..Ground::default()
        }
    }
}

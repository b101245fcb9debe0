//! The main job through the interface: the same on both stores, to the last byte of state.

use std::collections::BTreeMap;

use axum::http::Method;
use kernel::catalog::Matter;
use kernel::form::Widget;
use serde_json::{Value, json};
use store::Options;
use testkit::postgres::Cluster;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, HEAD, LEADER, OWNER, Office, REVIEWER};
use crate::options;

pub(crate) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// The values of a form as a person types them, page by page.
pub(crate) fn typed(matter: &Matter, form: &Value) -> BTreeMap<String, Value> {
    let mut pages: BTreeMap<String, Value> = BTreeMap::new();
    for field in matter.form.fields() {
        let Some(value) = form.get(&field.name) else { continue };
        let text = match (field.widget, value) {
            (Widget::Money, Value::Number(fen)) => (fen.as_i64().unwrap() / 100).to_string(),
            (Widget::Checkbox, _) => "on".to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        let page = pages.entry(field.page.clone()).or_insert_with(|| json!({}));
        page.as_object_mut().unwrap().insert(field.name.clone(), Value::String(text));
    }
    pages
}

/// Hands in the example, without some materials. Gives the case's id.
pub(crate) async fn apply(owner: &Client, office: &Office, without: &[&str]) -> String {
    let example = office.example();
    let given: Vec<&str> =
        example.materials.iter().map(String::as_str).filter(|code| !without.contains(code)).collect();
    hand_in(owner, &office.matter, &example.form, &given).await
}

/// Hands a form in with files for some materials. Gives the case's id.
pub(crate) async fn hand_in(owner: &Client, matter: &Matter, form: &Value, files: &[&str]) -> String {
    let begin = json!({ "matter": matter.code(), "applicant": form["applicant_code"] });
    let begun = owner.post("/api/v1/drafts", &begin).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    for (page, answers) in typed(matter, form) {
        let saved = owner.send(Method::PUT, &format!("/api/v1/drafts/{id}/pages/{page}"), &answers).await;
        assert_eq!(saved.status, 200, "{page}: {}", saved.text());
    }
    for code in files {
        let put = owner.upload(&format!("/api/v1/drafts/{id}/files/{code}"), "a.pdf", PDF).await;
        assert_eq!(put.status, 204, "{code}: {}", put.text());
    }
    let view = owner.get(&format!("/api/v1/drafts/{id}")).await.json();
    assert_eq!(view["ready"], json!(true), "{view}");
    let sent = owner.post(&format!("/api/v1/drafts/{id}/submission"), &json!({})).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    sent.json()["case"].as_str().unwrap().to_owned()
}

/// Does the open task at that element.
pub(crate) async fn finish(officer: &Client, case: &str, element: &str, completion: &Value) {
    let view = officer.get(&format!("/api/v1/cases/{case}")).await;
    assert_eq!(view.status, 200, "{}", view.text());
    let view = view.json();
    let tasks = view["tasks"].as_array().unwrap();
    let task = tasks.iter().find(|task| task["element"] == element).unwrap_or_else(|| panic!("{element}: {tasks:?}"));
    let path = format!("/api/v1/cases/{case}/tasks/{}/completion", task["task"]);
    let done = officer.post(&path, completion).await;
    assert_eq!(done.status, 200, "{element}: {}", done.text());
}

/// From application to certificate. Gives the case's id.
pub(crate) async fn story(office: &Office) -> String {
    let router = served(&office.app);
    let_in(&office.app, &[OWNER, CLERK, REVIEWER, HEAD, LEADER]).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, office, &["contract"]).await;

    let clerk = Client::signed_in(&router, CLERK).await;
    let desk = clerk.get("/api/v1/desk").await.json();
    assert_eq!(desk["rows"][0]["case"], json!(case), "{desk}");
    let ask = json!({ "outcome": "supplement", "items": [{ "target": "contract", "words": "请补交施工合同" }] });
    finish(&clerk, &case, "accept", &ask).await;

    let asked = owner.get(&format!("/api/v1/my/cases/{case}/supplement")).await.json();
    assert_eq!(asked["lines"].as_array().unwrap().len(), 1);
    assert_eq!(asked["lines"][0]["words"], "请补交施工合同");
    let put = owner.upload(&format!("/api/v1/my/cases/{case}/supplement/files/contract"), "合同.pdf", PDF).await;
    assert_eq!(put.status, 204, "{}", put.text());
    let sent = owner.post(&format!("/api/v1/my/cases/{case}/supplement"), &json!({})).await;
    assert_eq!(sent.status, 204, "{}", sent.text());

    let agree = |outcome: &str| json!({ "outcome": outcome, "opinion": "材料齐全，符合法定形式" });
    finish(&clerk, &case, "accept", &agree("accepted")).await;
    for (n, element, outcome) in [(REVIEWER, "review", "agree"), (HEAD, "head", "agree")] {
        let officer = Client::signed_in(&router, n).await;
        let inbox = officer.get("/api/v1/inbox").await.json();
        assert_eq!(inbox["rows"][0]["case"], json!(case), "{inbox}");
        finish(&officer, &case, element, &agree(outcome)).await;
    }
    let mut leader = Client::signed_in(&router, LEADER).await;
    let view = leader.get(&format!("/api/v1/cases/{case}")).await.json();
    let path = format!("/api/v1/cases/{case}/tasks/{}/completion", view["tasks"][0]["task"]);
    let hasty = leader.post(&path, &agree("grant")).await;
    assert_eq!(hasty.status, 403, "a decision asks for the password again: {}", hasty.text());
    leader.elevate().await;
    finish(&leader, &case, "decide", &agree("grant")).await;

    let granted = owner.get(&format!("/api/v1/my/cases/{case}")).await.json();
    assert_eq!(granted["stage"], "granted");
    let notices = granted["notices"].as_array().unwrap();
    let certificate = notices.last().unwrap();
    assert_eq!(certificate["kind"], "certificate");

    // Anybody verifies it, with number and code together.
    let anybody = Client::anonymous(&router);
    let address = format!("/api/v1/documents/{}", certificate["number"].as_str().unwrap());
    let genuine = anybody.get(&format!("{address}?code={}", certificate["code"].as_str().unwrap())).await;
    assert_eq!((genuine.status.as_u16(), genuine.json()["status"].clone()), (200, json!("valid")));
    assert_eq!(anybody.get(&format!("{address}?code=00")).await.status, 404);

    // The receipt proves it with nothing else at hand, and every act stands in the journal.
    let receipt = owner.get(&format!("/api/v1/my/cases/{case}/receipt")).await.text();
    let key = anybody.get("/api/v1/journal/key").await.text().trim().parse().unwrap();
    let verified = journal::Receipt::from_json(&receipt).unwrap().verify(Some(&key)).unwrap();
    assert_eq!(verified.entry.kind.as_str(), "certificate-issued@1");
    let view = leader.get(&format!("/api/v1/cases/{case}")).await.json();
    let told = view["timeline"].as_array().unwrap();
    let sequences: Vec<&Value> = told.iter().flat_map(|act| act["entries"].as_array().unwrap()).collect();
    assert!(told.len() >= 7 && sequences.len() >= 15, "{} acts, {} entries", told.len(), sequences.len());
    for sequence in sequences {
        let entry = leader.get(&format!("/api/v1/journal/entries/{sequence}")).await;
        assert_eq!(entry.status, 200);
        assert_eq!(entry.json()["stream"], json!(format!("case/{case}")));
    }
    case
}

async fn run(options: Options) -> journal::Hash {
    let office = Office::open(options).await;
    story(&office).await;
    checked(&office).await
}

/// Replayed, the states are what they were; their hash.
pub(crate) async fn checked(office: &Office) -> journal::Hash {
    let store = office.app.store().clone();
    let checked = tokio::task::spawn_blocking(move || (store.replay_check().unwrap(), store.state_hash().unwrap()));
    let (replay, hash) = checked.await.unwrap();
    assert_eq!(replay.mismatches, []);
    hash
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_through_the_interface_is_the_same_on_both_stores() {
    on_both_stores(run).await;
}

/// Runs the same over SQLite and over PostgreSQL, with the same keys: to the last byte of state.
pub(crate) async fn on_both_stores(run: impl AsyncFn(Options) -> journal::Hash) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = run(options(&folder.path().join("sqlite"))).await;
    let place = folder.path().join("postgres");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(folder.path().join("sqlite/keys"), place.join("keys")).unwrap();
    let database = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database()).await.unwrap();
    let on_postgres = Options { database: Some(database.url().to_owned()), accept_data_loss: true, ..options(&place) };
    let postgres = run(on_postgres).await;
    tokio::task::spawn_blocking(move || drop(database)).await.unwrap();
    assert_eq!(sqlite, postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_receives_on_paper_what_somebody_brings() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER]).await;
    let router = served(&office.app);
    let clerk = Client::signed_in(&router, CLERK).await;
    let example = office.example();
    let begin = json!({ "matter": office.matter.code(), "applicant": example.form["applicant_code"] });
    let refused = Client::signed_in(&router, REVIEWER).await.post("/api/v1/drafts", &begin).await;
    assert_eq!(refused.status, 403, "only who may receive: {}", refused.text());
    let id = clerk.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    for (page, answers) in typed(&office.matter, &example.form) {
        let saved = clerk.send(Method::PUT, &format!("/api/v1/drafts/{id}/pages/{page}"), &answers).await;
        assert_eq!(saved.status, 200, "{page}: {}", saved.text());
    }
    for code in &example.materials {
        let kept = clerk.send(Method::PUT, &format!("/api/v1/drafts/{id}/files/{code}/paper"), &json!({})).await;
        assert_eq!(kept.status, 204, "{}", kept.text());
    }
    let sent = clerk.post(&format!("/api/v1/drafts/{id}/submission"), &json!({})).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let case = sent.json()["case"].as_str().unwrap().to_owned();
    let state = office.case(case.parse().unwrap()).await;
    assert_eq!(state.channel, kernel::case::Channel::Window);
    assert_eq!(
        (state.applicant.account, state.applicant.name.as_str()),
        (None, example.form["applicant_name"].as_str().unwrap())
    );
    assert!(state.materials.iter().all(|one| matches!(one.source, kernel::case::MaterialSource::Paper)));
    finish(&clerk, &case, "accept", &json!({ "outcome": "accepted", "opinion": "材料齐全" })).await;
    // Whoever has an account of their own does not find it among their cases.
    let owner = Client::signed_in(&router, OWNER).await;
    assert_eq!(owner.get(&format!("/api/v1/my/cases/{case}")).await.status, 404);
}

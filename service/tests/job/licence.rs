//! A licence after its grant: lost and issued again, then revoked by the authority that granted it. The same on both stores.

use axum::http::StatusCode;
use kernel::catalog::Matter;
use serde_json::{Value, json};

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, HEAD, OWNER, Office, REVIEWER};
use crate::options;
use crate::pages::send;
use crate::story::{checked, finish, hand_in, on_both_stores, story};

const SECOND: u8 = 30;
const DIRECTOR: u8 = 31;

/// The form of an example about another licence, of the office's own applicant.
fn form(office: &Office, matter: &Matter, example: &str, licence: &str, more: &[(&str, &str)]) -> Value {
    let example = matter.examples.iter().find(|one| one.file.ends_with(&format!("/{example}.json"))).unwrap();
    let mut form = example.form.clone();
    for name in ["applicant_code", "applicant_name"] {
        form[name] = office.example().form[name].clone();
    }
    form["licence_number"] = json!(licence);
    for (name, value) in more {
        form[*name] = json!(value);
    }
    form
}

async fn certificate(owner: &Client, case: &str) -> (String, String) {
    let view = owner.get(&format!("/api/v1/my/cases/{case}")).await.json();
    let notices = view["notices"].as_array().unwrap();
    let paper = notices.iter().find(|notice| notice["kind"] == "certificate").unwrap_or_else(|| panic!("{view}"));
    (paper["number"].as_str().unwrap().to_owned(), paper["code"].as_str().unwrap().to_owned())
}

async fn verified(router: &crate::client::Served, (number, code): &(String, String)) -> Value {
    let number = web::page::percent_encode(number);
    Client::anonymous(router).get(&format!("/api/v1/documents/{number}?code={code}")).await.json()
}

async fn lost_and_revoked(office: &Office) {
    let granted = story(office).await;
    let router = served(&office.app);
    office.employ(SECOND, "case-officer", "130123").await;
    office.employ(DIRECTOR, "director", "130123").await;
    let_in(&office.app, &[SECOND, DIRECTOR]).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let first = certificate(&owner, &granted).await;
    assert_eq!(verified(&router, &first).await["replaced_on"], Value::Null);

    // Lost: issued again under the same number, and the old paper says so.
    let matter = office.app.matter("licence-reissue").unwrap();
    let lost = form(office, &matter, "pass", &first.0, &[("lost_on", "2025-11-10")]);
    let again = hand_in(&owner, &matter, &lost, &["loss_declaration"]).await;
    let mut clerk = Client::signed_in(&router, CLERK).await;
    clerk.elevate().await;
    let grant = json!({ "outcome": "grant", "opinion": "\u{5c5e}\u{5b9e}", "article": "69" });
    finish(&clerk, &again, "decide", &grant).await;
    let second = certificate(&owner, &again).await;
    assert_eq!(second.0, first.0, "the number stays");
    assert_ne!(second.1, first.1);
    let (old, new) = (verified(&router, &first).await, verified(&router, &second).await);
    assert_eq!((&old["status"], &old["replaced_on"]), (&json!("valid"), &json!("2025-11-17")), "{old}");
    assert_eq!((&new["status"], &new["replaced_on"]), (&json!("valid"), &Value::Null), "{new}");

    // Revoked: opened by an officer, the holder sees it, is heard, and only then it is decided.
    let matter = office.app.matter("licence-revocation").unwrap();
    let found = form(office, &matter, "may-official-fault", &first.0, &[]);
    let begin = json!({ "matter": matter.code(), "applicant": found["applicant_code"] });
    assert_ne!(owner.post("/api/v1/drafts", &begin).await.status, 201, "nobody applies for it");
    assert_eq!(clerk.post("/api/v1/drafts", &begin).await.status, 403, "the window opens nothing");
    let reviewer = Client::signed_in(&router, REVIEWER).await;
    let opened = hand_in(&reviewer, &matter, &found, &["evidence"]).await;
    let mine = owner.get(&format!("/api/v1/my/cases/{opened}")).await;
    assert_eq!((mine.status.as_u16(), &mine.json()["stage"]), (200, &json!("accepted")), "{}", mine.text());
    assert!(owner.get("/api/v1/my/cases").await.text().contains(&opened));
    let back = owner.post(&format!("/api/v1/my/cases/{opened}/withdrawal"), &json!({})).await;
    assert!(back.status.is_client_error(), "not theirs to take back: {}", back.text());
    let said = |word: &str| json!({ "outcome": word, "opinion": "\u{5c5e}\u{5b9e}", "article": "69" });
    finish(&reviewer, &opened, "investigate", &said("done")).await;
    finish(&Client::signed_in(&router, SECOND).await, &opened, "investigate", &said("done")).await;
    finish(&reviewer, &opened, "review", &said("established")).await;
    finish(&Client::signed_in(&router, HEAD).await, &opened, "head", &said("agree")).await;
    let mut director = Client::signed_in(&router, DIRECTOR).await;
    director.elevate().await;
    let view = director.get(&format!("/api/v1/cases/{opened}")).await.json();
    let path = format!("/api/v1/cases/{opened}/tasks/{}/completion", view["tasks"][0]["task"]);
    let hasty = director.post(&path, &grant).await;
    // Five working days after Monday, to the last of which the party may speak.
    assert_eq!(hasty.status, 422);
    assert!(hasty.text().contains("2025-11-24"), "{}", hasty.text());
    let told = owner.get(&format!("/my/cases/{opened}")).await.text();
    assert!(told.contains(&format!("/my/cases/{opened}/statement")), "the page leads there");
    let words = json!({ "words": "\u{8bf7}\u{590d}\u{6838}" });
    let stated = owner.post(&format!("/api/v1/my/cases/{opened}/statement"), &words).await;
    assert_eq!(stated.status, 204, "{}", stated.text());
    finish(&director, &opened, "decide", &grant).await;
    for paper in [&first, &second] {
        assert_eq!(verified(&router, paper).await["status"], json!("revoked"));
    }
    let decided = owner.get(&format!("/api/v1/my/cases/{opened}")).await.json();
    let notices = decided["notices"].as_array().unwrap().iter();
    let number = notices.clone().find(|notice| notice["kind"] == "grant").unwrap()["number"].to_string();
    assert!(number.contains('\u{64a4}'), "numbered as a revocation: {number}");
    assert!(notices.clone().any(|notice| notice["kind"] == "statement"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_licence_is_issued_again_and_revoked_alike_on_both_stores() {
    on_both_stores(async |options| {
        let office = Office::open(options).await;
        lost_and_revoked(&office).await;
        checked(&office).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_opens_a_case_by_the_number_of_a_licence() {
    const AWAY: u8 = 21;
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    office.employ(AWAY, "case-officer", "130102").await;
    office.write_licence("冀〔2025〕0101003P").await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER, AWAY]).await;
    let router = served(&office.app);
    let officer = Client::signed_in(&router, REVIEWER).await;
    let offered = officer.get("/api/v1/openings").await.json();
    let codes: Vec<&str> = offered.as_array().unwrap().iter().map(|one| one["matter"].as_str().unwrap()).collect();
    assert_eq!(codes, ["licence-deregistration-ex-officio", "licence-revocation"]);
    let page = officer.get("/office/openings").await;
    assert!(codes.iter().all(|code| page.text().contains(code)), "{}", page.text());

    // Whatever brackets are typed: the holder is the party, and what the register knows stands in the form.
    let typed = [("matter", "licence-revocation"), ("licence", " 冀(2025)0101003P ")];
    let begun = send(&officer, &page, "/office/openings", &typed).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let draft = officer.get(&format!("/api/v1{}", begun.location)).await.json()["draft"].clone();
    assert_eq!(draft["applicant_code"], office.example().form["applicant_code"], "{draft}");
    assert_eq!(draft["form"]["region"], json!("130123"), "{draft}");

    for (wrong, status) in [("", 422), ("冀〔2025〕0101004P", 404)] {
        let typed = [("matter", "licence-revocation"), ("licence", wrong)];
        let again = send(&officer, &page, "/office/openings", &typed).await;
        assert_eq!(again.status.as_u16(), status, "{}", again.text());
        assert!(again.text().contains("id=\"licence\"") && again.text().contains("error-summary"), "{}", again.text());
    }
    let none = send(&officer, &page, "/office/openings", &[("licence", "冀〔2025〕0101003P")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let given = json!({ "matter": "licence-revocation", "licence": "冀〔2025〕0101003P" });
    for (n, status) in [(OWNER, 403), (CLERK, 403), (AWAY, 404)] {
        let client = Client::signed_in(&router, n).await;
        assert_eq!(client.post("/api/v1/openings", &given).await.status.as_u16(), status, "{n}");
    }
    let applied_for = json!({ "matter": "construction-permit", "licence": "冀〔2025〕0101003P" });
    assert_eq!(officer.post("/api/v1/openings", &applied_for).await.status, 404, "nobody opens what is applied for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_party_says_in_person_is_taken_down_once() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[REVIEWER, HEAD]).await;
    let router = served(&office.app);
    let case = office.invited().await;
    let officer = Client::signed_in(&router, REVIEWER).await;
    let address = format!("/office/cases/{case}/acts/take-statement");
    assert!(officer.get(&format!("/office/cases/{case}")).await.text().contains(&address));
    let head = Client::signed_in(&router, HEAD).await;
    assert_eq!(head.get(&address).await.status, StatusCode::FORBIDDEN);
    let page = officer.get(&address).await;
    let nothing = send(&officer, &page, &address, &[("words", " ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nothing.text());
    let words = "2025-11-17 上午，窗口，法定代表人当面陈述：设施仍在使用。";
    let done = send(&officer, &page, &address, &[("words", words)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let view = officer.get(&format!("/api/v1/cases/{case}")).await.json();
    let told = view["timeline"].as_array().unwrap().iter().find(|told| told["kind"] == "statement-given@1").unwrap();
    assert_eq!(told["opinion"], json!(words), "{told}");
    assert!(told["who"].as_str().unwrap().contains("person 11"), "{told}");
    assert!(view["acts"].as_array().unwrap().iter().all(|act| act["act"] != "take-statement"), "{view}");
    let again = officer.post(&format!("/api/v1/cases/{case}/statement"), &json!({ "words": words })).await;
    assert!(again.status.is_client_error(), "{}", again.text());
}

//! How one wishes to be told, by page and by program; what was given up, and who has it tried again.

use axum::http::Method;
use kernel::policy::Scope;
use serde_json::{Value, json};

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, OWNER, Office};
use crate::options;
use crate::rights::guard;

const SYSTEM: u8 = 22;
const SYSTEM_AWAY: u8 = 23;
const CONTACT: &str = "/api/v1/account/contact";

fn contact(email: &str, mobile: &str, wishes: &[&str]) -> Value {
    json!({ "email": email, "mobile": mobile, "wishes": wishes, "language": "en" })
}

/// What waits in the outbox: queue and how many.
async fn waiting(office: &Office) -> Vec<(String, u64)> {
    let queues = office.app.store().read(|reader| reader.queues(&Scope::everything())).await.unwrap();
    queues.into_iter().map(|item| (item.queue, item.waiting)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wishes_it_is_told_and_nobody_else_knows_where() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let served = served(&office.app);
    let mut owner = Client::signed_in(&served, OWNER).await;
    let case = office.apply(&[]).await;
    for (given, pointer) in [
        (contact("li@example.com\r\nBcc: x@example.com", "", &[]), "/email"),
        (contact("li", "", &[]), "/email"),
        (contact("", "", &["email"]), "/email"),
        (contact("li@example.com", "", &["email", "sms"]), "/mobile"),
        (contact("", "1380013800", &[]), "/mobile"),
        (contact("", "", &["fax"]), "/wishes"),
    ] {
        let refused = owner.send(Method::PUT, CONTACT, &given).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["fields"][0]["field"]), (422, &json!(pointer)), "{given}");
    }
    assert_eq!(owner.get(CONTACT).await.json()["wishes"], json!([]), "nothing was kept");
    let given = contact("li@example.com", "+86 138 0013 8000", &["sms", "email"]);
    assert_eq!(owner.send(Method::PUT, CONTACT, &given).await.status, 204);
    let kept = owner.get(CONTACT).await.json();
    assert_eq!((&kept["email"], &kept["mobile"]), (&json!("li@example.com"), &json!("13800138000")));
    assert_eq!((&kept["wishes"], &kept["media"]), (&json!(["email", "sms"]), &json!(["email", "sms"])));
    office.finish(CLERK, case, "accept", "accepted").await;
    assert_eq!(waiting(&office).await, [("email".to_owned(), 1), ("sms".to_owned(), 1)]);

    // The page, without a script: an empty field takes the address away, and sent twice it is done once.
    let page = owner.get("/account/contact").await.text();
    assert!(page.contains("value=\"li@example.com\"") && page.contains("value=\"13800138000\""), "{page}");
    let hidden = guard(&mut owner).await.map(|(name, value)| format!("{name}={}", web::page::percent_encode(&value)));
    let form = |fields: &str| format!("{}&{fields}", hidden.join("&")).into_bytes();
    let media = Some("application/x-www-form-urlencoded");
    let wrong = form("email=&mobile=13800138000&wishes=email&language=en");
    let wrong = owner.request(Method::POST, "/account/contact", media, wrong).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"13800138000\""), "what was typed stays");
    for _ in 0..2 {
        let right = form("email=&mobile=13800138000&wishes=sms&language=zh-CN");
        let saved = owner.request(Method::POST, "/account/contact", media, right).await;
        assert_eq!((saved.status.as_u16(), saved.location()), (303, "/account/contact?done=contact"));
    }
    let kept = owner.get(CONTACT).await.json();
    assert_eq!((&kept["email"], &kept["wishes"], &kept["language"]), (&json!(""), &json!(["sms"]), &json!("zh-CN")));

    // Nowhere in the journal.
    let entries = office.app.store().read(|reader| reader.entries(0, 10_000)).await.unwrap();
    assert!(entries.iter().any(|row| row.entry.kind.as_str() == "contact-set@1"));
    for row in entries {
        let body = row.entry.body.to_json().to_string();
        assert!(!body.contains("li@example") && !body.contains("13800138000"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_seen_with_its_reason_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    office.employ(SYSTEM, "system-admin", "130123").await;
    office.employ(SYSTEM_AWAY, "system-admin", "130102").await;
    let_in(&office.app, &[CLERK, SYSTEM, SYSTEM_AWAY]).await;
    let served = served(&office.app);
    let (case, key) = (office.apply(&[]).await, "k-1");
    office.give_up(case, OWNER, key).await;
    let number = office.case(case).await.number;
    let mut admin = Client::signed_in(&served, SYSTEM).await;
    let listed = admin.get("/api/v1/messages?lang=en").await.json();
    let dead = &listed["dead"][0];
    assert_eq!(
        (&dead["key"], &dead["case_number"], &dead["reason"]),
        (&json!(key), &json!(number), &json!("refused-550"))
    );
    assert_eq!(dead["reason_words"], json!("refused by the other side (550)"));
    let page = admin.get("/office/messages").await.text();
    assert!(page.contains(&number) && page.contains("550") && page.contains("/retry"), "{page}");

    // Of another district nothing is seen, and nothing is done.
    let retry = format!("/api/v1/messages/{case}/{key}/retry");
    let mut away = Client::signed_in(&served, SYSTEM_AWAY).await;
    away.elevate().await;
    assert_eq!(away.get("/api/v1/messages").await.json()["dead"], json!([]));
    assert_eq!(away.post(&retry, &json!({})).await.status, 404);
    assert_eq!(admin.post(&retry, &json!({})).await.status, 403, "the password first");
    admin.elevate().await;
    assert_eq!(admin.post(&retry, &json!({})).await.status, 200);
    assert_eq!(admin.post(&retry, &json!({})).await.status, 404, "it waits already");
    let listed = admin.get("/api/v1/messages").await.json();
    assert_eq!((&listed["dead"], &listed["queues"][0]["queue"]), (&json!([]), &json!("email")), "{listed}");
    assert_eq!(listed["queues"][0]["waiting"], json!(1));

    // The case tells it, in order, and its reader may read the entries.
    let clerk = Client::signed_in(&served, CLERK).await;
    let view = clerk.get(&format!("/api/v1/cases/{case}?lang=en")).await.json();
    let told: Vec<&Value> = view["timeline"].as_array().unwrap().iter().rev().take(2).collect();
    assert_eq!((&told[1]["kind"], &told[0]["kind"]), (&json!("message-failed@1"), &json!("message-requeued@1")));
    let said = "Your application was accepted · E-mail: refused by the other side (550)";
    assert_eq!(told[1]["details"], json!([said]));
    let sequence = told[0]["entries"][0].as_u64().unwrap();
    let entry = clerk.get(&format!("/api/v1/journal/entries/{sequence}")).await.json();
    assert_eq!(entry["stream"], json!(format!("messages/{case}")));
}

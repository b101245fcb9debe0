//! The first start: the administrators are named once, by whoever has the code.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use kernel::directory::{AccountKind, DirectoryCommand};
use serde_json::json;
use service::{App, Settings};
use store::Store;

use crate::client::{Client, hidden, served};
use crate::office::{SeededEntropy, SteppingClock};
use crate::options;

const CODE: &str = "ABCDE-23456";

async fn post(client: &mut Client, code: &str) -> crate::client::Answer {
    let page = client.get("/setup").await;
    assert_eq!(page.status, StatusCode::OK);
    client.visit(&page);
    let html = page.text();
    let mut form = format!("_csrf={}&_nonce={}&code={code}", hidden(&html, "_csrf"), hidden(&html, "_nonce"));
    for (n, kind) in ["system-admin", "security-admin", "audit-admin"].into_iter().enumerate() {
        form.push_str(&format!("&name-{kind}=A{n}&login-{kind}=admin{n}&password-{kind}=correct+horse+battery+{n}"));
    }
    client.request(Method::POST, "/setup", Some("application/x-www-form-urlencoded"), form.into_bytes()).await
}

/// An installation where nobody has an account yet.
async fn fresh(folder: &std::path::Path) -> App {
    let options = options(folder);
    let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
    let settings = Settings {
        public_url: "http://127.0.0.1:8080".to_owned(),
        demo: false,
        region: "130000".parse().unwrap(),
        setup_code: Some(CODE.to_owned()),
        media: std::collections::BTreeSet::new(),
        pepper: [7; 32],
    };
    let (clock, entropy) = (Arc::new(SteppingClock::default()), Box::new(SeededEntropy::default()));
    let app = App::new(store, testkit::world::catalog(), clock, entropy, None, settings);
    app.seed_organisations().await.unwrap();
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_are_named_once_by_whoever_has_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let app = fresh(folder.path()).await;
    let router = served(&app);
    let mut client = Client::anonymous(&router);

    let refused = post(&mut client, "AAAAA-AAAAA").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("value=\"admin0\""), "what was typed is still there");
    assert!(!refused.text().contains("correct horse"), "but no password comes back");
    // Only wrong codes count; and a set-up that was interrupted when nobody could sign in yet is done again.
    let interrupted = app.new_account();
    let name = kernel::sealed::Secret {
        subject: app.new_subject(),
        field: "name".to_owned(),
        salt: [1; 16],
        value: "A0".to_owned(),
    };
    let open = DirectoryCommand::OpenAccount {
        account: interrupted,
        kind: AccountKind::Officer,
        subject: name.subject,
        name,
        represents: Vec::new(),
    };
    app.direct(open).await.unwrap();
    for _ in 0..12 {
        let page = client.get("/setup").await.text();
        let fields = [("_csrf", hidden(&page, "_csrf")), ("_nonce", hidden(&page, "_nonce")), ("code", CODE)];
        assert_eq!(client.form("/setup", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let done = post(&mut client, "abcde 23456").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert_eq!(client.get("/setup").await.status, StatusCode::NOT_FOUND, "it works once");

    // Their passwords are theirs to change.
    let sign_in = |password: &str| serde_json::json!({ "login": "admin0", "password": password });
    let answer = client.post("/api/v1/session", &sign_in("correct horse battery 0")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    client.keep(&answer);
    let new = "staple+correct+horse";
    for (current, new, again, status) in [
        ("wrong", new, new, StatusCode::UNPROCESSABLE_ENTITY),
        ("correct+horse+battery+0", "short", "short", StatusCode::UNPROCESSABLE_ENTITY),
        ("correct+horse+battery+0", new, "other", StatusCode::UNPROCESSABLE_ENTITY),
        ("correct+horse+battery+0", new, new, StatusCode::SEE_OTHER),
    ] {
        let html = client.get("/account/password").await.text();
        let guard = format!("_csrf={}&_nonce={}", hidden(&html, "_csrf"), hidden(&html, "_nonce"));
        let form = format!("{guard}&current={current}&new={new}&again={again}").into_bytes();
        let kind = Some("application/x-www-form-urlencoded");
        let answer = client.request(Method::POST, "/account/password", kind, form).await;
        assert_eq!(answer.status, status, "{current} {new} {again}: {}", answer.text());
    }
    assert_eq!(client.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED, "the old session ended");
    let stranger = Client::anonymous(&router);
    let old = stranger.post("/api/v1/session", &sign_in("correct horse battery 0")).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_names_them_and_changes_a_password_as_a_person_does() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(&fresh(folder.path()).await);
    let mut client = Client::anonymous(&served);
    let wanted = client.get("/api/v1/setup").await.json();
    assert_eq!(wanted.as_array().unwrap().len(), 3, "{wanted}");
    let one = |n: u8, login: &str, password: &str| json!({ "name": format!("A{n}"), "login": login, "password": format!("{password} {n}") });
    let all = |code: &str, logins: [&str; 3], password: &str| {
        json!({ "code": code, "system-admin": one(0, logins[0], password), "security-admin": one(1, logins[1], password),
            "audit-admin": one(2, logins[2], password) })
    };
    let good = "correct horse battery";
    for (body, field) in [
        (all("AAAAA-AAAAA", ["a", "b", "c"], good), "/code"),
        (all(CODE, ["a", "b", " A "], good), "/audit-admin/login"),
        (all(CODE, ["a", "b", "c"], "short"), "/system-admin/password"),
        (all(CODE, ["a", "", "c"], good), "/security-admin/login"),
    ] {
        let refused = client.post("/api/v1/setup", &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["fields"][0]["field"]), (422, &json!(field)), "{body}");
        assert!(!refused.text().contains("horse"), "no password comes back");
    }
    let done = client.post("/api/v1/setup", &all("abcde 23456", ["a", "b", "c"], good)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    assert_eq!(client.get("/api/v1/setup").await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.post("/api/v1/setup", &all(CODE, ["d", "e", "f"], good)).await.status, StatusCode::NOT_FOUND);

    let sign_in = |password: &str| json!({ "login": "b", "password": password });
    let answer = client.post("/api/v1/session", &sign_in("correct horse battery 1")).await;
    client.keep(&answer);
    let who = client.get("/api/v1/session").await.json();
    assert_eq!((&who["posts"][0]["kind"], &who["must_change_password"]), (&json!("security-admin"), &json!(false)));
    let mut elsewhere = Client::anonymous(&served);
    elsewhere.keep(&elsewhere.post("/api/v1/session", &sign_in("correct horse battery 1")).await);
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    for (body, field) in
        [(change("wrong", "staple correct horse"), "/current"), (change("correct horse battery 1", "short"), "/new")]
    {
        let refused = client.send(Method::PUT, "/api/v1/account/password", &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["fields"][0]["field"]), (422, &json!(field)), "{body}");
    }
    let body = change("correct horse battery 1", "staple correct horse \u{1f40e}");
    let changed = client.send(Method::PUT, "/api/v1/account/password", &body).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    assert_eq!(elsewhere.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED, "other sessions end");
    client.keep(&changed);
    assert_eq!(client.get("/api/v1/session").await.status, StatusCode::OK);
    let stranger = Client::anonymous(&served);
    for (password, status) in [("correct horse battery 1", 401), ("staple correct horse \u{1f40e}", 204)] {
        assert_eq!(stranger.post("/api/v1/session", &sign_in(password)).await.status, status, "{password}");
    }
}

//! The first start: the administrators are named once, by whoever has the code.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use kernel::directory::{AccountKind, DirectoryCommand};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_are_named_once_by_whoever_has_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
    let settings = Settings {
        public_url: "http://127.0.0.1:8080".to_owned(),
        demo: false,
        region: "130000".parse().unwrap(),
        setup_code: Some(CODE.to_owned()),
        pepper: [7; 32],
    };
    let (clock, entropy) = (Arc::new(SteppingClock::default()), Box::new(SeededEntropy::default()));
    let app = App::new(store, testkit::world::catalog(), clock, entropy, None, settings);
    app.seed_organisations().await.unwrap();
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

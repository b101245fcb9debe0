//! What comes in as JSON: every operation that takes a body refuses the same things in the same way, and its texts hold nothing that a page
//! would refuse. The operations and their texts are those of the document, so that a new one is asked here by itself.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::client::{Client, let_in, served};
use crate::document::document;
use crate::office::{CLERK, OWNER, Office, REVIEWER};
use crate::openapi::operations;
use crate::options;
use crate::story::{apply, finish};

/// An operation that takes JSON, at an address where nothing is, and the schema of its body.
fn taking(document: &Value) -> Vec<(Method, String, &Value)> {
    let json = |(path, method, operation): (&str, &str, _)| {
        let operation: &Value = operation;
        let schema = operation["requestBody"]["content"].get("application/json")?.get("schema")?;
        let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let method = method.to_uppercase().parse().unwrap();
        Some((method, path.collect::<Vec<_>>().join("/"), resolved(document, schema)))
    };
    operations(document).filter_map(json).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// A text of a body: its pointer, its schema, and a body with nothing in it but that text.
struct Text<'a> {
    pointer: String,
    schema: &'a Value,
    body: Box<dyn Fn(Value) -> Value + 'a>,
}

fn texts<'a>(document: &'a Value, schema: &'a Value) -> Vec<Text<'a>> {
    let is = |schema: &Value, kind: &str| {
        schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
    };
    let mut found = Vec::new();
    let named = schema["properties"].as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member));
    let any = schema.get("additionalProperties").filter(|any| any.is_object()).map(|any| ("whatever", any));
    for (name, member) in named.chain(any) {
        let member = resolved(document, member);
        let within = move |value: Value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
        if is(member, "string") {
            found.push(Text { pointer: format!("/{name}"), schema: member, body: Box::new(within) });
        }
        let (inner, place) = match member["items"].is_object() {
            true => (resolved(document, &member["items"]), format!("/{name}/0")),
            false => (member, format!("/{name}")),
        };
        let listed = member["items"].is_object();
        for text in texts(document, inner) {
            let Text { pointer, schema, body } = text;
            let body = move |value| within(if listed { json!([body(value)]) } else { body(value) });
            found.push(Text { pointer: format!("{place}{pointer}"), schema, body: Box::new(body) });
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_any_body_holds_what_cannot_be_printed() {
    let document = tokio::task::spawn_blocking(document).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER]).await;
    let owner = Client::signed_in(&served(&office.app), OWNER).await;
    let (mut asked, mut secrets) = (0, 0);
    for (method, path, schema) in taking(&document) {
        let texts = texts(&document, schema);
        assert!(!texts.is_empty(), "{method} {path} takes no text");
        for Text { pointer, schema, body } in texts {
            if schema["format"] == "password" {
                // Its owner may use what they can type; only what is missing beside it is complained of, if anything.
                let answer = owner.send(method.clone(), &path, &body(json!("\u{1f600}\u{200b}"))).await;
                assert!(answer.status == 204 || answer.json()["code"] != "characters", "{method} {path} {pointer}");
                secrets += 1;
                continue;
            }
            for (character, number) in [("\u{202e}", "U+202E"), ("\u{7}", "U+0007"), ("\u{1f3d7}", "U+1F3D7")] {
                let answer = owner.send(method.clone(), &path, &body(json!(format!("a{character}b")))).await;
                let what = format!("{method} {path} {pointer} {number}: {}", answer.text());
                assert_eq!(answer.status, 422, "{what}");
                let problem = answer.json();
                assert_eq!(
                    (&problem["code"], &problem["fields"][0]["field"]),
                    (&json!("characters"), &json!(pointer)),
                    "{what}"
                );
                assert!(problem["fields"][0]["detail"].as_str().unwrap().contains(number), "{what}");
                asked += 1;
            }
            let max = schema["maxLength"].as_u64().unwrap_or_else(|| panic!("{path} {pointer} has no limit"));
            let long = "x".repeat(usize::try_from(max).unwrap() + 1);
            let answer = owner.send(method.clone(), &path, &body(json!(long))).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["fields"][0]["field"]),
                (422, &json!(pointer)),
                "{path}"
            );
        }
    }
    assert!(asked >= 30 && secrets >= 2, "{asked} {secrets}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_body_is_read_as_strictly_as_the_next() {
    let document = tokio::task::spawn_blocking(document).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER]).await;
    let owner = Client::signed_in(&served(&office.app), OWNER).await;
    let deep = |n: usize| format!("{}[]{}", "{\"a\":".repeat(n - 1), "}".repeat(n - 1));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let media = "application/json";
    for (method, path, _) in taking(&document) {
        for (media, body, status, code) in [
            (media, b"{\"a\":" as &[u8], 400, "bad-request"),
            (media, b"", 400, "bad-request"),
            (media, b"{\"a\":\"\xff\"}", 400, "bad-request"),
            (media, b"{\"a\":1,\"a\":1}", 400, "bad-request"),
            (media, b"{\"a\":{\"b\":1,\"b\":2}}", 400, "bad-request"),
            (media, b"{} {}", 400, "bad-request"),
            (media, deep(33).as_bytes(), 400, "bad-request"),
            (media, deep(32).as_bytes(), 422, "unprocessable"),
            (media, b"{\"a\":\"\\u0000\"}", 422, "unprocessable"),
            (media, b"{\"\\u0000\":1}", 422, "unprocessable"),
            (media, b"{\"a\":\"\\ud800\"}", 422, "unprocessable"),
            (media, b"{\"a\":\"\\udc00\\ud800\"}", 422, "unprocessable"),
            (media, b"{\"a\":1.5}", 422, "unprocessable"),
            (media, b"null", 422, "unprocessable"),
            (media, b"[]", 422, "unprocessable"),
            (media, b"{\"nobody-asks-for-this\":1}", 422, "unprocessable"),
            (media, large.as_bytes(), 413, "too-large"),
            ("text/plain", b"{}", 415, "media-type"),
            ("application/x-www-form-urlencoded", b"a=b", 415, "media-type"),
            ("", b"{}", 415, "media-type"),
        ] {
            let kind = Some(media).filter(|media| !media.is_empty());
            let answer = owner.request(method.clone(), &path, kind, body.to_vec()).await;
            let begins: String = String::from_utf8_lossy(body).chars().take(60).collect();
            let what = format!("{method} {path} {media} {begins}: {}", answer.text());
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_officer_writes_is_refused_before_anything_happens() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER]).await;
    let served = served(&office.app);
    let owner = Client::signed_in(&served, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let before = office.case(case.parse().unwrap()).await;
    let clerk = Client::signed_in(&served, CLERK).await;
    let task = clerk.get(&format!("/api/v1/cases/{case}")).await.json()["tasks"][0]["task"].clone();
    let path = format!("/api/v1/cases/{case}/tasks/{task}/completion");
    let notice = |words: &str| json!({ "outcome": "supplement", "items": [{ "target": "contract", "words": words }] });
    let refused = clerk.post(&path, &notice("please\u{200b} bring it")).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (422, &json!("characters")), "{}", refused.text());
    let items = vec![json!({ "target": "contract" }); 101];
    let refused = clerk.post(&path, &json!({ "outcome": "supplement", "items": items })).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["fields"][0]["field"]), (422, &json!("/items")));
    assert_eq!(office.case(case.parse().unwrap()).await, before);
    // Several lines are a notice's right, whatever the sender's machine ends them with.
    finish(&clerk, &case, "accept", &notice(" bring it\r\nsigned ")).await;
    let asked = owner.get(&format!("/api/v1/my/cases/{case}/supplement")).await.json();
    assert_eq!(asked["lines"][0]["words"], "bring it\nsigned");
    // An answer to what nobody asked is a mistake, not silence.
    let answer =
        owner.send(Method::PUT, &format!("/api/v1/my/cases/{case}/supplement"), &json!({ "title": "x" })).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["fields"][0]["field"]), (422, &json!("/title")));
}

//! What comes in from people who mean no good: every route, with addresses and bodies that nobody should send, on both stores. Nothing is a
//! fault, and nothing happens.

use axum::http::Method;
use serde_json::json;
use store::Options;
use testkit::postgres::Cluster;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, OWNER, Office};
use crate::options;
use crate::rights::guard;
use crate::story::apply;

/// What nobody should send, and somebody does.
const BAD_BODIES: [(&str, &[u8]); 12] = [
    ("application/json", b"{"),
    ("application/json", b"null"),
    ("application/json", b"[1.5]"),
    ("application/json", b"{\"a\":1,\"a\":2}"),
    ("application/json", b"\"\\ud800\""),
    ("application/json", b"\xff\xfe"),
    ("application/x-www-form-urlencoded", b"_csrf=%00&_nonce=%E2%80%AE&x=%GG"),
    ("application/x-www-form-urlencoded", b"outcome=grant&item=a&item=a&words-a=\xc3\x28"),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\nMZ",
    ),
    ("multipart/form-data", b"no boundary"),
    ("text/plain", b"x"),
    ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"),
];

/// Parts of an address that are nobody's id.
const BAD_PARTS: [&str; 8] = [
    "-1",
    "%00",
    "..%2f..%2fetc",
    "00000000-0000-0000-0000-000000000000",
    "18446744073709551616",
    "'%20or%201=1--",
    "%F0%9F%98%80",
    "%E2%80%AEcba",
];

/// Forms whose sending alone is what is asked for.
const HAPPENS: [&str; 2] = ["/logout", "/drafts/{id}/remove"];

/// Fields of all forms, each with a value that one of the two databases does not know.
const BAD_FIELDS: &str = "whom=%00&page=%00&name=%00&area_m2=%00&applicant_name=%00&reason=%00&opinion=%00&article=%00&item=%00&words-%00=%00\
    &outcome=%00&login=%00&password=%00&to=%00&post=%00&code=%00&current=%00&new=%00&again=%00&title=%00&%00=%00";

async fn ask_everything(options: Options) {
    let office = Office::open(options).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let before = office.case(case.parse().unwrap()).await;
    let begin = json!({ "matter": "completion-filing", "applicant": office.example().form["applicant_code"] });
    let draft = owner.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    let mut clients = [Client::anonymous(&router), owner, Client::signed_in(&router, CLERK).await];
    let mut asked = 0;
    for route in service::routes().list() {
        let ends_session = route.path.ends_with("/session") && route.method == Method::DELETE;
        if ends_session {
            continue;
        }
        for client in &mut clients {
            let mut requests: Vec<(String, Option<&str>, Vec<u8>)> = Vec::new();
            for part in BAD_PARTS {
                let path: Vec<&str> =
                    route.path.split('/').map(|at| if at.starts_with('{') { part } else { at }).collect();
                requests.push((
                    format!("{}?q={part}&after={part}&code={part}&number={part}&light={part}", path.join("/")),
                    None,
                    Vec::new(),
                ));
            }
            if route.method != Method::GET {
                let id = if route.path.contains("/drafts/") { &draft } else { &case };
                let path = route.path.replace("{id}", id).replace("{case}", &case).replace("{list}", "units");
                let path = path.replace("{page}", "applicant").replace("{index}", "0").replace("{task}", "1");
                let path = path.replace("{code}", "construction-permit").replace("{material}", "award_notice");
                requests.extend(BAD_BODIES.iter().map(|(kind, body)| (path.clone(), Some(*kind), body.to_vec())));
                if !path.starts_with("/api/") && !HAPPENS.contains(&route.path) {
                    let [csrf, nonce] = guard(client).await.map(|(name, value)| format!("{name}={value}"));
                    let form = format!("{csrf}&{nonce}&{BAD_FIELDS}").into_bytes();
                    requests.push((path, Some("application/x-www-form-urlencoded"), form));
                }
            }
            for (path, kind, body) in requests {
                let answer = client.request(route.method.clone(), &path, kind, body).await;
                asked += 1;
                let status = answer.status.as_u16();
                let named = status < 500 || [503, 507].contains(&status);
                assert!(named, "{} {path} {kind:?} {}", route.method, answer.status);
                if path.starts_with("/api/") && status >= 400 {
                    assert!(answer.json()["code"].is_string(), "{} {path}: {}", route.method, answer.text());
                }
            }
        }
    }
    assert!(asked > 2_000, "{asked} requests");
    assert_eq!(office.case(case.parse().unwrap()).await, before, "and nothing happened to the case");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_comes_in_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    ask_everything(options(folder.path())).await;
}

/// The other store has a mind of its own about what a text is: it knows no NUL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_comes_in_is_a_fault_of_the_other_store() {
    let folder = tempfile::tempdir().unwrap();
    let database = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database()).await.unwrap();
    let url = Some(database.url().to_owned());
    let options = Options { database: url, accept_data_loss: true, ..options(folder.path()) };
    let asked = tokio::spawn(ask_everything(options)).await;
    // Its drop talks to the server, which must not block a thread that drives tasks.
    tokio::task::spawn_blocking(move || drop(database)).await.unwrap();
    asked.unwrap();
}

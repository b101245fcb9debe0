//! Who gets what from every route: a table that people read. A route that is mounted and not asked here fails the test.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::http::Method;
use kernel::directory::AccountKind;
use serde_json::json;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, LEADER, OWNER, Office, REVIEWER};
use crate::options;
use crate::story::apply;

const OTHER_OWNER: u8 = 2;
const OTHER_COUNTY: u8 = 20;
const SYSTEM: u8 = 21;
const SECURITY: u8 = 22;
const AUDIT: u8 = 23;

/// What each parameter of an address stands for: something that is really there.
fn filled(path: &str, case: &str, draft: &str, number: &str, sequence: &str) -> String {
    let mut out = path.to_owned();
    for (name, value) in [
        ("{case}", case),
        ("{number}", number),
        ("{task}", "1"),
        ("{act}", "pause"),
        ("{outcome}", "supplement"),
        ("{sequence}", sequence),
        ("{material}", "award_notice"),
        ("{page}", "applicant"),
        ("{list}", "none"),
        ("{index}", "0"),
    ] {
        out = out.replace(name, value);
    }
    let code = if path.contains("/materials/{code}") { "award_notice" } else { "construction-permit" };
    out = out.replace("{code}", code);
    out.replace("{id}", if path.contains("/drafts/") { draft } else { case })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_each_role_as_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    office.account(OTHER_OWNER, AccountKind::Applicant, vec!["91130100MA0002010E".to_owned()]).await;
    for (n, kind, region) in [
        (OTHER_COUNTY, "case-officer", "130102"),
        (SYSTEM, "system-admin", "130123"),
        (SECURITY, "security-admin", "130123"),
        (AUDIT, "audit-admin", "130123"),
    ] {
        office.employ(n, kind, region).await;
    }
    let all = [OWNER, OTHER_OWNER, CLERK, REVIEWER, LEADER, OTHER_COUNTY, SYSTEM, SECURITY, AUDIT];
    let_in(&office.app, &all).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let begin = json!({ "matter": "construction-permit", "applicant": office.example().form["applicant_code"] });
    let draft = owner.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    let number = owner.get(&format!("/api/v1/my/cases/{case}")).await.json()["notices"][0]["number"].clone();
    let number = web::page::percent_encode(number.as_str().unwrap());

    let sequence = office.entries(case.parse().unwrap()).await[0].to_string();

    let mut roles: Vec<(&str, Client)> = vec![("nobody", Client::anonymous(&router))];
    for (name, n) in [
        ("owner", OWNER),
        ("other-owner", OTHER_OWNER),
        ("clerk", CLERK),
        ("officer", REVIEWER),
        ("leader", LEADER),
        ("elsewhere", OTHER_COUNTY),
        ("system", SYSTEM),
        ("security", SECURITY),
        ("audit", AUDIT),
    ] {
        roles.push((name, Client::signed_in(&router, n).await));
    }

    let mut table = format!("{:<72}", "");
    for (name, _) in &roles {
        write!(table, " {name:>11}").unwrap();
    }
    let mut asked = BTreeSet::new();
    for route in service::routes().list() {
        assert!(
            asked.insert((route.method.to_string(), route.path)),
            "{} {} is mounted twice",
            route.method,
            route.path
        );
        // Acts are asked for without what they need: rights come first, so nothing happens to the case.
        write!(table, "\n{:<7}{:<65}", route.method.as_str(), route.path).unwrap();
        let ends_session = route.path == "/api/v1/session" && route.method == Method::DELETE;
        for (_, client) in &roles {
            let path = filled(route.path, &case, &draft, &number, &sequence);
            let answer = match route.method {
                Method::GET => client.get(&path).await,
                _ if ends_session || path.starts_with("/api/") && route.method == Method::DELETE => {
                    // Throwing away and signing out would take the ground from under the next question.
                    write!(table, " {:>11}", "-").unwrap();
                    continue;
                }
                _ if path.starts_with("/api/") => client.send(route.method.clone(), &path, &json!({ "?": "?" })).await,
                _ => {
                    client
                        .request(route.method.clone(), &path, Some("application/x-www-form-urlencoded"), Vec::new())
                        .await
                }
            };
            assert!(answer.status != 500, "{} {path}: {}", route.method, answer.text());
            write!(table, " {:>11}", answer.status.as_u16()).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_comes_in_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let before = office.case(case.parse().unwrap()).await;
    let clients = [Client::anonymous(&router), owner, Client::signed_in(&router, CLERK).await];
    let mut asked = 0;
    for route in service::routes().list() {
        let ends_session = route.path.ends_with("/session") && route.method == Method::DELETE;
        if ends_session {
            continue;
        }
        for client in &clients {
            let mut requests: Vec<(String, Option<&str>, &[u8])> = Vec::new();
            for part in BAD_PARTS {
                let path: Vec<&str> =
                    route.path.split('/').map(|at| if at.starts_with('{') { part } else { at }).collect();
                requests.push((
                    format!("{}?q={part}&after={part}&code={part}&number={part}&light={part}", path.join("/")),
                    None,
                    b"",
                ));
            }
            if route.method != Method::GET {
                let path = filled(route.path, &case, &case, "x", "1");
                requests.extend(BAD_BODIES.iter().map(|(kind, body)| (path.clone(), Some(*kind), *body)));
            }
            for (path, kind, body) in requests {
                let answer = client.request(route.method.clone(), &path, kind, body.to_vec()).await;
                asked += 1;
                let status = answer.status.as_u16();
                let named = status < 500 || [503, 507].contains(&status);
                assert!(named, "{} {path} {kind:?}: {}", route.method, answer.text());
                if path.starts_with("/api/") && status >= 400 {
                    assert!(answer.json()["code"].is_string(), "{} {path}: {}", route.method, answer.text());
                }
            }
        }
    }
    assert!(asked > 2_000, "{asked} requests");
    assert_eq!(office.case(case.parse().unwrap()).await, before, "and nothing happened to the case");
}

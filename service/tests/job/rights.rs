//! Who gets what from every route: a table that people read. Each route is asked with what it needs, on a draft or case made for it, so that
//! a cell tells the right and nothing else. A route that is mounted and not asked here fails the test.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use axum::http::Method;
use kernel::directory::AccountKind;

use crate::asks::{ASKS, Ask, Ground, LICENCE, On, Scene, TOO_EARLY, With};
use crate::client::{Answer, Client, let_in};
use crate::office::{CLERK, HEAD, LEADER, OWNER, Office, REVIEWER};
use crate::options;

const OTHER_OWNER: u8 = 2;
const CITY: u8 = 20;
const AWAY: u8 = 21;
const SYSTEM: u8 = 22;
const SECURITY: u8 = 23;
const AUDIT: u8 = 24;
const PROVINCE: u8 = 25;

/// Who asks, in the order of the columns.
const ROLES: [(&str, u8); 13] = [
    ("nobody", 0),
    ("owner", OWNER),
    ("other", OTHER_OWNER),
    ("clerk", CLERK),
    ("review", REVIEWER),
    ("head", HEAD),
    ("leader", LEADER),
    ("city", CITY),
    ("away", AWAY),
    ("sysadm", SYSTEM),
    ("secadm", SECURITY),
    ("audit", AUDIT),
    ("prov", PROVINCE),
];

/// What a table without words would not say.
const LEGEND: &str = "\
owner: whose draft or case it is; other: another applicant. clerk, review, head, leader: posts of the organisation that handles the case;
city: the leader of the city above, who may read; away: a reviewer of another county. sysadm, secadm, audit: administrators of the county; prov: the
system administrator of the province.
422: may, on the day of the hearing. 200, 201, 204: done; 303: done, and on to the next page; login: sent to sign in; 503: may, but no fonts are here to print with.
Behind the address: what the case or draft is like, where it matters.
";

/// Answers that tell a right. Anything else, and the question was wrong.
const RIGHTS: [&str; 9] = ["200", "201", "204", "303", "login", "401", "403", "404", "503"];

struct Role {
    n: u8,
    client: Client,
}

/// A county bureau, its people, and those of elsewhere.
async fn scene(folder: &Path) -> Scene {
    let office = Office::open(options(folder)).await;
    office.account(OTHER_OWNER, AccountKind::Applicant, vec!["91130100MA0002010E".to_owned()]).await;
    for (n, kind, region) in [
        (CITY, "deputy-director", "130100"),
        (AWAY, "case-officer", "130102"),
        (SYSTEM, "system-admin", "130123"),
        (SECURITY, "security-admin", "130123"),
        (AUDIT, "audit-admin", "130123"),
        (PROVINCE, "system-admin", "130000"),
    ] {
        office.employ(n, kind, region).await;
    }
    office.write_licence(LICENCE).await;
    let_in(&office.app, &ROLES.map(|(_, n)| n)[1..]).await;
    Scene::of(office)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_each_role_as_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path()).await;
    let mut roles = Vec::new();
    for (_, n) in ROLES {
        let client = if n == 0 { Client::anonymous(&scene.served) } else { Client::signed_in(&scene.served, n).await };
        roles.push(Role { n, client });
    }

    let mut table = format!("{LEGEND}\n{:<80}", "");
    ROLES.iter().for_each(|(name, _)| write!(table, "{name:>7}").unwrap());
    let mut wrong = Vec::new();
    for ask in questions() {
        let mut ground = scene.ground(ask.on).await;
        let (method, path) = ask.route.split_once(' ').unwrap();
        write!(table, "\n{method:<7}{:<73}", format!("{path} {}", ask.what)).unwrap();
        for role in &mut roles {
            let cell = cell(&scene, &ask, &ground, role).await;
            // What was done is not there to be done again by the next one.
            if ["200", "201", "204", "303"].contains(&&*cell) && method != "GET" {
                ground = scene.ground(ask.on).await;
            }
            let too_early = ask.what == TOO_EARLY && cell == "422";
            if !RIGHTS.contains(&&*cell) && !too_early {
                wrong.push(format!("{} {} by {}: {cell}", ask.route, ask.what, role.n));
            }
            write!(table, "{cell:>7}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(table);
}

/// The question of each route: those of the list, and for what is only read the one that needs no more than its address.
fn questions() -> Vec<Ask> {
    let mut mounted = BTreeSet::new();
    let mut questions = Vec::new();
    for route in service::routes().list() {
        let name = format!("{} {}", route.method, route.path);
        let asks: Vec<Ask> = ASKS.iter().filter(|ask| ask.route == name).copied().collect();
        assert!(!asks.is_empty() || route.method == Method::GET, "nobody asks {name}");
        if asks.is_empty() {
            questions.push(Ask { route: name.clone().leak(), what: "", on: On::Read, with: With::Nothing });
        }
        questions.extend(asks);
        assert!(mounted.insert(name.clone()), "{name} is mounted twice");
    }
    for ask in ASKS {
        assert!(mounted.contains(ask.route), "{} is not mounted", ask.route);
    }
    questions
}

/// What the role gets, as the table says it.
async fn cell(scene: &Scene, ask: &Ask, ground: &Ground, role: &mut Role) -> String {
    let answer = answer(scene, ask, ground, role).await;
    match answer.status.as_u16() {
        303 if answer.location.starts_with("/sign-in?to=") => "login".to_owned(),
        status => status.to_string(),
    }
}

/// Asks, and leaves the role as it was.
async fn answer(scene: &Scene, ask: &Ask, ground: &Ground, role: &mut Role) -> Answer {
    let (method, path) = ask.route.split_once(' ').unwrap();
    let (method, path): (Method, String) = (method.parse().unwrap(), ground.address(path));
    if role.n != 0 {
        match ask.with {
            With::JsonUnelevated(_) => role.client = Client::signed_in(&scene.served, role.n).await,
            With::JsonElevated(_) => role.client.elevate().await,
            _ => {}
        }
    }
    let client = &mut role.client;
    let answer = match ask.with {
        With::Nothing => client.request(method, &path, None, Vec::new()).await,
        With::Json(body) | With::JsonElevated(body) | With::JsonUnelevated(body) => {
            client.send(method, &path, &body(scene, role.n)).await
        }
        With::Form(fields) => {
            let form = form(client, fields(scene, role.n)).await;
            client.request(method, &path, Some("application/x-www-form-urlencoded"), form.into_bytes()).await
        }
        With::File => client.upload(&path, "a.pdf", crate::story::PDF).await,
        With::FormFields(fields) => {
            let mut all = guard(client).await.to_vec();
            all.extend(fields(scene, role.n));
            client.upload_with(&path, &all, "a.csv", b"").await
        }
        With::FormFile => {
            let guard = guard(client).await;
            client.upload_with(&path, &guard, "a.pdf", crate::story::PDF).await
        }
    };
    client.follow(&answer);
    if role.n != 0 && !client.is_signed_in() {
        *client = Client::signed_in(&scene.served, role.n).await;
    }
    if role.n == 0 && client.is_signed_in() {
        *client = Client::anonymous(&scene.served);
    }
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_out_of_scope_is_answered_like_one_that_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path()).await;
    let questions = questions();
    let about_cases = questions.iter().filter(|ask| ask.route.contains("/cases/{case}"));
    let mut asked = 0;
    for ask in about_cases {
        let ground = scene.ground(ask.on).await;
        let before = scene.office.case(ground.case.parse().unwrap()).await;
        for n in [AWAY, SYSTEM, SECURITY, AUDIT] {
            let mut role = Role { n, client: Client::signed_in(&scene.served, n).await };
            let theirs = answer(&scene, ask, &ground, &mut role).await;
            let mut nowhere = ground.clone();
            nowhere.case = scene.office.app.new_case().to_string();
            let nobodys = answer(&scene, ask, &nowhere, &mut role).await;
            assert_eq!(theirs.status, 404, "{} {} by {n}", ask.route, ask.what);
            let (theirs, nobodys) = (nameless(&theirs, &ground.case), nameless(&nobodys, &nowhere.case));
            assert_eq!(theirs, nobodys, "{} {} by {n}", ask.route, ask.what);
            asked += 1;
        }
        assert_eq!(scene.office.case(ground.case.parse().unwrap()).await, before);
    }
    assert!(asked >= 80, "{asked}");

    // Nor do lists, searches and the journal know of it.
    let ground = scene.ground(On::Read).await;
    for n in [AWAY, SYSTEM, SECURITY] {
        let client = Client::signed_in(&scene.served, n).await;
        let listed = client.get(&format!("/api/v1/cases?q={}", ground.case_number)).await.json();
        assert!(listed["rows"].as_array().is_none_or(Vec::is_empty), "{n}: nothing, or not the page at all");
        assert!(!client.get(&format!("/office/cases?q={}", ground.case_number)).await.text().contains(&ground.case));
        assert_eq!(client.get(&format!("/api/v1/journal/entries/{}", ground.sequence)).await.status, 404);
    }
    let clerk = Client::signed_in(&scene.served, CLERK).await;
    let listed = clerk.get(&format!("/api/v1/cases?q={}", ground.case_number)).await.json();
    assert_eq!(listed["rows"][0]["case"], serde_json::json!(ground.case), "who may see it finds it");
}

/// What was answered, without the number that each request gets, the case that was asked for, and what belongs to the moment of a session.
fn nameless(answer: &Answer, case: &str) -> String {
    let text = answer.text();
    match serde_json::from_slice::<serde_json::Value>(&answer.bytes) {
        Ok(mut problem) => {
            problem["request_id"].take();
            problem.to_string()
        }
        Err(_) => {
            let passing = ["class=\"gap-4 muted small\"", "name=\"_csrf\"", "data-seconds="];
            let lasting = text.lines().filter(|line| !passing.iter().any(|part| line.contains(part)));
            lasting.collect::<String>().replace(case, "CASE")
        }
    }
}

/// The two hidden fields of a form that this client was shown.
pub(crate) async fn guard(client: &mut Client) -> [(&'static str, String); 2] {
    let page = client.get(if client.is_signed_in() { "/account/password" } else { "/sign-in" }).await;
    client.visit(&page);
    let html = page.text();
    ["_csrf", "_nonce"].map(|name| (name, crate::client::hidden(&html, name).to_owned()))
}

async fn form(client: &mut Client, fields: Vec<(String, String)>) -> String {
    let guard = guard(client).await.map(|(name, value)| (name.to_owned(), value));
    let all = guard.into_iter().chain(fields);
    let encoded = |(name, value): (String, String)| format!("{name}={}", web::page::percent_encode(&value));
    all.map(encoded).collect::<Vec<_>>().join("&")
}

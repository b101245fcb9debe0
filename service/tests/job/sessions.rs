//! Signing in, staying, giving the password again, and what becomes of a form whose session ended.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::client::{Answer, Client, PASSWORD, hidden, let_in, served};
use crate::office::{CLERK, LEADER, OWNER, Office, REVIEWER};
use crate::options;
use crate::story::{apply, finish};

const AUDIT: u8 = 23;
const ARCHIVIST: u8 = 24;
const NO_POST: u8 = 25;

async fn office(folder: &tempfile::TempDir, people: &[u8]) -> (Office, crate::client::Served) {
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, people).await;
    let router = served(&office.app);
    (office, router)
}

/// Token and key of a form on a page.
fn guard(page: &Answer) -> [(String, String); 2] {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    ["_csrf", "_nonce"].map(|name| (name.to_owned(), hidden(&page.text(), name).to_owned()))
}

async fn send(client: &Client, path: &str, guard: &[(String, String)], more: &[(&str, &str)]) -> Answer {
    let fields: Vec<(&str, &str)> = guard.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.form(path, &[fields.as_slice(), more].concat()).await
}

async fn first_task(officer: &Client, case: &str) -> Value {
    officer.get(&format!("/api/v1/cases/{case}")).await.json()["tasks"][0]["task"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_keeps_nobody_from_signing_in_or_deciding() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[CLERK]).await;
    let mut at_home = Client::at(&router, 1);
    at_home.keep(&at_home.sign_in(CLERK, PASSWORD).await);
    let stranger = Client::at(&router, 2);
    for (n, status) in (1..=7).map(|n| (n, if n <= 5 { 401 } else { 429 })) {
        assert_eq!(stranger.sign_in(CLERK, "something else").await.status, status, "try {n}");
    }
    at_home.elevate().await;
    assert_eq!(Client::at(&router, 3).sign_in(CLERK, PASSWORD).await.status, 204, "another network is another guesser");

    // A hundred networks at one name: whoever is new waits, the known device does not.
    let name = office.app.store().lookup_hash("sign-in", &format!("u{CLERK}/"));
    let now = office.now();
    let written = office.app.store().write(move |writes| {
        for _ in 0..100 {
            writes.use_budget(&format!("tries/{name}"), now, 1_000_000_000)?;
        }
        writes.use_budget(&format!("tries-last/{name}"), now, 0)
    });
    written.await.unwrap();
    let refused = Client::at(&router, 4).sign_in(CLERK, PASSWORD).await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    at_home.keep(&at_home.sign_in(CLERK, PASSWORD).await);

    // Whoever found an open session has the same few tries at its password.
    let tries = |password: &str| json!({ "password": password });
    for status in [403; 6] {
        assert_eq!(at_home.post("/api/v1/session/elevation", &tries("x")).await.status, status);
    }
    assert_eq!(at_home.post("/api/v1/session/elevation", &tries(PASSWORD)).await.status, 403, "it waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_side_by_side_are_as_many_as_one_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[CLERK]).await;
    office.clock.hold();
    let guesses = (0..12).map(|_| {
        let stranger = Client::at(&router, 2);
        tokio::spawn(async move { stranger.sign_in(CLERK, "something else").await.status.as_u16() })
    });
    let mut answers = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        answers.push(guess.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    // A network that tries many names is held back too: thirty failures a minute.
    let mut refused = 0;
    for n in 100..130 {
        refused += usize::from(Client::at(&router, 2).sign_in(n, "x").await.status == 429);
    }
    assert!(refused > 8, "{refused} refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_password_is_changed_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[CLERK]).await;
    let kept = office.app.store().read(|reader| reader.credential(&format!("u{CLERK}"))).await.unwrap().unwrap();
    let again = store::Credential { must_change: true, ..kept };
    office.app.store().write(move |writes| writes.set_credential(&again)).await.unwrap();

    let mut clerk = Client::signed_in(&router, CLERK).await;
    for path in ["/office/inbox", "/office", "/office/reminders"] {
        assert_eq!(clerk.get(path).await.location(), "/account/password?done=must-change", "{path}");
    }
    let refused = clerk.get("/api/v1/inbox").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].clone()), (403, json!("password-change")));
    let new = "another horse entirely";
    let page = clerk.get("/account/password").await;
    let fields = [("current", PASSWORD), ("new", new), ("again", new)];
    let changed = send(&clerk, "/account/password", &guard(&page), &fields).await;
    assert_eq!(changed.status, 303, "{}", changed.text());
    clerk.keep(&changed);
    assert_eq!(clerk.get("/office/inbox").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_the_password_again_spoils_no_form() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[OWNER, CLERK, LEADER]).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let clerk = Client::signed_in(&router, CLERK).await;
    finish(&clerk, &case, "accept", &json!({ "outcome": "accepted", "opinion": "材料齐全" })).await;
    let mut leader = Client::signed_in(&router, LEADER).await;
    let path = format!("/office/cases/{case}/acts/extend");
    let first = guard(&leader.get(&path).await);
    let fields = [("reason", "需要延长"), ("password", PASSWORD)];
    office.clock.hold();
    // A double click: the same form twice, with the token that the first of the two replaced.
    let done = send(&leader, &path, &first, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let again = send(&leader, &path, &first, &fields).await;
    assert_eq!((again.status, again.location()), (done.status, done.location()), "{}", again.text());
    let other_tab = guard(&leader.get("/account").await);
    leader.keep(&done);
    let kept = send(&leader, "/session/keep", &other_tab, &[("to", "/account")]).await;
    assert_eq!(kept.status, 303, "a form of the token before is still this session's: {}", kept.text());
    leader.elevate().await;
    let post = uuid::Uuid::from_bytes([LEADER; 16]).to_string();
    let chosen = send(&leader, "/account/post", &other_tab, &[("post", &post)]).await;
    assert_eq!(chosen.location(), "/office/inbox", "{}", chosen.text());

    // The replaced token counts for seconds, and ends with the session itself.
    let mut before = Client::anonymous(&router);
    before.cookies.clone_from(&leader.cookies);
    leader.keep(&chosen);
    assert_eq!(before.get("/office/inbox").await.status, 200);
    assert_eq!(leader.form("/logout", &[("_csrf", &other_tab[0].1)]).await.status, 303);
    assert_eq!(before.get("/office/inbox").await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_outlives_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[OWNER, CLERK]).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let mut clerk = Client::signed_in(&router, CLERK).await;
    let task = first_task(&clerk, &case).await;
    let typed = guard(&clerk.get(&format!("/office/cases/{case}")).await);
    office.clock.skip(16);
    let path = format!("/office/cases/{case}/tasks/{task}");
    let asked = send(&clerk, &path, &typed, &[("outcome", "accepted"), ("opinion", "材料齐全，\n予以受理")]).await;
    assert_eq!(asked.status, 401, "{}", asked.text());
    assert_eq!(hidden(&asked.text(), "kept.opinion"), "材料齐全，\n予以受理");
    clerk.visit(&asked);
    let html = asked.text();
    let names = ["_csrf", "_nonce", "to", "kept._nonce", "kept.outcome", "kept.opinion"];
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, hidden(&html, name))).collect();
    fields.push(("login", "u10"));
    fields.push(("password", "wrong"));
    let wrong = clerk.form("/sign-in", &fields).await;
    assert_eq!(hidden(&wrong.text(), "kept.opinion"), "材料齐全，\n予以受理", "also after a wrong password");
    fields.pop();
    fields.push(("password", PASSWORD));
    let again = clerk.form("/sign-in", &fields).await;
    assert_eq!(again.status, 200, "{}", again.text());
    clerk.keep(&again);
    let html = again.text();
    let fields = ["_csrf", "_nonce", "outcome", "opinion"].map(|name| (name, hidden(&html, name)));
    let done = clerk.form(&path, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(office.case(case.parse().unwrap()).await.stage, kernel::case::Stage::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_after_a_pause_has_the_whole_time_again() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[OWNER, CLERK]).await;
    let (owner, clerk) = (Client::signed_in(&router, OWNER).await, Client::signed_in(&router, CLERK).await);
    office.clock.skip(12);
    let page = clerk.get("/office/inbox").await.text();
    assert!(page.contains("data-seconds=\"900\" data-warn=\"300\" data-idle=\"900\""), "counted from now");
    office.clock.skip(45);
    assert_eq!(clerk.get("/office/inbox").await.status, 303, "an officer's session is over");
    assert_eq!(owner.get("/my").await.status, 200, "an applicant may think about a form for an hour");
    office.clock.skip(61);
    assert_eq!(owner.get("/my").await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_starts_at_a_page_that_they_may_open() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[OWNER, CLERK, REVIEWER, AUDIT, ARCHIVIST, NO_POST]).await;
    office.employ(AUDIT, "audit-admin", "130123").await;
    office.employ(ARCHIVIST, "archivist", "130123").await;
    office.account(NO_POST, kernel::directory::AccountKind::Officer, Vec::new()).await;
    for (n, home) in [
        (OWNER, "/my"),
        (CLERK, "/office/inbox"),
        (REVIEWER, "/office/inbox"),
        (AUDIT, "/account"),
        (ARCHIVIST, "/office/cases"),
    ] {
        let person = Client::signed_in(&router, n).await;
        assert_eq!(person.get("/sign-in").await.location(), home, "{n}");
        assert_eq!(person.get("/office").await.location(), home, "{n}");
        assert_eq!(person.get(home).await.status, 200, "{n} {home}");
    }
    let nobody_yet = Client::signed_in(&router, NO_POST).await;
    let refused = nobody_yet.get("/api/v1/inbox").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].clone()), (403, json!("no-post")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_up_cannot_be_blocked_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let (office, router) = office(&folder, &[OWNER]).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let view = owner.get(&format!("/api/v1/my/cases/{case}")).await.json();
    let number = web::page::percent_encode(view["number"].as_str().unwrap());
    let code = office.example().form["applicant_code"].as_str().unwrap().to_owned();
    let right = format!("/progress?number={number}&fact={code}");
    let (reader, stranger) = (Client::at(&router, 1), Client::at(&router, 2));
    for _ in 0..40 {
        assert_eq!(reader.get(&right).await.status, 200, "who knows both facts may look as often as they like");
    }
    office.clock.hold();
    let commits = office.app.store().stats().commits;
    let guess = format!("/progress?number={number}&fact=x");
    for _ in 0..30 {
        assert_eq!(stranger.get(&guess).await.status, 404);
    }
    let refused = stranger.get(&guess).await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(office.app.store().stats().commits, commits, "and wrote nothing");
    assert_eq!(reader.get(&right).await.status, 200);
}

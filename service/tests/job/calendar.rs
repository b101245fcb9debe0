//! Next year's notice is loaded at the turn of the year: open deadlines are counted again, also when the node dies in the middle; people are
//! told; what is provisional says so until then. The same on both stores, to the last byte of state.

use std::path::Path;
use std::sync::Arc;

use base::id::CaseId;
use jiff::civil::{Date, date};
use kernel::case::{Case, CaseCommand};
use kernel::{Command, Event, StreamId};
use serde_json::{Value, json};
use service::{App, Clock as _};
use store::{Options, Store, Submission, SubmitError};
use testkit::postgres::Cluster;

use crate::client::{Client, PASSWORD, let_in, served};
use crate::office::{CLERK, HEAD, LEADER, OWNER, Office, REVIEWER, SeededEntropy, SteppingClock};
use crate::options;
use crate::rights::guard;
use crate::story::{apply, finish};

const PROVINCE: u8 = 25;
const COUNTY: u8 = 22;
/// From the office's first day to Tuesday 2026-12-29.
const UNTIL_THEN_MINUTES: u64 = 407 * 24 * 60;

/// Invented: no notice for 2027 was known when this was written.
const THREE_DAYS: &str = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n";
const SATURDAY_WORKED: &str = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,workday,元旦\n";

fn notice(text: &str, reason: Option<&str>) -> Value {
    json!({
        "year": 2027, "text": text, "title": "关于2027年部分节假日安排的通知", "number": "国办发明电〔2026〕7号",
        "issued_on": "2026-11-04", "source": "www.gov.cn", "reason": reason,
    })
}

/// The same as the fields of the page's form.
fn fields(notice: &Value) -> Vec<(&'static str, String)> {
    ["year", "text", "title", "number", "issued_on", "source", "reason"]
        .map(|name| (name, notice[name].as_str().map_or_else(|| notice[name].to_string(), str::to_owned)))
        .into_iter()
        .filter(|(_, value)| value != "null")
        .collect()
}

/// A county bureau at the end of December 2026, and the administrators.
async fn december(options: Options) -> Office {
    let office = Office::open(options).await;
    office.clock.skip(UNTIL_THEN_MINUTES);
    assert_eq!(office.app.today(), date(2026, 12, 29));
    office.employ(PROVINCE, "system-admin", "130000").await;
    office.employ(COUNTY, "system-admin", "130123").await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER, HEAD, LEADER, PROVINCE, COUNTY]).await;
    office
}

/// Three cases of that day: accepted, received, decided.
struct Cases {
    accepted: CaseId,
    received: CaseId,
    decided: CaseId,
}

async fn cases(office: &Office, owner: &Client, clerk: &Client) -> Cases {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(apply(owner, office, &[]).await.parse::<CaseId>().unwrap());
    }
    let [accepted, received, decided] = ids[..] else { panic!("three") };
    for case in [accepted, decided] {
        finish(clerk, &case.to_string(), "accept", &json!({ "outcome": "accepted", "opinion": "材料齐全" })).await;
    }
    for (by, element, outcome) in [(REVIEWER, "review", "agree"), (HEAD, "head", "agree"), (LEADER, "decide", "grant")]
    {
        office.finish(by, decided, element, outcome).await;
    }
    Cases { accepted, received, decided }
}

fn dues(case: &Case) -> [Option<Date>; 3] {
    [case.clocks.accept_by, case.clocks.statutory, case.clocks.promised].map(|due| due.map(|due| due.on))
}

async fn case(app: &App, id: CaseId) -> Case {
    let state = app.store().read(move |reader| reader.state(&StreamId::case(id))).await.unwrap();
    state.unwrap().1.as_case().unwrap().clone()
}

/// How often a case was counted again with a move.
async fn moves(app: &App, id: CaseId) -> usize {
    let rows = app.store().read(move |reader| reader.entries_of(&StreamId::case(id), 0, 500)).await.unwrap();
    let rederived = |row: &&store::EntryRow| row.entry.kind.as_str() == "due-rederived@1";
    rows.iter().filter(rederived).count()
}

/// Everywhere that a date of next year is shown it says that it may move, or that it does no more.
async fn assert_marked(office_of: &App, cases: &Cases, provisional: bool) {
    let router = served(office_of);
    let owner = Client::signed_in(&router, OWNER).await;
    let reviewer = Client::signed_in(&router, REVIEWER).await;
    let anybody = Client::anonymous(&router);
    let (accepted, received) = (cases.accepted.to_string(), cases.received.to_string());
    let number = case(office_of, cases.received).await.number;
    let fact = case(office_of, cases.received).await.applicant.code;
    let clerk = Client::signed_in(&router, CLERK).await;
    for (who, page) in [
        (&reviewer, format!("/office/cases/{accepted}")),
        (&reviewer, format!("/office/cases/{accepted}/clock")),
        (&reviewer, "/office/inbox".to_owned()),
        (&reviewer, "/office/cases".to_owned()),
        (&clerk, "/office/desk".to_owned()),
        (&owner, format!("/my/cases/{accepted}")),
        (&owner, format!("/my/cases/{received}")),
        (&owner, format!("/my/cases/{received}/submitted")),
        (&anybody, format!("/progress?number={number}&fact={fact}")),
    ] {
        let html = who.get(&page).await.text();
        assert!(html.contains("2027") || html.contains("剩"), "{page} shows no date");
        assert_eq!(html.contains("（暂定）"), provisional, "{page}");
    }
    let inbox = reviewer.get("/api/v1/inbox").await.json();
    assert_eq!(inbox["rows"][0]["provisional"], json!(provisional), "{inbox}");
    let view = reviewer.get(&format!("/api/v1/cases/{accepted}")).await.json();
    assert_eq!(view["clock"]["provisional"], json!(provisional));
    let own = owner.get(&format!("/api/v1/my/cases/{received}")).await.json();
    let days = if provisional { json!(["2027-01-05"]) } else { json!([]) };
    assert_eq!((&own["provisional"], &own["clock"]["provisional"]), (&days, &json!(provisional)));
    let progress = anybody.get(&format!("/api/v1/progress?number={number}&fact={fact}")).await.json();
    assert_eq!(progress["provisional"], json!(provisional), "{progress}");
}

/// Before the notice, its preview, and loading it on the page.
async fn load_on_the_page(office: &Office, cases: &Cases) {
    let router = served(&office.app);
    let county = Client::signed_in(&router, COUNTY).await;
    assert_eq!(county.get("/api/v1/calendar").await.json()["may_load"], json!(false));
    assert_eq!(county.post("/api/v1/calendar/preview", &notice(THREE_DAYS, None)).await.status, 403);

    let mut province = Client::signed_in(&router, PROVINCE).await;
    let years = province.get("/api/v1/calendar").await.json();
    assert_eq!((&years["years"][2]["year"], &years["years"][2]["official"]), (&json!(2027), &json!(false)));
    assert_eq!((&years["recount"], &years["may_load"]), (&json!(null), &json!(true)));
    let preview = province.post("/api/v1/calendar/preview", &notice(THREE_DAYS, None)).await.json();
    assert_eq!((&preview["looked"], &preview["moving"], &preview["correction"]), (&json!(2), &json!(2), &json!(false)));
    assert_eq!(preview["changes"].as_array().unwrap().len(), 3, "{preview}");
    assert_eq!(preview["moves"].as_array().unwrap().len(), 3, "{preview}");

    // The page: a file that cannot be right, then one that can.
    let wrong = THREE_DAYS.replace("2027-01-03,holiday", "2027-01-04,workday");
    let mut form = guard(&mut province).await.to_vec();
    form.extend(fields(&notice("", None)).into_iter().filter(|(name, _)| *name != "text"));
    let refused = province.upload_with("/office/calendar/preview", &form, "2027.csv", wrong.as_bytes()).await;
    assert_eq!(refused.status, 422);
    let html = refused.text();
    assert!(html.contains("第 4 行") && html.contains("2027-01-04") && html.contains("国办发明电"), "{html}");
    let large = "x".repeat(5_000);
    assert_eq!(province.upload_with("/office/calendar/preview", &form, "a.csv", large.as_bytes()).await.status, 413);
    // As one operating system ends its lines.
    let typed = THREE_DAYS.replace('\n', "\r\n");
    let shown = province.upload_with("/office/calendar/preview", &form, "2027.csv", typed.as_bytes()).await;
    let number = case(&office.app, cases.accepted).await.number;
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains(&number) && shown.text().contains("2027-01-04"), "{}", shown.text());
    assert!(!shown.text().contains(&case(&office.app, cases.accepted).await.title), "what a case is about is not told");
    assert_eq!(moves(&office.app, cases.accepted).await, 0, "nothing is written yet");

    let mut form = guard(&mut province).await.map(|(name, value)| (name, value)).to_vec();
    form.extend(fields(&notice(THREE_DAYS, None)));
    let pairs = |form: &[(&'static str, String)]| {
        let encoded = form.iter().map(|(name, value)| format!("{name}={}", web::page::percent_encode(value)));
        encoded.collect::<Vec<_>>().join("&").into_bytes()
    };
    let post = async |form: &[(&'static str, String)]| {
        let kind = Some("application/x-www-form-urlencoded");
        province.request(axum::http::Method::POST, "/office/calendar", kind, pairs(form)).await
    };
    let asked = post(&form).await;
    assert_eq!(asked.status, 200, "the password first, and what was typed stays");
    assert!(asked.text().contains("type=\"password\"") && asked.text().contains("2027-01-03,holiday"));
    form.push(("password", PASSWORD.to_owned()));
    let loaded = post(&form).await;
    assert_eq!((loaded.status.as_u16(), loaded.location.as_str()), (303, "/office/calendar?done=calendar-loaded"));
}

/// The node after it was killed: everything in memory is gone.
async fn reopened(options: Options, clock: Arc<SteppingClock>) -> App {
    let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
    let settings = service::Settings {
        public_url: "http://127.0.0.1:8080".to_owned(),
        demo: false,
        setup_code: None,
        region: "130000".parse().unwrap(),
        pepper: [7; 32],
        media: kernel::message::Medium::ALL.into(),
    };
    let app = App::new(store, testkit::world::catalog(), clock, Box::new(SeededEntropy::default()), None, settings);
    let files = testkit::world::catalog_files();
    app.adopt_catalog(files.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()).await.unwrap();
    app
}

async fn set_progress(app: &App, to: Value) {
    let now = app.store().read(|reader| reader.progress("calendar")).await.unwrap();
    assert!(app.store().write(move |writes| writes.put_progress("calendar", now.as_ref(), &to)).await.unwrap());
}

async fn run(options: Options) -> journal::Hash {
    let office = december(options.clone()).await;
    let router = served(&office.app);
    let (owner, clerk) = (Client::signed_in(&router, OWNER).await, Client::signed_in(&router, CLERK).await);
    let cases = cases(&office, &owner, &clerk).await;
    drop((owner, clerk, router));
    assert_eq!(dues(&case(&office.app, cases.accepted).await)[1..], [Some(date(2027, 1, 7)), Some(date(2027, 1, 1))]);
    assert_eq!(dues(&case(&office.app, cases.received).await)[0], Some(date(2027, 1, 5)));
    let decided = case(&office.app, cases.decided).await;
    assert_marked(&office.app, &cases, true).await;
    assert_eq!(office.app.recount(9).await.unwrap(), None, "no notice was loaded");
    load_on_the_page(&office, &cases).await;

    // Killed after the first of two cases was counted and before it was ticked off.
    let first = office.app.recount_step(1).await.unwrap().unwrap();
    assert_eq!((first.looked, first.moved, first.done), (1, 1, false));
    set_progress(&office.app, json!({ "load": 1, "after": null, "looked": 0, "moved": 0, "failed": 0, "done": false }))
        .await;
    let clock = Arc::clone(&office.clock);
    office.app.store().stop();
    drop(office);
    let app = reopened(options, clock).await;
    let mut reached = app.recount_step(1).await.unwrap().unwrap();
    while !reached.done {
        reached = app.recount_step(1).await.unwrap().unwrap();
    }
    assert_eq!((reached.looked, reached.moved, reached.failed), (2, 1, 0), "the first had moved already");
    assert_eq!(dues(&case(&app, cases.accepted).await)[1..], [Some(date(2027, 1, 8)), Some(date(2027, 1, 4))]);
    assert_eq!(dues(&case(&app, cases.received).await)[0], Some(date(2027, 1, 6)));
    assert_eq!(case(&app, cases.decided).await, decided);
    // Counted from the beginning once more: nothing moves, nothing is written.
    set_progress(&app, json!({})).await;
    assert_eq!(app.recount(9).await.unwrap().map(|run| (run.looked, run.moved, run.done)), Some((2, 0, true)));
    assert_eq!((moves(&app, cases.accepted).await, moves(&app, cases.received).await), (1, 1));
    assert_marked(&app, &cases, false).await;
    told(&app, &cases).await;
    put_right(&app, &cases).await;

    let store = app.store().clone();
    let checked = tokio::task::spawn_blocking(move || (store.replay_check().unwrap(), store.state_hash().unwrap()));
    let (replay, hash) = checked.await.unwrap();
    assert_eq!(replay.mismatches, []);
    hash
}

/// Whoever handles the case and whoever applied for it read from when to when, and why.
async fn told(app: &App, cases: &Cases) {
    let router = served(app);
    let accepted = cases.accepted;
    let reviewer = Client::signed_in(&router, REVIEWER).await;
    let owner = Client::signed_in(&router, OWNER).await;
    let view = reviewer.get(&format!("/api/v1/cases/{accepted}?lang=en")).await.json();
    let told = view["timeline"].as_array().unwrap().iter().find(|act| act["kind"] == "due-rederived@1").unwrap();
    let details = told["details"].as_array().unwrap();
    assert_eq!(details.len(), 3, "two limits and why: {told}");
    assert!(details[1].as_str().unwrap().contains("2027-01-01 becomes 2027-01-04"), "{told}");
    assert!(details[2].as_str().unwrap().contains("国办发明电〔2026〕7号"), "{told}");
    for (who, page) in [(&reviewer, format!("/office/cases/{accepted}")), (&owner, format!("/my/cases/{accepted}"))] {
        let html = who.get(&page).await.text();
        assert!(html.contains("2027-01-01 改为 2027-01-04") && html.contains("国办发明电"), "{page}");
    }
    let own = owner.get(&format!("/api/v1/my/cases/{}", cases.received)).await.json();
    assert_eq!(own["moved"]["lines"].as_array().unwrap().len(), 1, "{own}");
}

/// The State Council corrected itself: the same way, with a reason.
async fn put_right(app: &App, cases: &Cases) {
    let router = served(app);
    let mut province = Client::signed_in(&router, PROVINCE).await;
    let same = province.post("/api/v1/calendar/preview", &notice(THREE_DAYS, None)).await;
    assert_eq!(same.status, 422, "the very same days: {}", same.text());
    let bare = province.post("/api/v1/calendar/preview", &notice(SATURDAY_WORKED, None)).await;
    assert_eq!(bare.status, 422, "without a reason: {}", bare.text());
    let correction = notice(SATURDAY_WORKED, Some("更正"));
    let hasty = province.post("/api/v1/calendar", &correction).await;
    assert_eq!(hasty.status, 403, "the password first: {}", hasty.text());
    province.elevate().await;
    assert_eq!(province.post("/api/v1/calendar", &correction).await.status, 204);
    let years = province.get("/api/v1/calendar").await.json();
    assert_eq!((&years["recount"]["looked"], &years["recount"]["done"]), (&json!(0), &json!(false)), "{years}");
    assert_eq!(app.recount(9).await.unwrap().map(|run| (run.load, run.looked, run.moved)), Some((2, 2, 2)));
    assert_eq!(dues(&case(app, cases.accepted).await)[1..], [Some(date(2027, 1, 7)), Some(date(2027, 1, 2))]);
    let years = province.get("/api/v1/calendar").await.json();
    assert_eq!(years["years"][2]["notice"]["reason"], json!("更正"));
    assert_eq!((&years["recount"]["moved"], &years["recount"]["done"]), (&json!(2), &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_years_notice_moves_open_deadlines_the_same_on_both_stores() {
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
async fn no_date_is_announced_from_a_calendar_that_was_just_replaced() {
    let folder: tempfile::TempDir = tempfile::tempdir().unwrap();
    let office = december(options(folder.path() as &Path)).await;
    let id = office.apply(&[]).await;
    // Another process over the same database, which does not hear of it.
    let beside = App::new(
        office.app.store().clone(),
        testkit::world::catalog(),
        Arc::clone(&office.clock) as Arc<dyn service::Clock>,
        Box::new(SeededEntropy::default()),
        None,
        office.app.settings().clone(),
    );
    let gathered = beside.facts_for_case(&case(&office.app, id).await).await.unwrap();
    let given: Value = notice(THREE_DAYS, None);
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    let given = service::calendar::GivenNotice {
        year: 2027,
        text: text("text"),
        title: text("title"),
        number: text("number"),
        issued_on: date(2026, 11, 4),
        source: text("source"),
        reason: None,
    };
    office.app.load_calendar(None, given.read().unwrap()).await.unwrap();
    let submit = async |facts| {
        let command = Command::Case { case: id, command: CaseCommand::Rederive };
        let actor = journal::Actor::System { job: "calendar".to_owned() };
        office.app.store().submit(Submission { command, actor, facts, key: None, entered_at: None }).await
    };
    assert!(matches!(submit(gathered).await, Err(SubmitError::Stale)), "counted with the calendar of before");
    let again = beside.facts_for_case(&case(&office.app, id).await).await.unwrap();
    assert!(again.calendar().is_official(2027) && beside.catalog().calendar.is_official(2027));
    assert_eq!(submit(again).await.unwrap().reply["moved"], json!(true));
    let rows = office.app.store().read(|reader| reader.entries_of(&StreamId::node(), 0, 10)).await.unwrap();
    let last = rows.last().map(|row| Event::decode(row.entry.kind.as_str(), &row.entry.body).unwrap());
    assert!(matches!(last, Some(Event::CalendarLoaded(load)) if load.year == 2027 && load.days.len() == 3));
    assert!(office.clock.now() > jiff::Timestamp::UNIX_EPOCH);
}

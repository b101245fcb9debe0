//! Messages of real cases, taken over by a real mail server and a real HTTP sink on this machine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base::id::{AccountId, CaseId};
use jiff::Timestamp;
use journal::Actor;
use kernel::case::{Case, CaseCommand};
use kernel::directory::DirectoryCommand;
use kernel::message::{Medium, Occasion};
use kernel::policy::Scope;
use kernel::sealed::Secret;
use kernel::{Command, Event, Facts, State, StreamId};
use serde_json::Value;
use service::messages::{Carrier as _, Courier, Letter, Undelivered};
use service::{App, Clock};
use store::{OutboxAge, Page, Store, Submission};
use testkit::bureau::{self, Bureau, Wish};
use testkit::smtp::MailServer;

use super::mail::Mail;
use super::sms::{Sms, sign};
use crate::clock::SystemEntropy;
use crate::config::{Config, ListenArgs, MailConfig, MessageConfig, NodeArgs, SmsConfig};
use crate::{carriers, start};

/// Monday, nine o'clock in Shanghai.
const BEGIN: &str = "2025-11-17T01:00:00Z";
const KEY: &str = "a key that only the gateway knows";

/// Moves a microsecond with each reading, and further when told.
struct SetClock(AtomicI64);

impl SetClock {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

/// What a gateway was posted: its headers and body.
type Posted = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A gateway that keeps what it is posted and answers as the number's last digits say: 422, 503, or 200 with something that is no answer.
async fn sink() -> (String, Posted) {
    let posted = Posted::default();
    async fn take(Shared(posted): Shared<Posted>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
        let to: Value = serde_json::from_slice(&body).unwrap();
        let to = to["to"].as_str().unwrap().to_owned();
        let number = posted.lock().unwrap().len();
        posted.lock().unwrap().push((headers, body));
        match &to[to.len() - 3..] {
            "422" => (StatusCode::UNPROCESSABLE_ENTITY, String::new()),
            "503" => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
            "200" => (StatusCode::OK, "<html>welcome</html>".to_owned()),
            _ => (StatusCode::OK, format!("{{\"id\":\"sms-{number}\"}}")),
        }
    }
    let router = Router::new().route("/send", post(take)).with_state(Arc::clone(&posted));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, posted)
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A county bureau on a node of its own.
struct Town {
    app: App,
    clock: Arc<SetClock>,
    county: Bureau,
    couriers: Vec<Courier>,
    folder: tempfile::TempDir,
}

fn wish(n: u8) -> Wish {
    Wish {
        applicant: n,
        project: format!("示例家园{n}号住宅楼"),
        manager: format!("1301021988{n:08}"),
        without: Vec::new(),
    }
}

impl Town {
    /// With a mail server and a gateway at these addresses; an empty one is not configured.
    async fn open(mail: &str, sms: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("sms-key");
        private(&key_file, &format!("{KEY}\n"));
        let node = NodeArgs { data: Some(folder.path().join("data")), ..NodeArgs::default() };
        let mut config = Config::settle(&node, &ListenArgs::default(), "unused").unwrap();
        config.node = Some(journal::Id([0x13; 16]));
        config.mail = (!mail.is_empty()).then(|| mail_config(mail));
        config.sms = (!sms.is_empty()).then(|| SmsConfig { url: sms.to_owned(), key_file });
        config.messages =
            MessageConfig { tries: 3, first_wait_seconds: 100, longest_wait_seconds: 150, timeout_seconds: 5 };
        let options = start::options(&config, true).unwrap();
        let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
        let begin: Timestamp = BEGIN.parse().unwrap();
        let clock = Arc::new(SetClock(AtomicI64::new(begin.as_microsecond())));
        let url = "https://js.example.invalid".to_owned();
        let app = start::app(&config, store, url, false, clock.clone(), Box::new(SystemEntropy)).await.unwrap();
        let (version, files) = bureau::catalog_kept();
        let at = begin.as_microsecond();
        app.store().write(move |writes| writes.put_catalog(&version, &files, at)).await.unwrap();
        let county = Bureau::of("130123");
        let couriers = carriers::couriers(&config).unwrap();
        let town = Self { app, clock, county, couriers, folder };
        for command in [town.county.opening(), bureau::records()].concat() {
            town.submit(command, system(), town.app.facts()).await;
        }
        town
    }

    async fn submit(&self, command: Command, actor: Actor, facts: Facts) {
        let submission = Submission { command, actor, facts, key: None, entered_at: None };
        self.app.store().submit(submission).await.unwrap();
    }

    /// Opens the account of an applicant who wishes to be told there; what is empty is not wished.
    async fn applicant(&self, n: u8, email: &str, mobile: &str) {
        self.submit(bureau::open_applicant(n), system(), self.app.facts()).await;
        let (account, subject) = bureau::applicant(n);
        self.reach(account, subject, email, mobile).await;
    }

    async fn reach(&self, account: AccountId, subject: base::id::SubjectId, email: &str, mobile: &str) {
        let mut entropy = self.app.entropy();
        let mut secret = |medium: Medium, value: &str| Secret {
            subject,
            field: format!("account/{account}/{}", medium.as_str()),
            salt: entropy.bytes16(),
            value: value.to_owned(),
        };
        let given = [(Medium::Email, email), (Medium::Sms, mobile)];
        let wishes: BTreeSet<Medium> =
            given.into_iter().filter(|(_, value)| !value.is_empty()).map(|(of, _)| of).collect();
        let (email, mobile) = (secret(Medium::Email, email), secret(Medium::Sms, mobile));
        let language = "en".to_owned();
        let command = DirectoryCommand::SetContact { account, email, mobile, wishes, language };
        self.submit(Command::Directory(command), system(), self.app.facts()).await;
    }

    /// An application that a clerk accepted.
    async fn accepted(&self, n: u8) -> CaseId {
        let case = self.app.new_case();
        let facts = self.county.facts_for(&wish(n), self.app.now(), [n; 32]);
        let command = Command::Case { case, command: self.county.application(case, &wish(n)) };
        self.submit(command, bureau::as_applicant(n), facts).await;
        let state = self.case(case).await;
        self.act(case, bureau::complete(&state, "accept", "accepted"), "window-clerk").await;
        case
    }

    async fn act(&self, case: CaseId, command: CaseCommand, by: &str) {
        let facts = self.app.facts_for_case(&self.case(case).await).await.unwrap();
        self.submit(Command::Case { case, command }, self.county.officer(by), facts).await;
    }

    async fn case(&self, case: CaseId) -> Case {
        let stream = StreamId::case(case);
        match self.app.store().read(move |reader| reader.state(&stream)).await.unwrap() {
            Some((_, State::Case(case))) => *case,
            other => panic!("no case: {other:?}"),
        }
    }

    /// Sends what is due; how many messages were settled.
    async fn send(&self) -> usize {
        // The journal's time runs ahead of a clock that hardly moves.
        self.clock.pass(1);
        let mut settled = 0;
        for courier in &self.couriers {
            settled += self.app.run_messages(courier, "test", || true).await.unwrap();
        }
        settled
    }

    /// What became of the messages of a case, as the journal has it.
    async fn told(&self, case: CaseId) -> Vec<Event> {
        let stream = StreamId::messages(case);
        let rows = self.app.store().read(move |reader| reader.entries_of(&stream, 0, 100)).await.unwrap();
        rows.iter().map(|row| Event::decode(row.entry.kind.as_str(), &row.entry.body).unwrap()).collect()
    }

    async fn failures(&self, case: CaseId) -> Vec<(String, u32, bool)> {
        let failure = |event| match event {
            Event::MessageFailed(failed) => Some((failed.reason, failed.attempts, failed.dropped)),
            _ => None,
        };
        self.told(case).await.into_iter().filter_map(failure).collect()
    }

    async fn age(&self) -> OutboxAge {
        self.app.store().read(|reader| reader.outbox_age()).await.unwrap()
    }
}

fn system() -> Actor {
    Actor::System { job: "test".to_owned() }
}

fn mail_config(url: &str) -> MailConfig {
    let from = "Jiantong <noreply@js.example.invalid>".to_owned();
    MailConfig { url: url.to_owned(), from, user: None, password_file: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_goes_out_by_both_media_and_its_proof_stands_with_the_case() {
    let (server, (url, posted)) = (MailServer::start().unwrap(), sink().await);
    let town = Town::open(&server.url(), &url).await;
    town.applicant(1, "li@example.invalid", "13800138000").await;
    town.applicant(2, "", "").await;
    let (case, silent) = (town.accepted(1).await, town.accepted(2).await);
    assert_eq!(town.age().await.waiting, 2, "only who wishes it is told");
    assert_eq!(town.send().await, 2);
    assert_eq!(town.send().await, 0, "nothing is sent twice");
    assert_eq!((town.age().await, town.told(silent).await), (OutboxAge::default(), Vec::new()));

    let [Event::MessageDelivered(mailed), Event::MessageDelivered(texted)] = &town.told(case).await[..] else {
        panic!("{:?}", town.told(case).await)
    };
    assert_eq!((mailed.medium, texted.medium), (Medium::Email, Medium::Sms));
    assert_eq!((mailed.receipt.as_str(), texted.receipt.as_str()), ("250 queued as 1", "sms-0"));
    let number = town.case(case).await.number;
    let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
    assert_eq!(mail.to, ["li@example.invalid"]);
    assert_eq!(mail.header("From").as_deref(), Some("Jiantong <noreply@js.example.invalid>"));
    assert_eq!(mail.header("Message-ID"), Some(format!("<{}@js.example.invalid>", mailed.key)));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(mail.header("Subject"), Some(format!("Your application was accepted ({number})")));

    let requests = posted.lock().unwrap().clone();
    let [(headers, body)] = &requests[..] else { panic!("one request") };
    let said: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((said["to"].as_str(), said["key"].as_str()), (Some("+8613800138000"), Some(texted.key.as_str())));
    assert_eq!(said["template"].as_str(), Some(Occasion::Accepted.as_str()));
    assert!(said["text"].as_str().unwrap().contains(&number));
    assert_eq!(headers["idempotency-key"].to_str().unwrap(), texted.key);
    let signature = headers["x-jiantong-signature"].to_str().unwrap();
    let (seconds, given) = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).unwrap();
    assert_eq!(given, sign(KEY.as_bytes(), seconds.parse().unwrap(), body));
    assert_ne!(given, sign(b"another key of that length", seconds.parse().unwrap(), body));
    // Neither the journal nor the outbox knows where anybody is reached.
    let entries = town.app.store().read(|reader| reader.entries(0, 10_000)).await.unwrap();
    for row in entries {
        let body = row.entry.body.to_json().to_string();
        assert!(!body.contains("13800138000") && !body.contains("li@example"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_now_is_tried_again_and_what_is_refused_for_ever_is_not() {
    let (server, (url, posted)) = (MailServer::start().unwrap(), sink().await);
    let town = Town::open(&server.url(), &url).await;
    town.applicant(1, "refuse-451@example.invalid", "13800138503").await;
    town.applicant(2, "refuse-550@example.invalid", "13800138422").await;
    town.applicant(3, "", "13800138200").await;
    let (later, never, page) = (town.accepted(1).await, town.accepted(2).await, town.accepted(3).await);
    assert_eq!(town.send().await, 2, "two are over at once");
    assert_eq!(
        town.failures(never).await,
        [("refused-550".to_owned(), 1, false), ("refused-422".to_owned(), 1, false)]
    );
    assert_eq!(town.send().await, 0);
    assert_eq!(server.refused().len(), 2, "nothing is tried before its time");

    // 100 s and the fifth part of it, more or less.
    town.clock.pass(70);
    assert_eq!((town.send().await, server.refused().len(), posted.lock().unwrap().len()), (0, 2, 3));
    town.clock.pass(60);
    assert_eq!((town.send().await, server.refused().len(), posted.lock().unwrap().len()), (0, 3, 5));
    assert_eq!((town.failures(later).await.len(), town.age().await.waiting), (0, 3));
    town.clock.pass(181);
    assert_eq!(town.send().await, 3, "the third try was the last");
    assert_eq!(
        town.failures(later).await,
        [("refused-451".to_owned(), 3, false), ("refused-503".to_owned(), 3, false)]
    );
    assert_eq!(town.failures(page).await, [("answer".to_owned(), 3, false)], "200 with a page took nothing over");
    assert_eq!((town.age().await.waiting, town.age().await.dead), (0, 5));
    assert_eq!(server.mails(), []);

    // Each is one message to its gateway, however often it came.
    let keys: Vec<String> = {
        let all = posted.lock().unwrap();
        all.iter().map(|(headers, _)| headers["idempotency-key"].to_str().unwrap().to_owned()).collect()
    };
    assert_eq!((keys.len(), keys.iter().collect::<BTreeSet<_>>().len()), (7, 3));
    let dead = town.app.store().read(|reader| reader.dead_letters(&Scope::everything(), &Page::default())).await;
    assert_eq!(dead.unwrap().rows.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_asked_once_a_turn() {
    // Nobody listens where somebody just did.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let town = Town::open(&format!("smtp://{gone}"), &format!("http://{gone}/send")).await;
    for n in 1..=3 {
        town.applicant(n, "li@example.invalid", "13800138000").await;
        town.accepted(n).await;
    }
    assert_eq!(town.send().await, 0);
    let age = town.age().await;
    assert_eq!((age.waiting, age.dead), (6, 0));
    let queues = town.app.store().read(|reader| reader.queues(&Scope::everything())).await.unwrap();
    let waiting: Vec<(&str, u64)> = queues.iter().map(|queue| (queue.queue.as_str(), queue.waiting)).collect();
    assert_eq!(waiting, [("email", 3), ("sms", 3)]);
    // The server comes back: everything goes out.
    let server = MailServer::start().unwrap();
    let (url, posted) = sink().await;
    let back = Town { couriers: couriers(&town, &server.url(), &url), ..town };
    back.clock.pass(121);
    assert_eq!(back.send().await, 6);
    assert_eq!((server.mails().len(), posted.lock().unwrap().len()), (3, 3));
}

fn couriers(town: &Town, mail: &str, sms: &str) -> Vec<Courier> {
    let rules = carriers::rules(MessageConfig { tries: 3, ..MessageConfig::default() });
    let second = Duration::from_secs(5);
    let key_file = town.folder.path().join("sms-key");
    let mail = Mail::new(&mail_config(mail), second).unwrap();
    let sms = Sms::new(&SmsConfig { url: sms.to_owned(), key_file }, second).unwrap();
    vec![Courier::new(Box::new(mail), rules), Courier::new(Box::new(sms), rules)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_changes_their_mind_is_left_alone_and_without_a_server_nothing_waits() {
    let server = MailServer::start().unwrap();
    let town = Town::open(&server.url(), "").await;
    town.applicant(1, "li@example.invalid", "13800138000").await;
    let case = town.accepted(1).await;
    assert_eq!(town.age().await.waiting, 1, "no gateway, no SMS");
    let (account, subject) = bureau::applicant(1);
    town.reach(account, subject, "", "").await;
    assert_eq!(town.send().await, 1);
    assert_eq!(town.failures(case).await, [("unwanted".to_owned(), 1, true)]);
    assert_eq!((town.age().await, server.mails()), (OutboxAge::default(), Vec::new()));
    town.reach(account, subject, "other@example.invalid", "").await;
    let kind = base::deadline::PauseKind::ExpertReview;
    let from = town.app.today();
    town.act(case, CaseCommand::Pause { kind, from, expected_days: 3 }, "case-officer").await;
    assert_eq!(town.send().await, 1);
    assert_eq!(server.mails()[0].to, ["other@example.invalid"]);

    let nowhere = Town::open("", "").await;
    nowhere.applicant(1, "li@example.invalid", "13800138000").await;
    nowhere.accepted(1).await;
    assert_eq!(nowhere.age().await, OutboxAge::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_reaches_its_officer_outside_too() {
    let server = MailServer::start().unwrap();
    let town = Town::open(&server.url(), "").await;
    town.applicant(1, "", "").await;
    let officer = town.county.account_of("case-officer");
    let subject = base::id::SubjectId::from_uuid(officer.uuid());
    town.reach(officer, subject, "officer@example.invalid", "").await;
    let case = town.accepted(1).await;
    town.clock.pass(60 * 24 * 3600);
    assert!(town.app.send_reminders().await.unwrap() > 0);
    assert_eq!((town.send().await, town.app.send_reminders().await.unwrap(), town.send().await), (2, 0, 0));
    let subjects: BTreeSet<String> = server.mails().iter().filter_map(|mail| mail.header("Subject")).collect();
    let number = town.case(case).await.number;
    let expected = ["A limit of a case in hand is nearly over", "A limit of a case in hand is over"];
    assert_eq!(subjects, expected.map(|what| format!("{what} ({number})")).into());
}

fn letter(to: &str, subject: &str, key: &str) -> Letter {
    let (key, to, subject, text) = (key.to_owned(), to.to_owned(), subject.to_owned(), "text".to_owned());
    Letter { key, to, subject, text, template: "accepted", at: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_a_letter_begins_another_header() {
    let server = MailServer::start().unwrap();
    let mail = Mail::new(&mail_config(&server.url()), Duration::from_secs(5)).unwrap();
    let unfit = Undelivered::Never("unfit".to_owned());
    for (to, subject, key) in [
        ("li@example.invalid", "a\r\nBcc: all@example.invalid", "k"),
        ("li@example.invalid", "a\nBcc: all@example.invalid", "k"),
        ("li@example.invalid\r\nBcc: all@example.invalid", "a", "k"),
        ("li@example.invalid, all@example.invalid", "a", "k"),
        ("Li <li@example.invalid>", "a", "k"),
        ("", "a", "k"),
        ("li@example.invalid", "a", "k>\r\nBcc: <all@example.invalid"),
    ] {
        assert_eq!(mail.carry(&letter(to, subject, key)).await, Err(unfit.clone()), "{to:?} {subject:?} {key:?}");
    }
    assert_eq!(server.mails(), [], "none was sent");
    let long = "受理".repeat(200);
    assert!(mail.carry(&letter("li@example.invalid", &long, "k")).await.is_ok());
    let [sent] = &server.mails()[..] else { panic!("one mail") };
    assert!(sent.text.lines().all(|line| line.len() <= 998), "RFC 5322 §2.1.1");

    let folder = tempfile::tempdir().unwrap();
    private(&folder.path().join("key"), KEY);
    let key_file = folder.path().join("key");
    let sms = Sms::new(&SmsConfig { url: "http://127.0.0.1:1/".to_owned(), key_file }, Duration::from_secs(5)).unwrap();
    for to in ["", "1380013800a", "13800138000\r\n", "+8613800138000"] {
        assert_eq!(sms.carry(&letter(to, "a", "k")).await, Err(unfit.clone()), "{to:?}");
    }
    assert_eq!(sms.carry(&letter("13800138000", "a", "k\r\nx: y")).await, Err(unfit));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    let server = MailServer::start().unwrap();
    server.hold(true);
    let mail = Mail::new(&mail_config(&server.url()), Duration::from_secs(1)).unwrap();
    let late = Undelivered::Later("timeout".to_owned());
    assert_eq!(mail.carry(&letter("li@example.invalid", "a", "k")).await, Err(late.clone()));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    private(&key_file, KEY);
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let sms = Sms::new(&SmsConfig { url, key_file }, Duration::from_secs(1)).unwrap();
    assert_eq!(sms.carry(&letter("13800138000", "a", "k")).await, Err(late));
}

#[test]
fn what_could_leak_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (open, closed) = (folder.path().join("open"), folder.path().join("closed"));
    private(&closed, KEY);
    private(&open, KEY);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let second = Duration::from_secs(1);
    let mail = |url: &str, user: Option<&str>, password_file: Option<&Path>| {
        let (user, password_file) = (user.map(str::to_owned), password_file.map(Path::to_owned));
        Mail::new(&MailConfig { user, password_file, ..mail_config(url) }, second)
            .err()
            .map(|error| format!("{error:#}"))
    };
    assert_eq!(mail("smtp://mail.example.invalid", Some("u"), Some(&closed)), None, "with STARTTLS");
    assert_eq!(mail("smtps://mail.example.invalid", None, None), None);
    assert_eq!(mail("smtp://[::1]:2525", None, None), None);
    for (said, part) in [
        (mail("http://mail.example.invalid", None, None), "smtp://"),
        (mail("smtp://u:p@mail.example.invalid", None, None), "beside the url"),
        (mail("smtp://mail.example.invalid", Some("u"), None), "go together"),
        (mail("smtp://mail.example.invalid", Some("u"), Some(&open)), "chmod 600"),
    ] {
        assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{said:?}: {part}");
    }
    let sms = |url: &str, key_file: &Path| {
        let config = SmsConfig { url: url.to_owned(), key_file: key_file.to_owned() };
        Sms::new(&config, second).err().map(|error| format!("{error:#}"))
    };
    assert_eq!(sms("http://localhost/send", &closed), None);
    for (said, part) in [
        (sms("http://sms.example.invalid/send", &closed), "https://"),
        (sms("http://127.0.0.1/send", &open), "chmod 600"),
    ] {
        assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{said:?}: {part}");
    }
}

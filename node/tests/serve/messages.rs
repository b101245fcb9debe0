//! A node that is killed between sending a message and recording it sends it once more under the same key, and records it once.

use std::fs;
use std::path::Path;

use base::id::CaseId;
use jiff::{SignedDuration, Timestamp};
use journal::Actor;
use kernel::directory::DirectoryCommand;
use kernel::message::Medium;
use kernel::sealed::Secret;
use kernel::{Command, Facts, State, StreamId};
use store::{Options, Store, Submission};
use testkit::bureau::{self, Bureau, Wish};
use testkit::smtp::MailServer;

use crate::Node;

/// Who works on the store of the data directory before the node does.
struct Desk {
    store: Store,
    now: Timestamp,
}

impl Desk {
    async fn submit(&mut self, command: Command, actor: Actor, facts: Facts) {
        self.now += SignedDuration::from_secs(1);
        let facts = Facts { now: self.now, today: base::time::date(self.now), ..facts };
        self.store.submit(Submission { command, actor, facts, key: None, entered_at: None }).await.unwrap();
    }

    async fn by_system(&mut self, command: Command) {
        let facts = testkit::world::facts(self.now, [self.now.as_second() as u8; 32]);
        self.submit(command, Actor::System { job: "test".to_owned() }, facts).await;
    }
}

/// As the node itself opens it.
fn options(data: &Path) -> Options {
    Options::new(data, data.with_extension("keys"), journal::Id([0x13; 16]))
}

/// A case whose applicant is owed an e-mail.
async fn owed(data: &Path) -> CaseId {
    let options = options(data);
    let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
    fs::write(data.join("node"), format!("{}\n", journal::Id([0x13; 16]))).unwrap();
    let mut desk = Desk { store, now: "2025-11-17T01:00:00Z".parse().unwrap() };
    let (version, files) = bureau::catalog_kept();
    let at = desk.now.as_microsecond();
    desk.store.write(move |writes| writes.put_catalog(&version, &files, at)).await.unwrap();
    let county = Bureau::of("130123");
    for command in [county.opening(), vec![bureau::open_applicant(1)], bureau::records()].concat() {
        desk.by_system(command).await;
    }
    let (account, subject) = bureau::applicant(1);
    let secret = |medium: Medium, value: &str| Secret {
        subject,
        field: format!("account/{account}/{}", medium.as_str()),
        salt: [1; 16],
        value: value.to_owned(),
    };
    let (email, mobile) = (secret(Medium::Email, "li@example.invalid"), secret(Medium::Sms, ""));
    let (wishes, language) = ([Medium::Email].into(), "zh-CN".to_owned());
    let contact = DirectoryCommand::SetContact { account, email, mobile, wishes, language };
    desk.by_system(Command::Directory(contact)).await;

    let case = CaseId::from_uuid(account.uuid());
    let manager = "130102198800000001".to_owned();
    let wish = Wish { applicant: 1, project: "示例家园".to_owned(), manager, without: Vec::new() };
    let command = Command::Case { case, command: county.application(case, &wish) };
    let facts = county.facts_for(&wish, desk.now, [1; 32]);
    desk.submit(command, bureau::as_applicant(1), facts).await;
    let stream = StreamId::case(case);
    let state = desk.store.read(move |reader| reader.state(&stream)).await.unwrap();
    let Some((_, State::Case(state))) = state else { panic!("no case") };
    let accept = bureau::complete(&state, "accept", "accepted");
    let personal = serde_json::Map::new();
    let mut facts = county.facts_on(&state, personal, desk.now, [2; 32]);
    facts.reachable.insert(account, [Medium::Email].into());
    desk.submit(Command::Case { case, command: accept }, county.officer("window-clerk"), facts).await;
    desk.store.stop();
    case
}

#[test]
fn a_node_killed_after_sending_sends_under_the_same_key_and_records_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let case = runtime.block_on(owed(&data));
    let server = MailServer::start().unwrap();
    let config = folder.path().join("config.toml");
    let mail = format!("[mail]\nurl = \"{}\"\nfrom = \"noreply@js.example.invalid\"\n", server.url());
    fs::write(&config, format!("{mail}[messages]\ntimeout-seconds = 60\n")).unwrap();
    let start = || Node::start(&data, &["--config", config.to_str().unwrap()]);

    // The server has the mail and does not say so.
    server.hold(true);
    let node = start();
    assert_eq!(server.wait_for(1).len(), 1);
    assert!(node.get("/health").contains("\"waiting\":1"), "{}", node.get("/health"));
    node.kill();
    server.hold(false);

    let node = start();
    assert_eq!(server.wait_for(2).len(), 2, "sent again");
    // It finishes what it is doing.
    node.stop();
    let node = start();
    assert!(node.get("/health").contains("\"waiting\":0"), "nothing is left to be sent");
    node.stop();
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    let key = mails[0].header("Message-ID").unwrap();
    assert!(key.ends_with("@js.example.invalid>"), "{key}");
    assert_eq!(mails[1].header("Message-ID").unwrap(), key, "whoever got both sees that it is one");

    let told = runtime.block_on(async {
        let store = tokio::task::spawn_blocking(move || Store::open(options(&data)).unwrap()).await.unwrap();
        let stream = StreamId::messages(case);
        store.read(move |reader| Ok((reader.entries_of(&stream, 0, 10)?, reader.outbox_age()?.waiting))).await.unwrap()
    });
    let (told, waiting) = told;
    assert_eq!(waiting, 0);
    let kinds: Vec<&str> = told.iter().map(|row| row.entry.kind.as_str()).collect();
    assert_eq!(kinds, ["message-delivered@1"]);
}

//! A store with a clock and a seed of its own, and rules that let a test ask for claims, numbers and work.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ::journal::{Actor, Id};
use base::id::{CaseId, SubjectId};
use jiff::Timestamp;
use kernel::change::Job;
use kernel::command::Loaded;
use kernel::record::{ClaimHeld, RecordCommand, RecordWrite};
use kernel::sealed::Secret;
use kernel::{Command, Decision, Event, Facts, Needs, NumberKey, Outgoing, Refusal, StreamId};
use serde_json::{Map, Value as Json, json};
use testkit::postgres::{Cluster, Own};

use crate::writer::Rules;
use crate::{IdempotencyKey, Options, Receipt, Store, Submission, SubmitError};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

/// A store under test.
pub(super) struct World {
    pub(super) store: Store,
    options: Options,
    now: AtomicI64,
    seed: AtomicU64,
    _folder: tempfile::TempDir,
}

/// 2026-11-23 09:00 in Shanghai.
const BEGIN: i64 = 1_795_395_600_000_000;

impl World {
    pub(super) fn run(kind: Kind, test: impl AsyncFnOnce(World)) {
        let (world, _database) = Self::new(kind);
        Self::drive(world, test);
    }

    pub(super) fn drive(world: World, test: impl AsyncFnOnce(World)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(test(world));
    }

    /// A store, and the schema it lives in, to be dropped after it and outside of async code.
    pub(super) fn new(kind: Kind) -> (Self, Option<Own>) {
        let database = (kind == Kind::Postgres).then(|| Cluster::shared().fresh_schema());
        (Self::at(database.as_ref().map(|own| own.url().to_owned())), database)
    }

    /// A store at an empty database; none = a file of its own.
    pub(super) fn at(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            database,
            accept_data_loss: true,
            readers: 2,
            ..Options::new(folder.path().join("data"), folder.path().join("keys"), Id([7; 16]))
        };
        let store = Store::open_with(options.clone(), RULES).unwrap();
        let (now, seed) = (AtomicI64::new(BEGIN), AtomicU64::new(0));
        Self { store, options, now, seed, _folder: folder }
    }

    /// Stops the store and opens it again.
    pub(super) fn reopen(self) -> Self {
        let Self { store, options, now, seed, _folder } = self;
        // The lock and the threads go with the last handle.
        drop(store);
        let store = Store::open_with(options.clone(), RULES).unwrap();
        Self { store, options, now, seed, _folder }
    }

    /// Mends a database that no store works on, then opens the store again.
    pub(super) fn reopen_mended(self, mend: &'static str) -> Self {
        tokio::task::block_in_place(|| {
            self.store.on_own_connection(|connection| connection.execute(mend, &[])).unwrap();
            self.reopen()
        })
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn data(&self) -> PathBuf {
        self.options.data.clone()
    }

    /// The clock, one second later each time.
    pub(super) fn now(&self) -> i64 {
        self.now.fetch_add(1_000_000, Ordering::Relaxed)
    }

    pub(super) fn set_clock(&self, at: i64) {
        self.now.store(at, Ordering::Relaxed);
    }

    /// Lets time go by.
    pub(super) fn pass(&self, us: i64) {
        self.now.fetch_add(us, Ordering::Relaxed);
    }

    fn seed(&self) -> u64 {
        self.seed.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn subject(&self) -> SubjectId {
        SubjectId::new_v7(1_795_395_600_000 + self.seed(), [3; 10])
    }

    pub(super) fn case(&self) -> CaseId {
        CaseId::new_v7(1_795_395_600_000 + self.seed(), [4; 10])
    }

    /// Thirty-two bytes that no other command gets.
    pub(super) fn entropy(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed().to_be_bytes());
        seed
    }

    pub(super) fn facts(&self) -> Facts {
        testkit::world::facts(Timestamp::from_microsecond(self.now()).unwrap(), self.entropy())
    }

    /// Another process over the same database; none over SQLite, which has one process.
    pub(super) fn beside(&self) -> Option<Store> {
        let options = Options { data: self.data().join("beside"), ..self.options.clone() };
        self.options.database.is_some().then(|| Store::open_with(options, RULES).unwrap())
    }

    pub(super) fn submission(&self, command: Command) -> Submission {
        Submission { command, actor: system(), facts: self.facts(), key: None, entered_at: None }
    }

    pub(super) async fn submit(&self, command: Command) -> Result<Receipt, SubmitError> {
        self.store.submit(self.submission(command)).await
    }

    /// Writes a record of the register `things`.
    pub(super) async fn write(&self, id: &str, body: Json) -> Result<Receipt, SubmitError> {
        self.submit(record("things", id, "130102", body)).await
    }
}

pub(super) fn system() -> Actor {
    Actor::System { job: "test".to_owned() }
}

pub(super) fn key(name: &str, body: u8) -> IdempotencyKey {
    IdempotencyKey { account: "a".to_owned(), key: name.to_owned(), body_hash: [body; 32] }
}

#[expect(clippy::needless_pass_by_value, reason = "tests write the body in place")]
pub(super) fn record(register: &str, id: &str, region: &str, body: Json) -> Command {
    secret_record(register, id, region, &body, Vec::new())
}

pub(super) fn secret_record(register: &str, id: &str, region: &str, body: &Json, secrets: Vec<Secret>) -> Command {
    let body: Map<String, Json> = body.as_object().cloned().unwrap_or_default();
    Command::Record(RecordCommand::Write(Box::new(RecordWrite {
        register: register.to_owned(),
        id: id.to_owned(),
        region: region.to_owned(),
        valid_from: None,
        valid_until: body.get("until").and_then(|day| day.as_str()?.parse().ok()),
        body,
        secrets,
        source: None,
        matter: None,
        start_by: None,
    })))
}

pub(super) fn thing(id: &str) -> StreamId {
    StreamId::record("things", id)
}

/// The kernel's rules, and for records of the register `things` what their body asks for: `claim`, `number` and how many `numbers`, `work`,
/// `refuse`, `panic`.
pub(super) const RULES: Rules = Rules { needs, decide };

fn asks<'a>(command: &'a Command, what: &str) -> Option<&'a Json> {
    match command {
        Command::Record(RecordCommand::Write(write)) if write.register == "things" => write.body.get(what),
        _ => None,
    }
}

fn counter() -> NumberKey {
    NumberKey { register: "cases".to_owned(), scope: "130102/20261123".to_owned() }
}

fn needs(command: &Command, actor: &Actor, facts: &Facts) -> Needs {
    assert!(asks(command, "panic").is_none_or(|when| when != "early"), "the body asked for it early");
    let mut needs = kernel::needs(command, actor, facts);
    if asks(command, "number").is_some() {
        needs.numbers.push(counter());
    }
    needs
}

fn decide(command: &Command, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<Decision, Refusal> {
    assert!(asks(command, "panic").is_none(), "the body asked for it");
    let mut decision = kernel::decide(command, actor, loaded, facts)?;
    if let Some(number) = facts.numbers.get(&counter()) {
        let count = asks(command, "numbers").and_then(Json::as_u64).unwrap_or(1);
        let numbers: Vec<u64> = (*number..number + count).collect();
        decision.numbers.extend(numbers.iter().map(|number| (counter(), *number)));
        decision.reply = json!({ "number": number, "numbers": numbers });
    }
    // After the number was taken: a refusal must give it back.
    if asks(command, "refuse").is_some() {
        return Err(Refusal::NotFound);
    }
    // The kernel leaves a record its claims when it is written again; these let go of what their body does not ask for.
    let event = decision.streams.first_mut().and_then(|part| part.events.first_mut());
    if let Some(Event::RecordWritten(written)) = event
        && written.register == "things"
    {
        let claim =
            |key: &str| ClaimHeld { name: "one-site".to_owned(), key: key.to_owned(), release: "completed".to_owned() };
        written.claims = asks(command, "claim").and_then(Json::as_str).map(claim).into_iter().collect();
    }
    if let Some(Json::String(number)) = asks(command, "work") {
        let stream = decision.streams[0].stream.clone();
        let organisation = asks(command, "for").and_then(Json::as_str).unwrap_or_default().to_owned();
        decision.outbox.push(Outgoing { stream, organisation, job: Job::Render { number: number.clone() } });
    }
    Ok(decision)
}

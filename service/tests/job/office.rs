//! A county bureau with its people over a real store: a seeded clock and seeded randomness, so that a run repeats to the last byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::id::{AccountId, CaseId, PostId, SubjectId};
use jiff::{SignedDuration, Timestamp};
use journal::Actor;
use kernel::case::{Case, CaseCommand, Channel, Complete, Material, MaterialSource, Submit, SupplementAnswer};
use kernel::catalog::matter::ApplicantKind;
use kernel::catalog::{Catalog, Example, Files, Matter};
use kernel::directory::{AccountKind, DirectoryCommand, Post};
use kernel::message::{Medium, Message, MessageCommand, Occasion};
use kernel::reminder::{Reminder, ReminderSent};
use kernel::sealed::Secret;
use kernel::{Command, Facts, State, StreamId};
use serde_json::Value;
use service::{App, Clock, EntropySource, Settings};
use sha2::{Digest, Sha256};
use store::{Options, Receipt, Store, Submission, SubmitError};

const BEGIN: &str = "2025-11-17T01:00:00Z";

/// Monday 2025-11-17, nine o'clock in Shanghai, and a second later with each reading unless it is held.
#[derive(Default)]
pub(crate) struct SteppingClock {
    seconds: AtomicU64,
    held: AtomicBool,
}

impl SteppingClock {
    /// Time passes.
    pub(crate) fn skip(&self, minutes: u64) {
        self.seconds.fetch_add(60 * minutes, Ordering::SeqCst);
    }

    /// A later moment comes.
    pub(crate) fn set(&self, at: Timestamp) {
        let begin: Timestamp = BEGIN.parse().unwrap();
        let seconds = u64::try_from(at.duration_since(begin).as_secs()).unwrap();
        assert!(self.seconds.fetch_max(seconds, Ordering::SeqCst) <= seconds, "{at} is over");
    }

    /// Time stands still: what is counted by the minute is not refilled between two requests.
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        let step = u64::from(!self.held.load(Ordering::SeqCst));
        let second = self.seconds.fetch_add(step, Ordering::SeqCst);
        BEGIN.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(i64::try_from(second).unwrap())
    }
}

/// SHA-256 of a counter.
#[derive(Default)]
pub(crate) struct SeededEntropy(AtomicU64);

impl EntropySource for SeededEntropy {
    fn seed(&self) -> [u8; 32] {
        Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()).into()
    }
}

pub(crate) const CLERK: u8 = 10;
pub(crate) const REVIEWER: u8 = 11;
pub(crate) const HEAD: u8 = 12;
pub(crate) const LEADER: u8 = 13;
pub(crate) const OWNER: u8 = 1;
const POSTS: [(u8, &str); 4] =
    [(CLERK, "window-clerk"), (REVIEWER, "case-officer"), (HEAD, "division-head"), (LEADER, "deputy-director")];
const COUNTY: &str = "130123";

pub(crate) struct Office {
    pub(crate) app: App,
    pub(crate) matter: Arc<Matter>,
    pub(crate) clock: Arc<SteppingClock>,
}

fn id(n: u8) -> uuid::Uuid {
    uuid::Uuid::from_bytes([n; 16])
}

fn subject() -> SubjectId {
    SubjectId::from_uuid(id(OWNER))
}

fn officer(n: u8) -> Actor {
    Actor::Officer { account: journal::Id([n; 16]), post: journal::Id([n; 16]), delegation: None }
}

fn owner() -> Actor {
    Actor::Applicant { account: journal::Id([OWNER; 16]), on_behalf_of: None }
}

impl Office {
    /// Opens a store and fills it: catalog, organisations, people, the registers of the example that passes.
    pub(crate) async fn open(options: Options) -> Self {
        Self::open_with(options, testkit::world::catalog(), &testkit::world::catalog_files(), "construction-permit")
            .await
    }

    /// The same with another catalog, and another matter of it.
    pub(crate) async fn open_with(options: Options, catalog: Arc<Catalog>, files: &Files, code: &str) -> Self {
        let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
        let settings = Settings {
            public_url: "http://127.0.0.1:8080".to_owned(),
            demo: false,
            setup_code: None,
            region: "130000".parse().unwrap(),
            pepper: [7; 32],
            media: kernel::message::Medium::ALL.into(),
        };
        let matter = Arc::clone(catalog.matter(code).unwrap());
        let clock = Arc::new(SteppingClock::default());
        let app = App::new(store, catalog, clock.clone(), Box::new(SeededEntropy::default()), None, settings);
        app.adopt_catalog(files.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()).await.unwrap();
        app.seed_organisations().await.unwrap();
        let office = Self { app, matter, clock };
        office.people().await;
        for (register, records) in &office.example().registers {
            for record in records {
                office.app.write_record(register, record).await.unwrap();
            }
        }
        office
    }

    async fn people(&self) {
        let code = self.example().form["applicant_code"].as_str().unwrap().to_owned();
        self.account(OWNER, AccountKind::Applicant, vec![code]).await;
        for (n, kind) in POSTS {
            self.employ(n, kind, COUNTY).await;
        }
    }

    /// An officer of a region's organisation.
    pub(crate) async fn employ(&self, n: u8, kind: &str, region: &str) {
        let organisation = self.app.organisation_of(region).await.unwrap();
        self.account(n, AccountKind::Officer, Vec::new()).await;
        let post = Post {
            id: PostId::from_uuid(id(n)),
            kind: kind.to_owned(),
            organisation: organisation.code.clone(),
            region: organisation.region,
            division: "approval".to_owned(),
            valid_from: "2020-01-01".parse().unwrap(),
            valid_until: None,
        };
        self.app.direct(DirectoryCommand::Assign { account: AccountId::from_uuid(id(n)), post }).await.unwrap();
    }

    pub(crate) async fn account(&self, n: u8, kind: AccountKind, represents: Vec<String>) {
        let subject = SubjectId::from_uuid(id(n));
        let name = Secret { subject, field: "name".to_owned(), salt: [n; 16], value: format!("person {n}") };
        let account = AccountId::from_uuid(id(n));
        self.app.direct(DirectoryCommand::OpenAccount { account, kind, subject, name, represents }).await.unwrap();
    }

    pub(crate) fn example(&self) -> &Example {
        self.matter.examples.iter().find(|example| example.file.ends_with("pass.json")).unwrap()
    }

    pub(crate) fn now(&self) -> i64 {
        self.app.now().as_microsecond()
    }

    /// Hands in the example without some materials.
    pub(crate) async fn apply(&self, without: &[&str]) -> CaseId {
        let example = self.example();
        let case = self.app.new_case();
        let mut entropy = self.app.entropy();
        let mut secret = |what: String, value: String| Secret {
            subject: subject(),
            field: format!("case/{case}/{what}"),
            salt: entropy.bytes16(),
            value,
        };
        let split = self.matter.form.split(&example.form);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut secrets: Vec<Secret> =
            split.sealed.iter().map(|sealed| secret(format!("form{}", sealed.pointer), text(&sealed.value))).collect();
        let mut materials = Vec::new();
        for code in example.materials.iter().filter(|code| !without.contains(&code.as_str())) {
            let name = secret(format!("file/{code}"), format!("{code}.pdf"));
            materials.push(upload(code, &name));
            secrets.push(name);
        }
        let submit = Submit {
            channel: Channel::Online,
            applicant_kind: ApplicantKind::Organisation,
            subject: subject(),
            applicant_code: text(&example.form["applicant_code"]),
            applicant_name: text(&example.form["applicant_name"]),
            account: Some(AccountId::from_uuid(id(OWNER))),
            title: text(&example.form["project_name"]),
            form: split.open.as_object().unwrap().clone(),
            secrets,
            materials,
        };
        let organisation = self.app.organisation_of(COUNTY).await.unwrap();
        let applicant = serde_json::json!({ "code": submit.applicant_code, "name": submit.applicant_name });
        let facts =
            self.app.facts_for(Arc::clone(&self.matter), &organisation.code, &example.form, &applicant).await.unwrap();
        self.submit(case, CaseCommand::Submit(Box::new(submit)), owner(), facts).await;
        case
    }

    /// A licence of the owner's in the county, which came from no case.
    pub(crate) async fn write_licence(&self, number: &str) {
        let form = &self.example().form;
        let licence = serde_json::json!({
            "number": number, "kind": "gas-business-licence", "name": "燃气经营许可证", "holder": form["applicant_code"],
            "holder_name": form["applicant_name"], "region": COUNTY, "issuer_region": COUNTY, "matter": "gas-business-licence",
            "scope": "瓶装燃气", "issued_on": "2025-01-10", "valid_from": "2025-01-10", "valid_to": "2028-01-09",
            "status": "valid",
        });
        self.app.write_record("licences", &licence).await.unwrap();
    }

    /// A case of the authority's own motion against the owner, who was invited to state their case.
    pub(crate) async fn invited(&self) -> CaseId {
        let matter = self.app.matter("licence-deregistration-ex-officio").unwrap();
        let example = matter.examples.iter().find(|example| example.file.ends_with("pass.json")).unwrap();
        let case = self.app.new_case();
        let text = |name: &str| example.form[name].as_str().unwrap().to_owned();
        let submit = Submit {
            channel: Channel::Office,
            applicant_kind: ApplicantKind::Organisation,
            subject: subject(),
            applicant_code: text("applicant_code"),
            applicant_name: text("applicant_name"),
            account: Some(AccountId::from_uuid(id(OWNER))),
            title: text("licence_number"),
            form: matter.form.split(&example.form).open.as_object().unwrap().clone(),
            secrets: Vec::new(),
            materials: Vec::new(),
        };
        let organisation = self.app.organisation_of(COUNTY).await.unwrap();
        let applicant = serde_json::json!({ "code": submit.applicant_code, "name": submit.applicant_name });
        let facts =
            self.app.facts_for(Arc::clone(&matter), &organisation.code, &example.form, &applicant).await.unwrap();
        self.submit(case, CaseCommand::Submit(Box::new(submit)), officer(REVIEWER), facts).await;
        self.finish(REVIEWER, case, "review", "established").await;
        case
    }

    async fn submit(&self, case: CaseId, command: CaseCommand, actor: Actor, facts: Facts) {
        self.try_submit(case, command, actor, facts).await.unwrap();
    }

    async fn try_submit(
        &self,
        case: CaseId,
        command: CaseCommand,
        actor: Actor,
        facts: Facts,
    ) -> Result<Receipt, SubmitError> {
        let command = Command::Case { case, command };
        self.app.store().submit(Submission { command, actor, facts, key: None, entered_at: None }).await
    }

    async fn on(&self, case: CaseId, command: CaseCommand, actor: Actor) {
        let facts = self.app.facts_for_case(&self.case(case).await).await.unwrap();
        self.submit(case, command, actor, facts).await;
    }

    /// What an officer tries and the law may refuse.
    pub(crate) async fn tries(&self, by: u8, case: CaseId, command: CaseCommand) -> Result<Receipt, SubmitError> {
        let facts = self.app.facts_for_case(&self.case(case).await).await.unwrap();
        self.try_submit(case, command, officer(by), facts).await
    }

    pub(crate) async fn case(&self, case: CaseId) -> Case {
        let stream = StreamId::case(case);
        match self.app.store().read(move |reader| reader.state(&stream)).await.unwrap() {
            Some((_, State::Case(case))) => *case,
            other => panic!("no case: {other:?}"),
        }
    }

    async fn complete(&self, by: u8, case: CaseId, element: &str, complete: Complete) {
        let open = self.case(case).await.tasks;
        let task =
            *open.iter().find(|(_, task)| task.element == element).unwrap_or_else(|| panic!("{element}: {open:?}")).0;
        self.on(case, CaseCommand::Complete(Box::new(Complete { task, ..complete })), officer(by)).await;
    }

    /// The single supplement notice.
    pub(crate) async fn ask_for(&self, by: u8, case: CaseId, material: &str) {
        let items = vec![(material.to_owned(), "请补交".to_owned())];
        self.complete(by, case, "accept", Complete { outcome: "supplement".to_owned(), items, ..Complete::default() })
            .await;
    }

    /// The applicant's answer to it.
    pub(crate) async fn bring(&self, case: CaseId, material: &str) {
        let field = format!("case/{case}/file/{material}/2");
        let name =
            Secret { subject: subject(), field, salt: self.app.entropy().bytes16(), value: format!("{material}.pdf") };
        let materials = vec![upload(material, &name)];
        let answer = SupplementAnswer { form: serde_json::Map::new(), secrets: vec![name], materials };
        self.on(case, CaseCommand::Supplement(Box::new(answer)), owner()).await;
    }

    pub(crate) async fn finish(&self, by: u8, case: CaseId, element: &str, outcome: &str) {
        let opinion = Some("材料齐全，符合法定形式".to_owned());
        self.complete(
            by,
            case,
            element,
            Complete {
                outcome: outcome.to_owned(),
                opinion,
                article: Some("建筑法 8".to_owned()),
                ..Complete::default()
            },
        )
        .await;
    }

    /// Takes a task.
    pub(crate) async fn claim(&self, by: u8, case: CaseId, task: u32) {
        self.on(case, CaseCommand::Claim { task }, officer(by)).await;
    }

    /// Sequences of a case's entries.
    pub(crate) async fn entries(&self, case: CaseId) -> Vec<u64> {
        let stream = StreamId::case(case);
        let rows = self.app.store().read(move |reader| reader.entries_of(&stream, 0, 100)).await.unwrap();
        rows.into_iter().map(|row| row.entry.sequence).collect()
    }

    /// A reminder of the case goes out to an officer.
    pub(crate) async fn remind(&self, case: CaseId, to: u8) {
        let recipient = AccountId::from_uuid(id(to));
        let reminder = Reminder { rule: "acceptance".to_owned(), stage: "yellow".to_owned(), recipient, n: 1 };
        let sent = vec![ReminderSent { reminder, owed_on: self.app.today(), sent_at: self.now() }];
        let (command, actor) = (Command::Remind { case, sent }, Actor::System { job: "reminders".to_owned() });
        let submission = Submission { command, actor, facts: self.app.facts(), key: None, entered_at: None };
        self.app.store().submit(submission).await.unwrap();
    }

    /// A message of the case to somebody was given up.
    pub(crate) async fn give_up(&self, case: CaseId, to: u8, key: &str) {
        let (medium, to, occasion) = (Medium::Email, AccountId::from_uuid(id(to)), Occasion::Accepted);
        let message = Message { medium, to, occasion, case, key: None };
        let (key, reason) = (key.to_owned(), "refused-550".to_owned());
        let command = MessageCommand::Failed { message, key, attempts: 1, reason, dropped: false };
        let (command, actor) = (Command::Message { case, command }, Actor::System { job: "messages".to_owned() });
        let submission = Submission { command, actor, facts: self.app.facts(), key: None, entered_at: None };
        self.app.store().submit(submission).await.unwrap();
    }

    /// Is a document found by number and code?
    pub(crate) async fn verifies(&self, number: &str, code: &str) -> bool {
        let (number, code) = (number.to_owned(), code.to_owned());
        self.app.store().read(move |reader| reader.document(&number, &code)).await.unwrap().is_some()
    }
}

fn upload(code: &str, name: &Secret) -> Material {
    let hash = kernel::state::hex(&Sha256::digest(code));
    let source = MaterialSource::Upload {
        hash,
        media: "application/pdf".to_owned(),
        bytes: 1,
        name: name.commitment(),
        sealed: false,
    };
    Material { code: code.to_owned(), source }
}

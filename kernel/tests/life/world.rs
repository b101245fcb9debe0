//! A desk in memory: loads, decides, evolves, keeps numbers and claims, as the store's writer does, without a store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use base::id::{AccountId, CaseId, PostId, SubjectId};
use jiff::civil::Date;
use journal::Actor;
use kernel::case::{Case, CaseCommand, Channel, Complete, Gathered, Material, MaterialSource, Submit, number_parts};
use kernel::catalog::matter::ApplicantKind;
use kernel::catalog::{Catalog, Example, Files, Matter};
use kernel::change::Job;
use kernel::command::Loaded;
use kernel::directory::{Account, AccountKind, Organisation, Post};
use kernel::message::Medium;
use kernel::rules::FactRecord;
use kernel::sealed::{Entropy, Secret};
use kernel::{Command, Decision, Facts, NumberKey, Refusal, State, StreamId, decide, needs, project};
use serde_json::{Map, Value};

/// The built-in catalog, read from the repository.
pub(crate) static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let (catalog, problems) = Catalog::parse(&files());
    Arc::new(catalog.unwrap_or_else(|| panic!("{problems:#?}")))
});

/// The files of the built-in catalog.
pub(crate) fn files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog");
    let mut files = Files::new();
    read(&root, &root, &mut files);
    files
}

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// An example of a package by a part of its file name.
pub(crate) fn example<'a>(matter: &'a Matter, part: &str) -> &'a Example {
    matter.examples.iter().find(|example| example.file.contains(part)).unwrap_or_else(|| panic!("no example {part}"))
}

/// Streams, counters and claims in memory.
pub(crate) struct World {
    pub(crate) streams: Loaded,
    pub(crate) entries: Vec<(StreamId, kernel::Event)>,
    pub(crate) secrets: Vec<Secret>,
    /// Work for after the commits.
    pub(crate) outbox: Vec<Job>,
    pub(crate) today: Date,
    /// In use from now on.
    pub(crate) catalog: Arc<Catalog>,
    /// Where the first case is handed in.
    pub(crate) handling: &'static str,
    numbers: BTreeMap<NumberKey, u64>,
    claims: BTreeMap<(String, String), StreamId>,
    records: BTreeMap<String, Vec<Value>>,
    steps: u8,
}

pub(crate) const OWNER: u8 = 1;

fn uuid(n: u8) -> uuid::Uuid {
    uuid::Uuid::from_bytes([n; 16])
}

pub(crate) fn account(n: u8) -> AccountId {
    AccountId::from_uuid(uuid(n))
}

pub(crate) fn case_id(n: u8) -> CaseId {
    CaseId::from_uuid(uuid(n))
}

/// An officer acts as their one post, which has their own number.
pub(crate) fn officer(n: u8) -> Actor {
    Actor::Officer { account: journal::Id([n; 16]), post: journal::Id([n; 16]), delegation: None }
}

pub(crate) fn applicant() -> Actor {
    Actor::Applicant { account: journal::Id([OWNER; 16]), on_behalf_of: None }
}

pub(crate) fn system() -> Actor {
    Actor::System { job: "timers".to_owned() }
}

/// The officers of the county bureau by number.
pub(crate) const CLERK: u8 = 10;
pub(crate) const REVIEWER: u8 = 11;
pub(crate) const HEAD: u8 = 12;
pub(crate) const LEADER: u8 = 13;
pub(crate) const COUNTERSIGNERS: [u8; 2] = [14, 15];
pub(crate) const DIRECTOR: u8 = 16;
pub(crate) const SECOND_REVIEWER: u8 = 17;
/// Of the traffic police of the county, and of its government.
pub(crate) const JOINT: u8 = 20;
pub(crate) const JOINT_HEAD: u8 = 21;
pub(crate) const MAYOR: u8 = 22;
const ELSEWHERE: [(u8, &str, &str); 3] = [
    (JOINT, "joint-officer", "130123-jg"),
    (JOINT_HEAD, "joint-head", "130123-jg"),
    (MAYOR, "government-leader", "130123-rmzf"),
];
/// Where cases are handed in, unless a world says otherwise.
const COUNTY: &str = "130123-zjj";
const POSTS: [(u8, &str); 8] = [
    (CLERK, "window-clerk"),
    (REVIEWER, "case-officer"),
    (HEAD, "division-head"),
    (LEADER, "deputy-director"),
    (14, "countersign-officer"),
    (15, "countersign-officer"),
    (DIRECTOR, "director"),
    (SECOND_REVIEWER, "case-officer"),
];

impl World {
    /// A county bureau with its posts, an applicant, and the registers of an example.
    pub(crate) fn new(today: Date, example: &Example) -> Self {
        let mut world = Self {
            streams: Loaded::new(),
            entries: Vec::new(),
            secrets: Vec::new(),
            outbox: Vec::new(),
            today,
            catalog: Arc::clone(&CATALOG),
            handling: COUNTY,
            numbers: BTreeMap::new(),
            claims: BTreeMap::new(),
            records: example.registers.clone(),
            steps: 0,
        };
        for (n, kind) in POSTS {
            world.put_officer(n, kind, COUNTY);
        }
        for (n, kind, organisation) in ELSEWHERE {
            world.put_officer(n, kind, organisation);
        }
        let code = example.form.get("applicant_code").and_then(Value::as_str).map(str::to_owned);
        world.put_account(OWNER, AccountKind::Applicant, code.into_iter().collect(), None);
        world
    }

    /// An officer with one post in an organisation of the directory.
    pub(crate) fn put_officer(&mut self, n: u8, kind: &str, organisation: &str) {
        self.put_account(n, AccountKind::Officer, vec![], Some((kind, organisation)));
    }

    fn put_account(&mut self, n: u8, kind: AccountKind, represents: Vec<String>, post: Option<(&str, &str)>) {
        let posts = post.map(|(kind, code)| (kind, organisation(code))).map(|(kind, organisation)| Post {
            id: PostId::from_uuid(uuid(n)),
            kind: kind.to_owned(),
            organisation: organisation.code.clone(),
            region: organisation.region,
            division: "approval".to_owned(),
            valid_from: "2000-01-01".parse().unwrap(),
            valid_until: None,
        });
        let subject = SubjectId::from_uuid(uuid(n));
        let name = Secret { subject, field: "name".to_owned(), salt: [n; 16], value: format!("person {n}") };
        let account = Account {
            id: account(n),
            kind,
            subject,
            name: name.commitment(),
            represents,
            posts: posts.into_iter().collect(),
            disabled: false,
            contact: None,
        };
        self.streams.insert(StreamId::account(account.id), (1, State::Account(account)));
    }

    fn facts(&mut self, matter: &Arc<Matter>, form: &Value) -> Facts {
        self.steps += 1;
        let now = base::time::start_of_day(self.today).unwrap() + jiff::SignedDuration::from_hours(9);
        let applicant = serde_json::json!({ "code": form["applicant_code"], "name": form["applicant_name"] });
        let queries = matter.fact_queries(self.today, form, &applicant);
        let records = queries.iter().map(|query| {
            let is =
                |record: &Value, field: &str, value: &str| record.get(field).and_then(Value::as_str) == Some(value);
            let all = self.records.get(&query.register).cloned().unwrap_or_default();
            let found = all.into_iter().filter(|record| {
                is(record, &query.field, &query.value)
                    && query.with.iter().all(|(field, value)| is(record, field, value))
            });
            // Ids are opaque: a citizen number may not stand in a stream's name.
            let records = found.enumerate().map(|(n, body)| FactRecord {
                register: query.register.clone(),
                id: format!("{}-{n}", query.name),
                version: 1,
                body,
            });
            (query.name.clone(), records.collect())
        });
        Facts {
            now,
            today: self.today,
            catalog: Arc::clone(&self.catalog),
            matter: Some(Arc::clone(matter)),
            organisation: Some(organisation(self.handled_by())),
            records: records.collect(),
            personal: Map::new(),
            number_parts: BTreeMap::new(),
            entropy: Entropy::new([self.steps; 32]),
            pepper: [7; 32],
            numbers: BTreeMap::new(),
            reachable: BTreeMap::from([(account(OWNER), [Medium::Email].into())]),
            read: Vec::new(),
        }
    }

    /// Who handles the first case, or where the first is handed in.
    fn handled_by(&self) -> &str {
        let first = self.streams.get(&StreamId::case(case_id(1))).and_then(|(_, state)| state.as_case());
        first.map_or(self.handling, |case| case.organisation.as_str())
    }

    /// Decides and keeps the outcome, as the writer would.
    pub(crate) fn submit(&mut self, command: &Command, actor: &Actor, mut facts: Facts) -> Result<Decision, Refusal> {
        for key in needs(command, actor, &facts).numbers {
            let next = self.numbers.get(&key).copied().unwrap_or(0) + 1;
            facts.numbers.insert(key, next);
        }
        let decision = decide(command, actor, &self.streams, &facts)?;
        for part in &decision.streams {
            let held = |stream: &StreamId, claim: &kernel::projection::ClaimRow| {
                self.claims.get(&(claim.name.clone(), claim.key.clone())).filter(|holder| *holder != stream).cloned()
            };
            for claim in project(&part.stream, &part.state).claims {
                if let Some(holder) = held(&part.stream, &claim) {
                    return Err(Refusal::ClaimTaken { name: claim.name, holder: holder.to_string() });
                }
            }
        }
        self.outbox.extend(decision.outbox.iter().map(|outgoing| outgoing.job.clone()));
        for part in &decision.streams {
            let version = self.streams.get(&part.stream).map_or(0, |(version, _)| *version);
            assert_eq!(version, part.expected_version, "{}", part.stream);
            // What was decided equals what replay gives, from canonical bytes and back.
            let mut state = part.before.clone();
            for event in &part.events {
                let body = event.body().unwrap();
                let read = kernel::Event::decode(event.kind(), &body).unwrap();
                assert_eq!(read, *event);
                state = Some(State::evolve(state, &read, facts.at()).unwrap());
                self.entries.push((part.stream.clone(), read));
            }
            let state = state.unwrap();
            assert_eq!(state, part.state);
            assert_eq!(State::decode(&state.encode().unwrap()).unwrap(), state);
            self.claims.retain(|_, holder| *holder != part.stream);
            for claim in project(&part.stream, &state).claims {
                self.claims.insert((claim.name, claim.key), part.stream.clone());
            }
            self.streams.insert(part.stream.clone(), (version + part.events.len() as u64, state));
        }
        self.numbers.extend(decision.numbers.iter().cloned());
        self.secrets.extend(decision.secrets.iter().cloned());
        Ok(decision)
    }

    /// Hands in an example online. Materials left out are not given.
    pub(crate) fn apply(
        &mut self,
        matter: &Arc<Matter>,
        example: &Example,
        n: u8,
        without: &[&str],
    ) -> Result<Decision, Refusal> {
        let name = named(example, "applicant_name");
        self.hand_in(matter, example, n, without, &name, Channel::Online)
    }

    /// The same in the name of an applicant that the form need not name.
    pub(crate) fn apply_as(
        &mut self,
        matter: &Arc<Matter>,
        example: &Example,
        n: u8,
        name: &str,
    ) -> Result<Decision, Refusal> {
        self.hand_in(matter, example, n, &[], name, Channel::Online)
    }

    /// The reviewer opens a case of the authority's own motion; the applicant of the form is the party.
    pub(crate) fn open(&mut self, matter: &Arc<Matter>, example: &Example, n: u8) -> Result<Decision, Refusal> {
        let name = named(example, "applicant_name");
        self.hand_in(matter, example, n, &[], &name, Channel::Office)
    }

    /// Does open tasks with their first outcome, by whoever may, until one of this element is open.
    pub(crate) fn drive(&mut self, matter: &Arc<Matter>, example: &Example, n: u8, element: &str) {
        for _ in 0..20 {
            let open = self.case(n).tasks.iter().next().map(|(task, open)| (*task, open.clone()));
            let (task, open) = open.unwrap_or_else(|| panic!("no task is open before {element}"));
            if open.element == element {
                return;
            }
            let word = matter.task(&open.element).unwrap().outcomes.names().next().unwrap().to_owned();
            self.somebody_does(matter, example, n, task, &word).unwrap();
        }
        panic!("{element} is never open");
    }

    /// Whoever may do a task does it.
    pub(crate) fn somebody_does(
        &mut self,
        matter: &Arc<Matter>,
        example: &Example,
        n: u8,
        task: u32,
        word: &str,
    ) -> Result<(), String> {
        let kind = self.case(n).tasks[&task].post_kind.clone();
        let holds = |account: &&Account| account.posts.iter().any(|post| post.kind == kind);
        let accounts = self.streams.values().filter_map(|(_, state)| state.as_account());
        let people: Vec<u8> = accounts.filter(holds).map(|account| account.id.uuid().as_bytes()[0]).collect();
        let mut refused = Vec::new();
        for person in people {
            match self.on(matter, example, n, &officer(person), outcome(task, word)) {
                Ok(_) => return Ok(()),
                Err(refusal) => refused.push(refusal),
            }
        }
        Err(format!("{word} by {kind}: {refused:?}"))
    }

    /// Everybody of a bureau, numbered from a first one.
    pub(crate) fn put_bureau(&mut self, first: u8, organisation: &str) {
        for (n, kind) in POSTS {
            self.put_officer(first + n, kind, organisation);
        }
    }

    /// An officer who files for an organisation, too.
    pub(crate) fn represents(&mut self, n: u8, code: &str) {
        let stream = StreamId::account(account(n));
        let Some((_, State::Account(account))) = self.streams.get_mut(&stream) else { panic!("no account {n}") };
        account.represents.push(code.to_owned());
    }

    fn hand_in(
        &mut self,
        matter: &Arc<Matter>,
        example: &Example,
        n: u8,
        without: &[&str],
        applicant_name: &str,
        channel: Channel,
    ) -> Result<Decision, Refusal> {
        let subject = SubjectId::from_uuid(uuid(OWNER));
        let split = matter.form.split(&example.form);
        let mut salt = n;
        let mut secret = |field: String, value: String| {
            salt = salt.wrapping_add(1);
            Secret { subject, field, salt: [salt; 16], value }
        };
        let mut secrets: Vec<Secret> = split
            .sealed
            .iter()
            .map(|sealed| {
                secret(format!("case/{}/form{}", case_id(n), sealed.pointer), sealed.value.as_str().unwrap().to_owned())
            })
            .collect();
        let mut materials = Vec::new();
        for code in example.materials.iter().filter(|code| !without.contains(&code.as_str())) {
            let name = secret(format!("case/{}/file/{code}", case_id(n)), format!("{code}.pdf"));
            materials.push(upload(code, name.commitment()));
            secrets.push(name);
        }
        let submit = Submit {
            channel,
            applicant_kind: matter.spec.applicant.iter().copied().max().unwrap_or(ApplicantKind::Organisation),
            subject,
            applicant_code: named(example, "applicant_code"),
            applicant_name: applicant_name.to_owned(),
            account: Some(account(OWNER)),
            title: "title".to_owned(),
            form: split.open.as_object().unwrap().clone(),
            secrets,
            materials,
        };
        let facts = self.facts(matter, &example.form);
        let command = Command::Case { case: case_id(n), command: CaseCommand::Submit(Box::new(submit)) };
        let actor = if channel == Channel::Office { officer(REVIEWER) } else { applicant() };
        self.submit(&command, &actor, facts)
    }

    /// Any command on a case.
    pub(crate) fn on(
        &mut self,
        matter: &Arc<Matter>,
        example: &Example,
        n: u8,
        actor: &Actor,
        command: CaseCommand,
    ) -> Result<Decision, Refusal> {
        let mut facts = self.facts(matter, &example.form);
        let split = matter.form.split(&example.form);
        facts.personal = split.sealed.into_iter().map(|sealed| (sealed.pointer, sealed.value)).collect();
        facts.number_parts = number_parts(matter, &Gathered::of(matter, self.case(n), &facts).context(matter));
        self.submit(&Command::Case { case: case_id(n), command }, actor, facts)
    }

    pub(crate) fn case(&self, n: u8) -> &Case {
        self.streams[&StreamId::case(case_id(n))].1.as_case().unwrap()
    }

    /// The one open task of an element.
    pub(crate) fn task(&self, n: u8, element: &str) -> u32 {
        let case = self.case(n);
        let open = case.tasks.iter().find(|(_, task)| task.element == element && task.claimed_by.is_none());
        let open = open.or_else(|| case.tasks.iter().find(|(_, task)| task.element == element));
        *open.unwrap_or_else(|| panic!("no open task {element}: {:?}", case.tasks)).0
    }

    /// A construction permit in force that holds a claim until the work is completed.
    pub(crate) fn put_licence(&mut self, number: &str) -> StreamId {
        let claim = kernel::record::ClaimHeld {
            name: "manager-on-site".to_owned(),
            key: "key".to_owned(),
            release: "register:licences.completed_on".to_owned(),
        };
        let written = kernel::record::RecordWritten {
            register: "licences".to_owned(),
            id: number.to_owned(),
            region: "130123".to_owned(),
            status: kernel::record::VALID.to_owned(),
            valid_from: None,
            valid_until: None,
            body: Map::from_iter([("number".to_owned(), Value::from(number))]),
            sealed: Vec::new(),
            source: None,
            matter: None,
            claims: vec![claim],
            start_by: None,
        };
        self.put_record(written)
    }

    /// A record as it was written.
    pub(crate) fn put_record(&mut self, written: kernel::record::RecordWritten) -> StreamId {
        let stream = StreamId::record(&written.register, &written.id);
        let state = State::evolve(None, &written.into(), 0).unwrap();
        self.streams.insert(stream.clone(), (1, state));
        stream
    }

    pub(crate) fn organisation_facts(&mut self, matter: &Arc<Matter>, example: &Example) -> Facts {
        self.facts(matter, &example.form)
    }
}

/// What the form says of the applicant; empty where a person applies.
fn named(example: &Example, field: &str) -> String {
    example.form.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(crate) fn upload(code: &str, name: journal::Commitment) -> Material {
    Material {
        code: code.to_owned(),
        source: MaterialSource::Upload {
            hash: format!("hash-{code}"),
            media: "application/pdf".to_owned(),
            bytes: 1,
            name,
            sealed: false,
        },
    }
}

/// Finishes a task with an outcome and words.
pub(crate) fn outcome(task: u32, outcome: &str) -> CaseCommand {
    CaseCommand::Complete(Box::new(Complete {
        task,
        outcome: outcome.to_owned(),
        opinion: Some("材料齐全，符合法定形式".to_owned()),
        article: Some("建筑法 8".to_owned()),
        items: Vec::new(),
    }))
}

fn organisation(code: &str) -> Organisation {
    let seed = CATALOG.directory.organisations.iter().find(|seed| seed.code.as_str() == code).unwrap();
    Organisation {
        code: seed.code.to_string(),
        name: seed.name.clone(),
        region: seed.region,
        short: seed.short_code.clone(),
        abbr: seed.abbr.clone(),
        parent: None,
        valid_from: "2000-01-01".parse().unwrap(),
    }
}

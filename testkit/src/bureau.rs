//! A county's bureau and those who apply to it, as commands: real cases of the built-in construction permit for whoever has a store.
//!
//! Pure: instants and seeds are arguments, ids follow from regions and numbers, so that the same calls give the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::id::{AccountId, CaseId, PostId, SubjectId};
use base::region::RegionCode;
use jiff::Timestamp;
use journal::Actor;
use kernel::case::{self, Case, CaseCommand, Channel, Complete, Gathered, Material, MaterialSource, Places, Submit};
use kernel::catalog::matter::ApplicantKind;
use kernel::catalog::{Catalog, Example, Matter, Register};
use kernel::directory::{AccountKind, DirectoryCommand, Organisation, OrganisationRegistered, Post};
use kernel::form::Split;
use kernel::record::{RecordCommand, RecordWrite};
use kernel::rules::{FactQuery, FactRecord};
use kernel::sealed::{Entropy, Secret};
use kernel::{Command, Facts, StreamId};
use serde_json::{Map, Value, json};

use crate::world;

/// The officers of a bureau, by their number in it.
const POSTS: [(u8, &str); 8] = [
    (10, "window-clerk"),
    (11, "case-officer"),
    (12, "division-head"),
    (13, "deputy-director"),
    (14, "countersign-officer"),
    (15, "countersign-officer"),
    (16, "director"),
    (17, "system-admin"),
];

/// The steps of a permit without countersigning: element, who does it, with which outcome.
pub const STEPS: [(&str, &str, &str); 4] = [
    ("accept", "window-clerk", "accepted"),
    ("review", "case-officer", "agree"),
    ("head", "division-head", "agree"),
    ("decide", "deputy-director", "grant"),
];

/// What somebody applies for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which applicant: see [`open_applicant`].
    pub applicant: u8,
    /// The project: the case's public line.
    pub project: String,
    /// Citizen number of the site manager, who may lead one site only.
    pub manager: String,
    /// Codes of materials that are not handed in.
    pub without: Vec<&'static str>,
}

/// The bureau of a county.
#[derive(Clone, Debug)]
pub struct Bureau {
    /// As the directory has it.
    pub organisation: Organisation,
}

/// The built-in construction permit.
///
/// # Panics
/// When the catalog has none.
pub fn matter() -> Arc<Matter> {
    let catalog = world::catalog();
    Arc::clone(
        catalog.matter("construction-permit").unwrap_or_else(|| panic!("the catalog has no construction permit")),
    )
}

/// The catalog version that a bureau's cases keep, with its files: a node reads them from its store, for the version in its binary is another.
pub fn catalog_kept() -> (String, Vec<(String, Vec<u8>)>) {
    let files = world::catalog_files();
    let files = files.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    (world::catalog().version().to_owned(), files)
}

/// An application in which every check that a machine can make passes.
fn example(matter: &Matter) -> &Example {
    let passes = |example: &&Example| example.file.ends_with("pass.json");
    matter.examples.iter().find(passes).unwrap_or_else(|| panic!("no example passes"))
}

/// Sixteen bytes that tell who it is: a region's code and a number in it.
fn id(region: &str, n: u8) -> uuid::Uuid {
    let mut bytes = [0; 16];
    bytes[..region.len()].copy_from_slice(region.as_bytes());
    bytes[15] = n;
    uuid::Uuid::from_bytes(bytes)
}

fn journal_id(id: uuid::Uuid) -> journal::Id {
    journal::Id(*id.as_bytes())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn open_account(id: uuid::Uuid, kind: AccountKind, represents: Vec<String>) -> Command {
    let subject = SubjectId::from_uuid(id);
    let name = Secret { subject, field: "name".to_owned(), salt: *id.as_bytes(), value: format!("name-of-{id}") };
    let account = AccountId::from_uuid(id);
    Command::Directory(DirectoryCommand::OpenAccount { account, kind, subject, name, represents })
}

/// The account and the subject of an applicant.
pub fn applicant(n: u8) -> (AccountId, SubjectId) {
    let id = id("owner", n);
    (AccountId::from_uuid(id), SubjectId::from_uuid(id))
}

/// An applicant as the journal names them.
pub fn as_applicant(n: u8) -> Actor {
    Actor::Applicant { account: journal_id(id("owner", n)), on_behalf_of: None }
}

/// Opens the account of an applicant, who may file for the enterprise of the example.
pub fn open_applicant(n: u8) -> Command {
    let matter = matter();
    open_account(id("owner", n), AccountKind::Applicant, vec![text(&example(&matter).form["applicant_code"])])
}

/// The records of all registers that the rules ask for.
pub fn records() -> Vec<Command> {
    let matter = matter();
    let catalog = world::catalog();
    let all = example(&matter).registers.iter().flat_map(|(register, records)| {
        let declared = declared(&catalog, register);
        records.iter().enumerate().map(move |(n, fields)| record(declared, n, fields))
    });
    all.collect()
}

fn declared<'a>(catalog: &'a Catalog, register: &str) -> &'a Register {
    catalog.register(register).unwrap_or_else(|| panic!("no register {register}"))
}

/// Its key, or its place in the example where the key is personal and may not name a stream.
fn record_id(register: &Register, n: usize, fields: &Value) -> String {
    let personal = register.schema.field(&register.spec.key).is_some_and(|field| field.class.is_sealed());
    if personal { format!("{}-{n}", register.code) } else { text(&fields[&register.spec.key]) }
}

fn record(register: &Register, n: usize, fields: &Value) -> Command {
    let (code, id) = (register.code.clone(), record_id(register, n, fields));
    let Split { open, sealed } = register.schema.split(fields);
    let subject = SubjectId::from_uuid(self::id("record", u8::try_from(n).unwrap_or(u8::MAX)));
    let secrets = sealed.iter().map(|sealed| Secret {
        subject,
        field: format!("record/{code}/{id}{}", sealed.pointer),
        salt: [n as u8; 16],
        value: text(&sealed.value),
    });
    let day = |name: &str| fields.get(name).and_then(|day| day.as_str()?.parse().ok());
    let region = register.spec.region.as_ref().and_then(|name| fields.get(name));
    Command::Record(RecordCommand::Write(Box::new(RecordWrite {
        register: code.clone(),
        id: id.clone(),
        region: region.map(text).unwrap_or_default(),
        valid_from: day("valid_from"),
        valid_until: day("valid_to"),
        body: open.as_object().cloned().unwrap_or_default(),
        secrets: secrets.collect(),
        source: None,
        matter: None,
        start_by: None,
    })))
}

/// What the registers answer to a query, as [`records`] wrote them.
fn answer(matter: &Matter, catalog: &Catalog, query: &FactQuery) -> Vec<FactRecord> {
    let register = declared(catalog, &query.register);
    let is = |fields: &Value, field: &str, value: &str| fields.get(field).and_then(Value::as_str) == Some(value);
    let all = example(matter).registers.get(&query.register).map(Vec::as_slice).unwrap_or_default();
    let found = all.iter().enumerate().filter(|(_, fields)| {
        is(fields, &query.field, &query.value) && query.with.iter().all(|(field, value)| is(fields, field, value))
    });
    let record = |(n, fields): (usize, &Value)| FactRecord {
        register: query.register.clone(),
        id: record_id(register, n, fields),
        version: 1,
        body: register.schema.split(fields).open,
    };
    found.map(record).collect()
}

impl Bureau {
    /// Of a region of the built-in directory.
    ///
    /// # Panics
    /// When the directory has no organisation there.
    pub fn of(region: &str) -> Self {
        let catalog = world::catalog();
        let seed = catalog.directory.own().find(|seed| seed.region.as_str() == region);
        let seed = seed.unwrap_or_else(|| panic!("no organisation in {region}"));
        let organisation = Organisation {
            code: seed.code.to_string(),
            name: seed.name.clone(),
            region: seed.region,
            short: seed.short_code.clone(),
            abbr: seed.abbr.clone(),
            parent: None,
            valid_from: jiff::civil::date(2000, 1, 1),
        };
        Self { organisation }
    }

    /// Its region.
    pub fn region(&self) -> RegionCode {
        self.organisation.region
    }

    /// What registers it and its officers in an empty store.
    pub fn opening(&self) -> Vec<Command> {
        let Organisation { code, name, region, short, abbr, parent, valid_from } = self.organisation.clone();
        let register = OrganisationRegistered { code, name, region, short, abbr, parent, valid_from };
        let mut commands = vec![Command::Directory(DirectoryCommand::Register(register))];
        for (n, kind) in POSTS {
            let account = AccountId::from_uuid(self.id(n));
            commands.push(open_account(self.id(n), AccountKind::Officer, Vec::new()));
            commands.push(Command::Directory(DirectoryCommand::Assign { account, post: self.post(n, kind) }));
        }
        commands
    }

    fn id(&self, n: u8) -> uuid::Uuid {
        id(self.region().as_str(), n)
    }

    fn post(&self, n: u8, kind: &str) -> Post {
        Post {
            id: PostId::from_uuid(self.id(n)),
            kind: kind.to_owned(),
            organisation: self.organisation.code.clone(),
            region: self.region(),
            division: "approval".to_owned(),
            valid_from: jiff::civil::date(2000, 1, 1),
            valid_until: None,
        }
    }

    fn number(kind: &str) -> u8 {
        POSTS.iter().find(|(_, post)| *post == kind).unwrap_or_else(|| panic!("no post {kind}")).0
    }

    /// The first officer of a kind of post, as the journal names them.
    pub fn officer(&self, kind: &str) -> Actor {
        let id = journal_id(self.id(Self::number(kind)));
        Actor::Officer { account: id, post: id, delegation: None }
    }

    /// The account of that officer.
    pub fn account_of(&self, kind: &str) -> AccountId {
        AccountId::from_uuid(self.id(Self::number(kind)))
    }

    /// The post of that officer, on which what they may see hangs.
    pub fn post_of(&self, kind: &str) -> Post {
        self.post(Self::number(kind), kind)
    }

    /// The whole form of an application, personal fields and all.
    pub fn form(&self, wish: &Wish) -> Value {
        let matter = matter();
        let mut form = example(&matter).form.clone();
        form["region"] = json!(self.region().as_str());
        form["project_name"] = json!(wish.project);
        form["manager_id"] = json!(wish.manager);
        form
    }

    /// Hands in an application on line.
    pub fn application(&self, case: CaseId, wish: &Wish) -> CaseCommand {
        let (matter, form) = (matter(), self.form(wish));
        let (account, subject) = applicant(wish.applicant);
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(case.uuid().as_bytes());
        let mut entropy = Entropy::new(seed);
        let places = Places::of(case, 1);
        let mut secret = |field: String, value: String| Secret { subject, field, salt: entropy.bytes16(), value };
        let Split { open, sealed } = matter.form.split(&form);
        let fields = sealed.iter().map(|sealed| secret(places.form(&sealed.pointer), text(&sealed.value)));
        let mut secrets: Vec<Secret> = fields.collect();
        let mut materials = Vec::new();
        for code in example(&matter).materials.iter().filter(|code| !wish.without.contains(&code.as_str())) {
            let name = secret(places.file(code), format!("{code}.pdf"));
            materials.push(upload(code, &name));
            secrets.push(name);
        }
        CaseCommand::Submit(Box::new(Submit {
            channel: Channel::Online,
            applicant_kind: ApplicantKind::Organisation,
            subject,
            applicant_code: text(&form["applicant_code"]),
            applicant_name: text(&form["applicant_name"]),
            account: Some(account),
            title: wish.project.clone(),
            form: open.as_object().cloned().unwrap_or_default(),
            secrets,
            materials,
        }))
    }

    /// Facts for an application.
    pub fn facts_for(&self, wish: &Wish, now: Timestamp, seed: [u8; 32]) -> Facts {
        let form = self.form(wish);
        let applicant = json!({ "code": form["applicant_code"], "name": form["applicant_name"] });
        self.facts(&form, &applicant, now, seed)
    }

    /// Facts for a command on a case that exists; its personal fields are by pointer, as they were read from the vault.
    pub fn facts_on(&self, case: &Case, personal: Map<String, Value>, now: Timestamp, seed: [u8; 32]) -> Facts {
        let (matter, open) = (matter(), Value::Object(case.form.clone()));
        let form = matter.form.join(&open, personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())));
        let mut facts = self.facts(&form, &case::applicant(&case.applicant), now, seed);
        facts.personal = personal;
        facts.number_parts = case::number_parts(&matter, &Gathered::of(&matter, case, &facts).context(&matter));
        facts
    }

    fn facts(&self, form: &Value, applicant: &Value, now: Timestamp, seed: [u8; 32]) -> Facts {
        let (matter, catalog) = (matter(), world::catalog());
        let mut facts = world::facts(now, seed);
        let queries = matter.fact_queries(facts.today, form, applicant);
        let records: BTreeMap<String, Vec<FactRecord>> =
            queries.iter().map(|query| (query.name.clone(), answer(&matter, &catalog, query))).collect();
        let read = records.values().flatten();
        facts.read = read.map(|record| (StreamId::record(&record.register, &record.id), record.version)).collect();
        facts.organisation = Some(self.organisation.clone());
        facts.records = records;
        facts.matter = Some(matter);
        facts
    }
}

/// A material as it was uploaded.
pub fn upload(code: &str, name: &Secret) -> Material {
    let source = MaterialSource::Upload {
        hash: format!("hash-{code}"),
        media: "application/pdf".to_owned(),
        bytes: 1,
        name: name.commitment(),
        sealed: false,
    };
    Material { code: code.to_owned(), source }
}

/// Finishes the open task of an element with an outcome and words.
///
/// # Panics
/// When the case has no such task.
pub fn complete(case: &Case, element: &str, outcome: &str) -> CaseCommand {
    let open = case.tasks.iter().find(|(_, task)| task.element == element);
    let (task, _) = open.unwrap_or_else(|| panic!("no open task {element}: {:?}", case.tasks));
    CaseCommand::Complete(Box::new(Complete {
        task: *task,
        outcome: outcome.to_owned(),
        opinion: Some("材料齐全，符合法定形式".to_owned()),
        article: Some("建筑法 8".to_owned()),
        items: Vec::new(),
    }))
}

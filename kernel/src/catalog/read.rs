//! Reads the shared files of a catalog. A finding never stops the reading of the next file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::calendar::Calendar;
use base::number::Registers;
use base::region::Regions;
use serde::de::DeserializeOwned;

use super::files::{FILE_BYTES_MAX, Files};
use super::problem::{Findings, Problem, line_at};
use super::shared::*;
use crate::form::Form;

/// Reads one catalog and collects what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) files: &'a Files,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn findings<'r>(&'r mut self, file: &'r str) -> Findings<'r> {
        Findings { file, text: self.files.text(file).unwrap_or_default(), list: &mut self.problems }
    }

    /// The text of a file that must be there.
    pub(super) fn text(&mut self, file: &str) -> Option<&'a str> {
        let files = self.files;
        match files.get(file) {
            None => {
                self.findings(file).error("", "file-missing", "the file is missing");
                None
            }
            Some(bytes) if bytes.len() > FILE_BYTES_MAX => {
                self.findings(file).error("", "file-size", format!("the file is larger than {FILE_BYTES_MAX} bytes"));
                None
            }
            Some(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Some(text),
                Err(error) => {
                    let message = format!("the file is not UTF-8 after byte {}", error.valid_up_to());
                    self.findings(file).error("", "file-encoding", message);
                    None
                }
            },
        }
    }

    pub(super) fn toml<T: DeserializeOwned>(&mut self, file: &str) -> Option<T> {
        let text = self.text(file)?;
        toml::from_str(text)
            .map_err(|error| {
                let line = error.span().map_or(0, |span| line_at(text, span.start));
                self.findings(file).error_at(line, "", "toml", error.message().to_owned());
            })
            .ok()
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self, file: &str) -> Option<T> {
        let text = self.text(file)?;
        serde_json::from_str(text)
            .map_err(|error| {
                let line = u32::try_from(error.line()).unwrap_or(0);
                self.findings(file).error_at(line, "", "json", error.to_string());
            })
            .ok()
    }

    /// The rows of a CSV file with their lines. Columns are exactly the fields of the row.
    fn csv<T: DeserializeOwned>(&mut self, file: &str) -> Vec<(u32, T)> {
        let Some(text) = self.text(file) else { return Vec::new() };
        let mut rows = Vec::new();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().cloned().unwrap_or_default();
        for record in reader.records() {
            let line = |position: Option<&csv::Position>| position.map_or(0, |p| u32::try_from(p.line()).unwrap_or(0));
            match record {
                Ok(record) => match record.deserialize(Some(&headers)) {
                    Ok(row) => rows.push((line(record.position()), row)),
                    Err(error) => {
                        let cause = match error.kind() {
                            csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
                            _ => error.to_string(),
                        };
                        let name = record.get(0).unwrap_or_default().to_owned();
                        self.findings(file).error_at(line(record.position()), &name, "csv", cause);
                    }
                },
                Err(error) => {
                    let at = line(error.position());
                    self.findings(file).error_at(at, "", "csv", error.to_string());
                }
            }
        }
        rows
    }

    pub(super) fn calendar(&mut self) -> Option<Calendar> {
        const FILE: &str = "calendars/cn.csv";
        let text = self.text(FILE)?;
        Calendar::parse(text).map_err(|error| self.findings(FILE).error("", "calendar", error.to_string())).ok()
    }

    pub(super) fn regions(&mut self) -> Option<Regions> {
        const FILE: &str = "directory/regions.csv";
        let text = self.text(FILE)?;
        let texts: Vec<&str> =
            [Some(text), self.files.text("standards/regions-cn.csv")].into_iter().flatten().collect();
        Regions::parse_all(&texts)
            .map_err(|error| {
                let line = u32::try_from(error.line).unwrap_or(0);
                self.findings(FILE).error_at(line, "", "regions", error.reason);
            })
            .ok()
    }

    pub(super) fn numbers(&mut self) -> Registers {
        const FILE: &str = "standards/numbering.toml";
        let parsed = self.text(FILE).map(Registers::parse);
        let found =
            parsed.map(|parsed| parsed.map_err(|error| self.findings(FILE).error("", "numbering", error.to_string())));
        found.and_then(Result::ok).unwrap_or_default()
    }

    pub(super) fn common_limits(&mut self) -> Option<CommonLimits> {
        self.toml("standards/limits.toml")
    }

    pub(super) fn post_kinds(&mut self) -> BTreeMap<String, PostKind> {
        const FILE: &str = "standards/posts.csv";
        let mut kinds = BTreeMap::new();
        for (line, row) in self.csv::<PostKindRow>(FILE) {
            let kind = PostKind::from(row);
            let code = kind.code.clone();
            if kind.levels.is_empty() != (kind.side == Side::Applicant) {
                let message = "an officer's post kind has levels, an applicant's has none";
                self.findings(FILE).error_at(line, &code, "post-kind", message);
            }
            if kinds.insert(code.clone(), kind).is_some() {
                self.findings(FILE).error_at(line, &code, "duplicate", format!("post kind {code} stands twice"));
            }
        }
        kinds
    }

    pub(super) fn grants(&mut self, kinds: &BTreeMap<String, PostKind>) -> Vec<(u32, Grant)> {
        const FILE: &str = "policy/grants.csv";
        let rows = self.csv::<Grant>(FILE);
        let mut seen = BTreeSet::new();
        for (line, grant) in &rows {
            if !kinds.contains_key(&grant.post_kind) {
                let message = format!("there is no post kind {}", grant.post_kind);
                self.findings(FILE).error_at(*line, &grant.post_kind, "grant-post", message);
            }
            if !ACTIONS.contains(&grant.action.as_str()) {
                let message = format!("there is no action {}", grant.action);
                self.findings(FILE).error_at(*line, &grant.action, "grant-action", message);
            }
            let key = (&grant.post_kind, &grant.action, format!("{:?}", grant.target), grant.relation);
            if !seen.insert(key) {
                let message = "the same post kind, action, target and relation stand twice";
                self.findings(FILE).error_at(*line, &grant.post_kind, "duplicate", message);
            }
        }
        rows
    }

    pub(super) fn directory(&mut self, kinds: &BTreeMap<String, PostKind>, regions: &Regions) -> Directory {
        let mut directory = Directory::default();
        self.organisations(&mut directory, regions);
        const DIVISIONS: &str = "directory/divisions.csv";
        for (line, row) in self.csv::<DivisionRow>(DIVISIONS) {
            for organisation in self.meant(&directory.organisations, &row.organisation, DIVISIONS, line) {
                directory.divisions.push(Division {
                    organisation,
                    code: row.code.clone(),
                    kind: row.kind.clone(),
                    name: row.name.clone(),
                    order: row.order,
                });
            }
        }
        const POSTS: &str = "directory/posts.csv";
        for (line, row) in self.csv::<PostRow>(POSTS) {
            if !kinds.contains_key(&row.post_kind) {
                let message = format!("there is no post kind {}", row.post_kind);
                self.findings(POSTS).error_at(line, &row.post_kind, "directory-post", message);
            }
            for organisation in self.meant(&directory.organisations, &row.organisation, POSTS, line) {
                let mut divisions = directory.divisions.iter();
                if !divisions.any(|division| division.organisation == organisation && division.code == row.division) {
                    let message = format!("{organisation} has no division {}", row.division);
                    self.findings(POSTS).error_at(line, &row.division, "directory-division", message);
                    break;
                }
                directory.posts.push(PostSeed {
                    organisation,
                    division: row.division.clone(),
                    post_kind: row.post_kind.clone(),
                    name: row.name.clone(),
                    count: row.count,
                });
            }
        }
        directory
    }

    fn organisations(&mut self, directory: &mut Directory, regions: &Regions) {
        const FILE: &str = "directory/organisations.csv";
        let (mut codes, mut marks, mut prefixes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut places = BTreeSet::new();
        for (line, organisation) in self.csv::<Organisation>(FILE) {
            let code = organisation.code.to_string();
            let mut wrong = |code: &str, kind, message: String| self.findings(FILE).error_at(line, code, kind, message);
            if !codes.insert(code.clone()) {
                wrong(&code, "duplicate", format!("{code} stands twice"));
            }
            if !marks.insert(organisation.abbr.clone()) {
                wrong(
                    &code,
                    "duplicate",
                    format!("the mark {} is used twice: document numbers would collide", organisation.abbr),
                );
            }
            if !prefixes.insert(organisation.short_code.clone()) {
                let message =
                    format!("the short code {} is used twice: case numbers would collide", organisation.short_code);
                wrong(&code, "duplicate", message);
            }
            if regions.current(organisation.region).is_none() {
                wrong(&code, "directory-region", format!("{} is no region today", organisation.region));
            }
            if !places.insert((organisation.department.clone(), organisation.region)) {
                let message = format!("a second {} of region {}", organisation.department, organisation.region);
                wrong(&code, "duplicate", message);
            }
            if organisation.region.level() != organisation.level {
                wrong(&code, "directory-level", format!("region {} is of another level", organisation.region));
            }
            let above = organisation.parent.as_ref().map(ToString::to_string);
            if above.as_ref().is_some_and(|parent| !codes.contains(parent)) {
                wrong(&code, "directory-parent", "the organisation above it must stand before it".to_owned());
            }
            directory.organisations.push(organisation);
        }
    }

    /// The organisations that `DEPARTMENT:LEVEL` or a code means; `level:LEVEL` are the platform's own.
    fn meant(&mut self, all: &[Organisation], text: &str, file: &str, line: u32) -> Vec<base::id::OrgId> {
        let (department, level) = text.split_once(':').unwrap_or_default();
        let department = if department == "level" { OWN_DEPARTMENT } else { department };
        let is_meant = |org: &&Organisation| {
            org.code.as_str() == text || (org.department == department && org.level.as_str() == level)
        };
        let meant: Vec<_> = all.iter().filter(is_meant).map(|org| org.code.clone()).collect();
        if meant.is_empty() {
            self.findings(file).error_at(line, text, "directory-organisation", format!("{text} means no organisation"));
        }
        meant
    }

    pub(super) fn systems(&mut self) -> Vec<System> {
        let mut systems = Vec::new();
        for folder in self.folders("systems/") {
            let file = format!("systems/{folder}/system.toml");
            let Some(system) = self.toml::<System>(&file) else { continue };
            if system.code != folder {
                let message = format!("the code is {} but the folder is {folder}", system.code);
                self.findings(&file).error("code", "code-folder", message);
            }
            systems.push(system);
        }
        systems.sort_by_key(|system| system.order);
        systems
    }

    /// The names of the folders directly below one.
    pub(super) fn folders(&self, below: &str) -> BTreeSet<String> {
        let names = self.files.below(below).filter_map(|path| path[below.len()..].split_once('/'));
        names.map(|(folder, _)| folder.to_owned()).collect()
    }

    pub(super) fn registers(&mut self, systems: &[System], regions: &Arc<Regions>) -> BTreeMap<String, Arc<Register>> {
        let mut registers = BTreeMap::new();
        for system in systems {
            let folder = format!("systems/{}/registers/", system.code);
            let files: Vec<String> = self.files.below(&folder).map(str::to_owned).collect();
            for file in files {
                let Some(code) = file[folder.len()..].strip_suffix(".schema.json") else {
                    self.findings(&file).error("", "file-unknown", "a register is a file NAME.schema.json");
                    continue;
                };
                if let Some(register) = self.register(code, &system.code, &file, regions)
                    && registers.insert(code.to_owned(), Arc::new(register)).is_some()
                {
                    self.findings(&file).error("", "duplicate", format!("register {code} stands in two systems"));
                }
            }
        }
        for system in systems {
            let file = format!("systems/{}/system.toml", system.code);
            for share in &system.shares {
                let register: Option<&Arc<Register>> = registers.get(&share.register);
                let missing = |field: &&String| register.is_none_or(|r| r.schema.field(field).is_none());
                if let Some(field) = share.fields.iter().find(missing) {
                    let message = format!("register {} has no field {field}", share.register);
                    self.findings(&file).error(field, "share-field", message);
                }
            }
        }
        registers
    }

    fn register(&mut self, code: &str, system: &str, file: &str, regions: &Arc<Regions>) -> Option<Register> {
        let mut schema: serde_json::Value = self.json(file)?;
        let hints = schema.as_object_mut().and_then(|schema| schema.remove("x-register"));
        let spec: RegisterSpec = match hints.map(serde_json::from_value) {
            Some(Ok(spec)) => spec,
            Some(Err(error)) => {
                self.findings(file).error("x-register", "register", error.to_string());
                return None;
            }
            None => {
                self.findings(file).error("", "register", "x-register is missing");
                return None;
            }
        };
        let schema = match Form::parse_record(schema, regions) {
            Ok(schema) => schema,
            Err(problems) => {
                for problem in problems {
                    self.findings(file).error(&problem.element, problem.code, problem.message);
                }
                return None;
            }
        };
        let named = [&spec.key, &spec.label].into_iter().chain(spec.region.as_ref()).chain(&spec.indexed);
        for field in named.filter(|field| schema.field(field).is_none()) {
            self.findings(file).error(
                field,
                "register-field",
                format!("x-register names {field}, which is no property"),
            );
        }
        if !spec.indexed.contains(&spec.key) {
            self.findings(file).error("key", "register-field", "the key is not among the indexed fields");
        }
        Some(Register { code: code.to_owned(), system: system.to_owned(), spec, schema })
    }
}

/// What may be granted. `task.KIND` stands for the task kinds of matter.md §1.
pub const ACTIONS: [&str; 43] = [
    "account.manage",
    "audit.read",
    "calendar.load",
    "case.apply",
    "case.archive",
    "case.extend",
    "case.hearing",
    "case.open",
    "case.pause",
    "case.read",
    "case.receive",
    "case.resume",
    "case.state",
    "case.supplement",
    "case.withdraw",
    "catalog.publish",
    "export.run",
    "field.unmask",
    "file.read",
    "journal.read",
    "journal.verify",
    "node.manage",
    "page.view",
    "policy.manage",
    "post.manage",
    "record.read",
    "record.write",
    "share.read",
    "task.accept",
    "task.assign",
    "task.check",
    "task.claim",
    "task.countersign",
    "task.decide",
    "task.deliver",
    "task.expert_review",
    "task.hearing",
    "task.later_check",
    "task.read",
    "task.review",
    "task.site_check",
    "task.take_over",
    "user.manage",
];

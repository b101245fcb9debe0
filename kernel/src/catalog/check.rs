//! Reads one matter's package and checks that its parts fit each other: declaration, form, process, rules, guide, notices, examples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::number::Registers;
use base::region::Regions;
use flow::Definition;
use flow::bpmn::{FlowElement, MultiInstance};

use super::matter::{ClaimMoment, Limit, MaterialSource, MatterCode, MatterSpec, NoticeKind, TaskKind, Text};
use super::ordered::Ordered;
use super::package::*;
use super::pattern;
use super::problem::{Findings, Problem};
use super::read::Reader;
use super::scope::Names;
use super::shared::*;
use super::{kinds, lanes, limits};
use crate::form::{Form, FormProblem, is_snake_case};
use crate::rules::Rules;

/// What every matter may refer to.
pub(super) struct SharedNames<'a> {
    pub(super) numbers: &'a Registers,
    pub(super) post_kinds: &'a BTreeMap<String, PostKind>,
    pub(super) registers: &'a BTreeMap<String, Arc<Register>>,
    pub(super) registered_acts: &'a [&'a str],
    pub(super) regions: &'a Arc<Regions>,
    pub(super) directory: &'a Directory,
    pub(super) matters: BTreeSet<String>,
}

/// Messages of the envelope that a process may wait for (matter.md §1).
const ENVELOPE_MESSAGES: [&str; 6] = ["accepted", "paused", "resumed", "withdrawn", "supplemented", "stated"];
/// Parts of a number that the organisation gives: region, short code, mark, credit code's organisation part.
const NUMBER_FIELDS: [&str; 5] = ["reg6", "org", "org9", "abbr", "code"];
/// Columns of the decision `checks` (matter.md §3).
const CHECK_COLUMNS: [&str; 8] = ["rule", "verdict", "kind", "material", "article", "text_zh", "text_en", "evidence"];

impl Reader<'_> {
    /// Reads the package `systems/SYSTEM/matters/FOLDER`.
    pub(super) fn matter(&mut self, system: &str, name: &str, shared: &SharedNames<'_>) -> Option<Matter> {
        let folder = format!("systems/{system}/matters/{name}/");
        let toml_file = format!("{folder}matter.toml");
        let form = self.form(&format!("{folder}form.schema.json"), shared.regions);
        let process = self.process(&format!("{folder}process.bpmn"));
        let rules_file = format!("{folder}rules.dmn");
        let rules = self.files.get(&rules_file).is_some().then(|| self.rules(&rules_file));
        let guide = self.guide(&format!("{folder}guide.md"));
        let examples = self.examples(&folder);
        let spec: MatterSpec = self.toml(&toml_file)?;
        if spec.code.as_str() != name {
            let message = format!("the code is {} but the folder is {name}", spec.code);
            self.findings(&toml_file).error("code", "code-folder", message);
        }
        let form = form?;
        let names = scope(&spec, &form, shared);
        let mut findings = self.findings(&toml_file);
        check_declaration(&spec, shared, &mut findings);
        check_facts(&spec, shared, &mut findings);
        let expressions = expressions(&spec, &names, &mut findings);
        if let Some(result) = &spec.result {
            check_result(&spec, result, shared, &mut findings);
        }
        let notices = self.notices(&spec, shared.numbers, &folder, &toml_file);
        let process = process?;
        let tasks = self.tasks(&spec, &process, &toml_file);
        let acts = self.acts(&spec, &process, &names, shared, (&folder, &toml_file));
        self.process_rules(&spec, &process, &names);
        let rules = match rules {
            Some(rules) => Some(rules?),
            None => None,
        };
        if let Some(rules) = &rules {
            check_rules(rules, &spec, &names, &mut self.findings(&rules_file));
        }
        let used: BTreeMap<String, Arc<Register>> = spec
            .facts
            .iter()
            .map(|(_, fact)| &fact.register)
            .chain(spec.result.as_ref().map(|result| &result.register))
            .filter_map(|name| Some((name.clone(), Arc::clone(shared.registers.get(name)?))))
            .collect();
        let version = self.version_of(&folder, &used, &notices, &acts);
        let matter = Matter {
            system: system.to_owned(),
            folder,
            version,
            spec,
            form,
            process: Arc::new(process),
            rules,
            guide,
            tasks,
            acts,
            notices,
            registers: used,
            expressions,
            examples,
        };
        Some(matter)
    }

    fn form(&mut self, file: &str, regions: &Arc<Regions>) -> Option<Form> {
        let schema = self.json(file)?;
        Form::parse(schema, regions)
            .map_err(|problems| {
                for FormProblem { element, code, message } in problems {
                    self.findings(file).error(&element, code, message);
                }
            })
            .ok()
    }

    fn process(&mut self, file: &str) -> Option<Definition> {
        let text = self.text(file)?;
        match Definition::parse(text, file) {
            Ok(process) => {
                self.problems.extend(process.check().into_iter().map(Problem::from));
                Some(process)
            }
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(Problem::from));
                None
            }
        }
    }

    fn rules(&mut self, file: &str) -> Option<Rules> {
        let text = self.text(file)?;
        Rules::parse(text, file).map_err(|problems| self.problems.extend(problems.into_iter().map(Problem::from))).ok()
    }

    fn guide(&mut self, file: &str) -> Guide {
        let guide = self.text(file).map(Guide::parse).unwrap_or_default();
        for heading in Guide::REQUIRED {
            if !guide.sections.iter().any(|section| section.heading == heading && !section.body.is_empty()) {
                self.findings(file).error(
                    heading,
                    "guide-section",
                    format!("the section {heading} is missing or empty"),
                );
            }
        }
        guide
    }

    fn examples(&mut self, folder: &str) -> Vec<Example> {
        let folder = format!("{folder}examples/");
        let files: Vec<String> = self.files.below(&folder).map(str::to_owned).collect();
        if files.is_empty() {
            self.findings(&folder).error("", "examples", "a package has examples");
        }
        let read = |file: &String| Some(Example { file: file.clone(), ..self.json::<Example>(file)? });
        files.iter().filter_map(read).collect()
    }

    pub(super) fn template(&self, folder: &str, name: &str) -> Option<String> {
        let paths = [format!("{folder}{name}.typ"), format!("templates/{name}.typ")];
        paths.into_iter().find(|path| self.files.get(path).is_some())
    }

    /// Joins the user tasks of the process with matter.toml.
    fn tasks(&mut self, spec: &MatterSpec, process: &Definition, toml_file: &str) -> Ordered<Task> {
        let bpmn_file = process.source().to_owned();
        let mut tasks = Vec::new();
        for element in process.tasks() {
            let id = element.id.to_string();
            let mut wrong =
                |code, message: String| self.findings(&bpmn_file).error_at(element.line, &id, code, message);
            let lane = element.lane.as_deref().unwrap_or_default();
            let works = spec.lanes.get(lane);
            if works.is_none() {
                wrong("lane", format!("the task lies in lane `{lane}`, which matter.toml gives to no post kind"));
            }
            let Some(task) = spec.tasks.get(&id) else {
                wrong("task-undeclared", format!("matter.toml has no [tasks.{id}]"));
                continue;
            };
            let is_multiple = element.multi_instance().is_some();
            let is_elsewhere = works.is_some_and(|works| works.department.is_some());
            if task.kind == TaskKind::Countersign && !is_multiple && !is_elsewhere {
                wrong("countersign", "a countersign task is multi-instance, or another department's".to_owned());
            }
            if is_elsewhere && !matches!(task.kind, TaskKind::Countersign | TaskKind::Read) {
                wrong(
                    "lane-department",
                    "another department countersigns or reads; the rest is its own affair".to_owned(),
                );
            }
            // 行政许可法 art. 34(3): two or more officers check on site.
            if task.kind == TaskKind::SiteCheck && !element.multi_instance().is_some_and(by_two) {
                let message = "two or more check on site: multi-instance with a constant number of at least 2, ended by all of them";
                wrong("site-check", message.to_owned());
            }
            tasks.push((
                id.clone(),
                Task {
                    name: Text { zh: element.label().to_owned(), en: task.name_en.clone() },
                    lane: lane.to_owned(),
                    post_kind: works.map(|works| works.post.clone()).unwrap_or_default(),
                    department: works.and_then(|works| works.department.clone()),
                    kind: task.kind,
                    checks: task.checks,
                    outcomes: task.outcomes.clone(),
                    batch: task.batch,
                    panel: task.panel.clone(),
                    is_multiple,
                    id,
                },
            ));
        }
        let lanes: BTreeSet<&str> = process.lanes().iter().map(|lane| &*lane.id).collect();
        let mut findings = self.findings(toml_file);
        for lane in spec.lanes.keys().filter(|lane| !lanes.contains(lane.as_str())) {
            findings.error(&format!("lanes.{lane}"), "lane", format!("the process has no lane {lane}"));
        }
        for name in spec.tasks.names().filter(|name| !tasks.iter().any(|(id, _)| id == name)) {
            findings.error(&format!("tasks.{name}"), "task-unknown", format!("the process has no user task {name}"));
        }
        for step in spec.limits.steps.keys().filter(|step| !tasks.iter().any(|(id, _)| id == *step)) {
            findings.error(step, "step-limit", format!("the process has no user task {step}"));
        }
        kinds::fit(spec, &mut findings);
        tasks.into_iter().collect()
    }

    /// What holds for the process of every matter: names in conditions, awaited messages, diagram data.
    fn process_rules(&mut self, spec: &MatterSpec, process: &Definition, names: &Names) {
        let file = process.source().to_owned();
        let text = self.files.text(&file).unwrap_or_default();
        // What the act `evaluate` sets: counts of its verdicts, and whether the law asks for a licence at all.
        let mut names = names.clone().with_open("outcome");
        for variable in ["checks_failed", "checks_undecided", "exempt"] {
            names = names.with_open(variable);
        }
        let mut findings = Findings { file: &file, text, list: &mut self.problems };
        for flow in process.flows() {
            let Some(condition) = &flow.condition else { continue };
            let mut heard = Vec::new();
            names.parse(&condition.text, &flow.id, &mut Findings { file: &file, text, list: &mut heard });
            // A text that is no FEEL was reported by the process check already.
            heard.retain(|problem| problem.code != "feel");
            for problem in &mut heard {
                problem.line = flow.line;
            }
            findings.list.extend(heard);
            for (task, outcome) in compared_outcomes(&condition.text) {
                let declared = spec.tasks.get(&task).is_none_or(|task| task.outcomes.contains(&outcome));
                if !declared {
                    let message = format!("task {task} has no outcome {outcome}: the condition never holds");
                    findings.error_at(flow.line, &flow.id, "outcome-unknown", message);
                }
            }
        }
        for (message, elements) in process.messages() {
            if !ENVELOPE_MESSAGES.contains(&message.as_str()) {
                let sentence =
                    format!("no one sends the message {message}; the envelope sends {}", ENVELOPE_MESSAGES.join(", "));
                findings.error(elements.first().map_or("", |id| id), "message", sentence);
            }
        }
        let drawn = |element: &&FlowElement| process.diagram().shape(&element.id).is_none();
        let missing: Vec<String> =
            process.elements().iter().filter(drawn).map(|element| element.id.to_string()).collect();
        // A process without any diagram data is shown as a list (matter.md §7); half a diagram is an accident.
        if !missing.is_empty() && missing.len() < process.elements().len() {
            findings.error(&missing[0], "diagram", format!("the diagram does not show {}", missing.join(", ")));
        }
    }

    /// Hash of the package's folder and of the shared files that it uses.
    fn version_of(
        &self,
        folder: &str,
        registers: &BTreeMap<String, Arc<Register>>,
        notices: &BTreeMap<NoticeKind, NoticeForm>,
        acts: &BTreeMap<String, Act>,
    ) -> String {
        let mut paths: Vec<String> = self.files.below(folder).map(str::to_owned).collect();
        paths.extend(["standards/limits.toml", "standards/numbering.toml", "templates/common.typ"].map(str::to_owned));
        paths.extend(registers.values().map(|r| format!("systems/{}/registers/{}.schema.json", r.system, r.code)));
        paths.extend(notices.values().map(|notice| notice.template.clone()));
        paths.extend(acts.values().filter_map(|act| match act {
            Act::IssueCertificate { template } => Some(template.clone()),
            _ => None,
        }));
        self.files.version(paths.iter().map(String::as_str))
    }

    /// Grants are about matters and registers that exist.
    pub(super) fn grant_targets(
        &mut self,
        grants: &[(u32, Grant)],
        matters: &BTreeMap<MatterCode, Arc<Matter>>,
        registers: &BTreeMap<String, Arc<Register>>,
    ) {
        for (line, grant) in grants {
            let Some(name) = &grant.target.name else { continue };
            let exists = match grant.target.class {
                TargetClass::Matter | TargetClass::MatterImmediate => matters.contains_key(&MatterCode(name.clone())),
                TargetClass::Register => registers.contains_key(name),
                TargetClass::Page => true,
            };
            if !exists {
                let message = format!("it is about {name}, which does not exist");
                self.findings("policy/grants.csv").error_at(*line, name, "grant-target", message);
            }
        }
    }
}

/// The names that the FEEL texts of a matter may read.
fn scope(spec: &MatterSpec, form: &Form, shared: &SharedNames<'_>) -> Names {
    let mut names = Names::default()
        .with_open("on")
        .with_open("applicant")
        .with_open("case")
        .with("form", form.fields().iter().map(|field| field.name.as_str()))
        .with("materials", spec.materials.iter().map(|material| material.code.as_str()));
    for task in spec.tasks.names() {
        names = names.with_open(&format!("{task}_outcome"));
    }
    for (name, fact) in spec.facts.iter() {
        names = match shared.registers.get(&fact.register) {
            Some(register) => names.with(name, register.schema.fields().iter().map(|field| field.name.as_str())),
            None => names.with_open(name),
        };
    }
    names
}

fn check_declaration(spec: &MatterSpec, shared: &SharedNames<'_>, findings: &mut Findings<'_>) {
    let mut need = |holds: bool, element: &str, code, message: &str| {
        if !holds {
            findings.error(element, code, message);
        }
    };
    need(!spec.applicant.is_empty(), "applicant", "empty", "nobody may apply");
    need(!spec.levels.is_empty(), "levels", "empty", "no level handles the matter");
    need(!spec.basis.is_empty(), "basis", "empty", "a matter has a legal basis");
    need(!spec.limits.statutory.is_empty(), "statutory", "empty", "there is no statutory limit");
    for (list, versions) in [
        ("statutory", &spec.limits.statutory),
        ("promised", &spec.limits.promised),
        ("extension", &spec.limits.extension),
        ("lower_review", &spec.limits.lower_review),
        ("commitment.check", spec.commitment.as_ref().map_or(&Vec::new(), |commitment| &commitment.check)),
    ] {
        if let Some(message) = limits::overlap(versions) {
            findings.error(list, "limit-overlap", message);
        }
        // A clock in hours starts at an instant, and cases know the day: it would run from midnight.
        if versions.iter().any(|version| matches!(version.limit, Limit::Hours(_))) {
            findings.error(list, "limit-hours", "limits in hours are not executed yet");
        }
    }
    let approved = spec.limits.extension.iter().filter_map(|version| version.approver.as_ref());
    for approver in approved.filter(|approver| !shared.post_kinds.contains_key(*approver)) {
        findings.error("extension", "post-kind", format!("there is no post kind {approver}"));
    }
    for step in spec.limits.steps.iter().filter(|(_, limit)| matches!(limit, Limit::Hours(_))) {
        findings.error(step.0, "limit-hours", "limits in hours are not executed yet");
    }
    limits::fit_together(&spec.limits, findings);
    lanes::fit(spec, shared, findings);
    let mut codes = BTreeSet::new();
    for material in &spec.materials {
        let code = material.code.as_str();
        if !is_snake_case(code) {
            findings.error(code, "material-code", format!("{code} is not snake_case, FEEL could not read it"));
        }
        if !codes.insert(code) {
            findings.error(code, "duplicate", format!("material {code} stands twice"));
        }
        if material.from.is_empty() || (material.may_upload() && material.formats.is_empty()) {
            findings.error(code, "material-source", "a material comes from somewhere, and an upload has formats");
        }
        for source in &material.from {
            match source {
                MaterialSource::Register { register, fact } => {
                    let fits = match fact {
                        Some(fact) => spec.facts.get(fact).is_some_and(|spec| spec.register == *register),
                        None => spec.facts.iter().any(|(_, spec)| spec.register == *register),
                    };
                    if !fits {
                        findings.error(
                            code,
                            "material-source",
                            format!("no fact of [facts] asks register {register} for it"),
                        );
                    }
                }
                MaterialSource::Case { matter } if !shared.matters.contains(matter) => {
                    findings.error(code, "material-source", format!("there is no matter {matter}"));
                }
                _ => {}
            }
        }
    }
}

/// Whether a multi-instance task is done by at least two, whatever the case's data say.
fn by_two(multi: &MultiInstance) -> bool {
    let number = multi.cardinality.as_ref().and_then(|number| number.text.trim().parse::<u32>().ok());
    number.is_some_and(|number| number >= 2) && multi.completion.is_none()
}

fn check_facts(spec: &MatterSpec, shared: &SharedNames<'_>, findings: &mut Findings<'_>) {
    for (name, fact) in spec.facts.iter() {
        if !is_snake_case(name) || ["on", "form", "materials", "applicant", "case", "outcome"].contains(&name) {
            findings.error(name, "fact-name", format!("{name} is reserved or not snake_case"));
        }
        let Some(register) = shared.registers.get(&fact.register) else {
            findings.error(name, "fact-register", format!("there is no register {}", fact.register));
            continue;
        };
        for field in fact.by.iter().chain(fact.with.keys()) {
            if !register.is_indexed(field) {
                findings.error(
                    name,
                    "fact-field",
                    format!("{field} is no indexed field of register {}", fact.register),
                );
            }
        }
    }
}

fn expressions(spec: &MatterSpec, names: &Names, findings: &mut Findings<'_>) -> Expressions {
    let mut parsed = Expressions::default();
    for material in &spec.materials {
        if let Some(test) = names.parse(&material.required, &material.code, findings) {
            parsed.required.insert(material.code.clone(), test);
        }
    }
    for (name, fact) in spec.facts.iter() {
        if let Some(key) = names.parse(&fact.key, name, findings) {
            parsed.fact_keys.insert(name.to_owned(), key);
        }
    }
    if let Some(result) = &spec.result {
        for (field, text) in result.fields.iter() {
            if let Some(value) = names.parse(text, &format!("result.fields.{field}"), findings) {
                parsed.result_fields.insert(field.to_owned(), value);
            }
        }
        for fault in pattern::names(&result.paper).iter().filter_map(|name| names.unprintable(name)) {
            findings.error("result.paper", "result-paper", fault);
        }
        for (part, text) in result.number_parts.iter() {
            if let Some(value) = names.parse(text, "number_parts", findings) {
                parsed.number_parts.insert(part.to_owned(), value);
            }
        }
    }
    for claim in &spec.claims {
        if let Some(key) = names.parse(&claim.key, &claim.name, findings) {
            parsed.claim_keys.insert(claim.name.clone(), key);
        }
    }
    if let Some(commitment) = &spec.commitment {
        parsed.commitment = names.parse(&commitment.chosen, "commitment.chosen", findings);
    }
    parsed
}

fn check_result(
    spec: &MatterSpec,
    result: &super::matter::ResultSpec,
    shared: &SharedNames<'_>,
    findings: &mut Findings<'_>,
) {
    match result.number.as_ref().map(|number| shared.numbers.get(number).map_err(|_| number)) {
        None => {}
        Some(Err(number)) => {
            let message = format!("there is no numbering register {number}");
            findings.error("result.number", "number-register", message);
        }
        Some(Ok(number)) => {
            let given = |field: &str| NUMBER_FIELDS.contains(&field) || result.number_parts.contains(field);
            for field in number.fields().filter(|field| !given(field)) {
                let message = format!("the number needs {field}: say it in number_parts");
                findings.error("result.number", "number-part", message);
            }
        }
    }
    if result.delivery.is_empty() {
        findings.error("result.delivery", "empty", "a result is delivered somehow");
    }
    let Some(register) = shared.registers.get(&result.register) else {
        findings.error("result.register", "result-register", format!("there is no register {}", result.register));
        return;
    };
    for field in result.fields.names().filter(|field| register.schema.field(field).is_none()) {
        let message = format!("register {} has no field {field}", result.register);
        findings.error(&format!("result.fields.{field}"), "result-field", message);
    }
    for lapse in result.lapse.iter().filter(|lapse| register.schema.field(&lapse.unless).is_none()) {
        let message = format!("register {} has no field {}", result.register, lapse.unless);
        findings.error("unless", "result-field", message);
    }
    for claim in &spec.claims {
        if claim.take != ClaimMoment::Grant {
            findings.error(
                &claim.name,
                "claim-take",
                "a claim is taken with the grant; other moments are not executed yet",
            );
        }
        let released = claim.release.strip_prefix("register:").and_then(|path| path.split_once('.'));
        let known = released.and_then(|(name, field)| shared.registers.get(name)?.schema.field(field));
        if known.is_none() {
            findings.error(&claim.name, "claim-release", "release is register:NAME.FIELD of an existing field");
        }
    }
}

fn check_rules(rules: &Rules, spec: &MatterSpec, names: &Names, findings: &mut Findings<'_>) {
    for path in rules.reads() {
        if let Some(fault) = names.fault(&path[0], path.get(1).map(String::as_str)) {
            findings.error(&path[0], "rules-input", fault);
        }
    }
    if rules.has("checks") && rules.rows.is_empty() {
        findings.error("checks", "rules-checks", "checks is a decision table with rows");
    }
    for row in &rules.rows {
        let mut wrong = |code, message: String| findings.error_at(row.line, &row.id, code, message);
        if let Some(column) = CHECK_COLUMNS.iter().find(|column| !row.cells.contains_key(**column)) {
            wrong("rules-columns", format!("checks has no output {column}"));
            break;
        }
        if row.constant("rule").is_none() {
            wrong("rules-rule", "the cell rule is one string: the set of rules is read from it".to_owned());
        }
        if !matches!(row.constant("verdict"), Some("pass" | "fail" | "undecided")) {
            wrong("rules-verdict", "the cell verdict is pass, fail or undecided".to_owned());
        }
        if !matches!(row.constant("kind"), Some("material" | "condition")) {
            wrong("rules-kind", "the cell kind is material or condition".to_owned());
        }
        if row.constant("article").is_none_or(str::is_empty) {
            wrong("rules-article", "each row names its law and article".to_owned());
        }
        let is_material = |code: &str| spec.materials.iter().any(|material| material.code == code);
        if let Some(code) = row.constant("material").filter(|code| !is_material(code)) {
            wrong("rules-material", format!("there is no material {code}"));
        }
        let evidence = row.names("evidence");
        if evidence.is_empty() {
            wrong("rules-evidence", "each row names what it was read from".to_owned());
        }
        for name in evidence {
            let (root, field) = name.split_once('.').map_or((name, None), |(root, field)| (root, Some(field)));
            let is_fact = field.is_none() && spec.facts.contains(root);
            if !is_fact
                && (!matches!(root, "form" | "materials") || field.is_none() || names.fault(root, field).is_some())
            {
                wrong("rules-evidence", format!("{name} is neither a fact nor form.FIELD nor materials.CODE"));
            }
        }
    }
}

/// Pairs of task and outcome that a condition compares: `review_outcome = "agree"`.
fn compared_outcomes(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (at, _) in text.match_indices("_outcome") {
        let start = text[..at].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |index| index + 1);
        let rest = text[at + "_outcome".len()..].trim_start();
        let value = rest.strip_prefix("!=").or_else(|| rest.strip_prefix('=')).map(str::trim_start);
        if let Some((outcome, _)) =
            value.and_then(|value| value.strip_prefix('"')).and_then(|value| value.split_once('"'))
        {
            pairs.push((text[start..at].to_owned(), outcome.to_owned()));
        }
    }
    pairs
}

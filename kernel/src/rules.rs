//! The reserved decisions of a matter (matter.md §3): bound, checks, exempt, fee, routing, validity.
//!
//! FEEL null is *undecided, to a person*, never "no": a rule that matched no row, a pass without a source, a form with holes are all
//! undecided. Every row names the record or file, at its version, that it was read from.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use base::deadline::Period;
use base::region::{Level, RegionCode};
use flow::feel::{Context, Value as Feel};
use flow::rules::{Budget, Model, Rules as _};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Matter;
use crate::catalog::matter::{MaterialSource, Text};
use crate::form::Form;

/// The decisions that the kernel asks for by name.
pub const RESERVED: [&str; 6] = ["bound", "checks", "exempt", "fee", "routing", "validity"];

/// `rules.dmn`, read.
#[derive(Debug)]
pub struct Rules {
    model: Model,
    /// The rows of `checks`, as their cells are written.
    pub(crate) rows: Vec<WrittenRow>,
    /// Fields of the form that some reserved decision reads.
    form_fields: BTreeSet<String>,
}

/// A row of `checks` as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct WrittenRow {
    pub(crate) id: String,
    pub(crate) line: u32,
    pub(crate) cells: BTreeMap<String, String>,
}

impl WrittenRow {
    /// The text of a cell that is one string.
    pub(crate) fn constant(&self, column: &str) -> Option<&str> {
        let cell = self.cells.get(column)?.trim();
        cell.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('"'))
    }

    /// The names in a cell that is a list of strings.
    pub(crate) fn names(&self, column: &str) -> Vec<&str> {
        self.cells.get(column).map_or_else(Vec::new, |cell| cell.split('"').skip(1).step_by(2).collect())
    }
}

impl Rules {
    /// Reads a DMN file.
    pub fn parse(xml: &str, source: &str) -> Result<Self, Vec<flow::Problem>> {
        let model = Model::parse(xml, source)?;
        let rows = model.table("checks").map_or_else(Vec::new, |table| {
            let cells =
                |row: &flow::rules::Row| table.outputs.iter().cloned().zip(row.outputs.iter().cloned()).collect();
            table.rows.iter().map(|row| WrittenRow { id: row.id.clone(), line: row.line, cells: cells(row) }).collect()
        });
        let mut rules = Self { model, rows, form_fields: BTreeSet::new() };
        let fields =
            rules.reads().into_iter().filter(|path| path[0] == "form").filter_map(|path| path.into_iter().nth(1));
        rules.form_fields = fields.collect();
        Ok(rules)
    }

    /// Whether there is a decision of this name.
    pub fn has(&self, decision: &str) -> bool {
        self.model.has(decision)
    }

    /// The model itself, for free decisions.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The ids of the rules of `checks`, in written order.
    pub fn rule_ids(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.rows.iter().filter_map(|row| row.constant("rule")).filter(|rule| seen.insert(*rule)).collect()
    }

    /// The paths that the reserved decisions read from their inputs, the inputs themselves among them.
    pub(crate) fn reads(&self) -> BTreeSet<Vec<String>> {
        let requirements = RESERVED.iter().filter(|name| self.has(name)).flat_map(|name| self.model.inputs(name));
        requirements.flat_map(|input| input.paths.into_iter().chain([vec![input.name]])).collect()
    }

    fn ask(&self, decision: &str, context: &Context) -> Feel {
        // Over budget is undecided, like every other fault of a rule.
        if self.has(decision) {
            self.model.evaluate(decision, context, &Budget::default()).unwrap_or_default()
        } else {
            Feel::Null
        }
    }
}

/// A query that must be answered before the rules are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactQuery {
    /// Name of the fact.
    pub name: String,
    /// The register.
    pub register: String,
    /// The indexed field compared.
    pub field: String,
    /// What it must equal.
    pub value: String,
    /// Further fields that must equal constants.
    pub with: BTreeMap<String, String>,
    /// All records instead of the one.
    pub many: bool,
}

/// A record as it answered a query.
#[derive(Debug, Clone, PartialEq)]
pub struct FactRecord {
    /// Its register.
    pub register: String,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// Its body.
    pub body: Value,
}

/// What the rules are asked about. Gathered before; the rules look nothing up.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The day.
    pub on: Date,
    /// Values of the form, personal ones joined in.
    pub form: &'a Value,
    /// Who applies: code, name and what else is known.
    pub applicant: &'a Value,
    /// Material code → hash of the file given.
    pub uploads: &'a BTreeMap<String, String>,
    /// Task → the outcome that it was last done with.
    pub outcomes: &'a BTreeMap<String, String>,
    /// Fact name → the records that answered.
    pub facts: &'a BTreeMap<String, Vec<FactRecord>>,
}

/// Everything that the rules say.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The rows of `checks` and the state of each material.
    pub checks: Checks,
    /// Whether no permit is needed; `None` = not decided by the rules, or undecided.
    pub exempt: Option<bool>,
    /// The fee in fen.
    pub fee_fen: Option<i64>,
    /// Where it is handled.
    pub routing: Option<Routing>,
    /// How long the result is valid, when the rules say it.
    pub validity: Option<Period>,
    /// What the law leaves to the decision; `None` = everything, or undecided.
    pub bound: Option<Bound>,
}

/// The one outcome that the law leaves (羁束), with its article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// `grant` or `refuse`.
    pub outcome: String,
    /// Law and article.
    pub article: String,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Checks {
    /// Rows in the written order of the rules.
    pub rows: Vec<CheckRow>,
    /// The state of every declared material, in declared order.
    pub materials: Vec<MaterialState>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Id of the rule.
    pub rule: String,
    /// What it says.
    pub verdict: Verdict,
    /// What kind of thing it is about; decides whether it belongs on a supplement notice.
    pub kind: CheckKind,
    /// The material it is about.
    pub material: Option<String>,
    /// Law and article.
    pub article: String,
    /// In words; empty when no row matched, then the page says "to a person".
    pub text: Text,
    /// What was read.
    pub evidence: Vec<Evidence>,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Fulfilled.
    Pass,
    /// To a person.
    Undecided,
    /// Not fulfilled.
    Fail,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// A material is complete: a failure can be supplemented before acceptance.
    Material,
    /// A condition of the law is met.
    Condition,
}

/// What a row was read from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "source")]
pub enum Evidence {
    /// A record of a register.
    Record {
        /// The fact it answered.
        fact: String,
        /// The register.
        register: String,
        /// Its id.
        id: String,
        /// The version read.
        version: u64,
    },
    /// A file.
    File {
        /// The material.
        material: String,
        /// Its hash.
        hash: String,
    },
    /// What the applicant states in the form.
    Form {
        /// JSON pointer of the value.
        pointer: String,
    },
}

/// A material in a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaterialState {
    /// Its code.
    pub code: String,
    /// Whether this case needs it; `None` = a person decides.
    pub required: Option<bool>,
    /// Where it is, if it is there.
    pub given: Option<Evidence>,
}

/// Where a case is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// At which level.
    pub level: Level,
    /// In which region.
    pub region: RegionCode,
}

impl Checks {
    /// The verdict of a rule over all its rows: the worst one. `None` when there is no such rule.
    pub fn verdict(&self, rule: &str) -> Option<Verdict> {
        self.rows.iter().filter(|row| row.rule == rule).map(|row| row.verdict).max()
    }

    /// Codes of required materials that are not there.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let missing = |material: &&MaterialState| material.required == Some(true) && material.given.is_none();
        self.materials.iter().filter(missing).map(|material| material.code.as_str())
    }

    /// What the single supplement notice (一次性告知) must name, each material once: failed rows of kind material, then missing materials.
    /// Rows come with their row, missing materials without one.
    pub fn supplement(&self) -> Vec<(Option<&str>, Option<&CheckRow>)> {
        let mut named = BTreeSet::new();
        let mut items = Vec::new();
        for row in &self.rows {
            if row.verdict == Verdict::Fail && row.kind == CheckKind::Material {
                let material = row.material.as_deref();
                if material.is_none_or(|code| named.insert(code)) {
                    items.push((material, Some(row)));
                }
            }
        }
        for code in self.missing() {
            if named.insert(code) {
                items.push((Some(code), None));
            }
        }
        items
    }
}

impl Matter {
    /// The queries that must be answered before the rules are asked. A fact whose key is null or empty is not asked.
    pub fn fact_queries(&self, on: Date, form: &Value, applicant: &Value) -> Vec<FactQuery> {
        let context = base_context(&self.form, on, form, applicant);
        let query = |name: &str, key: &flow::feel::Expression| {
            let spec = self.spec.facts.get(name)?;
            let value = match key.evaluate(&context) {
                Feel::Text(text) if !text.is_empty() => text,
                Feel::Number(number) => number.to_string(),
                _ => return None,
            };
            let register = self.registers.get(&spec.register)?;
            Some(FactQuery {
                name: name.to_owned(),
                register: spec.register.clone(),
                field: spec.by.clone().unwrap_or_else(|| register.spec.key.clone()),
                value,
                with: spec.with.clone(),
                many: spec.many,
            })
        };
        self.expressions.fact_keys.iter().filter_map(|(name, key)| query(name, key)).collect()
    }

    /// The names that FEEL reads: on, form, applicant, materials and every fact, each with all its fields.
    pub fn context(&self, inputs: &Inputs<'_>) -> Context {
        let mut context = base_context(&self.form, inputs.on, inputs.form, inputs.applicant);
        let given = |code: &str, from: &[MaterialSource]| Feel::Bool(self.given(code, from, inputs).is_some());
        let materials = self.spec.materials.iter().map(|m| (m.code.clone(), given(&m.code, &m.from))).collect();
        context.insert("materials".to_owned(), Feel::Context(materials));
        for task in self.spec.tasks.names() {
            let outcome = inputs.outcomes.get(task).map_or(Feel::Null, |outcome| Feel::Text(outcome.as_str().into()));
            context.insert(format!("{task}_outcome"), outcome);
        }
        for (name, spec) in self.spec.facts.iter() {
            let records = inputs.facts.get(name).map(Vec::as_slice).unwrap_or_default();
            let read = |record: &FactRecord| match self.registers.get(&record.register) {
                Some(register) => register.schema.to_feel(&record.body),
                None => Feel::Null,
            };
            let value = if spec.many {
                Feel::List(records.iter().map(read).collect())
            } else {
                // Two records for one key decide nothing.
                records.first().filter(|_| records.len() == 1).map_or(Feel::Null, read)
            };
            context.insert(name.to_owned(), value);
        }
        context
    }

    /// Asks the rules. Materials that are required are found without rules too.
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Evaluation {
        let context = self.context(inputs);
        let materials = self.material_states(inputs, &context);
        let mut evaluation = Evaluation {
            checks: Checks { rows: Vec::new(), materials },
            exempt: None,
            fee_fen: None,
            routing: None,
            validity: None,
            bound: None,
        };
        let Some(rules) = &self.rules else { return evaluation };
        // A hole in the input matches `-` and `not(…)` cells (dependencies.md §9, trap c): nothing is concluded from it.
        let is_hole = |field: &crate::form::Field| {
            field.required
                && rules.form_fields.contains(&field.name)
                && inputs.form.get(&field.name).is_none_or(Value::is_null)
        };
        if self.form.fields().iter().any(is_hole) {
            evaluation.checks.rows = rules.rule_ids().iter().map(|rule| rules.undecided(rule)).collect();
            return evaluation;
        }
        let ask = |decision: &str| rules.ask(decision, &context);
        evaluation.checks.rows = self.check_rows(rules, &ask("checks"), inputs);
        evaluation.exempt = match ask("exempt") {
            Feel::Bool(exempt) => Some(exempt),
            _ => None,
        };
        evaluation.fee_fen = ask("fee").to_i64();
        evaluation.routing = routing(&ask("routing"));
        evaluation.validity = ask("validity").as_text().and_then(|text| text.parse().ok());
        evaluation.bound = bound(&ask("bound"));
        evaluation
    }

    fn check_rows(&self, rules: &Rules, answer: &Feel, inputs: &Inputs<'_>) -> Vec<CheckRow> {
        let items = match answer {
            Feel::List(items) => items.as_slice(),
            Feel::Context(_) => std::slice::from_ref(answer),
            _ => &[],
        };
        let matched: Vec<CheckRow> =
            items.iter().filter_map(|item| self.check_row(item.as_context()?, inputs)).collect();
        let mut rows = Vec::new();
        for rule in rules.rule_ids() {
            let before = rows.len();
            rows.extend(matched.iter().filter(|row| row.rule == rule).cloned());
            if rows.len() == before {
                rows.push(rules.undecided(rule));
            }
        }
        rows
    }

    fn check_row(&self, cells: &Context, inputs: &Inputs<'_>) -> Option<CheckRow> {
        let text = |column: &str| cells.get(column).and_then(Feel::as_text).map(str::to_owned);
        let kind = match text("kind").as_deref() {
            Some("material") => CheckKind::Material,
            _ => CheckKind::Condition,
        };
        let names = cells.get("evidence").and_then(Feel::as_list).unwrap_or_default();
        let evidence: Vec<Evidence> =
            names.iter().filter_map(Feel::as_text).flat_map(|name| self.evidence(name, inputs)).collect();
        let stated = match text("verdict").as_deref() {
            Some("pass") => Verdict::Pass,
            Some("fail") => Verdict::Fail,
            _ => Verdict::Undecided,
        };
        // No source = undecided. That a material is missing was read from the list of materials itself.
        let is_absence = stated == Verdict::Fail && kind == CheckKind::Material;
        let verdict = if evidence.is_empty() && !is_absence { Verdict::Undecided } else { stated };
        Some(CheckRow {
            rule: text("rule")?,
            verdict,
            kind,
            material: text("material"),
            article: text("article").unwrap_or_default(),
            text: Text { zh: text("text_zh").unwrap_or_default(), en: text("text_en").unwrap_or_default() },
            evidence,
        })
    }

    /// What a name in the column `evidence` stands for: `materials.CODE`, `form.FIELD` or a fact.
    fn evidence(&self, name: &str, inputs: &Inputs<'_>) -> Vec<Evidence> {
        if let Some(code) = name.strip_prefix("materials.") {
            let material = self.spec.materials.iter().find(|material| material.code == code);
            return material.and_then(|material| self.given(code, &material.from, inputs)).into_iter().collect();
        }
        if let Some(field) = name.strip_prefix("form.") {
            let is_there = inputs.form.get(field).is_some_and(|value| !value.is_null());
            return is_there.then(|| Evidence::Form { pointer: format!("/{field}") }).into_iter().collect();
        }
        inputs.facts.get(name).into_iter().flatten().map(|record| record.evidence(name)).collect()
    }

    /// Where a material is: the first of its sources that has it.
    fn given(&self, code: &str, from: &[MaterialSource], inputs: &Inputs<'_>) -> Option<Evidence> {
        from.iter().find_map(|source| match source {
            MaterialSource::Upload => {
                inputs.uploads.get(code).map(|hash| Evidence::File { material: code.to_owned(), hash: hash.clone() })
            }
            MaterialSource::Form => Some(Evidence::Form { pointer: String::new() }),
            MaterialSource::Register { register, fact } => inputs
                .facts
                .iter()
                .filter(|(name, _)| fact.as_ref().is_none_or(|fact| fact == *name))
                .flat_map(|(name, records)| records.iter().map(move |record| (name, record)))
                .find(|(_, record)| record.register == *register)
                .map(|(name, record)| record.evidence(name)),
            // The result of another case is a record, and found as one.
            MaterialSource::Case { .. } => None,
        })
    }

    fn material_states(&self, inputs: &Inputs<'_>, context: &Context) -> Vec<MaterialState> {
        self.spec
            .materials
            .iter()
            .map(|material| MaterialState {
                code: material.code.clone(),
                required: match self.expressions.required.get(&material.code).map(|test| test.evaluate(context)) {
                    Some(Feel::Bool(required)) => Some(required),
                    _ => None,
                },
                given: self.given(&material.code, &material.from, inputs),
            })
            .collect()
    }
}

impl Rules {
    /// A rule that said nothing: to a person.
    fn undecided(&self, rule: &str) -> CheckRow {
        let written = self.rows.iter().find(|row| row.constant("rule") == Some(rule));
        let cell = |column| written.and_then(|row| row.constant(column)).map(str::to_owned);
        CheckRow {
            rule: rule.to_owned(),
            verdict: Verdict::Undecided,
            kind: if cell("kind").as_deref() == Some("material") { CheckKind::Material } else { CheckKind::Condition },
            material: cell("material"),
            article: cell("article").unwrap_or_default(),
            text: Text::default(),
            evidence: Vec::new(),
        }
    }
}

impl FactRecord {
    fn evidence(&self, fact: &str) -> Evidence {
        Evidence::Record {
            fact: fact.to_owned(),
            register: self.register.clone(),
            id: self.id.clone(),
            version: self.version,
        }
    }
}

fn base_context(form: &Form, on: Date, values: &Value, applicant: &Value) -> Context {
    Context::from([
        ("on".to_owned(), Feel::Date(on.to_string())),
        ("form".to_owned(), form.to_feel(values)),
        ("applicant".to_owned(), Feel::from(applicant)),
    ])
}

/// `grant` or `refuse` bind; any other word, and none, leave the decision free.
fn bound(answer: &Feel) -> Option<Bound> {
    let cells = answer.as_context()?;
    let text = |name: &str| cells.get(name).and_then(Feel::as_text).map(str::to_owned);
    let outcome = text("outcome").filter(|outcome| matches!(outcome.as_str(), "grant" | "refuse"))?;
    Some(Bound { outcome, article: text("article").unwrap_or_default() })
}

fn routing(answer: &Feel) -> Option<Routing> {
    let cells = answer.as_context()?;
    let level = match cells.get("level")?.as_text()? {
        "province" => Level::Province,
        "city" => Level::City,
        "county" => Level::County,
        _ => return None,
    };
    Some(Routing { level, region: cells.get("region")?.as_text()?.parse().ok()? })
}

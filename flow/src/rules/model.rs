//! A DMN model behind the product's own trait.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_model_evaluator::ModelEvaluator;

use super::lint::{Lint, Reading};
use super::source::{Node, NodeKind, Source};
use super::table::Table;
use super::types::Type;
use crate::feel::{Budget, Context, Value, size_of};
use crate::problem::Problem;
use crate::xml;

/// Part of the namespace of every DMN version.
const DMN_NAMESPACE_PART: &str = "www.omg.org/spec/DMN/";
/// Longest text, in bytes, that the results of one evaluation may reach by the count of their names.
const RESULT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Something that decides. Null means *undecided, to a person*, never "no".
pub trait Rules {
    /// The value of a decision, by name or id.
    fn evaluate(&self, decision: &str, input: &Context, budget: &Budget) -> Result<Value, RulesFault>;
}

/// Why a decision cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesFault {
    /// The model has no such decision.
    #[error("there is no decision {0:?}")]
    NoDecision(String),
    /// A list of the input is too long.
    #[error("a list of the input has {items} items; the limit is {limit}")]
    ListTooLong {
        /// Items of the longest list.
        items: u64,
        /// The budget's limit.
        limit: u64,
    },
    /// The evaluation could exceed the budget.
    #[error("the evaluation could take {bound} iterations; the limit is {limit}")]
    TooCostly {
        /// Upper bound of the iterations.
        bound: u64,
        /// The budget's limit.
        limit: u64,
    },
}

/// A DMN model, read, linted and built once. Share it in an `Arc`: evaluation reads only.
pub struct Model {
    source: Source,
    readings: BTreeMap<String, Reading>,
    tables: BTreeMap<String, Table>,
    evaluator: Arc<ModelEvaluator>,
}

/// An input that a decision requires, and the parts of it that its rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Name of the input.
    pub name: String,
    /// Declared type.
    pub declared: Type,
    /// Paths read, such as `["form", "area"]`.
    pub paths: BTreeSet<Vec<String>>,
}

/// A part of the input that rules read and that is not there, or of another type: what it leads to is undecided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The path, such as `form.area`.
    pub path: String,
    /// Whether there is a value, of a wrong type.
    pub wrong_type: bool,
}

impl Model {
    /// Reads, lints and builds a DMN file.
    pub fn parse(xml: &str, source: &str) -> Result<Self, Vec<Problem>> {
        let document = xml::parse(xml, source).map_err(|problem| vec![problem])?;
        if document.name != "definitions" || !document.namespace.contains(DMN_NAMESPACE_PART) {
            let message = "the root element is not DMN definitions";
            return Err(vec![Problem::error(source, document.line, None, "not-dmn", message)]);
        }
        let mut problems = Vec::new();
        let read = Source::read(&document, source, &mut problems);
        let mut lint = Lint { source: &read, file: source, problems };
        let readings = lint.run();
        let mut problems = lint.problems;
        let mut tables = BTreeMap::new();
        for node in read.nodes.values() {
            let Some(table) = node.logic.as_ref().filter(|logic| logic.name == "decisionTable") else { continue };
            tables.insert(node.id.clone(), Table::read(table));
        }
        if !problems.is_empty() {
            problems.sort_by(|a, b| (a.line, a.code).cmp(&(b.line, b.code)));
            problems.dedup();
            return Err(problems);
        }
        let built =
            dsntk_model::parse(&with_known_types(xml)).and_then(|definitions| ModelEvaluator::new(&[definitions]));
        match built {
            Ok(evaluator) => Ok(Self { source: read, readings, tables, evaluator }),
            Err(error) => Err(vec![Problem::error(source, 0, None, "dmn", error.to_string())]),
        }
    }

    /// Names of the decisions, in the order of their ids.
    pub fn decisions(&self) -> impl Iterator<Item = &str> {
        self.source.nodes.values().filter(|node| node.kind == NodeKind::Decision).map(|node| node.name.as_str())
    }

    /// Whether there is a decision with this name or id.
    pub fn has(&self, decision: &str) -> bool {
        self.source.decision(decision).is_some()
    }

    /// The inputs that a decision requires, directly or through others.
    pub fn inputs(&self, decision: &str) -> Vec<Requirement> {
        let closure = self.closure(decision);
        let mut requirements: Vec<Requirement> = closure
            .iter()
            .filter(|node| node.kind == NodeKind::Input)
            .map(|node| Requirement {
                name: node.variable.clone(),
                declared: node.declared.clone(),
                paths: BTreeSet::new(),
            })
            .collect();
        for node in &closure {
            let Some(reading) = self.readings.get(&node.id) else { continue };
            for requirement in &mut requirements {
                requirement.paths.extend(reading.paths.iter().filter(|path| path[0] == requirement.name).cloned());
            }
        }
        requirements
    }

    /// What a decision reads and the input does not have. The evaluator would turn it into null, and null matches `-` and `not(…)` rows:
    /// ask before evaluating.
    pub fn unusable(&self, decision: &str, input: &Context) -> Vec<Unusable> {
        let mut unusable = BTreeSet::new();
        for requirement in self.inputs(decision) {
            let whole = BTreeSet::from([vec![requirement.name.clone()]]);
            let paths = if requirement.paths.is_empty() { &whole } else { &requirement.paths };
            for path in paths {
                if let Some(wrong_type) = look(&requirement.declared, input.get(&requirement.name), &path[1..]) {
                    unusable.insert((path.join("."), wrong_type));
                }
            }
        }
        unusable.into_iter().map(|(path, wrong_type)| Unusable { path, wrong_type }).collect()
    }

    /// The decision table of a decision, if it has one.
    pub fn table(&self, decision: &str) -> Option<&Table> {
        self.tables.get(&self.source.decision(decision)?.id)
    }

    fn node(&self, decision: &str) -> Result<&Node, RulesFault> {
        self.source.decision(decision).ok_or_else(|| RulesFault::NoDecision(decision.to_owned()))
    }

    fn closure(&self, decision: &str) -> Vec<&Node> {
        // Circles were refused when the model was read.
        self.source.decision(decision).and_then(|node| self.source.closure(&node.id).ok()).unwrap_or_default()
    }

    fn raw_evaluate(&self, node: &Node, input: &Context) -> Value {
        let mut entries = FeelContext::default();
        for required in self.source.closure(&node.id).unwrap_or_default() {
            if required.kind == NodeKind::Input
                && let Some(value) = input.get(&required.variable)
            {
                entries.set_entry(&Name::from(required.variable.as_str()), required.declared.conform(value).to_raw());
            }
        }
        let value = self.evaluator.evaluate_invocable(&self.source.namespace, &self.source.name, &node.name, &entries);
        Value::from_raw(&value)
    }

    /// Bounds the iterations of a decision and everything it requires, by counting. Sizes flow along the requirements: a `for` over `n`
    /// items may hand `n` items on, a text may grow by each name that is read.
    fn check_budget(&self, decision: &Node, input: &Context, budget: &Budget) -> Result<(), RulesFault> {
        let mut sizes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let mut bound = 0_u64;
        for node in self.source.closure(&decision.id).unwrap_or_default() {
            if node.kind == NodeKind::Input {
                let value = input.get(&node.variable);
                let items = size_of(value.into_iter(), false);
                if items > budget.list_items_max {
                    return Err(RulesFault::ListTooLong { items, limit: budget.list_items_max });
                }
                sizes.insert(&node.id, (items, size_of(value.into_iter(), true)));
                continue;
            }
            let (items, bytes) = node
                .requires
                .iter()
                .filter_map(|id| sizes.get(id.as_str()))
                .fold((1, 1), |(items, bytes), (i, b)| (items.max(*i), bytes.max(*b)));
            let Some(reading) = self.readings.get(&node.id) else { continue };
            let mut work = 0_u64;
            let mut grown = items;
            for cost in &reading.costs {
                if cost.open_range || cost.external {
                    return Err(RulesFault::TooCostly { bound: u64::MAX, limit: budget.iterations_max });
                }
                let longest = if cost.splits_text { items.max(bytes) } else { items };
                if cost.iterations > 0 {
                    work = work.saturating_add(cost.bound(longest));
                }
                grown = grown.max(cost.bound(longest)).max(cost.length);
            }
            // Functions are worked through once for each iteration of their caller.
            let called = node.requires.iter().filter(|id| self.is_knowledge(id)).count() as u64;
            bound = bound.saturating_add(work.saturating_mul(called.saturating_add(1)));
            let growth = reading.uses.max(1);
            let fixed = node.declared.is_fixed_size() && node.is_typed;
            let size = if fixed {
                (1, 1)
            } else {
                (grown.saturating_mul(growth), bytes.saturating_mul(growth).saturating_mul(grown))
            };
            if size.1 > RESULT_BYTES_MAX.max(bytes) {
                return Err(RulesFault::TooCostly { bound: size.1, limit: RESULT_BYTES_MAX });
            }
            sizes.insert(&node.id, size);
        }
        if bound > budget.iterations_max {
            return Err(RulesFault::TooCostly { bound, limit: budget.iterations_max });
        }
        Ok(())
    }

    fn is_knowledge(&self, id: &str) -> bool {
        self.source.nodes.get(id).is_some_and(|node| node.kind == NodeKind::Knowledge)
    }
}

impl Rules for Model {
    fn evaluate(&self, decision: &str, input: &Context, budget: &Budget) -> Result<Value, RulesFault> {
        let node = self.node(decision)?;
        self.check_budget(node, input, budget)?;
        Ok(self.raw_evaluate(node, input))
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.source.name).finish_non_exhaustive()
    }
}

/// The evaluator knows the temporal types by their older names only (DMN 1.1) and takes the others for unknown item definitions.
fn with_known_types(xml: &str) -> String {
    let mut text = xml.to_owned();
    let names = [
        ("date and time", "dateTime"),
        ("days and time duration", "dayTimeDuration"),
        ("years and months duration", "yearMonthDuration"),
    ];
    for (name, known) in names {
        for (before, after) in [("typeRef=\"", "\""), ("typeRef='", "'"), ("typeRef>", "<")] {
            text = text.replace(&format!("{before}{name}{after}"), &format!("{before}{known}{after}"));
        }
    }
    text
}

/// `None` when the path leads to a usable value; else whether there is one of a wrong type. Through a list, every item is looked at.
fn look(declared: &Type, value: Option<&Value>, fields: &[String]) -> Option<bool> {
    let value = match value {
        None | Some(Value::Null) => return Some(false),
        Some(value) => value,
    };
    let Some((field, rest)) = fields.split_first() else {
        // Read as a whole; a wrong part of it became null, and null is undecided.
        return declared.conform(value).is_null().then_some(true);
    };
    let next = declared.field(field).unwrap_or(&Type::Any);
    match value {
        Value::Context(entries) => look(next, entries.get(field), rest),
        Value::List(items) => {
            let found = items.iter().filter_map(|item| match item {
                Value::Context(entries) => look(next, entries.get(field), rest),
                _ => Some(true),
            });
            found.max()
        }
        // Properties of temporal values.
        _ if matches!(next, Type::Any) => None,
        _ => Some(true),
    }
}

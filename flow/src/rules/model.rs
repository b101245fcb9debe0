//! A DMN model behind the product's own trait.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_model_evaluator::ModelEvaluator;

use super::lint::{Lint, Reading};
use super::plan::Plan;
use super::source::{Node, NodeKind, Source};
use super::table::Table;
use super::types::Type;
use crate::feel::{
    Bounds, Budget, COPIED_BYTES_MAX, Context, Excess, Known, Outside, Size, VALUE_BYTES_MAX, Value, longest_list,
};
use crate::problem::Problem;
use crate::xml;

/// Part of the namespace of every DMN version.
const DMN_NAMESPACE_PART: &str = "www.omg.org/spec/DMN/";
/// A result whose type has neither texts nor lists, however many fields it has.
const FIXED_BYTES: u64 = 4_096;

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
    /// A result could be too large.
    #[error("a result could have {bound} bytes; the limit is {limit}")]
    TooLarge {
        /// Upper bound of the bytes.
        bound: u64,
        /// The limit.
        limit: u64,
    },
    /// The evaluation could copy too much.
    #[error("the evaluation could copy {bound} bytes; the limit is {limit}")]
    TooMuchCopied {
        /// Upper bound of the bytes.
        bound: u64,
        /// The limit.
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

    /// What the decision sees of the input: its types' fields and no others.
    fn conformed(&self, decision: &Node, input: &Context) -> Context {
        let mut seen = Context::new();
        for required in self.source.closure(&decision.id).unwrap_or_default() {
            if required.kind == NodeKind::Input
                && let Some(value) = input.get(&required.variable)
            {
                seen.insert(required.variable.clone(), required.declared.conform(value));
            }
        }
        seen
    }

    /// Bounds the work of a decision and everything it requires before it is done. Sizes flow along the requirements; a decision grows
    /// with a list only where its logic iterates over it or hands it on.
    fn check_budget(&self, decision: &Node, input: &Context, budget: &Budget) -> Result<(), RulesFault> {
        let items = longest_list(input.values());
        if items > budget.list_items_max {
            return Err(RulesFault::ListTooLong { items, limit: budget.list_items_max });
        }
        let mut bounds = Bounds::new();
        let mut results: BTreeMap<&str, Size> = BTreeMap::new();
        for node in self.source.closure(&decision.id).unwrap_or_default() {
            let Some(Reading { plan: Some(plan), .. }) = self.readings.get(&node.id) else { continue };
            if node.kind != NodeKind::Decision {
                continue;
            }
            let size = plan.size(&mut bounds, &Seen { model: self, node, input, results: &results });
            let is_fixed = node.is_typed && node.declared.is_fixed_size();
            results.insert(&node.id, if is_fixed { Size::text(FIXED_BYTES) } else { size });
        }
        if bounds.iterations > budget.iterations_max {
            return Err(RulesFault::TooCostly { bound: bounds.iterations, limit: budget.iterations_max });
        }
        match bounds.excess() {
            None => Ok(()),
            Some(Excess::Bytes(bound)) => Err(RulesFault::TooLarge { bound, limit: VALUE_BYTES_MAX }),
            Some(Excess::Copied(bound)) => Err(RulesFault::TooMuchCopied { bound, limit: COPIED_BYTES_MAX }),
        }
    }
}

/// What the logic of a node sees: what it requires.
struct Seen<'m, 'v> {
    model: &'m Model,
    node: &'m Node,
    input: &'v Context,
    results: &'m BTreeMap<&'m str, Size>,
}

impl<'v> Outside<'v> for Seen<'_, 'v> {
    fn known(&self, name: &str) -> Option<Known<'v>> {
        let mut required = self.node.requires.iter().filter_map(|id| self.model.source.nodes.get(id));
        let node = required.find(|node| node.variable == name)?;
        match node.kind {
            NodeKind::Input => self.input.get(name).map(Known::Value),
            NodeKind::Decision => self.results.get(node.id.as_str()).map(|size| Known::Size(*size)),
            NodeKind::Knowledge => None,
        }
    }

    fn call(&self, bounds: &mut Bounds, function: &str, arguments: &[(Option<String>, Size)]) -> Option<Size> {
        let mut required = self.node.requires.iter().filter_map(|id| self.model.source.nodes.get(id));
        let node = required.find(|node| node.kind == NodeKind::Knowledge && node.variable == function)?;
        let Some(Plan::Function(parameters, body)) = &self.model.readings.get(&node.id)?.plan else { return None };
        let argument = |(place, parameter): (usize, &String)| {
            let named = arguments.iter().find(|(name, _)| name.as_ref() == Some(parameter));
            let found = named.or_else(|| arguments.get(place).filter(|(name, _)| name.is_none()));
            (parameter.clone(), found.map_or(Size::SCALAR, |(_, size)| *size))
        };
        let parameters = parameters.iter().enumerate().map(argument).collect();
        let seen = Self { node, ..*self };
        Some(bounds.inside(parameters, |bounds| body.size(bounds, &seen)))
    }
}

impl Rules for Model {
    fn evaluate(&self, decision: &str, input: &Context, budget: &Budget) -> Result<Value, RulesFault> {
        let node = self.node(decision)?;
        let input = self.conformed(node, input);
        self.check_budget(node, &input, budget)?;
        let mut entries = FeelContext::default();
        for (name, value) in &input {
            entries.set_entry(&Name::from(name.as_str()), value.to_raw());
        }
        let (namespace, name) = (&self.source.namespace, &self.source.name);
        Ok(Value::from_raw(&self.evaluator.evaluate_invocable(namespace, name, &node.name, &entries)))
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

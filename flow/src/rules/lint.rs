//! Finds what the evaluator would answer with a silent null (dependencies.md §9): names that nothing declares, fields that a type does not
//! have, variables without a type; and what must not run: external functions, circles, ranges without bounds.

use std::collections::{BTreeMap, BTreeSet};

use dsntk_feel_parser::AstNode;

use super::plan::Plan;
use super::source::{Node, NodeKind, Source, is_expression};
use super::types::Type;
use crate::feel::{Grammar, Tree, scan};
use crate::problem::Problem;
use crate::xml::Element;

/// Deepest chain of functions that call each other, in levels of their syntax: the evaluator recurses on each.
const CALL_DEPTH_MAX: usize = 400;

/// A node's logic and which paths of its names it reads.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The logic, looked through.
    pub(super) plan: Option<Plan>,
    /// Paths read, from the names that the node requires.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Levels of its syntax.
    depth: usize,
}

pub(super) struct Lint<'s> {
    pub(super) source: &'s Source,
    pub(super) file: &'s str,
    pub(super) problems: Vec<Problem>,
}

/// Names in scope of a text.
struct Names<'s> {
    node: &'s Node,
    declared: BTreeMap<String, Type>,
    /// Names of the functions that the node requires.
    callable: BTreeSet<String>,
    locals: BTreeSet<String>,
    /// Every name the parser should know whole.
    known: Vec<&'s str>,
    in_filter: bool,
    /// Boxed expressions around.
    depth: usize,
}

impl<'s> Lint<'s> {
    /// Reads every node and collects the findings.
    pub(super) fn run(&mut self) -> BTreeMap<String, Reading> {
        let mut readings = BTreeMap::new();
        for node in self.source.nodes.values() {
            if let Err(circle) = self.source.closure(&node.id) {
                self.error(node, node.line, "circle", format!("{circle} requires itself"));
            }
            for required in &node.requires {
                if !self.source.nodes.contains_key(required) {
                    self.error(
                        node,
                        node.line,
                        "requirement",
                        format!("it requires {required}, which is not in the file"),
                    );
                }
            }
            if !node.is_typed && node.kind == NodeKind::Input {
                let message = "an input without a type swallows operators and turns wrong values into null";
                self.error(node, node.line, "untyped", message.to_owned());
            }
            if !node.is_typed && node.kind == NodeKind::Decision && self.is_required(node) {
                let message = "a decision that others require needs a type";
                self.error(node, node.line, "untyped", message.to_owned());
            }
            readings.insert(node.id.clone(), self.node(node));
        }
        for node in self.source.nodes.values() {
            // What functions call is worked through inside of the call.
            let depth: usize =
                self.source.closure(&node.id).unwrap_or_default().into_iter().fold(0, |depth, required| {
                    let counts = required.id == node.id || required.kind == NodeKind::Knowledge;
                    depth + readings.get(&required.id).filter(|_| counts).map_or(0, |reading| reading.depth)
                });
            if depth > CALL_DEPTH_MAX {
                let message =
                    format!("it and the functions it calls are {depth} levels deep; the limit is {CALL_DEPTH_MAX}");
                self.error(node, node.line, "too-deep", message);
            }
        }
        readings
    }

    fn is_required(&self, node: &Node) -> bool {
        self.source.nodes.values().any(|other| other.requires.contains(&node.id))
    }

    fn node(&mut self, node: &'s Node) -> Reading {
        let source = self.source;
        let mut declared = BTreeMap::new();
        for required in node.requires.iter().filter_map(|id| source.nodes.get(id)) {
            let seen = if required.kind == NodeKind::Knowledge { Type::Any } else { required.declared.clone() };
            declared.insert(required.variable.clone(), seen);
        }
        let known = source
            .nodes
            .values()
            .map(|node| node.variable.as_str())
            .chain(source.components.iter().map(String::as_str));
        let callable = node
            .requires
            .iter()
            .filter_map(|id| source.nodes.get(id))
            .filter(|required| required.kind == NodeKind::Knowledge)
            .map(|required| required.variable.clone())
            .collect();
        let mut names = Names {
            node,
            declared,
            callable,
            locals: BTreeSet::new(),
            known: known.collect(),
            in_filter: false,
            depth: 0,
        };
        let mut reading = Reading::default();
        if let Some(logic) = &node.logic {
            reading.plan = Some(self.plan(logic, &mut names, &mut reading));
        }
        reading
    }

    /// Reads a boxed expression.
    fn plan(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        let outer = (names.locals.clone(), names.in_filter);
        names.depth += 1;
        let plan = self.boxed(element, names, reading);
        names.depth -= 1;
        (names.locals, names.in_filter) = outer;
        plan
    }

    fn boxed(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        let attribute = |element: &Element, name: &str| element.attribute(name).unwrap_or_default().trim().to_owned();
        match element.name.as_str() {
            "encapsulatedLogic" if element.attribute("kind").is_none_or(|kind| kind == "FEEL") => {
                let parameters: Vec<String> =
                    element.elements().filter(|e| e.name == "formalParameter").map(|e| attribute(e, "name")).collect();
                names.locals.extend(parameters.iter().cloned());
                Plan::Function(parameters, Box::new(self.inner(element, names, reading)))
            }
            "encapsulatedLogic" | "functionDefinition"
                if element.attribute("kind").is_some_and(|kind| kind != "FEEL") =>
            {
                let message = "a function outside of the file (Java, PMML) is never called";
                self.error(names.node, element.line, "external", message.to_owned());
                Plan::List(Vec::new())
            }
            "functionDefinition" => {
                let message = "a function is no value; write a business knowledge model and call it by name";
                self.error(names.node, element.line, "function-value", message.to_owned());
                Plan::List(Vec::new())
            }
            "literalExpression" => self.text_in(element, Grammar::Expression, names, reading),
            "context" => {
                let mut entries = Vec::new();
                for entry in element.elements().filter(|e| e.name == "contextEntry") {
                    let plan = self.inner(entry, names, reading);
                    let name = entry.child("variable").map(|variable| attribute(variable, "name"));
                    // An entry of a context is seen by the entries after it.
                    names.locals.extend(name.clone());
                    entries.push((name, plan));
                }
                Plan::Context(entries)
            }
            "invocation" => self.invocation(element, names, reading),
            "relation" => {
                let rows = element.elements().filter(|e| e.name == "row");
                Plan::List(rows.map(|row| Plan::List(self.inners(row, names, reading))).collect())
            }
            "for" | "every" | "some" => {
                let list = self.child(element, "in", names, reading);
                let variable = attribute(element, "iteratorVariable");
                names.locals.insert(variable.clone());
                let collects = element.name == "for";
                let body = self.child(element, if collects { "return" } else { "satisfies" }, names, reading);
                Plan::Iterate(variable, Box::new(list), Box::new(body), collects)
            }
            "filter" => {
                let list = self.child(element, "in", names, reading);
                names.in_filter = true;
                Plan::Filter(Box::new(list), Box::new(self.child(element, "match", names, reading)))
            }
            "conditional" => {
                let parts = ["if", "then", "else"];
                Plan::Choice(parts.map(|part| self.child(element, part, names, reading)).into())
            }
            "decisionTable" => self.table(element, names, reading),
            _ => Plan::List(self.inners(element, names, reading)),
        }
    }

    /// The boxed expression inside of an element such as `<binding>`.
    fn inner(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        let mut plans = self.inners(element, names, reading);
        if plans.len() == 1 { plans.remove(0) } else { Plan::List(plans) }
    }

    fn inners(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Vec<Plan> {
        element.elements().filter(|e| is_expression(&e.name)).map(|e| self.plan(e, names, reading)).collect()
    }

    fn child(&mut self, element: &'s Element, name: &str, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        element.child(name).map_or_else(|| Plan::List(Vec::new()), |child| self.inner(child, names, reading))
    }

    /// The function of an invocation is a name: a declared function or a built-in one.
    fn invocation(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        let called = element.child("literalExpression").and_then(|e| e.child("text")).map(Element::text);
        let function = called.unwrap_or_default().trim().to_owned();
        if !names.callable.contains(&function) {
            let message = format!("it calls {function:?}, which no knowledge requirement leads to");
            self.error(names.node, element.line, "unknown-function", message);
        }
        let mut arguments = Vec::new();
        for binding in element.elements().filter(|e| e.name == "binding") {
            let parameter = binding.child("parameter").and_then(|parameter| parameter.attribute("name"));
            let plan = self.inner(binding, names, reading);
            arguments.push((parameter.unwrap_or_default().trim().to_owned(), plan));
        }
        Plan::Call(function, arguments)
    }

    fn table(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) -> Plan {
        let (mut cells, mut rows) = (Vec::new(), Vec::new());
        for part in element.elements() {
            match part.name.as_str() {
                "input" => {
                    if let Some(expression) = part.child("inputExpression") {
                        cells.push(self.text_in(expression, Grammar::Expression, names, reading));
                    }
                    if let Some(values) = part.child("inputValues") {
                        cells.push(self.text_in(values, Grammar::Tests, names, reading));
                    }
                }
                "output" => {
                    if let Some(values) = part.child("outputValues") {
                        cells.push(self.text_in(values, Grammar::Tests, names, reading));
                    }
                    if let Some(default) = part.child("defaultOutputEntry") {
                        rows.push(self.text_in(default, Grammar::Expression, names, reading));
                    }
                }
                "rule" => {
                    let mut outputs = Vec::new();
                    for cell in part.elements() {
                        match cell.name.as_str() {
                            "inputEntry" => cells.push(self.text_in(cell, Grammar::Tests, names, reading)),
                            "outputEntry" => {
                                outputs.push((None, self.text_in(cell, Grammar::Expression, names, reading)));
                            }
                            _ => {}
                        }
                    }
                    rows.push(Plan::Context(outputs));
                }
                _ => {}
            }
        }
        Plan::Table(cells, rows)
    }

    /// The FEEL text of an element.
    fn text_in(
        &mut self,
        element: &'s Element,
        grammar: Grammar,
        names: &mut Names<'s>,
        reading: &mut Reading,
    ) -> Plan {
        let nothing = Plan::Text(AstNode::Null);
        let Some(element) = element.child("text") else { return nothing };
        let text = element.text();
        if text.is_empty() || (grammar == Grammar::Tests && text == "-") {
            return nothing;
        }
        let mut known = names.known.clone();
        known.extend(names.locals.iter().map(String::as_str));
        let tree = match Tree::parse(&text, grammar, &known, &names.callable) {
            Ok(tree) => tree,
            Err(fault) => {
                self.error(names.node, element.line, "expression", fault.to_string());
                return nothing;
            }
        };
        reading.depth = reading.depth.max(names.depth + tree.syntax.depth);
        let is_known = |name: &str| names.declared.contains_key(name) || names.locals.contains(name);
        for function in tree.syntax.bare_functions.iter().filter(|name| !is_known(name)) {
            let message = format!("{function} is not declared: no requirement leads to it");
            self.error(names.node, element.line, "undeclared", message);
        }
        let found = scan(&text, &known);
        for one in &found.uses {
            let root = one.path[0].as_str();
            let is_local = names.locals.contains(root) || found.bound.contains(root) || matches!(root, "?" | "item");
            let is_field = (one.bracketed || names.in_filter) && self.source.components.contains(root);
            match names.declared.get(root) {
                Some(declared) => {
                    if let Some(wrong) = unknown_field(declared, &one.path[1..]) {
                        let message = format!("{} has no field {wrong}", one.path.join("."));
                        self.error(names.node, element.line, "undeclared-field", message);
                    }
                    reading.paths.insert(one.path.clone());
                }
                None if is_local || is_field => {}
                None => {
                    let message = format!("{root} is not declared: no requirement leads to it");
                    self.error(names.node, element.line, "undeclared", message);
                }
            }
        }
        Plan::Text(tree.node)
    }

    fn error(&mut self, node: &Node, line: u32, code: &'static str, message: String) {
        self.problems.push(Problem::error(self.file, line, Some(&node.id), code, message));
    }
}

fn unknown_field<'p>(declared: &Type, fields: &'p [String]) -> Option<&'p str> {
    let mut at = declared;
    for field in fields {
        match at.field(field) {
            Some(next) => at = next,
            None => return Some(field),
        }
    }
    None
}

//! Finds what the evaluator would answer with a silent null (dependencies.md §9): names that nothing declares, fields that a type does not
//! have, variables without a type; and what must not run: external functions, circles, ranges without bounds.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Node, NodeKind, Source};
use super::types::Type;
use crate::feel::{Cost, Expression, scan};
use crate::problem::Problem;
use crate::xml::Element;

/// What a node's logic may cost and which paths of its names it reads.
#[derive(Debug, Default, Clone)]
pub(super) struct Reading {
    /// One for each FEEL text.
    pub(super) costs: Vec<Cost>,
    /// Paths read, from the names that the node requires.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// How often a name is read: a bound for how much a result may grow.
    pub(super) uses: u64,
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
    locals: BTreeSet<String>,
    /// Every name the parser should know whole.
    known: Vec<&'s str>,
    in_filter: bool,
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
        let mut names = Names { node, declared, locals: BTreeSet::new(), known: known.collect(), in_filter: false };
        let mut reading = Reading::default();
        if let Some(logic) = &node.logic {
            self.visit(logic, &mut names, &mut reading);
        }
        reading
    }

    fn visit(&mut self, element: &'s Element, names: &mut Names<'s>, reading: &mut Reading) {
        let outer = names.locals.clone();
        let outer_filter = names.in_filter;
        match element.name.as_str() {
            "encapsulatedLogic" | "functionDefinition"
                if element.attribute("kind").is_some_and(|kind| kind != "FEEL") =>
            {
                let message = "a function outside of the file (Java, PMML) is never called";
                return self.error(names.node, element.line, "external", message.to_owned());
            }
            "for" | "every" | "some" => {
                names.locals.extend(element.attribute("iteratorVariable").map(|name| name.trim().to_owned()));
                names.locals.insert("partial".to_owned());
                // A boxed iteration counts like a written one.
                reading.costs.push(Cost { iterations: 1, ..Cost::default() });
            }
            "filter" => {
                names.in_filter = true;
                reading.costs.push(Cost { iterations: 1, ..Cost::default() });
            }
            "annotationEntry" | "description" | "extensionElements" => return,
            "text" => return self.text(element, false, names, reading),
            "inputEntry" | "inputValues" | "outputValues" | "allowedValues" => {
                if let Some(text) = element.child("text") {
                    self.text(text, true, names, reading);
                }
                return;
            }
            _ => {}
        }
        for child in element.elements() {
            match child.name.as_str() {
                "formalParameter" => names.locals.extend(child.attribute("name").map(|name| name.trim().to_owned())),
                "variable" if element.name == "contextEntry" => {}
                _ => self.visit(child, names, reading),
            }
            // An entry of a context is seen by the entries after it.
            if child.name == "contextEntry"
                && let Some(name) = child.child("variable").and_then(|variable| variable.attribute("name"))
            {
                names.locals.insert(name.trim().to_owned());
            }
        }
        names.locals = outer;
        names.in_filter = outer_filter;
    }

    fn text(&mut self, element: &Element, is_tests: bool, names: &mut Names<'s>, reading: &mut Reading) {
        let text = element.text();
        if text.is_empty() || (is_tests && text == "-") {
            return;
        }
        let mut known = names.known.clone();
        known.extend(names.locals.iter().map(String::as_str));
        let parsed =
            if is_tests { Expression::parse_unary_tests(&text, &known) } else { Expression::parse(&text, &known) };
        match parsed {
            Ok(expression) => reading.costs.push(expression.cost()),
            Err(fault) => {
                self.error(names.node, element.line, "expression", fault.to_string());
                return;
            }
        }
        let found = scan(&text, &known);
        for one in &found.uses {
            let root = one.path[0].as_str();
            let is_local =
                names.locals.contains(root) || found.bound.contains(root) || matches!(root, "?" | "item" | "partial");
            let is_field = (one.bracketed || names.in_filter) && self.source.components.contains(root);
            reading.uses += 1;
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

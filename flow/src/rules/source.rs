//! What the product needs to know of a DMN file beside its evaluation: types, requirements, logic.

use std::collections::{BTreeMap, BTreeSet};

use super::types::Type;
use crate::problem::Problem;
use crate::xml::Element;

/// Deepest nesting of item definitions followed.
const TYPE_DEPTH_MAX: usize = 16;

/// A named part of the model: input, decision or business knowledge model.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    /// The name under which expressions see it.
    pub(super) variable: String,
    pub(super) kind: NodeKind,
    pub(super) declared: Type,
    /// Whether the file declares a type at all.
    pub(super) is_typed: bool,
    /// Ids of what it requires, directly.
    pub(super) requires: Vec<String>,
    pub(super) logic: Option<Element>,
    pub(super) line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Input,
    Decision,
    Knowledge,
}

/// The parts of a DMN file by id.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) nodes: BTreeMap<String, Node>,
    /// Names of the components of all types: what a filter may name.
    pub(super) components: BTreeSet<String>,
}

impl Source {
    pub(super) fn read(document: &Element, source: &str, problems: &mut Vec<Problem>) -> Self {
        let attribute = |name: &str| document.attribute(name).unwrap_or_default().to_owned();
        let types = Types { definitions: document.elements().filter(|e| e.name == "itemDefinition").collect() };
        let mut nodes = BTreeMap::new();
        for element in document.elements() {
            let kind = match element.name.as_str() {
                "inputData" => NodeKind::Input,
                "decision" => NodeKind::Decision,
                "businessKnowledgeModel" => NodeKind::Knowledge,
                "import" => {
                    let message = "imported models are not read; put everything into one file";
                    problems.push(Problem::error(source, element.line, element.attribute("name"), "import", message));
                    continue;
                }
                _ => continue,
            };
            let Some(id) = element.attribute("id") else {
                let message = format!("<{}> has no id", element.name);
                problems.push(Problem::error(source, element.line, None, "no-id", message));
                continue;
            };
            let node = read_node(element, id, kind, &types);
            if let Some(typed) = &element.child("variable").and_then(|variable| variable.attribute("typeRef"))
                && types.resolve(typed, 0).is_none()
            {
                let message = format!("the type {typed} is not defined");
                problems.push(Problem::error(source, element.line, Some(id), "unknown-type", message));
            }
            if nodes.insert(id.to_owned(), node).is_some() {
                let message = format!("the id {id} stands twice");
                problems.push(Problem::error(source, element.line, Some(id), "duplicate-id", message));
            }
        }
        Self { namespace: attribute("namespace"), name: attribute("name"), nodes, components: types.components() }
    }

    /// A decision by name or id.
    pub(super) fn decision(&self, name: &str) -> Option<&Node> {
        let mut decisions = self.nodes.values().filter(|node| node.kind == NodeKind::Decision);
        decisions.clone().find(|node| node.name == name).or_else(|| decisions.find(|node| node.id == name))
    }

    /// What a node requires, itself last, each once, requirements before what requires them. `Err` names a node in a circle.
    pub(super) fn closure(&self, id: &str) -> Result<Vec<&Node>, String> {
        fn visit<'s>(
            source: &'s Source,
            id: &str,
            path: &mut Vec<String>,
            done: &mut Vec<&'s Node>,
        ) -> Result<(), String> {
            let Some(node) = source.nodes.get(id) else { return Ok(()) };
            if done.iter().any(|other| other.id == node.id) {
                return Ok(());
            }
            if path.iter().any(|open| open == id) || path.len() > 64 {
                return Err(id.to_owned());
            }
            path.push(id.to_owned());
            for required in &node.requires {
                visit(source, required, path, done)?;
            }
            path.pop();
            done.push(node);
            Ok(())
        }
        let mut done = Vec::new();
        visit(self, id, &mut Vec::new(), &mut done)?;
        Ok(done)
    }
}

fn read_node(element: &Element, id: &str, kind: NodeKind, types: &Types<'_>) -> Node {
    let name = element.attribute("name").unwrap_or(id).trim().to_owned();
    let variable = element.child("variable");
    let type_ref = variable.and_then(|variable| variable.attribute("typeRef"));
    let requires = element
        .elements()
        .filter(|e| matches!(e.name.as_str(), "informationRequirement" | "knowledgeRequirement"))
        .flat_map(Element::elements)
        .filter_map(|required| required.attribute("href"))
        .map(|href| href.rsplit_once('#').map_or(href, |(_, id)| id).to_owned())
        .collect();
    let logic = element.elements().find(|e| is_expression(&e.name)).cloned();
    Node {
        id: id.to_owned(),
        variable: variable
            .and_then(|v| v.attribute("name"))
            .map_or_else(|| name.clone(), |name| name.trim().to_owned()),
        name,
        kind,
        declared: type_ref.and_then(|text| types.resolve(text, 0)).unwrap_or(Type::Any),
        is_typed: type_ref.is_some(),
        requires,
        logic,
        line: element.line,
    }
}

pub(super) fn is_expression(tag: &str) -> bool {
    matches!(
        tag,
        "literalExpression"
            | "decisionTable"
            | "context"
            | "invocation"
            | "functionDefinition"
            | "relation"
            | "list"
            | "conditional"
            | "filter"
            | "for"
            | "every"
            | "some"
            | "encapsulatedLogic"
    )
}

struct Types<'d> {
    definitions: Vec<&'d Element>,
}

impl Types<'_> {
    fn resolve(&self, name: &str, depth: usize) -> Option<Type> {
        if let Some(simple) = Type::simple(name) {
            return Some(simple);
        }
        if depth > TYPE_DEPTH_MAX {
            return Some(Type::Any);
        }
        let name = name.trim();
        let definition = self.definitions.iter().find(|e| e.attribute("name").map(str::trim) == Some(name))?;
        Some(self.of(definition, depth))
    }

    fn of(&self, definition: &Element, depth: usize) -> Type {
        let components: BTreeMap<String, Type> = definition
            .elements()
            .filter(|e| e.name == "itemComponent")
            .map(|e| (e.attribute("name").unwrap_or_default().trim().to_owned(), self.of(e, depth + 1)))
            .collect();
        let type_ref = definition.child("typeRef").map(Element::text);
        let item = if components.is_empty() {
            type_ref.and_then(|text| self.resolve(&text, depth + 1)).unwrap_or(Type::Any)
        } else {
            Type::Context(components)
        };
        if definition.attribute("isCollection") == Some("true") { Type::List(Box::new(item)) } else { item }
    }

    fn components(&self) -> BTreeSet<String> {
        fn collect(element: &Element, names: &mut BTreeSet<String>) {
            for component in element.elements().filter(|e| e.name == "itemComponent") {
                names.extend(component.attribute("name").map(|name| name.trim().to_owned()));
                collect(component, names);
            }
        }
        let mut names = BTreeSet::new();
        self.definitions.iter().for_each(|definition| collect(definition, &mut names));
        names
    }
}

//! Which names FEEL may read in a matter, and whether a text reads others.

use std::collections::{BTreeMap, BTreeSet};

use flow::feel::Expression;

use super::problem::Findings;
use super::{paths, pattern};

/// Root name → its fields; `None` = any field.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(BTreeMap<String, Option<BTreeSet<String>>>);

impl Names {
    /// A root whose fields are known.
    pub(super) fn with<'n>(mut self, root: &str, fields: impl IntoIterator<Item = &'n str>) -> Self {
        self.0.insert(root.to_owned(), Some(fields.into_iter().map(str::to_owned).collect()));
        self
    }

    /// A root whose fields nobody declares.
    pub(super) fn with_open(mut self, root: &str) -> Self {
        self.0.insert(root.to_owned(), None);
        self
    }

    /// What is wrong with reading `root` or `root.field`, if anything.
    pub(super) fn fault(&self, root: &str, field: Option<&str>) -> Option<String> {
        match (self.0.get(root), field) {
            (None, _) => Some(format!("it reads {root}, which is not declared")),
            (Some(Some(fields)), Some(field)) if !fields.contains(field) => {
                Some(format!("it reads {root}.{field}, which is not declared"))
            }
            _ => None,
        }
    }

    /// What is wrong with a name in a pattern of the certificate: a field of the form, `fact.field` or `materials`.
    pub(super) fn unprintable(&self, name: &str) -> Option<String> {
        match name.split_once('.') {
            Some((root, field)) => self.fault(root, Some(field)),
            None if name == pattern::MATERIALS => None,
            None => self.fault("form", Some(name)),
        }
    }

    /// Parses a FEEL text and checks every name in it.
    pub(super) fn parse(&self, text: &str, element: &str, findings: &mut Findings<'_>) -> Option<Expression> {
        let expression = match Expression::parse(text, &[]) {
            Ok(expression) => expression,
            Err(fault) => {
                findings.error(element, "feel", fault.to_string());
                return None;
            }
        };
        let local = iteration_names(text);
        let mut sound = true;
        for (root, field) in paths::read(text) {
            if KEYWORDS.contains(&root.as_str()) || local.contains(&root) {
                continue;
            }
            if let Some(fault) = self.fault(&root, field.as_deref()) {
                findings.error(element, "feel-name", fault);
                sound = false;
            }
        }
        sound.then_some(expression)
    }
}

const KEYWORDS: [&str; 20] = [
    "and",
    "between",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "item",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// Variables of `for`, `some` and `every`: the word after the keyword.
fn iteration_names(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let pairs = words.windows(2).filter(|pair| matches!(pair[0], "for" | "some" | "every"));
    pairs.map(|pair| pair[1].to_owned()).collect()
}

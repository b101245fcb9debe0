//! Decision tables read by ourselves: which rows exist, what their cells say, which of them fire.
//!
//! The evaluator gives the value of a decision but not the rows behind it; a decision that cannot be explained is none.

use dsntk_feel_parser::AstNode;

use crate::feel::{Expression, ExpressionFault, Lookup};
use crate::xml::Element;

/// A decision table (DMN 1.5 clause 8).
#[derive(Debug)]
pub struct Table {
    /// `UNIQUE`, `FIRST`, `COLLECT` …
    pub hit_policy: String,
    /// Input expressions as written.
    pub inputs: Vec<String>,
    /// Names of the outputs; the label or an empty name where a single output has none.
    pub outputs: Vec<String>,
    /// Rows in document order.
    pub rows: Vec<Row>,
}

/// A row of a decision table.
#[derive(Debug)]
pub struct Row {
    /// Id in the file, or `row-N`.
    pub id: String,
    /// Input cells as written.
    pub inputs: Vec<String>,
    /// Output cells as written.
    pub outputs: Vec<String>,
    /// Annotations.
    pub annotations: Vec<String>,
    /// Line in the file.
    pub line: u32,
    tests: Vec<Expression>,
}

impl Table {
    pub(super) fn read(element: &Element, known: &[&str]) -> Result<Self, ExpressionFault> {
        let text_of =
            |element: &Element, name: &str| element.child(name).and_then(|e| e.child("text")).map(Element::text);
        let inputs: Vec<&Element> = element.elements().filter(|e| e.name == "input").collect();
        let expressions: Vec<String> =
            inputs.iter().map(|input| text_of(input, "inputExpression").unwrap_or_default()).collect();
        let allowed: Vec<Option<String>> = inputs.iter().map(|input| text_of(input, "inputValues")).collect();
        let outputs = element
            .elements()
            .filter(|e| e.name == "output")
            .map(|e| e.attribute("name").or_else(|| e.attribute("label")).unwrap_or_default().to_owned())
            .collect();
        let mut rows = Vec::new();
        for (number, rule) in element.elements().filter(|e| e.name == "rule").enumerate() {
            let texts = |name: &'static str| {
                rule.elements()
                    .filter(move |e| e.name == name)
                    .map(|e| e.child("text").map(Element::text).unwrap_or_default())
            };
            let cells: Vec<String> = texts("inputEntry").collect();
            let mut tests = Vec::new();
            for (index, cell) in cells.iter().enumerate() {
                let Some(expression) = expressions.get(index) else { continue };
                if let Some(allowed) = allowed.get(index).and_then(Option::as_deref) {
                    tests.push(test(expression, allowed, known)?);
                }
                tests.push(test(expression, cell, known)?);
            }
            rows.push(Row {
                id: rule.attribute("id").map_or_else(|| format!("row-{}", number + 1), str::to_owned),
                inputs: cells,
                outputs: texts("outputEntry").collect(),
                annotations: texts("annotationEntry").collect(),
                line: rule.line,
                tests,
            });
        }
        let hit_policy = element.attribute("hitPolicy").unwrap_or("UNIQUE").to_owned();
        Ok(Self { hit_policy, inputs: expressions, outputs, rows })
    }

    /// Texts of the string literals in an output column, in row order: `"SP1"` gives `SP1`. Computed cells are left out.
    pub fn literals(&self, output: &str) -> Vec<&str> {
        let Some(column) = self.outputs.iter().position(|name| name == output) else { return Vec::new() };
        self.rows.iter().filter_map(|row| literal(row.outputs.get(column)?)).collect()
    }

    /// Ids of the rows that fire in this context. `FIRST` stops at the first one; `UNIQUE` and `ANY` show every row that matches, so
    /// that an ambiguity can be explained.
    pub(super) fn fired(&self, context: &dyn Lookup) -> Vec<&Row> {
        let fires = |row: &&Row| row.tests.iter().all(|test| test.evaluate(context).is_true());
        let most = if self.hit_policy == "FIRST" { 1 } else { usize::MAX };
        self.rows.iter().filter(fires).take(most).collect()
    }
}

impl Row {
    /// The text of a string literal in an output cell.
    pub fn literal(&self, column: usize) -> Option<&str> {
        literal(self.outputs.get(column)?)
    }
}

/// `input in (cell)`, put together as the evaluator does, so that both agree.
fn test(input: &str, cell: &str, known: &[&str]) -> Result<Expression, ExpressionFault> {
    Expression::parse_both(input, cell, known, |input, tests| AstNode::In(Box::new(input), Box::new(tests)))
}

fn literal(cell: &str) -> Option<&str> {
    let inner = cell.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}

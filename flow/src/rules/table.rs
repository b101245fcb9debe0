//! Decision tables read by ourselves: which rows exist and what their cells say. The evaluator gives the value of a decision only.

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
}

impl Table {
    pub(super) fn read(element: &Element) -> Self {
        let text_of =
            |element: &Element, name: &str| element.child(name).and_then(|e| e.child("text")).map(Element::text);
        let inputs: Vec<&Element> = element.elements().filter(|e| e.name == "input").collect();
        let expressions: Vec<String> =
            inputs.iter().map(|input| text_of(input, "inputExpression").unwrap_or_default()).collect();
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
            rows.push(Row {
                id: rule.attribute("id").map_or_else(|| format!("row-{}", number + 1), str::to_owned),
                inputs: texts("inputEntry").collect(),
                outputs: texts("outputEntry").collect(),
                annotations: texts("annotationEntry").collect(),
                line: rule.line,
            });
        }
        let hit_policy = element.attribute("hitPolicy").unwrap_or("UNIQUE").to_owned();
        Self { hit_policy, inputs: expressions, outputs, rows }
    }

    /// Texts of the string literals in an output column, in row order: `"SP1"` gives `SP1`. Computed cells are left out.
    pub fn literals(&self, output: &str) -> Vec<&str> {
        let Some(column) = self.outputs.iter().position(|name| name == output) else { return Vec::new() };
        self.rows.iter().filter_map(|row| literal(row.outputs.get(column)?)).collect()
    }
}

impl Row {
    /// The text of a string literal in an output cell.
    pub fn literal(&self, column: usize) -> Option<&str> {
        literal(self.outputs.get(column)?)
    }
}

fn literal(cell: &str) -> Option<&str> {
    let inner = cell.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}

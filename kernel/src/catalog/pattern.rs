//! Patterns of `[result.paper]`: what a certificate prints, put together from the form, the facts and the materials.
//!
//! `{area_m2}` is a field of the form as a person reads it, `{contractor.name}` a field of a fact's first record, `{permit.started_on|—}` has
//! words for when there is none, and `{materials}` alone is the list of what was handed in. A text whose every value is missing is left out.

use serde_json::{Map, Value};

/// The name that stands for the list of materials handed in.
pub const MATERIALS: &str = "materials";

/// The names that patterns ask for.
pub fn names(paper: &Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    for value in paper.values() {
        match value {
            Value::String(text) => names.extend(parts(text).filter_map(|part| match part {
                Part::Value { name, .. } => Some(name.to_owned()),
                Part::Text(_) => None,
            })),
            Value::Object(inner) => names.extend(self::names(inner)),
            Value::Array(items) => {
                names.extend(items.iter().filter_map(Value::as_object).flat_map(self::names));
            }
            _ => {}
        }
    }
    names
}

/// The patterns with their values; `look` gives the value of a name.
pub fn fill(paper: &Map<String, Value>, look: &dyn Fn(&str) -> Option<Value>) -> Map<String, Value> {
    let filled = paper.iter().filter_map(|(name, pattern)| {
        let value = match pattern {
            Value::String(text) => fill_text(text, look)?,
            Value::Object(inner) => {
                let inner = fill(inner, look);
                if inner.is_empty() {
                    return None;
                }
                Value::Object(inner)
            }
            // A list of groups, as rows of a table; groups without a value are left out.
            Value::Array(items) => {
                let rows = items.iter().filter_map(Value::as_object).map(|item| fill(item, look));
                Value::Array(rows.filter(|row| !row.is_empty()).map(Value::Object).collect())
            }
            other => other.clone(),
        };
        Some((name.clone(), value))
    });
    filled.collect()
}

fn fill_text(text: &str, look: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
    let parts: Vec<Part<'_>> = parts(text).collect();
    // A list stands alone: it is no part of a sentence.
    if let [Part::Value { name, .. }] = parts.as_slice()
        && let Some(list @ Value::Array(_)) = look(name)
    {
        return Some(list);
    }
    let (mut said, mut asked, mut found) = (String::new(), 0, 0);
    for part in parts {
        match part {
            Part::Text(text) => said.push_str(text),
            Part::Value { name, otherwise } => {
                asked += 1;
                let value = look(name).and_then(|value| value.as_str().map(str::to_owned));
                let value = value.filter(|text| !text.is_empty()).or_else(|| otherwise.map(str::to_owned));
                found += usize::from(value.is_some());
                said.push_str(&value.unwrap_or_default());
            }
        }
    }
    (asked == 0 || found > 0).then_some(Value::String(said))
}

enum Part<'a> {
    Text(&'a str),
    Value { name: &'a str, otherwise: Option<&'a str> },
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((inside, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            rest = after;
            let (name, otherwise) = inside.split_once('|').map_or((inside, None), |(name, other)| (name, Some(other)));
            return Some(Part::Value { name, otherwise });
        }
        let end = rest.char_indices().skip(1).find(|(_, c)| *c == '{').map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Part::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_are_filled_and_empty_ones_left_out() {
        let Value::Object(paper) = json!({
            "scale": "area {area}", "span": "{from} to {until|open}", "gone": "{none}", "fixed": "copy",
            "items": "{materials}", "parties": { "a": { "name": "{a.name}" }, "b": { "name": "{b.name}" } },
        }) else {
            unreachable!()
        };
        let look = |name: &str| match name {
            "area" => Some(json!("5 m²")),
            "from" => Some(json!("1 May")),
            "a.name" => Some(json!("Firm A")),
            "materials" => Some(json!([{ "name": "contract" }])),
            _ => None,
        };
        let expected = json!({
            "scale": "area 5 m²", "span": "1 May to open", "fixed": "copy", "items": [{ "name": "contract" }],
            "parties": { "a": { "name": "Firm A" } },
        });
        assert_eq!(Value::Object(fill(&paper, &look)), expected);
        assert_eq!(names(&paper).len(), 7);
    }
}

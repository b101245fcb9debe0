//! The form as a person reads it, and the form as it is stored: personal values apart from the rest.

use base::money::Fen;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Field, FieldClass, Form, Widget};
use crate::catalog::matter::Text;

/// One page of the printed summary.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryPage {
    /// Id of the page.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Rows in order; fields without a value are left out.
    pub rows: Vec<SummaryRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// JSON pointer of the value.
    pub pointer: String,
    /// What it is called.
    pub label: Text,
    /// How it is protected; the caller masks what the reader may not see.
    pub class: FieldClass,
    /// How it was asked for: tells which mask fits.
    pub widget: Widget,
    /// What is shown.
    pub shown: Shown,
}

/// A value as a person reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Words or digits, the same in every language.
    Plain(String),
    /// An amount of money.
    Money(Fen),
    /// A number with its unit.
    Measured(String, Text),
    /// The words of a choice.
    Choice(Text),
    /// A statement that was confirmed, or was not.
    Confirmed(bool),
    /// A region code; the caller knows the names.
    Region(String),
    /// The items of a list, one table row each.
    Items(Vec<Vec<SummaryRow>>),
}

/// A form in two parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The values without personal ones: these may stand in entries and projections.
    pub open: Value,
    /// The personal and sensitive ones, to be sealed.
    pub sealed: Vec<Sealed>,
}

/// A value to be sealed under its subject's key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sealed {
    /// JSON pointer of the value.
    pub pointer: String,
    /// Its class.
    pub class: FieldClass,
    /// The value.
    pub value: Value,
}

impl Form {
    /// The whole form for reading and printing.
    pub fn summary(&self, values: &Value) -> Vec<SummaryPage> {
        self.pages
            .iter()
            .map(|page| SummaryPage {
                id: page.id.clone(),
                title: page.title.clone(),
                rows: page
                    .fields
                    .iter()
                    .filter_map(|name| self.field(name))
                    .filter_map(|field| field.row(values.get(&field.name)?, field.pointer.clone()))
                    .collect(),
            })
            .collect()
    }

    /// Takes the personal and sensitive values out.
    pub fn split(&self, values: &Value) -> Split {
        let mut open = values.clone();
        let mut sealed = Vec::new();
        if let Some(map) = open.as_object_mut() {
            take(&self.fields, map, "", &mut sealed);
            for field in self.fields.iter().filter(|field| field.widget == Widget::Items) {
                let items = map.get_mut(&field.name).and_then(Value::as_array_mut);
                for (index, item) in items.into_iter().flatten().enumerate() {
                    if let Some(item) = item.as_object_mut() {
                        take(&field.items, item, &format!("{}/{index}", field.pointer), &mut sealed);
                    }
                }
            }
        }
        Split { open, sealed }
    }

    /// Puts sealed values back; the ones whose key was destroyed stay away.
    pub fn join<'a>(&self, open: &Value, sealed: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        let mut values = open.clone();
        for (pointer, value) in sealed {
            let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
            if let Some(map) = values.pointer_mut(parent).and_then(Value::as_object_mut) {
                map.insert(name.to_owned(), value);
            }
        }
        values
    }

    /// The class of the value at a pointer.
    pub fn class_at(&self, pointer: &str) -> Option<FieldClass> {
        let mut parts = pointer.split('/').skip(1);
        let top = self.field(parts.next()?)?;
        match parts.nth(1) {
            Some(name) => top.items.iter().find(|field| field.name == name).map(|field| field.class),
            None => Some(top.class),
        }
    }
}

fn take(fields: &[Field], map: &mut Map<String, Value>, prefix: &str, sealed: &mut Vec<Sealed>) {
    for field in fields.iter().filter(|field| field.class.is_sealed()) {
        if let Some(value) = map.remove(&field.name) {
            sealed.push(Sealed { pointer: format!("{prefix}/{}", field.name), class: field.class, value });
        }
    }
}

impl Field {
    fn row(&self, value: &Value, pointer: String) -> Option<SummaryRow> {
        let shown = match (self.widget, value) {
            (_, Value::Null) => return None,
            (Widget::Items, Value::Array(items)) => Shown::Items(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let row = |field: &Field| {
                            field.row(item.get(&field.name)?, format!("{pointer}/{index}/{}", field.name))
                        };
                        self.items.iter().filter_map(row).collect()
                    })
                    .collect(),
            ),
            (Widget::Checkbox, value) => Shown::Confirmed(value == &Value::Bool(true)),
            (Widget::Select | Widget::Radio, value) => {
                match self.options.iter().find(|choice| choice.value == *value) {
                    Some(choice) => Shown::Choice(choice.text.clone()),
                    None => Shown::Plain(value.to_string()),
                }
            }
            (Widget::Region, Value::String(code)) => Shown::Region(code.clone()),
            (Widget::Money, value) => Shown::Money(Fen(value.as_i64()?)),
            (_, Value::String(text)) => self.measured(text.clone()),
            (_, other) => self.measured(other.to_string()),
        };
        Some(SummaryRow { pointer, label: self.label.clone(), class: self.class, widget: self.widget, shown })
    }

    fn measured(&self, text: String) -> Shown {
        match &self.unit {
            Some(unit) => Shown::Measured(text, unit.clone()),
            None => Shown::Plain(text),
        }
    }
}

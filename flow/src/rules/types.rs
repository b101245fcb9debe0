//! Declared types (DMN 1.5 clause 7.3.2), and bringing JSON to them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::feel::{Context, Value};

/// A declared type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Not declared, or `Any`.
    Any,
    /// `number`
    Number,
    /// `string`
    Text,
    /// `boolean`
    Bool,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `date and time`
    DateTime,
    /// Both kinds of durations.
    Duration,
    /// A list of items of one type.
    List(Box<Type>),
    /// A structure with components.
    Context(BTreeMap<String, Type>),
}

impl Type {
    pub(crate) fn simple(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("feel:").unwrap_or(name) {
            "number" => Self::Number,
            "string" => Self::Text,
            "boolean" => Self::Bool,
            "date" => Self::Date,
            "time" => Self::Time,
            "date and time" | "dateTime" => Self::DateTime,
            "days and time duration" | "dayTimeDuration" | "years and months duration" | "yearMonthDuration" => {
                Self::Duration
            }
            "Any" => Self::Any,
            _ => return None,
        })
    }

    /// Whether a value of this type is neither a list nor a text, so that it cannot grow.
    pub(crate) fn is_fixed_size(&self) -> bool {
        match self {
            Self::Number | Self::Bool | Self::Date | Self::Time | Self::DateTime | Self::Duration => true,
            Self::Context(components) => components.values().all(Self::is_fixed_size),
            Self::Any | Self::Text | Self::List(_) => false,
        }
    }

    /// The type of a field; of the items' field for a list. `None` when there is no such field.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Context(components) => components.get(name),
            Self::List(item) => item.field(name),
            Self::Any => Some(&Self::Any),
            // Properties of temporal values: `year`, `time offset` and so on.
            Self::Date | Self::Time | Self::DateTime | Self::Duration => Some(&Self::Any),
            Self::Number | Self::Text | Self::Bool => None,
        }
    }

    /// The value in this type: texts become dates where a date is declared, components that are absent or of another type become null.
    ///
    /// The evaluator makes a whole input null when one component of it is absent or wrong; here the damage stays where it is.
    pub(crate) fn conform(&self, value: &Value) -> Value {
        let conformed = match (self, value) {
            (Self::Date, Value::Text(text)) if is_date(text) => Value::Date(text.clone()),
            (Self::Time, Value::Text(text)) => Value::Time(text.clone()),
            (Self::DateTime, Value::Text(text) | Value::DateTime(text)) => Value::DateTime(in_utc(text)),
            (Self::Duration, Value::Text(text)) => Value::Duration(text.clone()),
            (Self::List(item), Value::List(values)) => {
                Value::List(values.iter().map(|value| item.conform(value)).collect())
            }
            (Self::Context(components), Value::Context(entries)) => {
                let component = |(name, declared): (&String, &Self)| {
                    let value = entries.get(name).map_or(Value::Null, |value| declared.conform(value));
                    (name.clone(), value)
                };
                Value::Context(components.iter().map(component).collect::<Context>())
            }
            _ => value.clone(),
        };
        if self.accepts(&conformed) { conformed } else { Value::Null }
    }

    /// Whether a value is of this type already. Null is of every type.
    fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null)
            | (Self::Any, _)
            | (Self::Number, Value::Number(_))
            | (Self::Text, Value::Text(_))
            | (Self::Bool, Value::Bool(_))
            | (Self::Date, Value::Date(_))
            | (Self::Time, Value::Time(_))
            | (Self::DateTime, Value::DateTime(_))
            | (Self::Duration, Value::Duration(_))
            | (Self::Context(_), Value::Context(_)) => true,
            (Self::List(item), Value::List(values)) => values.iter().all(|value| item.accepts(value)),
            _ => false,
        }
    }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The evaluator compares date-times with different offsets as false both ways (dependencies.md §9, trap a): one offset for all.
fn in_utc(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |instant| instant.to_string())
}

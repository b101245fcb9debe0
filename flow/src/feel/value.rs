//! FEEL values as the product stores and exchanges them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Raw;
use dsntk_feel::{FeelNumber, Name};
use dsntk_feel_temporal::{FeelDate, FeelDateTime, FeelDaysAndTimeDuration, FeelTime, FeelYearsAndMonthsDuration};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Named values in a deterministic order: the variables of a process, the input of a decision.
pub type Context = BTreeMap<String, Value>;

/// Longest digit string of a [`Number`]: FEEL numbers are decimal128, 34 digits.
const DIGITS_MAX: usize = 34;

/// A FEEL value. `Null` means *undecided*, never "no" (DMN 1.5 §10.3.2.13: an error yields null).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// Undecided, absent or an error.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A decimal number, never a binary float.
    Number(Number),
    /// A string.
    Text(String),
    /// A date in ISO 8601 text.
    Date(String),
    /// A time of day in ISO 8601 text.
    Time(String),
    /// A date and time in ISO 8601 text.
    DateTime(String),
    /// A duration in ISO 8601 text, of days and time or of years and months.
    Duration(String),
    /// A list.
    List(Vec<Value>),
    /// A context: named values.
    Context(Context),
}

/// A decimal number in canonical text: no exponent, no trailing zeros, no `+`, no `-0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

impl Number {
    /// Reads a decimal or scientific literal; `None` when it is no number of at most 34 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || text.len() > 64 {
            return None;
        }
        if digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= DIGITS_MAX {
            return Some(Self::canonical(text));
        }
        let expanded = FeelNumber::from_str(text).ok()?.to_string();
        (expanded.bytes().filter(u8::is_ascii_digit).count() <= 2 * DIGITS_MAX).then(|| Self::canonical(&expanded))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as an integer, when it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn canonical(text: &str) -> Self {
        let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if whole.is_empty() && fraction.is_empty() {
            return Self("0".to_owned());
        }
        let whole = if whole.is_empty() { "0" } else { whole };
        Self(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value {
    /// Whether this is null, that is undecided.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is exactly `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text of a string value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a context.
    pub fn as_context(&self) -> Option<&Context> {
        match self {
            Self::Context(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of an integer number.
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.to_i64(),
            _ => None,
        }
    }

    /// Plain JSON: numbers as JSON numbers, dates and durations as strings.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => match number.to_i64() {
                Some(integer) => Json::from(integer),
                None => number.as_str().parse::<f64>().map_or(Json::Null, Json::from),
            },
            Self::Text(text) | Self::Date(text) | Self::Time(text) | Self::DateTime(text) | Self::Duration(text) => {
                Json::String(text.clone())
            }
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Context(entries) => {
                Json::Object(entries.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
        }
    }

    pub(crate) fn to_raw(&self) -> Raw {
        match self {
            Self::Null => Raw::Null(None),
            Self::Bool(value) => Raw::Boolean(*value),
            Self::Number(number) => match number.to_i64() {
                Some(integer) => Raw::Number(integer.into()),
                None => FeelNumber::from_str(number.as_str()).map_or(Raw::Null(None), Raw::Number),
            },
            Self::Text(text) => Raw::String(text.clone()),
            Self::Date(text) => FeelDate::from_str(text).map_or(Raw::Null(None), Raw::Date),
            Self::Time(text) => FeelTime::from_str(text).map_or(Raw::Null(None), Raw::Time),
            Self::DateTime(text) => FeelDateTime::try_from(text.as_str()).map_or(Raw::Null(None), Raw::DateTime),
            Self::Duration(text) => match FeelDaysAndTimeDuration::try_from(text.as_str()) {
                Ok(duration) => Raw::DaysAndTimeDuration(duration),
                Err(_) => FeelYearsAndMonthsDuration::try_from(text.as_str())
                    .map_or(Raw::Null(None), Raw::YearsAndMonthsDuration),
            },
            Self::List(items) => Raw::List(items.iter().map(Self::to_raw).collect()),
            Self::Context(entries) => Raw::Context(raw_context(entries)),
        }
    }

    pub(crate) fn from_raw(raw: &Raw) -> Self {
        match raw {
            Raw::Boolean(value) => Self::Bool(*value),
            Raw::Number(number) => Number::parse(&number.to_string()).map_or(Self::Null, Self::Number),
            Raw::String(text) => Self::Text(text.clone()),
            Raw::Date(date) => Self::Date(date.to_string()),
            Raw::Time(time) => Self::Time(time.to_string()),
            Raw::DateTime(instant) => Self::DateTime(instant.to_string()),
            Raw::DaysAndTimeDuration(duration) => Self::Duration(duration.to_string()),
            Raw::YearsAndMonthsDuration(duration) => Self::Duration(duration.to_string()),
            Raw::List(items) | Raw::ExpressionList(items) => Self::List(items.iter().map(Self::from_raw).collect()),
            Raw::Context(entries) => {
                Self::Context(entries.iter().map(|(name, value)| (name.to_string(), Self::from_raw(value))).collect())
            }
            Raw::Transparent(value) => Self::from_raw(value),
            // Functions, ranges and types are no data: they stay inside one evaluation.
            _ => Self::Null,
        }
    }
}

fn raw_context(entries: &Context) -> FeelContext {
    let mut context = FeelContext::default();
    for (name, value) in entries {
        context.set_entry(&Name::from(name.as_str()), value.to_raw());
    }
    context
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Number::parse(&number.to_string()).map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(entries) => {
                Self::Context(entries.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        Self::from(&json)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

// Stored form: what JSON and CBOR have is written natively, integers without a tag; a decimal or a temporal value is a map with one
// tagged key, so that no float is ever written and reading gives the same value back. A context key that begins with `$` gets a second one.
const TAG_NUMBER: &str = "$number";
const TAG_DATE: &str = "$date";
const TAG_TIME: &str = "$time";
const TAG_DATE_TIME: &str = "$datetime";
const TAG_DURATION: &str = "$duration";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tagged = |serializer: S, tag: &str, text: &str| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(tag, text)?;
            map.end()
        };
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => match number.to_i64() {
                Some(integer) => serializer.serialize_i64(integer),
                None => tagged(serializer, TAG_NUMBER, number.as_str()),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(text) => tagged(serializer, TAG_DATE, text),
            Self::Time(text) => tagged(serializer, TAG_TIME, text),
            Self::DateTime(text) => tagged(serializer, TAG_DATE_TIME, text),
            Self::Duration(text) => tagged(serializer, TAG_DURATION, text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Context(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    if name.starts_with('$') {
                        map.serialize_entry(&format!("${name}"), value)?;
                    } else {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a process variable")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Number(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::parse(&value.to_string()).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Context::new();
        let mut tagged = None;
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            match name.strip_prefix('$') {
                Some(rest) if rest.starts_with('$') => entries.insert(rest.to_owned(), value),
                Some(_) => {
                    tagged = Some(from_tag(&name, value).map_err(A::Error::custom)?);
                    continue;
                }
                None => entries.insert(name, value),
            };
        }
        match tagged {
            Some(value) if entries.is_empty() => Ok(value),
            Some(_) => Err(A::Error::custom("a tagged value stands alone in its map")),
            None => Ok(Value::Context(entries)),
        }
    }
}

fn from_tag(tag: &str, value: Value) -> Result<Value, String> {
    let Value::Text(text) = value else {
        return Err(format!("{tag} holds no text"));
    };
    match tag {
        TAG_NUMBER => Number::parse(&text).map(Value::Number).ok_or_else(|| format!("{text} is no number")),
        TAG_DATE => Ok(Value::Date(text)),
        TAG_TIME => Ok(Value::Time(text)),
        TAG_DATE_TIME => Ok(Value::DateTime(text)),
        TAG_DURATION => Ok(Value::Duration(text)),
        _ => Err(format!("the tag {tag} is not known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for (given, canonical) in [
            ("007", "7"),
            ("1.50", "1.5"),
            ("-0", "0"),
            ("-0.10", "-0.1"),
            ("1e3", "1000"),
            (".5", "0.5"),
            ("2.0", "2"),
        ] {
            assert_eq!(Number::parse(given).expect(given).as_str(), canonical);
        }
        for bad in ["", "x", "+1", "1e999999", "NaN", "--1", "0x1"] {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn stored_form_reads_back_and_has_no_float() {
        let json = serde_json::json!({"$a": 1, "b": [null, true, "文本", 1.25, -3], "c": {}});
        let mut value = Value::from(&json);
        if let Value::Context(entries) = &mut value {
            entries.insert("d".into(), Value::Date("2026-07-01".into()));
            entries.insert("e".into(), Value::Duration("P3Y".into()));
        }
        let text = serde_json::to_string(&value).expect("json");
        assert_eq!(
            text,
            r#"{"$$a":1,"b":[null,true,"文本",{"$number":"1.25"},-3],"c":{},"d":{"$date":"2026-07-01"},"e":{"$duration":"P3Y"}}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).expect("value"), value);
    }
}

//! From submitted texts to typed values, and from values to the places where they are wrong.

use std::collections::BTreeMap;

use base::code::{CodeKind, check_kind};
use base::money::Fen;
use base::region::Regions;
use base::text::may_stand_on_paper;
use jiff::civil::Date;
use jsonschema::error::ValidationErrorKind as Kind;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Field, Form, Page, Widget};
use crate::catalog::matter::Text;

/// Most fields on one page (ui.md §1).
pub const PAGE_FIELDS_MAX: usize = 8;
/// Longest submitted text of one field; a schema may allow less.
pub const VALUE_CHARS_MAX: usize = 10_000;

/// One wrong place. The message is the field's own, or the one under the key `form-<code>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer of the value.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// Parameters of the message.
    pub params: BTreeMap<&'static str, String>,
    /// What the field is called.
    pub label: Text,
    /// The field's own message, which goes before the one of the code.
    pub message: Option<Text>,
}

impl FieldError {
    fn new(field: &Field, pointer: String, code: &'static str) -> Self {
        Self { pointer, code, params: BTreeMap::new(), label: field.label.clone(), message: field.message.clone() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.insert(name, value.into());
        self
    }
}

impl Form {
    /// Reads what was submitted for a page. `draft` are the values of all pages so far; fields that are not on the page are ignored
    /// (security.md §2 rule 5), fields that are not shown are left out.
    pub fn parse_page(
        &self,
        page: &Page,
        draft: &Value,
        submitted: &[(String, String)],
    ) -> Result<Map<String, Value>, Vec<FieldError>> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        let fields = || page.fields.iter().filter_map(|name| self.field(name));
        for field in fields().filter(|field| field.widget != Widget::Items) {
            match field.read(submitted, &self.regions) {
                Ok(Some(value)) => {
                    values.insert(field.name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(*error),
            }
        }
        // A list is filled on its sub-pages; saving the page around it keeps it.
        for field in fields().filter(|field| field.widget == Widget::Items) {
            if let Some(list) = draft.get(&field.name) {
                values.insert(field.name.clone(), list.clone());
            }
        }
        let context = self.names(&self.merge(draft, page, values.clone()));
        for field in fields().filter(|field| !field.is_shown(&context)) {
            values.remove(&field.name);
            errors.retain(|error| error.pointer != field.pointer);
        }
        for field in fields().filter(|field| field.required && field.is_shown(&context)) {
            let wrong = errors.iter().any(|error| error.pointer == field.pointer);
            if !wrong && !values.contains_key(&field.name) {
                errors.push(FieldError::new(field, field.pointer.clone(), "required"));
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(self.in_order(errors)) }
    }

    /// Reads what was submitted for one item of a list.
    pub fn parse_item(
        &self,
        list: &Field,
        submitted: &[(String, String)],
    ) -> Result<Map<String, Value>, Vec<FieldError>> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for field in &list.items {
            match field.read(submitted, &self.regions) {
                Ok(Some(value)) => {
                    values.insert(field.name.clone(), value);
                }
                Ok(None) if field.required => errors.push(FieldError::new(field, field.pointer.clone(), "required")),
                Ok(None) => {}
                Err(error) => errors.push(*error),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// The draft with one page's values in place of what it had.
    pub fn merge(&self, draft: &Value, page: &Page, values: Map<String, Value>) -> Value {
        let mut merged = draft.as_object().cloned().unwrap_or_default();
        for name in &page.fields {
            merged.remove(name);
        }
        merged.extend(values);
        Value::Object(merged)
    }

    /// Everything that is wrong with the whole form, in page order; empty = it may be submitted.
    pub fn validate(&self, values: &Value) -> Vec<FieldError> {
        let context = self.names(values);
        let mut errors: Vec<FieldError> =
            self.validator.iter_errors(values).flat_map(|error| self.schema_errors(&error)).collect();
        for field in &self.fields {
            let Some(value) = values.get(&field.name) else { continue };
            if !field.is_shown(&context) {
                errors.push(FieldError::new(field, field.pointer.clone(), "unexpected"));
                continue;
            }
            field.check_codes(value, &field.pointer, &self.regions, &mut errors);
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                for inner in &field.items {
                    if let Some(value) = item.get(&inner.name) {
                        let pointer = format!("{}/{index}/{}", field.pointer, inner.name);
                        inner.check_codes(value, &pointer, &self.regions, &mut errors);
                    }
                }
            }
        }
        self.in_order(errors)
    }

    fn schema_errors(&self, error: &jsonschema::ValidationError<'_>) -> Vec<FieldError> {
        let path = error.instance_path().to_string();
        let at = |name: &str| format!("{path}/{name}");
        match error.kind() {
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                vec![self.error_at(&at(name), "required")]
            }
            Kind::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|name| self.error_at(&at(name), "unexpected")).collect()
            }
            kind => {
                let (code, param) = code_of(kind);
                let error = self.error_at(&path, code);
                vec![match param {
                    Some((name, value)) => error.with(name, value),
                    None => error,
                }]
            }
        }
    }

    /// An error at a pointer, with the words of the field there.
    fn error_at(&self, pointer: &str, code: &'static str) -> FieldError {
        let mut parts = pointer.split('/').skip(1);
        let top = parts.next().and_then(|name| self.field(name));
        let inner = parts.nth(1).and_then(|name| top.and_then(|top| top.items.iter().find(|field| field.name == name)));
        match inner.or(top) {
            Some(field) => FieldError::new(field, pointer.to_owned(), code),
            None => FieldError {
                pointer: pointer.to_owned(),
                code,
                params: BTreeMap::new(),
                label: Text::default(),
                message: None,
            },
        }
    }

    /// Page order, one error for each place: a code check beside a pattern says the same thing twice.
    fn in_order(&self, mut errors: Vec<FieldError>) -> Vec<FieldError> {
        let place = |error: &FieldError| {
            let name = error.pointer.split('/').nth(1).unwrap_or_default();
            self.fields.iter().position(|field| field.name == name).unwrap_or(usize::MAX)
        };
        errors.sort_by_key(place);
        let mut seen = std::collections::BTreeSet::new();
        errors.retain(|error| seen.insert(error.pointer.clone()));
        errors
    }
}

impl Field {
    /// The typed value of this field among the submitted ones; `None` when nothing was given.
    fn read(&self, submitted: &[(String, String)], regions: &Regions) -> Result<Option<Value>, Box<FieldError>> {
        let plain = |code| FieldError::new(self, self.pointer.clone(), code);
        let error = |code| Box::new(plain(code));
        let text = submitted.iter().rev().find(|(name, _)| *name == self.name).map_or("", |(_, text)| text.as_str());
        if text.chars().count() > VALUE_CHARS_MAX {
            return Err(Box::new(plain("max-length").with("limit", VALUE_CHARS_MAX.to_string())));
        }
        let breaks_lines = |c: char| self.widget == Widget::Textarea && matches!(c, '\n' | '\r' | '\t');
        let fits = |c: char| breaks_lines(c) || (!c.is_control() && may_stand_on_paper(c));
        let text = text.trim();
        if !text.chars().all(fits) {
            return Err(error("characters"));
        }
        if text.is_empty() {
            return Ok(None);
        }
        let value = self.typed(text).map_err(error)?;
        if let Some(first) = self.validator.iter_errors(&value).next() {
            let (code, param) = code_of(first.kind());
            return Err(match param {
                Some((name, value)) => Box::new(plain(code).with(name, value)),
                None => error(code),
            });
        }
        let mut errors = Vec::new();
        self.check_codes(&value, &self.pointer, regions, &mut errors);
        errors.into_iter().next().map_or(Ok(Some(value)), |error| Err(Box::new(error)))
    }

    fn typed(&self, text: &str) -> Result<Value, &'static str> {
        match self.widget {
            // A licence number stays as it is printed: whoever looks it up brings it into one spelling.
            Widget::Text | Widget::Textarea | Widget::LicenceNo => Ok(json!(text.replace("\r\n", "\n"))),
            Widget::Number => {
                let plain = half_width(text).replace(',', "");
                let digits = plain.strip_prefix('-').unwrap_or(&plain);
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
                let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                if all_digits(whole) && all_digits(fraction) { Ok(json!(plain)) } else { Err("number") }
            }
            Widget::Money => Fen::parse_yuan(&half_width(text)).map(|fen| json!(fen.0)).map_err(|_| "money"),
            Widget::Date => half_width(text).parse::<Date>().map(|day| json!(day.to_string())).map_err(|_| "date"),
            Widget::Select | Widget::Radio => self
                .options
                .iter()
                .find(|choice| choice.submitted() == text)
                .map(|choice| choice.value.clone())
                .ok_or("choice"),
            Widget::Checkbox => Ok(json!(matches!(text, "on" | "true" | "1" | "yes"))),
            Widget::Uscc | Widget::Idcard => Ok(json!(compact(text).to_uppercase())),
            Widget::Phone | Widget::Region | Widget::PlatformCode => Ok(json!(compact(text))),
            Widget::ProjectCode => Ok(json!(compact(&text.replace(['－', '—', '–'], "-")))),
            Widget::Items => Err("type"),
        }
    }

    /// Check digits, days and places that a pattern cannot see.
    fn check_codes(&self, value: &Value, pointer: &str, regions: &Regions, errors: &mut Vec<FieldError>) {
        let Some(text) = value.as_str() else { return };
        if let Some((code, reason)) = code_fault(self.widget, text, regions) {
            errors.push(FieldError::new(self, pointer.to_owned(), code).with("reason", reason));
        }
    }
}

/// What is wrong with a code, if anything, and why.
fn code_fault(widget: Widget, text: &str, regions: &Regions) -> Option<(&'static str, &'static str)> {
    let (kind, code) = match widget {
        Widget::Uscc => (CodeKind::Uscc, "uscc"),
        Widget::Idcard => (CodeKind::Idcard, "idcard"),
        Widget::ProjectCode => (CodeKind::Project, "project-code"),
        Widget::PlatformCode => (CodeKind::Platform, "platform-code"),
        Widget::Region => {
            let is_place = text.parse().is_ok_and(|code| regions.current(code).is_some());
            return (!is_place).then_some(("region", "region"));
        }
        Widget::Date => return text.parse::<Date>().is_err().then_some(("date", "date")),
        _ => return None,
    };
    let verdict = check_kind(kind, text, None, regions);
    (!verdict.valid).then(|| (code, verdict.reasons.first().map_or("format", |reason| reason.kind.key())))
}

/// The code of a schema error, and the parameter its message shows.
fn code_of(kind: &Kind) -> (&'static str, Option<(&'static str, String)>) {
    let limit = |value: &dyn ToString| Some(("limit", value.to_string()));
    match kind {
        Kind::Required { .. } => ("required", None),
        Kind::Pattern { .. } => ("pattern", None),
        Kind::Enum { .. } => ("choice", None),
        Kind::Constant { .. } => ("confirm", None),
        Kind::Format { .. } => ("format", None),
        Kind::MaxLength { limit: max } => ("max-length", limit(max)),
        Kind::MinLength { limit: min } => ("min-length", limit(min)),
        Kind::Maximum { limit: max } | Kind::ExclusiveMaximum { limit: max } => ("maximum", limit(max)),
        Kind::Minimum { limit: min } | Kind::ExclusiveMinimum { limit: min } => ("minimum", limit(min)),
        Kind::MaxItems { limit: max } => ("max-items", limit(max)),
        Kind::MinItems { limit: min } => ("min-items", limit(min)),
        Kind::Type { .. } => ("type", None),
        _ => ("invalid", None),
    }
}

/// Full-width digits, signs and commas as their ASCII twins: input methods type them.
fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{3000}' => ' ',
            _ => c,
        })
        .collect()
}

fn compact(text: &str) -> String {
    half_width(text).chars().filter(|c| !c.is_whitespace()).collect()
}

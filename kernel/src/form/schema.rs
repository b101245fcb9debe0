//! Reads a form's schema and says everything that is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::region::Regions;
use flow::feel::Expression;
use serde_json::{Value, json};

use super::hints::{FieldHints, FormHints};
use super::submit::PAGE_FIELDS_MAX;
use super::{Choice, Field, FieldClass, Form, Page, Widget};
use crate::catalog::matter::Text;
use crate::catalog::paths;

/// A finding in a form's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormProblem {
    /// The property or page concerned; empty for the schema itself.
    pub element: String,
    /// Stable code.
    pub code: &'static str,
    /// One sentence for the author.
    pub message: String,
}

struct Reader {
    problems: Vec<FormProblem>,
}

pub(super) fn parse(schema: Value, regions: &Arc<Regions>) -> Result<Form, Vec<FormProblem>> {
    let mut reader = Reader { problems: Vec::new() };
    let form = reader.form(schema, regions);
    match form {
        Some(form) if reader.problems.is_empty() => Ok(form),
        _ => Err(reader.problems),
    }
}

/// The one page of a record.
const RECORD_PAGE: &str = "record";

pub(super) fn parse_record(schema: Value, regions: &Arc<Regions>) -> Result<Form, Vec<FormProblem>> {
    let mut reader = Reader { problems: Vec::new() };
    let compiled = validator(&schema).map_err(|message| reader.problem("", "form-schema", message)).ok();
    if schema.get("type") != Some(&json!("object")) || schema.get("additionalProperties") != Some(&json!(false)) {
        reader.problem("", "form-root", "a record is of type object with additionalProperties false");
    }
    let mut fields: Vec<Field> = reader.fields(&schema, true).into_iter().map(|(field, _)| field).collect();
    for field in &mut fields {
        RECORD_PAGE.clone_into(&mut field.page);
    }
    let title = Text { zh: text_of(&schema, "title"), en: String::new() };
    let page = Page {
        id: RECORD_PAGE.to_owned(),
        title: title.clone(),
        question: Text::default(),
        hint: Text::default(),
        fields: fields.iter().map(|field| field.name.clone()).collect(),
    };
    match compiled {
        Some(validator) if reader.problems.is_empty() => {
            Ok(Form { title, pages: vec![page], fields, validator, schema, regions: Arc::clone(regions) })
        }
        _ => Err(reader.problems),
    }
}

/// Compiles a schema. Formats are asserted: a date that is none must be refused.
pub(crate) fn validator(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .offline()
        .build(schema)
        .map_err(|error| error.masked().to_string())
}

impl Reader {
    fn problem(&mut self, element: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(FormProblem { element: element.to_owned(), code, message: message.into() });
    }

    fn form(&mut self, schema: Value, regions: &Arc<Regions>) -> Option<Form> {
        if schema.get("type") != Some(&json!("object")) || schema.get("additionalProperties") != Some(&json!(false)) {
            self.problem("", "form-root", "a form is of type object with additionalProperties false");
        }
        let compiled = match validator(&schema) {
            Ok(compiled) => Some(compiled),
            Err(message) => {
                self.problem("", "form-schema", message);
                None
            }
        };
        let hints: FormHints = match schema.get("x-ui").cloned().map(serde_json::from_value) {
            Some(Ok(hints)) => hints,
            Some(Err(error)) => {
                self.problem("x-ui", "form-hints", error.to_string());
                return None;
            }
            None => {
                self.problem("", "form-hints", "x-ui with the pages is missing");
                return None;
            }
        };
        let title = Text { zh: text_of(&schema, "title"), en: hints.en };
        if title.zh.is_empty() {
            self.problem("", "form-title", "the form has no title");
        }
        let mut fields = self.fields(&schema, true);
        let mut pages: Vec<Page> = Vec::new();
        for page in hints.pages {
            if pages.iter().any(|seen| seen.id == page.id) {
                self.problem(&page.id, "form-page", format!("page {} stands twice", page.id));
            }
            let mut own: Vec<(i64, String)> = fields
                .iter()
                .filter(|(field, _)| field.page == page.id)
                .map(|(f, order)| (*order, f.name.clone()))
                .collect();
            own.sort();
            if own.is_empty() {
                self.problem(&page.id, "form-page", format!("page {} has no fields", page.id));
            }
            if own.len() > PAGE_FIELDS_MAX {
                let message =
                    format!("page {} has {} fields; one topic has at most {PAGE_FIELDS_MAX}", page.id, own.len());
                self.problem(&page.id, "form-page", message);
            }
            if let Some(pair) = own.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                self.problem(&pair[1].1, "form-order", format!("{} and {} have the same order", pair[0].1, pair[1].1));
            }
            pages.push(Page {
                id: page.id,
                title: page.title,
                question: page.question,
                hint: page.hint,
                fields: own.into_iter().map(|(_, name)| name).collect(),
            });
        }
        let names: BTreeSet<String> = fields.iter().map(|(field, _)| field.name.clone()).collect();
        for (field, _) in &fields {
            if !pages.iter().any(|page| page.id == field.page) {
                self.problem(
                    &field.name,
                    "form-page",
                    format!("{} stands on no declared page (`{}`)", field.name, field.page),
                );
            }
            for (root, path) in field.show_if.iter().flat_map(|test| paths::read(test.text())) {
                if root != "form" || path.as_deref().is_none_or(|name| !names.contains(name)) {
                    let path = path.map(|path| format!(".{path}")).unwrap_or_default();
                    self.problem(
                        &field.name,
                        "form-show-if",
                        format!("show_if reads {root}{path}, which the form has not"),
                    );
                }
            }
        }
        for name in required(&schema).difference(&names) {
            self.problem(name, "form-required", format!("{name} is required but not declared"));
        }
        let order = |field: &Field| {
            let page = pages.iter().position(|page| page.id == field.page);
            let place = page.and_then(|page| pages[page].fields.iter().position(|name| *name == field.name));
            (page, place)
        };
        fields.sort_by_key(|(field, _)| order(field));
        let fields = fields.into_iter().map(|(field, _)| field).collect();
        Some(Form { title, pages, fields, validator: compiled?, schema, regions: Arc::clone(regions) })
    }

    /// The properties of an object schema with their order.
    fn fields(&mut self, schema: &Value, top: bool) -> Vec<(Field, i64)> {
        let required = required(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            self.problem("", "form-root", "there are no properties");
            return Vec::new();
        };
        properties
            .iter()
            .filter_map(|(name, property)| self.field(name, property, required.contains(name), top))
            .collect()
    }

    fn field(&mut self, name: &str, schema: &Value, required: bool, top: bool) -> Option<(Field, i64)> {
        if !is_snake_case(name) {
            self.problem(name, "form-name", format!("{name} is not snake_case, FEEL could not read it"));
        }
        let hints: FieldHints = match serde_json::from_value(schema.get("x-ui").cloned().unwrap_or_else(|| json!({}))) {
            Ok(hints) => hints,
            Err(error) => {
                self.problem(name, "form-hints", error.to_string());
                return None;
            }
        };
        let label = Text { zh: text_of(schema, "title"), en: hints.en };
        if label.zh.is_empty() {
            self.problem(name, "form-title", format!("{name} has no title"));
        }
        let class = self.class(name, schema, hints.widget);
        let validator = match validator(schema) {
            Ok(validator) => validator,
            Err(message) => {
                self.problem(name, "form-schema", message);
                return None;
            }
        };
        let show_if = hints.show_if.and_then(|text| match Expression::parse(&text, &[]) {
            Ok(test) => Some(test),
            Err(fault) => {
                self.problem(name, "form-show-if", fault.to_string());
                None
            }
        });
        if required && show_if.is_some() {
            self.problem(name, "form-required", format!("{name} is required always but shown only sometimes"));
        }
        let options: Vec<Choice> = hints
            .options
            .into_iter()
            .map(|option| Choice { value: option.value, text: Text { zh: option.zh, en: option.en } })
            .collect();
        self.check_widget(name, schema, hints.widget, &options, top);
        let items = match (hints.widget, schema.get("items")) {
            (Widget::Items, Some(items)) => {
                let mut items = self.fields(items, false);
                items.sort_by_key(|(_, order)| *order);
                items.into_iter().map(|(field, _)| field).collect()
            }
            _ => Vec::new(),
        };
        let field = Field {
            name: name.to_owned(),
            pointer: format!("/{name}"),
            page: hints.page,
            label,
            hint: Text { zh: text_of(schema, "description"), en: hints.hint_en },
            message: hints.message,
            widget: hints.widget,
            class,
            required,
            options,
            unit: hints.unit,
            show_if,
            prefill: hints.prefill,
            source: hints.source,
            max_length: schema.get("maxLength").and_then(Value::as_u64),
            items,
            items_max: schema.get("maxItems").and_then(Value::as_u64).unwrap_or(0),
            validator,
        };
        Some((field, hints.order))
    }

    fn class(&mut self, name: &str, schema: &Value, widget: Widget) -> FieldClass {
        match schema.get("x-class").map(|class| serde_json::from_value(class.clone())) {
            Some(Ok(class)) => class,
            Some(Err(_)) => {
                self.problem(name, "form-class", format!("{name}: x-class is public, internal, personal or sensitive"));
                FieldClass::Sensitive
            }
            // Protection is stated, never assumed; a list has the classes of its items.
            None if widget == Widget::Items => FieldClass::Internal,
            None => {
                self.problem(name, "form-class", format!("{name} has no x-class"));
                FieldClass::Sensitive
            }
        }
    }

    fn check_widget(&mut self, name: &str, schema: &Value, widget: Widget, options: &[Choice], top: bool) {
        let kind = schema.get("type").and_then(Value::as_str);
        let fits = match widget {
            Widget::Money => kind == Some("integer"),
            Widget::Items => kind == Some("array") && top,
            Widget::Checkbox => kind == Some("boolean") || schema.get("const") == Some(&json!(true)),
            Widget::Select | Widget::Radio => true,
            Widget::Date => kind == Some("string") && schema.get("format") == Some(&json!("date")),
            _ => kind == Some("string"),
        };
        if !fits {
            self.problem(name, "form-widget", format!("{name}: the widget does not fit the type of the value"));
        }
        if kind == Some("string") && !has_length(schema) {
            self.problem(
                name,
                "form-length",
                format!("{name} has neither maxLength nor a pattern nor a format: everything that grows has a limit"),
            );
        }
        if widget == Widget::Items && schema.get("maxItems").is_none() {
            self.problem(name, "form-length", format!("{name} has no maxItems"));
        }
        if matches!(widget, Widget::Select | Widget::Radio) {
            let listed: Vec<&Value> = options.iter().map(|option| &option.value).collect();
            let allowed: Vec<&Value> = match (schema.get("enum").and_then(Value::as_array), kind) {
                (Some(values), _) => values.iter().collect(),
                (None, Some("boolean")) => vec![&Value::Bool(true), &Value::Bool(false)],
                (None, _) => Vec::new(),
            };
            if listed.len() != allowed.len() || !listed.iter().all(|value| allowed.contains(value)) {
                self.problem(
                    name,
                    "form-options",
                    format!("{name}: the options are not the values that the schema allows"),
                );
            }
        }
    }
}

fn has_length(schema: &Value) -> bool {
    ["maxLength", "pattern", "format", "enum", "const"].iter().any(|keyword| schema.get(*keyword).is_some())
}

fn required(schema: &Value) -> BTreeSet<String> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn text_of(schema: &Value, key: &str) -> String {
    schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Names that FEEL reads as one word: lower-case letters, digits and single underscores.
pub(crate) fn is_snake_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.contains("__")
        && !name.ends_with('_')
}

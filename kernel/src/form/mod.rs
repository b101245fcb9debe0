//! Forms: one JSON Schema with page hints serves the applicant's pages, the officer's facts, the API's type and the printed summary.
//!
//! The schema (JSON Schema 2020-12) carries `x-ui` (page, order, show_if, prefill, widget, …) and `x-class` (how a value is protected).
//! Nothing here knows a web page: submitted fields come in as names and texts, errors go out as codes with the place they belong to.

mod hints;
mod schema;
mod submit;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::region::Regions;
use flow::feel::{Context, Expression, Number};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::matter::Text;

pub use schema::FormProblem;
pub(crate) use schema::is_snake_case;
pub use submit::{FieldError, PAGE_FIELDS_MAX, VALUE_CHARS_MAX};
pub use summary::{Sealed, Shown, Split, SummaryPage, SummaryRow};

/// How a field must be protected (security.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldClass {
    /// Anyone may read it.
    Public,
    /// Officers and the applicant read it.
    #[default]
    Internal,
    /// Personal data: sealed under the subject's key, masked by default.
    Personal,
    /// Sensitive personal data (个人信息保护法 art. 28): sealed, unmasked only one field at a time.
    Sensitive,
}

impl FieldClass {
    /// Whether a value of this class is sealed and never stands in an entry.
    pub fn is_sealed(self) -> bool {
        self >= Self::Personal
    }
}

/// How a field is asked for. The list is finite: each widget is one template macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Widget {
    /// One line.
    #[default]
    Text,
    /// Several lines.
    Textarea,
    /// A decimal number, kept as text.
    Number,
    /// An amount asked for in yuan, kept in fen.
    Money,
    /// A day.
    Date,
    /// One of many.
    Select,
    /// One of a few.
    Radio,
    /// A statement to confirm.
    Checkbox,
    /// Unified social credit code (统一社会信用代码).
    Uscc,
    /// Citizen number (公民身份号码).
    Idcard,
    /// Mobile phone number.
    Phone,
    /// Region code of a county, city or province.
    Region,
    /// Investment project code (投资项目统一代码).
    ProjectCode,
    /// Project code of the national construction-market platform.
    PlatformCode,
    /// Number of a licence; brackets and widths are normalised.
    LicenceNo,
    /// A list of objects, one sub-page for each.
    Items,
}

/// A parsed form.
#[derive(Debug)]
pub struct Form {
    title: Text,
    pages: Vec<Page>,
    fields: Vec<Field>,
    validator: jsonschema::Validator,
    schema: Value,
    regions: Arc<Regions>,
}

/// One page: one topic, at most [`PAGE_FIELDS_MAX`] fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Id in addresses.
    pub id: String,
    /// Title in the list of steps.
    pub title: Text,
    /// The question on top of the page.
    pub question: Text,
    /// What the applicant should know.
    pub hint: Text,
    /// Names of its fields in order.
    pub fields: Vec<String>,
}

/// One field, or one list of objects.
#[derive(Debug)]
pub struct Field {
    /// Property name, snake_case.
    pub name: String,
    /// JSON pointer of the value; inside a list relative to the item.
    pub pointer: String,
    /// Page it stands on; empty inside a list.
    pub page: String,
    /// What it is called.
    pub label: Text,
    /// Help under the label.
    pub hint: Text,
    /// Overrides the message of any error.
    pub message: Option<Text>,
    /// How it is asked for.
    pub widget: Widget,
    /// How it is protected.
    pub class: FieldClass,
    /// Whether it must be given when it is shown.
    pub required: bool,
    /// The choices of select and radio.
    pub options: Vec<Choice>,
    /// Unit shown after the value.
    pub unit: Option<Text>,
    /// FEEL over `form`: when it is asked for.
    pub show_if: Option<Expression>,
    /// Path `fact.field` or `applicant.field` that fills it in.
    pub prefill: Option<String>,
    /// Register that the prefilled value comes from, named on the page.
    pub source: Option<String>,
    /// Longest text, for the input's attribute.
    pub max_length: Option<u64>,
    /// Fields of one item of a list.
    pub items: Vec<Field>,
    /// Most items of a list.
    pub items_max: u64,
    validator: jsonschema::Validator,
}

/// A choice of select and radio.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The value in the form.
    pub value: Value,
    /// What is shown.
    pub text: Text,
}

impl Choice {
    /// The value as a submitted field carries it.
    pub fn submitted(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl Form {
    /// Reads a schema. Every finding is returned, not only the first. `regions` are for codes that contain a place.
    pub fn parse(schema: Value, regions: &Arc<Regions>) -> Result<Self, Vec<FormProblem>> {
        schema::parse(schema, regions)
    }

    /// Reads the schema of a register: as a form, but of one page without questions.
    pub fn parse_record(schema: Value, regions: &Arc<Regions>) -> Result<Self, Vec<FormProblem>> {
        schema::parse_record(schema, regions)
    }

    /// What the form is called.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The schema, for the API's description.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Pages in order.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The page with this id.
    pub fn page(&self, id: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.id == id)
    }

    /// The page before or after another one.
    pub fn neighbours(&self, id: &str) -> (Option<&Page>, Option<&Page>) {
        let Some(at) = self.pages.iter().position(|page| page.id == id) else { return (None, None) };
        (at.checked_sub(1).and_then(|before| self.pages.get(before)), self.pages.get(at + 1))
    }

    /// All fields in page order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields of a page that are asked for, given the values so far.
    pub fn shown<'a>(&'a self, page: &'a Page, values: &Value) -> Vec<&'a Field> {
        let context = self.names(values);
        page.fields.iter().filter_map(|name| self.field(name)).filter(|field| field.is_shown(&context)).collect()
    }

    /// The values as rules read them: every declared field is there, null when absent, so that a missing input is never a missing name
    /// (dependencies.md §9, trap b); numbers are numbers and days are days.
    pub fn to_feel(&self, values: &Value) -> flow::feel::Value {
        flow::feel::Value::Context(
            self.fields.iter().map(|field| (field.name.clone(), field.to_feel(values.get(&field.name)))).collect(),
        )
    }

    /// What registers know already: field name → value, for fields with a `prefill` path found in `facts` (fact name → record body).
    pub fn prefill(&self, facts: &BTreeMap<String, Value>) -> Map<String, Value> {
        let mut values = Map::new();
        for field in &self.fields {
            let Some((fact, path)) = field.prefill.as_deref().and_then(|path| path.split_once('.')) else { continue };
            let found = facts.get(fact).and_then(|body| body.get(path)).filter(|value| !value.is_null());
            if let Some(value) = found.filter(|value| field.validator.is_valid(value)) {
                values.insert(field.name.clone(), value.clone());
            }
        }
        values
    }

    fn names(&self, values: &Value) -> Context {
        Context::from([("form".to_owned(), self.to_feel(values))])
    }
}

impl Field {
    fn is_shown(&self, context: &Context) -> bool {
        // Undecided (null) shows the field: asking once too often is better than never.
        self.show_if.as_ref().is_none_or(|test| test.evaluate(context) != flow::feel::Value::Bool(false))
    }

    fn to_feel(&self, value: Option<&Value>) -> flow::feel::Value {
        use flow::feel::Value as Feel;
        match (self.widget, value) {
            (_, None | Some(Value::Null)) => Feel::Null,
            (Widget::Number, Some(Value::String(text))) => Number::parse(text).map_or(Feel::Null, Feel::Number),
            (Widget::Date, Some(Value::String(text))) => Feel::Date(text.clone()),
            (Widget::Items, Some(Value::Array(items))) => Feel::List(
                items
                    .iter()
                    .map(|item| {
                        Feel::Context(
                            self.items
                                .iter()
                                .map(|field| (field.name.clone(), field.to_feel(item.get(&field.name))))
                                .collect(),
                        )
                    })
                    .collect(),
            ),
            (_, Some(other)) => Feel::from(other),
        }
    }
}

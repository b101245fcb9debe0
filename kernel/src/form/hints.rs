//! The `x-ui` hints as they stand in a schema.

use serde::Deserialize;
use serde_json::Value;

use super::Widget;
use crate::catalog::matter::Text;

/// `x-ui` of the schema itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormHints {
    #[serde(default)]
    pub(super) en: String,
    pub(super) pages: Vec<PageHints>,
}

/// One page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageHints {
    pub(super) id: String,
    pub(super) title: Text,
    #[serde(default)]
    pub(super) question: Text,
    #[serde(default)]
    pub(super) hint: Text,
}

/// `x-ui` of a property.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldHints {
    #[serde(default)]
    pub(super) page: String,
    #[serde(default)]
    pub(super) order: i64,
    #[serde(default)]
    pub(super) en: String,
    #[serde(default)]
    pub(super) hint_en: String,
    #[serde(default)]
    pub(super) widget: Widget,
    pub(super) show_if: Option<String>,
    pub(super) prefill: Option<String>,
    pub(super) source: Option<String>,
    pub(super) message: Option<Text>,
    pub(super) unit: Option<Text>,
    #[serde(default)]
    pub(super) options: Vec<OptionHints>,
}

/// A choice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionHints {
    pub(super) value: Value,
    pub(super) zh: String,
    #[serde(default)]
    pub(super) en: String,
}

//! What is wrong with a model, said so that its author can find the place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The model may be used; somebody should look.
    Warning,
    /// The model must not be used.
    Error,
}

/// One finding in a BPMN or DMN file: file, line, element and a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file as the caller named it.
    pub source: String,
    /// Line in the file, from 1; 0 when no line is known.
    pub line: u32,
    /// Id of the element concerned.
    pub element: Option<String>,
    /// Stable code; the message catalogue's key is `flow-<code>`.
    pub code: &'static str,
    /// One sentence in English for the author of the model.
    pub message: String,
    /// Whether the model is refused.
    pub severity: Severity,
}

impl Problem {
    /// A finding that refuses the model.
    pub fn error(
        source: &str,
        line: u32,
        element: Option<&str>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            source: source.to_owned(),
            line,
            element: element.map(str::to_owned),
            code,
            message: message.into(),
            severity: Severity::Error,
        }
    }

    /// A finding that only asks for a look.
    pub fn warning(
        source: &str,
        line: u32,
        element: Option<&str>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, line, element, code, message) }
    }

    /// Whether this finding refuses the model.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.source, self.line)?;
        if let Some(element) = &self.element {
            write!(f, "{element}: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

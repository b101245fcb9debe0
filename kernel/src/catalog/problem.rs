//! What is wrong with a catalog, said so that its author finds the place.

use std::fmt;

pub use flow::Severity;
use serde::Serialize;

/// One finding: file, line, element, a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, as a path inside the catalog.
    pub file: String,
    /// Line from 1; 0 when none is known.
    pub line: u32,
    /// The element concerned: a task, a material, a field, a row; empty for the whole file.
    pub element: String,
    /// Stable code.
    pub code: &'static str,
    /// One sentence in English for the author.
    pub message: String,
    /// Whether the catalog is refused.
    pub severity: Severity,
}

impl Problem {
    /// Whether this finding refuses the catalog.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl From<flow::Problem> for Problem {
    fn from(problem: flow::Problem) -> Self {
        Self {
            file: problem.source,
            line: problem.line,
            element: problem.element.unwrap_or_default(),
            code: problem.code,
            message: problem.message,
            severity: problem.severity,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.element.is_empty() {
            write!(f, "{}: ", self.element)?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// Collects findings about one file.
pub(super) struct Findings<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) list: &'a mut Vec<Problem>,
}

impl Findings<'_> {
    /// A finding about `element`; its line is looked for in the text.
    pub(super) fn error(&mut self, element: &str, code: &'static str, message: impl Into<String>) {
        let line = line_of(self.text, element);
        self.error_at(line, element, code, message);
    }

    pub(super) fn error_at(&mut self, line: u32, element: &str, code: &'static str, message: impl Into<String>) {
        self.list.push(Problem {
            file: self.file.to_owned(),
            line,
            element: element.to_owned(),
            code,
            message: message.into(),
            severity: Severity::Error,
        });
    }
}

/// The line on which a thing is declared: a TOML table or key, a quoted name; `a.b` looks for `[a.b]`, else for `b` after `a`.
pub(super) fn line_of(text: &str, element: &str) -> u32 {
    if element.is_empty() {
        return 0;
    }
    let number = |index: usize| u32::try_from(index + 1).unwrap_or(u32::MAX);
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let header = lines.iter().position(|line| line.trim_end().starts_with(&format!("[{element}]")));
    if let Some(index) = header {
        return number(index);
    }
    let (parent, name) = element.rsplit_once('.').map_or(("", element), |(parent, name)| (parent, name));
    let start = if parent.is_empty() { 0 } else { (line_of(text, parent) as usize).saturating_sub(1) };
    let is_key = |line: &str| {
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
            || line.strip_prefix(&format!("\"{name}\"")).is_some_and(|rest| rest.trim_start().starts_with([':', '=']))
    };
    let after =
        |test: &dyn Fn(&str) -> bool| lines.iter().skip(start).position(|line| test(line)).map(|i| number(i + start));
    after(&is_key)
        .or_else(|| after(&|line| line.contains(&format!("\"{name}\""))))
        .or_else(|| after(&|line| line.contains(name)))
        .unwrap_or(0)
}

/// The line of a byte offset.
pub(super) fn line_at(text: &str, offset: usize) -> u32 {
    let newlines = text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

//! One question of a form: its kind, value, choices, files and error.

/// One choice of a select, radio or checkbox field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Grey line below.
    pub hint: String,
}

impl Choice {
    /// A choice without a hint.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), hint: String::new() }
    }
}

/// A file already in the draft or case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileItem {
    /// File name.
    pub name: String,
    /// `2.1 MB · 电子签章有效`.
    pub note: String,
    /// Download.
    pub href: String,
    /// Value of the `remove` button; absent when it must stay.
    pub remove: Option<String>,
}

/// What a field asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    #[default]
    Text,
    /// Several lines.
    LongText,
    /// A whole or decimal number, typed as text: number inputs lose digits and scroll away (inputmode is enough).
    Number,
    /// A date, `2026-11-23`.
    Date,
    /// Money, in the unit stated beside it.
    Money,
    /// A password.
    Password,
    /// A telephone number.
    Phone,
    /// Search text of a filter bar.
    Search,
    /// One of a long list.
    Select,
    /// One of a few.
    Radio,
    /// Some of a few.
    Checkbox,
    /// Filled from a register, shown with its source, not typed.
    Register,
    /// A file.
    File,
}

impl FieldKind {
    /// `type` of the input.
    pub fn input_type(&self) -> &'static str {
        match self {
            FieldKind::Password => "password",
            FieldKind::Date => "date",
            FieldKind::Phone => "tel",
            FieldKind::Search => "search",
            FieldKind::File => "file",
            _ => "text",
        }
    }

    /// `inputmode` of the input, empty for none.
    pub fn input_mode(&self) -> &'static str {
        match self {
            FieldKind::Number | FieldKind::Money => "decimal",
            _ => "",
        }
    }
}

/// Width of an input; it hints at the length of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// The column.
    #[default]
    Full,
    /// A code or number.
    Middle,
    /// A date or amount.
    Narrow,
}

impl Width {
    /// Class of the input.
    pub fn class(&self) -> &'static str {
        match self {
            Width::Full => "",
            Width::Middle => "middle",
            Width::Narrow => "narrow",
        }
    }
}

/// One question of a form, filled in or not, with its error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Name sent; also the id, so that the error summary can link to it.
    pub name: String,
    /// The question.
    pub label: String,
    /// What to write, at most 40 characters.
    pub hint: String,
    /// What it asks for.
    pub kind: FieldKind,
    /// Current value of a field with one.
    pub value: String,
    /// Current values of a checkbox field.
    pub values: Vec<String>,
    /// Choices.
    pub choices: Vec<Choice>,
    /// May it stay empty? Then the label says so.
    pub optional: bool,
    /// The sentence at the field and in the summary.
    pub error: Option<String>,
    /// Unit after the input.
    pub unit: String,
    /// Where a register value comes from (`省企业库 · 2026-11-20 核验`).
    pub source: String,
    /// Where an error in the register is reported.
    pub report_href: Option<String>,
    /// `autocomplete` token, empty for none.
    pub autocomplete: &'static str,
    /// Width.
    pub width: Width,
    /// Rows of a long text.
    pub rows: u8,
    /// Most characters; 0 for the server's own limit.
    pub chars_max: u32,
    /// Files already there.
    pub files: Vec<FileItem>,
    /// Types allowed, as the `accept` attribute.
    pub accept: String,
    /// Most bytes of a file, told before it travels; 0 for the server's word alone.
    pub bytes_max: u64,
    /// What is said of a larger one.
    pub bytes_words: String,
}

impl Field {
    /// A required field of that kind.
    pub fn new(kind: FieldKind, name: impl Into<String>, label: impl Into<String>) -> Field {
        let rows = if kind == FieldKind::LongText { 4 } else { 0 };
        Field { kind, name: name.into(), label: label.into(), rows, ..Field::default() }
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Field {
        self.hint = hint.into();
        self
    }

    /// Fills it in.
    pub fn value(mut self, value: impl Into<String>) -> Field {
        self.value = value.into();
        self
    }

    /// Sets the choices.
    pub fn choices(mut self, choices: Vec<Choice>) -> Field {
        self.choices = choices;
        self
    }

    /// Sets the width.
    pub fn width(mut self, width: Width) -> Field {
        self.width = width;
        self
    }

    /// Marks it wrong.
    pub fn error(mut self, error: impl Into<String>) -> Field {
        self.error = Some(error.into());
        self
    }

    /// May stay empty.
    pub fn optional(mut self) -> Field {
        self.optional = true;
        self
    }

    /// Id of the hint and error, for `aria-describedby`; empty when there is neither.
    pub fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if self.error.is_some() {
            ids.push(format!("{}-error", self.name));
        }
        if !self.source.is_empty() {
            ids.push(format!("{}-source", self.name));
        }
        ids.join(" ")
    }

    /// Is the choice chosen?
    pub fn chosen(&self, value: &str) -> bool {
        self.value == value || self.values.iter().any(|chosen| chosen == value)
    }

    /// Id of the first control, where the error summary leads.
    pub fn target(&self) -> String {
        match self.kind {
            FieldKind::Radio | FieldKind::Checkbox => format!("{}-1", self.name),
            _ => self.name.clone(),
        }
    }
}

/// One line of the error summary: the sentence and the field it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLine {
    /// The same sentence as at the field.
    pub text: String,
    /// Id of the control; empty when the error belongs to no field.
    pub target: String,
}

/// The error summary of a form.
pub fn error_lines<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Vec<ErrorLine> {
    fields
        .into_iter()
        .filter_map(|field| Some(ErrorLine { text: field.error.clone()?, target: field.target() }))
        .collect()
}

//! How large a result can become and how much work it can take, computed before it is evaluated.
//!
//! The evaluator has no limits of its own, and each turn of a `for` copies the results before it (dependencies.md §9, trap d). Time is no
//! measure here: the same input must have the same result everywhere. So sizes are carried through the syntax: those of the input are
//! measured, each operator says what it can make of them. The bound may be too high, never too low.

use dsntk_feel_parser::AstNode;

use super::syntax::{arguments_of, children, range_length};
use super::value::{Context, Value};

/// What a value without a text weighs, about.
const SCALAR_BYTES: u64 = 16;
/// The longest text of one number: 6 144 digits before the point, and more behind it.
const NUMBER_BYTES_MAX: u64 = 6_200;
/// What building a regular expression costs, in bytes copied.
const PATTERN_BYTES: u64 = 100_000;
/// Most parts of expressions looked at: functions are looked through at each call.
const PARTS_MAX: u64 = 1_000_000;
/// Largest value, in bytes, that may come about on the way.
pub(crate) const VALUE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes copied in one evaluation: a `for` over 5 000 numbers, about one second.
pub(crate) const COPIED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// How large a value is at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    /// Texts, names of fields, and [`SCALAR_BYTES`] for everything else.
    pub(crate) bytes: u64,
    /// Items of its lists, inner ones counted too.
    pub(crate) items: u64,
    /// Its largest single item, in bytes.
    pub(crate) item_bytes: u64,
}

impl Size {
    /// A value that holds neither text nor list.
    pub(crate) const SCALAR: Self = Self { bytes: SCALAR_BYTES, items: 0, item_bytes: 0 };

    /// A text of so many bytes.
    pub(crate) fn text(bytes: u64) -> Self {
        Self { bytes: bytes.saturating_add(SCALAR_BYTES), items: 0, item_bytes: 0 }
    }

    /// The larger one in each respect.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            items: self.items.max(other.items),
            item_bytes: self.item_bytes.max(other.item_bytes),
        }
    }

    /// Both beside each other.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            items: self.items.saturating_add(other.items),
            item_bytes: self.item_bytes.max(other.item_bytes),
        }
    }

    /// A list of so many of these.
    pub(crate) fn times(self, number: u64) -> Self {
        Self {
            bytes: self.bytes.saturating_mul(number).saturating_add(SCALAR_BYTES),
            items: self.items.saturating_add(1).saturating_mul(number),
            item_bytes: self.bytes.max(self.item_bytes),
        }
    }

    /// One item of this list; the value itself when it is none.
    pub(crate) fn item(self) -> Self {
        if self.items == 0 { self } else { Self { bytes: self.item_bytes, ..self } }
    }

    /// How often something is done for each item; a single value is a list of itself.
    pub(crate) fn length(self) -> u64 {
        self.items.max(1)
    }
}

/// The size of a value that is there.
pub(crate) fn measure(value: &Value) -> Size {
    match value {
        Value::Null | Value::Bool(_) => Size::SCALAR,
        Value::Number(number) => Size::text(number.as_str().len() as u64),
        Value::Text(text) | Value::Date(text) | Value::Time(text) | Value::DateTime(text) | Value::Duration(text) => {
            Size::text(text.len() as u64)
        }
        Value::List(items) => items.iter().map(|item| measure(item).times(1)).fold(Size::SCALAR, Size::and),
        Value::Context(entries) => measure_context(entries),
    }
}

fn measure_context(entries: &Context) -> Size {
    let entry = |(name, value): (&String, &Value)| measure(value).and(Size::text(name.len() as u64));
    entries.iter().map(entry).fold(Size::SCALAR, Size::and)
}

/// Items of the longest list inside the values, inner lists included.
pub(crate) fn longest_list<'a>(values: impl Iterator<Item = &'a Value>) -> u64 {
    fn longest(value: &Value) -> u64 {
        match value {
            // With the items of inner lists, which `flatten` can bring up.
            Value::List(items) => items.iter().map(|item| longest(item).max(1)).sum(),
            Value::Context(entries) => entries.values().map(longest).max().unwrap_or(0),
            _ => 0,
        }
    }
    values.map(longest).max().unwrap_or(0)
}

/// What would be too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    /// A value of so many bytes.
    Bytes(u64),
    /// So many bytes copied.
    Copied(u64),
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Known<'v> {
    /// A value that is there.
    Value(&'v Value),
    /// A result of this size.
    Size(Size),
}

/// Names and functions outside of a text.
pub(crate) trait Outside<'v> {
    /// What a name stands for.
    fn known(&self, name: &str) -> Option<Known<'v>>;
    /// The result of a declared function; `None` when it is not declared.
    fn call(&self, bounds: &mut Bounds, function: &str, arguments: &[(Option<String>, Size)]) -> Option<Size>;
}

/// Counts on its way through the syntax.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// Iterations in all.
    pub(crate) iterations: u64,
    copied: u64,
    largest: u64,
    parts: u64,
    /// How often the part that is looked at runs.
    times: u64,
    locals: Vec<(String, Size)>,
    /// Items of filters around: their fields are names.
    filtered: Vec<Size>,
}

impl Bounds {
    pub(crate) fn new() -> Self {
        Self { iterations: 0, copied: 0, largest: 0, parts: 0, times: 1, locals: Vec::new(), filtered: Vec::new() }
    }

    /// What exceeds the fixed limits, if anything does.
    pub(crate) fn excess(&self) -> Option<Excess> {
        if self.largest > VALUE_BYTES_MAX {
            Some(Excess::Bytes(self.largest))
        } else if self.copied > COPIED_BYTES_MAX || self.parts > PARTS_MAX {
            Some(Excess::Copied(if self.parts > PARTS_MAX { u64::MAX } else { self.copied }))
        } else {
            None
        }
    }

    /// Looks at a part that sees these further names.
    pub(crate) fn with<T>(&mut self, locals: Vec<(String, Size)>, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.locals.len();
        self.locals.extend(locals);
        let result = part(self);
        self.locals.truncate(outer);
        result
    }

    /// Looks at the body of a function: it sees its parameters and nothing of its caller.
    pub(crate) fn inside<T>(&mut self, parameters: Vec<(String, Size)>, part: impl FnOnce(&mut Self) -> T) -> T {
        let locals = std::mem::replace(&mut self.locals, parameters);
        let filtered = std::mem::take(&mut self.filtered);
        let result = part(self);
        (self.locals, self.filtered) = (locals, filtered);
        result
    }

    /// Looks at a part that runs so often.
    pub(crate) fn repeated<T>(&mut self, number: u64, part: impl FnOnce(&mut Self) -> T) -> T {
        self.iterations = self.iterations.saturating_add(self.times.saturating_mul(number));
        let outer = self.times;
        self.times = outer.saturating_mul(number.max(1));
        let result = part(self);
        self.times = outer;
        result
    }

    /// Looks at the test of a filter over this list.
    pub(crate) fn filter(&mut self, list: Size, test: impl FnOnce(&mut Self) -> Size) -> Size {
        self.filtered.push(list.item());
        self.repeated(list.length(), |bounds| bounds.with(vec![("item".to_owned(), list.item())], test));
        self.filtered.pop();
        self.made(list)
    }

    /// A `for`: each turn copies the results before it.
    pub(crate) fn iterate(
        &mut self,
        variables: Vec<(String, Size)>,
        number: u64,
        body: impl FnOnce(&mut Self) -> Size,
    ) -> Size {
        let bound: u64 = variables.iter().map(|(_, size)| size.bytes).fold(0, u64::saturating_add);
        let one = self.repeated(number, |bounds| bounds.with(variables, body));
        let before = one.bytes.saturating_mul(number);
        self.copy(number.saturating_mul(before.saturating_add(bound)));
        self.made(one.times(number))
    }

    fn copy(&mut self, bytes: u64) {
        self.copied = self.copied.saturating_add(self.times.saturating_mul(bytes));
    }

    /// A value comes about.
    pub(crate) fn made(&mut self, size: Size) -> Size {
        self.largest = self.largest.max(size.bytes);
        self.copy(size.bytes);
        size
    }

    /// The size of what a part of an expression gives.
    pub(crate) fn size(&mut self, node: &AstNode, outside: &dyn Outside<'_>) -> Size {
        use AstNode as A;
        self.parts += 1;
        if self.excess().is_some() {
            return Size::SCALAR;
        }
        match node {
            A::String(text) | A::At(text) => Size::text(text.len() as u64),
            A::Name(name) => self.name(&name.to_string(), outside),
            A::QualifiedName(segments) => match segments.first() {
                Some(A::QualifiedNameSegment(name)) => self.name(&name.to_string(), outside),
                _ => Size::SCALAR,
            },
            A::Path(base, _) => match self.value(node, outside) {
                Some(value) => {
                    // The evaluator copies the whole before it takes the part.
                    self.size(base, outside);
                    self.made(measure(value))
                }
                None => self.size(base, outside),
            },
            A::Add(a, b) => {
                let (a, b) = (self.size(a, outside), self.size(b, outside));
                self.made(Size { bytes: a.bytes.saturating_add(b.bytes), items: 0, item_bytes: 0 })
            }
            A::If(test, a, b) => {
                self.size(test, outside);
                let a = self.size(a, outside);
                a.or(self.size(b, outside))
            }
            A::List(items) | A::ExpressionList(items) | A::NegatedList(items) | A::CommaList(items) => {
                let all = items.iter().fold(Size::SCALAR, |all, item| all.and(self.size(item, outside).times(1)));
                self.made(all)
            }
            A::Context(entries) => self.context(entries, outside),
            A::Filter(list, test) => {
                let list = self.size(list, outside);
                self.filter(list, |bounds| bounds.size(test, outside))
            }
            A::For(contexts, body) => {
                let (variables, number) = self.iteration(contexts, outside);
                self.iterate(variables, number, |bounds| bounds.size(body, outside))
            }
            A::Some(contexts, test) | A::Every(contexts, test) => {
                let (variables, number) = self.iteration(contexts, outside);
                self.repeated(number, |bounds| bounds.with(variables, |bounds| bounds.size(test, outside)));
                Size::SCALAR
            }
            A::In(a, b) => {
                let (a, b) = (self.size(a, outside), self.size(b, outside));
                // Each item of the one may be compared with each of the other.
                self.copy(a.length().saturating_mul(b.bytes));
                Size::SCALAR
            }
            A::FunctionInvocation(function, arguments) => self.call(function, arguments, outside),
            A::EvaluatedExpression(inner) | A::Satisfies(inner) => self.size(inner, outside),
            // A range holds its ends; the tests of a cell hold what they compare with.
            A::Range(..)
            | A::IntervalStart(..)
            | A::IntervalEnd(..)
            | A::UnaryEq(_)
            | A::UnaryNe(_)
            | A::UnaryLt(_)
            | A::UnaryLe(_)
            | A::UnaryGt(_)
            | A::UnaryGe(_) => {
                children(node).into_iter().fold(Size::SCALAR, |all, part| all.and(self.size(part, outside)))
            }
            // Arithmetic, comparisons and tests give numbers, dates, durations and truths.
            _ => {
                for part in children(node) {
                    self.size(part, outside);
                }
                Size::SCALAR
            }
        }
    }

    fn name(&mut self, name: &str, outside: &dyn Outside<'_>) -> Size {
        let field = self.filtered.iter().copied().reduce(Size::or);
        let local = self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, size)| *size);
        let found = local.or_else(|| {
            Some(match outside.known(name)? {
                Known::Value(value) => measure(value),
                Known::Size(size) => size,
            })
        });
        let size = found.unwrap_or(Size::SCALAR).or(field.unwrap_or_default());
        self.made(size)
    }

    /// The value at a path of fields, when it is there and nothing else can have the name.
    fn value<'v>(&self, node: &AstNode, outside: &dyn Outside<'v>) -> Option<&'v Value> {
        match node {
            AstNode::Name(name) if self.filtered.is_empty() => {
                let name = name.to_string();
                match outside.known(&name) {
                    Some(Known::Value(value)) if self.locals.iter().all(|(local, _)| *local != name) => Some(value),
                    _ => None,
                }
            }
            AstNode::Path(base, field) => match field.as_ref() {
                AstNode::Name(field) => self.value(base, outside)?.as_context()?.get(&field.to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    fn context(&mut self, entries: &[AstNode], outside: &dyn Outside<'_>) -> Size {
        let outer = self.locals.len();
        let mut all = Size::SCALAR;
        for entry in entries {
            let AstNode::ContextEntry(key, value) = entry else { continue };
            let size = self.size(value, outside);
            let name = match key.as_ref() {
                AstNode::ContextEntryKey(name) => name.to_string(),
                AstNode::String(name) => name.clone(),
                _ => String::new(),
            };
            all = all.and(size).and(Size::text(name.len() as u64));
            self.locals.push((name, size));
        }
        self.locals.truncate(outer);
        self.made(all)
    }

    /// Variables of an iteration and the number of turns.
    fn iteration(&mut self, contexts: &AstNode, outside: &dyn Outside<'_>) -> (Vec<(String, Size)>, u64) {
        use AstNode as A;
        let mut variables: Vec<(String, Size)> = Vec::new();
        let mut number = 1_u64;
        let name_of = |name: &AstNode| if let A::Name(name) = name { name.to_string() } else { String::new() };
        for context in children(contexts) {
            let (name, size, length) = match context {
                A::IterationContextInterval(name, start, end) => {
                    (name, Size::SCALAR, range_length(start, end).unwrap_or(u64::MAX))
                }
                A::IterationContextSingle(name, list) | A::QuantifiedContext(name, list) => match list.as_ref() {
                    A::Range(start, end) => (name, Size::SCALAR, range_length(start, end).unwrap_or(u64::MAX)),
                    _ => {
                        let list = self.with(variables.clone(), |bounds| bounds.size(list, outside));
                        (name, list.item(), list.length())
                    }
                },
                _ => continue,
            };
            number = number.saturating_mul(length);
            variables.push((name_of(name), size));
        }
        (variables, number)
    }

    fn call(&mut self, function: &AstNode, arguments: &AstNode, outside: &dyn Outside<'_>) -> Size {
        let AstNode::Name(name) = function else { return Size::SCALAR };
        let name = name.to_string();
        let mut sizes = Vec::new();
        let mut order = None;
        for (argument, value) in arguments_of(arguments) {
            match value {
                AstNode::FunctionDefinition(parameters, body) => order = Some((parameters, body)),
                _ => sizes.push((argument, self.size(value, outside))),
            }
        }
        if let Some(size) = outside.call(self, &name, &sizes) {
            return self.made(size);
        }
        let by_place = sizes.iter().all(|(argument, _)| argument.is_none());
        let sizes: Vec<Size> = sizes.into_iter().map(|(_, size)| size).collect();
        let all = sizes.iter().copied().fold(Size::SCALAR, |all, size| all.and(size.times(1)));
        let largest = sizes.iter().copied().fold(Size::SCALAR, Size::or);
        // Named arguments come in any order: the largest counts for each.
        let argument = |place: usize| match sizes.get(place) {
            Some(size) if by_place => *size,
            _ => largest,
        };
        if let Some((parameters, body)) = order {
            // Sorting compares, and copies both items and what the function sees at each comparison.
            let length = largest.length();
            let turns = length.saturating_mul(u64::from(length.ilog2()) + 2);
            let parameter = |node: &AstNode| match node {
                AstNode::FormalParameter(name, _) => match name.as_ref() {
                    AstNode::ParameterName(name) | AstNode::Name(name) => Some((name.to_string(), largest.item())),
                    _ => None,
                },
                _ => None,
            };
            let parameters: Vec<(String, Size)> = children(parameters).into_iter().filter_map(parameter).collect();
            self.repeated(turns, |bounds| {
                bounds.copy(largest.item().bytes.saturating_mul(2));
                bounds.with(parameters, |bounds| {
                    for part in children(body) {
                        bounds.size(part, outside);
                    }
                });
            });
        }
        let made = match name.as_str() {
            _ if SCALAR_RESULTS.contains(&name.as_str()) => {
                // Lists are walked through.
                self.copy(all.bytes);
                return Size::SCALAR;
            }
            "matches" => {
                self.copy(PATTERN_BYTES.saturating_add(largest.bytes.saturating_mul(largest.bytes)));
                return Size::SCALAR;
            }
            "replace" => {
                self.copy(PATTERN_BYTES);
                // Every place between two characters may be replaced, and the replacement may repeat what it replaces.
                let (places, each) = (argument(0).bytes.saturating_add(1), argument(2).bytes.saturating_add(1));
                Size::text(places.saturating_mul(each).saturating_mul(2))
            }
            "split" => {
                self.copy(PATTERN_BYTES);
                Size::SCALAR.times(largest.bytes.saturating_add(1)).and(largest)
            }
            "string" => Size::text(
                all.bytes
                    .saturating_mul(2)
                    .saturating_add(NUMBER_BYTES_MAX.saturating_mul(all.items.saturating_add(1))),
            ),
            "string join" => {
                let delimiter = if sizes.len() > 1 { argument(1).bytes } else { SCALAR_BYTES };
                Size::text(all.bytes.saturating_add(largest.length().saturating_mul(delimiter)))
            }
            // Each character may become up to three.
            "upper case" | "lower case" => Size::text(all.bytes.saturating_mul(3)),
            "get entries" => {
                let entries = all.bytes / SCALAR_BYTES + 1;
                Size { items: all.items.saturating_add(entries), ..Size::text(4).times(entries * 2).and(all) }
            }
            "distinct values" | "union" | "mode" | "index of" => {
                self.copy(all.length().saturating_mul(all.bytes));
                all
            }
            _ => all,
        };
        self.made(made)
    }
}

/// Built-in functions that give a number, a date, a duration or a truth, whatever they are given.
const SCALAR_RESULTS: &[&str] = &[
    "abs",
    "after",
    "all",
    "any",
    "before",
    "ceiling",
    "coincides",
    "contains",
    "count",
    "date",
    "date and time",
    "day of week",
    "day of year",
    "decimal",
    "duration",
    "during",
    "ends with",
    "even",
    "exp",
    "finished by",
    "finishes",
    "floor",
    "includes",
    "is",
    "log",
    "mean",
    "median",
    "meets",
    "met by",
    "modulo",
    "month of year",
    "not",
    "number",
    "odd",
    "overlaps",
    "overlaps after",
    "overlaps before",
    "product",
    "round down",
    "round half down",
    "round half up",
    "round up",
    "sqrt",
    "started by",
    "starts",
    "starts with",
    "stddev",
    "string length",
    "sum",
    "time",
    "today",
    "now",
    "week of year",
    "years and months duration",
    "list contains",
];

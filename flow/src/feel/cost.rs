//! How much work an expression may cause, counted before it runs.
//!
//! The evaluator has no limits of its own and `for` is at least quadratic (dependencies.md §9, trap d). Time is no measure here: the same
//! input must have the same result everywhere. So the iterations are bounded by counting.

use dsntk_feel_parser::AstNode;

use super::value::{Context, Value};

/// What an expression can do at worst, seen from its syntax alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    /// Iteration variables; nested or not, each may multiply the work by the longest list.
    pub(crate) iterations: u32,
    /// Longest constant range or literal list.
    pub(crate) length: u64,
    /// A range whose ends are not constant: nothing bounds it.
    pub(crate) open_range: bool,
    /// A function defined outside of the file (Java, PMML).
    pub(crate) external: bool,
    /// Turns texts into lists.
    pub(crate) splits_text: bool,
    /// Reads the clock: `now()`, `today()`.
    pub(crate) reads_clock: bool,
}

impl Cost {
    /// Upper bound of iterations with lists of at most `longest` items.
    pub(crate) fn bound(&self, longest: u64) -> u64 {
        longest.max(self.length).max(1).saturating_pow(self.iterations)
    }
}

/// Items of the longest list, inner lists included (and, with `texts`, bytes of texts) inside the values.
pub(crate) fn size_of<'a>(values: impl Iterator<Item = &'a Value>, texts: bool) -> u64 {
    fn size(value: &Value, texts: bool) -> u64 {
        match value {
            Value::Text(text) if texts => text.len() as u64,
            // With the items of inner lists, which `flatten` can bring up.
            Value::List(items) => items.iter().map(|item| size(item, texts).max(1)).sum(),
            Value::Context(entries) => context_size(entries, texts),
            _ => 0,
        }
    }
    fn context_size(entries: &Context, texts: bool) -> u64 {
        entries.values().map(|value| size(value, texts)).max().unwrap_or(0)
    }
    values.map(|value| size(value, texts)).max().unwrap_or(0)
}

/// Reads the cost off a syntax tree.
pub(crate) fn cost_of(node: &AstNode) -> Cost {
    let mut cost = Cost::default();
    visit(node, &mut cost);
    cost
}

fn visit(node: &AstNode, cost: &mut Cost) {
    use AstNode as A;
    match node {
        A::IterationContextSingle(name, list) => {
            cost.iterations += 1;
            // `for x in 1..n` arrives as a range inside the single context.
            if let A::Range(start, end) = list.as_ref() {
                range(start, end, cost);
            }
            visit(name, cost);
            visit(list, cost);
        }
        A::IterationContextInterval(name, start, end) => {
            cost.iterations += 1;
            range(start, end, cost);
            visit(name, cost);
        }
        A::QuantifiedContext(name, list) => {
            cost.iterations += 1;
            if let A::Range(start, end) = list.as_ref() {
                range(start, end, cost);
            }
            visit(name, cost);
            visit(list, cost);
        }
        A::Filter(list, test) => {
            cost.iterations += 1;
            visit(list, cost);
            visit(test, cost);
        }
        A::List(items) => {
            cost.length = cost.length.max(items.len() as u64);
            items.iter().for_each(|item| visit(item, cost));
        }
        A::FunctionBody(body, external) => {
            cost.external |= external;
            visit(body, cost);
        }
        A::FunctionInvocation(function, arguments) => {
            if let A::Name(name) = function.as_ref() {
                cost.splits_text |= matches!(name.as_str(), "split" | "matches" | "replace");
                cost.reads_clock |= matches!(name.as_str(), "now" | "today");
            }
            visit(function, cost);
            visit(arguments, cost);
        }
        A::CommaList(items)
        | A::Context(items)
        | A::ContextType(items)
        | A::ExpressionList(items)
        | A::FormalParameters(items)
        | A::IterationContexts(items)
        | A::NamedParameters(items)
        | A::NegatedList(items)
        | A::ParameterTypes(items)
        | A::PositionalParameters(items)
        | A::QualifiedName(items)
        | A::QuantifiedContexts(items) => items.iter().for_each(|item| visit(item, cost)),
        A::Between(a, b, c) | A::If(a, b, c) => {
            visit(a, cost);
            visit(b, cost);
            visit(c, cost);
        }
        A::Add(a, b)
        | A::And(a, b)
        | A::ContextEntry(a, b)
        | A::ContextTypeEntry(a, b)
        | A::Div(a, b)
        | A::Eq(a, b)
        | A::Every(a, b)
        | A::Exp(a, b)
        | A::For(a, b)
        | A::FormalParameter(a, b)
        | A::FunctionDefinition(a, b)
        | A::FunctionType(a, b)
        | A::Ge(a, b)
        | A::Gt(a, b)
        | A::In(a, b)
        | A::InstanceOf(a, b)
        | A::Le(a, b)
        | A::Lt(a, b)
        | A::Mul(a, b)
        | A::NamedParameter(a, b)
        | A::Nq(a, b)
        | A::Or(a, b)
        | A::Out(a, b)
        | A::Path(a, b)
        | A::Range(a, b)
        | A::Some(a, b)
        | A::Sub(a, b) => {
            visit(a, cost);
            visit(b, cost);
        }
        A::EvaluatedExpression(a)
        | A::IntervalEnd(a, _)
        | A::IntervalStart(a, _)
        | A::ListType(a)
        | A::Neg(a)
        | A::RangeType(a)
        | A::Satisfies(a)
        | A::UnaryEq(a)
        | A::UnaryGe(a)
        | A::UnaryGt(a)
        | A::UnaryLe(a)
        | A::UnaryLt(a)
        | A::UnaryNe(a) => visit(a, cost),
        A::At(_)
        | A::Boolean(_)
        | A::ContextEntryKey(_)
        | A::ContextTypeEntryKey(_)
        | A::FeelType(_)
        | A::Irrelevant
        | A::Name(_)
        | A::Null
        | A::Numeric(..)
        | A::ParameterName(_)
        | A::QualifiedNameSegment(_)
        | A::String(_) => {}
    }
}

fn range(start: &AstNode, end: &AstNode, cost: &mut Cost) {
    match (constant(start), constant(end)) {
        (Some(start), Some(end)) => cost.length = cost.length.max(start.abs_diff(end).saturating_add(1)),
        _ => cost.open_range = true,
    }
}

fn constant(node: &AstNode) -> Option<i64> {
    match node {
        AstNode::Numeric(whole, fraction, _, exponent) if fraction.is_empty() && exponent.is_empty() => {
            whole.parse().ok()
        }
        AstNode::Neg(inner) => constant(inner).and_then(i64::checked_neg),
        AstNode::IntervalStart(inner, _) | AstNode::IntervalEnd(inner, _) => constant(inner),
        _ => None,
    }
}

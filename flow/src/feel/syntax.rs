//! What an expression may hold at all, seen from its syntax: matter.md §3 allows no recursion and no external functions, and only ranges
//! whose ends are constant.
//!
//! Functions are called by name only, and only those that are built in or declared as business knowledge models. A function is never a
//! value, so that none can be handed to another or to itself: what calls itself would end the whole process by its stack.

use std::collections::BTreeSet;
use std::str::FromStr;

use dsntk_feel::bif::Bif;
use dsntk_feel_parser::AstNode;

/// What the syntax of an expression shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Syntax {
    /// Levels of the tree: the evaluator recurses on each.
    pub(crate) depth: usize,
    /// `for`, `some`, `every` or a filter.
    pub(crate) iterates: bool,
    /// The first thing that is not allowed.
    pub(crate) refused: Option<Refused>,
    /// Names of built-in functions that stand as values and that the text itself does not introduce.
    pub(crate) bare_functions: BTreeSet<String>,
}

/// Why a syntax is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    External,
    Clock,
    OpenRange,
    FunctionValue,
    Partial,
    UnknownFunction,
}

/// Built-in functions that are given a function, which then stands as an argument.
const TAKE_FUNCTIONS: [&str; 2] = ["sort", "list replace"];

/// Levels of the tree, counted without recursion.
pub(crate) fn depth_of(root: &AstNode) -> usize {
    let mut deepest = 0;
    let mut open = vec![(root, 1)];
    while let Some((node, depth)) = open.pop() {
        deepest = deepest.max(depth);
        open.extend(children(node).into_iter().map(|child| (child, depth + 1)));
    }
    deepest
}

/// Reads what the syntax shows; `callable` are the declared functions. Recurses: only for trees whose depth was looked at.
pub(crate) fn syntax_of(root: &AstNode, callable: &BTreeSet<String>) -> Syntax {
    let mut reader =
        Reader { callable, locals: Vec::new(), found: Syntax { depth: depth_of(root), ..Syntax::default() } };
    reader.visit(root);
    reader.found
}

struct Reader<'c> {
    callable: &'c BTreeSet<String>,
    locals: Vec<String>,
    found: Syntax,
}

impl Reader<'_> {
    fn refuse(&mut self, refused: Refused) {
        self.found.refused.get_or_insert(refused);
    }

    fn visit(&mut self, node: &AstNode) {
        use AstNode as A;
        let outer = self.locals.len();
        match node {
            A::FunctionInvocation(function, arguments) => return self.call(function, arguments),
            A::FunctionDefinition(_, body) => self.refuse(match body.as_ref() {
                A::FunctionBody(_, true) => Refused::External,
                _ => Refused::FunctionValue,
            }),
            A::Name(name) => return self.value(&name.to_string()),
            A::Path(base, _) => return self.visit(base),
            A::IterationContextSingle(name, list) | A::QuantifiedContext(name, list) => {
                self.found.iterates = true;
                if let A::Range(start, end) = list.as_ref() {
                    self.range(start, end);
                }
                self.visit(list);
                return self.bind(name);
            }
            A::IterationContextInterval(name, start, end) => {
                self.found.iterates = true;
                self.range(start, end);
                return self.bind(name);
            }
            A::Filter(..) => self.found.iterates = true,
            A::ContextEntry(key, value) => {
                self.visit(value);
                return self.bind(key);
            }
            _ => {}
        }
        children(node).into_iter().for_each(|child| self.visit(child));
        // The contexts of an iteration and the entries of a context are seen by what stands after them in the same expression.
        if matches!(node, A::For(..) | A::Some(..) | A::Every(..) | A::Context(_) | A::FunctionDefinition(..)) {
            self.locals.truncate(outer);
        }
    }

    fn call(&mut self, function: &AstNode, arguments: &AstNode) {
        let name = match function {
            AstNode::Name(name) => name.to_string(),
            _ => return self.refuse(Refused::FunctionValue),
        };
        match name.as_str() {
            "now" | "today" => self.refuse(Refused::Clock),
            _ if self.callable.contains(&name) || is_built_in(&name) => {}
            _ => self.refuse(Refused::UnknownFunction),
        }
        let takes_function = TAKE_FUNCTIONS.contains(&name.as_str()) && !self.callable.contains(&name);
        for (position, argument) in arguments_of(arguments).into_iter().enumerate() {
            let function = match argument {
                (_, AstNode::FunctionDefinition(parameters, body)) => Some((parameters, body)),
                _ => None,
            };
            match function {
                Some((parameters, body)) if takes_function => {
                    if matches!(body.as_ref(), AstNode::FunctionBody(_, true)) {
                        self.refuse(Refused::External);
                    }
                    let outer = self.locals.len();
                    for parameter in children(parameters) {
                        if let AstNode::FormalParameter(name, _) = parameter {
                            self.bind(name);
                        }
                    }
                    children(body).into_iter().for_each(|child| self.visit(child));
                    self.locals.truncate(outer);
                }
                // The order of `sort` must be written out: a name could stand for any function.
                None if name == "sort" && (position == 1 || argument.0.as_deref() == Some("precedes")) => {
                    self.refuse(Refused::FunctionValue);
                }
                _ => self.visit(argument.1),
            }
        }
    }

    fn value(&mut self, name: &str) {
        if name == "partial" {
            return self.refuse(Refused::Partial);
        }
        if self.locals.iter().any(|local| local == name) {
            return;
        }
        if self.callable.contains(name) {
            self.refuse(Refused::FunctionValue);
        } else if is_built_in(name) {
            self.found.bare_functions.insert(name.to_owned());
        }
    }

    fn bind(&mut self, name: &AstNode) {
        if let AstNode::Name(name) | AstNode::ContextEntryKey(name) | AstNode::ParameterName(name) = name {
            self.locals.push(name.to_string());
        }
    }

    fn range(&mut self, start: &AstNode, end: &AstNode) {
        if range_length(start, end).is_none() {
            self.refuse(Refused::OpenRange);
        }
    }
}

/// Arguments of a call with their names, if they have any.
pub(crate) fn arguments_of(arguments: &AstNode) -> Vec<(Option<String>, &AstNode)> {
    fn one(argument: &AstNode) -> (Option<String>, &AstNode) {
        match argument {
            AstNode::NamedParameter(name, value) => match name.as_ref() {
                AstNode::ParameterName(name) => (Some(name.to_string()), value.as_ref()),
                _ => (None, value.as_ref()),
            },
            other => (None, other),
        }
    }
    match arguments {
        AstNode::PositionalParameters(items) | AstNode::NamedParameters(items) => items.iter().map(one).collect(),
        other => vec![one(other)],
    }
}

/// Whether a function of this name is built in (DMN 1.5 clause 10.3.4).
pub fn is_built_in(name: &str) -> bool {
    Bif::from_str(name).is_ok()
}

/// How many numbers a range with constant ends holds.
pub(crate) fn range_length(start: &AstNode, end: &AstNode) -> Option<u64> {
    Some(constant(start)?.abs_diff(constant(end)?).saturating_add(1))
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

/// The parts of a node, in written order.
pub(crate) fn children(node: &AstNode) -> Vec<&AstNode> {
    use AstNode as A;
    match node {
        A::CommaList(items)
        | A::Context(items)
        | A::ContextType(items)
        | A::ExpressionList(items)
        | A::FormalParameters(items)
        | A::IterationContexts(items)
        | A::List(items)
        | A::NamedParameters(items)
        | A::NegatedList(items)
        | A::ParameterTypes(items)
        | A::PositionalParameters(items)
        | A::QualifiedName(items)
        | A::QuantifiedContexts(items) => items.iter().collect(),
        A::Between(a, b, c) | A::If(a, b, c) | A::IterationContextInterval(a, b, c) => vec![a, b, c],
        A::Add(a, b)
        | A::And(a, b)
        | A::ContextEntry(a, b)
        | A::ContextTypeEntry(a, b)
        | A::Div(a, b)
        | A::Eq(a, b)
        | A::Every(a, b)
        | A::Exp(a, b)
        | A::Filter(a, b)
        | A::For(a, b)
        | A::FormalParameter(a, b)
        | A::FunctionDefinition(a, b)
        | A::FunctionInvocation(a, b)
        | A::FunctionType(a, b)
        | A::Ge(a, b)
        | A::Gt(a, b)
        | A::In(a, b)
        | A::InstanceOf(a, b)
        | A::IterationContextSingle(a, b)
        | A::Le(a, b)
        | A::Lt(a, b)
        | A::Mul(a, b)
        | A::NamedParameter(a, b)
        | A::Nq(a, b)
        | A::Or(a, b)
        | A::Out(a, b)
        | A::Path(a, b)
        | A::QuantifiedContext(a, b)
        | A::Range(a, b)
        | A::Some(a, b)
        | A::Sub(a, b) => vec![a, b],
        A::EvaluatedExpression(a)
        | A::FunctionBody(a, _)
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
        | A::UnaryNe(a) => vec![a],
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
        | A::String(_) => Vec::new(),
    }
}

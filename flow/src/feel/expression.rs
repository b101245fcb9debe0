//! One FEEL expression, parsed once and evaluated often.

use std::fmt;
use std::sync::Arc;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Raw;
use dsntk_feel::{Evaluator, FeelScope, Name};
use dsntk_feel_parser::AstNode;

use super::cost::{Cost, cost_of, size_of};
use super::names::scan;
use super::value::{Context, Value};

/// Longest expression text accepted.
const EXPRESSION_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of brackets accepted: the parser recurses.
const NESTING_MAX: usize = 200;

/// Where an expression finds its names: variables, then facts that are never stored.
pub trait Lookup {
    /// The value under a name, `None` when nothing has it.
    fn lookup(&self, name: &str) -> Option<&Value>;
}

impl Lookup for Context {
    fn lookup(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// How much one evaluation may do. Counted, never timed: the same input gives the same answer on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Longest list in the input.
    pub list_items_max: u64,
    /// Most iterations of `for`, `some`, `every` and filters together, as an upper bound.
    pub iterations_max: u64,
}

impl Default for Budget {
    fn default() -> Self {
        // 1 000 items in one `for` took 34 ms (dependencies.md §9); two nested over 1 000 would be a million steps and are refused.
        Self { list_items_max: 1_000, iterations_max: 100_000 }
    }
}

/// Why an expression cannot be read or may not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionFault {
    /// The text is no FEEL.
    #[error("{text:?} is no FEEL expression: {reason}")]
    Syntax {
        /// The expression.
        text: String,
        /// What the parser says.
        reason: String,
    },
    /// The text is longer or nested deeper than the limits.
    #[error("the expression is too long or nested too deep")]
    TooLarge,
    /// A function defined outside of the file.
    #[error("{text:?} calls an external function")]
    External {
        /// The expression.
        text: String,
    },
    /// The clock: the same input must give the same answer, so the date is an input.
    #[error("{text:?} reads the clock; take the date from the input")]
    Clock {
        /// The expression.
        text: String,
    },
    /// A range whose ends are not constant.
    #[error("{text:?} iterates over a range whose ends are not constant")]
    OpenRange {
        /// The expression.
        text: String,
    },
    /// The evaluation could exceed the budget.
    #[error("the evaluation could take {bound} iterations over lists of {longest} items")]
    Budget {
        /// Upper bound of the iterations.
        bound: u64,
        /// Longest list.
        longest: u64,
    },
}

/// A parsed FEEL expression. Cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    text: String,
    roots: Vec<(String, Name)>,
    cost: Cost,
    evaluator: Evaluator,
}

impl Expression {
    /// Reads a FEEL expression. `names` are those that a plain reading cannot see: with spaces, hyphens or other operators inside.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, ExpressionFault> {
        Self::read(text, names, dsntk_feel_parser::parse_expression)
    }

    /// Reads unary tests (DMN 1.5 grammar rule 15): the tested value stands under the name `?`.
    pub fn parse_unary_tests(text: &str, names: &[&str]) -> Result<Self, ExpressionFault> {
        Self::read(text, names, |scope, text, trace| {
            let tests = dsntk_feel_parser::parse_unary_tests(scope, text, trace)?;
            let tested = AstNode::Name(Name::from("?"));
            Ok(AstNode::In(Box::new(tested), Box::new(tests)))
        })
    }

    fn read(
        text: &str,
        names: &[&str],
        parser: impl Fn(&FeelScope, &str, bool) -> dsntk_common::Result<AstNode>,
    ) -> Result<Self, ExpressionFault> {
        check_size(text)?;
        let mut found = scan(text, names);
        let mut visible = FeelContext::default();
        for name in found.all.iter().map(String::as_str).chain(names.iter().copied()) {
            visible.set_null(Name::from(name));
        }
        let node = parser(&FeelScope::from(visible), text, false)
            .map_err(|error| ExpressionFault::Syntax { text: text.to_owned(), reason: error.to_string() })?;
        let cost = cost_of(&node);
        if cost.external {
            return Err(ExpressionFault::External { text: text.to_owned() });
        }
        if cost.reads_clock {
            return Err(ExpressionFault::Clock { text: text.to_owned() });
        }
        if cost.open_range {
            return Err(ExpressionFault::OpenRange { text: text.to_owned() });
        }
        found.roots.insert("?".to_owned());
        let roots = found.roots.into_iter().map(|name| (name.clone(), Name::from(name))).collect();
        Ok(Self(Arc::new(Parsed {
            text: text.to_owned(),
            roots,
            cost,
            evaluator: dsntk_feel_evaluator::prepare(&node),
        })))
    }

    /// The text as given.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The names that the expression looks up.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.0.roots.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "?")
    }

    pub(crate) fn cost(&self) -> Cost {
        self.0.cost
    }

    /// The value in this context; null when undecided or over the standard budget.
    pub fn evaluate(&self, context: &dyn Lookup) -> Value {
        self.evaluate_within(context, &Budget::default()).unwrap_or(Value::Null)
    }

    /// The value in this context, unless it could cost more than the budget.
    pub fn evaluate_within(&self, context: &dyn Lookup, budget: &Budget) -> Result<Value, ExpressionFault> {
        if self.0.cost.iterations > 0 || self.0.cost.splits_text {
            let values = self.0.roots.iter().filter_map(|(name, _)| context.lookup(name));
            let longest = size_of(values, self.0.cost.splits_text);
            let bound = self.0.cost.bound(longest);
            let too_long = longest > budget.list_items_max && self.0.cost.iterations > 0;
            if too_long || bound > budget.iterations_max {
                return Err(ExpressionFault::Budget { bound, longest });
            }
        }
        let mut entries = FeelContext::default();
        for (name, key) in &self.0.roots {
            match context.lookup(name) {
                Some(value) => entries.set_entry(key, value.to_raw()),
                // An absent name is null, not the built-in function of that name: `today` must not become the clock.
                None if name != "?" => entries.set_null(key.clone()),
                None => {}
            }
        }
        Ok(Value::from_raw(&self.raw(entries)))
    }

    fn raw(&self, entries: FeelContext) -> Raw {
        (self.0.evaluator)(&FeelScope::from(entries))
    }
}

fn check_size(text: &str) -> Result<(), ExpressionFault> {
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if text.len() > EXPRESSION_BYTES_MAX || deepest > NESTING_MAX {
        return Err(ExpressionFault::TooLarge);
    }
    Ok(())
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(text: &str, json: &serde_json::Value, names: &[&str]) -> Value {
        let Value::Context(context) = Value::from(json) else { panic!("a context") };
        Expression::parse(text, names).expect(text).evaluate(&context)
    }

    #[test]
    fn evaluates_with_names_of_any_script() {
        let given = serde_json::json!({
            "面积": 300, "面积合计": 1200.5, "form": {"依据": "建筑法", "面积": 2, "a": {"b": 3}}, "total area": 7, "a-b": 5,
            "list": [1, 2, 3], "项目": [{"名": "甲", "面积": 5}, {"名": "乙", "面积": 6}], "x": null,
        });
        let cases: [(&str, serde_json::Value); 18] = [
            ("面积 + 1", 301.into()),
            ("面积 + 面积合计", serde_json::json!(1500.5)),
            ("form.依据 + \"/\"", "建筑法/".into()),
            ("form.面积*2 + form.a.b", 7.into()),
            ("form.a.b + 1 > 3 and not(面积 < 0)", true.into()),
            ("total area + 1", 8.into()),
            ("a-b + 1", 6.into()),
            ("sum(list)", 6.into()),
            ("count(项目[面积 > 5])", 1.into()),
            ("sum(for i in 项目 return i.面积 + 1)", 13.into()),
            ("some i in list satisfies i > 2", true.into()),
            ("if x = null then \"无\" else \"有\"", "无".into()),
            ("string length(\"𠮷\")", 1.into()),
            ("date(\"2026-07-01\") < date(\"2026-07-02\")", true.into()),
            ("x > 1", serde_json::Value::Null),
            ("没有 + 1", serde_json::Value::Null),
            ("面积 between 1 and 300", true.into()),
            ("date and time(\"2026-07-01T00:00:00\") + duration(\"P1D\")", "2026-07-02T00:00:00".into()),
        ];
        for (text, expected) in cases {
            assert_eq!(evaluate(text, &given, &["a-b"]).to_json(), expected, "{text}");
        }
    }

    #[test]
    fn unary_tests_see_the_tested_value() {
        let tests = Expression::parse_unary_tests(">= 300, 面积下限", &[]).expect("tests");
        let context = |value: i64| Context::from([("?".into(), value.into()), ("面积下限".into(), 5.into())]);
        assert!(tests.evaluate(&context(300)).is_true());
        assert!(tests.evaluate(&context(5)).is_true());
        assert_eq!(tests.evaluate(&context(6)), Value::Bool(false));
    }

    #[test]
    fn refuses_what_could_not_be_bounded() {
        assert!(matches!(Expression::parse("for i in 1..n return i", &[]), Err(ExpressionFault::OpenRange { .. })));
        let external = "function(a) external {java: {class: \"x\", method signature: \"y()\"}}";
        assert!(matches!(Expression::parse(external, &[]), Err(ExpressionFault::External { .. })));
        for clock in ["now()", "today() > date(\"2026-07-01\")"] {
            assert!(matches!(Expression::parse(clock, &[]), Err(ExpressionFault::Clock { .. })), "{clock}");
        }
        let hidden = Expression::parse("for f in [today] return f()", &[]).expect("parses");
        assert_eq!(hidden.evaluate(&Context::new()), Value::List(vec![Value::Null]));
        assert!(matches!(Expression::parse(&"(".repeat(300), &[]), Err(ExpressionFault::TooLarge)));
        assert!(matches!(Expression::parse("a +", &[]), Err(ExpressionFault::Syntax { .. })));
        let nested = Expression::parse("for i in l, j in l, k in l return 1", &[]).expect("parses");
        let list = |n: usize| Context::from([("l".into(), Value::List(vec![Value::Null; n]))]);
        assert_eq!(nested.evaluate(&list(4)).as_list().map(<[_]>::len), Some(64));
        let fault = nested.evaluate_within(&list(100), &Budget::default()).expect_err("over budget");
        assert_eq!(fault, ExpressionFault::Budget { bound: 1_000_000, longest: 100 });
        assert_eq!(nested.evaluate(&list(100)), Value::Null);
        let constant = Expression::parse("for i in 1..1000000 return i", &[]).expect("parses");
        assert!(constant.evaluate_within(&Context::new(), &Budget::default()).is_err());
    }
}

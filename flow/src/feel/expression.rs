//! One FEEL expression, parsed once and evaluated often.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Raw;
use dsntk_feel::{Evaluator, FeelScope, Name};
use dsntk_feel_parser::AstNode;

use super::bound::{Bounds, Excess, Known, Outside, Size, longest_list};
use super::names::scan;
use super::syntax::{Refused, Syntax, depth_of, syntax_of};
use super::value::{Context, Value};

/// Longest expression text accepted.
const EXPRESSION_BYTES_MAX: usize = 16 * 1024;
/// Most words and symbols accepted: a tree is never deeper than that, and dropping it recurses.
const TOKENS_MAX: usize = 2_000;
/// Deepest syntax tree accepted: building and evaluating recurse on each level, `1 + 1 + …` among them.
const DEPTH_MAX: usize = 200;

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
    /// A function that is neither built in nor declared.
    #[error("{text:?} calls a function that is neither built in nor declared")]
    UnknownFunction {
        /// The expression.
        text: String,
    },
    /// A function as a value: it could be handed to itself.
    #[error(
        "{text:?} takes a function for a value; functions are only called by name, or written out as the order of a sort"
    )]
    FunctionValue {
        /// The expression.
        text: String,
    },
    /// The results so far of an iteration: they could be doubled in each turn.
    #[error("{text:?} reads partial, the results so far of an iteration, which is not given")]
    Partial {
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
    /// A value on the way could be too large.
    #[error("the evaluation could build a value of {bytes} bytes")]
    TooMuchMemory {
        /// Upper bound of the bytes.
        bytes: u64,
    },
    /// The evaluation could copy too much.
    #[error("the evaluation could copy {bytes} bytes")]
    TooMuchCopied {
        /// Upper bound of the bytes.
        bytes: u64,
    },
}

/// A parsed FEEL expression. Cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    text: String,
    roots: Vec<(String, Name)>,
    tree: Tree,
    evaluator: Evaluator,
}

/// The syntax of a text, looked through: nothing in it may run without end or ask the surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) node: AstNode,
    pub(crate) syntax: Syntax,
}

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Expression,
    /// Unary tests (DMN 1.5 grammar rule 15): the tested value stands under the name `?`.
    Tests,
}

impl Tree {
    /// Reads a text. `names` are those that a plain reading cannot see, `callable` the declared functions.
    pub(crate) fn parse(
        text: &str,
        grammar: Grammar,
        names: &[&str],
        callable: &BTreeSet<String>,
    ) -> Result<Self, ExpressionFault> {
        check_size(text)?;
        let mut visible = FeelContext::default();
        let found = scan(text, names);
        for name in found.all.iter().map(String::as_str).chain(names.iter().copied()) {
            visible.set_null(Name::from(name));
        }
        let scope = FeelScope::from(visible);
        let parsed = match grammar {
            Grammar::Expression => dsntk_feel_parser::parse_expression(&scope, text, false),
            Grammar::Tests => dsntk_feel_parser::parse_unary_tests(&scope, text, false).map(|tests| {
                let tested = AstNode::Name(Name::from("?"));
                AstNode::In(Box::new(tested), Box::new(tests))
            }),
        };
        let text = text.to_owned();
        let node = match parsed {
            Ok(node) => node,
            Err(error) => return Err(ExpressionFault::Syntax { text, reason: error.to_string() }),
        };
        if depth_of(&node) > DEPTH_MAX {
            return Err(ExpressionFault::TooLarge);
        }
        let syntax = syntax_of(&node, callable);
        match syntax.refused {
            None => Ok(Self { node, syntax }),
            Some(Refused::External) => Err(ExpressionFault::External { text }),
            Some(Refused::Clock) => Err(ExpressionFault::Clock { text }),
            Some(Refused::OpenRange) => Err(ExpressionFault::OpenRange { text }),
            Some(Refused::FunctionValue) => Err(ExpressionFault::FunctionValue { text }),
            Some(Refused::Partial) => Err(ExpressionFault::Partial { text }),
            Some(Refused::UnknownFunction) => Err(ExpressionFault::UnknownFunction { text }),
        }
    }
}

impl Expression {
    /// Reads a FEEL expression. `names` are those that a plain reading cannot see: with spaces, hyphens or other operators inside.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, ExpressionFault> {
        Self::read(text, names, Grammar::Expression)
    }

    /// Reads unary tests (DMN 1.5 grammar rule 15): the tested value stands under the name `?`.
    pub fn parse_unary_tests(text: &str, names: &[&str]) -> Result<Self, ExpressionFault> {
        Self::read(text, names, Grammar::Tests)
    }

    fn read(text: &str, names: &[&str], grammar: Grammar) -> Result<Self, ExpressionFault> {
        let tree = Tree::parse(text, grammar, names, &BTreeSet::new())?;
        let mut roots = scan(text, names).roots;
        roots.insert("?".to_owned());
        let roots = roots.into_iter().map(|name| (name.clone(), Name::from(name))).collect();
        let evaluator = dsntk_feel_evaluator::prepare(&tree.node);
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), roots, tree, evaluator })))
    }

    /// The text as given.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The names that the expression looks up.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.0.roots.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "?")
    }

    /// The value in this context; null when undecided or over the standard budget.
    pub fn evaluate(&self, context: &dyn Lookup) -> Value {
        self.evaluate_within(context, &Budget::default()).unwrap_or(Value::Null)
    }

    /// The value in this context, unless it could cost more than the budget.
    pub fn evaluate_within(&self, context: &dyn Lookup, budget: &Budget) -> Result<Value, ExpressionFault> {
        let values: BTreeMap<&str, &Value> =
            self.0.roots.iter().filter_map(|(name, _)| Some((name.as_str(), context.lookup(name)?))).collect();
        self.check_budget(&values, budget)?;
        let mut entries = FeelContext::default();
        for (name, key) in &self.0.roots {
            match values.get(name.as_str()) {
                Some(value) => entries.set_entry(key, value.to_raw()),
                // An absent name is null, not the built-in function of that name: `today` must not become the clock.
                None if name != "?" => entries.set_null(key.clone()),
                None => {}
            }
        }
        Ok(Value::from_raw(&self.raw(entries)))
    }

    fn check_budget(&self, values: &BTreeMap<&str, &Value>, budget: &Budget) -> Result<(), ExpressionFault> {
        let mut bounds = Bounds::new();
        bounds.size(&self.0.tree.node, &Variables(values));
        let longest = longest_list(values.values().copied());
        let too_long = longest > budget.list_items_max && self.0.tree.syntax.iterates;
        if too_long || bounds.iterations > budget.iterations_max {
            return Err(ExpressionFault::Budget { bound: bounds.iterations, longest });
        }
        match bounds.excess() {
            None => Ok(()),
            Some(Excess::Bytes(bytes)) => Err(ExpressionFault::TooMuchMemory { bytes }),
            Some(Excess::Copied(bytes)) => Err(ExpressionFault::TooMuchCopied { bytes }),
        }
    }

    fn raw(&self, entries: FeelContext) -> Raw {
        (self.0.evaluator)(&FeelScope::from(entries))
    }
}

/// The variables that an expression sees; it has no functions but the built-in ones.
struct Variables<'m, 'v>(&'m BTreeMap<&'m str, &'v Value>);

impl<'v> Outside<'v> for Variables<'_, 'v> {
    fn known(&self, name: &str) -> Option<Known<'v>> {
        self.0.get(name).map(|value| Known::Value(value))
    }

    fn call(&self, _: &mut Bounds, _: &str, _: &[(Option<String>, Size)]) -> Option<Size> {
        None
    }
}

/// Bounds the text before it is parsed: no tree is deeper than its text has words and symbols.
fn check_size(text: &str) -> Result<(), ExpressionFault> {
    let mut tokens = 0_usize;
    let mut in_word = false;
    for character in text.chars() {
        let is_word = character.is_alphanumeric() || character == '_';
        tokens += usize::from(!(character.is_whitespace() || is_word && in_word));
        in_word = is_word;
    }
    if text.len() > EXPRESSION_BYTES_MAX || tokens > TOKENS_MAX {
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

    #[test]
    fn functions_are_called_by_name_and_are_never_values() {
        let fault = |text: &str| Expression::parse(text, &[]).expect_err(text);
        for text in [
            "{ f: function(g) g(g), r: f(f) }.r",
            "(function(g) 1)(1)",
            "[sum][1]([1])",
            "{a: {f: sum}}.a.f([1])",
            "sort(l, f)",
            "sort(precedes: f, list: l)",
            "append([], function(a) a)",
        ] {
            assert!(matches!(fault(text), ExpressionFault::FunctionValue { .. }), "{text}: {}", fault(text));
        }
        for text in ["for f in [today] return f()", "f(1)", "{f: sum, r: f([1])}.r", "sort(l, function(a, b) a(b))"] {
            assert!(matches!(fault(text), ExpressionFault::UnknownFunction { .. }), "{text}: {}", fault(text));
        }
        let given = serde_json::json!({"l": [3, 1, 2], "date": "x"});
        let sorted = evaluate("sort(l, function(a, b) a < b)", &given, &[]);
        assert_eq!(sorted.to_json(), serde_json::json!([1, 2, 3]));
        assert_eq!(evaluate("date + \"y\"", &given, &[]).to_json(), serde_json::json!("xy"));
    }

    /// A stack that overflows aborts the process: no catching, no rollback. So this runs on a small stack, with trees of the full depth.
    #[test]
    fn deep_texts_are_refused_and_the_deepest_allowed_one_fits_a_small_stack() {
        let runs = || {
            for text in ["1+".repeat(7_900) + "1", "-".repeat(9_000) + "1", "(".repeat(3_000), "[".repeat(1_999)] {
                assert!(Expression::parse(&text, &[]).is_err());
            }
            let too_deep = "1+".repeat(DEPTH_MAX) + "1";
            assert_eq!(Expression::parse(&too_deep, &[]), Err(ExpressionFault::TooLarge));
            let levels = DEPTH_MAX - 10;
            let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(levels / 2), close.repeat(levels / 2));
            for text in [
                "1+".repeat(levels) + "1",
                "true and ".repeat(levels) + "true",
                nested("[", "]"),
                nested("abs(", ")"),
                nested("{a: ", "}"),
                nested("if x = 1 then 2 else ", ""),
                nested("sum(for i in [1] return ", ")"),
                nested("count([1][", "])"),
                nested("1 in (", ")"),
            ] {
                let expression = Expression::parse(&text, &[]);
                // Some of them are several levels a turn and refused; none may overflow.
                let _ = expression.map(|expression| expression.evaluate(&Context::new()));
            }
        };
        let small = std::thread::Builder::new().stack_size(1024 * 1024).spawn(runs).expect("a thread");
        small.join().expect("no panic");
    }

    #[test]
    fn results_that_double_are_refused_before_they_take_memory() {
        let doubled = "for i in 1..40 return if i = 1 then \"aaaaaaaaaa\" else partial[-1] + partial[-1]";
        assert!(matches!(Expression::parse(doubled, &[]), Err(ExpressionFault::Partial { .. })));
        let chain = |one: &dyn Fn(usize) -> String| (1..40).map(one).collect::<Vec<_>>().join(", ");
        let entries = chain(&|n| format!("a{n}: a{} + a{}", n - 1, n - 1));
        let lists = chain(&|n| format!("a{n}: concatenate(a{}, a{})", n - 1, n - 1));
        let contexts = chain(&|n| format!("a{n} in [a{} + a{}]", n - 1, n - 1));
        for text in [
            format!("{{a0: \"aaaaaaaaaa\", {entries}}}.a39"),
            format!("{{a0: [1, 2], {lists}}}.a39"),
            format!("for a0 in [\"aaaaaaaaaa\"], {contexts} return a39"),
            "string join(for i in 1..90000 return long)".to_owned(),
            "replace(replace(long, \"\", long), \"\", long)".to_owned(),
            format!("for i in 1..1000 return {}", "long + ".repeat(60) + "long"),
        ] {
            let expression = Expression::parse(&text, &[]).expect(&text);
            let context = Context::from([("long".to_owned(), Value::from("一".repeat(3_000)))]);
            let fault = expression.evaluate_within(&context, &Budget::default()).expect_err(&text);
            let memory = matches!(fault, ExpressionFault::TooMuchMemory { .. } | ExpressionFault::TooMuchCopied { .. });
            assert!(memory, "{text}: {fault}");
        }
        // A flat iteration copies what came before in each turn: 100 000 turns would take minutes.
        let flat = Expression::parse("for i in 1..100000 return i", &[]).expect("parses");
        let fault = flat.evaluate_within(&Context::new(), &Budget::default());
        assert!(matches!(fault, Err(ExpressionFault::TooMuchMemory { .. } | ExpressionFault::TooMuchCopied { .. })));
    }

    #[test]
    fn what_a_form_of_ordinary_size_needs_stays_within_the_budget() {
        let units: Vec<_> = (0..500).map(|n| serde_json::json!({"name": format!("{n}号楼"), "area": n})).collect();
        let given = serde_json::json!({"form": {"units": units, "note": "注".repeat(2_000)}});
        for (text, expected) in [
            ("count(form.units[area > 250])", serde_json::json!(249)),
            ("sum(for u in form.units return u.area * 2)", serde_json::json!(249_500)),
            ("string length(string join(for u in form.units return u.name, \"、\"))", serde_json::json!(2_889)),
            ("some u in form.units satisfies u.area = 499", serde_json::json!(true)),
            ("contains(replace(form.note, \"注\", \"记\"), \"记\")", serde_json::json!(true)),
            ("sort(form.units, function(a, b) a.area > b.area)[1].area", serde_json::json!(499)),
        ] {
            assert_eq!(evaluate(text, &given, &[]).to_json(), expected, "{text}");
        }
    }
}

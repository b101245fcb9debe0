//! DMN with Chinese names, the traps of the evaluator, and rows against results.

use jiantong_flow::feel::{Budget, Context, Value};
use jiantong_flow::rules::{Model, Rules, RulesFault};
use serde_json::json;

const PERMIT: &str = include_str!("../data/rules/permit.dmn");

fn permit() -> Model {
    Model::parse(PERMIT, "permit.dmn").unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn context(json: &serde_json::Value) -> Context {
    match Value::from(json) {
        Value::Context(context) => context,
        other => panic!("{other:?} is no context"),
    }
}

fn full() -> serde_json::Value {
    json!({
        "form": {
            "面积": 300, "面积合计": 300, "开工日期": "2026-08-01", "工程名称（全称）": "某住宅楼𠮷",
            "单体": [{"名称": "1号楼", "建筑面积": 100.5}, {"名称": "2号楼", "建筑面积": 199.5}],
        },
        "contractor": {"grade": "一级", "valid_until": "2027-01-01"},
        "materials": {"land_approval": true},
        "today": "2026-07-01",
    })
}

fn evaluate(decision: &str, input: &serde_json::Value) -> serde_json::Value {
    permit().evaluate(decision, &context(input), &Budget::default()).expect("evaluates").to_json()
}

#[test]
fn evaluates_names_of_any_script_and_texts_as_dates() {
    assert_eq!(evaluate("面积差", &full()), json!(0));
    assert_eq!(evaluate("标题", &full()), json!("《某住宅楼𠮷》5"));
    assert_eq!(evaluate("fee", &full()), json!(750));
    let checks = evaluate("checks", &full());
    let verdicts: Vec<String> = checks
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| format!("{} {} {}", row["rule"], row["verdict"], row["article"]).replace('"', ""))
        .collect();
    assert_eq!(verdicts, ["SP1 pass 施工许可管理办法 4(1)", "SP2 pass 建筑法 8", "SP4 pass 建筑法 13"]);
}

#[test]
fn says_which_rules_exist() {
    let model = permit();
    let table = model.table("checks").expect("a table");
    assert_eq!(table.literals("rule"), ["SP1", "SP1", "SP2", "SP2", "SP4", "SP4"]);
    assert_eq!(table.literals("article").len(), 4, "computed cells are no literals");
    assert_eq!(table.rows[2].literal(1), Some("pass"));
    assert!(model.table("面积差").is_none());
    assert_eq!(model.decisions().collect::<Vec<_>>(), ["checks", "fee", "标题", "面积差"]);
}

#[test]
fn undecided_rows_say_nothing_and_missing_inputs_are_named() {
    let mut input = full();
    input["contractor"] = json!(null);
    input["form"]["面积"] = json!("三百");
    input["materials"] = json!({});
    input["form"]["单体"][1]["建筑面积"] = json!(null);
    assert_eq!(evaluate("checks", &input), json!(null));
    // A wrong type matches the row with `-`: this is why callers ask first.
    assert_eq!(evaluate("fee", &input), json!(null));
    let model = permit();
    let unusable = |decision: &str| -> Vec<String> {
        let found = model.unusable(decision, &context(&input));
        found.iter().map(|u| format!("{}{}", u.path, if u.wrong_type { " (type)" } else { "" })).collect()
    };
    assert_eq!(unusable("fee"), ["form.面积 (type)"]);
    assert_eq!(unusable("checks"), ["contractor.valid_until", "materials.land_approval"]);
    assert_eq!(unusable("标题"), Vec::<String>::new());
    assert!(model.unusable("fee", &Context::new()).iter().any(|u| u.path == "form.面积" && !u.wrong_type));
    let inputs = model.inputs("checks");
    assert_eq!(
        inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(),
        ["form", "contractor", "materials", "today"]
    );
}

#[test]
fn an_absent_or_wrong_field_leaves_the_others_decided() {
    let mut input = full();
    let form = input["form"].as_object_mut().expect("a form");
    form.remove("开工日期");
    form.insert("面积合计".into(), json!("三百"));
    form.insert("没有声明".into(), json!({"x": [1, "二"]}));
    form["单体"][0].as_object_mut().expect("a part").remove("名称");
    input["contractor"]["valid_until"] = json!("明年");
    assert_eq!(evaluate("fee", &input), json!(750));
    assert_eq!(evaluate("标题", &input), json!("《某住宅楼𠮷》5"));
    assert_eq!(evaluate("面积差", &input), json!(null));
    assert_eq!(evaluate("checks", &input)[0]["rule"], json!("SP1"));
    assert_eq!(evaluate("checks", &input).as_array().map(Vec::len), Some(1));
    let model = permit();
    let unusable: Vec<_> =
        model.unusable("checks", &context(&input)).into_iter().map(|u| (u.path, u.wrong_type)).collect();
    assert_eq!(unusable, [("contractor.valid_until".to_owned(), true), ("form.面积合计".to_owned(), true)]);
}

#[test]
fn date_times_of_any_offset_compare() {
    // The evaluator alone finds +08:00 against Z neither earlier nor later (dependencies.md §9, trap a).
    let logic = "<literalExpression id='l'><text>if x.a &lt; x.b then 1 else 2</text></literalExpression>";
    let types = "<itemDefinition id='t' name='两刻'><itemComponent id='t1' name='a'><typeRef>date and time</typeRef></itemComponent>\
         <itemComponent id='t2' name='b'><typeRef>date and time</typeRef></itemComponent></itemDefinition><inputData";
    let xml = small("typeRef='两刻'", logic).replacen("<inputData", types, 1);
    let model = Model::parse(&xml, "m").unwrap_or_else(|problems| panic!("{problems:?}"));
    for (a, b, expected) in [
        ("2026-07-01T08:00:00+08:00", "2026-07-01T00:30:00Z", 1),
        ("2026-07-01T08:00:00+08:00", "2026-06-30T23:30:00Z", 2),
    ] {
        let value = model.evaluate("d", &context(&json!({"x": {"a": a, "b": b}})), &Budget::default());
        assert_eq!(value.map(|value| value.to_i64()), Ok(Some(expected)), "{a} {b}");
    }
}

#[test]
fn budgets_count_lists_and_iterations() {
    let model = permit();
    let mut input = full();
    input["form"]["单体"] = json!(vec![json!({"名称": "楼", "建筑面积": 1}); 1_001]);
    let fault = model.evaluate("面积差", &context(&input), &Budget::default()).expect_err("too long");
    assert!(matches!(fault, RulesFault::ListTooLong { limit: 1_000, .. }), "{fault}");
    let tight = Budget { list_items_max: 1_000, iterations_max: 1 };
    let fault = model.evaluate("checks", &context(&full()), &tight).expect_err("too costly");
    assert!(matches!(fault, RulesFault::TooCostly { limit: 1, .. }), "{fault}");
    assert!(model.evaluate("fee", &context(&full()), &tight).is_ok());
    let fault = model.evaluate("没有", &Context::new(), &Budget::default()).expect_err("unknown");
    assert_eq!(fault, RulesFault::NoDecision("没有".into()));
}

/// A model with one decision over one input `x`.
fn small(type_ref: &str, logic: &str) -> String {
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='m' name='m' namespace='urn:m'>\
         <inputData id='i' name='x'><variable id='iv' name='x' {type_ref}/></inputData>\
         <decision id='d' name='d'><variable id='dv' name='d' typeRef='number'/>\
         <informationRequirement id='r'><requiredInput href='#i'/></informationRequirement>{logic}</decision></definitions>"
    )
}

fn literal(text: &str) -> String {
    format!("<literalExpression id='l'><text>{text}</text></literalExpression>")
}

fn codes(xml: &str) -> Vec<String> {
    let problems = Model::parse(xml, "m.dmn").expect_err("must be refused");
    problems.iter().map(|p| format!("{} {}", p.code, p.element.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn lint_finds_what_would_be_a_silent_null() {
    let typed = "typeRef='number'";
    assert_eq!(codes(&small("", &literal("x + 1"))), ["untyped i"]);
    assert_eq!(codes(&small(typed, &literal("x + y"))), ["undeclared d"]);
    assert_eq!(codes(&small(typed, &literal("x.field"))), ["undeclared-field d"]);
    assert_eq!(codes(&small(typed, &literal("x +"))), ["expression d"]);
    assert_eq!(codes(&small("typeRef='没有'", &literal("x"))), ["unknown-type i"]);
    assert_eq!(codes(&small(typed, &literal("x")).replace("#i", "#j")), ["requirement d", "undeclared d"]);
    assert!(Model::parse(&small(typed, &literal("sum(for y in [1, x] return y)")), "m").is_ok());
}

#[test]
fn hostile_models_are_refused() {
    let typed = "typeRef='number'";
    let external =
        literal("function(a) external {java: {class: \"java.lang.Math\", method signature: \"cos(double)\"}}");
    assert_eq!(codes(&small(typed, &external)), ["expression d"]);
    let knowledge = "<businessKnowledgeModel id='b' name='b'><variable id='bv' name='b'/>\
         <encapsulatedLogic id='e' kind='Java'><context id='c'><contextEntry id='ce'><variable id='cv' name='class'/>\
         <literalExpression id='q'><text>\"x\"</text></literalExpression></contextEntry></context></encapsulatedLogic></businessKnowledgeModel>";
    let xml = small(typed, &literal("x")).replace("</definitions>", &format!("{knowledge}</definitions>"));
    assert_eq!(codes(&xml), ["external b"]);
    assert_eq!(codes(&small(typed, &literal("if today() > date(\"2026-01-01\") then x else 1"))), ["expression d"]);
    assert_eq!(codes(&small(typed, &literal("count(for i in 1..x return i)"))), ["expression d"]);
    let circle = small(typed, &literal("d")).replace(
        "<informationRequirement id='r'>",
        "<informationRequirement id='r2'><requiredDecision href='#d'/></informationRequirement><informationRequirement id='r'>",
    );
    assert!(codes(&circle).contains(&"circle d".to_owned()));
    let import = small(typed, &literal("x"))
        .replace("<inputData", "<import name='q' namespace='urn:q' importType='x'/><inputData");
    assert_eq!(codes(&import), ["import q"]);
    assert_eq!(codes(&format!("<!DOCTYPE a>{}", small(typed, &literal("x")))), ["xml-doctype -"]);
    assert_eq!(codes("<definitions xmlns='urn:other'/>"), ["not-dmn -"]);
    let huge = Model::parse(&small(typed, &literal("count(for i in 1..9000000 return i)")), "m").expect("parses");
    assert!(matches!(huge.evaluate("d", &Context::new(), &Budget::default()), Err(RulesFault::TooCostly { .. })));
}

#[test]
fn texts_cannot_be_doubled_from_decision_to_decision() {
    let mut xml = String::from(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='m' name='m' namespace='urn:m'>\
         <inputData id='d0' name='d0'><variable id='v0' name='d0' typeRef='string'/></inputData>",
    );
    for n in 1..=40 {
        let (required, before) = (if n == 1 { "requiredInput" } else { "requiredDecision" }, n - 1);
        xml.push_str(&format!(
            "<decision id='d{n}' name='d{n}'><variable id='v{n}' name='d{n}' typeRef='string'/><informationRequirement id='r{n}'>\
             <{required} href='#d{before}'/></informationRequirement><literalExpression id='l{n}'><text>d{before} + d{before}</text>\
             </literalExpression></decision>"
        ));
    }
    let model = Model::parse(&(xml + "</definitions>"), "m").expect("parses");
    let input = Context::from([("d0".to_owned(), Value::from("一二三四"))]);
    let value = model.evaluate("d3", &input, &Budget::default()).expect("small").to_json();
    assert_eq!(value.as_str().map(str::len), Some(8 * 12));
    assert!(matches!(model.evaluate("d40", &input, &Budget::default()), Err(RulesFault::TooLarge { .. })));
}

/// A model with the functions `(name, parameters, required, text)` and the decision `d` over the input `x`, which calls them.
fn with_functions(functions: &[(&str, &[&str], &[&str], &str)], decision: &str) -> String {
    let mut knowledge = String::new();
    for (name, parameters, required, text) in functions {
        let parameters: String =
            parameters.iter().map(|p| format!("<formalParameter id='{name}{p}' name='{p}'/>")).collect();
        let required: String = required
            .iter()
            .map(|r| {
                format!("<knowledgeRequirement id='{name}-{r}'><requiredKnowledge href='#{r}'/></knowledgeRequirement>")
            })
            .collect();
        knowledge.push_str(&format!(
            "<businessKnowledgeModel id='{name}' name='{name}'><variable id='v{name}' name='{name}'/>\
             <encapsulatedLogic id='e{name}'>{parameters}<literalExpression id='l{name}'><text>{text}</text></literalExpression>\
             </encapsulatedLogic>{required}</businessKnowledgeModel>"
        ));
    }
    let first = functions[0].0;
    let requires = format!(
        "<knowledgeRequirement id='k'><requiredKnowledge href='#{first}'/></knowledgeRequirement><literalExpression"
    );
    small("typeRef='string'", &literal(decision))
        .replace("typeRef='number'/><informationRequirement", "typeRef='string'/><informationRequirement")
        .replace("<literalExpression", &requires)
        .replace("</definitions>", &format!("{knowledge}</definitions>"))
}

#[test]
fn functions_of_a_model_cannot_be_handed_to_themselves() {
    for (parameters, text, decision) in [
        (&["g"][..], "g(g)", "f(f)"),
        (&["f"], "f(f)", "f(f)"),
        (&["abs"], "abs(abs)", "f(f)"),
        (&["p", "q"], "sort([p, p], p)", "f(f, 1)"),
        (&["p"], "p", "f(f)"),
        (&["p"], "for partial in [p] return partial", "f(1)"),
    ] {
        let xml = with_functions(&[("f", parameters, &[], text)], decision);
        let codes = codes(&xml);
        assert!(
            codes.iter().all(|code| code.starts_with("expression ") || code.starts_with("undeclared ")),
            "{codes:?}"
        );
    }
    let boxed = small(
        "typeRef='number'",
        "<context id='c'><contextEntry id='c1'><variable id='cv' name='f'/><functionDefinition id='fd'><formalParameter id='fp' name='g'/>\
         <literalExpression id='fl'><text>1</text></literalExpression></functionDefinition></contextEntry></context>",
    );
    assert_eq!(codes(&boxed), ["function-value d"]);
}

#[test]
fn functions_that_double_are_refused_at_the_call_that_would_need_the_memory() {
    let xml = |decision: &str| with_functions(&[("twice", &["t"], &[], "t + t")], decision);
    let input = Context::from([("x".to_owned(), Value::from("一二"))]);
    let few = Model::parse(&xml("twice(twice(x))"), "m").unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(few.evaluate("d", &input, &Budget::default()), Ok(Value::from("一二".repeat(4))));
    let many = xml(&format!("{}x{}", "twice(".repeat(40), ")".repeat(40)));
    let many = Model::parse(&many, "m").unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(matches!(many.evaluate("d", &input, &Budget::default()), Err(RulesFault::TooLarge { .. })));
    // Functions that call functions: each of forty calls the next one twice.
    let names: Vec<String> = (0..40).map(|n| format!("f{n}")).collect();
    let texts: Vec<String> =
        (1..=40).map(|n| if n == 40 { "t".to_owned() } else { format!("f{n}(t) + f{n}(t)") }).collect();
    let functions: Vec<(&str, &[&str], Vec<&str>, &str)> = (0..40)
        .map(|n| {
            (
                names[n].as_str(),
                &["t"][..],
                names.get(n + 1).map(String::as_str).into_iter().collect(),
                texts[n].as_str(),
            )
        })
        .collect();
    let functions: Vec<(&str, &[&str], &[&str], &str)> = functions
        .iter()
        .map(|(name, parameters, required, text)| (*name, *parameters, required.as_slice(), *text))
        .collect();
    let tree =
        Model::parse(&with_functions(&functions, "f0(x)"), "m").unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(tree.evaluate("d", &input, &Budget::default()).is_err());
    // Each within the depth of one text, together too deep for the stack.
    let deep = "-".repeat(180);
    let texts: Vec<String> =
        (1..=40).map(|n| if n == 40 { "t".to_owned() } else { format!("{deep}f{n}(t)") }).collect();
    let functions: Vec<(&str, &[&str], &[&str], &str)> = functions
        .iter()
        .zip(&texts)
        .map(|((name, parameters, required, _), text)| (*name, *parameters, *required, text.as_str()))
        .collect();
    assert!(codes(&with_functions(&functions, "f0(x)")).contains(&"too-deep d".to_owned()));
}

/// A form with a list must not make decisions undecided that only look at its other fields.
#[test]
fn only_decisions_that_walk_through_a_list_grow_with_it() {
    let mut xml = String::from(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='m' name='m' namespace='urn:m'>\
         <itemDefinition id='t' name='form'><itemComponent id='t1' name='kind'><typeRef>string</typeRef></itemComponent>\
         <itemComponent id='t2' name='units' isCollection='true'><typeRef>string</typeRef></itemComponent></itemDefinition>\
         <inputData id='d0' name='form'><variable id='v0' name='form' typeRef='form'/></inputData>",
    );
    for n in 1..=12 {
        let previous = if n == 1 {
            String::new()
        } else {
            format!("<informationRequirement id='q{n}'><requiredDecision href='#d{}'/></informationRequirement>", n - 1)
        };
        let text = if n == 1 {
            "form.kind".to_owned()
        } else {
            format!("if count(form.units) &gt; 3 and form.kind = \"a\" then d{} else \"c\"", n - 1)
        };
        xml.push_str(&format!(
            "<decision id='d{n}' name='d{n}'><variable id='v{n}' name='d{n}' typeRef='string'/><informationRequirement id='r{n}'>\
             <requiredInput href='#d0'/></informationRequirement>{previous}<literalExpression id='l{n}'><text>{text}</text>\
             </literalExpression></decision>"
        ));
    }
    let model = Model::parse(&(xml + "</definitions>"), "m").unwrap_or_else(|problems| panic!("{problems:?}"));
    let input = context(&json!({"form": {"kind": "a", "units": vec!["一号楼"; 900]}}));
    assert_eq!(model.evaluate("d12", &input, &Budget::default()), Ok(Value::from("a")));
    assert_eq!(RulesFault::TooLarge { bound: 7, limit: 5 }.to_string(), "a result could have 7 bytes; the limit is 5");
}

#[test]
fn models_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let model = permit();
    shared(&model);
    let input = context(&full());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(model.evaluate("fee", &input, &Budget::default()).map(|v| v.to_i64()), Ok(Some(750)));
                }
            });
        }
    });
}

//! Every case of `tests/data/bpmn-exec`: third-party models with the behaviour that BPMN 2.0.2 prescribes.

use std::collections::BTreeMap;
use std::path::Path;

use jiantong_flow::Definition;
use jiantong_flow::script::{Outcome, Script, run};
use serde_json::{Map, Value, json};

#[test]
fn third_party_models_run_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bpmn-exec");
    let expected = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    let expected: Vec<Value> = serde_json::from_str(&expected).expect("json");
    let mut cases = 0;
    for entry in &expected {
        let model = entry["model"].as_str().expect("model");
        let xml = std::fs::read_to_string(folder.join(model)).expect(model);
        let definition = Definition::parse(&xml, model).unwrap_or_else(|problems| panic!("{model}: {problems:?}"));
        for case in entry["cases"].as_array().expect("cases") {
            let outcome = run(&definition, &script(case)).unwrap_or_else(|fault| panic!("{model}: {fault}\n{case}"));
            compare(case, &outcome, model);
            cases += 1;
        }
    }
    assert_eq!((expected.len(), cases), (15, 26));
}

/// The words of expected.json in the form of `flow run` (README of the data).
fn script(case: &Value) -> Script {
    let mut steps = Vec::new();
    for message in list(case, "messages") {
        steps.push(json!({"message": message}));
    }
    for step in list(case, "steps") {
        steps.push(match step.as_str() {
            "send boundary message" => json!({"message": "messageName"}),
            "make the start condition true" => json!({"set": {"myVar": "test"}}),
            other => json!({"complete": other.strip_prefix("complete ").expect("a known step")}),
        });
    }
    let script = json!({
        "given": case.get("given").cloned().unwrap_or_else(|| Map::new().into()),
        "steps": steps,
        "services": {"id-increaseCounter": {"counter": "counter + 1"}},
    });
    serde_json::from_value(script).expect("script")
}

fn compare(case: &Value, outcome: &Outcome, model: &str) {
    let hint = format!("{model}\n{case}\n{outcome:#?}");
    assert_eq!(case["state"], outcome.state, "{hint}");
    let completed: Vec<String> = outcome.completed.iter().map(ToString::to_string).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for element in &completed {
        *counts.entry(element).or_default() += 1;
    }
    let count = |element: &str| counts.get(element).copied().unwrap_or(0);
    // `completed` names activities; the outcome has the events too.
    let among =
        |wanted: &[String]| -> Vec<String> { completed.iter().filter(|id| wanted.contains(id)).cloned().collect() };
    let wanted = list(case, "completed");
    assert_eq!(among(&wanted), wanted, "completed in order: {hint}");
    let unordered = list(case, "completed_unordered");
    for element in &unordered {
        assert_eq!(count(element), 1, "{hint}");
    }
    for later in list(case, "then") {
        let at = completed.iter().position(|id| *id == later).expect("completed");
        assert!(unordered.iter().all(|id| completed[..at].contains(id)), "{hint}");
    }
    let order: Vec<String> =
        list(case, "order").iter().filter(|id| !id.ends_with(" entered")).map(|id| id.replace(" left", "")).collect();
    assert_eq!(among(&order), order, "order: {hint}");
    if let Some(numbers) = case["count"].as_object() {
        for (element, number) in numbers {
            assert_eq!(count(element), number.as_u64().expect("number"), "{element}: {hint}");
        }
    }
    for never in list(case, "never").iter().chain(&list(case, "never_left_normally")) {
        assert_eq!(count(never), 0, "{never}: {hint}");
    }
    if case.get("waiting").is_some() {
        let mut wanted: Vec<String> =
            list(case, "waiting").into_iter().filter(|id| !id.starts_with("Gateway")).collect();
        let mut waiting: Vec<String> = outcome.waiting.iter().map(ToString::to_string).collect();
        wanted.sort();
        waiting.sort();
        assert_eq!(waiting, wanted, "{hint}");
    }
    let cancelled: Vec<String> = outcome.cancelled.iter().map(ToString::to_string).collect();
    for element in list(case, "cancelled") {
        assert!(cancelled.contains(&element), "{hint}");
    }
    if let Some(variables) = case["final"].as_object() {
        for (name, value) in variables {
            assert_eq!(&outcome.variables[name], value, "{hint}");
        }
    }
    assert_eq!(outcome.incidents.is_empty(), outcome.state != "incident", "{hint}");
}

fn list(case: &Value, key: &str) -> Vec<String> {
    let items = case.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("text").to_owned()).collect()
}

//! Runs the examples of a package: sample applications with the verdicts expected of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::files::Files;
use super::package::{Example, Matter};
use super::problem::{Findings, Problem};
use crate::rules::{Evaluation, FactQuery, FactRecord, Inputs, Verdict};

/// What an example gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleResult {
    /// What the rules said.
    pub evaluation: Evaluation,
    /// What differs from what is expected: one sentence each.
    pub differences: Vec<String>,
}

/// What the examples of a matter give, where it is not what they say.
pub(super) fn run_examples(files: &Files, matter: &Matter) -> Vec<Problem> {
    let mut problems = Vec::new();
    for example in &matter.examples {
        let text = files.text(&example.file).unwrap_or_default();
        let mut findings = Findings { file: &example.file, text, list: &mut problems };
        for difference in run_example(matter, example).differences {
            findings.error("expect", "example", difference);
        }
        let undeclared = |code: &&String| !matter.spec.materials.iter().any(|material| material.code == **code);
        for code in example.materials.iter().filter(undeclared) {
            findings.error(code, "example-material", format!("there is no material {code}"));
        }
    }
    problems
}

/// Runs one example against its matter.
pub fn run_example(matter: &Matter, example: &Example) -> ExampleResult {
    let mut differences: Vec<String> = matter
        .form
        .validate(&example.form)
        .iter()
        .map(|e| format!("the form is refused at {}: {}", e.pointer, e.code))
        .collect();
    let applicant = json!({
        "code": example.form.get("applicant_code"),
        "name": example.form.get("applicant_name"),
    });
    let queries = matter.fact_queries(example.on, &example.form, &applicant);
    let facts: BTreeMap<String, Vec<FactRecord>> =
        queries.iter().map(|query| (query.name.clone(), answer(query, example))).collect();
    let uploads = example.materials.iter().map(|code| (code.clone(), format!("example:{code}"))).collect();
    let inputs = Inputs {
        on: example.on,
        form: &example.form,
        applicant: &applicant,
        uploads: &uploads,
        outcomes: &example.outcomes,
        facts: &facts,
    };
    let evaluation = matter.evaluate(&inputs);
    for (name, expected) in &example.expect {
        let actual = actual(&evaluation, name);
        if actual != *expected {
            differences.push(format!("{name} is {actual}, expected {expected}"));
        }
    }
    let unnamed = evaluation.checks.rows.iter().filter(|row| !example.expect.contains_key(&row.rule));
    for rule in unnamed.map(|row| &row.rule) {
        differences.push(format!("nothing is expected of rule {rule}"));
    }
    ExampleResult { evaluation, differences }
}

fn answer(query: &FactQuery, example: &Example) -> Vec<FactRecord> {
    let records = example.registers.get(&query.register).map(Vec::as_slice).unwrap_or_default();
    let is = |record: &Value, field: &str, value: &str| record.get(field).and_then(Value::as_str) == Some(value);
    records
        .iter()
        .enumerate()
        .filter(|(_, record)| is(record, &query.field, &query.value))
        .filter(|(_, record)| query.with.iter().all(|(field, value)| is(record, field, value)))
        .map(|(index, record)| FactRecord {
            register: query.register.clone(),
            id: format!("{}-{index}", query.register),
            version: 1,
            body: record.clone(),
        })
        .collect()
}

fn actual(evaluation: &Evaluation, name: &str) -> Value {
    match name {
        "bound" => json!(evaluation.bound.as_ref().map(|bound| &bound.outcome)),
        "exempt" => json!(evaluation.exempt),
        "fee" => json!(evaluation.fee_fen),
        "validity" => json!(evaluation.validity),
        "routing" => json!(evaluation.routing),
        rule => match evaluation.checks.verdict(rule) {
            Some(Verdict::Pass) => json!("pass"),
            Some(Verdict::Fail) => json!("fail"),
            Some(Verdict::Undecided) => json!("undecided"),
            None => Value::Null,
        },
    }
}

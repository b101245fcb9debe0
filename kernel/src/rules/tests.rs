//! The rules of the construction permit, asked as a case asks them.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::catalog::tests::{PERMIT, few_matters, planted};
use crate::catalog::{Catalog, Example, Files, run_example};

fn permit(files: &Files) -> Arc<Matter> {
    let (catalog, problems) = Catalog::parse(files);
    Arc::clone(catalog.unwrap_or_else(|| panic!("{problems:?}")).matter("construction-permit").unwrap())
}

fn example(matter: &Matter, name: &str) -> Example {
    matter.examples.iter().find(|example| example.file.ends_with(&format!("/{name}.json"))).unwrap().clone()
}

fn supplement(matter: &Matter, example: &Example) -> Vec<String> {
    let checks = run_example(matter, example).evaluation.checks;
    let name = |(material, row): (Option<&str>, Option<&CheckRow>)| {
        format!("{} {}", row.map_or("-", |row| row.rule.as_str()), material.unwrap_or("-"))
    };
    checks.supplement().into_iter().map(name).collect()
}

/// domain.md §2.4 fact 3: everything that is missing, once, in one notice (行政许可法 art. 32(4)).
#[test]
fn one_supplement_names_everything_that_is_missing_once() {
    let matter = permit(&few_matters());
    let mut application = example(&matter, "pass");
    assert_eq!(supplement(&matter, &application), [""; 0]);
    application.form["drawing_review_no"] = Value::Null;
    assert_eq!(supplement(&matter, &application), ["SP5 drawing_review"]);
    application.form["land_approval_no"] = Value::Null;
    assert_eq!(supplement(&matter, &application), ["SP1 land_approval", "SP5 drawing_review"]);
    application.materials.retain(|code| code != "contract");
    assert_eq!(supplement(&matter, &application), ["SP1 land_approval", "SP5 drawing_review", "- contract"]);
    // A failed condition is no missing paper.
    assert_eq!(supplement(&matter, &example(&matter, "sp4-safety-licence-expired")), [""; 0]);
}

#[test]
fn each_row_names_the_record_or_file_and_its_version() {
    let matter = permit(&few_matters());
    let checks = run_example(&matter, &example(&matter, "pass")).evaluation.checks;
    let row = |rule: &str| checks.rows.iter().find(|row| row.rule == rule).unwrap();
    let record = |fact: &str, index: u32| Evidence::Record {
        fact: fact.to_owned(),
        register: "licences".to_owned(),
        id: format!("licences-{index}"),
        version: 1,
    };
    assert_eq!(row("SP4").evidence, [record("safety", 3), record("qualifications", 4)]);
    let file = Evidence::File { material: "safety_measures".to_owned(), hash: "example:safety_measures".to_owned() };
    assert_eq!(row("SP6").evidence, [file]);
    assert_eq!(row("SP3").evidence, [Evidence::Form { pointer: "/site_ready".to_owned() }]);
    let expired = run_example(&matter, &example(&matter, "sp4-safety-licence-expired")).evaluation.checks;
    let failed = expired.rows.iter().find(|row| row.verdict == Verdict::Fail).unwrap();
    assert_eq!(failed.text.zh, "安全生产许可证已于 2025-08-31 到期，请更换施工单位或者填写新证号");
}

#[test]
fn a_pass_without_a_source_goes_to_a_person() {
    // The row reads the statement but names a record that nobody found.
    let files = planted(&format!("{PERMIT}/rules.dmn"), "[\"form.site_ready\"]", "[\"land\"]");
    let (_, problems) = Catalog::check(&files);
    let differing: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(differing, ["SP3 is \"undecided\", expected \"pass\""; 2], "the two examples without a land record");
}

#[test]
fn a_hole_in_the_form_or_two_records_for_one_key_decide_nothing() {
    let matter = permit(&few_matters());
    let mut hole = example(&matter, "pass");
    hole.form["area_m2"] = Value::Null;
    let evaluation = run_example(&matter, &hole).evaluation;
    assert_eq!(evaluation.exempt, None);
    assert_eq!(evaluation.checks.rows.len(), 7);
    assert!(evaluation.checks.rows.iter().all(|row| row.verdict == Verdict::Undecided));
    let mut twins = example(&matter, "pass");
    let licences = twins.registers.get_mut("licences").unwrap();
    let safety = licences.iter().find(|record| record["kind"] == json!("safety-licence")).unwrap().clone();
    licences.push(safety);
    assert_eq!(run_example(&matter, &twins).evaluation.checks.verdict("SP4"), Some(Verdict::Undecided));
}

#[test]
fn facts_are_asked_only_with_a_key() {
    let matter = permit(&few_matters());
    let form = json!({ "contractor_code": "91130100MA002016X1", "safety_licence": "" });
    let names: Vec<String> = matter
        .fact_queries("2025-09-28".parse().unwrap(), &form, &Value::Null)
        .into_iter()
        .map(|query| format!("{}: {}.{} = {} {:?}", query.name, query.register, query.field, query.value, query.with))
        .collect();
    assert_eq!(
        names,
        [
            "contractor: enterprises.code = 91130100MA002016X1 {}",
            "qualifications: licences.holder = 91130100MA002016X1 {\"kind\": \"construction-qualification\"}",
        ]
    );
}

/// A form as long as it may be is an ordinary one: its list must not make the checks undecided.
#[test]
fn the_checks_of_completion_filing_are_decided_with_as_many_units_as_the_form_allows() {
    let (catalog, problems) = Catalog::parse(&few_matters());
    let catalog = catalog.unwrap_or_else(|| panic!("{problems:?}"));
    let matter = Arc::clone(catalog.matter("completion-filing").unwrap());
    let files = few_matters();
    let schema = files.text("systems/licensing/matters/completion-filing/form.schema.json").unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    let most = schema["properties"]["units"]["maxItems"].as_u64().unwrap();
    let unit = |n: u64| json!({"name": format!("{n}号楼{}", "座".repeat(50)), "area_m2": "10000.5", "storeys": "33"});
    for application in &matter.examples {
        let mut long = application.clone();
        long.form["units"] = (0..most).map(unit).collect();
        assert_eq!(run_example(&matter, &long).differences, [""; 0], "{}", application.file);
    }
}

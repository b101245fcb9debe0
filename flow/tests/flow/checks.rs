//! What `check` and `parse` refuse, and hostile input.

use std::collections::BTreeMap;
use std::time::Instant;

use jiantong_flow::script::{Script, run};
use jiantong_flow::{Definition, Effect, Input, Reason, Scope, State, step};

use super::models::{definition, file, model};

/// `severity-free` codes with the element, in order.
fn codes(xml: &str) -> Vec<String> {
    let found = definition(xml).check();
    found.iter().map(|p| format!("{} {}", p.code, p.element.as_deref().unwrap_or("-"))).collect()
}

fn broken(xml: &str) -> String {
    let problems = Definition::parse(xml, "model.bpmn").expect_err("must be refused");
    problems
        .iter()
        .map(|p| format!("{} {}", p.code, p.element.as_deref().unwrap_or("-")))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn what_is_not_executed_is_refused_with_its_id() {
    let refused = [
        "<callActivity id='q' calledElement='x'/>",
        "<transaction id='q'/>",
        "<adHocSubProcess id='q'/>",
        "<complexGateway id='q'/>",
        "<eventBasedGateway id='q' instantiate='true'/>",
        "<receiveTask id='q' instantiate='true'/>",
        "<endEvent id='q'><cancelEventDefinition/></endEvent>",
        "<intermediateCatchEvent id='q'><messageEventDefinition/><timerEventDefinition/></intermediateCatchEvent>",
        "<intermediateCatchEvent id='q'><errorEventDefinition/></intermediateCatchEvent>",
        "<intermediateThrowEvent id='q'><timerEventDefinition><timeDate>2026</timeDate></timerEventDefinition></intermediateThrowEvent>",
        "<userTask id='q'><dataInputAssociation id='q'><assignment/></dataInputAssociation></userTask>",
    ];
    for element in refused {
        let xml = model(&format!("<startEvent id='s'/>{element}"), "s>q");
        assert!(codes(&xml).contains(&"not-executed q".to_owned()), "{element}: {:?}", codes(&xml));
        assert!(!definition(&xml).is_executable());
    }
}

#[test]
fn wrong_expressions_and_languages_are_refused() {
    let xml = model(
        "<startEvent id='s'/><exclusiveGateway id='g'/><userTask id='a'/><scriptTask id='j' scriptFormat='javascript'><script>1</script></scriptTask>",
        "s>g g>a?${execution.x()} g>j?a_+",
    );
    assert_eq!(codes(&xml), ["expression g-a", "expression g-j", "expression-language j", "no-default g"]);
}

#[test]
fn structure_is_checked() {
    let cases = [
        ("<startEvent id='s'/><userTask id='a'/><userTask id='b'/>", "s>a b>b", "unreachable b"),
        (
            "<startEvent id='s'/><exclusiveGateway id='g'/><userTask id='a'/><userTask id='b'/>",
            "s>g g>a g>b",
            "no-condition g",
        ),
        ("<startEvent id='s'/><eventBasedGateway id='g'/><userTask id='a'/>", "s>g g>a", "event-gateway g"),
        (
            "<startEvent id='s'/><userTask id='a'><multiInstanceLoopCharacteristics/></userTask>",
            "s>a",
            "multi-instance a",
        ),
        (
            "<startEvent id='s'/><userTask id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/></boundaryEvent>",
            "s>a",
            "compensation b",
        ),
        (
            "<startEvent id='s'/><subProcess id='h' triggeredByEvent='true'><userTask id='a'/></subProcess>",
            "",
            "event-sub-process h",
        ),
    ];
    for (elements, flows, expected) in cases {
        let found = codes(&model(elements, flows));
        assert!(found.contains(&expected.to_owned()), "{expected}: {found:?}");
    }
    assert_eq!(codes(&model("<startEvent id='s'/><userTask id='a'/>", "s>a")), Vec::<String>::new());
}

#[test]
fn contradictions_are_no_definition() {
    assert_eq!(broken("<a/>"), "not-bpmn -");
    assert_eq!(broken(&file("").replace("process", "collaboration")), "no-process -");
    assert_eq!(broken(&model("<startEvent id='s'/><startEvent id='s'/>", "")), "duplicate-id s");
    assert_eq!(broken(&model("<startEvent id='s'/>", "s>nowhere")), "dangling-flow s-nowhere");
    assert_eq!(broken(&model("<startEvent id='s'/><userTask id='a'/>", "s>a s>a")), "duplicate-id s-a");
    assert_eq!(broken(&model("<startEvent id='s' default='x'/>", "")), "default s");
    assert_eq!(broken(&model("<boundaryEvent id='b' attachedToRef='x'/>", "")), "attached b");
    let crossing = "<startEvent id='s'/><subProcess id='q'><userTask id='a'/></subProcess>";
    assert_eq!(broken(&model(crossing, "s>a")), "crossing-flow s-a");
    let link = "<intermediateThrowEvent id='l'><linkEventDefinition name='n'/></intermediateThrowEvent>";
    assert_eq!(broken(&model(link, "")), "link l");
}

#[test]
fn a_second_process_is_named_not_ignored() {
    let xml = file("<startEvent id='s'/>")
        .replace("</definitions>", "<process id='other'><userTask id='o'/></process></definitions>");
    assert_eq!(codes(&xml), ["process-not-run other"]);
    assert!(definition(&xml).is_executable());
    assert!(definition(&xml).element("o").is_some());
}

#[test]
fn cycles_that_never_wait_end_with_an_incident() {
    let cases = [
        ("<startEvent id='s'/><manualTask id='a'/><manualTask id='b'/>", "s>a a>b b>a"),
        // Tokens that double at each turn.
        (
            "<startEvent id='s'/><exclusiveGateway id='x'/><parallelGateway id='g'/><manualTask id='a'/><manualTask id='b'/>",
            "s>x x>g g>a g>b a>x b>x",
        ),
        ("<startEvent id='s'/><manualTask id='a'/><manualTask id='b'/><manualTask id='c'/>", "s>a a>b a>c b>a c>a"),
        (
            "<startEvent id='s'/><manualTask id='a'><standardLoopCharacteristics><loopCondition>true</loopCondition></standardLoopCharacteristics></manualTask>",
            "s>a",
        ),
    ];
    for (elements, flows) in cases {
        let begun = Instant::now();
        let xml = model(elements, flows);
        let definition = definition(&xml);
        let answer = step(&definition, &State::default(), Input::Start { variables: BTreeMap::new() }, &Scope::EMPTY);
        let answer = answer.expect("a step");
        let stopped = answer.effects.iter().any(|e| matches!(e, Effect::Incident { reason: Reason::StepBudget, .. }));
        assert!(stopped, "{elements}");
        assert!(begun.elapsed().as_secs() < 20, "{elements}");
    }
}

#[test]
fn large_and_deep_files_are_refused_or_read_in_time() {
    let begun = Instant::now();
    let tasks: String = (0..20_000).map(|n| format!("<userTask id='t{n}'/>")).collect();
    let read = definition(&file(&tasks));
    assert_eq!(read.tasks().count(), 20_000);
    assert_eq!(read.check().len(), 0);
    let many: String = (0..100_000).map(|n| format!("<userTask id='t{n}'/>")).collect();
    assert_eq!(broken(&file(&many)), "xml-too-many-nodes -");
    let deep = format!("{}{}", "<subProcess>".repeat(70), "</subProcess>".repeat(70));
    assert_eq!(broken(&file(&deep)), "xml-too-deep -");
    let bomb = format!("<!DOCTYPE d [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>{}", file("&b;"));
    assert_eq!(broken(&bomb), "xml-doctype -");
    let brackets = model(
        "<startEvent id='s'/><exclusiveGateway id='g'/><userTask id='a'/>",
        &format!("s>g g>a?{}", "(".repeat(9_000)),
    );
    assert_eq!(codes(&brackets), ["expression g-a"]);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn multi_instances_are_bounded() {
    let xml = model(
        "<startEvent id='s'/><userTask id='a'><multiInstanceLoopCharacteristics><loopCardinality>n</loopCardinality></multiInstanceLoopCharacteristics></userTask>",
        "s>a",
    );
    for (number, state) in [(1_000, "active"), (1_001, "incident"), (-1, "incident")] {
        let script: Script = serde_json::from_value(serde_json::json!({"given": {"n": number}})).expect("script");
        assert_eq!(run(&definition(&xml), &script).expect("runs").state, state, "{number}");
    }
}

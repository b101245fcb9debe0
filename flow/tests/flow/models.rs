//! Small own models, each for one clause of BPMN 2.0.2: what completes, waits and is cancelled.

use jiantong_flow::feel::Context;
use jiantong_flow::script::{Outcome, Script, run};
use jiantong_flow::{Definition, Effect, Input, Scope, State};
use serde_json::json;

/// A process around the given elements; flows are written `a>b`, with `?condition` or `!` for the default of `a` where wanted.
pub(crate) fn model(elements: &str, flows: &str) -> String {
    let mut body = elements.to_owned();
    for flow in flows.split_whitespace() {
        let (ends, condition) = flow.split_once('?').unwrap_or((flow, ""));
        let (source, target) = ends.trim_end_matches('!').split_once('>').expect("a>b");
        let condition = condition.replace('_', " ").replace('<', "&lt;");
        body.push_str(&format!("<sequenceFlow id='{source}-{target}' sourceRef='{source}' targetRef='{target}'>"));
        if !condition.is_empty() {
            body.push_str(&format!("<conditionExpression>{condition}</conditionExpression>"));
        }
        body.push_str("</sequenceFlow>");
    }
    file(&body)
}

pub(crate) fn file(body: &str) -> String {
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' targetNamespace='t'>\
         <message id='m' name='通知'/><signal id='s' name='停工'/><error id='e' errorCode='E1'/>\
         <escalation id='x' escalationCode='X1'/><process id='p' isExecutable='true'>{body}</process></definitions>"
    )
}

pub(crate) fn definition(xml: &str) -> Definition {
    Definition::parse(xml, "model.bpmn").unwrap_or_else(|problems| panic!("{problems:?}\n{xml}"))
}

fn play(xml: &str, script: &serde_json::Value) -> Outcome {
    let script: Script = serde_json::from_value(script.clone()).expect("script");
    run(&definition(xml), &script).unwrap_or_else(|fault| panic!("{fault}\n{xml}"))
}

/// `state | completed | waiting | cancelled`, activities and events with short ids.
fn told(outcome: &Outcome) -> String {
    let words = |ids: &[std::sync::Arc<str>]| ids.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    format!(
        "{} | {} | {} | {}",
        outcome.state,
        words(&outcome.completed),
        words(&outcome.waiting),
        words(&outcome.cancelled)
    )
}

fn check(xml: &str, script: &serde_json::Value, expected: &str) {
    assert_eq!(told(&play(xml, script)), expected, "{script}");
}

#[test]
fn default_flow_is_taken_when_no_condition_holds() {
    // §13.4.2 Exclusive Gateway.
    let xml = model(
        "<startEvent id='s'/><exclusiveGateway id='g' default='g-c'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>",
        "s>g g>a?面积_>=_300 g>b?面积_>=_100 g>c",
    );
    check(&xml, &json!({"given": {"面积": 500}}), "active | s | a | ");
    check(&xml, &json!({"given": {"面积": 100}}), "active | s | b | ");
    check(&xml, &json!({"given": {"面积": 1}}), "active | s | c | ");
}

/// The default stands for "no". Undecided is not "no": somebody must look.
#[test]
fn undecided_conditions_are_an_incident_before_the_default_is_taken() {
    let elements = |gateway: &str| {
        format!(
            "<startEvent id='s'/><{gateway} id='g' default='g-c'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>"
        )
    };
    let flows = "s>g g>a?x_>_1 g>b?y g>c";
    for gateway in ["exclusiveGateway", "inclusiveGateway"] {
        let xml = model(&elements(gateway), flows);
        check(&xml, &json!({"given": {"y": false}}), "incident | s |  | ");
        let outcome = play(&xml, &json!({"given": {"y": false}}));
        assert_eq!(outcome.incidents[0].reason, "no outgoing flow is true; undecided: g-a");
        check(&xml, &json!({"given": {"y": true}}), "active | s | b | ");
        check(&xml, &json!({"given": {"x": 0, "y": false}}), "active | s | c | ");
    }
    let task = model(
        "<startEvent id='s'/><task id='g' default='g-c'/><userTask id='a'/><userTask id='c'/>",
        "s>g g>a?x_>_1 g>c",
    );
    check(&task, &json!({}), "incident | s g |  | ");
}

#[test]
fn a_join_that_can_never_fill_is_an_incident_whatever_else_waits() {
    // An exclusive split before a parallel join: one token only, and an event sub-process and another branch that go on waiting.
    let handler = "<subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'>\
         <messageEventDefinition messageRef='m'/></startEvent></subProcess>";
    let elements = format!(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='other'/><exclusiveGateway id='g' default='g-b'/><task id='a'/><task id='b'/>\
         <parallelGateway id='j'/><endEvent id='z'/>{handler}"
    );
    let xml = model(&elements, "s>f f>other f>g g>a?x g>b a>j b>j j>z");
    let outcome = play(&xml, &json!({"given": {"x": true}}));
    assert_eq!(told(&outcome), "incident | s a | other | ");
    assert_eq!(outcome.incidents[0].reason, "tokens wait at a join and no other token is left that could come");
    // As long as a token can still come, it is patience.
    let xml = model(
        &format!(
            "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><parallelGateway id='j'/>{handler}"
        ),
        "s>f f>a f>b a>j b>j",
    );
    check(&xml, &json!({"steps": [{"complete": "a"}]}), "active | s a | b | ");
}

/// What a consumer is told is what is left: it applies the effects and has neither ghosts nor losses.
#[test]
fn what_opens_and_closes_within_one_step_is_not_told() {
    let step = |xml: &str, state: &mut State, input: Input| {
        let answer = jiantong_flow::step(&definition(xml), state, input, &Scope::EMPTY).expect("fits");
        state.apply(&answer.delta);
        let told = answer.effects.into_iter().filter_map(|effect| match effect {
            Effect::TaskOpened { element, .. } => Some(format!("open {element}")),
            Effect::TaskClosed { element, .. } => Some(format!("close {element}")),
            Effect::ServiceRequested { element, .. } => Some(format!("ask {element}")),
            Effect::ServiceCancelled { element, .. } => Some(format!("drop {element}")),
            Effect::TimerSet { element, .. } => Some(format!("set {element}")),
            Effect::TimerCancelled { element, .. } => Some(format!("gone {element}")),
            Effect::Incident { element, .. } => Some(format!("incident {element}")),
            _ => None,
        });
        told.collect::<Vec<String>>().join(", ")
    };
    let start = || Input::Start { variables: Context::new() };
    let ends = model(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><serviceTask id='b'/>\
         <endEvent id='z'><terminateEventDefinition/></endEvent>",
        "s>f f>a f>b f>z",
    );
    assert_eq!(step(&ends, &mut State::default(), start()), "");
    let passes = model(
        "<startEvent id='s'/><scriptTask id='a'><script>{n: 1}</script></scriptTask>\
         <boundaryEvent id='t' attachedToRef='a'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>\
         <userTask id='b'/><endEvent id='late'/>",
        "s>a a>b t>late",
    );
    assert_eq!(step(&passes, &mut State::default(), start()), "open b");
    // A timer that fired is gone, once; a cycle is set again.
    let fires = |interrupting: bool, time: &str| {
        model(
            &format!(
                "<startEvent id='s'/><userTask id='a'/><boundaryEvent id='t' attachedToRef='a' cancelActivity='{interrupting}'>\
                 <timerEventDefinition>{time}</timerEventDefinition></boundaryEvent><userTask id='late'/>"
            ),
            "s>a t>late",
        )
    };
    let cycle = "<timeCycle>R/PT1H</timeCycle>";
    let once = "<timeDuration>PT1H</timeDuration>";
    for (interrupting, time, expected) in [
        (true, once, "gone t, close a, open late"),
        (false, once, "gone t, open late"),
        (false, cycle, "gone t, set t, open late"),
    ] {
        let xml = fires(interrupting, time);
        let mut state = State::default();
        assert_eq!(step(&xml, &mut state, start()), "open a, set t");
        let instance = *state.instances.iter().find(|(_, instance)| &*instance.element == "t").expect("armed").0;
        assert_eq!(step(&xml, &mut state, Input::Timer { instance }), expected, "{time}");
    }
}

#[test]
fn timers_that_would_never_move_on_are_refused() {
    let xml = |time: &str| {
        let timer = format!("<timerEventDefinition>{time}</timerEventDefinition>");
        model(&format!("<startEvent id='s'/><intermediateCatchEvent id='t'>{timer}</intermediateCatchEvent>"), "s>t")
    };
    let codes = |time: &str| {
        let problems = definition(&xml(time)).check();
        problems
            .iter()
            .filter(|p| p.is_error())
            .map(|p| format!("{} {}", p.code, p.element.clone().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    for wrong in ["<timeCycle>R/PT0S</timeCycle>", "<timeDate>soon</timeDate>", "<timeDuration>3 days</timeDuration>"] {
        assert_eq!(codes(wrong), ["timer t"], "{wrong}");
    }
    assert_eq!(codes("<timeDate>2026-07-01T09:00:00</timeDate>"), [""; 0]);
}

#[test]
fn undecided_conditions_without_default_are_an_incident_that_names_them() {
    let xml = model("<startEvent id='s'/><exclusiveGateway id='g'/><userTask id='a'/>", "s>g g>a?x_>_1");
    let outcome = play(&xml, &json!({}));
    assert_eq!(told(&outcome), "incident | s |  | ");
    assert_eq!(outcome.incidents[0].reason, "no outgoing flow is true; undecided: g-a");
}

#[test]
fn inclusive_join_waits_for_what_can_still_come_and_only_that() {
    // §13.4.3 Inclusive Gateway.
    let xml = model(
        "<startEvent id='s'/><inclusiveGateway id='f' default='f-c'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>\
         <inclusiveGateway id='j'/><endEvent id='z'/>",
        "s>f f>a?x f>b?y f>c a>j b>j c>j j>z",
    );
    let both = json!({"x": true, "y": true});
    check(&xml, &json!({"given": both, "steps": [{"complete": "a"}]}), "active | s a | b | ");
    check(&xml, &json!({"given": both, "steps": [{"complete": "b"}, {"complete": "a"}]}), "completed | s b a z |  | ");
    check(&xml, &json!({"given": {"x": true, "y": false}, "steps": [{"complete": "a"}]}), "completed | s a z |  | ");
    check(&xml, &json!({"given": {"x": false, "y": false}, "steps": [{"complete": "c"}]}), "completed | s c z |  | ");
}

#[test]
fn inclusive_join_waits_for_a_token_that_may_leave_by_a_boundary_event() {
    let xml = model(
        "<startEvent id='s'/><inclusiveGateway id='f'/><userTask id='a'/><userTask id='b'/>\
         <boundaryEvent id='t' attachedToRef='b'><messageEventDefinition messageRef='m'/></boundaryEvent>\
         <endEvent id='other'/><inclusiveGateway id='j'/><userTask id='z'/>",
        "s>f f>a?true f>b?true a>j b>other t>j j>z",
    );
    check(&xml, &json!({"steps": [{"complete": "a"}]}), "active | s a | b | ");
    check(&xml, &json!({"steps": [{"complete": "a"}, {"complete": "b"}]}), "active | s a b other | z | ");
    check(&xml, &json!({"steps": [{"complete": "a"}, {"message": "通知"}]}), "active | s a t | z | b");
}

#[test]
fn countersign_runs_in_parallel_or_one_after_the_other() {
    // §13.3.7 Multiple Instances: countersign (会签).
    let task = |sequential: &str, more: &str| {
        model(
            &format!(
                "<startEvent id='s'/><userTask id='sign'><multiInstanceLoopCharacteristics isSequential='{sequential}'>\
                 <loopDataInputRef>units</loopDataInputRef><loopDataOutputRef>results</loopDataOutputRef>\
                 <inputDataItem name='unit'/><outputDataItem name='outcome'/>{more}</multiInstanceLoopCharacteristics></userTask>\
                 <endEvent id='z'/>"
            ),
            "s>sign sign>z",
        )
    };
    let sign = |outcome: &str| json!({"complete": "sign", "set": {"outcome": outcome}});
    let units = json!({"units": ["消防", "规划", "人防"]});
    let all = json!({"given": units, "steps": [sign("agree"), sign("refuse"), sign("agree")]});
    check(&task("false", ""), &json!({"given": units}), "active | s | sign sign sign | ");
    check(&task("true", ""), &json!({"given": units}), "active | s | sign | ");
    for sequential in ["true", "false"] {
        let outcome = play(&task(sequential, ""), &all);
        assert_eq!(told(&outcome), "completed | s sign sign sign z |  | ");
        assert_eq!(outcome.variables["results"], json!(["agree", "refuse", "agree"]));
    }
    let early = "<completionCondition>outcome = \"refuse\" or numberOfCompletedInstances = 3</completionCondition>";
    let steps = json!({"given": units, "steps": [sign("agree"), sign("refuse")]});
    check(&task("false", early), &steps, "completed | s sign sign z |  | sign");
    check(&task("false", ""), &json!({"given": {"units": []}}), "completed | s z |  | ");
    check(&task("false", ""), &json!({"given": {"units": 3}}), "incident | s |  | ");
}

#[test]
fn timers_fire_in_order_and_cycles_repeat() {
    // §10.5.5 Timer: a cycle that does not interrupt, a duration that does.
    let xml = model(
        "<startEvent id='s'/><userTask id='a'/>\
         <boundaryEvent id='remind' attachedToRef='a' cancelActivity='false'><timerEventDefinition>\
         <timeCycle>R2/P1D</timeCycle></timerEventDefinition></boundaryEvent>\
         <boundaryEvent id='late' attachedToRef='a'><timerEventDefinition><timeDuration>P5D</timeDuration>\
         </timerEventDefinition></boundaryEvent><serviceTask id='tell'/><userTask id='chase'/>",
        "s>a remind>tell late>chase",
    );
    check(&xml, &json!({"steps": [{"advance": "PT23H"}]}), "active | s | a | ");
    check(&xml, &json!({"steps": [{"advance": "P1D"}]}), "active | s remind tell | a | ");
    check(&xml, &json!({"steps": [{"advance": "P4D"}]}), "active | s remind tell remind tell | a | ");
    check(&xml, &json!({"steps": [{"advance": "P6D"}]}), "active | s remind tell remind tell late | chase | a");
    check(&xml, &json!({"steps": [{"complete": "a"}, {"advance": "P9D"}]}), "completed | s a |  | ");
}

#[test]
fn event_gateway_lets_the_first_event_win() {
    // §10.6.6 Event-Based Gateway.
    let xml = model(
        "<startEvent id='s'/><eventBasedGateway id='g'/>\
         <intermediateCatchEvent id='c'><messageEventDefinition messageRef='m'/></intermediateCatchEvent>\
         <intermediateCatchEvent id='t'><timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition>\
         </intermediateCatchEvent><userTask id='a'/><userTask id='b'/>",
        "s>g g>c g>t c>a t>b",
    );
    check(&xml, &json!({}), "active | s | c t | ");
    check(&xml, &json!({"steps": [{"message": "通知"}, {"advance": "P9D"}]}), "active | s c | a | t");
    check(&xml, &json!({"steps": [{"advance": "P5D"}, {"message": "m"}]}), "active | s t | b | c");
}

#[test]
fn errors_find_the_nearest_catcher_by_code() {
    // §10.5.6 Error: event sub-process of the scope before the boundary; uncaught is an incident.
    let inner = |handler: &str| {
        format!(
            "<startEvent id='s'/><subProcess id='sub'><startEvent id='s1'/><userTask id='a'/><endEvent id='boom'>\
             <errorEventDefinition errorRef='e'/></endEvent><sequenceFlow id='f1' sourceRef='s1' targetRef='a'/>\
             <sequenceFlow id='f2' sourceRef='a' targetRef='boom'/>{handler}</subProcess>"
        )
    };
    let boundary = "<boundaryEvent id='any' attachedToRef='sub'><errorEventDefinition/></boundaryEvent>\
         <boundaryEvent id='e1' attachedToRef='sub'><errorEventDefinition errorRef='e'/></boundaryEvent><userTask id='b'/><userTask id='c'/>";
    let script = json!({"steps": [{"complete": "a"}]});
    check(&model(&(inner("") + boundary), "s>sub any>b e1>c"), &script, "active | s s1 a boom e1 | c | sub");
    let handler = "<subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><errorEventDefinition/></startEvent>\
         <userTask id='fix'/><sequenceFlow id='f3' sourceRef='hs' targetRef='fix'/></subProcess>";
    check(&model(&(inner(handler) + boundary), "s>sub any>b e1>c"), &script, "active | s s1 a boom hs | fix | ");
    let outcome = play(&model(&inner(""), "s>sub"), &script);
    assert_eq!(told(&outcome), "incident | s s1 a |  | ");
    assert_eq!(outcome.incidents[0].reason, "nothing catches the error E1");
}

#[test]
fn escalation_goes_outwards_and_the_thrower_goes_on() {
    // §10.5.6 Escalation, not interrupting.
    let xml = model(
        "<startEvent id='s'/><subProcess id='sub'><startEvent id='s1'/><intermediateThrowEvent id='up'>\
         <escalationEventDefinition escalationRef='x'/></intermediateThrowEvent><userTask id='a'/>\
         <sequenceFlow id='f1' sourceRef='s1' targetRef='up'/><sequenceFlow id='f2' sourceRef='up' targetRef='a'/></subProcess>\
         <boundaryEvent id='heard' attachedToRef='sub' cancelActivity='false'><escalationEventDefinition escalationRef='x'/>\
         </boundaryEvent><userTask id='b'/>",
        "s>sub heard>b",
    );
    check(&xml, &json!({}), "active | s s1 up heard | b a | ");
}

#[test]
fn terminate_ends_its_scope_only() {
    // §10.5.6 Terminate; §13.5.6.
    let xml = model(
        "<startEvent id='s'/><subProcess id='sub'><startEvent id='s1'/><userTask id='a'/><userTask id='b'/>\
         <endEvent id='stop'><terminateEventDefinition/></endEvent><sequenceFlow id='f1' sourceRef='s1' targetRef='a'/>\
         <sequenceFlow id='f2' sourceRef='s1' targetRef='b'/><sequenceFlow id='f3' sourceRef='a' targetRef='stop'/></subProcess>\
         <userTask id='next'/>",
        "s>sub sub>next",
    );
    check(&xml, &json!({"steps": [{"complete": "a"}]}), "active | s s1 a stop sub | next | b");
}

#[test]
fn signals_reach_every_catcher_and_interrupting_handlers_cancel_the_rest() {
    // §10.5.5 Signal; §10.3.5 Event Sub-Process.
    let xml = model(
        "<startEvent id='s'/><userTask id='a'/><userTask id='b'/><boundaryEvent id='sa' attachedToRef='a' cancelActivity='false'>\
         <signalEventDefinition signalRef='s'/></boundaryEvent><userTask id='note'/>\
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><messageEventDefinition messageRef='m'/></startEvent>\
         <userTask id='close'/><sequenceFlow id='f1' sourceRef='hs' targetRef='close'/></subProcess>",
        "s>a s>b sa>note",
    );
    // The signal's element id `s` is also the start event's; names are looked up among catchers only.
    check(&xml, &json!({"steps": [{"signal": "停工"}]}), "active | s sa | a b note | ");
    check(
        &xml,
        &json!({"steps": [{"signal": "停工"}, {"message": "通知"}, {"complete": "close"}]}),
        "completed | s sa hs close h |  | a b note",
    );
}

#[test]
fn conditional_boundary_counts_becoming_true() {
    // §10.5.5 Conditional: the trigger is the change from false to true.
    let xml = model(
        "<startEvent id='s'/><userTask id='a'/><boundaryEvent id='c' attachedToRef='a' cancelActivity='false'>\
         <conditionalEventDefinition><condition>level &gt; 3</condition></conditionalEventDefinition></boundaryEvent><serviceTask id='t'/>",
        "s>a c>t",
    );
    let set = |level: i64| json!({"set": {"level": level}});
    check(&xml, &json!({"steps": [set(4), set(5)]}), "active | s c t | a | ");
    check(&xml, &json!({"steps": [set(4), set(1), set(5)]}), "active | s c t c t | a | ");
}

#[test]
fn compensation_runs_backwards_and_only_what_was_done() {
    // §13.5.5 Compensation: reverse order of completion.
    let undo = |id: &str| {
        format!(
            "<serviceTask id='{id}'/><boundaryEvent id='{id}c' attachedToRef='{id}'><compensateEventDefinition/></boundaryEvent>\
             <serviceTask id='{id}u' isForCompensation='true'/><association sourceRef='{id}c' targetRef='{id}u'/>"
        )
    };
    let xml = model(
        &format!(
            "<startEvent id='s'/>{}{}{}<endEvent id='z'><compensateEventDefinition/></endEvent><userTask id='never'/>",
            undo("a"),
            undo("b"),
            undo("c")
        ),
        "s>a a>b b>z never>c",
    )
    .replace(
        "<userTask id='never'/>",
        "<intermediateCatchEvent id='never'><linkEventDefinition name='n'/></intermediateCatchEvent>",
    );
    check(&xml, &json!({}), "completed | s a b bu au z |  | ");
}

#[test]
fn links_scripts_and_loops_go_on_by_themselves() {
    // §10.5.5 Link; §10.3.3 Script; §13.3.6 Loop.
    let xml = model(
        "<startEvent id='s'/><scriptTask id='w' scriptFormat='feel'><script>{n: n + 1, 合计: n * 2}</script>\
         <standardLoopCharacteristics testBefore='true'><loopCondition>n &lt; 3</loopCondition></standardLoopCharacteristics></scriptTask>\
         <intermediateThrowEvent id='go'><linkEventDefinition name='远'/></intermediateThrowEvent>\
         <intermediateCatchEvent id='on'><linkEventDefinition name='远'/></intermediateCatchEvent><manualTask id='m1'/>",
        "s>w w>go on>m1",
    );
    let outcome = play(&xml, &json!({"given": {"n": 1}}));
    assert_eq!(told(&outcome), "completed | s w w go on m1 |  | ");
    assert_eq!((&outcome.variables["n"], &outcome.variables["合计"]), (&json!(3), &json!(6)));
    check(&xml, &json!({"given": {"n": 9}}), "completed | s go on m1 |  | ");
}

#[test]
fn a_task_without_a_start_event_starts_with_the_process() {
    // §10.3.1: an activity without incoming flow is instantiated with the process.
    check(
        &model("<userTask id='a'/><userTask id='b'/>", "a>b"),
        &json!({"steps": [{"complete": "a"}]}),
        "active | a | b | ",
    );
}

#[test]
fn a_join_that_can_never_be_filled_is_an_incident() {
    let xml = model(
        "<startEvent id='s'/><exclusiveGateway id='x'/><userTask id='a'/><userTask id='b'/><parallelGateway id='j'/>",
        "s>x x>a?true x>b?false a>j b>j",
    );
    let outcome = play(&xml, &json!({"steps": [{"complete": "a"}]}));
    assert_eq!(told(&outcome), "incident | s a |  | ");
}

#[test]
fn script_faults_are_clear() {
    let xml = model("<startEvent id='s'/><userTask id='a'/>", "s>a");
    let fault = |script: serde_json::Value| {
        let script: Script = serde_json::from_value(script).expect("script");
        run(&definition(&xml), &script).expect_err("a fault").to_string()
    };
    assert_eq!(fault(json!({"steps": [{"complete": "b"}]})), "step 1: nothing waits at b");
    assert_eq!(fault(json!({"steps": [{"advance": "morgen"}]})), "step 1: \"morgen\" is no ISO 8601 duration");
    assert!(fault(json!({"steps": [{}]})).starts_with("step 1 must have exactly one of"));
    assert!(serde_json::from_value::<Script>(json!({"stepps": []})).is_err());
}

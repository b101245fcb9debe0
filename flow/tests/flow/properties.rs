//! Laws of the token machine on random step sequences.

use std::collections::BTreeMap;

use jiantong_flow::feel::{Context, Value};
use jiantong_flow::{Definition, Effect, Input, Position, Reason, Scope, State, Status, step};
use proptest::prelude::*;

use super::models::{definition, model};

/// Everything that can wait, in one process.
fn everything() -> Definition {
    let xml = model(
        "<startEvent id='s'/><parallelGateway id='fork'/><userTask id='a'/><serviceTask id='b'/>\
         <boundaryEvent id='bm' attachedToRef='a' cancelActivity='false'><messageEventDefinition messageRef='m'/></boundaryEvent>\
         <userTask id='extra'/><boundaryEvent id='be' attachedToRef='b'><errorEventDefinition errorRef='e'/></boundaryEvent>\
         <inclusiveGateway id='join'/><exclusiveGateway id='x' default='x-sub'/>\
         <subProcess id='sub'><startEvent id='s1'/><userTask id='c'><multiInstanceLoopCharacteristics>\
         <loopCardinality>3</loopCardinality><completionCondition>v = 2</completionCondition></multiInstanceLoopCharacteristics></userTask>\
         <boundaryEvent id='cc' attachedToRef='c'><compensateEventDefinition/></boundaryEvent>\
         <serviceTask id='cu' isForCompensation='true'/><association sourceRef='cc' targetRef='cu'/>\
         <sequenceFlow id='f1' sourceRef='s1' targetRef='c'/>\
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'><conditionalEventDefinition>\
         <condition>v = 3</condition></conditionalEventDefinition></startEvent><userTask id='d'/>\
         <sequenceFlow id='f2' sourceRef='hs' targetRef='d'/></subProcess></subProcess>\
         <boundaryEvent id='bt' attachedToRef='sub'><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>\
         <eventBasedGateway id='race'/><intermediateCatchEvent id='rs'><signalEventDefinition signalRef='s'/></intermediateCatchEvent>\
         <intermediateCatchEvent id='rt'><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>\
         <intermediateThrowEvent id='undo'><compensateEventDefinition/></intermediateThrowEvent><endEvent id='z'/>",
        "s>fork fork>a fork>b bm>extra be>join a>join b>join join>x x>sub x>race?v_=_1 sub>undo undo>z bt>race race>rs race>rt rs>z rt>x",
    );
    let definition = definition(&xml);
    assert!(definition.is_executable(), "{:?}", definition.check());
    definition
}

/// The n-th thing that could happen next, fitting or not.
fn input(state: &State, choice: u32, value: i64) -> Input {
    let variables = Context::from([("v".to_owned(), Value::from(value))]);
    let all: Vec<u32> = state.instances.keys().copied().collect();
    let instance = all.get(choice as usize / 12 % all.len().max(1)).copied().unwrap_or(99);
    match choice % 12 {
        0..3 => match state.open_tasks().nth(choice as usize / 12 % 3) {
            Some((instance, _)) => Input::CompleteTask { instance, variables },
            None => Input::SetVariables { variables },
        },
        3 => Input::ServiceDone { instance, variables },
        4 => Input::ServiceFailed { instance, code: (value > 1).then(|| "E1".into()), reason: "r".into() },
        5 => Input::Message { name: "通知".into(), variables },
        6 => Input::Signal { name: "停工".into(), variables },
        7 => Input::Timer { instance },
        8 => Input::SetVariables { variables },
        9 => Input::Retry { instance },
        10 => match state.instances.iter().find(|(_, i)| i.position == Position::Service) {
            Some((instance, _)) => Input::ServiceDone { instance: *instance, variables },
            None => Input::Timer { instance },
        },
        _ if choice > 900 => Input::Cancel,
        _ => Input::CompleteTask { instance, variables },
    }
}

/// Every instance has a living parent, every host lives, every waiting place is known.
fn well_formed(definition: &Definition, state: &State) -> Result<(), TestCaseError> {
    for (id, instance) in &state.instances {
        prop_assert!(instance.parent == 0 || state.instances.contains_key(&instance.parent), "{id} has no parent");
        prop_assert!(instance.parent == 0 || definition.element(&instance.element).is_some());
        prop_assert!(*id <= state.last_instance);
        if let Position::Boundary { host, .. } = &instance.position {
            prop_assert!(state.instances.contains_key(host), "{id} watches nothing");
        }
        prop_assert_eq!(
            instance.position == Position::Stuck,
            instance.position == Position::Stuck && instance.incident.is_some()
        );
    }
    // An active process is alive somewhere; an ended one nowhere.
    prop_assert_eq!(state.status == Status::Active, !state.instances.is_empty());
    if state.status == Status::Active {
        let rests = state.waiting().next().is_some() || state.incidents().next().is_some();
        prop_assert!(rests, "a token was lost: {state:?}");
    }
    Ok(())
}

/// The laws below say little if the random steps never get far.
#[test]
fn random_steps_reach_every_element() {
    let definition = everything();
    // A compensation boundary event (`cc`) only says who undoes; it is never triggered itself.
    let mut missing: BTreeMap<&str, ()> = definition
        .elements()
        .iter()
        .filter(|e| !e.is_gateway() && *e.id != *"cc")
        .map(|e| (e.id.as_ref(), ()))
        .collect();
    let mut seed = 7_u32;
    let mut draw = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for _ in 0..300 {
        let mut state = State::default();
        let start = Input::Start { variables: Context::new() };
        let mut next = Some(start);
        for _ in 0..60 {
            let given = next.take().unwrap_or_else(|| input(&state, draw(900), i64::from(draw(5))));
            let Ok(answer) = step(&definition, &state, given, &Scope::EMPTY) else { continue };
            state.apply(&answer.delta);
            for effect in &answer.effects {
                if let Effect::Completed { element } = effect {
                    missing.remove(element.as_ref());
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// A step must cost microseconds (the writer takes thousands a second); the bound leaves room for slow and shared machines.
#[test]
fn a_step_costs_microseconds() {
    let xml = model(
        "<startEvent id='s'/><userTask id='accept'/><exclusiveGateway id='x' default='x-no'/><userTask id='review'/>\
         <parallelGateway id='f'/><userTask id='a'/><serviceTask id='b'/><parallelGateway id='j'/><userTask id='decide'/><endEvent id='no'/>",
        "s>accept accept>x x>review?outcome_=_\"accepted\" x>no review>f f>a f>b a>j b>j j>decide",
    );
    let definition = definition(&xml);
    let variables = || Context::from([("outcome".to_owned(), Value::from("accepted"))]);
    let mut steps = 0_u32;
    let begun = std::time::Instant::now();
    for _ in 0..500 {
        let mut state = State::default();
        let mut next = Some(Input::Start { variables: variables() });
        while let Some(input) = next {
            let answer = step(&definition, &state, input, &Scope::EMPTY).expect("a step");
            state.apply(&answer.delta);
            steps += 1;
            next = state.waiting().next().map(|(instance, _)| match state.instance(instance).map(|i| &i.position) {
                Some(Position::Service) => Input::ServiceDone { instance, variables: variables() },
                _ => Input::CompleteTask { instance, variables: variables() },
            });
        }
        assert_eq!(state.status, Status::Completed);
    }
    let each = begun.elapsed() / steps;
    println!("{each:?} a step over {steps} steps");
    assert!(each.as_micros() < 1_000, "{each:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn steps_keep_the_laws(choices in prop::collection::vec((0_u32..1_000, 0_i64..5), 1..60)) {
        let definition = everything();
        let mut state = State::default();
        let mut open: BTreeMap<u32, String> = BTreeMap::new();
        let mut timers: BTreeMap<u32, String> = BTreeMap::new();
        let inputs = std::iter::once(None).chain(choices.into_iter().map(Some));
        for choice in inputs {
            let input = match choice {
                None => Input::Start { variables: Context::new() },
                Some((choice, value)) => input(&state, choice, value),
            };
            let before = state.clone();
            let Ok(answer) = step(&definition, &state, input.clone(), &Scope::EMPTY) else {
                prop_assert_eq!(&before, &state);
                continue;
            };
            // The same arguments give the same answer; applying is all it takes, also from stored bytes.
            prop_assert_eq!(&answer, &step(&definition, &state, input, &Scope::EMPTY).expect("the same"));
            let stored = serde_json::to_string(&answer.delta).expect("json");
            state.apply(&serde_json::from_str(&stored).expect("delta"));
            let mut applied = before.clone();
            applied.apply(&answer.delta);
            prop_assert_eq!(&applied, &state);
            let text = serde_json::to_string(&state).expect("json");
            prop_assert_eq!(&serde_json::from_str::<State>(&text).expect("state"), &state);
            prop_assert_eq!(answer.delta.is_empty(), before == state);
            well_formed(&definition, &state)?;
            // What the effects opened and closed is what the state says is open: no task and no timer is lost.
            for effect in answer.effects {
                match effect {
                    Effect::TaskOpened { instance, element, .. } => {
                        prop_assert!(open.insert(instance, element.to_string()).is_none());
                    }
                    Effect::TaskClosed { instance, .. } => {
                        prop_assert!(open.remove(&instance).is_some());
                    }
                    Effect::TimerSet { instance, element, .. } => {
                        timers.insert(instance, element.to_string());
                    }
                    Effect::TimerCancelled { instance, .. } => {
                        prop_assert!(timers.remove(&instance).is_some());
                    }
                    Effect::Incident { reason, .. } => prop_assert!(reason != Reason::StepBudget),
                    _ => {}
                }
            }
            prop_assert!(timers.keys().all(|instance| state.instances.contains_key(instance)));
            let listed: BTreeMap<u32, String> = state.open_tasks().map(|(id, element)| (id, element.to_owned())).collect();
            prop_assert_eq!(&open, &listed);
        }
    }
}

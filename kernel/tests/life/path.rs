//! From application to decision.

use std::sync::Arc;

use base::deadline::{Light, PauseKind};
use kernel::case::{CaseCommand, Complete, Stage, SupplementAnswer, view_clock};
use kernel::catalog::matter::{DeliveryKind, NoticeKind, TaskKind};
use kernel::catalog::{Catalog, Example, Matter};
use kernel::sealed::Secret;
use kernel::{Refusal, StreamId};

use super::world::{
    CATALOG, CLERK, COUNTERSIGNERS, DIRECTOR, HEAD, LEADER, REVIEWER, World, account, applicant, case_id, example,
    files, officer, outcome, system, upload,
};

fn permit() -> Arc<Matter> {
    Arc::clone(CATALOG.matter("construction-permit").unwrap())
}

fn filing() -> Arc<Matter> {
    Arc::clone(CATALOG.matter("completion-filing").unwrap())
}

/// A permit application of this day, handed in whole.
fn submitted<'a>(matter: &'a Arc<Matter>, on: &str) -> (World, &'a Example) {
    let example = example(matter, "pass");
    let mut world = World::new(on.parse().unwrap(), example);
    world.apply(matter, example, 1, &[]).unwrap();
    (world, example)
}

/// The same, accepted on the same day.
fn accepted<'a>(matter: &'a Arc<Matter>, on: &str) -> (World, &'a Example) {
    let (mut world, example) = submitted(matter, on);
    let task = world.task(1, "accept");
    world.on(matter, example, 1, &officer(CLERK), outcome(task, "accepted")).unwrap();
    (world, example)
}

fn step(world: &mut World, matter: &Arc<Matter>, example: &Example, element: &str, by: u8, word: &str) {
    let task = world.task(1, element);
    world.on(matter, example, 1, &officer(by), outcome(task, word)).unwrap();
}

#[test]
fn grants_after_review_countersign_check_and_decision() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2025-09-28");
    let case = world.case(1);
    assert_eq!(case.stage, Stage::Accepted);
    // domain.md §1.7 fact 3: accepted on Sunday 2025-09-28 (a working day), 7 wd end on 2025-10-14.
    assert_eq!(case.clocks.statutory.unwrap().on.to_string(), "2025-10-14");
    assert_eq!(case.clocks.promised.unwrap().on.to_string(), "2025-10-09");

    step(&mut world, &matter, example, "review", REVIEWER, "countersign");
    step(&mut world, &matter, example, "countersign", COUNTERSIGNERS[0], "agree");
    let task = world.task(1, "countersign");
    let again = world.on(&matter, example, 1, &officer(COUNTERSIGNERS[0]), outcome(task, "agree"));
    assert!(
        matches!(again, Err(Refusal::DutiesSeparated { did: TaskKind::Countersign, .. })),
        "two people countersign"
    );
    step(&mut world, &matter, example, "countersign", COUNTERSIGNERS[1], "agree");
    step(&mut world, &matter, example, "head", HEAD, "agree");
    step(&mut world, &matter, example, "decide", LEADER, "grant");

    let case = world.case(1);
    assert_eq!(case.stage, Stage::Granted);
    assert_eq!(case.incidents, []);
    // domain.md §2.3: region, date, serial of the day, category.
    assert_eq!(case.result.as_ref().unwrap().number, "130123202509280101");
    let kinds: Vec<NoticeKind> = case.notices.iter().map(|notice| notice.kind).collect();
    use NoticeKind::{Acceptance, Certificate, Grant, Receipt};
    assert_eq!(kinds, [Receipt, Acceptance, Grant, Certificate]);
    let licence = world.streams[&StreamId::record("licences", "130123202509280101")].1.as_record().unwrap();
    assert_eq!(licence.start_by.unwrap().to_string(), "2025-12-28");
    assert!(licence.body.get("manager").is_none(), "a citizen number is personal and stands in the vault");
    assert!(world.secrets.iter().any(|secret| secret.field.ends_with("/manager")));

    let done = world.on(
        &matter,
        example,
        1,
        &applicant(),
        CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None },
    );
    assert!(done.is_ok());
    assert_eq!(world.case(1).stage, Stage::Delivered);
}

#[test]
fn no_entry_and_no_state_holds_a_personal_value() {
    let matter = permit();
    let (world, example) = accepted(&matter, "2025-09-28");
    let personal: Vec<String> = matter
        .form
        .split(&example.form)
        .sealed
        .iter()
        .map(|sealed| sealed.value.as_str().unwrap().to_owned())
        .collect();
    assert!(personal.len() >= 3, "the example has personal fields");
    let holds = |bytes: &[u8], value: &str| bytes.windows(value.len()).any(|window| window == value.as_bytes());
    for value in &personal {
        for (stream, event) in &world.entries {
            assert!(!holds(event.body().unwrap().as_bytes(), value), "{stream} {} holds {value}", event.kind());
        }
        for (stream, (_, state)) in &world.streams {
            assert!(!holds(&state.encode().unwrap(), value), "{stream} holds {value}");
        }
    }
}

#[test]
fn asks_once_for_everything_and_goes_on_when_it_came() {
    let matter = permit();
    let example = example(&matter, "pass");
    let mut world = World::new("2025-09-22".parse().unwrap(), example);
    world.apply(&matter, example, 1, &["contract"]).unwrap();
    let checks = &world.case(1).checks.as_ref().unwrap().checks;
    assert_eq!(checks.missing().collect::<Vec<_>>(), ["contract"], "the notice is pre-filled with what is missing");

    let task = world.task(1, "accept");
    let ask = |items: &[(&str, &str)]| {
        let items = items.iter().map(|(target, words)| ((*target).to_owned(), (*words).to_owned())).collect();
        CaseCommand::Complete(Box::new(Complete {
            task,
            outcome: "supplement".to_owned(),
            items,
            ..Complete::default()
        }))
    };
    let nothing = world.on(&matter, example, 1, &officer(CLERK), ask(&[]));
    assert_eq!(nothing.unwrap_err(), Refusal::SupplementEmpty);
    world.on(&matter, example, 1, &officer(CLERK), ask(&[("contract", "请补交施工合同")])).unwrap();
    assert_eq!(world.case(1).stage, Stage::SupplementAsked);
    assert_eq!(view_clock(&world.case(1).clocks, world.case(1).stage, &CATALOG.calendar, world.today), None);
    let early = world.on(&matter, example, 1, &officer(CLERK), outcome(task, "accepted"));
    assert_eq!(early.unwrap_err(), Refusal::WrongStage { stage: Stage::SupplementAsked });

    world.today = "2025-09-24".parse().unwrap();
    let name = Secret {
        subject: world.case(1).applicant.subject,
        field: format!("case/{}/file/contract", case_id(1)),
        salt: [9; 16],
        value: "合同.pdf".to_owned(),
    };
    let answer = |codes: &[&str]| {
        let materials = codes.iter().map(|code| upload(code, name.commitment())).collect();
        CaseCommand::Supplement(Box::new(SupplementAnswer {
            form: Default::default(),
            secrets: vec![name.clone()],
            materials,
        }))
    };
    let none = world.on(&matter, example, 1, &applicant(), answer(&[]));
    assert_eq!(none.unwrap_err(), Refusal::SupplementIncomplete { missing: vec!["contract".to_owned()] });
    let beyond = world.on(&matter, example, 1, &applicant(), answer(&["contract", "safety_measures"]));
    assert_eq!(beyond.unwrap_err(), Refusal::SupplementBeyond { target: "safety_measures".to_owned() });
    world.on(&matter, example, 1, &applicant(), answer(&["contract"])).unwrap();
    let case = world.case(1);
    assert_eq!((case.stage, case.clocks.round), (Stage::Submitted, 2));
    assert_eq!(case.clocks.accept_by.unwrap().on.to_string(), "2025-09-30", "the five days start again");

    let second = world.on(&matter, example, 1, &officer(CLERK), ask(&[("contract", "again")]));
    assert_eq!(second.unwrap_err(), Refusal::SupplementAskedAlready, "art. 32(4): once");
    world.on(&matter, example, 1, &officer(CLERK), outcome(task, "accepted")).unwrap();
    assert_eq!(world.case(1).stage, Stage::Accepted);
}

#[test]
fn silence_is_acceptance_as_of_receipt() {
    // domain.md §1.7 fact 5: received 2024-09-25, nothing sent by the end of 2024-10-08.
    let matter = permit();
    let (mut world, example) = submitted(&matter, "2024-09-25");
    world.today = "2024-10-08".parse().unwrap();
    let early = world.on(&matter, example, 1, &system(), CaseCommand::DeemAccepted);
    assert_eq!(early.unwrap_err(), Refusal::NotYet { on: "2024-10-08".parse().unwrap() });
    world.today = "2024-10-09".parse().unwrap();
    let person = world.on(&matter, example, 1, &officer(CLERK), CaseCommand::DeemAccepted);
    assert!(matches!(person, Err(Refusal::Forbidden { .. })), "only the node's own timer");
    world.on(&matter, example, 1, &system(), CaseCommand::DeemAccepted).unwrap();
    let case = world.case(1);
    assert_eq!(case.stage, Stage::Accepted);
    assert!(case.clocks.deemed);
    assert_eq!(case.clocks.accepted_on.unwrap().to_string(), "2024-09-25");
    assert_eq!(case.clocks.statutory.unwrap().on.to_string(), "2024-10-10", "7 wd from the day of receipt");
    assert!(case.notices.iter().any(|notice| notice.kind == NoticeKind::Acceptance));
    assert_eq!(case.tasks.values().map(|task| task.element.as_str()).collect::<Vec<_>>(), ["review"]);
    assert_eq!(case.done[0].by, None);
}

#[test]
fn only_the_kinds_of_article_45_stop_the_clock() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2024-09-25");
    let pause = |kind, from: &str| CaseCommand::Pause { kind, from: from.parse().unwrap(), expected_days: 5 };
    let other = world.on(&matter, example, 1, &officer(REVIEWER), pause(PauseKind::Auction, "2024-09-26"));
    assert_eq!(other.unwrap_err(), Refusal::PauseNotAllowed, "the matter names expert review and testing");
    let backdated = world.on(&matter, example, 1, &officer(REVIEWER), pause(PauseKind::ExpertReview, "2024-09-24"));
    assert_eq!(backdated.unwrap_err(), Refusal::DayBefore { earliest: "2024-09-25".parse().unwrap() });
    let late = world.on(&matter, example, 1, &officer(REVIEWER), pause(PauseKind::ExpertReview, "2024-10-11"));
    assert_eq!(late.unwrap_err(), Refusal::DayAfter { latest: "2024-10-10".parse().unwrap() });
    world.on(&matter, example, 1, &officer(REVIEWER), pause(PauseKind::ExpertReview, "2024-09-26")).unwrap();
    let view = view_clock(&world.case(1).clocks, world.case(1).stage, &CATALOG.calendar, world.today).unwrap();
    assert_eq!(view.light, Light::Hold);
    // The work goes on while the time does not count; only the decision waits.
    step(&mut world, &matter, example, "review", REVIEWER, "agree");
    step(&mut world, &matter, example, "head", HEAD, "agree");
    let task = world.task(1, "decide");
    let decision = world.on(&matter, example, 1, &officer(LEADER), outcome(task, "grant"));
    assert_eq!(decision.unwrap_err(), Refusal::Paused);
    world.today = "2024-10-08".parse().unwrap();
    // 26, 27, 29, 30 September and 8 October are five working days out of the count: 7 wd end five working days later.
    let resume = CaseCommand::Resume { until: "2024-10-08".parse().unwrap() };
    let ahead = CaseCommand::Resume { until: "2024-10-09".parse().unwrap() };
    let forecast = world.on(&matter, example, 1, &officer(REVIEWER), ahead);
    assert_eq!(forecast.unwrap_err(), Refusal::DayAfter { latest: world.today });
    world.on(&matter, example, 1, &officer(REVIEWER), resume).unwrap();
    assert_eq!(world.case(1).clocks.statutory.unwrap().on.to_string(), "2024-10-16");
    assert!(world.case(1).notices.iter().any(|notice| notice.kind == NoticeKind::Pause));
}

#[test]
fn extends_once_with_approver_and_reason() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2024-09-25");
    let extend = |reason: &str| CaseCommand::Extend { reason: reason.to_owned() };
    let clerk = world.on(&matter, example, 1, &officer(CLERK), extend("案情复杂"));
    assert!(matches!(clerk, Err(Refusal::Forbidden { .. })), "only the head of the agency");
    let blank = world.on(&matter, example, 1, &officer(DIRECTOR), extend("  "));
    assert_eq!(blank.unwrap_err(), Refusal::ReasonMissing);
    world.on(&matter, example, 1, &officer(DIRECTOR), extend("案情复杂")).unwrap();
    assert_eq!(world.case(1).clocks.statutory.unwrap().on.to_string(), "2024-10-23", "17 wd");
    let again = world.on(&matter, example, 1, &officer(DIRECTOR), extend("再次"));
    assert_eq!(again.unwrap_err(), Refusal::ExtendedAlready);
}

#[test]
fn a_limit_that_has_ended_is_neither_extended_nor_stopped() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2024-09-25");
    world.today = "2024-10-11".parse().unwrap();
    let ended = Refusal::LimitEnded { on: "2024-10-10".parse().unwrap() };
    let extend = CaseCommand::Extend { reason: "案情复杂".to_owned() };
    assert_eq!(world.on(&matter, example, 1, &officer(DIRECTOR), extend).unwrap_err(), ended);
    let pause = CaseCommand::Pause { kind: PauseKind::ExpertReview, from: world.today, expected_days: 5 };
    assert_eq!(world.on(&matter, example, 1, &officer(REVIEWER), pause).unwrap_err(), ended);
}

#[test]
fn refuses_with_reason_and_article_and_makes_no_certificate() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2025-09-28");
    step(&mut world, &matter, example, "review", REVIEWER, "agree");
    step(&mut world, &matter, example, "head", HEAD, "agree");
    let task = world.task(1, "decide");
    let bare = CaseCommand::Complete(Box::new(Complete { task, outcome: "refuse".to_owned(), ..Complete::default() }));
    assert_eq!(world.on(&matter, example, 1, &officer(LEADER), bare).unwrap_err(), Refusal::ReasonMissing);
    step(&mut world, &matter, example, "decide", LEADER, "refuse");
    let case = world.case(1);
    assert_eq!((case.stage, case.result.clone()), (Stage::Refused, None));
    assert!(case.notices.iter().any(|notice| notice.kind == NoticeKind::Refusal));
}

#[test]
fn one_manager_one_site() {
    let matter = permit();
    let (mut world, example) = accepted(&matter, "2025-09-28");
    step(&mut world, &matter, example, "review", REVIEWER, "agree");
    step(&mut world, &matter, example, "head", HEAD, "agree");
    step(&mut world, &matter, example, "decide", LEADER, "grant");
    world.apply(&matter, example, 2, &[]).unwrap();
    for (element, by, word) in [("accept", CLERK, "accepted"), ("review", REVIEWER, "agree"), ("head", HEAD, "agree")] {
        let task = world.task(2, element);
        world.on(&matter, example, 2, &officer(by), outcome(task, word)).unwrap();
    }
    let task = world.task(2, "decide");
    let taken = world.on(&matter, example, 2, &officer(LEADER), outcome(task, "grant")).unwrap_err();
    let Refusal::ClaimTaken { name, holder } = taken else { panic!("{taken:?}") };
    assert_eq!((name.as_str(), holder.as_str()), ("manager-on-site", "record/licences/130123202509280101"));
    assert_eq!(world.case(2).stage, Stage::Accepted, "a refused command changes nothing");
}

#[test]
fn powers_hang_on_posts_and_ownership() {
    let matter = permit();
    let (mut world, example) = submitted(&matter, "2025-09-28");
    let task = world.task(1, "accept");
    let wrong_post = world.on(&matter, example, 1, &officer(REVIEWER), outcome(task, "accepted"));
    assert!(matches!(wrong_post, Err(Refusal::Forbidden { .. })));
    let nobody = world.on(&matter, example, 1, &officer(99), outcome(task, "accepted"));
    assert_eq!(nobody.unwrap_err(), Refusal::PostNotHeld);
    world.on(&matter, example, 1, &officer(CLERK), CaseCommand::Claim { task }).unwrap();
    assert_eq!(world.case(1).tasks[&task].claimed_by.as_ref().unwrap().account, account(CLERK));
    let foreign = CaseCommand::Withdraw { reason: None };
    assert!(world.on(&matter, example, 1, &officer(CLERK), foreign.clone()).is_err());
    world.on(&matter, example, 1, &applicant(), foreign.clone()).unwrap();
    assert_eq!(world.case(1).stage, Stage::Withdrawn);
    assert!(world.case(1).tasks.is_empty(), "withdrawal ends the process");
    let late = world.on(&matter, example, 1, &applicant(), foreign);
    assert_eq!(late.unwrap_err(), Refusal::WrongStage { stage: Stage::Withdrawn });
}

#[test]
fn an_immediate_matter_is_decided_on_the_spot_by_one_person() {
    let matter = filing();
    let example = example(&matter, "pass");
    let mut world = World::new(example.on, example);
    let permit = world.put_licence(example.form["permit_number"].as_str().unwrap());
    world.apply(&matter, example, 1, &[]).unwrap();
    let element = world.case(1).tasks.values().next().unwrap().element.clone();
    let task = world.task(1, &element);
    world.on(&matter, example, 1, &officer(CLERK), outcome(task, "grant")).unwrap();
    let case = world.case(1);
    assert_eq!(case.stage, Stage::Granted, "{:?}", case.incidents);
    assert_eq!(case.clocks.accepted_on, Some(world.today));
    assert!(case.result.is_some());
    let permit = world.streams[&permit].1.as_record().unwrap();
    assert_eq!((permit.status.as_str(), &permit.body["completed_on"]), ("completed", &example.form["accepted_on"]));
    assert!(permit.claims.is_empty(), "the manager is free for another site");
}

/// Two service tasks are asked for at once; the first one's path ends the process, so nobody waits for the second. Its act, which would be refused
/// before a grant, is not tried.
#[test]
fn an_act_that_another_path_cancelled_meanwhile_is_not_performed() {
    let file = "systems/licensing/matters/completion-filing/process.bpmn";
    let mut files = files();
    let text = files.text(file).unwrap().to_owned();
    let (before, rest) = text.split_once("<bpmndi:BPMNDiagram").unwrap();
    let after = rest.split_once("</bpmndi:BPMNDiagram>").unwrap().1;
    let text = format!("{before}{after}").replace(
        "<sequenceFlow id=\"to_evaluate\" sourceRef=\"submitted\" targetRef=\"evaluate\" />",
        "<parallelGateway id=\"fork\" /><sequenceFlow id=\"to_fork\" sourceRef=\"submitted\" targetRef=\"fork\" />\
         <sequenceFlow id=\"to_evaluate\" sourceRef=\"fork\" targetRef=\"evaluate\" />\
         <sequenceFlow id=\"too_early\" sourceRef=\"fork\" targetRef=\"number\" />\
         <endEvent id=\"stop\"><terminateEventDefinition /></endEvent>\
         <sequenceFlow id=\"to_stop\" sourceRef=\"evaluate\" targetRef=\"stop\" />",
    );
    files.insert(file, text);
    let (catalog, problems) = Catalog::parse(&files);
    let catalog = catalog.unwrap_or_else(|| panic!("{problems:#?}"));
    let matter = Arc::clone(catalog.matter("completion-filing").unwrap());
    let example = example(&matter, "pass");
    let mut world = World::new("2025-09-28".parse().unwrap(), example);
    world.apply(&matter, example, 1, &[]).unwrap();
    let case = world.case(1);
    assert!(case.tasks.is_empty() && case.process.instances.is_empty(), "{:?}", case.process);
}

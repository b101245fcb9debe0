//! Where the law is stricter than the diagram: silence, duties, whose licence it is, and what is handed over.

use std::sync::Arc;

use base::id::PostId;
use kernel::Refusal;
use kernel::case::{CaseCommand, Complete, Officer, Stage};
use kernel::catalog::matter::{DeliveryKind, TaskKind};
use kernel::catalog::{Example, Matter};

use super::world::{
    CATALOG, CLERK, COUNTERSIGNERS, DIRECTOR, HEAD, LEADER, OWNER, REVIEWER, World, account, applicant, example,
    officer, outcome, system,
};

fn of(code: &str) -> (Arc<Matter>, World, Example) {
    let matter = Arc::clone(CATALOG.matter(code).unwrap());
    let passes = example(&matter, "pass").clone();
    let world = World::new("2025-09-28".parse().unwrap(), &passes);
    (matter, world, passes)
}

fn step(world: &mut World, matter: &Arc<Matter>, passes: &Example, element: &str, by: u8, word: &str) {
    let task = world.task(1, element);
    world.on(matter, passes, 1, &officer(by), outcome(task, word)).unwrap();
}

fn person(n: u8) -> Officer {
    Officer { account: account(n), post: PostId::from_uuid(uuid::Uuid::from_bytes([n; 16])) }
}

fn supplement(task: u32, targets: &[&str]) -> CaseCommand {
    let items = targets.iter().map(|target| ((*target).to_owned(), "请补交".to_owned()));
    CaseCommand::Complete(Box::new(Complete {
        task,
        outcome: "supplement".to_owned(),
        items: items.collect(),
        ..Complete::default()
    }))
}

#[test]
fn what_silence_has_accepted_on_the_spot_is_still_decided() {
    let (matter, mut world, passes) = of("completion-filing");
    world.today = passes.on;
    world.apply(&matter, &passes, 1, &[]).unwrap();
    world.today = passes.on.checked_add(jiff::Span::new().days(30)).unwrap();
    world.on(&matter, &passes, 1, &system(), CaseCommand::DeemAccepted).unwrap();
    assert_eq!(world.case(1).stage, Stage::Accepted);
    world.put_licence(passes.form["permit_number"].as_str().unwrap());
    step(&mut world, &matter, &passes, "decide", CLERK, "grant");
    assert_eq!(world.case(1).stage, Stage::Granted);
}

#[test]
fn what_is_decided_on_the_spot_can_be_asked_to_be_completed() {
    let (matter, mut world, passes) = of("completion-filing");
    world.apply(&matter, &passes, 1, &["completion_report"]).unwrap();
    let task = world.task(1, "decide");
    world.on(&matter, &passes, 1, &officer(CLERK), supplement(task, &["completion_report"])).unwrap();
    assert_eq!(world.case(1).stage, Stage::SupplementAsked);
}

#[test]
fn after_five_days_nothing_is_asked_and_nothing_refused_before_acceptance() {
    // 行政许可法 art. 32(4), also while the timer has not run.
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &["contract"]).unwrap();
    world.today = "2025-10-15".parse().unwrap();
    let task = world.task(1, "accept");
    let asked = world.on(&matter, &passes, 1, &officer(CLERK), supplement(task, &["contract"]));
    assert_eq!(asked.unwrap_err(), Refusal::AcceptanceDeemed);
    let refused = world.on(&matter, &passes, 1, &officer(CLERK), outcome(task, "not_accepted"));
    assert_eq!(refused.unwrap_err(), Refusal::AcceptanceDeemed);
    world.on(&matter, &passes, 1, &officer(CLERK), outcome(task, "accepted")).unwrap();
    let clocks = &world.case(1).clocks;
    assert!(clocks.deemed);
    assert_eq!(clocks.accepted_on, clocks.received_on);
}

#[test]
fn a_notice_names_each_thing_once_and_only_what_can_be_brought() {
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &["contract"]).unwrap();
    let task = world.task(1, "accept");
    let twice = world.on(&matter, &passes, 1, &officer(CLERK), supplement(task, &["contract", "contract"]));
    assert_eq!(twice.unwrap_err(), Refusal::SupplementTwice { target: "contract".to_owned() });
    let long = CaseCommand::Complete(Box::new(Complete {
        task,
        outcome: "not_accepted".to_owned(),
        opinion: Some("不属于本机关职权范围".to_owned()),
        article: Some("条".repeat(201)),
        items: Vec::new(),
    }));
    assert_eq!(world.on(&matter, &passes, 1, &officer(CLERK), long).unwrap_err(), Refusal::TextTooLong { max: 200 });
}

#[test]
fn a_second_round_of_countersigning_is_open_to_those_of_the_first() {
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &[]).unwrap();
    step(&mut world, &matter, &passes, "accept", CLERK, "accepted");
    for _ in 0..2 {
        step(&mut world, &matter, &passes, "review", REVIEWER, "countersign");
        for n in COUNTERSIGNERS {
            step(&mut world, &matter, &passes, "countersign", n, "agree");
        }
        step(&mut world, &matter, &passes, "head", HEAD, "return");
    }
    step(&mut world, &matter, &passes, "review", REVIEWER, "countersign");
    step(&mut world, &matter, &passes, "countersign", COUNTERSIGNERS[0], "agree");
    let task = world.task(1, "countersign");
    let alone = world.on(&matter, &passes, 1, &officer(COUNTERSIGNERS[0]), outcome(task, "agree"));
    let twice = Refusal::DutiesSeparated { did: TaskKind::Countersign, now: TaskKind::Countersign };
    assert_eq!(alone.unwrap_err(), twice, "one round wants two people");
}

#[test]
fn a_head_gives_a_task_to_a_person_and_its_holder_hands_it_on() {
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &[]).unwrap();
    step(&mut world, &matter, &passes, "accept", CLERK, "accepted");
    step(&mut world, &matter, &passes, "review", REVIEWER, "countersign");
    let task = world.task(1, "countersign");
    let give = |to: u8| CaseCommand::Assign { task, to: person(to), note: Some("请尽快会签".to_owned()) };
    let clerk = world.on(&matter, &passes, 1, &officer(CLERK), give(COUNTERSIGNERS[0]));
    assert_eq!(clerk.unwrap_err(), Refusal::Forbidden { action: "task.assign".to_owned() });
    let unfit = world.on(&matter, &passes, 1, &officer(HEAD), give(LEADER));
    assert_eq!(unfit.unwrap_err(), Refusal::Forbidden { action: "countersign".to_owned() }, "not a post of the lane");
    world.on(&matter, &passes, 1, &officer(HEAD), give(COUNTERSIGNERS[0])).unwrap();
    assert_eq!(world.case(1).tasks[&task].claimed_by, Some(person(COUNTERSIGNERS[0])));
    world.on(&matter, &passes, 1, &officer(COUNTERSIGNERS[0]), give(COUNTERSIGNERS[1])).unwrap();
    assert_eq!(world.case(1).tasks[&task].claimed_by, Some(person(COUNTERSIGNERS[1])));
    let taken = world.on(&matter, &passes, 1, &officer(COUNTERSIGNERS[0]), outcome(task, "agree"));
    assert_eq!(taken.unwrap_err(), Refusal::TaskTaken);
}

#[test]
fn nobody_handles_an_application_of_their_own() {
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &[]).unwrap();
    world.represents(CLERK, passes.form["applicant_code"].as_str().unwrap());
    let task = world.task(1, "accept");
    let own = world.on(&matter, &passes, 1, &officer(CLERK), outcome(task, "accepted"));
    assert_eq!(own.unwrap_err(), Refusal::OwnCase);
}

#[test]
fn a_licence_is_made_out_to_whoever_applied() {
    let (matter, mut world, mut passes) = of("construction-permit");
    passes.form["applicant_name"] = "别家置业有限公司".into();
    let applicant_name = "石家庄示例置业有限公司";
    let other = world.apply_as(&matter, &passes, 1, applicant_name);
    let wrong = vec![("/applicant_name".to_owned(), "applicant".to_owned())];
    assert_eq!(other.unwrap_err(), Refusal::FormInvalid { fields: wrong });
}

#[test]
fn what_is_handed_over_on_paper_is_signed_for() {
    // 行政许可法 art. 44.
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &[]).unwrap();
    step(&mut world, &matter, &passes, "accept", CLERK, "accepted");
    step(&mut world, &matter, &passes, "review", REVIEWER, "agree");
    step(&mut world, &matter, &passes, "head", HEAD, "agree");
    step(&mut world, &matter, &passes, "decide", LEADER, "grant");
    let deliver =
        |signer: Option<&str>| CaseCommand::Deliver { method: DeliveryKind::Window, signer: signer.map(str::to_owned) };
    let unsigned = world.on(&matter, &passes, 1, &officer(CLERK), deliver(None));
    assert_eq!(unsigned.unwrap_err(), Refusal::SignerMissing);
    world.on(&matter, &passes, 1, &officer(CLERK), deliver(Some("王小建"))).unwrap();
    let case = world.case(1);
    assert_eq!(case.stage, Stage::Delivered);
    assert_eq!(case.delivery.as_ref().unwrap().method, DeliveryKind::Window);
}

#[test]
fn a_deadline_that_moved_is_reminded_of_anew() {
    let (matter, mut world, passes) = of("construction-permit");
    world.apply(&matter, &passes, 1, &[]).unwrap();
    step(&mut world, &matter, &passes, "accept", CLERK, "accepted");
    let round = |world: &World| {
        let case = world.case(1);
        kernel::case::view_clock(&case.clocks, case.stage, &CATALOG.calendar, world.today).unwrap().round
    };
    let before = round(&world);
    let extend = CaseCommand::Extend { reason: "案情复杂".to_owned() };
    world.on(&matter, &passes, 1, &officer(DIRECTOR), extend).unwrap();
    assert_eq!(round(&world), before + 1);
    let taken_back = CaseCommand::Withdraw { reason: None };
    world.on(&matter, &passes, 1, &applicant(), taken_back).unwrap();
    assert_eq!(world.case(1).applicant.account, Some(account(OWNER)));
}

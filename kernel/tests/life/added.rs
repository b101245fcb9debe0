//! A countersigner added by whoever works on a step (加签), and taken back.

use std::sync::Arc;

use base::id::PostId;
use kernel::Refusal;
use kernel::case::{ADDED_FROM, CaseCommand, Complete, Officer};
use kernel::catalog::matter::TaskKind;
use kernel::catalog::{Example, Matter};

use super::world::{
    CATALOG, CLERK, COUNTERSIGNERS, HEAD, LEADER, REVIEWER, World, account, applicant, example, officer, outcome,
};

fn accepted() -> (World, Arc<Matter>, Example) {
    let matter = Arc::clone(CATALOG.matter("construction-permit").unwrap());
    let example = example(&matter, "pass").clone();
    let mut world = World::new("2025-09-25".parse().unwrap(), &example);
    world.apply(&matter, &example, 1, &[]).unwrap();
    let task = world.task(1, "accept");
    world.on(&matter, &example, 1, &officer(CLERK), outcome(task, "accepted")).unwrap();
    (world, matter, example)
}

fn add(task: u32, n: u8) -> CaseCommand {
    let to = Officer { account: account(n), post: PostId::from_uuid(uuid::Uuid::from_bytes([n; 16])) };
    CaseCommand::AddCountersigner { task, to, question: Some("深基坑方案是否可行？".to_owned()) }
}

#[test]
fn the_step_waits_for_the_opinion_that_it_asked_for() {
    let (mut world, matter, example) = accepted();
    let by = |world: &mut World, n: u8, command| world.on(&matter, &example, 1, &officer(n), command).map(|_| ());
    let review = world.task(1, "review");
    let asked = COUNTERSIGNERS[0];
    assert!(by(&mut world, HEAD, add(review, asked)).is_err(), "only whoever works on the step");
    for (n, refusal) in [
        (REVIEWER, Refusal::CountersignerNotAllowed),
        (CLERK, Refusal::Forbidden { action: "task.countersign".to_owned() }),
        (99, Refusal::NotFound),
    ] {
        assert_eq!(by(&mut world, REVIEWER, add(review, n)).unwrap_err(), refusal, "{n}");
    }
    by(&mut world, REVIEWER, add(review, asked)).unwrap();
    assert_eq!(by(&mut world, REVIEWER, add(review, asked)).unwrap_err(), Refusal::CountersignerNotAllowed, "once");
    by(&mut world, REVIEWER, add(review, HEAD)).unwrap();
    let open = world.case(1).tasks.clone();
    assert_eq!(open.keys().copied().collect::<Vec<_>>(), [review, ADDED_FROM, ADDED_FROM + 1]);
    assert_eq!((open[&ADDED_FROM].kind, open[&ADDED_FROM].asked_for), (TaskKind::Countersign, Some(review)));

    let early = by(&mut world, REVIEWER, outcome(review, "agree")).unwrap_err();
    assert_eq!(early, Refusal::CountersignPending);
    assert_eq!(by(&mut world, HEAD, outcome(ADDED_FROM, "agree")).unwrap_err(), Refusal::TaskTaken);
    let bare = Complete { task: ADDED_FROM, outcome: "disagree".to_owned(), ..Complete::default() };
    let bare = by(&mut world, asked, CaseCommand::Complete(Box::new(bare))).unwrap_err();
    assert_eq!(bare, Refusal::ReasonMissing);
    assert!(matches!(by(&mut world, asked, outcome(ADDED_FROM, "grant")), Err(Refusal::UnknownOutcome { .. })));
    by(&mut world, asked, outcome(ADDED_FROM, "disagree")).unwrap();
    // The other one is taken back by whoever asked.
    let stranger = by(&mut world, HEAD, CaseCommand::DropCountersigner { task: ADDED_FROM + 1 });
    assert!(stranger.is_err());
    by(&mut world, REVIEWER, CaseCommand::DropCountersigner { task: ADDED_FROM + 1 }).unwrap();
    by(&mut world, REVIEWER, outcome(review, "agree")).unwrap();
    let done: Vec<(u32, TaskKind)> = world.case(1).done.iter().map(|done| (done.instance, done.kind)).collect();
    assert_eq!(done[1..], [(ADDED_FROM, TaskKind::Countersign), (review, TaskKind::Review)]);
    // Who countersigned does not decide; who was asked and did not answer is free.
    let head = world.task(1, "head");
    by(&mut world, HEAD, outcome(head, "agree")).unwrap();
    let decide = world.task(1, "decide");
    by(&mut world, LEADER, outcome(decide, "grant")).unwrap();
}

#[test]
fn an_added_task_goes_with_the_step_that_asked() {
    let (mut world, matter, example) = accepted();
    let review = world.task(1, "review");
    world.on(&matter, &example, 1, &officer(REVIEWER), add(review, COUNTERSIGNERS[0])).unwrap();
    world.on(&matter, &example, 1, &applicant(), CaseCommand::Withdraw { reason: None }).unwrap();
    assert!(world.case(1).tasks.is_empty(), "{:?}", world.case(1).tasks);
}

#[test]
fn nobody_is_asked_before_acceptance() {
    let matter = Arc::clone(CATALOG.matter("construction-permit").unwrap());
    let example = example(&matter, "pass").clone();
    let mut world = World::new("2025-09-25".parse().unwrap(), &example);
    world.apply(&matter, &example, 1, &[]).unwrap();
    let accept = world.task(1, "accept");
    let refused = world.on(&matter, &example, 1, &officer(CLERK), add(accept, COUNTERSIGNERS[0])).unwrap_err();
    assert_eq!(refused, Refusal::CountersignerNotAllowed);
}

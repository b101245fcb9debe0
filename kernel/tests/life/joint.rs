//! Joint handling (行政许可法 arts. 26(2), 42(2)): one department receives, another gives its opinion in the same case, the government extends.

use std::sync::Arc;

use base::deadline::Limit;
use kernel::Refusal;
use kernel::case::{CaseCommand, Officer, Stage};
use kernel::catalog::{Example, Matter};
use kernel::project;

use super::world::{
    CATALOG, CLERK, COUNTERSIGNERS, HEAD, JOINT, JOINT_HEAD, LEADER, MAYOR, REVIEWER, SECOND_REVIEWER, World, account,
    example, officer, outcome,
};

/// A road excavation, accepted on Thursday 5 November 2026.
struct Road {
    world: World,
    matter: Arc<Matter>,
    example: Example,
}

impl Road {
    fn accepted() -> Self {
        let matter = Arc::clone(CATALOG.matter("road-excavation").unwrap());
        let example = example(&matter, "/pass").clone();
        let mut world = World::new(example.on, &example);
        world.apply(&matter, &example, 1, &[]).unwrap();
        let mut road = Self { world, matter, example };
        road.done("accept", CLERK, "accepted").unwrap();
        road
    }

    fn by(&mut self, n: u8, command: CaseCommand) -> Result<(), Refusal> {
        self.world.on(&self.matter, &self.example, 1, &officer(n), command).map(|_| ())
    }

    fn done(&mut self, element: &str, by: u8, word: &str) -> Result<(), Refusal> {
        let task = self.world.task(1, element);
        self.by(by, outcome(task, word))
    }
}

fn forbidden(result: &Result<(), Refusal>) -> bool {
    matches!(result, Err(Refusal::Forbidden { .. }))
}

#[test]
fn article_26_another_department_gives_its_opinion_in_the_same_case() {
    let mut road = Road::accepted();
    let case = road.world.case(1);
    let traffic = case.tasks.values().find(|task| task.element == "traffic").unwrap();
    let police = traffic.organisation.clone().unwrap();
    assert_eq!(police, format!("{}-jg", case.region));
    assert_eq!(case.organisations().into_iter().collect::<Vec<_>>(), [police.as_str(), case.organisation.as_str()]);
    // It lies in that department's inbox and in no other.
    let rows = project(&kernel::StreamId::case(case.id), &kernel::State::Case(Box::new(case.clone()))).tasks;
    let of_police: Vec<&str> =
        rows.iter().filter(|row| row.organisation == police).map(|row| row.element.as_str()).collect();
    assert_eq!(of_police, ["traffic"]);

    // The handling department cannot speak for it, nor it for them.
    assert!(forbidden(&road.done("traffic", COUNTERSIGNERS[0], "agree")));
    assert!(forbidden(&road.done("countersign", JOINT, "agree")));
    // Its head gives the task to somebody of its own; the head here cannot.
    let task = road.world.task(1, "traffic");
    let to = Officer { account: account(JOINT), post: base::id::PostId::from_uuid(account(JOINT).uuid()) };
    let give = |to: &Officer| CaseCommand::Assign { task, to: to.clone(), note: None };
    assert!(forbidden(&road.by(HEAD, give(&to))));
    road.by(JOINT_HEAD, give(&to)).unwrap();
    road.done("traffic", JOINT, "agree").unwrap();
    let police_did =
        road.world.case(1).done.iter().find(|done| done.element == "traffic").unwrap().organisation.clone();
    assert_eq!(police_did, Some(police.clone()));
    assert!(road.world.case(1).organisations().contains(police.as_str()), "it goes on seeing what it had a part in");
}

#[test]
fn article_42_2_joint_handling_has_forty_five_working_days_and_the_government_extends_it_by_fifteen() {
    let mut road = Road::accepted();
    let limits = road.world.case(1).limits(&road.matter).unwrap();
    assert_eq!(limits.statutory.limit, Limit::WorkingDays(45));
    let counted = |road: &Road| {
        let clocks = &road.world.case(1).clocks;
        CATALOG.calendar.working_days_between(clocks.counted_from.unwrap(), clocks.statutory.unwrap().on)
    };
    assert_eq!(counted(&road), 45);
    let extend = || CaseCommand::Extend { reason: "道路下管线复杂，需要补充交通组织论证".to_owned() };
    // Neither the heads of the departments nor a government of another level.
    assert!(forbidden(&road.by(LEADER, extend())));
    assert!(forbidden(&road.by(JOINT_HEAD, extend())));
    road.by(MAYOR, extend()).unwrap();
    assert_eq!(counted(&road), 60);
    assert_eq!(road.by(MAYOR, extend()), Err(Refusal::ExtendedAlready));
}

#[test]
fn a_joint_case_is_decided_when_every_department_has_spoken() {
    let mut road = Road::accepted();
    road.done("site_check", REVIEWER, "as_stated").unwrap();
    road.done("site_check", SECOND_REVIEWER, "as_stated").unwrap();
    road.done("countersign", COUNTERSIGNERS[0], "agree").unwrap();
    assert!(!road.world.case(1).tasks.values().any(|task| task.element == "review"), "the police have not spoken");
    road.done("traffic", JOINT, "agree").unwrap();
    road.done("review", REVIEWER, "agree").unwrap();
    road.done("head", HEAD, "agree").unwrap();
    assert_eq!(road.world.case(1).incidents, []);
    road.done("decide", LEADER, "grant").unwrap();
    assert_eq!(road.world.case(1).stage, Stage::Granted);
}

//! Notified commitment (优化营商环境条例 19; 国办发〔2020〕42号): granted on the applicant's word, checked afterwards.

use std::sync::Arc;

use base::deadline::Light;
use kernel::Refusal;
use kernel::case::{Case, CaseCommand, ClockRule, Complete, Stage, view_clock};
use kernel::catalog::matter::NoticeKind;
use kernel::catalog::{Example, Matter};
use kernel::reminder::{Recipients, owed};

use super::world::{CATALOG, CLERK, LEADER, REVIEWER, World, account, example, officer, outcome};

struct Desk {
    world: World,
    matter: Arc<Matter>,
    example: Example,
}

impl Desk {
    fn received(name: &str) -> Self {
        let matter = Arc::clone(CATALOG.matter("drainage-permit").unwrap());
        let example = example(&matter, name).clone();
        let mut world = World::new(example.on, &example);
        world.apply(&matter, &example, 1, &[]).unwrap();
        Self { world, matter, example }
    }

    fn granted() -> Self {
        let mut desk = Self::received("/commitment");
        desk.done("accept", CLERK, "accepted").unwrap();
        desk.done("commitment_review", REVIEWER, "agree").unwrap();
        desk.done("decide", LEADER, "grant").unwrap();
        desk
    }

    fn by(&mut self, n: u8, command: CaseCommand) -> Result<(), Refusal> {
        self.world.on(&self.matter, &self.example, 1, &officer(n), command).map(|_| ())
    }

    fn done(&mut self, element: &str, by: u8, word: &str) -> Result<(), Refusal> {
        let task = self.world.task(1, element);
        self.by(by, outcome(task, word))
    }

    fn case(&self) -> &Case {
        self.world.case(1)
    }

    fn issued(&self, kind: NoticeKind) -> usize {
        self.case().notices.iter().filter(|notice| notice.kind == kind).count()
    }

    fn clock(&self) -> Option<(ClockRule, Light)> {
        let case = self.case();
        let view = view_clock(&case.clocks, case.stage, &CATALOG.calendar, self.world.today)?;
        Some((view.rule, view.light))
    }
}

#[test]
fn the_letter_comes_with_the_receipt_of_who_chose_it_and_of_nobody_else() {
    assert_eq!(Desk::received("/commitment").issued(NoticeKind::Commitment), 1);
    assert_eq!(Desk::received("/pass").issued(NoticeKind::Commitment), 0);
}

#[test]
fn with_the_grant_a_limit_to_check_begins_that_has_its_own_light_and_reminders() {
    let mut desk = Desk::granted();
    let case = desk.case();
    assert_eq!((case.stage, case.incidents.len()), (Stage::Granted, 0));
    let due = case.clocks.check_by.unwrap();
    assert_eq!(due.on, desk.world.today.checked_add(jiff::Span::new().months(2)).unwrap());
    assert_eq!(desk.clock(), Some((ClockRule::LaterCheck, Light::Green)));
    desk.world.today = due.red_on;
    assert_eq!(desk.clock(), Some((ClockRule::LaterCheck, Light::Red)));
    let recipients = Recipients { handlers: [account(REVIEWER)].into(), ..Recipients::default() };
    let owed = owed(desk.case(), &CATALOG.calendar, &CATALOG.limits, desk.world.today, &recipients);
    let named: Vec<(&str, &str)> = owed.iter().map(|owed| (owed.rule.as_str(), owed.stage.as_str())).collect();
    assert_eq!(named, [("later-check", "red"), ("later-check", "yellow")]);
}

#[test]
fn what_the_check_finds_is_told_and_ends_the_clock() {
    let mut desk = Desk::granted();
    desk.done("later_check", REVIEWER, "kept").unwrap();
    assert!(desk.case().commitment.as_ref().unwrap().kept);
    assert_eq!((desk.clock(), desk.issued(NoticeKind::CommitmentCheck)), (None, 1));
}

#[test]
fn a_broken_commitment_is_said_with_reasons_and_its_article_and_the_licence_stands_until_it_is_revoked() {
    let mut desk = Desk::granted();
    let task = desk.world.task(1, "later_check");
    let broken = |opinion: Option<&str>, article: Option<&str>| {
        let (opinion, article) = (opinion.map(str::to_owned), article.map(str::to_owned));
        let complete = Complete { task, outcome: "broken".to_owned(), opinion, article, items: Vec::new() };
        CaseCommand::Complete(Box::new(complete))
    };
    assert_eq!(desk.by(REVIEWER, broken(None, Some("行政许可法 69(2)"))), Err(Refusal::ReasonMissing));
    assert_eq!(desk.by(REVIEWER, broken(Some("没有隔油池"), None)), Err(Refusal::ArticleMissing));
    desk.by(REVIEWER, broken(Some("没有隔油池"), Some("行政许可法 69(2)"))).unwrap();
    let checked = desk.case().commitment.clone().unwrap();
    assert!(!checked.kept && checked.findings.is_some());
    assert_eq!((desk.clock(), desk.case().stage), (None, Stage::Granted));
    assert!(desk.case().result.is_some(), "the holder is heard before it is taken");
}

//! Review below, decision above (行政许可法 arts. 35, 43): the city reviews, the province decides.

use std::sync::Arc;

use jiff::civil::Date;
use kernel::Refusal;
use kernel::case::{Case, CaseCommand, Stage};
use kernel::catalog::matter::NoticeKind;
use kernel::catalog::{Example, Matter};
use kernel::change::Job;
use kernel::message::Occasion;

use super::world::{CATALOG, CLERK, HEAD, LEADER, REVIEWER, World, example, officer, outcome};

/// Numbers of the city's people and of the province's.
const CITY: u8 = 100;
const PROVINCE: u8 = 150;

struct Desk {
    world: World,
    matter: Arc<Matter>,
    example: Example,
}

impl Desk {
    /// A developer's qualification, accepted by the city.
    fn accepted() -> Self {
        let matter = Arc::clone(CATALOG.matter("developer-qualification").unwrap());
        let example = example(&matter, "/pass").clone();
        let mut world = World::new(example.on, &example);
        world.handling = "130100-zjj";
        world.put_bureau(CITY, "130100-zjj");
        world.put_bureau(PROVINCE, "130000-zjt");
        world.apply(&matter, &example, 1, &[]).unwrap();
        let mut desk = Self { world, matter, example };
        desk.done("accept", CITY + CLERK, "accepted").unwrap();
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

    /// Working days from the day that counts to the end by law.
    fn counted(&self) -> i32 {
        let clocks = &self.case().clocks;
        CATALOG.calendar.working_days_between(clocks.counted_from.unwrap(), clocks.statutory.unwrap().on)
    }

    fn forwarded(mut self, after: u32) -> Self {
        self.world.today = CATALOG.calendar.add_working_days(self.world.today, after);
        self.done("city_review", CITY + REVIEWER, "agree").unwrap();
        self.done("city_head", CITY + HEAD, "agree").unwrap();
        self
    }
}

#[test]
fn article_43_the_lower_level_has_twenty_working_days_and_no_extension() {
    let mut desk = Desk::accepted();
    assert_eq!(desk.counted(), 20);
    assert_eq!(
        desk.by(CITY + LEADER, CaseCommand::Extend { reason: "人手不足".to_owned() }),
        Err(Refusal::ExtensionNotAllowed)
    );
    // Who decides above has no part in it yet.
    let early = desk.done("city_review", PROVINCE + REVIEWER, "agree");
    assert!(matches!(early, Err(Refusal::Forbidden { .. })), "{early:?}");
}

#[test]
fn article_35_opinion_and_materials_go_straight_to_the_level_that_decides() {
    let desk = Desk::accepted().forwarded(6);
    let (case, today) = (desk.case(), desk.world.today);
    assert_eq!((case.organisation.as_str(), case.region.as_str()), ("130000-zjt", "130000"));
    assert_eq!(case.stage, Stage::Accepted);
    // Its limits count anew, from the day on which it came.
    assert_eq!(case.clocks.counted_from, Some(today));
    assert_eq!(desk.counted(), 20);
    assert_eq!(case.clocks.moved, 1, "another deadline, reminded of anew");
    // The paper is the city's, whoever handles the case now; so are all before it.
    let paper = case.notices.iter().find(|notice| notice.kind == NoticeKind::Forwarding).unwrap();
    assert_eq!(paper.issuer.as_deref(), Some("130100-zjj"));
    assert!(paper.number.starts_with("石建报"), "{}", paper.number);
    let issuers: Vec<_> = case.notices.iter().map(|notice| notice.issuer.as_deref()).collect();
    assert!(issuers.iter().all(|issuer| *issuer == Some("130100-zjj")), "{issuers:?}");
    assert_eq!(
        case.forwarded.as_ref().unwrap().steps,
        3,
        "acceptance, review, check: later opinions are not on the paper"
    );
    // The applicant is told.
    let told =
        desk.world.outbox.iter().any(|job| matches!(job, Job::Message(told) if told.occasion == Occasion::Forwarded));
    assert!(told);
    assert_eq!(case.organisations().into_iter().collect::<Vec<_>>(), ["130000-zjt", "130100-zjj"]);
}

#[test]
fn the_level_above_handles_extends_and_decides_as_if_it_had_come_there() {
    let mut desk = Desk::accepted().forwarded(2);
    let late = desk.done("province_review", CITY + REVIEWER, "agree");
    assert!(matches!(late, Err(Refusal::Forbidden { .. })), "{late:?}");
    desk.by(PROVINCE + LEADER, CaseCommand::Extend { reason: "需要核查业绩".to_owned() }).unwrap();
    assert_eq!(desk.counted(), 30);
    desk.done("province_review", PROVINCE + REVIEWER, "agree").unwrap();
    desk.done("province_head", PROVINCE + HEAD, "agree").unwrap();
    desk.done("decide", PROVINCE + LEADER, "grant").unwrap();
    let case = desk.case();
    assert_eq!((case.stage, case.incidents.len()), (Stage::Granted, 0));
    let grant = case.notices.iter().find(|notice| notice.kind == NoticeKind::Grant).unwrap();
    assert!(grant.issuer.is_none() && grant.number.starts_with("冀建许"), "{grant:?}");
}

#[test]
fn a_red_light_below_is_no_red_light_above() {
    let late = Desk::accepted().forwarded(25);
    let due: Date = late.case().clocks.statutory.unwrap().on;
    assert!(due > late.world.today);
}

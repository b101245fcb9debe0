//! Hearings, article by article (行政许可法 arts. 45–48).

use std::sync::Arc;

use base::deadline::{Light, PauseKind};
use base::id::PostId;
use jiff::civil::Date;
use kernel::Refusal;
use kernel::case::{Appointment, CaseCommand, ClockRule, Officer, Stage, view_clock};
use kernel::catalog::matter::{NoticeKind, TaskKind};
use kernel::catalog::{Example, Matter};

use super::world::{
    CATALOG, CLERK, COUNTERSIGNERS, HEAD, LEADER, OWNER, REVIEWER, World, account, applicant, example, officer, outcome,
};

const HOST: u8 = COUNTERSIGNERS[0];

/// A construction permit, accepted on Thursday 25 September 2025: its seven working days end on Saturday 11 October,
/// which works for the holidays.
struct Room {
    world: World,
    matter: Arc<Matter>,
    example: Example,
}

impl Room {
    fn accepted() -> Self {
        let matter = Arc::clone(CATALOG.matter("construction-permit").unwrap());
        let example = example(&matter, "pass").clone();
        let mut world = World::new("2025-09-25".parse().unwrap(), &example);
        world.apply(&matter, &example, 1, &[]).unwrap();
        let mut room = Self { world, matter, example };
        room.done("accept", CLERK, "accepted");
        room
    }

    fn on(&mut self, actor: &journal::Actor, command: CaseCommand) -> Result<(), Refusal> {
        self.world.on(&self.matter, &self.example, 1, actor, command).map(|_| ())
    }

    fn by(&mut self, n: u8, command: CaseCommand) -> Result<(), Refusal> {
        self.on(&officer(n), command)
    }

    fn done(&mut self, element: &str, by: u8, word: &str) {
        let task = self.world.task(1, element);
        self.by(by, outcome(task, word)).unwrap();
    }

    fn today(&mut self, day: &str) {
        self.world.today = day.parse().unwrap();
    }

    fn decide(&mut self) -> Result<(), Refusal> {
        let task = self.world.task(1, "decide");
        self.by(LEADER, outcome(task, "grant"))
    }

    fn due(&self) -> String {
        self.world.case(1).clocks.statutory.unwrap().on.to_string()
    }

    fn clock(&self) -> (ClockRule, Light) {
        let case = self.world.case(1);
        let view = view_clock(&case.clocks, case.stage, &CATALOG.calendar, self.world.today).unwrap();
        (view.rule, view.light)
    }

    fn issued(&self, kind: NoticeKind) -> usize {
        self.world.case(1).notices.iter().filter(|notice| notice.kind == kind).count()
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn offer() -> CaseCommand {
    CaseCommand::OfferHearing { interested: Some("相邻小区业主".to_owned()) }
}

fn request(party: Option<&str>) -> CaseCommand {
    CaseCommand::RequestHearing { party: party.map(str::to_owned) }
}

fn decline(party: Option<&str>) -> CaseCommand {
    CaseCommand::DeclineHearing { party: party.map(str::to_owned) }
}

fn appoint(host: u8, on: &str) -> CaseCommand {
    let host = Officer { account: account(host), post: PostId::from_uuid(uuid::Uuid::from_bytes([host; 16])) };
    let at = base::time::instant(day(on).at(9, 0, 0, 0)).unwrap();
    CaseCommand::AppointHearing(Appointment { host, at, place: "三楼听证室".to_owned() })
}

fn hold() -> CaseCommand {
    CaseCommand::HoldHearing { minutes: "双方对方案修改无异议".to_owned() }
}

#[test]
fn article_47_who_is_told_has_five_days_to_ask_and_the_decision_waits_for_them() {
    let mut room = Room::accepted();
    room.done("review", REVIEWER, "agree");
    room.done("head", HEAD, "agree");
    assert_eq!(room.by(CLERK, offer()).unwrap_err(), Refusal::Forbidden { action: "case.hearing".to_owned() });
    room.by(REVIEWER, offer()).unwrap();
    assert_eq!(room.issued(NoticeKind::HearingRight), 1);
    assert_eq!(room.by(REVIEWER, offer()).unwrap_err(), Refusal::HearingStep, "once");
    // 26, 28, 29, 30 September (Sunday the 28th works for the holidays) and 9 October.
    let last = day("2025-10-09");
    assert_eq!(room.decide().unwrap_err(), Refusal::HearingPending { until: Some(last) });
    let early = room.by(REVIEWER, appoint(HOST, "2025-10-20")).unwrap_err();
    assert_eq!(early, Refusal::HearingPending { until: Some(last) }, "who was told is let ask first");
    room.today("2025-10-10");
    let late = room.on(&applicant(), request(None)).unwrap_err();
    assert_eq!(late, Refusal::HearingRequestEnded { on: last });
    assert_eq!(room.due(), "2025-10-11", "the days to ask are not those of article 45");
    room.decide().unwrap();
    assert_eq!(room.world.case(1).stage, Stage::Granted);
}

#[test]
fn article_48_told_seven_days_before_held_within_twenty_and_the_decision_rests_on_the_minutes() {
    let mut room = Room::accepted();
    room.by(REVIEWER, offer()).unwrap();
    room.today("2025-09-26");
    room.on(&applicant(), request(None)).unwrap();
    assert_eq!(room.clock(), (ClockRule::Hearing, Light::Green), "its own limit counts down");
    let hold_by = room.world.case(1).clocks.hearing.unwrap();
    assert_eq!(hold_by.on, day("2025-10-30"), "20 working days from the request");
    // Seven working days: 28, 29, 30 September, 9, 10, 11, 13 October.
    let too_soon = room.by(REVIEWER, appoint(HOST, "2025-10-12")).unwrap_err();
    assert_eq!(too_soon, Refusal::DayBefore { earliest: day("2025-10-13") });
    let too_late = room.by(REVIEWER, appoint(HOST, "2025-10-31")).unwrap_err();
    assert_eq!(too_late, Refusal::DayAfter { latest: day("2025-10-30") });
    room.by(REVIEWER, appoint(HOST, "2025-10-14")).unwrap();
    assert_eq!(room.issued(NoticeKind::Hearing), 1);
    assert_eq!(room.world.case(1).clocks.paused(), Some(PauseKind::Hearing));
    room.done("review", REVIEWER, "agree");
    room.done("head", HEAD, "agree");
    assert_eq!(room.decide().unwrap_err(), Refusal::HearingPending { until: None });
    let resume = CaseCommand::Resume { until: day("2025-09-26") };
    assert_eq!(room.by(REVIEWER, resume).unwrap_err(), Refusal::HearingPending { until: None });
    assert_eq!(room.by(HOST, hold()).unwrap_err(), Refusal::NotYet { on: day("2025-10-14") });
    room.today("2025-10-14");
    assert_eq!(room.by(REVIEWER, hold()).unwrap_err(), Refusal::NotHost);
    room.by(HOST, hold()).unwrap();
    assert_eq!(room.issued(NoticeKind::HearingMinutes), 1);
    // Every day from 26 September to 14 October is out of the count: seven working days from the 15th on.
    assert_eq!((room.due(), room.clock().0), ("2025-10-23".to_owned(), ClockRule::Decision));
    room.decide().unwrap();
}

#[test]
fn article_48_the_host_has_no_part_in_the_examination() {
    let mut room = Room::accepted();
    room.done("review", REVIEWER, "countersign");
    // Of the authority's own accord (art. 46): nobody was asked.
    let reviewed = room.by(HEAD, appoint(REVIEWER, "2025-10-20")).unwrap_err();
    assert_eq!(reviewed, Refusal::DutiesSeparated { did: TaskKind::Review, now: TaskKind::Hearing });
    let clerk = room.by(HEAD, appoint(CLERK, "2025-10-20")).unwrap_err();
    assert_eq!(clerk, Refusal::Forbidden { action: "task.hearing".to_owned() });
    let nobody = room.by(HEAD, appoint(99, "2025-10-20")).unwrap_err();
    assert_eq!(nobody, Refusal::NotFound);
    room.by(HEAD, appoint(HOST, "2025-10-20")).unwrap();
    let task = room.world.task(1, "countersign");
    let presides = room.by(HOST, outcome(task, "agree")).unwrap_err();
    assert_eq!(presides, Refusal::DutiesSeparated { did: TaskKind::Hearing, now: TaskKind::Countersign });
    assert_eq!(
        room.by(HEAD, decline(Some("申请人"))).unwrap_err(),
        Refusal::HearingStep,
        "the public's, not a party's"
    );
    // Appointed anew, it is under another and told again; the pause goes on.
    room.by(HEAD, appoint(COUNTERSIGNERS[1], "2025-10-21")).unwrap();
    assert_eq!((room.issued(NoticeKind::Hearing), room.world.case(1).clocks.pauses.len()), (2, 1));
    room.by(HOST, outcome(task, "agree")).unwrap();
}

#[test]
fn a_party_is_named_when_an_officer_records_its_word_and_taking_it_back_lets_the_clock_run() {
    let mut room = Room::accepted();
    room.by(REVIEWER, offer()).unwrap();
    assert_eq!(room.by(REVIEWER, request(None)).unwrap_err(), Refusal::PartyMissing);
    room.by(REVIEWER, request(Some("相邻小区业主委员会"))).unwrap();
    assert_eq!(room.on(&applicant(), request(None)).unwrap_err(), Refusal::HearingStep, "one hearing");
    room.by(REVIEWER, appoint(HOST, "2025-10-20")).unwrap();
    let online = room.on(&applicant(), decline(None)).unwrap_err();
    assert_eq!(online, Refusal::HearingStep, "what is appointed is taken back before an officer");
    room.today("2025-09-29");
    room.by(REVIEWER, decline(Some("相邻小区业主委员会"))).unwrap();
    let case = room.world.case(1);
    assert_eq!((case.clocks.paused(), case.clocks.hearing), (None, None));
    // 26, 28 and 29 September are out of the count: seven days from the 30th on.
    assert_eq!(room.due(), "2025-10-15");
    assert_eq!(room.by(REVIEWER, offer()).unwrap_err(), Refusal::HearingStep);
    room.done("review", REVIEWER, "countersign");
    let task = room.world.task(1, "countersign");
    room.by(HOST, outcome(task, "agree")).expect("who presided over nothing may countersign");
}

#[test]
fn a_hearing_is_for_licences_between_acceptance_and_decision() {
    let filing = Arc::clone(CATALOG.matter("completion-filing").unwrap());
    let passes = example(&filing, "pass").clone();
    let mut world = World::new(passes.on, &passes);
    world.apply(&filing, &passes, 1, &[]).unwrap();
    let refused = world.on(&filing, &passes, 1, &officer(REVIEWER), offer()).unwrap_err();
    assert_eq!(refused, Refusal::HearingNotAllowed);
    let mut room = Room::accepted();
    assert_eq!(room.on(&applicant(), request(None)).unwrap_err(), Refusal::HearingStep, "nothing was offered");
    let pause = CaseCommand::Pause { kind: PauseKind::Hearing, from: day("2025-09-25"), expected_days: 5 };
    assert_eq!(room.by(REVIEWER, pause).unwrap_err(), Refusal::PauseNotAllowed, "its appointment stops the clock");
    assert_eq!(room.world.case(1).applicant.account, Some(account(OWNER)));
    room.on(&applicant(), CaseCommand::Withdraw { reason: None }).unwrap();
    assert!(matches!(room.by(REVIEWER, offer()).unwrap_err(), Refusal::WrongStage { stage: Stage::Withdrawn }));
}

//! A year's notice is loaded: what may be loaded by whom, and which announced deadlines move.

use std::sync::Arc;

use base::calendar::Calendar;
use base::deadline::PauseKind;
use base::id::{PostId, SubjectId};
use base::notice::Notice;
use jiff::civil::{Date, date};
use journal::Actor;
use kernel::case::{Case, CaseCommand, Complete, Due, Stage, rederived, view_clock};
use kernel::catalog::{Example, Matter};
use kernel::directory::{Account, AccountKind, DirectoryCommand, LoadCalendar, NoticeSource, Post};
use kernel::reminder::{Recipients, owed};
use kernel::sealed::Secret;
use kernel::{Command, Decision, Event, Refusal, State, StreamId};
use proptest::prelude::*;

use super::world::{
    CATALOG, CLERK, DIRECTOR, HEAD, LEADER, REVIEWER, World, account, applicant, case_id, example, officer, outcome,
    system,
};

/// Invented: no notice for 2027 was known when this was written.
const THREE_DAYS: &str = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,holiday,元旦\n2027-01-03,holiday,元旦\n";
/// The same put right: Saturday is worked.
const SATURDAY_WORKED: &str = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-02,workday,元旦\n";
/// Moves nothing before March.
const SPRING_ONLY: &str = "date,kind,name\n2027-03-01,holiday,春节\n";

fn permit() -> Arc<Matter> {
    Arc::clone(CATALOG.matter("construction-permit").unwrap())
}

fn read(text: &str) -> Notice {
    Notice::parse(text, 2027).unwrap()
}

fn with(text: &str) -> Calendar {
    CATALOG.calendar.with_notice(2027, read(text).days())
}

/// A permit application received on a day.
fn received(on: Date, without: &[&str]) -> (World, Arc<Matter>, Example) {
    let matter = permit();
    let example = example(&matter, "pass").clone();
    let mut world = World::new(on, &example);
    world.apply(&matter, &example, 1, without).unwrap();
    (world, matter, example)
}

fn accepted(on: Date) -> (World, Arc<Matter>, Example) {
    let (mut world, matter, example) = received(on, &[]);
    step(&mut world, &matter, &example, "accept", CLERK, "accepted");
    (world, matter, example)
}

fn step(world: &mut World, matter: &Arc<Matter>, example: &Example, element: &str, by: u8, word: &str) {
    let task = world.task(1, element);
    world.on(matter, example, 1, &officer(by), outcome(task, word)).unwrap();
}

/// Counts the case again under a calendar; the days on which it may be asked for all clocks.
fn rederive(world: &mut World, matter: &Arc<Matter>, example: &Example, calendar: Calendar) -> Decision {
    world.catalog = Arc::new(CATALOG.with_calendar(calendar));
    world.on(matter, example, 1, &system(), CaseCommand::Rederive).unwrap()
}

fn dues(case: &Case) -> [Option<Date>; 3] {
    [case.clocks.accept_by, case.clocks.statutory, case.clocks.promised].map(|due| due.map(|due| due.on))
}

#[test]
fn dates_move_later_and_earlier_and_each_time_by_one_entry() {
    let (mut world, matter, example) = accepted(date(2026, 12, 29));
    let announced = dues(world.case(1));
    // Seven and three working days, counted Monday to Friday.
    assert_eq!(announced[1..], [Some(date(2027, 1, 7)), Some(date(2027, 1, 1))]);
    assert!(world.case(1).clocks.promised.unwrap().is_provisional(&CATALOG.calendar));
    for (text, statutory, promised) in [
        (THREE_DAYS, date(2027, 1, 8), date(2027, 1, 4)),
        (SATURDAY_WORKED, date(2027, 1, 7), date(2027, 1, 2)),
        (THREE_DAYS, date(2027, 1, 8), date(2027, 1, 4)),
    ] {
        let (calendar, entries) = (with(text), world.entries.len());
        let version = calendar.version().to_owned();
        let decision = rederive(&mut world, &matter, &example, calendar.clone());
        assert_eq!(decision.reply["moved"], true);
        let [(_, Event::DueRederived(event))] = &world.entries[entries..] else { panic!("one entry") };
        assert_eq!(event.calendar, version);
        assert_eq!(dues(world.case(1)), [announced[0], Some(statutory), Some(promised)]);
        assert!(!world.case(1).clocks.promised.unwrap().is_provisional(&calendar), "firm with the notice");
        let again = rederive(&mut world, &matter, &example, calendar);
        assert_eq!((again.streams.len(), world.entries.len()), (0, entries + 1), "asked again, nothing moves");
    }
}

#[test]
fn a_date_that_stays_gets_no_entry_and_is_firm_all_the_same() {
    let (mut world, matter, example) = accepted(date(2026, 12, 29));
    let (before, entries, calendar) = (world.case(1).clone(), world.entries.len(), with(SPRING_ONLY));
    let decision = rederive(&mut world, &matter, &example, calendar.clone());
    assert_eq!((decision.streams, world.entries.len()), (Vec::new(), entries));
    assert_eq!(*world.case(1), before);
    let shown =
        |calendar: &Calendar| view_clock(&before.clocks, before.stage, calendar, world.today).unwrap().provisional;
    assert!(shown(&CATALOG.calendar) && !shown(&calendar));
    // One that never rested on the year has nothing to do with it.
    let (mut world, matter, example) = accepted(date(2026, 9, 1));
    assert!(!world.case(1).clocks.promised.unwrap().provisional);
    assert_eq!(rederive(&mut world, &matter, &example, with(THREE_DAYS)).streams, []);
}

#[test]
fn the_acceptance_check_moves_while_it_runs_and_never_after() {
    let (mut world, matter, example) = received(date(2026, 12, 28), &["contract"]);
    assert_eq!(dues(world.case(1))[0], Some(date(2027, 1, 4)));
    rederive(&mut world, &matter, &example, with(THREE_DAYS));
    assert_eq!(dues(world.case(1)), [Some(date(2027, 1, 5)), None, None]);
    // The applicant is asked: no clock runs.
    let task = world.task(1, "accept");
    let items = vec![("contract".to_owned(), "请补交".to_owned())];
    let asked = Complete { task, outcome: "supplement".to_owned(), items, ..Complete::default() };
    world.on(&matter, &example, 1, &officer(CLERK), CaseCommand::Complete(Box::new(asked))).unwrap();
    assert_eq!(world.case(1).stage, Stage::SupplementAsked);
    assert_eq!(rederive(&mut world, &matter, &example, with(SATURDAY_WORKED)).streams, []);
    assert_eq!(dues(world.case(1))[0], Some(date(2027, 1, 5)), "as it was announced");
}

#[test]
fn a_paused_case_is_counted_again_and_still_waits() {
    let (mut world, matter, example) = accepted(date(2026, 12, 29));
    let pause = CaseCommand::Pause { kind: PauseKind::ExpertReview, from: date(2026, 12, 30), expected_days: 5 };
    world.on(&matter, &example, 1, &officer(REVIEWER), pause).unwrap();
    rederive(&mut world, &matter, &example, with(THREE_DAYS));
    let case = world.case(1);
    assert_eq!(dues(case)[1..], [Some(date(2027, 1, 8)), Some(date(2027, 1, 4))]);
    assert_eq!(case.clocks.paused(), Some(PauseKind::ExpertReview));
    world.today = date(2027, 1, 4);
    let resume = CaseCommand::Resume { until: date(2027, 1, 4) };
    world.on(&matter, &example, 1, &officer(REVIEWER), resume).unwrap();
    // 30 and 31 December and 4 January are three working days out of the count.
    assert_eq!(dues(world.case(1))[1..], [Some(date(2027, 1, 13)), Some(date(2027, 1, 7))]);
}

#[test]
fn the_limit_to_hold_a_hearing_moves_with_the_others() {
    let (mut world, matter, example) = accepted(date(2026, 12, 18));
    world.on(&matter, &example, 1, &officer(REVIEWER), CaseCommand::OfferHearing { interested: None }).unwrap();
    world.on(&matter, &example, 1, &applicant(), CaseCommand::RequestHearing { party: None }).unwrap();
    let hold_by = |world: &World| world.case(1).clocks.hearing.unwrap().on;
    assert_eq!(hold_by(&world), date(2027, 1, 15), "twenty weekdays while nothing is known of 2027");
    rederive(&mut world, &matter, &example, with(THREE_DAYS));
    assert_eq!(hold_by(&world), date(2027, 1, 18), "1 January is a Friday");
}

#[test]
fn a_decided_case_is_left_alone() {
    let (mut world, matter, example) = accepted(date(2026, 12, 29));
    for (element, by, word) in [("review", REVIEWER, "agree"), ("head", HEAD, "agree"), ("decide", LEADER, "grant")] {
        step(&mut world, &matter, &example, element, by, word);
    }
    let before = world.case(1).clone();
    assert_eq!(before.stage, Stage::Granted);
    let calendar = with(THREE_DAYS);
    assert_eq!(rederived(&before, &matter, &CATALOG.limits, &calendar), Ok(None));
    world.catalog = Arc::new(CATALOG.with_calendar(calendar));
    let refused = world.on(&matter, &example, 1, &system(), CaseCommand::Rederive);
    assert_eq!(refused.unwrap_err(), Refusal::WrongStage { stage: Stage::Granted });
    assert_eq!(*world.case(1), before);
}

#[test]
fn no_person_asks_for_it_and_a_moved_deadline_is_reminded_of_anew() {
    let (mut world, matter, example) = accepted(date(2026, 12, 29));
    for actor in [officer(CLERK), officer(DIRECTOR), applicant()] {
        let refused = world.on(&matter, &example, 1, &actor, CaseCommand::Rederive);
        assert_eq!(refused.unwrap_err(), Refusal::Forbidden { action: "rederive".to_owned() });
    }
    let handlers = [account(REVIEWER)].into();
    let recipients = Recipients { handlers, ..Recipients::default() };
    let owed_on = |world: &World, day: Date| {
        let owed = owed(world.case(1), &world.catalog.calendar, &CATALOG.limits, day, &recipients);
        owed.into_iter().map(|reminder| (reminder.stage, reminder.n)).collect::<Vec<_>>()
    };
    assert_eq!(owed_on(&world, date(2026, 12, 31)), [("yellow".to_owned(), 1)]);
    rederive(&mut world, &matter, &example, with(THREE_DAYS));
    assert_eq!(owed_on(&world, date(2026, 12, 30)), []);
    assert_eq!(owed_on(&world, date(2027, 1, 4)), [("yellow".to_owned(), 2)], "of the new day");
}

fn source() -> NoticeSource {
    NoticeSource {
        title: "关于2027年部分节假日安排的通知".to_owned(),
        number: "国办发明电〔2026〕7号".to_owned(),
        issued_on: date(2026, 11, 4),
        source: "www.gov.cn".to_owned(),
    }
}

fn load(text: &str, reason: Option<&str>) -> LoadCalendar {
    LoadCalendar { notice: read(text), source: source(), reason: reason.map(str::to_owned) }
}

/// A world in which two administrators hold a post: of the province, and of the county.
fn administered() -> (World, Actor, Actor) {
    let (mut world, ..) = received(date(2026, 11, 25), &[]);
    for (n, region) in [(50, "130000"), (51, "130123")] {
        let seed = CATALOG.directory.organisations.iter().find(|seed| seed.region.as_str() == region).unwrap();
        let subject = SubjectId::from_uuid(uuid::Uuid::from_bytes([n; 16]));
        let name = Secret { subject, field: "name".to_owned(), salt: [n; 16], value: format!("person {n}") };
        let post = Post {
            id: PostId::from_uuid(uuid::Uuid::from_bytes([n; 16])),
            kind: "system-admin".to_owned(),
            organisation: seed.code.to_string(),
            region: seed.region,
            division: "information".to_owned(),
            valid_from: date(2020, 1, 1),
            valid_until: None,
        };
        let (represents, posts) = (Vec::new(), vec![post]);
        let (kind, name) = (AccountKind::Officer, name.commitment());
        let administrator =
            Account { id: account(n), kind, subject, name, represents, posts, disabled: false, contact: None };
        world.streams.insert(StreamId::account(administrator.id), (1, State::Account(administrator)));
    }
    (world, officer(50), officer(51))
}

fn submit(world: &mut World, actor: &Actor, load: LoadCalendar) -> Result<Decision, Refusal> {
    let matter = permit();
    let facts = world.organisation_facts(&matter, example(&matter, "pass"));
    let command = Command::Directory(DirectoryCommand::LoadCalendar(Box::new(load)));
    world.submit(&command, actor, facts)
}

#[test]
fn the_highest_administrator_loads_and_nobody_else() {
    let (mut world, province, county) = administered();
    for actor in [county, officer(DIRECTOR)] {
        let refused = submit(&mut world, &actor, load(THREE_DAYS, None));
        assert_eq!(refused.unwrap_err(), Refusal::Forbidden { action: "calendar.load".to_owned() });
    }
    assert!(submit(&mut world, &applicant(), load(THREE_DAYS, None)).is_err());
    submit(&mut world, &province, load(THREE_DAYS, Some("nothing is corrected yet"))).unwrap();
    let State::Node(settings) = &world.streams[&StreamId::node()].1 else { panic!("the node's settings") };
    let loaded = settings.loaded(2027).unwrap();
    assert_eq!((loaded.days.len(), &loaded.source, &loaded.reason, settings.loads), (3, &source(), &None, 1));
    assert_eq!(settings.calendar, with(THREE_DAYS).version());
    assert_eq!(settings.calendar_over(&CATALOG.calendar).version(), with(THREE_DAYS).version());
}

#[test]
fn a_loaded_year_is_loaded_again_only_with_other_days_and_a_reason() {
    let (mut world, province, _) = administered();
    let mut ask = |text: &str, reason: Option<&str>| submit(&mut world, &province, load(text, reason)).map(|_| ());
    assert_eq!(ask(THREE_DAYS, None), Ok(()));
    assert_eq!(ask(THREE_DAYS, Some("again")), Err(Refusal::CalendarUnchanged));
    assert_eq!(ask(SATURDAY_WORKED, Some(" ")), Err(Refusal::ReasonMissing));
    assert_eq!(ask(SATURDAY_WORKED, Some("更正")), Ok(()));
    let State::Node(settings) = &world.streams[&StreamId::node()].1 else { panic!("the node's settings") };
    assert_eq!((settings.years.len(), settings.loads), (1, 2), "the last one counts");
    assert_eq!(settings.loaded(2027).unwrap().reason.as_deref(), Some("更正"));
}

#[test]
fn what_cannot_be_a_notice_is_refused() {
    let (mut world, province, _) = administered();
    let unnamed =
        LoadCalendar { source: NoticeSource { title: "  ".to_owned(), ..source() }, ..load(THREE_DAYS, None) };
    assert_eq!(submit(&mut world, &province, unnamed).unwrap_err(), Refusal::NoticeUnnamed);
    let long = NoticeSource { number: "号".repeat(201), ..source() };
    let refused = submit(&mut world, &province, LoadCalendar { source: long, ..load(THREE_DAYS, None) });
    assert_eq!(refused.unwrap_err(), Refusal::TextTooLong { max: 200 });
    let early = NoticeSource { issued_on: date(2026, 11, 26), ..source() };
    let refused = submit(&mut world, &province, LoadCalendar { source: early, ..load(THREE_DAYS, None) });
    assert_eq!(refused.unwrap_err(), Refusal::DayAfter { latest: date(2026, 11, 25) });
    let far = Notice::parse("date,kind,name\n2029-01-01,holiday,元旦\n", 2029).unwrap();
    let refused = submit(&mut world, &province, LoadCalendar { notice: far, ..load(THREE_DAYS, None) });
    assert_eq!(refused.unwrap_err(), Refusal::CalendarYear { first: 2025, last: 2027 });
    // 2026 names its own days: no other notice takes one of them.
    world.today = date(2026, 12, 1);
    let text = "date,kind,name\n2025-12-31,holiday,元旦\n2026-01-01,holiday,元旦\n";
    let bare = Notice::parse(text, 2026).unwrap();
    let command = LoadCalendar { notice: bare, ..load(THREE_DAYS, None) };
    assert_eq!(submit(&mut world, &province, command.clone()).unwrap_err(), Refusal::ReasonMissing);
    let corrected = LoadCalendar { reason: Some("更正".to_owned()), ..command };
    submit(&mut world, &province, corrected).unwrap();
    let text = "date,kind,name\n2024-12-31,holiday,元旦\n2025-12-31,holiday,元旦\n";
    let taken = LoadCalendar { notice: Notice::parse(text, 2025).unwrap(), ..load(THREE_DAYS, Some("更正")) };
    assert_eq!(submit(&mut world, &province, taken).unwrap_err(), Refusal::CalendarTaken { on: date(2025, 12, 31) });
    assert!(world.entries.iter().all(|(stream, _)| *stream != StreamId::case(case_id(2))));
}

/// A notice of the year: any days off in the first months, any weekend days worked.
fn notices() -> impl Strategy<Value = Notice> {
    proptest::collection::btree_map(-10_i64..70, any::<bool>(), 1..25).prop_map(|days| {
        let rows = days.into_iter().map(|(n, worked)| {
            let on = date(2027, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
            let weekend = on.weekday().to_monday_one_offset() > 5;
            let kind = if weekend && worked { "workday" } else { "holiday" };
            format!("{on},{kind},节\n")
        });
        read(&format!("date,kind,name\n{}", rows.collect::<String>()))
    })
}

/// What happened to a case before the notice came.
#[derive(Clone, Copy, Debug)]
enum Before {
    Received,
    Accepted,
    Extended,
    Paused,
    Resumed,
}

/// The same history under one calendar or another.
fn lived(before: Before, on: Date, calendar: &Calendar) -> (World, Arc<Matter>, Example) {
    let (matter, mut passes) = (permit(), example(&permit(), "pass").clone());
    passes.on = on;
    let mut world = World::new(on, &passes);
    world.catalog = Arc::new(CATALOG.with_calendar(calendar.clone()));
    world.apply(&matter, &passes, 1, &[]).unwrap();
    let pause = CaseCommand::Pause { kind: PauseKind::ExpertReview, from: on, expected_days: 5 };
    let then: &[(u8, CaseCommand)] = match before {
        Before::Received => return (world, matter, passes),
        Before::Accepted => &[],
        Before::Extended => &[(DIRECTOR, CaseCommand::Extend { reason: "案情复杂".to_owned() })],
        Before::Paused => &[(REVIEWER, pause)],
        Before::Resumed => &[(REVIEWER, pause), (REVIEWER, CaseCommand::Resume { until: on })],
    };
    step(&mut world, &matter, &passes, "accept", CLERK, "accepted");
    for (by, command) in then {
        world.on(&matter, &passes, 1, &officer(*by), command.clone()).unwrap();
    }
    (world, matter, passes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// After the notice every open clock stands as if it had been known from the start, and asking again changes nothing.
    #[test]
    fn a_loaded_notice_counts_as_if_it_had_always_been_known(
        notice in notices(),
        correction in notices(),
        day in 0_i64..31,
        before in prop::sample::select(vec![
            Before::Received, Before::Accepted, Before::Extended, Before::Paused, Before::Resumed,
        ]),
    ) {
        let on = date(2026, 12, 1).checked_add(jiff::Span::new().days(day)).unwrap();
                // The day of receipt is a fact: on a day off it would be another one, had the notice been known.
        let calendars = [&notice, &correction].map(|notice| CATALOG.calendar.with_notice(2027, notice.days()));
        prop_assume!(calendars.iter().chain([&CATALOG.calendar]).all(|calendar| calendar.is_working_day(on)));
        let (mut late, matter, passes) = lived(before, on, &CATALOG.calendar);
        for calendar in calendars {
            let was = late.case(1).clone();
            let announced = was.clocks.clone();
            let moved = !rederive(&mut late, &matter, &passes, calendar.clone()).streams.is_empty();
            let (early, ..) = lived(before, on, &calendar);
            let (late_clocks, early_clocks) = (&late.case(1).clocks, &early.case(1).clocks);
            let days = |due: Option<Due>| due.map(|due| (due.on, due.yellow_on, due.red_on, due.is_provisional(&calendar)));
            if let Before::Received = before {
                prop_assert_eq!(days(late_clocks.accept_by), days(early_clocks.accept_by));
            } else {
                prop_assert_eq!(late_clocks.accept_by, announced.accept_by);
                prop_assert_eq!(days(late_clocks.statutory), days(early_clocks.statutory));
                prop_assert_eq!(days(late_clocks.promised), days(early_clocks.promised));
            }
            prop_assert_eq!(moved, *late.case(1) != was);
            prop_assert_eq!(late_clocks.moved - announced.moved, u32::from(moved));
            prop_assert_eq!(rederived(late.case(1), &matter, &CATALOG.limits, &calendar), Ok(None));
        }
    }
}

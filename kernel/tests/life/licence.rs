//! The life of a licence after the grant (建筑法 art. 9; 行政许可法 art. 50).

use std::sync::Arc;

use jiff::civil::Date;
use kernel::record::{LicenceChange, RecordCommand, RecordWrite, VALID};
use kernel::{Command, Refusal, StreamId};
use serde_json::json;

use super::world::{CATALOG, World, example, system};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A valid licence until a day, in a world of its own.
fn licensed(until: Option<&str>) -> World {
    let matter = CATALOG.matter("construction-permit").unwrap();
    let mut world = World::new(day("2025-01-10"), example(matter, "pass"));
    let write = RecordWrite {
        register: "licences".to_owned(),
        id: "L1".to_owned(),
        region: "130123".to_owned(),
        valid_from: Some(day("2025-01-10")),
        valid_until: until.map(day),
        body: json!({ "number": "L1", "status": VALID }).as_object().unwrap().clone(),
        secrets: Vec::new(),
        source: None,
        matter: Some("construction-permit".to_owned()),
        start_by: until.is_none().then(|| day("2025-04-10")),
    };
    act(&mut world, RecordCommand::Write(Box::new(write))).unwrap();
    world
}

fn act(world: &mut World, command: RecordCommand) -> Result<(), Refusal> {
    let matter = Arc::clone(CATALOG.matter("construction-permit").unwrap());
    let facts = world.organisation_facts(&matter, example(&matter, "pass"));
    world.submit(&Command::Record(command), &system(), facts).map(drop)
}

fn change(world: &mut World, change: LicenceChange) -> Result<(), Refusal> {
    act(world, RecordCommand::Change { register: "licences".to_owned(), id: "L1".to_owned(), change })
}

fn renew(world: &mut World, until: &str, deemed: bool) -> Result<(), Refusal> {
    act(world, RecordCommand::Renew { register: "licences".to_owned(), id: "L1".to_owned(), until: day(until), deemed })
}

fn status(world: &World) -> String {
    world.streams[&StreamId::record("licences", "L1")].1.as_record().unwrap().status.clone()
}

#[test]
fn lapses_by_itself_when_work_does_not_start() {
    // domain.md §2.4 fact 4: issued 2025-01-10, no start, no extension: lapsed on 2025-04-11.
    let mut world = licensed(None);
    world.today = day("2025-04-10");
    assert_eq!(change(&mut world, LicenceChange::Lapsed).unwrap_err(), Refusal::NotYet { on: day("2025-04-10") });
    world.today = day("2025-04-11");
    change(&mut world, LicenceChange::Lapsed).unwrap();
    assert_eq!(status(&world), "lapsed");
    let late = change(&mut world, LicenceChange::Extended);
    assert_eq!(late.unwrap_err(), Refusal::LicenceEnded { status: "lapsed".to_owned() });
}

#[test]
fn is_extended_twice_and_no_more() {
    // domain.md §2.4 fact 4: with two extensions the last valid day is 2025-10-10.
    let mut world = licensed(None);
    change(&mut world, LicenceChange::Extended).unwrap();
    change(&mut world, LicenceChange::Extended).unwrap();
    let record = world.streams[&StreamId::record("licences", "L1")].1.as_record().unwrap().clone();
    assert_eq!(record.start_by, Some(day("2025-10-10")));
    assert_eq!(change(&mut world, LicenceChange::Extended).unwrap_err(), Refusal::ExtensionsExhausted);
    change(&mut world, LicenceChange::Started).unwrap();
    let record = world.streams[&StreamId::record("licences", "L1")].1.as_record().unwrap().clone();
    assert_eq!(record.start_by, None, "work began: it no longer lapses");
    assert_eq!(record.body["started_on"], json!("2025-01-10"));
}

fn ask_renewal(world: &mut World, until: &str) -> Result<(), Refusal> {
    let (register, id, case) = ("licences".to_owned(), "L1".to_owned(), super::world::case_id(9));
    act(world, RecordCommand::AskRenewal { register, id, case, until: day(until) })
}

#[test]
fn a_renewal_is_asked_for_thirty_days_before_the_end() {
    // 行政许可法 art. 50(1): 2025-05-01 is the thirtieth day before 2025-05-31.
    let mut world = licensed(Some("2025-05-31"));
    world.today = day("2025-05-02");
    let late = ask_renewal(&mut world, "2028-05-31");
    assert_eq!(late.unwrap_err(), Refusal::RenewalLate { latest: day("2025-05-01") });
    world.today = day("2025-05-01");
    ask_renewal(&mut world, "2028-05-31").unwrap();
    world.today = day("2025-06-01");
    let expired = change(&mut world, LicenceChange::Expired);
    assert_eq!(expired.unwrap_err(), Refusal::NotYet { on: day("2025-05-31") }, "the application waits for its answer");
}

#[test]
fn silence_does_not_renew_what_nobody_asked_for() {
    let mut world = licensed(Some("2025-05-31"));
    world.today = day("2025-06-01");
    assert_eq!(renew(&mut world, "2028-05-31", true).unwrap_err(), Refusal::LicenceEnded { status: VALID.to_owned() });
    let late = renew(&mut world, "2028-05-31", false);
    assert_eq!(late.unwrap_err(), Refusal::LicenceEnded { status: "expired".to_owned() });
}

#[test]
fn work_that_starts_after_the_limit_finds_the_permit_lapsed() {
    // Before the timer has run, too.
    let mut world = licensed(None);
    world.today = day("2025-04-11");
    for late in [LicenceChange::Started, LicenceChange::Extended] {
        let refused = change(&mut world, late);
        assert_eq!(refused.unwrap_err(), Refusal::LicenceEnded { status: "lapsed".to_owned() });
    }
}

#[test]
fn writing_a_record_again_frees_no_claim_and_wakes_no_licence() {
    let mut world = licensed(None);
    let stream = world.put_licence("L1");
    let again = || RecordWrite {
        register: "licences".to_owned(),
        id: "L1".to_owned(),
        region: "130123".to_owned(),
        valid_from: None,
        valid_until: None,
        body: json!({ "number": "L1", "status": VALID }).as_object().unwrap().clone(),
        secrets: Vec::new(),
        source: None,
        matter: None,
        start_by: None,
    };
    act(&mut world, RecordCommand::Write(Box::new(again()))).unwrap();
    assert_eq!(world.streams[&stream].1.as_record().unwrap().claims.len(), 1);
    change(&mut world, LicenceChange::Deregistered).unwrap();
    let woken = act(&mut world, RecordCommand::Write(Box::new(again())));
    assert_eq!(woken.unwrap_err(), Refusal::LicenceEnded { status: "deregistered".to_owned() });
}

#[test]
fn silence_renews_at_the_end_and_not_before() {
    let mut world = licensed(Some("2025-05-31"));
    ask_renewal(&mut world, "2028-05-31").unwrap();
    world.today = day("2025-05-31");
    assert_eq!(renew(&mut world, "2028-05-31", true).unwrap_err(), Refusal::NotYet { on: day("2025-05-31") });
    world.today = day("2025-06-01");
    renew(&mut world, "2028-05-31", true).unwrap();
    assert_eq!(status(&world), VALID);
    assert_eq!(renew(&mut world, "2028-05-31", false).unwrap_err(), Refusal::DayBefore { earliest: day("2028-05-31") });
    world.today = day("2028-06-01");
    change(&mut world, LicenceChange::Expired).unwrap();
    assert_eq!(status(&world), "expired");
    assert!(renew(&mut world, "2031-05-31", false).is_err(), "what has ended is not renewed");
}

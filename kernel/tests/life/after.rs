//! What cases do to a licence after the grant (行政许可法 arts. 8, 49, 50, 69, 70, 78, 79), over the built-in packages.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use kernel::case::{CaseCommand, Stage};
use kernel::catalog::matter::NoticeKind;
use kernel::catalog::{Example, Matter};
use kernel::record::{ClaimHeld, LicenceChange, Record, RecordCommand, RecordWritten, VALID};
use kernel::{Command, Refusal, StreamId};

use super::world::{
    CATALOG, CLERK, DIRECTOR, HEAD, LEADER, REVIEWER, World, applicant, case_id, example, officer, outcome, system,
};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A case of a matter over the licence of one of its examples.
struct Life {
    world: World,
    matter: Arc<Matter>,
    example: Example,
    licence: StreamId,
}

impl Life {
    fn of(code: &str, part: &str) -> Self {
        let matter = Arc::clone(CATALOG.matter(code).unwrap());
        let example = example(&matter, part).clone();
        let mut world = World::new(example.on, &example);
        let body = example.registers["licences"][0].as_object().unwrap().clone();
        let text = |field: &str| body.get(field).and_then(|value| value.as_str()).map(str::to_owned);
        let claim = ClaimHeld {
            name: "one".to_owned(),
            key: "key".to_owned(),
            release: "register:licences.completed_on".to_owned(),
        };
        let licence = world.put_record(RecordWritten {
            register: "licences".to_owned(),
            id: text("number").unwrap(),
            region: text("region").unwrap(),
            status: text("status").unwrap(),
            valid_from: text("valid_from").map(|on| day(&on)),
            valid_until: text("valid_to").map(|on| day(&on)),
            body: body.clone(),
            sealed: Vec::new(),
            source: Some(case_id(9)),
            matter: text("matter"),
            claims: vec![claim],
            start_by: None,
        });
        Self { world, matter, example, licence }
    }

    /// Applied for by the holder, or opened by the reviewer.
    fn begun(code: &str, part: &str) -> Self {
        let mut life = Self::of(code, part);
        let begun = match life.matter.spec.opened_by {
            kernel::catalog::matter::OpenedBy::Applicant => life.world.apply(&life.matter, &life.example, 1, &[]),
            kernel::catalog::matter::OpenedBy::Authority => life.world.open(&life.matter, &life.example, 1),
        };
        begun.unwrap();
        life
    }

    fn to(mut self, element: &str) -> Self {
        self.world.drive(&self.matter, &self.example, 1, element);
        self
    }

    fn act(&mut self, actor: &journal::Actor, command: CaseCommand) -> Result<(), Refusal> {
        self.world.on(&self.matter, &self.example, 1, actor, command).map(drop)
    }

    fn finish(&mut self, by: u8, element: &str, word: &str) -> Result<(), Refusal> {
        let task = self.world.task(1, element);
        self.act(&officer(by), outcome(task, word))
    }

    fn licence(&self) -> &Record {
        self.world.streams[&self.licence].1.as_record().unwrap()
    }

    fn renew_by_silence(&mut self) -> Result<(), Refusal> {
        let (register, id) = ("licences".to_owned(), self.licence().id.clone());
        let until = self.licence().renewal.as_ref().map_or(day("2031-03-09"), |asked| asked.until);
        let facts = self.world.organisation_facts(&self.matter, &self.example);
        let command = Command::Record(RecordCommand::Renew { register, id, until, deemed: true });
        self.world.submit(&command, &system(), facts).map(drop)
    }

    fn bars(&self) -> Vec<&Record> {
        let records = self.world.streams.values().filter_map(|(_, state)| state.as_record());
        records.filter(|record| record.register == "bars").collect()
    }
}

#[test]
fn art_49_an_alteration_replaces_fields_and_keeps_the_number() {
    let mut life = Life::begun("licence-alteration", "pass").to("decide");
    life.finish(LEADER, "decide", "grant").unwrap();
    let licence = life.licence();
    assert_eq!(licence.body["holder_name"], life.example.form["new_holder_name"]);
    assert_eq!(licence.body["scope"], life.example.registers["licences"][0]["scope"], "what was not asked for stays");
    assert_eq!((licence.status.as_str(), licence.claims.len()), (VALID, 1));
    let step = licence.changes.last().unwrap();
    assert_eq!((step.change, step.case), (LicenceChange::Altered, Some(case_id(1))));
    let certificate = life.world.case(1).notices.iter().find(|notice| notice.kind == NoticeKind::Certificate);
    assert_eq!(certificate.unwrap().number, licence.id, "printed anew under the same number");
    assert_eq!(licence.paper_replaced_on(case_id(9)), Some(life.world.today), "the paper before is replaced");
    assert_eq!(licence.paper_replaced_on(case_id(1)), None, "this one is the last");
}

#[test]
fn art_49_nothing_is_altered_without_a_grant_or_after_the_end() {
    let mut life = Life::begun("licence-alteration", "pass").to("decide");
    life.finish(LEADER, "decide", "refuse").unwrap();
    assert!(life.licence().changes.is_empty());
    let mut life = Life::begun("licence-alteration", "pass").to("decide");
    life.world.today = day("2028-03-10");
    let late = life.finish(LEADER, "decide", "grant");
    assert_eq!(late.unwrap_err(), Refusal::LicenceEnded { status: "expired".to_owned() });
}

#[test]
fn art_50_a_renewal_keeps_the_number() {
    let mut life = Life::begun("licence-renewal", "pass");
    assert_eq!(life.licence().renewal.as_ref().unwrap().until, day("2031-03-09"));
    life = life.to("decide");
    life.finish(LEADER, "decide", "grant").unwrap();
    let licence = life.licence();
    assert_eq!((licence.valid_until, licence.renewal.is_none()), (Some(day("2031-03-09")), true));
    assert_eq!(licence.body["valid_to"], "2031-03-09", "what other matters' rules read");
    let result = life.world.case(1).result.as_ref().unwrap();
    assert_eq!(result.number, licence.id);
}

#[test]
fn art_50_2_silence_renews_and_cannot_be_refused_afterwards() {
    let mut life = Life::begun("licence-renewal", "pass").to("decide");
    life.world.today = day("2028-03-10");
    life.renew_by_silence().unwrap();
    assert_eq!(life.finish(LEADER, "decide", "refuse").unwrap_err(), Refusal::RenewalDeemed);
    life.finish(LEADER, "decide", "grant").unwrap();
    let renewals = life.licence().changes.iter().filter(|step| step.change != LicenceChange::DeemedRenewed).count();
    assert_eq!((life.licence().valid_until, renewals), (Some(day("2031-03-09")), 0), "once, not twice");
}

#[test]
fn art_50_2_silence_renews_nothing_that_was_answered_or_taken_back() {
    for end in ["refuse", "withdraw", "not_accepted"] {
        let mut life = Life::begun("licence-renewal", "pass");
        match end {
            "refuse" => {
                life = life.to("decide");
                life.finish(LEADER, "decide", "refuse").unwrap();
            }
            "withdraw" => life.act(&applicant(), CaseCommand::Withdraw { reason: None }).unwrap(),
            _ => life.finish(CLERK, "accept", "not_accepted").unwrap(),
        }
        assert_eq!(life.licence().renewal, None, "{end}");
        life.world.today = day("2028-03-10");
        assert!(life.renew_by_silence().is_err(), "{end}");
    }
}

#[test]
fn art_50_1_whoever_asks_late_is_received_and_not_renewed_by_silence() {
    let life = Life::begun("licence-renewal", "ln2-late");
    assert_eq!(life.world.case(1).stage, Stage::Submitted);
    assert_eq!(life.licence().renewal, None);
    let life = Life::begun("licence-renewal", "ln2-last-day");
    assert!(life.licence().renewal.is_some(), "the thirtieth day before is in time");
}

#[test]
fn a_lost_certificate_is_issued_again_under_its_number() {
    let mut life = Life::begun("licence-reissue", "pass");
    life.finish(CLERK, "decide", "grant").unwrap();
    let licence = life.licence();
    assert_eq!(
        (licence.status.as_str(), licence.valid_until),
        (VALID, Some(day("2028-03-09"))),
        "nothing else changed"
    );
    assert_eq!(licence.paper_replaced_on(case_id(9)), Some(life.world.today));
    assert_eq!(life.world.case(1).result.as_ref().unwrap().number, licence.id);
}

#[test]
fn art_70_the_holder_gives_a_licence_up() {
    let mut life = Life::begun("licence-deregistration", "pass").to("decide");
    life.finish(LEADER, "decide", "grant").unwrap();
    assert_eq!((life.licence().status.as_str(), life.licence().claims.len()), ("deregistered", 0));
    assert_eq!(life.licence().body["status"], "deregistered");
    let number = &life.world.case(1).notices.iter().find(|notice| notice.kind == NoticeKind::Grant).unwrap().number;
    assert!(number.contains('\u{64a4}'), "numbered as a revocation: {number}");
}

#[test]
fn art_70_what_has_expired_must_be_struck_off_after_the_party_was_heard() {
    let mut life = Life::begun("licence-deregistration-ex-officio", "pass").to("decide");
    let case = life.world.case(1);
    assert_eq!((case.stage, case.clocks.accepted_on), (Stage::Accepted, Some(life.world.today)), "opened is accepted");
    let until = case.statement.as_ref().unwrap().until;
    let hasty = life.finish(LEADER, "decide", "grant");
    assert_eq!(hasty.unwrap_err(), Refusal::NotHeard { until: Some(until) });
    life.world.today = until;
    assert!(life.finish(LEADER, "decide", "grant").is_err(), "the last day is the party's");
    let closed = life.finish(LEADER, "decide", "refuse");
    assert!(matches!(closed.unwrap_err(), Refusal::OutcomeBound { outcome, .. } if outcome == "grant"));
    life.world.today = until.tomorrow().unwrap();
    life.finish(LEADER, "decide", "grant").unwrap();
    assert_eq!(life.licence().status, "deregistered");
}

#[test]
fn art_70_a_licence_in_force_is_not_struck_off_as_expired() {
    let mut life = Life::begun("licence-deregistration-ex-officio", "do2-valid-still").to("decide");
    life.world.today = day("2027-01-04");
    let wrong = life.finish(LEADER, "decide", "grant");
    assert!(matches!(wrong.unwrap_err(), Refusal::OutcomeBound { outcome, .. } if outcome == "refuse"));
    life.finish(LEADER, "decide", "refuse").unwrap();
    assert_eq!((life.licence().status.as_str(), life.world.case(1).stage), (VALID, Stage::Refused));
}

#[test]
fn art_7_the_party_states_their_case_once_and_is_heard_at_once() {
    let mut life = Life::begun("licence-revocation", "pass").to("decide");
    let say = || CaseCommand::State { words: "we did not know".to_owned() };
    assert!(life.act(&officer(LEADER), say()).is_err(), "no grant, no right");
    life.act(&applicant(), say()).unwrap();
    assert_eq!(life.act(&applicant(), say()).unwrap_err(), Refusal::Exists);
    life.finish(DIRECTOR, "decide", "grant").unwrap();
    assert_eq!(life.licence().status, "revoked", "heard before the period ended");
    let withdrawn = life.act(&applicant(), CaseCommand::Withdraw { reason: None });
    assert_eq!(withdrawn.unwrap_err(), Refusal::NotApplicant, "it is not theirs to take back");
}

#[test]
fn what_the_authority_opens_nobody_applies_for() {
    let mut life = Life::of("licence-revocation", "pass");
    let applied = life.world.apply(&life.matter, &life.example, 1, &[]);
    assert_eq!(applied.unwrap_err(), Refusal::ApplicantKind);
    let mut life = Life::of("licence-reissue", "pass");
    assert_eq!(life.world.open(&life.matter, &life.example, 1).unwrap_err(), Refusal::ApplicantKind);
}

/// The case at its decision, with the reviewer's finding, and the party's time over.
fn found(part: &str, finding: &str) -> Life {
    let mut life = Life::begun("licence-revocation", part).to("review");
    life.finish(REVIEWER, "review", finding).unwrap();
    life.finish(HEAD, "head", "agree").unwrap();
    life.world.today = day("2027-01-04");
    life
}

#[test]
fn art_69_may_must_and_must_not() {
    // Example, finding, whether revoking is allowed, whether closing is allowed.
    for (part, finding, may_revoke, may_close) in [
        ("may-official-fault", "established", true, true),
        ("pass", "established", true, false),
        ("pass", "harm", false, true),
        ("may-official-fault", "harm", false, true),
        ("rv3-harm-refuted", "established", true, false),
        ("pass", "unfounded", false, true),
        ("rv2-fault-unnamed", "established", false, true),
    ] {
        for (word, may) in [("grant", may_revoke), ("refuse", may_close)] {
            let mut life = found(part, finding);
            let decided = life.finish(DIRECTOR, "decide", word);
            assert_eq!(decided.is_ok(), may, "{part}, {finding}, {word}: {decided:?}");
            let ended = word == "grant" && may;
            assert_eq!(life.licence().status, if ended { "revoked" } else { VALID }, "{part}, {finding}, {word}");
            assert_eq!(life.licence().claims.is_empty(), ended, "claims go with the licence");
        }
    }
}

#[test]
fn art_8_withdrawal_and_cancellation_have_their_own_ends() {
    for (part, status) in [("rv3-withdrawal-weighed", "withdrawn"), ("penalty", "cancelled")] {
        let mut life = found(part, "established");
        life.finish(DIRECTOR, "decide", "grant").unwrap();
        assert_eq!(life.licence().status, status);
        assert!(life.bars().is_empty(), "only fraud bars");
    }
}

#[test]
fn art_79_fraud_bars_for_three_years_in_matters_of_public_safety() {
    let mut life = found("pass", "established");
    life.finish(DIRECTOR, "decide", "grant").unwrap();
    let bars = life.bars();
    let [bar] = bars.as_slice() else { panic!("{bars:?}") };
    assert_eq!((bar.valid_from, bar.valid_until), (Some(day("2027-01-04")), Some(day("2030-01-04"))));
    assert_eq!(bar.body["holder"], life.example.form["applicant_code"]);
    assert_eq!(bar.body["matter"], "gas-business-licence");
    assert!(bar.is_valid_on(day("2030-01-04")) && !bar.is_valid_on(day("2030-01-05")));
    let mut life = found("may-official-fault", "established");
    life.finish(DIRECTOR, "decide", "grant").unwrap();
    assert!(life.bars().is_empty(), "the authority's own fault bars nobody");
}

#[test]
fn art_78_false_materials_bar_for_a_year() {
    let matter = Arc::clone(CATALOG.matter("gas-business-licence").unwrap());
    let example = example(&matter, "/pass").clone();
    let mut world = World::new(example.on, &example);
    world.apply(&matter, &example, 1, &[]).unwrap();
    world.drive(&matter, &example, 1, "decide");
    let task = world.task(1, "decide");
    world.on(&matter, &example, 1, &officer(LEADER), outcome(task, "refuse_false")).unwrap();
    assert_eq!(world.case(1).stage, Stage::Refused);
    let bar = world.streams.values().filter_map(|(_, state)| state.as_record()).find(|one| one.register == "bars");
    let bar = bar.unwrap();
    let last = world.today.checked_add(1.year()).unwrap();
    assert_eq!((bar.valid_from, bar.valid_until), (Some(world.today), Some(last)));
    assert_eq!(bar.body["matter"], "gas-business-licence");
}

#[test]
fn arts_78_79_a_bar_holds_from_its_first_to_its_last_day_and_on_no_other() {
    let matter = Arc::clone(CATALOG.matter("gas-business-licence").unwrap());
    let barred = example(&matter, "gb14-barred");
    let (from, to) = (day("2027-02-01"), day("2028-02-29"));
    let mut on = from.checked_sub(3.days()).unwrap();
    while on <= to.checked_add(3.days()).unwrap() {
        let mut one = barred.clone();
        one.on = on;
        let bar = one.registers.get_mut("bars").unwrap()[0].as_object_mut().unwrap();
        bar.insert("valid_from".to_owned(), from.to_string().into());
        bar.insert("valid_to".to_owned(), to.to_string().into());
        one.expect.clear();
        let checks = kernel::catalog::run_example(&matter, &one).evaluation.checks;
        let said = checks.verdict("GB14");
        let holds = from <= on && on <= to;
        let expected = if holds { kernel::rules::Verdict::Fail } else { kernel::rules::Verdict::Pass };
        assert_eq!(said, Some(expected), "{on}");
        let row = checks.rows.iter().find(|row| row.rule == "GB14").unwrap();
        assert_eq!(row.text.zh.contains(&to.to_string()), holds, "{on}: {}", row.text.zh);
        on = on.tomorrow().unwrap();
    }
}

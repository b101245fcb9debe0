//! Whom an act is told to outside: the applicant who wishes it, of what the law wants them to know, and of nothing else.

use std::sync::Arc;

use base::deadline::PauseKind;
use base::id::PostId;
use kernel::case::{Appointment, CaseCommand, Complete, Officer};
use kernel::catalog::{Example, Matter};
use kernel::change::Job;
use kernel::message::{Medium, Occasion};

use super::world::{
    CATALOG, CLERK, DIRECTOR, HEAD, LEADER, OWNER, REVIEWER, World, account, example, officer, outcome, system,
};

fn permit() -> (Arc<Matter>, World, Example) {
    let matter = Arc::clone(CATALOG.matter("construction-permit").unwrap());
    let passes = example(&matter, "pass").clone();
    let mut world = World::new("2025-09-28".parse().unwrap(), &passes);
    world.apply(&matter, &passes, 1, &[]).unwrap();
    (matter, world, passes)
}

/// What was queued so far, each for the applicant's e-mail.
fn told(world: &World) -> Vec<Occasion> {
    let occasion = |job: &Job| match job {
        Job::Message(message) => {
            assert_eq!((message.to, message.medium), (account(OWNER), Medium::Email));
            Some(message.occasion)
        }
        Job::Render { .. } => None,
    };
    world.outbox.iter().filter_map(occasion).collect()
}

fn said(task: u32, word: &str) -> CaseCommand {
    let (opinion, article) = (Some("理由".to_owned()), Some("建筑法 8".to_owned()));
    let items = if word == "supplement" { vec![("contract".to_owned(), "请补交".to_owned())] } else { Vec::new() };
    CaseCommand::Complete(Box::new(Complete { task, outcome: word.to_owned(), opinion, article, items }))
}

#[test]
fn an_applicant_hears_of_each_turn_of_the_case() {
    let (matter, mut world, passes) = permit();
    let task = world.task(1, "accept");
    let mut act = |by: u8, command: CaseCommand| world.on(&matter, &passes, 1, &officer(by), command).unwrap();
    act(CLERK, outcome(task, "accepted"));
    let (kind, from) = (PauseKind::ExpertReview, "2025-09-28".parse().unwrap());
    act(REVIEWER, CaseCommand::Pause { kind, from, expected_days: 3 });
    act(REVIEWER, CaseCommand::Resume { until: from });
    act(DIRECTOR, CaseCommand::Extend { reason: "复杂".to_owned() });
    for (element, by, word) in [("review", REVIEWER, "agree"), ("head", HEAD, "agree"), ("decide", LEADER, "grant")] {
        let task = world.task(1, element);
        world.on(&matter, &passes, 1, &officer(by), outcome(task, word)).unwrap();
    }
    use Occasion::{Accepted, Extended, Granted, Paused, Ready, Resumed};
    assert_eq!(told(&world), [Accepted, Paused, Resumed, Extended, Granted, Ready]);
}

#[test]
fn a_hearing_is_told_and_its_pause_is_said_with_it() {
    let (matter, mut world, passes) = permit();
    let task = world.task(1, "accept");
    let host = Officer { account: account(HEAD), post: PostId::from_uuid(uuid::Uuid::from_bytes([HEAD; 16])) };
    let at = base::time::instant("2025-10-20T09:00:00".parse().unwrap()).unwrap();
    let appointment = Appointment { host, at, place: "三楼听证室".to_owned() };
    for (by, command) in [
        (CLERK, outcome(task, "accepted")),
        (REVIEWER, CaseCommand::OfferHearing { interested: None }),
        (REVIEWER, CaseCommand::RequestHearing { party: Some("业主委员会".to_owned()) }),
        (REVIEWER, CaseCommand::AppointHearing(appointment)),
    ] {
        world.on(&matter, &passes, 1, &officer(by), command).unwrap();
    }
    use Occasion::{Accepted, HearingAppointed, HearingOffered};
    assert_eq!(told(&world), [Accepted, HearingOffered, HearingAppointed]);
}

#[test]
fn what_ends_or_waits_is_told_too() {
    for (words, expected) in [
        (vec![("accept", CLERK, "supplement")], vec![Occasion::SupplementAsked]),
        (vec![("accept", CLERK, "not_accepted")], vec![Occasion::NotAccepted]),
        (
            vec![
                ("accept", CLERK, "accepted"),
                ("review", REVIEWER, "agree"),
                ("head", HEAD, "agree"),
                ("decide", LEADER, "refuse"),
            ],
            vec![Occasion::Accepted, Occasion::Refused],
        ),
    ] {
        let (matter, mut world, passes) = permit();
        for (element, by, word) in words {
            let task = world.task(1, element);
            world.on(&matter, &passes, 1, &officer(by), said(task, word)).unwrap();
        }
        assert_eq!(told(&world), expected);
    }
    let (matter, mut world, passes) = permit();
    world.today = "2025-10-20".parse().unwrap();
    world.on(&matter, &passes, 1, &system(), CaseCommand::DeemAccepted).unwrap();
    assert_eq!(told(&world), [Occasion::Accepted], "silence is told as well");
}

#[test]
fn every_word_of_an_occasion_and_a_medium_is_the_one_it_is_written_with() {
    for occasion in Occasion::ALL {
        assert_eq!(serde_json::to_value(occasion).unwrap(), occasion.as_str());
    }
    for medium in Medium::ALL {
        assert_eq!(serde_json::to_value(medium).unwrap(), medium.as_str());
    }
}

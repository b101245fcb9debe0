//! The outbox: organisations are served in turn; what was given up stands in a list until somebody has it tried again.

use std::collections::BTreeSet;

use kernel::change::Job;
use kernel::message::{Medium, Message, MessageCommand, MessageDelivered, Occasion};
use kernel::policy::Scope;
use kernel::{Command, Refusal, StreamId};
use serde_json::json;
use testkit::bureau;
use tokio::task::block_in_place;

use super::desk::{Desk, wish};
use super::world::World;
use crate::{Claim, OutboxAge, OutboxItem, Page, Submission, SubmitError};

async fn claim(world: &World, now: i64, after: &str) -> Vec<OutboxItem> {
    let after = after.to_owned();
    let claimed = world.store.write(move |writes| {
        let (queue, lease, until) = ("render", "a", now + 1);
        writes.claim_outbox(&Claim { queue, lease, now, until, each: 2, after: &after, limit: 4 })
    });
    claimed.await.unwrap()
}

pub(super) async fn organisations_are_served_in_turn(world: World) {
    // The office with much to do was there first.
    let work = [("a", 30), ("b", 3), ("c", 3), ("d", 3), ("e", 3)];
    let mut all = 0;
    for (office, count) in work {
        for _ in 0..count {
            all += 1;
            world.write(&all.to_string(), json!({ "work": format!("{office}-{all}"), "for": office })).await.unwrap();
        }
    }
    let now = world.now() + 60_000_000;
    let (mut after, mut turns, mut done) = (String::new(), Vec::new(), BTreeSet::new());
    loop {
        let claimed = claim(&world, now, &after).await;
        let Some(last) = claimed.last() else { break };
        after.clone_from(&last.organisation);
        turns.push(claimed.iter().map(|item| item.organisation.as_str()).collect::<String>());
        for item in claimed {
            let Job::Render { number } = item.job else { panic!("{:?}", item.job) };
            assert!(done.insert(number), "claimed twice");
            world.store.write(move |writes| writes.finish_outbox("a", item.sequence, item.n)).await.unwrap();
        }
    }
    assert_eq!(turns[..5], ["aabb", "ccdd", "eeaa", "bcde", "aa"]);
    assert_eq!(done.len(), all);
    let age = world.store.read(|reader| reader.outbox_age()).await.unwrap();
    assert_eq!(age, OutboxAge::default());
}

pub(super) async fn what_waits_is_counted_and_a_dead_process_gives_it_back(world: World) {
    for n in 0..3 {
        world.write(&n.to_string(), json!({ "work": format!("{n}"), "for": "a" })).await.unwrap();
    }
    let now = world.now() + 60_000_000;
    assert_eq!(claim(&world, now, "").await.len(), 2);
    let (age, queues) =
        world.store.read(|reader| Ok((reader.outbox_age()?, reader.queues(&Scope::everything())?))).await.unwrap();
    assert_eq!((age.waiting, age.dead), (3, 0));
    let [queue] = queues.as_slice() else { panic!("{queues:?}") };
    assert_eq!(
        (queue.queue.as_str(), queue.organisation.as_str(), queue.waiting, queue.attempts),
        ("render", "a", 3, 1)
    );
    assert_eq!(age.oldest_at, Some(queue.oldest_at));
    assert!(queue.oldest_at < now);
    // Nobody of a region sees the work of an organisation that the directory does not know.
    let county = Scope { regions: vec!["1301".to_owned()], ..Scope::default() };
    assert_eq!(world.store.read(move |reader| reader.queues(&county)).await.unwrap(), []);
    assert_eq!(world.store.write(|writes| writes.end_leases()).await.unwrap(), 2);
    assert_eq!(claim(&world, now, "").await.iter().map(|item| item.attempts).collect::<Vec<_>>(), [2, 2]);
}

/// An e-mail to the applicant of a case.
fn message(case: base::id::CaseId) -> Message {
    Message { medium: Medium::Email, to: bureau::applicant(1).0, occasion: Occasion::Accepted, case, key: None }
}

fn given_up(case: base::id::CaseId, key: &str) -> MessageCommand {
    let (key, reason) = (key.to_owned(), "550".to_owned());
    MessageCommand::Failed { message: message(case), key, attempts: 3, reason, dropped: false }
}

pub(super) async fn a_message_that_was_given_up_is_tried_again_and_recorded_once(world: World) {
    let desk = Desk::open(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    let by_system = |command| world.submit(Command::Message { case, command });
    let by = async |kind: &str, key: &str| {
        let command = Command::Message { case, command: MessageCommand::Requeue { key: key.to_owned() } };
        let actor = desk.county.officer(kind);
        world.store.submit(Submission { actor, ..world.submission(command) }).await
    };
    for _ in 0..2 {
        by_system(given_up(case, "k-1")).await.unwrap();
    }
    let dead = async |scope: Scope| {
        let listed = world.store.read(move |reader| reader.dead_letters(&scope, &Page::default())).await.unwrap();
        listed.rows.into_iter().map(|letter| (letter.key, letter.reason, letter.attempts)).collect::<Vec<_>>()
    };
    let here = Scope { regions: vec!["1301".to_owned()], ..Scope::default() };
    let elsewhere = Scope { regions: vec!["1302".to_owned()], ..Scope::default() };
    assert_eq!(dead(here.clone()).await, [("k-1".to_owned(), "550".to_owned(), 3)]);
    assert_eq!(dead(elsewhere).await, []);
    assert!(matches!(by("case-officer", "k-1").await, Err(SubmitError::Refused(Refusal::Forbidden { .. }))));
    assert!(matches!(by("system-admin", "k-2").await, Err(SubmitError::Refused(Refusal::NotFound))));
    by("system-admin", "k-1").await.unwrap();
    assert_eq!(dead(here).await, []);
    assert!(
        matches!(by("system-admin", "k-1").await, Err(SubmitError::Refused(Refusal::NotFound))),
        "it waits already"
    );
    let (now, queue) = (world.now() + 60_000_000, "email");
    let claimed = world.store.write(move |writes| {
        writes.claim_outbox(&Claim { queue, lease: "a", now, until: now + 1, each: 2, after: "", limit: 4 })
    });
    let claimed = claimed.await.unwrap();
    let again = Job::Message(Message { key: Some("k-1".to_owned()), ..message(case) });
    assert_eq!(claimed.iter().map(|item| &item.job).collect::<Vec<_>>(), [&again]);
    let Message { medium, to, occasion, .. } = message(case);
    let (key, receipt) = ("k-1".to_owned(), "250".to_owned());
    let delivered = MessageDelivered { key, medium, to, occasion, attempts: 1, receipt };
    for _ in 0..2 {
        by_system(MessageCommand::Delivered(delivered.clone())).await.unwrap();
    }
    // Nobody but the node says what became of a message.
    let forged = Command::Message { case, command: given_up(case, "k-9") };
    let forged = Submission { actor: desk.county.officer("system-admin"), ..world.submission(forged) };
    assert!(matches!(world.store.submit(forged).await, Err(SubmitError::Refused(Refusal::Forbidden { .. }))));
    let stream = StreamId::messages(case);
    let entries = world.store.read(move |reader| reader.entries_of(&stream, 0, 10)).await.unwrap();
    let kinds: Vec<&str> = entries.iter().map(|row| row.entry.kind.as_str()).collect();
    assert_eq!(kinds, ["message-failed@1", "message-requeued@1", "message-delivered@1"]);
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
}

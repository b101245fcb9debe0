//! Commands: carried out, refused, stale, repeated, together.

use jiff::Timestamp;
use kernel::directory::{DirectoryCommand, OrganisationRegistered};
use kernel::{Command, Refusal};
use serde_json::json;

use super::world::{World, key, record, thing};
use crate::sql::values;
use crate::{Claim, Fault, Options, Store, SubmitError};

pub(super) async fn a_command_is_carried_out_and_read_back(world: World) {
    let receipt = world.write("1", json!({"name": "石家庄一建"})).await.unwrap();
    assert_eq!((receipt.first_sequence, receipt.entries, receipt.repeated), (0, 1, false));
    let command = Command::Directory(DirectoryCommand::Register(OrganisationRegistered {
        code: "130102-zjj".to_owned(),
        name: "长安区住建局".to_owned(),
        region: "130102".parse().unwrap(),
        short: "长住".to_owned(),
        abbr: "长住建".to_owned(),
        parent: None,
        valid_from: "2026-01-01".parse().unwrap(),
    }));
    assert_eq!(world.submit(command).await.unwrap().first_sequence, 1);
    let (state, organisation, entries, head) = world
        .store
        .read(|reader| {
            Ok((
                reader.state(&thing("1"))?,
                reader.organisation("130102-zjj")?,
                reader.entries_of(&thing("1"), 0, 10)?,
                reader.tree_head()?,
            ))
        })
        .await
        .unwrap();
    let (version, state) = state.unwrap();
    assert_eq!((version, state.as_record().unwrap().body["name"].as_str()), (1, Some("石家庄一建")));
    assert_eq!(organisation.unwrap().name, "长安区住建局");
    assert_eq!((entries.len(), entries[0].entry.kind.as_str(), head.size), (1, "record-written@1", 2));
    assert_eq!(entries[0].entry.at, receipt.at);
}

pub(super) async fn a_refused_command_leaves_the_batch_and_nothing_else(world: World) {
    let (first, refused, last) = tokio::join!(
        world.write("1", json!({})),
        world.write("2", json!({"refuse": true})),
        world.write("3", json!({})),
    );
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(refused, Err(SubmitError::Refused(Refusal::NotFound))));
    let there = world
        .store
        .read(|reader| Ok([reader.version(&thing("1"))?, reader.version(&thing("2"))?, reader.version(&thing("3"))?]));
    assert_eq!(there.await.unwrap(), [1, 0, 1]);
    let stats = world.store.stats();
    assert_eq!((stats.commands, stats.refusals, stats.entries), (2, 1, 2));
}

pub(super) async fn facts_that_changed_make_a_command_stale(world: World) {
    world.write("1", json!({"v": 1})).await.unwrap();
    let mut submission = world.submission(record("things", "2", "", json!({})));
    submission.facts.read = vec![(thing("1"), 1), (thing("none"), 0)];
    let same = submission.clone();
    world.store.submit(submission).await.unwrap();
    world.write("1", json!({"v": 2})).await.unwrap();
    assert!(matches!(world.store.submit(same).await, Err(SubmitError::Stale)));
}

pub(super) async fn a_retry_gets_the_first_answer_and_another_wish_is_refused(world: World) {
    let mut submission = world.submission(record("things", "1", "", json!({"number": true})));
    submission.key = Some(key("k", 1));
    let first = world.store.submit(submission.clone()).await.unwrap();
    // Together in one batch, and later from the table.
    let (again, twice) = tokio::join!(world.store.submit(submission.clone()), world.store.submit(submission.clone()));
    for repeat in [again.unwrap(), twice.unwrap()] {
        assert!(repeat.repeated);
        assert_eq!((repeat.reply, repeat.first_sequence, repeat.entries), (first.reply.clone(), 0, 1));
    }
    submission.key = Some(key("k", 2));
    assert!(matches!(world.store.submit(submission.clone()).await, Err(SubmitError::KeyReused)));
    // A refused command holds no key: the person may correct it and send it again.
    let mut refused = world.submission(record("things", "2", "", json!({"refuse": true})));
    refused.key = Some(key("r", 1));
    assert!(world.store.submit(refused.clone()).await.is_err());
    refused.command = record("things", "2", "", json!({}));
    assert!(!world.store.submit(refused).await.unwrap().repeated);
}

pub(super) async fn numbers_have_no_gaps_whatever_is_refused(world: World) {
    let mut numbers = Vec::new();
    for round in 0..4 {
        let ids: Vec<String> = (0..10).map(|n| format!("{round}-{n}")).collect();
        let submitted = ids.iter().enumerate().map(|(n, id)| {
            let refused = n % 3 == 1;
            world.write(id, if refused { json!({"number": 1, "refuse": 1}) } else { json!({"number": 1}) })
        });
        for answer in join_all(submitted).await {
            numbers.extend(answer.ok().and_then(|receipt| receipt.reply["number"].as_u64()));
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=28).collect::<Vec<u64>>());
}

pub(super) async fn a_claim_is_held_by_one_stream(world: World) {
    let (one, two) = tokio::join!(world.write("1", json!({"claim": "王"})), world.write("2", json!({"claim": "王"})));
    let taken = |answer: Result<_, SubmitError>, by: &str| matches!(answer, Err(SubmitError::Refused(Refusal::ClaimTaken { holder, .. })) if holder == thing(by).as_str());
    assert!(one.is_ok() && taken(two, "1"));
    assert!(taken(world.write("3", json!({"claim": "王"})).await, "1"), "from the table");
    // The holder may write itself again, and may let go; then another takes it, within one batch too.
    world.write("1", json!({"claim": "王", "v": 2})).await.unwrap();
    let (gone, next) = tokio::join!(world.write("1", json!({})), world.write("2", json!({"claim": "王"})));
    assert!(gone.is_ok() && next.is_ok());
    assert!(taken(world.write("1", json!({"claim": "王"})).await, "2"));
}

pub(super) async fn work_for_after_the_commit_is_leased_once(world: World) {
    for n in 0..3 {
        world.write(&n.to_string(), json!({"work": format!("文-{n}")})).await.unwrap();
    }
    let now = world.now() + 60_000_000;
    let claim = |lease: &'static str, now: i64| {
        let until = now + 10_000_000;
        world.store.write(move |writes| {
            writes.claim_outbox(&Claim { queue: "render", lease, now, until, each: 2, after: "", limit: 2 })
        })
    };
    let (first, second) = (claim("a", now).await.unwrap(), claim("b", now).await.unwrap());
    assert_eq!((first.len(), second.len()), (2, 1));
    assert_eq!(claim("c", now).await.unwrap(), []);
    let (sequence, n) = (first[0].sequence, first[0].n);
    let finish = |lease: &'static str| world.store.write(move |writes| writes.finish_outbox(lease, sequence, n));
    assert!(!finish("b").await.unwrap(), "not b's work");
    assert!(finish("a").await.unwrap());
    let (sequence, n) = (second[0].sequence, second[0].n);
    assert!(world.store.write(move |writes| writes.retry_outbox("b", sequence, n, now + 5)).await.unwrap());
    // The lease of a ended without an answer, b gave its work back: both come again, and say that they were tried before.
    let again = claim("c", now + 10_000_000).await.unwrap();
    assert_eq!(again.iter().map(|item| item.attempts).collect::<Vec<_>>(), [2, 2]);
    assert!(!finish("a").await.unwrap(), "done already");
}

pub(super) async fn many_clients_share_few_commits(world: World) {
    let clients = (0..64).map(|client| {
        let world = &world;
        async move {
            for n in 0..4 {
                world.write(&format!("{client}-{n}"), json!({"number": 1})).await.unwrap();
            }
        }
    });
    join_all(clients).await;
    let stats = world.store.stats();
    assert_eq!((stats.commands, stats.entries), (256, 256));
    assert!(stats.commits * 4 <= stats.commands, "{} commits for {} commands", stats.commits, stats.commands);
}

pub(super) async fn a_panic_and_a_poisonous_command_stop_nobody_else(world: World) {
    let (one, panicked, two) = tokio::join!(
        world.write("1", json!({})),
        world.write("2", json!({"panic": true})),
        world.write("3", json!({})),
    );
    assert!(one.is_ok() && two.is_ok());
    assert!(matches!(panicked, Err(SubmitError::Fault(fault)) if fault.to_string().contains("asked for it")));
    let (early, three) = tokio::join!(world.write("2", json!({"panic": "early"})), world.write("3", json!({"v": 2})));
    assert!(matches!(early, Err(SubmitError::Fault(_))) && three.is_ok());
    // Too large for an entry, and a write that fails: each alone.
    let (large, failed, fine) = tokio::join!(
        world.write("4", json!({"text": "x".repeat(70_000)})),
        world.store.write(|_| Err::<(), _>(Fault::Task("no".to_owned()))),
        world.write("5", json!({})),
    );
    assert!(matches!(large, Err(SubmitError::Fault(_))) && failed.is_err() && fine.is_ok());
    // A reader that panics is a fault of that read alone.
    assert!(world.store.read(|_| -> Result<(), Fault> { panic!("read") }).await.is_err());
    assert_eq!(world.store.read(|reader| Ok(reader.tree_head()?.size)).await.unwrap(), 4);
}

pub(super) async fn time_never_stands_still_or_runs_back(world: World) {
    let begin = world.write("1", json!({})).await.unwrap().at;
    world.set_clock(begin - 3_600_000_000);
    let behind = world.write("2", json!({})).await.unwrap().at;
    assert_eq!(behind, begin + 1);
    world.set_clock(begin + 5_000_000);
    assert_eq!(world.write("3", json!({})).await.unwrap().at, begin + 5_000_000);
    let mut late = world.submission(record("things", "4", "", json!({})));
    late.entered_at = Some(5);
    let sequence = world.store.submit(late).await.unwrap().first_sequence;
    let entry = world.store.read(move |reader| reader.entry(sequence)).await.unwrap().unwrap().entry;
    assert_eq!(entry.entered_at, 5);
    assert!(Timestamp::from_microsecond(entry.at).is_ok());
}

pub(super) async fn everything_is_there_after_a_restart(world: World) {
    world.write("1", json!({"number": 1, "claim": "王"})).await.unwrap();
    let hash = tokio::task::block_in_place(|| world.store.state_hash().unwrap());
    // One process at a time.
    let second = tokio::task::block_in_place(|| Store::open(world.options().clone()));
    assert!(matches!(second, Err(Fault::InUse(_))));
    let world = tokio::task::block_in_place(|| world.reopen());
    assert_eq!(tokio::task::block_in_place(|| world.store.state_hash().unwrap()), hash);
    let next = world.write("2", json!({"number": 1})).await.unwrap();
    assert_eq!((next.reply, next.first_sequence), (json!({"number": 2, "numbers": [2]}), 1));
    assert!(world.write("3", json!({"claim": "王"})).await.is_err());
    world.store.stop();
    assert!(matches!(world.write("4", json!({})).await, Err(SubmitError::Fault(_))));
}

pub(super) async fn a_foreign_node_and_a_lower_term_are_refused(world: World) {
    world.write("1", json!({})).await.unwrap();
    world
        .store
        .write(|writes| writes.connection().execute("update log_head set term = $1", &values![1_000_000i64]))
        .await
        .unwrap();
    let fenced = world.write("2", json!({})).await;
    assert!(
        matches!(fenced, Err(SubmitError::Fault(fault)) if matches!(*fault, Fault::Fenced { seen: 1_000_000, .. }))
    );
    let other = Options { node: ::journal::Id([8; 16]), ..world.options().clone() };
    drop(world.store);
    let refused = tokio::task::block_in_place(|| Store::open(other));
    assert!(matches!(refused, Err(Fault::OtherNode { .. })));
}

/// Several processes over one server: numbers, claims and states are one, whoever holds what in memory.
pub(super) async fn processes_share_one_server(world: World) {
    let second = tokio::task::block_in_place(|| world.beside().unwrap());
    let submit = |n: usize| {
        let store = if n.is_multiple_of(2) { &world.store } else { &second };
        store.submit(world.submission(record("things", &(n % 5).to_string(), "", json!({"number": 1, "n": n}))))
    };
    let mut numbers: Vec<u64> = Vec::new();
    for round in 0..4 {
        for answer in join_all((round * 10..round * 10 + 10).map(submit)).await {
            numbers.extend(answer.unwrap().reply["number"].as_u64());
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    let claim = |store: Store, id: &str| {
        let submission = world.submission(record("things", id, "", json!({"claim": "王"})));
        async move { store.submit(submission).await }
    };
    let (one, two) = tokio::join!(claim(world.store.clone(), "6"), claim(second.clone(), "7"));
    assert!(one.is_ok() != two.is_ok());
    assert_eq!(tokio::task::block_in_place(|| second.verify().unwrap()).mismatches, []);
    // Without a standby a server is refused, unless loss was accepted.
    let options = Options { data: world.data().join("third"), accept_data_loss: false, ..world.options().clone() };
    let refused = tokio::task::block_in_place(|| Store::open(options));
    assert!(matches!(refused, Err(Fault::NotDurable(reason)) if reason.contains("standby")));
}

/// Awaits all of them at once, in their order.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

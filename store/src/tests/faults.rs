//! What fails around one command among many: each is told what is true for it, and the writer goes on.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use kernel::Command;
use kernel::directory::DirectoryCommand;
use kernel::sealed::Secret;
use serde_json::json;
use tokio::task::block_in_place;

use super::acts::join_all;
use super::world::{World, secret_record};
use crate::sql::values;
use crate::writer::log::Head;
use crate::{Fault, Receipt, SubmitError, Writes};

pub(super) fn fault(answer: Result<Receipt, SubmitError>) -> Arc<Fault> {
    match answer {
        Err(SubmitError::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

/// A damaged head makes the arithmetic of time overflow, outside of the rules: whoever met it is told, and the writer lives.
pub(super) async fn a_panic_of_the_writer_itself_is_a_fault_and_not_its_end(world: World) {
    world.write("1", json!({})).await.unwrap();
    let set = |at: i64| {
        world.store.write(move |writes| writes.connection().execute("update log_head set at = $1", &values![at]))
    };
    let at = world.store.read(|reader| Ok(reader.tree_head()?.at)).await.unwrap();
    set(i64::MAX).await.unwrap();
    let (one, kept, two) = tokio::join!(
        world.write("2", json!({})),
        world.store.write(|writes| writes.use_budget("b", 1, 1)),
        world.write("3", json!({}))
    );
    for answer in [one, two] {
        assert!(fault(answer).to_string().contains("panicked"));
    }
    assert_eq!(kept.unwrap(), 1, "what has nothing to do with it is done");
    set(at).await.unwrap();
    assert_eq!(world.write("2", json!({})).await.unwrap().first_sequence, 1);
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
}

/// Somebody holds the log: nobody's command is at fault, so that none is tried alone, each for as long as the first.
pub(super) async fn a_database_that_is_held_fails_all_at_once(world: World) {
    let (held, holds) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let store = world.store.clone();
    let holder = std::thread::spawn(move || {
        store.on_own_connection(move |connection| {
            connection.begin_write()?;
            Head::lock(connection, &mut 0)?;
            held.send(()).unwrap();
            // Ends with the test, whatever becomes of it.
            let _over = released.recv();
            connection.rollback()
        })
    });
    block_in_place(|| holds.recv().unwrap());
    let begin = Instant::now();
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let answers = join_all(ids.iter().map(|id| world.write(id, json!({})))).await;
    let waited = begin.elapsed();
    assert!(answers.into_iter().all(|answer| matches!(answer, Err(SubmitError::Fault(_)))));
    // The first alone, then those that came meanwhile: five seconds each.
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    drop(release);
    block_in_place(|| holder.join().unwrap().unwrap());
    assert!(world.write("1", json!({})).await.is_ok());
}

/// A process that has seen a newer primary refuses the older one, whose own tables know nothing of it (security.md §8).
pub(super) async fn who_saw_a_newer_primary_refuses_the_older_one(world: World) {
    world.write("1", json!({})).await.unwrap();
    let term = world.store.write(|writes| writes.connection().query("select term from log_head", &[])?.remove(0).int());
    let term = term.await.unwrap();
    let set = move |writes: &mut Writes<'_>, to: i64| {
        writes.connection().execute("update log_head set term = $1", &values![to])
    };
    world.store.write(move |writes| set(writes, 1_000_000)).await.unwrap();
    assert!(matches!(*fault(world.write("2", json!({})).await), Fault::Fenced { seen: 1_000_000, .. }));
    let mend = block_in_place(|| {
        world.store.on_own_connection(|connection| connection.execute("update log_head set term = $1", &values![term]))
    });
    assert_eq!(mend.unwrap(), 1);
    assert!(matches!(*fault(world.write("2", json!({})).await), Fault::Fenced { seen: 1_000_000, .. }), "it was seen");
    let world = block_in_place(|| world.reopen());
    assert!(world.write("2", json!({})).await.is_ok(), "another process has not seen it");
}

/// Between a command and a small write beside it there is no order. A key that both make for a new subject is one key.
pub(super) async fn a_command_and_a_write_beside_it_make_one_key_for_a_subject(world: World) {
    for round in 0..20 {
        let subject = world.subject();
        let secret =
            Secret {
                subject, field: format!("record/things/{round}/name"), salt: [1; 16], value: "王小明".to_owned()
            };
        let id = round.to_string();
        let command = secret_record("things", &id, "", &json!({}), vec![secret]);
        let (name, draft) = (subject.to_string(), format!("draft-{round}"));
        let put = move |writes: &mut Writes<'_>| writes.put_draft(&draft, "a", &name, "m", &json!({"n": 1}), 1);
        let (sent, drafted) = tokio::join!(world.submit(command), world.store.write(put));
        assert!(sent.is_ok() && drafted.is_ok());
        let read = world.store.read(move |reader| {
            let field = (subject, format!("record/things/{round}/name"));
            Ok((reader.open(&[field])?.remove(0), reader.draft("a", &format!("draft-{round}"))?.unwrap().body))
        });
        let (value, body) = read.await.unwrap();
        assert_eq!((value.value(), body), (Some("王小明"), Some(json!({"n": 1}))));
    }
}

pub(super) async fn a_decision_takes_several_numbers_of_one_counter_without_a_gap(world: World) {
    let mut numbers = Vec::new();
    for n in 0..3 {
        let reply = world.write(&n.to_string(), json!({"number": 1, "numbers": 3})).await.unwrap().reply;
        numbers.extend(reply["numbers"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64));
    }
    assert_eq!(numbers, (1..=9).collect::<Vec<u64>>());
}

pub(super) async fn a_file_that_comes_in_after_its_subject_was_erased_is_not_kept(world: World) {
    let subject = world.subject();
    let key = world.store.write(move |writes| writes.subject_key(&subject.to_string())).await.unwrap();
    let mut upload = world.store.files().begin(Some(key)).unwrap();
    upload.write(b"scan").unwrap();
    let erase = DirectoryCommand::Erase { subject, basis: "个人信息保护法 47".to_owned() };
    world.submit(Command::Directory(erase)).await.unwrap();
    let stored = upload.finish().unwrap();
    let named = world.store.write(move |writes| writes.put_file(&stored, &subject.to_string(), "image/png", 1)).await;
    assert!(named.is_err());
    // Its bytes, which nobody can read, go when the store is opened again: as they do when the process died after the commit.
    let folder = world.data().join("files/sealed").join(subject.to_string());
    assert!(folder.is_dir());
    let world = block_in_place(|| world.reopen());
    assert!(!folder.exists());
    assert_eq!(world.store.read(|reader| reader.files(("", ""), 10)).await.unwrap(), []);
}

pub(super) async fn who_comes_after_the_end_is_told_so(world: World) {
    world.store.stop();
    let late = world.store.write(|writes| writes.refill_budget("x")).await;
    assert!(matches!(*late.unwrap_err(), Fault::Stopped));
    assert!(matches!(*fault(world.write("1", json!({})).await), Fault::Stopped));
}

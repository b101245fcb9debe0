//! The journal and what can be checked against it.

use ::journal::Receipt;
use serde_json::json;
use tokio::task::block_in_place;

use super::world::{Kind, World, secret_record, thing};
use crate::sql::values;
use crate::{Fault, Store};
use kernel::{State, StreamId};

/// Enough entries for a full tile and some more.
async fn filled(world: &World, count: usize) {
    let ids: Vec<String> = (0..count).map(|n| format!("{n:03}")).collect();
    let writes =
        ids.iter().map(|id| world.write(id, json!({"name": format!("企业 {id}"), "claim": id, "until": "2027-01-01"})));
    for answer in super::acts::join_all(writes).await {
        answer.unwrap();
    }
}

pub(super) async fn verify_finds_nothing_in_a_sound_store(world: World) {
    filled(&world, 300).await;
    let signed = world.store.sign_checkpoint(world.now()).await.unwrap().unwrap();
    assert_eq!(signed.size, 300);
    assert!(world.store.sign_checkpoint(world.now()).await.unwrap().is_none(), "nothing came since");
    world.write("000", json!({"v": 2})).await.unwrap();
    let report = block_in_place(|| world.store.verify().unwrap());
    assert_eq!(report.mismatches, []);
    assert_eq!((report.entries, report.streams), (301, 300));
    assert_eq!(report.state_hash, block_in_place(|| world.store.state_hash().unwrap()));
    let (head, old, proof) = world
        .store
        .read(|reader| Ok((reader.tree_head()?, reader.checkpoint()?, reader.prove_consistency(300, 301)?)))
        .await
        .unwrap();
    assert_eq!((head.root, old.unwrap().0), (report.root, 300));
    ::journal::tree::proofs::verify_consistency(300, &signed.root, 301, &head.root, &proof).unwrap();
}

pub(super) async fn verify_names_each_planted_defect(world: World) {
    filled(&world, 260).await;
    world.store.sign_checkpoint(world.now()).await.unwrap();
    // What is broken, how it is mended, and what verify must name.
    let defects: &[(&str, &str, &str, &str)] = &[
        (
            "update entries set stream = 'record/things/xxx' where sequence = 5",
            "update entries set stream = 'record/things/005' where sequence = 5",
            "entries",
            "5",
        ),
        (
            "update entries set at = at + 1 where sequence = 7",
            "update entries set at = at - 1 where sequence = 7",
            "entries",
            "7",
        ),
        (
            "update states set version = 2 where stream = 'record/things/009'",
            "update states set version = 1 where stream = 'record/things/009'",
            "states",
            "record/things/009",
        ),
        (
            "update claims set stream = 'record/things/001' where claim = '002'",
            "update claims set stream = 'record/things/002' where claim = '002'",
            "claims",
            "one-site/002",
        ),
        (
            "update records set status = 'lapsed' where id = '011'",
            "update records set status = 'valid' where id = '011'",
            "records",
            "things/011",
        ),
        (
            "delete from timers where stream = 'record/things/012'",
            "insert into timers (stream, name, due_at) select 'record/things/012', name, due_at from timers where stream = 'record/things/013'",
            "timers",
            "record/things/012/expiry",
        ),
        ("update checkpoints set size = 259", "update checkpoints set size = 260", "checkpoints", "259"),
        ("update log_head set size = 259", "update log_head set size = 260", "", ""),
    ];
    for (damage, mend, table, key) in defects {
        let (damage, mend) = (*damage, *mend);
        world.store.write(move |writes| writes.connection().execute(damage, &[])).await.unwrap();
        let report = block_in_place(|| world.store.verify());
        match report {
            Ok(report) => {
                let first = report.mismatches.first().unwrap_or_else(|| panic!("not found: {damage}"));
                assert_eq!((first.table, first.key.as_str()), (*table, *key), "{damage}: {first}");
            }
            // A head that is not one at all stops the check.
            Err(fault) => assert!(table.is_empty() && fault.to_string().contains("head"), "{damage}: {fault}"),
        }
        let mended = world.store.write(move |writes| writes.connection().execute(mend, &[])).await;
        if table.is_empty() {
            // The writer refuses to work on it, so that it can only be mended beside it.
            assert!(mended.is_err());
            return verify_bytes(world.reopen_mended(mend)).await;
        }
        assert!(block_in_place(|| world.store.verify().unwrap()).mismatches.is_empty(), "{mend}");
    }
}

/// One byte of an entry, of a state, of a stored tile; a missing entry: each is named.
async fn verify_bytes(world: World) {
    for (table, column, condition, key) in [
        ("entries", "bytes", "sequence = 17", "17"),
        ("states", "bytes", "stream = 'record/things/018'", "record/things/018"),
        ("tiles", "bytes", "tile = 0", "0"),
    ] {
        let select = format!("select {column} from {table} where {condition}");
        let update = format!("update {table} set {column} = $1 where {condition}");
        let put = |bytes: Vec<u8>| {
            let update = update.clone();
            world.store.write(move |writes| writes.connection().execute(&update, &values![bytes.clone()]))
        };
        let bytes =
            world.store.write(move |writes| writes.connection().query(&select, &[])?.remove(0).blob()).await.unwrap();
        let mut changed = bytes.clone();
        // A letter of a name where there is one, so that the bytes can still be read.
        let at = changed.windows(6).position(|part| part == "企业".as_bytes()).map_or(40, |at| at + 5);
        changed[at] ^= 1;
        put(changed).await.unwrap();
        let report = block_in_place(|| world.store.verify().unwrap());
        let first = report.mismatches.first().unwrap_or_else(|| panic!("one byte of {table} was not found"));
        let named = if table == "tiles" { ("entries", "1") } else { (table, key) };
        assert_eq!((first.table, first.key.as_str()), named, "{first}");
        let replay = block_in_place(|| world.store.replay_check().unwrap());
        assert_eq!(replay.mismatches.is_empty(), table == "tiles", "{table}");
        put(bytes).await.unwrap();
    }
    assert!(block_in_place(|| world.store.verify().unwrap()).mismatches.is_empty());
    world
        .store
        .write(|writes| writes.connection().execute("delete from entries where sequence = 100", &[]))
        .await
        .unwrap();
    let report = block_in_place(|| world.store.verify().unwrap());
    assert_eq!((report.mismatches[0].table, report.mismatches[0].key.as_str()), ("entries", "100"));
    let replay = block_in_place(|| world.store.replay_check().unwrap());
    assert!(replay.mismatches.iter().any(|one| one.key == "record/things/100"), "{:?}", replay.mismatches);
}

pub(super) async fn a_broken_arm_is_named(world: World) {
    filled(&world, 20).await;
    let broken = |state: Option<State>, stream: &StreamId, at: i64, bytes: &[u8]| {
        let mut state = crate::writer::cache::apply(state, stream, at, bytes)?;
        if let State::Record(record) = &mut state
            && record.id == "007"
        {
            record.status = "lapsed".to_owned();
        }
        Ok(state)
    };
    let report = block_in_place(|| world.store.replay_check_with(broken).unwrap());
    let named: Vec<&str> = report.mismatches.iter().map(|mismatch| mismatch.key.as_str()).collect();
    assert_eq!(named, ["record/things/007"]);
    assert!(block_in_place(|| world.store.replay_check().unwrap()).mismatches.is_empty());
}

pub(super) async fn a_store_is_read_beside_the_process_that_works_on_it(world: World) {
    filled(&world, 3).await;
    let mut upload = world.store.files().begin(None).unwrap();
    upload.write(b"on its way").unwrap();
    let reading = block_in_place(|| Store::open_to_read(world.options().clone()).unwrap());
    assert_eq!(upload.finish().unwrap().length, 10, "an upload on its way is left alone");
    assert_eq!(block_in_place(|| reading.verify().unwrap()).mismatches, []);
    world.write("more", json!({})).await.unwrap();
    assert_eq!(block_in_place(|| reading.verify().unwrap()).entries, 4, "it sees what comes");
    let refused = reading.write(|writes| writes.refill_budget("x")).await;
    assert!(refused.is_err(), "nothing is written through it");
    let mut elsewhere = world.options().clone();
    elsewhere.node = ::journal::Id([0x77; 16]);
    assert!(matches!(block_in_place(|| Store::open_to_read(elsewhere)), Err(Fault::OtherNode { .. })));
}

pub(super) async fn receipts_prove_entries_without_the_store(world: World) {
    filled(&world, 270).await;
    assert!(world.store.receipt(3).await.unwrap().is_none(), "no checkpoint yet");
    world.store.sign_checkpoint(world.now()).await.unwrap();
    let key = world.store.verifier().unwrap();
    for sequence in [0, 3, 255, 256, 269] {
        let text = world.store.receipt(sequence).await.unwrap().unwrap().to_json().unwrap();
        let verified = Receipt::from_json(&text).unwrap().verify(Some(&key)).unwrap();
        assert!(verified.pinned);
        assert_eq!((verified.entry.sequence, verified.tree_size), (sequence, 270));
    }
}

pub(super) async fn rebuilding_gives_the_same_rows(world: World) {
    filled(&world, 40).await;
    world.store.write(|writes| writes.connection().execute("delete from records", &[])).await.unwrap();
    world.store.write(|writes| writes.connection().execute("update timers set due_at = 0", &[])).await.unwrap();
    assert!(!block_in_place(|| world.store.verify().unwrap()).mismatches.is_empty());
    let rows = block_in_place(|| world.store.rebuild_projections().unwrap());
    // A record, a claim, a timer and a line for search each.
    assert_eq!(rows, 4 * 40);
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
    let found = world
        .store
        .read(|reader| reader.search(&kernel::policy::Scope::everything(), None, "企业 017", &crate::Page::default()));
    assert_eq!(found.await.unwrap().rows.len(), 1);
}

/// The same commands with the same ids, salts and clock end in the same states, on both databases.
pub(super) async fn the_same_seed_gives_the_same_states(world: World) {
    async fn scenario(world: &World) -> ::journal::Hash {
        for n in 0..50u32 {
            let body = json!({"number": 1, "name": format!("企业 {}", n % 20), "area": "12.50", "n": n});
            let secret = kernel::sealed::Secret {
                subject: world.subject(),
                field: format!("record/things/{n}/phone"),
                salt: [n as u8; 16],
                value: "13800138000".to_owned(),
            };
            let command = secret_record("things", &(n % 20).to_string(), "1301", &body, vec![secret]);
            world.submit(command).await.unwrap();
        }
        assert!(world.store.read(|reader| reader.state(&thing("3"))).await.unwrap().is_some());
        block_in_place(|| world.store.state_hash().unwrap())
    }
    let hash = scenario(&world).await;
    let (other, _) = block_in_place(|| World::new(Kind::Sqlite));
    assert_eq!(hash, scenario(&other).await);
}

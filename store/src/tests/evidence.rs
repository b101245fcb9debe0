//! Real cases as evidence: what is changed beside the kernel is named, what is erased leaves the rest as it was, both databases agree.

use std::collections::BTreeMap;

use ::journal::Hash;
use base::id::CaseId;
use kernel::case::CaseCommand;
use kernel::directory::DirectoryCommand;
use kernel::message::{Medium, Message, MessageCommand, Occasion};
use kernel::policy::Scope;
use kernel::reminder::{Reminder, ReminderSent};
use kernel::{Command, Refusal, StreamId};
use testkit::bureau;
use tokio::task::block_in_place;

use super::cases::mixed;
use super::desk::{Desk, wish};
use super::world::{Kind, World};
use crate::sql::{Value, tables, values};
use crate::{Mismatch, Opened, Page, SubmitError};

/// Something of everything: cases of all stages, a licence with its claim, a reminder.
async fn filled(world: &World) -> CaseId {
    let desk = Desk::open(world).await;
    mixed(world, &desk).await;
    let case = desk.apply(&desk.county, &wish(50)).await;
    desk.advance(&desk.county, case, 4).await;
    let reminder = Reminder {
        rule: "decision".to_owned(),
        stage: "yellow".to_owned(),
        recipient: desk.county.account_of("deputy-director"),
        n: 1,
    };
    let sent = ReminderSent { reminder, owed_on: "2026-11-25".parse().unwrap(), sent_at: world.now() };
    desk.remind(case, vec![sent]).await.unwrap();
    let (medium, to, occasion) = (Medium::Sms, bureau::applicant(1).0, Occasion::Granted);
    let message = Message { medium, to, occasion, case, key: None };
    let (key, reason) = ("k".to_owned(), "unreachable".to_owned());
    let command = MessageCommand::Failed { message, key, attempts: 9, reason, dropped: false };
    world.submit(Command::Message { case, command }).await.unwrap();
    case
}

async fn rows(world: &World, sql: &str) -> Vec<Vec<Value>> {
    let sql = sql.to_owned();
    let rows = world.store.write(move |writes| writes.connection().query(&sql, &[])).await.unwrap();
    rows.into_iter().map(crate::sql::Row::rest).collect()
}

async fn change(world: &World, sql: &str, parameters: Vec<Value>) -> u64 {
    let sql = sql.to_owned();
    world.store.write(move |writes| writes.connection().execute(&sql, &parameters)).await.unwrap()
}

fn verify(world: &World) -> Vec<Mismatch> {
    block_in_place(|| world.store.verify().unwrap()).mismatches
}

fn replay(world: &World) -> Vec<Mismatch> {
    block_in_place(|| world.store.replay_check().unwrap()).mismatches
}

/// Erasing (个人信息保护法 art. 47) destroys what opens the values, and nothing that others rely on.
pub(super) async fn an_erased_applicant_leaves_states_entries_and_proofs_as_they_were(world: World) {
    let desk = Desk::open(&world).await;
    let (case, other) = (desk.apply(&desk.county, &wish(1)).await, desk.apply(&desk.county, &wish(2)).await);
    desk.advance(&desk.county, case, 1).await;
    world.store.sign_checkpoint(world.now()).await.unwrap();
    let receipt = world.store.receipt(0).await.unwrap().unwrap();
    let values = async |case: CaseId| {
        let state = desk.case(case).await;
        let wanted = state.sealed.iter().map(|one| (state.applicant.subject, one.field.clone())).collect::<Vec<_>>();
        world.store.read(move |reader| reader.open(&wanted)).await.unwrap()
    };
    let opened = values(case).await;
    assert!(opened.len() >= 8 && opened.iter().all(|one| one.value().is_some()), "{opened:?}");
    let before = rows(&world, "select stream, version, sequence, bytes from states order by stream").await;
    assert_eq!(replay(&world), []);

    let subject = bureau::applicant(1).1;
    let erase = Command::Directory(DirectoryCommand::Erase { subject, basis: "个人信息保护法 47".to_owned() });
    let sequence = world.submit(erase).await.unwrap().first_sequence;
    assert!(values(case).await.iter().all(|one| *one == Opened::Erased));
    assert!(values(other).await.iter().all(|one| one.value().is_some()), "other people's values stay");
    let mut after = rows(&world, "select stream, version, sequence, bytes from states order by stream").await;
    after.retain(|row| row[0] != Value::Text(StreamId::erased(subject).to_string()));
    assert!(before == after, "a state changed");
    assert_eq!((replay(&world), verify(&world)), (Vec::new(), Vec::new()));
    assert!(receipt.verify(Some(&world.store.verifier().unwrap())).is_ok());
    let size = sequence + 1;
    let read = world.store.read(move |reader| {
        Ok((reader.checkpoint()?.unwrap().0, reader.tree_head()?, reader.prove_consistency(sequence, size)?))
    });
    let (old, head, proof) = read.await.unwrap();
    let signed = receipt.checkpoint.text().parse::<::journal::checkpoint::Checkpoint>().unwrap();
    assert_eq!((old, signed.size), (sequence, sequence));
    ::journal::tree::proofs::verify_consistency(old, &signed.root, size, &head.root, &proof).unwrap();

    // Whose key is gone, for them no words are sealed any more; the case itself can be read, and goes on where nothing is sealed.
    let opinion = desk.step(&desk.county, case, 1).await;
    assert!(matches!(opinion, Err(SubmitError::Refused(Refusal::SubjectErased))), "{opinion:?}");
    let withdraw = CaseCommand::Withdraw { reason: None };
    desk.act(&desk.county, case, bureau::as_applicant(1), withdraw).await.unwrap();
    assert_eq!((replay(&world), verify(&world)), (Vec::new(), Vec::new()));
}

/// Every cell of every table, after everything that cases do: no personal value, and no name of an uploaded file.
pub(super) async fn no_table_holds_a_personal_value(world: World) {
    filled(&world).await;
    let personal = [
        "示例乙",
        "13800000000",
        "示例丙",
        "13010218800101002X",
        "1301021988",
        ".pdf",
        "材料齐全",
        "另行申请",
        "name-of-",
    ];
    let mut cells = 0;
    for table in tables::ALL {
        for row in rows(&world, &format!("select {} from {}", table.names(), table.name)).await {
            for (cell, column) in row.iter().zip(table.columns) {
                let bytes = match cell {
                    Value::Text(text) => text.as_bytes(),
                    Value::Blob(bytes) => bytes.as_slice(),
                    _ => continue,
                };
                cells += 1;
                let held =
                    personal.iter().find(|value| bytes.windows(value.len()).any(|part| part == value.as_bytes()));
                assert_eq!(held, None, "{}.{}", table.name, column.name);
            }
        }
    }
    assert!(cells > 1_000, "{cells} cells");
}

/// One row of each table of rows for pages: a changed cell, the row gone, a row too many. Each is named by table and key, and by nothing else.
pub(super) async fn each_defect_in_rows_of_cases_is_named(world: World) {
    filled(&world).await;
    assert_eq!(verify(&world), []);
    // Table, a column that a state gives, a column of the key to plant a further row with.
    for (table, column, key) in [
        (&tables::CASES, "stage", "stream"),
        (&tables::CASES, "due_on", "stream"),
        (&tables::TASKS, "claimed_by", "stream"),
        (&tables::TIMERS, "due_at", "name"),
        (&tables::RECORDS, "status", "id"),
        (&tables::CLAIMS, "stream", "claim"),
        (&tables::DOCUMENTS, "kind", "number"),
        (&tables::REMINDERS, "sent_at", "recipient"),
        (&tables::DEAD_LETTERS, "reason", "letter_key"),
        (&tables::SEARCH, "folded", "stream"),
        (&tables::ACCOUNTS, "disabled", "id"),
        (&tables::POSTS, "kind", "post"),
        (&tables::ORGANISATIONS, "short", "code"),
        (&tables::TALLIES, "n", "day"),
    ] {
        let all = rows(&world, &format!("select {} from {}", table.names(), table.name)).await;
        let row = all.last().unwrap_or_else(|| panic!("no row in {}", table.name));
        let named = |row: &[Value]| {
            let cells = row[..table.keys].iter().map(|cell| match cell {
                Value::Int(value) => value.to_string(),
                Value::Text(text) => text.clone(),
                _ => "?".to_owned(),
            });
            cells.collect::<Vec<_>>().join("/")
        };
        let place = |name: &str| table.columns.iter().position(|column| column.name == name).unwrap();
        let mut changed = row.clone();
        let cell = &mut changed[place(column)];
        *cell = if let Value::Int(value) = cell { Value::Int(1 - *value) } else { Value::from("2026-12-31") };
        let mut further = row.clone();
        further[place(key)] = Value::from("planted");
        // The case's number is unique in its own right.
        if table.name == tables::CASES.name {
            further[place("number")] = Value::from("planted");
        }
        if table.name == tables::RECORDS.name {
            further[place("stream")] = Value::from("planted");
        }
        for (what, put, gone, named) in [
            ("changed", Some(changed), None, named(row)),
            ("missing", None, Some(row.clone()), named(row)),
            ("too many", Some(further.clone()), None, named(&further)),
        ] {
            write(&world, table, put.clone(), gone).await;
            let found = verify(&world);
            assert_eq!(found.len(), 1, "{} {what}: {found:?}", table.name);
            assert_eq!((found[0].table, found[0].key.as_str()), (table.name, named.as_str()), "{what}");
            assert_eq!(replay(&world), [], "states and entries are as they were");
            write(&world, table, Some(row.clone()), put.filter(|put| put[..table.keys] != row[..table.keys])).await;
            assert_eq!(verify(&world), [], "{} {what}: mended", table.name);
        }
    }
}

/// Writes a row as it is, and removes another.
async fn write(world: &World, table: &'static crate::sql::Table, put: Option<Vec<Value>>, gone: Option<Vec<Value>>) {
    let work = move |writes: &mut crate::Writes<'_>| {
        let keys: Vec<Vec<Value>> = gone.iter().map(|row| row[..table.keys].to_vec()).collect();
        writes.connection().delete_all(table, &keys)?;
        // Tallies add up; this writes what it is given.
        let put: Vec<Vec<Value>> = put.iter().cloned().collect();
        let replaced: Vec<Vec<Value>> = put.iter().map(|row| row[..table.keys].to_vec()).collect();
        writes.connection().delete_all(table, &replaced)?;
        writes.connection().insert_all(table, &put)
    };
    world.store.write(work).await.unwrap();
}

pub(super) async fn each_changed_byte_of_a_state_is_named(world: World) {
    let case = filled(&world).await;
    let stream = StreamId::case(case).to_string();
    let read = rows(&world, "select stream, bytes from states").await;
    let bytes = read.into_iter().find_map(|mut row| match (row.swap_remove(0), row.swap_remove(0)) {
        (Value::Text(name), Value::Blob(bytes)) if name == stream => Some(bytes),
        _ => None,
    });
    let bytes = bytes.unwrap();
    let update = "update states set bytes = $2 where stream = $1";
    // Some of each part, and all of the end, where the number of the format stands.
    for at in (0..bytes.len()).step_by(bytes.len() / 40).chain(bytes.len() - 9..bytes.len()) {
        for bit in [1, 2, 0x20] {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            change(&world, update, values![&stream, changed].to_vec()).await;
            let found = replay(&world);
            let named = found.iter().any(|one| one.table == "states" && one.key == stream);
            assert!(named && found.len() == 1, "byte {at} of {}: {found:?}", bytes.len());
        }
    }
    change(&world, update, values![&stream, bytes].to_vec()).await;
    assert_eq!(verify(&world), []);
}

pub(super) async fn a_missing_entry_of_a_case_is_named(world: World) {
    let case = filled(&world).await;
    world.store.sign_checkpoint(world.now()).await.unwrap();
    let stream = StreamId::case(case);
    let asked = stream.clone();
    let entries = world.store.read(move |reader| reader.entries_of(&asked, 0, 100)).await.unwrap();
    for gone in [&entries[0], &entries[entries.len() / 2], entries.last().unwrap()] {
        let row = values![gone.sequence, &gone.stream, gone.entry.version, gone.entry.kind.as_str(), gone.entry.at];
        let row = row.into_iter().chain([Value::Blob(gone.bytes.clone())]).collect::<Vec<_>>();
        write(&world, &tables::ENTRIES, None, Some(row.clone())).await;
        let found = verify(&world);
        assert_eq!((found[0].table, found[0].key.clone()), ("entries", gone.sequence.to_string()), "{found:?}");
        let states = replay(&world);
        assert!(states.iter().any(|one| one.key == stream.as_str()), "{states:?}");
        write(&world, &tables::ENTRIES, Some(row), None).await;
        assert_eq!(verify(&world), []);
    }
}

pub(super) async fn rows_and_counters_of_cases_are_built_again(world: World) {
    filled(&world).await;
    let mut before: BTreeMap<&str, Vec<Vec<Value>>> = BTreeMap::new();
    let all = || crate::writer::rows::PROJECTED.iter().copied().chain([&tables::TALLIES]);
    for table in all() {
        before.insert(table.name, rows(&world, &sorted(table)).await);
        assert!(!before[table.name].is_empty(), "{}", table.name);
    }
    for table in all().filter(|table| table.name != tables::SEARCH.name) {
        change(&world, &format!("delete from {}", table.name), Vec::new()).await;
    }
    change(&world, "update search set folded = ''", Vec::new()).await;
    assert!(verify(&world).len() > 20);
    let written = block_in_place(|| world.store.rebuild_projections().unwrap());
    assert_eq!(written as usize, before.values().map(Vec::len).sum::<usize>());
    assert_eq!(verify(&world), []);
    // To the last cell, but for what `verify` compares by meaning: the order of a body's fields, the sequence of a search row's last change.
    for table in all().filter(|table| ![tables::RECORDS.name, tables::SEARCH.name].contains(&table.name)) {
        assert!(rows(&world, &sorted(table)).await == before[table.name], "{}", table.name);
    }
    let found = world.store.read(|reader| reader.search(&Scope::everything(), Some("case"), "家园", &Page::default()));
    assert_eq!(found.await.unwrap().rows.len(), 15);
}

fn sorted(table: &crate::sql::Table) -> String {
    format!(
        "select {} from {} order by {}",
        table.names(),
        table.name,
        tables::join(table.key(), |_, column| column.name.to_owned(), ", ")
    )
}

/// The same acts with the same ids, salts and clock: the same states, and entries equal to the last byte.
pub(super) async fn cases_end_in_the_same_states_on_both_databases(world: World) {
    async fn story(world: &World) -> (Hash, Hash) {
        filled(world).await;
        let report = block_in_place(|| world.store.verify().unwrap());
        assert_eq!(report.mismatches, []);
        (report.state_hash, report.root)
    }
    let here = story(&world).await;
    let (other, _) = block_in_place(|| World::new(Kind::Sqlite));
    assert_eq!(here, story(&other).await);
}

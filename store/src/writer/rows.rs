//! Rows for pages as rows of tables. One function for the writer, for rebuilding and for comparing, so that the three cannot disagree.

use std::collections::BTreeMap;

use kernel::StreamId;
use kernel::projection::Rows;
use kernel::tally::Tally;

use crate::fault::Fault;
use crate::search::fold;
use crate::sql::{Connection, Dialect, Table, Value, tables, values};

/// Rows by table and key.
pub(crate) type TableRows = BTreeMap<(&'static str, Vec<Value>), (&'static Table, Vec<Value>)>;

/// Every table that holds rows made from states.
pub(crate) static PROJECTED: &[&Table] = &[
    &tables::CASES,
    &tables::TASKS,
    &tables::TIMERS,
    &tables::RECORDS,
    &tables::CLAIMS,
    &tables::DOCUMENTS,
    &tables::REMINDERS,
    &tables::DEAD_LETTERS,
    &tables::SEARCH,
    &tables::ACCOUNTS,
    &tables::POSTS,
    &tables::ORGANISATIONS,
];

/// The rows of one stream at a version whose last entry is `sequence`.
pub(crate) fn table_rows(stream: &StreamId, version: u64, sequence: u64, rows: &Rows) -> TableRows {
    let mut all = TableRows::new();
    let mut add = |table: &'static Table, row: Vec<Value>| {
        all.insert((table.name, row[..table.keys].to_vec()), (table, row));
    };
    // What a scope's targets and own rows are compared with: the matter and owner of a case, else the register.
    let (mut target, mut account) = (rows.words.as_ref().map_or("", |words| words.family.as_str()), "");
    if let Some(case) = &rows.case {
        (target, account) = (&case.matter, &case.account);
        add(
            &tables::CASES,
            values![
                stream,
                &case.id,
                &case.number,
                &case.matter,
                &case.organisation,
                &case.region,
                case.stage,
                &case.subject,
                &case.applicant_code,
                &case.applicant_name,
                &case.account,
                &case.title,
                case.received_at,
                case.due_on,
                case.yellow_on,
                case.red_on,
                case.paused,
                case.incident,
                sequence,
            ]
            .to_vec(),
        );
    }
    for task in &rows.tasks {
        add(
            &tables::TASKS,
            values![
                stream,
                task.task,
                &task.case,
                &task.element,
                task.kind,
                &task.matter,
                &task.organisation,
                &task.region,
                &task.post_kind,
                &task.claimed_by,
                task.opened_at,
                task.due_on,
                task.yellow_on,
                task.red_on,
                task.paused,
            ]
            .to_vec(),
        );
    }
    for timer in &rows.timers {
        add(&tables::TIMERS, values![stream, &timer.name, timer.due_at].to_vec());
    }
    if let Some(record) = &rows.record {
        add(
            &tables::RECORDS,
            values![
                &record.register,
                &record.id,
                stream,
                &record.region,
                &record.status,
                record.valid_from,
                record.valid_until,
                &record.body,
                version,
                sequence,
            ]
            .to_vec(),
        );
    }
    for claim in &rows.claims {
        add(&tables::CLAIMS, values![&claim.name, &claim.key, stream].to_vec());
    }
    for document in &rows.documents {
        add(
            &tables::DOCUMENTS,
            values![
                &document.number,
                &document.code,
                stream,
                document.kind,
                document.issued_on,
                document.pdf_hash.as_deref(),
            ]
            .to_vec(),
        );
    }
    for sent in &rows.reminders {
        add(
            &tables::REMINDERS,
            values![&sent.case, &sent.rule, &sent.stage, &sent.recipient, sent.n, stream, sent.sent_at].to_vec(),
        );
    }
    for letter in &rows.dead_letters {
        add(
            &tables::DEAD_LETTERS,
            values![
                &letter.key,
                stream,
                &letter.case,
                letter.medium,
                letter.occasion,
                &letter.organisation,
                &letter.region,
                letter.attempts,
                &letter.reason,
                letter.failed_at,
            ]
            .to_vec(),
        );
    }
    if let Some(words) = &rows.words {
        let folded = fold(&words.text);
        add(
            &tables::SEARCH,
            values![
                stream,
                &words.family,
                &words.region,
                &words.organisation,
                target,
                account,
                &words.text,
                folded,
                sequence
            ]
            .to_vec(),
        );
    }
    if let Some(row) = &rows.account {
        add(&tables::ACCOUNTS, values![&row.id, stream, &row.subject, row.disabled].to_vec());
    }
    for post in &rows.posts {
        add(
            &tables::POSTS,
            values![
                &post.post,
                stream,
                &post.account,
                &post.kind,
                &post.organisation,
                &post.region,
                post.valid_from,
                post.valid_until,
            ]
            .to_vec(),
        );
    }
    if let Some(row) = &rows.organisation {
        add(&tables::ORGANISATIONS, values![&row.code, stream, &row.name, &row.region, &row.short].to_vec());
    }
    all
}

/// A counter's key in the order of its table, and how much it grows.
pub(crate) fn tally_row(tally: Tally) -> ([String; 5], i64) {
    let Tally { metric, day, matter, region, organisation, delta } = tally;
    ([metric.to_owned(), day, matter, region, organisation], delta)
}

/// What must be written so that the tables hold `after` instead of `before`.
#[derive(Default)]
pub(crate) struct Difference {
    deletes: ByTable,
    inserts: ByTable,
    upserts: ByTable,
}

type ByTable = BTreeMap<&'static str, (&'static Table, Vec<Vec<Value>>)>;

fn put(rows: &mut ByTable, table: &'static Table, row: Vec<Value>) {
    rows.entry(table.name).or_insert_with(|| (table, Vec::new())).1.push(row);
}

impl Difference {
    pub(crate) fn add(&mut self, before: &TableRows, after: TableRows) {
        for (key, (table, _)) in before.iter().filter(|(key, _)| !after.contains_key(key)) {
            put(&mut self.deletes, table, key.1.clone());
        }
        for (key, (table, row)) in after {
            match before.get(&key) {
                Some((_, old)) if same(table, old, &row) => {}
                // A row that another stream holds (a claim, a document's number) must fail, whatever was checked before.
                None if !table.is_keyed_by_stream() => put(&mut self.inserts, table, row),
                _ => put(&mut self.upserts, table, row),
            }
        }
    }

    /// Writes it: first everything that goes, so that a claim may pass from one stream to another within a batch.
    pub(crate) fn write(&self, connection: &mut dyn Connection) -> Result<u64, Fault> {
        let mut written = 0;
        for (table, keys) in self.deletes.values() {
            if table.name == tables::SEARCH.name {
                unindex(connection, keys)?;
            }
            connection.delete_all(table, keys)?;
            written += keys.len() as u64;
        }
        for (table, rows) in self.inserts.values() {
            connection.insert_all(table, rows)?;
            written += rows.len() as u64;
        }
        for (table, rows) in self.upserts.values() {
            if table.name == tables::SEARCH.name {
                write_search(connection, rows)?;
            } else {
                connection.upsert_all(table, rows)?;
            }
            written += rows.len() as u64;
        }
        Ok(written)
    }
}

/// A search row is written again only when something but its sequence changed: its index is the dearest of all.
fn same(table: &Table, old: &[Value], new: &[Value]) -> bool {
    if table.name == tables::SEARCH.name { old[..old.len() - 1] == new[..new.len() - 1] } else { old == new }
}

fn unindex(connection: &mut dyn Connection, keys: &[Vec<Value>]) -> Result<(), Fault> {
    if connection.dialect() == Dialect::Sqlite {
        for key in keys {
            connection
                .execute("delete from search_index where rowid = (select rowid from search where stream = $1)", key)?;
        }
    }
    Ok(())
}

fn write_search(connection: &mut dyn Connection, rows: &[Vec<Value>]) -> Result<(), Fault> {
    let text = |row: &Vec<Value>, n: usize| if let Value::Text(text) = &row[n] { text.clone() } else { String::new() };
    let (stream, folded) = (0, tables::SEARCH.columns.len() - 2);
    let keys: Vec<Vec<Value>> = rows.iter().map(|row| row[..1].to_vec()).collect();
    unindex(connection, &keys)?;
    connection.upsert_all(&tables::SEARCH, rows)?;
    let grams: Vec<String> = rows.iter().map(|row| crate::search::grams(&text(row, folded))).collect();
    match connection.dialect() {
        Dialect::Sqlite => {
            for (row, grams) in rows.iter().zip(grams) {
                connection.execute(
                    "insert into search_index (rowid, grams) select rowid, $2 from search where stream = $1",
                    &[row[stream].clone(), Value::Text(grams)],
                )?;
            }
        }
        Dialect::Postgres => {
            let streams: Vec<String> = rows.iter().map(|row| text(row, stream)).collect();
            connection.execute(
                "update search s set grams = array_to_tsvector(string_to_array(d.grams, ' '))
                 from unnest($1::text[], $2::text[]) as d(stream, grams) where s.stream = d.stream",
                &values![streams, grams],
            )?;
        }
    }
    Ok(())
}

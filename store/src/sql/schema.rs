//! The schema, as numbered steps that only go forward. A released step is frozen; change is a new step.

use super::{Connection, Dialect, first, values};
use crate::fault::Fault;

/// One step: the statements both databases share, then each one's own.
struct Step {
    both: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// The newest schema this program knows.
pub(crate) const SCHEMA: i64 = STEPS.len() as i64;

const STEPS: &[Step] = &[
    Step { both: STEP_1, sqlite: STEP_1_SQLITE, postgres: STEP_1_POSTGRES },
    Step { both: STEP_2, sqlite: "", postgres: "" },
    Step { both: STEP_3, sqlite: "", postgres: "" },
    Step { both: STEP_4, sqlite: "", postgres: "" },
    Step { both: "drop index tasks_queue", sqlite: STEP_5_SQLITE, postgres: STEP_5_POSTGRES },
];

/// Brings an older database to this program's schema; refuses a newer one. Each step is one transaction, so that a run that was killed is
/// simply run again.
pub(crate) fn migrate(connection: &mut dyn Connection) -> Result<(), Fault> {
    let dialect = connection.dialect();
    connection.begin_write()?;
    let begun = (|| {
        if dialect == Dialect::Postgres {
            // Two processes may start at the same moment on an empty database.
            connection.script("select pg_advisory_xact_lock(7310430051)")?;
        }
        connection
            .script(&dialect.types("create table if not exists meta (name TEXT primary key, value TEXT not null)"))?;
        let found = version(connection)?;
        if found > SCHEMA {
            return Err(Fault::NewerSchema { found, known: SCHEMA });
        }
        for (number, step) in (1..).zip(STEPS).filter(|(number, _)| *number > found) {
            connection.script(&dialect.types(step.both))?;
            connection.script(&dialect.types(if dialect == Dialect::Sqlite { step.sqlite } else { step.postgres }))?;
            set_meta(connection, "schema", &i64::to_string(&number))?;
        }
        Ok(())
    })();
    match begun {
        Ok(()) => connection.commit(),
        Err(fault) => {
            connection.rollback()?;
            Err(fault)
        }
    }
}

/// Refuses a database of another schema than this program's: who only reads does not migrate.
pub(crate) fn check(connection: &mut dyn Connection) -> Result<(), Fault> {
    match version(connection)? {
        SCHEMA => Ok(()),
        found if found > SCHEMA => Err(Fault::NewerSchema { found, known: SCHEMA }),
        found => Err(Fault::Task(format!(
            "the database has schema {found}: start `jiantong serve` once to bring it to {SCHEMA}"
        ))),
    }
}

fn version(connection: &mut dyn Connection) -> Result<i64, Fault> {
    let Some(text) = meta(connection, "schema")? else { return Ok(0) };
    text.parse().map_err(|_| Fault::damaged(format!("schema number {text:?}")))
}

/// A named value of the database itself.
pub(crate) fn meta(connection: &mut dyn Connection, name: &str) -> Result<Option<String>, Fault> {
    first(connection, "select value from meta where name = $1", &values![name])?.map(|mut row| row.text()).transpose()
}

/// Sets a named value.
pub(crate) fn set_meta(connection: &mut dyn Connection, name: &str, value: &str) -> Result<(), Fault> {
    connection.execute(
        "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
        &values![name, value],
    )?;
    Ok(())
}

const STEP_1: &str = "
-- The journal. sequence = leaf index from 0. One row of log_head: what the next batch starts from, and the lock between processes.
create table entries (
    sequence INT8 primary key, stream TEXT not null, version INT8 not null, kind TEXT not null, at INT8 not null, bytes BYTES not null
);
create unique index entries_stream on entries (stream, version);
create table log_head (
    id INT8 primary key check (id = 1), size INT8 not null, at INT8 not null, frontier BYTES not null, term INT8 not null
);
-- Full tiles only; partial ones follow from the entries and from the roots one level below.
create table tiles (level INT8 not null, tile INT8 not null, root BYTES not null, bytes BYTES not null, primary key (level, tile));
create table checkpoints (size INT8 primary key, at INT8 not null, root BYTES not null, note TEXT not null);

-- States: canonical bytes, a fold of the stream's entries.
create table states (stream TEXT primary key, version INT8 not null, sequence INT8 not null, bytes BYTES not null);
create table numbers (number_key TEXT primary key, next INT8 not null);
create table claims (name TEXT not null, claim TEXT not null, stream TEXT not null, primary key (name, claim));
create index claims_stream on claims (stream);

-- Rows for pages, each a pure function of one stream's state.
create table cases (
    stream TEXT primary key, id TEXT not null, number TEXT not null, matter TEXT not null, organisation TEXT not null, region TEXT not null,
    stage TEXT not null, subject TEXT not null, applicant_code TEXT not null, applicant_name TEXT not null, account TEXT not null,
    title TEXT not null, received_at INT8 not null, due_on TEXT, yellow_on TEXT, red_on TEXT, paused INT8 not null, incident INT8 not null,
    last_sequence INT8 not null
);
create unique index cases_number on cases (number);
create index cases_region on cases (region, received_at, id);
create index cases_received on cases (received_at, id);
create index cases_due on cases (due_on, id) where due_on is not null;
create index cases_account on cases (account, received_at, id) where account <> '';
create index cases_applicant on cases (applicant_code, received_at, id) where applicant_code <> '';
create table tasks (
    stream TEXT not null, task INT8 not null, case_id TEXT not null, element TEXT not null, kind TEXT not null, matter TEXT not null,
    organisation TEXT not null, region TEXT not null, post_kind TEXT not null, claimed_by TEXT not null, opened_at INT8 not null,
    due_on TEXT, yellow_on TEXT, red_on TEXT, paused INT8 not null, primary key (stream, task)
);
create index tasks_queue on tasks (organisation, post_kind, claimed_by, due_on, case_id, task);
create index tasks_claimed on tasks (claimed_by, due_on, case_id, task) where claimed_by <> '';
create index tasks_case on tasks (case_id, task);
create table timers (stream TEXT not null, name TEXT not null, due_at INT8 not null, primary key (stream, name));
create index timers_due on timers (due_at, stream, name);
create table records (
    register TEXT not null, id TEXT not null, stream TEXT not null, region TEXT not null, status TEXT not null, valid_from TEXT,
    valid_until TEXT, body JSON not null, version INT8 not null, last_sequence INT8 not null, primary key (register, id)
);
create unique index records_stream on records (stream);
create index records_region on records (register, region, id);
create table documents (
    number TEXT primary key, stream TEXT not null, kind TEXT not null, code TEXT not null, issued_on TEXT not null, pdf_hash TEXT
);
create index documents_stream on documents (stream);
create table reminders (
    case_id TEXT not null, rule TEXT not null, stage TEXT not null, recipient TEXT not null, n INT8 not null, stream TEXT not null,
    sent_at INT8 not null, primary key (case_id, rule, stage, recipient, n)
);
create index reminders_recipient on reminders (recipient, sent_at);
create index reminders_stream on reminders (stream);
create table accounts (id TEXT primary key, stream TEXT not null, subject TEXT not null, disabled INT8 not null);
create table posts (
    post TEXT primary key, stream TEXT not null, account TEXT not null, kind TEXT not null, organisation TEXT not null, region TEXT not null,
    valid_from TEXT not null, valid_until TEXT
);
create index posts_stream on posts (stream);
create index posts_account on posts (account);
create index posts_kind on posts (organisation, kind);
create table organisations (
    code TEXT primary key, stream TEXT not null, name TEXT not null, region TEXT not null, short TEXT not null
);
create index organisations_region on organisations (region, code);

-- Counters behind the numbers on pages.
create table tallies (
    metric TEXT not null, matter TEXT not null, region TEXT not null, organisation TEXT not null, day TEXT not null, n INT8 not null,
    primary key (metric, day, matter, region, organisation)
);

-- Work for after the commit, and replies to repeat.
create table outbox (
    sequence INT8 not null, n INT8 not null, stream TEXT not null, job JSON not null, due_at INT8 not null, attempts INT8 not null,
    leased_until INT8 not null, lease TEXT not null, primary key (sequence, n)
);
create index outbox_due on outbox (due_at, sequence, n);
create table replies (
    account TEXT not null, reply_key TEXT not null, body_hash BYTES not null, at INT8 not null, first_sequence INT8 not null,
    entries INT8 not null, reply JSON not null, primary key (account, reply_key)
);
create index replies_at on replies (at);

-- Personal values, sealed under the subject's key; the key itself wrapped by the key file. No key = erased.
create table subjects (subject TEXT primary key, wrapped BYTES, erased_at INT8);
create table vault (subject TEXT not null, field TEXT not null, sealed BYTES not null, primary key (subject, field));
create table drafts (
    id TEXT primary key, account TEXT not null, subject TEXT not null, matter TEXT not null, sealed BYTES not null, updated_at INT8 not null
);
create index drafts_account on drafts (account, updated_at, id);
create index drafts_updated on drafts (updated_at);
create index drafts_subject on drafts (subject);
create table files (
    hash TEXT not null, subject TEXT not null, sm3 TEXT not null, length INT8 not null, media TEXT not null, stored_at INT8 not null,
    primary key (hash, subject)
);
create index files_subject on files (subject) where subject <> '';

-- Sign-in.
create table credentials (
    login TEXT primary key, account TEXT not null, password TEXT not null, changed_at INT8 not null, must_change INT8 not null
);
create index credentials_account on credentials (account);
create table sessions (
    id_hash BYTES primary key, account TEXT not null, post TEXT not null, created_at INT8 not null, seen_at INT8 not null,
    elevated_at INT8, expires_at INT8 not null, data JSON not null
);
create index sessions_account on sessions (account);
create index sessions_expires on sessions (expires_at);
create table budgets (name TEXT primary key, used INT8 not null, since INT8 not null);
create index budgets_since on budgets (since);

-- Each catalog version ever used, and the indexed fields that it declared.
create table catalog_versions (version TEXT primary key, added_at INT8 not null);
create table catalog_files (version TEXT not null, path TEXT not null, bytes BYTES not null, primary key (version, path));
";

const STEP_1_SQLITE: &str = "
create table search (
    stream text not null unique, family text not null, region text not null, organisation text not null, target text not null,
    account text not null, text text not null, folded text not null, last_sequence integer not null
);
create index search_recent on search (last_sequence);
create virtual table search_index using fts5 (grams, content = '', contentless_delete = 1, tokenize = 'unicode61');
";

const STEP_1_POSTGRES: &str = "
create table search (
    stream TEXT primary key, family TEXT not null, region TEXT not null, organisation TEXT not null, target TEXT not null,
    account TEXT not null, text TEXT not null, folded TEXT not null, last_sequence INT8 not null,
    grams tsvector not null default ''
);
create index search_recent on search (last_sequence);
create index search_grams on search using gin (grams);
";

/// Timers that could not be carried out: not part of `timers`, which is a pure function of states.
const STEP_2: &str = "
create table timers_put_off (
    stream TEXT not null, name TEXT not null, due_at INT8 not null, refusals INT8 not null, not_before INT8 not null, primary key (stream, name)
);
";

/// A licence that was altered, renewed or issued again has several papers under its one number: number and code together tell them apart.
const STEP_3: &str = "
create table documents_anew (
    number TEXT not null, code TEXT not null, stream TEXT not null, kind TEXT not null, issued_on TEXT not null, pdf_hash TEXT,
    primary key (number, code)
);
insert into documents_anew select number, code, stream, kind, issued_on, pdf_hash from documents;
drop table documents;
alter table documents_anew rename to documents;
create index documents_stream on documents (stream);
";

/// Work in several queues, taken in turn by organisation; messages that were given up.
const STEP_4: &str = "
alter table outbox add column queue TEXT not null default 'render';
alter table outbox add column organisation TEXT not null default '';
alter table outbox add column queued_at INT8 not null default 0;
update outbox set queued_at = due_at;
drop index outbox_due;
create index outbox_turn on outbox (queue, organisation, due_at, sequence, n);
create table dead_letters (
    letter_key TEXT primary key, stream TEXT not null, case_id TEXT not null, medium TEXT not null, occasion TEXT not null,
    organisation TEXT not null, region TEXT not null, attempts INT8 not null, reason TEXT not null, failed_at INT8 not null
);
create index dead_letters_stream on dead_letters (stream);
create index dead_letters_failed on dead_letters (failed_at, letter_key);
";

/// The inbox in its own order, those without a due date last: a page of it is a range of the index, however many tasks wait. It has to be a
/// column: SQLite finds no range of several values that begin with an expression.
const STEP_5_SQLITE: &str = "
alter table tasks add column due_order TEXT generated always as (coalesce(due_on, '9999-99-99')) virtual;
create index tasks_queue on tasks (organisation, post_kind, claimed_by, due_order, case_id, task);
";

const STEP_5_POSTGRES: &str = "
alter table tasks add column due_order TEXT generated always as (coalesce(due_on, '9999-99-99')) stored;
create index tasks_queue on tasks (organisation, post_kind, claimed_by, due_order, case_id, task);
";

#[cfg(test)]
mod tests {
    use super::super::sqlite::Sqlite;
    use super::super::tables;
    use super::*;

    #[test]
    fn every_bulk_table_is_in_the_schema_with_its_columns_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Sqlite::open(&folder.path().join("db")).unwrap();
        migrate(&mut connection).unwrap();
        for table in tables::ALL {
            let sql = format!("select {} from {}", table.names(), table.name);
            assert!(connection.query(&sql, &[]).unwrap().is_empty(), "{}", table.name);
            let sql = format!("select name from pragma_table_info('{}')", table.name);
            let columns: Vec<String> =
                connection.query(&sql, &[]).unwrap().into_iter().map(|mut row| row.text().unwrap()).collect();
            let mut declared: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            declared.sort_unstable();
            let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            columns.sort_unstable();
            assert_eq!(columns, declared, "{}", table.name);
            // The key of an upsert must be a unique key of the table.
            connection.upsert_all(table, &[]).unwrap();
            let keys = tables::join(table.key(), |_, column| column.name.to_owned(), ", ");
            let insert = format!(
                "explain insert into {} ({keys}) values ({}) on conflict ({keys}) do nothing",
                table.name,
                tables::join(table.key(), |_, _| "null".to_owned(), ", ")
            );
            assert!(
                !connection.query(&insert, &[]).unwrap_or_default().is_empty() || connection.script(&insert).is_ok()
            );
        }
    }

    #[test]
    fn an_old_program_refuses_a_newer_schema_and_a_second_start_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Sqlite::open(&folder.path().join("db")).unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&mut connection).unwrap(), SCHEMA);
        set_meta(&mut connection, "schema", &(SCHEMA + 1).to_string()).unwrap();
        let refused = migrate(&mut connection).unwrap_err();
        assert!(matches!(refused, Fault::NewerSchema { found, known } if found == known + 1));
    }
}

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

#[cfg(test)]
pub(crate) mod work;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql};

use super::tables::join;
use super::{Connection, Dialect, Row, Table, Value};
use crate::fault::Fault;

/// How long a statement waits for another process that has the database locked (a backup, `verify`).
const BUSY_WAIT: Duration = Duration::from_secs(5);
const STATEMENTS_CACHED: usize = 256;

/// A connection to the database file.
pub(crate) struct Sqlite {
    connection: rusqlite::Connection,
    bulk: HashMap<(&'static str, Bulk), String>,
    #[cfg(test)]
    path: std::path::PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Bulk {
    Upsert,
    Insert,
    Delete,
}

impl Sqlite {
    /// Opens the file, making it if need be.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // security.md §2 rule 1: FULL is not a setting. WAL with NORMAL may lose the last commits in a power cut.
        connection.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma trusted_schema = off;
             pragma cache_size = -16000; pragma temp_store = memory; pragma journal_size_limit = 67108864;",
        )?;
        Ok(Self {
            connection,
            bulk: HashMap::new(),
            #[cfg(test)]
            path: path.to_owned(),
        })
    }

    fn each(&mut self, bulk: Bulk, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = self.bulk.entry((table.name, bulk)).or_insert_with(|| match bulk {
            Bulk::Delete => format!(
                "delete from {} where {}",
                table.name,
                join(table.key(), |n, column| format!("{} = ${}", column.name, n + 1), " and ")
            ),
            Bulk::Insert | Bulk::Upsert => format!(
                "insert into {} ({}) values ({}) {}",
                table.name,
                table.names(),
                join(table.columns, |n, _| format!("${}", n + 1), ", "),
                if bulk == Bulk::Upsert { table.on_conflict() } else { String::new() }
            ),
        });
        let mut statement = self.connection.prepare_cached(&numbered(sql))?;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
        #[cfg(test)]
        work::note(&self.path, &statement);
        Ok(())
    }
}

/// To SQLite `$2` is a name, numbered by where it first stands in the text; `?2` is the second parameter wherever it stands.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Texts(texts) => {
                let list = serde_json::Value::from(texts.clone());
                ToSqlOutput::Owned(rusqlite::types::Value::Text(list.to_string()))
            }
        })
    }
}

impl Connection for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn script(&mut self, sql: &str) -> Result<(), Fault> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
        let mut statement = self.connection.prepare_cached(&numbered(sql))?;
        let changed = statement.execute(rusqlite::params_from_iter(parameters))?;
        #[cfg(test)]
        work::note(&self.path, &statement);
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
        let mut statement = self.connection.prepare_cached(&numbered(sql))?;
        let columns = statement.column_count();
        let mut found = Vec::new();
        let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(value) => Value::Int(value),
                    ValueRef::Real(_) => return Err(Fault::damaged("a floating-point number in the database")),
                    ValueRef::Text(bytes) => Value::Text(
                        String::from_utf8(bytes.to_vec()).map_err(|_| Fault::damaged("text that is not UTF-8"))?,
                    ),
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
                });
            }
            found.push(Row::new(cells));
        }
        drop(rows);
        #[cfg(test)]
        work::note(&self.path, &statement);
        Ok(found)
    }

    fn upsert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        self.each(Bulk::Upsert, table, rows)
    }

    fn insert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        self.each(Bulk::Insert, table, rows)
    }

    fn delete_all(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), Fault> {
        self.each(Bulk::Delete, table, keys)
    }

    fn begin_write(&mut self) -> Result<(), Fault> {
        self.script("begin immediate")
    }

    fn begin_read(&mut self) -> Result<(), Fault> {
        self.script("begin deferred")
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.script("commit")
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        // A failed statement may have ended the transaction by itself (disk full).
        if self.connection.is_autocommit() { Ok(()) } else { self.script("rollback") }
    }

    fn is_usable(&self) -> bool {
        true
    }
}

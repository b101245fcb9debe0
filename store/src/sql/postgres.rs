use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::{LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres::error::Severity;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Socket, Statement};

use super::tables::{Kind, join};
use super::{Connection, Dialect, Row, Table, Value, first};
use crate::fault::Fault;

/// security.md §8: connecting, handshake included, ends after two seconds; a statement after five.
const CONNECT_WAIT: Duration = Duration::from_secs(2);
const STATEMENT_MS_MAX: u32 = 5_000;
/// The server ends a statement by itself. One that is frozen does not, and keeps its sockets alive: it is given up a little later.
const ANSWER_WAIT: Duration = Duration::from_secs(6);

const STATEMENTS_CACHED: usize = 512;

/// A connection to a PostgreSQL server.
pub(crate) struct Postgres {
    line: Line,
    client: Client,
    statements: HashMap<String, Statement>,
    bulk: HashMap<(&'static str, Bulk), String>,
    in_transaction: bool,
}

/// The socket, with a small runtime of its own that runs only while an answer is awaited.
struct Line {
    runtime: Runtime,
    connection: tokio_postgres::Connection<Socket, NoTlsStream>,
    /// How long an answer is awaited.
    patience: Duration,
    /// No answer can come any more.
    lost: bool,
}

impl Line {
    /// Waits for an answer.
    fn wait<T>(&mut self, call: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Fault> {
        let Self { runtime, connection, patience, lost } = self;
        let answer = async {
            tokio::select! {
                biased;
                Err(error) = connection => Err(error),
                answer = call => answer,
            }
        };
        // The timer belongs to the runtime, and is made within it.
        let answer = runtime.block_on(async { timeout(*patience, answer).await }).map_err(|_| Fault::Silent);
        let answer = answer.and_then(|answer| answer.map_err(Fault::from));
        *lost |= answer.as_ref().is_err_and(ends_connection);
        answer
    }
}

/// After an error of a statement the server listens on; after every other one it does not.
fn ends_connection(fault: &Fault) -> bool {
    let Fault::Postgres(error) = fault else { return true };
    error.as_db_error().is_none_or(|db| matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic)))
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Bulk {
    Upsert,
    Insert,
    Delete,
}

impl Postgres {
    /// Connects to a server that takes writes.
    pub(crate) fn open(url: &str) -> Result<Self, Fault> {
        let mut config: Config = url.parse()?;
        config
            .connect_timeout(CONNECT_WAIT)
            .tcp_user_timeout(ANSWER_WAIT)
            .keepalives_idle(Duration::from_secs(10))
            .load_balance_hosts(LoadBalanceHosts::Random)
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .application_name("jiantong");
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Fault::Task(format!("no runtime for PostgreSQL: {error}")))?;
        let opened = runtime.block_on(async { timeout(CONNECT_WAIT, config.connect(NoTls)).await });
        let (client, connection) = opened.map_err(|_| Fault::Silent)??;
        let line = Line { runtime, connection, patience: ANSWER_WAIT, lost: false };
        let mut open = Self { line, client, statements: HashMap::new(), bulk: HashMap::new(), in_transaction: false };
        open.script(&format!(
            "set statement_timeout = {STATEMENT_MS_MAX}; set lock_timeout = {STATEMENT_MS_MAX};
             set idle_in_transaction_session_timeout = 60000; set client_min_messages = warning"
        ))?;
        Ok(open)
    }

    /// Refuses a server that could lose an acknowledged commit (security.md §2 rule 1), unless that was accepted.
    pub(crate) fn check_durable(&mut self, accept_data_loss: bool) -> Result<(), Fault> {
        let sql = "select current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
                    (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum'))";
        let mut row = first(self, sql, &[])?.ok_or_else(|| Fault::damaged("PostgreSQL tells no settings"))?;
        let (commit, fsync, pages, standbys) = (row.text()?, row.text()?, row.text()?, row.int()?);
        if commit != "on" && commit != "remote_apply" {
            return Err(Fault::NotDurable(format!("runs with synchronous_commit = {commit}; set it to on")));
        }
        if accept_data_loss {
            return Ok(());
        }
        if fsync != "on" || pages != "on" {
            return Err(Fault::NotDurable("runs without fsync or full_page_writes".to_owned()));
        }
        if standbys == 0 {
            return Err(Fault::NotDurable(
                "has no synchronous standby; give it one, or start with --accept-data-loss".to_owned(),
            ));
        }
        Ok(())
    }

    /// Longer work than a command: a migration, an index, a check of everything.
    pub(crate) fn without_time_limits(&mut self) -> Result<(), Fault> {
        self.line.patience = Duration::MAX;
        self.script("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0")
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_CACHED {
            // Filters make texts of many shapes; those in use are prepared again at once.
            self.statements.clear();
        }
        let statement = self.line.wait(self.client.prepare(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn at_once(&mut self, bulk: Bulk, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        let columns = if bulk == Bulk::Delete { table.key() } else { table.columns };
        let sql = self.bulk.entry((table.name, bulk)).or_insert_with(|| {
            let arrays = join(columns, |n, column| format!("${}::{}[]", n + 1, array_type(column.kind)), ", ");
            let names = join(columns, |n, _| format!("c{n}"), ", ");
            match bulk {
                Bulk::Delete => format!(
                    "delete from {} t using unnest({arrays}) as d({names}) where {}",
                    table.name,
                    join(columns, |n, column| format!("t.{} = d.c{n}", column.name), " and ")
                ),
                Bulk::Insert | Bulk::Upsert => format!(
                    "insert into {} ({}) select {} from unnest({arrays}) as d({names}) {}",
                    table.name,
                    table.names(),
                    join(
                        columns,
                        |n, column| format!("c{n}{}", if column.kind == Kind::Json { "::jsonb" } else { "" }),
                        ", "
                    ),
                    if bulk == Bulk::Upsert { table.on_conflict() } else { String::new() }
                ),
            }
        });
        let sql = sql.clone();
        let statement = self.prepared(&sql)?;
        let arrays: Vec<Box<dyn ToSql + Sync + '_>> =
            columns.iter().enumerate().map(|(n, column)| array(column.kind, rows, n)).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(|array| &**array as _).collect();
        self.line.wait(self.client.execute(&statement, &parameters))?;
        Ok(())
    }
}

/// PostgreSQL stores no text with NUL, and refuses to be asked for one: such a text equals none, as NULL does.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint",
        Kind::Text | Kind::Json => "text",
        Kind::Blob => "bytea",
    }
}

fn array(kind: Kind, rows: &[Vec<Value>], n: usize) -> Box<dyn ToSql + Sync + '_> {
    let cells = rows.iter().map(move |row| &row[n]);
    match kind {
        Kind::Int => {
            let cells = cells.map(|cell| if let Value::Int(value) = cell { Some(*value) } else { None });
            Box::new(cells.collect::<Vec<Option<i64>>>())
        }
        Kind::Text | Kind::Json => {
            let cells = cells.map(|cell| if let Value::Text(text) = cell { Some(text.as_str()) } else { None });
            Box::new(cells.collect::<Vec<Option<&str>>>())
        }
        Kind::Blob => {
            let cells = cells.map(|cell| if let Value::Blob(bytes) = cell { Some(bytes.as_slice()) } else { None });
            Box::new(cells.collect::<Vec<Option<&[u8]>>>())
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Text(text) => {
                if *ty == Type::JSONB {
                    // The binary form of jsonb is a version number and the text.
                    out.put_u8(1);
                }
                text.to_sql(ty, out)
            }
            Self::Blob(bytes) => bytes.to_sql(ty, out),
            Self::Texts(texts) => {
                let texts = texts.iter().map(|text| is_storable(text).then_some(text.as_str()));
                texts.collect::<Vec<Option<&str>>>().to_sql(ty, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i64::from(i32::from_sql(ty, raw)?)),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::JSONB => Self::Text(std::str::from_utf8(raw.get(1..).unwrap_or_default())?.to_owned()),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BYTEA | Type::JSONB) || <String as FromSql<'_>>::accepts(ty)
    }
}

impl Connection for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn script(&mut self, sql: &str) -> Result<(), Fault> {
        self.line.wait(self.client.batch_execute(sql))
    }

    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
        let statement = self.prepared(sql)?;
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
        self.line.wait(self.client.execute(&statement, &parameters))
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(sql)?;
        let parameters = parameters.iter().map(|value| match value {
            Value::Text(text) if !is_storable(text) => &Value::Null as &(dyn ToSql + Sync),
            value => value,
        });
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.collect();
        let rows = self.line.wait(self.client.query(&statement, &parameters))?;
        rows.iter()
            .map(|row| {
                let cells = (0..row.len()).map(|n| row.try_get::<_, Value>(n)).collect::<Result<_, _>>()?;
                Ok(Row::new(cells))
            })
            .collect()
    }

    fn upsert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        self.at_once(Bulk::Upsert, table, rows)
    }

    fn insert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault> {
        self.at_once(Bulk::Insert, table, rows)
    }

    fn delete_all(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), Fault> {
        self.at_once(Bulk::Delete, table, keys)
    }

    fn begin_write(&mut self) -> Result<(), Fault> {
        self.script("begin")?;
        self.in_transaction = true;
        Ok(())
    }

    fn begin_read(&mut self) -> Result<(), Fault> {
        self.script("begin isolation level repeatable read read only")?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.in_transaction = false;
        self.script("commit")
    }

    fn rollback(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.in_transaction) || !self.is_usable() {
            return Ok(());
        }
        self.script("rollback")
    }

    fn is_usable(&self) -> bool {
        !self.line.lost
    }
}

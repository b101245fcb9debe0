//! The little of SQL that both databases share: four kinds of values, rows read cell by cell, transactions, and bulk writes of declared tables.
//!
//! SQL text is shared and lives beside the Rust that uses it; the places where the dialects differ are in [`dialect`].

pub(crate) mod dialect;
pub(crate) mod postgres;
pub(crate) mod schema;
pub(crate) mod sqlite;
pub(crate) mod tables;

pub(crate) use dialect::Dialect;
pub(crate) use tables::Table;

use crate::fault::Fault;

/// A value on its way into or out of a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// NULL.
    Null,
    /// Integers, booleans as 0 and 1, instants as microseconds.
    Int(i64),
    /// Text, dates as ISO text, JSON as text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A set to be matched with [`Dialect::is_in`]; only a parameter.
    Texts(Vec<String>),
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self { $make }
        }
    )*};
}

value_from! {
    i64 => |value| Self::Int(value);
    u32 => |value| Self::Int(i64::from(value));
    // Counters of ours stay far below 2^63; a larger one would be a bug, and saturating keeps it visible.
    u64 => |value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX));
    bool => |value| Self::Int(i64::from(value));
    &str => |value| Self::Text(value.to_owned());
    &String => |value| Self::Text(value.clone());
    String => |value| Self::Text(value);
    &[u8] => |value| Self::Blob(value.to_vec());
    Vec<u8> => |value| Self::Blob(value);
    &kernel::StreamId => |value| Self::Text(value.as_str().to_owned());
    jiff::civil::Date => |value| Self::Text(value.to_string());
    Vec<String> => |value| Self::Texts(value);
    &serde_json::Value => |value| Self::Text(value.to_string());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list of parameters or of cells.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A row, read from the first cell to the last.
pub(crate) struct Row {
    cells: std::vec::IntoIter<Value>,
}

impl Row {
    pub(crate) fn new(cells: Vec<Value>) -> Self {
        Self { cells: cells.into_iter() }
    }

    fn misfit(expected: &str, found: &Option<Value>) -> Fault {
        let kind = match found {
            None => "the end of the row",
            Some(Value::Null) => "null",
            Some(Value::Int(_)) => "an integer",
            Some(Value::Text(_) | Value::Texts(_)) => "text",
            Some(Value::Blob(_)) => "bytes",
        };
        Fault::damaged(format!("a cell should hold {expected} and holds {kind}"))
    }

    /// The cells not read yet.
    pub(crate) fn rest(self) -> Vec<Value> {
        self.cells.collect()
    }

    pub(crate) fn int(&mut self) -> Result<i64, Fault> {
        match self.cells.next() {
            Some(Value::Int(value)) => Ok(value),
            other => Err(Self::misfit("an integer", &other)),
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, Fault> {
        let value = self.int()?;
        u64::try_from(value).map_err(|_| Fault::damaged(format!("a count is {value}")))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Fault> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn text(&mut self) -> Result<String, Fault> {
        match self.cells.next() {
            Some(Value::Text(value)) => Ok(value),
            other => Err(Self::misfit("text", &other)),
        }
    }

    pub(crate) fn blob(&mut self) -> Result<Vec<u8>, Fault> {
        match self.cells.next() {
            Some(Value::Blob(value)) => Ok(value),
            other => Err(Self::misfit("bytes", &other)),
        }
    }

    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, Fault> {
        match self.cells.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(value)) => Ok(Some(value)),
            other => Err(Self::misfit("an integer", &other)),
        }
    }

    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>, Fault> {
        match self.cells.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            other => Err(Self::misfit("text", &other)),
        }
    }

    pub(crate) fn blob_or_null(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.cells.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Blob(value)) => Ok(Some(value)),
            other => Err(Self::misfit("bytes", &other)),
        }
    }

    pub(crate) fn date_or_null(&mut self) -> Result<Option<jiff::civil::Date>, Fault> {
        let Some(text) = self.text_or_null()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Fault::damaged(format!("{text:?} is not a date")))
    }

    pub(crate) fn date(&mut self) -> Result<jiff::civil::Date, Fault> {
        self.date_or_null()?.ok_or_else(|| Fault::damaged("a date is missing"))
    }

    pub(crate) fn json(&mut self) -> Result<serde_json::Value, Fault> {
        serde_json::from_str(&self.text()?).map_err(|error| Fault::damaged(format!("a JSON cell: {error}")))
    }
}

/// One connection to one database. Everything is synchronous and lives on a plain thread.
pub(crate) trait Connection {
    /// Which text differs.
    fn dialect(&self) -> Dialect;
    /// Several statements without parameters.
    fn script(&mut self, sql: &str) -> Result<(), Fault>;
    /// One statement; how many rows it changed.
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, Fault>;
    /// One statement; its rows.
    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault>;
    /// Inserts rows in the order of the table's columns; an existing key is replaced.
    fn upsert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault>;
    /// Inserts rows; an existing key is an error.
    fn insert_all(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Fault>;
    /// Deletes the rows with these keys, given in the order of the table's key.
    fn delete_all(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), Fault>;
    /// Begins a transaction that will write.
    fn begin_write(&mut self) -> Result<(), Fault>;
    /// Begins a transaction that reads one snapshot.
    fn begin_read(&mut self) -> Result<(), Fault>;
    /// Ends the transaction; on return its changes are on disk.
    fn commit(&mut self) -> Result<(), Fault>;
    /// Forgets the transaction.
    fn rollback(&mut self) -> Result<(), Fault>;
    /// False when the connection broke and must be opened anew.
    fn is_usable(&self) -> bool;
}

/// The first row, if any.
pub(crate) fn first(connection: &mut dyn Connection, sql: &str, parameters: &[Value]) -> Result<Option<Row>, Fault> {
    Ok(connection.query(sql, parameters)?.into_iter().next())
}

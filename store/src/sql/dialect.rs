//! Every place where the text for SQLite and PostgreSQL differs.

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A statement of the schema with this dialect's types. PostgreSQL compares text by bytes, so that lists have the same order on both.
    pub(crate) fn types(self, sql: &str) -> String {
        let (int, text, bytes, json) = match self {
            Self::Sqlite => ("integer", "text", "blob", "text"),
            Self::Postgres => ("bigint", "text collate \"C\"", "bytea", "jsonb"),
        };
        sql.replace("INT8", int).replace("TEXT", text).replace("BYTES", bytes).replace("JSON", json)
    }

    /// The column is one of a set bound as [`super::Value::Texts`].
    pub(crate) fn is_in(self, column: &str, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("{column} in (select value from json_each(${parameter}))"),
            Self::Postgres => format!("{column} = any(${parameter})"),
        }
    }

    /// Locks the row of the log's head until the end of the transaction, against other processes.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            // BEGIN IMMEDIATE has locked the whole database already.
            Self::Sqlite => "",
            Self::Postgres => " for update",
        }
    }

    /// The same for rows that another process may hold: those are passed over.
    pub(crate) fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update skip locked",
        }
    }

    /// The term of the server that answers: a standby that was promoted has a higher one. A file has no primaries.
    pub(crate) fn term(self) -> &'static str {
        match self {
            Self::Sqlite => "0",
            Self::Postgres => {
                "('x' || lpad(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), 16, '0'))::bit(64)::bigint"
            }
        }
    }

    /// Where one text begins in another, from 1; 0 when it is not in it.
    pub(crate) fn position(self, text: &str, part: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({text}, {part})"),
            Self::Postgres => format!("strpos({text}, {part})"),
        }
    }

    /// Rows of `search s` whose grams hold those of the parameter (see [`crate::search`]).
    pub(crate) fn grams_match(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("s.rowid in (select rowid from search_index where grams match ${parameter})"),
            Self::Postgres => format!("s.grams @@ ${parameter}::text::tsquery"),
        }
    }

    /// An index over one field of the records of one register.
    pub(crate) fn record_index(self, name: &str, register: &str, expression: &str) -> String {
        format!(
            "create index if not exists {name} on records ({expression}, id) where register = '{register}'",
            expression = match self {
                Self::Sqlite => expression.to_owned(),
                Self::Postgres => format!("({expression})"),
            }
        )
    }

    /// A field of a JSON body as text, in the order of bytes.
    pub(crate) fn json_text(self, column: &str, field: &str) -> String {
        match self {
            Self::Sqlite => format!("({column} ->> '{field}')"),
            Self::Postgres => format!("(({column} ->> '{field}') collate \"C\")"),
        }
    }

    /// A field of a JSON body as a number; null when it is none.
    pub(crate) fn json_number(self, column: &str, field: &str) -> String {
        match self {
            Self::Sqlite => format!(
                "(case when {column} ->> '{field}' glob '*[0-9]*' and not {column} ->> '{field}' glob '*[^0-9.-]*' then cast({column} ->> '{field}' as numeric) end)"
            ),
            Self::Postgres => format!(
                "(case when {column} ->> '{field}' ~ '^-?[0-9]+(\\.[0-9]+)?$' then cast({column} ->> '{field}' as numeric) end)"
            ),
        }
    }

    /// A bound number.
    pub(crate) fn number(self, bound: &str) -> String {
        match self {
            Self::Sqlite => format!("cast({bound} as numeric)"),
            Self::Postgres => format!("cast({bound}::text as numeric)"),
        }
    }
}

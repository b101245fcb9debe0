//! Tables that are written in bulk: name, columns in order, key. The statements themselves are in [`super::schema`]; a test compares the two.

/// How a column is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64-bit integer.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// JSON text.
    Json,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its kind.
    pub(crate) kind: Kind,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// How many of the first columns are its key.
    pub(crate) keys: usize,
    /// Its columns, those of the key first.
    pub(crate) columns: &'static [Column],
    /// An upsert adds to what is there instead of replacing it.
    pub(crate) adds: bool,
}

impl Table {
    /// The columns of the key.
    pub(crate) fn key(&self) -> &'static [Column] {
        &self.columns[..self.keys]
    }

    /// A row's key says which stream it belongs to.
    pub(crate) fn is_keyed_by_stream(&self) -> bool {
        self.columns[0].name == "stream"
    }

    /// Column names with commas between.
    pub(crate) fn names(&self) -> String {
        join(self.columns, |_, column| column.name.to_owned(), ", ")
    }

    /// The tail of an upsert.
    pub(crate) fn on_conflict(&self) -> String {
        let key = join(self.key(), |_, column| column.name.to_owned(), ", ");
        let rest = &self.columns[self.keys..];
        if rest.is_empty() {
            return format!("on conflict ({key}) do nothing");
        }
        let set = join(
            rest,
            |_, Column { name, .. }| {
                if self.adds {
                    format!("{name} = {}.{name} + excluded.{name}", self.name)
                } else {
                    format!("{name} = excluded.{name}")
                }
            },
            ", ",
        );
        format!("on conflict ({key}) do update set {set}")
    }
}

/// Writes something for each column.
pub(crate) fn join(columns: &[Column], each: impl Fn(usize, &Column) -> String, between: &str) -> String {
    columns.iter().enumerate().map(|(n, column)| each(n, column)).collect::<Vec<_>>().join(between)
}

macro_rules! tables {
    ($($(#[$meta:meta])* $const:ident = $name:literal ($($key:ident: $key_kind:ident),+; $($column:ident: $kind:ident),* $(,)?);)*) => {
        $($(#[$meta])* pub(crate) static $const: Table = Table {
            name: $name,
            keys: [$(stringify!($key)),+].len(),
            columns: &[
                $(Column { name: stringify!($key), kind: Kind::$key_kind },)+
                $(Column { name: stringify!($column), kind: Kind::$kind },)*
            ],
            adds: matches!($name.as_bytes(), b"tallies"),
        };)*
        /// Every table that is written in bulk.
        #[cfg(test)]
        pub(crate) static ALL: &[&Table] = &[$(&$const),*];
    };
}

tables! {
    /// Journal entries.
    ENTRIES = "entries" (sequence: Int; stream: Text, version: Int, kind: Text, at: Int, bytes: Blob);
    /// Tiles of the Merkle tree.
    TILES = "tiles" (level: Int, tile: Int; root: Blob, bytes: Blob);
    /// States of streams.
    STATES = "states" (stream: Text; version: Int, sequence: Int, bytes: Blob);
    /// Numbering counters.
    NUMBERS = "numbers" (number_key: Text; next: Int);
    /// Unique claims.
    CLAIMS = "claims" (name: Text, claim: Text; stream: Text);
    /// Cases in lists.
    CASES = "cases" (
        stream: Text; id: Text, number: Text, matter: Text, organisation: Text, region: Text, stage: Text, subject: Text,
        applicant_code: Text, applicant_name: Text, account: Text, title: Text, received_at: Int, due_on: Text, yellow_on: Text, red_on: Text,
        paused: Int, incident: Int, last_sequence: Int,
    );
    /// Open tasks.
    TASKS = "tasks" (
        stream: Text, task: Int; case_id: Text, element: Text, kind: Text, matter: Text, organisation: Text, region: Text,
        post_kind: Text, claimed_by: Text, opened_at: Int, due_on: Text, yellow_on: Text, red_on: Text, paused: Int,
    );
    /// Waiting timers.
    TIMERS = "timers" (stream: Text, name: Text; due_at: Int);
    /// Records of registers.
    RECORDS = "records" (
        register: Text, id: Text; stream: Text, region: Text, status: Text, valid_from: Text, valid_until: Text, body: Json,
        version: Int, last_sequence: Int,
    );
    /// Documents by number and verification code.
    DOCUMENTS = "documents" (
        number: Text, code: Text; stream: Text, kind: Text, issued_on: Text, pdf_hash: Text,
    );
    /// Reminders sent.
    REMINDERS = "reminders" (
        case_id: Text, rule: Text, stage: Text, recipient: Text, n: Int; stream: Text, sent_at: Int,
    );
    /// Messages that were given up.
    DEAD_LETTERS = "dead_letters" (
        letter_key: Text; stream: Text, case_id: Text, medium: Text, occasion: Text, organisation: Text, region: Text, attempts: Int,
        reason: Text, failed_at: Int,
    );
    /// Text for search.
    SEARCH = "search" (
        stream: Text; family: Text, region: Text, organisation: Text, target: Text, account: Text, text: Text, folded: Text,
        last_sequence: Int,
    );
    /// Accounts.
    ACCOUNTS = "accounts" (id: Text; stream: Text, subject: Text, disabled: Int);
    /// Posts.
    POSTS = "posts" (
        post: Text; stream: Text, account: Text, kind: Text, organisation: Text, region: Text, valid_from: Text, valid_until: Text,
    );
    /// Organisations.
    ORGANISATIONS = "organisations" (code: Text; stream: Text, name: Text, region: Text, short: Text);
    /// Counters behind the numbers on pages.
    TALLIES = "tallies" (metric: Text, day: Text, matter: Text, region: Text, organisation: Text; n: Int);
    /// Work for after the commit.
    OUTBOX = "outbox" (
        sequence: Int, n: Int; stream: Text, queue: Text, organisation: Text, job: Json, queued_at: Int, due_at: Int, attempts: Int,
        leased_until: Int, lease: Text,
    );
    /// Replies to repeat.
    REPLIES = "replies" (account: Text, reply_key: Text; body_hash: Blob, at: Int, first_sequence: Int, entries: Int, reply: Json);
    /// Sealed personal values.
    VAULT = "vault" (subject: Text, field: Text; sealed: Blob);
    /// Wrapped keys of subjects.
    SUBJECTS = "subjects" (subject: Text; wrapped: Blob, erased_at: Int);
    /// Files of catalog versions.
    CATALOG_FILES = "catalog_files" (version: Text, path: Text; bytes: Blob);
}

use std::io;
use std::path::{Path, PathBuf};

/// A machine failed (style.md "Errors"): for the log, never for a page.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// SQLite refused or failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused or failed, or the connection broke.
    #[error("database: {}", postgres_text(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL did not answer in time. What it was asked may have happened or not.
    #[error("database: no answer in time")]
    Silent,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No room: writes stop, reads go on.
    #[error("the disk has less free space than its reserve")]
    DiskFull,
    /// The database was written by a newer version of this program.
    #[error("the database has schema {found}, this version knows {known}: use the newer program")]
    NewerSchema {
        /// Schema of the database.
        found: i64,
        /// Newest schema this program knows.
        known: i64,
    },
    /// The database belongs to another node.
    #[error("the database belongs to node {found:?}, not to {expected:?}")]
    OtherNode {
        /// The name in the database.
        found: String,
        /// The name given.
        expected: String,
    },
    /// The server does not keep what the store promises.
    #[error("PostgreSQL {0}")]
    NotDurable(String),
    /// A primary with a lower term than one already seen (security.md §8): it must not write.
    #[error("this database server has term {found}, but term {seen} was seen already: an old primary must not write")]
    Fenced {
        /// Term of the server.
        found: i64,
        /// Highest seen.
        seen: i64,
    },
    /// The key file is missing a key, is readable by others, or is not a key file.
    #[error("key file {path}: {problem}")]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Bytes of the database or the files are not what they must be.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Someone else has the data directory open.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// A closure given to the store failed or panicked; the store itself goes on.
    #[error("{0}")]
    Task(String),
    /// The store was stopped.
    #[error("the store was stopped")]
    Stopped,
}

fn postgres_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            text
        }
    }
}

impl Fault {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            Self::DiskFull
        } else {
            Self::Io { path: path.to_owned(), source }
        }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    /// No room on the disk, however it showed.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::DiskFull => true,
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => error.code == rusqlite::ErrorCode::DiskFull,
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::DISK_FULL),
            _ => false,
        }
    }
}

//! What a database file cost, by SQLite's own counters, whichever connection or thread asked: for tests that compare one amount of rows with
//! another. Each row that a statement looks at takes it some steps, so that equal steps are equal rows.

use std::collections::BTreeMap;
use std::ops::Sub;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Statement, StatementStatus};

/// Work done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Steps of the machine that runs statements.
    pub(crate) steps: i64,
    /// Rows passed over in scans of whole tables.
    pub(crate) scanned: i64,
    /// Lists that were sorted because no index had their order.
    pub(crate) sorts: i64,
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            steps: self.steps - before.steps,
            scanned: self.scanned - before.scanned,
            sorts: self.sorts - before.sorts,
        }
    }
}

static DONE: Mutex<BTreeMap<PathBuf, Work>> = Mutex::new(BTreeMap::new());

/// Adds what a statement did since it was looked at last.
pub(super) fn note(file: &Path, statement: &Statement<'_>) {
    let of = |status| i64::from(statement.reset_status(status));
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = done.entry(file.to_owned()).or_default();
    work.steps += of(StatementStatus::VmStep);
    work.scanned += of(StatementStatus::FullscanStep);
    work.sorts += of(StatementStatus::Sort);
}

/// Of the databases in a folder.
pub(crate) fn of(folder: &Path) -> Work {
    let done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let files = done.iter().filter(|(file, _)| file.starts_with(folder));
    files.fold(Work::default(), |sum, (_, work)| Work {
        steps: sum.steps + work.steps,
        scanned: sum.scanned + work.scanned,
        sorts: sum.sorts + work.sorts,
    })
}

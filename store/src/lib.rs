//! Database and files of a node: journal, states, rows for pages, vault. One trait, SQLite and PostgreSQL, one conformance suite.
//!
//! [`Store::submit`] is the way of every act (architecture.md §4): a batching writer thread decides, appends to the journal, writes states and
//! rows, and answers after the sync. [`Store::write`] is for small things that are not acts; [`Store::read`] gives a [`Reader`] on one
//! snapshot. Everything in here is synchronous and lives on plain threads; only those three methods wait.
//!
//! No SQL leaves this crate. It deliberately does not know HTTP, pages, catalogs' contents or the time: instants are arguments.

mod checkpoint;
mod fault;
mod files;
mod keys;
mod pool;
mod read;
mod search;
mod small;
mod sql;
mod statement;
mod store;
mod vault;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use checkpoint::Signed;
pub use fault::Fault;
pub use files::{FileWriter, Files, SealedFor, SealedReader, Stored};
pub use keys::Keys;
pub use read::{
    AccountItem, Beside, CaseFilter, CaseItem, CaseOrder, CatalogFiles, Claimed, DeadLetterItem, DocumentItem,
    DraftItem, DueTimer, EntryRow, Field, FieldKind, FileItem, Filter, Found, KeyReused, Lights, OrganisationItem,
    OutboxAge, PostItem, QueueItem, Reader, RecordItem, RecordQuery, ReminderItem, Scalar, TallyQuery, TaskFilter,
    TaskItem, TreeHead,
};
pub use search::{QUERY_CHARS_MAX, QUERY_CHARS_MIN, fold};
pub use small::{Claim, Credential, OutboxItem, Session, Writes};
pub use statement::{Cursor, Listed, PAGE_ROWS_MAX, Page};
pub use store::{Options, Store};
pub use vault::Opened;
pub use verify::{Mismatch, Report};
pub use writer::{IdempotencyKey, Receipt, Stats, Submission, SubmitError};

//! What pages, jobs and interfaces read, in our nouns. Every list takes a [`Scope`](kernel::policy::Scope).

mod cases;
mod directory;
mod journal;
mod outbox;
mod private;
mod records;
mod search;

use kernel::{State, StreamId};

pub use cases::{
    Beside, CaseFilter, CaseItem, CaseOrder, Claimed, DueTimer, Lights, ReminderItem, TallyQuery, TaskFilter, TaskItem,
};
pub use directory::{AccountItem, CatalogFiles, DocumentItem, OrganisationItem, PostItem};
pub use journal::{EntryRow, TreeHead};
pub use outbox::{DeadLetterItem, OutboxAge, QueueItem};
pub use private::{DraftItem, FileItem, KeyReused};
pub(crate) use private::{progress_name, reply};
pub use records::{Field, FieldKind, Filter, RecordItem, RecordQuery, Scalar};
pub use search::Found;

use crate::fault::Fault;
use crate::keys::Keys;
use crate::sql::{Connection, first, values};
use crate::writer::cache;

/// One snapshot of the store.
pub struct Reader<'a> {
    connection: &'a mut dyn Connection,
    keys: &'a Keys,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection, keys: &'a Keys) -> Self {
        Self { connection, keys }
    }

    /// A stream's version and state; none when it does not exist. Unscoped: the caller checks the object itself (kernel::policy).
    pub fn state(&mut self, stream: &StreamId) -> Result<Option<(u64, State)>, Fault> {
        let sql = "select version, bytes from states where stream = $1";
        let Some(mut row) = first(self.connection, sql, &values![stream])? else { return Ok(None) };
        let (version, bytes) = (row.count()?, row.blob()?);
        Ok(Some((version, cache::decode(self.connection, stream, version, &bytes)?)))
    }

    /// Several streams at once; those that do not exist are left out.
    pub fn states(&mut self, streams: &[StreamId]) -> Result<Vec<(StreamId, u64, State)>, Fault> {
        let names: Vec<String> = streams.iter().map(|stream| stream.as_str().to_owned()).collect();
        let within = self.connection.dialect().is_in("stream", 1);
        let sql = format!("select stream, version, bytes from states where {within} order by stream");
        let rows = self.connection.query(&sql, &values![names])?;
        rows.into_iter()
            .map(|mut row| {
                let (stream, version, bytes) = (cache::stream_of(&mut row)?, row.count()?, row.blob()?);
                let state = cache::decode(self.connection, &stream, version, &bytes)?;
                Ok((stream, version, state))
            })
            .collect()
    }

    /// Versions alone, for facts; 0 where there is no such stream.
    pub fn version(&mut self, stream: &StreamId) -> Result<u64, Fault> {
        let row = first(self.connection, "select version from states where stream = $1", &values![stream])?;
        row.map_or(Ok(0), |mut row| row.count())
    }
}

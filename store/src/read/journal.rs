//! The journal: entries, the tree's head, proofs, checkpoints, receipts.

use journal::note::Note;
use journal::tree::proofs::{prove_consistency, prove_inclusion};
use journal::{Entry, Hash};
use kernel::StreamId;

use super::Reader;
use crate::fault::Fault;
use crate::sql::{Row, first, values};
use crate::writer::log::{Head, Tiles};

/// An entry with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Sequence: the leaf index.
    pub sequence: u64,
    /// Name of its stream.
    pub stream: String,
    /// The bytes that are hashed.
    pub bytes: Vec<u8>,
    /// What they say.
    pub entry: Entry,
}

/// The head of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Time of the last entry, µs UTC; 0 when there is none.
    pub at: i64,
}

fn entry(row: &mut Row) -> Result<EntryRow, Fault> {
    let (sequence, stream, bytes) = (row.count()?, row.text()?, row.blob()?);
    let entry = Entry::decode(&bytes).map_err(|error| Fault::damaged(format!("entry {sequence}: {error}")))?;
    Ok(EntryRow { sequence, stream, bytes, entry })
}

impl Reader<'_> {
    /// The entries of a stream, from after a version on.
    pub fn entries_of(&mut self, stream: &StreamId, after: u64, limit: u32) -> Result<Vec<EntryRow>, Fault> {
        let sql =
            "select sequence, stream, bytes from entries where stream = $1 and version > $2 order by version limit $3";
        let rows = self.connection.query(sql, &values![stream, after, limit])?;
        rows.into_iter().map(|mut row| entry(&mut row)).collect()
    }

    /// One entry.
    pub fn entry(&mut self, sequence: u64) -> Result<Option<EntryRow>, Fault> {
        let sql = "select sequence, stream, bytes from entries where sequence = $1";
        first(self.connection, sql, &values![sequence])?.map(|mut row| entry(&mut row)).transpose()
    }

    /// Entries from a sequence on.
    pub fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<EntryRow>, Fault> {
        let sql = "select sequence, stream, bytes from entries where sequence >= $1 order by sequence limit $2";
        let rows = self.connection.query(sql, &values![from, limit])?;
        rows.into_iter().map(|mut row| entry(&mut row)).collect()
    }

    /// The head of the tree.
    pub fn tree_head(&mut self) -> Result<TreeHead, Fault> {
        let head = Head::read(self.connection)?;
        Ok(TreeHead { size: head.size, root: head.frontier.root(), at: head.at })
    }

    /// The hashes of a tile, for peers and witnesses.
    pub fn tile(&mut self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Fault> {
        Tiles::new(self.connection).read(level, index, width)
    }

    /// The proof that an entry is in the tree of a size.
    pub fn prove_inclusion(&mut self, sequence: u64, size: u64) -> Result<Vec<Hash>, Fault> {
        prove_inclusion(&Tiles::new(self.connection), sequence, size)
            .map_err(|error| Fault::damaged(format!("no proof of entry {sequence} in {size}: {error}")))
    }

    /// The proof that the tree of `old` entries is the beginning of that of `new`.
    pub fn prove_consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, Fault> {
        prove_consistency(&Tiles::new(self.connection), old, new)
            .map_err(|error| Fault::damaged(format!("no proof from {old} to {new}: {error}")))
    }

    /// The newest signed checkpoint, with the size it covers.
    pub fn checkpoint(&mut self) -> Result<Option<(u64, Note)>, Fault> {
        let row = first(self.connection, "select size, note from checkpoints order by size desc limit 1", &[])?;
        row.map(|mut row| checkpoint(&mut row)).transpose()
    }

    /// The first signed checkpoint that covers an entry: the one for its receipt.
    pub fn checkpoint_over(&mut self, sequence: u64) -> Result<Option<(u64, Note)>, Fault> {
        let sql = "select size, note from checkpoints where size > $1 order by size limit 1";
        first(self.connection, sql, &values![sequence])?.map(|mut row| checkpoint(&mut row)).transpose()
    }

    /// All signed checkpoints, by size.
    pub fn checkpoints(&mut self) -> Result<Vec<(u64, Note)>, Fault> {
        let rows = self.connection.query("select size, note from checkpoints order by size", &[])?;
        rows.into_iter().map(|mut row| checkpoint(&mut row)).collect()
    }
}

fn checkpoint(row: &mut Row) -> Result<(u64, Note), Fault> {
    let (size, text) = (row.count()?, row.text()?);
    let note = text.parse().map_err(|error| Fault::damaged(format!("checkpoint of size {size}: {error}")))?;
    Ok((size, note))
}

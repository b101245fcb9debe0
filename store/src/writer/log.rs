//! The journal's tables as `journal` sees them: the head that a batch starts from, and tiles to read hashes from.

use std::cell::RefCell;

use journal::Hash;
use journal::tree::tiles::{FullTile, HashReader, TILE_WIDTH, TileWriter};
use journal::tree::{Frontier, leaf_hash};

use crate::fault::Fault;
use crate::sql::{Connection, Value, first, values};

/// What a batch starts from.
pub(crate) struct Head {
    /// Next sequence.
    pub(crate) size: u64,
    /// Time of the last entry.
    pub(crate) at: i64,
    /// Right edge of the tree.
    pub(crate) frontier: Frontier,
    /// Highest term seen.
    pub(crate) term: i64,
}

impl Head {
    /// Writes the head of an empty log, once.
    pub(crate) fn begin(connection: &mut dyn Connection) -> Result<(), Fault> {
        connection.execute(
            "insert into log_head (id, size, at, frontier, term) values (1, 0, 0, $1, 0) on conflict (id) do nothing",
            &values![Frontier::new().to_bytes()],
        )?;
        Ok(())
    }

    /// Reads and locks it; refuses a server with a lower term than one that wrote before, or that this process has seen (security.md §8): an
    /// old primary's own tables know nothing of the new one.
    pub(crate) fn lock(connection: &mut dyn Connection, term: &mut i64) -> Result<Self, Fault> {
        let dialect = connection.dialect();
        let sql = format!(
            "select size, at, frontier, term, {} from log_head where id = 1{}",
            dialect.term(),
            dialect.for_update()
        );
        let mut row = first(connection, &sql, &[])?.ok_or_else(|| Fault::damaged("the log has no head"))?;
        let (size, at, frontier, wrote, found) = (row.count()?, row.int()?, row.blob()?, row.int()?, row.int()?);
        *term = found.max(wrote).max(*term);
        if found < *term {
            return Err(Fault::Fenced { found, seen: *term });
        }
        Self::parsed(size, at, &frontier, found)
    }

    /// Reads it without locking.
    pub(crate) fn read(connection: &mut dyn Connection) -> Result<Self, Fault> {
        let sql = "select size, at, frontier, term from log_head where id = 1";
        let mut row = first(connection, sql, &[])?.ok_or_else(|| Fault::damaged("the log has no head"))?;
        let (size, at, frontier, term) = (row.count()?, row.int()?, row.blob()?, row.int()?);
        Self::parsed(size, at, &frontier, term)
    }

    fn parsed(size: u64, at: i64, frontier: &[u8], term: i64) -> Result<Self, Fault> {
        let frontier = Frontier::from_bytes(frontier).filter(|frontier| frontier.size() == size);
        let frontier = frontier.ok_or_else(|| Fault::damaged("the log's head is not a frontier of its size"))?;
        Ok(Self { size, at, frontier, term })
    }

    /// Stores it.
    pub(crate) fn write(&self, connection: &mut dyn Connection) -> Result<(), Fault> {
        connection.execute(
            "update log_head set size = $1, at = $2, frontier = $3, term = $4 where id = 1",
            &values![self.size, self.at, self.frontier.to_bytes(), self.term],
        )?;
        Ok(())
    }
}

/// Hashes of the tree, read from the tables.
pub(crate) struct Tiles<'a> {
    connection: RefCell<&'a mut dyn Connection>,
}

impl<'a> Tiles<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection) -> Self {
        Self { connection: RefCell::new(connection) }
    }

    /// The first hashes of a tile.
    pub(crate) fn read(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Fault> {
        let mut connection = self.connection.borrow_mut();
        if width == TILE_WIDTH {
            let sql = "select bytes from tiles where level = $1 and tile = $2";
            if let Some(mut row) = first(&mut **connection, sql, &values![u32::from(level), index])? {
                return hashes(&row.blob()?);
            }
        }
        let first_hash = index * u64::from(TILE_WIDTH);
        let range = values![first_hash, first_hash + u64::from(width), u32::from(level)];
        if level == 0 {
            let sql = "select bytes from entries where sequence >= $1 and sequence < $2 order by sequence";
            let rows = connection.query(sql, &range[..2])?;
            return rows.into_iter().map(|mut row| Ok(leaf_hash(&row.blob()?))).collect();
        }
        let sql = "select root from tiles where tile >= $1 and tile < $2 and level = $3 - 1 order by tile";
        let rows = connection.query(sql, &range)?;
        let roots: Result<Vec<_>, Fault> = rows.into_iter().map(|mut row| row.blob()).collect();
        hashes(&roots?.concat())
    }
}

impl HashReader for Tiles<'_> {
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.read(level, index, width)?)
    }
}

fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, Fault> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() {
        Ok(hashes.iter().copied().map(Hash).collect())
    } else {
        Err(Fault::damaged("a tile is cut short"))
    }
}

/// Continues a tree where the head says it ended.
pub(crate) fn resume(connection: &mut dyn Connection, frontier: &Frontier) -> Result<TileWriter, Fault> {
    TileWriter::resume(frontier, &Tiles::new(connection))
        .map_err(|error| Fault::damaged(format!("the tree does not fit its head: {error}")))
}

/// The row of a full tile.
pub(crate) fn tile_row(tile: &FullTile) -> Vec<Value> {
    let bytes: Vec<u8> = tile.hashes.iter().flat_map(|hash| hash.0).collect();
    values![u32::from(tile.level), tile.index, tile.root.0.to_vec(), bytes].to_vec()
}

//! Tiles: the hashes of a tree, cut into rows of 256, in the layout of C2SP tlog-tiles (tile height 8).
//!
//! A hash at level *l* is the root of 256^*l* leaves. A row that is full never changes. The rows at the right edge that are not full yet are
//! *partial tiles*; they need not be stored: at level 0 they are the leaf hashes of the last entries, above they are the roots of the last full
//! tiles one level below. A store therefore keeps one row per 256 hashes and level, with the root beside the hashes.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::{Frontier, node_hash};
use crate::Hash;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels of tiles that a tree of up to 2^64 − 1 leaves can have.
pub const TILE_LEVELS: u8 = 8;

/// Which tile: C2SP `tile/<level>/<index>[.p/<width>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// The level, 0 for leaf hashes.
    pub level: u8,
    /// Its place within the level, from 0.
    pub index: u64,
    /// How many hashes: 256, or fewer in a partial tile.
    pub width: u16,
}

/// Which bundle of entries: C2SP `tile/entries/<index>[.p/<width>]`. It holds the entries under the level-0 tile of the same index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BundleId {
    /// Its place, from 0.
    pub index: u64,
    /// How many entries: 256, or fewer in a partial bundle.
    pub width: u16,
}

/// The text is not the path of a tile or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct PathError;

/// Where proofs read hashes: a store, a directory, a peer's HTTP server.
pub trait HashReader {
    /// The first `width` hashes of the tile at this level and index; a reader may return more (the full tile), never fewer.
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Box<dyn Error + Send + Sync>>;
}

/// Why hashes could not be had.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// The reader failed.
    #[error("tile {} cannot be read", .0)]
    Read(TileId, #[source] Box<dyn Error + Send + Sync>),
    /// The reader returned fewer hashes than the tree has there.
    #[error("tile {0} has only {1} hashes")]
    Short(TileId, usize),
    /// The tiles do not add up to the root that is known.
    #[error("the tiles do not give the root of the tree of size {size}")]
    Root {
        /// The size of the tree.
        size: u64,
    },
}

/// A tile that became full: to be stored once and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullTile {
    /// The level, 0 for leaf hashes.
    pub level: u8,
    /// Its place within the level.
    pub index: u64,
    /// Its 256 hashes.
    pub hashes: Vec<Hash>,
    /// Their root: the hash at place `index` one level up.
    pub root: Hash,
}

/// Appends leaves and says which tiles became full. It holds the frontier and the partial tile of each level: some 8 KiB a level, at most.
#[derive(Debug, Clone, Default)]
pub struct TileWriter {
    frontier: Frontier,
    partial: Vec<Vec<Hash>>,
}

impl TileWriter {
    /// A writer for the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer for a tree that is there already, from its partial tiles; refuses tiles that do not give the frontier's root.
    pub fn resume(frontier: &Frontier, reader: &dyn HashReader) -> Result<Self, TileError> {
        let size = frontier.size();
        let mut partial = Vec::new();
        for level in 0..TILE_LEVELS {
            let hashes_at_level = size >> (8 * level);
            if hashes_at_level == 0 {
                break;
            }
            let (index, width) = (hashes_at_level >> 8, (hashes_at_level & 0xff) as u16);
            partial.push(if width == 0 { Vec::new() } else { read_tile(reader, TileId { level, index, width })? });
        }
        // A partial tile's peaks are the peaks of its own small tree; levels above hold the larger ones.
        let mut peaks = Vec::new();
        for hashes in partial.iter().rev() {
            let mut small = Frontier::new();
            hashes.iter().for_each(|&hash| small.push(hash));
            peaks.extend(small.peaks);
        }
        let writer = Self { frontier: Frontier::from_peaks(size, peaks), partial };
        if writer.frontier == *frontier { Ok(writer) } else { Err(TileError::Root { size }) }
    }

    /// The tree so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends a leaf; the tiles that became full are added to `full`, lower levels first.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        let position = self.frontier.size();
        self.frontier.push(leaf);
        let mut hash = leaf;
        for level in 0..TILE_LEVELS {
            if self.partial.len() == usize::from(level) {
                self.partial.push(Vec::new());
            }
            let tile = &mut self.partial[usize::from(level)];
            tile.push(hash);
            if tile.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let hashes = std::mem::take(tile);
            hash = root_of(&hashes);
            // `position` is the last leaf under this tile; a tile at this level spans 256^(level + 1) leaves.
            let index = position.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            full.push(FullTile { level, index, hashes, root: hash });
        }
    }

    /// Appends leaves; returns the tiles that became full, in the order in which they did.
    pub fn append(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Vec<FullTile> {
        let mut full = Vec::new();
        leaves.into_iter().for_each(|leaf| self.push(leaf, &mut full));
        full
    }
}

/// The root of a complete subtree from a row of its hashes; their number is a power of two.
pub(crate) fn root_of(hashes: &[Hash]) -> Hash {
    debug_assert!(hashes.len().is_power_of_two());
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row[0]
}

pub(crate) fn read_tile(reader: &dyn HashReader, id: TileId) -> Result<Vec<Hash>, TileError> {
    let mut hashes = reader.tile(id.level, id.index, id.width).map_err(|error| TileError::Read(id, error))?;
    if hashes.len() < usize::from(id.width) {
        return Err(TileError::Short(id, hashes.len()));
    }
    hashes.truncate(id.width.into());
    Ok(hashes)
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_index(f, self.index, self.width)
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_index(f, self.index, self.width)
    }
}

impl FromStr for TileId {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let (level, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(PathError)?;
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).filter(|level| *level < TILE_LEVELS);
        let (index, width) = parse_index(rest)?;
        Ok(Self { level: level.ok_or(PathError)?, index, width })
    }
}

impl FromStr for BundleId {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let (index, width) = parse_index(path.strip_prefix("tile/entries/").ok_or(PathError)?)?;
        Ok(Self { index, width })
    }
}

/// Groups of three digits, all but the last with an `x` before them: `x001/x234/067`.
fn write_index(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for group in groups.iter().skip(1).rev() {
        write!(f, "x{group:03}/")?;
    }
    write!(f, "{:03}", groups[0])?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

fn parse_index(text: &str) -> Result<(u64, u16), PathError> {
    let (groups, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH),
        Some((groups, width)) => {
            let width = decimal(width).and_then(|width| u16::try_from(width).ok());
            (groups, width.filter(|width| (1..TILE_WIDTH).contains(width)).ok_or(PathError)?)
        }
    };
    let mut index = 0u64;
    let mut last = false;
    for (position, group) in groups.split('/').enumerate() {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if last || digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PathError);
        }
        // One spelling for each index: the first of several groups is not all zeros.
        if position == 0 && group == "x000" {
            return Err(PathError);
        }
        last = digits.len() == group.len();
        let value: u64 = digits.parse().map_err(|_| PathError)?;
        index = index.checked_mul(1000).and_then(|index| index.checked_add(value)).ok_or(PathError)?;
    }
    if last { Ok((index, width)) } else { Err(PathError) }
}

/// A decimal number without a sign or a leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { text.parse().ok() } else { None }
}

/// The bytes of a bundle: each entry after its length in 2 bytes, most significant first. `None` when an entry is too long for that.
pub fn bundle(entries: &[&[u8]]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
    for entry in entries {
        bytes.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Some(bytes)
}

/// The entries of a bundle; `None` when the lengths do not add up.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

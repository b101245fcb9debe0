//! Proofs that a leaf is in a tree, and that a tree is a beginning of another (RFC 6962 §2.1.1 and §2.1.2, RFC 9162 §2.1.3 and §2.1.4).
//!
//! Making one reads O(log n) tiles, each once; checking one needs nothing but hashes.

use std::collections::BTreeMap;

use super::tiles::{HashReader, TILE_WIDTH, TileError, TileId, read_tile, root_of};
use super::{empty_root, node_hash};
use crate::Hash;

/// Why a proof was not made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such leaf.
    #[error("a tree of {size} leaves has no leaf {index}")]
    NoLeaf {
        /// The leaf asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer.
    #[error("a tree of {old} leaves is not a beginning of one of {new}")]
    NotABeginning {
        /// The size of the older tree.
        old: u64,
        /// The size of the newer tree.
        new: u64,
    },
    /// Hashes could not be had.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// A proof does not show what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the root")]
pub struct ProofRefused;

/// The root of the tree of `size` leaves, from its tiles.
pub fn root(reader: &dyn HashReader, size: u64) -> Result<Hash, TileError> {
    if size == 0 { Ok(empty_root()) } else { Subtrees::new(reader, size).hash(0, size) }
}

/// The proof that leaf `index` is in the tree of `size` leaves: the sibling hashes from the leaf up.
pub fn prove_inclusion(reader: &dyn HashReader, index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::NoLeaf { index, size });
    }
    let mut subtrees = Subtrees::new(reader, size);
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + left_size(end - start);
        if index < middle {
            path.push(subtrees.hash(middle, end)?);
            end = middle;
        } else {
            path.push(subtrees.hash(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves. Empty for equal sizes and for the empty old tree.
pub fn prove_consistency(reader: &dyn HashReader, old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
    if old > new {
        return Err(ProofError::NotABeginning { old, new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut subtrees = Subtrees::new(reader, new);
    let mut path = Vec::new();
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + left_size(end - start);
        if old <= middle {
            path.push(subtrees.hash(middle, end)?);
            end = middle;
        } else {
            path.push(subtrees.hash(start, middle)?);
            start = middle;
        }
    }
    // The subtree that ends where the old tree ends: the verifier knows its hash only when it is the whole old tree.
    if start != 0 {
        path.push(subtrees.hash(start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofRefused> {
    if index >= size {
        return Err(ProofRefused);
    }
    let (mut position, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofRefused);
        }
        if position & 1 == 1 || position == last {
            hash = node_hash(sibling, &hash);
            // A node at the right edge without a right sibling rises unchanged.
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(ProofRefused) }
}

/// Checks that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 9162 §2.1.4.2). Every tree begins with the empty one.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofRefused> {
    let holds = |condition: bool| if condition { Ok(()) } else { Err(ProofRefused) };
    if old > new || (new == 0 && *new_root != empty_root()) {
        return Err(ProofRefused);
    }
    if old == 0 {
        return holds(proof.is_empty() && *old_root == empty_root());
    }
    if old == new {
        return holds(proof.is_empty() && old_root == new_root);
    }
    // When the old tree is one complete subtree its root is not in the proof: the verifier has it.
    let (first, rest) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofRefused)? };
    let shift = (old - 1).trailing_ones();
    let (mut position, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofRefused);
        }
        if position & 1 == 1 || position == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    holds(last == 0 && old_hash == *old_root && new_hash == *new_root)
}

/// The largest power of two smaller than `size`, which is at least 2: how many leaves the left subtree has.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Hashes of the subtrees of one tree, each tile read once.
struct Subtrees<'r> {
    reader: &'r dyn HashReader,
    size: u64,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<'r> Subtrees<'r> {
    fn new(reader: &'r dyn HashReader, size: u64) -> Self {
        Self { reader, size, tiles: BTreeMap::new() }
    }

    /// The hash over the leaves from `start` to before `end`, a subtree of the tree as RFC 6962 cuts it: everything but its last part is
    /// complete and aligned.
    fn hash(&mut self, start: u64, end: u64) -> Result<Hash, TileError> {
        let mut complete = Vec::new();
        let mut start = start;
        while !(end - start).is_power_of_two() {
            let middle = start + left_size(end - start);
            complete.push(self.complete(start, middle)?);
            start = middle;
        }
        let last = self.complete(start, end)?;
        Ok(complete.iter().rev().fold(last, |right, left| node_hash(left, &right)))
    }

    /// The hash of a complete, aligned subtree.
    fn complete(&mut self, start: u64, end: u64) -> Result<Hash, TileError> {
        let height = (end - start).ilog2();
        // Within its tile the subtree spans 2^(height mod 8) hashes of level ⌊height / 8⌋.
        let (level, span) = ((height / 8) as u8, 1 << (height % 8));
        let first = start >> (8 * level);
        let offset = (first % u64::from(TILE_WIDTH)) as usize;
        let tile = self.tile(level, first / u64::from(TILE_WIDTH))?;
        Ok(root_of(&tile[offset..offset + span]))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TileError> {
        use std::collections::btree_map::Entry;
        match self.tiles.entry((level, index)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let beyond = (self.size >> (8 * level)) - index * u64::from(TILE_WIDTH);
                let width = u16::try_from(beyond).map_or(TILE_WIDTH, |beyond| beyond.min(TILE_WIDTH));
                Ok(place.insert(read_tile(self.reader, TileId { level, index, width })?))
            }
        }
    }
}

//! The Merkle tree over entries: RFC 6962 §2.1 with SHA-256, as RFC 9162 §2.1 restates it.
//!
//! A [`Frontier`] is all that appending needs. [`tiles`] cuts the hashes into rows worth storing, [`proofs`] makes and checks proofs.

use sha2::{Digest, Sha256};

use crate::Hash;

pub mod proofs;
pub mod tiles;

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
}

/// The hash of a node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::new().finalize().into())
}

/// The right edge of a tree: the roots of its complete subtrees, largest first, one for each 1 in the binary size. Enough to append and to know
/// the root; at most 64 hashes, whatever the history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut subtree = leaf;
        // Adding one carries through the trailing ones of the size: each carry joins two subtrees of equal height.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                subtree = node_hash(&left, &subtree);
            }
        }
        self.peaks.push(subtree);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(&smallest) = peaks.next() else { return empty_root() };
        peaks.fold(smallest, |right, left| node_hash(left, &right))
    }

    /// The bytes to store: the size in 8 bytes, most significant first, then the hashes, largest subtree first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.peaks.len());
        bytes.extend(self.size.to_be_bytes());
        self.peaks.iter().for_each(|peak| bytes.extend(peak.0));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote; `None` when the size and the number of hashes do not belong together.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, hashes) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (peaks, rest) = hashes.as_chunks::<32>();
        let fits = rest.is_empty() && peaks.len() == size.count_ones() as usize;
        fits.then(|| Self { size, peaks: peaks.iter().copied().map(Hash).collect() })
    }

    pub(crate) fn from_peaks(size: u64, peaks: Vec<Hash>) -> Self {
        debug_assert_eq!(size.count_ones() as usize, peaks.len());
        Self { size, peaks }
    }
}

//! Checking a whole log, entry by entry, in constant memory but for one number per stream.
//!
//! What can be named depends on what is known beside the entries. With the stored leaf hashes, a changed entry is named itself. With checkpoints
//! alone, a change that leaves an entry readable is known to lie between two of them, or shows at a later entry (a time moved forward makes the
//! next one look late). Either way nothing from the first fault on is read.

use std::collections::HashMap;

use crate::checkpoint::origin;
use crate::tree::{Frontier, leaf_hash};
use crate::{Checkpoint, Entry, EntryError, Hash, Id};

/// Reads a log from its first entry on, and stops at the first fault.
#[derive(Debug, Clone)]
pub struct LogVerifier {
    node: Id,
    /// Checkpoints not reached yet, largest first.
    checkpoints: Vec<Checkpoint>,
    frontier: Frontier,
    streams: HashMap<String, u64>,
    last_at: Option<i64>,
    attested: u64,
    mismatch: Option<Mismatch>,
}

/// The first fault of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {sequence}: {fault}; only the entries before {attested} are as they were signed")]
pub struct Mismatch {
    /// The entry at which the fault shows, by its place in the log. When stored leaf hashes are given, a changed entry shows at itself.
    pub sequence: u64,
    /// What is wrong with it.
    pub fault: Fault,
    /// The size of the largest checkpoint that agreed before: entries below it are as they were signed, and no others need be believed.
    pub attested: u64,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes do not hash to the leaf that is stored.
    #[error("its bytes are not those of the stored leaf")]
    Leaf,
    /// The bytes are not an entry.
    #[error("{0}")]
    Unreadable(EntryError),
    /// The entry is of another node.
    #[error("it is of node {found}")]
    Node {
        /// The node it names.
        found: Id,
    },
    /// The entry stands at another place: one is missing, doubled or moved.
    #[error("it says it is entry {found}")]
    Sequence {
        /// The place it names.
        found: u64,
    },
    /// The stream has a gap or a repetition.
    #[error("stream {stream} continues with version {found} instead of {expected}")]
    Version {
        /// The stream.
        stream: String,
        /// The version that should follow.
        expected: u64,
        /// The version found.
        found: u64,
    },
    /// Time stood still or ran back.
    #[error("its time {found} is not after {last}")]
    Time {
        /// The time of the entry before, µs.
        last: i64,
        /// Its own time, µs.
        found: i64,
    },
    /// The tree does not have the root that was signed: some entry from here to `size` was changed.
    #[error("the tree of {size} entries has another root than the signed one")]
    Root {
        /// The size of the checkpoint that disagrees.
        size: u64,
    },
    /// The log ends before the size that was signed: entries are missing, from this one on.
    #[error("the log ends here, though {size} entries were signed")]
    Missing {
        /// The size of the checkpoint.
        size: u64,
    },
    /// A checkpoint is of another log.
    #[error("a checkpoint is of {found:?}")]
    Origin {
        /// Its origin line.
        found: String,
    },
}

/// A log without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// How many streams.
    pub streams: u64,
    /// The size of the largest checkpoint: entries beyond it are consistent, but not signed yet.
    pub attested: u64,
}

impl LogVerifier {
    /// A verifier for the log of `node`, with checkpoints (in any order) whose signatures the caller has verified.
    pub fn new(node: Id, mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        let expected = origin(node);
        let foreign = checkpoints.iter().find(|checkpoint| checkpoint.origin != expected);
        let fault = foreign.map(|checkpoint| Fault::Origin { found: checkpoint.origin.clone() });
        let mut verifier = Self {
            node,
            checkpoints,
            frontier: Frontier::new(),
            streams: HashMap::new(),
            last_at: None,
            attested: 0,
            mismatch: fault.map(|fault| Mismatch { sequence: 0, fault, attested: 0 }),
        };
        verifier.compare();
        verifier
    }

    /// The next entry, with the leaf hash that is stored for it (in its level-0 tile), if there is one. After a fault, the same fault again.
    pub fn entry(&mut self, bytes: &[u8], stored_leaf: Option<&Hash>) -> Result<(), Mismatch> {
        if let Some(mismatch) = &self.mismatch {
            return Err(mismatch.clone());
        }
        if let Err(fault) = self.accept(bytes, stored_leaf) {
            let mismatch = Mismatch { sequence: self.frontier.size(), fault, attested: self.attested };
            self.mismatch = Some(mismatch);
        } else {
            self.compare();
        }
        self.mismatch.clone().map_or(Ok(()), Err)
    }

    /// The tree so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The end of the log.
    pub fn finish(self) -> Result<Sound, Mismatch> {
        if let Some(mismatch) = self.mismatch {
            return Err(mismatch);
        }
        let size = self.frontier.size();
        if let Some(beyond) = self.checkpoints.last() {
            let fault = Fault::Missing { size: beyond.size };
            return Err(Mismatch { sequence: size, fault, attested: self.attested });
        }
        Ok(Sound { size, root: self.frontier.root(), streams: self.streams.len() as u64, attested: self.attested })
    }

    fn accept(&mut self, bytes: &[u8], stored_leaf: Option<&Hash>) -> Result<(), Fault> {
        let leaf = leaf_hash(bytes);
        if stored_leaf.is_some_and(|stored| *stored != leaf) {
            return Err(Fault::Leaf);
        }
        let entry = Entry::decode(bytes).map_err(Fault::Unreadable)?;
        if entry.node != self.node {
            return Err(Fault::Node { found: entry.node });
        }
        if entry.sequence != self.frontier.size() {
            return Err(Fault::Sequence { found: entry.sequence });
        }
        if let Some(last) = self.last_at.filter(|last| *last >= entry.at) {
            return Err(Fault::Time { last, found: entry.at });
        }
        let version = self.streams.entry(entry.stream.clone()).or_insert(0);
        if entry.version != *version + 1 {
            return Err(Fault::Version { stream: entry.stream.clone(), expected: *version + 1, found: entry.version });
        }
        *version = entry.version;
        self.last_at = Some(entry.at);
        self.frontier.push(leaf);
        Ok(())
    }

    /// Compares the tree with the checkpoints of its size.
    fn compare(&mut self) {
        let size = self.frontier.size();
        while self.mismatch.is_none()
            && let Some(checkpoint) = self.checkpoints.pop_if(|checkpoint| checkpoint.size == size)
        {
            if checkpoint.root == self.frontier.root() {
                self.attested = size;
            } else {
                let fault = Fault::Root { size };
                self.mismatch = Some(Mismatch { sequence: self.attested, fault, attested: self.attested });
            }
        }
    }
}

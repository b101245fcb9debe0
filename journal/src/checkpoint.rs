//! Checkpoints: the head of a tree as the text of a signed note (C2SP tlog-checkpoint).
//!
//! ```text
//! jiantong/01234567-89ab-cdef-0123-456789abcdef
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! at 1766400000000000
//! ```
//! The last line is an extension: the instant of signing in µs since 1970, which the tree itself does not tell. Other clients ignore it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::note::NoteError;
use crate::tree::tiles::decimal;
use crate::{Hash, Id};

/// The head of a tree (检查点): whoever signs it vouches for every entry below `size`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: [`origin`] of the node. The key that signs has the same name.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// Further lines, opaque to other clients.
    pub extensions: Vec<String>,
}

/// The origin line of a node's journal, and the name of the key that signs it.
pub fn origin(node: Id) -> String {
    format!("jiantong/{node}")
}

impl Checkpoint {
    /// The head of a node's tree at an instant (µs since 1970).
    pub fn new(node: Id, size: u64, root: Hash, at: i64) -> Self {
        Self { origin: origin(node), size, root, extensions: vec![format!("at {at}")] }
    }

    /// The instant of signing, if the checkpoint says so.
    pub fn at(&self) -> Option<i64> {
        self.extensions.iter().find_map(|line| line.strip_prefix("at ")?.parse().ok())
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        let lines = text.strip_suffix('\n').ok_or(malformed("the text does not end with a newline"))?;
        if lines.split('\n').any(str::is_empty) {
            return Err(malformed("a checkpoint with an empty line"));
        }
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("a checkpoint of fewer than three lines"));
        };
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        Ok(Self {
            origin: origin.to_owned(),
            size: decimal(size).ok_or(malformed("a tree size that is not a number"))?,
            root: Hash(root.ok_or(malformed("a root that is not a hash in base64"))?),
            extensions: lines.map(str::to_owned).collect(),
        })
    }
}

mod cbor;
mod entry;
mod note;
mod receipt;
mod tree;
mod verify;

use serde::Serialize;

use crate::tree::tiles::{FullTile, HashReader, TILE_WIDTH, TileWriter};
use crate::tree::{Frontier, leaf_hash};
use crate::{Actor, Body, Entry, Hash, Id};

fn id(last: u8) -> Id {
    let mut bytes = *b"\x01\x90\xf1\xe2\xd3\xc4\x7a\xb5\x8a\x01\x02\x03\x04\x05\x06\x00";
    bytes[15] = last;
    Id(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const NODE: u8 = 0;

#[derive(Serialize)]
struct Accepted {
    due_on: &'static str,
    days: u32,
    materials: Vec<&'static str>,
}

/// Entries of one node: stream `sequence % 3`, one microsecond apart.
fn entry(sequence: u64) -> Entry {
    Entry {
        node: id(NODE),
        sequence,
        stream: format!("case/{}", id(10 + (sequence % 3) as u8)),
        version: sequence / 3 + 1,
        kind: "case-accepted@1".parse().unwrap(),
        at: 1_766_400_000_000_000 + sequence as i64,
        entered_at: 1_766_400_000_000_000,
        actor: Actor::Officer { account: id(1), post: id(2), delegation: None },
        body: Body::of(&Accepted { due_on: "2026-01-20", days: 20, materials: vec!["施工合同"] }).unwrap(),
    }
}

/// A log in memory, stored as the documentation of tiles proposes: leaves, and full tiles with their roots.
#[derive(Default)]
struct MemoryLog {
    leaves: Vec<Hash>,
    full: Vec<FullTile>,
    reads: std::cell::Cell<usize>,
    writer: TileWriter,
}

impl MemoryLog {
    fn of(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut log = Self::default();
        entries.into_iter().for_each(|entry| log.push(&entry));
        log
    }

    fn push(&mut self, entry: &[u8]) {
        self.leaves.push(leaf_hash(entry));
        self.writer.push(leaf_hash(entry), &mut self.full);
    }

    fn frontier(&self) -> &Frontier {
        self.writer.frontier()
    }
}

impl HashReader for MemoryLog {
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Box<dyn std::error::Error + Send + Sync>> {
        self.reads.set(self.reads.get() + 1);
        if let Some(tile) = self.full.iter().find(|tile| tile.level == level && tile.index == index) {
            return Ok(tile.hashes.clone());
        }
        let first = index * u64::from(TILE_WIDTH);
        (first..first + u64::from(width))
            .map(|position| {
                if level == 0 {
                    self.leaves.get(position as usize).copied()
                } else {
                    let below = self.full.iter().find(|tile| tile.level == level - 1 && tile.index == position);
                    below.map(|tile| tile.root)
                }
                .ok_or_else(|| format!("no hash {position} at level {level}").into())
            })
            .collect()
    }
}

//! Is the store what its journal says? Entries against the tree and the checkpoints, states against a replay of the entries, rows for pages
//! against the states, counters against the entries. Nothing is repaired by dropping: only rows for pages can be rebuilt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use journal::checkpoint::Checkpoint;
use journal::note::Note;
use journal::verify::LogVerifier;
use journal::{Entry, Hash};
use kernel::state::{STATE_FORMAT, StateError};
use kernel::tally::tallies;
use kernel::{Event, State, StreamId, project};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::sql::{Connection, Row, Table, Value, tables, values};
use crate::store::Store;
use crate::writer::cache;
use crate::writer::log::{Head, Tiles};
use crate::writer::rows::{Difference, PROJECTED, TableRows, table_rows, tally_row};

/// Rows read at a time.
const STEP: u32 = 2_000;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Streams compared.
    pub streams: u64,
    /// Root over the entries.
    pub root: Hash,
    /// Hash over all states.
    pub state_hash: Hash,
    /// Everything that does not fit, the first of each kind first; empty = sound.
    pub mismatches: Vec<Mismatch>,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Table in which it was met.
    pub table: &'static str,
    /// Sequence, stream or key.
    pub key: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.key, self.problem)
    }
}

/// Mismatches listed of each table; the rest would say the same.
const LISTED_MAX: usize = 100;

struct Found(Vec<Mismatch>);

impl Found {
    fn add(&mut self, table: &'static str, key: impl fmt::Display, problem: impl Into<String>) {
        if self.0.iter().filter(|listed| listed.table == table).count() < LISTED_MAX {
            self.0.push(Mismatch { table, key: key.to_string(), problem: problem.into() });
        }
    }
}

impl Store {
    /// Checks everything: rows → leaves → root → checkpoints; entries → states; states → rows for pages. Blocks, and reads the whole store.
    pub fn verify(&self) -> Result<Report, Fault> {
        let signer = self.verifier()?;
        self.on_own_connection(|connection| {
            connection.begin_read()?;
            let mut found = Found(Vec::new());
            let checkpoints = read_checkpoints(connection, &signer, &mut found)?;
            let root = verify_log(connection, self.node(), checkpoints, &mut found)?;
            let replayed = replay(connection, cache::apply, &mut found)?;
            let state_hash = compare_states(connection, &replayed.streams, &mut found)?;
            compare_rows(connection, &replayed, &mut found)?;
            connection.rollback()?;
            Ok(replayed.report(root, state_hash, found))
        })
    }

    /// Rebuilds all states from the entries alone and compares them with the stored ones. Blocks.
    pub fn replay_check(&self) -> Result<Report, Fault> {
        self.replay_check_with(cache::apply)
    }

    /// The same with another way of folding: what a program with a broken arm would find.
    pub(crate) fn replay_check_with(&self, fold: Fold) -> Result<Report, Fault> {
        self.on_own_connection(|connection| {
            connection.begin_read()?;
            let mut found = Found(Vec::new());
            let replayed = replay(connection, fold, &mut found)?;
            let state_hash = compare_states(connection, &replayed.streams, &mut found)?;
            let root = Head::read(connection)?.frontier.root();
            connection.rollback()?;
            Ok(replayed.report(root, state_hash, found))
        })
    }

    /// SHA-256 over all streams in order: name, version, state bytes. Equal on both databases for the same commands. Blocks.
    pub fn state_hash(&self) -> Result<Hash, Fault> {
        self.on_own_connection(|connection| {
            connection.begin_read()?;
            let mut digest = Sha256::new();
            each_state(connection, |_, stored| {
                stored.add_to(&mut digest);
                Ok(())
            })?;
            connection.rollback()?;
            Ok(Hash(digest.finalize().into()))
        })
    }

    /// Drops all rows for pages and writes them again from the states, and the counters from the entries, in one transaction. Blocks, and keeps
    /// the writer waiting.
    pub fn rebuild_projections(&self) -> Result<u64, Fault> {
        self.on_own_connection(|connection| {
            connection.begin_write()?;
            let rebuilt = rebuild(connection);
            match rebuilt {
                Ok(rows) => connection.commit().map(|()| rows),
                Err(fault) => {
                    connection.rollback()?;
                    Err(fault)
                }
            }
        })
    }
}

fn rebuild(connection: &mut dyn Connection) -> Result<u64, Fault> {
    // The head is locked, so that no process writes meanwhile.
    Head::lock(connection, &mut 0)?;
    for table in PROJECTED.iter().chain([&&tables::TALLIES]) {
        connection.script(&format!("delete from {}", table.name))?;
    }
    if connection.dialect() == crate::sql::Dialect::Sqlite {
        connection.script("delete from search_index")?;
    }
    let (mut rows, mut streams, mut difference) = (0, 0, Difference::default());
    each_state(connection, |connection, Stored { stream, version, sequence, bytes }| {
        let state = cache::decode(connection, &stream, version, &bytes)?;
        difference.add(&TableRows::new(), table_rows(&stream, version, sequence, &project(&stream, &state)));
        streams += 1;
        if streams % STEP == 0 {
            rows += std::mem::take(&mut difference).write(connection)?;
        }
        Ok(())
    })?;
    rows += difference.write(connection)?;
    let mut found = Found(Vec::new());
    let tallies = replay(connection, cache::apply, &mut found)?.tallies;
    if let Some(first) = found.0.first() {
        return Err(Fault::damaged(format!("the counters cannot be counted again: {first}")));
    }
    let tallies: Vec<Vec<Value>> = tallies.into_values().collect();
    connection.insert_all(&tables::TALLIES, &tallies)?;
    Ok(rows + tallies.len() as u64)
}

/// A row of `states`.
struct Stored {
    stream: StreamId,
    version: u64,
    sequence: u64,
    bytes: Vec<u8>,
}

impl Stored {
    fn add_to(&self, digest: &mut Sha256) {
        digest.update((self.stream.as_str().len() as u64).to_be_bytes());
        digest.update(self.stream.as_str());
        digest.update(self.version.to_be_bytes());
        digest.update((self.bytes.len() as u64).to_be_bytes());
        digest.update(&self.bytes);
    }
}

fn each_state(
    connection: &mut dyn Connection,
    mut each: impl FnMut(&mut dyn Connection, Stored) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut after = String::new();
    loop {
        let sql = "select stream, version, sequence, bytes from states where stream > $1 order by stream limit $2";
        let rows = connection.query(sql, &values![&after, STEP])?;
        let ended = rows.len() < STEP as usize;
        for mut row in rows {
            let stream = cache::stream_of(&mut row)?;
            stream.as_str().clone_into(&mut after);
            let (version, sequence, bytes) = (row.count()?, row.count()?, row.blob()?);
            each(connection, Stored { stream, version, sequence, bytes })?;
        }
        if ended {
            return Ok(());
        }
    }
}

fn each_entry(
    connection: &mut dyn Connection,
    mut each: impl FnMut(&mut dyn Connection, u64, Row) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let (mut next, mut count) = (i64::MIN, 0);
    loop {
        let sql = "select sequence, stream, version, kind, at, bytes from entries where sequence >= $1 order by sequence limit $2";
        let rows = connection.query(sql, &values![next, STEP])?;
        let ended = rows.len() < STEP as usize;
        for mut row in rows {
            let sequence = row.int()?;
            next = sequence + 1;
            count += 1;
            each(connection, u64::try_from(sequence).unwrap_or(u64::MAX), row)?;
        }
        if ended {
            return Ok(count);
        }
    }
}

fn read_checkpoints(
    connection: &mut dyn Connection,
    signer: &journal::note::VerifierKey,
    found: &mut Found,
) -> Result<Vec<Checkpoint>, Fault> {
    let mut checkpoints = Vec::new();
    for mut row in connection.query("select size, root, note from checkpoints order by size", &[])? {
        let (size, root, text) = (row.count()?, row.blob()?, row.text()?);
        let read = text.parse::<Note>().and_then(|note| {
            note.verify(signer)?;
            note.text().parse::<Checkpoint>()
        });
        match read {
            Ok(checkpoint) if checkpoint.size == size && checkpoint.root.0.as_slice() == root => {
                checkpoints.push(checkpoint);
            }
            Ok(_) => found.add("checkpoints", size, "its row and its signed text differ"),
            Err(error) => found.add("checkpoints", size, error.to_string()),
        }
    }
    Ok(checkpoints)
}

/// Entries → leaves → tiles → root → checkpoints.
fn verify_log(
    connection: &mut dyn Connection,
    node: journal::Id,
    checkpoints: Vec<Checkpoint>,
    found: &mut Found,
) -> Result<Hash, Fault> {
    let mut verifier = LogVerifier::new(node, checkpoints);
    let mut broken = false;
    let mut tile: (u64, Vec<Hash>) = (u64::MAX, Vec::new());
    let full_tiles = Head::read(connection)?.size / 256;
    each_entry(connection, |connection, sequence, mut row| {
        if broken {
            return Ok(());
        }
        let (stream, version, kind, at, bytes) = (row.text()?, row.count()?, row.text()?, row.int()?, row.blob()?);
        let index = sequence / 256;
        if tile.0 != index {
            let stored = if index < full_tiles { stored_tile(connection, index)? } else { Vec::new() };
            tile = (index, stored);
        }
        let leaf = tile.1.get((sequence % 256) as usize).copied();
        if let Err(mismatch) = verifier.entry(&bytes, leaf.as_ref()) {
            found.add("entries", mismatch.sequence, mismatch.to_string());
            broken = true;
            return Ok(());
        }
        if let Ok(entry) = Entry::decode(&bytes) {
            let same = entry.sequence == sequence
                && entry.stream == stream
                && entry.version == version
                && entry.kind.as_str() == kind
                && entry.at == at;
            if !same {
                found.add("entries", sequence, "its columns and its bytes differ");
            }
        }
        Ok(())
    })?;
    let root = verifier.frontier().root();
    if !broken {
        let head = Head::read(connection)?;
        let counted = verifier.frontier().clone();
        if let Err(mismatch) = verifier.finish() {
            found.add("entries", mismatch.sequence, mismatch.to_string());
        }
        if head.frontier != counted {
            let problem = format!(
                "says {} entries with root {}; the entries give {}",
                head.size,
                head.frontier.root(),
                counted.size()
            );
            found.add("log_head", head.size, problem);
        } else if let Ok(from_tiles) = journal::tree::proofs::root(&Tiles::new(connection), head.size)
            && from_tiles != root
        {
            found.add("tiles", head.size, "the tiles give another root than the entries");
        }
    }
    Ok(root)
}

fn stored_tile(connection: &mut dyn Connection, index: u64) -> Result<Vec<Hash>, Fault> {
    let sql = "select bytes from tiles where level = 0 and tile = $1";
    let Some(mut row) = crate::sql::first(connection, sql, &values![index])? else { return Ok(Vec::new()) };
    let bytes = row.blob()?;
    Ok(bytes.as_chunks::<32>().0.iter().copied().map(Hash).collect())
}

/// Streams as the entries alone give them: version, last sequence, state.
type Streams = BTreeMap<StreamId, (u64, u64, Option<State>)>;

/// Everything that the entries alone give.
#[derive(Default)]
struct Replayed {
    entries: u64,
    streams: Streams,
    /// Rows of counters, by key.
    tallies: BTreeMap<Vec<Value>, Vec<Value>>,
}

impl Replayed {
    fn report(self, root: Hash, state_hash: Hash, found: Found) -> Report {
        let streams = self.streams.len() as u64;
        Report { entries: self.entries, streams, root, state_hash, mismatches: found.0 }
    }
}

/// Applies the bytes of an entry to a state.
type Fold = fn(Option<State>, &StreamId, i64, &[u8]) -> Result<State, Fault>;

fn replay(connection: &mut dyn Connection, fold: Fold, found: &mut Found) -> Result<Replayed, Fault> {
    let mut replayed = Replayed::default();
    let mut counted: BTreeMap<[String; 5], i64> = BTreeMap::new();
    let mut expected = 0;
    replayed.entries = each_entry(connection, |_, sequence, mut row| {
        if sequence != expected {
            found.add("entries", expected, format!("missing; the next one is {sequence}"));
        }
        expected = sequence + 1;
        let (_, _, _, at, bytes) = (row.text()?, row.count()?, row.text()?, row.int()?, row.blob()?);
        let entry = match Entry::decode(&bytes) {
            Ok(entry) => entry,
            Err(error) => {
                found.add("entries", sequence, error.to_string());
                return Ok(());
            }
        };
        let Ok(stream) = entry.stream.parse::<StreamId>() else {
            found.add("entries", sequence, format!("{:?} is not a stream", entry.stream));
            return Ok(());
        };
        let (version, last, state) = replayed.streams.entry(stream.clone()).or_insert((0, 0, None));
        if entry.version != *version + 1 {
            found.add("entries", sequence, format!("{stream} goes from version {version} to {}", entry.version));
        }
        (*version, *last) = (entry.version, sequence);
        match fold(state.take(), &stream, at, &bytes) {
            Ok(next) => {
                let event = Event::decode(entry.kind.as_str(), &entry.body);
                if let Some((key, delta)) = event.ok().and_then(|event| tallies(&event, &next)).map(tally_row) {
                    *counted.entry(key).or_default() += delta;
                }
                *state = Some(next);
            }
            Err(fault) => found.add("entries", sequence, fault.to_string()),
        }
        Ok(())
    })?;
    for (key, n) in counted {
        let key = key.map(Value::from);
        replayed.tallies.insert(key.to_vec(), key.into_iter().chain([Value::Int(n)]).collect());
    }
    Ok(replayed)
}

fn compare_states(connection: &mut dyn Connection, replayed: &Streams, found: &mut Found) -> Result<Hash, Fault> {
    let mut digest = Sha256::new();
    let mut missing: BTreeSet<&StreamId> = replayed.keys().collect();
    each_state(connection, |_, stored| {
        stored.add_to(&mut digest);
        let stream = &stored.stream;
        let Some((version, sequence, state)) = replayed.get(stream) else {
            found.add("states", stream, "has no entries");
            return Ok(());
        };
        missing.remove(stream);
        if (stored.version, stored.sequence) != (*version, *sequence) {
            let (has, gives) = (format!("{}, {}", stored.version, stored.sequence), format!("{version}, {sequence}"));
            found.add("states", stream, format!("is at version, sequence {has}; its entries give {gives}"));
        }
        let same = match (state, State::decode(&stored.bytes)) {
            (Some(state), Ok(_)) => state.encode().is_ok_and(|expected| expected == stored.bytes),
            // Folded again whenever it is read; a format that was never written is no older one.
            (_, Err(StateError::Format(format))) => (1..STATE_FORMAT).contains(&format),
            _ => false,
        };
        if !same {
            found.add("states", stream, "its bytes are not what its entries give");
        }
        Ok(())
    })?;
    for stream in missing {
        found.add("states", stream, "is missing");
    }
    Ok(Hash(digest.finalize().into()))
}

/// Rows for pages and counters as stored against those that states and entries give.
fn compare_rows(connection: &mut dyn Connection, replayed: &Replayed, found: &mut Found) -> Result<(), Fault> {
    let mut expected: BTreeMap<&'static str, BTreeMap<Vec<Value>, Vec<Value>>> = BTreeMap::new();
    expected.insert(tables::TALLIES.name, replayed.tallies.clone());
    for (stream, (version, sequence, state)) in &replayed.streams {
        let Some(state) = state else { continue };
        for ((table, key), (_, row)) in table_rows(stream, *version, *sequence, &project(stream, state)) {
            expected.entry(table).or_default().insert(key, row);
        }
    }
    for table in PROJECTED.iter().chain([&&tables::TALLIES]) {
        let mut expected = expected.remove(table.name).unwrap_or_default();
        let rows = connection.query(&format!("select {} from {}", table.names(), table.name), &[])?;
        for row in rows {
            let row = row.rest();
            let key = row[..table.keys].to_vec();
            match expected.remove(&key) {
                None => found.add(table.name, show(&key), "should not be there"),
                Some(right) if !same_row(table, &right, &row) => {
                    found.add(table.name, show(&key), "is not what its state gives");
                }
                Some(_) => {}
            }
        }
        for key in expected.keys() {
            found.add(table.name, show(key), "is missing");
        }
    }
    Ok(())
}

fn show(key: &[Value]) -> String {
    let cells = key.iter().map(|value| match value {
        Value::Int(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        _ => "?".to_owned(),
    });
    cells.collect::<Vec<_>>().join("/")
}

/// JSON is compared by meaning: PostgreSQL keeps its keys in an order of its own. A search row keeps the sequence of its text's last change.
fn same_row(table: &Table, right: &[Value], found: &[Value]) -> bool {
    let last = table.columns.len() - 1;
    right.iter().zip(found).zip(table.columns).enumerate().all(|(n, ((right, found), column))| {
        match (column.kind, right, found) {
            (tables::Kind::Json, Value::Text(right), Value::Text(found)) => {
                let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                parse(right) == parse(found)
            }
            _ => right == found || (table.name == tables::SEARCH.name && n == last),
        }
    })
}

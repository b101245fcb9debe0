//! States as the writer holds them, so that most commands decide without a read.

use std::collections::HashMap;

use kernel::state::StateError;
use kernel::{Event, State, StreamId};

use crate::fault::Fault;
use crate::sql::{Connection, Dialect, Row, Value, values};

/// Streams kept; beyond it the half used longest ago is forgotten.
const STREAMS_MAX: usize = 8_192;

/// A stream as it stands.
#[derive(Clone)]
pub(crate) struct Held {
    /// Its version; 0 = it does not exist.
    pub(crate) version: u64,
    /// Sequence of its last entry.
    pub(crate) sequence: u64,
    /// Its state; none = it does not exist.
    pub(crate) state: Option<State>,
}

impl Held {
    /// A stream that does not exist.
    pub(crate) fn absent() -> Self {
        Self { version: 0, sequence: 0, state: None }
    }
}

/// The cache.
#[derive(Default)]
pub(crate) struct StateCache {
    held: HashMap<StreamId, (u64, Held)>,
    tick: u64,
}

impl StateCache {
    pub(crate) fn put(&mut self, stream: StreamId, held: Held) {
        self.tick += 1;
        if self.held.len() >= STREAMS_MAX {
            let mut ticks: Vec<u64> = self.held.values().map(|(tick, _)| *tick).collect();
            let (_, middle, _) = ticks.select_nth_unstable(STREAMS_MAX / 2);
            let middle = *middle;
            self.held.retain(|_, (tick, _)| *tick > middle);
        }
        self.held.insert(stream, (self.tick, held));
    }

    pub(crate) fn clear(&mut self) {
        self.held.clear();
    }

    /// The streams as the database has them now. On SQLite this process is the only writer, so what is cached is right; on PostgreSQL versions
    /// are compared in the one query, and only what differs is sent.
    pub(crate) fn load(
        &mut self,
        connection: &mut dyn Connection,
        wanted: impl Iterator<Item = StreamId>,
    ) -> Result<HashMap<StreamId, Held>, Fault> {
        let mut found: HashMap<StreamId, Held> = HashMap::new();
        let mut ask: Vec<StreamId> = Vec::new();
        let shared = connection.dialect() == Dialect::Postgres;
        for stream in wanted {
            if found.contains_key(&stream) {
                continue;
            }
            self.tick += 1;
            let held = self.held.get_mut(&stream).map(|(tick, held)| {
                *tick = self.tick;
                held.clone()
            });
            if held.is_none() || shared {
                ask.push(stream.clone());
            }
            found.insert(stream, held.unwrap_or_else(Held::absent));
        }
        if ask.is_empty() {
            return Ok(found);
        }
        let names: Vec<String> = ask.iter().map(|stream| stream.as_str().to_owned()).collect();
        let rows = if shared {
            // A version of 0 never matches a row, so that what is not cached is sent.
            let versions: Vec<String> = ask.iter().map(|stream| found[stream].version.to_string()).collect();
            let sql = "select s.stream, s.version, s.sequence, case when s.version = k.version then null else s.bytes end
                       from unnest($1::text[], $2::text[]::bigint[]) as k(stream, version) join states s on s.stream = k.stream";
            connection.query(sql, &values![names, versions])?
        } else {
            let sql = "select stream, version, sequence, bytes from states where ";
            connection.query(&format!("{sql}{}", connection.dialect().is_in("stream", 1)), &values![names])?
        };
        for mut row in rows {
            let (stream, version, sequence) = (stream_of(&mut row)?, row.count()?, row.count()?);
            if let Some(bytes) = row.blob_or_null()? {
                let state = decode(connection, &stream, version, &bytes)?;
                let held = Held { version, sequence, state: Some(state) };
                self.put(stream.clone(), held.clone());
                found.insert(stream, held);
            }
        }
        Ok(found)
    }
}

/// The stream's name in the next cell.
pub(crate) fn stream_of(row: &mut Row) -> Result<StreamId, Fault> {
    row.text()?.parse().map_err(|error| Fault::damaged(format!("{error}")))
}

/// A state from its bytes; bytes of another format are folded again from the entries.
pub(crate) fn decode(
    connection: &mut dyn Connection,
    stream: &StreamId,
    version: u64,
    bytes: &[u8],
) -> Result<State, Fault> {
    match State::decode(bytes) {
        Ok(state) => Ok(state),
        Err(StateError::Format(_)) => fold(connection, stream, version),
        Err(error) => Err(Fault::damaged(format!("state of {stream}: {error}"))),
    }
}

/// The state of a stream from its entries up to a version.
pub(crate) fn fold(connection: &mut dyn Connection, stream: &StreamId, version: u64) -> Result<State, Fault> {
    let sql = "select at, bytes from entries where stream = $1 and version <= $2 order by version";
    let mut state = None;
    for mut row in connection.query(sql, &[Value::from(stream), Value::from(version)])? {
        let (at, bytes) = (row.int()?, row.blob()?);
        state = Some(apply(state, stream, at, &bytes)?);
    }
    state.ok_or_else(|| Fault::damaged(format!("{stream} has a state but no entries")))
}

/// The next state after an entry's bytes.
pub(crate) fn apply(state: Option<State>, stream: &StreamId, at: i64, bytes: &[u8]) -> Result<State, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::damaged(format!("an entry of {stream}: {error}"));
    let entry = journal::Entry::decode(bytes).map_err(|error| damaged(&error))?;
    if entry.at != at {
        return Err(damaged(&"its row has another time"));
    }
    let event = Event::decode(entry.kind.as_str(), &entry.body).map_err(|error| damaged(&error))?;
    State::evolve(state, &event, entry.at).map_err(|error| damaged(&error))
}

//! Facts: everything a decision may look at besides the states it changes. Gathered before, each with its version; rules see nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::calendar::Calendar;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::catalog::{Catalog, Matter};
use crate::change::NumberKey;
use crate::directory::Organisation;
use crate::sealed::Entropy;
use crate::stream::StreamId;

/// A record that was read as a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordFact {
    /// Register.
    pub register: String,
    /// Id.
    pub id: String,
    /// Stream version read.
    pub version: u64,
    /// Status word.
    pub status: String,
    /// First valid day.
    pub valid_from: Option<Date>,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// Public and internal fields.
    pub body: Map<String, Value>,
}

/// The answer to one query of matter.toml's `[facts]`.
#[derive(Clone, Debug, PartialEq)]
pub enum FactRecords {
    /// The one record, or none.
    One(Option<RecordFact>),
    /// All that match.
    Many(Vec<RecordFact>),
}

impl FactRecords {
    /// Every record read.
    pub fn iter(&self) -> impl Iterator<Item = &RecordFact> {
        match self {
            Self::One(record) => record.as_slice().iter(),
            Self::Many(records) => records.iter(),
        }
    }
}

impl RecordFact {
    /// The stream it was read from.
    pub fn stream(&self) -> StreamId {
        StreamId::record(&self.register, &self.id)
    }
}

/// The facts of one command.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The instant, from the node's clock.
    pub now: Timestamp,
    /// The same as a day in Asia/Shanghai.
    pub today: Date,
    /// Official working days.
    pub calendar: Arc<Calendar>,
    /// Catalog in use: numbering, posts, grants.
    pub catalog: Arc<Catalog>,
    /// The matter at the version the case keeps; none for commands that have no matter.
    pub matter: Option<Arc<Matter>>,
    /// The organisation that handles the case.
    pub organisation: Option<Organisation>,
    /// Register rows for matter.toml's `[facts]`, by their name there.
    pub records: BTreeMap<String, FactRecords>,
    /// Personal form fields read from the vault; FEEL sees them, no state keeps them.
    pub personal: Map<String, Value>,
    /// Salts, ids and codes.
    pub entropy: Entropy,
    /// Parts of the result's number that the case decides, by matter.toml's `number_parts`.
    pub number_parts: BTreeMap<String, String>,
    /// Next free numbers of the counters named by [`crate::needs`]; filled in by the writer, so that none can race.
    pub numbers: BTreeMap<NumberKey, u64>,
    /// Streams read and their versions: the writer checks them again before it decides.
    pub read: Vec<(StreamId, u64)>,
}

impl Facts {
    /// The instant in microseconds UTC.
    pub fn at(&self) -> i64 {
        self.now.as_microsecond()
    }
}

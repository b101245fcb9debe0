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
use crate::message::Reachable;
use crate::rules::FactRecord;
use crate::sealed::Entropy;
use crate::stream::StreamId;

/// The facts of one command.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The instant, from the node's clock.
    pub now: Timestamp,
    /// The same as a day in Asia/Shanghai.
    pub today: Date,
    /// Catalog in use: calendar, numbering, posts, grants, common limits.
    pub catalog: Arc<Catalog>,
    /// The matter at the version the case keeps; none for commands that have no matter.
    pub matter: Option<Arc<Matter>>,
    /// The organisation that handles the case.
    pub organisation: Option<Organisation>,
    /// Register rows for matter.toml's `[facts]`, by their name there.
    pub records: BTreeMap<String, Vec<FactRecord>>,
    /// Personal form fields read from the vault, by JSON pointer; FEEL sees them, no state keeps them.
    pub personal: Map<String, Value>,
    /// Parts of the result's number that the case decides ([`crate::case::number_parts`]).
    pub number_parts: BTreeMap<String, String>,
    /// Salts, ids and codes.
    pub entropy: Entropy,
    /// The node's secret for keyed hashes of personal claim keys.
    pub pepper: [u8; 32],
    /// Next free numbers of the counters named by [`crate::needs`]; filled in by the writer, so that none can race.
    pub numbers: BTreeMap<NumberKey, u64>,
    /// Who is told by which media besides the application itself.
    pub reachable: Reachable,
    /// Streams read and their versions: the writer checks them again before it decides.
    pub read: Vec<(StreamId, u64)>,
}

impl Facts {
    /// The instant in microseconds UTC.
    pub fn at(&self) -> i64 {
        self.now.as_microsecond()
    }

    /// Official working days.
    pub fn calendar(&self) -> &Calendar {
        &self.catalog.calendar
    }
}

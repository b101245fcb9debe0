//! Records of registers: enterprises, persons, projects, licences. Typed by a schema of the catalog, effective-dated, versioned.
//!
//! A licence (证照) is a record with a life cycle (行政许可法 arts. 50, 69, 70; 建筑法 art. 9).

use std::collections::BTreeMap;

use base::id::CaseId;
use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::Event;
use crate::projection::{ClaimRow, RecordRow, Rows, SearchRow, TimerRow};

mod decide;

pub use decide::{RecordCommand, RecordWrite, decide};
pub(crate) use decide::{Step, renewal, renewal_asked, step};

/// Status of a record in force.
pub const VALID: &str = "valid";

/// `record-written@1`: a record came into being or its fields were replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordWritten {
    /// Register.
    pub register: String,
    /// Id within it.
    pub id: String,
    /// Region code; empty for the whole province.
    pub region: String,
    /// Status word.
    pub status: String,
    /// First valid day.
    pub valid_from: Option<Date>,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// Public and internal fields.
    pub body: Map<String, Value>,
    /// Personal and sensitive fields.
    pub sealed: Vec<Commitment>,
    /// The case that wrote it.
    pub source: Option<CaseId>,
    /// The matter whose result it is.
    pub matter: Option<String>,
    /// Claims it holds while valid.
    pub claims: Vec<ClaimHeld>,
    /// The licence lapses by itself after this day unless work starts or it is extended.
    pub start_by: Option<Date>,
}

/// A unique claim of a record: one manager, one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimHeld {
    /// Rule name of matter.toml.
    pub name: String,
    /// Key; personal keys as hashes.
    pub key: String,
    /// The field whose setting releases it, as matter.toml says it: `register:licences.completed_on`.
    pub release: String,
}

impl ClaimHeld {
    fn is_released_by(&self, field: &str) -> bool {
        self.release.rsplit_once('.').is_some_and(|(_, name)| name == field)
    }
}

/// `licence-changed@1`: one step in the life of a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceChanged {
    /// What happened.
    pub change: LicenceChange,
    /// Status word after it.
    pub status: String,
    /// Last valid day after it.
    pub valid_until: Option<Date>,
    /// Start limit after it; none once work began.
    pub start_by: Option<Date>,
    /// When.
    pub on: Date,
    /// Law and article.
    pub basis: String,
    /// The case that decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Public and internal fields as they are from now on.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// Personal and sensitive ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<Commitment>,
}

/// `renewal-asked@1`: the holder asks in time for another term; silence at the end of this one renews (行政许可法 art. 50(2)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalAsked {
    /// The application.
    pub case: CaseId,
    /// The last valid day of the new term.
    pub until: Date,
    /// When it was asked for.
    pub on: Date,
}

/// The steps a licence may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceChange {
    /// Work began; it no longer lapses.
    Started,
    /// The start limit was extended (延期).
    Extended,
    /// It lapsed by itself (自行废止, 建筑法 art. 9).
    Lapsed,
    /// Renewed by decision (延续).
    Renewed,
    /// Renewed by silence (视为准予延续, 行政许可法 art. 50).
    DeemedRenewed,
    /// Its validity ran out.
    Expired,
    /// The work was completed.
    Completed,
    /// Deregistered (注销, 行政许可法 art. 70).
    Deregistered,
    /// What it permits, or whom, was altered (变更, 行政许可法 art. 49).
    Altered,
    /// A lost or spoilt certificate was issued again under its number (补发).
    Reissued,
    /// An application to renew came to its end without a renewal: refused, not accepted, withdrawn.
    RenewalDropped,
    /// Revoked because it ought not to have been granted (撤销, 行政许可法 art. 69).
    Revoked,
    /// Withdrawn by the authority because law or circumstances changed (撤回, 行政许可法 art. 8). Not the applicant's 撤回申请.
    Withdrawn,
    /// Cancelled as a penalty (吊销, 行政处罚法 art. 9).
    Cancelled,
}

impl LicenceChange {
    /// The date field that this step sets, if any.
    pub fn sets(self) -> Option<&'static str> {
        match self {
            Self::Started => Some("started_on"),
            Self::Completed => Some("completed_on"),
            _ => None,
        }
    }

    /// After it a new paper certifies the licence: the one before says what no longer holds, or is lost.
    pub fn replaces_paper(self) -> bool {
        matches!(self, Self::Renewed | Self::Altered | Self::Reissued)
    }

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Extended => "extended",
            Self::Lapsed => "lapsed",
            Self::Renewed => "renewed",
            Self::DeemedRenewed => "deemed_renewed",
            Self::Expired => "expired",
            Self::Completed => "completed",
            Self::Deregistered => "deregistered",
            Self::Altered => "altered",
            Self::Reissued => "reissued",
            Self::RenewalDropped => "renewal_dropped",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The state of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Register.
    pub register: String,
    /// Id.
    pub id: String,
    /// Region code or empty.
    pub region: String,
    /// Status word.
    pub status: String,
    /// First valid day.
    pub valid_from: Option<Date>,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// Public and internal fields.
    pub body: Map<String, Value>,
    /// Personal and sensitive fields.
    pub sealed: Vec<Commitment>,
    /// The case that wrote it last.
    pub source: Option<CaseId>,
    /// The matter whose result it is.
    pub matter: Option<String>,
    /// Claims held.
    pub claims: Vec<ClaimHeld>,
    /// Start limit.
    pub start_by: Option<Date>,
    /// How often the start limit was extended.
    pub extensions: u8,
    /// The steps of its life.
    pub changes: Vec<LicenceChanged>,
    /// An application to renew came in time and waits (行政许可法 art. 50).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<RenewalAsked>,
}

impl Record {
    /// A new record.
    pub fn begin(event: &RecordWritten) -> Self {
        Self {
            register: event.register.clone(),
            id: event.id.clone(),
            region: event.region.clone(),
            status: event.status.clone(),
            valid_from: event.valid_from,
            valid_until: event.valid_until,
            body: event.body.clone(),
            sealed: event.sealed.clone(),
            source: event.source,
            matter: event.matter.clone(),
            claims: event.claims.clone(),
            start_by: event.start_by,
            extensions: 0,
            changes: Vec::new(),
            renewal: None,
        }
    }

    /// In force on a day.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.status == VALID
            && self.valid_from.is_none_or(|first| first <= day)
            && self.valid_until.is_none_or(|last| day <= last)
    }

    /// The day on which the certificate that a case issued was replaced by a later one, if it was.
    pub fn paper_replaced_on(&self, case: CaseId) -> Option<Date> {
        let mut papers = self.changes.iter().filter(|step| step.change.replaces_paper() && step.case.is_some());
        let last = papers.next_back()?;
        (last.case != Some(case)).then_some(last.on)
    }

    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::RecordWritten(event) => {
                let (extensions, changes) = (self.extensions, std::mem::take(&mut self.changes));
                let renewal = self.renewal.take();
                *self = Self { extensions, changes, renewal, ..Self::begin(event) };
            }
            Event::LicenceChanged(event) => {
                self.status = event.status.clone();
                self.valid_until = event.valid_until;
                self.start_by = event.start_by;
                self.extensions += u8::from(event.change == LicenceChange::Extended);
                let released = |claim: &ClaimHeld| event.change.sets().is_some_and(|field| claim.is_released_by(field));
                self.claims.retain(|claim| event.status == VALID && !released(claim));
                if let Some(field) = event.change.sets() {
                    self.body.insert(field.to_owned(), Value::String(event.on.to_string()));
                }
                self.body.extend(event.fields.clone());
                self.sealed.retain(|old| !event.sealed.iter().any(|new| new.field == old.field));
                self.sealed.extend(event.sealed.iter().cloned());
                if let Some(status) = self.body.get_mut("status") {
                    *status = Value::String(event.status.clone());
                }
                let answered = [LicenceChange::Renewed, LicenceChange::DeemedRenewed, LicenceChange::RenewalDropped];
                if answered.contains(&event.change) {
                    self.renewal = None;
                }
                self.changes.push(event.clone());
            }
            Event::RenewalAsked(event) => self.renewal = Some(event.clone()),
            _ => return Err("no arm".to_owned()),
        }
        Ok(())
    }

    pub(crate) fn rows(&self) -> Rows {
        // By name: the order in which fields came is not part of the state.
        let by_name: BTreeMap<&String, &Value> = self.body.iter().collect();
        let words: Vec<&str> = by_name.into_values().filter_map(Value::as_str).collect();
        Rows {
            record: Some(RecordRow {
                register: self.register.clone(),
                id: self.id.clone(),
                region: self.region.clone(),
                status: self.status.clone(),
                valid_from: self.valid_from,
                valid_until: self.valid_until,
                body: Value::Object(self.body.clone()),
            }),
            claims: self
                .claims
                .iter()
                .map(|claim| ClaimRow { name: claim.name.clone(), key: claim.key.clone() })
                .collect(),
            timers: self.timers(),
            words: Some(SearchRow {
                family: self.register.clone(),
                region: self.region.clone(),
                organisation: String::new(),
                text: format!("{} {}", self.id, words.join(" ")),
            }),
            ..Rows::default()
        }
    }

    /// The day after the last day it may be without start or in force wakes it.
    fn timers(&self) -> Vec<TimerRow> {
        if self.status != VALID {
            return Vec::new();
        }
        let day_after = |name: &str, last: Option<Date>| {
            Some(TimerRow { name: name.to_owned(), due_at: base::time::end_of_day(last?)?.as_microsecond() })
        };
        [day_after("lapse", self.start_by), day_after("expiry", self.valid_until)].into_iter().flatten().collect()
    }
}

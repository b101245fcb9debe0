//! Commands on records: written by imports and jobs, and the life of a licence (行政许可法 art. 50, 建筑法 art. 9).

use base::id::CaseId;
use jiff::civil::Date;
use journal::Actor;
use serde_json::{Map, Value, json};

use super::{LicenceChange, LicenceChanged, Record, RecordWritten, VALID};
use crate::catalog::matter::LapseSpec;
use crate::catalog::{Catalog, TargetClass};
use crate::change::{Decision, StreamDecision};
use crate::command::Loaded;
use crate::directory::acting_post;
use crate::event::Event;
use crate::facts::Facts;
use crate::policy::{self, Object};
use crate::refusal::Refusal;
use crate::sealed::Secret;
use crate::state::State;
use crate::stream::StreamId;

/// A record to write.
#[derive(Clone, Debug)]
pub struct RecordWrite {
    /// Register.
    pub register: String,
    /// Id.
    pub id: String,
    /// Region code or empty.
    pub region: String,
    /// First valid day.
    pub valid_from: Option<Date>,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// Public and internal fields, valid by the register's schema.
    pub body: Map<String, Value>,
    /// Personal and sensitive fields.
    pub secrets: Vec<Secret>,
    /// The case it comes from.
    pub source: Option<CaseId>,
    /// The matter whose result it is, so that its rules of lapsing hold for imported licences too.
    pub matter: Option<String>,
    /// It lapses by itself after this day unless work starts.
    pub start_by: Option<Date>,
}

/// What may be asked of a record.
#[derive(Clone, Debug)]
pub enum RecordCommand {
    /// Write or replace. By imports and jobs.
    Write(Box<RecordWrite>),
    /// A step in a licence's life.
    Change {
        /// Register.
        register: String,
        /// Id.
        id: String,
        /// What.
        change: LicenceChange,
    },
    /// Renew until a day, by decision before the licence ends, or by silence at its end (deemed).
    Renew {
        /// Register.
        register: String,
        /// Id.
        id: String,
        /// New last day.
        until: Date,
        /// By silence: the applicant asked in time and nobody answered (行政许可法 art. 50).
        deemed: bool,
    },
}

impl RecordCommand {
    fn stream(&self) -> StreamId {
        match self {
            Self::Write(write) => StreamId::record(&write.register, &write.id),
            Self::Change { register, id, .. } | Self::Renew { register, id, .. } => StreamId::record(register, id),
        }
    }

    /// Streams the writer loads.
    pub fn streams(&self) -> Vec<StreamId> {
        vec![self.stream()]
    }

    fn register(&self) -> &str {
        match self {
            Self::Write(write) => &write.register,
            Self::Change { register, .. } | Self::Renew { register, .. } => register,
        }
    }
}

/// Events or a refusal.
pub fn decide(command: &RecordCommand, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<Decision, Refusal> {
    let stream = command.stream();
    let before = loaded.get(&stream);
    let record = before.and_then(|(_, state)| state.as_record());
    authorise(command, record, actor, loaded, facts)?;
    let mut secrets = Vec::new();
    let event: Event = match command {
        RecordCommand::Write(write) => {
            secrets.clone_from(&write.secrets);
            written(write).into()
        }
        RecordCommand::Change { change, .. } => {
            step(record.ok_or(Refusal::NotFound)?, *change, facts.today, facts)?.into()
        }
        RecordCommand::Renew { until, deemed, .. } => {
            renewal(record.ok_or(Refusal::NotFound)?, *until, *deemed, facts)?.into()
        }
    };
    let (expected_version, before) = before.map_or((0, None), |(version, state)| (*version, Some(state.clone())));
    let state = State::evolve(before.clone(), &event, facts.at()).map_err(|_| Refusal::Exists)?;
    let status = state.as_record().map(|record| record.status.clone());
    let part = StreamDecision { stream, expected_version, events: vec![event], before, state };
    Ok(Decision { streams: vec![part], secrets, reply: json!({ "status": status }), ..Decision::default() })
}

fn written(write: &RecordWrite) -> RecordWritten {
    RecordWritten {
        register: write.register.clone(),
        id: write.id.clone(),
        region: write.region.clone(),
        status: VALID.to_owned(),
        valid_from: write.valid_from,
        valid_until: write.valid_until,
        body: write.body.clone(),
        sealed: write.secrets.iter().map(Secret::commitment).collect(),
        source: write.source,
        matter: write.matter.clone(),
        claims: Vec::new(),
        start_by: write.start_by,
    }
}

fn authorise(
    command: &RecordCommand,
    record: Option<&Record>,
    actor: &Actor,
    loaded: &Loaded,
    facts: &Facts,
) -> Result<(), Refusal> {
    if matches!(actor, Actor::System { .. }) {
        return Ok(());
    }
    let (_, post) = acting_post(actor, loaded, facts.today)?;
    let region = record.and_then(|record| record.region.parse().ok()).unwrap_or(post.region);
    let object = Object {
        class: TargetClass::Register,
        name: command.register(),
        immediate: false,
        organisation: &post.organisation,
        region,
    };
    let allowed = policy::allows(&facts.catalog.grants, post, "record.write", &object);
    if allowed { Ok(()) } else { Err(Refusal::Forbidden { action: "record.write".to_owned() }) }
}

/// One step in a licence's life on a day; the days it is given come from the catalog's lapse rule.
pub(crate) fn step(record: &Record, change: LicenceChange, on: Date, facts: &Facts) -> Result<LicenceChanged, Refusal> {
    if record.status != VALID {
        return Err(Refusal::LicenceEnded { status: record.status.clone() });
    }
    let today = facts.today;
    let mut next = LicenceChanged {
        change,
        status: VALID.to_owned(),
        valid_until: record.valid_until,
        start_by: record.start_by,
        on,
        basis: String::new(),
    };
    let ended = |next: &mut LicenceChanged, status: &str| next.status = status.to_owned();
    match change {
        LicenceChange::Started => next.start_by = None,
        LicenceChange::Completed => ended(&mut next, "completed"),
        LicenceChange::Deregistered => ended(&mut next, "deregistered"),
        LicenceChange::Extended => extend_start(record, lapse_rule(record, &facts.catalog), &mut next)?,
        LicenceChange::Lapsed => {
            let last = record.start_by.ok_or(Refusal::NotFound)?;
            if today <= last {
                return Err(Refusal::NotYet { on: last });
            }
            ended(&mut next, "lapsed");
        }
        LicenceChange::Expired => {
            let last = record.valid_until.ok_or(Refusal::NotFound)?;
            if today <= last {
                return Err(Refusal::NotYet { on: last });
            }
            ended(&mut next, "expired");
        }
        LicenceChange::Renewed | LicenceChange::DeemedRenewed => return Err(Refusal::NotFound),
    }
    Ok(next)
}

/// The start limit is extended so often and so long as the rule allows (建筑法 art. 9: twice, three months each).
fn extend_start(record: &Record, rule: Option<&LapseSpec>, next: &mut LicenceChanged) -> Result<(), Refusal> {
    let (Some(lapse), Some(issued_on), Some(_)) = (rule, record.valid_from, record.start_by) else {
        return Err(Refusal::NotFound);
    };
    let last_day = lapse.rule.last_day(issued_on, u16::from(record.extensions) + 1);
    next.start_by = Some(last_day.map_err(|_| Refusal::ExtensionsExhausted)?);
    next.basis = lapse.basis.clone();
    Ok(())
}

/// The lapse rule of the matter whose result is this record.
fn lapse_rule<'a>(record: &Record, catalog: &'a Catalog) -> Option<&'a LapseSpec> {
    catalog.matter(record.matter.as_deref()?)?.spec.result.as_ref()?.lapse.first()
}

/// Renewal: before the end by decision; silence at the end of a timely application renews too (行政许可法 art. 50(2)).
fn renewal(record: &Record, until: Date, deemed: bool, facts: &Facts) -> Result<LicenceChanged, Refusal> {
    let ended = || Refusal::LicenceEnded { status: record.status.clone() };
    let last = record.valid_until.filter(|_| record.status == VALID).ok_or_else(ended)?;
    if deemed && facts.today <= last {
        return Err(Refusal::NotYet { on: last });
    }
    if until <= last {
        return Err(Refusal::DayBefore { earliest: last });
    }
    Ok(LicenceChanged {
        change: if deemed { LicenceChange::DeemedRenewed } else { LicenceChange::Renewed },
        status: VALID.to_owned(),
        valid_until: Some(until),
        start_by: record.start_by,
        on: facts.today,
        basis: String::new(),
    })
}

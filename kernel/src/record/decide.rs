//! Commands on records: written by imports and jobs, and the life of a licence (行政许可法 art. 50, 建筑法 art. 9).

use base::deadline::{self, Limit, Start};
use base::id::CaseId;
use jiff::civil::Date;
use journal::{Actor, Commitment};
use serde_json::{Map, Value, json};

use super::{LicenceChange, LicenceChanged, Record, RecordWritten, RenewalAsked, VALID};
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
    /// The holder asked for another term, by an application of theirs. From the job that reads applications in.
    AskRenewal {
        /// Register.
        register: String,
        /// Id.
        id: String,
        /// The application.
        case: CaseId,
        /// The last valid day of the new term.
        until: Date,
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
            Self::Change { register, id, .. }
            | Self::Renew { register, id, .. }
            | Self::AskRenewal { register, id, .. } => StreamId::record(register, id),
        }
    }

    /// Streams the writer loads.
    pub fn streams(&self) -> Vec<StreamId> {
        vec![self.stream()]
    }

    fn register(&self) -> &str {
        match self {
            Self::Write(write) => &write.register,
            Self::Change { register, .. } | Self::Renew { register, .. } | Self::AskRenewal { register, .. } => {
                register
            }
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
            written(write, record)?.into()
        }
        RecordCommand::Change { change, .. } => {
            step(record.ok_or(Refusal::NotFound)?, Step::alone(*change, facts.today), facts)?.into()
        }
        RecordCommand::AskRenewal { case, until, .. } => {
            renewal_asked(record.ok_or(Refusal::NotFound)?, *case, *until, facts)?.into()
        }
        RecordCommand::Renew { until, deemed, .. } => {
            renewal(record.ok_or(Refusal::NotFound)?, *until, *deemed, None, facts)?.into()
        }
    };
    let (expected_version, before) = before.map_or((0, None), |(version, state)| (*version, Some(state.clone())));
    let state = State::evolve(before.clone(), &event, facts.at()).map_err(|_| Refusal::Exists)?;
    let status = state.as_record().map(|record| record.status.clone());
    let part = StreamDecision { stream, expected_version, events: vec![event], before, state };
    Ok(Decision { streams: vec![part], secrets, reply: json!({ "status": status }), ..Decision::default() })
}

/// A record that exists keeps its life: writing its fields again frees no claim and wakes no licence that has ended.
fn written(write: &RecordWrite, before: Option<&Record>) -> Result<RecordWritten, Refusal> {
    if let Some(record) = before
        && record.status != VALID
    {
        return Err(Refusal::LicenceEnded { status: record.status.clone() });
    }
    Ok(RecordWritten {
        register: write.register.clone(),
        id: write.id.clone(),
        region: write.region.clone(),
        status: VALID.to_owned(),
        valid_from: write.valid_from,
        valid_until: write.valid_until,
        body: write.body.clone(),
        sealed: write.secrets.iter().map(Secret::commitment).collect(),
        source: write.source,
        matter: write.matter.clone().or_else(|| before?.matter.clone()),
        claims: before.map(|record| record.claims.clone()).unwrap_or_default(),
        start_by: write.start_by.or_else(|| before?.start_by),
    })
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
    let written = match command {
        RecordCommand::Write(write) => Some(write.region.as_str()),
        _ => None,
    };
    let regions = record.map(|record| record.region.as_str()).into_iter().chain(written);
    // A record belongs to no organisation. One without a region is the whole province's, so that only a provincial post reaches it.
    let region = |code: &str| code.parse().unwrap_or_else(|_| post.region.province());
    let object = |region| Object {
        class: TargetClass::Register,
        name: command.register(),
        immediate: false,
        organisation: "",
        region,
    };
    let may = |region| policy::allows(&facts.catalog.grants, post, "record.write", &object(region));
    if regions.map(region).all(may) { Ok(()) } else { Err(Refusal::Forbidden { action: "record.write".to_owned() }) }
}

/// What is asked of a licence: which step, on which day, and by which case with what it replaces.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) change: LicenceChange,
    pub(crate) on: Date,
    pub(crate) case: Option<CaseId>,
    pub(crate) basis: String,
    pub(crate) fields: Map<String, Value>,
    pub(crate) sealed: Vec<Commitment>,
}

impl Step {
    /// A step that no case decided.
    pub(crate) fn alone(change: LicenceChange, on: Date) -> Self {
        Self { change, on, case: None, basis: String::new(), fields: Map::new(), sealed: Vec::new() }
    }
}

/// What has ended may still be struck off: its term was over, it lapsed, it was revoked, withdrawn or cancelled (行政许可法 art. 70(1)(4)).
const STRUCK_OFF_AFTER: [&str; 6] = [VALID, "expired", "lapsed", "revoked", "withdrawn", "cancelled"];

/// One step in a licence's life; the days it is given come from the catalog's lapse rule.
pub(crate) fn step(record: &Record, step: Step, facts: &Facts) -> Result<LicenceChanged, Refusal> {
    let Step { change, on, case, basis, fields, sealed } = step;
    let may = match change {
        LicenceChange::Deregistered => STRUCK_OFF_AFTER.contains(&record.status.as_str()),
        _ => record.status == VALID,
    };
    if !may {
        return Err(Refusal::LicenceEnded { status: record.status.clone() });
    }
    let today = facts.today;
    let mut next = LicenceChanged {
        change,
        status: VALID.to_owned(),
        valid_until: record.valid_until,
        start_by: record.start_by,
        on,
        basis,
        case,
        fields,
        sealed,
    };
    let ended = |next: &mut LicenceChanged, status: &str| next.status = status.to_owned();
    if matches!(change, LicenceChange::Started | LicenceChange::Completed) {
        happened_within(record, on, today)?;
    }
    // Past its day it has lapsed by itself, whether or not the timer has run (建筑法 art. 9).
    if matches!(change, LicenceChange::Started | LicenceChange::Extended)
        && record.start_by.is_some_and(|last| on.max(if change == LicenceChange::Extended { today } else { on }) > last)
    {
        return Err(Refusal::LicenceEnded { status: "lapsed".to_owned() });
    }
    // Nothing is altered in, or printed of, a licence whose last day is over, whether or not the timer has run.
    if matches!(change, LicenceChange::Altered | LicenceChange::Reissued) {
        if record.start_by.is_some_and(|last| today > last) {
            return Err(Refusal::LicenceEnded { status: "lapsed".to_owned() });
        }
        if record.valid_until.is_some_and(|last| today > last) {
            return Err(Refusal::LicenceEnded { status: "expired".to_owned() });
        }
    }
    match change {
        LicenceChange::Started => next.start_by = None,
        LicenceChange::Completed => ended(&mut next, "completed"),
        LicenceChange::Deregistered | LicenceChange::Revoked | LicenceChange::Withdrawn | LicenceChange::Cancelled => {
            ended(&mut next, change.as_str());
        }
        LicenceChange::Altered | LicenceChange::Reissued => {}
        LicenceChange::RenewalDropped => {
            if record.renewal.as_ref().is_none_or(|asked| Some(asked.case) != next.case) {
                return Err(Refusal::NotFound);
            }
        }
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
            // A renewal asked for in time waits for its answer, or for silence (行政许可法 art. 50(2)).
            if today <= last || record.renewal.is_some() {
                return Err(Refusal::NotYet { on: last });
            }
            ended(&mut next, "expired");
        }
        LicenceChange::Renewed | LicenceChange::DeemedRenewed => return Err(Refusal::NotFound),
    }
    Ok(next)
}

/// What happened to a licence happened between its first day and today.
fn happened_within(record: &Record, on: Date, today: Date) -> Result<(), Refusal> {
    if let Some(earliest) = record.valid_from.filter(|first| on < *first) {
        return Err(Refusal::DayBefore { earliest });
    }
    if on > today { Err(Refusal::DayAfter { latest: today }) } else { Ok(()) }
}

/// The application comes at least so long before the end as the law says (行政许可法 art. 50(1)).
pub(crate) fn renewal_asked(
    record: &Record,
    case: CaseId,
    until: Date,
    facts: &Facts,
) -> Result<RenewalAsked, Refusal> {
    let ended = || Refusal::LicenceEnded { status: record.status.clone() };
    let last = record.valid_until.filter(|_| record.status == VALID).ok_or_else(ended)?;
    if until <= last {
        return Err(Refusal::DayBefore { earliest: last });
    }
    let asked = facts.catalog.limits.renewal_request.in_force(facts.today).ok_or(Refusal::NoLimitInForce)?;
    let before = match asked.limit {
        Limit::CalendarDays(n) => Limit::BeforeCalendarDays(n),
        Limit::WorkingDays(n) => Limit::BeforeWorkingDays(n),
        _ => return Err(Refusal::NoLimitInForce),
    };
    let due = deadline::due(Start::On(last), before, &[], &[], facts.calendar());
    let latest = due.ok().and_then(|due| due.due_on).ok_or(Refusal::NoLimitInForce)?;
    if facts.today > latest {
        return Err(Refusal::RenewalLate { latest });
    }
    Ok(RenewalAsked { case, until, on: facts.today })
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
pub(crate) fn renewal(
    record: &Record,
    until: Date,
    deemed: bool,
    case: Option<CaseId>,
    facts: &Facts,
) -> Result<LicenceChanged, Refusal> {
    let ended = || Refusal::LicenceEnded { status: record.status.clone() };
    let last = record.valid_until.filter(|_| record.status == VALID).ok_or_else(ended)?;
    if deemed {
        // Silence renews for those who asked in time, to the day that they asked for, and not before the term ends.
        let asked = record.renewal.as_ref().ok_or_else(ended)?;
        if facts.today <= last || until != asked.until {
            return Err(Refusal::NotYet { on: last });
        }
    } else if facts.today > last {
        return Err(Refusal::LicenceEnded { status: "expired".to_owned() });
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
        // Silence answers the application that it met.
        case: case.or_else(|| record.renewal.as_ref().filter(|_| deemed).map(|asked| asked.case)),
        // What the register's row says of the term is what other matters' rules read.
        fields: record
            .body
            .get("valid_to")
            .map(|_| ("valid_to".to_owned(), until.to_string().into()))
            .into_iter()
            .collect(),
        sealed: Vec::new(),
    })
}

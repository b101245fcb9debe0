//! The party's say (陈述、申辩) before the authority decides of its own motion (行政许可法 arts. 7, 36): invited in writing, with a period from the catalog.

use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::{Act, Ask};
use super::clock::Reckoning;
use super::tasks::require_stage;
use super::{Channel, Officer, Stage, paper, process};
use crate::catalog::matter::NoticeKind;
use crate::change::Decision;
use crate::refusal::Refusal;

/// `statement-invited@1`: the party was told what is intended, and until when they may state their case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementInvited {
    /// The day of the invitation.
    pub on: Date,
    /// The last day to state one's case.
    pub until: Date,
}

/// `statement-given@1`: the party stated their case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementGiven {
    /// What they said, in the vault.
    pub words: Commitment,
    /// When.
    pub on: Date,
    /// The officer who took it down; none when the party wrote it themself.
    pub taken_by: Option<Officer>,
}

/// The invitation and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The day of the invitation.
    pub invited_on: Date,
    /// The last day to state one's case.
    pub until: Date,
    /// What the party said, if they did.
    pub given: Option<StatementGiven>,
}

impl Statement {
    pub(super) fn invited(event: &StatementInvited) -> Self {
        Self { invited_on: event.on, until: event.until, given: None }
    }
}

/// Invites the party once; a process that comes back here has invited already.
pub(super) fn invite(act: &mut Act<'_>) -> Result<(), Refusal> {
    if act.case.statement.is_some() {
        return Ok(());
    }
    let on = act.today();
    let versions = act.facts.catalog.limits.statement.as_ref();
    let limit = versions.and_then(|versions| versions.in_force(on)).ok_or(Refusal::NoLimitInForce)?.limit;
    let reckoning = Reckoning { from: on, limit, pauses: &[], extension: None };
    let until = reckoning.due(act.facts.calendar(), act.facts.catalog.limits.lights)?.on;
    act.emit(StatementInvited { on, until })?;
    paper::issue(act, NoticeKind::Statement)
}

/// The party states their case: by themself, or before the officer who handles it when they have no account.
pub(super) fn state(ask: Ask<'_>, words: &str) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let taken_by = match ask.actor {
        journal::Actor::Officer { .. } => Some(act.officer("case.open")?.0),
        _ => {
            act.applicant("case.state")?;
            None
        }
    };
    require_stage(&act, Stage::Accepted)?;
    let invited = act.case.statement.as_ref().ok_or(Refusal::WrongStage { stage: act.case.stage })?;
    if invited.given.is_some() {
        return Err(Refusal::Exists);
    }
    // Late words are heard too while nothing is decided: the period binds the authority, which may not decide before its end.
    let words = act.seal_some("statement", Some(words))?.ok_or(Refusal::ReasonMissing)?;
    let on = act.today();
    act.emit(StatementGiven { words, on, taken_by })?;
    process::or_incident(&mut act, |act| process::message(act, "stated"))?;
    Ok(act.finish(json!({ "stated_on": on })))
}

/// Nothing is decided against a party who was not heard: they said what they had to say, or their time is over.
pub(super) fn require_heard(act: &Act<'_>) -> Result<(), Refusal> {
    if act.case.channel != Channel::Office {
        return Ok(());
    }
    match &act.case.statement {
        Some(statement) if statement.given.is_some() || act.today() > statement.until => Ok(()),
        Some(statement) => Err(Refusal::NotHeard { until: Some(statement.until) }),
        None => Err(Refusal::NotHeard { until: None }),
    }
}

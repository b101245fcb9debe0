//! Notified commitment (告知承诺): granted on the applicant's word that the conditions named are met, and checked afterwards within a limit of
//! its own (优化营商环境条例 19; 国办发〔2020〕42号). A commitment that was not kept is no grant the law protects: it is revoked by a case
//! that the authority opens (行政许可法 69(2)), because the holder is heard first.

use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};

use super::act::Act;
use super::clock::Reckoning;
use super::inputs::Gathered;
use super::{Case, Complete, Due, Officer, paper};
use crate::catalog::Matter;
use crate::catalog::matter::{NoticeKind, version_on};
use crate::facts::Facts;
use crate::refusal::Refusal;

/// The outcomes of a later check.
const KEPT: &str = "kept";
const BROKEN: &str = "broken";

/// `check-owed@1`: granted on commitment; until then it is to be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOwed {
    /// The end of the limit to check it.
    pub check_by: Due,
}

/// `commitment-checked@1`: what the check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentChecked {
    /// The conditions are met as committed.
    pub kept: bool,
    /// Who checked.
    pub by: Officer,
    /// What was found, in the vault.
    pub findings: Option<Commitment>,
    /// Article, where the commitment was not kept.
    pub article: Option<String>,
    /// When.
    pub on: Date,
}

/// Did the applicant choose it?
pub(super) fn is_chosen(matter: &Matter, case: &Case, facts: &Facts) -> bool {
    let chosen = matter.expressions.commitment.as_ref();
    chosen.is_some_and(|chosen| {
        chosen.evaluate(&Gathered::of(matter, case, facts).context(matter)) == flow::feel::Value::Bool(true)
    })
}

/// The letter of commitment, with the receipt.
pub(super) fn received(act: &mut Act<'_>) -> Result<(), Refusal> {
    let chosen = is_chosen(act.matter, &act.case, act.facts);
    if chosen { paper::issue(act, NoticeKind::Commitment) } else { Ok(()) }
}

/// With the grant the duty to check begins, whatever the diagram says.
pub(super) fn granted(act: &mut Act<'_>) -> Result<(), Refusal> {
    if !is_chosen(act.matter, &act.case, act.facts) {
        return Ok(());
    }
    let check_by = reckoning(act.matter, act.today())?.due(act.facts.calendar(), act.facts.catalog.limits.lights)?;
    act.emit(CheckOwed { check_by })
}

/// The limit of the check, counted from the grant.
pub(super) fn reckoning(matter: &Matter, from: Date) -> Result<Reckoning<'static>, Refusal> {
    let declared = matter.spec.commitment.as_ref().and_then(|commitment| version_on(&commitment.check, from));
    let limit = declared.ok_or(Refusal::NoLimitInForce)?.limit;
    Ok(Reckoning { from, limit, pauses: &[], extension: None })
}

/// The outcome of the check, which the holder is told.
pub(super) fn checked(act: &mut Act<'_>, by: &Officer, complete: &Complete) -> Result<(), Refusal> {
    if act.case.clocks.check_by.is_none() {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    let kept = match complete.outcome.as_str() {
        KEPT => true,
        BROKEN => false,
        _ => return Ok(()),
    };
    let findings = act.seal_some("findings", complete.opinion.as_deref())?;
    let (by, article, on) = (by.clone(), complete.article.clone(), act.today());
    act.emit(CommitmentChecked { kept, by, findings, article, on })?;
    paper::issue(act, NoticeKind::CommitmentCheck)
}

//! Review below, decision above (行政许可法 art. 43): the lower level reviews within its limit and sends its opinion with all materials
//! straight to the level that decides, which may not ask the applicant for them again (art. 35).

use base::region::{Level, RegionCode};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::act::Act;
use super::clock::reckonings;
use super::{Case, Due, Stage, hearing, paper};
use crate::catalog::matter::NoticeKind;
use crate::refusal::Refusal;

/// `case-forwarded@1`: the case is handled by another organisation from now on, and its limits count anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseForwarded {
    /// Who reviewed it.
    pub from: String,
    /// Who decides it.
    pub to: String,
    /// The region of that one.
    pub region: RegionCode,
    /// Day 0 of the limits of the decision.
    pub on: Date,
    /// How many steps were done below: the opinions that went up.
    pub steps: u32,
    /// The end of the lower level's limit, as it was announced.
    pub review_by: Option<Due>,
    /// Statutory due date.
    pub statutory: Option<Due>,
    /// Promised due date.
    pub promised: Option<Due>,
}

impl Case {
    /// It is another organisation's now, and its limits count from that day.
    pub(crate) fn apply_forwarded(&mut self, event: &CaseForwarded) {
        self.organisation.clone_from(&event.to);
        self.region = event.region;
        let clocks = &mut self.clocks;
        clocks.forwarded_on = Some(event.on);
        clocks.counted_from = Some(event.on);
        clocks.statutory = event.statutory;
        clocks.promised = event.promised;
        clocks.moved += 1;
        self.forwarded = Some(Box::new(event.clone()));
    }
}

/// Sends the case up. Its papers so far are the lower level's.
pub(super) fn forward(act: &mut Act<'_>, to: Level) -> Result<(), Refusal> {
    super::tasks::require_stage(act, Stage::Accepted)?;
    hearing::not_pending(&act.case, act.today())?;
    if act.case.clocks.paused().is_some() {
        return Err(Refusal::Paused);
    }
    let directory = &act.facts.catalog.directory;
    let above = act.case.region.at(to).and_then(|region| directory.handling(region)).ok_or(Refusal::NotHandledHere)?;
    paper::issue(act, NoticeKind::Forwarding)?;
    let on = act.today();
    let mut clocks = act.case.clocks.clone();
    (clocks.forwarded_on, clocks.counted_from) = (Some(on), Some(on));
    let (of_law, of_promise) = reckonings(act.matter, &clocks).ok_or(Refusal::NoLimitInForce)?;
    let (calendar, rule) = (act.facts.calendar(), act.facts.catalog.limits.lights);
    let event = CaseForwarded {
        from: act.case.organisation.clone(),
        to: above.code.to_string(),
        region: above.region,
        on,
        steps: u32::try_from(act.case.done.len()).unwrap_or(u32::MAX),
        review_by: act.case.clocks.statutory,
        statutory: Some(of_law.due(calendar, rule)?),
        promised: Some(of_promise.due(calendar, rule)?),
    };
    act.emit(event)
}

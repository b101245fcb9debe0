//! Due dates counted again after a year's notice was loaded. The one way in which an announced deadline moves because a holiday did: by an entry
//! of its own, and only for a clock that still runs.

use base::calendar::Calendar;
use serde_json::json;

use super::act::{Act, Ask};
use super::clock::reckonings;
use super::hearing::hold_by;
use super::{Case, Due, DueRederived, Stage, clock};
use crate::catalog::{CommonLimits, Matter};
use crate::change::Decision;
use crate::refusal::Refusal;

/// The dates of an open case as the calendar gives them now; none when every date of the clock that runs stays. That a date is firm now, and was
/// provisional before, moves nothing: whoever shows it asks the calendar ([`Due::is_provisional`]).
pub fn rederived(
    case: &Case,
    matter: &Matter,
    limits: &CommonLimits,
    calendar: &Calendar,
) -> Result<Option<DueRederived>, Refusal> {
    let clocks = &case.clocks;
    let [mut accept_by, mut statutory, mut promised, mut hearing] = clocks.dues();
    match case.stage {
        Stage::Submitted => {
            if let Some(from) = clocks.received_on {
                accept_by = Some(clock::accept_by(limits, calendar, from)?);
            }
        }
        Stage::Accepted => {
            if let Some((of_law, of_promise)) = reckonings(matter, clocks) {
                statutory = Some(of_law.due(calendar, limits.lights)?);
                promised = Some(of_promise.due(calendar, limits.lights)?);
            }
            let requested = case.hearing.as_ref().and_then(|hearing| hearing.requested.as_ref());
            if let Some(requested) = requested.filter(|_| hearing.is_some()) {
                hearing = Some(hold_by(limits, calendar, requested.on)?);
            }
        }
        // Nothing runs: the applicant is to answer, or the case is decided.
        _ => return Ok(None),
    }
    let calendar = calendar.version().to_owned();
    let event = DueRederived { calendar, accept_by, statutory, promised, hearing };
    let moved = clocks.dues().into_iter().zip(event.dues()).any(|(old, new)| days(old) != days(new));
    Ok(moved.then_some(event))
}

/// The days of a due date, whether or not they were firm when it was announced.
fn days(due: Option<Due>) -> Option<Due> {
    due.map(|due| Due { provisional: false, ..due })
}

/// Derives the due dates again. No entry when nothing moves, so that it may be asked any number of times.
pub(super) fn rederive(ask: Ask<'_>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    if !act.case.stage.is_open() {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    let event = rederived(&act.case, act.matter, &act.facts.catalog.limits, act.facts.calendar())?;
    let moved = event.is_some();
    if let Some(event) = event {
        act.emit(event)?;
    }
    Ok(act.finish(json!({ "moved": moved })))
}

//! The hearing (听证): the right to it is told, it is asked for, appointed and held; the decision waits for it and rests on its minutes
//! (行政许可法 arts. 46–48).
//!
//! Its time is none of the limit's (art. 45). It is taken out from the day of the appointment, because the applicant has to be told before;
//! the five days in which it may be asked for, and the days until the appointment, count on.

use base::calendar::Calendar;
use base::deadline::PauseKind;
use base::id::AccountId;
use base::time;
use jiff::Timestamp;
use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::{Act, Ask, matter_object};
use super::clock::Reckoning;
use super::envelope::{let_run, still_running, stop};
use super::tasks::require_stage;
use super::{Case, Due, Officer, Stage, duties, paper};
use crate::catalog::matter::{MatterKind, NoticeKind, TaskKind};
use crate::catalog::{CommonLimits, Versions};
use crate::change::Decision;
use crate::directory::account_state;
use crate::facts::Facts;
use crate::policy;
use crate::refusal::Refusal;

/// `hearing-offered@1`: applicant and interested persons are told of their right to a hearing (art. 47(1)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingOffered {
    /// Who tells.
    pub by: Officer,
    /// Whose major interests are touched, besides the applicant's; in the vault.
    pub interested: Option<Commitment>,
    /// When they were told.
    pub on: Date,
    /// Last day to ask for it.
    pub request_by: Date,
}

/// `hearing-requested@1`: it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingRequested {
    /// Who recorded it at the window; none when the applicant asked on line.
    pub by: Option<Officer>,
    /// Who asks, when it is recorded at the window; in the vault.
    pub party: Option<Commitment>,
    /// When.
    pub on: Date,
    /// End of the limit to hold it.
    pub hold_by: Due,
}

/// `hearing-declined@1`: it is not asked for, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingDeclined {
    /// Who recorded it at the window.
    pub by: Option<Officer>,
    /// Who declines, when it is recorded at the window; in the vault.
    pub party: Option<Commitment>,
    /// When.
    pub on: Date,
}

/// `hearing-appointed@1`: when, where and under whom (art. 48(1)(1) and (3)); a later one replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingAppointed {
    /// Who appoints.
    pub by: Officer,
    /// Who presides; nobody who examines the application.
    pub host: Officer,
    /// When it begins, microseconds UTC.
    pub at: i64,
    /// Where, in the vault like every free text.
    pub place: Commitment,
    /// When this was told.
    pub on: Date,
}

/// `hearing-held@1`: the minutes are signed (art. 48(1)(5)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearingHeld {
    /// The host.
    pub by: Officer,
    /// The minutes, in the vault.
    pub minutes: Commitment,
    /// When they were recorded.
    pub on: Date,
}

/// The hearing of a case, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    /// The right to it was told.
    pub offered: Option<HearingOffered>,
    /// It was asked for.
    pub requested: Option<HearingRequested>,
    /// It was declined.
    pub declined: Option<HearingDeclined>,
    /// It was appointed.
    pub appointed: Option<HearingAppointed>,
    /// It was held.
    pub held: Option<HearingHeld>,
}

impl Hearing {
    /// Held, or declined.
    pub(super) fn is_over(&self) -> bool {
        self.declined.is_some() || self.held.is_some()
    }

    /// What the decision waits for on a day: the last day to ask for the hearing, or the hearing itself (no day).
    pub fn pending(&self, today: Date) -> Option<Option<Date>> {
        if self.is_over() {
            return None;
        }
        if self.requested.is_some() || self.appointed.is_some() {
            return Some(None);
        }
        let request_by = self.offered.as_ref()?.request_by;
        (today <= request_by).then_some(Some(request_by))
    }

    /// How far it came: `offered`, `requested`, `declined`, `appointed` or `held`.
    pub fn state(&self) -> &'static str {
        if self.held.is_some() {
            "held"
        } else if self.declined.is_some() {
            "declined"
        } else if self.appointed.is_some() {
            "appointed"
        } else if self.requested.is_some() {
            "requested"
        } else {
            "offered"
        }
    }

    /// Who presides, or presided; nobody over a hearing that was taken back.
    pub(super) fn host(&self) -> Option<AccountId> {
        let appointed = self.appointed.as_ref().filter(|_| self.declined.is_none());
        appointed.map(|appointed| appointed.host.account)
    }
}

/// Any licence that is not decided on the spot may need a hearing, between acceptance and decision; one that is over is not begun again.
fn begin<'a>(ask: Ask<'a>) -> Result<(Act<'a>, Hearing), Refusal> {
    let act = Act::on(ask)?;
    if act.matter.spec.kind != MatterKind::Licence || act.matter.spec.immediate {
        return Err(Refusal::HearingNotAllowed);
    }
    require_stage(&act, Stage::Accepted)?;
    let hearing = act.case.hearing.clone().unwrap_or_default();
    if hearing.is_over() { Err(Refusal::HearingStep) } else { Ok((act, hearing)) }
}

/// The end of one of the hearing's limits that begins on a day.
fn due(limits: &CommonLimits, limit: &Versions, calendar: &Calendar, from: Date) -> Result<Due, Refusal> {
    let limit = limit.in_force(from).ok_or(Refusal::NoLimitInForce)?.limit;
    Reckoning { from, limit, pauses: &[], extension: None }.due(calendar, limits.lights)
}

/// Tells the right to a hearing, once.
pub(super) fn offer(ask: Ask<'_>, interested: Option<&str>) -> Result<Decision, Refusal> {
    let (mut act, hearing) = begin(ask)?;
    let (by, _) = act.officer("case.hearing")?;
    if hearing != Hearing::default() {
        return Err(Refusal::HearingStep);
    }
    let interested = act.seal_some("interested", interested)?;
    let on = act.today();
    let limits = &act.facts.catalog.limits;
    let request_by = due(limits, &limits.hearing_request, act.facts.calendar(), on)?.on;
    act.emit(HearingOffered { by, interested, on, request_by })?;
    paper::issue(&mut act, NoticeKind::HearingRight)?;
    Ok(act.finish(json!({ "request_by": request_by })))
}

/// The end of the limit to hold a hearing that was asked for on a day (art. 47(1)).
pub(super) fn hold_by(limits: &CommonLimits, calendar: &Calendar, from: Date) -> Result<Due, Refusal> {
    due(limits, &limits.hearing_held, calendar, from)
}

/// Whose word it is: the applicant's own account's, or that of a party whom an officer names.
fn word_of(act: &mut Act<'_>, party: Option<&str>) -> Result<(Option<Officer>, Option<Commitment>), Refusal> {
    match act.applicant("case.read") {
        Ok(_) => Ok((None, None)),
        Err(_) => {
            let (by, _) = act.officer("case.hearing")?;
            let party = act.seal_some("party", party)?.ok_or(Refusal::PartyMissing)?;
            Ok((Some(by), Some(party)))
        }
    }
}

/// Asks for the hearing, in time.
pub(super) fn request(ask: Ask<'_>, party: Option<&str>) -> Result<Decision, Refusal> {
    let (mut act, hearing) = begin(ask)?;
    let (by, party) = word_of(&mut act, party)?;
    let offered = hearing.offered.filter(|_| hearing.requested.is_none()).ok_or(Refusal::HearingStep)?;
    let on = act.today();
    if on > offered.request_by {
        return Err(Refusal::HearingRequestEnded { on: offered.request_by });
    }
    let hold_by = hold_by(&act.facts.catalog.limits, act.facts.calendar(), on)?;
    act.emit(HearingRequested { by, party, on, hold_by })?;
    Ok(act.finish(json!({ "hold_by": hold_by.on })))
}

/// Declines it: whoever was told does not ask for it, or takes the request back. What is appointed is taken back before an officer.
pub(super) fn decline(ask: Ask<'_>, party: Option<&str>) -> Result<Decision, Refusal> {
    let (mut act, hearing) = begin(ask)?;
    let (by, party) = word_of(&mut act, party)?;
    // An authority's own hearing, in the public's interest, is nobody's to decline (art. 46).
    let is_open = hearing.pending(act.today()).is_some();
    if !is_open || hearing.offered.is_none() || (hearing.appointed.is_some() && by.is_none()) {
        return Err(Refusal::HearingStep);
    }
    let on = act.today();
    act.emit(HearingDeclined { by: by.clone(), party, on })?;
    if let Some(by) = by {
        go_on(&mut act, by)?;
    }
    Ok(act.finish(json!({})))
}

/// The clock runs again when it stood still for the hearing.
fn go_on(act: &mut Act<'_>, by: Officer) -> Result<(), Refusal> {
    let until = act.today();
    if act.case.clocks.paused() == Some(PauseKind::Hearing) { let_run(act, until, by) } else { Ok(()) }
}

/// A hearing's appointment as a person gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Who presides.
    pub host: Officer,
    /// When it begins.
    pub at: Timestamp,
    /// Where.
    pub place: String,
}

/// Appoints the hearing that was asked for, or one of the authority's own (art. 46); a later appointment replaces the earlier.
pub(super) fn appoint(ask: Ask<'_>, appointment: &Appointment) -> Result<Decision, Refusal> {
    let (mut act, hearing) = begin(ask)?;
    let (by, _) = act.officer("case.hearing")?;
    // Who was told of the right is let ask first.
    if let Some(Some(request_by)) = hearing.pending(act.today()) {
        return Err(Refusal::HearingPending { until: Some(request_by) });
    }
    may_preside(&act, &appointment.host)?;
    let (on, day) = (act.today(), time::date(appointment.at));
    fits(&act, day)?;
    let place = act.seal_some("place", Some(&appointment.place))?.ok_or(Refusal::PlaceMissing)?;
    let host = appointment.host.clone();
    act.emit(HearingAppointed { by: by.clone(), host, at: appointment.at.as_microsecond(), place, on })?;
    paper::issue(&mut act, NoticeKind::Hearing)?;
    // A limit that has ended is not stopped afterwards: the hearing is held all the same.
    if act.case.clocks.paused().is_none() && still_running(&act).is_ok() {
        let days = act.facts.calendar().working_days_between(on, day).max(1).unsigned_abs();
        stop(&mut act, PauseKind::Hearing, on, u16::try_from(days).unwrap_or(u16::MAX), by)?;
    }
    Ok(act.finish(json!({ "on": day })))
}

/// The first day that a hearing may be appointed for today: the parties are told so long before (art. 48(1)(1)).
pub fn earliest_hearing(facts: &Facts) -> Option<Date> {
    let limits = &facts.catalog.limits;
    due(limits, &limits.hearing_notice, facts.calendar(), facts.today).ok().map(|due| due.on)
}

/// The parties are told seven working days before, and it is held within twenty of the request (arts. 47(1), 48(1)(1)). Once that is no
/// longer possible it is late, and still to be held.
fn fits(act: &Act<'_>, day: Date) -> Result<(), Refusal> {
    let earliest = earliest_hearing(act.facts).ok_or(Refusal::NoLimitInForce)?;
    if day < earliest {
        return Err(Refusal::DayBefore { earliest });
    }
    let hold_by = act.case.clocks.hearing.map(|due| due.on);
    match hold_by.filter(|latest| earliest <= *latest && *latest < day) {
        Some(latest) => Err(Refusal::DayAfter { latest }),
        None => Ok(()),
    }
}

/// The host holds a post of the authority that may preside, and has no part in the examination (art. 48(1)(3)).
fn may_preside(act: &Act<'_>, host: &Officer) -> Result<(), Refusal> {
    let account = account_state(host.account, act.ask.loaded).ok_or(Refusal::NotFound)?;
    let post = account.post_on(host.post, act.today()).ok_or(Refusal::NotFound)?;
    let object = matter_object(act.matter, &act.case.organisation, act.case.region);
    let is_here = post.organisation == act.case.organisation;
    if !is_here || !policy::allows(&act.facts.catalog.grants, post, "task.hearing", &object) {
        return Err(Refusal::Forbidden { action: "task.hearing".to_owned() });
    }
    duties::not_own(&act.case, account)?;
    duties::allowed(&act.case, host.account, TaskKind::Hearing)
}

/// Records that it was held, by its host, with the minutes that the parties signed.
pub(super) fn hold(ask: Ask<'_>, minutes: &str) -> Result<Decision, Refusal> {
    let (mut act, hearing) = begin(ask)?;
    let (by, _) = act.officer("task.hearing")?;
    let appointed = hearing.appointed.ok_or(Refusal::HearingStep)?;
    if by.account != appointed.host.account {
        return Err(Refusal::NotHost);
    }
    let day = Timestamp::from_microsecond(appointed.at).map(time::date).map_err(|_| Refusal::HearingStep)?;
    if act.today() < day {
        return Err(Refusal::NotYet { on: day });
    }
    let minutes = act.seal_some("minutes", Some(minutes))?.ok_or(Refusal::MinutesMissing)?;
    let on = act.today();
    act.emit(HearingHeld { by: by.clone(), minutes, on })?;
    paper::issue(&mut act, NoticeKind::HearingMinutes)?;
    go_on(&mut act, by)?;
    Ok(act.finish(json!({ "held": on })))
}

/// The decision waits for what was promised: the days to ask, the hearing itself (arts. 47, 48(2)).
pub(super) fn not_pending(case: &Case, today: Date) -> Result<(), Refusal> {
    match case.hearing.as_ref().and_then(|hearing| hearing.pending(today)) {
        Some(until) => Err(Refusal::HearingPending { until }),
        None => Ok(()),
    }
}

impl Case {
    pub(super) fn hearing_mut(&mut self) -> &mut Hearing {
        self.hearing.get_or_insert_default()
    }
}

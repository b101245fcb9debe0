//! The rest of the legal envelope: pauses, extension, withdrawal, silence, delivery.

use base::deadline::{Extension, Pause, PauseKind};
use jiff::civil::Date;
use serde_json::json;

use super::act::{Act, Ask};
use super::clock::limits_of;
use super::tasks::{accept, dues_again, require_stage};
use super::{
    Case, CaseWithdrawn, Channel, ClockExtended, ClockPaused, ClockResumed, NoticeRendered, Officer, ResultDelivered,
    Stage, TaskCompleted, licence, paper, process,
};
use crate::catalog::matter::{DeliveryKind, NoticeKind, TaskKind};
use crate::change::Decision;
use crate::directory::Post;
use crate::refusal::Refusal;

/// Working days that a pause may be announced to take: a year of them. What takes longer is told anew.
pub const PAUSE_DAYS_MAX: u16 = 250;

/// Stops the statutory clock for one of the kinds of art. 45 that the matter names; tells the applicant how long.
pub(super) fn pause(ask: Ask<'_>, kind: PauseKind, from: Date, expected_days: u16) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let (by, _) = act.officer("case.pause")?;
    require_stage(&act, Stage::Accepted)?;
    if act.case.clocks.paused().is_some() {
        return Err(Refusal::PausedAlready);
    }
    // A hearing stops the clock by its appointment, and lets it run when it was held.
    if kind == PauseKind::Hearing || !act.matter.spec.limits.pauses.contains(&kind) {
        return Err(Refusal::PauseNotAllowed);
    }
    if expected_days == 0 || expected_days > PAUSE_DAYS_MAX {
        return Err(Refusal::PauseDays { max: PAUSE_DAYS_MAX });
    }
    // The applicant is told in writing how long it takes (art. 45): not for days that have passed, nor when the limit has ended.
    let today = act.today();
    if from < today {
        return Err(Refusal::DayBefore { earliest: today });
    }
    let last = still_running(&act)?;
    if from > last {
        return Err(Refusal::DayAfter { latest: last });
    }
    stop(&mut act, kind, from, expected_days, by)?;
    paper::issue(&mut act, NoticeKind::Pause)?;
    Ok(act.finish(json!({ "paused": kind })))
}

/// The clock stands still from a day on.
pub(super) fn stop(
    act: &mut Act<'_>,
    kind: PauseKind,
    from: Date,
    expected_days: u16,
    by: Officer,
) -> Result<(), Refusal> {
    act.emit(ClockPaused { pause: Pause { kind, from, to: None }, expected_days, by })?;
    process::message(act, "paused")
}

/// Lets the clock run again; the days of the pause are added to the due dates.
pub(super) fn resume(ask: Ask<'_>, until: Date) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let (by, _) = act.officer("case.resume")?;
    let open = act.case.clocks.pauses.last().filter(|pause| pause.to.is_none()).ok_or(Refusal::NotPaused)?;
    if open.kind == PauseKind::Hearing {
        return Err(Refusal::HearingPending { until: None });
    }
    if until < open.from {
        return Err(Refusal::DayBefore { earliest: open.from });
    }
    // The end is known when it has come; a day ahead would lengthen the limit by a forecast.
    let today = act.facts.today;
    if until > today {
        return Err(Refusal::DayAfter { latest: today });
    }
    let_run(&mut act, until, by)?;
    let reply = json!({ "due": act.case.clocks.promised.map(|due| due.on) });
    Ok(act.finish(reply))
}

/// The clock runs again after a last day that is not counted.
pub(super) fn let_run(act: &mut Act<'_>, until: Date, by: Officer) -> Result<(), Refusal> {
    let mut clocks = act.case.clocks.clone();
    clocks.pauses.last_mut().ok_or(Refusal::NotPaused)?.to = Some(until);
    let (statutory, promised) = dues_again(act, &clocks)?;
    act.emit(ClockResumed { until, statutory, promised, by })?;
    process::message(act, "resumed")
}

/// Extends the limit, once, by the head of the agency, with a reason that the applicant is told (art. 42(1)).
pub(super) fn extend(ask: Ask<'_>, reason: &str) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let (approved_by, post) = act.officer("case.extend")?;
    require_stage(&act, Stage::Accepted)?;
    if act.case.clocks.extension.is_some() {
        return Err(Refusal::ExtendedAlready);
    }
    still_running(&act)?;
    let accepted_on = act.case.clocks.accepted_on.unwrap_or(act.today());
    let forwarded = act.case.clocks.forwarded_on.is_some();
    let limits = limits_of(act.matter, accepted_on, forwarded).ok_or(Refusal::NoLimitInForce)?;
    let extension = limits.extension.ok_or(Refusal::ExtensionNotAllowed)?;
    if !may_approve(post, extension.approver.as_deref(), &act.case) {
        return Err(Refusal::Forbidden { action: "case.extend".to_owned() });
    }
    let limit = extension.limit;
    let sealed = act.seal_some("extension", Some(reason))?.ok_or(Refusal::ReasonMissing)?;
    let extension = Extension::new(limit, approved_by.account.to_string(), sealed.hash.to_string())
        .map_err(|_| Refusal::ReasonMissing)?;
    let mut clocks = act.case.clocks.clone();
    clocks.extension = Some(extension.clone());
    let (statutory, promised) = dues_again(&act, &clocks)?;
    let on = act.today();
    act.emit(ClockExtended { extension, approved_by, reason: sealed, statutory, promised, on })?;
    paper::issue(&mut act, NoticeKind::Extension)?;
    Ok(act.finish(json!({ "due": statutory.map(|due| due.on) })))
}

/// The head of the agency (art. 42(1)), or whom the limit names at the same level: of joint handling, the government's (art. 42(2)).
fn may_approve(post: &Post, approver: Option<&str>, case: &Case) -> bool {
    match approver {
        None => post.organisation == case.organisation,
        Some(kind) => post.kind == kind && post.region == case.region,
    }
}

/// The last day of the statutory limit, if it has not passed: what is late is neither stopped nor extended afterwards (art. 42).
pub(super) fn still_running(act: &Act<'_>) -> Result<Date, Refusal> {
    let last = act.case.clocks.statutory.ok_or(Refusal::NoLimitInForce)?.on;
    let has_passed = act.case.clocks.paused().is_none() && last < act.today();
    if has_passed { Err(Refusal::LimitEnded { on: last }) } else { Ok(last) }
}

/// The applicant takes the application back, at any time before the decision.
pub(super) fn withdraw(ask: Ask<'_>, reason: Option<&str>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    // What the authority opened is not the party's to take back.
    if act.case.channel == Channel::Office {
        return Err(Refusal::NotApplicant);
    }
    // Who came to the window without an account withdraws there.
    if act.case.applicant.account.is_none() {
        act.officer("case.receive")?;
    } else {
        act.applicant("case.withdraw")?;
    }
    if !act.case.stage.is_open() {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    let reason = act.seal_some("withdrawal", reason)?;
    let on = act.today();
    act.emit(CaseWithdrawn { reason, on })?;
    licence::drop_renewal(&mut act)?;
    paper::issue(&mut act, NoticeKind::Withdrawal)?;
    process::or_incident(&mut act, |act| {
        process::message(act, "withdrawn")?;
        process::cancel(act)
    })?;
    let reply = json!({ "stage": act.case.stage });
    Ok(act.finish(reply))
}

/// Silence until the end of the acceptance check: accepted as of the day of receipt (art. 32(4)). The kernel closes the accept task itself.
pub(super) fn deem_accepted(ask: Ask<'_>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    require_stage(&act, Stage::Submitted)?;
    let due = act.case.clocks.accept_by.ok_or(Refusal::WrongStage { stage: act.case.stage })?;
    if act.today() <= due.on {
        return Err(Refusal::NotYet { on: due.on });
    }
    accept(&mut act, None, true)?;
    let open = act.case.tasks.iter().find(|(_, task)| task.kind == TaskKind::Accept);
    if let Some((task, element)) = open.map(|(instance, task)| (*instance, task.element.clone())) {
        let outcome = "accepted".to_owned();
        act.emit(TaskCompleted { task, by: None, outcome: outcome.clone(), opinion: None, article: None })?;
        process::or_incident(&mut act, |act| process::complete_task(act, task, &element, &outcome))?;
    }
    let reply = json!({ "accepted_on": act.case.clocks.accepted_on });
    Ok(act.finish(reply))
}

/// A timer of the process fired.
pub(super) fn flow_timer(ask: Ask<'_>, instance: u32) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let due_at = *act.case.timers.get(&instance).ok_or(Refusal::TaskClosed)?;
    if act.facts.at() < due_at {
        return Err(Refusal::NotYet { on: act.today() });
    }
    process::timer(&mut act, instance)?;
    Ok(act.finish(json!({})))
}

/// The result reaches the applicant (art. 44): fetched on line by the owner, or handed over at the window and signed for.
pub(super) fn deliver(ask: Ask<'_>, method: DeliveryKind, signer: Option<&str>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let by = match method {
        DeliveryKind::Electronic => {
            act.applicant("case.read")?;
            None
        }
        DeliveryKind::Window | DeliveryKind::Post => Some(act.officer("task.deliver")?.0),
    };
    if !matches!(act.case.stage, Stage::Granted | Stage::Refused) {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    if act.case.stage == Stage::Granted && act.matter.spec.result.is_some() && act.case.result.is_none() {
        return Err(Refusal::CertificatePending);
    }
    let signer = act.seal_some("signer", signer)?;
    if signer.is_none() && method != DeliveryKind::Electronic {
        return Err(Refusal::SignerMissing);
    }
    let on = act.today();
    act.emit(ResultDelivered { method, on, by, signer })?;
    paper::issue(&mut act, NoticeKind::Delivery)?;
    let reply = json!({ "stage": act.case.stage });
    Ok(act.finish(reply))
}

/// The paper of a document exists now. Where its file lies is sealed: a plain hash would let anyone try out what a paper says.
pub(super) fn paper_rendered(ask: Ask<'_>, number: &str, pdf_hash: &str, file: &str) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let notice = act.case.notices.iter().find(|notice| notice.number == number).ok_or(Refusal::NotFound)?;
    if notice.pdf_hash.is_none() {
        act.seal_named(paper::file_field(act.case.id, number), file.to_owned());
        act.emit(NoticeRendered { number: number.to_owned(), pdf_hash: pdf_hash.to_owned() })?;
    }
    Ok(act.finish(json!({ "number": number })))
}

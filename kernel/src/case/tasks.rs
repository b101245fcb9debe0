//! Tasks: claim, give back, complete. Completing an `accept` or `decide` task is an act of the envelope, with its notice and its clock.

use base::id::AccountId;
use serde_json::{Value, json};

use super::Hearing;
use super::act::{Act, Ask, acting_post};
use super::clock::{Reckoning, counted_from, limits_of, reckonings};
use super::inputs::Gathered;
use super::{
    CaseAccepted, CaseNotAccepted, Complete, DecisionMade, Officer, Stage, SupplementItem, SupplementRequested, Task,
    TaskAssigned, TaskClaimed, TaskCompleted, TaskDone, TaskReleased, added, bar, commitment, duties, hearing, licence,
    paper, process, statement,
};
use crate::catalog::Matter;
use crate::catalog::matter::{NoticeKind, OutcomeSpec, TaskKind};
use crate::change::Decision;
use crate::directory::{Post, account_state};
use crate::refusal::Refusal;
use crate::rules::Verdict;

/// Outcomes of an accept task that the envelope knows.
const ACCEPTED: &str = "accepted";
const SUPPLEMENT: &str = "supplement";
const NOT_ACCEPTED: &str = "not_accepted";
/// Outcomes of a decide task.
const GRANT: &str = "grant";
const REFUSE: &str = "refuse";
/// A refusal for false materials in a matter of public safety (art. 78).
const REFUSE_FALSE: &str = "refuse_false";

/// Takes a task from the shared queue; fails politely if someone was faster.
pub(super) fn claim(ask: Ask<'_>, task: u32) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let by = may_work_on(&act, task)?;
    if act.case.tasks[&task].claimed_by.is_none() {
        act.emit(TaskClaimed { task, by })?;
    }
    Ok(act.finish(json!({ "task": task })))
}

/// Gives a claimed task back.
pub(super) fn release(ask: Ask<'_>, task: u32) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let by = may_work_on(&act, task)?;
    if act.case.tasks[&task].claimed_by.as_ref() != Some(&by) {
        return Err(Refusal::TaskNotYours);
    }
    act.emit(TaskReleased { task, by })?;
    Ok(act.finish(json!({ "task": task })))
}

/// Finishes a task with a declared outcome. A task nobody claimed is claimed by doing it.
pub(super) fn complete(ask: Ask<'_>, complete: &Complete) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let task = complete.task;
    let by = may_work_on(&act, task)?;
    let open = act.case.tasks[&task].clone();
    if open.asked_for.is_some() {
        added::answer(&mut act, task, by, complete)?;
        let reply = json!({ "stage": act.case.stage, "outcome": complete.outcome });
        return Ok(act.finish(reply));
    }
    added::none_is_out(&act, task)?;
    // Art. 45 takes the time out of the limit; the work that it is for, and all other work, goes on. Only the decision waits.
    if open.kind == TaskKind::Decide {
        hearing::not_pending(&act.case, act.today())?;
        if act.case.clocks.paused().is_some() {
            return Err(Refusal::Paused);
        }
    }
    // A process that waits for a hearing waits for its end, by minutes or by the parties' word (art. 48).
    if open.kind == TaskKind::Hearing && !act.case.hearing.as_ref().is_some_and(Hearing::is_over) {
        return Err(Refusal::HearingPending { until: None });
    }
    let outcome = declared_outcome(&act, &open.element, complete)?;
    if open.claimed_by.is_none() {
        act.emit(TaskClaimed { task, by: by.clone() })?;
    }
    if complete.outcome == SUPPLEMENT && asks_for_supplement(act.matter, open.kind) {
        // The envelope's own: the task stays with its clerk while the applicant's answer is awaited.
        request_supplement(&mut act, &by, complete)?;
    } else {
        let opinion = act.seal_some("opinion", complete.opinion.as_deref())?;
        if outcome.reason && opinion.is_none() {
            return Err(Refusal::ReasonMissing);
        }
        let article = article_of(complete)?;
        if outcome.article && article.is_none() {
            return Err(Refusal::ArticleMissing);
        }
        let outcome = complete.outcome.clone();
        act.emit(TaskCompleted { task, by: Some(by.clone()), outcome, opinion, article })?;
        envelope_of(&mut act, open.kind, &by, complete)?;
        if act.case.stage == Stage::NotAccepted {
            process::cancel(&mut act)?;
        } else {
            process::complete_task(&mut act, task, &open.element, &complete.outcome)?;
        }
    }
    let reply = json!({ "stage": act.case.stage, "outcome": complete.outcome });
    Ok(act.finish(reply))
}

/// Characters that an article may have, as a person cites it.
const ARTICLE_CHARACTERS_MAX: usize = 200;

/// The article as it will be printed; none when nothing was written.
fn article_of(complete: &Complete) -> Result<Option<String>, Refusal> {
    let article = complete.article.as_deref().map(str::trim).filter(|article| !article.is_empty());
    if article.is_some_and(|article| article.chars().count() > ARTICLE_CHARACTERS_MAX) {
        return Err(Refusal::TextTooLong { max: ARTICLE_CHARACTERS_MAX });
    }
    Ok(article.map(str::to_owned))
}

/// Before acceptance only: by the accept task, or by the one task of an immediate matter.
fn asks_for_supplement(matter: &Matter, kind: TaskKind) -> bool {
    kind == TaskKind::Accept || (kind == TaskKind::Decide && matter.spec.immediate)
}

/// The post may take the task: granted, in the organisation whose task it is, of the lane's kind, not claimed by another, duties kept apart.
pub(super) fn may_work_on(act: &Act<'_>, task: u32) -> Result<Officer, Refusal> {
    let open = act.case.tasks.get(&task).ok_or(Refusal::TaskClosed)?;
    let (by, post) = act.officer_of(open.organisation_in(&act.case), &format!("task.{}", open.kind.as_str()))?;
    if open.claimed_by.as_ref().is_some_and(|claimed| claimed.account != by.account) {
        return Err(Refusal::TaskTaken);
    }
    may_have(act, task, open, by.account, post)?;
    Ok(by)
}

/// The task may lie with this person as this post: of the lane's kind, in the organisation whose task it is, duties kept apart.
fn may_have(act: &Act<'_>, task: u32, open: &Task, person: AccountId, post: &Post) -> Result<(), Refusal> {
    if post.kind != open.post_kind || post.organisation != open.organisation_in(&act.case) {
        return Err(Refusal::Forbidden { action: open.kind.as_str().to_owned() });
    }
    let account = account_state(person, act.ask.loaded).ok_or(Refusal::PostNotHeld)?;
    duties::not_own(&act.case, account)?;
    if !act.matter.spec.immediate {
        duties::allowed(&act.case, person, open.kind)?;
    }
    // Done by several means several people, in each round of it anew: instances of a round come after its body.
    let round = act.case.process.instances.get(&task).map_or(0, |instance| instance.parent);
    let did_in_round = |done: &TaskDone| {
        done.element == open.element
            && done.instance > round
            && done.by.as_ref().is_some_and(|did| did.account == person)
    };
    let is_multiple = open.asked_for.is_none() && act.matter.task(&open.element).is_some_and(|task| task.is_multiple);
    if is_multiple && act.case.done.iter().any(did_in_round) {
        return Err(Refusal::DutiesSeparated { did: open.kind, now: open.kind });
    }
    Ok(())
}

/// Gives a task to a person (分派), or hands it on (转办): by the head of the division, or by whoever has it.
pub(super) fn assign(ask: Ask<'_>, task: u32, to: &Officer, note: Option<&str>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let open = act.case.tasks.get(&task).ok_or(Refusal::TaskClosed)?.clone();
    let (by, post) = acting_post(ask)?;
    let by = Officer { account: by.id, post: post.id };
    if open.claimed_by.as_ref() != Some(&by) {
        act.officer_of(open.organisation_in(&act.case), "task.assign")?;
    }
    let account = account_state(to.account, ask.loaded).ok_or(Refusal::NotFound)?;
    let held = account.post_on(to.post, act.today()).ok_or(Refusal::NotFound)?;
    may_have(&act, task, &open, to.account, held)?;
    let note = act.seal_some("assignment", note)?;
    act.emit(TaskAssigned { task, to: to.clone(), by, note })?;
    Ok(act.finish(json!({ "task": task })))
}

fn declared_outcome<'a>(act: &Act<'a>, element: &str, complete: &Complete) -> Result<&'a OutcomeSpec, Refusal> {
    let unknown = || Refusal::UnknownOutcome { outcome: complete.outcome.clone() };
    let task = act.matter.task(element).ok_or_else(unknown)?;
    task.outcomes.get(&complete.outcome).ok_or_else(unknown)
}

/// What the outcome means in law, before the process goes on.
fn envelope_of(act: &mut Act<'_>, kind: TaskKind, by: &Officer, complete: &Complete) -> Result<(), Refusal> {
    let immediate = kind == TaskKind::Decide && act.matter.spec.immediate;
    match (kind, complete.outcome.as_str()) {
        (TaskKind::Accept, ACCEPTED) => accept(act, Some(by.clone()), false),
        (TaskKind::Accept, NOT_ACCEPTED) => not_accept(act, by, complete),
        (TaskKind::Decide, NOT_ACCEPTED) if immediate => not_accept(act, by, complete),
        (TaskKind::Decide, GRANT | REFUSE | REFUSE_FALSE) => {
            // Accepted by silence before, it is only decided.
            if immediate && act.case.stage == Stage::Submitted {
                accept(act, Some(by.clone()), false)?;
            }
            decide(act, by, complete)
        }
        (TaskKind::LaterCheck, _) => commitment::checked(act, by, complete),
        _ => Ok(()),
    }
}

/// Acceptance (受理): the clocks start. Also by silence, then as of the day of receipt.
pub(super) fn accept(act: &mut Act<'_>, by: Option<Officer>, deemed: bool) -> Result<(), Refusal> {
    require_stage(act, Stage::Submitted)?;
    let deemed = deemed || is_silence(act);
    let received_on = act.case.clocks.received_on.unwrap_or(act.today());
    let accepted_on = if deemed { received_on } else { act.today() };
    let counted_from = counted_from(act.matter, received_on, accepted_on);
    let limits = limits_of(act.matter, accepted_on, false).ok_or(Refusal::NoLimitInForce)?;
    let due = |limit| {
        Reckoning { from: counted_from, limit, pauses: &[], extension: None }
            .due(act.facts.calendar(), act.facts.catalog.limits.lights)
    };
    let (statutory, promised) = (Some(due(limits.statutory.limit)?), Some(due(limits.promised.limit)?));
    act.emit(CaseAccepted { by, accepted_on, deemed, counted_from, statutory, promised })?;
    paper::issue(act, NoticeKind::Acceptance)?;
    process::message(act, "accepted")
}

/// The acceptance check is over and nothing was said: the law has accepted, whether or not the timer has run (art. 32(4)).
fn is_silence(act: &Act<'_>) -> bool {
    act.case.clocks.accept_by.is_some_and(|due| act.today() > due.on)
}

/// Before acceptance, and while it may still be withheld.
fn require_unaccepted(act: &Act<'_>) -> Result<(), Refusal> {
    require_stage(act, Stage::Submitted)?;
    if is_silence(act) { Err(Refusal::AcceptanceDeemed) } else { Ok(()) }
}

/// The single supplement notice: what the rules found, what is missing, what the clerk adds; once, with everything (art. 32(4)).
fn request_supplement(act: &mut Act<'_>, by: &Officer, complete: &Complete) -> Result<(), Refusal> {
    require_unaccepted(act)?;
    if act.case.supplement.is_some() {
        return Err(Refusal::SupplementAskedAlready);
    }
    if complete.items.is_empty() {
        return Err(Refusal::SupplementEmpty);
    }
    let mut items: Vec<SupplementItem> = Vec::new();
    for (n, (target, words)) in complete.items.iter().enumerate() {
        if items.iter().any(|item| item.target == *target) {
            return Err(Refusal::SupplementTwice { target: target.clone() });
        }
        // What cannot be handed in cannot be asked for: the case would wait for ever.
        let mut materials = act.matter.spec.materials.iter();
        let material = materials.find(|material| material.code == *target && material.may_upload());
        let field = target.strip_prefix("form:").filter(|field| act.matter.form.field(field).is_some());
        if material.is_none() && field.is_none() {
            return Err(Refusal::MaterialUnknown { material: target.clone() });
        }
        let rule = act
            .case
            .checks
            .iter()
            .flat_map(|recorded| &recorded.checks.rows)
            .find(|row| row.verdict != Verdict::Pass && row.material.as_deref() == Some(target.as_str()));
        let article = rule.map(|row| row.article.clone()).or(material.map(|material| material.basis.clone()));
        let rule = rule.map(|row| row.rule.clone());
        let words = act.seal_some(&format!("supplement/{n}"), Some(words))?;
        items.push(SupplementItem { target: target.clone(), rule, article: article.unwrap_or_default(), words });
    }
    let asked_on = act.today();
    act.emit(SupplementRequested { items, asked_on, by: Some(by.clone()) })?;
    paper::issue(act, NoticeKind::Supplement)
}

/// Non-acceptance (不予受理): not this authority's, or no licence needed. With reason and article.
fn not_accept(act: &mut Act<'_>, by: &Officer, complete: &Complete) -> Result<(), Refusal> {
    require_unaccepted(act)?;
    let reason = act.seal_some("reason", complete.opinion.as_deref())?.ok_or(Refusal::ReasonMissing)?;
    let article = article_of(complete)?.ok_or(Refusal::ArticleMissing)?;
    let on = act.today();
    act.emit(CaseNotAccepted { by: by.clone(), reason, article, on })?;
    licence::drop_renewal(act)?;
    paper::issue(act, NoticeKind::NonAcceptance)
}

/// The decision (决定). A refusal gives reasons and remedies (art. 38(2)).
fn decide(act: &mut Act<'_>, by: &Officer, complete: &Complete) -> Result<(), Refusal> {
    require_stage(act, Stage::Accepted)?;
    let granted = complete.outcome == GRANT;
    let reason = act.seal_some("reason", complete.opinion.as_deref())?;
    if !granted && reason.is_none() {
        return Err(Refusal::ReasonMissing);
    }
    let article = article_of(complete)?;
    if !granted && article.is_none() {
        return Err(Refusal::ArticleMissing);
    }
    if granted {
        statement::require_heard(act)?;
    } else {
        licence::may_refuse(act)?;
    }
    require_lawful(act, if granted { GRANT } else { REFUSE })?;
    let on = act.today();
    let limit = act.facts.catalog.limits.delivery.in_force(on).ok_or(Refusal::NoLimitInForce)?.limit;
    let reckoning = Reckoning { from: on, limit, pauses: &[], extension: None };
    let deliver_by = reckoning.due(act.facts.calendar(), act.facts.catalog.limits.lights)?.on;
    act.emit(DecisionMade { granted, by: by.clone(), reason, article, on, deliver_by })?;
    if !granted {
        licence::drop_renewal(act)?;
    }
    paper::issue(act, if granted { NoticeKind::Grant } else { NoticeKind::Refusal })?;
    if granted {
        commitment::granted(act)?;
    }
    if complete.outcome == REFUSE_FALSE { bar::applicant(act) } else { Ok(()) }
}

/// Where the law leaves one outcome, the rules say which, and nobody decides otherwise.
fn require_lawful(act: &Act<'_>, outcome: &str) -> Result<(), Refusal> {
    let bound = Gathered::of(act.matter, &act.case, act.facts).evaluate(act.matter).bound;
    match bound {
        Some(bound) if bound.outcome != outcome => {
            Err(Refusal::OutcomeBound { outcome: bound.outcome, article: bound.article })
        }
        _ => Ok(()),
    }
}

/// Due dates of the statutory and the promised clock.
pub(super) type Dues = (Option<super::Due>, Option<super::Due>);

/// New due dates of an accepted case after its clocks changed.
pub(super) fn dues_again(act: &Act<'_>, clocks: &super::Clocks) -> Result<Dues, Refusal> {
    let (calendar, rule) = (act.facts.calendar(), act.facts.catalog.limits.lights);
    let Some((statutory, promised)) = reckonings(act.matter, clocks) else {
        return Ok((clocks.statutory, clocks.promised));
    };
    Ok((Some(statutory.due(calendar, rule)?), Some(promised.due(calendar, rule)?)))
}

pub(super) fn require_stage(act: &Act<'_>, stage: Stage) -> Result<(), Refusal> {
    if act.case.stage == stage { Ok(()) } else { Err(Refusal::WrongStage { stage: act.case.stage }) }
}

/// The words that a decision's process variables carry.
pub(super) fn outcome_variables(element: &str, outcome: &str) -> Vec<(String, Value)> {
    vec![("outcome".to_owned(), json!(outcome)), (format!("{element}_outcome"), json!(outcome))]
}

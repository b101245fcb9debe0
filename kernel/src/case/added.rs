//! A countersigner added (加签): whoever works on a step asks somebody outside the process for an opinion. The step waits for it; the process
//! knows nothing of it, so that no package has to draw what may be needed anywhere.

use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::{Act, Ask, matter_object};
use super::tasks::may_work_on;
use super::{Officer, TaskClaimed, TaskCompleted, duties};
use crate::catalog::matter::TaskKind;
use crate::change::Decision;
use crate::directory::account_state;
use crate::policy;
use crate::refusal::Refusal;

/// Instances of added tasks begin here; those of a process count from 1 and never come so far.
pub const ADDED_FROM: u32 = 1 << 31;
/// What an added countersigner may answer; the second asks for a reason.
pub const ADDED_OUTCOMES: [&str; 2] = ["agree", "disagree"];
/// Countersigners that one step may wait for at a time.
const ADDED_MAX: usize = 9;

/// `countersigner-added@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersignerAdded {
    /// Instance number of the added task.
    pub task: u32,
    /// The step that waits for it.
    pub of: u32,
    /// Element of that step.
    pub element: String,
    /// Who is asked.
    pub to: Officer,
    /// The kind of post that they act as.
    pub post_kind: String,
    /// Their organisation, when it is not the one that handles the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Who asks.
    pub by: Officer,
    /// What is asked, in the vault.
    pub question: Option<Commitment>,
}

/// `countersigner-dropped@1`: whoever asked takes the question back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersignerDropped {
    /// Instance number of the added task.
    pub task: u32,
    /// Who takes it back.
    pub by: Officer,
}

/// Steps in which an opinion from outside may be needed; before acceptance there is nothing to have an opinion on.
pub fn may_ask(kind: TaskKind) -> bool {
    use TaskKind::{Check, Decide, ExpertReview, Review, SiteCheck};
    matches!(kind, Review | Check | SiteCheck | ExpertReview | Decide)
}

/// Asks somebody for an opinion on a step.
pub(super) fn add(ask: Ask<'_>, of: u32, to: &Officer, question: Option<&str>) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let by = may_work_on(&act, of)?;
    let open = act.case.tasks[&of].clone();
    let waiting = act.case.tasks.values().filter(|task| task.asked_for == Some(of));
    let asked_already =
        waiting.clone().any(|task| task.claimed_by.as_ref().is_some_and(|who| who.account == to.account));
    if !may_ask(open.kind) || to.account == by.account || asked_already || waiting.count() >= ADDED_MAX {
        return Err(Refusal::CountersignerNotAllowed);
    }
    let account = account_state(to.account, ask.loaded).ok_or(Refusal::NotFound)?;
    let post = account.post_on(to.post, act.today()).ok_or(Refusal::NotFound)?;
    let object = matter_object(act.matter, open.organisation_in(&act.case), act.case.region);
    if !policy::allows(&act.facts.catalog.grants, post, "task.countersign", &object) {
        return Err(Refusal::Forbidden { action: "task.countersign".to_owned() });
    }
    duties::not_own(&act.case, account)?;
    duties::allowed(&act.case, to.account, TaskKind::Countersign)?;
    if open.claimed_by.is_none() {
        act.emit(TaskClaimed { task: of, by: by.clone() })?;
    }
    let question = act.seal_some("question", question)?;
    let last = act.case.tasks.keys().chain(act.case.done.iter().map(|done| &done.instance)).max();
    let task = last.map_or(ADDED_FROM, |last| (last + 1).max(ADDED_FROM));
    let (post_kind, to) = (post.kind.clone(), to.clone());
    let (element, organisation) = (open.element, open.organisation);
    act.emit(CountersignerAdded { task, of, element, to, post_kind, organisation, by, question })?;
    Ok(act.finish(json!({ "task": task })))
}

/// Takes the question back: by whoever works on the step that asked.
pub(super) fn drop_task(ask: Ask<'_>, task: u32) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    let of = act.case.tasks.get(&task).and_then(|open| open.asked_for).ok_or(Refusal::TaskClosed)?;
    let by = may_work_on(&act, of)?;
    act.emit(CountersignerDropped { task, by })?;
    Ok(act.finish(json!({ "task": task })))
}

/// The opinion that was asked for.
pub(super) fn answer(act: &mut Act<'_>, task: u32, by: Officer, complete: &super::Complete) -> Result<(), Refusal> {
    let outcome = complete.outcome.clone();
    if !ADDED_OUTCOMES.contains(&outcome.as_str()) {
        return Err(Refusal::UnknownOutcome { outcome });
    }
    let opinion = act.seal_some("opinion", complete.opinion.as_deref())?;
    if outcome == ADDED_OUTCOMES[1] && opinion.is_none() {
        return Err(Refusal::ReasonMissing);
    }
    act.emit(TaskCompleted { task, by: Some(by), outcome, opinion, article: None })
}

/// A step is not finished while an opinion that it asked for is out.
pub(super) fn none_is_out(act: &Act<'_>, task: u32) -> Result<(), Refusal> {
    let is_out = act.case.tasks.values().any(|open| open.asked_for == Some(task));
    if is_out { Err(Refusal::CountersignPending) } else { Ok(()) }
}

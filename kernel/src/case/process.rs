//! The process inside the envelope: `decide` runs the token machine to rest and writes what it did into one entry; replay only applies it.

use std::collections::BTreeMap;

use base::deadline::Start;
use flow::feel::Context;
use serde_json::{Value, json};

use super::act::Act;
use super::inputs::Gathered;
use super::tasks::outcome_variables;
use super::{ChecksRecorded, FlowAdvanced, Incident, Task, acts};
use crate::refusal::Refusal;
use crate::rules::Verdict;

/// Service tasks one command may run through before the process counts as running away.
const ACTS_MAX: usize = 100;

/// Starts the process with the case's first variables.
pub(super) fn start(act: &mut Act<'_>) -> Result<(), Refusal> {
    let variables = feel_context([
        ("case_number".to_owned(), json!(act.case.number)),
        ("channel".to_owned(), json!(act.case.channel)),
    ]);
    advance(act, flow::Input::Start { variables })
}

/// Tells the process of an event of the envelope. Only a waiting catcher hears it.
pub(super) fn message(act: &mut Act<'_>, name: &str) -> Result<(), Refusal> {
    if !is_running(act) {
        return Ok(());
    }
    advance(act, flow::Input::Message { name: name.to_owned(), variables: Context::new() })
}

/// Goes on after a completed task.
pub(super) fn complete_task(act: &mut Act<'_>, task: u32, element: &str, outcome: &str) -> Result<(), Refusal> {
    let variables = feel_context(outcome_variables(element, outcome));
    advance(act, flow::Input::CompleteTask { instance: task, variables })
}

/// Ends the process: withdrawal.
pub(super) fn cancel(act: &mut Act<'_>) -> Result<(), Refusal> {
    if is_running(act) { advance(act, flow::Input::Cancel) } else { Ok(()) }
}

/// A timer of the process fired.
pub(super) fn timer(act: &mut Act<'_>, instance: u32) -> Result<(), Refusal> {
    advance(act, flow::Input::Timer { instance })
}

/// Moves the process on. What it cannot do becomes an incident for its owner: an act of law does not wait for a diagram.
pub(super) fn or_incident(
    act: &mut Act<'_>,
    go: impl FnOnce(&mut Act<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let before = act.clone();
    match go(act) {
        Err(Refusal::Process { element, reason }) => {
            *act = before;
            let incident = Incident { element, code: "refused".to_owned(), reason };
            act.emit(FlowAdvanced { incidents: vec![incident], ..FlowAdvanced::default() })
        }
        other => other,
    }
}

fn is_running(act: &Act<'_>) -> bool {
    act.case.process.status == flow::Status::Active
}

/// Runs the token machine until it rests: at tasks, timers, messages, or its end.
fn advance(act: &mut Act<'_>, input: flow::Input) -> Result<(), Refusal> {
    let mut requests = step(act, input)?;
    requests.reverse();
    for _ in 0..ACTS_MAX {
        let Some(request) = requests.pop() else { return Ok(()) };
        // Another path may have cancelled it meanwhile: what nobody waits for is not done.
        if act.case.process.instance(request.instance).is_none() {
            continue;
        }
        let variables = feel_context(acts::perform(act, &request)?);
        let further = step(act, flow::Input::ServiceDone { instance: request.instance, variables })?;
        requests.extend(further.into_iter().rev());
    }
    Err(Refusal::Process { element: act.matter.process.id().to_owned(), reason: "runs without rest".to_owned() })
}

/// One step: its delta and effects become one entry. Service tasks that it asks for are returned.
fn step(act: &mut Act<'_>, input: flow::Input) -> Result<Vec<acts::Request>, Refusal> {
    let matter = act.matter;
    let definition = &matter.process;
    let facts = Gathered::of(act.matter, &act.case, act.facts).context(act.matter);
    let step = flow::step(definition, &act.case.process, input, &flow::Scope::new(&facts))
        .map_err(|fault| Refusal::Process { element: definition.id().to_owned(), reason: fault.to_string() })?;
    let mut entry = FlowAdvanced { delta: step.delta, ..FlowAdvanced::default() };
    let mut requested = Vec::new();
    for effect in step.effects {
        match effect {
            flow::Effect::TaskOpened { instance, element, .. } => {
                entry.opened.push((instance, open_task(act, &element)?));
            }
            flow::Effect::TaskClosed { instance, cancelled: true, .. } => entry.closed.push(instance),
            flow::Effect::ServiceRequested { instance, element, .. } => {
                requested.push(acts::Request { instance, element: element.to_string() });
            }
            flow::Effect::TimerSet { instance, element, due } => {
                let now = act.facts.now.to_zoned(base::time::SHANGHAI.clone());
                let due_at = due.at(&now).ok_or_else(|| Refusal::Process {
                    element: element.to_string(),
                    reason: format!("no instant in {:?}", due.text),
                })?;
                entry.timers_set.push((instance, due_at.as_microsecond()));
            }
            flow::Effect::TimerCancelled { instance, .. } => entry.timers_gone.push(instance),
            flow::Effect::Incident { element, reason, .. } => entry.incidents.push(Incident {
                element: element.to_string(),
                code: reason.code().to_owned(),
                reason: reason.to_string(),
            }),
            _ => {}
        }
    }
    act.emit(entry)?;
    Ok(requested)
}

/// A user task as the matter declares it: its kind, the post of its lane, its own limit.
fn open_task(act: &Act<'_>, element: &str) -> Result<Task, Refusal> {
    let declared = act
        .matter
        .task(element)
        .ok_or_else(|| Refusal::Process { element: element.to_owned(), reason: "task is not declared".to_owned() })?;
    let step_due_on = act.matter.spec.limits.steps.get(element).and_then(|limit| {
        base::deadline::due(Start::On(act.today()), *limit, &[], &[], act.facts.calendar()).ok()?.due_on
    });
    let directory = &act.facts.catalog.directory;
    let organisation = match &declared.department {
        None => None,
        Some(department) => Some(directory.of(department, act.case.region).ok_or(Refusal::NotHandledHere)?),
    };
    Ok(Task {
        element: element.to_owned(),
        kind: declared.kind,
        post_kind: declared.post_kind.clone(),
        organisation: organisation.map(|found| found.code.to_string()),
        opened_at: act.facts.at(),
        step_due_on,
        claimed_by: None,
        asked_for: None,
    })
}

/// Runs the decision `checks` over form, materials and registers and records each row with what it read.
pub(super) fn evaluate(act: &mut Act<'_>) -> Result<BTreeMap<String, Value>, Refusal> {
    let evaluation = Gathered::of(act.matter, &act.case, act.facts).evaluate(act.matter);
    let count = |verdict| evaluation.checks.rows.iter().filter(|row| row.verdict == verdict).count();
    let variables = BTreeMap::from([
        ("checks_failed".to_owned(), json!(count(Verdict::Fail))),
        ("checks_undecided".to_owned(), json!(count(Verdict::Undecided))),
        ("exempt".to_owned(), json!(evaluation.exempt)),
    ]);
    let recorded = ChecksRecorded { on: act.today(), checks: evaluation.checks };
    if act.case.checks.as_ref() != Some(&recorded) {
        act.emit(recorded)?;
    }
    Ok(variables)
}

/// JSON values as FEEL values.
fn feel_context(values: impl IntoIterator<Item = (String, Value)>) -> Context {
    values.into_iter().map(|(name, value)| (name, flow::feel::Value::from(value))).collect()
}

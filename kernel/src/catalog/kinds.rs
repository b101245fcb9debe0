//! The rules of matter.md §1 about kinds of tasks and their outcomes.

use std::collections::BTreeSet;

use super::matter::{MatterSpec, OpenedBy, PauseKind, TaskKind, TaskSpec};
use super::problem::Findings;
use crate::form::is_snake_case;

/// Outcomes of a task that decides on the spot: it also tells once what lacks, and does not accept what is not this authority's (art. 32).
const ON_THE_SPOT: [&str; 4] = ["grant", "refuse", "supplement", "not_accepted"];

/// Every task has a kind that the matter allows, and the outcomes of its kind.
pub(super) fn fit(spec: &MatterSpec, findings: &mut Findings<'_>) {
    let of_kind = |kind| spec.tasks.iter().filter(move |(_, task)| task.kind == kind).count();
    if of_kind(TaskKind::Decide) == 0 {
        findings.error("tasks", "task-kinds", "no task decides");
    }
    let commits = spec.commitment.as_ref().is_some_and(|found| !found.conditions.is_empty() && !found.check.is_empty());
    if commits != (of_kind(TaskKind::LaterCheck) == 1) || commits != spec.commitment.is_some() {
        let message = "what is granted on commitment names its conditions and the limit of its check, and has one task later_check";
        findings.error("commitment", "commitment", message);
    }
    let opened = spec.opened_by == OpenedBy::Authority;
    if opened && spec.immediate {
        findings.error(
            "immediate",
            "task-kinds",
            "what the authority opens is not decided on the spot: the party is heard",
        );
    }
    match (spec.immediate || opened, of_kind(TaskKind::Accept)) {
        (true, 0) | (false, 1) => {}
        (true, _) => findings.error(
            "immediate",
            "task-kinds",
            "decided on the spot or opened by the authority: there is no accept task",
        ),
        (false, _) => findings.error("tasks", "task-kinds", "exactly one task accepts"),
    }
    let on_the_spot = |task: &TaskSpec| task.kind == TaskKind::Decide && task.outcomes.contains("supplement");
    if spec.immediate && !spec.tasks.iter().any(|(_, task)| on_the_spot(task)) {
        let message =
            format!("decided on the spot, one decide task also takes in: its outcomes are {}", ON_THE_SPOT.join(", "));
        findings.error("tasks", "outcomes", message);
    }
    for (id, task) in spec.tasks.iter() {
        let place = format!("tasks.{id}");
        let reserved: &[&str] = match task.kind {
            TaskKind::Accept => &["accepted", "supplement", "not_accepted"],
            TaskKind::Decide if spec.immediate && task.outcomes.contains("supplement") => &ON_THE_SPOT,
            // 行政许可法 art. 78: whoever hid the truth or gave false materials is refused, and barred for a time.
            TaskKind::Decide if spec.public_safety && task.outcomes.contains("refuse_false") => {
                &["grant", "refuse", "refuse_false"]
            }
            TaskKind::Decide => &["grant", "refuse"],
            TaskKind::LaterCheck => &["kept", "broken"],
            _ => &[],
        };
        let names: BTreeSet<&str> = task.outcomes.names().collect();
        if !reserved.is_empty() && names != reserved.iter().copied().collect() {
            let message = format!("the outcomes of this kind are {}", reserved.join(", "));
            findings.error(&place, "outcomes", message);
        }
        // A task is completed by an outcome, also one that is only read.
        if task.outcomes.is_empty() {
            findings.error(&place, "outcomes", "the task has no outcomes");
        }
        for name in names.iter().filter(|name| !is_snake_case(name)) {
            findings.error(&place, "outcomes", format!("the outcome {name} is not snake_case"));
        }
        // 行政许可法 art. 38(2): a refusal states its reasons.
        for name in ["refuse", "refuse_false", "not_accepted", "broken"] {
            if task.outcomes.get(name).is_some_and(|outcome| !outcome.reason) {
                findings.error(
                    &place,
                    "outcome-reason",
                    format!("the outcome {name} asks for a reason: a refusal states its reasons"),
                );
            }
        }
        if task.kind == TaskKind::ExpertReview && !spec.limits.pauses.contains(&PauseKind::ExpertReview) {
            findings.error(&place, "pauses", "an expert review task needs the pause expert_review among limits.pauses");
        }
    }
    if spec.limits.pauses.contains(&PauseKind::Hearing) {
        findings.error(
            "limits.pauses",
            "pauses",
            "any licence may need a hearing, and its appointment stops the clock: it is not declared",
        );
    }
}

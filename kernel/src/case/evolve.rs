//! State + entry → state. Nothing here chooses: an `if` about law or policy would mean that an event lacks a field.

use std::collections::BTreeMap;

use super::{
    Case, CaseSubmitted, Clocks, CountersignerAdded, DecisionMade, Due, Extended, FlowAdvanced, Material, Stage,
    Statement, Supplement, Task, TaskCompleted, TaskDone,
};
use crate::catalog::matter::TaskKind;
use crate::event::Event;

impl Case {
    /// A new case.
    pub(crate) fn begin(event: &CaseSubmitted, at: i64) -> Self {
        Self {
            id: event.case,
            number: event.number.clone(),
            matter: event.matter.clone(),
            catalog: event.catalog.clone(),
            organisation: event.organisation.clone(),
            region: event.region,
            channel: event.channel,
            applicant: event.applicant.clone(),
            title: event.title.clone(),
            stage: Stage::Submitted,
            received_at: at,
            form: event.form.clone(),
            sealed: event.sealed.clone(),
            materials: event.materials.clone(),
            clocks: Clocks {
                received_on: Some(event.received_on),
                accept_by: Some(event.accept_by),
                round: 1,
                ..Clocks::default()
            },
            supplement: None,
            process: flow::State::default(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            done: Vec::new(),
            checks: None,
            notices: Vec::new(),
            decision: None,
            forwarded: None,
            commitment: None,
            statement: None,
            result: None,
            delivery: None,
            hearing: None,
            incidents: Vec::new(),
        }
    }

    pub(crate) fn apply(&mut self, event: &Event, at: i64) -> Result<(), String> {
        match event {
            Event::FlowAdvanced(event) => self.advance(event),
            Event::ChecksEvaluated(event) => self.checks = Some(event.clone()),
            Event::TaskClaimed(event) => self.task_mut(event.task)?.claimed_by = Some(event.by.clone()),
            Event::TaskAssigned(event) => self.task_mut(event.task)?.claimed_by = Some(event.to.clone()),
            Event::TaskReleased(event) => self.task_mut(event.task)?.claimed_by = None,
            Event::CountersignerAdded(event) => self.add_countersigner(event, at),
            Event::CountersignerDropped(event) => {
                self.tasks.remove(&event.task).ok_or("no such task")?;
            }
            Event::TaskCompleted(event) => self.complete(event, at)?,
            Event::SupplementRequested(event) => {
                self.stage = Stage::SupplementAsked;
                self.supplement = Some(Supplement {
                    items: event.items.clone(),
                    asked_on: event.asked_on,
                    answered_on: None,
                    asked_by: event.by.clone(),
                });
            }
            Event::CaseSupplemented(event) => {
                self.stage = Stage::Submitted;
                self.clocks.received_on = Some(event.received_on);
                self.clocks.accept_by = Some(event.accept_by);
                self.clocks.round += 1;
                self.form.extend(event.form.clone());
                self.sealed.extend(event.sealed.clone());
                self.replace_materials(&event.materials);
                if let Some(supplement) = &mut self.supplement {
                    supplement.answered_on = Some(event.received_on);
                }
            }
            Event::CaseAccepted(event) => {
                self.stage = Stage::Accepted;
                self.clocks.accepted_on = Some(event.accepted_on);
                self.clocks.deemed = event.deemed;
                self.clocks.counted_from = Some(event.counted_from);
                self.set_dues(event.statutory, event.promised);
            }
            Event::CaseNotAccepted(_) => self.stage = Stage::NotAccepted,
            Event::ClockPaused(event) => {
                self.clocks.pauses.push(event.pause);
                self.clocks.expected_days = Some(event.expected_days);
            }
            Event::ClockResumed(event) => {
                let pause = self.clocks.pauses.last_mut().ok_or("no pause is open")?;
                pause.to = Some(event.until);
                self.clocks.moved += 1;
                self.set_dues(event.statutory, event.promised);
            }
            Event::ClockExtended(event) => {
                self.clocks.extension = Some(event.extension.clone());
                self.clocks.extended = Some(Extended {
                    by: event.approved_by.clone(),
                    reason: event.reason.clone(),
                    on: event.on,
                    before: self.clocks.statutory.map(|due| due.on),
                });
                self.clocks.moved += 1;
                self.set_dues(event.statutory, event.promised);
            }
            Event::DueRederived(event) => {
                self.clocks.accept_by = event.accept_by;
                self.clocks.hearing = event.hearing;
                self.clocks.moved += 1;
                self.set_dues(event.statutory, event.promised);
            }
            Event::HearingOffered(event) => self.hearing_mut().offered = Some(event.clone()),
            Event::HearingRequested(event) => {
                self.clocks.hearing = Some(event.hold_by);
                self.hearing_mut().requested = Some(event.clone());
            }
            Event::HearingDeclined(event) => {
                self.clocks.hearing = None;
                self.hearing_mut().declined = Some(event.clone());
            }
            Event::HearingAppointed(event) => self.hearing_mut().appointed = Some(event.clone()),
            Event::HearingHeld(event) => {
                self.clocks.hearing = None;
                self.hearing_mut().held = Some(event.clone());
            }
            Event::CaseForwarded(event) => self.apply_forwarded(event),
            Event::CaseWithdrawn(_) => self.stage = Stage::Withdrawn,
            Event::DecisionMade(event) => self.decide(event),
            Event::CheckOwed(event) => self.clocks.check_by = Some(event.check_by),
            Event::CommitmentChecked(event) => {
                self.clocks.check_by = None;
                self.commitment = Some(Box::new(event.clone()));
            }
            Event::NoticeIssued(event) => self.notices.push(event.notice.clone()),
            Event::NoticeRendered(event) => {
                let notice = self.notices.iter_mut().find(|notice| notice.number == event.number);
                notice.ok_or("no such document")?.pdf_hash = Some(event.pdf_hash.clone());
            }
            Event::CertificateIssued(event) => {
                self.result = Some(event.result.clone());
                self.notices.push(event.notice.clone());
            }
            Event::ResultDelivered(event) => {
                self.stage = Stage::Delivered;
                self.delivery = Some(event.clone());
            }
            Event::StatementInvited(event) => self.statement = Some(Statement::invited(event)),
            Event::StatementGiven(event) => {
                self.statement.as_mut().ok_or("nobody was invited")?.given = Some(event.clone());
            }
            _ => return Err("no arm".to_owned()),
        }
        Ok(())
    }

    fn advance(&mut self, event: &FlowAdvanced) {
        self.process.apply(&event.delta);
        for task in &event.closed {
            self.tasks.remove(task);
            // What it asked for is not needed any more.
            self.tasks.retain(|_, other| other.asked_for != Some(*task));
        }
        for timer in &event.timers_gone {
            self.timers.remove(timer);
        }
        self.timers.extend(event.timers_set.iter().copied());
        self.tasks.extend(event.opened.iter().cloned());
        self.incidents.extend(event.incidents.iter().cloned());
    }

    fn complete(&mut self, event: &TaskCompleted, at: i64) -> Result<(), String> {
        let task = self.tasks.remove(&event.task).ok_or("no such task")?;
        self.done.push(TaskDone {
            instance: event.task,
            element: task.element,
            kind: task.kind,
            organisation: task.organisation,
            by: event.by.clone(),
            outcome: event.outcome.clone(),
            opinion: event.opinion.clone(),
            at,
        });
        Ok(())
    }

    fn add_countersigner(&mut self, event: &CountersignerAdded, at: i64) {
        let task = Task {
            element: event.element.clone(),
            kind: TaskKind::Countersign,
            post_kind: event.post_kind.clone(),
            organisation: event.organisation.clone(),
            opened_at: at,
            step_due_on: None,
            claimed_by: Some(event.to.clone()),
            asked_for: Some(event.of),
        };
        self.tasks.insert(event.task, task);
    }

    fn decide(&mut self, event: &DecisionMade) {
        self.stage = if event.granted { Stage::Granted } else { Stage::Refused };
        self.clocks.deliver_by = Some(event.deliver_by);
        self.decision = Some(event.clone());
    }

    fn set_dues(&mut self, statutory: Option<Due>, promised: Option<Due>) {
        self.clocks.statutory = statutory;
        self.clocks.promised = promised;
    }

    fn replace_materials(&mut self, new: &[Material]) {
        self.materials.retain(|old| !new.iter().any(|material| material.code == old.code));
        self.materials.extend(new.iter().cloned());
    }

    fn task_mut(&mut self, task: u32) -> Result<&mut super::Task, String> {
        self.tasks.get_mut(&task).ok_or_else(|| format!("no task {task}"))
    }
}

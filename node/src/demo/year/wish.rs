//! What somebody wants of a case next, chosen by chance among all that moves a clock. The kernel may refuse it, as it may refuse anyone.

use std::collections::BTreeMap;

use base::id::AccountId;
use jiff::civil::Date;
use kernel::Facts;
use kernel::case::{
    Appointment, Case, CaseCommand, Complete, Officer, Places, Stage, SupplementAnswer, Task, earliest_hearing,
};
use kernel::catalog::Matter;
use kernel::catalog::matter::{DeliveryKind, MatterKind, TaskKind};
use serde_json::Map;
use service::Identity;
use service::apply::{DraftFile, handed_in};

use super::super::clock::Choices;
use super::super::people::Roster;

/// Opinion, reason, minutes, place: nobody reads them.
const WORDS: &str = "simulated";
const CASE_OFFICER: &str = "case-officer";
const HOST: &str = "countersign-officer";

/// What happens next.
pub(super) enum Wish {
    /// Somebody asks for this.
    Ask(Box<Identity>, CaseCommand),
    /// Nobody does anything for so many working days.
    Wait(u32),
    /// Nothing comes any more.
    End,
}

/// Who and what there is to choose from.
pub(super) struct Chooser<'a> {
    pub(super) case: &'a Case,
    pub(super) matter: &'a Matter,
    pub(super) roster: &'a Roster,
    pub(super) applicant: &'a Identity,
    pub(super) facts: &'a Facts,
    /// The paper that every material is.
    pub(super) paper: &'a DraftFile,
    /// A decision may go either way.
    pub(super) may_be_granted: bool,
    pub(super) chance: Choices,
}

impl Chooser<'_> {
    /// Chooses.
    pub(super) fn wish(&mut self) -> Wish {
        match self.case.stage {
            Stage::Submitted => self.submitted(),
            Stage::SupplementAsked => match self.chance.below(10) {
                0 => self.withdraw(),
                1..4 => Wish::Wait(2),
                _ => self.by_applicant(CaseCommand::Supplement(Box::new(self.supplement()))),
            },
            Stage::Accepted => self.accepted(),
            Stage::Granted | Stage::Refused if self.case.result.is_none() && self.chance.below(8) == 0 => {
                self.by_applicant(CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None })
            }
            _ => Wish::End,
        }
    }

    /// Everything that was asked for.
    fn supplement(&self) -> SupplementAnswer {
        let mut answer = SupplementAnswer { form: Map::new(), secrets: Vec::new(), materials: Vec::new() };
        let (places, mut entropy) = (Places::of(self.case.id, self.case.clocks.round + 1), self.facts.entropy.clone());
        for item in self.case.supplement.iter().flat_map(|asked| &asked.items) {
            let subject = self.case.applicant.subject;
            let (material, secrets) = handed_in(&places, subject, &item.target, self.paper, &mut entropy);
            answer.materials.push(material);
            answer.secrets.extend(secrets);
        }
        answer
    }

    fn submitted(&mut self) -> Wish {
        match self.chance.below(100) {
            0..8 => Wish::Wait(6),
            8..14 => Wish::Wait(3),
            14..26 if self.case.supplement.is_none() => self.ask_for_supplement(),
            26..29 => self.with_task(|_| Some("not_accepted".to_owned())),
            29..31 => self.withdraw(),
            31..37 => self.claim(),
            _ => self.do_task(),
        }
    }

    fn accepted(&mut self) -> Wish {
        if let Some(wish) = self.hearing() {
            return wish;
        }
        if self.case.clocks.paused().is_some() {
            return match self.chance.below(10) {
                0..6 => self.by(CASE_OFFICER, CaseCommand::Resume { until: self.facts.today }),
                _ if self.only_the_decision_is_left() => Wish::Wait(2),
                6..8 => Wish::Wait(2),
                _ => self.do_task(),
            };
        }
        let (spec, clocks) = (&self.matter.spec, &self.case.clocks);
        let may_extend = !spec.limits.extension.is_empty() && clocks.extension.is_none();
        let may_hear = spec.kind == MatterKind::Licence && !spec.immediate && self.case.hearing.is_none();
        match self.chance.below(100) {
            0..8 if !spec.limits.pauses.is_empty() => match self.chance.one(&spec.limits.pauses).copied() {
                Some(kind) => {
                    self.by(CASE_OFFICER, CaseCommand::Pause { kind, from: self.facts.today, expected_days: 5 })
                }
                None => self.do_task(),
            },
            8..12 if may_extend => self.extend(),
            12..16 if may_hear => self.by(CASE_OFFICER, CaseCommand::OfferHearing { interested: None }),
            16..21 => self.claim(),
            21..26 => self.assign(),
            26..28 => self.withdraw(),
            28..32 => Wish::Wait(4),
            _ => self.do_task(),
        }
    }

    /// The next step of a hearing that is under way.
    fn hearing(&mut self) -> Option<Wish> {
        let hearing = self.case.hearing.clone().filter(|found| found.held.is_none() && found.declined.is_none())?;
        let luck = self.chance.below(10);
        let party = Some(WORDS.to_owned());
        if let Some(appointed) = hearing.appointed {
            let day = jiff::Timestamp::from_microsecond(appointed.at).map(base::time::date).ok()?;
            let host = self.known(appointed.host.account);
            return Some(match host {
                Some(host) if day <= self.facts.today => {
                    Wish::Ask(Box::new(host), CaseCommand::HoldHearing { minutes: WORDS.to_owned() })
                }
                // Whoever was to preside has left: another is appointed.
                None => self.appoint(),
                Some(_) => Wish::Wait(self.working_days_until(day)),
            });
        }
        if hearing.requested.is_some() {
            return Some(if luck < 8 { self.appoint() } else { Wish::Wait(2) });
        }
        let request_by = hearing.offered?.request_by;
        if self.facts.today > request_by {
            return None;
        }
        Some(match luck {
            0..6 => self.by(CASE_OFFICER, CaseCommand::RequestHearing { party }),
            6..8 => self.by(CASE_OFFICER, CaseCommand::DeclineHearing { party }),
            _ => Wish::Wait(self.working_days_until(request_by) + 1),
        })
    }

    /// The decision waits for the end of a pause.
    fn only_the_decision_is_left(&self) -> bool {
        self.case.tasks.values().all(|task| task.kind == TaskKind::Decide)
    }

    fn appoint(&mut self) -> Wish {
        let (Some(host), Some(day)) = (self.one_of(HOST), earliest_hearing(self.facts)) else { return Wish::Wait(1) };
        let (Some(post), Some(at)) = (host.post(), base::time::instant(day.at(9, 0, 0, 0))) else { return Wish::End };
        let host = Officer { account: host.account(), post: post.id };
        self.by(CASE_OFFICER, CaseCommand::AppointHearing(Appointment { host, at, place: WORDS.to_owned() }))
    }

    fn working_days_until(&self, day: Date) -> u32 {
        self.facts.calendar().working_days_between(self.facts.today, day).max(1).unsigned_abs()
    }

    fn ask_for_supplement(&mut self) -> Wish {
        let Some(material) = self.matter.spec.materials.iter().find(|material| material.may_upload()) else {
            return self.do_task();
        };
        let items = vec![(material.code.clone(), WORDS.to_owned())];
        match self.with_task(|_| Some("supplement".to_owned())) {
            Wish::Ask(who, CaseCommand::Complete(complete)) => {
                Wish::Ask(who, CaseCommand::Complete(Box::new(Complete { items, ..*complete })))
            }
            other => other,
        }
    }

    /// One of the open tasks with the outcome that most often comes: forward, and in the end a decision either way.
    fn do_task(&mut self) -> Wish {
        let luck = self.chance.below(100);
        let (matter, may_be_granted) = (self.matter, self.may_be_granted);
        self.with_task(move |task| {
            let declared = &matter.task(&task.element)?.outcomes;
            let wanted = match task.kind {
                TaskKind::Decide if may_be_granted && luck < 60 => "grant",
                TaskKind::Decide => "refuse",
                TaskKind::Accept => "accepted",
                _ if luck < 6 => declared.names().last()?,
                _ => declared.names().next()?,
            };
            if declared.contains(wanted) { Some(wanted.to_owned()) } else { declared.names().next().map(str::to_owned) }
        })
    }

    fn open_task(&mut self) -> Option<(u32, Task)> {
        let open: Vec<(u32, Task)> = self.case.tasks.iter().map(|(id, task)| (*id, task.clone())).collect();
        self.chance.one(&open).cloned()
    }

    fn with_task(&mut self, outcome: impl FnOnce(&Task) -> Option<String>) -> Wish {
        let Some((id, task)) = self.open_task() else { return Wish::Wait(2) };
        let who = match &task.claimed_by {
            // One who may not do it any more hands it on.
            Some(held)
                if self.case.done.iter().any(|done| done.by.as_ref().is_some_and(|by| by.account == held.account)) =>
            {
                None
            }
            Some(held) => self.known(held.account),
            None => self.one_in(task.organisation_in(self.case), &task.post_kind),
        };
        // Who had it has left: the head gives it to another.
        let Some(who) = who else { return self.assign() };
        let Some(outcome) = outcome(&task) else { return Wish::Wait(1) };
        let complete = Complete {
            task: id,
            outcome,
            opinion: Some(WORDS.to_owned()),
            article: Some(WORDS.to_owned()),
            items: Vec::new(),
        };
        Wish::Ask(Box::new(who), CaseCommand::Complete(Box::new(complete)))
    }

    fn claim(&mut self) -> Wish {
        let Some((task, open)) = self.open_task() else { return Wish::Wait(1) };
        if open.claimed_by.is_some() {
            return self.do_task();
        }
        let place = open.organisation_in(self.case).to_owned();
        Self::asks(self.one_in(&place, &open.post_kind), CaseCommand::Claim { task })
    }

    fn assign(&mut self) -> Wish {
        let Some((task, open)) = self.open_task() else { return Wish::Wait(1) };
        let place = open.organisation_in(self.case).to_owned();
        let Some(to) = self.one_in(&place, &open.post_kind) else { return Wish::Wait(1) };
        let Some(post) = to.post() else { return Wish::Wait(1) };
        let to = Officer { account: to.account(), post: post.id };
        let head = if open.organisation.is_some() { "joint-head" } else { "division-head" };
        Self::asks(self.one_in(&place, head), CaseCommand::Assign { task, to, note: None })
    }

    pub(super) fn withdraw(&mut self) -> Wish {
        self.by_applicant(CaseCommand::Withdraw { reason: None })
    }

    fn by_applicant(&self, command: CaseCommand) -> Wish {
        Wish::Ask(Box::new(self.applicant.clone()), command)
    }

    fn by(&mut self, kind: &str, command: CaseCommand) -> Wish {
        Self::asks(self.one_of(kind), command)
    }

    fn asks(who: Option<Identity>, command: CaseCommand) -> Wish {
        who.map_or(Wish::Wait(1), |who| Wish::Ask(Box::new(who), command))
    }

    /// By whoever the matter's limit names: the head here, or somebody of the same region's government.
    fn extend(&mut self) -> Wish {
        let limits = self.case.limits(self.matter);
        let approver = limits.and_then(|limits| limits.extension).and_then(|extension| extension.approver.clone());
        let kind = approver.as_deref().unwrap_or("deputy-director");
        let region = self.case.region;
        let mut holders = self.roster.iter().filter(|((_, of), _)| of == kind).flat_map(|(_, all)| all);
        let who = holders.find(|who| who.post().is_some_and(|post| post.region == region)).cloned();
        Self::asks(who, CaseCommand::Extend { reason: WORDS.to_owned() })
    }

    /// One of those who hold such a post where the case is handled; who had a part already is seldom the one.
    fn one_of(&mut self, kind: &str) -> Option<Identity> {
        self.one_in(&self.case.organisation.clone(), kind)
    }

    fn one_in(&mut self, organisation: &str, kind: &str) -> Option<Identity> {
        let all = self.roster.get(&(organisation.to_owned(), kind.to_owned()))?;
        // Duties are kept apart: whoever had a part already is seldom the one.
        let had = |who: &&Identity| {
            self.case.done.iter().any(|done| done.by.as_ref().is_some_and(|by| by.account == who.account()))
        };
        let fresh: Vec<&Identity> = all.iter().filter(|who| !had(who)).collect();
        match self.chance.one(&fresh) {
            Some(who) => Some((*who).clone()),
            None => self.chance.one(all).cloned(),
        }
    }

    /// Whoever has this account, if they still hold a post here.
    fn known(&self, account: AccountId) -> Option<Identity> {
        let here = |((organisation, _), _): &(&(String, String), &Vec<Identity>)| {
            self.case.organisations().contains(organisation.as_str())
        };
        let roster: &BTreeMap<_, _> = self.roster;
        roster.iter().filter(here).flat_map(|(_, all)| all).find(|who| who.account() == account).cloned()
    }
}

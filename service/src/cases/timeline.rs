//! The timeline of a case: its entries in words, with who did each and the place in the journal.

use std::collections::BTreeMap;

use base::id::AccountId;
use jiff::Timestamp;
use journal::Actor;
use kernel::Event;
use kernel::case::{ADDED_FROM, Case, Notice, Officer, Task};
use kernel::catalog::{Catalog, Matter};
use kernel::directory::{CalendarLoaded, Post};
use kernel::form::Widget;
use kernel::message::{Medium, Occasion};
use store::EntryRow;
use web::words::Words;

use super::moves::{Announced, MoveShown};
use super::{DocumentShown, Happened, mask};
use crate::messages::queue::reason_words;
use crate::messages::template;
use crate::naming::{notice_name, of_opener, stage_name};
use crate::session::division_name;

/// What saying it takes: names by account, vault values by field.
pub(super) struct Telling<'a> {
    pub catalog: &'a Catalog,
    pub matter: &'a Matter,
    pub case: &'a Case,
    pub names: &'a BTreeMap<AccountId, (String, Vec<Post>)>,
    pub vault: &'a BTreeMap<String, String>,
    /// The notices that moved its deadlines.
    pub loads: &'a [(u64, CalendarLoaded)],
    pub words: Words,
}

/// The person who was given a task, or a hearing to preside over.
fn assigned_to(row: &EntryRow) -> Option<AccountId> {
    match Event::decode(row.entry.kind.as_str(), &row.entry.body) {
        Ok(Event::TaskAssigned(event)) => Some(event.to.account),
        Ok(Event::CountersignerAdded(event)) => Some(event.to.account),
        Ok(Event::HearingAppointed(event)) => Some(event.host.account),
        _ => None,
    }
}

/// The accounts that acted in these entries, and those who were given something in them.
pub(super) fn accounts<'a>(entries: impl Iterator<Item = &'a EntryRow> + Clone) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = entries
        .clone()
        .filter_map(|row| match &row.entry.actor {
            Actor::Officer { account, .. } | Actor::Applicant { account, .. } => {
                Some(AccountId::from_uuid(uuid::Uuid::from_bytes(account.0)))
            }
            Actor::System { .. } => None,
        })
        .chain(entries.filter_map(assigned_to))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

impl Telling<'_> {
    /// Entries as a person reads them, one item an act; what only moves the process is left out.
    pub(super) fn tell(&self, entries: &[&EntryRow]) -> Vec<Happened> {
        // Task instance → BPMN element, as the process opened them.
        let mut elements: BTreeMap<u32, String> = BTreeMap::new();
        let mut told: Vec<Happened> = Vec::new();
        let mut announced = Announced::new(self.loads, self.words);
        let mut before: Option<&EntryRow> = None;
        let mut act_is_told = false;
        for row in entries.iter().copied() {
            act_is_told &= before.is_some_and(|before| is_same_act(before, row));
            before = Some(row);
            let Ok(event) = Event::decode(row.entry.kind.as_str(), &row.entry.body) else { continue };
            if let Event::FlowAdvanced(moved) = &event {
                elements.extend(moved.opened.iter().map(|(task, open)| (*task, open.element.clone())));
                continue;
            }
            if let Event::CountersignerAdded(added) = &event {
                elements.insert(added.task, added.element.clone());
            }
            let mut happened = self.happened(row, &event, &elements);
            if let Some(MoveShown { lines, why, .. }) = announced.note(row, &event) {
                happened.details.extend(lines.into_iter().chain(Some(why).filter(|why| !why.is_empty())));
            }
            match told.last_mut().filter(|_| act_is_told) {
                Some(act) => absorb(act, happened),
                None => told.push(happened),
            }
            act_is_told = true;
        }
        told
    }

    fn happened(&self, row: &EntryRow, event: &Event, elements: &BTreeMap<u32, String>) -> Happened {
        let words = self.words;
        let kind = row.entry.kind.name();
        let mut happened = Happened {
            kind: row.entry.kind.as_str().to_owned(),
            title: of_opener(&format!("event-{kind}"), self.matter.spec.opened_by, words),
            at: when(row.entry.at, words),
            who: self.who(&row.entry.actor),
            details: Vec::new(),
            opinion: String::new(),
            documents: Vec::new(),
            entries: vec![row.sequence],
        };
        let mut detail = String::new();
        if let Event::CountersignerAdded(added) = event {
            detail =
                words.t2("detail-assigned", "step", self.task_name(&added.element), "name", self.officer(&added.to));
            happened.opinion = self.opened_some(added.question.as_ref());
        }
        let task_name = |task: u32| elements.get(&task).map(|element| self.task_name(element)).unwrap_or_default();
        match event {
            Event::TaskClaimed(event) => detail = task_name(event.task),
            Event::TaskAssigned(event) => {
                detail = words.t2("detail-assigned", "step", task_name(event.task), "name", self.officer(&event.to));
                happened.opinion = self.opened_some(event.note.as_ref());
            }
            Event::TaskReleased(event) => detail = task_name(event.task),
            Event::TaskCompleted(event) if event.task >= ADDED_FROM => {
                happened.title = words.t1("added-for", "step", task_name(event.task));
                detail = words.t(&format!("added-{}", event.outcome));
                happened.opinion = self.opened_some(event.opinion.as_ref());
            }
            Event::CountersignerDropped(event) => detail = task_name(event.task),
            Event::TaskCompleted(event) => {
                happened.title = task_name(event.task);
                let outcome = elements.get(&event.task).and_then(|element| self.matter.task(element));
                let outcome = outcome.and_then(|task| task.outcomes.get(&event.outcome));
                detail = outcome
                    .map_or_else(|| words.t("outcome-closed"), |outcome| outcome.text.get(words.lang.tag()).to_owned());
                if let Some(article) = &event.article {
                    detail = words.t2("detail-article", "text", detail, "article", article);
                }
                happened.opinion = self.opened(event.opinion.as_ref());
            }
            Event::ChecksEvaluated(event) => {
                let passed = event.checks.rows.iter().filter(|row| row.verdict == kernel::rules::Verdict::Pass).count();
                detail = words.t2("detail-checks", "passed", passed, "all", event.checks.rows.len());
            }
            Event::SupplementRequested(event) => {
                detail = words.t1("detail-items", "count", event.items.len());
            }
            Event::CaseAccepted(event) if event.deemed => detail = words.t("detail-deemed"),
            Event::CaseNotAccepted(event) => happened.opinion = self.opened(Some(&event.reason)),
            Event::ClockPaused(event) => {
                detail = words.t(&format!("pause-{}", event.pause.kind.key()));
            }
            Event::CheckOwed(event) => detail = words.t1("detail-check-by", "date", words.date(event.check_by.on)),
            Event::CommitmentChecked(event) => {
                detail = words.t(if event.kept { "detail-commitment-kept" } else { "detail-commitment-broken" });
                happened.opinion = self.opened_some(event.findings.as_ref());
            }
            Event::CaseForwarded(event) => {
                detail = words.t2(
                    "detail-forwarded",
                    "from",
                    self.organisation(&event.from),
                    "to",
                    self.organisation(&event.to),
                );
            }
            Event::ClockExtended(event) => happened.opinion = self.opened(Some(&event.reason)),
            Event::HearingOffered(event) => {
                detail = words.t1("detail-request-by", "date", words.date(event.request_by));
                happened.opinion = self.opened_some(event.interested.as_ref());
            }
            Event::HearingRequested(event) => {
                detail = words.t1("detail-hold-by", "date", words.date(event.hold_by.on));
                happened.opinion = self.opened_some(event.party.as_ref());
            }
            Event::HearingDeclined(event) => happened.opinion = self.opened_some(event.party.as_ref()),
            Event::HearingAppointed(event) => {
                detail = words.t2("detail-appointed", "at", when(event.at, words), "host", self.officer(&event.host));
                happened.opinion = self.opened(Some(&event.place));
            }
            Event::StatementInvited(event) => {
                detail = words.t1("detail-statement-until", "date", words.date(event.until));
            }
            Event::StatementGiven(event) => {
                detail = event.taken_by.as_ref().map(|_| words.t("detail-statement-taken")).unwrap_or_default();
                happened.opinion = self.opened(Some(&event.words));
            }
            Event::HearingHeld(event) => happened.opinion = self.opened(Some(&event.minutes)),
            Event::CaseWithdrawn(event) => happened.opinion = self.opened(event.reason.as_ref()),
            Event::DecisionMade(event) => {
                detail = stage_name(if event.granted { "granted" } else { "refused" }, self.matter.spec.kind, words);
            }
            Event::MessageDelivered(event) => {
                detail = self.message(event.occasion, event.medium);
                if !event.receipt.is_empty() {
                    detail = words.t2("detail-proof", "text", detail, "proof", &event.receipt);
                }
            }
            Event::MessageFailed(event) => {
                detail = words.t2(
                    "detail-not-told",
                    "message",
                    self.message(event.occasion, event.medium),
                    "reason",
                    reason_words(&event.reason, words),
                );
            }
            Event::NoticeIssued(event) => happened.documents.push(document(&event.notice, self.matter, words)),
            Event::CertificateIssued(event) => happened.documents.push(document(&event.notice, self.matter, words)),
            _ => {}
        }
        happened.details.extend(Some(detail).filter(|detail| !detail.is_empty()));
        happened
    }

    fn opened(&self, commitment: Option<&journal::Commitment>) -> String {
        let Some(commitment) = commitment else { return String::new() };
        self.vault.get(&commitment.field).cloned().unwrap_or_else(|| self.words.t("value-erased"))
    }

    /// Nothing when nothing was written.
    pub(super) fn opened_some(&self, commitment: Option<&journal::Commitment>) -> String {
        commitment.map(|written| self.opened(Some(written))).unwrap_or_default()
    }

    /// What a message told of, and how it travelled.
    fn message(&self, occasion: Occasion, medium: Medium) -> String {
        let what = format!("message-{}", template(occasion, self.case.channel));
        let how = format!("message-by-{}", medium.as_str());
        self.words.t2("detail-told", "what", self.words.t(&what), "how", self.words.t(&how))
    }

    /// An open task: the step of the process, or an opinion that a step asked for.
    pub(super) fn open_name(&self, open: &Task) -> String {
        let step = self.task_name(&open.element);
        if open.asked_for.is_some() { self.words.t1("added-for", "step", step) } else { step }
    }

    fn task_name(&self, element: &str) -> String {
        match self.matter.task(element) {
            Some(task) => task.name.get(self.words.lang.tag()).to_owned(),
            None => element.to_owned(),
        }
    }

    fn who(&self, actor: &Actor) -> String {
        match actor {
            Actor::System { .. } => self.words.t("who-system"),
            Actor::Applicant { account, .. } => {
                let account = AccountId::from_uuid(uuid::Uuid::from_bytes(account.0));
                // Personal, and so shown in part, as in the form (个人信息保护法 art. 6).
                let name = self.names.get(&account).map(|(name, _)| mask(Widget::Text, name)).unwrap_or_default();
                if self.case.applicant.name.is_empty() {
                    name
                } else {
                    self.words.t2("who-for", "organisation", &self.case.applicant.name, "name", name)
                }
            }
            Actor::Officer { account, post, .. } => {
                let account = AccountId::from_uuid(uuid::Uuid::from_bytes(account.0));
                let by = Officer { account, post: base::id::PostId::from_uuid(uuid::Uuid::from_bytes(post.0)) };
                self.officer(&by)
            }
        }
    }

    /// An organisation's name in lists.
    pub(super) fn organisation(&self, code: &str) -> String {
        let listed = self.catalog.directory.organisations.iter().find(|found| found.code.as_str() == code);
        listed.map_or_else(|| code.to_owned(), |found| found.short_name.clone())
    }

    /// A person with the post they acted as.
    pub(super) fn officer(&self, by: &Officer) -> String {
        let Some((name, posts)) = self.names.get(&by.account) else { return self.words.t("value-erased") };
        let Some(post) = posts.iter().find(|post| post.id == by.post) else { return name.clone() };
        let kind = self.catalog.post_kinds.get(&post.kind).map(|kind| kind.name.get(self.words.lang.tag()));
        let place = division_name(self.catalog, post).or_else(|| kind.map(str::to_owned)).unwrap_or_default();
        let is_elsewhere = post.organisation != self.case.organisation;
        let place = if is_elsewhere { format!("{} {place}", self.organisation(&post.organisation)) } else { place };
        self.words.t2("who-officer", "name", name, "place", place)
    }
}

/// Entries of one command: the writer gives them one sequence after the other, a microsecond apart.
fn is_same_act(before: &EntryRow, row: &EntryRow) -> bool {
    let is_of_one_stream = row.stream == before.stream && !row.stream.starts_with("messages/");
    is_of_one_stream
        && row.sequence == before.sequence + 1
        && row.entry.at == before.entry.at + 1
        && row.entry.actor == before.entry.actor
}

/// Adds what the same act did besides. Taking a task and finishing it at once is finishing it.
fn absorb(act: &mut Happened, more: Happened) {
    act.entries.extend(more.entries);
    act.documents.extend(more.documents);
    if act.opinion.is_empty() {
        act.opinion = more.opinion;
    }
    if act.kind.starts_with("task-claimed@") {
        (act.kind, act.title, act.details) = (more.kind, more.title, more.details);
    } else {
        for detail in more.details {
            if !act.details.contains(&detail) {
                act.details.push(detail);
            }
        }
    }
}

/// A document in words.
pub(super) fn document(notice: &Notice, matter: &Matter, words: Words) -> DocumentShown {
    DocumentShown {
        kind: notice.kind.name().to_owned(),
        name: notice_name(matter, notice.kind, words),
        number: notice.number.clone(),
        code: notice.code.clone(),
        issued_on: words.date(notice.issued_on),
        pdf_hash: notice.pdf_hash.clone(),
    }
}

/// An instant of the journal in Asia/Shanghai.
pub(crate) fn when(microseconds: i64, words: Words) -> String {
    let at = Timestamp::from_microsecond(microseconds);
    at.map_or_else(|_| String::new(), |at| words.date_time(base::time::civil(at)))
}

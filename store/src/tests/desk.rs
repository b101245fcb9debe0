//! Bureaus at work over a store under test: cases as the kernel makes them, with facts that the writer checks again.

use std::sync::atomic::{AtomicUsize, Ordering};

use ::journal::Actor;
use base::id::{CaseId, SubjectId};
use jiff::Timestamp;
use kernel::case::{Case, CaseCommand, form_pointer};
use kernel::catalog::TargetClass;
use kernel::policy::Scope;
use kernel::reminder::ReminderSent;
use kernel::{Command, Facts, State, StreamId};
use serde_json::{Map, Value as Json};
use testkit::bureau::{self, Bureau, STEPS, Wish};

use super::acts::join_all;
use super::world::{World, system};
use crate::{Receipt, Store, Submission, SubmitError};

/// Applicants with an account.
pub(super) const APPLICANTS: u8 = 4;

/// Two bureaus of different counties over one store, or over several processes that share its database.
pub(super) struct Desk<'w> {
    pub(super) world: &'w World,
    /// Those who ask take them in turn.
    stores: Vec<Store>,
    turn: AtomicUsize,
    /// 正定县.
    pub(super) county: Bureau,
    /// 桥西区, of the same city.
    pub(super) other: Bureau,
}

/// What the `n`th of them applies for, with a site manager of its own.
pub(super) fn wish(n: usize) -> Wish {
    Wish {
        applicant: (n % usize::from(APPLICANTS)) as u8,
        project: format!("示例家园{n}号住宅楼"),
        manager: format!("1301021988{n:08}"),
        without: Vec::new(),
    }
}

impl<'w> Desk<'w> {
    /// The bureaus, their officers, the applicants and the registers.
    pub(super) async fn open(world: &'w World) -> Self {
        let (county, other) = (Bureau::of("130123"), Bureau::of("130104"));
        let mut commands = [county.opening(), other.opening(), bureau::records()].concat();
        commands.extend((0..APPLICANTS).map(bureau::open_applicant));
        for answer in join_all(commands.into_iter().map(|command| world.submit(command))).await {
            answer.unwrap();
        }
        Self { world, stores: vec![world.store.clone()], turn: AtomicUsize::new(0), county, other }
    }

    /// The same with another process beside, where the database can be shared.
    pub(super) async fn open_shared(world: &'w World) -> Self {
        let mut desk = Self::open(world).await;
        desk.stores.extend(tokio::task::block_in_place(|| world.beside()));
        desk
    }

    async fn submit(
        &self,
        case: CaseId,
        command: CaseCommand,
        actor: Actor,
        facts: Facts,
    ) -> Result<Receipt, SubmitError> {
        let command = Command::Case { case, command };
        self.send(Submission { command, actor, facts, key: None, entered_at: None }).await
    }

    async fn send(&self, submission: Submission) -> Result<Receipt, SubmitError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.stores[turn % self.stores.len()].submit(submission).await
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.world.now()).unwrap()
    }

    /// Hands in an application.
    pub(super) async fn try_apply(&self, bureau: &Bureau, wish: &Wish) -> Result<(CaseId, Receipt), SubmitError> {
        let (case, now) = (self.world.case(), self.now());
        let facts = bureau.facts_for(wish, now, self.world.entropy());
        let actor = bureau::as_applicant(wish.applicant);
        Ok((case, self.submit(case, bureau.application(case, wish), actor, facts).await?))
    }

    pub(super) async fn apply(&self, bureau: &Bureau, wish: &Wish) -> CaseId {
        self.try_apply(bureau, wish).await.unwrap().0
    }

    /// Any command on a case.
    pub(super) async fn act(
        &self,
        bureau: &Bureau,
        case: CaseId,
        actor: Actor,
        command: CaseCommand,
    ) -> Result<Receipt, SubmitError> {
        let state = self.case(case).await;
        let facts = bureau.facts_on(&state, self.personal(&state).await, self.now(), self.world.entropy());
        self.submit(case, command, actor, facts).await
    }

    /// The personal fields of a case, as the vault has them.
    async fn personal(&self, case: &Case) -> Map<String, Json> {
        let subject = case.applicant.subject;
        let wanted: Vec<(SubjectId, String)> = case.sealed.iter().map(|one| (subject, one.field.clone())).collect();
        let fields: Vec<String> = wanted.iter().map(|(_, field)| field.clone()).collect();
        let opened = self.world.store.read(move |reader| reader.open(&wanted)).await.unwrap();
        let values = fields.iter().zip(opened);
        values
            .filter_map(|(field, opened)| Some((form_pointer(field)?.to_owned(), Json::from(opened.value()?))))
            .collect()
    }

    /// One of the usual steps.
    pub(super) async fn step(&self, bureau: &Bureau, case: CaseId, step: usize) -> Result<Receipt, SubmitError> {
        let (element, kind, outcome) = STEPS[step];
        let command = bureau::complete(&self.case(case).await, element, outcome);
        self.act(bureau, case, bureau.officer(kind), command).await
    }

    /// The first so many of the usual steps: 1 = accepted, 3 = before the decision, 4 = granted.
    pub(super) async fn advance(&self, bureau: &Bureau, case: CaseId, steps: usize) {
        for step in 0..steps {
            self.step(bureau, case, step).await.unwrap();
        }
    }

    /// Records reminders that went out.
    pub(super) async fn remind(&self, case: CaseId, sent: Vec<ReminderSent>) -> Result<Receipt, SubmitError> {
        self.send(self.world.submission(Command::Remind { case, sent })).await
    }

    /// Something that no person asks for.
    pub(super) async fn by_system(
        &self,
        bureau: &Bureau,
        case: CaseId,
        command: CaseCommand,
    ) -> Result<Receipt, SubmitError> {
        self.act(bureau, case, system(), command).await
    }

    pub(super) async fn case(&self, case: CaseId) -> Case {
        let stream = StreamId::case(case);
        match self.world.store.read(move |reader| reader.state(&stream)).await.unwrap() {
            Some((_, State::Case(case))) => *case,
            other => panic!("no case: {other:?}"),
        }
    }

    /// What a post may see of cases, as grants.csv says.
    pub(super) fn scope(&self, bureau: &Bureau, kind: &str) -> Scope {
        let grants = &testkit::world::catalog().grants;
        Scope::of_post(grants, &bureau.post_of(kind), "case.read", TargetClass::Matter)
    }
}

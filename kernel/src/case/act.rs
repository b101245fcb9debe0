//! One act on a case while it is being decided: the case as it would become, the entries so far, and what else must be committed with them.

use base::id::{AccountId, CaseId};
use base::region::RegionCode;
use jiff::civil::Date;
use journal::{Actor, Commitment};

use super::paper::Numbers;
use super::{Case, CaseCommand, Officer};
use crate::catalog::{Matter, TargetClass};
use crate::change::{Decision, Job, Outgoing, StreamDecision};
use crate::command::{Loaded, account_id};
use crate::directory::{self, Account, Organisation, Post, account_state};
use crate::event::Event;
use crate::facts::Facts;
use crate::message;
use crate::policy;
use crate::refusal::Refusal;
use crate::sealed::{Entropy, Secret};
use crate::state::State;
use crate::stream::StreamId;

/// Characters that an opinion, a reason or a line of a supplement notice may have.
const TEXT_CHARACTERS_MAX: usize = 2000;

/// A command's surroundings: which case, who asks, the states loaded and the facts gathered.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) case: CaseId,
    pub(crate) actor: &'a Actor,
    pub(crate) loaded: &'a Loaded,
    pub(crate) facts: &'a Facts,
}

impl<'a> Ask<'a> {
    /// What no person asks for: only the system's own jobs may.
    pub(crate) fn by_system(self, command: &CaseCommand) -> Result<Self, Refusal> {
        match self.actor {
            Actor::System { .. } => Ok(self),
            _ => Err(Refusal::Forbidden { action: command.name().to_owned() }),
        }
    }

    pub(crate) fn matter(self) -> Result<&'a Matter, Refusal> {
        self.facts.matter.as_deref().ok_or(Refusal::NotFound)
    }
}

#[derive(Clone)]
pub(crate) struct Act<'a> {
    pub(crate) ask: Ask<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) matter: &'a Matter,
    pub(crate) case: Case,
    before: Option<State>,
    version: u64,
    events: Vec<Event>,
    entropy: Entropy,
    secrets: Vec<Secret>,
    pub(crate) numbers: Numbers<'a>,
    outbox: Vec<Job>,
    others: Vec<StreamDecision>,
}

impl<'a> Act<'a> {
    /// On a case that exists.
    pub(crate) fn on(ask: Ask<'a>) -> Result<Self, Refusal> {
        let (version, state) = ask.loaded.get(&StreamId::case(ask.case)).ok_or(Refusal::NotFound)?;
        let case = state.as_case().ok_or(Refusal::NotFound)?;
        Ok(Self {
            case: case.clone(),
            before: Some(state.clone()),
            version: *version,
            events: Vec::new(),
            ..Self::new(ask, case.clone())?
        })
    }

    /// On a case that begins with this event.
    pub(crate) fn begin(
        ask: Ask<'a>,
        event: super::CaseSubmitted,
        secrets: Vec<Secret>,
        numbers: Numbers<'a>,
    ) -> Result<Self, Refusal> {
        let case = Case::begin(&event, ask.facts.at());
        Ok(Self { events: vec![event.into()], secrets, numbers, ..Self::new(ask, case)? })
    }

    fn new(ask: Ask<'a>, case: Case) -> Result<Self, Refusal> {
        Ok(Self {
            ask,
            facts: ask.facts,
            matter: ask.matter()?,
            case,
            before: None,
            version: 0,
            events: Vec::new(),
            entropy: ask.facts.entropy.clone(),
            secrets: Vec::new(),
            numbers: Numbers::new(ask.facts),
            outbox: Vec::new(),
            others: Vec::new(),
        })
    }

    /// Adds an entry and applies it, so that what follows sees the case as it will be.
    pub(crate) fn emit(&mut self, event: impl Into<Event>) -> Result<(), Refusal> {
        let event = event.into();
        self.case
            .apply(&event, self.facts.at())
            .map_err(|reason| Refusal::Process { element: event.kind().to_owned(), reason })?;
        self.events.push(event);
        Ok(())
    }

    /// Everything to be committed, with the answer to the caller.
    pub(crate) fn finish(self, reply: serde_json::Value) -> Decision {
        let stream = StreamId::case(self.case.id);
        let messages = message::owed(&self.case, &self.events, self.facts);
        let outgoing = |job| Outgoing { stream: stream.clone(), organisation: self.case.organisation.clone(), job };
        let outbox = self.outbox.into_iter().chain(messages).map(outgoing).collect();
        let mut streams = self.others;
        if !self.events.is_empty() {
            streams.insert(
                0,
                StreamDecision {
                    stream,
                    expected_version: self.version,
                    events: self.events,
                    before: self.before,
                    state: State::Case(Box::new(self.case)),
                },
            );
        }
        Decision { streams, numbers: self.numbers.taken, secrets: self.secrets, outbox, reply }
    }

    pub(crate) fn today(&self) -> Date {
        self.facts.today
    }

    pub(crate) fn organisation(&self) -> Result<&'a Organisation, Refusal> {
        // A case that was forwarded meanwhile is another's to number and sign.
        let handling = self.facts.organisation.as_ref();
        handling.filter(|handling| handling.code == self.case.organisation).ok_or(Refusal::NotHandledHere)
    }

    /// A fresh verification code.
    pub(crate) fn code(&mut self) -> String {
        self.entropy.code()
    }

    /// Seals a text for the vault under the applicant's key. `what` is unique within the case.
    pub(crate) fn seal(&mut self, what: &str, text: &str) -> Result<Commitment, Refusal> {
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            return Err(Refusal::TextTooLong { max: TEXT_CHARACTERS_MAX });
        }
        let field = format!("case/{}/{what}/{}", self.case.id, self.version as usize + self.events.len());
        Ok(self.seal_named(field, text.to_owned()))
    }

    /// Seals a value under its full name in the vault.
    pub(crate) fn seal_named(&mut self, field: String, value: String) -> Commitment {
        let secret = Secret { subject: self.case.applicant.subject, field, salt: self.entropy.bytes16(), value };
        let commitment = secret.commitment();
        self.secrets.push(secret);
        commitment
    }

    /// Seals a text if there is one.
    pub(crate) fn seal_some(&mut self, what: &str, text: Option<&str>) -> Result<Option<Commitment>, Refusal> {
        match text.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => self.seal(what, text).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps values that came with the command for the vault.
    pub(crate) fn keep(&mut self, secrets: &[Secret]) {
        self.secrets.extend_from_slice(secrets);
    }

    /// Queues work for after the commit.
    pub(crate) fn queue(&mut self, job: Job) {
        self.outbox.push(job);
    }

    /// Adds a stream to the same commit.
    pub(crate) fn also(&mut self, other: StreamDecision) {
        self.others.push(other);
    }

    /// The officer behind the command: account enabled, post held today, and granted this action on the case.
    pub(crate) fn officer(&self, action: &str) -> Result<(Officer, &'a Post), Refusal> {
        self.officer_of(&self.case.organisation, action)
    }

    /// The same for a part of the case that is an organisation's own: another department's task.
    pub(crate) fn officer_of(&self, organisation: &str, action: &str) -> Result<(Officer, &'a Post), Refusal> {
        let (account, post) = acting_post(self.ask)?;
        let object = matter_object(self.matter, organisation, self.case.region);
        if !policy::allows(&self.facts.catalog.grants, post, action, &object) {
            return Err(Refusal::Forbidden { action: action.to_owned() });
        }
        Ok((Officer { account: account.id, post: post.id }, post))
    }

    /// The account that owns the case, granted this action.
    pub(crate) fn applicant(&self, action: &str) -> Result<AccountId, Refusal> {
        let account = applicant_account(self.ask)?;
        if self.case.applicant.account != Some(account.id) {
            return Err(Refusal::NotFound);
        }
        let object = matter_object(self.matter, &self.case.organisation, self.case.region);
        if policy::allows_applicant(&self.facts.catalog.grants, account, action, &object) {
            Ok(account.id)
        } else {
            Err(Refusal::Forbidden { action: action.to_owned() })
        }
    }
}

/// A case of a matter, as policy sees it.
pub(crate) fn matter_object<'a>(matter: &'a Matter, organisation: &'a str, region: RegionCode) -> policy::Object<'a> {
    policy::Object {
        class: TargetClass::Matter,
        name: matter.code().as_str(),
        immediate: matter.spec.immediate,
        organisation,
        region,
    }
}

/// The applicant's account behind a command.
pub(crate) fn applicant_account(ask: Ask<'_>) -> Result<&Account, Refusal> {
    let Actor::Applicant { account, .. } = ask.actor else { return Err(Refusal::NotApplicant) };
    account_state(account_id(*account), ask.loaded).filter(|account| !account.disabled).ok_or(Refusal::PostNotHeld)
}

/// The officer's account and the post it acts as today.
pub(crate) fn acting_post(ask: Ask<'_>) -> Result<(&Account, &Post), Refusal> {
    directory::acting_post(ask.actor, ask.loaded, ask.facts.today)
}

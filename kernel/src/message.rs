//! Messages: what a person is told outside the application, by e-mail or SMS, and the proof of it.
//!
//! A message is work of the outbox, queued in the commit of the act that it tells of ([`owed`]); it names an account, an occasion and a case,
//! never a value of a person. What became of it is an entry in a stream beside the case, so that it never makes an open page stale.

use std::collections::{BTreeMap, BTreeSet};

use base::deadline::PauseKind;
use base::id::{AccountId, CaseId};
use base::region::RegionCode;
use journal::Actor;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Officer};
use crate::catalog::TargetClass;
use crate::change::{Decision, Job, Outgoing, StreamDecision};
use crate::command::Loaded;
use crate::directory::acting_post;
use crate::event::Event;
use crate::facts::Facts;
use crate::policy::{self, Object};
use crate::projection::{DeadLetterRow, Rows};
use crate::refusal::Refusal;
use crate::state::State;
use crate::stream::StreamId;

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// E-mail (电子邮件).
    Email,
    /// Short message (短信).
    Sms,
}

impl Medium {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// Its word in the outbox, the interface and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// What a message tells of; its words are a template of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// Something is missing (补正).
    SupplementAsked,
    /// Accepted (受理), also by silence.
    Accepted,
    /// Not accepted (不予受理).
    NotAccepted,
    /// The clock stands still (停表).
    Paused,
    /// It runs again.
    Resumed,
    /// The limit was extended (延长).
    Extended,
    /// The right to a hearing can be used (告知听证).
    HearingOffered,
    /// A hearing is appointed (听证通知).
    HearingAppointed,
    /// One may state one's case before the authority decides of its own motion (陈述、申辩).
    StatementInvited,
    /// Reviewed below and sent to the level that decides (转报).
    Forwarded,
    /// Limits were counted again after a year's notice.
    Moved,
    /// Granted (准予).
    Granted,
    /// Refused (不予许可).
    Refused,
    /// What was granted on commitment was checked (承诺核查).
    CommitmentChecked,
    /// The certificate is made and can be fetched.
    Ready,
    /// To whoever handles it: a limit is nearly over.
    NearlyDue,
    /// To whoever handles it: a limit is over.
    Overdue,
}

impl Occasion {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::SupplementAsked,
        Self::Accepted,
        Self::NotAccepted,
        Self::Paused,
        Self::Resumed,
        Self::Extended,
        Self::HearingOffered,
        Self::HearingAppointed,
        Self::StatementInvited,
        Self::Forwarded,
        Self::Moved,
        Self::Granted,
        Self::Refused,
        Self::CommitmentChecked,
        Self::Ready,
        Self::NearlyDue,
        Self::Overdue,
    ];

    /// Its word in message keys and the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SupplementAsked => "supplement-asked",
            Self::Accepted => "accepted",
            Self::NotAccepted => "not-accepted",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Extended => "extended",
            Self::HearingOffered => "hearing-offered",
            Self::HearingAppointed => "hearing-appointed",
            Self::StatementInvited => "statement-invited",
            Self::Forwarded => "forwarded",
            Self::Moved => "moved",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::CommitmentChecked => "commitment-checked",
            Self::Ready => "ready",
            Self::NearlyDue => "nearly-due",
            Self::Overdue => "overdue",
        }
    }

    /// It goes to an officer, not to who applied.
    pub fn is_for_officers(self) -> bool {
        matches!(self, Self::NearlyDue | Self::Overdue)
    }

    /// What the applicant must hear of an event of their case.
    fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::SupplementRequested(_) => Self::SupplementAsked,
            Event::CaseAccepted(_) => Self::Accepted,
            Event::CaseNotAccepted(_) => Self::NotAccepted,
            // The appointment of a hearing says it already.
            Event::ClockPaused(event) if event.pause.kind == PauseKind::Hearing => return None,
            Event::ClockPaused(_) => Self::Paused,
            Event::ClockResumed(_) => Self::Resumed,
            Event::ClockExtended(_) => Self::Extended,
            Event::HearingOffered(_) => Self::HearingOffered,
            Event::HearingAppointed(_) => Self::HearingAppointed,
            Event::StatementInvited(_) => Self::StatementInvited,
            Event::CaseForwarded(_) => Self::Forwarded,
            Event::DueRederived(_) => Self::Moved,
            Event::DecisionMade(event) if event.granted => Self::Granted,
            Event::DecisionMade(_) => Self::Refused,
            Event::CommitmentChecked(_) => Self::CommitmentChecked,
            Event::CertificateIssued(_) => Self::Ready,
            _ => return None,
        })
    }
}

/// One message: work of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How it travels.
    pub medium: Medium,
    /// To whom.
    pub to: AccountId,
    /// What it tells of.
    pub occasion: Occasion,
    /// Of which case.
    pub case: CaseId,
    /// The key of its first queueing, when it was queued again: whoever got it then recognises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Which media reach which account: what its owner wishes and this node can do. Not checked again at commit, because the sender looks again.
pub type Reachable = BTreeMap<AccountId, BTreeSet<Medium>>;

fn to_each_medium(facts: &Facts, to: AccountId, occasion: Occasion, case: CaseId) -> impl Iterator<Item = Job> {
    let media = facts.reachable.get(&to).into_iter().flatten();
    media.map(move |medium| Job::Message(Message { medium: *medium, to, occasion, case, key: None }))
}

/// The messages that an applicant is owed for what happened to their case.
pub(crate) fn owed(case: &Case, events: &[Event], facts: &Facts) -> Vec<Job> {
    let Some(to) = case.applicant.account else { return Vec::new() };
    let occasions = events.iter().filter_map(Occasion::of);
    occasions.flat_map(|occasion| to_each_medium(facts, to, occasion, case.id)).collect()
}

/// The messages that go with a reminder of a stage.
pub(crate) fn of_reminder(case: CaseId, to: AccountId, stage: &str, facts: &Facts) -> Vec<Job> {
    let occasion = if stage == "red" { Occasion::Overdue } else { Occasion::NearlyDue };
    to_each_medium(facts, to, occasion, case).collect()
}

/// `message-delivered@1`: a mail server or a gateway took the message over. What it does with it then, nobody here knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDelivered {
    /// The key under which it was sent.
    pub key: String,
    /// How it travelled.
    pub medium: Medium,
    /// To whom.
    pub to: AccountId,
    /// What it told of.
    pub occasion: Occasion,
    /// How often it was tried.
    pub attempts: u32,
    /// What the other side gave as proof: a reply code, an id.
    pub receipt: String,
}

/// `message-failed@1`: it was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFailed {
    /// The key under which it was sent.
    pub key: String,
    /// How it was to travel.
    pub medium: Medium,
    /// To whom.
    pub to: AccountId,
    /// What it told of.
    pub occasion: Occasion,
    /// How often it was tried.
    pub attempts: u32,
    /// Why: a word, or a reply code. Never what the other side wrote.
    pub reason: String,
    /// Nobody need look at it: its recipient no longer wishes it, or is no longer known.
    pub dropped: bool,
    /// The organisation that handled the case.
    pub organisation: String,
    /// Its region.
    pub region: RegionCode,
}

/// `message-requeued@1`: an administrator had a message that was given up tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRequeued {
    /// Which.
    pub key: String,
    /// Who.
    pub by: Officer,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Told {
    /// Taken over by the other side.
    Delivered,
    /// Given up.
    Failed {
        /// As it was recorded.
        failure: MessageFailed,
        /// When, microseconds UTC.
        at: i64,
    },
    /// Queued again.
    Requeued,
}

/// State of the stream `messages/<case>`: what became of each message by its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// By key. As many as the acts of a case queued, no more.
    pub told: BTreeMap<String, Told>,
}

impl Messages {
    pub(crate) fn apply(&mut self, event: &Event, at: i64) -> Result<(), String> {
        let (key, told) = match event {
            Event::MessageDelivered(event) => (&event.key, Told::Delivered),
            Event::MessageFailed(event) => (&event.key, Told::Failed { failure: event.clone(), at }),
            Event::MessageRequeued(event) => (&event.key, Told::Requeued),
            _ => return Err("no arm".to_owned()),
        };
        self.told.insert(key.clone(), told);
        Ok(())
    }

    /// Nothing is to be sent under this key any more.
    pub fn is_over(&self, key: &str) -> bool {
        matches!(self.told.get(key), Some(Told::Delivered | Told::Failed { .. }))
    }

    pub(crate) fn rows(&self, case: &str) -> Rows {
        let dead_letters = self.told.values().filter_map(|told| match told {
            Told::Failed { failure, at } if !failure.dropped => Some(DeadLetterRow {
                key: failure.key.clone(),
                case: case.to_owned(),
                medium: failure.medium.as_str(),
                occasion: failure.occasion.as_str(),
                organisation: failure.organisation.clone(),
                region: failure.region.to_string(),
                attempts: failure.attempts,
                reason: failure.reason.clone(),
                failed_at: *at,
            }),
            _ => None,
        });
        Rows { dead_letters: dead_letters.collect(), ..Rows::default() }
    }
}

/// What may be asked of the messages of a case.
#[derive(Clone, Debug)]
pub enum MessageCommand {
    /// Record that one was taken over. From the outbox.
    Delivered(MessageDelivered),
    /// Record that one was given up. From the outbox.
    Failed {
        /// Which.
        message: Message,
        /// The key under which it was sent.
        key: String,
        /// How often it was tried.
        attempts: u32,
        /// Why.
        reason: String,
        /// See [`MessageFailed::dropped`].
        dropped: bool,
    },
    /// Try one again that was given up.
    Requeue {
        /// Which.
        key: String,
    },
}

/// Events or a refusal. What is recorded already is not recorded again.
pub fn decide(
    id: CaseId,
    command: &MessageCommand,
    actor: &Actor,
    loaded: &Loaded,
    facts: &Facts,
) -> Result<Decision, Refusal> {
    let case = loaded.get(&StreamId::case(id)).and_then(|(_, state)| state.as_case()).ok_or(Refusal::NotFound)?;
    let stream = StreamId::messages(id);
    let before = loaded.get(&stream);
    let messages = match before {
        Some((_, State::Messages(messages))) => messages.clone(),
        _ => Messages::default(),
    };
    let mut outbox = Vec::new();
    let event: Event = match command {
        MessageCommand::Requeue { key } => {
            let by = may_requeue(case, actor, loaded, facts)?;
            let Some(Told::Failed { failure, .. }) = messages.told.get(key).filter(|told| is_dead(told)) else {
                return Err(Refusal::NotFound);
            };
            let MessageFailed { medium, to, occasion, .. } = failure.clone();
            let job = Job::Message(Message { medium, to, occasion, case: id, key: Some(key.clone()) });
            outbox.push(Outgoing { stream: stream.clone(), organisation: case.organisation.clone(), job });
            MessageRequeued { key: key.clone(), by }.into()
        }
        _ if !matches!(actor, Actor::System { .. }) => {
            return Err(Refusal::Forbidden { action: "message".to_owned() });
        }
        MessageCommand::Delivered(delivered) => delivered.clone().into(),
        MessageCommand::Failed { message, key, attempts, reason, dropped } => MessageFailed {
            key: key.clone(),
            medium: message.medium,
            to: message.to,
            occasion: message.occasion,
            attempts: *attempts,
            reason: reason.clone(),
            dropped: *dropped,
            organisation: case.organisation.clone(),
            region: case.region,
        }
        .into(),
    };
    let reply = serde_json::json!({});
    let recorded = match command {
        MessageCommand::Delivered(MessageDelivered { key, .. }) | MessageCommand::Failed { key, .. } => {
            messages.is_over(key)
        }
        MessageCommand::Requeue { .. } => false,
    };
    if recorded {
        return Ok(Decision { reply, ..Decision::default() });
    }
    let (expected_version, before) = before.map_or((0, None), |(version, state)| (*version, Some(state.clone())));
    let state = State::evolve(before.clone(), &event, facts.at()).map_err(|_| Refusal::Exists)?;
    let part = StreamDecision { stream, expected_version, events: vec![event], before, state };
    Ok(Decision { streams: vec![part], outbox, reply, ..Decision::default() })
}

fn is_dead(told: &Told) -> bool {
    matches!(told, Told::Failed { failure, .. } if !failure.dropped)
}

/// An administrator of the node, for cases within the region of the post.
fn may_requeue(case: &Case, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<Officer, Refusal> {
    const ACTION: &str = "node.manage";
    let (account, post) = acting_post(actor, loaded, facts.today)?;
    let object = Object {
        class: TargetClass::Page,
        name: "node",
        immediate: false,
        organisation: &post.organisation,
        region: post.region,
    };
    if !policy::allows(&facts.catalog.grants, post, ACTION, &object) {
        return Err(Refusal::Forbidden { action: ACTION.to_owned() });
    }
    if !case.region.is_within(&post.region) {
        return Err(Refusal::NotFound);
    }
    Ok(Officer { account: account.id, post: post.id })
}

//! Commands on a case: who asks for what, and the door to the act that answers.

use base::deadline::PauseKind;
use base::id::{AccountId, CaseId, SubjectId};
use jiff::civil::Date;
use journal::Actor;
use serde_json::{Map, Value};

use super::act::Ask;
use super::{
    Appointment, Channel, Material, Officer, added, envelope, hearing, paper, rederive, statement, submit, tasks,
};
use crate::catalog::Act;
use crate::catalog::matter::{ApplicantKind, DeliveryKind, NoticeKind};
use crate::change::{Decision, NumberKey};
use crate::command::Loaded;
use crate::facts::Facts;
use crate::refusal::Refusal;
use crate::sealed::Secret;
use crate::stream::StreamId;

/// What may be asked of a case.
#[derive(Clone, Debug)]
pub enum CaseCommand {
    /// Hand in an application.
    Submit(Box<Submit>),
    /// Answer the supplement notice.
    Supplement(Box<SupplementAnswer>),
    /// Take a task from the shared queue (认领).
    Claim {
        /// Instance number.
        task: u32,
    },
    /// Give it back.
    Release {
        /// Instance number.
        task: u32,
    },
    /// Give a task to a person (分派), or hand it on (转办).
    Assign {
        /// Instance number.
        task: u32,
        /// Who shall have it.
        to: Officer,
        /// What is said with it.
        note: Option<String>,
    },
    /// Ask somebody outside the process for an opinion on a step (加签).
    AddCountersigner {
        /// The step that asks.
        task: u32,
        /// Who is asked.
        to: Officer,
        /// What is asked.
        question: Option<String>,
    },
    /// Take the question back.
    DropCountersigner {
        /// The added task.
        task: u32,
    },
    /// Finish a task with one of its outcomes.
    Complete(Box<Complete>),
    /// Stop the statutory clock (art. 45).
    Pause {
        /// Which of the eight kinds.
        kind: PauseKind,
        /// First day not counted.
        from: Date,
        /// Working days it is expected to take.
        expected_days: u16,
    },
    /// Let it run again.
    Resume {
        /// Last day not counted.
        until: Date,
    },
    /// Extend the limit once (art. 42(1)).
    Extend {
        /// Why; told to the applicant.
        reason: String,
    },
    /// Tell the right to a hearing (art. 47(1)).
    OfferHearing {
        /// Interested persons besides the applicant.
        interested: Option<String>,
    },
    /// Ask for it.
    RequestHearing {
        /// Who asks, when an officer records it.
        party: Option<String>,
    },
    /// Decline it, or take the request back.
    DeclineHearing {
        /// Who declines, when an officer records it.
        party: Option<String>,
    },
    /// Say when, where and under whom (art. 48).
    AppointHearing(Appointment),
    /// Record that it was held.
    HoldHearing {
        /// What was said, as the parties signed it.
        minutes: String,
    },
    /// Withdraw the application.
    Withdraw {
        /// Why, if the applicant says.
        reason: Option<String>,
    },
    /// State one's case before a decision of the authority's own motion (art. 7).
    State {
        /// What is said.
        words: String,
    },
    /// Silence until the end of the acceptance check (art. 32(4)). From the timer.
    DeemAccepted,
    /// A timer of the process fired.
    FlowTimer {
        /// The instance it was set for.
        instance: u32,
    },
    /// A year's official notice was loaded: dates that rested on it are derived again.
    Rederive,
    /// The result was handed over (art. 44).
    Deliver {
        /// How.
        method: DeliveryKind,
        /// Who signed for it on paper.
        signer: Option<String>,
    },
    /// The paper of a document was rendered. From the outbox.
    PaperRendered {
        /// The document's number.
        number: String,
        /// SHA-256 over the document's verification code (16 bytes) and the PDF, hex: whoever holds the paper can compute it.
        pdf_hash: String,
        /// SHA-256 of the PDF, hex: where the file lies. For the vault.
        file: String,
    },
}

/// An application.
#[derive(Clone, Debug)]
pub struct Submit {
    /// How it came.
    pub channel: Channel,
    /// Organisation or person.
    pub applicant_kind: ApplicantKind,
    /// Whose key seals its personal values.
    pub subject: SubjectId,
    /// Credit code of an organisation.
    pub applicant_code: String,
    /// Name of an organisation.
    pub applicant_name: String,
    /// The account that will own the case.
    pub account: Option<AccountId>,
    /// One public line for lists.
    pub title: String,
    /// Public and internal form fields, valid by the form's schema.
    pub form: Map<String, Value>,
    /// Personal and sensitive fields, salted.
    pub secrets: Vec<Secret>,
    /// Materials handed in; their file names are among the secrets.
    pub materials: Vec<Material>,
}

/// The answer to a supplement notice.
#[derive(Clone, Debug)]
pub struct SupplementAnswer {
    /// Changed public and internal fields.
    pub form: Map<String, Value>,
    /// Changed personal fields and names of new files.
    pub secrets: Vec<Secret>,
    /// New materials.
    pub materials: Vec<Material>,
}

/// A finished task.
#[derive(Clone, Debug, Default)]
pub struct Complete {
    /// Instance number.
    pub task: u32,
    /// One of the declared outcomes.
    pub outcome: String,
    /// Opinion, or the reason where the outcome asks for one.
    pub opinion: Option<String>,
    /// The article it rests on, where the outcome asks for one.
    pub article: Option<String>,
    /// Lines of the supplement notice: target, the officer's words.
    pub items: Vec<(String, String)>,
}

impl CaseCommand {
    /// The action's word, as in grants.csv and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Supplement(_) => "supplement",
            Self::Claim { .. } => "claim",
            Self::Release { .. } => "release",
            Self::Assign { .. } => "assign",
            Self::AddCountersigner { .. } => "add-countersigner",
            Self::DropCountersigner { .. } => "drop-countersigner",
            Self::Complete(_) => "complete",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Extend { .. } => "extend",
            Self::OfferHearing { .. } => "offer-hearing",
            Self::RequestHearing { .. } => "request-hearing",
            Self::DeclineHearing { .. } => "decline-hearing",
            Self::AppointHearing(_) => "appoint-hearing",
            Self::HoldHearing { .. } => "hold-hearing",
            Self::Withdraw { .. } => "withdraw",
            Self::State { .. } => "state",
            Self::DeemAccepted => "deem-accepted",
            Self::FlowTimer { .. } => "flow-timer",
            Self::Rederive => "rederive",
            Self::Deliver { .. } => "deliver",
            Self::PaperRendered { .. } => "paper-rendered",
        }
    }
}

/// Streams the writer loads for a command: the case, the records that its facts were read from, the person who shall have a task, be asked or preside.
pub fn streams_needed(case: CaseId, command: &CaseCommand, facts: &Facts) -> Vec<StreamId> {
    let mut streams = vec![StreamId::case(case)];
    let person = match command {
        CaseCommand::Assign { to, .. } | CaseCommand::AddCountersigner { to, .. } => Some(to),
        CaseCommand::AppointHearing(appointment) => Some(&appointment.host),
        _ => None,
    };
    streams.extend(person.map(|person| StreamId::account(person.account)));
    streams.extend(facts.read.iter().map(|(stream, _)| stream.clone()));
    streams
}

/// Counters a command may use: the case number, the notices' numbers, the result's number.
pub fn numbers_needed(command: &CaseCommand, facts: &Facts) -> Vec<NumberKey> {
    let (Some(matter), Some(organisation)) = (&facts.matter, &facts.organisation) else { return Vec::new() };
    let notices: &[NoticeKind] = match command {
        CaseCommand::Submit(submit) if submit.channel == Channel::Office => &[NoticeKind::Acceptance],
        CaseCommand::Submit(_) => &[NoticeKind::Receipt, NoticeKind::Commitment],
        CaseCommand::Complete(_) => &[
            NoticeKind::Acceptance,
            NoticeKind::Supplement,
            NoticeKind::NonAcceptance,
            NoticeKind::Grant,
            NoticeKind::Refusal,
            NoticeKind::CommitmentCheck,
        ],
        CaseCommand::DeemAccepted => &[NoticeKind::Acceptance],
        CaseCommand::Supplement(_) => &[NoticeKind::Receipt],
        CaseCommand::Pause { .. } => &[NoticeKind::Pause],
        CaseCommand::Extend { .. } => &[NoticeKind::Extension],
        CaseCommand::OfferHearing { .. } => &[NoticeKind::HearingRight],
        CaseCommand::AppointHearing(_) => &[NoticeKind::Hearing],
        CaseCommand::HoldHearing { .. } => &[NoticeKind::HearingMinutes],
        CaseCommand::Withdraw { .. } => &[NoticeKind::Withdrawal],
        CaseCommand::Deliver { .. } => &[NoticeKind::Delivery],
        _ => &[],
    };
    let own = paper::parts(organisation, None);
    // Whatever moves the process may reach a task that issues a notice.
    let notified = matter.acts.values().filter_map(|act| match act {
        Act::Notify { notice } if !notices.contains(notice) => Some(notice),
        Act::InviteStatement => Some(&NoticeKind::Statement),
        Act::Forward { .. } => Some(&NoticeKind::Forwarding),
        _ => None,
    });
    let mut keys: Vec<Option<NumberKey>> =
        notices.iter().chain(notified).map(|kind| paper::notice_counter(facts, matter, *kind, &own)).collect();
    if matches!(command, CaseCommand::Submit(_)) {
        keys.push(paper::counter(facts, paper::CASE_NUMBER, &own));
    }
    if matches!(command, CaseCommand::Complete(_) | CaseCommand::FlowTimer { .. }) {
        let parts = paper::parts(organisation, Some(&facts.number_parts));
        keys.extend(matter.acts.values().filter_map(|act| match act {
            Act::Number { register } => Some(paper::counter(facts, register, &parts)),
            _ => None,
        }));
    }
    keys.into_iter().flatten().collect()
}

/// Events or a refusal.
pub fn decide(
    case: CaseId,
    command: &CaseCommand,
    actor: &Actor,
    loaded: &Loaded,
    facts: &Facts,
) -> Result<Decision, Refusal> {
    let ask = Ask { case, actor, loaded, facts };
    match command {
        CaseCommand::Submit(submit) => submit::submit(ask, submit),
        CaseCommand::Supplement(answer) => submit::supplement(ask, answer),
        CaseCommand::Claim { task } => tasks::claim(ask, *task),
        CaseCommand::Release { task } => tasks::release(ask, *task),
        CaseCommand::Assign { task, to, note } => tasks::assign(ask, *task, to, note.as_deref()),
        CaseCommand::AddCountersigner { task, to, question } => added::add(ask, *task, to, question.as_deref()),
        CaseCommand::DropCountersigner { task } => added::drop_task(ask, *task),
        CaseCommand::Complete(complete) => tasks::complete(ask, complete),
        CaseCommand::Pause { kind, from, expected_days } => envelope::pause(ask, *kind, *from, *expected_days),
        CaseCommand::Resume { until } => envelope::resume(ask, *until),
        CaseCommand::Extend { reason } => envelope::extend(ask, reason),
        CaseCommand::OfferHearing { interested } => hearing::offer(ask, interested.as_deref()),
        CaseCommand::RequestHearing { party } => hearing::request(ask, party.as_deref()),
        CaseCommand::DeclineHearing { party } => hearing::decline(ask, party.as_deref()),
        CaseCommand::AppointHearing(appointment) => hearing::appoint(ask, appointment),
        CaseCommand::HoldHearing { minutes } => hearing::hold(ask, minutes),
        CaseCommand::Withdraw { reason } => envelope::withdraw(ask, reason.as_deref()),
        CaseCommand::Deliver { method, signer } => envelope::deliver(ask, *method, signer.as_deref()),
        CaseCommand::State { words } => statement::state(ask, words),
        CaseCommand::DeemAccepted => envelope::deem_accepted(ask.by_system(command)?),
        CaseCommand::FlowTimer { instance } => envelope::flow_timer(ask.by_system(command)?, *instance),
        CaseCommand::Rederive => rederive::rederive(ask.by_system(command)?),
        CaseCommand::PaperRendered { number, pdf_hash, file } => {
            envelope::paper_rendered(ask.by_system(command)?, number, pdf_hash, file)
        }
    }
}

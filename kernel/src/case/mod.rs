//! A case (办件): one run of a matter, from submission to delivery and after.
//!
//! Two machines work on it (matter.md §1). The legal envelope is here: receive, supplement, accept, pause, extend, withdraw, decide, deliver,
//! each refusing with its article. The process (BPMN, run by `flow`) orders the work inside. Sources: 行政许可法 (2019) arts. 29–50.

mod act;
mod acts;
mod added;
mod bar;
mod clock;
mod commitment;
mod decide;
mod duties;
mod envelope;
mod events;
mod evolve;
mod forward;
mod hearing;
mod inputs;
mod licence;
mod paper;
mod places;
mod process;
mod rederive;
mod rows;
mod statement;
mod submit;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use base::id::{AccountId, CaseId, PostId, SubjectId};
use base::region::RegionCode;
use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::catalog::matter::{ApplicantKind, NoticeKind, TaskKind};

pub use acts::number_parts;
pub use added::{ADDED_FROM, ADDED_OUTCOMES, CountersignerAdded, CountersignerDropped, may_ask};
pub use clock::{ClockName, ClockRule, ClockView, Clocks, Due, Extended, derivation, light, view_clock};
pub use commitment::{CheckOwed, CommitmentChecked};
pub use decide::{CaseCommand, Complete, Submit, SupplementAnswer, decide, numbers_needed, streams_needed};
pub use envelope::PAUSE_DAYS_MAX;
pub use events::*;
pub use forward::CaseForwarded;
pub use hearing::*;
pub use inputs::{Gathered, applicant};
pub use paper::{data as paper_data, data_hash, file_field as paper_field};
pub use places::{Places, form_pointer, hash_place};
pub use rederive::rederived;
pub use rows::{TIMER_DEEMED, TIMER_FLOW};
pub use statement::{Statement, StatementGiven, StatementInvited};

/// Where a case stands in law. The work inside `Accepted` is the process's own; its tasks say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Received (收件), not yet accepted: the five working days of art. 32(4) run.
    Submitted,
    /// The single supplement notice (一次性告知) was sent; the applicant's turn.
    SupplementAsked,
    /// Accepted (受理), by notice or by silence: the decision clock runs.
    Accepted,
    /// Not accepted (不予受理). The end.
    NotAccepted,
    /// Withdrawn by the applicant before the decision (撤回申请). The end.
    Withdrawn,
    /// Granted (准予); the certificate is being made or waits for delivery.
    Granted,
    /// Refused (不予许可); the decision waits for delivery.
    Refused,
    /// Result delivered (送达). The end.
    Delivered,
}

impl Stage {
    /// Nothing more happens to the case itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::NotAccepted | Self::Withdrawn | Self::Delivered)
    }
    /// Before the decision: the applicant may withdraw, the clocks count.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::SupplementAsked | Self::Accepted)
    }
    /// The stable word of the stage in queries, message keys and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::SupplementAsked => "supplement_asked",
            Self::Accepted => "accepted",
            Self::NotAccepted => "not_accepted",
            Self::Withdrawn => "withdrawn",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Delivered => "delivered",
        }
    }
}

/// How the application came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// On line, by the applicant (网上申请, art. 29 and 33).
    Online,
    /// At the window, entered by a clerk (窗口收件).
    Window,
    /// Nobody applied: the authority opened it of its own motion (依职权).
    Office,
}

/// Who applies. A person's name and number are personal and lie in the vault; an organisation's are public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// Organisation or person.
    pub kind: ApplicantKind,
    /// Whose key seals the free text and personal fields of this case.
    pub subject: SubjectId,
    /// Unified social credit code of an organisation; empty for a person.
    pub code: String,
    /// Name of an organisation; empty for a person.
    pub name: String,
    /// The account that filed or owns the case; none when a window clerk entered it for someone without an account.
    pub account: Option<AccountId>,
}

/// An officer acting: the account (a natural person) as one post.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Officer {
    /// The natural person's account. Duties are separated by person, so by this.
    pub account: AccountId,
    /// The post acted as.
    pub post: PostId,
}

/// Where a material came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum MaterialSource {
    /// A file from the applicant.
    Upload {
        /// SHA-256 of the bytes as uploaded, hex; salted when `sealed`.
        hash: String,
        /// Media type found by content.
        media: String,
        /// Length in bytes.
        bytes: u64,
        /// The file name, in the vault.
        name: Commitment,
        /// Stored encrypted under the applicant's key.
        sealed: bool,
    },
    /// Not asked for, because a register has it (免交).
    Record {
        /// The register.
        register: String,
        /// The record's id.
        id: String,
        /// The version read.
        version: u64,
    },
    /// Shown on paper at the window and kept there.
    Paper,
}

/// One material (申请材料) handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// Code of matter.toml.
    pub code: String,
    /// Where it came from.
    #[serde(flatten)]
    pub source: MaterialSource,
}

/// A task (待办): a step waiting for a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// BPMN element id.
    pub element: String,
    /// What kind of step: gives the page its actions and its duties.
    pub kind: TaskKind,
    /// The kind of post that may take it, in the organisation that handles the case.
    pub post_kind: String,
    /// The organisation whose task it is, when it is another department's (联合办理).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// When it came, microseconds UTC.
    pub opened_at: i64,
    /// The step's own limit, if the matter sets one. Not law: for cards.
    pub step_due_on: Option<Date>,
    /// Who has claimed it (认领).
    pub claimed_by: Option<Officer>,
    /// The step that asked for it, when it is an added countersigner's (加签) and not the process's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<u32>,
}

impl Task {
    /// The organisation whose task it is.
    pub fn organisation_in<'a>(&'a self, case: &'a Case) -> &'a str {
        self.organisation.as_deref().unwrap_or(&case.organisation)
    }
}

/// A task that was completed, kept for the duties and the opinions on the case page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDone {
    /// Instance number within the process.
    pub instance: u32,
    /// BPMN element id.
    pub element: String,
    /// Kind of the task.
    pub kind: TaskKind,
    /// The organisation whose task it was, when another department's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Who did it; none when the kernel closed it (deemed acceptance).
    pub by: Option<Officer>,
    /// The declared outcome's id.
    pub outcome: String,
    /// The opinion's text, in the vault.
    pub opinion: Option<Commitment>,
    /// When, microseconds UTC.
    pub at: i64,
}

/// The single supplement notice (一次性告知) and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplement {
    /// What is asked for.
    pub items: Vec<SupplementItem>,
    /// The day it was sent.
    pub asked_on: Date,
    /// The day the applicant answered.
    pub answered_on: Option<Date>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Officer>,
}

/// One line of the supplement notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementItem {
    /// Material code, or `form:field`.
    pub target: String,
    /// The failed rule, if a rule asked for it.
    pub rule: Option<String>,
    /// Legal basis as printed.
    pub article: String,
    /// The officer's words, in the vault.
    pub words: Option<Commitment>,
}

/// A statutory document (文书) of the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which of the statutory notices.
    pub kind: NoticeKind,
    /// Its number in the numbering register.
    pub number: String,
    /// 128-bit verification code, hex.
    pub code: String,
    /// The day on it.
    pub issued_on: Date,
    /// Whose it is, when the case was forwarded to another organisation afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Template path and content hash, so that the same paper can be printed in ten years.
    pub template: String,
    /// SHA-256 over the data it prints (personal values as commitments), hex.
    pub data_hash: String,
    /// SHA-256 over code and PDF once rendered, hex.
    pub pdf_hash: Option<String>,
}

/// The result of a decision as the licence register knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRef {
    /// Register the licence was written to.
    pub register: String,
    /// Its record id.
    pub id: String,
    /// Its number as printed.
    pub number: String,
}

/// The whole state of a case: a fold of its entries, stored as canonical bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Identity.
    pub id: CaseId,
    /// Case number (办件编号).
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// Content hash of the catalog version this case keeps to its end.
    pub catalog: String,
    /// The organisation that handles it.
    pub organisation: String,
    /// Its region.
    pub region: RegionCode,
    /// How it came in.
    pub channel: Channel,
    /// Who applies.
    pub applicant: Applicant,
    /// One public line that names it in lists: a project's name, or the matter's.
    pub title: String,
    /// Where it stands in law.
    pub stage: Stage,
    /// When the materials came, microseconds UTC.
    pub received_at: i64,
    /// The public and internal form fields; decimals as text.
    pub form: Map<String, serde_json::Value>,
    /// The personal and sensitive ones; a later one of the same field replaces the earlier.
    pub sealed: Vec<Commitment>,
    /// Materials, in the order they came; a later one of the same code replaces the earlier.
    pub materials: Vec<Material>,
    /// The clocks of the case.
    pub clocks: Clocks,
    /// The supplement notice: at most one (art. 32(4)).
    pub supplement: Option<Supplement>,
    /// The process's tokens and variables.
    pub process: flow::State,
    /// Open tasks by instance number.
    pub tasks: BTreeMap<u32, Task>,
    /// Timers of the process by instance, microseconds UTC.
    pub timers: BTreeMap<u32, i64>,
    /// Completed tasks, in order.
    pub done: Vec<TaskDone>,
    /// The recorded checks.
    pub checks: Option<ChecksRecorded>,
    /// Documents issued.
    pub notices: Vec<Notice>,
    /// Grant or refusal.
    pub decision: Option<DecisionMade>,
    /// The lower level's review, once its opinion was sent up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Box<CaseForwarded>>,
    /// What the check after a grant on commitment found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Box<CommitmentChecked>>,
    /// The hearing, as far as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing: Option<Hearing>,
    /// The party's statement before a decision of the authority's own motion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
    /// The licence written, if any.
    pub result: Option<ResultRef>,
    /// How the result reached the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<ResultDelivered>,
    /// Faults of the process shown to its owner: element id and reason.
    pub incidents: Vec<Incident>,
}

impl Case {
    /// Every organisation that has or had a part in it: who handles it, first; who reviewed it below; the departments whose opinion is asked for.
    pub fn organisations(&self) -> BTreeSet<&str> {
        let of_tasks = self.tasks.values().filter_map(|task| task.organisation.as_deref());
        let of_done = self.done.iter().filter_map(|done| done.organisation.as_deref());
        let below = self.forwarded.iter().map(|forwarded| forwarded.from.as_str());
        std::iter::once(self.organisation.as_str()).chain(below).chain(of_tasks).chain(of_done).collect()
    }
}

/// A process that cannot go on: shown to the process owner, never swallowed (BPMN 2.0.2 §13.4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// BPMN element id.
    pub element: String,
    /// Stable code of `flow::Reason`.
    pub code: String,
    /// Why, for the process owner.
    pub reason: String,
}

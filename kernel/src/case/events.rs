//! What happened to a case. Each struct is the body of one journal entry; a released one is frozen (change = `kind@2`).

use base::deadline::{Extension, Pause};
use base::id::CaseId;
use base::region::RegionCode;
use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::catalog::matter::DeliveryKind;
use crate::rules::Checks;

use super::{Applicant, Channel, Due, Incident, Material, Notice, Officer, ResultRef, SupplementItem, Task};

/// `case-submitted@1`: materials received (收件), the receipt given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseSubmitted {
    /// Identity of the new case.
    pub case: CaseId,
    /// Case number.
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// Content hash of the matter's catalog version.
    pub catalog: String,
    /// Handling organisation.
    pub organisation: String,
    /// Its region.
    pub region: RegionCode,
    /// How it came in.
    pub channel: Channel,
    /// Who applies.
    pub applicant: Applicant,
    /// One public line for lists.
    pub title: String,
    /// Day 0 of the five working days of art. 32(4).
    pub received_on: Date,
    /// End of those five days: silence until then is acceptance.
    pub accept_by: Due,
    /// Public and internal form fields.
    pub form: Map<String, serde_json::Value>,
    /// Personal and sensitive ones.
    pub sealed: Vec<Commitment>,
    /// Materials.
    pub materials: Vec<Material>,
}

/// `flow-advanced@1`: what the process did after an act; `decide` ran it, replay only applies it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowAdvanced {
    /// Token and variable changes.
    pub delta: flow::Delta,
    /// Tasks that opened, by instance.
    pub opened: Vec<(u32, Task)>,
    /// Task instances that closed without being completed.
    pub closed: Vec<u32>,
    /// Timers that were set: instance, instant in microseconds UTC.
    pub timers_set: Vec<(u32, i64)>,
    /// Timers no longer wanted.
    pub timers_gone: Vec<u32>,
    /// Faults met.
    pub incidents: Vec<Incident>,
}

/// `checks-evaluated@1`: the decision table `checks` was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChecksRecorded {
    /// The day the rules were run for.
    pub on: Date,
    /// The rows with what each read, and the state of each material.
    pub checks: Checks,
}

/// `task-claimed@1` (认领).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskClaimed {
    /// Instance number.
    pub task: u32,
    /// Who.
    pub by: Officer,
}

/// `task-assigned@1` (分派、转办).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAssigned {
    /// Instance number.
    pub task: u32,
    /// Who has it now.
    pub to: Officer,
    /// Who gave it.
    pub by: Officer,
    /// What was said with it, in the vault.
    pub note: Option<Commitment>,
}

/// `task-released@1`: given back to the shared queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReleased {
    /// Instance number.
    pub task: u32,
    /// Who gave it back.
    pub by: Officer,
}

/// `task-completed@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCompleted {
    /// Instance number.
    pub task: u32,
    /// Who; none when the kernel closed the accept task itself because acceptance is deemed.
    pub by: Option<Officer>,
    /// The declared outcome.
    pub outcome: String,
    /// Opinion text, in the vault.
    pub opinion: Option<Commitment>,
    /// Article named by the officer, where the outcome asks for one.
    pub article: Option<String>,
}

/// `supplement-requested@1`: the single notice of art. 32(4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementRequested {
    /// Everything that is missing.
    pub items: Vec<SupplementItem>,
    /// The day it was sent.
    pub asked_on: Date,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Officer>,
}

/// `case-supplemented@1`: the applicant answered; the five days start again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseSupplemented {
    /// New day 0.
    pub received_on: Date,
    /// New end of the five days.
    pub accept_by: Due,
    /// Changed public and internal fields.
    pub form: Map<String, serde_json::Value>,
    /// Changed personal and sensitive ones.
    pub sealed: Vec<Commitment>,
    /// New materials.
    pub materials: Vec<Material>,
}

/// `case-accepted@1` (受理).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAccepted {
    /// Who; none when deemed.
    pub by: Option<Officer>,
    /// Day 0 of the decision clocks. When deemed, the day of receipt (art. 32(4)).
    pub accepted_on: Date,
    /// By silence (视为受理).
    pub deemed: bool,
    /// Day 0 of the limits, when they run from receipt.
    pub counted_from: Date,
    /// Statutory due date, when the matter has a statutory limit.
    pub statutory: Option<Due>,
    /// Promised due date.
    pub promised: Option<Due>,
}

/// `case-not-accepted@1` (不予受理).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseNotAccepted {
    /// Who.
    pub by: Officer,
    /// Reason, in the vault.
    pub reason: Commitment,
    /// Article.
    pub article: String,
    /// When.
    pub on: Date,
}

/// `clock-paused@1`: one of the eight kinds of art. 45.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockPaused {
    /// Which kind, from when; still open.
    pub pause: Pause,
    /// Working days it is expected to take, as told to the applicant.
    pub expected_days: u16,
    /// Who.
    pub by: Officer,
}

/// `clock-resumed@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockResumed {
    /// Last day not counted.
    pub until: Date,
    /// New statutory due date.
    pub statutory: Option<Due>,
    /// New promised due date.
    pub promised: Option<Due>,
    /// Who.
    pub by: Officer,
}

/// `clock-extended@1`: once, by the head, with reasons (art. 42(1)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockExtended {
    /// How much, approved by whom.
    pub extension: Extension,
    /// The head who approved it.
    pub approved_by: Officer,
    /// Reason, in the vault.
    pub reason: Commitment,
    /// New statutory due date.
    pub statutory: Option<Due>,
    /// New promised due date.
    pub promised: Option<Due>,
    /// The day it was approved.
    pub on: Date,
}

/// `due-rederived@1`: a year's official notice was loaded and moved a date that rested on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRederived {
    /// Content hash of the calendar.
    pub calendar: String,
    /// End of the acceptance check, when it still runs.
    pub accept_by: Option<Due>,
    /// Statutory due date.
    pub statutory: Option<Due>,
    /// Promised due date.
    pub promised: Option<Due>,
    /// End of the limit to hold a hearing that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing: Option<Due>,
}

impl DueRederived {
    /// The clocks that it may move, as [`super::Clocks::dues`] has them.
    pub fn dues(&self) -> [Option<Due>; 4] {
        [self.accept_by, self.statutory, self.promised, self.hearing]
    }
}

/// `case-withdrawn@1` (撤回申请).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseWithdrawn {
    /// Reason, in the vault, if one was given.
    pub reason: Option<Commitment>,
    /// When.
    pub on: Date,
}

/// `decision-made@1`: grant or refusal (准予/不予行政许可, art. 38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionMade {
    /// Granted or refused.
    pub granted: bool,
    /// Who decided.
    pub by: Officer,
    /// Reason, in the vault; required for a refusal.
    pub reason: Option<Commitment>,
    /// Article; required for a refusal.
    pub article: Option<String>,
    /// When.
    pub on: Date,
    /// Last day to issue and deliver (art. 44: ten working days).
    pub deliver_by: Date,
}

/// `notice-issued@1`: a statutory document exists; its paper is rendered when first asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeIssued {
    /// The document.
    pub notice: Notice,
}

/// `notice-rendered@1`: its PDF was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRendered {
    /// The document's number.
    pub number: String,
    /// SHA-256 over the document's verification code (16 bytes) and the PDF, hex.
    pub pdf_hash: String,
}

/// `certificate-issued@1`: the licence was written to its register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateIssued {
    /// The licence.
    pub result: ResultRef,
    /// The paper of it.
    pub notice: Notice,
}

/// `result-delivered@1` (送达, art. 44).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultDelivered {
    /// On line, at the window, by post.
    pub method: DeliveryKind,
    /// When.
    pub on: Date,
    /// Who handed it over; none when the applicant fetched it on line.
    pub by: Option<Officer>,
    /// Who signed for it, in the vault, when on paper.
    pub signer: Option<Commitment>,
}

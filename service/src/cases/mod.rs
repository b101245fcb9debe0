//! The officers' side of any matter: the case as one view, the inbox, acts, and how a clock is counted.
//!
//! Views are what a page shows and what the interface answers: words are in the reader's language, codes stand beside them. A case outside
//! the reader's scope is not found; that it exists is not told (security.md §3).

mod act;
mod assign;
mod envelope;
mod file;
mod hearing;
mod inbox;
mod moves;
mod part;
mod process;
mod supplement;
mod timeline;
pub(crate) mod view;
mod went;

use kernel::catalog::matter::MatterKind;
use serde::Serialize;
use utoipa::ToSchema;

pub use act::{act, load, was_done};
pub use assign::{Candidate, assignment, candidates, countersigners, person, question};
pub use envelope::{EnvelopeAct, EnvelopeShown};
pub(crate) use file::may_read;
pub use file::{CaseFile, file};
pub use hearing::{HearingShown, hosts};
pub use inbox::{InboxFilter, InboxView, Reminded, Row, beside, case_list, inbox, reminders, window_queue};
pub use moves::MoveShown;
pub(crate) use moves::{last_move, loads, moved, provisional_days};
pub use process::{ProcessView, diagram, process};
pub(crate) use timeline::when;
pub(crate) use view::ENTRIES_MAX;
pub use view::{case_view, derivations, mask, region_name};
pub use went::went_on;

/// A case as one page shows it (matter.md §6).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Id.
    pub id: String,
    /// Case number (办件编号).
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// What kind of business it is.
    #[serde(skip)]
    pub matter_kind: MatterKind,
    /// Its name.
    pub matter_name: String,
    /// One public line.
    pub title: String,
    /// Credit code of an applying organisation.
    pub applicant_code: String,
    /// Name of an applying organisation.
    pub applicant_name: String,
    /// Handling organisation.
    pub organisation: String,
    /// Region code.
    pub region: String,
    /// Its name.
    pub region_name: String,
    /// Stage word.
    pub stage: String,
    /// The same in words.
    pub stage_name: String,
    /// When the materials came, `2026-11-23 09:05`.
    pub received: String,
    /// The clock that runs.
    pub clock: Option<ClockShown>,
    /// Its deadlines as they were counted again last, because a year's notice was loaded.
    pub moved: Option<MoveShown>,
    /// The form as a person reads it; personal values masked.
    pub form: Vec<FormPage>,
    /// What the rules found.
    pub checks: Vec<CheckShown>,
    /// The materials declared by the matter and where each is.
    pub materials: Vec<MaterialShown>,
    /// What the supplement notice would name.
    pub supplement: Vec<SupplementLine>,
    /// What happened, oldest first.
    pub timeline: Vec<Happened>,
    /// Documents issued.
    pub documents: Vec<DocumentShown>,
    /// Open tasks with what this reader may do in each.
    pub tasks: Vec<TaskShown>,
    /// The hearing, as far as it came.
    pub hearing: Option<HearingShown>,
    /// Acts of the legal envelope that this reader may do.
    pub acts: Vec<EnvelopeShown>,
    /// Steps that come next, as far as no decision is needed on the way.
    pub coming: Vec<Coming>,
    /// Elements of the process where a token stands.
    pub tokens: Vec<String>,
    /// Faults of the process, for its owner.
    pub incidents: Vec<String>,
    /// How many entries the journal has about it.
    pub entries: usize,
}

/// A step that comes next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Coming {
    /// Element of the process.
    pub element: String,
    /// Its name.
    pub name: String,
    /// The kind of post that will have it.
    pub post: String,
}

/// A clock as a reader sees it; computed by the kernel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockShown {
    /// `acceptance` or `decision`.
    pub rule: &'static str,
    /// `green`, `yellow`, `red`, `hold`.
    pub light: &'static str,
    /// `剩 3 天`.
    pub words: String,
    /// The last day.
    pub due_on: String,
    /// It rests on a year whose notice of days off is not out: it may move.
    pub provisional: bool,
    /// What is promised and what the law allows, in words.
    pub basis: String,
    /// Day 0.
    pub from: String,
    /// Share of the days used, 0–100.
    pub used_percent: u8,
    /// Share of it in the yellow or red zone.
    pub late_percent: u8,
    /// Working days used.
    pub used_days: u32,
}

/// One page of the form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FormPage {
    /// Its title.
    pub title: String,
    /// Its rows.
    pub rows: Vec<FormRow>,
}

/// One value of the form.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FormRow {
    /// JSON pointer.
    pub pointer: String,
    /// What it is called.
    pub label: String,
    /// What is shown.
    pub value: String,
    /// Personal, and so shown in part.
    pub masked: bool,
}

/// One row of the checks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckShown {
    /// Rule id.
    pub rule: String,
    /// `pass`, `fail` or `undecided`.
    pub verdict: &'static str,
    /// What the rule says.
    pub text: String,
    /// Law and article.
    pub article: String,
    /// What was read, with versions.
    pub evidence: Vec<String>,
}

/// One material.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MaterialShown {
    /// Code of matter.toml.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether this case needs it; none = a person decides.
    pub required: Option<bool>,
    /// Where it is, in words; empty while it is missing.
    pub given: String,
    /// Hash of the file, when one was handed in.
    pub file: Option<String>,
}

/// One line of a supplement notice, proposed by the rules.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplementLine {
    /// Material code, or `form:field`.
    pub target: String,
    /// Its name.
    pub name: String,
    /// Law and article.
    pub article: String,
    /// Words proposed; empty for lines that the rules do not ask for.
    pub words: String,
    /// The rules ask for it.
    pub proposed: bool,
}

/// One act: what one command did, from its entries.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Happened {
    /// Kind of the entry that names it.
    pub kind: String,
    /// What, in words.
    pub title: String,
    /// When, `2026-11-23 09:05`.
    pub at: String,
    /// Who, with post; empty for the system.
    pub who: String,
    /// The outcome and further words.
    pub details: Vec<String>,
    /// The opinion, opened from the vault.
    pub opinion: String,
    /// Documents it made.
    pub documents: Vec<DocumentShown>,
    /// Sequences of its entries in the journal.
    pub entries: Vec<u64>,
}

/// A document of a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentShown {
    /// Kind word.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: String,
    /// Verification code.
    pub code: String,
    /// The day on it.
    pub issued_on: String,
    /// SHA-256 of its PDF, once rendered.
    pub pdf_hash: Option<String>,
}

/// An open task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskShown {
    /// Instance number.
    pub task: u32,
    /// BPMN element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// The department whose task it is, when it is not the one that handles the case.
    pub department: Option<String>,
    /// Kind word.
    pub kind: &'static str,
    /// When it came.
    pub opened: String,
    /// Its own limit.
    pub step_due_on: Option<String>,
    /// Who claimed it.
    pub claimed_by: String,
    /// Claimed by this reader.
    pub mine: bool,
    /// Why this reader cannot claim it; none = may.
    pub claim_refused: Option<RefusalShown>,
    /// What this reader may do.
    pub outcomes: Vec<OutcomeShown>,
    /// The grant obliges to authenticate again.
    pub elevate: bool,
    /// This reader may give it to a person, or hand it on.
    pub may_assign: bool,
    /// This reader may ask somebody for an opinion on it.
    pub may_ask: bool,
    /// The task that asked for this one, when it is an added countersigner's.
    pub asked_for: Option<u32>,
}

/// One outcome of a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutcomeShown {
    /// Its id.
    pub id: String,
    /// What the button says.
    pub text: String,
    /// Asks for a reason.
    pub reason: bool,
    /// Asks for an article.
    pub article: bool,
    /// Why it cannot be chosen now; none = it can.
    pub refused: Option<RefusalShown>,
}

/// A refusal with its words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusalShown {
    /// Stable code.
    pub code: &'static str,
    /// What to do.
    pub words: String,
}

/// One clock counted day by day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Counted {
    /// `acceptance`, `promised` or `statutory`.
    pub clock: &'static str,
    /// Its name.
    pub name: String,
    /// The last day; none while it stands still.
    pub due_on: Option<String>,
    /// It rests on a year whose notice of days off is not out: it may move.
    pub provisional: bool,
    /// Each day.
    pub days: Vec<CountedDay>,
}

/// One day of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountedDay {
    /// `2026-11-23`.
    pub date: String,
    /// `星期一`.
    pub weekday: String,
    /// `第 3 个工作日`, or why it does not count.
    pub count: String,
    /// The festival, the pause, or that the year's notice is not out.
    pub reason: String,
    /// Not counted.
    pub skipped: bool,
}

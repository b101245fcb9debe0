//! Rows that pages read, each a pure function of one stream's state. The writer writes the difference between the rows before and after;
//! rebuilding all rows from states is the same function over every stream.

use jiff::civil::Date;
use serde_json::Value;

use crate::state::State;
use crate::stream::StreamId;

/// All rows of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The list entry of a case.
    pub case: Option<CaseRow>,
    /// Open tasks of a case.
    pub tasks: Vec<TaskRow>,
    /// Timers that wait.
    pub timers: Vec<TimerRow>,
    /// The searchable body of a record.
    pub record: Option<RecordRow>,
    /// Unique claims held across streams.
    pub claims: Vec<ClaimRow>,
    /// Documents issued: found by number and verification code.
    pub documents: Vec<DocumentRow>,
    /// In-app reminders sent.
    pub reminders: Vec<ReminderRow>,
    /// Messages that were given up and wait for an administrator.
    pub dead_letters: Vec<DeadLetterRow>,
    /// Text to be found by search: public and internal words only.
    pub words: Option<SearchRow>,
    /// An account, for login and the directory's lists.
    pub account: Option<AccountRow>,
    /// Posts an account may act as.
    pub posts: Vec<PostRow>,
    /// An organisation.
    pub organisation: Option<OrganisationRow>,
}

/// A case in lists (办件).
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRow {
    /// Id as text.
    pub id: String,
    /// Case number.
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// Handling organisation.
    pub organisation: String,
    /// Region code.
    pub region: String,
    /// Stage word.
    pub stage: &'static str,
    /// Subject id of the applicant.
    pub subject: String,
    /// Credit code of an applying organisation, else empty.
    pub applicant_code: String,
    /// Public name of an applying organisation, else empty.
    pub applicant_name: String,
    /// Account that owns it, else empty.
    pub account: String,
    /// One public line.
    pub title: String,
    /// Microseconds UTC.
    pub received_at: i64,
    /// The date its light counts down to; none when nothing runs.
    pub due_on: Option<Date>,
    /// First day of the yellow light.
    pub yellow_on: Option<Date>,
    /// First day of the red light.
    pub red_on: Option<Date>,
    /// The clock stands still.
    pub paused: bool,
    /// The process cannot go on.
    pub incident: bool,
}

/// An open task in the inbox (待办).
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// Case id.
    pub case: String,
    /// Instance number within the case.
    pub task: u32,
    /// BPMN element id.
    pub element: String,
    /// Task kind word.
    pub kind: &'static str,
    /// Matter code.
    pub matter: String,
    /// Organisation whose posts may take it.
    pub organisation: String,
    /// Region code.
    pub region: String,
    /// Kind of post that may take it.
    pub post_kind: String,
    /// Account that claimed it, else empty.
    pub claimed_by: String,
    /// Microseconds UTC.
    pub opened_at: i64,
    /// What the case's light counts down to.
    pub due_on: Option<Date>,
    /// First day of the yellow light.
    pub yellow_on: Option<Date>,
    /// First day of the red light.
    pub red_on: Option<Date>,
    /// The case's clock stands still.
    pub paused: bool,
}

/// Something to be done at a time unless the stream changes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerRow {
    /// Unique within the stream.
    pub name: String,
    /// Microseconds UTC.
    pub due_at: i64,
}

/// A record of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRow {
    /// Register.
    pub register: String,
    /// Id within it.
    pub id: String,
    /// Region code, may be empty for records of the whole province.
    pub region: String,
    /// Status word.
    pub status: String,
    /// Valid from, inclusive.
    pub valid_from: Option<Date>,
    /// Valid until, inclusive.
    pub valid_until: Option<Date>,
    /// Public and internal fields.
    pub body: Value,
}

/// A claim that only one stream may hold: one manager on one site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimRow {
    /// Which rule.
    pub name: String,
    /// What is claimed; personal keys as keyed hashes.
    pub key: String,
}

/// A document found by its number or code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its number.
    pub number: String,
    /// Kind word.
    pub kind: &'static str,
    /// Verification code, hex.
    pub code: String,
    /// The day on it.
    pub issued_on: Date,
    /// SHA-256 of its PDF once rendered.
    pub pdf_hash: Option<String>,
}

/// A reminder sent in the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderRow {
    /// Case id.
    pub case: String,
    /// Rule word.
    pub rule: String,
    /// Stage of the rule.
    pub stage: String,
    /// Account it went to.
    pub recipient: String,
    /// Ordinal.
    pub n: u32,
    /// Microseconds UTC.
    pub sent_at: i64,
}

/// A message that was given up (死信).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// The key under which it was sent.
    pub key: String,
    /// Case id.
    pub case: String,
    /// Word of the medium.
    pub medium: &'static str,
    /// Word of what it told of.
    pub occasion: &'static str,
    /// Organisation that handled the case.
    pub organisation: String,
    /// Its region code.
    pub region: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// Microseconds UTC.
    pub failed_at: i64,
}

/// Words of a stream for search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRow {
    /// `case` or the register's name.
    pub family: String,
    /// Region code for the scope.
    pub region: String,
    /// Organisation for the scope, else empty.
    pub organisation: String,
    /// Text whose substrings are found.
    pub text: String,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Id.
    pub id: String,
    /// The person's subject: their name lies in the vault under it.
    pub subject: String,
    /// Disabled.
    pub disabled: bool,
}

/// A post held by an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRow {
    /// Post id.
    pub post: String,
    /// Account.
    pub account: String,
    /// Kind of post.
    pub kind: String,
    /// Organisation code.
    pub organisation: String,
    /// Region code of the organisation.
    pub region: String,
    /// First day.
    pub valid_from: Date,
    /// Last day, none while it lasts.
    pub valid_until: Option<Date>,
}

/// An organisation of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// Short code in case numbers.
    pub short: String,
}

/// The rows of a stream.
pub fn project(stream: &StreamId, state: &State) -> Rows {
    match state {
        State::Case(case) => case.rows(),
        State::Record(record) => record.rows(),
        State::Account(account) => account.rows(),
        State::Organisation(organisation) => organisation.rows(),
        State::Reminders(sent) => sent.rows(stream.rest()),
        State::Messages(messages) => messages.rows(stream.rest()),
        State::Node(_) | State::Erased(_) => Rows::default(),
    }
}

//! The deadline algebra (期限计算): limits, pauses, extensions, and a derivation that shows every day counted or skipped.
//!
//! Rules (行政许可法 arts. 42, 45, 82; 民法典 arts. 201–203):
//! - the day of the triggering event is day 0 and is not counted;
//! - `wd(n)` ends with the n-th working day;
//! - `cd(n)` counts every day; a last day that is not a working day moves to the next working day;
//! - `months(n)` ends on the same day of the month, or on the month's last day where there is no such day, and does not move: it is used for
//!   the validity of licences and for starting work ([`validity_end`], [`LapseRule`]), which end on their day;
//! - `hours(n)` runs from instant to instant in Asia/Shanghai and does not move;
//! - `before(event, n)` counts backwards from the event and does not move;
//! - a paused day is not counted, whichever the limit;
//! - an extension adds to the limit, in the limit's own unit.

mod derive;
mod light;
mod text;
mod validity;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::time;

pub use derive::{derive, due};
pub use light::{Light, LightRule, Remaining, remaining};
pub use validity::{LapseRule, Period, PeriodError, renewal_from, validity_end};

/// Longest limit in days, working days or hours' days: a century. Longer ones are typing errors.
pub const LIMIT_DAYS_MAX: u32 = 36_500;
/// Longest limit in months.
pub const LIMIT_MONTHS_MAX: u32 = 1_200;
/// Longest limit in hours.
pub const LIMIT_HOURS_MAX: u32 = LIMIT_DAYS_MAX * 24;

/// A time limit (期限): how long, in which unit. In TOML `{ wd = 7 }`, `{ cd = 15 }`, `{ months = 3 }`, `{ hours = 48 }`, `{ before_cd = 15 }`,
/// `{ before_wd = 7 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// Working days (工作日) after the start.
    #[serde(rename = "wd")]
    WorkingDays(u32),
    /// Calendar days (日) after the start; the last day rolls to a working day.
    #[serde(rename = "cd")]
    CalendarDays(u32),
    /// Months (月) after the start.
    #[serde(rename = "months")]
    Months(u32),
    /// Hours (小时) after the start's instant.
    #[serde(rename = "hours")]
    Hours(u32),
    /// Calendar days before an event; the start is the event's day.
    #[serde(rename = "before_cd")]
    BeforeCalendarDays(u32),
    /// Working days before an event; the start is the event's day.
    #[serde(rename = "before_wd")]
    BeforeWorkingDays(u32),
}

impl Limit {
    /// The number in the limit's own unit.
    pub fn count(self) -> u32 {
        match self {
            Self::WorkingDays(n) | Self::CalendarDays(n) | Self::Months(n) | Self::Hours(n) => n,
            Self::BeforeCalendarDays(n) | Self::BeforeWorkingDays(n) => n,
        }
    }

    /// The limit with a longer or shorter count in the same unit.
    fn with_count(self, n: u32) -> Self {
        match self {
            Self::WorkingDays(_) => Self::WorkingDays(n),
            Self::CalendarDays(_) => Self::CalendarDays(n),
            Self::Months(_) => Self::Months(n),
            Self::Hours(_) => Self::Hours(n),
            Self::BeforeCalendarDays(_) => Self::BeforeCalendarDays(n),
            Self::BeforeWorkingDays(_) => Self::BeforeWorkingDays(n),
        }
    }

    fn count_max(self) -> u32 {
        match self {
            Self::Months(_) => LIMIT_MONTHS_MAX,
            Self::Hours(_) => LIMIT_HOURS_MAX,
            _ => LIMIT_DAYS_MAX,
        }
    }

    /// Whether the limit counts backwards from an event.
    pub fn is_before(self) -> bool {
        matches!(self, Self::BeforeCalendarDays(_) | Self::BeforeWorkingDays(_))
    }
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// A day. A limit in hours starts at its first instant.
    On(Date),
    /// An instant; limits in days start on its day in Shanghai.
    At(Timestamp),
}

impl Start {
    /// The start of a wall clock in Shanghai. `None` only at the ends of the representable range.
    pub fn at_civil(civil: DateTime) -> Option<Self> {
        time::instant(civil).map(Self::At)
    }

    /// The day in Shanghai.
    pub fn date(self) -> Date {
        match self {
            Self::On(date) => date,
            Self::At(instant) => time::date(instant),
        }
    }

    fn instant(self) -> Option<Timestamp> {
        match self {
            Self::On(date) => time::start_of_day(date),
            Self::At(instant) => Some(instant),
        }
    }
}

impl From<Date> for Start {
    fn from(on: Date) -> Self {
        Self::On(on)
    }
}

impl From<Timestamp> for Start {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

/// The eight kinds of time that the law excludes (行政许可法 art. 45). Publicity, site checks and opinions of other bodies are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// 听证
    Hearing,
    /// 招标
    Tender,
    /// 拍卖
    Auction,
    /// 检验
    Inspection,
    /// 检测
    Testing,
    /// 检疫
    Quarantine,
    /// 鉴定
    Appraisal,
    /// 专家评审
    ExpertReview,
}

/// Excluded time (不计入期限的时间): whole days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What the time is excluded for.
    pub kind: PauseKind,
    /// First excluded day.
    pub from: Date,
    /// Last excluded day; none while the pause lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

impl Pause {
    /// Whether the pause excludes the day.
    pub fn covers(&self, on: Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}

/// An extension (延长期限). Without an approver or a reason there is none: 行政许可法 art. 42(1) wants the head's approval and the reason told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ExtensionParts", into = "ExtensionParts")]
pub struct Extension {
    limit: Limit,
    approver: String,
    reason: String,
}

impl Extension {
    /// An extension by `limit`, approved by `approver` for `reason`. Texts may be references to where they are kept; blank ones are refused.
    pub fn new(limit: Limit, approver: impl Into<String>, reason: impl Into<String>) -> Result<Self, DeadlineError> {
        let (approver, reason) = (approver.into(), reason.into());
        if approver.trim().is_empty() {
            return Err(DeadlineError::ExtensionWithoutApprover);
        }
        if reason.trim().is_empty() {
            return Err(DeadlineError::ExtensionWithoutReason);
        }
        Ok(Self { limit, approver, reason })
    }

    /// How much is added.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Who approved it.
    pub fn approver(&self) -> &str {
        &self.approver
    }

    /// The reason told to the applicant.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

#[derive(Serialize, Deserialize)]
struct ExtensionParts {
    limit: Limit,
    approver: String,
    reason: String,
}

impl TryFrom<ExtensionParts> for Extension {
    type Error = DeadlineError;

    fn try_from(parts: ExtensionParts) -> Result<Self, DeadlineError> {
        Self::new(parts.limit, parts.approver, parts.reason)
    }
}

impl From<Extension> for ExtensionParts {
    fn from(extension: Extension) -> Self {
        Self { limit: extension.limit, approver: extension.approver, reason: extension.reason }
    }
}

/// When a limit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last day. None while an open pause holds the clock.
    pub due_on: Option<Date>,
    /// The last instant, for limits in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The last day counted, before it moved to a working day (民法典 art. 203). Only for `cd`; equal to `due_on` where nothing moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day_before_roll: Option<Date>,
    /// The open pause that holds the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// Whether the date needed a year without its official calendar.
    pub provisional: bool,
}

/// A clock that an open pause has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Why.
    pub kind: PauseKind,
    /// The first day that is not counted.
    pub since: Date,
}

/// A due date with every day that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// The last day. None while an open pause holds the clock.
    pub due_on: Option<Date>,
    /// The last instant, for limits in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The last day counted, before it moved to a working day. Only for `cd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day_before_roll: Option<Date>,
    /// The open pause that holds the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// Whether the date needed a year without its official calendar.
    pub provisional: bool,
    /// The limit with its extensions added.
    pub limit: Limit,
    /// One line for each day from the start to the due date, in the order of counting.
    pub lines: Vec<Line>,
}

/// One day of a derivation: counted or skipped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The day.
    pub on: Date,
    /// What happened to it.
    #[serde(flatten)]
    pub what: LineKind,
    /// The festival, for days that a notice names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Whether the year's official calendar was at hand, where the day's kind mattered.
    pub official: bool,
}

/// What happened to one day of a derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum LineKind {
    /// Day 0: the day of the event, not counted.
    Start,
    /// Counted as working day n.
    Working {
        /// Which one.
        n: u32,
    },
    /// Counted as working day n: a weekend day that is worked by notice.
    AdjustedWorking {
        /// Which one.
        n: u32,
    },
    /// Counted as day n, whatever day it is.
    Calendar {
        /// Which one.
        n: u32,
    },
    /// Minutes of a limit in hours that fall on the day.
    Minutes {
        /// How many.
        minutes: u32,
    },
    /// Skipped: Saturday or Sunday.
    Weekend,
    /// Skipped: a day off by notice.
    Holiday,
    /// Skipped: excluded time.
    Paused {
        /// What for.
        kind: PauseKind,
    },
    /// The last day was no working day; the limit ends here instead.
    Rolled,
}

impl LineKind {
    /// Whether the day used up part of the limit.
    pub fn is_counted(self) -> bool {
        matches!(
            self,
            Self::Working { .. } | Self::AdjustedWorking { .. } | Self::Calendar { .. } | Self::Minutes { .. }
        )
    }
}

/// Why a due date cannot be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The count is beyond what a limit can be.
    #[error("a limit of {count} is longer than {max}")]
    LimitTooLong {
        /// What was asked, extensions included.
        count: u32,
        /// The longest.
        max: u32,
    },
    /// The pause ends before it begins.
    #[error("the pause from {from} ends before it begins, on {to}")]
    PauseBackwards {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// Limits that count backwards from an event have no clock to stop.
    #[error("a limit before an event cannot be paused")]
    PauseBeforeEvent,
    /// An extension in another unit than the limit.
    #[error("an extension must be in the unit of its limit")]
    ExtensionUnit,
    /// 行政许可法 art. 42(1): approved by the agency's head.
    #[error("an extension needs an approver")]
    ExtensionWithoutApprover,
    /// 行政许可法 art. 42(1): the reason is told to the applicant.
    #[error("an extension needs a reason")]
    ExtensionWithoutReason,
    /// The date lies outside what can be represented.
    #[error("the date is out of range")]
    OutOfRange,
}

/// When the office is open, as far as limits care.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeHours {
    /// Closing time; without one the day ends at 24:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Time>,
}

impl OfficeHours {
    /// The day on which something handed in at an instant counts as received: the next working day when it came on a rest day or after closing.
    pub fn received_on(&self, at: Timestamp, calendar: &Calendar) -> Date {
        let civil = time::civil(at);
        let late = self.closes_at.is_some_and(|closes_at| civil.time() > closes_at);
        if late { calendar.next_working_day(civil.date()) } else { calendar.this_or_next_working_day(civil.date()) }
    }

    /// The instant at which a due day is over: closing time where there is one, else 24:00.
    pub fn end_of(&self, due_on: Date) -> Option<Timestamp> {
        match self.closes_at {
            Some(closes_at) => time::instant(due_on.to_datetime(closes_at)),
            None => time::end_of_day(due_on),
        }
    }
}

#[cfg(test)]
mod tests;

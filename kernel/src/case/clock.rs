//! The clocks of a case: the acceptance check (art. 32(4)), the statutory limit and the promised one (art. 42).
//!
//! Events carry results: the due date and the day from which the light is yellow. What a page needs later is compared with a day, so a list
//! of lights is an index range, and a reminder owed is two comparisons.

use base::calendar::Calendar;
use base::deadline::{self, Derivation, Extension, Light, LightRule, Limit, Pause, PauseKind};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Case, Stage};
use crate::catalog::{ClockStart, Law, Matter};

/// A due date as announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Last day.
    pub on: Date,
    /// First day on which the light is yellow.
    pub yellow_on: Date,
    /// Rests on a year without its official notice.
    pub provisional: bool,
}

/// The clocks of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// Day 0 of the acceptance check.
    pub received_on: Option<Date>,
    /// End of the acceptance check.
    pub accept_by: Option<Due>,
    /// How many acceptance checks there were: 1, or 2 after a supplement.
    pub round: u32,
    /// The day of acceptance.
    pub accepted_on: Option<Date>,
    /// Accepted by silence.
    pub deemed: bool,
    /// Day 0 of the limits.
    pub counted_from: Option<Date>,
    /// The statutory clock.
    pub statutory: Option<Due>,
    /// The promised clock.
    pub promised: Option<Due>,
    /// Statutory pauses; the last one may be open.
    pub pauses: Vec<Pause>,
    /// The one extension.
    pub extension: Option<Extension>,
    /// End of the delivery limit after the decision (art. 44).
    pub deliver_by: Option<Date>,
}

impl Clocks {
    /// The pause that stops the clock now.
    pub fn paused(&self) -> Option<PauseKind> {
        self.pauses.last().filter(|pause| pause.to.is_none()).map(|pause| pause.kind)
    }
}

/// Which of the clocks a light shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockRule {
    /// The acceptance check.
    Acceptance,
    /// The promised limit, or the statutory one where none was promised.
    Decision,
}

impl ClockRule {
    /// The stable word, as in reminders.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Decision => "decision",
        }
    }
}

/// What a page shows of the clock that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockView {
    /// Which clock.
    pub rule: ClockRule,
    /// Which one of its kind.
    pub round: u32,
    /// The light.
    pub light: Light,
    /// The date it counts down to.
    pub due: Due,
    /// Working days left; negative when overdue; what is left stands still while paused.
    pub days_left: i32,
    /// Why it stands still.
    pub paused: Option<PauseKind>,
}

/// The clock that runs and its state on a day; none when the applicant is to answer or nothing is left to do.
pub fn view_clock(clocks: &Clocks, stage: Stage, calendar: &Calendar, today: Date) -> Option<ClockView> {
    let (rule, round, due) = running(clocks, stage)?;
    let paused = clocks.paused();
    Some(ClockView {
        rule,
        round,
        light: light(due, paused.is_some(), today),
        due,
        days_left: deadline::days_left(today, due.on, calendar),
        paused,
    })
}

/// The due date that counts in a stage.
pub fn running(clocks: &Clocks, stage: Stage) -> Option<(ClockRule, u32, Due)> {
    match stage {
        Stage::Submitted => Some((ClockRule::Acceptance, clocks.round, clocks.accept_by?)),
        Stage::Accepted => Some((ClockRule::Decision, 1, clocks.promised.or(clocks.statutory)?)),
        _ => None,
    }
}

/// Red after the due date, yellow from its day on, green before; a paused clock shows neither (domain.md §1.4).
pub fn light(due: Due, paused: bool, today: Date) -> Light {
    if paused {
        Light::Hold
    } else if today > due.on {
        Light::Red
    } else if today >= due.yellow_on {
        Light::Yellow
    } else {
        Light::Green
    }
}

/// One deadline with everything that bears on it.
#[derive(Clone, Debug)]
pub struct Reckoning<'a> {
    /// Day 0.
    pub from: Date,
    /// The limit in force.
    pub limit: Limit,
    /// Statutory pauses.
    pub pauses: &'a [Pause],
    /// The one extension.
    pub extension: Option<&'a Extension>,
}

impl Reckoning<'_> {
    /// Day by day, for the page that explains it.
    pub fn derive(&self, calendar: &Calendar) -> Derivation {
        deadline::derive_extended(self.from, &self.limit, self.pauses, self.extension, calendar)
    }

    /// The due date alone.
    pub fn due(&self, calendar: &Calendar, rule: &LightRule) -> Due {
        let derivation = self.derive(calendar);
        Due { on: derivation.due_on, yellow_on: derivation.yellow_on(rule), provisional: derivation.provisional }
    }
}

/// The statutory and promised limits of a case whose limits count from `counted_from` and whose law is that of `accepted_on`.
pub fn reckonings<'a>(matter: &Matter, clocks: &'a Clocks) -> Option<(Reckoning<'a>, Reckoning<'a>)> {
    let (from, accepted_on) = (clocks.counted_from?, clocks.accepted_on?);
    let limits = matter.spec.limits.in_force(accepted_on)?;
    let reckon = |limit: &Limit| Reckoning {
        from,
        limit: limit.clone(),
        pauses: &clocks.pauses,
        extension: clocks.extension.as_ref(),
    };
    Some((reckon(&limits.statutory.limit), reckon(&limits.promised.limit)))
}

/// The day the limits count from: acceptance, or receipt where the matter says so or acceptance was deemed.
pub fn counted_from(matter: &Matter, received_on: Date, accepted_on: Date) -> Date {
    match matter.spec.limits.from {
        ClockStart::Acceptance => accepted_on,
        ClockStart::Receipt => received_on,
    }
}

/// How the running clock was counted, for the page `时限怎么算的`: the clock, its derivation.
pub fn derivation(case: &Case, matter: &Matter, law: &Law, calendar: &Calendar) -> Vec<(ClockName, Derivation)> {
    let mut all = Vec::new();
    if let Some(from) = case.clocks.received_on
        && let Some(limit) = law.acceptance_check(from)
    {
        let reckoning = Reckoning { from, limit: limit.clone(), pauses: &[], extension: None };
        all.push((ClockName::Acceptance, reckoning.derive(calendar)));
    }
    if let Some((statutory, promised)) = reckonings(matter, &case.clocks) {
        all.push((ClockName::Promised, promised.derive(calendar)));
        all.push((ClockName::Statutory, statutory.derive(calendar)));
    }
    all
}

/// The clocks that a case may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockName {
    /// 受理审查
    Acceptance,
    /// 承诺时限
    Promised,
    /// 法定时限
    Statutory,
}

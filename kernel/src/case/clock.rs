//! The clocks of a case: the acceptance check (art. 32(4)), the statutory limit and the promised one (art. 42).
//!
//! Events carry results: the due date and the day from which the light is yellow. What a page needs later is compared with a day, so a list
//! of lights is an index range, and a reminder owed is two comparisons.

use base::calendar::Calendar;
use base::deadline::{self, Derivation, Extension, Light, LightRule, Limit, Pause, PauseKind, Remaining, Start};
use jiff::civil::Date;
use journal::Commitment;
use serde::{Deserialize, Serialize};

use super::{Case, Officer, Stage, commitment};
use crate::catalog::matter::{ClockStart, LimitsInForce};
use crate::catalog::{CommonLimits, Matter};
use crate::refusal::Refusal;

/// A due date as announced, with the days on which its light changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Last day.
    pub on: Date,
    /// First day of the yellow light.
    pub yellow_on: Date,
    /// First day of the red light: the first working day after the last.
    pub red_on: Date,
    /// Rests on a year without its official notice.
    pub provisional: bool,
}

impl Due {
    /// Does the date still rest on a year without its official notice? What was provisional when it was announced is firm once the notice is
    /// loaded, also when the date stays and so no entry says anything.
    pub fn is_provisional(&self, calendar: &Calendar) -> bool {
        self.provisional && !calendar.day(self.on).official
    }
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
    /// Who approved it, and why, for the paper that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<Extended>,
    /// Working days that the last pause was announced to take (art. 45).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_days: Option<u16>,
    /// The day on which the lower level's review ended and the case was sent up (art. 43); its limits count from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_on: Option<Date>,
    /// How often the due dates moved since acceptance: each time they are reminded of anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: u32,
    /// End of the limit to hold the hearing that was asked for (art. 47(1)); none when none is to be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing: Option<Due>,
    /// End of the limit to check what was granted on commitment; none when nothing is to be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_by: Option<Due>,
    /// End of the delivery limit after the decision (art. 44).
    pub deliver_by: Option<Date>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The approval of an extension, as the applicant is told it (art. 42(1)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The head who approved it.
    pub by: Officer,
    /// Why, in the vault.
    pub reason: Commitment,
    /// When.
    pub on: Date,
    /// The last day of the statutory limit before it.
    pub before: Option<Date>,
}

impl Clocks {
    /// The due dates as they were announced: acceptance check, statutory, promised, hearing.
    pub fn dues(&self) -> [Option<Due>; 4] {
        [self.accept_by, self.statutory, self.promised, self.hearing]
    }

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
    /// The limit to hold a hearing: it runs while the others wait for it.
    Hearing,
    /// The limit to check what was granted on commitment.
    LaterCheck,
}

impl ClockRule {
    /// The stable word, as in reminders.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Decision => "decision",
            Self::Hearing => "hearing",
            Self::LaterCheck => "later-check",
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
    /// Working days left or over.
    pub remaining: Remaining,
    /// Why it stands still.
    pub paused: Option<PauseKind>,
    /// The date rests on a year without its official notice.
    pub provisional: bool,
}

/// The clock that runs and its state on a day; none when the applicant is to answer or nothing is left to do.
pub fn view_clock(clocks: &Clocks, stage: Stage, calendar: &Calendar, today: Date) -> Option<ClockView> {
    let (rule, round, due) = running(clocks, stage)?;
    let paused = stopped(clocks, rule);
    let reckoned = deadline::Due {
        due_on: paused.is_none().then_some(due.on),
        due_at: None,
        last_day_before_roll: None,
        held: None,
        provisional: due.provisional,
    };
    Some(ClockView {
        rule,
        round,
        light: light(due, paused.is_some(), today),
        due,
        // A pause that has ended took no day after today: on its last day the clock runs again, and the page says what is left.
        remaining: deadline::remaining(today, &reckoned, &[], calendar),
        paused,
        provisional: due.is_provisional(calendar),
    })
}

/// The pause that stops the clock which counts: only the limits of the decision stand still.
pub(super) fn stopped(clocks: &Clocks, rule: ClockRule) -> Option<PauseKind> {
    if rule == ClockRule::Decision { clocks.paused() } else { None }
}

/// The due date that counts in a stage.
pub(super) fn running(clocks: &Clocks, stage: Stage) -> Option<(ClockRule, u32, Due)> {
    match stage {
        Stage::Submitted => Some((ClockRule::Acceptance, clocks.round, clocks.accept_by?)),
        Stage::Accepted if clocks.hearing.is_some() => Some((ClockRule::Hearing, 1, clocks.hearing?)),
        Stage::Accepted => Some((ClockRule::Decision, 1 + clocks.moved, clocks.promised.or(clocks.statutory)?)),
        Stage::Granted | Stage::Delivered => Some((ClockRule::LaterCheck, 1, clocks.check_by?)),
        _ => None,
    }
}

/// Red from the first working day after the due date, yellow from its day on, green before; a paused clock shows neither (domain.md §1.4).
pub fn light(due: Due, paused: bool, today: Date) -> Light {
    if paused {
        Light::Hold
    } else if today >= due.red_on {
        Light::Red
    } else if today >= due.yellow_on {
        Light::Yellow
    } else {
        Light::Green
    }
}

/// One deadline with everything that bears on it.
#[derive(Clone, Debug)]
pub(super) struct Reckoning<'a> {
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
    fn extensions(&self) -> &[Extension] {
        self.extension.map_or(&[], std::slice::from_ref)
    }

    /// Day by day, for the page that explains it.
    pub(super) fn derive(&self, calendar: &Calendar) -> Result<Derivation, Refusal> {
        deadline::derive(Start::On(self.from), self.limit, self.pauses, self.extensions(), calendar).map_err(beyond)
    }

    /// The due date alone. While a pause is open it is the date that would hold if the pause ended now with its first day.
    pub(super) fn due(&self, calendar: &Calendar, rule: LightRule) -> Result<Due, Refusal> {
        let closed: Vec<Pause> = self.pauses.iter().filter(|pause| pause.to.is_some()).copied().collect();
        let due =
            deadline::due(Start::On(self.from), self.limit, &closed, self.extensions(), calendar).map_err(beyond)?;
        let on = due.due_on.ok_or(Refusal::NoLimitInForce)?;
        let days = counted_days(self.from, on, &closed, calendar);
        let yellow_on = yellow_on(on, days, rule, &closed, calendar).max(self.from);
        Ok(Due { on, yellow_on, red_on: calendar.next_working_day(on), provisional: due.provisional })
    }
}

/// The working days of a limit, without those that pauses took out of it. A day counts once, however many pauses cover it, and a pause after
/// the last day takes nothing.
fn counted_days(from: Date, to: Date, pauses: &[Pause], calendar: &Calendar) -> u32 {
    let (mut days, mut on) = (0, from);
    while on < to {
        let Ok(next) = on.tomorrow() else { break };
        on = next;
        days += u32::from(counts(on, pauses, calendar));
    }
    days
}

/// Does a limit in working days count the day?
fn counts(on: Date, pauses: &[Pause], calendar: &Calendar) -> bool {
    calendar.is_working_day(on) && !pauses.iter().any(|pause| pause.covers(on))
}

/// A limit beyond what the calendar arithmetic can hold is a defect of the catalog, refused like a missing one.
fn beyond(_: deadline::DeadlineError) -> Refusal {
    Refusal::NoLimitInForce
}

/// The first day on which no more than the rule's working days are left: so many counted days back from the last one.
fn yellow_on(due_on: Date, limit_days: u32, rule: LightRule, pauses: &[Pause], calendar: &Calendar) -> Date {
    let share = rule.yellow_share_percent.saturating_mul(limit_days) / 100;
    let mut left = share.max(rule.yellow_days_min);
    let mut on = due_on;
    while left > 0 {
        let Ok(before) = on.yesterday() else { return on };
        left -= u32::from(counts(on, pauses, calendar));
        on = before;
    }
    // Rest days before the first yellow working day stay green: nothing is left to do on them.
    while !calendar.is_working_day(on) {
        let Ok(before) = on.yesterday() else { return on };
        on = before;
    }
    on
}

impl Case {
    /// The limits that it is under, by the law of its acceptance; none before that.
    pub fn limits<'a>(&self, matter: &'a Matter) -> Option<LimitsInForce<'a>> {
        limits_of(matter, self.clocks.accepted_on?, self.clocks.forwarded_on.is_some())
    }
}

/// The limits by the law of an acceptance: the lower level's until it has sent the case up.
pub(super) fn limits_of(matter: &Matter, accepted_on: Date, forwarded: bool) -> Option<LimitsInForce<'_>> {
    let limits = &matter.spec.limits;
    let below = if forwarded { None } else { limits.before_forwarding(accepted_on) };
    below.or_else(|| limits.in_force(accepted_on))
}

/// The statutory and promised limits of a case whose limits count from `counted_from` and whose law is that of `accepted_on`.
pub(super) fn reckonings<'a>(matter: &Matter, clocks: &'a Clocks) -> Option<(Reckoning<'a>, Reckoning<'a>)> {
    let (from, accepted_on) = (clocks.counted_from?, clocks.accepted_on?);
    let limits = limits_of(matter, accepted_on, clocks.forwarded_on.is_some())?;
    let reckon = |limit: Limit| Reckoning { from, limit, pauses: &clocks.pauses, extension: clocks.extension.as_ref() };
    Some((reckon(limits.statutory.limit), reckon(limits.promised.limit)))
}

/// The end of the acceptance check that began on a day.
pub(super) fn accept_by(limits: &CommonLimits, calendar: &Calendar, received_on: Date) -> Result<Due, Refusal> {
    let check = limits.material_check.in_force(received_on).ok_or(Refusal::NoLimitInForce)?;
    let reckoning = Reckoning { from: received_on, limit: check.limit, pauses: &[], extension: None };
    reckoning.due(calendar, limits.lights)
}

/// The day the limits count from: acceptance, or receipt where the matter says so or acceptance was deemed.
pub(super) fn counted_from(matter: &Matter, received_on: Date, accepted_on: Date) -> Date {
    match matter.spec.limits.from {
        ClockStart::Acceptance => accepted_on,
        ClockStart::Receipt => received_on,
    }
}

/// How the running clock was counted, for the page `时限怎么算的`: the clock, its derivation.
pub fn derivation(
    case: &Case,
    matter: &Matter,
    limits: &CommonLimits,
    calendar: &Calendar,
) -> Result<Vec<(ClockName, Derivation)>, Refusal> {
    let mut all = Vec::new();
    if let Some(from) = case.clocks.received_on
        && let Some(check) = limits.material_check.in_force(from)
    {
        let reckoning = Reckoning { from, limit: check.limit, pauses: &[], extension: None };
        all.push((ClockName::Acceptance, reckoning.derive(calendar)?));
    }
    let requested = case.hearing.as_ref().and_then(|hearing| hearing.requested.as_ref());
    if let Some(from) = requested.map(|requested| requested.on)
        && let Some(held) = limits.hearing_held.in_force(from)
    {
        let reckoning = Reckoning { from, limit: held.limit, pauses: &[], extension: None };
        all.push((ClockName::Hearing, reckoning.derive(calendar)?));
    }
    if let Some((statutory, promised)) = reckonings(matter, &case.clocks) {
        all.push((ClockName::Promised, promised.derive(calendar)?));
        all.push((ClockName::Statutory, statutory.derive(calendar)?));
    }
    if clocks_later_check(case)
        && let Some(decision) = &case.decision
    {
        all.push((ClockName::LaterCheck, commitment::reckoning(matter, decision.on)?.derive(calendar)?));
    }
    Ok(all)
}

/// It was granted on commitment, checked or not.
fn clocks_later_check(case: &Case) -> bool {
    case.clocks.check_by.is_some() || case.commitment.is_some()
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
    /// 组织听证期限
    Hearing,
    /// 事后核查期限
    LaterCheck,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the light is one of the limit itself, whatever stopped its clock on the way.
    #[test]
    fn pauses_that_meet_or_come_too_late_do_not_make_the_yellow_light_shorter() {
        let calendar = Calendar::parse("notice,date,kind,name\n2026,2026-10-01,holiday,x\n").unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let pause = |from: &str, to: &str| Pause { kind: PauseKind::Testing, from: day(from), to: Some(day(to)) };
        // Twenty working days, of which a fifth is four: the first day on which no more than four are left.
        let table: [(&[Pause], &str, &str); 4] = [
            (&[], "2026-08-12", "2026-08-06"),
            (&[pause("2026-07-17", "2026-07-20")], "2026-08-14", "2026-08-10"),
            (&[pause("2026-07-17", "2026-07-20"), pause("2026-07-20", "2026-07-21")], "2026-08-17", "2026-08-11"),
            (&[pause("2026-08-31", "2026-09-18")], "2026-08-12", "2026-08-06"),
        ];
        for (pauses, on, yellow_on) in table {
            let limit = Limit::WorkingDays(20);
            let reckoning = Reckoning { from: day("2026-07-15"), limit, pauses, extension: None };
            let due = reckoning.due(&calendar, LightRule::default()).unwrap();
            assert_eq!((due.on, due.yellow_on), (day(on), day(yellow_on)), "{pauses:?}");
        }
    }
}

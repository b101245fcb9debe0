//! Walking the days. One walk serves both the due date alone and the full derivation, so that they cannot differ.

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};

use super::{DeadlineError, Derivation, Due, Extension, Held, Limit, Line, LineKind, Pause, Start, time};
use crate::calendar::{Calendar, DayKind};

/// The due date with one line for each day.
pub fn derive(
    start: impl Into<Start>,
    limit: Limit,
    pauses: &[Pause],
    extensions: &[Extension],
    calendar: &Calendar,
) -> Result<Derivation, DeadlineError> {
    let limit = extended(limit, extensions)?;
    let mut lines = Vec::new();
    let due = walk(start.into(), limit, pauses, calendar, &mut |on, what, calendar_matters| {
        let day = calendar.day(on);
        let name = day.name.filter(|_| matches!(what, LineKind::AdjustedWorking { .. } | LineKind::Holiday)).cloned();
        lines.push(Line { on, what, name, official: day.official || !calendar_matters });
    })?;
    let Due { due_on, due_at, last_day_before_roll, held, provisional } = due;
    Ok(Derivation { due_on, due_at, last_day_before_roll, held, provisional, limit, lines })
}

/// The due date alone; nothing is allocated.
pub fn due(
    start: impl Into<Start>,
    limit: Limit,
    pauses: &[Pause],
    extensions: &[Extension],
    calendar: &Calendar,
) -> Result<Due, DeadlineError> {
    walk(start.into(), extended(limit, extensions)?, pauses, calendar, &mut |_, _, _| {})
}

/// The limit with the extensions added. Months are added before they meet the calendar, so that two extensions from a 31st do not clamp twice.
fn extended(limit: Limit, extensions: &[Extension]) -> Result<Limit, DeadlineError> {
    let mut count = limit.count();
    for extension in extensions {
        if std::mem::discriminant(&extension.limit) != std::mem::discriminant(&limit) {
            return Err(DeadlineError::ExtensionUnit);
        }
        count = count.saturating_add(extension.limit.count());
    }
    let max = limit.count_max();
    if count > max {
        return Err(DeadlineError::LimitTooLong { count, max });
    }
    Ok(limit.with_count(count))
}

/// Told of each day: the day, what happened to it, whether the working-day calendar had a say.
type Visit<'a> = &'a mut dyn FnMut(Date, LineKind, bool);

struct Walk<'a> {
    pauses: &'a [Pause],
    calendar: &'a Calendar,
    provisional: bool,
}

fn walk(
    start: Start,
    limit: Limit,
    pauses: &[Pause],
    calendar: &Calendar,
    visit: Visit<'_>,
) -> Result<Due, DeadlineError> {
    for pause in pauses {
        if let Some(to) = pause.to.filter(|to| *to < pause.from) {
            return Err(DeadlineError::PauseBackwards { from: pause.from, to });
        }
    }
    if limit.is_before() && !pauses.is_empty() {
        return Err(DeadlineError::PauseBeforeEvent);
    }
    let mut walk = Walk { pauses, calendar, provisional: false };
    match limit {
        Limit::WorkingDays(n) => walk.working_days(start.date(), n, visit),
        Limit::CalendarDays(n) => walk.calendar_days(start.date(), n, visit),
        Limit::Months(n) => walk.months(start.date(), n, visit),
        Limit::Hours(n) => walk.hours(start.instant().ok_or(DeadlineError::OutOfRange)?, n, visit),
        Limit::BeforeCalendarDays(n) => walk.before(start.date(), n, false, visit),
        Limit::BeforeWorkingDays(n) => walk.before(start.date(), n, true, visit),
    }
}

/// What a pause does to a day.
enum Pausing {
    No,
    Skips(LineKind),
    /// The pause has no end yet: the walk stops here.
    Holds(Held),
}

impl Walk<'_> {
    fn working_days(&mut self, start: Date, limit: u32, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        visit(start, LineKind::Start, false);
        let mut on = start;
        let mut n = 0;
        while n < limit {
            on = next(on)?;
            let kind = self.kind(on);
            // Weekends inside a pause stay weekends: only working days are excluded from a limit in working days.
            let what = match (kind, self.pausing(on)) {
                (_, Pausing::Holds(held)) => return Ok(self.held(held)),
                (DayKind::Weekend, _) => LineKind::Weekend,
                (DayKind::Holiday, _) => LineKind::Holiday,
                (_, Pausing::Skips(paused)) => paused,
                (DayKind::Working, Pausing::No) => {
                    n += 1;
                    LineKind::Working { n }
                }
                (DayKind::AdjustedWorking, Pausing::No) => {
                    n += 1;
                    LineKind::AdjustedWorking { n }
                }
            };
            visit(on, what, true);
        }
        Ok(self.due(on))
    }

    fn calendar_days(&mut self, start: Date, limit: u32, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        visit(start, LineKind::Start, false);
        let mut on = start;
        let mut n = 0;
        while n < limit {
            on = next(on)?;
            match self.pausing(on) {
                Pausing::Holds(held) => return Ok(self.held(held)),
                Pausing::Skips(paused) => visit(on, paused, false),
                Pausing::No => {
                    n += 1;
                    visit(on, LineKind::Calendar { n }, n == limit);
                }
            }
        }
        self.roll(on, visit)
    }

    /// 民法典 art. 203: a period whose last day is a rest day ends on the next working day. Excluded days cannot be its end either.
    fn roll(&mut self, last_day: Date, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        let mut on = last_day;
        let mut kind = self.kind(on);
        if kind.is_working() {
            return Ok(Due { last_day_before_roll: Some(last_day), ..self.due(on) });
        }
        loop {
            on = next(on)?;
            kind = self.kind(on);
            let what = match (kind, self.pausing(on)) {
                (_, Pausing::Holds(held)) => {
                    return Ok(Due { last_day_before_roll: Some(last_day), ..self.held(held) });
                }
                (DayKind::Weekend, _) => LineKind::Weekend,
                (DayKind::Holiday, _) => LineKind::Holiday,
                (_, Pausing::Skips(paused)) => paused,
                (_, Pausing::No) => LineKind::Rolled,
            };
            visit(on, what, true);
            if what == LineKind::Rolled {
                return Ok(Due { last_day_before_roll: Some(last_day), ..self.due(on) });
            }
        }
    }

    fn months(&mut self, start: Date, limit: u32, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        visit(start, LineKind::Start, false);
        // A pause adds as many days as it took; without one the end is the same day of the month, clamped.
        let end = start.checked_add(Span::new().months(i64::from(limit))).map_err(|_| DeadlineError::OutOfRange)?;
        let mut left = days_between(start, end);
        let mut on = start;
        let mut n = 0;
        while left > 0 {
            on = next(on)?;
            match self.pausing(on) {
                Pausing::Holds(held) => return Ok(self.held(held)),
                Pausing::Skips(paused) => visit(on, paused, false),
                Pausing::No => {
                    n += 1;
                    left -= 1;
                    visit(on, LineKind::Calendar { n }, false);
                }
            }
        }
        Ok(self.due(on))
    }

    fn hours(&mut self, start: Timestamp, limit: u32, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        let mut at = start;
        let mut on = time::date(start);
        let mut left = jiff::SignedDuration::from_hours(i64::from(limit));
        loop {
            let midnight = time::end_of_day(on).ok_or(DeadlineError::OutOfRange)?;
            match self.pausing(on) {
                Pausing::Holds(held) => return Ok(self.held(held)),
                Pausing::Skips(paused) => visit(on, paused, false),
                Pausing::No => {
                    let today = left.min(midnight.duration_since(at));
                    let minutes = u32::try_from(today.as_mins()).unwrap_or(u32::MAX);
                    visit(on, LineKind::Minutes { minutes }, false);
                    left -= today;
                    if left.is_zero() {
                        let due_at = at.checked_add(today).map_err(|_| DeadlineError::OutOfRange)?;
                        return Ok(Due { due_at: Some(due_at), ..self.due(on) });
                    }
                }
            }
            at = midnight;
            on = next(on)?;
        }
    }

    fn before(&mut self, event: Date, limit: u32, working: bool, visit: Visit<'_>) -> Result<Due, DeadlineError> {
        visit(event, LineKind::Start, false);
        let mut on = event;
        let mut n = 0;
        while n < limit {
            on = on.yesterday().map_err(|_| DeadlineError::OutOfRange)?;
            if !working {
                n += 1;
                visit(on, LineKind::Calendar { n }, false);
                continue;
            }
            let kind = self.kind(on);
            n += u32::from(kind.is_working());
            let what = match kind {
                DayKind::Working => LineKind::Working { n },
                DayKind::AdjustedWorking => LineKind::AdjustedWorking { n },
                DayKind::Weekend => LineKind::Weekend,
                DayKind::Holiday => LineKind::Holiday,
            };
            visit(on, what, true);
        }
        Ok(self.due(on))
    }

    /// Asks the calendar; a year without notice makes the result provisional.
    fn kind(&mut self, on: Date) -> DayKind {
        let day = self.calendar.day(on);
        self.provisional |= !day.official;
        day.kind
    }

    fn pausing(&self, on: Date) -> Pausing {
        // Where pauses overlap the first one names the day, but an open one always holds.
        let mut covering = self.pauses.iter().filter(|pause| pause.covers(on));
        let Some(first) = covering.next() else { return Pausing::No };
        match std::iter::once(first).chain(covering).find(|pause| pause.to.is_none()) {
            Some(open) => Pausing::Holds(Held { kind: open.kind, since: on }),
            None => Pausing::Skips(LineKind::Paused { kind: first.kind }),
        }
    }

    fn due(&self, on: Date) -> Due {
        let provisional = self.provisional;
        Due { due_on: Some(on), due_at: None, last_day_before_roll: None, held: None, provisional }
    }

    fn held(&self, held: Held) -> Due {
        let provisional = self.provisional;
        Due { due_on: None, due_at: None, last_day_before_roll: None, held: Some(held), provisional }
    }
}

fn next(on: Date) -> Result<Date, DeadlineError> {
    on.tomorrow().map_err(|_| DeadlineError::OutOfRange)
}

fn days_between(from: Date, to: Date) -> i32 {
    // Both are dates, so the span has days alone.
    from.until(to).unwrap_or_else(|_| 0.days()).get_days()
}

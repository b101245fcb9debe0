//! When a timer is due: one reading of ISO 8601 for everyone who sets timers.

use jiff::civil::{Date, DateTime};
use jiff::{Span, SpanRelativeTo, Timestamp, Zoned};

use super::state::Due;
use crate::bpmn::TimerKind;

impl Due {
    /// The instant, seen from now. A date without an offset is one of the clock's time zone, and a date without a time its first moment.
    /// `None` when the text is no time: no date, no duration, or a cycle that would not move on.
    pub fn at(&self, now: &Zoned) -> Option<Timestamp> {
        let text = self.text.trim();
        match self.kind {
            TimerKind::Date => moment(text, now),
            TimerKind::Duration => after(text, now, 0),
            TimerKind::Cycle => {
                let mut parts: Vec<&str> = text.split('/').collect();
                if parts.first().is_some_and(|part| part.starts_with('R')) {
                    parts.remove(0);
                }
                match parts.as_slice() {
                    [start, interval] if !start.starts_with('P') => {
                        let first = moment(start, now)?;
                        let next = after(interval, now, 1)?;
                        Some(if self.round == 1 { first } else { next })
                    }
                    [interval] => after(interval, now, 1),
                    _ => None,
                }
            }
        }
    }
}

/// A duration from now, of at least so many seconds.
fn after(text: &str, now: &Zoned, seconds_min: i64) -> Option<Timestamp> {
    // The library reads `3 days` too; ISO 8601 does not.
    let span: Span = text.starts_with('P').then(|| text.parse().ok())??;
    let length = span.to_duration(SpanRelativeTo::from(now)).ok()?;
    (length.as_secs() >= seconds_min && !length.is_negative())
        .then(|| now.checked_add(span).ok())?
        .map(|at| at.timestamp())
}

fn moment(text: &str, now: &Zoned) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
    Some(local.to_zoned(now.time_zone().clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_durations_and_cycles_and_refuses_those_that_never_move_on() {
        let now: Zoned = "2026-07-01T08:00:00+08:00[Asia/Shanghai]".parse().expect("a time");
        let at = |kind, text: &str, round| Due { kind, text: text.to_owned(), round }.at(&now).map(|at| at.to_string());
        let cases = [
            (TimerKind::Date, "2026-07-02T00:00:00+08:00", 1, Some("2026-07-01T16:00:00Z")),
            (TimerKind::Date, "2026-07-02T00:00:00", 1, Some("2026-07-01T16:00:00Z")),
            (TimerKind::Date, "2026-07-02", 1, Some("2026-07-01T16:00:00Z")),
            (TimerKind::Date, "tomorrow", 1, None),
            (TimerKind::Duration, "P1D", 1, Some("2026-07-02T00:00:00Z")),
            (TimerKind::Duration, "PT0S", 1, Some("2026-07-01T00:00:00Z")),
            (TimerKind::Duration, "-PT1S", 1, None),
            (TimerKind::Cycle, "R3/PT1H", 2, Some("2026-07-01T01:00:00Z")),
            (TimerKind::Cycle, "PT1H", 1, Some("2026-07-01T01:00:00Z")),
            (TimerKind::Cycle, "R/2026-08-01/P1M", 1, Some("2026-07-31T16:00:00Z")),
            (TimerKind::Cycle, "R/2026-08-01/P1M", 2, Some("2026-08-01T00:00:00Z")),
            (TimerKind::Cycle, "R/PT0S", 1, None),
            (TimerKind::Cycle, "R/2026-08-01/PT0S", 1, None),
            (TimerKind::Cycle, "R3", 1, None),
        ];
        for (kind, text, round, expected) in cases {
            assert_eq!(at(kind, text, round).as_deref(), expected, "{text}");
        }
    }
}

//! Lights (红黄绿灯): how close a case is to its due date. The rule is data; the colour is a pure function of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Due, Pause};
use crate::calendar::Calendar;

/// How much time is left on a day, in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "days")]
pub enum Remaining {
    /// Working days after the day, up to and including the due day; 0 on the due day.
    Left(u32),
    /// Working days after the due day, up to and including the day; 0 on rest days right after the due day.
    Overdue(u32),
    /// The clock stands still on the day.
    Held,
}

/// Time left on a day. Excluded days still to come are not counted.
pub fn remaining(today: Date, due: &Due, pauses: &[Pause], calendar: &Calendar) -> Remaining {
    let Some(due_on) = due.due_on else { return Remaining::Held };
    if today <= due_on && pauses.iter().any(|pause| pause.covers(today)) {
        return Remaining::Held;
    }
    let counts = |on: Date| calendar.is_working_day(on) && !pauses.iter().any(|pause| pause.covers(on));
    if today <= due_on {
        let mut days = 0;
        let mut on = today;
        while on < due_on {
            let Ok(next) = on.tomorrow() else { break };
            on = next;
            days += u32::from(counts(on));
        }
        Remaining::Left(days)
    } else {
        Remaining::Overdue(calendar.working_days_between(due_on, today).unsigned_abs())
    }
}

/// The colour of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// 蓝灯: the clock stands still.
    Hold,
    /// 绿灯: time enough.
    Green,
    /// 黄灯: due soon.
    Yellow,
    /// 红灯: overdue since a working day.
    Red,
}

/// When a clock turns yellow. The default is domain.md §1.4: 20 % of the limit, but at least one working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LightRule {
    /// Yellow when no more than this share of the limit is left.
    pub yellow_share_percent: u32,
    /// Yellow when no more than this many working days are left, however short the limit.
    pub yellow_days_min: u32,
}

impl Default for LightRule {
    fn default() -> Self {
        Self { yellow_share_percent: 20, yellow_days_min: 1 }
    }
}

impl LightRule {
    /// The colour, given the time left and the whole limit in working days.
    pub fn light(self, remaining: Remaining, limit_days: u32) -> Light {
        match remaining {
            Remaining::Held => Light::Hold,
            // Red begins with the first working day after the due day; the weekend before it is still yellow.
            Remaining::Overdue(0) => Light::Yellow,
            Remaining::Overdue(_) => Light::Red,
            Remaining::Left(days) => {
                let share = u64::from(self.yellow_share_percent) * u64::from(limit_days);
                let threshold_percent = share.max(u64::from(self.yellow_days_min) * 100);
                if u64::from(days) * 100 > threshold_percent { Light::Green } else { Light::Yellow }
            }
        }
    }
}

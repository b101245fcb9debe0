//! How long licences last: validity, the window for renewal, lapse for want of a start.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};

use super::DeadlineError;

const PERIOD_UNITS_MAX: u16 = 1_000;

/// A period of validity (有效期) as an ISO 8601 duration of years, months and days: `P3Y`, `P6M`, `P1Y6M`, `P90D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    years: u16,
    months: u16,
    days: u16,
}

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a period such as P3Y, P6M or P90D")]
pub struct PeriodError(String);

impl Period {
    /// A period of years.
    pub const fn years(years: u16) -> Self {
        Self { years, months: 0, days: 0 }
    }

    /// A period of months.
    pub const fn months(months: u16) -> Self {
        Self { years: 0, months, days: 0 }
    }

    /// A period of days.
    pub const fn days(days: u16) -> Self {
        Self { years: 0, months: 0, days }
    }

    fn month_span(self) -> Span {
        Span::new().months(i64::from(self.years) * 12 + i64::from(self.months))
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let refused = || PeriodError(text.chars().take(40).collect());
        let mut rest = text.strip_prefix('P').filter(|rest| !rest.is_empty()).ok_or_else(refused)?;
        let mut parts = [0; 3];
        for (part, unit) in parts.iter_mut().zip(['Y', 'M', 'D']) {
            if let Some((digits, after)) = rest.split_once(unit) {
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                let count = digits.parse().ok().filter(|count| plain && *count <= PERIOD_UNITS_MAX);
                (*part, rest) = (count.ok_or_else(refused)?, after);
            }
        }
        let [years, months, days] = parts;
        if !rest.is_empty() || parts == [0; 3] {
            return Err(refused());
        }
        Ok(Self { years, months, days })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        for (count, unit) in [(self.years, 'Y'), (self.months, 'M'), (self.days, 'D')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// The last day of validity. The day of issue is the first: 2022-06-01 for three years ends on 2025-05-31. Where the month of the end has no such day,
/// its last day is the end (民法典 art. 202): 2024-02-29 for a year ends on 2025-02-28.
pub fn validity_end(issued_on: Date, period: Period) -> Result<Date, DeadlineError> {
    let out_of_range = |_| DeadlineError::OutOfRange;
    let same_day = issued_on.checked_add(period.month_span()).map_err(out_of_range)?;
    if period.days == 0 && same_day.day() < issued_on.day() {
        return Ok(same_day);
    }
    let after = same_day.checked_add(i64::from(period.days).days()).map_err(out_of_range)?;
    after.yesterday().map_err(out_of_range)
}

/// The day by which the window for renewal is open: a period before the end, clamped to the month's end. 2025-05-31 less three months is 2025-02-28.
pub fn renewal_from(valid_until: Date, before: Period) -> Result<Date, DeadlineError> {
    let out_of_range = |_| DeadlineError::OutOfRange;
    let same_day = valid_until.checked_sub(before.month_span()).map_err(out_of_range)?;
    same_day.checked_sub(i64::from(before.days).days()).map_err(out_of_range)
}

/// When an unused permit lapses by itself (自行废止). 建筑法 art. 9: works start within three months of issue, extended at most twice by three months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LapseRule {
    /// Months from issue.
    pub months: u16,
    /// Months that each extension adds.
    pub extension_months: u16,
    /// How many extensions there may be.
    pub extensions_max: u16,
}

impl LapseRule {
    /// The last day on which the permit is good without a start; it has lapsed on the next.
    pub fn last_day(self, issued_on: Date, extensions: u16) -> Result<Date, DeadlineError> {
        if extensions > self.extensions_max {
            return Err(DeadlineError::LimitTooLong {
                count: u32::from(extensions),
                max: u32::from(self.extensions_max),
            });
        }
        let months = i64::from(self.months) + i64::from(self.extension_months) * i64::from(extensions);
        issued_on.checked_add(Span::new().months(months)).map_err(|_| DeadlineError::OutOfRange)
    }
}

//! Whether the limits of a matter fit each other, on every day on which they are in force.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::matter::{Limit, LimitVersion, Limits};
use super::problem::Findings;

/// What holds between the limits in force on one day: a promise is no longer than the law allows, and an extension adds in the unit of both
/// clocks.
pub(super) fn fit_together(limits: &Limits, findings: &mut Findings<'_>) {
    let lists = [&limits.statutory, &limits.promised, &limits.extension];
    let firsts: BTreeSet<Date> =
        lists.into_iter().flatten().map(|version| version.valid_from.unwrap_or(Date::MIN)).collect();
    let (mut longer, mut other_unit) = (None, None);
    for on in firsts {
        let Some(force) = limits.in_force(on) else { continue };
        let (statutory, promised) = (force.statutory.limit, force.promised.limit);
        if fifths_of_days(promised) > fifths_of_days(statutory) {
            longer = longer.or(Some((on, promised, statutory)));
        }
        let unit = |limit: Limit| std::mem::discriminant(&limit);
        if let Some(extension) = force.extension.map(|extension| extension.limit)
            && (unit(extension) != unit(statutory) || unit(extension) != unit(promised))
        {
            other_unit = other_unit.or(Some((on, extension)));
        }
    }
    if let Some((on, promised, statutory)) = longer {
        let message = format!("on {on} the promised limit {promised:?} is longer than the statutory one {statutory:?}");
        findings.error("promised", "limit-promised", message);
    }
    if let Some((on, extension)) = other_unit {
        let message =
            format!("on {on} the extension {extension:?} has another unit than the statutory or the promised limit");
        findings.error("extension", "limit-extension", message);
    }
}

/// How long a limit is, in fifths of a calendar day: five working days take a week.
fn fifths_of_days(limit: Limit) -> u64 {
    let times = |count: u32, fifths: u64| u64::from(count) * fifths;
    match limit {
        Limit::WorkingDays(n) | Limit::BeforeWorkingDays(n) => times(n, 7),
        Limit::CalendarDays(n) | Limit::BeforeCalendarDays(n) => times(n, 5),
        Limit::Months(n) => times(n, 30 * 5),
        Limit::Hours(n) => times(n, 5) / 24,
    }
}

/// Two versions in force on the same day from the same first day would leave the choice to chance.
pub(super) fn overlap(versions: &[LimitVersion]) -> Option<String> {
    let clash = versions.iter().enumerate().find_map(|(index, version)| {
        let same = |other: &&LimitVersion| other.valid_from == version.valid_from;
        versions[index + 1..].iter().find(same).map(|_| version.valid_from)
    })?;
    Some(match clash {
        Some(day) => format!("two versions begin on {day}"),
        None => "two versions have no first day".to_owned(),
    })
}

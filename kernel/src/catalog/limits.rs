//! The time limits of a matter: what `matter.toml` declares, which of it is in force on a day, and whether it fits together.

use std::collections::{BTreeMap, BTreeSet};

use base::deadline::{Limit, PauseKind};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::matter::toml_day;
use super::problem::Findings;

/// The time limits of a matter: lists, because they changed; the version in force on the acceptance date counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// From when the clock runs.
    #[serde(default)]
    pub from: ClockStart,
    /// Statutory limits (法定时限).
    pub statutory: Vec<LimitVersion>,
    /// Promised limits (承诺时限); empty = the statutory one.
    #[serde(default)]
    pub promised: Vec<LimitVersion>,
    /// By how much the statutory limit may be extended once (延长); empty = no extension.
    #[serde(default)]
    pub extension: Vec<LimitVersion>,
    /// The limit of the lower level's review before it forwards the case (下级审查, 行政许可法 43); the others then count from the forwarding.
    #[serde(default)]
    pub lower_review: Vec<LimitVersion>,
    /// BPMN user task id → limit of that step; for cards, not for law.
    #[serde(default)]
    pub steps: BTreeMap<String, Limit>,
    /// Which of the kinds of 行政许可法 art. 45 may stop this matter's statutory clock.
    #[serde(default)]
    pub pauses: Vec<PauseKind>,
}

impl Limits {
    /// The limits in force on the acceptance date `on`. A promised limit that is missing is the statutory one.
    pub fn in_force(&self, on: Date) -> Option<LimitsInForce<'_>> {
        let statutory = version_on(&self.statutory, on)?;
        let promised = version_on(&self.promised, on).unwrap_or(statutory);
        Some(LimitsInForce { from: self.from, statutory, promised, extension: version_on(&self.extension, on) })
    }
}

impl Limits {
    /// The limits of a case that a lower level has yet to review, by the law of its acceptance; none where nothing is forwarded. What is
    /// reviewed below is not extended there: art. 42 speaks of who decides.
    pub fn before_forwarding(&self, accepted_on: Date) -> Option<LimitsInForce<'_>> {
        let review = version_on(&self.lower_review, accepted_on)?;
        Some(LimitsInForce { from: ClockStart::Acceptance, statutory: review, promised: review, extension: None })
    }
}

/// The one version of a list that is in force on a day: of several, the one that began last.
pub fn version_on(versions: &[LimitVersion], on: Date) -> Option<&LimitVersion> {
    versions
        .iter()
        .filter(|version| {
            version.valid_from.is_none_or(|from| from <= on) && version.valid_to.is_none_or(|to| on <= to)
        })
        .max_by_key(|version| version.valid_from)
}

/// What [`Limits::in_force`] and [`Limits::before_forwarding`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsInForce<'a> {
    /// From when the clock runs.
    pub from: ClockStart,
    /// The statutory limit.
    pub statutory: &'a LimitVersion,
    /// The promised limit.
    pub promised: &'a LimitVersion,
    /// The extension that the head of the agency may approve.
    pub extension: Option<&'a LimitVersion>,
}

/// From when a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockStart {
    /// From acceptance (受理).
    #[default]
    Acceptance,
    /// From receipt (收到申请).
    Receipt,
}

/// A limit with its basis and validity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawLimit")]
pub struct LimitVersion {
    /// How long.
    pub limit: Limit,
    /// Law and article, or the commitment it comes from.
    pub basis: Option<String>,
    /// Whose approval it needs, for an extension that a kind of post outside the handling organisation approves (行政许可法 42(2)).
    pub approver: Option<String>,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// Last day in force.
    pub valid_to: Option<Date>,
}

/// The shape in TOML: exactly one of wd, cd, months, hours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    wd: Option<u32>,
    cd: Option<u32>,
    months: Option<u32>,
    hours: Option<u32>,
    basis: Option<String>,
    approver: Option<String>,
    #[serde(default, deserialize_with = "toml_day")]
    valid_from: Option<Date>,
    #[serde(default, deserialize_with = "toml_day")]
    valid_to: Option<Date>,
}

impl TryFrom<RawLimit> for LimitVersion {
    type Error = String;

    fn try_from(raw: RawLimit) -> Result<Self, String> {
        let limit = raw.limit()?;
        if let (Some(from), Some(to)) = (raw.valid_from, raw.valid_to)
            && to < from
        {
            return Err(format!("valid_to {to} is before valid_from {from}"));
        }
        let RawLimit { basis, approver, valid_from, valid_to, .. } = raw;
        Ok(Self { limit, basis, approver, valid_from, valid_to })
    }
}

impl RawLimit {
    fn limit(&self) -> Result<Limit, String> {
        match (self.wd, self.cd, self.months, self.hours) {
            (Some(n), None, None, None) => Ok(Limit::WorkingDays(n)),
            (None, Some(n), None, None) => Ok(Limit::CalendarDays(n)),
            (None, None, Some(n), None) => Ok(Limit::Months(n)),
            (None, None, None, Some(n)) => Ok(Limit::Hours(n)),
            _ => Err("a limit is exactly one of wd, cd, months, hours".into()),
        }
    }
}

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

//! Codes and check digits (编码校验): is this number well formed, and what does it say?
//!
//! Each kind has a function that parses a value or names the first thing wrong with it; [`check`] is the registry by kind for forms and the command line.
//! A well-formed number is not a true one: whether the enterprise or the permit exists is asked of a register.

pub mod citizen;
pub mod credit;
pub mod document;
pub mod licence;
pub mod permit;
pub mod project;
pub mod unit;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::region::{Lookup, RegionCode, Regions};

/// What is wrong with a code. The names are stable: programs and message keys rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeErrorKind {
    /// Too few or too many characters.
    Length,
    /// A character that cannot stand there.
    Alphabet,
    /// The check character does not fit.
    Check,
    /// The check character inside (of the organisation code) does not fit.
    Inner,
    /// No such date.
    Date,
    /// No such region, ever.
    Region,
    /// The region was abolished before the date.
    Retired,
    /// The region did not exist yet on the date.
    NotYet,
    /// No such month.
    Month,
    /// Brackets of the wrong form.
    Bracket,
    /// A leading zero where none may be.
    ZeroPadding,
    /// A category that is not in the code table.
    Category,
    /// A serial number of zero.
    Serial,
    /// The parts are not where they should be.
    Format,
}

impl CodeErrorKind {
    /// The stable name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Alphabet => "alphabet",
            Self::Check => "check",
            Self::Inner => "inner",
            Self::Date => "date",
            Self::Region => "region",
            Self::Retired => "retired",
            Self::NotYet => "not-yet",
            Self::Month => "month",
            Self::Bracket => "bracket",
            Self::ZeroPadding => "zero-padding",
            Self::Category => "category",
            Self::Serial => "serial",
            Self::Format => "format",
        }
    }

    /// What to tell a person, in plain Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Length => "位数不对",
            Self::Alphabet => "含有不应出现的字符",
            Self::Check => "校验码不符，请核对各位数字",
            Self::Inner => "主体标识码（第9至17位）的校验码不符",
            Self::Date => "其中的日期不存在",
            Self::Region => "其中的行政区划代码不存在",
            Self::Retired => "该行政区划代码在所查日期已撤销",
            Self::NotYet => "该行政区划代码在所查日期尚未启用",
            Self::Month => "其中的月份不存在",
            Self::Bracket => "年份应使用六角括号〔〕",
            Self::ZeroPadding => "序号前不加零",
            Self::Category => "其中的类别不在代码表中",
            Self::Serial => "其中的顺序号不能为零",
            Self::Format => "格式不对",
        }
    }
}

/// Why a value is not a code of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeError {
    /// What is wrong.
    pub kind: CodeErrorKind,
    /// The character it was seen at, from 1, where that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
}

impl CodeError {
    fn new(kind: CodeErrorKind) -> Self {
        Self { kind, at: None }
    }

    fn at(kind: CodeErrorKind, index: usize) -> Self {
        Self { kind, at: Some(index + 1) }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{}（第 {at} 位）", self.kind.zh()),
            None => f.write_str(self.kind.zh()),
        }
    }
}

impl std::error::Error for CodeError {}

/// The kinds of code that [`check`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeKind {
    /// Unified social credit code (统一社会信用代码).
    Uscc,
    /// Citizen number (公民身份号码).
    Idcard,
    /// Region code (行政区划代码).
    Region,
    /// Investment project code (投资项目统一代码).
    Project,
    /// Project code of the construction-market platform (四库一平台项目编号).
    Platform,
    /// Construction permit number (施工许可证编号).
    Permit,
    /// Real-estate unit number (不动产单元号).
    Unit,
    /// Archive item code (档号).
    Archive,
    /// Document number (发文字号).
    Document,
    /// Work-safety permit number (安全生产许可证编号).
    SafetyPermit,
    /// Safety officer's certificate number (安管人员证书编号).
    SafetyOfficer,
    /// Number of a qualification certificate (资质证书编号).
    Qualification,
    /// Planning permit number (规划许可证编号).
    PlanningPermit,
}

impl CodeKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Uscc,
        Self::Idcard,
        Self::Region,
        Self::Project,
        Self::Platform,
        Self::Permit,
        Self::Unit,
        Self::Archive,
        Self::Document,
        Self::SafetyPermit,
        Self::SafetyOfficer,
        Self::Qualification,
        Self::PlanningPermit,
    ];

    /// The stable name, as on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Uscc => "uscc",
            Self::Idcard => "idcard",
            Self::Region => "region",
            Self::Project => "project",
            Self::Platform => "platform",
            Self::Permit => "permit",
            Self::Unit => "unit",
            Self::Archive => "archive",
            Self::Document => "document",
            Self::SafetyPermit => "safety-permit",
            Self::SafetyOfficer => "safety-officer",
            Self::Qualification => "qualification",
            Self::PlanningPermit => "planning-permit",
        }
    }
}

/// No such kind of code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of code")]
pub struct UnknownKind(pub String);

impl std::str::FromStr for CodeKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let kind = Self::ALL.into_iter().find(|kind| kind.key() == text);
        kind.ok_or_else(|| UnknownKind(text.chars().take(40).collect()))
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The kind that was checked.
    pub kind: CodeKind,
    /// Whether the value is a code of the kind.
    pub valid: bool,
    /// What is wrong, the first thing first; empty when valid.
    pub reasons: Vec<CodeError>,
    /// The one spelling to store and compare; none when invalid.
    pub normalised: Option<String>,
    /// What the code says, under stable names.
    pub parts: Vec<(&'static str, String)>,
}

impl Verdict {
    /// The names of the reasons, joined: `bracket; zero-padding`. Empty when valid.
    pub fn reason(&self) -> String {
        self.reasons.iter().map(|error| error.kind.key()).collect::<Vec<_>>().join("; ")
    }
}

/// What a parsed code says: its one spelling, and named parts.
type Said = (String, Vec<(&'static str, String)>);

/// Checks a value as a code of a kind. `on` is the day at which a region code must be in use; without it, it must be in use now.
pub fn check(kind: &str, value: &str, on: Option<Date>, regions: &Regions) -> Result<Verdict, UnknownKind> {
    Ok(check_kind(kind.parse()?, value, on, regions))
}

/// [`check`] for a kind already known.
pub fn check_kind(kind: CodeKind, value: &str, on: Option<Date>, regions: &Regions) -> Verdict {
    let said = match kind {
        CodeKind::Uscc => one(credit::parse(value).map(|code| code.say(regions))),
        CodeKind::Idcard => one(citizen::parse(value, regions).map(|number| number.say(regions))),
        CodeKind::Region => region(value, on, regions),
        CodeKind::Project => one(project::parse(value, regions).map(|code| code.say(regions))),
        CodeKind::Platform => one(project::parse_platform(value, regions).map(|code| code.say(regions))),
        CodeKind::Permit => one(permit::parse(value, regions).map(|number| number.say(regions))),
        CodeKind::Unit => one(unit::parse(value, regions).map(|number| number.say(regions))),
        CodeKind::Archive => one(document::parse_archive(value).map(|code| code.say())),
        CodeKind::Document => {
            document::parse(value).map(|number| number.say()).map_err(|reasons| (reasons, Vec::new()))
        }
        CodeKind::SafetyPermit => one(licence::parse_safety_permit(value).map(|number| number.say())),
        CodeKind::SafetyOfficer => one(licence::parse_safety_officer(value).map(|number| number.say())),
        CodeKind::Qualification => one(licence::parse_qualification(value).map(|number| number.say())),
        CodeKind::PlanningPermit => one(licence::parse_planning_permit(value, regions).map(|number| number.say())),
    };
    match said {
        Ok((normalised, parts)) => {
            Verdict { kind, valid: true, reasons: Vec::new(), normalised: Some(normalised), parts }
        }
        Err((reasons, parts)) => Verdict { kind, valid: false, reasons, normalised: None, parts },
    }
}

type Refused = (Vec<CodeError>, Vec<(&'static str, String)>);

fn one(result: Result<Said, CodeError>) -> Result<Said, Refused> {
    result.map_err(|error| (vec![error], Vec::new()))
}

fn region(value: &str, on: Option<Date>, regions: &Regions) -> Result<Said, Refused> {
    let refuse = |kind| (vec![CodeError::new(kind)], Vec::new());
    let compact = compact(value);
    if compact.len() != 6 {
        return Err(refuse(CodeErrorKind::Length));
    }
    let code: RegionCode = compact.parse().map_err(|_| refuse(CodeErrorKind::Alphabet))?;
    let found = match on {
        Some(on) => regions.lookup(code, on),
        None => regions
            .current(code)
            .map_or_else(|| regions.history(code).last().map_or(Lookup::Unknown, Lookup::Retired), Lookup::Valid),
    };
    let (region, refused) = match found {
        Lookup::Valid(region) => (region, None),
        Lookup::Retired(region) => (region, Some(CodeErrorKind::Retired)),
        Lookup::NotYet(region) => (region, Some(CodeErrorKind::NotYet)),
        Lookup::Unknown => return Err(refuse(CodeErrorKind::Region)),
    };
    let mut parts = vec![("name", region.name.clone()), ("valid_from", region.valid_from.to_string())];
    if let Some(until) = region.valid_until {
        parts.push(("valid_until", until.to_string()));
    }
    if !region.successors.is_empty() {
        let successors: Vec<&str> = region.successors.iter().map(RegionCode::as_str).collect();
        parts.push(("successor", successors.join(" ")));
    }
    match refused {
        None => Ok((compact, parts)),
        Some(kind) => Err((vec![CodeError::new(kind)], parts)),
    }
}

/// Full-width letters and digits made half-width, white space removed, letters made capital: how people paste numbers.
fn compact(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace()).map(half_width).map(|c| c.to_ascii_uppercase()).collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        _ => c,
    }
}

/// The compact value as ASCII of an exact length.
fn exact(value: &str, length: usize) -> Result<String, CodeError> {
    let compact = compact(value);
    if compact.chars().count() != length {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    match compact.chars().position(|c| !c.is_ascii()) {
        Some(index) => Err(CodeError::at(CodeErrorKind::Alphabet, index)),
        None => Ok(compact),
    }
}

/// Checks that a stretch of an ASCII text is digits.
fn digits(text: &str, range: std::ops::Range<usize>) -> Result<&str, CodeError> {
    match text[range.clone()].bytes().position(|byte| !byte.is_ascii_digit()) {
        Some(index) => Err(CodeError::at(CodeErrorKind::Alphabet, range.start + index)),
        None => Ok(&text[range]),
    }
}

/// The date that eight digits write, if there is one.
fn date_of(digits: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let month_or_day = |range| i8::try_from(number(range)?).ok();
    Date::new(number(0..4)?, month_or_day(4..6)?, month_or_day(6..8)?).ok()
}

/// The region that six digits name, if an authority may have issued numbers under it.
fn issuing_region(digits: &str, regions: &Regions) -> Result<RegionCode, CodeError> {
    let code = digits.parse().ok().filter(|code| regions.may_issue(*code));
    code.ok_or(CodeError::new(CodeErrorKind::Region))
}

fn region_parts(code: RegionCode, regions: &Regions) -> Vec<(&'static str, String)> {
    let mut parts = vec![("region", code.to_string())];
    if let Some(region) = regions.history(code).last() {
        parts.push(("region_name", region.name.clone()));
    }
    parts
}

#[cfg(test)]
mod tests;

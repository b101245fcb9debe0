//! Numbers of licences (证照编号). Their brackets vary from print to print: normalise before comparing.

use super::document::{is_closing, is_opening};
use super::{CodeError, CodeErrorKind, Said, compact, digits, issuing_region};
use crate::region::Regions;

/// A licence number in one spelling: letters and digits half-width, no spaces, brackets 〔〕 around a year and （） around anything else.
pub fn normalise_licence_number(value: &str) -> String {
    let text: Vec<char> = compact(value).chars().collect();
    let mut out = String::with_capacity(value.len());
    let mut index = 0;
    while index < text.len() {
        let close = text[index..].iter().position(|c| is_closing(*c)).map(|offset| index + offset);
        match close {
            Some(close) if is_opening(text[index]) => {
                let inside: String = text[index + 1..close].iter().collect();
                let year = inside.len() == 4 && inside.bytes().all(|byte| byte.is_ascii_digit());
                let (open, shut) = if year { ('〔', '〕') } else { ('（', '）') };
                out.push(open);
                out.push_str(&inside);
                out.push(shut);
                index = close + 1;
            }
            _ => {
                out.push(text[index]);
                index += 1;
            }
        }
    }
    out
}

/// A well-formed licence number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LicenceNumber {
    number: String,
    parts: Vec<(&'static str, String)>,
}

impl LicenceNumber {
    /// The one spelling.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// What it says, by name.
    pub fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn say(self) -> Said {
        (self.number, self.parts)
    }
}

/// Work-safety permit (安全生产许可证): `（冀）JZ安许证字〔2005〕000123`. Prints vary in brackets and write three to six digits; six are kept.
pub fn parse_safety_permit(value: &str) -> Result<LicenceNumber, CodeError> {
    let text = normalise_licence_number(value);
    let format = CodeError::new(CodeErrorKind::Format);
    let rest = text.strip_prefix('（').ok_or(format)?;
    let (province, rest) = rest.split_once('）').ok_or(format)?;
    let rest = rest.strip_prefix("JZ安许证字").ok_or(format)?;
    let (year, serial) = rest.strip_prefix('〔').and_then(|rest| rest.split_once('〕')).ok_or(format)?;
    let serial = serial.strip_suffix('号').unwrap_or(serial);
    province_mark(province)?;
    let serial = serial_of(serial, 3..=6)?;
    let number = format!("（{province}）JZ安许证字〔{year}〕{serial:06}");
    let parts = vec![("province", province.to_owned()), ("year", year.to_owned()), ("serial", format!("{serial:06}"))];
    Ok(LicenceNumber { number, parts })
}

/// Safety officer's certificate (安管人员考核合格证): `冀建安B（2019）0001234`.
pub fn parse_safety_officer(value: &str) -> Result<LicenceNumber, CodeError> {
    let text = normalise_licence_number(value);
    let format = CodeError::new(CodeErrorKind::Format);
    let (province, rest) = text.split_once("建安").ok_or(format)?;
    let (class, rest) = rest.split_once('〔').ok_or(format)?;
    let (year, serial) = rest.split_once('〕').ok_or(format)?;
    province_mark(province)?;
    // Heads of enterprises, project managers, full-time officers; C since 2016 in three.
    if !["A", "B", "C", "C1", "C2", "C3"].contains(&class) {
        return Err(CodeError::new(CodeErrorKind::Category));
    }
    let serial = serial_of(serial, 7..=7)?;
    let number = format!("{province}建安{class}（{year}）{serial:07}");
    let parts = vec![
        ("province", province.to_owned()),
        ("class", class.to_owned()),
        ("year", year.to_owned()),
        ("serial", format!("{serial:07}")),
    ];
    Ok(LicenceNumber { number, parts })
}

/// Qualification certificate (资质证书): letter, grade, province, serial: `D213012345`. A design, B survey, D construction, E supervision.
pub fn parse_qualification(value: &str) -> Result<LicenceNumber, CodeError> {
    let number = compact(value);
    if number.chars().count() != 10 {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    let first = number.chars().next().unwrap_or_default();
    if !first.is_ascii_uppercase() {
        return Err(CodeError::at(CodeErrorKind::Alphabet, 0));
    }
    if let Some(index) = number.chars().skip(1).position(|c| !c.is_ascii_digit()) {
        return Err(CodeError::at(CodeErrorKind::Alphabet, index + 1));
    }
    if !"ABDE".contains(first) {
        return Err(CodeError::at(CodeErrorKind::Category, 0));
    }
    let parts = vec![
        ("trade", number[..1].to_owned()),
        ("grade", number[1..2].to_owned()),
        ("province", number[2..4].to_owned()),
        ("serial", number[4..].to_owned()),
    ];
    Ok(LicenceNumber { number, parts })
}

/// Planning permits (规划许可证): `建字第130102202600001号` (also 用字, 地字, 乡字); since 2024 also two letters and seven digits after the year.
pub fn parse_planning_permit(value: &str, regions: &Regions) -> Result<LicenceNumber, CodeError> {
    let text = normalise_licence_number(value);
    let format = CodeError::new(CodeErrorKind::Format);
    let kind = ["建", "地", "用", "乡"].into_iter().find(|kind| text.starts_with(kind)).ok_or(format)?;
    let rest = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix("字第")).ok_or(format)?;
    let code = rest.strip_suffix('号').ok_or(format)?;
    if ![15, 19].contains(&code.len()) || !code.is_ascii() {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    digits(code, 0..10)?;
    let region = issuing_region(&code[..6], regions)?;
    if !(1990..=2999).contains(&code[6..10].parse().unwrap_or(0)) {
        return Err(CodeError::new(CodeErrorKind::Date));
    }
    let mut parts = vec![("permit", kind.to_owned()), ("region", region.to_string()), ("year", code[6..10].to_owned())];
    if code.len() == 19 {
        if !["GG", "YG", "XS"].contains(&&code[10..12]) {
            return Err(CodeError::new(CodeErrorKind::Category));
        }
        parts.push(("series", code[10..12].to_owned()));
    }
    let serial = digits(code, code.len() - if code.len() == 15 { 5 } else { 7 }..code.len())?;
    if serial.bytes().all(|byte| byte == b'0') {
        return Err(CodeError::new(CodeErrorKind::Serial));
    }
    parts.push(("serial", serial.to_owned()));
    Ok(LicenceNumber { number: format!("{kind}字第{code}号"), parts })
}

/// One character that stands for a province, such as 冀.
fn province_mark(mark: &str) -> Result<(), CodeError> {
    const MARKS: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀贵黔云滇藏陕秦甘陇青宁新港澳台";
    if mark.chars().count() == 1 && MARKS.contains(mark) { Ok(()) } else { Err(CodeError::new(CodeErrorKind::Region)) }
}

fn serial_of(digits: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<u32, CodeError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CodeError::new(CodeErrorKind::Alphabet));
    }
    if !lengths.contains(&digits.len()) {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    match digits.parse() {
        Ok(serial) if serial > 0 => Ok(serial),
        _ => Err(CodeError::new(CodeErrorKind::Serial)),
    }
}

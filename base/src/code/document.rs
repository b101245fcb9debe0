//! Document number (发文字号) and archive item code (档号).

use super::{CodeError, CodeErrorKind, Said, compact, half_width};

/// A document number, such as `冀建〔2005〕8号` (GB/T 9704-2012, 7.2.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentNumber {
    /// The issuing organ's code, such as 冀建.
    pub code: String,
    /// The year.
    pub year: u16,
    /// The serial within code and year.
    pub serial: u32,
}

impl std::fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}〔{}〕{}号", self.code, self.year, self.serial)
    }
}

impl DocumentNumber {
    pub(super) fn say(&self) -> Said {
        let parts =
            vec![("code", self.code.clone()), ("year", self.year.to_string()), ("serial", self.serial.to_string())];
        (self.to_string(), parts)
    }
}

/// Reads a document number and names everything that is wrong with its form: other brackets than 〔〕, a leading zero, the part missing.
pub fn parse(value: &str) -> Result<DocumentNumber, Vec<CodeError>> {
    let text: String = value.chars().filter(|c| !c.is_whitespace()).map(half_width).collect();
    let format = || vec![CodeError::new(CodeErrorKind::Format)];
    let open = text.find(is_opening).ok_or_else(format)?;
    let close = text.find(is_closing).filter(|close| *close > open).ok_or_else(format)?;
    let code = &text[..open];
    let inside: String = text[open..close].chars().skip(1).collect();
    let after: String = text[close..].chars().skip(1).collect();
    let serial = after.strip_suffix('号').ok_or_else(format)?;

    let mut errors = Vec::new();
    if !text[open..].starts_with('〔') || !text[close..].starts_with('〕') {
        errors.push(CodeError::at(CodeErrorKind::Bracket, code.chars().count()));
    }
    let year = inside.parse().ok().filter(|_| inside.len() == 4);
    if year.is_none_or(|year: u16| !(1900..=2999).contains(&year)) {
        errors.push(CodeError::at(CodeErrorKind::Date, code.chars().count() + 1));
    }
    let all_digits = !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u32> = serial.parse().ok().filter(|_| all_digits);
    if serial.starts_with('0') && serial.len() > 1 && all_digits {
        errors.push(CodeError::new(CodeErrorKind::ZeroPadding));
    }
    match number {
        None => errors.push(CodeError::new(CodeErrorKind::Format)),
        Some(0) => errors.push(CodeError::new(CodeErrorKind::Serial)),
        Some(_) => {}
    }
    // The code is Chinese characters, now and then letters; anything else is a slip of the pen.
    if code.is_empty() || !code.chars().all(char::is_alphanumeric) {
        errors.push(CodeError::new(CodeErrorKind::Format));
    }
    match (year, number) {
        (Some(year), Some(serial)) if errors.is_empty() => Ok(DocumentNumber { code: code.to_owned(), year, serial }),
        _ => Err(errors),
    }
}

pub(super) fn is_opening(c: char) -> bool {
    "〔[（(【《［{<〈「".contains(c)
}

pub(super) fn is_closing(c: char) -> bool {
    "〕]）)】》］}>〉」".contains(c)
}

/// An archive item code (档号), DA/T 22-2015: `J012-WS·2025-D30-BGS-0007`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArchiveCode {
    /// The fonds (全宗号).
    pub fonds: String,
    /// The class (门类代码), such as WS.
    pub class: String,
    /// The year.
    pub year: u16,
    /// Retention (保管期限): Y for ever, D30 and D10 for years.
    pub retention: String,
    /// The division or subject (机构或问题代码).
    pub division: String,
    /// The item's number (件号).
    pub item: u16,
}

impl std::fmt::Display for ArchiveCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { fonds, class, year, retention, division, item } = self;
        write!(f, "{fonds}-{class}·{year}-{retention}-{division}-{item:04}")
    }
}

impl ArchiveCode {
    pub(super) fn say(&self) -> Said {
        let parts = vec![
            ("fonds", self.fonds.clone()),
            ("class", self.class.clone()),
            ("year", self.year.to_string()),
            ("retention", self.retention.clone()),
            ("division", self.division.clone()),
            ("item", format!("{:04}", self.item)),
        ];
        (self.to_string(), parts)
    }
}

/// Reads an archive item code; other middle dots are made `·`.
pub fn parse_archive(value: &str) -> Result<ArchiveCode, CodeError> {
    let text: String = compact(value)
        .chars()
        .map(|c| match c {
            '•' | '・' | '．' | '.' | '∙' => '·',
            '－' | '—' | '–' => '-',
            other => other,
        })
        .collect();
    let format = CodeError::new(CodeErrorKind::Format);
    let parts: Vec<&str> = text.split('-').collect();
    let [fonds, class_and_year, retention, division, item] = parts[..] else { return Err(format) };
    let (class, year) = class_and_year.split_once('·').ok_or(format)?;
    for (part, most) in [(fonds, 8), (class, 8), (division, 8)] {
        if part.is_empty() || part.len() > most {
            return Err(CodeError::new(CodeErrorKind::Length));
        }
        if !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CodeError::new(CodeErrorKind::Alphabet));
        }
    }
    let plain = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let year_number: u16 = year.parse().ok().filter(|year| (1900..=2999).contains(year)).unwrap_or_default();
    if !plain(year, 4) || year_number == 0 {
        return Err(CodeError::new(CodeErrorKind::Date));
    }
    if !["Y", "D30", "D10"].contains(&retention) {
        return Err(CodeError::new(CodeErrorKind::Category));
    }
    if !plain(item, 4) {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    match item.parse() {
        Ok(item) if item > 0 => Ok(ArchiveCode {
            fonds: fonds.to_owned(),
            class: class.to_owned(),
            year: year_number,
            retention: retention.to_owned(),
            division: division.to_owned(),
            item,
        }),
        _ => Err(CodeError::new(CodeErrorKind::Serial)),
    }
}

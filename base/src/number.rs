//! Numbering registers (编号规则): what counts one series, when it starts again, what a number looks like.
//!
//! The store keeps one counter for each scope key; this module says which key a number belongs to and writes the number. It hands out none itself.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use serde::Deserialize;

/// Values for a register's fields, such as `("reg6", "130102")`.
pub type Fields<'a> = [(&'a str, &'a str)];

/// Longest value of one field.
pub const FIELD_CHARS_MAX: usize = 64;

/// When a series starts again at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Every day.
    Day,
    /// Every year.
    Year,
    /// Never.
    None,
}

/// A name in the languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Name {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One numbering register.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Its key in the file; part of every counter's key.
    #[serde(skip)]
    pub code: String,
    /// What people call the number.
    pub name: Name,
    /// Where the form comes from.
    pub basis: String,
    /// The fields that tell one series from another.
    pub unit: Vec<String>,
    /// When a series starts again.
    pub reset: Reset,
    /// Whether every number up to the last must exist.
    pub gap_free: bool,
    /// What a number looks like.
    pub template: Template,
}

/// The numbering registers of a catalog.
#[derive(Debug, Clone, Default)]
pub struct Registers {
    registers: BTreeMap<String, Register>,
}

/// Why a register was refused, or a number cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The file is not what it should be; the message names the line.
    #[error("{0}")]
    File(String),
    /// A register contradicts itself.
    #[error("register `{register}`: {reason}")]
    Register {
        /// Which one.
        register: String,
        /// What is wrong.
        reason: String,
    },
    /// No such register.
    #[error("there is no numbering register `{0}`")]
    Unknown(String),
    /// A field has no value.
    #[error("register `{register}`: field `{field}` has no value")]
    FieldMissing {
        /// Which register.
        register: String,
        /// Which field.
        field: String,
    },
    /// A field's value cannot stand in a number.
    #[error("register `{register}`: `{value}` cannot be the field `{field}`")]
    FieldValue {
        /// Which register.
        register: String,
        /// Which field.
        field: String,
        /// The value, cut.
        value: String,
    },
    /// The serial has more digits than the number has room for.
    #[error("register `{register}`: {n} does not fit the number; the series is full")]
    Full {
        /// Which register.
        register: String,
        /// The serial.
        n: u64,
    },
}

/// The form of a number: text and fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Year,
    YearMonth,
    Date,
    /// The serial; a width pads and limits it.
    Serial(Option<usize>),
    /// A field; a width is exact.
    Field(String, Option<usize>),
}

#[derive(Deserialize)]
struct File {
    registers: BTreeMap<String, Register>,
}

impl Registers {
    /// Reads and checks `numbering.toml`.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let mut file: File = toml::from_str(text).map_err(|error| NumberError::File(error.to_string()))?;
        for (code, register) in &mut file.registers {
            register.code.clone_from(code);
            register.check()?;
        }
        Ok(Self { registers: file.registers })
    }

    /// The register of a code.
    pub fn get(&self, code: &str) -> Result<&Register, NumberError> {
        self.registers.get(code).ok_or_else(|| NumberError::Unknown(code.chars().take(40).collect()))
    }

    /// All registers, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Register> {
        self.registers.values()
    }
}

impl Register {
    /// Two series must never print the same number: what tells them apart is visible in it.
    fn check(&self) -> Result<(), NumberError> {
        let refuse = |reason: String| Err(NumberError::Register { register: self.code.clone(), reason });
        let parts = &self.template.0;
        if parts.iter().filter(|part| matches!(part, Part::Serial(_))).count() != 1 {
            return refuse("the template needs {n} exactly once".to_owned());
        }
        let has_date = parts.contains(&Part::Date);
        let has_year = has_date || parts.iter().any(|part| matches!(part, Part::Year | Part::YearMonth));
        match self.reset {
            Reset::Day if !has_date => return refuse("a daily series needs {yyyymmdd} in its template".to_owned()),
            Reset::Year if !has_year => return refuse("a yearly series needs {yyyy} in its template".to_owned()),
            _ => {}
        }
        for field in &self.unit {
            if !parts.iter().any(|part| matches!(part, Part::Field(name, _) if name == field)) {
                return refuse(format!("the template does not show the unit field `{field}`"));
            }
        }
        Ok(())
    }

    /// The key of the counter that a number belongs to: `construction-permit|130102|01|2025-09-28`.
    pub fn scope_key(&self, fields: &Fields<'_>, on: Date) -> Result<String, NumberError> {
        let mut key = self.code.clone();
        for field in &self.unit {
            let width = self.template.0.iter().find_map(|part| match part {
                Part::Field(name, width) if name == field => *width,
                _ => None,
            });
            key.push('|');
            key.push_str(self.value(fields, field, width)?);
        }
        match self.reset {
            Reset::Day => key.push_str(&format!("|{on}")),
            Reset::Year => key.push_str(&format!("|{:04}", on.year())),
            Reset::None => {}
        }
        Ok(key)
    }

    /// The number with serial `n`.
    pub fn format(&self, fields: &Fields<'_>, on: Date, n: u64) -> Result<String, NumberError> {
        let mut number = String::new();
        for part in &self.template.0 {
            match part {
                Part::Text(text) => number.push_str(text),
                Part::Year => number.push_str(&on.strftime("%Y").to_string()),
                Part::YearMonth => number.push_str(&on.strftime("%Y%m").to_string()),
                Part::Date => number.push_str(&on.strftime("%Y%m%d").to_string()),
                Part::Field(name, width) => number.push_str(self.value(fields, name, *width)?),
                Part::Serial(width) => {
                    let serial = format!("{n:0width$}", width = width.unwrap_or(1));
                    if n == 0 || width.is_some_and(|width| serial.len() > width) {
                        return Err(NumberError::Full { register: self.code.clone(), n });
                    }
                    number.push_str(&serial);
                }
            }
        }
        Ok(number)
    }

    /// The fields a caller must give, in the order of the template.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.template.0.iter().filter_map(|part| match part {
            Part::Field(name, _) => Some(name.as_str()),
            _ => None,
        })
    }

    fn value<'a>(&self, fields: &Fields<'a>, name: &str, width: Option<usize>) -> Result<&'a str, NumberError> {
        let register = || self.code.clone();
        let Some((_, value)) = fields.iter().find(|(field, _)| *field == name) else {
            return Err(NumberError::FieldMissing { register: register(), field: name.to_owned() });
        };
        let length = value.chars().count();
        // `|` separates the parts of a counter's key.
        let plain = !value.chars().any(|c| c == '|' || c.is_whitespace() || c.is_control());
        if plain && (1..=FIELD_CHARS_MAX).contains(&length) && width.is_none_or(|width| width == length) {
            return Ok(value);
        }
        let value = value.chars().take(40).collect();
        Err(NumberError::FieldValue { register: register(), field: name.to_owned(), value })
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("template `{text}`: `{{` without `}}`"));
            };
            if before.contains('}') {
                return Err(format!("template `{text}`: `}}` without `{{`"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(part(name).ok_or_else(|| format!("template `{text}`: `{{{name}}}` is not a field"))?);
            rest = after;
        }
        if rest.contains('}') {
            return Err(format!("template `{text}`: `}}` without `{{`"));
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn part(name: &str) -> Option<Part> {
    Some(match name {
        "yyyy" => Part::Year,
        "yyyymm" => Part::YearMonth,
        "yyyymmdd" => Part::Date,
        "n" => Part::Serial(None),
        _ => match name.strip_prefix("n:0") {
            Some(width) => Part::Serial(Some(width.parse().ok().filter(|width| (1..=18).contains(width))?)),
            None => {
                let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
                if !plain || letters.is_empty() {
                    return None;
                }
                Part::Field(name.to_owned(), name[letters.len()..].parse().ok())
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn built_in() -> Registers {
        Registers::parse(include_str!("../../catalog/standards/numbering.toml")).expect("the built-in registers parse")
    }

    #[test]
    fn numbers_look_as_the_standards_show() {
        let registers = built_in();
        let day = date(2025, 9, 28);
        let cases: &[(&str, &Fields<'_>, u64, &str, &str)] = &[
            // domain.md §2.4 facts 1–2
            (
                "construction-permit",
                &[("reg6", "130102"), ("cat2", "01")],
                1,
                "130102202509280101",
                "construction-permit|130102|01|2025-09-28",
            ),
            (
                "construction-permit",
                &[("reg6", "130102"), ("cat2", "01")],
                2,
                "130102202509280201",
                "construction-permit|130102|01|2025-09-28",
            ),
            // domain.md §3.4 fact 1, §4 fact 1
            ("document", &[("code", "冀建")], 8, "冀建〔2025〕8号", "document|冀建|2025"),
            (
                "archive-item",
                &[("fonds", "J012"), ("cls", "WS"), ("ret", "D30"), ("org", "BGS")],
                7,
                "J012-WS·2025-D30-BGS-0007",
                "archive-item|J012|WS|D30|BGS|2025",
            ),
            ("case", &[("org", "SJZZJ")], 42, "SJZZJ20250928000042", "case|SJZZJ|2025-09-28"),
            ("completion-record", &[("reg6", "130100")], 3, "竣备130100202500003号", "completion-record|130100|2025"),
            ("planning-permit", &[("reg6", "130102")], 1, "建字第130102202500001号", "planning-permit|130102|2025"),
            ("safety-permit", &[("abbr", "冀")], 123, "（冀）JZ安许证字〔2025〕000123", "safety-permit|冀|2025"),
            ("test-report", &[("body", "HB01"), ("kind", "JZ")], 9, "HB01-JZ-2025-000009", "test-report|HB01|JZ|2025"),
            ("index", &[("org9", "000217936")], 5, "000217936/2025-00005", "index|000217936|2025"),
            ("notice-grant-filing", &[("abbr", "正建")], 3, "正建备〔2025〕3号", "notice-grant-filing|正建|2025"),
            ("notice-acceptance", &[("abbr", "石建许")], 12, "石建许受〔2025〕12号", "notice-acceptance|石建许|2025"),
        ];
        for (code, fields, n, number, key) in cases {
            let register = registers.get(code).unwrap();
            assert_eq!(register.format(fields, day, *n).unwrap(), *number);
            assert_eq!(register.scope_key(fields, day).unwrap(), *key);
        }
        // Two kinds of document of one organisation never carry the same number.
        let notices = registers.iter().filter(|register| register.code.starts_with("notice-"));
        let numbers: Vec<String> =
            notices.map(|register| register.format(&[("abbr", "正建")], day, 1).unwrap()).collect();
        assert!(numbers.len() > 10);
        assert_eq!(numbers.iter().collect::<std::collections::BTreeSet<_>>().len(), numbers.len(), "{numbers:?}");
    }

    #[test]
    fn a_new_period_is_a_new_series() {
        let registers = built_in();
        let document = registers.get("document").unwrap();
        let fields = [("code", "冀建")];
        let key = |on| document.scope_key(&fields, on).unwrap();
        assert_eq!(key(date(2005, 1, 1)), key(date(2005, 12, 31)));
        assert_ne!(key(date(2005, 12, 31)), key(date(2006, 1, 1)));
        assert_eq!(document.format(&fields, date(2006, 1, 4), 1).unwrap(), "冀建〔2006〕1号");
    }

    #[test]
    fn says_why_a_number_cannot_be_written() {
        let registers = built_in();
        let permit = registers.get("construction-permit").unwrap();
        let day = date(2025, 9, 28);
        let cases: [(&Fields<'_>, u64, &str); 5] = [
            (&[("reg6", "130102")], 1, "register `construction-permit`: field `cat2` has no value"),
            (
                &[("reg6", "1301"), ("cat2", "01")],
                1,
                "register `construction-permit`: `1301` cannot be the field `reg6`",
            ),
            (
                &[("reg6", "1301|2"), ("cat2", "01")],
                1,
                "register `construction-permit`: `1301|2` cannot be the field `reg6`",
            ),
            (
                &[("reg6", "130102"), ("cat2", "01")],
                100,
                "register `construction-permit`: 100 does not fit the number; the series is full",
            ),
            (
                &[("reg6", "130102"), ("cat2", "01")],
                0,
                "register `construction-permit`: 0 does not fit the number; the series is full",
            ),
        ];
        for (fields, n, message) in cases {
            assert_eq!(permit.format(fields, day, n).unwrap_err().to_string(), message);
        }
        assert!(permit.scope_key(&[("reg6", "130102")], day).is_err());
        assert_eq!(registers.get("nothing").unwrap_err().to_string(), "there is no numbering register `nothing`");
    }

    #[test]
    fn refuses_registers_whose_series_would_collide() {
        let register = |unit: &str, reset: &str, template: &str| {
            Registers::parse(&format!(
                "[registers.x]\nname = {{ zh = \"x\", en = \"x\" }}\nbasis = \"x\"\nunit = [{unit}]\nreset = \"{reset}\"\n\
                 gap_free = true\ntemplate = \"{template}\"\n"
            ))
        };
        assert!(register("\"org\"", "day", "{org}{yyyymmdd}{n:04}").is_ok());
        let cases = [
            ("\"org\"", "day", "{org}{yyyy}{n}", "a daily series needs {yyyymmdd} in its template"),
            ("", "year", "A{n}", "a yearly series needs {yyyy} in its template"),
            ("\"org\"", "year", "{yyyy}{n}", "the template does not show the unit field `org`"),
            ("", "none", "A", "the template needs {n} exactly once"),
            ("", "none", "{n}{n}", "the template needs {n} exactly once"),
            ("", "none", "{n", "`{` without `}`"),
            ("", "none", "n}{n}", "`}` without `{`"),
            ("", "none", "{n}{X}", "`{X}` is not a field"),
            ("", "none", "{n:0x}", "`{n:0x}` is not a field"),
            ("", "week", "{n}", "unknown variant `week`"),
        ];
        for (unit, reset, template, message) in cases {
            let error = register(unit, reset, template).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}

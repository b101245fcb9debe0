//! Form bodies: parsed within limits into an ordered list, from which a handler takes typed values one by one. Nobody sees a raw map.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use base::text::may_stand_on_paper;
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use crate::guard::{self, BodyFault};
use crate::problem::{Failure, Problem};
use crate::session::{FormKey, is_nonce};
use crate::words::{Arg, Words};

/// Most bytes of a form.
pub const FORM_BYTES_MAX: usize = 256 << 10;
/// Most fields of a form.
pub const FORM_FIELDS_MAX: usize = 500;

/// The fields of a form in the order they were sent, normalised to NFC with line ends as `\n`. Fields that no one asks for are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    pairs: Vec<(String, String)>,
}

/// Why a value was not taken: a message key, so that the sentence is made in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Message key.
    pub key: &'static str,
    /// Its arguments.
    pub args: Vec<(&'static str, Arg)>,
}

impl Complaint {
    /// A complaint without arguments.
    pub fn new(key: &'static str) -> Complaint {
        Complaint { key, args: Vec::new() }
    }

    /// With an argument.
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Complaint {
        self.args.push((name, value.into()));
        self
    }

    /// The sentence for the field called `label`.
    pub fn say(&self, words: Words, label: &str) -> String {
        let mut args = self.args.clone();
        args.push(("label", label.into()));
        words.t_args(self.key, &args)
    }
}

impl Fields {
    /// Fields from pairs, as a test or a query string has them.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Fields {
        Fields { pairs: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// Parses `application/x-www-form-urlencoded`, also a query string.
    pub fn parse(bytes: &[u8]) -> Result<Fields, Problem> {
        let mut fields = Fields::default();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(equals + 1..).unwrap_or_default();
            fields.push(decode(&pair[..equals])?, decode(value)?)?;
        }
        Ok(fields)
    }

    fn push(&mut self, name: Vec<u8>, value: Vec<u8>) -> Result<(), Problem> {
        if self.pairs.len() >= FORM_FIELDS_MAX {
            return Err(Problem::too_large());
        }
        let name = String::from_utf8(name).map_err(|_| Problem::bad_request())?;
        let value = String::from_utf8(value).map_err(|_| Problem::bad_request())?;
        // Browsers send line ends as CR LF whatever was typed.
        let value = value.replace("\r\n", "\n").nfc().collect();
        self.pairs.push((name, value));
        Ok(())
    }

    /// Was the form made for this session? Else 403.
    pub fn check_csrf(&self, key: &FormKey) -> Result<(), Problem> {
        let given = self.one("_csrf").unwrap_or_default();
        if key.csrf_matches(given) { Ok(()) } else { Err(Problem::forged()) }
    }

    /// The idempotency key that the form carries.
    pub fn nonce(&self) -> Result<&str, Problem> {
        self.one("_nonce").filter(|nonce| is_nonce(nonce)).ok_or_else(Problem::bad_request)
    }

    /// Was the field sent at all (a button, a checkbox)?
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// All fields in order, for a form that is shown once more as it was sent.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Names of all fields with that prefix, each once, in order: for forms that a schema describes.
    pub fn names_under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let mut seen = Vec::new();
        self.pairs.iter().map(|(name, _)| name.as_str()).filter(move |name| {
            let first = name.starts_with(prefix) && !seen.contains(name);
            if first {
                seen.push(name);
            }
            first
        })
    }

    /// One line of text, trimmed; empty when it was not sent.
    pub fn optional_text(&self, name: &str, chars_max: usize) -> Result<String, Complaint> {
        checked(self.one(name).unwrap_or_default().trim(), chars_max, false)
    }

    /// One line of text that must be there.
    pub fn text(&self, name: &str, chars_max: usize) -> Result<String, Complaint> {
        required(self.optional_text(name, chars_max)?)
    }

    /// Several lines of text; empty when not sent.
    pub fn optional_long_text(&self, name: &str, chars_max: usize) -> Result<String, Complaint> {
        checked(self.one(name).unwrap_or_default().trim(), chars_max, true)
    }

    /// Several lines of text that must be there.
    pub fn long_text(&self, name: &str, chars_max: usize) -> Result<String, Complaint> {
        required(self.optional_long_text(name, chars_max)?)
    }

    /// A password: not trimmed, not normalised beyond NFC, never logged.
    pub fn secret(&self, name: &str) -> Result<String, Complaint> {
        required(self.one(name).unwrap_or_default().to_owned())
    }

    /// One of the values offered.
    pub fn choice<'a>(&self, name: &str, offered: impl IntoIterator<Item = &'a str>) -> Result<&'a str, Complaint> {
        let given = self.one(name).unwrap_or_default();
        if given.is_empty() {
            return Err(Complaint::new("input-choice"));
        }
        offered.into_iter().find(|value| *value == given).ok_or(Complaint::new("input-choice"))
    }

    /// Some of the values offered, in the order offered.
    pub fn choices<'a>(&self, name: &str, offered: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        offered
            .into_iter()
            .filter(|value| self.pairs.iter().any(|(key, given)| key == name && given == value))
            .collect()
    }

    /// All values of a field (ticked rows), at most `max` of them.
    pub fn all(&self, name: &str, max: usize) -> Vec<&str> {
        self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).take(max).collect()
    }

    /// A whole number between the two.
    pub fn whole(&self, name: &str, min: i64, max: i64) -> Result<i64, Complaint> {
        let text = self.text(name, 32)?.replace([',', '，'], ""); // not a message: the full-width comma people type
        let number: i64 = text.parse().map_err(|_| Complaint::new("input-whole-number"))?;
        if number < min || number > max {
            return Err(Complaint::new("input-range").with("min", min).with("max", max));
        }
        Ok(number)
    }

    /// A decimal with at most `decimals` places as its smallest units: `12.5` with two is 1250. Never a float.
    pub fn decimal(&self, name: &str, decimals: u32) -> Result<i64, Complaint> {
        let text = self.text(name, 32)?.replace([',', '，'], ""); // not a message: the full-width comma people type
        parse_decimal(&text, decimals).ok_or(Complaint::new("input-money").with("decimals", decimals))
    }

    /// A date, `2026-11-23`.
    pub fn date(&self, name: &str) -> Result<Date, Complaint> {
        let text = self.text(name, 32)?;
        let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        text.parse().ok().filter(|_| shaped).ok_or(Complaint::new("input-date"))
    }

    /// The value of a field sent once; a field sent twice where one is expected counts as not sent.
    fn one(&self, name: &str) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(key, _)| key == name);
        let first = found.next()?;
        if found.next().is_some() { None } else { Some(first.1.as_str()) }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Fields, Failure> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => {
                Ok(Fields::parse(&guard::read_body(request.into_body(), FORM_BYTES_MAX).await?)?)
            }
            "multipart/form-data" => {
                let multipart = Multipart::from_request(request, state).await.map_err(|_| Problem::bad_request())?;
                Ok(read_multipart(multipart).await?)
            }
            _ => Err(Problem::media_type().into()),
        }
    }
}

/// A multipart form without files (an empty file input sends an empty part, which is ignored).
async fn read_multipart(mut multipart: Multipart) -> Result<Fields, Problem> {
    let mut fields = Fields::default();
    let mut total = 0;
    while let Some(mut part) = multipart.next_field().await.map_err(|error| BodyFault::find(&error))? {
        let name = part.name().unwrap_or_default().as_bytes().to_vec();
        let is_file = part.file_name().is_some();
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(|error| BodyFault::find(&error))? {
            add_chunk(&mut value, &chunk, &mut total)?;
        }
        if is_file && !value.is_empty() {
            return Err(Problem::media_type());
        }
        if !is_file {
            fields.push(name, value)?;
        }
    }
    Ok(fields)
}

fn add_chunk(value: &mut Vec<u8>, chunk: &Bytes, total: &mut usize) -> Result<(), Problem> {
    *total += chunk.len();
    if *total > FORM_BYTES_MAX {
        return Err(Problem::too_large());
    }
    value.extend_from_slice(chunk);
    Ok(())
}

fn required(text: String) -> Result<String, Complaint> {
    if text.is_empty() { Err(Complaint::new("input-missing")) } else { Ok(text) }
}

fn checked(text: &str, chars_max: usize, lines: bool) -> Result<String, Complaint> {
    if text.chars().any(|c| is_unfit(c, lines)) {
        return Err(Complaint::new("input-control"));
    }
    if text.chars().count() > chars_max {
        return Err(Complaint::new("input-too-long").with("max", chars_max));
    }
    Ok(text.to_owned())
}

/// Characters no field may hold: controls (line feed and tab only where lines are allowed), direction overrides that make a text read
/// differently from what it is, what cannot be printed the same everywhere, and code points that are no characters.
pub fn is_unfit(c: char, lines: bool) -> bool {
    match c {
        '\n' | '\t' => !lines,
        '\u{fdd0}'..='\u{fdef}' => true,
        c => c.is_control() || u32::from(c) & 0xfffe == 0xfffe || !may_stand_on_paper(c),
    }
}

fn decode(text: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = text.get(at + 1..at + 3).ok_or_else(Problem::bad_request)?;
                out.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| Problem::bad_request())?);
                at += 2;
            }
            byte => out.push(byte),
        }
        at += 1;
    }
    Ok(out)
}

fn parse_decimal(text: &str, decimals: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let places = usize::try_from(decimals).ok()?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > places || !all_digits(whole) || !all_digits(part) || digits.ends_with('.') {
        return None;
    }
    let units: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
    Some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests;

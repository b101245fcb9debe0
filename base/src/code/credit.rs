//! Unified social credit code (统一社会信用代码), GB 32100-2015: 18 characters with two check characters.

use super::{CodeError, CodeErrorKind, Said, digits, exact, region_parts};
use crate::region::{RegionCode, Regions};

/// Digits and the letters without I O S V Z, which are easily misread; a character's value is its place.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// GB 11714: weights of the organisation code (组织机构代码) in characters 9 to 16.
const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A well-formed credit code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    /// The 18 characters, capital.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registering department and kind of body: characters 1 and 2, such as `91` for an enterprise.
    pub fn department(&self) -> &str {
        &self.0[..2]
    }

    /// The region digits; national registrars use codes that are no region.
    pub fn region(&self) -> Option<RegionCode> {
        self.0[2..8].parse().ok()
    }

    /// The organisation code: characters 9 to 17.
    pub fn organisation_code(&self) -> &str {
        &self.0[8..17]
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = vec![("department", self.department().to_owned())];
        parts.extend(self.region().map(|code| region_parts(code, regions)).unwrap_or_default());
        parts.push(("organisation_code", self.organisation_code().to_owned()));
        (self.0, parts)
    }
}

/// Reads a credit code; lower case is made capital.
pub fn parse(value: &str) -> Result<CreditCode, CodeError> {
    let code = exact(value, 18)?;
    if let Some(index) = code.bytes().position(|byte| !ALPHABET.contains(&byte)) {
        return Err(CodeError::at(CodeErrorKind::Alphabet, index));
    }
    digits(&code, 2..8)?;
    if check_character(&code[..17]) != code.chars().last() {
        return Err(CodeError::at(CodeErrorKind::Check, 17));
    }
    if inner_check_character(&code[8..16]) != code[16..].chars().next() {
        return Err(CodeError::at(CodeErrorKind::Inner, 16));
    }
    Ok(CreditCode(code))
}

/// The code that begins with 16 characters, both check characters added. For synthetic codes in demos and tests.
pub fn complete(first_16: &str) -> Option<CreditCode> {
    let mut code = first_16.to_owned();
    code.push(inner_check_character(first_16.get(8..16)?)?);
    code.push(check_character(&code)?);
    parse(&code).ok()
}

fn check_character(first_17: &str) -> Option<char> {
    let mut sum = 0;
    for (byte, weight) in first_17.bytes().zip(WEIGHTS) {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        sum += u32::try_from(value).ok()? * weight;
    }
    let index = (31 - sum % 31) % 31;
    ALPHABET.get(usize::try_from(index).ok()?).map(|byte| char::from(*byte))
}

fn inner_check_character(first_8: &str) -> Option<char> {
    let mut sum = 0;
    for (letter, weight) in first_8.chars().zip(INNER_WEIGHTS) {
        // Here letters count on from 9 without gaps: A = 10 … Z = 35.
        sum += letter.to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

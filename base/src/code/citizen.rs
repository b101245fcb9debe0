//! Citizen number (公民身份号码), GB 11643-1999: region, birthday, serial, check.

use jiff::civil::Date;

use super::{CodeError, CodeErrorKind, Said, compact, date_of, digits, exact, region_parts};
use crate::region::{RegionCode, Regions};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// A well-formed citizen number. Its text is personal: show it masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CitizenNumber {
    number: String,
    region: RegionCode,
    born_on: Date,
}

/// As the third digit of the serial tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
}

impl CitizenNumber {
    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// Where it was first issued; the region may be long abolished.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// The birthday.
    pub fn born_on(&self) -> Date {
        self.born_on
    }

    /// Odd serials are male.
    pub fn sex(&self) -> Sex {
        if self.number.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = region_parts(self.region, regions);
        parts.push(("born_on", self.born_on.to_string()));
        parts.push(("sex", if self.sex() == Sex::Male { "male" } else { "female" }.to_owned()));
        (self.number, parts)
    }
}

/// Masked, so that a log or a failed test never shows a person's number.
impl std::fmt::Debug for CitizenNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CitizenNumber({})", crate::mask::id_number(&self.number))
    }
}

/// Reads a number of 18 characters, or of the 15 digits issued before 1999, which is made 18. The region must exist or have existed: people keep the
/// code of the place where the number was first given.
pub fn parse(value: &str, regions: &Regions) -> Result<CitizenNumber, CodeError> {
    let number = match compact(value) {
        old if old.len() == 15 && old.bytes().all(|byte| byte.is_ascii_digit()) => {
            complete(&format!("{}19{}", &old[..6], &old[6..])).ok_or(CodeError::new(CodeErrorKind::Format))?
        }
        _ => exact(value, 18)?,
    };
    digits(&number, 0..17)?;
    if !number.ends_with(|c: char| c.is_ascii_digit() || c == 'X') {
        return Err(CodeError::at(CodeErrorKind::Alphabet, 17));
    }
    if check_character(&number[..17]) != number.chars().last() {
        return Err(CodeError::at(CodeErrorKind::Check, 17));
    }
    let region = number[..6].parse().ok().filter(|code| regions.existed_ever(*code));
    let region = region.ok_or(CodeError::new(CodeErrorKind::Region))?;
    let born_on = date_of(&number[6..14]).ok_or(CodeError::at(CodeErrorKind::Date, 6))?;
    Ok(CitizenNumber { number, region, born_on })
}

/// Seventeen digits with their check character. For synthetic numbers in demos and tests; use birthdays before 1900, so that no real person is hit.
pub fn complete(first_17: &str) -> Option<String> {
    let check = check_character(first_17)?;
    (first_17.len() == 17).then(|| format!("{first_17}{check}"))
}

fn check_character(first_17: &str) -> Option<char> {
    let mut sum = 0;
    for (digit, weight) in first_17.chars().zip(WEIGHTS) {
        sum += digit.to_digit(10)? * weight;
    }
    CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

//! Construction permit number (施工许可证编号): 18 digits, region, date of registration, serial of the day, category.

use jiff::civil::Date;

use super::{CodeError, CodeErrorKind, Said, date_of, digits, exact, issuing_region, region_parts};
use crate::region::{RegionCode, Regions};

/// The categories of both code tables in use: the ministry's nineteen, and 99 of the national platform (domain.md §2.3).
const CATEGORIES_MAX: u8 = 19;
const CATEGORY_OTHER: u8 = 99;

/// A well-formed construction permit number. Original and duplicate share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PermitNumber {
    number: String,
    region: RegionCode,
    registered_on: Date,
}

impl PermitNumber {
    /// The 18 digits.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The region of the issuing authority.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// The day of registration.
    pub fn registered_on(&self) -> Date {
        self.registered_on
    }

    /// The serial of the day.
    pub fn serial(&self) -> &str {
        &self.number[14..16]
    }

    /// The category of works.
    pub fn category(&self) -> &str {
        &self.number[16..]
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = region_parts(self.region, regions);
        parts.push(("registered_on", self.registered_on.to_string()));
        parts.push(("serial", self.serial().to_owned()));
        parts.push(("category", self.category().to_owned()));
        (self.number, parts)
    }
}

/// Reads a construction permit number.
pub fn parse(value: &str, regions: &Regions) -> Result<PermitNumber, CodeError> {
    let number = exact(value, 18)?;
    digits(&number, 0..18)?;
    let region = issuing_region(&number[..6], regions)?;
    let registered_on = date_of(&number[6..14]).ok_or(CodeError::at(CodeErrorKind::Date, 6))?;
    if &number[14..16] == "00" {
        return Err(CodeError::at(CodeErrorKind::Serial, 14));
    }
    match number[16..].parse() {
        Ok(1..=CATEGORIES_MAX | CATEGORY_OTHER) => Ok(PermitNumber { number, region, registered_on }),
        _ => Err(CodeError::at(CodeErrorKind::Category, 16)),
    }
}

//! Real-estate unit number (不动产单元号), GB/T 37346-2019: 28 characters, a parcel and what stands on it.

use super::{CodeError, CodeErrorKind, Said, digits, exact, region_parts};
use crate::region::{RegionCode, Regions};

const OWNERSHIPS: &str = "GJZ";
const RIGHTS: &str = "ABSXCDEFHGWY";
const FIXTURES: &str = "FLQW";

/// A well-formed real-estate unit number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitNumber {
    number: String,
    county: RegionCode,
}

impl UnitNumber {
    /// The 28 characters without spaces.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The county.
    pub fn county(&self) -> RegionCode {
        self.county
    }

    /// Cadastral district and sub-district (地籍区, 地籍子区).
    pub fn cadastre(&self) -> (&str, &str) {
        (&self.number[6..9], &self.number[9..12])
    }

    /// Ownership and right of the parcel (宗地特征码), such as `GB`.
    pub fn parcel_feature(&self) -> &str {
        &self.number[12..14]
    }

    /// The parcel's serial.
    pub fn parcel(&self) -> &str {
        &self.number[14..19]
    }

    /// What stands there (定着物特征码): F building, L forest, Q other, W nothing.
    pub fn fixture(&self) -> &str {
        &self.number[19..20]
    }

    /// Building and unit (幢, 户), for buildings.
    pub fn building_and_unit(&self) -> Option<(&str, &str)> {
        (self.fixture() == "F").then(|| (&self.number[20..24], &self.number[24..28]))
    }

    /// The number as it is printed: `130102 001002 GB00003 F00040005`.
    pub fn spaced(&self) -> String {
        let number = &self.number;
        format!("{} {} {} {}", &number[..6], &number[6..12], &number[12..19], &number[19..])
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = region_parts(self.county, regions);
        let (district, sub_district) = self.cadastre();
        parts.push(("cadastral_district", district.to_owned()));
        parts.push(("cadastral_sub_district", sub_district.to_owned()));
        parts.push(("parcel_feature", self.parcel_feature().to_owned()));
        parts.push(("parcel", self.parcel().to_owned()));
        parts.push(("fixture", self.fixture().to_owned()));
        if let Some((building, unit)) = self.building_and_unit() {
            parts.push(("building", building.to_owned()));
            parts.push(("unit", unit.to_owned()));
        }
        (self.number, parts)
    }
}

/// Reads a real-estate unit number, with or without spaces.
pub fn parse(value: &str, regions: &Regions) -> Result<UnitNumber, CodeError> {
    let number = exact(value, 28)?;
    digits(&number, 0..12)?;
    for (index, letters) in [(12, OWNERSHIPS), (13, RIGHTS), (19, FIXTURES)] {
        let found = char::from(number.as_bytes()[index]);
        if !found.is_ascii_uppercase() {
            return Err(CodeError::at(CodeErrorKind::Alphabet, index));
        }
        if !letters.contains(found) {
            return Err(CodeError::at(CodeErrorKind::Category, index));
        }
    }
    digits(&number, 14..19)?;
    digits(&number, 20..28)?;
    let nothing = &number[19..20] == "W";
    if nothing != (&number[20..] == "00000000") {
        // Only a bare parcel has no unit, and it has zeros there.
        return Err(CodeError::at(CodeErrorKind::Serial, 20));
    }
    let county = number[..6].parse().ok().filter(|code| regions.existed_ever(*code));
    let county = county.ok_or(CodeError::new(CodeErrorKind::Region))?;
    Ok(UnitNumber { number, county })
}

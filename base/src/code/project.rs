//! Project codes: of the investment platform (投资项目统一代码) and of the construction-market platform (四库一平台).

use jiff::civil::Date;

use super::{CodeError, CodeErrorKind, Said, compact, date_of, digits, issuing_region, region_parts};
use crate::region::{RegionCode, Regions};

/// Years whose codes are of the old form: the national platform opened with them and changed over by 2020-10-31.
const OLD_YEARS: std::ops::RangeInclusive<u16> = 2014..=2020;
/// The first month of the new form, as YYMM.
const NEW_FROM: u16 = 2010;

/// A well-formed investment project code. Only the national platform issues and verifies it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectCode {
    code: String,
    region: RegionCode,
    form: ProjectForm,
}

/// Which standard a project code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProjectForm {
    /// GB/T 40058-2021: year and month, region, department, type, random digits and check.
    Monthly,
    /// Until 2020: year, region, industry, type, serial.
    Yearly,
}

impl ProjectCode {
    /// The code with its hyphens.
    pub fn as_str(&self) -> &str {
        &self.code
    }

    /// The region that filed the project.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// Which standard it follows.
    pub fn form(&self) -> ProjectForm {
        self.form
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = region_parts(self.region, regions);
        let (time, digits_5_6) = match self.form {
            ProjectForm::Monthly => (format!("20{}-{}", &self.code[..2], &self.code[2..4]), "department"),
            ProjectForm::Yearly => (self.code[..4].to_owned(), "industry"),
        };
        parts.push(("time", time));
        parts.push((digits_5_6, self.code[12..14].to_owned()));
        parts.push(("type", self.code[15..17].to_owned()));
        (self.code, parts)
    }
}

/// Reads a code of GB/T 40058-2021 or of its predecessor. The check digit's algorithm is not published with the form, so pattern, region and month are
/// checked; whether the project exists only the national platform can say.
pub fn parse(value: &str, regions: &Regions) -> Result<ProjectCode, CodeError> {
    let compact: String = compact(value).chars().map(|c| if "－—–‐".contains(c) { '-' } else { c }).collect();
    let plain: String = compact.chars().filter(|c| *c != '-').collect();
    let groups: Vec<usize> = compact.split('-').map(|group| group.chars().count()).collect();
    if plain.chars().count() != 20 {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    if let Some(index) = compact.chars().position(|c| !c.is_ascii_digit() && c != '-') {
        return Err(CodeError::at(CodeErrorKind::Alphabet, index));
    }
    if groups != [4, 6, 2, 2, 6] && groups != [20] {
        return Err(CodeError::new(CodeErrorKind::Format));
    }
    let time: u16 = plain[..4].parse().map_err(|_| CodeError::new(CodeErrorKind::Format))?;
    let form = match time % 100 {
        1..=12 if time >= NEW_FROM => ProjectForm::Monthly,
        _ if OLD_YEARS.contains(&time) => ProjectForm::Yearly,
        _ => return Err(CodeError::at(CodeErrorKind::Month, 2)),
    };
    let region = issuing_region(&plain[4..10], regions)?;
    let code = format!("{}-{}-{}-{}-{}", &plain[..4], &plain[4..10], &plain[10..12], &plain[12..14], &plain[14..]);
    Ok(ProjectCode { code, region, form })
}

/// A project code of the construction-market platform: region, date YYMMDD, category, serial; a stage record adds `-XX-nnn`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlatformCode {
    code: String,
    region: RegionCode,
    registered_on: Date,
}

impl PlatformCode {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.code
    }

    /// The region.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// The date in the code.
    pub fn registered_on(&self) -> Date {
        self.registered_on
    }

    /// 01 房屋建筑, 02 市政, 99 其他.
    pub fn category(&self) -> &str {
        &self.code[12..14]
    }

    /// The stage record, such as `SX-001`.
    pub fn stage(&self) -> Option<&str> {
        self.code.get(17..)
    }

    pub(super) fn say(self, regions: &Regions) -> Said {
        let mut parts = region_parts(self.region, regions);
        parts.push(("registered_on", self.registered_on.to_string()));
        parts.push(("category", self.category().to_owned()));
        parts.push(("serial", self.code[14..16].to_owned()));
        parts.extend(self.stage().map(|stage| ("stage", stage.to_owned())));
        (self.code, parts)
    }
}

/// Reads a project code of the construction-market platform (建市〔2014〕108号). The letters of stages are a table that varies, so any two are taken.
pub fn parse_platform(value: &str, regions: &Regions) -> Result<PlatformCode, CodeError> {
    let code = compact(value);
    let (project, stage) = match code.split_once('-') {
        Some((project, stage)) => (project, Some(stage)),
        None => (code.as_str(), None),
    };
    if project.chars().count() != 16 {
        return Err(CodeError::new(CodeErrorKind::Length));
    }
    if let Some(index) = project.chars().position(|c| !c.is_ascii_digit()) {
        return Err(CodeError::at(CodeErrorKind::Alphabet, index));
    }
    digits(project, 0..16)?;
    let region = issuing_region(&project[..6], regions)?;
    let registered_on = date_of(&format!("20{}", &project[6..12])).ok_or(CodeError::at(CodeErrorKind::Date, 6))?;
    if !["01", "02", "99"].contains(&&project[12..14]) {
        return Err(CodeError::at(CodeErrorKind::Category, 12));
    }
    if &project[14..16] == "00" {
        return Err(CodeError::at(CodeErrorKind::Serial, 14));
    }
    if let Some(stage) = stage {
        let well_formed = match stage.split_once('-') {
            Some((letters, serial)) => {
                letters.len() == 2
                    && letters.bytes().all(|byte| byte.is_ascii_uppercase())
                    && serial.len() == 3
                    && serial.bytes().all(|byte| byte.is_ascii_digit())
            }
            None => false,
        };
        if !well_formed {
            return Err(CodeError::at(CodeErrorKind::Format, 16));
        }
    }
    Ok(PlatformCode { region, registered_on, code })
}

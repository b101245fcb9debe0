//! Regions (行政区划, GB/T 2260) with validity: a code is a place only at a date.
//!
//! Codes were given to other places before 1995, renamed in place, and abolished for new ones since: the key is (code, validity).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A region code (行政区划代码): six digits, province, city and county in pairs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode([u8; 6]);

/// The level (层级) of a region, readable from its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省、自治区、直辖市
    Province,
    /// 地级市、地区、自治州、盟
    City,
    /// 县、县级市、市辖区、旗
    County,
}

impl Level {
    /// The word in data, queries and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
        }
    }
}

/// Why a text is not a region code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a region code of six digits")]
pub struct RegionCodeError(String);

impl RegionCode {
    /// The level that the digits state.
    pub fn level(self) -> Level {
        match (&self.0[2..4], &self.0[4..6]) {
            (b"00", b"00") => Level::Province,
            (_, b"00") => Level::City,
            _ => Level::County,
        }
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII digits by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The digits that everything inside begins with: `13` for a province, `1301` for a city, all six for a county.
    pub fn prefix(&self) -> &str {
        &self.as_str()[..match self.level() {
            Level::Province => 2,
            Level::City => 4,
            Level::County => 6,
        }]
    }

    /// Whether the region is the ancestor or lies within it. A county contains only itself.
    pub fn is_within(&self, ancestor: &RegionCode) -> bool {
        self.as_str().starts_with(ancestor.prefix())
    }

    /// The region of a level that it is or lies in; none below its own level.
    pub fn at(self, level: Level) -> Option<RegionCode> {
        if level > self.level() {
            return None;
        }
        let kept = match level {
            Level::Province => 2,
            Level::City => 4,
            Level::County => 6,
        };
        let mut code = self.0;
        code[kept..].fill(b'0');
        Some(Self(code))
    }

    /// The province the code belongs to.
    pub fn province(self) -> RegionCode {
        Self([self.0[0], self.0[1], b'0', b'0', b'0', b'0'])
    }

    /// The city the code belongs to, or the code itself for a province. Counties directly under a province (digits 3–4 are 90) have a city code that is no unit.
    pub fn city(self) -> RegionCode {
        Self([self.0[0], self.0[1], self.0[2], self.0[3], b'0', b'0'])
    }

    /// Whether the county digits are 71–79: development zones that the statistics code, but GB/T 2260 does not list.
    pub fn is_statistical_zone(self) -> bool {
        self.0[4] == b'7' && (b'1'..=b'9').contains(&self.0[5])
    }
}

impl FromStr for RegionCode {
    type Err = RegionCodeError;

    fn from_str(text: &str) -> Result<Self, RegionCodeError> {
        match <[u8; 6]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(RegionCodeError(text.chars().take(40).collect())),
        }
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionCodeError;

    fn try_from(text: String) -> Result<Self, RegionCodeError> {
        text.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionCode({self})")
    }
}

/// One place under one code for one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The code.
    pub code: RegionCode,
    /// The name, such as 长安区.
    pub name: String,
    /// The level.
    pub level: Level,
    /// The region it belongs to; none for a province.
    pub parent: Option<RegionCode>,
    /// First day, as far as the published lists tell.
    pub valid_from: Date,
    /// Last day; none while valid.
    pub valid_until: Option<Date>,
    /// Where the code went, one step; several when the place was divided.
    pub successors: Vec<RegionCode>,
}

impl Region {
    /// Whether the place had this code on the day.
    pub fn is_valid_on(&self, on: Date) -> bool {
        self.valid_from <= on && self.valid_until.is_none_or(|until| on <= until)
    }
}

/// What a code means on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// A place with this code on the day.
    Valid(&'a Region),
    /// No longer: the last place that had it before the day.
    Retired(&'a Region),
    /// Not yet: the first place that will have it.
    NotYet(&'a Region),
    /// Never listed.
    Unknown,
}

/// Why a table of regions was refused. Every message names the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RegionsError {
    /// Line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Every region the node knows, with history.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    /// Sorted by (code, valid_from); validities of one code do not overlap.
    rows: Vec<Region>,
    children: BTreeMap<RegionCode, Vec<usize>>,
}

#[derive(Deserialize)]
struct Row {
    code: RegionCode,
    name: String,
    level: Level,
    parent: Option<RegionCode>,
    valid_from: Date,
    valid_until: Option<Date>,
    #[serde(default)]
    successor: String,
}

impl Regions {
    /// Reads `code,name,level,parent,valid_from,valid_until,successor` rows.
    pub fn parse(text: &str) -> Result<Self, RegionsError> {
        Self::parse_all(&[text])
    }

    /// Reads several tables as one, such as the province's own and the rest of the nation. A line number counts within its table.
    pub fn parse_all(texts: &[&str]) -> Result<Self, RegionsError> {
        let mut rows: Vec<(u64, Region)> = Vec::new();
        for text in texts {
            let mut reader = csv::ReaderBuilder::new()
                .comment(Some(b'#'))
                .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let header = reader.headers().map_err(|error| refused(1, &error))?.clone();
            for record in reader.records() {
                let record =
                    record.map_err(|error| refused(error.position().map_or(0, csv::Position::line), &error))?;
                let line = record.position().map_or(0, csv::Position::line);
                let row: Row = record.deserialize(Some(&header)).map_err(|error| refused(line, &error))?;
                rows.push((line, row.check(line)?));
            }
        }
        rows.sort_by_key(|(_, region)| (region.code, region.valid_from));
        for pair in rows.windows(2) {
            let (earlier, later) = (&pair[0].1, &pair[1].1);
            if earlier.code == later.code && earlier.valid_until.is_none_or(|until| until >= later.valid_from) {
                return Err(refused(pair[1].0, &format!("{} is already in use on {}", later.code, later.valid_from)));
            }
        }
        let rows: Vec<Region> = rows.into_iter().map(|(_, region)| region).collect();
        let mut children: BTreeMap<RegionCode, Vec<usize>> = BTreeMap::new();
        for (index, region) in rows.iter().enumerate() {
            if let Some(parent) = region.parent {
                children.entry(parent).or_default().push(index);
            }
        }
        Ok(Self { rows, children })
    }

    /// What the code means on a day.
    pub fn lookup(&self, code: RegionCode, on: Date) -> Lookup<'_> {
        let rows = self.history(code);
        match rows.iter().rev().find(|region| region.valid_from <= on) {
            Some(region) if region.is_valid_on(on) => Lookup::Valid(region),
            Some(region) => Lookup::Retired(region),
            None => rows.first().map_or(Lookup::Unknown, Lookup::NotYet),
        }
    }

    /// The place that has the code now, that is, without an end.
    pub fn current(&self, code: RegionCode) -> Option<&Region> {
        self.history(code).last().filter(|region| region.valid_until.is_none())
    }

    /// Every place that has had the code, oldest first.
    pub fn history(&self, code: RegionCode) -> &[Region] {
        let start = self.rows.partition_point(|region| region.code < code);
        let end = self.rows.partition_point(|region| region.code <= code);
        &self.rows[start..end]
    }

    /// Whether the code has ever been listed.
    pub fn existed_ever(&self, code: RegionCode) -> bool {
        !self.history(code).is_empty()
    }

    /// Whether an authority may have issued numbers under the code: listed once, or a statistical zone of a listed city.
    pub fn may_issue(&self, code: RegionCode) -> bool {
        self.existed_ever(code) || (code.is_statistical_zone() && self.existed_ever(code.city()))
    }

    /// The regions directly below, on a day, by code.
    pub fn children(&self, code: RegionCode, on: Date) -> impl Iterator<Item = &Region> {
        let indices = self.children.get(&code).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|index| &self.rows[*index]).filter(move |region| region.is_valid_on(on))
    }

    /// Every place with its validity, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.rows.iter()
    }

    /// Where a code's place is on a later day: follows the successors of the place that had the code on `from`. Several when it was divided,
    /// none when it was dissolved without an heir.
    pub fn heirs(&self, code: RegionCode, from: Date, on: Date) -> Vec<&Region> {
        let mut found: Vec<&Region> = Vec::new();
        let mut open = vec![(code, from)];
        // A chain is a handful of steps; the bound only stops a cycle in wrong data.
        for _ in 0..64 {
            let Some((code, since)) = open.pop() else { break };
            let region = match self.lookup(code, since) {
                Lookup::Valid(region) | Lookup::Retired(region) | Lookup::NotYet(region) => region,
                Lookup::Unknown => continue,
            };
            match region.valid_until {
                Some(until) if until < on => {
                    let next = until.tomorrow().unwrap_or(until);
                    open.extend(region.successors.iter().map(|successor| (*successor, next)));
                }
                _ if !found.contains(&region) => found.push(region),
                _ => {}
            }
        }
        found.sort_by_key(|region| region.code);
        found
    }
}

impl Row {
    fn check(self, line: u64) -> Result<Region, RegionsError> {
        if self.level != self.code.level() {
            return Err(refused(line, &format!("{} is not the code of a {:?}", self.code, self.level)));
        }
        if self.valid_until.is_some_and(|until| until < self.valid_from) {
            return Err(refused(line, &"the validity ends before it begins"));
        }
        let successors = self.successor.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        Ok(Region {
            code: self.code,
            name: self.name,
            level: self.level,
            parent: self.parent,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            successors: successors.map_err(|error| refused(line, &error))?,
        })
    }
}

fn refused(line: u64, reason: &dyn fmt::Display) -> RegionsError {
    RegionsError { line, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    fn hebei() -> Regions {
        Regions::parse(include_str!("../../catalog/directory/regions.csv")).expect("the built-in regions parse")
    }

    #[test]
    fn a_code_is_a_place_only_at_a_date() {
        let regions = hebei();
        let cases = [
            // domain.md §5 fact 4
            ("130182", date(2005, 6, 1), "valid 藁城市"),
            ("130182", date(2025, 1, 1), "retired 藁城市 -> 130109"),
            ("130109", date(2025, 1, 1), "valid 藁城区"),
            ("130109", date(2005, 6, 1), "not yet 藁城区"),
            // the same digits for other places
            ("130123", date(1990, 1, 1), "valid 栾城县"),
            ("130123", date(2000, 1, 1), "valid 正定县"),
            ("130124", date(1990, 1, 1), "valid 正定县"),
            // renamed in place
            ("130502", date(2005, 1, 1), "valid 桥东区"),
            ("130502", date(2025, 1, 1), "valid 襄都区"),
            // divided
            ("130421", date(2020, 1, 1), "retired 邯郸县 -> 130402 130403"),
            ("130185", date(2020, 1, 1), "retired 鹿泉市 -> 130110"),
            ("139999", date(2020, 1, 1), "unknown"),
            ("130171", date(2020, 1, 1), "unknown"),
        ];
        for (text, on, expected) in cases {
            let found = match regions.lookup(code(text), on) {
                Lookup::Valid(region) => format!("valid {}", region.name),
                Lookup::NotYet(region) => format!("not yet {}", region.name),
                Lookup::Unknown => "unknown".to_owned(),
                Lookup::Retired(region) => {
                    let heirs: Vec<&str> = region.successors.iter().map(RegionCode::as_str).collect();
                    format!("retired {} -> {}", region.name, heirs.join(" "))
                }
            };
            assert_eq!(found, expected, "{text} on {on}");
        }
    }

    #[test]
    fn hebei_has_eleven_cities_and_its_counties() {
        let regions = hebei();
        let count = |on: Date| {
            let cities: Vec<&Region> = regions.children(code("130000"), on).collect();
            let counties: usize = cities.iter().map(|city| regions.children(city.code, on).count()).sum();
            (cities.len(), counties)
        };
        assert_eq!(count(date(2025, 1, 1)), (11, 167));
        assert_eq!(count(date(2005, 12, 1)), (11, 172));
        assert_eq!(regions.current(code("130100")).unwrap().name, "石家庄市");
        assert!(regions.current(code("130182")).is_none());
    }

    #[test]
    fn every_successor_and_parent_is_listed() {
        let regions = hebei();
        for region in regions.iter() {
            for other in region.successors.iter().chain(&region.parent) {
                assert!(regions.existed_ever(*other), "{} names {other}", region.code);
            }
        }
    }

    #[test]
    fn follows_successors_to_a_day() {
        let regions = hebei();
        let heirs = |text: &str, from: Date| -> Vec<String> {
            regions.heirs(code(text), from, date(2025, 1, 1)).iter().map(|region| region.code.to_string()).collect()
        };
        assert_eq!(heirs("132325", date(1985, 1, 1)), ["130109"], "藁城县, 藁城市 (three codes), 藁城区");
        assert_eq!(heirs("130421", date(2005, 1, 1)), ["130402", "130403"]);
        assert_eq!(heirs("130102", date(2005, 1, 1)), ["130102"]);
        assert_eq!(heirs("130405", date(1984, 1, 1)), Vec::<String>::new());
    }

    #[test]
    fn the_rest_of_the_nation_joins_without_conflict() {
        let regions = Regions::parse_all(&[
            include_str!("../../catalog/directory/regions.csv"),
            include_str!("../../catalog/standards/regions-cn.csv"),
        ])
        .unwrap();
        let provinces = regions.iter().filter(|region| region.level == Level::Province && region.valid_until.is_none());
        assert_eq!(provinces.count(), 34);
        assert!(regions.existed_ever(code("110105")) && regions.existed_ever(code("440524")));
        assert!(!regions.existed_ever(code("990101")));
    }

    #[test]
    fn scope_is_a_prefix() {
        let cases = [
            ("130102", "130000", true),
            ("130102", "130100", true),
            ("130102", "130102", true),
            ("130102", "130104", false),
            ("130102", "130200", false),
            ("130100", "130102", false),
            ("130000", "130100", false),
            ("140100", "130000", false),
        ];
        for (inner, outer, within) in cases {
            assert_eq!(code(inner).is_within(&code(outer)), within, "{inner} in {outer}");
        }
        assert_eq!(["130000", "130100", "130102"].map(|text| code(text).prefix().to_owned()), ["13", "1301", "130102"]);
        assert!("13010".parse::<RegionCode>().is_err() && "13010a".parse::<RegionCode>().is_err());
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let header = "code,name,level,parent,valid_from,valid_until,successor\n";
        let cases = [
            ("130100,a,county,130000,1980-01-01,,\n", "line 2: 130100 is not the code of a County"),
            ("130100,a,city,130000,1980-01-02,1980-01-01,\n", "line 2: the validity ends before it begins"),
            ("130100,a,city,130000,1980-01-01,,1301\n", "line 2: `1301` is not a region code of six digits"),
            (
                "130100,a,city,130000,1980-01-01,,\n130100,b,city,130000,1990-01-01,,\n",
                "line 3: 130100 is already in use on 1990-01-01",
            ),
        ];
        for (rows, message) in cases {
            assert_eq!(Regions::parse(&format!("{header}{rows}")).unwrap_err().to_string(), message);
        }
        let date = Regions::parse(&format!("{header}130100,a,city,130000,x,,\n")).unwrap_err().to_string();
        assert!(date.starts_with("line 2: "), "{date}");
    }
}

//! What the matters share: common limits, post kinds, grants, the directory to start with, systems and their registers.

use std::collections::BTreeMap;

use base::deadline::LightRule;
use base::region::{Level, RegionCode};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::matter::{LimitVersion, Text, version_on};
use crate::form::Form;

/// `standards/limits.toml`: limits that hold for every matter, with validity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonLimits {
    /// Telling what is missing, else deemed accepted (行政许可法 art. 32).
    pub material_check: Versions,
    /// Extension by the head of the agency (art. 42).
    pub extension: Versions,
    /// Issue and delivery of the certificate (art. 44).
    pub delivery: Versions,
    /// Asking for a hearing (art. 47).
    pub hearing_request: Versions,
    /// Holding it (art. 47).
    pub hearing_held: Versions,
    /// Notice before it (art. 48).
    pub hearing_notice: Versions,
    /// Asking for another term before a licence ends (art. 50).
    pub renewal_request: Versions,
    /// Stating one's case before the authority decides of its own motion (art. 7); none in catalogs of before.
    #[serde(default)]
    pub statement: Option<Versions>,
    /// Bars after false materials and fraud (arts. 78, 79).
    #[serde(default)]
    pub bars: Option<BarLimits>,
    /// When the light turns yellow.
    pub lights: LightRule,
    /// Reminders owed for every case.
    pub reminders: Vec<ReminderSpec>,
    /// The kinds of post that stand behind the words of the reminders.
    pub reminded_posts: RemindedPosts,
}

impl CommonLimits {
    /// To whom a reminder goes when the light turns yellow, or red.
    pub fn reminded(&self, overdue: bool) -> impl Iterator<Item = ReminderTo> {
        let at = if overdue { ReminderAt::Red } else { ReminderAt::Yellow };
        let specs = self.reminders.iter().filter(move |spec| spec.at == at);
        specs.flat_map(|spec| spec.to.iter().copied())
    }
}

/// How long whoever deceived the authority may not apply again, and where that is written down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarLimits {
    /// The register of bars.
    pub register: String,
    /// After hiding the truth or giving false materials (行政许可法 art. 78).
    pub false_materials: Vec<LimitVersion>,
    /// After a licence had by fraud, bribery or other improper means (art. 79).
    pub fraud: Vec<LimitVersion>,
}

/// Post kinds that are reminded besides whoever handles a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemindedPosts {
    /// The head of the division.
    pub head: String,
    /// The deputy director.
    pub deputy: String,
    /// The head of another department whose task is open, told when the head is. Nobody in catalogs
    /// that are kept from before.
    #[serde(default)]
    pub joint: String,
}

/// The versions of one limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    versions: Vec<LimitVersion>,
}

impl Versions {
    /// The version in force on a day.
    pub fn in_force(&self, on: Date) -> Option<&LimitVersion> {
        version_on(&self.versions, on)
    }
}

/// A reminder derived from the light of the clock that runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ReminderRow")]
pub struct ReminderSpec {
    /// When the light turns this colour.
    pub at: ReminderAt,
    /// To whom.
    pub to: Vec<ReminderTo>,
}

/// The colour that reminds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReminderAt {
    /// Soon due.
    Yellow,
    /// Overdue.
    Red,
}

/// Catalogs that are kept from before said `wd_before`, of which no more than the sign was ever used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReminderRow {
    at: Option<ReminderAt>,
    wd_before: Option<i32>,
    to: Vec<ReminderTo>,
}

impl TryFrom<ReminderRow> for ReminderSpec {
    type Error = &'static str;

    fn try_from(row: ReminderRow) -> Result<Self, Self::Error> {
        let at = match (row.at, row.wd_before) {
            (Some(at), None) => at,
            (None, Some(days)) if days < 0 => ReminderAt::Red,
            (None, Some(_)) => ReminderAt::Yellow,
            _ => return Err("a reminder goes out `at` \"yellow\" or \"red\""),
        };
        Ok(Self { at, to: row.to })
    }
}

/// Who is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReminderTo {
    /// Who holds the open task, or everybody of its post kind.
    Handler,
    /// Their division head.
    Head,
    /// The deputy director.
    Deputy,
}

/// A kind of post (岗位类别): what a person may do is granted to kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostKind {
    /// Code, as lanes name it.
    pub code: String,
    /// What it is called.
    pub name: Text,
    /// Levels that have it; empty for applicants.
    pub levels: Vec<Level>,
    /// On whose side it stands.
    pub side: Side,
    /// What it is for.
    pub duty: String,
}

/// Whose side a post kind is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Handles cases.
    Officer,
    /// One of the three administrators (三员).
    Admin,
    /// Applies.
    Applicant,
}

#[derive(Deserialize)]
pub(super) struct PostKindRow {
    code: String,
    name_zh: String,
    name_en: String,
    #[serde(deserialize_with = "levels")]
    levels: Vec<Level>,
    side: Side,
    duty: String,
}

impl From<PostKindRow> for PostKind {
    fn from(row: PostKindRow) -> Self {
        let name = Text { zh: row.name_zh, en: row.name_en };
        Self { code: row.code, name, levels: row.levels, side: row.side, duty: row.duty }
    }
}

/// One row of `policy/grants.csv` (matter.md §4). No row, no right; a deny goes before every allow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Kind of post it is given to.
    pub post_kind: String,
    /// What may be done, as `task.review` or `case.read`.
    pub action: String,
    /// On what, as `matter:*`, `matter-immediate:*`, `register:licences`, `page:inbox`.
    pub target: Target,
    /// Whose objects.
    pub relation: Relation,
    /// Allowed or denied.
    pub effect: Effect,
    /// What must happen with it.
    #[serde(deserialize_with = "obligations")]
    pub obligations: Vec<Obligation>,
    /// For the reader.
    pub note: String,
}

/// What a grant is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Target {
    /// Which class of things.
    pub class: TargetClass,
    /// The one thing; `None` = every one (`*`).
    pub name: Option<String>,
}

/// Classes of things that grants are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetClass {
    /// Matters and their cases.
    Matter,
    /// Only matters decided on the spot (即办件).
    MatterImmediate,
    /// Registers and their records.
    Register,
    /// Classes of pages.
    Page,
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (class, name) = text.split_once(':').ok_or_else(|| format!("`{text}` is not CLASS:NAME or CLASS:*"))?;
        let class = match class {
            "matter" => TargetClass::Matter,
            "matter-immediate" => TargetClass::MatterImmediate,
            "register" => TargetClass::Register,
            "page" => TargetClass::Page,
            _ => return Err(format!("`{class}` is none of matter, matter-immediate, register, page")),
        };
        Ok(Self { class, name: (name != "*").then(|| name.to_owned()) })
    }
}

/// Whose objects a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Those of the post's own organisation, or of the applicant.
    Own,
    /// Those of the region and everything below it.
    Subtree,
    /// Those of lower levels, for declared supervision only.
    Supervision,
}

/// Allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// May.
    Allow,
    /// May not, whatever else allows it.
    Deny,
}

/// What must go along with an allowed action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obligation {
    /// Personal values are masked.
    Mask,
    /// It is journaled with its purpose.
    Log,
    /// Exports carry a watermark.
    Watermark,
    /// Recent re-authentication.
    Elevate,
    /// A second person approves.
    Second,
}

/// The directory to start with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Organisations, province first.
    pub organisations: Vec<Organisation>,
    /// Divisions of each organisation.
    pub divisions: Vec<Division>,
    /// Posts of each division.
    pub posts: Vec<PostSeed>,
}

/// The department whose cases the platform handles (住房和城乡建设).
pub const OWN_DEPARTMENT: &str = "construction";

fn own_department() -> String {
    OWN_DEPARTMENT.to_owned()
}

impl Directory {
    /// The organisation of a department that serves a region.
    pub fn of(&self, department: &str, region: RegionCode) -> Option<&Organisation> {
        self.organisations.iter().find(|found| found.region == region && found.department == department)
    }

    /// The organisation that handles the cases of a region.
    pub fn handling(&self, region: RegionCode) -> Option<&Organisation> {
        self.of(OWN_DEPARTMENT, region)
    }

    /// Is there such a department at a level?
    pub fn serves(&self, department: &str, level: Level) -> bool {
        self.organisations.iter().any(|found| found.department == department && found.level == level)
    }

    /// Those that handle cases, province first.
    pub fn own(&self) -> impl Iterator<Item = &Organisation> {
        self.organisations.iter().filter(|found| found.department == OWN_DEPARTMENT)
    }
}

/// One organisation (机构).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Code in the directory.
    pub code: base::id::OrgId,
    /// Full name.
    pub name: String,
    /// Name in lists.
    pub short_name: String,
    /// Level.
    pub level: Level,
    /// Region it serves.
    pub region: RegionCode,
    /// What it is a department of: [`OWN_DEPARTMENT`], or another that takes part in joint handling or approves; one of each in a region.
    /// Catalogs that are kept from before name none: all their organisations are the platform's own.
    #[serde(default = "own_department")]
    pub department: String,
    /// The organisation above it.
    pub parent: Option<base::id::OrgId>,
    /// Unified social credit code.
    pub uscc: String,
    /// Mark in document numbers (机关代字), as 冀建.
    pub abbr: String,
    /// Prefix of case numbers.
    pub short_code: String,
    /// Address of the hall.
    pub address: String,
    /// Telephone.
    pub phone: String,
}

/// One division (处室) of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// The organisation.
    pub organisation: base::id::OrgId,
    /// Code inside it.
    pub code: String,
    /// What it is for: the same word in every organisation.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Place in lists.
    pub order: u32,
}

/// Posts to start with in a division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostSeed {
    /// The organisation.
    pub organisation: base::id::OrgId,
    /// Code of the division.
    pub division: String,
    /// Kind of the post.
    pub post_kind: String,
    /// Name of the post.
    pub name: String,
    /// How many there are.
    pub count: u32,
}

#[derive(Deserialize)]
pub(super) struct DivisionRow {
    pub(super) organisation: String,
    pub(super) code: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) order: u32,
}

#[derive(Deserialize)]
pub(super) struct PostRow {
    pub(super) organisation: String,
    pub(super) division: String,
    pub(super) post_kind: String,
    pub(super) name: String,
    pub(super) count: u32,
}

/// `system.toml`: one business system (业务系统).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Code; equals the folder name.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The word in menus.
    pub menu: Text,
    /// Kind of the division that answers for it.
    pub owner: String,
    /// Place in menus.
    pub order: u32,
    /// What it offers to other systems and nodes.
    #[serde(default)]
    pub shares: Vec<Share>,
}

/// A register offered with a purpose (政务数据共享).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The register.
    pub register: String,
    /// For what.
    pub purpose: Text,
    /// Which fields.
    pub fields: Vec<String>,
}

/// A register (登记簿): a typed, versioned set of records.
#[derive(Debug)]
pub struct Register {
    /// Its code: the name of its file.
    pub code: String,
    /// The system it belongs to.
    pub system: String,
    /// What `x-register` says.
    pub spec: RegisterSpec,
    /// Its schema, with fields, classes and widgets as a form has them.
    pub schema: Form,
}

/// `x-register` of a register's schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterSpec {
    /// What it is called.
    pub name: Text,
    /// The field that identifies a record.
    pub key: String,
    /// The field shown as its name.
    pub label: String,
    /// The field with its region.
    pub region: Option<String>,
    /// Fields that queries may use; each gets an index.
    pub indexed: Vec<String>,
}

impl Register {
    /// Whether a field may be asked for.
    pub fn is_indexed(&self, field: &str) -> bool {
        self.spec.indexed.iter().any(|name| name == field)
    }

    /// Class of each field.
    pub fn classes(&self) -> BTreeMap<&str, crate::form::FieldClass> {
        self.schema.fields().iter().map(|field| (field.name.as_str(), field.class)).collect()
    }
}

fn words<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    use serde::de::IntoDeserializer;
    let text = String::deserialize(deserializer)?;
    text.split_whitespace().map(|word| T::deserialize(word.to_owned().into_deserializer())).collect()
}

fn levels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Level>, D::Error> {
    words(deserializer)
}

fn obligations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Obligation>, D::Error> {
    words(deserializer)
}

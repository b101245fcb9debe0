//! What `matter.toml` says (matter.md §2): the declaration of a matter before its form, process and rules are read.

use std::collections::BTreeMap;
use std::fmt;

pub use base::deadline::{LapseRule, Limit, PauseKind, Period};
pub use base::region::Level;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use super::lanes::LaneSpec;
pub use super::limits::{ClockStart, LimitVersion, Limits, LimitsInForce, version_on};
pub use super::notices::NoticeKind;
use super::ordered::Ordered;

/// The name of a matter (事项) inside the catalog, as `construction-permit`; the folder of its package has the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatterCode(pub String);

impl MatterCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MatterCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Words in Chinese (source) and English (may be empty while untranslated).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The Chinese words.
    pub zh: String,
    /// The English words; empty falls back to Chinese.
    #[serde(default)]
    pub en: String,
}

impl Text {
    /// The words in `language` (a BCP 47 tag), Chinese when they are missing.
    pub fn get(&self, language: &str) -> &str {
        if language.starts_with("en") && !self.en.is_empty() { &self.en } else { &self.zh }
    }
}

/// All of `matter.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatterSpec {
    /// The matter's code; equals the folder name.
    pub code: MatterCode,
    /// Who may apply.
    pub applicant: Vec<ApplicantKind>,
    /// What the matter is called (事项名称).
    pub name: Text,
    /// Of which kind it is (事项类型).
    pub kind: MatterKind,
    /// Levels that handle it (行使层级).
    pub levels: Vec<Level>,
    /// Decided on the spot (即办件): one `decide` task that also accepts; the duty accept ≠ decide does not apply.
    #[serde(default)]
    pub immediate: bool,
    /// Who opens a case: whoever applies, or the authority of its own motion (依职权).
    #[serde(default)]
    pub opened_by: OpenedBy,
    /// It bears directly on public safety, health or the safety of life and property: false materials and fraud bar the applicant for a time
    /// (行政许可法 arts. 78, 79).
    #[serde(default)]
    pub public_safety: bool,
    /// Legal basis (设定依据), with validity.
    pub basis: Vec<Basis>,
    /// Time limits.
    pub limits: Limits,
    /// BPMN lane id → who works in it.
    pub lanes: BTreeMap<String, LaneSpec>,
    /// BPMN user task id → what a person can do there.
    pub tasks: Ordered<TaskSpec>,
    /// BPMN service task id → parameters of its act.
    #[serde(default)]
    pub acts: BTreeMap<String, Ordered<String>>,
    /// Queries made before deciding, so that rules stay pure; the names appear in FEEL.
    #[serde(default)]
    pub facts: Ordered<FactSpec>,
    /// The materials (申请材料); they stand only here.
    #[serde(default)]
    pub materials: Vec<MaterialSpec>,
    /// What a grant makes.
    pub result: Option<ResultSpec>,
    /// Which template each statutory notice uses; unnamed = the common one of the same name.
    #[serde(default)]
    pub notices: BTreeMap<NoticeKind, String>,
    /// What a notice is called in this matter; unnamed = as the law's own words call it for the kind of business.
    #[serde(default)]
    pub titles: BTreeMap<NoticeKind, Text>,
    /// Which numbering register a notice uses; unnamed = the one of its kind.
    #[serde(default)]
    pub numbers: BTreeMap<NoticeKind, String>,
    /// Grant on commitment with a check afterwards (告知承诺).
    pub commitment: Option<CommitmentSpec>,
    /// Cross-stream invariants without Rust.
    #[serde(default)]
    pub claims: Vec<ClaimSpec>,
    /// What a city or county may change.
    #[serde(default)]
    pub local: LocalSpec,
}

/// Who opens the cases of a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenedBy {
    /// Whoever applies (依申请).
    #[default]
    Applicant,
    /// The authority (依职权): the party is heard before it is decided against them.
    Authority,
}

/// Who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicantKind {
    /// A natural person (自然人).
    Person,
    /// A legal person or other organisation (法人和非法人组织).
    Organisation,
}

/// The kind of business a matter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatterKind {
    /// Administrative licence (行政许可).
    Licence,
    /// Record filing (备案); not archive filing.
    Filing,
    /// Administrative confirmation (行政确认).
    Confirmation,
    /// Public service (公共服务).
    Service,
    /// Official document (公文).
    Document,
    /// Inspection (检查).
    Inspection,
    /// Consultation (咨询).
    Consultation,
    /// Publication (发布).
    Publication,
    /// Ending what was granted: revocation, withdrawal, cancellation, deregistration (撤销、撤回、吊销、注销).
    Ending,
}

impl MatterKind {
    /// Words, papers and numbers are those of a licence unless they have this ending: a filing is filed and not granted (domain fact book §1.2).
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Licence => None,
            Self::Filing => Some("filing"),
            Self::Ending => Some("ending"),
            _ => Some("other"),
        }
    }

    /// The name of this kind's own variant of something that licences have, if there is one.
    pub fn own(self, name: &str, exists: impl Fn(&str) -> bool) -> Option<String> {
        self.ending().map(|ending| format!("{name}-{ending}")).filter(|own| exists(own))
    }
}

/// A legal basis with the days on which it was in force.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Short title of the law (法规名称).
    pub law: String,
    /// Its articles, as a person cites them.
    pub articles: String,
    /// First day in force.
    #[serde(default, deserialize_with = "toml_day")]
    pub valid_from: Option<Date>,
    /// Last day in force.
    #[serde(default, deserialize_with = "toml_day")]
    pub valid_to: Option<Date>,
}

/// What a person can do in a user task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The kind gives the page its envelope actions and its duties.
    pub kind: TaskKind,
    /// The task's name in English; the Chinese one is the BPMN element's name.
    #[serde(default)]
    pub name_en: String,
    /// Shows the rows of the decision `checks`.
    #[serde(default)]
    pub checks: bool,
    /// The declared outcomes; the first is the primary button.
    #[serde(default)]
    pub outcomes: Ordered<OutcomeSpec>,
    /// Whether several cases may be done at once.
    #[serde(default)]
    pub batch: bool,
    /// A special panel (unit table, score sheet, map) registered by a family under this name.
    pub panel: Option<String>,
}

/// The kind of a user task (matter.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Acceptance check (受理): accept, ask for a supplement, not accept.
    Accept,
    /// Review (审查).
    Review,
    /// Check by a head (复核).
    Check,
    /// Countersign (会签), multi-instance; duties as review.
    Countersign,
    /// On-site check (现场核查), by two.
    SiteCheck,
    /// Expert review (专家评审).
    ExpertReview,
    /// Hearing (听证).
    Hearing,
    /// Decision (决定).
    Decide,
    /// Check after a grant on commitment (事后核查).
    LaterCheck,
    /// Delivery (送达).
    Deliver,
    /// Reading (阅知).
    Read,
}

impl TaskKind {
    /// The word in matter.toml, in grants (`task.review`), in queries and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Review => "review",
            Self::Check => "check",
            Self::Countersign => "countersign",
            Self::SiteCheck => "site_check",
            Self::ExpertReview => "expert_review",
            Self::Hearing => "hearing",
            Self::Decide => "decide",
            Self::LaterCheck => "later_check",
            Self::Deliver => "deliver",
            Self::Read => "read",
        }
    }
}

/// A declared way to end a task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawOutcome")]
pub struct OutcomeSpec {
    /// What the button says: the consequence.
    pub text: Text,
    /// A reason in words is asked for.
    pub reason: bool,
    /// The article it rests on is asked for.
    pub article: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawOutcome {
    Words(String),
    Full(RawOutcomeTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutcomeTable {
    zh: String,
    #[serde(default)]
    en: String,
    #[serde(default)]
    reason: bool,
    #[serde(default)]
    article: bool,
}

impl From<RawOutcome> for OutcomeSpec {
    fn from(raw: RawOutcome) -> Self {
        match raw {
            RawOutcome::Words(zh) => Self { text: Text { zh, en: String::new() }, reason: false, article: false },
            RawOutcome::Full(RawOutcomeTable { zh, en, reason, article }) => {
                Self { text: Text { zh, en }, reason, article }
            }
        }
    }
}

/// A query made before deciding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactSpec {
    /// The register asked.
    pub register: String,
    /// FEEL over the form: the value looked for. Null or empty = not asked, the fact is null.
    pub key: String,
    /// The indexed field compared with `key`; the register's own key when absent.
    pub by: Option<String>,
    /// Fields that must also be equal to these constants (field → text).
    #[serde(default, rename = "where")]
    pub with: BTreeMap<String, String>,
    /// All matching records as a list, instead of the one.
    #[serde(default)]
    pub many: bool,
}

/// One material (申请材料).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialSpec {
    /// snake_case: FEEL reads `materials.land_approval`.
    pub code: String,
    /// What it is called.
    pub name: Text,
    /// FEEL: whether this case needs it.
    pub required: String,
    /// Where it may come from, first to last.
    pub from: Vec<MaterialSource>,
    /// Allowed file formats, when uploaded.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Law and article.
    pub basis: String,
    /// What the applicant should know.
    #[serde(default)]
    pub hint: Text,
    /// A file with personal content is stored under its subject's key.
    #[serde(default)]
    pub class: crate::form::FieldClass,
}

impl MaterialSpec {
    /// Whether a person may upload it.
    pub fn may_upload(&self) -> bool {
        self.from.contains(&MaterialSource::Upload)
    }
}

/// Where a material comes from; asked for only where no register has it (在线政务服务规定 art. 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MaterialSource {
    /// `register:NAME` or `register:NAME.FACT`: shown present when the fact (or any record of the register among the facts) exists.
    Register {
        /// The register.
        register: String,
        /// The fact of `[facts]` that holds the record.
        fact: Option<String>,
    },
    /// `case:MATTER`: the result of another case of the same project.
    Case {
        /// That matter's code.
        matter: String,
    },
    /// `form`: the declaration made in the application itself.
    Form,
    /// `upload`
    Upload,
}

impl TryFrom<String> for MaterialSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "upload" {
            return Ok(Self::Upload);
        }
        if text == "form" {
            return Ok(Self::Form);
        }
        match text.split_once(':') {
            Some(("register", name)) if !name.is_empty() => Ok(match name.split_once('.') {
                Some((register, fact)) => Self::Register { register: register.to_owned(), fact: Some(fact.to_owned()) },
                None => Self::Register { register: name.to_owned(), fact: None },
            }),
            Some(("case", matter)) if !matter.is_empty() => Ok(Self::Case { matter: matter.to_owned() }),
            _ => Err(format!("`{text}` is none of register:NAME[.FACT], case:MATTER, form, upload")),
        }
    }
}

impl From<MaterialSource> for String {
    fn from(source: MaterialSource) -> Self {
        match source {
            MaterialSource::Register { register, fact: Some(fact) } => format!("register:{register}.{fact}"),
            MaterialSource::Register { register, fact: None } => format!("register:{register}"),
            MaterialSource::Case { matter } => format!("case:{matter}"),
            MaterialSource::Form => "form".into(),
            MaterialSource::Upload => "upload".into(),
        }
    }
}

/// What a grant makes: a record with a life cycle, and its number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultSpec {
    /// What the result is called (审批结果名称).
    pub name: Text,
    /// The register the record goes to.
    pub register: String,
    /// The numbering register (`standards/numbering.toml`); none where a licence that exists keeps its number.
    #[serde(default)]
    pub number: Option<String>,
    /// FEEL for the parts of the number that the case decides, as the category of a permit.
    #[serde(default)]
    pub number_parts: Ordered<String>,
    /// Field of the register → FEEL.
    pub fields: Ordered<String>,
    /// What the certificate prints: a field of the template, possibly nested → a pattern of [`crate::catalog::pattern`].
    #[serde(default)]
    pub paper: serde_json::Map<String, serde_json::Value>,
    /// How long it is valid.
    pub validity: Validity,
    /// Rules by which it lapses by itself.
    #[serde(default)]
    pub lapse: Vec<LapseSpec>,
    /// How it may be delivered; the first is the default.
    pub delivery: Vec<DeliveryKind>,
}

/// How long a licence is valid. The decision `validity` of the rules, when there is one, goes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Validity {
    /// Without end.
    Unlimited,
    /// For a period from the decision.
    For(Period),
}

impl TryFrom<String> for Validity {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::Unlimited);
        }
        text.parse().map(Self::For).map_err(|_| format!("`{text}` is neither `none` nor a period as P3Y, P6M, P90D"))
    }
}

impl From<Validity> for String {
    fn from(validity: Validity) -> Self {
        match validity {
            Validity::Unlimited => "none".into(),
            Validity::For(period) => period.to_string(),
        }
    }
}

/// A licence lapses by itself (自行废止) when something has not happened in time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LapseSpec {
    /// Name of the rule.
    pub name: String,
    /// Months after issue, months of an extension, and how many of them there may be.
    pub rule: LapseRule,
    /// The register's date field that, once set, stops the rule.
    pub unless: String,
    /// Law and article.
    pub basis: String,
}

/// How a result reaches the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryKind {
    /// On line.
    Electronic,
    /// At the window.
    Window,
    /// By post.
    Post,
}

/// Notified commitment (告知承诺): the authority states the conditions, the applicant commits to meet them, and the grant is checked afterwards
/// (优化营商环境条例 19; 国办发〔2020〕42号). What need not be handed in then, each material's `required` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentSpec {
    /// FEEL over the form: the applicant chose it.
    pub chosen: String,
    /// The conditions that it names, as the letter of commitment prints them.
    pub conditions: Vec<Text>,
    /// Within which time after the grant it is checked.
    pub check: Vec<LimitVersion>,
}

/// A cross-stream invariant: at most one holder of (name, key).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSpec {
    /// Name of the invariant, shared by the matters that claim it.
    pub name: String,
    /// FEEL: what is claimed. A key with personal data is hashed before it is stored.
    pub key: String,
    /// When it is taken.
    pub take: ClaimMoment,
    /// FEEL or `register:NAME.FIELD`: the field whose setting releases it.
    pub release: String,
    /// What the applicant reads when it is held already.
    pub message: Text,
}

/// When a claim is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimMoment {
    /// With the submission.
    Submission,
    /// With the acceptance.
    Acceptance,
    /// With the grant.
    Grant,
}

/// What a city or county may change (template → version → local customisation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSpec {
    /// The promised limit.
    #[serde(default)]
    pub promised: LocalPromise,
    /// The materials.
    #[serde(default)]
    pub materials: LocalMaterials,
}

/// How a promised limit may change locally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalPromise {
    /// Not at all.
    #[default]
    None,
    /// Only shorter.
    Tighten,
}

/// How the materials may change locally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalMaterials {
    /// Not at all.
    #[default]
    None,
    /// Some may be dropped.
    Drop,
    /// Optional ones may be added.
    AddOptional,
}

/// A TOML local date, as `1998-03-01` without quotes.
pub(crate) fn toml_day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    use serde::de::Error;
    let value = toml::value::Datetime::deserialize(deserializer)?;
    match (value.date, value.time, value.offset) {
        (Some(day), None, None) => i16::try_from(day.year)
            .ok()
            .and_then(|year| Date::new(year, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok())
            .map(Some)
            .ok_or_else(|| D::Error::custom(format!("`{value}` is not a day"))),
        _ => Err(D::Error::custom(format!("`{value}` is not a plain date"))),
    }
}

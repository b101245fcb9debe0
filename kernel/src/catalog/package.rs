//! A matter's package, read and joined: declaration, form, process, rules, guide, notices, examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::Definition;
use flow::feel::Expression;
use serde::Deserialize;
use serde_json::Value;

use super::matter::{Level, MatterCode, MatterSpec, NoticeKind, OutcomeSpec, TaskKind, Text};
use super::ordered::Ordered;
use super::shared::Register;
use crate::form::Form;
use crate::record::LicenceChange;
use crate::rules::Rules;

/// A matter (事项), ready to run. Share it in an `Arc`; a case keeps the version it started with.
#[derive(Debug)]
pub struct Matter {
    /// The system whose package it is.
    pub system: String,
    /// Its folder inside the catalog, with a slash at the end.
    pub folder: String,
    /// Hash of its folder and of the shared files it uses.
    pub version: String,
    /// `matter.toml`.
    pub spec: MatterSpec,
    /// `form.schema.json`.
    pub form: Form,
    /// `process.bpmn`.
    pub process: Arc<Definition>,
    /// `rules.dmn`; a matter without rules leaves everything to people.
    pub rules: Option<Rules>,
    /// `guide.md`.
    pub guide: Guide,
    /// BPMN user task id → what a person can do there, in process order.
    pub tasks: Ordered<Task>,
    /// BPMN service task id → its act with typed parameters.
    pub acts: BTreeMap<String, Act>,
    /// What each statutory notice is made of.
    pub notices: BTreeMap<NoticeKind, NoticeForm>,
    /// The registers that its facts and its result use.
    pub registers: BTreeMap<String, Arc<Register>>,
    /// FEEL of matter.toml, parsed.
    pub expressions: Expressions,
    /// `examples/*.json`.
    pub examples: Vec<Example>,
}

/// What a statutory notice is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeForm {
    /// The template, as a path inside the catalog.
    pub template: String,
    /// The numbering register: filings are not numbered as licences are.
    pub number: String,
}

impl Matter {
    /// The code.
    pub fn code(&self) -> &MatterCode {
        &self.spec.code
    }

    /// A lower level reviews its cases and sends them up.
    pub fn forwards(&self) -> bool {
        !self.spec.limits.lower_review.is_empty()
    }

    /// A user task of the process.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.get(id)
    }
}

/// The FEEL texts of matter.toml, parsed once.
#[derive(Debug, Clone, Default)]
pub struct Expressions {
    /// Material code → whether it is required.
    pub required: BTreeMap<String, Expression>,
    /// Fact name → the value looked for.
    pub fact_keys: BTreeMap<String, Expression>,
    /// Field of the result's record → value.
    pub result_fields: BTreeMap<String, Expression>,
    /// Part of the result's number → value.
    pub number_parts: BTreeMap<String, Expression>,
    /// Whether the applicant chose the grant on commitment.
    pub commitment: Option<Expression>,
    /// Claim name → what is claimed.
    pub claim_keys: BTreeMap<String, Expression>,
}

/// A user task, joined from the process and matter.toml.
#[derive(Debug, Clone)]
pub struct Task {
    /// BPMN element id.
    pub id: String,
    /// Its name: Chinese from the process, English from matter.toml.
    pub name: Text,
    /// BPMN lane id.
    pub lane: String,
    /// The post kind of the lane.
    pub post_kind: String,
    /// The department of the lane, when it is not the one that handles the case.
    pub department: Option<String>,
    /// Its kind.
    pub kind: TaskKind,
    /// Shows the rows of the decision `checks`.
    pub checks: bool,
    /// The declared outcomes; the first is the primary button.
    pub outcomes: Ordered<OutcomeSpec>,
    /// Whether several cases may be done at once.
    pub batch: bool,
    /// Special panel.
    pub panel: Option<String>,
    /// Several people do it, each an instance of their own (会签).
    pub is_multiple: bool,
}

/// What a service task does: the closed list of matter.md §1, each with typed parameters.
#[derive(Debug, Clone)]
pub enum Act {
    /// Send the opinion and all materials to the level that decides (行政许可法 35, 43): the case is handled there from now on.
    Forward {
        /// That level.
        to: Level,
    },
    /// Evaluate the rules again and keep the rows.
    Evaluate,
    /// Take the next number of a register.
    Number {
        /// The numbering register.
        register: String,
    },
    /// Render and issue the certificate.
    IssueCertificate {
        /// Path of the template inside the catalog.
        template: String,
    },
    /// Write the result's record.
    WriteRecord {
        /// The register.
        register: String,
    },
    /// Take a step in the life of a licence that exists.
    AlterLicence {
        /// The register.
        register: String,
        /// FEEL: key of the record.
        key: Expression,
        /// Which step.
        step: LicenceStep,
    },
    /// Invite the party to state their case before the decision (行政许可法 art. 7).
    InviteStatement,
    /// Bar the holder of a licence from applying for such a one again (art. 79).
    BarHolder {
        /// The register of the licence.
        register: String,
        /// FEEL: its key.
        key: Expression,
    },
    /// Send a notice to the applicant.
    Notify {
        /// Which one.
        notice: NoticeKind,
    },
    /// An act that an area registered by name, with its parameters as written.
    Registered {
        /// The name.
        name: String,
        /// The parameters.
        parameters: Ordered<String>,
    },
}

/// A step of a licence as `alter_licence` declares it.
#[derive(Debug, Clone)]
pub enum LicenceStep {
    /// A day is set: work began, work was completed.
    Day {
        /// What happened.
        change: LicenceChange,
        /// FEEL: when.
        on: Expression,
    },
    /// The holder asks for another term (行政许可法 art. 50).
    AskRenewal {
        /// FEEL: the last day of the new term.
        until: Expression,
    },
    /// Another term is granted under the same number.
    Renewed {
        /// FEEL: its last day.
        until: Expression,
    },
    /// The grant itself does it, on its day: altered (with `[result.fields]`), issued again, struck off, revoked, withdrawn, cancelled.
    Decided {
        /// What happens.
        change: LicenceChange,
    },
}

/// The public service guide (办事指南).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guide {
    /// The title.
    pub title: String,
    /// Sections in order. `{materials}` and `{limits}` in a body stand for what matter.toml says.
    pub sections: Vec<GuideSection>,
}

/// One section of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideSection {
    /// The heading.
    pub heading: String,
    /// The Markdown below it.
    pub body: String,
}

impl Guide {
    /// Sections that every guide has (政务服务事项 elements, domain.md §1.6).
    pub const REQUIRED: [&'static str; 10] = [
        "事项名称",
        "设定依据",
        "申请条件",
        "办理材料",
        "办理地点",
        "办理时间",
        "联系电话",
        "办理流程",
        "收费",
        "救济",
    ];

    /// Reads headings and bodies.
    pub fn parse(text: &str) -> Self {
        let mut guide = Self::default();
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                guide.sections.push(GuideSection { heading: heading.trim().to_owned(), body: String::new() });
            } else if let Some(section) = guide.sections.last_mut() {
                section.body.push_str(line);
                section.body.push('\n');
            } else if let Some(title) = line.strip_prefix("# ") {
                title.trim().clone_into(&mut guide.title);
            }
        }
        for section in &mut guide.sections {
            section.body = section.body.trim().to_owned();
        }
        guide
    }
}

/// A sample application with the verdicts expected of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file, filled in when it is read.
    #[serde(skip)]
    pub file: String,
    /// What it shows.
    pub title: String,
    /// The day on which the rules are asked.
    pub on: jiff::civil::Date,
    /// Values of the form.
    pub form: Value,
    /// Codes of the materials given.
    pub materials: Vec<String>,
    /// Task → the outcome it was done with, for rules that read it.
    #[serde(default)]
    pub outcomes: BTreeMap<String, String>,
    /// Register → records.
    pub registers: BTreeMap<String, Vec<Value>>,
    /// Rule or reserved decision → what is expected.
    pub expect: BTreeMap<String, Value>,
}

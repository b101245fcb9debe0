//! What a matter's statutory notices are made of: template and numbering register, the matter's own or the common ones.

use std::collections::BTreeMap;

use base::number::Registers;
use serde::{Deserialize, Serialize};

use super::matter::{MatterSpec, OpenedBy};
use super::package::NoticeForm;
use super::read::Reader;

/// The statutory notices (法定文书) of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// Receipt of materials (收件凭证).
    Receipt,
    /// Acceptance notice (受理通知书).
    Acceptance,
    /// Supplement notice (补正告知书).
    Supplement,
    /// Non-acceptance decision (不予受理决定书).
    NonAcceptance,
    /// Notice of excluded time (特别程序告知书).
    Pause,
    /// Extension notice (延长期限告知书).
    Extension,
    /// The right to a hearing (听证告知书).
    HearingRight,
    /// Hearing notice (听证通知书).
    Hearing,
    /// Minutes of the hearing (听证笔录).
    HearingMinutes,
    /// Grant (准予行政许可决定书).
    Grant,
    /// Refusal (不予行政许可决定书).
    Refusal,
    /// Withdrawal (终止办理告知书).
    Withdrawal,
    /// Delivery record (送达回证).
    Delivery,
    /// The lower level's opinion with all materials, to the level that decides (初审意见报送函). Only in matters that are forwarded.
    Forwarding,
    /// Letter of commitment (告知承诺书). Only in matters that have it.
    Commitment,
    /// What the check after a grant on commitment found (承诺核查告知书).
    CommitmentCheck,
    /// Invitation to state and defend oneself before an adverse decision (陈述申辩告知书). Only in matters that the authority opens.
    Statement,
    /// The result's own paper (证照). Named by the act that issues it, never in `[notices]`.
    Certificate,
}

impl NoticeKind {
    /// Every kind that the envelope issues.
    pub const ALL: [Self; 17] = [
        Self::Receipt,
        Self::Acceptance,
        Self::Supplement,
        Self::NonAcceptance,
        Self::Pause,
        Self::Extension,
        Self::HearingRight,
        Self::Hearing,
        Self::HearingMinutes,
        Self::Grant,
        Self::Refusal,
        Self::Withdrawal,
        Self::Delivery,
        Self::Forwarding,
        Self::Commitment,
        Self::CommitmentCheck,
        Self::Statement,
    ];

    /// The name in files and in `matter.toml`: also the name of the common template.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Acceptance => "acceptance",
            Self::Supplement => "supplement",
            Self::NonAcceptance => "non-acceptance",
            Self::Pause => "pause",
            Self::Extension => "extension",
            Self::HearingRight => "hearing-right",
            Self::Hearing => "hearing",
            Self::HearingMinutes => "hearing-minutes",
            Self::Grant => "grant",
            Self::Refusal => "refusal",
            Self::Withdrawal => "withdrawal",
            Self::Delivery => "delivery",
            Self::Forwarding => "forwarding",
            Self::Commitment => "commitment",
            Self::CommitmentCheck => "commitment-check",
            Self::Statement => "statement",
            Self::Certificate => "certificate",
        }
    }
}

impl Reader<'_> {
    /// The package's own template, else the common one; the register of the matter's kind, else the one of licences.
    pub(super) fn notices(
        &mut self,
        spec: &MatterSpec,
        numbers: &Registers,
        folder: &str,
        toml_file: &str,
    ) -> BTreeMap<NoticeKind, NoticeForm> {
        let mut notices = BTreeMap::new();
        if spec.notices.contains_key(&NoticeKind::Certificate) {
            let message = "the certificate's template is named by the act issue_certificate";
            self.findings(toml_file).error("certificate", "notice-template", message);
        }
        let issued = |kind: &NoticeKind| match kind {
            NoticeKind::Statement => spec.opened_by == OpenedBy::Authority,
            NoticeKind::Commitment | NoticeKind::CommitmentCheck => spec.commitment.is_some(),
            NoticeKind::Forwarding => !spec.limits.lower_review.is_empty(),
            _ => true,
        };
        for kind in NoticeKind::ALL.into_iter().filter(issued) {
            let number = number_register(spec, numbers, kind);
            if let Err(error) = numbers.get(&number) {
                self.findings(toml_file).error(kind.name(), "number-register", error.to_string());
            }
            let name = spec.notices.get(&kind).map_or(kind.name(), String::as_str);
            let Some(template) = self.template(folder, &format!("notices/{name}")) else {
                let message = format!("there is no template notices/{name}.typ for the notice {}", kind.name());
                self.findings(toml_file).error(kind.name(), "notice-template", message);
                continue;
            };
            notices.insert(kind, NoticeForm { template, number });
        }
        notices
    }
}

fn number_register(spec: &MatterSpec, numbers: &Registers, kind: NoticeKind) -> String {
    if let Some(own) = spec.numbers.get(&kind) {
        return own.clone();
    }
    let common = format!("notice-{}", kind.name());
    spec.kind.own(&common, |own| numbers.get(own).is_ok()).unwrap_or(common)
}

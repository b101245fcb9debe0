//! What a matter's statutory notices are made of: template and numbering register, the matter's own or the common ones.

use std::collections::BTreeMap;

use base::number::Registers;

use super::matter::{MatterSpec, NoticeKind, OpenedBy};
use super::package::NoticeForm;
use super::read::Reader;

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
        let issued = |kind: &NoticeKind| *kind != NoticeKind::Statement || spec.opened_by == OpenedBy::Authority;
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

//! The acts of service tasks (matter.md §1): a closed list, each with typed parameters.

use std::collections::BTreeMap;

use flow::Definition;
use flow::bpmn::FlowElement;

use super::check::SharedNames;
use super::matter::{MatterSpec, NoticeKind};
use super::ordered::Ordered;
use super::package::Act;
use super::read::Reader;
use super::scope::Names;
use crate::record::LicenceChange;

/// Attribute of a service task that names its act.
const ACT_PREFIX: &str = "urn:jiantong:act:";
/// Acts of the closed list that nothing executes yet: a case that met one could go neither on nor back.
const NOT_EXECUTED: [&str; 6] = ["render", "seal", "publish", "start_case", "forward", "archive"];

impl Reader<'_> {
    /// Joins the service tasks of the process with the acts of matter.toml.
    pub(super) fn acts(
        &mut self,
        spec: &MatterSpec,
        process: &Definition,
        names: &Names,
        shared: &SharedNames<'_>,
        (folder, toml_file): (&str, &str),
    ) -> BTreeMap<String, Act> {
        let bpmn_file = process.source().to_owned();
        let mut acts = BTreeMap::new();
        for element in process.service_tasks() {
            let Some(act) = element.implementation().and_then(|text| text.strip_prefix(ACT_PREFIX)) else {
                let message = format!("a service task names an act: implementation=\"{ACT_PREFIX}NAME\"");
                self.findings(&bpmn_file).error_at(element.line, &element.id, "act", message);
                continue;
            };
            if let Some(act) = self.act(element, act, spec, names, shared, (folder, toml_file, &bpmn_file)) {
                acts.insert(element.id.to_string(), act);
            }
        }
        let is_service = |id: &str| process.service_tasks().any(|element| &*element.id == id);
        for id in spec.acts.keys().filter(|id| !is_service(id)) {
            let message = format!("the process has no service task {id}");
            self.findings(toml_file).error(&format!("acts.{id}"), "act-unknown", message);
        }
        acts
    }

    fn act(
        &mut self,
        element: &FlowElement,
        name: &str,
        spec: &MatterSpec,
        names: &Names,
        shared: &SharedNames<'_>,
        (folder, toml_file, bpmn_file): (&str, &str, &str),
    ) -> Option<Act> {
        let nothing = Ordered::default();
        let parameters = spec.acts.get(&*element.id).unwrap_or(&nothing);
        let place = format!("acts.{}", element.id);
        let allowed: &[&str] = match name {
            "evaluate" => &[],
            "number" | "write_record" => &["register"],
            "issue_certificate" => &["template"],
            "alter_licence" => &["register", "key", "set", "value"],
            "notify" => &["notice"],
            name if NOT_EXECUTED.contains(&name) => {
                let message = format!("the act {name} is not executed yet");
                self.findings(bpmn_file).error_at(element.line, &element.id, "act-not-executed", message);
                return None;
            }
            other if shared.registered_acts.contains(&other) => {
                return Some(Act::Registered { name: other.to_owned(), parameters: parameters.clone() });
            }
            other => {
                let message = format!("there is no act {other}");
                self.findings(bpmn_file).error_at(element.line, &element.id, "act", message);
                return None;
            }
        };
        let template = parameters.get("template").and_then(|name| self.template(folder, name));
        let mut findings = self.findings(toml_file);
        for parameter in parameters.names().filter(|parameter| !allowed.contains(parameter)) {
            findings.error(&place, "act-parameter", format!("the act {name} has no parameter {parameter}"));
        }
        if let Some(missing) = allowed.iter().find(|parameter| !parameters.contains(parameter)) {
            findings.error(&place, "act-parameter", format!("the act {name} needs the parameter {missing}"));
            return None;
        }
        let get = |parameter: &str| parameters.get(parameter).cloned().unwrap_or_default();
        let mut refuse = |message: String| -> Option<Act> {
            findings.error(&place, "act-parameter", message);
            None
        };
        let register = get("register");
        match name {
            "evaluate" => Some(Act::Evaluate),
            "number" if shared.numbers.get(&register).is_ok() => Some(Act::Number { register }),
            "number" => refuse(format!("there is no numbering register {register}")),
            "write_record" if shared.registers.contains_key(&register) => Some(Act::WriteRecord { register }),
            "write_record" => refuse(format!("there is no register {register}")),
            "issue_certificate" => match template {
                Some(template) => Some(Act::IssueCertificate { template }),
                None => refuse(format!("there is no template {}.typ", get("template"))),
            },
            "alter_licence" => {
                let set = get("set");
                match shared.registers.get(&register) {
                    None => refuse(format!("there is no register {register}")),
                    Some(known) if known.schema.field(&set).is_none() => {
                        refuse(format!("register {register} has no field {set}"))
                    }
                    Some(_)
                        if ![LicenceChange::Started, LicenceChange::Completed]
                            .iter()
                            .any(|step| step.sets() == Some(&set)) =>
                    {
                        refuse(format!("no step of a licence sets {set}"))
                    }
                    Some(_) => {
                        let key = names.parse(&get("key"), &place, &mut findings)?;
                        let value = names.parse(&get("value"), &place, &mut findings)?;
                        Some(Act::AlterLicence { register, key, set, value })
                    }
                }
            }
            // The last one of the list above.
            _ => match NoticeKind::ALL.into_iter().find(|kind| kind.name() == get("notice")) {
                Some(notice) => Some(Act::Notify { notice }),
                None => refuse(format!("there is no notice {}", get("notice"))),
            },
        }
    }
}

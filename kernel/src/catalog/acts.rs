//! The acts of service tasks (matter.md §1): a closed list, each with typed parameters.

use std::collections::BTreeMap;

use flow::Definition;
use flow::bpmn::FlowElement;

use super::check::SharedNames;
use super::matter::{Level, MatterSpec, NoticeKind, OpenedBy};
use super::ordered::Ordered;
use super::package::{Act, LicenceStep};
use super::problem::Findings;
use super::read::Reader;
use super::scope::Names;
use super::shared::Register;
use crate::record::LicenceChange;

/// Attribute of a service task that names its act.
const ACT_PREFIX: &str = "urn:jiantong:act:";
/// Acts of the closed list that nothing executes yet: a case that met one could go neither on nor back.
const NOT_EXECUTED: [&str; 5] = ["render", "seal", "publish", "start_case", "archive"];

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
        let invites = acts.values().any(|act| matches!(act, Act::InviteStatement));
        if spec.opened_by == OpenedBy::Authority && !invites {
            let message = "what the authority opens has a service task invite_statement: the party is heard";
            self.findings(&bpmn_file).error("process", "statement", message.to_owned());
        }
        let forwards = acts.values().any(|act| matches!(act, Act::Forward { .. }));
        if forwards == spec.limits.lower_review.is_empty() {
            let message = "what is reviewed below and decided above has limits.lower_review and a service task forward";
            self.findings(toml_file).error("limits", "forward", message);
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
            "evaluate" | "invite_statement" => &[],
            "bar_holder" => &["register", "key"],
            "number" | "write_record" => &["register"],
            "issue_certificate" => &["template"],
            "alter_licence" => alter_parameters(parameters),
            "notify" => &["notice"],
            "forward" => &["to"],
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
        let refuse = |findings: &mut Findings<'_>, message: String| -> Option<Act> {
            findings.error(&place, "act-parameter", message);
            None
        };
        let register = get("register");
        match name {
            "evaluate" => Some(Act::Evaluate),
            "forward" => match level_above(spec, &get("to")) {
                Ok(to) => Some(Act::Forward { to }),
                Err(message) => refuse(&mut findings, message),
            },
            "invite_statement" if spec.opened_by == OpenedBy::Authority => Some(Act::InviteStatement),
            "invite_statement" => refuse(&mut findings, "who applies states their case in the application".to_owned()),
            "bar_holder" if shared.registers.contains_key(&register) => {
                Some(Act::BarHolder { register, key: names.parse(&get("key"), &place, &mut findings)? })
            }
            "bar_holder" => refuse(&mut findings, format!("there is no register {register}")),
            "number" if shared.numbers.get(&register).is_ok() => Some(Act::Number { register }),
            "number" => refuse(&mut findings, format!("there is no numbering register {register}")),
            "write_record" if shared.registers.contains_key(&register) => Some(Act::WriteRecord { register }),
            "write_record" => refuse(&mut findings, format!("there is no register {register}")),
            "issue_certificate" => match template {
                Some(template) => Some(Act::IssueCertificate { template }),
                None => refuse(&mut findings, format!("there is no template {}.typ", get("template"))),
            },
            "alter_licence" => match shared.registers.get(&register) {
                None => refuse(&mut findings, format!("there is no register {register}")),
                Some(known) => {
                    let step = match declared_step(parameters, known, &place, names, &mut findings) {
                        Ok(step) => step?,
                        Err(message) => return refuse(&mut findings, message),
                    };
                    let key = names.parse(&get("key"), &place, &mut findings)?;
                    Some(Act::AlterLicence { register, key, step })
                }
            },
            // The last one of the list above.
            _ => match NoticeKind::ALL.into_iter().find(|kind| kind.name() == get("notice")) {
                Some(notice) => Some(Act::Notify { notice }),
                None => refuse(&mut findings, format!("there is no notice {}", get("notice"))),
            },
        }
    }
}

/// The level to which a case is forwarded: above all that receive it, with the posts of every lane.
fn level_above(spec: &MatterSpec, word: &str) -> Result<Level, String> {
    let levels = [Level::Province, Level::City];
    let to = levels.into_iter().find(|level| level.as_str() == word);
    // The order of levels goes down.
    match to {
        Some(to) if spec.levels.iter().all(|level| to < *level) => Ok(to),
        Some(to) => Err(format!("{} is not above every level that receives the application", to.as_str())),
        None => Err(format!("`{word}` is no level to which a case is forwarded")),
    }
}

/// The steps that a decision takes by itself.
const DECIDED: [LicenceChange; 6] = [
    LicenceChange::Altered,
    LicenceChange::Reissued,
    LicenceChange::Deregistered,
    LicenceChange::Revoked,
    LicenceChange::Withdrawn,
    LicenceChange::Cancelled,
];

/// A step by its name, with the end of the term where it has one; or the date field that it sets.
fn alter_parameters(parameters: &Ordered<String>) -> &'static [&'static str] {
    match parameters.get("step").map(String::as_str) {
        None => &["register", "key", "set", "value"],
        Some("renewal_asked" | "renewed") => &["register", "key", "step", "until"],
        Some(_) => &["register", "key", "step"],
    }
}

/// `Err` says what is wrong with the names; `None` that an expression was reported already.
fn declared_step(
    parameters: &Ordered<String>,
    register: &Register,
    place: &str,
    names: &Names,
    findings: &mut Findings<'_>,
) -> Result<Option<LicenceStep>, String> {
    let get = |parameter: &str| parameters.get(parameter).cloned().unwrap_or_default();
    if let Some(step) = parameters.get("step") {
        return match (step.as_str(), DECIDED.into_iter().find(|change| change.as_str() == step)) {
            ("renewal_asked", _) => {
                Ok(names.parse(&get("until"), place, findings).map(|until| LicenceStep::AskRenewal { until }))
            }
            ("renewed", _) => {
                Ok(names.parse(&get("until"), place, findings).map(|until| LicenceStep::Renewed { until }))
            }
            (_, Some(change)) => Ok(Some(LicenceStep::Decided { change })),
            (_, None) => Err(format!("a licence takes no step {step}")),
        };
    }
    let set = get("set");
    if register.schema.field(&set).is_none() {
        return Err(format!("register {} has no field {set}", register.code));
    }
    let steps = [LicenceChange::Started, LicenceChange::Completed];
    let change = steps.into_iter().find(|change| change.sets() == Some(&set));
    let change = change.ok_or_else(|| format!("no step of a licence sets {set}"))?;
    Ok(names.parse(&get("value"), place, findings).map(|on| LicenceStep::Day { change, on }))
}

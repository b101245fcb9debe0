//! What the rules and the process may read of a case: the form with its personal values, the applicant, the files, the register rows.

use std::collections::BTreeMap;

use flow::feel::Context;
use hmac::{KeyInit, Mac, SimpleHmac};
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Applicant, Case, Material, MaterialSource};
use crate::catalog::Matter;
use crate::facts::Facts;
use crate::rules::{Evaluation, Inputs};
use crate::state::hex;

/// The inputs of one evaluation, owned.
pub struct Gathered<'a> {
    on: Date,
    form: Value,
    applicant: Value,
    uploads: BTreeMap<String, String>,
    outcomes: BTreeMap<String, String>,
    facts: &'a Facts,
}

impl<'a> Gathered<'a> {
    /// Of a case. Personal values are those that the facts brought; erased ones are absent.
    pub fn of(matter: &Matter, case: &Case, facts: &'a Facts) -> Self {
        let open = Value::Object(case.form.clone());
        let personal = facts.personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone()));
        Self {
            on: facts.today,
            form: matter.form.join(&open, personal),
            applicant: applicant(&case.applicant),
            uploads: uploads(&case.materials),
            outcomes: case.done.iter().map(|done| (done.element.clone(), done.outcome.clone())).collect(),
            facts,
        }
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            on: self.on,
            form: &self.form,
            applicant: &self.applicant,
            uploads: &self.uploads,
            outcomes: &self.outcomes,
            facts: &self.facts.records,
        }
    }

    /// The names that FEEL reads.
    pub fn context(&self, matter: &Matter) -> Context {
        matter.context(&self.inputs())
    }

    /// Asks the rules.
    pub fn evaluate(&self, matter: &Matter) -> Evaluation {
        matter.evaluate(&self.inputs())
    }
}

/// The applicant as FEEL reads it.
pub fn applicant(applicant: &Applicant) -> Value {
    json!({ "id": applicant.code, "code": applicant.code, "name": applicant.name, "kind": applicant.kind })
}

/// Material code → hash of the file given; paper shown at the window counts as given.
fn uploads(materials: &[Material]) -> BTreeMap<String, String> {
    let given = |material: &Material| match &material.source {
        MaterialSource::Upload { hash, .. } => Some(hash.clone()),
        MaterialSource::Paper => Some("paper".to_owned()),
        MaterialSource::Record { .. } => None,
    };
    materials.iter().filter_map(|material| Some((material.code.clone(), given(material)?))).collect()
}

/// A claim's key as it is stored: a keyed hash, so that a personal number stands nowhere and cannot be tried out without the node's secret.
pub(super) fn claim_key(pepper: &[u8; 32], name: &str, key: &str) -> String {
    let mut mac = SimpleHmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes a key of any length");
    mac.update(name.as_bytes());
    mac.update(&[0]);
    mac.update(key.as_bytes());
    hex(&mac.finalize().into_bytes())
}

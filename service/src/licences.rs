//! The licence that a case changes: which one its matter asks about, and what the case did to it.

use kernel::case::Case;
use kernel::catalog::{Act, Matter};
use kernel::record::{LicenceChanged, Record};
use kernel::{State, StreamId};
use serde_json::Value;

use crate::app::App;
use crate::error::Result;
use crate::registers::record_id;

/// The register of the licence that a matter's acts change, and the field of its form that holds the number.
pub(crate) fn licence_field(matter: &Matter) -> Option<(&str, &str)> {
    let changed = matter.acts.values().filter_map(|act| match act {
        Act::AlterLicence { register, .. } => Some(register.as_str()),
        _ => None,
    });
    let registers: Vec<&str> = changed.collect();
    let mut facts = matter.spec.facts.iter().map(|(_, fact)| (fact.register.as_str(), fact));
    facts.find_map(|(register, fact)| {
        let is_the_one = fact.by.is_none() && registers.contains(&register);
        is_the_one.then_some((register, fact.key.strip_prefix("form.")?))
    })
}

impl App {
    /// The licence of that number as the matter's register has it now.
    pub(crate) async fn licence(&self, matter: &Matter, register: &str, number: &str) -> Result<Option<Record>> {
        let Some(declared) = matter.registers.get(register) else { return Ok(None) };
        let stream = StreamId::record(register, &record_id(self.store(), register, declared, number.trim()));
        let found = self.store().read(move |reader| reader.state(&stream)).await?;
        Ok(found.and_then(|(_, state)| match state {
            State::Record(licence) => Some(*licence),
            _ => None,
        }))
    }

    /// The last thing that a case did to the licence it is about, or that silence did in it, and the licence.
    pub(crate) async fn licence_change(
        &self,
        case: &Case,
        matter: &Matter,
    ) -> Result<Option<(LicenceChanged, Record)>> {
        let Some((register, field)) = licence_field(matter) else { return Ok(None) };
        let Some(number) = case.form.get(field).and_then(Value::as_str) else { return Ok(None) };
        let licence = self.licence(matter, register, number).await?;
        Ok(licence.and_then(|licence| {
            let own = licence.changes.iter().rev().find(|change| change.case == Some(case.id)).cloned();
            Some((own?, licence))
        }))
    }
}

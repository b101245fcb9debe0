//! Facts are gathered before a command is decided, each with its version; the writer checks the versions again (architecture.md §4).

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::catalog::Matter;
use kernel::directory::Organisation;
use kernel::facts::{FactRecords, RecordFact};
use kernel::rules;
use kernel::{Facts, StreamId};
use serde_json::{Map, Value};
use store::Reader;

use crate::app::App;
use crate::error::{Error, Result};

/// Records that one fact may bring: more than a person could look through is a defect of the matter's query.
const FACT_RECORDS_MAX: usize = 100;

impl App {
    /// Facts without a matter: for the directory, registers, reminders.
    pub fn facts(&self) -> Facts {
        let (now, catalog) = (self.now(), self.catalog());
        Facts {
            now,
            today: base::time::date(now),
            calendar: Arc::clone(&catalog.calendar),
            catalog,
            matter: None,
            organisation: None,
            records: BTreeMap::new(),
            personal: Map::new(),
            entropy: self.entropy(),
            number_parts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            read: Vec::new(),
        }
    }

    /// Facts for a matter handled by an organisation: the register rows that its `[facts]` ask for, by these form values.
    pub async fn facts_for(
        &self,
        matter: Arc<Matter>,
        organisation: &str,
        form: Map<String, Value>,
        personal: Map<String, Value>,
    ) -> Result<Facts> {
        let mut facts = self.facts();
        let (spec, code) = (Arc::clone(&matter), organisation.to_owned());
        let values = rules::form_context(&form, &personal);
        let (organisation, records) = self
            .store()
            .read(move |reader| {
                let organisation = reader.organisation(&code)?;
                let mut records = BTreeMap::new();
                for (name, query) in rules::fact_queries(&spec, &values) {
                    records.insert(name, read_fact(reader, &query)?);
                }
                Ok((organisation, records))
            })
            .await?;
        facts.read = records.values().flat_map(FactRecords::iter).map(|record| (record.stream(), record.version)).collect();
        facts.organisation = Some(organisation.ok_or_else(Error::not_found)?);
        facts.number_parts = rules::number_parts(&matter, &form, &personal);
        facts.records = records;
        facts.personal = personal;
        facts.matter = Some(matter);
        Ok(facts)
    }

    /// Facts for a command on a case that exists.
    pub async fn facts_for_case(&self, case: &kernel::case::Case) -> Result<Facts> {
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let personal = self.personal_fields(case).await?;
        self.facts_for(matter, &case.organisation, case.form.clone(), personal).await
    }

    /// The personal form fields of a case, from the vault; erased ones are absent.
    pub async fn personal_fields(&self, case: &kernel::case::Case) -> Result<Map<String, Value>> {
        let sealed = case.sealed.clone();
        let opened = self.store().read(move |reader| reader.open(&sealed)).await?;
        let mut fields = Map::new();
        for (commitment, value) in case.sealed.iter().zip(opened) {
            if let (Some((_, name)), Some(value)) = (commitment.field.rsplit_once("/form/"), value) {
                fields.insert(name.to_owned(), Value::String(value));
            }
        }
        Ok(fields)
    }
}

/// One register query of a matter.
fn read_fact(reader: &mut Reader<'_>, query: &rules::FactQuery) -> std::result::Result<FactRecords, store::Fault> {
    let rows = reader.records_by(&query.register, &query.equal, FACT_RECORDS_MAX)?;
    let mut facts = rows.into_iter().map(|row| RecordFact {
        register: row.register,
        id: row.id,
        version: row.version,
        status: row.status,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        body: row.body,
    });
    Ok(if query.many { FactRecords::Many(facts.collect()) } else { FactRecords::One(facts.next()) })
}

/// The organisation that handles a matter in a region, at the level the matter's routing says.
pub async fn handling_organisation(app: &App, region: &str) -> Result<Organisation> {
    let region = region.to_owned();
    app.store().read(move |reader| reader.organisation_of_region(&region)).await?.ok_or_else(Error::not_found)
}


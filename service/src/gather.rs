//! Facts are gathered before a command is decided, each with its version; the writer checks the versions again (architecture.md §4).

use std::collections::BTreeMap;
use std::sync::Arc;

use base::id::SubjectId;
use kernel::case::{Case, Gathered, form_pointer, number_parts};
use kernel::catalog::Matter;
use kernel::directory::Organisation;
use kernel::policy::Scope;
use kernel::rules::{FactQuery, FactRecord};
use kernel::{Facts, State, StreamId};
use serde_json::{Map, Value};
use store::{Field, FieldKind, Filter, Page, Reader, RecordQuery, Scalar, Store};

use crate::app::App;
use crate::error::{Error, Result};
use crate::registers::record_id;

/// Records that one fact may bring: more than a person could look through is a defect of the matter's query.
const FACT_RECORDS_MAX: u32 = 100;

impl App {
    /// Facts without a matter: for the directory, registers, reminders.
    pub fn facts(&self) -> Facts {
        let now = self.now();
        Facts {
            now,
            today: base::time::date(now),
            catalog: self.catalog(),
            matter: None,
            organisation: None,
            records: BTreeMap::new(),
            personal: Map::new(),
            number_parts: BTreeMap::new(),
            entropy: self.entropy(),
            pepper: self.settings().pepper,
            numbers: BTreeMap::new(),
            reachable: BTreeMap::new(),
            read: Vec::new(),
        }
    }

    /// Facts for a matter handled by an organisation: the register rows that its `[facts]` ask for by these values of the form.
    pub async fn facts_for(
        &self,
        matter: Arc<Matter>,
        organisation: &str,
        form: &Value,
        applicant: &Value,
    ) -> Result<Facts> {
        let settings = self.settle_calendar().await?;
        let mut facts = self.facts();
        let queries = matter.fact_queries(facts.today, form, applicant);
        let (spec, stream) = (Arc::clone(&matter), StreamId::organisation(organisation));
        let store = self.store().clone();
        let (organisation, records) = self
            .store()
            .read(move |reader| {
                let organisation = match reader.state(&stream)? {
                    Some((_, State::Organisation(organisation))) => Some(organisation),
                    _ => None,
                };
                let mut records = BTreeMap::new();
                for query in &queries {
                    records.insert(query.name.clone(), read_fact(reader, &store, &spec, query)?);
                }
                Ok((organisation, records))
            })
            .await?;
        let streams = records.values().flatten();
        facts.read = streams.map(|record| (StreamId::record(&record.register, &record.id), record.version)).collect();
        // Due dates rest on the calendar: a year that is loaded meanwhile makes them stale.
        facts.read.push((StreamId::node(), settings));
        facts.organisation = Some(organisation.ok_or_else(Error::not_found)?);
        facts.records = records;
        facts.matter = Some(matter);
        Ok(facts)
    }

    /// Facts for a command on a case that exists.
    pub async fn facts_for_case(&self, case: &Case) -> Result<Facts> {
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let personal = self.personal_fields(case).await?;
        let open = Value::Object(case.form.clone());
        let form = matter.form.join(&open, personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())));
        let applicant = kernel::case::applicant(&case.applicant);
        let mut facts = self.facts_for(Arc::clone(&matter), &case.organisation, &form, &applicant).await?;
        facts.personal = personal;
        facts.reachable = self.reachable(case.applicant.account).await?;
        facts.number_parts = number_parts(&matter, &Gathered::of(&matter, case, &facts).context(&matter));
        Ok(facts)
    }

    /// The personal form fields of a case by JSON pointer, from the vault; erased ones are absent.
    pub async fn personal_fields(&self, case: &Case) -> Result<Map<String, Value>> {
        let subject = case.applicant.subject;
        let wanted: Vec<(SubjectId, String)> =
            case.sealed.iter().map(|commitment| (subject, commitment.field.clone())).collect();
        let pointers: Vec<Option<String>> =
            wanted.iter().map(|(_, field)| form_pointer(field).map(str::to_owned)).collect();
        let opened = self.store().read(move |reader| reader.open(&wanted)).await?;
        let values = pointers
            .into_iter()
            .zip(opened)
            .filter_map(|(pointer, opened)| Some((pointer?, Value::String(opened.value()?.to_owned()))));
        Ok(values.collect())
    }

    /// The organisation that handles cases of a region.
    pub async fn organisation_of(&self, region: &str) -> Result<Organisation> {
        let region = region.parse().map_err(|_| Error::not_found())?;
        let catalog = self.catalog();
        let stream =
            StreamId::organisation(catalog.directory.handling(region).ok_or_else(Error::not_found)?.code.as_str());
        match self.store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Organisation(organisation))) => Ok(organisation),
            _ => Err(Error::not_found()),
        }
    }
}

/// One register query of a matter.
fn read_fact(
    reader: &mut Reader<'_>,
    store: &Store,
    matter: &Matter,
    query: &FactQuery,
) -> std::result::Result<Vec<FactRecord>, store::Fault> {
    let Some(register) = matter.registers.get(&query.register) else { return Ok(Vec::new()) };
    let equal = |field: &str, value: &str| Filter::Eq(field.to_owned(), Scalar::Text(value.to_owned()));
    let by_key = query.field == register.spec.key;
    let mut all = vec![if by_key {
        equal("id", &record_id(store, &query.register, register, &query.value))
    } else {
        equal(&query.field, &query.value)
    }];
    all.extend(query.with.iter().map(|(field, value)| equal(field, value)));
    let fields = register.spec.indexed.iter().map(|name| Field { name: name.clone(), kind: FieldKind::Text });
    let records = RecordQuery {
        register: query.register.clone(),
        fields: fields.collect(),
        filter: Some(Filter::And(all)),
        order: None,
        descending: false,
    };
    let rows = if query.many { FACT_RECORDS_MAX } else { 2 };
    let page = Page { after: None, rows };
    let listed = reader.records(&Scope::everything(), &records, &page)?;
    let fact = |item: store::RecordItem| FactRecord {
        register: item.register,
        id: item.id,
        version: item.version,
        body: item.body,
    };
    Ok(listed.rows.into_iter().map(fact).collect())
}

//! Who applies, as the registers know them. What a register says of the applicant is shown and never read from what was typed: otherwise a
//! permit could be had in the name of another firm.

use std::collections::{BTreeMap, BTreeSet};

use base::money::Fen;
use kernel::catalog::Matter;
use kernel::catalog::matter::ApplicantKind;
use kernel::form::{Field, Widget};
use kernel::policy::Scope;
use serde_json::{Map, Value, json};
use store::{FieldKind, Filter, RecordQuery, Scalar};

use super::{Draft, Owner};
use crate::app::App;
use crate::error::Result;
use crate::identity::Identity;

impl App {
    /// For whom an account may apply in a matter: organisations as code and name, and whether for the person themself.
    pub async fn applicants(&self, identity: &Identity, matter: &Matter) -> Result<(Vec<(String, String)>, bool)> {
        let owner = Owner::of(identity)?;
        let mut organisations = Vec::new();
        if matter.spec.applicant.contains(&ApplicantKind::Organisation) {
            for code in owner.represents {
                let name = self.applicant_name(matter, &code).await?;
                organisations.push((code, name));
            }
        }
        Ok((organisations, matter.spec.applicant.contains(&ApplicantKind::Person)))
    }

    /// The fields of the form that the applicant's account and the registers fill in, with their values: nobody types these. A firm that no
    /// register knows states its name itself; its code it cannot choose again.
    pub async fn registered(&self, matter: &Matter, draft: &Draft) -> Result<Map<String, Value>> {
        let applicant = self.registered_applicant(matter, draft).await?;
        Ok(matter.form.prefill(&BTreeMap::from([("applicant".to_owned(), applicant)])))
    }

    /// The applicant as account and registers know them; nothing of a person who applies for themself.
    async fn registered_applicant(&self, matter: &Matter, draft: &Draft) -> Result<Value> {
        if draft.applicant_code.is_empty() {
            return Ok(json!({ "kind": draft.kind }));
        }
        let mut known = Map::new();
        for register in applicant_registers(matter) {
            if let Some((label, Value::Object(body))) = self.record_by_key(&register, &draft.applicant_code).await? {
                known.extend(body.get(&label).cloned().map(|name| ("name".to_owned(), name)));
                known.extend(body);
            }
        }
        for name in ["id", "code"] {
            known.insert(name.to_owned(), json!(draft.applicant_code));
        }
        known.insert("kind".to_owned(), json!(draft.kind));
        Ok(Value::Object(known))
    }

    /// The name of an organisation in the register that the matter's form is filled from.
    pub(super) async fn applicant_name(&self, matter: &Matter, code: &str) -> Result<String> {
        for register in applicant_registers(matter) {
            if let Some((label, body)) = self.record_by_key(&register, code).await?
                && let Some(name) = body.get(&label).and_then(Value::as_str)
            {
                return Ok(name.to_owned());
            }
        }
        Ok(code.to_owned())
    }

    /// The label field and body of the one record under a key.
    async fn record_by_key(&self, register: &str, key: &str) -> Result<Option<(String, Value)>> {
        let catalog = self.catalog();
        let Some(register) = catalog.register(register) else { return Ok(None) };
        let indexed = register.spec.indexed.iter();
        let query = RecordQuery {
            register: register.code.clone(),
            fields: indexed.map(|name| store::Field { name: name.clone(), kind: FieldKind::Text }).collect(),
            filter: Some(Filter::Eq(register.spec.key.clone(), Scalar::Text(key.to_owned()))),
            order: None,
            descending: false,
        };
        let page = store::Page { after: None, rows: 2 };
        let listed = self.store().read(move |reader| reader.records(&Scope::everything(), &query, &page)).await?;
        let one = (listed.rows.len() == 1).then(|| listed.rows.into_iter().next()).flatten();
        Ok(one.map(|record| (register.spec.label.clone(), record.body)))
    }

    /// Puts the applicant's own values right before anything is handed in: a draft may be older than what the register says today.
    pub(super) async fn prefill_applicant(&self, matter: &Matter, draft: &mut Draft) -> Result<()> {
        let registered = self.registered(matter, draft).await?;
        if let Some(form) = draft.form.as_object_mut() {
            form.extend(registered);
        }
        name_as_stated(matter, draft);
        Ok(())
    }

    /// Fills in what registers know: of the applicant whatever was said before, of everything else what nobody has said yet.
    pub(super) async fn prefill(&self, matter: &Matter, draft: &mut Draft) -> Result<()> {
        let applicant = self.registered_applicant(matter, draft).await?;
        let mut known = BTreeMap::from([("applicant".to_owned(), applicant.clone())]);
        let fixed = matter.form.prefill(&known);
        for query in matter.fact_queries(self.today(), &draft.form, &applicant) {
            let is_key = matter.registers.get(&query.register).is_some_and(|register| register.spec.key == query.field);
            if is_key && let Some((_, body)) = self.record_by_key(&query.register, &query.value).await? {
                known.insert(query.name, body);
            }
        }
        let filled = matter.form.prefill(&known);
        let Some(form) = draft.form.as_object_mut() else { return Ok(()) };
        for (name, value) in filled {
            // Saved pages are the applicant's own words.
            let own = matter.form.field(&name).is_some_and(|field| draft.saved.contains(&field.page));
            if fixed.contains_key(&name) {
                form.insert(name, value);
            } else if !own {
                form.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}

/// What was typed, but for the fields that the registers fill in: these say what the registers say.
pub(super) fn as_registered(
    matter: &Matter,
    known: &Map<String, Value>,
    given: &[(String, String)],
) -> Vec<(String, String)> {
    let typed = given.iter().filter(|(name, _)| !known.contains_key(name)).cloned();
    let registered =
        known.iter().filter_map(|(name, value)| Some((name.clone(), typed_text(matter.form.field(name)?, value))));
    typed.chain(registered).collect()
}

/// An organisation that no register knows is called what the form calls it.
pub(super) fn name_as_stated(matter: &Matter, draft: &mut Draft) {
    let named = matter.form.fields().iter().find(|field| field.prefill.as_deref() == Some("applicant.name"));
    let stated = named.and_then(|field| draft.form.get(&field.name)?.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = stated.filter(|_| draft.kind == ApplicantKind::Organisation) {
        draft.applicant_name = name.to_owned();
    }
}

/// A saved value as it was typed.
pub(crate) fn typed_text(field: &Field, value: &Value) -> String {
    match (field.widget, value) {
        (_, Value::Null) => String::new(),
        (Widget::Money, Value::Number(fen)) => fen.as_i64().map(|fen| Fen(fen).yuan()).unwrap_or_default(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// Is the field about the applicant, so that it is not for anybody to correct in a form?
pub(crate) fn is_of_applicant(field: &Field) -> bool {
    field.prefill.as_deref().is_some_and(|path| path.starts_with("applicant."))
}

/// Registers that the form takes the applicant from.
fn applicant_registers(matter: &Matter) -> BTreeSet<String> {
    let fields = matter.form.fields().iter();
    fields.filter(|field| is_of_applicant(field)).filter_map(|field| field.source.clone()).collect()
}

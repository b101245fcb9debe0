//! Records written by imports and jobs: personal fields are sealed, and a personal key never becomes the name of a stream.

use base::code::licence::normalise_licence_number;
use jiff::civil::Date;
use kernel::Command;
use kernel::catalog::Register;
use kernel::form::Widget;
use kernel::record::{RecordCommand, RecordWrite};
use kernel::sealed::Secret;
use serde_json::Value;
use store::{Store, Submission};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::system;

impl App {
    /// Writes or replaces a record of a register from its fields. Answers its id.
    pub async fn write_record(&self, register: &str, fields: &Value) -> Result<String> {
        let catalog = self.catalog();
        let declared = catalog.register(register).ok_or_else(Error::not_found)?;
        let errors = declared.schema.validate(fields);
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let id = record_id(self.store(), register, declared, text(&declared.spec.key).ok_or_else(Error::not_found)?);
        let split = declared.schema.split(fields);
        let (subject, mut entropy) = (self.new_subject(), self.entropy());
        let secrets = split.sealed.iter().map(|sealed| Secret {
            subject,
            field: format!("record/{register}/{id}{}", sealed.pointer),
            salt: entropy.bytes16(),
            value: sealed.value.as_str().map_or_else(|| sealed.value.to_string(), str::to_owned),
        });
        let day = |name: &str| text(name).and_then(|text| text.parse::<Date>().ok());
        let write = RecordWrite {
            register: register.to_owned(),
            id: id.clone(),
            region: declared.spec.region.as_deref().and_then(text).unwrap_or_default().to_owned(),
            valid_from: day("valid_from"),
            valid_until: day("valid_to"),
            body: split.open.as_object().cloned().unwrap_or_default(),
            secrets: secrets.collect(),
            source: None,
            matter: None,
            start_by: None,
        };
        let submission = Submission {
            command: Command::Record(RecordCommand::Write(Box::new(write))),
            actor: system("import"),
            facts: self.facts(),
            key: None,
            entered_at: None,
        };
        self.store().submit(submission).await?;
        Ok(id)
    }
}

/// The id of a record: its key, in one spelling where spellings vary (brackets of licence numbers), or the node's keyed hash of it where
/// the key is personal (a citizen number).
pub fn record_id(store: &Store, register: &str, declared: &Register, key: &str) -> String {
    let widget = declared.schema.field(&declared.spec.key).map(|field| field.widget);
    if is_personal_key(declared) {
        store.lookup_hash(register, key)
    } else if widget == Some(Widget::LicenceNo) {
        normalise_licence_number(key)
    } else {
        key.to_owned()
    }
}

/// The register is looked up by a personal value.
pub fn is_personal_key(declared: &Register) -> bool {
    declared.schema.field(&declared.spec.key).is_some_and(|field| field.class.is_sealed())
}

//! Opening a case of the authority's own motion (依职权立案): which matters a post may open, and about whose licence. The licence says who is
//! the party; nobody types it.

use std::sync::Arc;

use base::region::RegionCode;
use kernel::Refusal;
use kernel::catalog::matter::OpenedBy;
use kernel::catalog::{Matter, TargetClass};
use kernel::policy::{Object, Scope};
use kernel::record::Record;
use serde_json::{Map, Value};

use super::Draft;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::licences::licence_field;

/// The action of grants.csv.
const OPEN: &str = "case.open";
/// The field of a licence that names whose it is.
const HOLDER: &str = "holder";

impl App {
    /// The matters that the post of an officer may open about a licence, by code.
    pub fn openings(&self, identity: &Identity) -> Vec<Arc<Matter>> {
        let catalog = self.catalog();
        let Some(post) = identity.post() else { return Vec::new() };
        let scope = Scope::of_post(&catalog.grants, post, OPEN, TargetClass::Matter);
        if scope.is_empty() {
            return Vec::new();
        }
        let named = |matter: &Matter| scope.targets.is_empty() || scope.targets.contains(&matter.code().to_string());
        let opened = catalog.matters.values().filter(|matter| opened_about(matter).is_some() && named(matter));
        opened.cloned().collect()
    }

    /// Begins such a case: a draft about the licence of that number, its holder the party. A licence that the post may not read is not found.
    pub async fn open_about(&self, identity: &Identity, matter: &str, number: &str, nonce: &str) -> Result<Draft> {
        let may = self.openings(identity);
        if may.is_empty() {
            return Err(Refusal::Forbidden { action: OPEN.to_owned() }.into());
        }
        let matter = may.into_iter().find(|one| one.code().to_string() == matter).ok_or_else(Error::not_found)?;
        let (register, field) = opened_about(&matter).ok_or_else(Error::not_found)?;
        let licence = self.readable(identity, &matter, register, number).await?;
        let holder = licence.body.get(HOLDER).and_then(Value::as_str).unwrap_or_default().to_owned();
        let form = Map::from_iter([(field.to_owned(), Value::String(licence.id))]);
        self.begin_draft(identity, &matter.code().to_string(), &holder, form, nonce).await
    }

    async fn readable(&self, identity: &Identity, matter: &Matter, register: &str, number: &str) -> Result<Record> {
        let licence = self.licence(matter, register, number).await?.ok_or_else(Error::not_found)?;
        let region: RegionCode = licence.region.parse().map_err(|_| Error::not_found())?;
        let object =
            Object { class: TargetClass::Register, name: register, immediate: false, organisation: "", region };
        if identity.may(self, "record.read", &object) { Ok(licence) } else { Err(Error::not_found()) }
    }
}

/// The register and the form's field of the licence that a case of the authority's own motion is about.
fn opened_about(matter: &Matter) -> Option<(&str, &str)> {
    (matter.spec.opened_by == OpenedBy::Authority).then(|| licence_field(matter)).flatten()
}

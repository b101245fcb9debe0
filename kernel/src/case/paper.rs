//! Statutory documents (文书): numbered, coded, hashed when issued; rendered when first asked for (matter.md §7).

use std::collections::BTreeMap;

use base::id::CaseId;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::act::Act;
use super::{Case, Notice, NoticeIssued};
use crate::catalog::Matter;
use crate::catalog::matter::NoticeKind;
use crate::change::NumberKey;
use crate::directory::Organisation;
use crate::facts::Facts;
use crate::refusal::Refusal;
use crate::state::hex;

/// The numbering register of cases (办件编号, domain.md §18).
pub(crate) const CASE_NUMBER: &str = "case";

fn broken(element: &str, reason: &impl ToString) -> Refusal {
    Refusal::Process { element: element.to_owned(), reason: reason.to_string() }
}

/// The counter of a matter's notice; none when its register needs more than the organisation says.
pub(crate) fn notice_counter(
    facts: &Facts,
    matter: &Matter,
    kind: NoticeKind,
    own: &BTreeMap<String, String>,
) -> Option<NumberKey> {
    counter(facts, &matter.notices.get(&kind)?.number, own)
}

/// What a number is made of: the organisation's short code and region, and what the case adds.
pub(crate) fn parts(organisation: &Organisation, case: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
    // What the matter says of its number goes before what every number of the organisation says.
    let mut parts = case.cloned().unwrap_or_default();
    let own = [
        ("org", organisation.short.clone()),
        ("abbr", organisation.abbr.clone()),
        ("reg6", organisation.region.to_string()),
    ];
    for (name, value) in own {
        parts.entry(name.to_owned()).or_insert(value);
    }
    parts
}

/// The counter a number would come from; none when the register or a part is missing.
pub(crate) fn counter(facts: &Facts, register: &str, parts: &BTreeMap<String, String>) -> Option<NumberKey> {
    let scope = facts.catalog.numbers.get(register).ok()?.scope_key(&fields(parts), facts.today).ok()?;
    Some(NumberKey { register: register.to_owned(), scope })
}

fn fields(parts: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    parts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Numbers taken while deciding. The writer reserved them; what is not taken is offered again.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<'a> {
    facts: &'a Facts,
    pub(crate) taken: Vec<(NumberKey, u64)>,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        Self { facts, taken: Vec::new() }
    }

    /// The next number of a register, formatted.
    pub(crate) fn take(&mut self, register: &str, parts: &BTreeMap<String, String>) -> Result<String, Refusal> {
        let (spec, on) = (self.facts.catalog.numbers.get(register), self.facts.today);
        let spec = spec.map_err(|error| broken(register, &error))?;
        let fields = fields(parts);
        let scope = spec.scope_key(&fields, on).map_err(|error| broken(register, &error))?;
        let key = NumberKey { register: register.to_owned(), scope };
        let reserved = *self.facts.numbers.get(&key).ok_or_else(|| broken(register, &"number was not reserved"))?;
        let again = self.taken.iter().filter(|(taken, _)| *taken == key).count() as u64;
        let n = reserved + again;
        let text = spec.format(&fields, on, n).map_err(|error| broken(register, &error))?;
        self.taken.push((key, n));
        Ok(text)
    }
}

/// Issues a statutory notice: number, verification code, template and data hash go into the journal.
pub(super) fn issue(act: &mut Act<'_>, kind: NoticeKind) -> Result<(), Refusal> {
    let parts = parts(act.organisation()?, None);
    let form = act.matter.notices.get(&kind).ok_or_else(|| broken(kind.name(), &"the matter has no such notice"))?;
    let number = act.numbers.take(&form.number, &parts)?;
    let notice = prepare(act, kind, number, form.template.clone());
    act.emit(NoticeIssued { notice })
}

/// A document about the case as it stands now.
pub(super) fn prepare(act: &mut Act<'_>, kind: NoticeKind, number: String, template: String) -> Notice {
    let code = act.code();
    let will_forward = act.case.forwarded.is_none() && act.matter.forwards();
    let issuer = will_forward.then(|| act.case.organisation.clone());
    let (issued_on, unhashed) = (act.today(), String::new());
    let mut notice = Notice { kind, number, code, issued_on, issuer, template, data_hash: unhashed, pdf_hash: None };
    notice.data_hash = data_hash(&act.case, &notice);
    notice
}

/// Where the vault keeps the hash of a document's file.
pub fn file_field(case: CaseId, number: &str) -> String {
    format!("case/{case}/paper/{number}")
}

/// SHA-256 over what the paper says, personal values as commitments: an erased value leaves the hash as it was.
pub fn data_hash(case: &Case, notice: &Notice) -> String {
    let data = Value::Object(data(case, notice));
    let bytes = journal::cbor::encode(&data).unwrap_or_default();
    hex(&Sha256::digest(&bytes))
}

/// What a document says, without the plain personal values: the page and the printer put them in where they may be shown.
pub fn data(case: &Case, notice: &Notice) -> Map<String, Value> {
    let value = json!({
        "kind": notice.kind,
        "number": notice.number,
        "code": notice.code,
        "issued_on": notice.issued_on,
        "case": case.number,
        "matter": case.matter,
        "organisation": notice.issuer.as_ref().unwrap_or(&case.organisation),
        "applicant": { "code": case.applicant.code, "name": case.applicant.name, "subject": case.applicant.subject },
        "title": case.title,
        "materials": case.materials,
        "clocks": { "received_on": case.clocks.received_on, "accepted_on": case.clocks.accepted_on,
            "accept_by": case.clocks.accept_by, "statutory": case.clocks.statutory, "promised": case.clocks.promised },
        "supplement": case.supplement,
        "decision": case.decision,
        "result": case.result,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

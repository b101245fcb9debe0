//! Acts: what a service task of any process may do, a closed list (matter.md §1). Each is typed, refuses with its article, and is tested.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::Act;
use super::{CertificateIssued, ResultRef, Stage, paper, process};
use crate::catalog::{NoticeKind, ResultSpec};
use crate::change::{Job, StreamDecision};
use crate::record::{self, ClaimHeld, RecordWritten};
use crate::refusal::Refusal;
use crate::rules;
use crate::state::State;
use crate::stream::StreamId;

/// A service task that waits for its act.
pub(crate) struct Request {
    pub(crate) instance: u32,
    pub(crate) element: String,
    pub(crate) implementation: String,
}

/// The prefix of `implementation` in BPMN.
pub const URN: &str = "urn:jiantong:act:";

/// The acts that exist. `catalog check` refuses any other.
pub const NAMES: [&str; 5] = ["evaluate", "number", "write_record", "issue_certificate", "notify"];

/// Variables of the process that hold the result's number.
const RESULT_NUMBER: &str = "result_number";

/// Does the act and gives the process its answer.
pub(super) fn perform(act: &mut Act<'_>, request: &Request) -> Result<BTreeMap<String, Value>, Refusal> {
    match request.implementation.strip_prefix(URN) {
        Some("evaluate") => process::evaluate(act),
        Some("number") => number(act, request),
        Some("write_record") => write_record(act, request),
        Some("issue_certificate") => issue_certificate(act, request),
        Some("notify") => Ok(BTreeMap::new()),
        _ => Err(refuse(request, "no such act")),
    }
}

fn refuse(request: &Request, reason: &str) -> Refusal {
    Refusal::Process { element: request.element.clone(), reason: reason.to_owned() }
}

/// Takes the result's number.
fn number(act: &mut Act<'_>, request: &Request) -> Result<BTreeMap<String, Value>, Refusal> {
    let result = granted_result(act, request)?;
    let parts = paper::parts(act.organisation()?, Some(&act.facts.number_parts));
    let number = act.numbers.take(&result.number, &parts)?;
    Ok(BTreeMap::from([(RESULT_NUMBER.to_owned(), json!(number))]))
}

/// Writes the licence to its register, holding the matter's claims.
fn write_record(act: &mut Act<'_>, request: &Request) -> Result<BTreeMap<String, Value>, Refusal> {
    let result = granted_result(act, request)?;
    let id = result_number(act, request)?;
    let scope = rules::scope(act.matter, &act.case, act.facts);
    let written = rules::result_fields(act.matter, result, &scope, act.today());
    let claims = rules::claims(act.matter, &scope)
        .map_err(|decision| Refusal::RuleUndecided { decision })?
        .into_iter()
        .map(|claim| ClaimHeld { name: claim.name, key: claim.key, release: claim.release });
    let event = RecordWritten {
        register: result.register.clone(),
        id: id.clone(),
        region: act.case.region.to_string(),
        status: record::VALID.to_owned(),
        valid_from: Some(act.today()),
        valid_until: written.valid_until,
        body: written.fields,
        sealed: Vec::new(),
        source: Some(act.case.id),
        claims: claims.collect(),
        start_by: written.start_by,
    };
    let state = State::evolve(None, &event.clone().into(), act.facts.at())
        .map_err(|error| refuse(request, &error.to_string()))?;
    act.also(StreamDecision {
        stream: StreamId::record(&result.register, &id),
        expected_version: 0,
        events: vec![event.into()],
        before: None,
        state,
    });
    Ok(BTreeMap::new())
}

/// Issues the certificate; its paper is rendered after the commit.
fn issue_certificate(act: &mut Act<'_>, request: &Request) -> Result<BTreeMap<String, Value>, Refusal> {
    let result = granted_result(act, request)?;
    let number = result_number(act, request)?;
    let reference = ResultRef { register: result.register.clone(), id: number.clone(), number: number.clone() };
    let template = act.matter.act_template(&request.element).ok_or_else(|| refuse(request, "act has no template"))?;
    let notice = paper::prepare(act, NoticeKind::Certificate, number.clone(), template.to_owned());
    act.emit(CertificateIssued { result: reference, notice })?;
    act.queue(Job::Render { number });
    Ok(BTreeMap::new())
}

/// The result spec, if the decision granted: no certificate without a grant, whatever the diagram says.
fn granted_result<'a>(act: &Act<'a>, request: &Request) -> Result<&'a ResultSpec, Refusal> {
    if act.case.stage != Stage::Granted {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    act.matter.spec.result.as_ref().ok_or_else(|| refuse(request, "matter has no result"))
}

fn result_number(act: &Act<'_>, request: &Request) -> Result<String, Refusal> {
    let number = act.case.process.variables.get(RESULT_NUMBER).and_then(|value| value.as_text());
    number.map(str::to_owned).ok_or_else(|| refuse(request, "no number was taken before"))
}

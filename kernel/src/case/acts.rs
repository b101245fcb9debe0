//! Acts: what a service task of any process may do, a closed list (matter.md §1). Each is typed, refuses with its article, and is tested.

use std::collections::BTreeMap;

use base::deadline;
use flow::feel::Context;
use journal::Commitment;
use serde_json::{Map, Value, json};

use super::act::Act;
use super::inputs::{Gathered, claim_key};
use super::{CertificateIssued, ResultRef, Stage, bar, forward, licence, paper, process, statement};
use crate::catalog;
use crate::catalog::matter::{ClaimMoment, NoticeKind, ResultSpec, Validity};
use crate::change::{Job, StreamDecision};
use crate::record::{self, ClaimHeld, RecordWritten};
use crate::refusal::Refusal;
use crate::state::State;
use crate::stream::StreamId;

/// A service task that waits for its act.
pub(crate) struct Request {
    pub(crate) instance: u32,
    pub(crate) element: String,
}

/// The process variable that holds the result's number.
pub(super) const RESULT_NUMBER: &str = "result_number";

/// Does the act and gives the process its answer.
pub(super) fn perform(act: &mut Act<'_>, request: &Request) -> Result<BTreeMap<String, Value>, Refusal> {
    match act.matter.acts.get(&request.element) {
        Some(catalog::Act::Evaluate) => process::evaluate(act),
        Some(catalog::Act::Number { register }) => number(act, request, register),
        Some(catalog::Act::WriteRecord { register }) => write_record(act, request, register),
        Some(catalog::Act::IssueCertificate { template }) => issue_certificate(act, request, template),
        Some(catalog::Act::Notify { notice }) => notify(act, *notice),
        Some(catalog::Act::AlterLicence { register, key, step }) => licence::alter(act, request, register, key, step),
        Some(catalog::Act::Forward { to }) => forward::forward(act, *to).map(|()| BTreeMap::new()),
        Some(catalog::Act::InviteStatement) => statement::invite(act).map(|()| BTreeMap::new()),
        Some(catalog::Act::BarHolder { register, key }) => {
            bar::holder(act, request, register, key).map(|()| BTreeMap::new())
        }
        _ => Err(refuse(request, "act is not executed")),
    }
}

pub(super) fn refuse(request: &Request, reason: &str) -> Refusal {
    Refusal::Process { element: request.element.clone(), reason: reason.to_owned() }
}

/// Issues a statutory notice that the envelope has not issued by itself.
fn notify(act: &mut Act<'_>, kind: NoticeKind) -> Result<BTreeMap<String, Value>, Refusal> {
    if !act.case.notices.iter().any(|notice| notice.kind == kind) {
        paper::issue(act, kind)?;
    }
    Ok(BTreeMap::new())
}

/// Takes the result's number.
fn number(act: &mut Act<'_>, request: &Request, register: &str) -> Result<BTreeMap<String, Value>, Refusal> {
    granted_result(act, request)?;
    let parts = paper::parts(act.organisation()?, Some(&act.facts.number_parts));
    let number = act.numbers.take(register, &parts)?;
    Ok(BTreeMap::from([(RESULT_NUMBER.to_owned(), json!(number))]))
}

/// What the case decides of its result's number (`number_parts`), as text. Gathered before, so that the writer can reserve the number.
pub fn number_parts(matter: &catalog::Matter, context: &Context) -> BTreeMap<String, String> {
    let text = |value: flow::feel::Value| match value.to_json() {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let parts = matter.expressions.number_parts.iter();
    parts.map(|(name, expression)| (name.clone(), text(expression.evaluate(context)))).collect()
}

/// What the matter says of the result's record; what is null is not said.
pub(super) fn result_fields(matter: &catalog::Matter, context: &Context) -> Map<String, Value> {
    let said = matter.expressions.result_fields.iter();
    said.map(|(name, expression)| (name.clone(), expression.evaluate(context).to_json()))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

/// The open fields of a record, and the personal ones sealed under the applicant's key. None when the register is unknown.
pub(super) fn split_fields(
    act: &mut Act<'_>,
    register: &str,
    id: &str,
    fields: Map<String, Value>,
) -> Option<(Map<String, Value>, Vec<Commitment>)> {
    let split = act.matter.registers.get(register)?.schema.split(&Value::Object(fields));
    let mut sealed = Vec::new();
    for personal in &split.sealed {
        let text = personal.value.as_str().map_or_else(|| personal.value.to_string(), str::to_owned);
        sealed.push(act.seal_named(format!("record/{register}/{id}{}", personal.pointer), text));
    }
    Some((split.open.as_object().cloned().unwrap_or_default(), sealed))
}

/// Writes the licence to its register, holding the matter's claims.
fn write_record(act: &mut Act<'_>, request: &Request, register: &str) -> Result<BTreeMap<String, Value>, Refusal> {
    let result = granted_result(act, request)?;
    let id = result_number(act, request)?;
    let gathered = Gathered::of(act.matter, &act.case, act.facts);
    let (context, evaluation) = (gathered.context(act.matter), gathered.evaluate(act.matter));
    let mut fields = result_fields(act.matter, &context);
    let schema = &act.matter.registers.get(register).ok_or_else(|| refuse(request, "no such register"))?.schema;
    let issued_on = act.today();
    let period = evaluation.validity.or(period_of(&result.validity));
    let valid_until = period.map(|period| deadline::validity_end(issued_on, period)).transpose();
    let valid_until = valid_until.map_err(|_| Refusal::NoLimitInForce)?;
    // What every licence says, where its register has a field for it: other matters' rules read it there.
    for (name, value) in [
        ("number", Some(id.clone())),
        ("issued_by", Some(act.organisation()?.name.clone())),
        ("issuer_region", Some(act.case.region.to_string())),
        ("matter", Some(act.case.matter.clone())),
        ("issued_on", Some(issued_on.to_string())),
        ("valid_from", Some(issued_on.to_string())),
        ("valid_to", valid_until.map(|last| last.to_string())),
    ] {
        if schema.field(name).is_some()
            && let Some(value) = value
        {
            fields.entry(name).or_insert(Value::String(value));
        }
    }
    let (body, sealed) = split_fields(act, register, &id, fields).ok_or_else(|| refuse(request, "no such register"))?;
    let start_by = result.lapse.first().map(|lapse| lapse.rule.last_day(issued_on, 0)).transpose();
    let beyond = |_| Refusal::NoLimitInForce;
    let event = RecordWritten {
        register: register.to_owned(),
        id: id.clone(),
        region: act.case.region.to_string(),
        status: record::VALID.to_owned(),
        valid_from: Some(issued_on),
        valid_until,
        body,
        sealed,
        source: Some(act.case.id),
        matter: Some(act.case.matter.clone()),
        claims: claims(act, &context)?,
        start_by: start_by.map_err(beyond)?,
    };
    let event = crate::Event::from(event);
    let state = State::evolve(None, &event, act.facts.at()).map_err(|error| refuse(request, &error.to_string()))?;
    act.also(StreamDecision {
        stream: StreamId::record(register, &id),
        expected_version: 0,
        events: vec![event],
        before: None,
        state,
    });
    Ok(BTreeMap::new())
}

fn period_of(validity: &Validity) -> Option<deadline::Period> {
    match validity {
        Validity::Unlimited => None,
        Validity::For(period) => Some(*period),
    }
}

/// The claims a grant takes; the licence holds them until the event that releases them.
fn claims(act: &Act<'_>, context: &Context) -> Result<Vec<ClaimHeld>, Refusal> {
    let taken = act.matter.spec.claims.iter().filter(|claim| claim.take == ClaimMoment::Grant);
    taken
        .map(|claim| {
            let key = act.matter.expressions.claim_keys.get(&claim.name).map(|key| key.evaluate(context));
            let key = key.as_ref().and_then(|key| key.as_text()).filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| Refusal::RuleUndecided { decision: claim.name.clone() })?;
            Ok(ClaimHeld {
                name: claim.name.clone(),
                key: claim_key(&act.facts.pepper, &claim.name, key),
                release: claim.release.clone(),
            })
        })
        .collect()
}

/// Issues the certificate; its paper is rendered after the commit.
fn issue_certificate(act: &mut Act<'_>, request: &Request, template: &str) -> Result<BTreeMap<String, Value>, Refusal> {
    let result = granted_result(act, request)?;
    let number = result_number(act, request)?;
    let reference = ResultRef { register: result.register.clone(), id: number.clone(), number: number.clone() };
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

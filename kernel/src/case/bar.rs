//! Bars (行政许可法 arts. 78, 79): whoever deceived the authority in a matter of public safety may not apply for it again for a time. A bar is a
//! record with a first and a last day; rules of packages read it, and it ends by itself.

use flow::feel::Expression;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::act::Act;
use super::acts::{Request, refuse};
use super::inputs::Gathered;
use crate::catalog::matter::{Limit, LimitVersion, MatterCode, version_on};
use crate::change::StreamDecision;
use crate::record::{RecordWritten, VALID};
use crate::refusal::Refusal;
use crate::state::State;
use crate::stream::StreamId;

/// Whoever applied with false materials is barred from this matter (art. 78).
pub(super) fn applicant(act: &mut Act<'_>) -> Result<(), Refusal> {
    let limits = act.facts.catalog.limits.bars.as_ref().ok_or(Refusal::NoLimitInForce)?;
    let (code, name) = (act.case.applicant.code.clone(), act.case.applicant.name.clone());
    write(act, &limits.false_materials, &act.case.matter.clone(), code, name)
}

/// Whoever held a licence that was had by fraud is barred from its matter (art. 79), if it is one of public safety.
pub(super) fn holder(act: &mut Act<'_>, request: &Request, register: &str, key: &Expression) -> Result<(), Refusal> {
    let context = Gathered::of(act.matter, &act.case, act.facts).context(act.matter);
    let key = key.evaluate(&context).to_json();
    let key = key.as_str().ok_or_else(|| refuse(request, "the key is undecided"))?;
    let (_, state) = act.ask.loaded.get(&StreamId::record(register, key)).ok_or(Refusal::NotFound)?;
    let licence = state.as_record().ok_or(Refusal::NotFound)?;
    let text = |field: &str| licence.body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (code, name) = (text("holder"), text("holder_name"));
    let matter = licence.matter.clone().unwrap_or_default();
    let concerned = act.facts.catalog.matters.get(&MatterCode(matter.clone()));
    if !concerned.is_some_and(|matter| matter.spec.public_safety) {
        return Ok(());
    }
    let limits = act.facts.catalog.limits.bars.as_ref().ok_or(Refusal::NoLimitInForce)?;
    write(act, &limits.fraud, &matter, code, name)
}

/// A person applies without a code that may stand in a register: their bar is not written, and rules leave it to people.
fn write(
    act: &mut Act<'_>,
    versions: &[LimitVersion],
    matter: &str,
    holder: String,
    holder_name: String,
) -> Result<(), Refusal> {
    if holder.is_empty() {
        return Ok(());
    }
    let from = act.today();
    let version = version_on(versions, from).ok_or(Refusal::NoLimitInForce)?;
    let until = last_day(from, version.limit).ok_or(Refusal::NoLimitInForce)?;
    let register = act.facts.catalog.limits.bars.as_ref().map(|limits| limits.register.clone()).unwrap_or_default();
    let number = act.case.number.clone();
    let said = [
        ("number", number.clone()),
        ("matter", matter.to_owned()),
        ("holder", holder),
        ("holder_name", holder_name),
        ("valid_from", from.to_string()),
        ("valid_to", until.to_string()),
        ("article", version.basis.clone().unwrap_or_default()),
        ("status", VALID.to_owned()),
    ];
    let event = crate::Event::from(RecordWritten {
        register: register.clone(),
        id: number.clone(),
        region: act.case.region.to_string(),
        status: VALID.to_owned(),
        valid_from: Some(from),
        valid_until: Some(until),
        body: said.into_iter().map(|(field, value)| (field.to_owned(), Value::String(value))).collect::<Map<_, _>>(),
        sealed: Vec::new(),
        source: Some(act.case.id),
        matter: None,
        claims: Vec::new(),
        start_by: None,
    });
    let state = State::evolve(None, &event, act.facts.at());
    let state = state.map_err(|error| Refusal::Process { element: register.clone(), reason: error.to_string() })?;
    act.also(StreamDecision {
        stream: StreamId::record(&register, &number),
        expected_version: 0,
        events: vec![event],
        before: None,
        state,
    });
    Ok(())
}

/// The last day of a bar that begins on a day. A bar is no period for doing something: a rest day at its end does not lengthen it.
fn last_day(from: Date, limit: Limit) -> Option<Date> {
    match limit {
        Limit::Months(n) => from.checked_add(i64::from(n).months()).ok(),
        Limit::CalendarDays(n) => from.checked_add(i64::from(n).days()).ok(),
        _ => None,
    }
}

//! What a case does to a licence that exists (行政许可法 arts. 8, 49, 50, 69, 70): the step is declared, the record takes it, the entry names the case.

use std::collections::BTreeMap;

use flow::feel::{Context, Expression};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Stage;
use super::act::Act;
use super::acts::{RESULT_NUMBER, Request, refuse, result_fields, split_fields};
use super::inputs::Gathered;
use crate::catalog::LicenceStep;
use crate::change::StreamDecision;
use crate::event::Event;
use crate::record::{self, LicenceChange, Record, Step};
use crate::refusal::Refusal;
use crate::state::State;
use crate::stream::StreamId;

/// The process variable that says whether a renewal was asked for in time.
const IN_TIME: &str = "renewal_in_time";

/// Takes the declared step with the licence of a key. What prints it anew finds its number in the process, as after `number`.
pub(super) fn alter(
    act: &mut Act<'_>,
    request: &Request,
    register: &str,
    key: &Expression,
    declared: &LicenceStep,
) -> Result<BTreeMap<String, Value>, Refusal> {
    let context = Gathered::of(act.matter, &act.case, act.facts).context(act.matter);
    let key = text(key, &context).ok_or_else(|| refuse(request, "the key is undecided"))?;
    let stream = StreamId::record(register, &key);
    let licence = loaded(act, &stream)?;
    let mut answer = BTreeMap::new();
    let event: Event = match declared {
        LicenceStep::Day { change, on } => {
            let on = day(on, &context).ok_or_else(|| refuse(request, "the value is not a date"))?;
            record::step(&licence, decided(act, *change, on), act.facts)?.into()
        }
        LicenceStep::AskRenewal { until } => {
            let until = day(until, &context).ok_or_else(|| refuse(request, "the new term's end is undecided"))?;
            let asked = record::renewal_asked(&licence, act.case.id, until, act.facts);
            answer.insert(IN_TIME.to_owned(), json!(asked.is_ok()));
            match asked {
                Ok(asked) => asked.into(),
                // Whoever asks too late is received all the same; silence does not renew for them (art. 50).
                Err(Refusal::Process { element, reason }) => return Err(Refusal::Process { element, reason }),
                Err(_) => return Ok(answer),
            }
        }
        LicenceStep::Renewed { until } => {
            granted(act)?;
            answer.insert(RESULT_NUMBER.to_owned(), json!(key));
            // Silence was faster: it renewed to the same day (art. 50(2)).
            if renewed_by_silence(&licence, act) {
                return Ok(answer);
            }
            let until = day(until, &context).ok_or_else(|| refuse(request, "the new term's end is undecided"))?;
            let mut renewed = record::renewal(&licence, until, false, Some(act.case.id), act.facts)?;
            renewed.basis = article(act);
            renewed.into()
        }
        LicenceStep::Decided { change } => {
            granted(act)?;
            let mut step = decided(act, *change, act.today());
            if change.replaces_paper() {
                answer.insert(RESULT_NUMBER.to_owned(), json!(key));
            }
            if *change == LicenceChange::Altered {
                let fields = result_fields(act.matter, &context);
                let split = split_fields(act, register, &key, fields);
                (step.fields, step.sealed) = split.ok_or_else(|| refuse(request, "no such register"))?;
                if step.fields.is_empty() && step.sealed.is_empty() {
                    return Err(refuse(request, "nothing is altered"));
                }
            }
            record::step(&licence, step, act.facts)?.into()
        }
    };
    put(act, &stream, event)?;
    Ok(answer)
}

/// The application is over without a grant: silence at the end of the term does not renew any more what was answered, or taken back.
pub(super) fn drop_renewal(act: &mut Act<'_>) -> Result<(), Refusal> {
    let case = act.case.id;
    let asked = act.ask.loaded.iter().find_map(|(stream, (_, state))| {
        let licence = state.as_record()?;
        licence.renewal.as_ref().filter(|asked| asked.case == case).map(|_| (stream.clone(), licence.clone()))
    });
    let Some((stream, licence)) = asked else { return Ok(()) };
    let step = decided(act, LicenceChange::RenewalDropped, act.today());
    let event = record::step(&licence, step, act.facts)?;
    put(act, &stream, event.into())
}

/// Silence has renewed already: the authority may not refuse any more (art. 50(2)).
pub(super) fn may_refuse(act: &Act<'_>) -> Result<(), Refusal> {
    let mut records = act.ask.loaded.values().filter_map(|(_, state)| state.as_record());
    if records.any(|licence| renewed_by_silence(licence, act)) { Err(Refusal::RenewalDeemed) } else { Ok(()) }
}

fn renewed_by_silence(licence: &Record, act: &Act<'_>) -> bool {
    let silence =
        |step: &record::LicenceChanged| step.change == LicenceChange::DeemedRenewed && step.case == Some(act.case.id);
    licence.changes.iter().any(silence)
}

/// A step that this case decides.
fn decided(act: &Act<'_>, change: LicenceChange, on: Date) -> Step {
    Step { case: Some(act.case.id), basis: article(act), ..Step::alone(change, on) }
}

fn article(act: &Act<'_>) -> String {
    act.case.decision.as_ref().and_then(|decision| decision.article.clone()).unwrap_or_default()
}

fn granted(act: &Act<'_>) -> Result<(), Refusal> {
    if act.case.stage == Stage::Granted { Ok(()) } else { Err(Refusal::WrongStage { stage: act.case.stage }) }
}

fn text(expression: &Expression, context: &Context) -> Option<String> {
    expression.evaluate(context).to_json().as_str().map(str::to_owned)
}

fn day(expression: &Expression, context: &Context) -> Option<Date> {
    text(expression, context)?.parse().ok()
}

fn loaded(act: &Act<'_>, stream: &StreamId) -> Result<Record, Refusal> {
    let (_, state) = act.ask.loaded.get(stream).ok_or(Refusal::NotFound)?;
    state.as_record().cloned().ok_or(Refusal::NotFound)
}

fn put(act: &mut Act<'_>, stream: &StreamId, event: Event) -> Result<(), Refusal> {
    let (version, before) = act.ask.loaded.get(stream).ok_or(Refusal::NotFound)?;
    let broken =
        |error: crate::state::EvolveError| Refusal::Process { element: stream.to_string(), reason: error.to_string() };
    let state = State::evolve(Some(before.clone()), &event, act.facts.at()).map_err(broken)?;
    act.also(StreamDecision {
        stream: stream.clone(),
        expected_version: *version,
        events: vec![event],
        before: Some(before.clone()),
        state,
    });
    Ok(())
}

//! Tallies: the counters behind every number on a page, updated in the transaction of the entry that they count, never by COUNT(*).

use crate::event::Event;
use crate::state::State;

/// One step of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What is counted: `submitted`, `accepted`, `granted`, …
    pub metric: &'static str,
    /// Matter code.
    pub matter: String,
    /// Region code.
    pub region: String,
    /// Organisation code.
    pub organisation: String,
    /// Day, `2026-11-22`; months and years are sums.
    pub day: String,
    /// How much more.
    pub delta: i64,
}

/// What one entry of a case counts.
pub fn tallies(event: &Event, state: &State) -> Option<Tally> {
    let case = state.as_case()?;
    let (metric, day) = match event {
        Event::CaseSubmitted(event) => ("submitted", event.received_on),
        Event::CaseAccepted(event) if event.deemed => ("deemed", event.accepted_on),
        Event::CaseAccepted(event) => ("accepted", event.accepted_on),
        Event::CaseNotAccepted(event) => ("not_accepted", event.on),
        Event::SupplementRequested(event) => ("supplement_asked", event.asked_on),
        Event::CaseWithdrawn(event) => ("withdrawn", event.on),
        Event::DecisionMade(event) if event.granted => ("granted", event.on),
        Event::DecisionMade(event) => ("refused", event.on),
        Event::ResultDelivered(event) => ("delivered", event.on),
        _ => return None,
    };
    Some(Tally {
        metric,
        matter: case.matter.clone(),
        region: case.region.to_string(),
        organisation: case.organisation.clone(),
        day: day.to_string(),
        delta: 1,
    })
}

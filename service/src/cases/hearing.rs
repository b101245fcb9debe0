//! The hearing (听证) of a case: how far it came, in words, and who may preside.

use base::id::CaseId;
use jiff::Timestamp;
use jiff::civil::Time;
use kernel::Facts;
use kernel::case::{Appointment, CaseCommand, Officer, earliest_hearing};
use serde::Serialize;
use utoipa::ToSchema;
use web::words::Words;

use super::assign::{Candidate, kinds_that_may, people};
use super::timeline::{Telling, when};
use super::{RefusalShown, load};
use crate::app::App;
use crate::error::Result;
use crate::identity::Identity;

/// When a hearing begins unless a person says otherwise: the hour is a proposal of the page.
pub(crate) const USUAL_HOUR: i8 = 9;

/// The hearing as a reader sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HearingShown {
    /// `offered`, `requested`, `declined`, `appointed` or `held`.
    pub state: &'static str,
    /// The same in words.
    pub state_name: String,
    /// Last day to ask for it.
    pub request_by: Option<String>,
    /// Last day to hold it.
    pub hold_by: Option<String>,
    /// When it begins.
    pub at: Option<String>,
    /// Where.
    pub place: String,
    /// Who presides.
    pub host: String,
}

/// How far the hearing came.
pub(super) fn hearing(telling: &Telling<'_>) -> Option<HearingShown> {
    let (hearing, words) = (telling.case.hearing.as_ref()?, telling.words);
    let state = hearing.state();
    let appointed = hearing.appointed.as_ref();
    Some(HearingShown {
        state,
        state_name: words.t(&format!("hearing-{state}")),
        request_by: hearing.offered.as_ref().map(|offered| words.date(offered.request_by)),
        hold_by: hearing.requested.as_ref().map(|requested| words.date(requested.hold_by.on)),
        at: appointed.map(|appointed| when(appointed.at, words)),
        place: telling.opened_some(appointed.map(|appointed| &appointed.place)),
        host: appointed.map(|appointed| telling.officer(&appointed.host)).unwrap_or_default(),
    })
}

/// An appointment that only tries whether one is possible, or whether this person may preside.
pub(super) fn trial(facts: &Facts, host: Officer) -> CaseCommand {
    let day = earliest_hearing(facts).unwrap_or(facts.today);
    let hour = Time::new(USUAL_HOUR, 0, 0, 0).unwrap_or_default();
    let at = base::time::instant(day.to_datetime(hour)).unwrap_or(Timestamp::UNIX_EPOCH);
    CaseCommand::AppointHearing(Appointment { host, at, place: "-".to_owned() })
}

/// Refusals of an appointment that speak of the person who would preside.
pub(super) fn is_about_the_host(refusal: &RefusalShown) -> bool {
    ["duties-separated", "own-case", "not-found", "forbidden"].contains(&refusal.code)
}

/// Who may preside, those who can first.
pub async fn hosts(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<(String, Vec<Candidate>)> {
    let case = load(app, identity, id).await?;
    let kinds = kinds_that_may(app, &case, &case.organisation, "task.hearing").await?;
    let found =
        people(app, identity, &case, &case.organisation, kinds, |host, facts| trial(facts, host), words).await?;
    Ok((case.number, found))
}

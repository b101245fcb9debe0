//! The steps of a hearing by officers (行政许可法 arts. 46–48).

use axum::extract::{Path, State};
use jiff::Timestamp;
use kernel::case::{Appointment, CaseCommand};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{Body, Holds, Takes};
use super::envelope::{envelope, unknown};
use super::officer::{Done, TEXT_CHARS_MAX};
use super::{Api, Doc, Key, parse, reply};
use crate::app::App;
use crate::cases::{self, Candidate, EnvelopeAct};
use crate::session::{Answer, Visitor};

/// Longest name of a party, longest place.
const LINE_CHARS_MAX: usize = 100;

pub(super) fn api() -> Api {
    Api::new()
        .post(
            "/api/v1/cases/{case}/hearing/offer",
            offer,
            Doc::new("Tell the right to a hearing").key().takes::<Offer>().gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/hearing/request",
            request,
            Doc::new("Record that a party asks for the hearing").key().takes::<Word>().gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/hearing/refusal",
            decline,
            Doc::new("Record that a party declines the hearing").key().takes::<Word>().gives::<Done>(),
        )
        .get("/api/v1/cases/{case}/hearing/hosts", hosts, Doc::new("Who may preside").gives::<Vec<Candidate>>())
        .post(
            "/api/v1/cases/{case}/hearing/appointment",
            appoint,
            Doc::new("Appoint the hearing").key().takes::<Appointing>().gives::<Done>(),
        )
        .post(
            "/api/v1/cases/{case}/hearing/minutes",
            hold,
            Doc::new("Record that the hearing was held").key().takes::<Minutes>().gives::<Done>(),
        )
}

/// The right to a hearing, told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Offer {
    /// Interested persons besides the applicant.
    interested: Option<String>,
}

impl Takes for Offer {
    const TEXTS: &'static [(&'static str, Holds)] = &[("interested", Holds::Lines(TEXT_CHARS_MAX))];
}

/// A party's word, recorded at the window.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Word {
    /// Whose.
    party: String,
}

impl Takes for Word {
    const TEXTS: &'static [(&'static str, Holds)] = &[("party", Holds::Line(LINE_CHARS_MAX))];
}

/// When, where and under whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Appointing {
    /// Account of the host.
    account: String,
    /// Post that the host acts as.
    post: String,
    /// When it begins, `2026-12-08T09:00:00+08:00`.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Where.
    place: String,
}

impl Takes for Appointing {
    const TEXTS: &'static [(&'static str, Holds)] = &[("place", Holds::Line(LINE_CHARS_MAX))];
}

/// What was said at the hearing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Minutes {
    /// As the parties signed it.
    minutes: String,
}

impl Takes for Minutes {
    const TEXTS: &'static [(&'static str, Holds)] = &[("minutes", Holds::Lines(TEXT_CHARS_MAX))];
}

async fn offer(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Offer>,
) -> Answer {
    let command = CaseCommand::OfferHearing { interested: given.interested };
    envelope(&app, &visitor, &case, EnvelopeAct::OfferHearing, command, &key).await
}

async fn request(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Word>,
) -> Answer {
    let command = CaseCommand::RequestHearing { party: Some(given.party) };
    envelope(&app, &visitor, &case, EnvelopeAct::RequestHearing, command, &key).await
}

async fn decline(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Word>,
) -> Answer {
    let command = CaseCommand::DeclineHearing { party: Some(given.party) };
    envelope(&app, &visitor, &case, EnvelopeAct::DeclineHearing, command, &key).await
}

async fn hosts(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let found = cases::hosts(&app, identity, parse(&case)?, visitor.words).await;
    reply(&found.map_err(|error| visitor.stop(error))?.1)
}

async fn appoint(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Appointing>,
) -> Answer {
    let host = cases::person(&given.account, &given.post).ok_or_else(|| unknown(&visitor, "account"))?;
    let appointment = Appointment { host, at: given.at, place: given.place };
    let command = CaseCommand::AppointHearing(appointment);
    envelope(&app, &visitor, &case, EnvelopeAct::AppointHearing, command, &key).await
}

async fn hold(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path(case): Path<String>,
    Body(given): Body<Minutes>,
) -> Answer {
    let command = CaseCommand::HoldHearing { minutes: given.minutes };
    envelope(&app, &visitor, &case, EnvelopeAct::HoldHearing, command, &key).await
}

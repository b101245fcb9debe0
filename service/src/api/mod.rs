//! The JSON interface under `/api/v1`: what a page can do, it can do, through the same use cases and under the same policy.
//!
//! Sign-in gives the same session cookie as the page. What changes something needs an `Idempotency-Key`: a repeat gets the first answer, and
//! a form of a foreign site cannot send the header. Errors are problem details (RFC 9457) in the reader's language.

mod applicant;
mod body;
mod calendar;
mod doc;
mod document;
mod envelope;
mod hearing;
mod journal;
mod messages;
mod officer;
mod openings;
mod public;
pub mod schema;
mod session;
mod setup;

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use web::problem::{Failure, Problem};

use crate::app::App;
use crate::routes::Routes;
use crate::session::{Answer, Stop};

pub use body::{Holds, Takes};
pub use doc::{Api, Doc};
pub use document::openapi;

/// Longest key: a UUID has 36 characters.
const KEY_CHARS_MAX: usize = 64;

/// Every operation with what the document says of it.
pub fn api() -> Api {
    session::api()
        .merge(setup::api())
        .merge(public::api())
        .merge(applicant::api())
        .merge(officer::api())
        .merge(openings::api())
        .merge(envelope::api())
        .merge(hearing::api())
        .merge(calendar::api())
        .merge(journal::api())
        .merge(messages::api())
        .get("/api/v1/openapi.json", document::show, Doc::new("This document").open().gives::<schema::OpenApi>())
}

/// The routes of the interface.
pub fn routes() -> Routes {
    api().into_routes()
}

/// The `Idempotency-Key` of a request that changes something.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) String);

impl FromRequestParts<App> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let given = parts.headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let fits = (8..=KEY_CHARS_MAX).contains(&given.len())
            && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if fits { Ok(Self(given.to_owned())) } else { Err(Problem::new(StatusCode::BAD_REQUEST, "key-missing").into()) }
    }
}

/// The media type of a file is the one that its content was found to have.
const ANY_MEDIA: &str = "*/*";

/// Where a page of a list goes on.
#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

/// A JSON answer.
pub(crate) fn reply(value: &impl Serialize) -> Answer {
    reply_with(StatusCode::OK, value)
}

/// A JSON answer with a status.
pub(crate) fn reply_with(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value)
        .map_err(|error| Stop::from(web::problem::Fault::new("writing an answer").because(error)))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((status, headers, body).into_response())
}

/// Done, with nothing to say.
pub(crate) fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A part of an address; what does not read as one is not there.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, Stop> {
    text.parse().map_err(|_| Problem::not_found().into())
}

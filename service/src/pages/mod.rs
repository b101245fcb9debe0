//! Pages: handlers that read views of use cases and show them. Every action is a form that posts and redirects.

pub mod contact;
pub mod hall;
pub mod office;
pub mod password;
pub mod public;
pub mod setup;
pub mod sign_in;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use web::page::percent_encode;
use web::view::{Note, Tone};
use web::words::Words;

use crate::cases::MoveShown;
use crate::routes::Routes;

/// All pages.
pub fn routes() -> Routes {
    public::routes()
        .merge(hall::routes())
        .merge(office::routes())
        .merge(sign_in::routes())
        .merge(setup::routes())
        .merge(password::routes())
        .merge(contact::routes())
}

/// What people are told at the head of a case when its deadlines moved: from when to when, and because of which notice.
pub(crate) fn moved_note(words: Words, moved: &MoveShown) -> Note {
    let lines = moved.lines.iter().chain(Some(&moved.why).filter(|why| !why.is_empty())).cloned();
    Note { tone: Tone::Amber, title: words.t1("moved-title", "at", &moved.at), lines: lines.collect(), link: None }
}

/// A file as a download: never shown inside the site's own origin (security.md §6), and never kept by anyone in between.
pub(crate) fn attachment(name: &str, media: &str, content: impl Into<Body>) -> Response {
    let mut response = content.into().into_response();
    let name = format!("attachment; filename*=UTF-8''{}", percent_encode(name).replace('/', "%2F"));
    for (header, value) in [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, name.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
        (header::CACHE_CONTROL, "private, no-store"),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}

//! The officers' pages: inbox, case, window desk, lists. Nothing here is written for one matter.

mod case;
mod complete;
mod lists;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use web::page::percent_encode;
use web::view::{Light, LightState};

use crate::app::App;
use crate::session::{OFFICE_HOME, redirect};

/// The addresses of this module.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/office", get(home))
        .route("/office/inbox", get(lists::inbox_page))
        .route("/office/cases", get(lists::cases_page))
        .route("/office/desk", get(lists::desk_page))
        .route("/office/reminders", get(lists::reminders_page))
        .route("/office/cases/{case}", get(case::case_page))
        .route("/office/cases/{case}/form", get(case::form_page))
        .route("/office/cases/{case}/clock", get(case::clock_page))
        .route("/office/cases/{case}/materials/{material}", get(case::material))
        .route("/office/cases/{case}/papers/{number}", get(case::paper))
        .route("/office/cases/{case}/tasks/{task}", post(complete::complete))
        .route("/office/cases/{case}/tasks/{task}/claim", post(complete::claim))
        .route("/office/cases/{case}/tasks/{task}/release", post(complete::release))
        .route("/office/cases/{case}/tasks/{task}/outcomes/{outcome}", get(complete::outcome_page))
}

async fn home() -> Response {
    redirect(OFFICE_HOME, None)
}

/// A light of a view as a component shows it.
fn shown_light(word: &str, words: &str) -> Light {
    let state = match word {
        "red" => LightState::Red,
        "yellow" => LightState::Yellow,
        "green" => LightState::Green,
        "hold" => LightState::Paused,
        _ => LightState::Done,
    };
    Light::new(state, words)
}

/// An address with those parts of the query that say something.
fn address(path: &str, query: &[(&str, &str)]) -> String {
    let set = query.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = set.map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_only_what_says_something() {
        for (query, expected) in [
            (vec![], "/a"),
            (vec![("q", ""), ("after", "")], "/a"),
            (vec![("q", "a b"), ("after", ""), ("who", "mine")], "/a?q=a%20b&who=mine"),
        ] {
            assert_eq!(address("/a", &query), expected);
        }
    }
}

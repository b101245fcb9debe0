//! The officers' pages: inbox, case, window desk, lists. Nothing here is written for one matter.

mod assign;
mod calendar;
mod case;
mod complete;
mod envelope;
mod hearing;
mod lists;
mod messages;
mod openings;
mod query;

use axum::extract::State;
use base::id::CaseId;
use web::page::{Page, percent_encode};
use web::view::{Light, LightState};

use crate::app::App;
use crate::cases;
use crate::routes::Routes;
use crate::session::{Answer, Visitor, redirect};

/// The inbox: where a case is opened from when nothing else is said.
const INBOX: &str = "/office/inbox";

/// The addresses of this module.
pub fn routes() -> Routes {
    Routes::new()
        .get("/office", home)
        .get("/office/inbox", lists::inbox_page)
        .get("/office/cases", lists::cases_page)
        .get("/office/desk", lists::desk_page)
        .get("/office/reminders", lists::reminders_page)
        .get("/office/openings", openings::page)
        .post("/office/openings", openings::open)
        .get("/office/messages", messages::messages_page)
        .post("/office/messages/{case}/{key}/retry", messages::retry)
        .get("/office/calendar", calendar::page)
        .post("/office/calendar", calendar::load)
        .post("/office/calendar/preview", calendar::preview)
        .get("/office/cases/{case}", case::case_page)
        .get("/office/cases/{case}/form", case::form_page)
        .get("/office/cases/{case}/clock", case::clock_page)
        .get("/office/cases/{case}/diagram", case::diagram_page)
        .get("/office/cases/{case}/acts/{act}", envelope::act_page)
        .post("/office/cases/{case}/acts/{act}", envelope::act)
        .get("/office/cases/{case}/materials/{material}", case::material)
        .get("/office/cases/{case}/papers/{number}", case::paper)
        .post("/office/cases/{case}/tasks/{task}", complete::complete)
        .post("/office/cases/{case}/tasks/{task}/claim", complete::claim)
        .post("/office/cases/{case}/tasks/{task}/release", complete::release)
        .get("/office/cases/{case}/tasks/{task}/assign", assign::assign_page)
        .post("/office/cases/{case}/tasks/{task}/assign", assign::assign)
        .get("/office/cases/{case}/tasks/{task}/countersigner", assign::countersigner_page)
        .post("/office/cases/{case}/tasks/{task}/countersigner", assign::add_countersigner)
        .post("/office/cases/{case}/tasks/{task}/drop", assign::drop_countersigner)
        .get("/office/cases/{case}/tasks/{task}/outcomes/{outcome}", complete::outcome_page)
}

async fn home(State(app): State<App>, visitor: Visitor) -> Answer {
    Ok(redirect(crate::session::home(&app, visitor.identity()?.post()), None))
}

/// The message of what was done, with the case that it was done to: its next step, who has it, by when.
async fn say_where_it_went(app: &App, visitor: &Visitor, p: &mut Page, of: &str) {
    let (Some(flash), Ok(id), Some(identity)) = (&mut p.flash, of.parse::<CaseId>(), visitor.who()) else { return };
    let went = cases::went_on(app, identity, id, visitor.words).await;
    // A case that the reader does not see any more is not told about; the message stands without it.
    let Ok(went) = went else { return };
    flash.text = went;
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

//! Any matter, for everyone: hall, window, inbox, case pages and their API.
//!
//! Nothing here is written for one matter. A use case gathers facts, submits a command and reads back views; pages and the JSON API show the
//! same views, so that whatever a page can do, the API can do under the same policy.

pub mod api;
pub mod app;
pub mod apply;
mod attempts;
pub mod calendar;
pub mod cases;
pub mod citation;
pub mod error;
pub mod gather;
pub mod identity;
mod licences;
pub mod messages;
pub(crate) mod naming;
mod outbox;
pub mod pages;
pub mod papers;
pub mod registers;
pub mod reminders;
pub mod routes;
pub mod seed;
pub mod session;
pub mod timers;

/// Everything that the service answers: pages and the interface.
pub fn routes() -> routes::Routes {
    pages::routes().merge(api::routes())
}

pub use app::{App, Clock, EntropySource, Settings};
pub use error::{Error, Result};
pub use identity::Identity;
pub use session::{Answer, Stop, Visitor};

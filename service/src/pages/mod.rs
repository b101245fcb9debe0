//! Pages: handlers that read views of use cases and show them. Every action is a form that posts and redirects.

pub mod hall;
pub mod office;
pub mod public;
pub mod sign_in;

use axum::Router;

use crate::app::App;

/// All pages.
pub fn routes() -> Router<App> {
    public::routes().merge(hall::routes()).merge(office::routes()).merge(sign_in::routes())
}

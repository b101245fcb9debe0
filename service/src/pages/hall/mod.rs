//! The applicant's pages: start, list of tasks, one topic a page, files, check, submit, receipt, my cases, supplement, withdraw.
//! Everything works without scripts: each step is a form that posts and redirects.

mod cases;
mod draft;
mod fields;
mod files;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use kernel::catalog::matter::Text;
use web::form::Fields;
use web::words::Words;

use crate::app::App;
use crate::session::Answer;

pub(crate) use cases::verify_href;
pub use fields::{clock_light, notice_key, stage_key, stage_tag};

/// The applicant's routes.
pub fn routes() -> Router<App> {
    // The guard caps uploads by the file's own limit; axum's general one would refuse every drawing.
    let uploads = Router::new()
        .route("/drafts/{id}/files/{material}", get(files::upload_page).post(files::upload))
        .route(
            "/my/cases/{id}/supplement/files/{material}",
            get(files::supplement_upload_page).post(files::supplement_upload),
        )
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/matters/{code}/apply", get(draft::start_page).post(draft::start))
        .route("/drafts/{id}", get(draft::tasks_page))
        .route("/drafts/{id}/pages/{page}", get(draft::form_page).post(draft::save_page))
        .route("/drafts/{id}/items/{list}/{index}", get(draft::item_page).post(draft::save_item))
        .route("/drafts/{id}/files/{material}/content", get(files::content))
        .route("/drafts/{id}/check", get(draft::check_page).post(draft::submit))
        .route("/drafts/{id}/remove", get(draft::remove_page).post(draft::remove))
        .route("/my", get(cases::my_page))
        .route("/my/cases/{id}", get(cases::case_page))
        .route("/my/cases/{id}/papers/{number}", get(cases::paper))
        .route("/my/cases/{id}/materials/{code}", get(cases::material))
        .route("/my/cases/{id}/receipt.json", get(cases::receipt))
        .route("/my/cases/{id}/submitted", get(cases::submitted_page))
        .route("/my/cases/{id}/supplement", get(cases::supplement_page).post(cases::send_supplement))
        .route("/my/cases/{id}/supplement/fields", post(cases::save_supplement))
        .route("/my/cases/{id}/withdraw", get(cases::withdraw_page).post(cases::withdraw))
        .merge(uploads)
}

/// A text of the catalog in the reader's language.
pub(crate) fn say(text: &Text, words: Words) -> String {
    text.get(words.lang.tag()).to_owned()
}

/// The way on after a form was taken.
pub(crate) fn onward(href: &str) -> Answer {
    Ok(Redirect::to(href).into_response())
}

/// What was typed, as the kernel's forms read it.
pub(crate) fn typed<'a>(fields: &Fields, names: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    let one = |name: &str| fields.all(name, 2).into_iter().last().map(|value| (name.to_owned(), value.to_owned()));
    names.into_iter().filter_map(one).collect()
}

//! The applicant's pages: start, list of tasks, one topic a page, files, check, submit, receipt, my cases, supplement, withdraw.
//! Everything works without scripts: each step is a form that posts and redirects.

mod cases;
mod draft;
mod fields;
mod files;

use kernel::catalog::matter::Text;
use web::form::Fields;
use web::words::Words;

use crate::routes::Routes;
use crate::session::{Answer, redirect};

pub(crate) use cases::{REASON_CHARS_MAX, STATEMENT_CHARS_MAX, verify_href};
pub use fields::{clock_light, stage_tag};

/// The applicant's routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/matters/{code}/apply", draft::start_page)
        .post("/matters/{code}/apply", draft::start)
        .get("/drafts/{id}", draft::tasks_page)
        .get("/drafts/{id}/pages/{page}", draft::form_page)
        .post("/drafts/{id}/pages/{page}", draft::save_page)
        .get("/drafts/{id}/items/{list}/{index}", draft::item_page)
        .post("/drafts/{id}/items/{list}/{index}", draft::save_item)
        .get("/drafts/{id}/files/{material}/content", files::content)
        .get("/drafts/{id}/check", draft::check_page)
        .post("/drafts/{id}/check", draft::submit)
        .get("/drafts/{id}/remove", draft::remove_page)
        .post("/drafts/{id}/remove", draft::remove)
        .get("/my", cases::my_page)
        .get("/my/cases/{id}", cases::case_page)
        .get("/my/cases/{id}/papers/{number}", cases::paper)
        .get("/my/cases/{id}/materials/{code}", cases::material)
        .get("/my/cases/{id}/receipt.json", cases::receipt)
        .get("/my/cases/{id}/submitted", cases::submitted_page)
        .get("/my/cases/{id}/supplement", cases::supplement_page)
        .post("/my/cases/{id}/supplement", cases::send_supplement)
        .post("/my/cases/{id}/supplement/fields", cases::save_supplement)
        .get("/my/cases/{id}/withdraw", cases::withdraw_page)
        .post("/my/cases/{id}/withdraw", cases::withdraw)
        .get("/my/cases/{id}/hearing", cases::hearing_page)
        .post("/my/cases/{id}/hearing", cases::answer_hearing)
        .get("/my/cases/{id}/statement", cases::statement_page)
        .post("/my/cases/{id}/statement", cases::state_case)
        .get("/my/cases/{id}/delivery", cases::delivery_page)
        .post("/my/cases/{id}/delivery", cases::take_delivery)
        .get("/drafts/{id}/files/{material}", files::upload_page)
        .post("/drafts/{id}/files/{material}", files::upload)
        .get("/my/cases/{id}/supplement/files/{material}", files::supplement_upload_page)
        .post("/my/cases/{id}/supplement/files/{material}", files::supplement_upload)
}

/// A text of the catalog in the reader's language.
pub(crate) fn say(text: &Text, words: Words) -> String {
    text.get(words.lang.tag()).to_owned()
}

/// The way on after a form was taken.
pub(crate) fn onward(href: &str) -> Answer {
    Ok(redirect(href, None))
}

/// What was typed, as the kernel's forms read it.
pub(crate) fn typed<'a>(fields: &Fields, names: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    let one = |name: &str| fields.all(name, 2).into_iter().last().map(|value| (name.to_owned(), value.to_owned()));
    names.into_iter().filter_map(one).collect()
}

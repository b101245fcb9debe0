//! Which pages a post has, and where it starts.

use kernel::catalog::TargetClass;
use kernel::directory::Post;
use kernel::policy::{self, Object};

use super::APPLICANT_HOME;
use crate::app::App;

/// The pages of officers: what grants.csv calls them, icon, words, address. A post starts at the first that it may open.
pub(super) const OFFICE_PAGES: [(&str, &str, &str, &str); 7] = [
    ("inbox", "inbox", "menu-inbox", "/office/inbox"),
    ("hall", "building", "menu-desk", "/office/desk"),
    ("cases", "search", "menu-cases", "/office/cases"),
    ("openings", "gavel", "menu-openings", "/office/openings"),
    ("inbox", "bell", "menu-reminders", "/office/reminders"),
    ("node", "send", "menu-messages", "/office/messages"),
    ("calendar", "calendar", "menu-calendar", "/office/calendar"),
];

/// A page of the post's own organisation, as policy sees it.
pub(super) fn page_object<'a>(post: &'a Post, page: &'a str) -> Object<'a> {
    Object {
        class: TargetClass::Page,
        name: page,
        immediate: false,
        organisation: &post.organisation,
        region: post.region,
    }
}

/// May a post do this on a page of that name?
pub(super) fn may_on_page(app: &App, post: &Post, action: &str, page: &str) -> bool {
    policy::allows(&app.catalog().grants, post, action, &page_object(post, page))
}

/// Where somebody starts: an applicant at their cases; an officer at the first page of the post, or at the account when it has none.
pub(crate) fn home(app: &App, post: Option<&Post>) -> &'static str {
    let Some(post) = post else { return APPLICANT_HOME };
    let first = OFFICE_PAGES.iter().find(|(page, ..)| may_on_page(app, post, "page.view", page));
    first.map_or("/account", |(.., href)| href)
}

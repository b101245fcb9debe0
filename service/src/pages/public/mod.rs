//! Pages without sign-in: start, matters, guides, progress, verification. No page shows a panel that has no data behind it.

mod guide;
mod home;
mod lookup;

use askama::Template;
use axum::extract::{Query, State};
use kernel::catalog::Matter;
use kernel::catalog::matter::{ApplicantKind, Limit, MatterKind, OpenedBy};
use serde::Deserialize;
use web::page::Page;
use web::view::ServiceTile;
use web::words::Words;

use crate::app::App;
use crate::pages::hall::say;
use crate::routes::Routes;
use crate::session::{Answer, Visitor};

/// The public routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/", home::home_page)
        .get("/matters", matters_page)
        .get("/matters/{code}", guide::guide_page)
        .get("/progress", lookup::progress_page)
        .get("/verify", lookup::verify_form)
        .get("/verify/{number}", lookup::verify_page)
}

/// A limit in words.
pub(crate) fn limit_words(limit: Limit, words: Words) -> String {
    let key = match limit {
        Limit::WorkingDays(_) | Limit::BeforeWorkingDays(_) => "public-limit-working-days",
        Limit::CalendarDays(_) | Limit::BeforeCalendarDays(_) => "public-limit-days",
        Limit::Months(_) => "public-limit-months",
        Limit::Hours(_) => "public-limit-hours",
    };
    words.t1(key, "n", limit.count())
}

/// The promise of a matter in force today.
fn promise(app: &App, matter: &Matter, words: Words) -> String {
    let limits = matter.spec.limits.in_force(app.today());
    limits
        .map(|limits| words.t1("public-promised", "limit", limit_words(limits.promised.limit, words)))
        .unwrap_or_default()
}

fn icon(kind: MatterKind) -> &'static str {
    match kind {
        MatterKind::Licence => "certificate",
        MatterKind::Filing => "archive",
        MatterKind::Confirmation => "circle-check",
        MatterKind::Inspection => "checklist",
        MatterKind::Consultation => "help-circle",
        MatterKind::Publication => "news",
        MatterKind::Ending => "gavel",
        MatterKind::Service | MatterKind::Document => "file-text",
    }
}

/// Who may apply; nobody where the authority acts of its own motion.
pub(crate) fn may_apply(matter: &Matter) -> &[ApplicantKind] {
    match matter.spec.opened_by {
        OpenedBy::Applicant => &matter.spec.applicant,
        OpenedBy::Authority => &[],
    }
}

fn tiles(app: &App, words: Words) -> Vec<ServiceTile> {
    let catalog = app.catalog();
    let offered = catalog.matters.values().filter(|matter| !may_apply(matter).is_empty());
    offered
        .map(|matter| ServiceTile {
            icon: icon(matter.spec.kind).to_owned(),
            text: say(&matter.spec.name, words),
            note: promise(app, matter, words),
            href: format!("/matters/{}", matter.code()),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "public/matters.html")]
struct MattersPage {
    p: Page,
    asked: String,
    tiles: Vec<ServiceTile>,
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

/// `GET /matters?q=`.
async fn matters_page(State(app): State<App>, visitor: Visitor, Query(search): Query<Search>) -> Answer {
    let asked: String = search.q.unwrap_or_default().trim().chars().take(200).collect();
    let mut tiles = tiles(&app, visitor.words);
    let wanted = asked.to_lowercase();
    tiles.retain(|tile| wanted.split_whitespace().all(|word| tile.text.to_lowercase().contains(word)));
    visitor.html(&MattersPage { p: visitor.page("public-matters-title"), asked, tiles })
}

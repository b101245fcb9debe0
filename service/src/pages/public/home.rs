//! The start page: what can be applied for, how much was done lately, and what was granted. A panel without data is absent.

use askama::Template;
use axum::extract::State;
use jiff::ToSpan as _;
use kernel::catalog::matter::MatterKind;
use kernel::policy::Scope;
use store::{CaseFilter, CaseItem, TallyQuery};
use web::page::Page;
use web::view::{ServiceTile, Tag, Tone};

use super::tiles;
use crate::app::App;
use crate::cases::region_name;
use crate::naming::stage_name;
use crate::session::{Answer, Visitor};

/// Days that the figures count.
const FIGURE_DAYS: i64 = 30;
/// Results shown.
const RESULTS: u32 = 6;

/// A number and what it counts.
struct Figure {
    number: i64,
    text: String,
}

/// What was granted: decisions are public (行政许可法 art. 40). Organisations only; a person's case has no line here.
struct ResultRow {
    title: String,
    applicant: String,
    matter: String,
    region: String,
    tag: Tag,
}

#[derive(Template)]
#[template(path = "public/home.html")]
struct HomePage {
    p: Page,
    tiles: Vec<ServiceTile>,
    figures: Vec<Figure>,
    results: Vec<ResultRow>,
}

/// `GET /`.
pub(super) async fn home_page(State(app): State<App>, visitor: Visitor) -> Answer {
    let words = visitor.words;
    let from = app.today().saturating_sub(FIGURE_DAYS.days());
    let read = app.store().read(move |reader| {
        let mut count = |metric: &str| {
            let query = TallyQuery { metric: metric.to_owned(), from: Some(from), ..TallyQuery::default() };
            reader.tally(&Scope::everything(), &query)
        };
        let counts = [count("submitted")?, count("granted")? + count("refused")?];
        let granted = CaseFilter { stages: vec!["granted".to_owned()], ..CaseFilter::default() };
        let page = store::Page { after: None, rows: RESULTS };
        Ok((counts, reader.cases(&Scope::everything(), &granted, &page)?.rows))
    });
    let ([received, decided], granted) = read.await.map_err(|fault| visitor.stop(fault.into()))?;
    let figure = |number: i64, key: &str| Figure { number, text: words.t1(key, "days", FIGURE_DAYS) };
    let figures = [figure(received, "public-figure-received"), figure(decided, "public-figure-decided")];
    let row = |case: CaseItem| {
        let matter = app.matter(&case.matter);
        let kind = matter.as_ref().map_or(MatterKind::Service, |matter| matter.spec.kind);
        ResultRow {
            tag: Tag::new(Tone::Green, stage_name(&case.stage, kind, words)),
            matter: matter.map(|matter| matter.spec.name.get(words.lang.tag()).to_owned()).unwrap_or_default(),
            region: region_name(&app, &case.region),
            title: case.title,
            applicant: case.applicant_name,
        }
    };
    let page = HomePage {
        tiles: tiles(&app, words),
        figures: figures.into_iter().filter(|figure| figure.number > 0).collect(),
        results: granted.into_iter().filter(|case| !case.applicant_name.is_empty()).map(row).collect(),
        p: visitor.page("public-home-title"),
    };
    visitor.html(&page)
}

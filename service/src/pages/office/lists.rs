//! Inbox, cases found, window desk, reminders.

use askama::Template;
use axum::extract::{RawQuery, State};
use base::deadline::Light as Colour;
use kernel::catalog::matter::TaskKind;
use store::CaseFilter;
use web::page::Page;
use web::problem::Problem;
use web::view::{
    CaseRow, CaseTable, Choice, Empty, Field, FieldKind, FilterBar, Light, LightCounter, Link, Pager, Sorted, Tab, Tag,
    Tone,
};

use super::INBOX;
use super::query::{Query, case_from};
use super::{say_where_it_went, shown_light};
use crate::app::App;
use crate::apply::DraftLine;
use crate::cases::{self, InboxFilter};
use crate::session::{Answer, Visitor};

/// Task kinds that a filter offers, by their words.
const KINDS: [TaskKind; 9] = [
    TaskKind::Accept,
    TaskKind::Review,
    TaskKind::Check,
    TaskKind::Countersign,
    TaskKind::SiteCheck,
    TaskKind::ExpertReview,
    TaskKind::Hearing,
    TaskKind::Decide,
    TaskKind::Deliver,
];
/// Reminders shown.
const REMINDERS_MAX: u32 = 100;
/// The lists.
const CASES: &str = "/office/cases";
const DESK: &str = "/office/desk";

#[derive(Template)]
#[template(path = "office/inbox.html")]
struct InboxPage {
    p: Page,
    count: String,
    counters: Vec<LightCounter>,
    tabs: Vec<Tab>,
    filter: FilterBar,
    table: CaseTable,
    pager: Pager,
    empty: Option<Empty>,
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The inbox, sorted by time left (待办).
pub(super) async fn inbox_page(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("inbox") {
        return Err(Problem::forbidden().into());
    }
    let query = Query::parse(query.as_deref());
    let filter = InboxFilter {
        light: match query.light.as_str() {
            "red" => Some(Colour::Red),
            "yellow" => Some(Colour::Yellow),
            "green" => Some(Colour::Green),
            "hold" => Some(Colour::Hold),
            _ => None,
        },
        matter: some(&query.matter),
        kind: some(&query.kind),
        mine: match query.who.as_str() {
            "mine" => Some(true),
            "unclaimed" => Some(false),
            _ => None,
        },
        text: some(&query.q),
        after: some(&query.after),
    };
    let view = cases::inbox(&app, identity, &filter, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("menu-inbox");
    say_where_it_went(&app, &visitor, &mut p, &query.of).await;
    p.islands.extend(p.keys.then_some("inbox"));
    let counter = |word: &'static str, key: &str, count: u64| LightCounter {
        light: shown_light(word, &p.t(key)),
        count,
        href: Query { light: if query.light == word { String::new() } else { word.to_owned() }, ..query.first() }
            .on(INBOX),
        current: query.light == word,
    };
    let counters = vec![
        counter("red", "counter-red", view.red),
        counter("yellow", "counter-yellow", view.yellow),
        counter("green", "counter-green", view.green),
        counter("hold", "counter-hold", view.hold),
    ];
    // A tab's number is the length of the list that it opens: of every light.
    let tab = |who: &str, key: &str, count: u64| Tab {
        text: p.t(key),
        count: Some(count),
        href: Query { light: String::new(), who: who.to_owned(), ..query.first() }.on(INBOX),
        current: query.who == who,
    };
    let tabs = vec![
        tab("", "tab-all", view.mine + view.unclaimed),
        tab("mine", "tab-mine", view.mine),
        tab("unclaimed", "tab-unclaimed", view.unclaimed),
    ];
    let here = query.on(INBOX);
    let rows: Vec<CaseRow> = view.rows.iter().map(|row| table_row(&p, row, &here)).collect();
    let filtered = [&query.light, &query.matter, &query.kind, &query.q].iter().any(|part| !part.is_empty());
    let empty = rows.is_empty().then(|| nothing(&p, &query, filtered, "inbox-empty", INBOX));
    let filter = inbox_filter(&app, &p, &query, filtered);
    let count = p.t1("inbox-count", "count", view.all());
    let pager = pager(&p, rows.len(), INBOX, &query, view.next);
    let table = CaseTable {
        caption: p.t("inbox-caption"),
        rows,
        sorted: Some(Sorted::Ascending),
        keys: p.keys,
        ..CaseTable::default()
    };
    visitor.html(&InboxPage { p, count, counters, tabs, filter, table, pager, empty })
}

fn inbox_filter(app: &App, p: &Page, query: &Query, filtered: bool) -> FilterBar {
    let kinds = KINDS.iter().map(|kind| Choice::new(kind.as_str(), p.t(&format!("kind-{}", kind.as_str()))));
    let fields = vec![
        Field::new(FieldKind::Select, "matter", p.t("filter-matter")).value(&query.matter).choices(matters(app, p)),
        Field::new(FieldKind::Select, "kind", p.t("filter-kind"))
            .value(&query.kind)
            .choices(std::iter::once(Choice::new("", p.t("filter-kind-all"))).chain(kinds).collect()),
        Field::new(FieldKind::Search, "q", p.t("filter-text")).hint(p.t("filter-text")).value(&query.q),
    ];
    FilterBar {
        label: p.t("filter-label"),
        action: INBOX.to_owned(),
        fields,
        kept: vec![("light", query.light.clone()), ("who", query.who.clone())],
        clear_href: filtered.then(|| INBOX.to_owned()),
    }
}

fn matters(app: &App, p: &Page) -> Vec<Choice> {
    let catalog = app.catalog();
    let all = Choice::new("", p.t("filter-matter-all"));
    let named = catalog
        .matters
        .values()
        .map(|matter| Choice::new(matter.spec.code.to_string(), matter.spec.name.get(p.lang())));
    std::iter::once(all).chain(named).collect()
}

fn nothing(p: &Page, query: &Query, filtered: bool, key: &str, clear: &str) -> Empty {
    if filtered {
        let key = if query.is_too_short() { "list-too-short" } else { "list-no-result" };
        Empty { text: p.t(key), action: Some(Link::new(p.t("filter-clear"), clear)) }
    } else {
        Empty { text: p.t(key), action: None }
    }
}

fn pager(p: &Page, rows: usize, path: &str, query: &Query, next: Option<String>) -> Pager {
    Pager {
        words: p.t1("pager-rows", "count", rows),
        previous: query.previous().map(|previous| previous.on(path)),
        next: next.map(|next| query.next(next).on(path)),
        links: Vec::new(),
    }
}

fn table_row(p: &Page, row: &cases::Row, here: &str) -> CaseRow {
    let kind = match row.task {
        Some(_) => Tag::new(Tone::Blue, p.t(&format!("kind-{}", row.kind))),
        None => Tag::new(Tone::Plain, row.step.clone()),
    };
    let action = match (row.task, row.mine) {
        (Some(_), true) => p.t("action-open"),
        // Taking a task is a form on the page of its case: a link changes nothing.
        _ => p.t("action-view"),
    };
    let applicant = if row.applicant.is_empty() { p.t("applicant-person") } else { row.applicant.clone() };
    CaseRow {
        id: row.case.clone(),
        href: case_from(&row.case, here),
        light: shown_light(row.light, &row.words),
        matter: row.matter_name.clone(),
        applicant,
        number: row.number.clone(),
        kind,
        step: row.step.clone(),
        region: row.region.clone(),
        received: row.came.clone(),
        action,
        selected: false,
    }
}

#[derive(Template)]
#[template(path = "office/cases.html")]
struct CasesPage {
    p: Page,
    intro: String,
    links: Vec<Link>,
    filter: Option<FilterBar>,
    /// Applications that the window has not handed in yet.
    drafts: Vec<(Link, String)>,
    table: CaseTable,
    pager: Pager,
    empty: Option<Empty>,
}

/// Cases found within the reader's scope (办件查询).
pub(super) async fn cases_page(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("cases") {
        return Err(Problem::forbidden().into());
    }
    let query = Query::parse(query.as_deref());
    let filter = CaseFilter {
        stages: some(&query.stage).into_iter().collect(),
        matter: some(&query.matter),
        text: some(&query.q),
        ..CaseFilter::default()
    };
    let (rows, next) = cases::case_list(&app, identity, filter, some(&query.after).as_deref(), visitor.words)
        .await
        .map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("menu-cases");
    say_where_it_went(&app, &visitor, &mut p, &query.of).await;
    p.islands.extend(p.keys.then_some("inbox"));
    let here = query.on(CASES);
    let rows: Vec<CaseRow> = rows.iter().map(|row| table_row(&p, row, &here)).collect();
    let filtered = [&query.matter, &query.stage, &query.q].iter().any(|part| !part.is_empty());
    let stages =
        ["submitted", "supplement_asked", "accepted", "not_accepted", "withdrawn", "granted", "refused", "delivered"];
    let stages = stages.iter().map(|stage| Choice::new(*stage, p.t(&format!("stage-{stage}"))));
    let stages = std::iter::once(Choice::new("", p.t("filter-stage-all"))).chain(stages).collect();
    let filter = FilterBar {
        label: p.t("filter-label"),
        action: CASES.to_owned(),
        fields: vec![
            Field::new(FieldKind::Select, "matter", p.t("filter-matter"))
                .value(&query.matter)
                .choices(matters(&app, &p)),
            Field::new(FieldKind::Select, "stage", p.t("filter-stage")).value(&query.stage).choices(stages),
            Field::new(FieldKind::Search, "q", p.t("filter-text")).hint(p.t("filter-text")).value(&query.q),
        ],
        kept: Vec::new(),
        clear_href: filtered.then(|| CASES.to_owned()),
    };
    let empty = rows.is_empty().then(|| nothing(&p, &query, filtered, "cases-empty", CASES));
    let pager = pager(&p, rows.len(), CASES, &query, next);
    let table = CaseTable { caption: p.t("cases-caption"), rows, keys: p.keys, ..CaseTable::default() };
    let (intro, links, drafts) = (String::new(), Vec::new(), Vec::new());
    visitor.html(&CasesPage { p, intro, links, filter: Some(filter), drafts, table, pager, empty })
}

/// The window desk: what waits for acceptance, the soonest due first (窗口).
pub(super) async fn desk_page(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("hall") {
        return Err(Problem::forbidden().into());
    }
    let query = Query::parse(query.as_deref());
    let (rows, next) = cases::window_queue(&app, identity, some(&query.after).as_deref(), visitor.words)
        .await
        .map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("menu-desk");
    say_where_it_went(&app, &visitor, &mut p, &query.of).await;
    let here = query.on(DESK);
    let rows: Vec<CaseRow> = rows.iter().map(|row| table_row(&p, row, &here)).collect();
    let empty = rows.is_empty().then(|| nothing(&p, &query, false, "desk-empty", ""));
    let pager = pager(&p, rows.len(), DESK, &query, next);
    let table =
        CaseTable { caption: p.t("desk-caption"), rows, sorted: Some(Sorted::Ascending), ..CaseTable::default() };
    let links = vec![Link::new(p.t("desk-receive"), "/matters")];
    let drafts = app.drafts(identity).await.map_err(|error| visitor.stop(error))?;
    let drafts = drafts.iter().map(|draft| draft_line(&p, draft)).collect();
    visitor.html(&CasesPage { intro: p.t("desk-intro"), p, links, filter: None, drafts, table, pager, empty })
}

/// An application that the window has begun to receive: for whom, and when it was last saved.
fn draft_line(p: &Page, draft: &DraftLine) -> (Link, String) {
    let saved = jiff::Timestamp::from_microsecond(draft.saved_at).unwrap_or_default();
    let text = [draft.name.get(p.lang()), draft.applicant.as_str()].join(" ");
    (Link::new(text.trim(), format!("/drafts/{}", draft.id)), p.words.date_time(base::time::civil(saved)))
}

/// A reminder with the case that it is about.
struct ReminderLine {
    light: Light,
    text: String,
    href: String,
    about: String,
    at: String,
}

#[derive(Template)]
#[template(path = "office/reminders.html")]
struct RemindersPage {
    p: Page,
    lines: Vec<ReminderLine>,
    empty: Empty,
}

/// Reminders that went out to this account (提醒).
pub(super) async fn reminders_page(State(app): State<App>, visitor: Visitor) -> Answer {
    let (identity, _) = visitor.officer()?;
    let sent = cases::reminders(&app, identity, REMINDERS_MAX, visitor.words).await;
    let sent = sent.map_err(|error| visitor.stop(error))?;
    visitor.saw_reminders().await?;
    let p = visitor.page("menu-reminders");
    let line = |reminder: cases::Reminded| {
        let rule = p.t(&format!("clock-{}", reminder.rule));
        let key = if reminder.is_late { "reminder-late" } else { "reminder-soon" };
        let applicant = some(&reminder.case.applicant).unwrap_or_else(|| p.t("applicant-person"));
        let due = reminder.due_on.map(|on| p.t1("reminder-due", "date", on)).unwrap_or_default();
        let about = [reminder.case.number, applicant, due];
        ReminderLine {
            light: shown_light(reminder.case.light, &reminder.case.words),
            text: p.t2(key, "rule", rule, "title", &reminder.case.title),
            href: case_from(&reminder.case.case, "/office/reminders"),
            about: about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            at: reminder.at,
        }
    };
    let lines = sent.into_iter().map(line).collect();
    let empty = Empty { text: p.t("reminders-empty"), action: None };
    visitor.html(&RemindersPage { p, lines, empty })
}

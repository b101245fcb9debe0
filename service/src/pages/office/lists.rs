//! Inbox, cases found, window desk, reminders.

use askama::Template;
use axum::extract::{RawQuery, State};
use base::deadline::Light;
use kernel::catalog::matter::TaskKind;
use store::CaseFilter;
use web::form::Fields;
use web::page::Page;
use web::problem::Problem;
use web::view::{
    CaseRow, CaseTable, Choice, Empty, Field, FieldKind, FilterBar, LightCounter, Link, Pager, Sorted, Tab, Tag, Tone,
};

use super::{address, shown_light};
use crate::app::App;
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

/// What stands in the address of a list.
#[derive(Default)]
struct Query {
    light: String,
    matter: String,
    kind: String,
    who: String,
    stage: String,
    q: String,
    after: String,
}

impl Query {
    fn parse(query: Option<&str>) -> Self {
        let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        let text = |name: &str| fields.optional_text(name, 2_000).unwrap_or_default();
        Self {
            light: text("light"),
            matter: text("matter"),
            kind: text("kind"),
            who: text("who"),
            stage: text("stage"),
            q: text("q"),
            after: text("after"),
        }
    }

    fn inbox(&self, light: &str, who: &str, after: &str) -> String {
        let query = [
            ("light", light),
            ("matter", &self.matter),
            ("kind", &self.kind),
            ("who", who),
            ("q", &self.q),
            ("after", after),
        ];
        address("/office/inbox", &query)
    }
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
            "red" => Some(Light::Red),
            "yellow" => Some(Light::Yellow),
            "green" => Some(Light::Green),
            "hold" => Some(Light::Hold),
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
    p.islands = vec!["inbox"];
    let counter = |word: &'static str, key: &str, count: u64| LightCounter {
        light: shown_light(word, &p.t(key)),
        count,
        href: query.inbox(if query.light == word { "" } else { word }, &query.who, ""),
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
        href: query.inbox("", who, ""),
        current: query.who == who,
    };
    let tabs = vec![
        tab("", "tab-all", view.mine + view.unclaimed),
        tab("mine", "tab-mine", view.mine),
        tab("unclaimed", "tab-unclaimed", view.unclaimed),
    ];
    let rows: Vec<CaseRow> = view.rows.iter().map(|row| table_row(&p, row)).collect();
    let filtered = [&query.light, &query.matter, &query.kind, &query.q].iter().any(|part| !part.is_empty());
    let empty = rows.is_empty().then(|| nothing(&p, filtered, "inbox-empty", "/office/inbox"));
    let filter = inbox_filter(&app, &p, &query, filtered);
    let count = p.t1("inbox-count", "count", view.all());
    let pager = pager(&p, rows.len(), view.next.map(|next| query.inbox(&query.light, &query.who, &next)));
    let table = CaseTable {
        caption: p.t("inbox-caption"),
        rows,
        sorted: Some(Sorted::Ascending),
        keys: true,
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
        action: "/office/inbox".to_owned(),
        fields,
        clear_href: filtered.then(|| "/office/inbox".to_owned()),
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

fn nothing(p: &Page, filtered: bool, key: &str, clear: &str) -> Empty {
    if filtered {
        Empty { text: p.t("list-no-result"), action: Some(Link::new(p.t("filter-clear"), clear)) }
    } else {
        Empty { text: p.t(key), action: None }
    }
}

fn pager(p: &Page, rows: usize, next: Option<String>) -> Pager {
    Pager { words: p.t1("pager-rows", "count", rows), previous: None, next, links: Vec::new() }
}

fn table_row(p: &Page, row: &cases::Row) -> CaseRow {
    let kind = match row.task {
        Some(_) => Tag::new(Tone::Blue, p.t(&format!("kind-{}", row.kind))),
        None => Tag::new(Tone::Plain, p.t(&format!("stage-{}", row.stage))),
    };
    let action = match (row.task, row.mine) {
        (Some(_), true) => p.t("action-open"),
        (Some(_), false) => p.t("action-claim"),
        (None, _) => p.t("action-view"),
    };
    let applicant = if row.applicant.is_empty() { p.t("applicant-person") } else { row.applicant.clone() };
    CaseRow {
        id: row.case.clone(),
        href: format!("/office/cases/{}", row.case),
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
    let p = visitor.page("menu-cases");
    let rows: Vec<CaseRow> = rows.iter().map(|row| table_row(&p, row)).collect();
    let filtered = [&query.matter, &query.stage, &query.q].iter().any(|part| !part.is_empty());
    let stages =
        ["submitted", "supplement_asked", "accepted", "not_accepted", "withdrawn", "granted", "refused", "delivered"];
    let stages = stages.iter().map(|stage| Choice::new(*stage, p.t(&format!("stage-{stage}"))));
    let stages = std::iter::once(Choice::new("", p.t("filter-stage-all"))).chain(stages).collect();
    let filter = FilterBar {
        label: p.t("filter-label"),
        action: "/office/cases".to_owned(),
        fields: vec![
            Field::new(FieldKind::Select, "matter", p.t("filter-matter"))
                .value(&query.matter)
                .choices(matters(&app, &p)),
            Field::new(FieldKind::Select, "stage", p.t("filter-stage")).value(&query.stage).choices(stages),
            Field::new(FieldKind::Search, "q", p.t("filter-text")).hint(p.t("filter-text")).value(&query.q),
        ],
        clear_href: filtered.then(|| "/office/cases".to_owned()),
    };
    let next = next.map(|next| {
        let query = [("matter", query.matter.as_str()), ("stage", &query.stage), ("q", &query.q), ("after", &next)];
        address("/office/cases", &query)
    });
    let empty = rows.is_empty().then(|| nothing(&p, filtered, "cases-empty", "/office/cases"));
    let pager = pager(&p, rows.len(), next);
    let table = CaseTable { caption: p.t("cases-caption"), rows, keys: true, ..CaseTable::default() };
    visitor.html(&CasesPage { p, intro: String::new(), links: Vec::new(), filter: Some(filter), table, pager, empty })
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
    let p = visitor.page("menu-desk");
    let rows: Vec<CaseRow> = rows.iter().map(|row| table_row(&p, row)).collect();
    let empty = rows.is_empty().then(|| nothing(&p, false, "desk-empty", ""));
    let pager = pager(&p, rows.len(), next.map(|next| address("/office/desk", &[("after", &next)])));
    let table =
        CaseTable { caption: p.t("desk-caption"), rows, sorted: Some(Sorted::Ascending), ..CaseTable::default() };
    let links = vec![Link::new(p.t("desk-receive"), "/matters")];
    visitor.html(&CasesPage { intro: p.t("desk-intro"), p, links, filter: None, table, pager, empty })
}

/// A reminder in words.
struct ReminderLine {
    text: String,
    href: String,
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
    let account = identity.account().to_string();
    let read = app.store().read(move |reader| reader.reminders(&account, REMINDERS_MAX)).await;
    let sent = read.map_err(|fault| visitor.stop(fault.into()))?;
    visitor.saw_reminders().await?;
    let p = visitor.page("menu-reminders");
    let line = |reminder: store::ReminderItem| ReminderLine {
        text: p.t1("reminder-line", "rule", p.t(&format!("clock-{}", reminder.rule))),
        href: format!("/office/cases/{}", reminder.case),
        at: jiff::Timestamp::from_microsecond(reminder.sent_at)
            .map_or_else(|_| String::new(), |at| p.words.date_time(base::time::civil(at))),
    };
    let lines = sent.into_iter().map(line).collect();
    let empty = Empty { text: p.t("reminders-empty"), action: None };
    visitor.html(&RemindersPage { p, lines, empty })
}

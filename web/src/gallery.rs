//! `/_ui`: every component in every state, with invented data. Served in demo mode; axe and screenshot tests run on it.

use askama::Template;
use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::form::Fields;
use crate::page::{Banner, Flash, MenuGroup, MenuItem, Page, SessionClock, SignedIn, Site, Theme};
use crate::problem::{Failure, Problem, html};
use crate::view::*;
use crate::words::{Lang, Words};

/// The gallery's pages.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/_ui", get(index_page))
        .route("/_ui/form", get(form_page))
        .route("/_ui/check", get(check_page))
        .route("/_ui/inbox", get(inbox_page))
        .route("/_ui/case", get(case_page))
        .route("/_ui/states", get(states_page))
        .route("/_ui/document", get(document_page))
        .route("/_ui/error", get(async || Problem::not_found()))
}

/// Addresses of the gallery, for the script that looks at them.
pub const PATHS: [&str; 8] =
    ["/_ui", "/_ui/form", "/_ui/check", "/_ui/inbox", "/_ui/case", "/_ui/states", "/_ui/document", "/_ui/error"];

fn links<const N: usize>(w: Words, entries: [(&str, &str); N]) -> Vec<Link> {
    entries.into_iter().map(|(key, href)| Link::new(w.t(key), href)).collect()
}

/// An invented site.
pub fn site(w: Words) -> Site {
    Site {
        name: w.t("gallery-site"),
        tagline: w.t("gallery-tagline"),
        footer: vec![w.t("gallery-footer-1"), w.t("gallery-footer-2")],
        sites: links(w, [("gallery-city-1", "/_ui"), ("gallery-city-2", "/_ui"), ("gallery-city-3", "/_ui")]),
        links: links(w, [("gallery-link-map", "/_ui"), ("gallery-link-access", "/_ui")]),
    }
}

fn page(path: &str, title: &str, query: Option<&str>) -> Result<Page, Problem> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let w = Words::new(Lang::parse(&query.optional_text("lang", 8).unwrap_or_default()));
    let red = query.choice("theme", ["red"]).is_ok();
    Ok(Page {
        words: w,
        title: w.t(title),
        path: path.to_owned(),
        theme: if red { Theme::Red } else { Theme::Blue },
        large: query.choice("size", ["l"]).is_ok(),
        site: site(w),
        csrf: "gallery".to_owned(),
        demo: true,
        today: w.t("gallery-today"),
        ..Page::default()
    })
}

fn office_page(path: &str, title: &str, query: Option<&str>) -> Result<Page, Problem> {
    let mut p = page(path, title, query)?;
    let w = p.words;
    let item = |icon: &str, key: &str, href: &str, count, hot| MenuItem {
        icon: icon.to_owned(),
        text: w.t(key),
        href: href.to_owned(),
        count,
        hot,
    };
    p.menu = vec![
        MenuGroup {
            title: w.t("gallery-menu-mine"),
            items: vec![
                item("inbox", "gallery-menu-inbox", "/_ui/inbox", Some(18), true),
                item("circle-check", "gallery-menu-done", "/_ui/states", None, false),
            ],
        },
        MenuGroup {
            title: w.t("gallery-menu-approval"),
            items: vec![
                item("files", "gallery-menu-cases", "/_ui/case", Some(4), false),
                item("writing-sign", "gallery-menu-documents", "/_ui/document", None, false),
            ],
        },
        MenuGroup {
            title: w.t("gallery-menu-registers"),
            items: vec![
                item("building", "gallery-menu-enterprises", "/_ui", None, false),
                item("crane", "gallery-menu-projects", "/_ui/form", None, false),
            ],
        },
    ];
    p.person = Some(SignedIn {
        name: w.t("gallery-person"),
        post: w.t("gallery-post"),
        home: "/_ui/inbox".to_owned(),
        unread: 3,
        reminders_href: "/_ui/states".to_owned(),
        account_href: "/_ui/states".to_owned(),
    });
    p.session = Some(SessionClock { seconds_left: 900, warn_seconds: 300, idle_seconds: 900 });
    Ok(p)
}

fn steps(w: Words, current: usize) -> Vec<Step> {
    let keys = [
        "gallery-task-applicant",
        "gallery-task-project",
        "gallery-task-parties",
        "gallery-task-materials",
        "gallery-task-submit",
    ];
    let step = |(at, key): (usize, &str)| {
        let state = match at.cmp(&current) {
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => StepState::Current,
            std::cmp::Ordering::Greater => StepState::Todo,
        };
        Step { text: w.t(key), href: (at < current).then(|| "/_ui/form".to_owned()), state }
    };
    keys.into_iter().enumerate().map(step).collect()
}

#[derive(Template)]
#[template(path = "gallery/index.html")]
struct IndexPage {
    p: Page,
    tiles: Vec<ServiceTile>,
    pages: Vec<Link>,
    tasks: Vec<TaskItem>,
}

async fn index_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = page("/_ui", "gallery-title", query.as_deref())?;
    let w = p.words;
    p.nav = links(
        w,
        [
            ("gallery-nav-home", "/_ui"),
            ("gallery-nav-matters", "/_ui/form"),
            ("gallery-nav-track", "/_ui/check"),
            ("gallery-nav-verify", "/_ui/document"),
        ],
    );
    let tile = |icon: &str, key: &str, note: &str| ServiceTile {
        icon: icon.to_owned(),
        text: w.t(key),
        note: w.t(note),
        href: "/_ui/form".to_owned(),
    };
    let tiles = vec![
        tile("crane", "gallery-tile-permit", "gallery-tile-permit-note"),
        tile("checklist", "gallery-tile-completion", "gallery-tile-completion-note"),
        tile("shield-check", "gallery-tile-safety", "gallery-tile-safety-note"),
        tile("id-badge-2", "gallery-tile-register", "gallery-tile-register-note"),
    ];
    let pages = links(
        w,
        [
            ("gallery-page-form", "/_ui/form"),
            ("gallery-page-check", "/_ui/check"),
            ("gallery-page-inbox", "/_ui/inbox"),
            ("gallery-page-case", "/_ui/case"),
            ("gallery-page-states", "/_ui/states"),
            ("gallery-page-document", "/_ui/document"),
        ],
    );
    let task =
        |key: &str, state, open: bool| TaskItem { text: w.t(key), href: open.then(|| "/_ui/form".to_owned()), state };
    let tasks = vec![
        task("gallery-task-applicant", TaskState::Done, true),
        task("gallery-task-project", TaskState::InProgress, true),
        task("gallery-task-parties", TaskState::NotStarted, true),
        task("gallery-task-submit", TaskState::CannotStart, false),
    ];
    html(StatusCode::OK, &IndexPage { p, tiles, pages, tasks })
}

#[derive(Template)]
#[template(path = "gallery/form.html")]
struct FormPage {
    p: Page,
    steps: Vec<Step>,
    leave: Note,
    errors: Vec<ErrorLine>,
    fields: Vec<Field>,
    file: Field,
}

async fn form_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = page("/_ui/form", "gallery-matter", query.as_deref())?;
    let w = p.words;
    p.failed = true;
    p.islands = vec!["upload"];
    p.crumbs = links(w, [("gallery-nav-matters", "/_ui"), ("gallery-matter-short", "/_ui"), ("gallery-apply", "")]);
    let field = |kind, name: &str, key: &str| Field::new(kind, name, w.t(key));
    let uscc = Field {
        source: w.t("gallery-f-uscc-source"),
        report_href: Some("/_ui/states".to_owned()),
        ..field(FieldKind::Register, "uscc", "gallery-f-uscc").value("91130000MA0DEMO123").width(Width::Middle)
    };
    let price = Field { unit: w.t("gallery-f-price-unit"), ..field(FieldKind::Money, "price", "gallery-f-price") };
    let manager_yes =
        Choice { hint: w.t("gallery-f-manager-yes-hint"), ..Choice::new("yes", w.t("gallery-f-manager-yes")) };
    let fields = vec![
        field(FieldKind::Text, "builder", "gallery-f-builder")
            .hint(w.t("gallery-f-builder-hint"))
            .value(w.t("gallery-f-builder-value")),
        uscc,
        field(FieldKind::Text, "safety", "gallery-f-safety")
            .value(w.t("gallery-f-safety-value"))
            .width(Width::Middle)
            .error(w.t("gallery-f-safety-error")),
        field(FieldKind::Radio, "manager", "gallery-f-manager")
            .hint(w.t("gallery-f-manager-hint"))
            .choices(vec![Choice::new("no", w.t("gallery-f-manager-no")), manager_yes])
            .value("no"),
        price.value("5316.00").width(Width::Narrow),
        field(FieldKind::Number, "floors", "gallery-f-floors").value("18").width(Width::Narrow),
        field(FieldKind::Date, "start", "gallery-f-start").width(Width::Narrow).error(w.t("gallery-f-start-error")),
        field(FieldKind::Select, "use", "gallery-f-use")
            .choices(vec![
                Choice::new("home", w.t("gallery-f-use-home")),
                Choice::new("office", w.t("gallery-f-use-office")),
            ])
            .width(Width::Middle),
        field(FieldKind::Checkbox, "kinds", "gallery-f-kinds")
            .choices(vec![Choice::new("1", w.t("gallery-f-kinds-1")), Choice::new("2", w.t("gallery-f-kinds-2"))])
            .error(w.t("gallery-f-kinds-error")),
        field(FieldKind::LongText, "note", "gallery-f-note").optional(),
    ];
    let file = Field {
        accept: ".pdf,.ofd".to_owned(),
        files: vec![FileItem {
            name: w.t("gallery-f-contract-file"),
            note: w.t("gallery-f-contract-note"),
            href: "/_ui/document".to_owned(),
            remove: Some("1".to_owned()),
        }],
        ..field(FieldKind::File, "contract", "gallery-f-contract").hint(w.t("gallery-f-contract-hint"))
    };
    let leave =
        Note { title: w.t("gallery-leave"), lines: vec![w.t("gallery-leave-text")], tone: Tone::Blue, link: None };
    let errors = error_lines(&fields);
    html(StatusCode::UNPROCESSABLE_ENTITY, &FormPage { p, steps: steps(w, 2), leave, errors, fields, file })
}

#[derive(Template)]
#[template(path = "gallery/check.html")]
struct CheckPage {
    p: Page,
    steps: Vec<Step>,
    after: Vec<String>,
    groups: Vec<SummaryGroup>,
}

async fn check_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = page("/_ui/check", "gallery-matter", query.as_deref())?;
    let w = p.words;
    p.crumbs = links(w, [("gallery-nav-matters", "/_ui"), ("gallery-matter-short", "/_ui"), ("gallery-apply", "")]);
    let row = |term: &str, value: &str, change: Option<&str>| SummaryRow {
        term: w.t(term),
        value: w.t(value),
        change: change.map(|key| Link::new(w.t(key), "/_ui/form")),
        ..SummaryRow::default()
    };
    let change = Some("gallery-change");
    let groups = vec![
        SummaryGroup {
            title: w.t("gallery-task-project"),
            rows: vec![
                SummaryRow {
                    tags: vec![Tag::new(Tone::Green, w.t("gallery-tag-verified"))],
                    ..row("gallery-applicant", "gallery-applicant-value", change)
                },
                row("gallery-project", "gallery-project-value", change),
                row("gallery-scale", "gallery-scale-value", change),
                row("gallery-f-price", "gallery-price-value", change),
            ],
            ..SummaryGroup::default()
        },
        SummaryGroup {
            title: w.t("gallery-materials"),
            note: w.t("gallery-materials-note"),
            rows: vec![
                SummaryRow {
                    term: w.t("gallery-plan-permit"),
                    tags: vec![Tag::new(Tone::Blue, w.t("gallery-tag-exempt"))],
                    ..SummaryRow::default()
                },
                SummaryRow {
                    href: Some("/_ui/document".to_owned()),
                    note: w.t("gallery-f-contract-note"),
                    ..row("gallery-f-contract", "gallery-f-contract-file", Some("gallery-replace"))
                },
            ],
        },
    ];
    let after = vec![w.t("gallery-after-1"), w.t("gallery-after-2"), w.t("gallery-after-3")];
    html(StatusCode::OK, &CheckPage { p, steps: steps(w, 4), after, groups })
}

#[derive(Template)]
#[template(path = "gallery/inbox.html")]
struct InboxPage {
    p: Page,
    counters: Vec<LightCounter>,
    tabs: Vec<Tab>,
    filter: FilterBar,
    table: CaseTable,
    pager: Pager,
}

fn counter(w: Words, state: LightState, key: &str, count: u64, current: bool) -> LightCounter {
    LightCounter {
        light: Light::new(state, w.t(key)),
        count,
        href: format!("/_ui/inbox?light={}", state.class()),
        current,
    }
}

async fn inbox_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = office_page("/_ui/inbox", "gallery-menu-inbox", query.as_deref())?;
    let w = p.words;
    p.islands = vec!["inbox"];
    let counters = vec![
        counter(w, LightState::Red, "gallery-light-red", 1, false),
        counter(w, LightState::Yellow, "gallery-light-yellow", 3, true),
        counter(w, LightState::Green, "gallery-light-green", 12, false),
        counter(w, LightState::Paused, "gallery-light-paused", 2, false),
    ];
    let tab =
        |key: &str, count, current| Tab { text: w.t(key), count: Some(count), href: "/_ui/inbox".to_owned(), current };
    let tabs = vec![
        tab("gallery-tab-all", 18, true),
        tab("gallery-tab-approval", 12, false),
        tab("gallery-tab-claim", 6, false),
    ];
    let select = |name: &str, key: &str, all: &str| {
        Field::new(FieldKind::Select, name, w.t(key)).choices(vec![Choice::new("", w.t(all))])
    };
    let filter = FilterBar {
        kept: Vec::new(),
        label: w.t("gallery-filter"),
        action: "/_ui/inbox".to_owned(),
        fields: vec![
            select("matter", "gallery-filter-matter", "gallery-filter-matter-all"),
            select("city", "gallery-filter-city", "gallery-filter-city-all"),
            Field::new(FieldKind::Text, "word", w.t("gallery-filter-word")).hint(w.t("gallery-filter-word-hint")),
        ],
        clear_href: Some("/_ui/inbox".to_owned()),
    };
    html(StatusCode::OK, &InboxPage { p, counters, tabs, filter, table: inbox_table(w), pager: inbox_pager(w) })
}

fn inbox_table(w: Words) -> CaseTable {
    let row = |state, left: &str, matter: &str, who: &str, number: &str, kind: Tag, step: &str, selected| CaseRow {
        id: w.t(number),
        href: "/_ui/case".to_owned(),
        light: Light::new(state, w.t(left)),
        matter: w.t(matter),
        applicant: w.t(who),
        number: w.t(number),
        kind,
        step: w.t(step),
        region: w.t("gallery-region-1"),
        received: "11-18".to_owned(),
        action: w.t("gallery-handle"),
        selected,
    };
    let approval = || Tag::new(Tone::Blue, w.t("gallery-kind-approval"));
    let supplement = Tag::new(Tone::Amber, w.t("gallery-kind-supplement"));
    let (one, two, three) = ("gallery-number-1", "gallery-number-2", "gallery-number-3");
    let rows = vec![
        row(
            LightState::Red,
            "gallery-left-over",
            "gallery-row-1",
            "gallery-row-1-who",
            one,
            approval(),
            "gallery-step-review",
            false,
        ),
        row(
            LightState::Yellow,
            "gallery-left-today",
            "gallery-matter",
            "gallery-row-2-who",
            two,
            approval(),
            "gallery-step-review",
            true,
        ),
        row(
            LightState::Yellow,
            "gallery-left-1",
            "gallery-row-3",
            "gallery-row-3-who",
            three,
            supplement,
            "gallery-step-again",
            false,
        ),
        row(
            LightState::Green,
            "gallery-left-5",
            "gallery-matter",
            "gallery-row-2-who",
            two,
            approval(),
            "gallery-step-review",
            false,
        ),
        row(
            LightState::Paused,
            "gallery-left-paused",
            "gallery-row-3",
            "gallery-row-3-who",
            three,
            approval(),
            "gallery-step-review",
            false,
        ),
    ];
    CaseTable {
        caption: w.t("gallery-inbox-caption"),
        rows,
        batch_form: Some("batch".to_owned()),
        sorted: Some(Sorted::Ascending),
        sort_href: "/_ui/inbox?sort=-due".to_owned(),
        keys: true,
    }
}

fn inbox_pager(w: Words) -> Pager {
    Pager {
        words: w.t("gallery-pager"),
        previous: None,
        next: Some("/_ui/inbox?after=10".to_owned()),
        links: links(w, [("gallery-export", "/_ui/inbox")]),
    }
}

#[derive(Template)]
#[template(path = "gallery/case.html")]
struct CasePage {
    p: Page,
    bar: DeadlineBar,
    facts: Vec<Fact>,
    points: Vec<CheckPoint>,
    opinion: Field,
    phrases: Vec<Link>,
    days: Vec<CountedDay>,
    timeline: Vec<TimelineItem>,
    diagram: ProcessDiagram,
    actions: ActionBar,
}

fn deadline_bar(w: Words, state: LightState, key: &str, used_percent: u8, late_percent: u8) -> DeadlineBar {
    DeadlineBar {
        light: Light::new(state, w.t(key)),
        due: w.t("gallery-due"),
        basis: w.t("gallery-basis"),
        counted_href: "/_ui/case".to_owned(),
        used_percent,
        late_percent,
        from: w.t("gallery-from"),
        used: w.t("gallery-used"),
        until: w.t("gallery-until"),
    }
}

fn phrases(w: Words) -> Vec<Link> {
    links(w, [("gallery-phrase-1", "/_ui/case?phrase=1"), ("gallery-phrase-2", "/_ui/case?phrase=2")])
}

fn opinion(w: Words) -> Field {
    let field = Field::new(FieldKind::LongText, "opinion", w.t("gallery-opinion"));
    Field { chars_max: 1000, ..field }
}

async fn case_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = office_page("/_ui/case", "gallery-matter", query.as_deref())?;
    let w = p.words;
    p.crumbs = links(w, [("gallery-menu-inbox", "/_ui/inbox"), ("gallery-matter-short", "")]);
    let fact = |term: &str, value: &str, href: Option<&str>, wide| Fact {
        term: w.t(term),
        value: w.t(value),
        href: href.map(str::to_owned),
        wide,
    };
    let facts = vec![
        fact("gallery-applicant", "gallery-applicant-value", Some("/_ui"), false),
        fact("gallery-builder", "gallery-f-builder-value", Some("/_ui"), false),
        fact("gallery-project", "gallery-project-value", None, true),
        fact("gallery-f-price", "gallery-price-value", None, false),
        fact("gallery-manager", "gallery-manager-value", None, false),
        fact("gallery-place", "gallery-place-value", None, false),
    ];
    let point = |point: &str, source: &str, result: Tag, conclusion: &str, open: bool| CheckPoint {
        point: w.t(point),
        source: w.t(source),
        source_href: Some("/_ui/document".to_owned()),
        result,
        conclusion: w.t(conclusion),
        conclude_href: open.then(|| "/_ui/form".to_owned()),
    };
    let same = Tag::new(Tone::Green, w.t("gallery-result-same"));
    let valid = Tag::new(Tone::Green, w.t("gallery-result-valid"));
    let person = Tag::new(Tone::Amber, w.t("gallery-result-person"));
    let points = vec![
        point("gallery-check-1", "gallery-check-1-source", same, "gallery-conclude-auto", false),
        point("gallery-check-2", "gallery-check-2-source", valid, "gallery-conclude-auto", false),
        point("gallery-check-3", "gallery-check-3-source", person, "gallery-conclude", true),
    ];
    let action = |key: &str, style, outcome: &str, href: Option<&str>| Action {
        text: w.t(key),
        style,
        href: href.map(str::to_owned),
        outcome: outcome.to_owned(),
        disabled: false,
    };
    let actions = ActionBar {
        form: "opinion-form".to_owned(),
        actions: vec![
            action("gallery-act-approve", ActionStyle::Main, "approve", None),
            action("gallery-act-return", ActionStyle::Outline, "return", None),
            action("gallery-act-refuse", ActionStyle::Danger, "", Some("/_ui/form")),
        ],
    };
    let bar = deadline_bar(w, LightState::Yellow, "gallery-light-today", 72, 5);
    let opinion = opinion(w).value(w.t("gallery-opinion-value"));
    let (phrases, days, timeline) = (phrases(w), counted_days(w), timeline(w));
    html(
        StatusCode::OK,
        &CasePage { p, bar, facts, points, opinion, phrases, days, timeline, diagram: diagram(w), actions },
    )
}

fn counted_days(w: Words) -> Vec<CountedDay> {
    let day = |date: &str, weekday: &str, count: &str, reason: &str, skipped| CountedDay {
        date: date.to_owned(),
        weekday: w.t(weekday),
        count: w.t(count),
        reason: if reason.is_empty() { String::new() } else { w.t(reason) },
        skipped,
    };
    vec![
        day("2026-11-18", "weekday-wednesday", "gallery-day-none", "gallery-day-start", true),
        day("2026-11-19", "weekday-thursday", "gallery-day-1", "", false),
        day("2026-11-21", "weekday-saturday", "gallery-day-none", "gallery-day-weekend", true),
    ]
}

fn diagram(w: Words) -> ProcessDiagram {
    let shape = |kind, x, width, height, key: &str, place| {
        let lines = if key.is_empty() { Vec::new() } else { vec![w.t(key)] };
        DiagramShape { kind, x, y: 60 - height / 2, width, height, lines, place }
    };
    ProcessDiagram {
        title: w.t("process-diagram"),
        view_box: "0 0 560 130".to_owned(),
        shapes: vec![
            shape(ShapeKind::Event, 20, 36, 36, "", StepPlace::Done),
            shape(ShapeKind::Task, 100, 110, 70, "gallery-step-review", StepPlace::Done),
            shape(ShapeKind::Gateway, 260, 50, 50, "", StepPlace::Other),
            shape(ShapeKind::Task, 360, 110, 70, "gallery-step-again", StepPlace::Now),
        ],
        lines: vec!["56,60 100,60".to_owned(), "210,60 260,60".to_owned(), "310,60 360,60".to_owned()],
        steps: vec![(w.t("gallery-step-review"), StepPlace::Done), (w.t("gallery-step-again"), StepPlace::Now)],
    }
}

fn timeline(w: Words) -> Vec<TimelineItem> {
    let item = |state, title: &str, when: &str, lines: &[&str]| TimelineItem {
        state,
        title: w.t(title),
        when: when.to_owned(),
        lines: lines.iter().map(|key| w.t(key)).collect(),
        links: Vec::new(),
        tag: None,
        quote: String::new(),
    };
    vec![
        item(TimelineState::Done, "gallery-t-apply", "11-17 16:20", &["gallery-t-apply-1", "gallery-t-apply-2"]),
        TimelineItem {
            links: links(w, [("gallery-t-notice", "/_ui/document")]),
            quote: w.t("gallery-t-quote"),
            ..item(TimelineState::Done, "gallery-t-accept", "11-18 09:05", &["gallery-t-accept-1"])
        },
        item(TimelineState::Late, "gallery-t-late", "11-20 17:40", &["gallery-t-late-1"]),
        TimelineItem {
            tag: Some(Tag::new(Tone::Blue, w.t("gallery-t-current"))),
            ..item(TimelineState::Now, "gallery-t-review", "11-18 09:06", &["gallery-t-review-1", "gallery-t-review-2"])
        },
        item(TimelineState::Todo, "gallery-t-decide", &w.t("gallery-t-latest"), &["gallery-t-decide-1"]),
    ]
}

#[derive(Template)]
#[template(path = "gallery/states.html")]
struct StatesPage {
    p: Page,
    empties: Vec<(String, Empty)>,
    notes: Vec<(String, Note)>,
    lights: Vec<Light>,
    tags: Vec<Tag>,
    bar: DeadlineBar,
    opinion: Field,
    phrases: Vec<Link>,
}

async fn states_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let mut p = office_page("/_ui/states", "gallery-page-states", query.as_deref())?;
    let w = p.words;
    p.flash = Some(Flash { tone: Tone::Green, text: w.t("gallery-flash") });
    p.banners = vec![Banner { tone: Tone::Amber, text: w.t("gallery-offline") }];
    let empty = |title: &str, text: &str, action: &str| {
        let action = Some(Link::new(w.t(action), "/_ui"));
        (w.t(title), Empty { text: w.t(text), action })
    };
    let note = |title: &str, tone, text: &str, link: Option<&str>| {
        let link = link.map(|key| Link::new(w.t(key), "/_ui/check"));
        (w.t(title), Note { tone, title: String::new(), lines: vec![w.t(text)], link })
    };
    let light = |state, key: &str| Light::new(state, w.t(key));
    let page = StatesPage {
        empties: vec![
            empty("gallery-state-empty", "gallery-empty", "gallery-empty-action"),
            empty("gallery-state-no-result", "gallery-no-result", "gallery-no-result-action"),
        ],
        notes: vec![
            note("gallery-state-partial", Tone::Amber, "gallery-partial", None),
            note("gallery-state-offline", Tone::Amber, "gallery-offline", None),
            note("gallery-state-error", Tone::Red, "gallery-error", None),
            note("gallery-state-forbidden", Tone::Plain, "gallery-forbidden", None),
            note("gallery-state-stale", Tone::Amber, "gallery-stale", Some("gallery-compare")),
            note("gallery-state-flash", Tone::Green, "gallery-flash", None),
        ],
        lights: vec![
            light(LightState::Red, "gallery-left-over"),
            light(LightState::Yellow, "gallery-left-today"),
            light(LightState::Green, "gallery-left-5"),
            light(LightState::Paused, "gallery-left-paused"),
            light(LightState::Done, "gallery-left-done"),
        ],
        tags: vec![
            Tag::new(Tone::Plain, w.t("gallery-kind-approval")),
            Tag::new(Tone::Blue, w.t("gallery-kind-approval")),
            Tag::new(Tone::Green, w.t("gallery-tag-valid")),
            Tag::new(Tone::Amber, w.t("gallery-kind-supplement")),
            Tag::new(Tone::Red, w.t("gallery-left-over")),
        ],
        bar: deadline_bar(w, LightState::Red, "gallery-light-late", 100, 20),
        opinion: opinion(w).error(w.t("gallery-opinion-error")),
        phrases: phrases(w),
        p,
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "gallery/document.html")]
struct DocumentPage {
    p: Page,
    confirmation: Confirmation,
    documents: Vec<DocView>,
}

async fn document_page(RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let p = page("/_ui/document", "gallery-page-document", query.as_deref())?;
    let w = p.words;
    let confirmation = Confirmation {
        title: w.t("gallery-done"),
        number_label: w.t("gallery-done-label"),
        number: w.t("gallery-number-2"),
        next: vec![w.t("gallery-done-1"), w.t("gallery-done-2"), w.t("gallery-done-3")],
        links: links(w, [("gallery-receipt", "/_ui/document"), ("gallery-progress", "/_ui/case")]),
    };
    let notice = DocView {
        issuer: w.t("gallery-doc-issuer"),
        red_head: false,
        number: w.t("gallery-doc-number"),
        title: w.t("gallery-doc-title"),
        addressee: w.t("gallery-doc-to"),
        paragraphs: vec![w.t("gallery-doc-1"), w.t("gallery-doc-2")],
        signature: vec![w.t("gallery-doc-issuer"), w.t("gallery-doc-date")],
    };
    let red = DocView { red_head: true, ..notice.clone() };
    html(StatusCode::OK, &DocumentPage { p, confirmation, documents: vec![notice, red] })
}

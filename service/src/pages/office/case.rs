//! The page of a case, its whole form, and how its limits are counted.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base::id::CaseId;
use kernel::catalog::matter::{MatterKind, OpenedBy};
use serde::Deserialize;
use web::page::{Flash, Page, percent_encode};
use web::problem::Problem;
use web::view::{
    Action, ActionBar, ActionStyle, CheckPoint, CountedDay, DeadlineBar, Empty, Fact, Field, FieldKind, Link, Note,
    ProcessDiagram, SummaryGroup, SummaryRow, Tag, TimelineItem, TimelineState, Tone,
};

use super::query::{back_to, case_from, list_key};
use super::{address, hearing, say_where_it_went, shown_light};
use crate::app::App;
use crate::cases::{self, CaseView, EnvelopeShown, Happened, OutcomeShown, TaskShown};
use crate::citation::cited;
use crate::naming::{of_kind, of_opener};
use crate::pages::attachment;
use crate::pages::hall::verify_href;
use crate::pages::moved_note;
use crate::session::{Answer, Stop, Visitor};

/// Facts shown on the case page; the rest is one link away.
const FACTS_MAX: usize = 8;

/// A button that posts on its own: claim, give back.
struct SmallForm {
    action: String,
    text: String,
}

/// A titled list of links with remarks: materials, documents.
struct LinkedLine {
    text: String,
    href: String,
    tag: Tag,
    note: String,
}

#[derive(Template)]
#[template(path = "office/case.html")]
struct CasePage {
    p: Page,
    nonce: String,
    /// The list that the case was opened from.
    from: String,
    number: String,
    stage: Tag,
    bar: Option<DeadlineBar>,
    facts: Vec<Fact>,
    all_facts: Link,
    diagram: Link,
    checks_note: String,
    points: Vec<CheckPoint>,
    materials: Vec<LinkedLine>,
    documents: Vec<LinkedLine>,
    timeline: Vec<TimelineItem>,
    record: String,
    notes: Vec<Note>,
    previous: Option<Link>,
    next: Option<Link>,
    claim: Option<SmallForm>,
    assign: Option<Link>,
    /// Asks somebody for an opinion on the step.
    ask: Option<Link>,
    /// Opinions asked for that may be taken back.
    asked: Vec<SmallForm>,
    complete_action: String,
    opinion: Option<Field>,
    phrases: Vec<Link>,
    actions: Option<ActionBar>,
    opened_by: OpenedBy,
}

impl CasePage {
    fn said(&self, key: &str) -> String {
        of_opener(key, self.opened_by, self.p.words)
    }
}

/// The id in an address; what is no id is no case.
pub(super) fn parse_case(text: &str) -> Result<CaseId, Stop> {
    text.parse().map_err(|_| Problem::not_found().into())
}

/// What the address of a case page may say besides.
#[derive(Deserialize)]
pub(super) struct CaseQuery {
    /// Which stock phrase fills the opinion.
    phrase: Option<usize>,
    /// The list that it was opened from.
    from: Option<String>,
    /// The case that was finished before.
    of: Option<String>,
}

/// The case (办件页).
pub(super) async fn case_page(
    State(app): State<App>,
    visitor: Visitor,
    Path(case): Path<String>,
    Query(query): Query<CaseQuery>,
) -> Answer {
    shown(
        &app,
        &visitor,
        parse_case(&case)?,
        Said {
            phrase: query.phrase,
            from: query.from.unwrap_or_default(),
            of: query.of.unwrap_or_default(),
            ..Said::default()
        },
    )
    .await
}

/// What stands on the page besides the case itself.
#[derive(Default)]
pub(super) struct Said {
    /// What was written already.
    pub(super) opinion: String,
    /// Why it was not taken.
    pub(super) error: Option<(StatusCode, String)>,
    /// What was done.
    pub(super) done: Option<String>,
    /// Which stock phrase fills the opinion.
    pub(super) phrase: Option<usize>,
    /// The list that the case was opened from.
    pub(super) from: String,
    /// The case that was finished before.
    pub(super) of: String,
}

/// The page of a case; what was written in its form is there again.
pub(super) async fn shown(app: &App, visitor: &Visitor, id: CaseId, said: Said) -> Answer {
    let (identity, _) = visitor.officer()?;
    let view = cases::case_view(app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let beside = cases::beside(app, identity, &id.to_string()).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page_titled(view.matter_name.clone());
    let back = back_to(&said.from).to_owned();
    p.about = format!("{} {}", view.number, view.title);
    say_where_it_went(app, visitor, &mut p, &said.of).await;
    if let Some(flash) = p.flash.as_mut().filter(|_| !said.of.is_empty()) {
        flash.text = p.words.t2("done-then", "text", flash.text.as_str(), "next", p.words.t("done-next"));
    }
    p.crumbs = vec![Link::new(p.t(list_key(&back)), back.clone()), Link::new(view.title.clone(), "")];
    let base = format!("/office/cases/{id}");
    let task = workable(&view.tasks);
    let mut notes: Vec<Note> = view
        .incidents
        .iter()
        .map(|line| Note { tone: Tone::Red, title: p.t("incident-title"), lines: vec![line.clone()], link: None })
        .collect();
    notes.extend(view.hearing.as_ref().map(|hearing| hearing::note(&p, hearing)));
    notes.extend(view.moved.as_ref().map(|moved| moved_note(p.words, moved)));
    notes.extend(greyed(&p, task, &view.acts));
    let claim = task.and_then(|task| claim_form(&p, &base, task));
    let phrases = task.map(|task| phrases(&p, task.kind, view.matter_kind)).unwrap_or_default();
    let opinion = task.map(|_| opinion(&p, &phrases, &said));
    let unsent = opinion.is_none().then_some(said.opinion).filter(|text| !text.is_empty());
    notes.extend(unsent.map(|text| Note {
        tone: Tone::Amber,
        title: p.t("opinion-unsent"),
        lines: vec![text],
        link: None,
    }));
    let status = said.error.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    p.failed = said.error.is_some();
    p.flash = said.done.map(|text| Flash { tone: Tone::Green, text }).or(p.flash);
    if let Some((_, text)) = said.error {
        notes.insert(0, Note { tone: Tone::Red, title: text, lines: Vec::new(), link: None });
    }
    let neighbour = |case: Option<String>, key| case.map(|case| Link::new(p.t(key), case_from(&case, &back)));
    let page = CasePage {
        nonce: visitor.nonce()?,
        from: back.clone(),
        number: view.number.clone(),
        stage: stage_tag(&view),
        bar: view.clock.as_ref().map(|clock| bar(&p, &base, clock)),
        facts: facts(&view),
        all_facts: Link::new(p.t1("all-answers", "count", answers(&view)), format!("{base}/form")),
        diagram: Link::new(p.t("process-diagram"), format!("{base}/diagram")),
        checks_note: checks_note(&p, &view),
        points: view.checks.iter().map(|check| point(&p, check)).collect(),
        materials: view.materials.iter().map(|material| material_line(&p, &base, material)).collect(),
        documents: view.documents.iter().map(|document| document_line(&base, document)).collect(),
        timeline: timeline(&p, &view),
        record: p.t1("record-text", "count", view.entries),
        notes,
        previous: neighbour(beside.previous, "case-previous"),
        next: neighbour(beside.next, "case-next"),
        claim,
        assign: view.tasks.iter().find(|open| open.may_assign).map(|open| {
            let key = if open.mine { "action-hand-on" } else { "action-assign" };
            Link::new(p.t(key), format!("{base}/tasks/{}/assign", open.task))
        }),
        ask: task
            .filter(|task| task.may_ask)
            .map(|open| Link::new(p.t("action-ask"), format!("{base}/tasks/{}/countersigner", open.task))),
        asked: asked(&p, &base, &view.tasks),
        complete_action: task.map(|task| format!("{base}/tasks/{}", task.task)).unwrap_or_default(),
        opinion,
        phrases: phrases
            .into_iter()
            .enumerate()
            .map(|(n, text)| {
                Link::new(text, address(&base, &[("phrase", &n.to_string()), ("from", &back)]) + "#opinion")
            })
            .collect(),
        actions: action_bar(&p, &base, task, &view.acts),
        opened_by: app.matter(&view.matter).map(|matter| matter.spec.opened_by).unwrap_or_default(),
        p,
    };
    visitor.html_with(status, &page)
}

fn opinion(p: &Page, phrases: &[String], said: &Said) -> Field {
    let mut field = Field::new(FieldKind::LongText, "opinion", p.t("opinion-label"));
    let phrase = said.phrase.and_then(|n| phrases.get(n)).filter(|_| said.opinion.is_empty());
    field.value = phrase.unwrap_or(&said.opinion).clone();
    field.error = said.error.as_ref().map(|(_, text)| text.clone());
    field.rows = 3;
    field.chars_max = 2_000;
    field
}

/// Stock phrases of an opinion in a kind of task; the English and the Chinese catalogue have as many.
const PHRASES_MAX: usize = 3;

/// What is written most often in a task of this kind (常用语).
fn phrases(p: &Page, kind: &str, matter: MatterKind) -> Vec<String> {
    let said = (1..=PHRASES_MAX).map(|n| format!("phrase-{kind}-{n}")).map(|key| (of_kind(&key, matter, p.words), key));
    said.filter(|(text, key)| text != key).map(|(text, _)| text).collect()
}

/// The task of which the page shows the buttons: one that this post may work on, else one that only waits for something.
fn workable(tasks: &[TaskShown]) -> Option<&TaskShown> {
    let possible = |task: &&TaskShown| task.outcomes.iter().any(|outcome| outcome.refused.is_none());
    let concerns = |task: &&TaskShown| {
        task.claim_refused.as_ref().is_none_or(|refusal| !matches!(refusal.code, "forbidden" | "post-not-held"))
    };
    tasks.iter().find(possible).or_else(|| tasks.iter().find(concerns))
}

/// Opinions that this reader asked for and may take back.
fn asked(p: &Page, base: &str, tasks: &[TaskShown]) -> Vec<SmallForm> {
    let may = |of: u32| tasks.iter().any(|task| task.task == of && task.may_ask && task.mine);
    let mine = tasks.iter().filter(|task| task.asked_for.is_some_and(may));
    let form = |task: &TaskShown| SmallForm {
        action: format!("{base}/tasks/{}/drop", task.task),
        text: p.t1("action-drop", "name", &task.claimed_by),
    };
    mine.map(form).collect()
}

/// Why buttons are grey, each reason once.
fn greyed(p: &Page, task: Option<&TaskShown>, acts: &[EnvelopeShown]) -> Option<Note> {
    let outcomes = task.into_iter().flat_map(|task| &task.outcomes);
    let outcomes = outcomes.filter_map(|outcome| Some((outcome.text.clone(), outcome.refused.as_ref()?)));
    let acts = acts.iter().filter_map(|act| Some((p.t(&format!("act-{}", act.act)), act.refused.as_ref()?)));
    let mut lines: Vec<String> = Vec::new();
    for (action, refusal) in outcomes.chain(acts) {
        let line = p.t2("greyed-line", "action", action, "reason", &refusal.words);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    (!lines.is_empty()).then(|| Note { tone: Tone::Amber, title: p.t("greyed-title"), lines, link: None })
}

fn claim_form(p: &Page, base: &str, task: &TaskShown) -> Option<SmallForm> {
    let path = format!("{base}/tasks/{}", task.task);
    if task.mine {
        Some(SmallForm { action: format!("{path}/release"), text: p.t("action-release") })
    } else if task.claim_refused.is_none() {
        Some(SmallForm { action: format!("{path}/claim"), text: p.t("action-claim") })
    } else {
        None
    }
}

/// Does choosing it need a page of its own: a reason, an article, the lines of a notice?
pub(super) fn asks_more(task: &TaskShown, outcome: &OutcomeShown) -> bool {
    outcome.reason || outcome.article || is_supplement(task, outcome)
}

/// The supplement notice is the envelope's own outcome; it exists only before acceptance (matter.md §1).
pub(super) fn is_supplement(task: &TaskShown, outcome: &OutcomeShown) -> bool {
    outcome.id == "supplement" && matches!(task.kind, "accept" | "decide")
}

/// The outcomes of the task, then the acts of the envelope, each on a page of its own.
fn action_bar(p: &Page, base: &str, task: Option<&TaskShown>, acts: &[EnvelopeShown]) -> Option<ActionBar> {
    let outcomes = task.into_iter().flat_map(|task| {
        let outcomes = task.outcomes.iter().enumerate();
        outcomes.map(|(n, outcome)| outcome_action(n, outcome))
    });
    let acts = acts.iter().map(|act| Action {
        text: p.t(&format!("act-{}", act.act)),
        style: ActionStyle::Outline,
        href: act.refused.is_none().then(|| format!("{base}/acts/{}", act.act)),
        outcome: act.act.to_owned(),
        disabled: act.refused.is_some(),
    });
    let actions: Vec<Action> = outcomes.chain(acts).collect();
    (!actions.is_empty()).then(|| ActionBar { form: "opinion-form".to_owned(), actions })
}

/// What needs a page of its own is a button too: it takes along what is written.
fn outcome_action(n: usize, outcome: &OutcomeShown) -> Action {
    Action {
        text: outcome.text.clone(),
        style: match n {
            0 => ActionStyle::Main,
            _ if outcome.reason && outcome.article => ActionStyle::Danger,
            _ => ActionStyle::Outline,
        },
        href: None,
        outcome: outcome.id.clone(),
        disabled: outcome.refused.is_some(),
    }
}

fn stage_tag(view: &CaseView) -> Tag {
    let tone = match view.stage.as_str() {
        "granted" | "delivered" => Tone::Green,
        "refused" | "not_accepted" => Tone::Red,
        "supplement_asked" => Tone::Amber,
        "withdrawn" => Tone::Plain,
        _ => Tone::Blue,
    };
    Tag::new(tone, view.stage_name.clone())
}

fn bar(p: &Page, base: &str, clock: &cases::ClockShown) -> DeadlineBar {
    let due = marked(p, &clock.due_on, clock.provisional);
    DeadlineBar {
        light: shown_light(clock.light, &clock.words),
        due: p.t1(&format!("due-{}", clock.rule), "date", &due),
        basis: clock.basis.clone(),
        counted_href: format!("{base}/clock"),
        used_percent: clock.used_percent,
        late_percent: clock.late_percent,
        from: p.t1("bar-from", "date", &clock.from),
        used: p.t1("bar-used", "days", clock.used_days),
        until: p.t1("bar-until", "date", &due),
    }
}

/// A date with the mark that it may move.
fn marked(p: &Page, date: &str, provisional: bool) -> String {
    if provisional { p.t1("date-provisional", "date", date) } else { date.to_owned() }
}

fn answers(view: &CaseView) -> usize {
    view.form.iter().map(|page| page.rows.len()).sum()
}

fn facts(view: &CaseView) -> Vec<Fact> {
    let rows = view.form.iter().flat_map(|page| &page.rows);
    let fact = |row: &cases::FormRow| Fact {
        term: row.label.clone(),
        value: row.value.clone(),
        href: None,
        wide: row.value.chars().count() > 16,
    };
    rows.take(FACTS_MAX).map(fact).collect()
}

fn checks_note(p: &Page, view: &CaseView) -> String {
    let passed = view.checks.iter().filter(|check| check.verdict == "pass").count();
    p.t2("detail-checks", "passed", passed, "all", view.checks.len())
}

fn point(p: &Page, check: &cases::CheckShown) -> CheckPoint {
    let (tone, result, conclusion) = match check.verdict {
        "pass" => (Tone::Green, "verdict-pass", "conclusion-pass"),
        "fail" => (Tone::Red, "verdict-fail", "conclusion-fail"),
        _ => (Tone::Amber, "verdict-undecided", "conclusion-undecided"),
    };
    let source = if check.evidence.is_empty() { p.t("evidence-none") } else { check.evidence.join(" · ") };
    CheckPoint {
        point: p.t2("check-line", "text", &check.text, "article", cited(&check.article, p.words)),
        source,
        source_href: None,
        result: Tag::new(tone, p.t(result)),
        conclusion: p.t(conclusion),
        conclude_href: None,
    }
}

fn material_line(p: &Page, base: &str, material: &cases::MaterialShown) -> LinkedLine {
    let tag = match (material.given.is_empty(), material.required) {
        (false, _) => Tag::new(Tone::Green, p.t("material-there")),
        (true, Some(true)) => Tag::new(Tone::Red, p.t("material-missing")),
        (true, Some(false)) => Tag::new(Tone::Plain, p.t("material-not-needed")),
        (true, None) => Tag::new(Tone::Amber, p.t("conclusion-undecided")),
    };
    let href = material.file.as_ref().map(|_| format!("{base}/materials/{}", material.code)).unwrap_or_default();
    LinkedLine { text: material.name.clone(), href, tag, note: material.given.clone() }
}

fn document_line(base: &str, document: &cases::DocumentShown) -> LinkedLine {
    LinkedLine {
        text: document.number.clone(),
        href: format!("{base}/papers/{}", percent_encode(&document.number)),
        tag: Tag::new(Tone::Blue, document.name.clone()),
        note: document.issued_on.clone(),
    }
}

fn timeline(p: &Page, view: &CaseView) -> Vec<TimelineItem> {
    let item = |happened: &Happened| {
        let mut lines = vec![happened.who.clone()];
        lines.extend(happened.details.iter().cloned());
        lines.retain(|line| !line.is_empty());
        let documents = happened.documents.iter().map(|document| {
            let text = format!("{} {}", document.name, document.number);
            Link::new(text, verify_href(&document.number, &document.code))
        });
        let entries = happened.entries.iter().map(|sequence| {
            let text = p.t1("journal-entry", "sequence", sequence.to_string());
            Link::new(text, format!("/api/v1/journal/entries/{sequence}"))
        });
        TimelineItem {
            state: TimelineState::Done,
            title: happened.title.clone(),
            when: happened.at.clone(),
            lines,
            links: documents.chain(entries).collect(),
            tag: None,
            quote: happened.opinion.clone(),
        }
    };
    let mut items: Vec<TimelineItem> = view.timeline.iter().map(item).collect();
    items.extend(view.tasks.iter().map(|task| {
        let mut lines = vec![match &task.department {
            _ if !task.claimed_by.is_empty() => task.claimed_by.clone(),
            Some(department) => p.t1("task-unclaimed-at", "department", department),
            None => p.t("task-unclaimed"),
        }];
        lines.extend(task.step_due_on.as_ref().map(|on| p.t1("step-due", "date", on)));
        TimelineItem {
            state: TimelineState::Now,
            title: task.name.clone(),
            when: p.t1("task-since", "at", &task.opened),
            lines,
            links: Vec::new(),
            tag: Some(Tag::new(Tone::Blue, p.t("task-now"))),
            quote: String::new(),
        }
    }));
    items.extend(view.coming.iter().map(|step| TimelineItem {
        state: TimelineState::Todo,
        title: step.name.clone(),
        when: String::new(),
        lines: vec![step.post.clone()],
        links: Vec::new(),
        tag: None,
        quote: String::new(),
    }));
    items
}

#[derive(Template)]
#[template(path = "office/diagram.html")]
struct DiagramPage {
    p: Page,
    diagram: ProcessDiagram,
}

/// The process as it was drawn, with the place where the case stands.
pub(super) async fn diagram_page(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let id = parse_case(&case)?;
    let (number, diagram) =
        cases::diagram(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("process-diagram");
    p.about.clone_from(&number);
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(number, format!("/office/cases/{id}")),
        Link::new(p.t("process-diagram"), ""),
    ];
    visitor.html(&DiagramPage { p, diagram })
}

/// The file of a material, as a download: never shown inside a page of ours (security.md §6).
pub(super) async fn material(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, material)): Path<(String, String)>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let found = cases::file(&app, identity, parse_case(&case)?, &material).await;
    let file = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

/// The paper of a document.
pub(super) async fn paper(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, number)): Path<(String, String)>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let file = app.paper(identity, parse_case(&case)?, &number).await.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, file.bytes))
}

#[derive(Template)]
#[template(path = "office/form.html")]
struct FormPage {
    p: Page,
    groups: Vec<SummaryGroup>,
}

/// Everything the applicant wrote; personal values in part.
pub(super) async fn form_page(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let id = parse_case(&case)?;
    let view = cases::case_view(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page_titled(view.title.clone());
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(view.number.clone(), format!("/office/cases/{id}")),
        Link::new(p.t("application"), ""),
    ];
    let masked = p.t("value-masked");
    let groups = view.form.into_iter().map(|page| SummaryGroup {
        title: page.title,
        note: String::new(),
        rows: page
            .rows
            .into_iter()
            .map(|row| SummaryRow {
                term: row.label,
                value: row.value,
                note: if row.masked { masked.clone() } else { String::new() },
                ..SummaryRow::default()
            })
            .collect(),
    });
    let groups = groups.collect();
    visitor.html(&FormPage { p, groups })
}

/// One clock of the page.
struct ClockTable {
    caption: String,
    days: Vec<CountedDay>,
}

#[derive(Template)]
#[template(path = "office/clock.html")]
struct ClockPage {
    p: Page,
    clocks: Vec<ClockTable>,
    empty: Empty,
}

/// How the limits are counted, each day of them (时限怎么算的).
pub(super) async fn clock_page(State(app): State<App>, visitor: Visitor, Path(case): Path<String>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let id = parse_case(&case)?;
    let (number, counted) =
        cases::derivations(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let mut p = visitor.page("deadline-how");
    p.about.clone_from(&number);
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(number, format!("/office/cases/{id}")),
        Link::new(p.t("deadline-how"), ""),
    ];
    let day = |day: cases::CountedDay| CountedDay {
        date: day.date,
        weekday: day.weekday,
        count: day.count,
        reason: day.reason,
        skipped: day.skipped,
    };
    let table = |counted: cases::Counted| ClockTable {
        caption: match &counted.due_on {
            Some(on) => p.t2("clock-caption", "name", &counted.name, "date", marked(&p, on, counted.provisional)),
            None => p.t1("clock-caption-held", "name", &counted.name),
        },
        days: counted.days.into_iter().map(day).collect(),
    };
    let clocks = counted.into_iter().map(table).collect();
    let empty = Empty { text: p.t("clock-empty"), action: None };
    visitor.html(&ClockPage { p, clocks, empty })
}

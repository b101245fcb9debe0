//! Lists: the inbox sorted by time left, cases found, the window's queue.

use base::deadline::{self, Light};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::case::{Due, light};
use kernel::catalog::TargetClass;
use kernel::catalog::matter::MatterKind;
use serde::Serialize;
use store::{Beside, CaseFilter, CaseItem, CaseOrder, Claimed, Cursor, Page, TaskFilter, TaskItem};
use utoipa::ToSchema;
use web::words::Words;

use super::view::{light_word, region_name, remaining_words};
use crate::app::App;
use crate::calendar::{date_words, is_provisional};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::naming::stage_name;

/// Rows of one page of a list (ui.md §5).
const ROWS: u32 = 50;

/// What the inbox is narrowed to; the words come from the address, so that a view can be bookmarked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// Colour of the light.
    pub light: Option<Light>,
    /// Matter code.
    pub matter: Option<String>,
    /// Task kind word.
    pub kind: Option<String>,
    /// Claimed by the reader (`true`), by nobody (`false`), or both.
    pub mine: Option<bool>,
    /// Words of the case.
    pub text: Option<String>,
    /// Where the page before ended.
    pub after: Option<String>,
}

/// The inbox.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct InboxView {
    /// Tasks whose clock stands still.
    pub hold: u64,
    /// Time enough.
    pub green: u64,
    /// Soon due.
    pub yellow: u64,
    /// Overdue.
    pub red: u64,
    /// Tasks that the reader claimed, whatever the list is narrowed to by claim.
    pub mine: u64,
    /// Tasks that nobody claimed.
    pub unclaimed: u64,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl InboxView {
    /// All tasks, whatever their light.
    pub fn all(&self) -> u64 {
        self.hold + self.green + self.yellow + self.red
    }
}

/// One line of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Row {
    /// Case id.
    pub case: String,
    /// Task instance; none in a list of cases.
    pub task: Option<u64>,
    /// Case number.
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// Its name.
    pub matter_name: String,
    /// The case's public line.
    pub title: String,
    /// Who applies.
    pub applicant: String,
    /// Stage word.
    pub stage: String,
    /// The step, or the stage in words.
    pub step: String,
    /// Task kind word; empty in a list of cases.
    pub kind: String,
    /// Name of the region.
    pub region: String,
    /// When the case or task came, `11-23`.
    pub came: String,
    /// `green`, `yellow`, `red`, `hold`, `none`.
    pub light: &'static str,
    /// `剩 3 天`.
    pub words: String,
    /// Its day rests on a year whose notice of days off is not out: it may move. The words say so.
    pub provisional: bool,
    /// Claimed by the reader.
    pub mine: bool,
}

/// A reminder that went out, with its case as it stands now.
#[derive(Clone, Debug)]
pub struct Reminded {
    /// The case; its light and the words beside it are today's.
    pub case: Row,
    /// The rule that reminds.
    pub rule: String,
    /// It went out because the limit was over.
    pub is_late: bool,
    /// The day on which the clock that runs ends.
    pub due_on: Option<String>,
    /// When it went out.
    pub at: String,
}

/// The last reminders of an account, of cases that it may read.
pub async fn reminders(app: &App, identity: &Identity, rows: u32, words: Words) -> Result<Vec<Reminded>> {
    let account = identity.account().to_string();
    let scope = identity.scope(app, "case.read", TargetClass::Matter);
    let read = app.store().read(move |reader| {
        let mut found = Vec::new();
        for reminder in reader.reminders(&account, rows)? {
            found.extend(reader.case_by_id(&scope, &reminder.case)?.map(|case| (reminder, case)));
        }
        Ok(found)
    });
    let reminded = |(reminder, case): (store::ReminderItem, CaseItem)| Reminded {
        is_late: reminder.stage == "red",
        rule: reminder.rule,
        due_on: case.due_on.map(|on| date_words(on, is_provisional(on, &app.catalog().calendar), words)),
        at: super::timeline::when(reminder.sent_at, words),
        case: case_row(app, &case, words),
    };
    Ok(read.await?.into_iter().map(reminded).collect())
}

/// The cases before and after one in the reader's inbox.
pub async fn beside(app: &App, identity: &Identity, case: &str) -> Result<Beside> {
    let tasks = task_filter(app, identity, &InboxFilter::default())?;
    let scope = identity.scope(app, "case.read", TargetClass::Matter);
    let case = case.to_owned();
    Ok(app.store().read(move |reader| reader.tasks_beside(&scope, &tasks, &case)).await?)
}

/// The tasks that the acting post may take, narrowed.
fn task_filter(app: &App, identity: &Identity, filter: &InboxFilter) -> Result<TaskFilter> {
    let post = identity.post().ok_or_else(Error::not_found)?;
    let account = identity.account().to_string();
    Ok(TaskFilter {
        post_kinds: vec![post.kind.clone()],
        organisation: Some(post.organisation.clone()),
        matter: filter.matter.clone(),
        kind: filter.kind.clone(),
        light: filter.light.map(|light| (light, app.today())),
        claimed: match filter.mine {
            Some(true) => Claimed::By(account),
            Some(false) => Claimed::Unclaimed,
            None => Claimed::ByOrUnclaimed(account),
        },
        text: filter.text.clone(),
        ..TaskFilter::default()
    })
}

/// The open tasks that the acting post may take, the soonest due first.
pub async fn inbox(app: &App, identity: &Identity, filter: &InboxFilter, words: Words) -> Result<InboxView> {
    let tasks = task_filter(app, identity, filter)?;
    let account = identity.account().to_string();
    let scope = identity.scope(app, "case.read", TargetClass::Matter);
    let page = page_after(filter.after.as_deref());
    let today = app.today();
    let by_claim =
        [Claimed::By(account.clone()), Claimed::Unclaimed].map(|claimed| TaskFilter { claimed, ..tasks.clone() });
    let (lights, [mine, unclaimed], listed) = app
        .store()
        .read(move |reader| {
            let [mine, unclaimed] = &by_claim;
            let counts = [reader.task_lights(&scope, mine, today)?, reader.task_lights(&scope, unclaimed, today)?];
            Ok((reader.task_lights(&scope, &tasks, today)?, counts, reader.tasks(&scope, &tasks, &page)?))
        })
        .await?;
    let sum = |lights: store::Lights| lights.hold + lights.green + lights.yellow + lights.red;
    Ok(InboxView {
        hold: lights.hold,
        green: lights.green,
        yellow: lights.yellow,
        red: lights.red,
        mine: sum(mine),
        unclaimed: sum(unclaimed),
        rows: listed.rows.iter().map(|task| task_row(app, task, &account, words)).collect(),
        next: listed.next.map(|cursor| cursor.as_str().to_owned()),
    })
}

/// Cases within the reader's scope: number, title or applicant hold the words; the newest first.
pub async fn case_list(
    app: &App,
    identity: &Identity,
    filter: CaseFilter,
    after: Option<&str>,
    words: Words,
) -> Result<(Vec<Row>, Option<String>)> {
    let scope = identity.scope(app, "case.read", TargetClass::Matter);
    let page = page_after(after);
    let listed = app.store().read(move |reader| reader.cases(&scope, &filter, &page)).await?;
    let rows = listed.rows.iter().map(|case| case_row(app, case, words)).collect();
    Ok((rows, listed.next.map(|cursor| cursor.as_str().to_owned())))
}

/// Cases received and not yet accepted, the soonest due first: the window's queue.
pub async fn window_queue(
    app: &App,
    identity: &Identity,
    after: Option<&str>,
    words: Words,
) -> Result<(Vec<Row>, Option<String>)> {
    let organisation = identity.post().map(|post| post.organisation.clone());
    let filter = CaseFilter {
        stages: vec!["submitted".to_owned(), "supplement_asked".to_owned()],
        organisation,
        order: CaseOrder::Due,
        ..CaseFilter::default()
    };
    case_list(app, identity, filter, after, words).await
}

fn page_after(after: Option<&str>) -> Page {
    Page { after: after.and_then(Cursor::parse), rows: ROWS }
}

fn task_row(app: &App, task: &TaskItem, account: &str, words: Words) -> Row {
    let matter = app.matter(&task.matter);
    let lang = words.lang.tag();
    let step = matter.as_ref().and_then(|matter| Some(matter.task(&task.element)?.name.get(lang).to_owned()));
    let dates = (task.due_on, task.yellow_on, task.red_on);
    let (light, left, provisional) = light_of(app, dates, task.paused, words);
    Row {
        case: task.case.clone(),
        task: Some(task.task),
        number: task.number.clone(),
        matter: task.matter.clone(),
        matter_name: matter.map_or_else(|| task.matter.clone(), |matter| matter.spec.name.get(lang).to_owned()),
        title: task.title.clone(),
        applicant: task.applicant_name.clone(),
        stage: task.stage.clone(),
        step: step.unwrap_or_else(|| task.element.clone()),
        kind: task.kind.clone(),
        region: region_name(app, &task.region),
        came: day(task.opened_at, words),
        light,
        words: left,
        provisional,
        mine: task.claimed_by == account,
    }
}

fn case_row(app: &App, case: &CaseItem, words: Words) -> Row {
    let lang = words.lang.tag();
    let matter = app.matter(&case.matter);
    let kind = matter.as_ref().map_or(MatterKind::Service, |matter| matter.spec.kind);
    let name = matter.map(|matter| matter.spec.name.get(lang).to_owned());
    let dates = (case.due_on, case.yellow_on, case.red_on);
    let (light, left, provisional) = light_of(app, dates, case.paused, words);
    Row {
        case: case.id.clone(),
        task: None,
        number: case.number.clone(),
        matter: case.matter.clone(),
        matter_name: name.unwrap_or_else(|| case.matter.clone()),
        title: case.title.clone(),
        applicant: case.applicant_name.clone(),
        stage: case.stage.clone(),
        step: stage_name(&case.stage, kind, words),
        kind: String::new(),
        region: region_name(app, &case.region),
        came: day(case.received_at, words),
        light,
        words: left,
        provisional,
        mine: false,
    }
}

fn day(microseconds: i64, words: Words) -> String {
    Timestamp::from_microsecond(microseconds)
        .map_or_else(|_| String::new(), |at| words.short_date(base::time::date(at)))
}

/// The light of a row by the days that the writer derived, and the words beside it.
fn light_of(
    app: &App,
    (due_on, yellow_on, red_on): (Option<Date>, Option<Date>, Option<Date>),
    paused: bool,
    words: Words,
) -> (&'static str, String, bool) {
    let (Some(on), Some(yellow_on), Some(red_on)) = (due_on, yellow_on, red_on) else {
        return ("none", words.t("clock-none"), false);
    };
    let (today, catalog) = (app.today(), app.catalog());
    let provisional = is_provisional(on, &catalog.calendar);
    let due = Due { on, yellow_on, red_on, provisional };
    let reckoned = deadline::Due {
        due_on: (!paused).then_some(on),
        due_at: None,
        last_day_before_roll: None,
        held: None,
        provisional,
    };
    let left = remaining_words(deadline::remaining(today, &reckoned, &[], &catalog.calendar), words);
    // While it stands still there is no day to be sure of.
    let provisional = provisional && !paused;
    let left = if provisional { words.t1("left-provisional", "text", left) } else { left };
    (light_word(light(due, paused, today)), left, provisional)
}

//! Cases, tasks, timers, reminders and counters.

use base::deadline::Light;
use jiff::civil::Date;
use kernel::StreamId;
use kernel::policy::Scope;

use super::Reader;
use crate::fault::Fault;
use crate::sql::{Row, first, values};
use crate::statement::{Cursor, KeyKind, Listed, Order, Page, Scoped, Select};
use crate::writer::cache;

const CASES: Scoped =
    Scoped { region: "c.region", organisation: Some("c.organisation"), target: "c.matter", account: Some("c.account") };
const TASKS: Scoped =
    Scoped { region: "t.region", organisation: Some("t.organisation"), target: "t.matter", account: None };

/// Later than every due date: cases without one come last.
const NO_DATE: &str = "9999-99-99";

/// A case in a list (办件).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseItem {
    /// Id.
    pub id: String,
    /// Case number.
    pub number: String,
    /// Matter code.
    pub matter: String,
    /// Handling organisation.
    pub organisation: String,
    /// Region code.
    pub region: String,
    /// Stage word.
    pub stage: String,
    /// Subject of the applicant.
    pub subject: String,
    /// Credit code of an applying organisation, else empty.
    pub applicant_code: String,
    /// Public name of an applying organisation, else empty.
    pub applicant_name: String,
    /// Owning account, else empty.
    pub account: String,
    /// One public line.
    pub title: String,
    /// µs UTC.
    pub received_at: i64,
    /// What its light counts down to.
    pub due_on: Option<Date>,
    /// First yellow day.
    pub yellow_on: Option<Date>,
    /// First red day.
    pub red_on: Option<Date>,
    /// The clock stands still.
    pub paused: bool,
    /// The process cannot go on.
    pub incident: bool,
    /// Sequence of its last entry.
    pub last_sequence: u64,
}

const CASE_COLUMNS: &str = "c.id, c.number, c.matter, c.organisation, c.region, c.stage, c.subject, c.applicant_code,
    c.applicant_name, c.account, c.title, c.received_at, c.due_on, c.yellow_on, c.red_on, c.paused, c.incident, c.last_sequence";

fn case_item(row: &mut Row) -> Result<CaseItem, Fault> {
    Ok(CaseItem {
        id: row.text()?,
        number: row.text()?,
        matter: row.text()?,
        organisation: row.text()?,
        region: row.text()?,
        stage: row.text()?,
        subject: row.text()?,
        applicant_code: row.text()?,
        applicant_name: row.text()?,
        account: row.text()?,
        title: row.text()?,
        received_at: row.int()?,
        due_on: row.date_or_null()?,
        yellow_on: row.date_or_null()?,
        red_on: row.date_or_null()?,
        paused: row.flag()?,
        incident: row.flag()?,
        last_sequence: row.count()?,
    })
}

/// In which order cases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaseOrder {
    /// The newest first.
    #[default]
    Received,
    /// The nearest due date first, those without one last.
    Due,
}

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Stage words; empty = all.
    pub stages: Vec<String>,
    /// Matter code.
    pub matter: Option<String>,
    /// Handling organisation.
    pub organisation: Option<String>,
    /// Region prefix.
    pub region: Option<String>,
    /// Owning account.
    pub account: Option<String>,
    /// Credit codes of applying organisations; empty = all.
    pub applicants: Vec<String>,
    /// Colour of the light on a day.
    pub light: Option<(Light, Date)>,
    /// Only those whose process cannot go on.
    pub incident: bool,
    /// Received from this instant on, µs UTC.
    pub received_from: Option<i64>,
    /// Received before this instant.
    pub received_before: Option<i64>,
    /// Words in number, title and applicant.
    pub text: Option<String>,
    /// Order.
    pub order: CaseOrder,
}

/// Whose tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Claimed {
    /// Everybody's.
    #[default]
    Any,
    /// Nobody's yet.
    Unclaimed,
    /// This account's.
    By(String),
    /// This account's and nobody's.
    ByOrUnclaimed(String),
}

/// Which tasks of the inbox.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Kinds of post that may take it: those of the acting post; empty = all.
    pub post_kinds: Vec<String>,
    /// Organisation whose posts may take it.
    pub organisation: Option<String>,
    /// Matter code.
    pub matter: Option<String>,
    /// Region prefix.
    pub region: Option<String>,
    /// BPMN element.
    pub element: Option<String>,
    /// Task kind word.
    pub kind: Option<String>,
    /// Colour of the light on a day.
    pub light: Option<(Light, Date)>,
    /// Whose.
    pub claimed: Claimed,
    /// One case.
    pub case: Option<String>,
    /// Words of the case.
    pub text: Option<String>,
}

/// A task in the inbox (待办), with the line of its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskItem {
    /// Case id.
    pub case: String,
    /// Instance within the case.
    pub task: u64,
    /// BPMN element.
    pub element: String,
    /// Task kind word.
    pub kind: String,
    /// Matter code.
    pub matter: String,
    /// Organisation whose posts may take it.
    pub organisation: String,
    /// Region code.
    pub region: String,
    /// Kind of post that may take it.
    pub post_kind: String,
    /// Account that claimed it, else empty.
    pub claimed_by: String,
    /// µs UTC.
    pub opened_at: i64,
    /// What the case's light counts down to.
    pub due_on: Option<Date>,
    /// First yellow day.
    pub yellow_on: Option<Date>,
    /// First red day.
    pub red_on: Option<Date>,
    /// The clock stands still.
    pub paused: bool,
    /// Case number.
    pub number: String,
    /// The case's public line.
    pub title: String,
    /// Public name of an applying organisation, else empty.
    pub applicant_name: String,
    /// Stage word of the case.
    pub stage: String,
}

impl TaskItem {
    /// What the list is ordered by.
    fn key(&self) -> (String, &str, u64) {
        (self.due_on.map_or_else(|| NO_DATE.to_owned(), |on| on.to_string()), &self.case, self.task)
    }

    /// Where the list goes on after it.
    fn place(&self) -> Cursor {
        let (due, case, task) = self.key();
        Cursor::of(&values![due, case, task])
    }
}

/// One page of two lists in the same order.
fn merged(own: Listed<TaskItem>, free: Listed<TaskItem>, wanted: usize, descending: bool) -> Listed<TaskItem> {
    let goes_on = own.next.is_some() || free.next.is_some();
    let mut rows = own.rows;
    rows.extend(free.rows);
    rows.sort_by(|a, b| if descending { b.key().cmp(&a.key()) } else { a.key().cmp(&b.key()) });
    let goes_on = goes_on || rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| goes_on).map(TaskItem::place);
    Listed { rows, next }
}

/// What stands beside a case in the inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Id of the case before it: due sooner.
    pub previous: Option<String>,
    /// Id of the case after it.
    pub next: Option<String>,
}

/// Tasks of one case that may stand side by side in one inbox: a case countersigned by many is passed over at once.
const TASKS_OF_ONE_CASE: u32 = 20;

/// How many show which colour on a day (红黄绿灯).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lights {
    /// The clock stands still.
    pub hold: u64,
    /// Time enough.
    pub green: u64,
    /// Soon due.
    pub yellow: u64,
    /// Due or overdue.
    pub red: u64,
}

/// A timer that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueTimer {
    /// Whose.
    pub stream: StreamId,
    /// Which.
    pub name: String,
    /// µs UTC.
    pub due_at: i64,
    /// How often it was put off.
    pub refusals: u32,
}

/// A reminder sent in the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderItem {
    /// Case id.
    pub case: String,
    /// Rule word.
    pub rule: String,
    /// Stage of the rule.
    pub stage: String,
    /// Account.
    pub recipient: String,
    /// Ordinal.
    pub n: u64,
    /// µs UTC.
    pub sent_at: i64,
}

/// Which counters to add up.
#[derive(Clone, Debug, Default)]
pub struct TallyQuery {
    /// What was counted.
    pub metric: String,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
    /// Matter code.
    pub matter: Option<String>,
    /// Region prefix.
    pub region: Option<String>,
    /// Organisation.
    pub organisation: Option<String>,
}

impl Reader<'_> {
    /// Cases.
    pub fn cases(&mut self, scope: &Scope, filter: &CaseFilter, page: &Page) -> Result<Listed<CaseItem>, Fault> {
        let select = self.select_cases(scope, filter);
        let order = match filter.order {
            CaseOrder::Received => Order::by(&[("c.received_at", KeyKind::Int), ("c.id", KeyKind::Text)], true),
            CaseOrder::Due => {
                let due = format!("coalesce(c.due_on, '{NO_DATE}')");
                Order::by(&[(&due, KeyKind::Text), ("c.id", KeyKind::Text)], false)
            }
        };
        select.page(self.connection, CASE_COLUMNS, "cases c", &order, page, case_item)
    }

    /// How many cases a list has, up to a limit: for a page that says "more than".
    pub fn count_cases(&mut self, scope: &Scope, filter: &CaseFilter, limit: u32) -> Result<u64, Fault> {
        let mut select = self.select_cases(scope, filter);
        let limit = select.bind(limit);
        let rows = select.all(self.connection, "select 1 from cases c", &format!("limit {limit}"))?;
        Ok(rows.len() as u64)
    }

    fn select_cases(&self, scope: &Scope, filter: &CaseFilter) -> Select {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, CASES);
        select.one_of("c.stage", &filter.stages);
        select.equals("c.matter", filter.matter.as_deref());
        select.equals("c.organisation", filter.organisation.as_deref());
        select.equals("c.account", filter.account.as_deref());
        select.one_of("c.applicant_code", &filter.applicants);
        if let Some(prefix) = &filter.region {
            let begins = select.begins_with("c.region", prefix);
            select.and(begins);
        }
        if let Some((light, today)) = filter.light {
            select.light("c", light, today);
        }
        if filter.incident {
            select.and("c.incident = 1".to_owned());
        }
        if let Some(from) = filter.received_from {
            let bound = select.bind(from);
            select.and(format!("c.received_at >= {bound}"));
        }
        if let Some(before) = filter.received_before {
            let bound = select.bind(before);
            select.and(format!("c.received_at < {bound}"));
        }
        if let Some(text) = &filter.text {
            select.stream_matches("c.stream", text);
        }
        select
    }

    /// The four colours of a list of cases on a day, in one query. The filter's own light is not looked at.
    pub fn case_lights(&mut self, scope: &Scope, filter: &CaseFilter, today: Date) -> Result<Lights, Fault> {
        let select = self.select_cases(scope, &CaseFilter { light: None, ..filter.clone() });
        self.lights(select, "cases c", "c", today)
    }

    /// The same for tasks.
    pub fn task_lights(&mut self, scope: &Scope, filter: &TaskFilter, today: Date) -> Result<Lights, Fault> {
        let select = self.select_tasks(scope, &TaskFilter { light: None, ..filter.clone() });
        self.lights(select, "tasks t", "t", today)
    }

    fn lights(&mut self, mut select: Select, from: &str, table: &str, today: Date) -> Result<Lights, Fault> {
        let counts: Vec<String> = [Light::Hold, Light::Green, Light::Yellow, Light::Red]
            .into_iter()
            .map(|light| {
                let shows = select.shows(table, light, today);
                format!("count(case when {shows} then 1 end)")
            })
            .collect();
        let rows = select.all(self.connection, &format!("select {} from {from}", counts.join(", ")), "")?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(Lights::default()) };
        Ok(Lights { hold: row.count()?, green: row.count()?, yellow: row.count()?, red: row.count()? })
    }

    /// A case of the list by its number.
    pub fn case_by_number(&mut self, scope: &Scope, number: &str) -> Result<Option<CaseItem>, Fault> {
        self.one_case(scope, "c.number", number)
    }

    /// A case of the list by its id.
    pub fn case_by_id(&mut self, scope: &Scope, id: &str) -> Result<Option<CaseItem>, Fault> {
        self.one_case(scope, "c.stream", StreamId::case(id).as_str())
    }

    fn one_case(&mut self, scope: &Scope, column: &str, value: &str) -> Result<Option<CaseItem>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, CASES);
        select.equals(column, Some(value));
        let rows = select.all(self.connection, &format!("select {CASE_COLUMNS} from cases c"), "limit 1")?;
        rows.into_iter().next().map(|mut row| case_item(&mut row)).transpose()
    }

    fn select_tasks(&self, scope: &Scope, filter: &TaskFilter) -> Select {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, TASKS);
        select.one_of("t.post_kind", &filter.post_kinds);
        // The tasks of one case are found by the case: an index of the inbox would be read from end to end.
        let organisation = if filter.case.is_some() { "(t.organisation || '')" } else { "t.organisation" };
        select.equals(organisation, filter.organisation.as_deref());
        select.equals("t.matter", filter.matter.as_deref());
        select.equals("t.element", filter.element.as_deref());
        select.equals("t.kind", filter.kind.as_deref());
        select.equals("t.case_id", filter.case.as_deref());
        if let Some(prefix) = &filter.region {
            let begins = select.begins_with("t.region", prefix);
            select.and(begins);
        }
        if let Some((light, today)) = filter.light {
            select.light("t", light, today);
        }
        match &filter.claimed {
            Claimed::Any => {}
            Claimed::Unclaimed => select.equals("t.claimed_by", Some("")),
            Claimed::By(account) => select.equals("t.claimed_by", Some(account)),
            Claimed::ByOrUnclaimed(account) => select.one_of("t.claimed_by", &[account.clone(), String::new()]),
        }
        if let Some(text) = &filter.text {
            select.stream_matches("t.stream", text);
        }
        select
    }

    /// Open tasks, the soonest due first.
    pub fn tasks(&mut self, scope: &Scope, filter: &TaskFilter, page: &Page) -> Result<Listed<TaskItem>, Fault> {
        self.tasks_in_order(scope, filter, page, false)
    }

    /// The cases before and after one in the order of the inbox; nothing when it is not in it.
    pub fn tasks_beside(&mut self, scope: &Scope, filter: &TaskFilter, case: &str) -> Result<Beside, Fault> {
        let of_case = TaskFilter { case: Some(case.to_owned()), ..filter.clone() };
        let found = self.tasks(scope, &of_case, &Page { after: None, rows: 1 })?;
        let Some(here) = found.rows.into_iter().next() else { return Ok(Beside::default()) };
        let page = Page { after: Some(here.place()), rows: TASKS_OF_ONE_CASE };
        let before = self.tasks_in_order(scope, filter, &page, true)?;
        let after = self.tasks_in_order(scope, filter, &page, false)?;
        let other = |listed: Listed<TaskItem>| listed.rows.into_iter().map(|task| task.case).find(|id| id != case);
        Ok(Beside { previous: other(before), next: other(after) })
    }

    fn tasks_in_order(
        &mut self,
        scope: &Scope,
        filter: &TaskFilter,
        page: &Page,
        descending: bool,
    ) -> Result<Listed<TaskItem>, Fault> {
        // Each half is a range of the index in the order of the list; both in one statement would be read and sorted whole.
        if let Claimed::ByOrUnclaimed(account) = &filter.claimed {
            let own = TaskFilter { claimed: Claimed::By(account.clone()), ..filter.clone() };
            let free = TaskFilter { claimed: Claimed::Unclaimed, ..filter.clone() };
            let own = self.tasks_in_order(scope, &own, page, descending)?;
            let free = self.tasks_in_order(scope, &free, page, descending)?;
            return Ok(merged(own, free, page.wanted() as usize, descending));
        }
        let select = self.select_tasks(scope, filter);
        let columns =
            "t.case_id, t.task, t.element, t.kind, t.matter, t.organisation, t.region, t.post_kind, t.claimed_by,
            t.opened_at, t.due_on, t.yellow_on, t.red_on, t.paused, c.number, c.title, c.applicant_name, c.stage";
        let keys = [("t.due_order", KeyKind::Text), ("t.case_id", KeyKind::Text), ("t.task", KeyKind::Int)];
        let from = "tasks t join cases c on c.stream = t.stream";
        select.page(self.connection, columns, from, &Order::by(&keys, descending), page, |row| {
            Ok(TaskItem {
                case: row.text()?,
                task: row.count()?,
                element: row.text()?,
                kind: row.text()?,
                matter: row.text()?,
                organisation: row.text()?,
                region: row.text()?,
                post_kind: row.text()?,
                claimed_by: row.text()?,
                opened_at: row.int()?,
                due_on: row.date_or_null()?,
                yellow_on: row.date_or_null()?,
                red_on: row.date_or_null()?,
                paused: row.flag()?,
                number: row.text()?,
                title: row.text()?,
                applicant_name: row.text()?,
                stage: row.text()?,
            })
        })
    }

    /// Timers that are due at an instant and not put off beyond it, the longest due first, from after one on.
    pub fn timers_due(&mut self, now: i64, after: Option<&DueTimer>, limit: u32) -> Result<Vec<DueTimer>, Fault> {
        let sql = "select t.stream, t.name, t.due_at, coalesce(p.refusals, 0)
                   from timers t left join timers_put_off p on p.stream = t.stream and p.name = t.name and p.due_at = t.due_at
                   where t.due_at <= $1 and coalesce(p.not_before, 0) <= $1 and (t.due_at, t.stream, t.name) > ($2, $3, $4)
                   order by t.due_at, t.stream, t.name limit $5";
        let (due_at, stream, name) =
            after.map_or((i64::MIN, "", ""), |timer| (timer.due_at, timer.stream.as_str(), timer.name.as_str()));
        let rows = self.connection.query(sql, &values![now, due_at, stream, name, limit])?;
        rows.into_iter()
            .map(|mut row| {
                let (stream, name, due_at) = (cache::stream_of(&mut row)?, row.text()?, row.int()?);
                Ok(DueTimer { stream, name, due_at, refusals: u32::try_from(row.count()?).unwrap_or(u32::MAX) })
            })
            .collect()
    }

    /// When the next timer is due.
    pub fn next_timer(&mut self) -> Result<Option<i64>, Fault> {
        let row = first(self.connection, "select due_at from timers order by due_at limit 1", &[])?;
        row.map(|mut row| row.int()).transpose()
    }

    /// Reminders that an account was sent, the newest first.
    pub fn reminders(&mut self, recipient: &str, limit: u32) -> Result<Vec<ReminderItem>, Fault> {
        let sql = "select case_id, rule, stage, recipient, n, sent_at from reminders where recipient = $1
                   order by sent_at desc, case_id, rule, stage, n limit $2";
        let rows = self.connection.query(sql, &values![recipient, limit])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(ReminderItem {
                    case: row.text()?,
                    rule: row.text()?,
                    stage: row.text()?,
                    recipient: row.text()?,
                    n: row.count()?,
                    sent_at: row.int()?,
                })
            })
            .collect()
    }

    /// A sum of counters: what a dashboard shows. Kept by the writer, never counted over the big tables.
    pub fn tally(&mut self, scope: &Scope, query: &TallyQuery) -> Result<i64, Fault> {
        let mut select = Select::new(self.connection.dialect());
        let columns = Scoped { region: "region", organisation: Some("organisation"), target: "matter", account: None };
        select.within(scope, columns);
        select.equals("metric", Some(&query.metric));
        select.equals("matter", query.matter.as_deref());
        select.equals("organisation", query.organisation.as_deref());
        if let Some(prefix) = &query.region {
            let begins = select.begins_with("region", prefix);
            select.and(begins);
        }
        if let Some(from) = query.from {
            let bound = select.bind(from);
            select.and(format!("day >= {bound}"));
        }
        if let Some(until) = query.until {
            let bound = select.bind(until);
            select.and(format!("day <= {bound}"));
        }
        let rows = select.all(self.connection, "select cast(coalesce(sum(n), 0) as bigint) from tallies", "")?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.int())
    }
}

//! What waits in the outbox, and the messages that were given up.

use kernel::policy::Scope;

use super::Reader;
use crate::fault::Fault;
use crate::sql::{Row, first};
use crate::statement::{KeyKind, Listed, Order, Page, Scoped, Select};

/// What waits of one queue for one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueItem {
    /// `render`, `email` or `sms`.
    pub queue: String,
    /// Organisation code.
    pub organisation: String,
    /// Its name; the code when the directory does not know it.
    pub organisation_name: String,
    /// How many wait.
    pub waiting: u64,
    /// Since when the oldest waits, µs UTC.
    pub oldest_at: i64,
    /// Most tries that one of them had.
    pub attempts: u64,
}

/// The outbox in three numbers, for those who watch a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxAge {
    /// How many wait.
    pub waiting: u64,
    /// Since when the oldest waits, µs UTC; none when nothing waits.
    pub oldest_at: Option<i64>,
    /// Messages that were given up.
    pub dead: u64,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterItem {
    /// The key under which it was sent.
    pub key: String,
    /// Case id.
    pub case: String,
    /// Case number.
    pub case_number: String,
    /// Word of the medium.
    pub medium: String,
    /// Word of what it told of.
    pub occasion: String,
    /// Organisation that handled the case.
    pub organisation: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Why it was given up.
    pub reason: String,
    /// µs UTC.
    pub failed_at: i64,
}

fn scoped(region: &'static str, organisation: &'static str) -> Scoped {
    Scoped { region, organisation: Some(organisation), target: "''", account: None }
}

impl Reader<'_> {
    /// What waits, by queue and organisation, within a scope of regions; the longest waiting first.
    pub fn queues(&mut self, scope: &Scope) -> Result<Vec<QueueItem>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, scoped("g.region", "o.organisation"));
        let sql = "select o.queue, o.organisation, coalesce(min(g.name), o.organisation), count(*), min(o.queued_at), max(o.attempts)
                   from outbox o left join organisations g on g.code = o.organisation";
        let rows = select.all(self.connection, sql, "group by o.queue, o.organisation order by 5, 1, 2")?;
        rows.into_iter()
            .map(|mut row| {
                Ok(QueueItem {
                    queue: row.text()?,
                    organisation: row.text()?,
                    organisation_name: row.text()?,
                    waiting: row.count()?,
                    oldest_at: row.int()?,
                    attempts: row.count()?,
                })
            })
            .collect()
    }

    /// The outbox in three numbers.
    pub fn outbox_age(&mut self) -> Result<OutboxAge, Fault> {
        let mut waiting = first(self.connection, "select count(*), coalesce(min(queued_at), 0) from outbox", &[])?
            .ok_or_else(|| Fault::damaged("the outbox was not counted"))?;
        let mut dead = first(self.connection, "select count(*) from dead_letters", &[])?
            .ok_or_else(|| Fault::damaged("dead letters were not counted"))?;
        let (waiting, oldest_at) = (waiting.count()?, waiting.int()?);
        Ok(OutboxAge { waiting, oldest_at: (waiting > 0).then_some(oldest_at), dead: dead.count()? })
    }

    /// Messages that were given up within a scope of regions, the newest first.
    pub fn dead_letters(&mut self, scope: &Scope, page: &Page) -> Result<Listed<DeadLetterItem>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, scoped("d.region", "d.organisation"));
        let columns = "d.letter_key, d.case_id, coalesce(c.number, ''), d.medium, d.occasion, d.organisation, d.attempts, d.reason, d.failed_at";
        let from = "dead_letters d left join cases c on c.id = d.case_id";
        let order = Order::by(&[("d.failed_at", KeyKind::Int), ("d.letter_key", KeyKind::Text)], true);
        select.page(self.connection, columns, from, &order, page, dead_letter)
    }
}

fn dead_letter(row: &mut Row) -> Result<DeadLetterItem, Fault> {
    Ok(DeadLetterItem {
        key: row.text()?,
        case: row.text()?,
        case_number: row.text()?,
        medium: row.text()?,
        occasion: row.text()?,
        organisation: row.text()?,
        attempts: row.count()?,
        reason: row.text()?,
        failed_at: row.int()?,
    })
}

//! Sending what is owed (architecture.md §8): the kernel says what, from case, calendar and day; here it is recorded, once.

use std::collections::BTreeSet;

use base::deadline::Light;
use base::id::AccountId;
use jiff::civil::Date;
use kernel::case::{Case, view_clock};
use kernel::catalog::RemindedPosts;
use kernel::policy::Scope;
use kernel::reminder::{self, Recipients, Reminder, ReminderSent, RemindersSent};
use kernel::{Command, State, StreamId};
use store::{CaseFilter, CaseOrder, Cursor, Fault, Page, Reader, Submission, SubmitError};

use crate::app::App;
use crate::identity::system;

/// The job, as its entries name it.
const JOB: &str = "reminders";
/// Cases looked at together.
const CASES: u32 = 200;

/// A case with those to whom its reminders go, and what was sent already.
struct Looked {
    case: Case,
    recipients: Recipients,
    sent: RemindersSent,
}

impl App {
    /// Records every reminder that is owed today and was not sent. Answers how many were sent.
    pub async fn send_reminders(&self) -> crate::Result<usize> {
        let mut sent = 0;
        for light in [Light::Yellow, Light::Red] {
            let mut after = None;
            loop {
                let (looked, next) = self.look_at(light, after).await?;
                for look in looked {
                    sent += self.remind(look).await?;
                }
                match next {
                    Some(cursor) => after = Some(cursor),
                    None => break,
                }
            }
        }
        Ok(sent)
    }

    /// A page of the cases whose light shows that colour, the soonest due first.
    async fn look_at(&self, light: Light, after: Option<Cursor>) -> crate::Result<(Vec<Looked>, Option<Cursor>)> {
        let (today, posts) = (self.today(), self.catalog().limits.reminded_posts.clone());
        let filter = CaseFilter { light: Some((light, today)), order: CaseOrder::Due, ..CaseFilter::default() };
        let read = self.store().read(move |reader| {
            let listed = reader.cases(&Scope::everything(), &filter, &Page { after, rows: CASES })?;
            let ids: Vec<String> = listed.rows.iter().map(|item| item.id.clone()).collect();
            let looked = ids.iter().map(|id| look(reader, id, &posts, today)).filter_map(Result::transpose);
            Ok((looked.collect::<Result<Vec<_>, Fault>>()?, listed.next))
        });
        Ok(read.await?)
    }

    async fn remind(&self, look: Looked) -> crate::Result<usize> {
        let catalog = self.catalog();
        let today = self.today();
        let owed = reminder::owed(&look.case, &catalog.calendar, &catalog.limits, today, &look.recipients);
        let at = self.now().as_microsecond();
        let owing = owed.into_iter().filter(|reminder| !look.sent.has(reminder));
        let sent: Vec<ReminderSent> = owing
            .filter_map(|reminder| {
                let owed_on = owed_on(&look.case, &reminder, &catalog.calendar, today)?;
                Some(ReminderSent { reminder, owed_on, sent_at: at })
            })
            .collect();
        if sent.is_empty() {
            return Ok(0);
        }
        let count = sent.len();
        let mut facts = self.facts();
        facts.reachable = self.reachable(sent.iter().map(|sent| sent.reminder.recipient)).await?;
        let command = Command::Remind { case: look.case.id, sent };
        let submission = Submission { command, actor: system(JOB), facts, key: None, entered_at: None };
        match self.store().submit(submission).await {
            Ok(_) => Ok(count),
            // Another process sends them at this moment, or the next turn does.
            Err(SubmitError::Stale | SubmitError::Busy) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

/// The day on which a reminder became owed.
fn owed_on(case: &Case, reminder: &Reminder, calendar: &base::calendar::Calendar, today: Date) -> Option<Date> {
    let due = view_clock(&case.clocks, case.stage, calendar, today)?.due;
    Some(if reminder.stage == "red" { due.red_on } else { due.yellow_on })
}

fn look(reader: &mut Reader<'_>, id: &str, posts: &RemindedPosts, today: Date) -> Result<Option<Looked>, Fault> {
    let Some((_, State::Case(case))) = reader.state(&StreamId::case(id))? else { return Ok(None) };
    let recipients = recipients(reader, &case, posts, today)?;
    let sent = match reader.state(&StreamId::reminders(id))? {
        Some((_, State::Reminders(sent))) => sent,
        _ => RemindersSent::default(),
    };
    Ok(Some(Looked { case: *case, recipients, sent }))
}

/// To whom a case's reminders go on a day: whoever holds its open tasks, for a task that nobody holds all who may take it, and those above,
/// in another department too while its opinion is out.
pub fn recipients(reader: &mut Reader<'_>, case: &Case, posts: &RemindedPosts, day: Date) -> Result<Recipients, Fault> {
    let mut holders = |organisation: &str, kind: &str| -> Result<BTreeSet<AccountId>, Fault> {
        let posts = reader.posts_of_kind(organisation, kind, day)?;
        Ok(posts.iter().filter_map(|post| post.account.parse().ok()).collect())
    };
    let own = &case.organisation;
    let (mut heads, deputies) = (holders(own, &posts.head)?, holders(own, &posts.deputy)?);
    let mut handlers = BTreeSet::new();
    for task in case.tasks.values() {
        match &task.claimed_by {
            Some(officer) => {
                handlers.insert(officer.account);
            }
            None => handlers.extend(holders(task.organisation_in(case), &task.post_kind)?),
        }
        if let Some(department) = &task.organisation {
            heads.extend(holders(department, &posts.joint)?);
        }
    }
    Ok(Recipients { handlers, heads, deputies })
}

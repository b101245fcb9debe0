//! Reminders: derived, never scheduled. [`owed`] says what is owed at an instant; what was sent is recorded once, by identity.
//!
//! "Reminder 100 % right" is the set equality owed == sent, over any range (architecture.md §8).

use std::collections::BTreeSet;

use base::calendar::Calendar;
use base::deadline::Light;
use base::id::{AccountId, CaseId};
use jiff::civil::Date;
use journal::Actor;
use serde::{Deserialize, Serialize};

use crate::case::{Case, view_clock};
use crate::catalog::{CommonLimits, ReminderTo};
use crate::change::{Decision, Outgoing, StreamDecision};
use crate::command::Loaded;
use crate::event::Event;
use crate::facts::Facts;
use crate::message;
use crate::projection::{ReminderRow, Rows};
use crate::refusal::Refusal;
use crate::state::State;
use crate::stream::StreamId;

/// Identity of a reminder (security.md §7): unique in the database, so that none is sent twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reminder {
    /// Rule word: `acceptance` or `decision`.
    pub rule: String,
    /// Stage of the rule: `yellow` or `red`.
    pub stage: String,
    /// To whom: an account that holds or may take the task, or the case's owner.
    pub recipient: AccountId,
    /// Ordinal: counts the deadlines of this rule that the case has had (a new supplement round starts a new one).
    pub n: u32,
}

/// `reminder-sent@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderSent {
    /// Which.
    pub reminder: Reminder,
    /// The day it became owed.
    pub owed_on: Date,
    /// When it went out, microseconds UTC.
    pub sent_at: i64,
}

/// State of the stream `reminders/<case>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemindersSent {
    /// Everything sent.
    pub sent: Vec<ReminderSent>,
}

impl RemindersSent {
    pub(crate) fn apply(&mut self, event: &ReminderSent) {
        self.sent.push(event.clone());
    }

    /// Already sent?
    pub fn has(&self, reminder: &Reminder) -> bool {
        self.sent.iter().any(|sent| sent.reminder == *reminder)
    }

    pub(crate) fn rows(&self, case: &str) -> Rows {
        let reminders = self
            .sent
            .iter()
            .map(|sent| ReminderRow {
                case: case.to_owned(),
                rule: sent.reminder.rule.clone(),
                stage: sent.reminder.stage.clone(),
                recipient: sent.reminder.recipient.to_string(),
                n: sent.reminder.n,
                sent_at: sent.sent_at,
            })
            .collect();
        Rows { reminders, ..Rows::default() }
    }
}

/// Those who are reminded of a case, by the words of the catalog's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Who holds the case's open tasks, or may take them.
    pub handlers: BTreeSet<AccountId>,
    /// The heads of division in the organisation that handles it, and the heads of other departments whose opinion is out.
    pub heads: BTreeSet<AccountId>,
    /// Its deputy directors.
    pub deputies: BTreeSet<AccountId>,
}

impl Recipients {
    fn of(&self, to: ReminderTo) -> &BTreeSet<AccountId> {
        match to {
            ReminderTo::Handler => &self.handlers,
            ReminderTo::Head => &self.heads,
            ReminderTo::Deputy => &self.deputies,
        }
    }
}

/// What is owed for a case on a day: one reminder per stage reached of the clock that runs, to each recipient of that stage: whoever handles
/// the case, the head when it is nearly due, the deputy too when it is overdue (`limits.toml`). A paused clock owes nothing new.
pub fn owed(
    case: &Case,
    calendar: &Calendar,
    limits: &CommonLimits,
    today: Date,
    recipients: &Recipients,
) -> BTreeSet<Reminder> {
    let Some(view) = view_clock(&case.clocks, case.stage, calendar, today) else { return BTreeSet::new() };
    let stages: &[&str] = match view.light {
        Light::Green | Light::Hold => &[],
        Light::Yellow => &["yellow"],
        // A case that turns red while the node was off still owes its yellow one: it was owed on the days between.
        Light::Red => &["yellow", "red"],
    };
    stages
        .iter()
        .flat_map(|stage| {
            let reminded = limits.reminded(*stage == "red").flat_map(|to| recipients.of(to));
            reminded.map(|recipient| Reminder {
                rule: view.rule.as_str().to_owned(),
                stage: (*stage).to_owned(),
                recipient: *recipient,
                n: view.round,
            })
        })
        .collect()
}

/// Records reminders that went out; one that was recorded before is not recorded again. Who is also told outside gets a message each.
pub fn decide(
    id: CaseId,
    sent: &[ReminderSent],
    actor: &Actor,
    loaded: &Loaded,
    facts: &Facts,
) -> Result<Decision, Refusal> {
    if !matches!(actor, Actor::System { .. }) {
        return Err(Refusal::Forbidden { action: "remind".to_owned() });
    }
    let case = loaded.get(&StreamId::case(id)).and_then(|(_, state)| state.as_case()).ok_or(Refusal::NotFound)?;
    let stream = StreamId::reminders(id);
    let before = loaded.get(&stream);
    let mut state = match before {
        Some((_, State::Reminders(sent))) => sent.clone(),
        _ => RemindersSent::default(),
    };
    let (mut events, mut outbox) = (Vec::new(), Vec::new());
    for reminder in sent {
        if state.has(&reminder.reminder) {
            continue;
        }
        state.apply(reminder);
        let Reminder { recipient, stage, .. } = &reminder.reminder;
        let messages = message::of_reminder(id, *recipient, stage, facts).into_iter();
        outbox.extend(messages.map(|job| Outgoing {
            stream: stream.clone(),
            organisation: case.organisation.clone(),
            job,
        }));
        events.push(Event::from(reminder.clone()));
    }
    let reply = serde_json::json!({ "sent": events.len() });
    if events.is_empty() {
        return Ok(Decision { reply, ..Decision::default() });
    }
    let part = StreamDecision {
        stream,
        expected_version: before.map_or(0, |(version, _)| *version),
        events,
        before: before.map(|(_, state)| state.clone()),
        state: State::Reminders(state),
    };
    Ok(Decision { streams: vec![part], outbox, reply, ..Decision::default() })
}

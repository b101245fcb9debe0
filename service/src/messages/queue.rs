//! What waits and what was given up, for the administrator of the node.

use base::id::CaseId;
use kernel::Command;
use kernel::message::MessageCommand;
use kernel::policy::Scope;
use serde::Serialize;
use store::{Cursor, DeadLetterItem, IdempotencyKey, Page, QueueItem, Submission};
use utoipa::ToSchema;
use web::words::Words;

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

/// The outbox and the messages given up, within the region of a post.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outbox {
    /// Media that this node can send by.
    pub media: Vec<&'static str>,
    /// What waits, by queue and organisation, the longest waiting first.
    pub queues: Vec<QueueShown>,
    /// Messages that were given up, the newest first.
    pub dead: Vec<DeadLetter>,
    /// Where the list of those goes on.
    pub next: Option<String>,
}

/// What waits of one queue for one organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueShown {
    /// `render`, `email` or `sms`.
    pub queue: String,
    /// Organisation code.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// How many wait.
    pub waiting: u64,
    /// How long the oldest has waited, seconds.
    pub oldest_seconds: i64,
    /// Most tries that one of them had.
    pub attempts: u64,
}

/// A message that was given up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeadLetter {
    /// The key under which it was sent.
    pub key: String,
    /// Case id.
    pub case: String,
    /// Case number.
    pub case_number: String,
    /// `email` or `sms`.
    pub medium: String,
    /// What it told of.
    pub occasion: String,
    /// Organisation that handled the case.
    pub organisation: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Why it was given up: a word or a reply code.
    pub reason: String,
    /// The same in words.
    pub reason_words: String,
    /// When, µs UTC.
    pub failed_at: i64,
}

/// A reason in the reader's language.
pub fn reason_words(reason: &str, words: Words) -> String {
    match reason.strip_prefix("refused-") {
        Some(code) => words.t1("message-reason-refused", "code", code),
        None => words.t(&format!("message-reason-{reason}")),
    }
}

impl App {
    /// What waits and what was given up, as far as an administrator's post reaches.
    pub async fn outbox(&self, identity: &Identity, after: Option<&str>, words: Words) -> Result<Outbox> {
        let post = identity.post().ok_or_else(Error::not_found)?;
        let scope = Scope { regions: vec![post.region.prefix().to_owned()], ..Scope::default() };
        let page = Page { after: after.and_then(Cursor::parse), rows: 0 };
        let read = self.store().read(move |reader| Ok((reader.queues(&scope)?, reader.dead_letters(&scope, &page)?)));
        let (queues, dead) = read.await?;
        let now = self.now().as_microsecond();
        let queue = |item: QueueItem| QueueShown {
            queue: item.queue,
            organisation: item.organisation,
            organisation_name: item.organisation_name,
            waiting: item.waiting,
            oldest_seconds: (now - item.oldest_at).max(0) / 1_000_000,
            attempts: item.attempts,
        };
        let letter = |item: DeadLetterItem| DeadLetter {
            reason_words: reason_words(&item.reason, words),
            key: item.key,
            case: item.case,
            case_number: item.case_number,
            medium: item.medium,
            occasion: item.occasion,
            organisation: item.organisation,
            attempts: item.attempts,
            reason: item.reason,
            failed_at: item.failed_at,
        };
        Ok(Outbox {
            media: self.settings().media.iter().map(|medium| medium.as_str()).collect(),
            queues: queues.into_iter().map(queue).collect(),
            next: dead.next.map(|cursor| cursor.as_str().to_owned()),
            dead: dead.rows.into_iter().map(letter).collect(),
        })
    }

    /// Has a message tried again that was given up. Answers the sequence of the entry that says so.
    pub async fn requeue(&self, identity: &Identity, case: CaseId, letter: &str, key: &str) -> Result<u64> {
        let wish = format!("requeue {case} {letter}");
        let key = IdempotencyKey {
            account: identity.account().to_string(),
            key: key.to_owned(),
            body_hash: journal::commit(&[0; 16], wish.as_bytes()).0,
        };
        let command = Command::Message { case, command: MessageCommand::Requeue { key: letter.to_owned() } };
        let actor = identity.actor();
        let submission = Submission { command, actor, facts: self.facts(), key: Some(key), entered_at: None };
        Ok(self.store().submit(submission).await?.first_sequence)
    }
}

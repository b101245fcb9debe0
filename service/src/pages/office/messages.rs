//! The queue of messages and papers, and the messages that were given up, for the administrator of the node.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use web::form::Fields;
use web::page::Page;
use web::problem::Problem;
use web::view::Empty;

use super::address;
use crate::app::App;
use crate::messages::queue::{DeadLetter, QueueShown};
use crate::pages::sign_in::{ask_again, elevate};
use crate::session::{Answer, Stop, Visitor, carrying, redirect};

/// The page.
const MESSAGES: &str = "/office/messages";

#[derive(Template)]
#[template(path = "office/messages.html")]
struct MessagesPage {
    p: Page,
    nonce: String,
    /// None is configured.
    silent: bool,
    queues: Vec<QueueLine>,
    queues_empty: Empty,
    dead: Vec<DeadLine>,
    dead_empty: Empty,
    may_retry: bool,
    next: Option<String>,
}

struct QueueLine {
    queue: String,
    organisation: String,
    waiting: u64,
    age: String,
    attempts: u64,
}

struct DeadLine {
    number: String,
    what: String,
    by: String,
    attempts: u64,
    reason: String,
    at: String,
    action: String,
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

/// `GET /office/messages`.
pub(super) async fn messages_page(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("node") {
        return Err(Problem::forbidden().into());
    }
    let outbox = app.outbox(identity, after.after.as_deref(), visitor.words).await;
    let outbox = outbox.map_err(|error| visitor.stop(error))?;
    let p = visitor.page("menu-messages");
    let page = MessagesPage {
        nonce: visitor.nonce()?,
        silent: outbox.media.is_empty(),
        queues: outbox.queues.into_iter().map(|queue| queue_line(&p, queue)).collect(),
        queues_empty: Empty { text: p.t("queue-empty"), action: None },
        dead: outbox.dead.into_iter().map(|letter| dead_line(&p, letter)).collect(),
        dead_empty: Empty { text: p.t("dead-empty"), action: None },
        may_retry: visitor.may("node.manage", "node"),
        next: outbox.next.map(|next| address(MESSAGES, &[("after", &next)])),
        p,
    };
    visitor.html(&page)
}

fn by(p: &Page, queue: &str) -> String {
    p.t(&format!("message-by-{queue}"))
}

fn queue_line(p: &Page, queue: QueueShown) -> QueueLine {
    let (hours, minutes) = (queue.oldest_seconds / 3600, queue.oldest_seconds / 60 % 60);
    QueueLine {
        queue: by(p, &queue.queue),
        organisation: queue.organisation_name,
        waiting: queue.waiting,
        age: p.t2("queue-age", "hours", hours, "minutes", minutes),
        attempts: queue.attempts,
    }
}

fn dead_line(p: &Page, letter: DeadLetter) -> DeadLine {
    DeadLine {
        action: format!("{MESSAGES}/{}/{}/retry", letter.case, letter.key),
        number: letter.case_number,
        what: p.t(&format!("message-{}", letter.occasion)),
        by: by(p, &letter.medium),
        attempts: letter.attempts,
        reason: letter.reason_words,
        at: crate::cases::when(letter.failed_at, p.words),
    }
}

/// `POST /office/messages/{case}/{key}/retry`.
pub(super) async fn retry(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, letter)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, post) = visitor.officer()?;
    if !visitor.may("node.manage", "node") {
        return Err(Problem::forbidden().into());
    }
    let case = case.parse().map_err(|_| Stop::from(Problem::not_found()))?;
    let mut cookie = None;
    if visitor.must_elevate(post, "node.manage", "node") {
        let action = format!("{MESSAGES}/{case}/{letter}/retry");
        match fields.secret("password") {
            Err(_) => return ask_again(&visitor, &action, Vec::new(), None),
            Ok(password) => match elevate(&app, &visitor, &password).await? {
                Ok(renewed) => cookie = Some(renewed),
                Err(sentence) => return ask_again(&visitor, &action, Vec::new(), Some(sentence)),
            },
        }
    }
    let done = app.requeue(identity, case, &letter, nonce).await;
    let answer = match done {
        Ok(_) => Ok(redirect(&format!("{MESSAGES}?done=requeued"), None)),
        Err(error) => Err(visitor.stop(error)),
    };
    carrying(answer, cookie)
}

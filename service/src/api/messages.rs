//! How one is told outside the application, and the queue of what is to be told.

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{After, Api, Doc, Key, done, parse, reply};
use crate::app::App;
use crate::messages::contact::{EMAIL_CHARS_MAX, MOBILE_CHARS_MAX, Told, media_of};
use crate::messages::queue::Outbox;
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get("/api/v1/account/contact", contact, Doc::new("How one wishes to be told").gives::<ContactShown>())
        .put(
            "/api/v1/account/contact",
            set_contact,
            Doc::new("Say how one wishes to be told; it takes the place of what was said before").takes::<NewContact>(),
        )
        .get(
            "/api/v1/messages",
            outbox,
            Doc::new("What waits to be sent or printed, and the messages that were given up")
                .gives::<Outbox>()
                .query("after", "Where the list of messages given up goes on"),
        )
        .post(
            "/api/v1/messages/{case}/{key}/retry",
            retry,
            Doc::new("Try a message again that was given up").key().gives::<Requeued>(),
        )
}

/// How one is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact)]
struct ContactShown {
    /// E-mail address; empty = none.
    email: String,
    /// Mobile number; empty = none.
    mobile: String,
    /// Media wished: `email`, `sms`.
    wishes: Vec<&'static str>,
    /// Language of the messages.
    language: String,
    /// Media that this node can send by.
    media: Vec<&'static str>,
}

/// How one wishes to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewContact {
    /// E-mail address; empty = none.
    email: String,
    /// Mobile number of the mainland; empty = none.
    mobile: String,
    /// Media wished: `email`, `sms`. Each needs its address.
    wishes: Vec<String>,
    /// `zh-CN` or `en`.
    language: String,
}

impl Takes for NewContact {
    const TEXTS: &'static [(&'static str, Holds)] =
        &[("email", Holds::Line(EMAIL_CHARS_MAX)), ("mobile", Holds::Line(MOBILE_CHARS_MAX))];
}

/// A message that waits again.
#[derive(Serialize, ToSchema)]
struct Requeued {
    /// Sequence of the entry that says so.
    sequence: u64,
}

async fn contact(State(app): State<App>, visitor: Visitor) -> Answer {
    visitor.identity()?;
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let told = app.told(account, visitor.words.lang.tag()).await.map_err(|error| visitor.stop(error))?;
    reply(&ContactShown {
        email: told.email,
        mobile: told.mobile,
        wishes: told.wishes.iter().map(|medium| medium.as_str()).collect(),
        language: told.language,
        media: app.settings().media.iter().map(|medium| medium.as_str()).collect(),
    })
}

async fn set_contact(State(app): State<App>, visitor: Visitor, Body(given): Body<NewContact>) -> Answer {
    let identity = visitor.identity()?;
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let wishes = media_of(given.wishes.iter().map(String::as_str));
    let known: BTreeSet<&str> = wishes.iter().map(|medium| medium.as_str()).collect();
    if !given.wishes.iter().all(|wish| known.contains(wish.as_str())) {
        return Err(Problem::unprocessable().field("/wishes", visitor.words.t("input-choice")).into());
    }
    let told = Told { email: given.email, mobile: given.mobile, wishes, language: given.language };
    let told = told.checked(app.settings().demo).map_err(|wrong| {
        let mut problem = Problem::unprocessable();
        for (field, key) in wrong {
            problem = problem.field(format!("/{field}"), visitor.words.t(key));
        }
        problem
    })?;
    app.set_told(identity, account, told, None).await.map_err(|error| visitor.stop(error))?;
    Ok(done())
}

async fn outbox(State(app): State<App>, visitor: Visitor, Query(query): Query<After>) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("node") {
        return Err(Problem::forbidden().into());
    }
    let outbox = app.outbox(identity, query.after.as_deref(), visitor.words).await;
    reply(&outbox.map_err(|error| visitor.stop(error))?)
}

async fn retry(
    State(app): State<App>,
    visitor: Visitor,
    key: Key,
    Path((case, letter)): Path<(String, String)>,
) -> Answer {
    let (identity, post) = visitor.officer()?;
    if !visitor.may("node.manage", "node") {
        return Err(Problem::forbidden().into());
    }
    if visitor.must_elevate(post, "node.manage", "node") {
        return Err(Problem::forbidden().detail(visitor.words.t("again-why")).into());
    }
    let sequence = app.requeue(identity, parse(&case)?, &letter, &key.0).await;
    reply(&Requeued { sequence: sequence.map_err(|error| visitor.stop(error))? })
}

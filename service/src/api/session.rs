//! Who is asking: signing in and out, the post acted as, the password again before a decision.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{Api, Doc, done, reply};
use crate::app::App;
use crate::pages::password::{Changed, change_password};
use crate::pages::sign_in::{Authenticated, HeldPost, authenticate, elevate, first_post, held_posts};
use crate::session::{Answer, Stop, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .post(
            "/api/v1/session",
            sign_in,
            Doc::new("Sign in; the answer sets the session's cookie").open().takes::<SignIn>(),
        )
        .get("/api/v1/session", who, Doc::new("Who is signed in, and as which post").gives::<Who>())
        .delete("/api/v1/session", sign_out, Doc::new("Sign out"))
        .post("/api/v1/session/post", choose_post, Doc::new("Act as another of one's posts").takes::<ChoosePost>())
        .post(
            "/api/v1/session/elevation",
            elevation,
            Doc::new("Give the password again, for ten minutes").takes::<Password>(),
        )
        .put(
            "/api/v1/account/password",
            new_password,
            Doc::new("Change one's password; other sessions end, and the answer sets the cookie of this one")
                .takes::<NewPassword>(),
        )
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
}

impl Takes for SignIn {
    // A name in the log of failures is not longer than the page allows.
    const TEXTS: &'static [(&'static str, Holds)] = &[("login", Holds::Line(64)), ("password", Holds::Secret)];
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoosePost {
    /// Id of the post.
    post: String,
}

impl Takes for ChoosePost {}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
}

impl Takes for Password {
    const TEXTS: &'static [(&'static str, Holds)] = &[("password", Holds::Secret)];
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The present one.
    current: String,
    /// The one to come.
    new: String,
}

impl Takes for NewPassword {
    const OTHERS: Holds = Holds::Secret;
}

/// The account of the session.
#[derive(Serialize, ToSchema)]
struct Who {
    account: String,
    /// Display name; empty while no post is chosen.
    name: String,
    /// `officer` or `applicant`.
    kind: &'static str,
    /// The post acted as.
    post: Option<String>,
    /// Posts held today.
    posts: Vec<HeldPost>,
    /// Organisations that an applicant may file for.
    represents: Vec<String>,
    /// The password was given within the last ten minutes.
    elevated: bool,
    /// The password was made for the account, and is to be changed first.
    must_change_password: bool,
    /// Reminders that came since one last looked at them, at most 99.
    unread: u32,
}

async fn sign_in(State(app): State<App>, visitor: Visitor, Body(given): Body<SignIn>) -> Answer {
    match authenticate(&app, &visitor, &given.login, &given.password).await? {
        Authenticated::Yes { account, device, .. } => {
            let cookie = visitor.renew(account.id, first_post(&app, &visitor, &account), false).await?;
            Ok(with_cookie(with_cookie(done(), cookie), device))
        }
        Authenticated::No => Err(Problem::sign_in().detail(visitor.words.t("sign-in-wrong")).into()),
        Authenticated::Wait(left) => Err(wait(left)),
    }
}

async fn who(State(app): State<App>, visitor: Visitor) -> Answer {
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let who = Who {
        account: account.id.to_string(),
        name: visitor.who().map(|who| who.name().to_owned()).unwrap_or_default(),
        kind: match account.kind {
            kernel::directory::AccountKind::Officer => "officer",
            kernel::directory::AccountKind::Applicant => "applicant",
        },
        post: visitor.post_id().map(|post| post.to_string()),
        posts: held_posts(&app, &visitor).await?,
        represents: account.represents.clone(),
        elevated: visitor.elevated(),
        must_change_password: visitor.must_change(),
        unread: visitor.unread(),
    };
    reply(&who)
}

async fn new_password(State(app): State<App>, visitor: Visitor, Body(given): Body<NewPassword>) -> Answer {
    match change_password(&app, &visitor, &given.current, &given.new).await? {
        Changed::Yes { session, device } => Ok(with_cookie(with_cookie(done(), session), device)),
        Changed::NewUnfit(sentence) => Err(Problem::unprocessable().field("/new", sentence).into()),
        Changed::CurrentUnfit(sentence) => Err(Problem::unprocessable().field("/current", sentence).into()),
    }
}

/// Too many failures: when it is looked at again.
fn wait(left: SignedDuration) -> Stop {
    Problem::too_many(u32::try_from(left.as_secs().max(1)).unwrap_or(u32::MAX)).into()
}

async fn sign_out(visitor: Visitor) -> Answer {
    let cookie = visitor.end().await?;
    Ok(with_cookie(done(), cookie))
}

async fn choose_post(State(app): State<App>, visitor: Visitor, Body(given): Body<ChoosePost>) -> Answer {
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let today = app.today();
    let held = account.posts.iter().find(|post| post.id.to_string() == given.post && post.holds_on(today));
    let post = held.ok_or_else(Problem::not_found)?;
    let cookie = visitor.renew(account.id, Some(post.id), false).await?;
    Ok(with_cookie(done(), cookie))
}

async fn elevation(State(app): State<App>, visitor: Visitor, Body(given): Body<Password>) -> Answer {
    visitor.identity()?;
    match elevate(&app, &visitor, &given.password).await? {
        Ok(cookie) => Ok(with_cookie(done(), cookie)),
        Err(sentence) => Err(Problem::new(StatusCode::FORBIDDEN, "forbidden").detail(sentence).into()),
    }
}

fn with_cookie(response: Response, cookie: HeaderValue) -> Response {
    let mut response = response;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

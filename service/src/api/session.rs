//! Who is asking: signing in and out, the post acted as, the password again before a decision.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::{Json, Problem};

use super::{Api, Doc, done, reply};
use crate::app::App;
use crate::pages::sign_in::{Authenticated, authenticate, elevate, first_post};
use crate::session::{Answer, Visitor};

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
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoosePost {
    /// Id of the post.
    post: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Password {
    password: String,
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
}

#[derive(Serialize, ToSchema)]
struct HeldPost {
    id: String,
    kind: String,
    organisation: String,
    region: String,
}

/// A name in the log of failures is not longer than the page allows.
const LOGIN_CHARS_MAX: usize = 64;

async fn sign_in(State(app): State<App>, visitor: Visitor, Json(given): Json<SignIn>) -> Answer {
    if given.login.chars().count() > LOGIN_CHARS_MAX {
        return Err(Problem::unprocessable().field("/login", visitor.words.t("sign-in-wrong")).into());
    }
    match authenticate(&app, &visitor, &given.login, &given.password).await? {
        Authenticated::Yes { account, device, .. } => {
            let cookie = visitor.renew(account.id, first_post(&app, &visitor, &account), false).await?;
            Ok(with_cookie(with_cookie(done(), cookie), device))
        }
        Authenticated::No => Err(Problem::sign_in().detail(visitor.words.t("sign-in-wrong")).into()),
        Authenticated::Wait(left) => {
            Err(Problem::too_many(u32::try_from(left.as_secs().max(1)).unwrap_or(u32::MAX)).into())
        }
    }
}

async fn who(State(app): State<App>, visitor: Visitor) -> Answer {
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let today = app.today();
    let posts = account.posts.iter().filter(|post| post.holds_on(today));
    let who = Who {
        account: account.id.to_string(),
        name: visitor.who().map(|who| who.name().to_owned()).unwrap_or_default(),
        kind: match account.kind {
            kernel::directory::AccountKind::Officer => "officer",
            kernel::directory::AccountKind::Applicant => "applicant",
        },
        post: visitor.post_id().map(|post| post.to_string()),
        posts: posts
            .map(|post| HeldPost {
                id: post.id.to_string(),
                kind: post.kind.clone(),
                organisation: post.organisation.clone(),
                region: post.region.to_string(),
            })
            .collect(),
        represents: account.represents.clone(),
        elevated: visitor.elevated(),
    };
    reply(&who)
}

async fn sign_out(visitor: Visitor) -> Answer {
    let cookie = visitor.end().await?;
    Ok(with_cookie(done(), cookie))
}

async fn choose_post(State(app): State<App>, visitor: Visitor, Json(given): Json<ChoosePost>) -> Answer {
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let today = app.today();
    let held = account.posts.iter().find(|post| post.id.to_string() == given.post && post.holds_on(today));
    let post = held.ok_or_else(Problem::not_found)?;
    let cookie = visitor.renew(account.id, Some(post.id), false).await?;
    Ok(with_cookie(done(), cookie))
}

async fn elevation(State(app): State<App>, visitor: Visitor, Json(given): Json<Password>) -> Answer {
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

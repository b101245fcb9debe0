//! The first start: whoever has the code that the console printed names the three administrators, once.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::form::Fields;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{Api, Doc, done, reply};
use crate::app::App;
use crate::pages::setup::{name_administrators, to_name};
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get("/api/v1/setup", wanted, Doc::new("Whom to name, while nobody has an account").open().lists::<Wanted>())
        .post(
            "/api/v1/setup",
            set_up,
            Doc::new("Name the three administrators, with the code of the console").open().takes::<SetUp>(),
        )
}

/// A post to be filled.
#[derive(Serialize, ToSchema)]
#[schema(as = AdministratorWanted)]
struct Wanted {
    /// The kind of post: the member of the body that fills it.
    kind: &'static str,
    /// Its name.
    name: String,
}

/// The first start. Accounts, powers and logs are never in one hand, so it takes three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SetUp {
    /// As the console printed it.
    code: String,
    system_admin: Administrator,
    security_admin: Administrator,
    audit_admin: Administrator,
}

impl Takes for SetUp {
    const TEXTS: &'static [(&'static str, Holds)] = &[
        ("code", Holds::Line(64)),
        ("name", Holds::Line(64)),
        ("login", Holds::Line(64)),
        ("password", Holds::Secret),
    ];
}

/// An administrator to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Administrator {
    /// The person's name.
    name: String,
    /// The name to sign in with.
    login: String,
    password: String,
}

async fn wanted(State(app): State<App>, visitor: Visitor) -> Answer {
    let posts = to_name(&app, &visitor).await?.into_iter();
    reply(&posts.map(|(kind, name)| Wanted { kind, name }).collect::<Vec<_>>())
}

/// The page's own form, filled from the body: there is one way to name administrators.
async fn set_up(State(app): State<App>, visitor: Visitor, Body(given): Body<SetUp>) -> Answer {
    let mut form = vec![("code".to_owned(), given.code)];
    for (kind, one) in [
        ("system-admin", given.system_admin),
        ("security-admin", given.security_admin),
        ("audit-admin", given.audit_admin),
    ] {
        for (field, value) in [("name", one.name), ("login", one.login), ("password", one.password)] {
            form.push((format!("{field}-{kind}"), value));
        }
    }
    let wrong = name_administrators(&app, &visitor, &Fields::from_pairs(form)).await?;
    if wrong.is_empty() {
        return Ok(done());
    }
    let told = wrong.into_iter();
    Err(told
        .fold(Problem::unprocessable(), |problem, (field, sentence)| problem.field(pointer(&field), sentence))
        .into())
}

/// `login-audit-admin` of the page's form is `/audit-admin/login` of the body.
fn pointer(field: &str) -> String {
    field.split_once('-').map_or_else(|| format!("/{field}"), |(member, kind)| format!("/{kind}/{member}"))
}

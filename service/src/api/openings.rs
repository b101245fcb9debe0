//! Opening a case of the authority's own motion: the matters that a post may open, and a draft about a licence.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::catalog::matter::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::Problem;

use super::body::{Body, Holds, Takes};
use super::{Api, Doc, Key, reply, reply_with, schema};
use crate::app::App;
use crate::apply::Draft;
use crate::session::{Answer, Visitor};

pub(super) fn api() -> Api {
    Api::new()
        .get(
            "/api/v1/openings",
            openings,
            Doc::new("Matters that the post may open of the authority's own motion").lists::<Openable>(),
        )
        .post(
            "/api/v1/openings",
            open,
            Doc::new("Begin such a case: a draft about a licence, whose holder is the party")
                .key()
                .takes::<Opening>()
                .gives::<Draft>()
                .created(),
        )
}

/// A matter that may be opened.
#[derive(Serialize, ToSchema)]
struct Openable {
    /// Matter code.
    matter: String,
    /// Its name.
    #[schema(value_type = schema::Text)]
    name: Text,
}

/// What is opened, and about which licence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// Matter code.
    matter: String,
    /// Number of the licence, with whatever brackets.
    licence: String,
}

impl Takes for Opening {
    const TEXTS: &'static [(&'static str, Holds)] = &[("matter", Holds::Line(60)), ("licence", Holds::Line(60))];
}

async fn openings(State(app): State<App>, visitor: Visitor) -> Answer {
    let (identity, _) = visitor.officer()?;
    if !visitor.may_view("openings") {
        return Err(Problem::forbidden().into());
    }
    let openable = |matter: &std::sync::Arc<kernel::catalog::Matter>| Openable {
        matter: matter.code().to_string(),
        name: matter.spec.name.clone(),
    };
    reply(&app.openings(identity).iter().map(openable).collect::<Vec<_>>())
}

async fn open(State(app): State<App>, visitor: Visitor, key: Key, Body(given): Body<Opening>) -> Answer {
    let (identity, _) = visitor.officer()?;
    let draft = app.open_about(identity, &given.matter, &given.licence, &key.0).await;
    reply_with(StatusCode::CREATED, &draft.map_err(|error| visitor.stop(error))?)
}

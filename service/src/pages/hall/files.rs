//! Handing in files: one material a page, streamed to disk as it comes.

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use web::form::Fields;
use web::guard::BodyFault;
use web::page::Page;
use web::problem::Problem;
use web::upload::{self, UploadRules};
use web::view::{ErrorLine, Field as Question, FieldKind, FileItem, error_lines};

use super::{onward, say};
use crate::app::App;
use crate::apply::UPLOAD_BYTES_MAX;
use crate::pages::attachment;
use crate::session::{Answer, Visitor};

/// Fields before the file: token, nonce, button.
const FIELDS_BEFORE_MAX: usize = 8;

#[derive(Template)]
#[template(path = "hall/upload.html")]
struct UploadPage {
    p: Page,
    nonce: String,
    action: String,
    errors: Vec<ErrorLine>,
    basis: String,
    covered: String,
    /// The window may keep the paper instead.
    at_window: bool,
    field: Question,
    back: String,
}

/// Where an upload belongs.
struct Place {
    matter: std::sync::Arc<kernel::catalog::Matter>,
    draft: String,
    material: String,
    action: String,
    back: String,
}

async fn draft_place(app: &App, visitor: &Visitor, id: &str, material: &str) -> Result<Place, crate::session::Stop> {
    let (_, matter) = app.draft(visitor.filer()?, id).await.map_err(|error| visitor.stop(error))?;
    Ok(Place {
        matter,
        draft: id.to_owned(),
        material: material.to_owned(),
        action: format!("/drafts/{id}/files/{material}"),
        back: format!("/drafts/{id}"),
    })
}

async fn supplement_place(
    app: &App,
    visitor: &Visitor,
    id: &str,
    material: &str,
) -> Result<Place, crate::session::Stop> {
    let asked = app.supplement_upload(visitor.applicant()?, id, material).await;
    let (matter, draft) = asked.map_err(|error| visitor.stop(error))?;
    Ok(Place {
        matter,
        draft,
        material: material.to_owned(),
        action: format!("/my/cases/{id}/supplement/files/{material}"),
        back: format!("/my/cases/{id}/supplement"),
    })
}

/// `GET /drafts/{id}/files/{material}`.
pub(super) async fn upload_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let place = draft_place(&app, &visitor, &id, &material).await?;
    shown(&app, &visitor, &place, None).await
}

/// `POST /drafts/{id}/files/{material}`.
pub(super) async fn upload(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
    body: Multipart,
) -> Answer {
    let place = draft_place(&app, &visitor, &id, &material).await?;
    take(&app, &visitor, &place, body).await
}

/// `GET /my/cases/{id}/supplement/files/{material}`.
pub(super) async fn supplement_upload_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let place = supplement_place(&app, &visitor, &id, &material).await?;
    shown(&app, &visitor, &place, None).await
}

/// `POST /my/cases/{id}/supplement/files/{material}`.
pub(super) async fn supplement_upload(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
    body: Multipart,
) -> Answer {
    let place = supplement_place(&app, &visitor, &id, &material).await?;
    take(&app, &visitor, &place, body).await
}

/// Token first, then the file: the page puts them in this order, and nothing is stored for a form that is not ours.
async fn take(app: &App, visitor: &Visitor, place: &Place, mut body: Multipart) -> Answer {
    let identity = visitor.filer()?;
    let mut before: Vec<(String, String)> = Vec::new();
    while let Some(part) = body.next_field().await.map_err(|error| BodyFault::find(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_none() {
            if before.len() >= FIELDS_BEFORE_MAX {
                return Err(Problem::bad_request().into());
            }
            let value = upload::text_beside(part).await?;
            let (removes, paper) = (name == "remove", name == "paper");
            before.push((name, value));
            if removes {
                visitor.check_form(&Fields::from_pairs(before))?;
                let removed = app.remove_file(identity, &place.draft, &place.material).await;
                removed.map_err(|error| visitor.stop(error))?;
                return onward(&format!("{}?done=file-removed", place.action));
            }
            if paper {
                visitor.check_form(&Fields::from_pairs(before))?;
                let kept = app.keep_paper_material(identity, &place.draft, &place.material).await;
                kept.map_err(|error| visitor.stop(error))?;
                return onward(&format!("{}?done=paper-kept", place.back));
            }
            continue;
        }
        visitor.check_form(&Fields::from_pairs(before))?;
        let begun = app.begin_upload(identity, &place.matter, &place.draft, &place.material).await;
        let (mut sink, rules) = begun.map_err(|error| visitor.stop(error))?;
        return match upload::receive(part, &mut sink, &rules).await {
            Ok(received) => {
                let kept = app.finish_upload(identity, &place.draft, &place.material, sink, received).await;
                kept.map_err(|error| visitor.stop(error))?;
                onward(&format!("{}?done=uploaded", place.back))
            }
            Err(refusal) => {
                let status = refusal.problem().status;
                let said = refusal.complaint(&rules, visitor.words).say(visitor.words, "");
                shown(app, visitor, place, Some((status, said))).await
            }
        };
    }
    Err(Problem::bad_request().into())
}

async fn shown(app: &App, visitor: &Visitor, place: &Place, error: Option<(StatusCode, String)>) -> Answer {
    let words = visitor.words;
    let spec = place.matter.spec.materials.iter().find(|material| material.code == place.material);
    let spec = spec.filter(|spec| spec.may_upload()).ok_or_else(Problem::not_found)?;
    let rules: UploadRules = crate::apply::upload_rules(spec);
    let (draft, _) = app.draft(visitor.filer()?, &place.draft).await.map_err(|error| visitor.stop(error))?;
    let file = draft.files.get(&place.material).map(|file| FileItem {
        name: file.name.clone(),
        note: words.file_size(file.bytes),
        href: format!("/drafts/{}/files/{}/content", place.draft, place.material),
        remove: Some(place.material.clone()),
    });
    let mut field = Question::new(FieldKind::File, "file", say(&spec.name, words)).hint(say(&spec.hint, words));
    field.accept = rules.accept();
    field.bytes_max = UPLOAD_BYTES_MAX;
    field.bytes_words = words.t1("upload-too-large", "limit", words.file_size(UPLOAD_BYTES_MAX));
    field.files = file.into_iter().collect();
    let status = error.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    field.error = error.map(|(_, said)| said);
    let mut p = visitor.page_titled(say(&spec.name, words));
    p.failed = field.error.is_some();
    p.islands.push("upload");
    let page = UploadPage {
        nonce: visitor.nonce()?,
        action: place.action.clone(),
        errors: error_lines([&field]),
        basis: crate::citation::cited(&spec.basis, words),
        at_window: visitor.filer()?.post().is_some(),
        covered: words.t1("hall-upload-limit", "limit", words.file_size(UPLOAD_BYTES_MAX)),
        field,
        back: place.back.clone(),
        p,
    };
    visitor.html_with(status, &page)
}

/// `GET /drafts/{id}/files/{material}/content`: the file itself, never shown inside the site's own origin (security.md §6).
pub(super) async fn content(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, material)): Path<(String, String)>,
) -> Answer {
    let found = app.draft_file(visitor.filer()?, &id, &material).await;
    let (file, bytes) = found.map_err(|error| visitor.stop(error))?;
    Ok(attachment(&file.name, &file.media, bytes))
}

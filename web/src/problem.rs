//! What a request gets when it cannot be answered: one outward text, never the inward cause.
//!
//! A handler returns a [`Problem`] or a [`Fault`]; neither renders itself. The response carries the problem as an extension and the
//! guard writes it once, as a page or as RFC 9457 JSON, whichever the request wanted. So the inward context of a fault has no way to
//! a page: only the guard's log line reads it.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::Page;
use crate::view::Link;
use crate::words::Words;

mod json;
pub use json::{Json, json_value};

/// One field of a request that has to be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer or form field name.
    pub field: String,
    /// The same sentence a page shows.
    pub detail: String,
}

/// Problem details (RFC 9457), the answer of the API to anything it refuses.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
pub struct Problem {
    /// HTTP status.
    #[schema(value_type = u16)]
    pub status: StatusCode,
    /// Stable code in kebab case; `type` is `/problems/<code>`.
    pub code: &'static str,
    /// What it says to the person, when the code's own text is not enough: a refusal's words.
    pub detail: Option<String>,
    /// Fields to change.
    pub fields: Vec<FieldProblem>,
    /// Seconds after which a retry makes sense.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of that status under that code; the titles are messages `problem-<code>` and `problem-<code>-hint`.
    pub fn new(status: StatusCode, code: &'static str) -> Problem {
        Problem { status, code, detail: None, fields: Vec::new(), retry_after: None }
    }

    /// 400: malformed.
    pub fn bad_request() -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request")
    }

    /// 401: nobody is signed in.
    pub fn sign_in() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "sign-in")
    }

    /// 403: a function the present post lacks.
    pub fn forbidden() -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden")
    }

    /// 403: token or origin of a form is wrong.
    pub fn forged() -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forged")
    }

    /// 404: not there, or not yours; the two are never told apart.
    pub fn not_found() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found")
    }

    /// 409: somebody was faster.
    pub fn conflict() -> Problem {
        Problem::new(StatusCode::CONFLICT, "conflict")
    }

    /// 413: over a limit.
    pub fn too_large() -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    }

    /// 415: not a type this address takes.
    pub fn media_type() -> Problem {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type")
    }

    /// 422: understood, but something needs a change.
    pub fn unprocessable() -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable")
    }

    /// 429: try again after that many seconds.
    pub fn too_many(seconds: u32) -> Problem {
        Problem { retry_after: Some(seconds), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many") }
    }

    /// 503: shed, try again.
    pub fn busy(seconds: u32) -> Problem {
        Problem { retry_after: Some(seconds), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy") }
    }

    /// 507: nothing can be stored.
    pub fn storage_full() -> Problem {
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage-full")
    }

    /// With a refusal's own words.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    /// With a field to change.
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Problem {
        self.fields.push(FieldProblem { field: field.into(), detail: detail.into() });
        self
    }

    /// What it says to the person: its own words, else its code's.
    pub fn sentence(&self, words: Words) -> String {
        self.detail.clone().unwrap_or_else(|| self.hint(words))
    }

    fn title(&self, words: Words) -> String {
        words.t(&format!("problem-{}", self.code))
    }

    fn hint(&self, words: Words) -> String {
        words.t1(&format!("problem-{}-hint", self.code), "seconds", self.retry_after.unwrap_or(10))
    }

    /// The JSON form.
    pub fn json(&self, words: Words, request_id: &str) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: String,
            status: u16,
            code: &'a str,
            detail: String,
            #[serde(skip_serializing_if = "<[FieldProblem]>::is_empty")]
            fields: &'a [FieldProblem],
            request_id: &'a str,
        }
        let body = Body {
            r#type: format!("/problems/{}", self.code),
            title: self.title(words),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.sentence(words),
            fields: &self.fields,
            request_id,
        };
        serde_json::to_string(&body).unwrap_or_else(|_| format!("{{\"status\":{}}}", self.status.as_u16()))
    }

    /// The page form: title, what is kept, what to do, the number to quote, in the frame of the reader's other pages.
    pub fn page(&self, frame: Page, request_id: &str) -> String {
        #[derive(Template)]
        #[template(path = "error.html")]
        struct ErrorPage {
            p: Page,
            lines: Vec<String>,
            back: Link,
            request_id: String,
        }
        #[derive(Template)]
        #[template(path = "error-office.html")]
        struct OfficeErrorPage {
            p: Page,
            lines: Vec<String>,
            back: Link,
            request_id: String,
        }
        let words = frame.words;
        let mut lines: Vec<String> = self.detail.iter().cloned().collect();
        lines.extend(self.fields.iter().map(|field| field.detail.clone()));
        if lines.is_empty() {
            lines.push(self.hint(words));
        }
        // What was done before is not what this page is about.
        let p = Page { title: self.title(words), flash: None, ..frame };
        let (back, request_id) = (way_back(&p), request_id.to_owned());
        let rendered = if p.menu.is_empty() {
            ErrorPage { p, lines, back, request_id }.render()
        } else {
            OfficeErrorPage { p, lines, back, request_id }.render()
        };
        rendered.unwrap_or_else(|_| self.title(words))
    }
}

/// Where to go on from a problem: to the case or the draft that it happened to, else to where the person's work starts.
fn way_back(p: &Page) -> Link {
    let parts: Vec<&str> = p.path.split('/').skip(1).collect();
    match parts[..] {
        [area @ ("office" | "my"), "cases", case, _, ..] => {
            Link::new(p.t("problem-back-case"), format!("/{area}/cases/{case}"))
        }
        ["drafts", draft, _, ..] => Link::new(p.t("problem-back-draft"), format!("/drafts/{draft}")),
        _ if p.person.is_some() => Link::new(p.t("problem-back-work"), p.home()),
        _ => Link::new(p.t("problem-home"), "/"),
    }
}

/// Where a request leaves the frame of its reader's pages, so that a problem stands in the same frame: name, menu, large type.
#[derive(Clone, Default)]
pub struct Frame(Arc<OnceLock<Box<dyn Fn() -> Page + Send + Sync>>>);

impl Frame {
    /// Leaves it. It is made only when a problem has to be shown.
    pub fn leave(&self, frame: impl Fn() -> Page + Send + Sync + 'static) {
        // A request has one reader: a second frame would be the same.
        let _ = self.0.set(Box::new(frame));
    }

    pub(crate) fn page(&self) -> Option<Page> {
        self.0.get().map(|frame| frame())
    }
}

/// A machine failed: the log gets the causes, the person gets [`Problem`] `fault` and a number to quote.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Fault {
    context: String,
    problem: Problem,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// What was being done, and with which case, file or peer; for the log only.
    pub fn new(context: impl Into<String>) -> Fault {
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "fault");
        Fault { context: context.into(), problem, source: None }
    }

    /// With its cause.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
        self.source = Some(source.into());
        self
    }

    /// Answered as 503 busy or 507 storage full instead of 500.
    pub fn shown_as(mut self, problem: Problem) -> Fault {
        self.problem = problem;
        self
    }

    /// The context and every cause, for one log line.
    pub fn chain(&self) -> String {
        let mut text = self.context.clone();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

/// What a handler may fail with.
#[derive(Debug)]
pub enum Failure {
    /// The rules, or the request, say no.
    Problem(Problem),
    /// A machine failed.
    Fault(Fault),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Problem(problem)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

/// What the guard finds in a response that is a problem.
#[derive(Clone)]
pub(crate) struct Unwritten {
    pub(crate) problem: Problem,
    pub(crate) fault: Option<Arc<Fault>>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        unwritten(self, None)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        unwritten(self.problem.clone(), Some(Arc::new(self)))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Problem(problem) => problem.into_response(),
            Failure::Fault(fault) => fault.into_response(),
        }
    }
}

fn unwritten(problem: Problem, fault: Option<Arc<Fault>>) -> Response {
    let mut response = problem.status.into_response();
    response.extensions_mut().insert(Unwritten { problem, fault });
    response
}

/// Writes a problem as the request wants it.
pub(crate) fn write(problem: &Problem, as_json: bool, frame: Page, request_id: &str) -> Response {
    let mut response = if as_json {
        let mut response = problem.json(frame.words, request_id).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
        response
    } else {
        Html(problem.page(frame, request_id)).into_response()
    };
    *response.status_mut() = problem.status;
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Does a request want JSON? The API always; elsewhere who accepts it and not HTML.
pub(crate) fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    if path.starts_with("/api/") {
        return true;
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("html")
}

/// Renders a template as a page with that status; a template that fails is a fault.
pub fn html(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    let text = template.render().map_err(|error| Fault::new("rendering a page").because(error))?;
    Ok((status, Html(text)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    #[test]
    fn a_fault_never_shows_its_context() {
        let inward = std::io::Error::other("/var/lib/secret.db is locked");
        let fault = Fault::new("writing case 42").because(inward);
        assert_eq!(fault.chain(), "writing case 42: /var/lib/secret.db is locked");
        let response = fault.into_response();
        let found = response.extensions().get::<Unwritten>().expect("carried");
        let words = Words::new(Lang::ZhCn);
        let frame = Page { words, ..Page::default() };
        for text in [found.problem.json(words, "R1"), found.problem.page(frame, "R1")] {
            assert!(!text.contains("secret") && !text.contains("42"), "{text}");
            assert!(text.contains("R1") && text.contains("系统暂时出错"), "{text}");
        }
    }

    #[test]
    fn a_problem_leads_back_to_what_it_happened_to() {
        let person = Some(crate::page::SignedIn { home: "/office/inbox".into(), ..Default::default() });
        for (path, person, leads) in [
            ("/office/cases/7/tasks/1", &person, "/office/cases/7"),
            ("/office/cases/7", &person, "/office/inbox"),
            ("/my/cases/7/papers/1", &person, "/my/cases/7"),
            ("/drafts/7/check", &person, "/drafts/7"),
            ("/nowhere", &None, "/"),
        ] {
            let page = Page { path: path.into(), person: person.clone(), ..Page::default() };
            assert_eq!(way_back(&page).href, leads, "{path}");
        }
    }

    #[test]
    fn json_has_the_members_of_rfc_9457() {
        let problem = Problem::unprocessable().detail("缺少：施工合同").field("/materials/0", "请上传施工合同");
        insta::assert_snapshot!(problem.json(Words::new(Lang::ZhCn), "R1"), @r#"{"type":"/problems/unprocessable","title":"内容需要修改","status":422,"code":"unprocessable","detail":"缺少：施工合同","fields":[{"field":"/materials/0","detail":"请上传施工合同"}],"request_id":"R1"}"#);
    }

    #[test]
    fn every_code_has_its_words() {
        let words = Words::new(Lang::ZhCn);
        for problem in [
            Problem::bad_request(),
            Problem::sign_in(),
            Problem::forbidden(),
            Problem::forged(),
            Problem::not_found(),
            Problem::conflict(),
            Problem::too_large(),
            Problem::media_type(),
            Problem::unprocessable(),
            Problem::too_many(3),
            Problem::busy(3),
            Problem::storage_full(),
            Fault::new("").problem,
        ] {
            // A key without a message prints itself.
            assert!(!problem.title(words).contains("problem-"), "{}", problem.code);
            assert!(!problem.hint(words).contains("problem-"), "{}", problem.code);
        }
    }
}

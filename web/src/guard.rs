//! What stands before every handler: limits, host and origin checks, shedding, security headers, one log line, one place where a
//! problem becomes a page or JSON. Figures are those of the security rules, section 6.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};

use crate::page::{Page, Site};
use crate::problem::{self, Fault, Frame, Problem, Unwritten};
use crate::session::{Cookies, cookie};
use crate::words::{Lang, Words};

mod body;
mod budget;
mod recognised;
mod seats;
pub(crate) use body::read_body;
pub use body::{BodyFault, TimedBody};
pub use budget::{Budget, network};
pub use recognised::Recognised;
pub(crate) use seats::Seats;

/// Time since the process started, never going back. The node hands it in; nothing here reads a clock.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Limits of a request; the defaults are the security rules'.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest path and query.
    pub url_bytes_max: usize,
    /// All header names and values together.
    pub header_bytes_max: usize,
    /// Most header lines.
    pub headers_max: usize,
    /// A whole head must have arrived by then.
    pub header_time_max: Duration,
    /// A slow body is forgiven that long, then it needs `body_bytes_per_second_min`.
    pub body_grace: Duration,
    /// Slowest acceptable body.
    pub body_bytes_per_second_min: u64,
    /// A body that is not an upload must have arrived by then.
    pub body_time_max: Duration,
    /// Most bytes of a form.
    pub form_bytes_max: u64,
    /// Most bytes of a file; the multipart around it may add 1 MiB.
    pub upload_bytes_max: u64,
    /// Requests per second of one address.
    pub rate_per_second: u32,
    /// Burst of one address.
    pub burst: u32,
    /// Requests of one address at one time, from their head to their answer.
    pub requests_per_address_max: usize,
    /// Bytes of bodies that wait in memory for their request to be worked on.
    pub waiting_bytes_max: usize,
    /// A reader of an answer may stand still that long.
    pub read_pause_max: Duration,
    /// Requests in the making at one time.
    pub concurrent_max: usize,
    /// The share of them that people without a session may take, in percent: officers go before anonymous readers.
    pub anonymous_percent: usize,
    /// Open connections of one address.
    pub connections_per_address_max: usize,
    /// Open connections.
    pub connections_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            url_bytes_max: 8 << 10,
            header_bytes_max: 16 << 10,
            headers_max: 100,
            header_time_max: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_bytes_per_second_min: 1 << 10,
            body_time_max: Duration::from_secs(60),
            form_bytes_max: 256 << 10,
            upload_bytes_max: 200 << 20,
            rate_per_second: 100,
            burst: 200,
            requests_per_address_max: 64,
            waiting_bytes_max: 128 << 20,
            read_pause_max: Duration::from_secs(30),
            concurrent_max: 512,
            anonymous_percent: 75,
            connections_per_address_max: 32,
            connections_max: 4096,
        }
    }
}

/// What the guard has to know about the node.
#[derive(Clone)]
pub struct GuardConfig {
    /// Names under which this node is reached, without port. Empty: loopback names only.
    pub hosts: Vec<String>,
    /// Is the browser's connection TLS, ours or the proxy's?
    pub tls: bool,
    /// Does a proxy in front state the client's address in `X-Forwarded-For`?
    pub behind_proxy: bool,
    /// Names of the site, for error pages.
    pub site: Site,
    /// Time since start.
    pub clock: Clock,
    /// Limits.
    pub limits: Limits,
}

/// Number of a request, quoted on error pages and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(
    /// Eight characters.
    pub String,
);

/// Who is at the other end, for budgets; never logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(
    /// The address.
    pub IpAddr,
);

/// The socket's other end; the server puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(
    /// Address and port.
    pub SocketAddr,
);

const CSP: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Puts the guard around a router, and answers what the router does not know.
pub fn guarded(router: Router, config: GuardConfig) -> Router {
    let limits = config.limits;
    let state = Arc::new(Guard {
        budget: Budget::new(limits.rate_per_second, limits.burst),
        all: Semaphore::new(limits.concurrent_max),
        anonymous: Semaphore::new(limits.concurrent_max * limits.anonymous_percent / 100),
        waiting: Semaphore::new(limits.waiting_bytes_max / WAITING_UNIT),
        running: Seats::default(),
        recognised: Recognised::new(Arc::clone(&config.clock)),
        config,
    });
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { method_problem() })
        // The guard's own body knows its limit for each kind of request.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(state, guard))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_no_file)))
}

/// PDF, OFD and pictures are compressed already; doing it again would only cost the node.
fn is_no_file(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::CONTENT_DISPOSITION)
}

fn method_problem() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method")
}

struct Guard {
    config: GuardConfig,
    budget: Budget,
    all: Semaphore,
    anonymous: Semaphore,
    /// Memory for bodies, in units.
    waiting: Semaphore,
    running: Seats,
    recognised: Recognised,
}

/// Bytes that one permit for waiting bodies stands for.
const WAITING_UNIT: usize = 1 << 10;

/// What is known of a request before it is judged.
struct Asked {
    id: String,
    method: Method,
    path: String,
    as_json: bool,
    words: Words,
    /// Filled by whoever recognises the reader.
    frame: Frame,
}

async fn guard(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let started = (guard.config.clock)();
    let template = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let asked = Asked {
        id: request_id(),
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        as_json: problem::wants_json(request.uri().path(), request.headers()),
        words: Words::new(cookie(request.headers(), "jt-lang").map_or(Lang::ZhCn, Lang::parse)),
        frame: Frame::default(),
    };
    request.extensions_mut().insert(asked.frame.clone());
    let response = match guard.admit(request, &asked.id) {
        Ok(request) => guard.run(request, next).await,
        Err(problem) => problem.into_response(),
    };
    let mut response = guard.written(response, &asked);
    set_headers(response.headers_mut(), guard.config.tls);
    let ms = u64::try_from(((guard.config.clock)() - started).as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    tracing::info!(request.id = %asked.id, method = %asked.method, path = %template, status, ms, "{} {template} {status}", asked.method);
    response
}

impl Guard {
    /// Judges the head of a request. What passes carries its id, its client and a body that knows its limits.
    fn admit(&self, request: Request, id: &str) -> Result<Request, Problem> {
        let limits = &self.config.limits;
        let (mut parts, body) = request.into_parts();
        if !is_known(&parts.method) {
            return Err(method_problem());
        }
        if parts.uri.path_and_query().is_some_and(|path| path.as_str().len() > limits.url_bytes_max) {
            return Err(Problem::new(StatusCode::URI_TOO_LONG, "url-too-long"));
        }
        let bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if bytes > limits.header_bytes_max || parts.headers.len() > limits.headers_max {
            return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers"));
        }
        self.check_host(&parts)?;
        let client = self.client(&parts);
        let now = (self.config.clock)();
        self.budget.spend(client.map_or(IpAddr::from([0; 4]), network), now).map_err(Problem::too_many)?;
        if !parts.method.is_safe() {
            self.check_origin(&parts)?;
        }
        let upload = is_upload(&parts.headers);
        let cap = self.body_bytes_max(&parts.headers, upload);
        let stated =
            parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if stated.is_some_and(|bytes| bytes > cap) {
            return Err(Problem::too_large());
        }
        parts.extensions.insert(RequestId(id.to_owned()));
        parts.extensions.insert(self.recognised.clone());
        if let Some(client) = client {
            parts.extensions.insert(Client(client));
        }
        let body = Body::new(TimedBody::new(body, Arc::clone(&self.config.clock), limits, cap, upload));
        Ok(Request::from_parts(parts, body))
    }

    /// Lets it through if there is room: a body that trickles in holds none, and a cookie that somebody made up opens none. A panic costs one
    /// request, not the node.
    async fn run(&self, request: Request, next: Next) -> Response {
        let address = request.extensions().get::<Client>().map_or(IpAddr::from([0; 4]), |client| client.0);
        let own_max = self.config.limits.requests_per_address_max;
        let Some(_seat) = self.running.take(address, own_max, usize::MAX) else {
            return Problem::busy(2).into_response();
        };
        let (request, _memory) = match self.with_body(request).await {
            Ok(whole) => whole,
            Err(problem) => return problem.into_response(),
        };
        let token = Cookies { tls: self.config.tls }.session(request.headers());
        let known = token.is_some_and(|token| self.recognised.is_known(token.hash()));
        let Ok(_room) = self.all.try_acquire() else { return Problem::busy(2).into_response() };
        let anonymous = if known { None } else { Some(self.anonymous.try_acquire()) };
        if matches!(anonymous, Some(Err(_))) {
            return Problem::busy(5).into_response();
        }
        let mut handler = Box::pin(next.run(request));
        std::future::poll_fn(move |context| {
            match std::panic::catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
                Ok(poll) => poll,
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                    Poll::Ready(Fault::new(format!("panic: {}", text.unwrap_or_default())).into_response())
                }
            }
        })
        .await
    }

    /// The request with its whole body, and the memory that it takes. Files are read by their handler as they come.
    async fn with_body(&self, request: Request) -> Result<(Request, Option<SemaphorePermit<'_>>), Problem> {
        if is_upload(request.headers()) {
            return Ok((request, None));
        }
        let (parts, mut body) = request.into_parts();
        let (mut bytes, mut memory) = (Vec::new(), None::<SemaphorePermit<'_>>);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| BodyFault::find(&*error.into_inner()))?;
            let Ok(data) = frame.into_data() else { continue };
            bytes.extend_from_slice(&data);
            let held = memory.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = u32::try_from(bytes.len().div_ceil(WAITING_UNIT) - held).unwrap_or(u32::MAX);
            let more = self.waiting.try_acquire_many(more).map_err(|_| Problem::busy(2))?;
            match &mut memory {
                Some(memory) => memory.merge(more),
                None => memory = Some(more),
            }
        }
        Ok((Request::from_parts(parts, Body::from(bytes)), memory))
    }

    /// Writes a problem as page or JSON; logs a fault, once.
    fn written(&self, mut response: Response, asked: &Asked) -> Response {
        let found = response.extensions_mut().remove::<Unwritten>();
        let unwritten = match found {
            Some(unwritten) => unwritten,
            None if is_bare(&response) => Unwritten { problem: for_status(response.status()), fault: None },
            None => return response,
        };
        if let Some(fault) = &unwritten.fault {
            tracing::error!(request.id = %asked.id, cause = %one_line(&fault.chain()), "Request {} failed", asked.id);
        }
        let nobody =
            || Page { words: asked.words, site: self.config.site.clone(), path: asked.path.clone(), ..Page::default() };
        let frame = asked.frame.page().unwrap_or_else(nobody);
        let mut written = problem::write(&unwritten.problem, asked.as_json, frame, &asked.id);
        for kept in [header::ALLOW, header::SET_COOKIE] {
            for value in response.headers().get_all(&kept) {
                written.headers_mut().append(&kept, value.clone());
            }
        }
        if asked.method == Method::HEAD {
            *written.body_mut() = Body::empty();
        }
        tracing::debug!(request.id = %asked.id, path = %one_line(&asked.path), "Refused {}", unwritten.problem.code);
        written
    }

    fn check_host(&self, parts: &Parts) -> Result<(), Problem> {
        let mut lines = parts.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (lines.next(), lines.next()) else { return Err(Problem::bad_request()) };
        let host = host.to_str().map_err(|_| Problem::bad_request())?;
        let name = host_name(host);
        let known = if self.config.hosts.is_empty() {
            ["localhost", "127.0.0.1", "[::1]"].contains(&name)
        } else {
            self.config.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        };
        if known { Ok(()) } else { Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host")) }
    }

    /// A request that changes something must come from a page of this site. Browsers say so in one header or the other; a client
    /// that is no browser says nothing, and then the form token decides.
    fn check_origin(&self, parts: &Parts) -> Result<(), Problem> {
        let text = |name| parts.headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
        if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
            && site != "same-origin"
        {
            return Err(Problem::forged());
        }
        let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
        let host = text(header::HOST).unwrap_or_default();
        let scheme = if self.config.tls { "https" } else { "http" };
        let same = origin.split_once("://").is_some_and(|(s, rest)| s == scheme && rest.eq_ignore_ascii_case(host));
        if same { Ok(()) } else { Err(Problem::forged()) }
    }

    /// The client's address. Behind a proxy the last entry of `X-Forwarded-For` is the proxy's own word; earlier ones are anybody's.
    fn client(&self, parts: &Parts) -> Option<IpAddr> {
        if self.config.behind_proxy {
            let line = parts.headers.get_all("x-forwarded-for").iter().next_back()?;
            return line.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
        }
        parts.extensions.get::<Peer>().map(|peer| peer.0.ip())
    }

    fn body_bytes_max(&self, headers: &HeaderMap, upload: bool) -> u64 {
        let limits = &self.config.limits;
        if upload {
            return limits.upload_bytes_max + (1 << 20);
        }
        if content_type(headers).ends_with("json") { 1 << 20 } else { limits.form_bytes_max }
    }
}

/// The host's name without its port; brackets of an IPv6 address stay.
fn host_name(host: &str) -> &str {
    match host.rfind(':') {
        Some(at) if !host[at..].contains(']') => &host[..at],
        _ => host,
    }
}

fn is_known(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .contains(method)
}

fn content_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_upload(headers: &HeaderMap) -> bool {
    content_type(headers) == "multipart/form-data"
}

/// An error that something inside answered in plain text (an extractor, the router itself).
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    (status.is_client_error() || status.is_server_error()) && kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

fn for_status(status: StatusCode) -> Problem {
    match status.as_u16() {
        401 => Problem::sign_in(),
        403 => Problem::forbidden(),
        404 => Problem::not_found(),
        405 => method_problem(),
        408 => Problem::new(status, "timeout"),
        409 => Problem::conflict(),
        413 => Problem::too_large(),
        415 => Problem::media_type(),
        422 => Problem::unprocessable(),
        429 => Problem::too_many(10),
        503 => Problem::busy(10),
        507 => Problem::storage_full(),
        400..500 => Problem { status, ..Problem::bad_request() },
        _ => Problem::new(status, "fault"),
    }
}

fn set_headers(headers: &mut HeaderMap, tls: bool) {
    let mut set = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if tls {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

/// Eight characters that tell requests of a day apart; nothing can be guessed from them.
fn request_id() -> String {
    let mut bytes = [0; 5];
    if getrandom::fill(&mut bytes).is_err() {
        return "UNKNOWN".to_owned();
    }
    data_encoding::BASE32_NOPAD.encode(&bytes)
}

/// Text for a log line: control and direction characters cannot forge a second line.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| if crate::form::is_unfit(c, false) { c.escape_unicode().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_host_from_its_port() {
        for (host, name) in [
            ("a.cn:80", "a.cn"),
            ("a.cn", "a.cn"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("127.0.0.1:1", "127.0.0.1"),
        ] {
            assert_eq!(host_name(host), name);
        }
    }

    #[test]
    fn a_log_line_stays_one_line() {
        assert_eq!(one_line("a\r\nb\u{1b}[1m\u{202e}c"), "a\\u{d}\\u{a}b\\u{1b}[1m\\u{202e}c");
    }
}

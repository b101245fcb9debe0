//! Each limit of the security rules' first rows, over real TCP on loopback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::Multipart;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::*;
use crate::form::Fields;
use crate::guard::{GuardConfig, Recognised, guarded};
use crate::problem::{Failure, Fault, Json, Problem};
use crate::session::{Cookies, SessionToken};
use crate::upload::{FileKind, UploadRules, receive};
use crate::{assets, gallery};

struct Node {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    done: tokio::task::JoinHandle<io::Result<()>>,
    gate: Arc<Gate>,
}

/// Holds requests to `/held` inside their handler, so that tests wait for events and not for time.
struct Gate {
    entered: Semaphore,
    leave: Semaphore,
}

impl Gate {
    async fn wait_for(&self, count: u32) {
        self.entered.acquire_many(count).await.expect("open").forget();
    }
}

/// Times short enough to wait for in a test.
fn small() -> Limits {
    Limits {
        header_time_max: Duration::from_millis(400),
        body_grace: Duration::from_millis(200),
        body_time_max: Duration::from_secs(2),
        ..Limits::default()
    }
}

async fn node(limits: Limits) -> Node {
    node_with(limits, |_| {}).await
}

async fn node_with(limits: Limits, change: impl FnOnce(&mut GuardConfig)) -> Node {
    let start = Instant::now();
    let mut config = GuardConfig {
        hosts: Vec::new(),
        tls: false,
        behind_proxy: false,
        site: gallery::site(crate::words::Words::default()),
        clock: Arc::new(move || start.elapsed()),
        limits,
    };
    change(&mut config);
    let gate = Arc::new(Gate { entered: Semaphore::new(0), leave: Semaphore::new(0) });
    let router = Router::new()
        .route("/hello/{name}", get(async || "hello"))
        .route("/panic", get(panics))
        .route("/fault", get(async || Failure::from(Fault::new("secret path /var/lib").because("secret cause"))))
        .route("/held", get(held))
        .route("/signed-in", get(signed_in))
        .route("/file", get(async || ([("content-disposition", "attachment")], "a".repeat(10_000))))
        .route("/large", get(async || "a".repeat(64 << 20)))
        .route("/form", post(async |fields: Fields| fields.text("a", 300_000).unwrap_or_else(|c| c.key.to_owned())))
        .route("/json", post(async |Json(value): Json<serde_json::Value>| value.to_string()))
        .route("/upload", post(upload))
        .merge(gallery::routes())
        .merge(assets::routes())
        .layer(Extension(Arc::clone(&gate)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(listener, guarded(router, config), ServeConfig { limits, behind_proxy: false }, async {
        let _ = stopped.await;
    });
    Node { address, stop: Some(stop), done: tokio::spawn(serving), gate }
}

async fn panics() -> &'static str {
    panic!("secret of the panic")
}

async fn held(Extension(gate): Extension<Arc<Gate>>) -> &'static str {
    gate.entered.add_permits(1);
    gate.leave.acquire().await.expect("open").forget();
    "held"
}

/// What the service does with a session that it found.
async fn signed_in(Extension(recognised): Extension<Recognised>, headers: HeaderMap) {
    let token = Cookies { tls: false }.session(&headers).expect("a cookie");
    recognised.mark(token.hash());
}

async fn upload(mut form: Multipart) -> Result<String, Failure> {
    let rules = UploadRules { bytes_max: 10_000, kinds: vec![FileKind::Pdf] };
    while let Some(part) = form.next_field().await.map_err(|_| Problem::bad_request())? {
        if part.file_name().is_some() {
            let mut out = Vec::new();
            let received = receive(part, &mut out, &rules).await.map_err(|refusal| refusal.problem())?;
            return Ok(format!("{} {}", received.name, received.bytes));
        }
    }
    Err(Problem::unprocessable().into())
}

impl Node {
    /// Sends bytes, reads until the server closes or `Connection: close` was honoured.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connects");
        // The server may refuse and close before everything is sent.
        let _ = stream.write_all(bytes.as_ref()).await;
        read_all(stream).await
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.talk(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")).await
    }

    async fn post(&self, path: &str, kind: &str, headers: &str, body: impl AsRef<[u8]>) -> String {
        let body = body.as_ref();
        let mut bytes = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        self.talk(bytes).await
    }
}

async fn read_all(mut stream: TcpStream) -> String {
    let mut out = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut out)).await;
    String::from_utf8_lossy(&out).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn heads_are_limited() {
    let node = node(Limits::default()).await;
    let header = |n: usize| (0..n).map(|i| format!("X-{i}: 1\r\n")).collect::<String>();
    for (name, answer, expected) in [
        ("fine", node.get("/hello/x", "").await, 200),
        ("long url", node.get(&format!("/hello/{}", "x".repeat(9_000)), "").await, 414),
        ("very long url", node.get(&format!("/hello/{}", "x".repeat(40_000)), "").await, 414),
        ("long header", node.get("/hello/x", &format!("X: {}\r\n", "x".repeat(17_000))).await, 431),
        ("huge header", node.get("/hello/x", &format!("X: {}\r\n", "x".repeat(100_000))).await, 431),
        ("90 headers", node.get("/hello/x", &header(90)).await, 200),
        ("many headers", node.get("/hello/x", &header(200)).await, 431),
        ("no host", node.talk("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await, 400),
        ("two hosts", node.get("/hello/x", "Host: localhost\r\n").await, 400),
        ("garbage", node.talk("\x16\x03\x01\0garbage\r\n\r\n").await, 400),
        ("foreign host", node.talk("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await, 421),
        ("unknown method", node.talk("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await, 405),
        ("wrong method", node.post("/hello/x", FORM, "", "").await, 405),
        ("no such page", node.get("/nothing", "").await, 404),
    ] {
        assert_eq!(status(&answer), expected, "{name}: {}", answer.lines().next().unwrap_or_default());
    }
}

#[tokio::test]
async fn ambiguous_lengths_are_refused_and_the_connection_closed() {
    let node = node(Limits::default()).await;
    for lines in [
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let answer = node
            .talk(format!(
                "POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n{lines}\r\na=1GET / HTTP/1.1\r\n\r\n"
            ))
            .await;
        assert_eq!(status(&answer), 400, "{lines}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "nothing after it is read as a request: {lines}");
    }
}

#[tokio::test]
async fn slow_clients_are_given_up() {
    let node = node(small()).await;
    let slow_head = node.talk("GET / HTTP/1.1\r\nHost: loc").await;
    assert_eq!(status(&slow_head), 408);
    let head = format!(
        "POST /form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {FORM}\r\nContent-Length: 9\r\n\r\n"
    );
    assert_eq!(status(&node.talk(format!("{head}a=1")).await), 408, "a body that stops");
    let cut = {
        let mut stream = TcpStream::connect(node.address).await.expect("connects");
        stream.write_all(format!("{head}a=1").as_bytes()).await.expect("sent");
        stream.shutdown().await.expect("half closed");
        read_all(stream).await
    };
    assert!(matches!(status(&cut), 0 | 400), "a body that breaks off: {cut}");
}

#[tokio::test]
async fn bodies_are_limited_by_kind() {
    let node = node(Limits { upload_bytes_max: 20_000, ..Limits::default() }).await;
    let form = |n: usize| format!("a={}", "x".repeat(n));
    for (name, answer, expected) in [
        ("form", node.post("/form", FORM, "", form(200_000)).await, 200),
        ("large form", node.post("/form", FORM, "", form(300_000)).await, 413),
        ("many fields", node.post("/form", FORM, "", "a=1&".repeat(501)).await, 413),
        ("json", node.post("/json", "application/json", "", r#"{"a":1}"#).await, 200),
        ("large json", node.post("/json", "application/json", "", format!("\"{}\"", "x".repeat(1 << 20))).await, 413),
        ("json as form", node.post("/json", FORM, "", "{}").await, 415),
        ("form as json", node.post("/form", "application/json", "", "{}").await, 415),
        ("bad json", node.post("/json", "application/json", "", "{").await, 400),
        ("float", node.post("/json", "application/json", "", r#"{"fee":1.5}"#).await, 422),
    ] {
        assert_eq!(status(&answer), expected, "{name}");
    }
    let chunked = format!(
        "POST /form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        300_002,
        form(300_000)
    );
    assert_eq!(status(&node.talk(chunked).await), 413, "a length that was not stated counts too");
}

fn multipart(name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\nx\r\n--b\r\n".to_vec();
    body.extend(format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").bytes());
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    body
}

#[tokio::test]
async fn uploads_are_streamed_capped_and_judged() {
    let node = node(Limits { upload_bytes_max: 20_000, ..Limits::default() }).await;
    let kind = "multipart/form-data; boundary=b";
    let pdf = |n: usize| [b"%PDF-1.7\n".as_slice(), &vec![b' '; n]].concat();
    let good = node.post("/upload", kind, "", multipart("../合同.pdf", &pdf(5000))).await;
    assert!(good.ends_with("合同.pdf 5009"), "{good}");
    for (name, body, expected) in [
        ("over the rule", multipart("a.pdf", &pdf(11_000)), 413),
        ("over the request", multipart("a.pdf", &pdf(2 << 20)), 413),
        ("not a pdf", multipart("a.pdf", b"MZ\x90"), 415),
        ("empty", multipart("a.pdf", b""), 422),
        ("cut off", multipart("a.pdf", &pdf(5000))[..3000].to_vec(), 400),
    ] {
        assert_eq!(status(&node.post("/upload", kind, "", body).await), expected, "{name}");
    }
    let plain = node.post("/form", kind, "", multipart("a.pdf", &pdf(10))).await;
    assert_eq!(status(&plain), 415, "a file where none is asked for");
}

#[tokio::test]
async fn foreign_pages_cannot_post() {
    let node = node(Limits::default()).await;
    for (headers, expected) in [
        ("", 200),
        ("Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n", 200),
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: https://localhost\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
    ] {
        assert_eq!(status(&node.post("/form", FORM, headers, "a=1").await), expected, "{headers}");
    }
    assert_eq!(status(&node.get("/hello/x", "Origin: http://evil.example\r\n").await), 200, "reading is harmless");
}

#[tokio::test]
async fn an_address_that_floods_is_told_to_wait() {
    let node = node(Limits { rate_per_second: 1, burst: 3, ..Limits::default() }).await;
    for _ in 0..3 {
        assert_eq!(status(&node.get("/hello/x", "").await), 200);
    }
    let refused = node.get("/hello/x", "Accept-Encoding: identity\r\n").await;
    assert_eq!(status(&refused), 429);
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    assert!(refused.contains("操作过于频繁"), "a page in words");
}

#[tokio::test]
async fn behind_a_proxy_the_last_forwarded_address_counts() {
    let node =
        node_with(Limits { rate_per_second: 1, burst: 1, ..Limits::default() }, |config| config.behind_proxy = true)
            .await;
    for (line, expected) in [
        ("X-Forwarded-For: 10.0.0.1\r\n", 200),
        ("X-Forwarded-For: 10.9.9.9, 10.0.0.1\r\n", 429),
        ("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", 200),
    ] {
        assert_eq!(status(&node.get("/hello/x", line).await), expected, "{line}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let node = node(Limits { connections_per_address_max: 2, ..Limits::default() }).await;
    let held =
        [TcpStream::connect(node.address).await.expect("one"), TcpStream::connect(node.address).await.expect("two")];
    // The two are counted when they were accepted; the third connection is accepted after them.
    assert_eq!(status(&node.get("/hello/x", "").await), 503);
    drop(held);
    let given_back = async { while status(&node.get("/hello/x", "").await) != 200 {} };
    timeout(Duration::from_secs(5), given_back).await.expect("a closed connection gives its place back");
}

#[tokio::test]
async fn overload_is_shed_quickly_and_officers_go_first() {
    let node = Arc::new(node(Limits { concurrent_max: 4, anonymous_percent: 50, ..Limits::default() }).await);
    let cookie = || format!("Cookie: jt={}\r\n", SessionToken::generate().expect("random").text());
    let (known, made_up) = (cookie(), cookie());
    assert_eq!(status(&node.get("/signed-in", &known).await), 200);
    let running: Vec<_> = (0..2)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.get("/held", "").await })
        })
        .collect();
    node.gate.wait_for(2).await;
    let asked = Instant::now();
    let refused = node.get("/hello/x", "").await;
    assert_eq!(status(&refused), 503);
    // The rule is 100 ms; the bound leaves room for a machine that runs several builds. What matters: nobody waited for the held ones.
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(status(&node.get("/hello/x", &made_up).await), 503, "a cookie that nobody gave opens nothing");
    assert_eq!(status(&node.get("/hello/x", &known).await), 200, "an officer still gets in");
    node.gate.leave.add_permits(2);
    for answer in running {
        assert_eq!(status(&answer.await.expect("ran")), 200);
    }
}

#[tokio::test]
async fn a_body_that_trickles_in_holds_no_room() {
    let node = node(Limits { concurrent_max: 1, anonymous_percent: 100, ..Limits::default() }).await;
    let mut slow = TcpStream::connect(node.address).await.expect("connects");
    let head = format!("POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: 9\r\n\r\na=");
    slow.write_all(head.as_bytes()).await.expect("sent");
    // Its head is read in order of connection: it is under way when the next is answered.
    assert_eq!(status(&node.get("/hello/x", "").await), 200);
    slow.write_all(b"1234567").await.expect("sent");
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.expect("answered");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn an_address_runs_so_many_requests_at_once_and_bodies_take_so_much_memory() {
    let limits = Limits { requests_per_address_max: 2, waiting_bytes_max: 8 << 10, ..Limits::default() };
    let node = Arc::new(node(limits).await);
    let running: Vec<_> = (0..2)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.get("/held", "").await })
        })
        .collect();
    node.gate.wait_for(2).await;
    assert_eq!(status(&node.get("/hello/x", "").await), 503);
    node.gate.leave.add_permits(2);
    for answer in running {
        assert_eq!(status(&answer.await.expect("ran")), 200);
    }
    assert_eq!(status(&node.post("/form", FORM, "", format!("a={}", "x".repeat(7_000))).await), 200);
    assert_eq!(status(&node.post("/form", FORM, "", format!("a={}", "x".repeat(9_000))).await), 503);
}

#[tokio::test]
async fn a_file_is_not_compressed_again() {
    let node = node(Limits::default()).await;
    let zipped = "Accept-Encoding: gzip\r\n";
    assert!(!node.get("/file", zipped).await.contains("content-encoding"));
}

#[tokio::test]
async fn a_reader_who_stands_still_is_left() {
    let node = node(Limits { read_pause_max: Duration::from_millis(200), ..Limits::default() }).await;
    let mut slow = TcpStream::connect(node.address).await.expect("connects");
    slow.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut first = [0; 12];
    slow.read_exact(&mut first).await.expect("begun");
    sleep(Duration::from_secs(1)).await;
    let mut rest = Vec::new();
    // Either the rest breaks off, or the connection was reset.
    let _ = slow.read_to_end(&mut rest).await;
    assert!(rest.len() < 64 << 20, "{} bytes came", rest.len());
}

#[tokio::test]
async fn faults_and_panics_tell_nothing_and_the_node_lives() {
    let node = node(Limits::default()).await;
    for path in ["/fault", "/panic"] {
        let page = node.get(path, "").await;
        assert_eq!(status(&page), 500);
        assert!(!page.contains("secret") && page.contains("系统暂时出错"), "{page}");
        let json = node.get(path, "Accept: application/json\r\n").await;
        assert!(json.contains("application/problem+json") && json.contains("\"code\":\"fault\""), "{json}");
    }
    assert_eq!(status(&node.get("/hello/x", "").await), 200);
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish() {
    let mut node = node(Limits::default()).await;
    let address = node.address;
    let running = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
        read_all(stream).await
    });
    let idle = TcpStream::connect(address).await.expect("connects");
    node.gate.wait_for(1).await;
    node.stop.take().expect("not stopped").send(()).expect("serving");
    node.gate.leave.add_permits(1);
    assert_eq!(status(&running.await.expect("ran")), 200);
    timeout(Duration::from_secs(5), node.done)
        .await
        .expect("stops although a connection is idle")
        .expect("ran")
        .expect("no error");
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
}

/// Headers of a response without what differs from run to run.
fn headers(answer: &str) -> String {
    let mut lines: Vec<&str> = answer
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with("date:") && !line.starts_with("content-length:") && !line.starts_with("etag:"))
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[tokio::test]
async fn security_headers_are_everywhere() {
    let node = node(Limits::default()).await;
    let expected = headers(&node.get("/_ui", "").await);
    insta::assert_snapshot!(expected, @"
    cache-control: no-store
    connection: close
    content-security-policy: default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'
    content-type: text/html; charset=utf-8
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    referrer-policy: same-origin
    vary: accept-encoding
    x-content-type-options: nosniff
    ");
    for path in ["/nothing", "/fault", "/_ui/form"] {
        assert_eq!(headers(&node.get(path, "").await), expected, "{path}");
    }
    let tls = node_with(Limits::default(), |config| config.tls = true).await;
    assert!(tls.get("/_ui", "").await.contains("strict-transport-security: max-age=31536000\r\n"));
}

#[tokio::test]
async fn pages_are_compressed_and_assets_cached() {
    let node = node(Limits::default()).await;
    let page = node.get("/_ui", "Accept-Encoding: gzip\r\n").await;
    assert!(page.contains("content-encoding: gzip"), "{}", headers(&page));
    if assets::ready().is_err() {
        eprintln!("skipped: ui/dist was not built");
        return;
    }
    let url = assets::url("jt.css");
    let style = node.get(&url, "").await;
    assert!(style.contains("cache-control: public, max-age=31536000, immutable"), "{}", headers(&style));
    assert!(style.contains("content-type: text/css; charset=utf-8"), "{}", headers(&style));
    let tag = style.lines().find_map(|line| line.strip_prefix("etag: ")).expect("has a tag");
    let again = node.get(&url, &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!(status(&again), 304);
    assert!(node.get("/assets/jt.css", "").await.contains("cache-control: no-cache"));
    assert_eq!(status(&node.get("/assets/../Cargo.toml", "").await), 404);
}

#[tokio::test]
async fn a_problem_is_json_for_the_api_and_keeps_allow() {
    let node = node(Limits::default()).await;
    let missing = node.get("/api/v1/nothing", "").await;
    assert_eq!(status(&missing), 404);
    assert!(missing.contains("application/problem+json"), "{missing}");
    let wrong = node.post("/hello/x", FORM, "", "").await;
    assert!(wrong.contains("allow: GET,HEAD"), "{wrong}");
    let english = node.get("/nothing", "Cookie: jt-lang=en\r\n").await;
    assert!(english.contains("Not found") && english.contains("lang=\"en\""), "{english}");
    assert!(Problem::not_found().into_response().status().is_client_error());
}

#[test]
fn two_lengths_are_ambiguous() {
    for (lines, ambiguous) in [
        ("Host: a\r\nContent-Length: 3", false),
        ("Content-Length: 3\r\ncontent-length: 3", true),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3", true),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", true),
        ("Transfer-Encoding: chunked", false),
    ] {
        let head = format!("POST / HTTP/1.1\r\n{lines}");
        assert_eq!(is_ambiguous(head.as_bytes()), ambiguous, "{lines}");
    }
}

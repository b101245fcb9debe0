//! Someone with a session, talking to the routes behind the guard.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;
use service::App;
use store::Credential;
use tower::ServiceExt as _;
use web::guard::{GuardConfig, Limits, Peer, guarded};
use web::page::Site;

use crate::document::Described;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The routes as a node serves them, and what their document promises.
#[derive(Clone)]
pub(crate) struct Served {
    router: Router,
    described: Arc<Described>,
    /// Of idempotency keys: an account may sign in twice.
    keys: Arc<AtomicU64>,
}

/// The routes as a node serves them.
pub(crate) fn served(app: &App) -> Served {
    let config = GuardConfig {
        hosts: Vec::new(),
        tls: false,
        behind_proxy: false,
        site: Site::default(),
        clock: Arc::new(|| Duration::ZERO),
        limits: Limits { burst: 1_000_000, ..Limits::default() },
    };
    Served {
        router: guarded(service::routes().into_router().with_state(app.clone()), config),
        described: Arc::new(Described::by(&service::api::openapi(app))),
        keys: Arc::default(),
    }
}

/// Lets the accounts with these numbers sign in as `u<number>`.
pub(crate) async fn let_in(app: &App, numbers: &[u8]) {
    let password = web::password::Password::parse(PASSWORD).unwrap();
    let hash = service::pages::sign_in::passwords().unwrap().hash(&password).await.unwrap();
    let at = app.now().as_microsecond();
    let credentials: Vec<Credential> = numbers
        .iter()
        .map(|n| Credential {
            login: format!("u{n}"),
            account: uuid::Uuid::from_bytes([*n; 16]).to_string(),
            password: hash.clone(),
            changed_at: at,
            must_change: false,
        })
        .collect();
    let written = app.store().write(move |writes| credentials.iter().try_for_each(|one| writes.set_credential(one)));
    written.await.unwrap();
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: HeaderMap,
    /// Where it sends a person.
    pub(crate) location: String,
    cookies: Vec<String>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.bytes)))
    }

    /// Where it sends the reader.
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The value of a hidden field.
pub(crate) fn hidden<'a>(html: &'a str, name: &str) -> &'a str {
    let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {html}"));
    html[at..].split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

/// A client with its cookies, somewhere on a network, who holds every answer of the interface against its document.
pub(crate) struct Client {
    served: Served,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) address: IpAddr,
}

impl Client {
    pub(crate) fn anonymous(served: &Served) -> Self {
        let (cookies, address) = (BTreeMap::new(), IpAddr::from([127, 0, 0, 1]));
        Self { served: served.clone(), cookies, address }
    }

    /// Someone on another network.
    pub(crate) fn at(served: &Served, network: u8) -> Self {
        Self { address: IpAddr::from([203, 0, 113, network]), ..Self::anonymous(served) }
    }

    /// Tries a name and a password.
    pub(crate) async fn sign_in(&self, n: u8, password: &str) -> Answer {
        let given = serde_json::json!({ "login": format!("u{n}"), "password": password });
        self.send(Method::POST, "/api/v1/session", &given).await
    }

    pub(crate) async fn signed_in(served: &Served, n: u8) -> Self {
        let mut client = Self::anonymous(served);
        let answer = client.sign_in(n, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        client.keep(&answer);
        client
    }

    /// Keeps the cookies that came.
    pub(crate) fn visit(&mut self, answer: &Answer) {
        let pairs = answer.cookies.iter().filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        self.cookies.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    /// Sends a form.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| web::page::percent_encode(text).replace('/', "%2F");
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&").into_bytes();
        self.request(Method::POST, path, Some("application/x-www-form-urlencoded"), body).await
    }

    /// Gives the password again.
    pub(crate) async fn elevate(&mut self) {
        let given = serde_json::json!({ "password": PASSWORD });
        let answer = self.send(Method::POST, "/api/v1/session/elevation", &given).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        self.keep(&answer);
    }

    /// Goes on with the session that an answer gave, if it gave one; without any when it took it away.
    pub(crate) fn follow(&mut self, answer: &Answer) {
        if answer.cookies.iter().any(|cookie| cookie.starts_with("jt=")) {
            self.keep(answer);
        }
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.cookies.get("jt").is_some_and(|token| !token.is_empty())
    }

    pub(crate) fn keep(&mut self, answer: &Answer) {
        assert!(answer.cookies.iter().any(|cookie| cookie.starts_with("jt=")), "no session in {:?}", answer.cookies);
        self.visit(answer);
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None, Vec::new()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.request(method, path, Some("application/json"), serde_json::to_vec(body).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// The next request is the last one once more: it carries the same key.
    pub(crate) fn once_more(&self) -> &Self {
        self.served.keys.fetch_sub(1, Ordering::SeqCst);
        self
    }

    pub(crate) async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> Answer {
        self.upload_with(path, &[], name, bytes).await
    }

    /// A file with fields before it, as a page sends it.
    pub(crate) async fn upload_with(&self, path: &str, fields: &[(&str, String)], name: &str, bytes: &[u8]) -> Answer {
        let mut head = String::new();
        for (name, value) in fields {
            head.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        head.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/pdf\r\n\r\n"
        ));
        let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        self.request(Method::POST, path, Some("multipart/form-data; boundary=b"), body).await
    }

    pub(crate) async fn request(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let key = self.served.keys.fetch_add(1, Ordering::SeqCst);
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::HOST, "127.0.0.1")
            .header("Idempotency-Key", format!("test-key-{key}"))
            .header(header::CONTENT_LENGTH, body.len());
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let request = request.extension(Peer((self.address, 40_000).into()));
        let response = self.served.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let cookies = headers.get_all(header::SET_COOKIE).iter();
        let cookies = cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        let media = header_text(&response, header::CONTENT_TYPE);
        let location = header_text(&response, header::LOCATION);
        let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        if path.starts_with("/api/") {
            self.served.described.check(&method, path, status, &media, &bytes);
        }
        Answer { status, bytes, headers, location, cookies }
    }
}

fn header_text(response: &Response, name: HeaderName) -> String {
    let value = response.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

//! SMS through a gateway: one signed POST a message (docs/messages.md).

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::body::Bytes;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::message::Medium;
use serde::{Deserialize, Serialize};
use service::messages::{Carried, Carrier, Letter, Undelivered};
use sha2::Sha256;
use tokio::time::timeout;

use super::{is_this_machine, secret};
use crate::config::SmsConfig;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Shortest key that signs.
const KEY_CHARS_MIN: usize = 16;

/// A gateway.
pub(super) struct Sms {
    client: Http,
    url: Uri,
    key: String,
    timeout: Duration,
}

enum Http {
    /// To this machine itself.
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// What is posted.
#[derive(Serialize)]
struct Short<'a> {
    key: &'a str,
    to: &'a str,
    text: &'a str,
    template: &'a str,
}

/// What a gateway answers when it took a message over.
#[derive(Deserialize)]
struct Taken {
    id: String,
}

impl Sms {
    /// As configured.
    pub(super) fn new(config: &SmsConfig, timeout: Duration) -> anyhow::Result<Self> {
        let url: Uri = config.url.parse().with_context(|| format!("url {:?}", config.url))?;
        let host = url.host().unwrap_or_default();
        let client = match url.scheme_str() {
            Some("https") => {
                let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().build();
                Http::Tls(Client::builder(TokioExecutor::new()).build(connector))
            }
            Some("http") if is_this_machine(host) => {
                Http::Plain(Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
            }
            _ => bail!("url {:?} must begin with https://, or with http:// on this machine", config.url),
        };
        let key = secret(&config.key_file)?;
        ensure!(key.len() >= KEY_CHARS_MIN, "the key must have at least {KEY_CHARS_MIN} characters");
        Ok(Self { client, url, key, timeout })
    }

    /// A signed request.
    fn request(&self, letter: &Letter) -> Result<Request<Full<Bytes>>, Undelivered> {
        let unfit = || Undelivered::Never("unfit".to_owned());
        if letter.to.is_empty() || !letter.to.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unfit());
        }
        let to = format!("+86{}", letter.to);
        let short = Short { key: &letter.key, to: &to, text: &letter.text, template: letter.template };
        let body = serde_json::to_vec(&short).map_err(|_| unfit())?;
        let seconds = letter.at / 1_000_000;
        let signature = format!("t={seconds},v1={}", sign(self.key.as_bytes(), seconds, &body));
        let value = |text: &str| HeaderValue::try_from(text).map_err(|_| unfit());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("idempotency-key", value(&letter.key)?);
        headers.insert("x-jiantong-signature", value(&signature)?);
        Ok(request)
    }

    async fn post(&self, letter: &Letter) -> Result<String, Undelivered> {
        let request = self.request(letter)?;
        let response = match &self.client {
            Http::Plain(client) => client.request(request).await,
            Http::Tls(client) => client.request(request).await,
        };
        let response = response.map_err(|error| {
            if error.is_connect() { Undelivered::Unreachable } else { Undelivered::Later("answer".to_owned()) }
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(status));
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| Undelivered::Later("answer".to_owned()))?.to_bytes();
        // A page of a proxy that says 200 to everything took nothing over.
        let taken: Taken = serde_json::from_slice(&body).map_err(|_| Undelivered::Later("answer".to_owned()))?;
        Ok(taken.id)
    }
}

/// HMAC-SHA256 over the instant and the body, hex: what was signed is neither changed on the way nor sent again later.
pub(super) fn sign(key: &[u8], seconds: i64, body: &[u8]) -> String {
    // A key of any length is in order.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    kernel::state::hex(&mac.finalize().into_bytes())
}

/// A gateway says with 400, 410, 413 and 422 that this message will never do; all else is mended by time or by a person.
fn refused(status: StatusCode) -> Undelivered {
    let reason = format!("refused-{}", status.as_u16());
    match status.as_u16() {
        400 | 410 | 413 | 422 => Undelivered::Never(reason),
        _ => Undelivered::Later(reason),
    }
}

impl Carrier for Sms {
    fn medium(&self) -> Medium {
        Medium::Sms
    }

    fn carry<'a>(&'a self, letter: &'a Letter) -> Carried<'a> {
        Box::pin(async move {
            let late = |_| Undelivered::Later("timeout".to_owned());
            timeout(self.timeout, self.post(letter)).await.map_err(late)?
        })
    }
}

//! E-mail through a mail server (SMTP).

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::http::Uri;
use kernel::message::Medium;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{Address, AsyncTransport as _, Tokio1Executor};
use service::messages::{Carried, Carrier, Letter, Undelivered};
use tokio::time::timeout;

use super::{is_this_machine, secret};
use crate::config::MailConfig;

/// Refusals that speak of us and not of the letter (RFC 4954 §6: sign in, stronger, encrypted): a person mends them, and then it goes out.
const ABOUT_US: [&str; 5] = ["530", "534", "535", "538", "454"];

/// A mail server.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

impl Mail {
    /// As configured.
    pub(super) fn new(config: &MailConfig, timeout: Duration) -> anyhow::Result<Self> {
        let uri: Uri = config.url.parse().with_context(|| format!("url {:?}", config.url))?;
        let host = uri.host().unwrap_or_default();
        ensure!(
            !host.is_empty() && uri.path().len() <= 1,
            "url {:?} must be smtp://HOST:PORT or smtps://HOST:PORT",
            config.url
        );
        ensure!(
            uri.authority().is_some_and(|given| !given.as_str().contains('@')),
            "user and password stand beside the url"
        );
        let parameters = || TlsParameters::new(host.to_owned());
        let (tls, port) = match uri.scheme_str() {
            Some("smtps") => (Tls::Wrapper(parameters()?), 465),
            Some("smtp") if is_this_machine(host) => (Tls::None, 25),
            Some("smtp") => (Tls::Required(parameters()?), 587),
            _ => bail!("url {:?} must begin with smtp:// or smtps://", config.url),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.trim_matches(['[', ']']))
            .port(uri.port_u16().unwrap_or(port))
            .tls(tls)
            .timeout(Some(timeout));
        match (&config.user, &config.password_file) {
            (Some(user), Some(file)) => builder = builder.credentials(Credentials::new(user.clone(), secret(file)?)),
            (None, None) => {}
            _ => bail!("user and password-file go together"),
        }
        let from = config.from.parse().with_context(|| format!("from {:?} is not an address", config.from))?;
        Ok(Self { transport: builder.build(), from, timeout })
    }

    /// The letter as it travels. What could begin another header is refused and never folded in.
    pub(super) fn message(&self, letter: &Letter) -> Result<Message, Undelivered> {
        let unfit = || Undelivered::Never("unfit".to_owned());
        if [&letter.subject, &letter.to, &letter.key].into_iter().any(|line| line.chars().any(char::is_control)) {
            return Err(unfit());
        }
        let to: Address = letter.to.parse().map_err(|_| unfit())?;
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .message_id(Some(format!("<{}@{}>", letter.key, self.from.email.domain())))
            // RFC 3834 §5: no machine answers it.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|_| unfit())
    }
}

impl Carrier for Mail {
    fn medium(&self) -> Medium {
        Medium::Email
    }

    fn carry<'a>(&'a self, letter: &'a Letter) -> Carried<'a> {
        Box::pin(async move {
            let message = self.message(letter)?;
            match timeout(self.timeout, self.transport.send(message)).await {
                Ok(Ok(response)) => Ok(receipt(&response)),
                Ok(Err(error)) => Err(undelivered(&error)),
                Err(_) => Err(Undelivered::Later("timeout".to_owned())),
            }
        })
    }
}

fn receipt(response: &Response) -> String {
    format!("{} {}", response.code(), response.first_line().unwrap_or_default())
}

fn undelivered(error: &smtp::Error) -> Undelivered {
    if let Some(code) = error.status() {
        let code = code.to_string();
        let reason = format!("refused-{code}");
        let is_over = error.is_permanent() && !ABOUT_US.contains(&code.as_str());
        return if is_over { Undelivered::Never(reason) } else { Undelivered::Later(reason) };
    }
    if error.is_timeout() {
        return Undelivered::Later("timeout".to_owned());
    }
    if error.is_response() || error.is_client() {
        return Undelivered::Later("answer".to_owned());
    }
    Undelivered::Unreachable
}

//! Who takes messages over: a mail server, an SMS gateway. The interface of the latter is docs/messages.md.

mod mail;
mod sms;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use kernel::message::Medium;
use service::messages::{Carrier, Courier, Rules};

use crate::config::{Config, MessageConfig};

/// The media that are configured.
pub(crate) fn media(config: &Config) -> BTreeSet<Medium> {
    let configured = [(Medium::Email, config.mail.is_some()), (Medium::Sms, config.sms.is_some())];
    configured.into_iter().filter(|(_, is)| *is).map(|(medium, _)| medium).collect()
}

/// A courier for each.
pub(crate) fn couriers(config: &Config) -> anyhow::Result<Vec<Courier>> {
    let timeout = Duration::from_secs(config.messages.timeout_seconds.into());
    let mut carriers: Vec<Box<dyn Carrier>> = Vec::new();
    if let Some(mail) = &config.mail {
        carriers.push(Box::new(mail::Mail::new(mail, timeout).context("configuration [mail]")?));
    }
    if let Some(sms) = &config.sms {
        carriers.push(Box::new(sms::Sms::new(sms, timeout).context("configuration [sms]")?));
    }
    let rules = rules(config.messages);
    Ok(carriers.into_iter().map(|carrier| Courier::new(carrier, rules)).collect())
}

fn rules(config: MessageConfig) -> Rules {
    let us = |seconds: u32| i64::from(seconds) * 1_000_000;
    Rules {
        tries: config.tries,
        first_wait_us: us(config.first_wait_seconds),
        longest_wait_us: us(config.longest_wait_seconds),
        timeout_us: us(config.timeout_seconds),
    }
}

/// A secret of one line from a file that nobody else may read (security.md §2 rule 10).
fn secret(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let mode = fs::metadata(path).with_context(|| format!("read {shown}"))?.permissions().mode() & 0o777;
    ensure!(mode & 0o077 == 0, "{shown} has mode {mode:o}: chmod 600");
    let text = fs::read_to_string(path).with_context(|| format!("read {shown}"))?;
    let secret = text.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(!secret.is_empty() && !secret.contains(['\r', '\n']), "{shown} must hold one line");
    Ok(secret)
}

/// Nothing on the way could listen: plain text is in order.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

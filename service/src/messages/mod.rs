//! Messages that leave the house: claimed from the outbox, put into words, handed to a carrier, recorded with the case.
//!
//! Sending is at least once, under a key that stays the same however often it is tried; recording is once. What a carrier does is its own
//! affair ([`Carrier`]): this module knows no network.

pub mod contact;
pub mod queue;

use std::future::Future;
use std::pin::Pin;

use base::id::{AccountId, CaseId};
use kernel::case::{Case, Channel};
use kernel::change::Job;
use kernel::directory::Account;
use kernel::message::{Medium, Message, MessageCommand, MessageDelivered, Messages, Occasion};
use kernel::{Command, State, StreamId};
use store::{OutboxItem, Submission, SubmitError};
use web::words::{Arg, Lang, Words};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::system;
use crate::outbox::Share;

/// The job, as its entries name it.
const JOB: &str = "messages";
/// Messages taken in one turn: so few that their lease outlasts them all when each takes as long as it may.
pub const AT_ONCE: u32 = 16;
/// Messages of one organisation in one turn.
const EACH: u32 = 4;
/// Characters kept of what the other side gave as proof.
const RECEIPT_CHARS_MAX: usize = 80;
/// A share of a wait by which it is longer or shorter, so that what failed together is not tried again together.
const JITTER_PERCENT: i64 = 20;

/// A message in words, on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same for each try: whoever got it already recognises it.
    pub key: String,
    /// Address or number.
    pub to: String,
    /// One line, where the medium has one.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The word of the template that it was made from.
    pub template: &'static str,
    /// When it is sent, µs UTC.
    pub at: i64,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({}, {})", self.key, self.template)
    }
}

/// Why a letter did not go out. Reasons are words and reply codes, never what the other side wrote: it may name the recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// Nobody answers there: the next letter would not get through either.
    Unreachable,
    /// Not now.
    Later(String),
    /// Never: trying again would change nothing.
    Never(String),
}

impl Undelivered {
    fn reason(&self) -> &str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Later(reason) | Self::Never(reason) => reason,
        }
    }
}

/// What a carrier promises.
pub type Carried<'a> = Pin<Box<dyn Future<Output = std::result::Result<String, Undelivered>> + Send + 'a>>;

/// Takes letters of one medium to whoever delivers them.
pub trait Carrier: Send + Sync {
    /// Which medium.
    fn medium(&self) -> Medium;
    /// Hands a letter over; what the other side gave as proof comes back. Takes no longer than [`Rules::timeout_us`].
    fn carry<'a>(&'a self, letter: &'a Letter) -> Carried<'a>;
}

/// How often and how long is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Tries before a message is given up.
    pub tries: u32,
    /// The first wait, µs; it doubles each time.
    pub first_wait_us: i64,
    /// The longest wait, µs.
    pub longest_wait_us: i64,
    /// The longest that one letter may take, µs.
    pub timeout_us: i64,
}

impl Rules {
    /// How long to wait after so many tries; `spread` is anything random.
    fn wait_us(&self, attempts: u32, spread: u8) -> i64 {
        let doubled = self.first_wait_us.saturating_mul(1 << attempts.saturating_sub(1).min(30));
        let wait = doubled.min(self.longest_wait_us);
        let jitter = wait.saturating_mul(JITTER_PERCENT) / 100;
        wait - jitter + (2 * jitter).saturating_mul(spread.into()) / 255
    }
}

/// A carrier with its rules.
pub struct Courier {
    carrier: Box<dyn Carrier>,
    rules: Rules,
}

impl Courier {
    /// Of a carrier.
    pub fn new(carrier: Box<dyn Carrier>, rules: Rules) -> Self {
        Self { carrier, rules }
    }

    /// What it carries.
    pub fn medium(&self) -> Medium {
        self.carrier.medium()
    }
}

/// What came of one message.
enum Sent {
    /// It was sent, or need not be: recorded.
    Settled,
    /// To be tried again.
    Again { unreachable: bool },
}

impl App {
    /// Sends what is due of one medium, as long as `go_on` says so. Answers how many messages were settled.
    pub async fn run_messages(&self, courier: &Courier, lease: &str, go_on: impl Fn() -> bool) -> Result<usize> {
        let queue = courier.medium().as_str();
        let lease_us = courier.rules.timeout_us.saturating_mul(i64::from(AT_ONCE) + 1);
        let claimed = self.claim(Share { queue, lease_us, each: EACH, limit: AT_ONCE }, lease).await?;
        let (mut settled, mut unreachable) = (0, false);
        for item in claimed {
            let Job::Message(message) = &item.job else { continue };
            if !go_on() {
                self.put_off(&item, lease, 0).await?;
                continue;
            }
            // Whoever did not answer the last one is not asked again in this turn.
            let sent =
                if unreachable { Sent::Again { unreachable } } else { self.send(courier, &item, message).await? };
            match sent {
                Sent::Settled => {
                    settled += 1;
                    self.finish(&item, lease).await?;
                }
                Sent::Again { unreachable: now } => {
                    unreachable = now;
                    let [spread, ..] = self.entropy().bytes16();
                    self.put_off(&item, lease, courier.rules.wait_us(item.attempts, spread)).await?;
                }
            }
        }
        Ok(settled)
    }

    async fn send(&self, courier: &Courier, item: &OutboxItem, message: &Message) -> Result<Sent> {
        let key =
            message.key.clone().unwrap_or_else(|| format!("{}-{}-{}", self.store().node(), item.sequence, item.n));
        let (messages, case, account) = self.about(message.case, message.to).await?;
        // It went out, and the process ended before the queue knew.
        if messages.is_over(&key) {
            return Ok(Sent::Settled);
        }
        let address = match self.address(&account, message.medium).await? {
            Some(address) => address,
            None => return self.give_up(message, key, item.attempts, "unwanted", true).await,
        };
        let letter = self.letter(message, &case, &account, key.clone(), address).await?;
        match courier.carrier.carry(&letter).await {
            Ok(receipt) => {
                let delivered = MessageDelivered {
                    key,
                    medium: message.medium,
                    to: message.to,
                    occasion: message.occasion,
                    attempts: item.attempts,
                    receipt: printable(&receipt, &letter.to),
                };
                self.record(message.case, MessageCommand::Delivered(delivered)).await?;
                Ok(Sent::Settled)
            }
            Err(why) => {
                let (medium, attempts, reason) = (message.medium.as_str(), item.attempts, why.reason());
                let over = matches!(why, Undelivered::Never(_)) || attempts >= courier.rules.tries;
                tracing::warn!(key, medium, attempts, reason, over, "A message did not go out");
                if over {
                    return self.give_up(message, key, attempts, reason, false).await;
                }
                Ok(Sent::Again { unreachable: why == Undelivered::Unreachable })
            }
        }
    }

    async fn give_up(
        &self,
        message: &Message,
        key: String,
        attempts: u32,
        reason: &str,
        dropped: bool,
    ) -> Result<Sent> {
        let reason = reason.to_owned();
        let failed = MessageCommand::Failed { message: message.clone(), key, attempts, reason, dropped };
        self.record(message.case, failed).await?;
        Ok(Sent::Settled)
    }

    async fn record(&self, case: CaseId, command: MessageCommand) -> Result<()> {
        let command = Command::Message { case, command };
        let submission = Submission { command, actor: system(JOB), facts: self.facts(), key: None, entered_at: None };
        self.store().submit(submission).await.map(|_| ()).map_err(|error: SubmitError| error.into())
    }

    /// What became of the messages of a case, the case, and the account that one of them goes to.
    async fn about(&self, case: CaseId, to: AccountId) -> Result<(Messages, Case, Account)> {
        let read = self.store().read(move |reader| {
            let messages = reader.state(&StreamId::messages(case))?;
            Ok((messages, reader.state(&StreamId::case(case))?, reader.state(&StreamId::account(to))?))
        });
        let (messages, case, account) = read.await?;
        let messages = match messages {
            Some((_, State::Messages(messages))) => messages,
            _ => Messages::default(),
        };
        match (case, account) {
            (Some((_, State::Case(case))), Some((_, State::Account(account)))) => Ok((messages, *case, account)),
            _ => Err(Error::not_found()),
        }
    }

    async fn letter(
        &self,
        message: &Message,
        case: &Case,
        account: &Account,
        key: String,
        to: String,
    ) -> Result<Letter> {
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let language = account.contact.as_ref().map(|contact| contact.language.as_str());
        let words = Words::new(Lang::parse(language.unwrap_or_default()));
        let template = template(message.occasion, case.channel);
        let what = words.t(&format!("message-{template}"));
        let page = if message.occasion.is_for_officers() { "/office/cases" } else { "/my/cases" };
        let args: Vec<(&'static str, Arg)> = vec![
            ("what", Arg::Text(what)),
            ("number", Arg::Text(case.number.clone())),
            ("matter", Arg::Text(matter.spec.name.get(words.lang.tag()).to_owned())),
            ("address", Arg::Text(format!("{}{page}/{}", self.settings().public_url, case.id))),
        ];
        let text = match message.medium {
            Medium::Email => words.t_args("message-mail", &args),
            Medium::Sms => words.t_args("message-short", &args),
        };
        let subject = words.t_args("message-subject", &args);
        Ok(Letter { key, to, subject, text, template, at: self.now().as_microsecond() })
    }
}

/// The template of a message and the last part of its words' key. Whoever did not apply was granted nothing: the authority opened a case
/// about them, decided it, or closed it.
pub(crate) fn template(occasion: Occasion, channel: Channel) -> &'static str {
    match (occasion, channel) {
        (Occasion::Accepted, Channel::Office) => "opened",
        (Occasion::Granted, Channel::Office) => "decided",
        (Occasion::Refused, Channel::Office) => "closed",
        _ => occasion.as_str(),
    }
}

/// What the other side gave as proof, as far as it may stand in an entry: short, printable, and without the address it went to.
fn printable(receipt: &str, to: &str) -> String {
    let says_to_whom = receipt.contains('@') || (!to.is_empty() && receipt.contains(to));
    if says_to_whom {
        return String::new();
    }
    receipt.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(RECEIPT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_spread() {
        let rules = Rules { tries: 9, first_wait_us: 1_000, longest_wait_us: 60_000, timeout_us: 1 };
        for (attempts, least, most) in [(1, 800, 1_200), (2, 1_600, 2_400), (7, 48_000, 72_000), (40, 48_000, 72_000)] {
            assert_eq!((rules.wait_us(attempts, 0), rules.wait_us(attempts, 255)), (least, most), "{attempts}");
        }
        assert!(Rules { longest_wait_us: i64::MAX, first_wait_us: i64::MAX, ..rules }.wait_us(9, 0) > 0);
    }

    #[test]
    fn who_did_not_apply_is_told_of_no_application() {
        for (occasion, applied, opened) in [
            (Occasion::Accepted, "accepted", "opened"),
            (Occasion::Granted, "granted", "decided"),
            (Occasion::Refused, "refused", "closed"),
            (Occasion::StatementInvited, "statement-invited", "statement-invited"),
        ] {
            assert_eq!((template(occasion, Channel::Online), template(occasion, Channel::Office)), (applied, opened));
        }
    }

    #[test]
    fn a_proof_names_nobody() {
        for (said, kept) in [
            ("2.0.0 Ok: queued as A1", "2.0.0 Ok: queued as A1"),
            ("2.1.5 <li@example.com> ok", ""),
            ("id-13800138000", ""),
            ("a\r\nb\u{202e}c", "abc"),
        ] {
            assert_eq!(printable(said, "13800138000"), kept, "{said}");
        }
    }
}

//! How somebody wishes to be told: their addresses, which only they see and change, and the media they wish.

use std::collections::BTreeSet;

use base::id::AccountId;
use email_address::{EmailAddress, Options};
use kernel::directory::{Account, Contact, DirectoryCommand};
use kernel::message::{Medium, Reachable};
use kernel::sealed::Secret;
use kernel::{Command, State, StreamId};
use store::{IdempotencyKey, Submission};
use web::words::Lang;

use crate::app::App;
use crate::error::Result;
use crate::identity::Identity;

/// RFC 5321 §4.5.3.1.3: a path is at most 256 octets, its angle brackets among them.
pub const EMAIL_CHARS_MAX: usize = 254;
/// As people type a number: with spaces, dashes and the country's prefix.
pub const MOBILE_CHARS_MAX: usize = 24;
/// What no mail server delivers (RFC 2606 §2): all that a demonstration takes.
const NOWHERE: &str = ".invalid";
/// No subscriber's number begins so: all that a demonstration takes.
const NOBODY: &str = "100";

/// How somebody is told, as they see it themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// E-mail address; empty = none.
    pub email: String,
    /// Mobile number; empty = none.
    pub mobile: String,
    /// Media wished.
    pub wishes: BTreeSet<Medium>,
    /// Language of the messages.
    pub language: String,
}

/// A field that does not stand, with the key of what is said of it.
pub type Unfit = (&'static str, &'static str);

impl Told {
    /// As it will be kept, or what is wrong with it. A demonstration takes only addresses that reach nobody.
    pub fn checked(&self, demo: bool) -> std::result::Result<Self, Vec<Unfit>> {
        let mut wrong = Vec::new();
        let email = self.email.trim().to_owned();
        let mobile = national(&self.mobile);
        if !email.is_empty() && !is_email(&email) {
            wrong.push(("email", "contact-email-unfit"));
        } else if demo && !email.is_empty() && !email.ends_with(NOWHERE) {
            wrong.push(("email", "contact-email-demo"));
        } else if email.is_empty() && self.wishes.contains(&Medium::Email) {
            wrong.push(("email", "contact-email-needed"));
        }
        let reserved = mobile.starts_with(NOBODY);
        if !mobile.is_empty() && !is_mobile(&mobile, demo && reserved) {
            wrong.push(("mobile", if demo { "contact-mobile-demo" } else { "contact-mobile-unfit" }));
        } else if demo && !mobile.is_empty() && !reserved {
            wrong.push(("mobile", "contact-mobile-demo"));
        } else if mobile.is_empty() && self.wishes.contains(&Medium::Sms) {
            wrong.push(("mobile", "contact-mobile-needed"));
        }
        let language = Lang::parse(&self.language).tag().to_owned();
        if wrong.is_empty() { Ok(Self { email, mobile, wishes: self.wishes.clone(), language }) } else { Err(wrong) }
    }
}

/// One mailbox in ASCII: no display name, no quotes, nothing that could begin another header.
fn is_email(text: &str) -> bool {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    text.len() <= EMAIL_CHARS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>,;:\\()[]".contains(&byte))
        && EmailAddress::parse_with_options(text, options).is_ok()
}

/// Eleven digits that begin like a mobile number of the mainland.
fn is_mobile(digits: &str, reserved: bool) -> bool {
    let mut bytes = digits.bytes();
    let begins =
        bytes.next() == Some(b'1') && bytes.next().is_some_and(|second| reserved || (b'3'..=b'9').contains(&second));
    begins && digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number as people type it, without what stands between the digits and before them.
fn national(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    plain.strip_prefix("+86").or_else(|| plain.strip_prefix("0086")).map_or(plain.clone(), str::to_owned)
}

fn field(account: AccountId, medium: Medium) -> String {
    format!("account/{account}/{}", medium.as_str())
}

impl App {
    /// How somebody is told, for themself.
    pub async fn told(&self, account: &Account, language: &str) -> Result<Told> {
        let subject = account.subject;
        let wanted = Medium::ALL.map(|medium| (subject, field(account.id, medium)));
        let opened = self.store().read(move |reader| reader.open(&wanted)).await?;
        let mut values = opened.iter().map(|value| value.value().unwrap_or_default().to_owned());
        let (email, mobile) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
        let contact = account.contact.as_ref();
        let wishes = contact.map(|contact| contact.wishes.clone()).unwrap_or_default();
        let language = contact.map_or(language, |contact| &contact.language).to_owned();
        Ok(Told { email, mobile, wishes, language })
    }

    /// Keeps how somebody wishes to be told; checked before.
    pub async fn set_told(&self, identity: &Identity, account: &Account, told: Told, key: Option<&str>) -> Result<()> {
        let Told { email, mobile, wishes, language } = told;
        // A keyed hash: a number alone is soon guessed.
        let pepper: [u8; 16] = std::array::from_fn(|n| self.settings().pepper[n]);
        let wish = format!("contact\n{email}\n{mobile}\n{wishes:?}\n{language}");
        let key = key.map(|key| IdempotencyKey {
            account: account.id.to_string(),
            key: key.to_owned(),
            body_hash: journal::commit(&pepper, wish.as_bytes()).0,
        });
        let mut entropy = self.entropy();
        let mut secret = |medium, value| Secret {
            subject: account.subject,
            field: field(account.id, medium),
            salt: entropy.bytes16(),
            value,
        };
        let (email, mobile) = (secret(Medium::Email, email), secret(Medium::Sms, mobile));
        let command = DirectoryCommand::SetContact { account: account.id, email, mobile, wishes, language };
        let submission = Submission {
            command: Command::Directory(command),
            actor: identity.actor(),
            facts: self.facts(),
            key,
            entered_at: None,
        };
        self.store().submit(submission).await?;
        Ok(())
    }

    /// Where an account wishes to be reached by a medium now; none when it does not, or no longer.
    pub(crate) async fn address(&self, account: &Account, medium: Medium) -> Result<Option<String>> {
        let contact = account.contact.as_ref().filter(|_| !account.disabled);
        let Some(commitment) = contact.and_then(|contact| contact.address(medium)) else { return Ok(None) };
        let wanted = vec![(account.subject, commitment.field.clone())];
        let opened = self.store().read(move |reader| reader.open(&wanted)).await?;
        Ok(opened.first().and_then(store::Opened::value).filter(|value| !value.is_empty()).map(str::to_owned))
    }

    /// Which of these accounts are told by which media: what they wish and this node can do.
    pub(crate) async fn reachable(&self, accounts: impl IntoIterator<Item = AccountId>) -> Result<Reachable> {
        let media = self.settings().media.clone();
        let streams: Vec<StreamId> = accounts.into_iter().map(StreamId::account).collect();
        if media.is_empty() || streams.is_empty() {
            return Ok(Reachable::new());
        }
        let states = self.store().read(move |reader| reader.states(&streams)).await?;
        let wished =
            |contact: &Contact| media.iter().copied().filter(|medium| contact.address(*medium).is_some()).collect();
        let reached = states.into_iter().filter_map(|(_, _, state)| match state {
            State::Account(account) if !account.disabled => Some((account.id, wished(account.contact.as_ref()?))),
            _ => None,
        });
        Ok(reached.collect())
    }
}

/// Words of media, those that are none left out.
pub fn media_of<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<Medium> {
    let medium = |word: &str| Medium::ALL.into_iter().find(|medium| medium.as_str() == word);
    words.into_iter().filter_map(medium).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(email: &str, mobile: &str) -> Told {
        Told { email: email.to_owned(), mobile: mobile.to_owned(), wishes: BTreeSet::new(), language: String::new() }
    }

    #[test]
    fn an_address_is_one_mailbox_and_a_number_one_mobile() {
        for (email, stands) in [
            ("li.ming@example.com", true),
            (" li@example.com ", true),
            ("", true),
            ("li", false),
            ("li@localhost", false),
            ("Li <li@example.com>", false),
            ("li@example.com\r\nBcc: all@example.com", false),
            ("li@example.com,wang@example.com", false),
            ("\"li ming\"@example.com", false),
            ("李@example.com", false),
        ] {
            assert_eq!(told(email, "").checked(false).is_ok(), stands, "{email:?}");
        }
        for (mobile, kept) in [
            ("13800138000", Some("13800138000")),
            ("+86 138-0013-8000", Some("13800138000")),
            ("12800138000", None),
            ("1380013800", None),
            ("138001380000", None),
            ("1380013800a", None),
            ("13800138000\r\n", None),
        ] {
            assert_eq!(told("", mobile).checked(false).ok().map(|told| told.mobile).as_deref(), kept, "{mobile:?}");
        }
    }

    #[test]
    fn a_demonstration_takes_what_reaches_nobody() {
        assert!(told("a@example.invalid", "10000000001").checked(true).is_ok());
        assert!(told("", "10000000001").checked(false).is_err());
        assert_eq!(told("a@example.com", "13800138000").checked(true).map(|_| ()), {
            Err(vec![("email", "contact-email-demo"), ("mobile", "contact-mobile-demo")])
        });
    }

    #[test]
    fn what_is_wished_needs_its_address() {
        let wishes = BTreeSet::from(Medium::ALL);
        let wrong = Told { wishes, ..told("", "") }.checked(false).map(|_| ());
        assert_eq!(wrong, Err(vec![("email", "contact-email-needed"), ("mobile", "contact-mobile-needed")]));
    }
}

//! How often a password may be tried (security.md §3): a growing delay after failures, never a lock, and never a delay that a stranger can
//! impose on somebody.
//!
//! A failure counts against whoever tried: at sign-in the name together with the network it came from, on a device where the person signed in
//! before that device, and within a session the session. What networks try together is held back by a count of the name, which a known
//! device does not feel. Every try is counted before the password is looked at, and given back if it was right: tries side by side
//! are as many as tries one after another.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{Credential, Fault, Session, Writes};
use subtle::ConstantTimeEq as _;
use web::guard::Budget;
use web::password::login_wait;
use web::session::SessionToken;

use crate::app::App;
use crate::error::{Error, Result};

/// Failures are counted within a day, longer than the longest delay.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Failures at one name, from wherever they come, that are forgiven beyond those of one network.
const ANYWHERE_MORE: u32 = 95;
/// Failures of one network a minute, at whatever names and numbers. An office behind one address makes fewer.
const OF_A_NETWORK: u32 = 30;
/// People that one device is known to: a shared computer at a window.
const KNOWN_MAX: usize = 4;
/// Longest cookie of a device that is looked at.
const DEVICE_BYTES_MAX: usize = 512;

/// What networks may still try, in memory: a synced write for each stranger's guess would be a gift to them.
#[derive(Debug)]
pub(crate) struct Budgets {
    /// Passwords.
    pub(crate) sign_in: Budget,
    /// Numbers and codes of the public look-ups.
    pub(crate) look_up: Budget,
}

impl Default for Budgets {
    fn default() -> Self {
        let a_minute = || Budget::over(OF_A_NETWORK, Duration::from_secs(60), OF_A_NETWORK);
        Self { sign_in: a_minute(), look_up: a_minute() }
    }
}

impl App {
    /// Takes one try of a network; or says for how many seconds there is none.
    pub(crate) fn spend(&self, budget: &Budget, network: IpAddr) -> std::result::Result<(), u32> {
        budget.spend(network, Duration::try_from(self.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default())
    }
}

/// The counts that one try goes to.
pub(crate) struct Attempts {
    /// Of whoever tries: cleared when the password was right.
    own: String,
    /// Of the name wherever it is tried from: one is given back.
    anywhere: Option<String>,
}

impl Attempts {
    /// At the sign-in page: of a network, or of a device that knows the person.
    pub(crate) fn signing_in(app: &App, login: &str, network: IpAddr, known: Option<&Device>) -> Self {
        // Hashed: neither a name nor an address stands in the table.
        let name = |from: String| app.store().lookup_hash("sign-in", &format!("{login}/{from}"));
        match known {
            Some(device) => Self { own: name(device.token.clone()), anywhere: None },
            None => Self { own: name(network.to_string()), anywhere: Some(name(String::new())) },
        }
    }

    /// Within a session: the password again.
    pub(crate) fn again(app: &App, session: &Session) -> Self {
        Self { own: app.store().lookup_hash("again", &kernel::state::hex(&session.id_hash)), anywhere: None }
    }

    /// Counts a try; or says how long there is none.
    pub(crate) async fn begin(&self, app: &App) -> Result<Option<SignedDuration>> {
        let now = app.now();
        let mut counts = vec![(self.own.clone(), 0)];
        counts.extend(self.anywhere.iter().map(|name| (name.clone(), ANYWHERE_MORE)));
        let begun = app.store().write(move |writes| {
            for (name, more) in &counts {
                if let Some(left) = wait(writes, name, *more, now)? {
                    return Ok(Some(left));
                }
            }
            counts.iter().try_for_each(|(name, _)| count(writes, name, now))?;
            Ok(None)
        });
        begun.await.map_err(Error::Fault)
    }

    /// The password was right.
    pub(crate) async fn succeeded(self, app: &App) -> Result<()> {
        let written = app.store().write(move |writes| {
            writes.refill_budget(&failures(&self.own))?;
            writes.refill_budget(&last(&self.own))?;
            self.anywhere.iter().try_for_each(|name| writes.refund_budget(&failures(name)))
        });
        written.await.map_err(Error::Fault)
    }
}

fn failures(name: &str) -> String {
    format!("tries/{name}")
}

fn last(name: &str) -> String {
    format!("tries-last/{name}")
}

fn wait(
    writes: &mut Writes<'_>,
    name: &str,
    more: u32,
    now: Timestamp,
) -> std::result::Result<Option<SignedDuration>, Fault> {
    let (used, last_at) = (writes.budget(&failures(name))?.0, writes.budget(&last(name))?.1);
    let used = u32::try_from(used).unwrap_or(u32::MAX).saturating_sub(more);
    Ok(login_wait(used, Timestamp::from_microsecond(last_at).unwrap_or(Timestamp::UNIX_EPOCH), now))
}

fn count(writes: &mut Writes<'_>, name: &str, now: Timestamp) -> std::result::Result<(), Fault> {
    let (at, window) = (now.as_microsecond(), i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX));
    writes.use_budget(&failures(name), at, window)?;
    // A window of nothing: each use begins a new one, so its beginning is the time of the last try.
    writes.use_budget(&last(name), at, 0).map(|_| ())
}

/// A device on which people signed in: a random name, and for each of them a keyed hash that only this node can make. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    token: String,
    marks: Vec<String>,
}

impl Device {
    /// From a cookie.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let token = parts.next().filter(|_| text.len() <= DEVICE_BYTES_MAX).and_then(SessionToken::parse)?;
        Some(Self { token: token.text(), marks: parts.take(KNOWN_MAX).map(str::to_owned).collect() })
    }

    /// A new one.
    pub(crate) fn new(token: &SessionToken) -> Self {
        Self { token: token.text(), marks: Vec::new() }
    }

    /// The cookie's value.
    pub(crate) fn text(&self) -> String {
        std::iter::once(&self.token).chain(&self.marks).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// Did this person sign in here, with the password they have now?
    pub(crate) fn knows(&self, app: &App, credential: &Credential) -> bool {
        let mark = self.mark(app, credential);
        self.marks.iter().any(|known| bool::from(known.as_bytes().ct_eq(mark.as_bytes())))
    }

    /// They just did.
    pub(crate) fn learn(&mut self, app: &App, credential: &Credential) {
        let mark = self.mark(app, credential);
        self.marks.retain(|known| *known != mark);
        self.marks.insert(0, mark);
        self.marks.truncate(KNOWN_MAX);
    }

    /// A changed password makes every device a stranger: somebody may have lost one.
    fn mark(&self, app: &App, credential: &Credential) -> String {
        let Credential { login, changed_at, .. } = credential;
        app.store().lookup_hash("device", &format!("{}/{changed_at}/{login}", self.token))
    }
}

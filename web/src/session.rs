//! Sessions: cookies, tokens and the rules of their life. Where they are stored is not known here; the database keeps the hash of a
//! token, so that a stolen copy of it opens nothing.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// 256 random bits that only the browser keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

/// What the database keeps of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionHash(
    /// SHA-256 of the token.
    pub [u8; 32],
);

/// What the forms of a session are bound to. It outlives a change of token, so that a form in another tab, or one whose answer was a
/// refusal after the password, can still be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FormKey([u8; 32]);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness(#[source] getrandom::Error);

impl SessionToken {
    /// A new token; made at login, at elevation and at a change of post.
    pub fn generate() -> Result<SessionToken, NoRandomness> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(NoRandomness)?;
        Ok(SessionToken(bytes))
    }

    /// From a cookie's value.
    pub fn parse(text: &str) -> Option<SessionToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(SessionToken(bytes.try_into().ok()?))
    }

    /// The cookie's value.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> SessionHash {
        SessionHash(digest(b"jiantong session\0", &self.0))
    }

    /// What forms are bound to from this token on: at sign-in, and for an anonymous visit.
    pub fn form_key(&self) -> FormKey {
        FormKey(digest(b"jiantong form\0", &self.0))
    }
}

impl FormKey {
    /// From the text that is kept with a session.
    pub fn parse(text: &str) -> Option<FormKey> {
        Some(FormKey(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// As it is kept with a session whose token has changed.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// A form's token. Masked anew each time, so that a compressed page does not betray it byte by byte.
    pub fn csrf(&self) -> Result<String, NoRandomness> {
        let mut out = [0; 64];
        getrandom::fill(&mut out[..32]).map_err(NoRandomness)?;
        for at in 0..32 {
            out[32 + at] = out[at] ^ self.0[at];
        }
        Ok(URL_SAFE_NO_PAD.encode(out))
    }

    /// Was the form made for this session?
    pub fn csrf_matches(&self, given: &str) -> bool {
        let Ok(given) = URL_SAFE_NO_PAD.decode(given) else { return false };
        if given.len() != 64 {
            return false;
        }
        let mut unmasked = [0; 32];
        for at in 0..32 {
            unmasked[at] = given[at] ^ given[32 + at];
        }
        bool::from(unmasked.ct_eq(&self.0))
    }
}

impl std::fmt::Debug for FormKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FormKey(…)")
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SessionToken(…)")
    }
}

fn digest(purpose: &[u8], token: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(purpose).chain_update(token).finalize().into()
}

/// A new idempotency key for a form: 128 random bits, kept with the answer so that a repeated form gets the same answer.
pub fn nonce() -> Result<String, NoRandomness> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Could this be an idempotency key? Up to 64 characters of the URL-safe alphabet, at least 16.
pub fn is_nonce(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Attribute of a cookie that outlives the browser.
const YEAR: &str = "; Max-Age=31536000";

/// Names and flags of cookies. `__Host-` binds a cookie to this host and to TLS; plain HTTP exists on loopback only and there the
/// browser would refuse the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    /// Is the browser's connection TLS (ours or the proxy's)?
    pub tls: bool,
}

impl Cookies {
    /// Name of the session cookie.
    pub fn session_name(self) -> &'static str {
        if self.tls { "__Host-jt" } else { "jt" }
    }

    /// Name of the anonymous visit's cookie, which binds forms before login.
    pub fn visit_name(self) -> &'static str {
        if self.tls { "__Host-jt-visit" } else { "jt-visit" }
    }

    /// `Set-Cookie` of a session; it ends with the browser, the server ends it sooner.
    pub fn set_session(self, token: &SessionToken) -> HeaderValue {
        self.set(self.session_name(), &token.text(), "")
    }

    /// `Set-Cookie` of an anonymous visit.
    pub fn set_visit(self, token: &SessionToken) -> HeaderValue {
        self.set(self.visit_name(), &token.text(), "")
    }

    /// `Set-Cookie` that removes the session.
    pub fn clear_session(self) -> HeaderValue {
        self.set(self.session_name(), "", "; Max-Age=0")
    }

    /// `Set-Cookie` of a preference (`jt-lang`, `jt-size`, `jt-theme`), kept a year.
    pub fn set_preference(self, name: &'static str, value: &'static str) -> HeaderValue {
        self.set(name, value, YEAR)
    }

    /// The session of a request.
    pub fn session(self, headers: &HeaderMap) -> Option<SessionToken> {
        SessionToken::parse(cookie(headers, self.session_name())?)
    }

    /// Name of the cookie by which a device is known again.
    fn device_name(self) -> &'static str {
        if self.tls { "__Host-jt-device" } else { "jt-device" }
    }

    /// `Set-Cookie` of a device on which somebody signed in, kept a year. `known` is of cookie characters.
    pub fn set_device(self, known: &str) -> HeaderValue {
        self.set(self.device_name(), known, YEAR)
    }

    /// What a device says of itself; the service tells whether it is true.
    pub fn device(self, headers: &HeaderMap) -> Option<&str> {
        cookie(headers, self.device_name())
    }

    /// The anonymous visit of a request.
    pub fn visit(self, headers: &HeaderMap) -> Option<SessionToken> {
        SessionToken::parse(cookie(headers, self.visit_name())?)
    }

    fn set(self, name: &str, value: &str, more: &str) -> HeaderValue {
        let secure = if self.tls { "; Secure" } else { "" };
        HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}"))
            .unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// The value of a cookie. A name sent twice is no name: somebody may be planting one.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    if found.next().is_some() { None } else { Some(first) }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Ends after so much idleness.
    pub idle: SignedDuration,
    /// Ends so long after login whatever happens.
    pub absolute: SignedDuration,
    /// The page warns so long before the end.
    pub warn: SignedDuration,
    /// A re-authentication counts so long for decisions, seals, unmasking, export, administration.
    pub elevation: SignedDuration,
}

impl SessionRules {
    /// Those of somebody who applies: filling in a long form takes more than an officer's quarter of an hour, and there is only one's own
    /// to see.
    pub fn of_applicants() -> SessionRules {
        SessionRules { idle: SignedDuration::from_mins(60), ..SessionRules::default() }
    }
}

impl Default for SessionRules {
    fn default() -> SessionRules {
        SessionRules {
            idle: SignedDuration::from_mins(15),
            absolute: SignedDuration::from_hours(12),
            warn: SignedDuration::from_mins(5),
            elevation: SignedDuration::from_mins(10),
        }
    }
}

/// The instants of a stored session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// Login.
    pub started_at: Timestamp,
    /// Last request that was written down.
    pub seen_at: Timestamp,
    /// Last re-authentication.
    pub elevated_at: Option<Timestamp>,
}

/// Whether a session still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It does, and ends after that long without a request.
    Live {
        /// Until the nearer of the two ends.
        left: SignedDuration,
    },
    /// Idle for too long.
    Idle,
    /// Twelve hours are over.
    Over,
}

impl SessionRules {
    /// Is the session alive at `now`? A clock that went backwards does not lengthen it.
    pub fn state(&self, times: &SessionTimes, now: Timestamp) -> SessionState {
        let idle_left = self.idle - now.duration_since(times.seen_at);
        let absolute_left = self.absolute - now.duration_since(times.started_at);
        if absolute_left <= SignedDuration::ZERO {
            SessionState::Over
        } else if idle_left <= SignedDuration::ZERO {
            SessionState::Idle
        } else {
            SessionState::Live { left: idle_left.min(absolute_left).min(self.idle) }
        }
    }

    /// How long a session that is alive lasts without another request.
    pub fn left(&self, times: &SessionTimes, now: Timestamp) -> SignedDuration {
        match self.state(times, now) {
            SessionState::Live { left } => left,
            SessionState::Idle | SessionState::Over => SignedDuration::ZERO,
        }
    }

    /// Is it time to write down that the person is there? Once a minute is enough and spares a write for each page.
    pub fn should_touch(&self, times: &SessionTimes, now: Timestamp) -> bool {
        now.duration_since(times.seen_at) >= SignedDuration::from_mins(1)
    }

    /// Has the person authenticated again lately enough for a decision?
    pub fn is_elevated(&self, times: &SessionTimes, now: Timestamp) -> bool {
        times.elevated_at.is_some_and(|at| now >= at && now.duration_since(at) < self.elevation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1_000_000 + minutes)
    }

    fn times(started: i64, seen: i64) -> SessionTimes {
        SessionTimes { started_at: at(started), seen_at: at(seen), elevated_at: None }
    }

    #[test]
    fn a_session_ends_by_idleness_and_by_age() {
        let rules = SessionRules::default();
        let live = |minutes| SessionState::Live { left: SignedDuration::from_mins(minutes) };
        for (started, seen, now, expected) in [
            (0, 0, 0, live(15)),
            (0, 0, 14, live(1)),
            (0, 0, 15, SessionState::Idle),
            (0, 719, 719, live(1)),
            (0, 719, 720, SessionState::Over),
            (0, 5, 3, live(15)),
        ] {
            assert_eq!(rules.state(&times(started, seen), at(now)), expected, "{started} {seen} {now}");
        }
    }

    #[test]
    fn elevation_lasts_ten_minutes_and_not_backwards() {
        let rules = SessionRules::default();
        let elevated = SessionTimes { elevated_at: Some(at(10)), ..times(0, 10) };
        for (now, expected) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(rules.is_elevated(&elevated, at(now)), expected, "{now}");
        }
        assert!(!rules.is_elevated(&times(0, 0), at(0)));
    }

    #[test]
    fn a_form_token_belongs_to_one_session() {
        let (one, other) = (SessionToken([1; 32]).form_key(), SessionToken([2; 32]).form_key());
        let (first, second) = (one.csrf().expect("random"), one.csrf().expect("random"));
        assert_ne!(first, second, "masked anew");
        assert!(one.csrf_matches(&first) && one.csrf_matches(&second));
        assert!(!other.csrf_matches(&first));
        for wrong in ["", "x", &first[1..], &one.text()] {
            assert!(!one.csrf_matches(wrong), "{wrong}");
        }
        assert_eq!(FormKey::parse(&one.text()), Some(one), "kept with the session when its token changes");
    }

    #[test]
    fn cookies_have_the_flags_of_the_security_rules() {
        let token = SessionToken([7; 32]);
        let text = token.text();
        let tls = Cookies { tls: true };
        assert_eq!(
            tls.set_session(&token).to_str().expect("ascii"),
            format!("__Host-jt={text}; Path=/; HttpOnly; SameSite=Lax; Secure")
        );
        let plain = Cookies { tls: false };
        assert_eq!(
            plain.set_session(&token).to_str().expect("ascii"),
            format!("jt={text}; Path=/; HttpOnly; SameSite=Lax")
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::try_from(format!("a=b; jt={text}")).expect("ascii"));
        assert_eq!(plain.session(&headers), Some(token));
        assert_eq!(tls.session(&headers), None, "a plain cookie does not count under TLS");
        headers.append(header::COOKIE, HeaderValue::from_static("jt=planted"));
        assert_eq!(plain.session(&headers), None);
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", SessionToken([7; 32])), "SessionToken(…)");
    }

    #[test]
    fn recognises_keys() {
        assert!(is_nonce(&nonce().expect("random")));
        for wrong in ["", "short", "has space in it 12345", &"x".repeat(65)] {
            assert!(!is_nonce(wrong), "{wrong}");
        }
    }
}

//! Passwords: argon2id with a limit on how many are computed at once, the same time for unknown users, and the delay after failures.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use crate::form::Complaint;
use crate::problem::{Failure, Fault, Problem};

/// Fewest characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most characters; nothing below is cut off.
pub const PASSWORD_CHARS_MAX: usize = 128;

/// A password that meets the rules: length and not a common one. No forced composition.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Checks a new password.
    pub fn parse(text: &str) -> Result<Password, Complaint> {
        let chars = text.chars().count();
        if chars < PASSWORD_CHARS_MIN {
            return Err(Complaint::new("password-short").with("min", PASSWORD_CHARS_MIN));
        }
        if chars > PASSWORD_CHARS_MAX {
            return Err(Complaint::new("password-long").with("max", PASSWORD_CHARS_MAX));
        }
        if is_common(text) {
            return Err(Complaint::new("password-common"));
        }
        Ok(Password(text.to_owned()))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Password(…)")
    }
}

/// Words that guessers try first, alone or dressed up with digits and signs.
const COMMON: [&str; 36] = [
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx",
    "1q2w3e4r5t",
    "abc",
    "abcdef",
    "abcdefg",
    "admin",
    "administrator",
    "root",
    "welcome",
    "letmein",
    "changeme",
    "iloveyou",
    "woaini",
    "woaizhongguo",
    "nihao",
    "hello",
    "monkey",
    "dragon",
    "superman",
    "princess",
    "jiantong",
    "jianshe",
    "hebei",
    "beijing",
    "shijiazhuang",
    "zhufang",
    "test",
    "demo",
];

/// Is it a common word with digits or signs around it, a run, or one thing repeated?
fn is_common(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    if bare.is_empty() || COMMON.contains(&lower.as_str()) || COMMON.contains(&bare) {
        // Digits and signs alone: a birthday, a telephone number, an identity number.
        return true;
    }
    let chars: Vec<char> = lower.chars().collect();
    let mut distinct = chars.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let repeats = (1..=chars.len() / 2).any(|n| chars.iter().enumerate().all(|(at, c)| *c == chars[at % n]));
    let runs = chars.windows(2).filter(|pair| u32::from(pair[0]).abs_diff(u32::from(pair[1])) == 1).count();
    distinct.len() < 5 || repeats || runs + 2 >= chars.len()
}

/// The machine could not hash or read a hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFault {
    /// Hashing failed.
    #[error("hashing a password: {0}")]
    Hash(String),
    /// Too many wait already.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The worker thread died.
    #[error("the hashing thread stopped")]
    Thread,
}

impl From<PasswordFault> for Failure {
    fn from(fault: PasswordFault) -> Failure {
        match fault {
            PasswordFault::Busy => Problem::busy(5).into(),
            fault => Fault::new("hashing a password").because(fault).into(),
        }
    }
}

/// Most passwords that wait for each one that is being hashed: some seconds of work, which is as long as anybody waits.
const WAITING_MAX: usize = 32;

/// Hashes and verifies, a few at a time: one verification costs tens of milliseconds of a core and 19 MiB on purpose.
#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    dummy: Arc<str>,
}

fn argon2() -> Argon2<'static> {
    // At least 19 MiB and two passes: the security rules, section 3 (and OWASP's minimum for argon2id).
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or(Params::DEFAULT);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &[u8]) -> Result<String, PasswordFault> {
    let hash: PasswordHash =
        argon2().hash_password(password).map_err(|error| PasswordFault::Hash(error.to_string()))?;
    Ok(hash.to_string())
}

fn verify_now(stored: &str, given: &[u8]) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| argon2().verify_password(given, &hash).is_ok())
}

impl Passwords {
    /// At most that many at once. Makes the hash against which unknown users are verified.
    pub fn new(at_once: usize) -> Result<Passwords, PasswordFault> {
        let dummy = hash_now(b"nobody has this password")?.into();
        let at_once = at_once.max(1);
        let (slots, queue) = (Semaphore::new(at_once), Semaphore::new(at_once * (WAITING_MAX + 1)));
        Ok(Passwords { slots: Arc::new(slots), queue: Arc::new(queue), dummy })
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: &Password) -> Result<String, PasswordFault> {
        let text = password.0.clone();
        self.work(move || hash_now(text.as_bytes())).await?
    }

    /// Does it match? `None` (no such account) takes the same time and is always false.
    pub async fn verify(&self, stored: Option<&str>, given: &str) -> Result<bool, PasswordFault> {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.dummy.to_string(), str::to_owned);
        // Longer input than any stored password could have is verified cut: it cannot match, and it costs the same.
        let given: String = given.chars().take(PASSWORD_CHARS_MAX + 1).collect();
        let matches = self.work(move || verify_now(&stored, given.as_bytes())).await?;
        Ok(known && matches)
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordFault> {
        let _place = self.queue.try_acquire().map_err(|_| PasswordFault::Busy)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| PasswordFault::Thread)?;
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            job()
        });
        done.await.map_err(|_| PasswordFault::Thread)
    }
}

/// Failures forgiven before the delay starts.
pub const LOGIN_FREE_FAILURES: u32 = 5;

/// How long an account must still wait after `failures` failed logins, the last at `last_at`: 15 s after the fifth, doubling, at
/// most 15 min. Never a lock: a stranger must not be able to shut a post out.
pub fn login_wait(failures: u32, last_at: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    if failures < LOGIN_FREE_FAILURES {
        return None;
    }
    let doublings = (failures - LOGIN_FREE_FAILURES).min(6);
    let delay = SignedDuration::from_secs(15 << doublings).min(SignedDuration::from_mins(15));
    // A clock that went backwards must not make the wait longer than the whole delay.
    let left = (delay - now.duration_since(last_at)).min(delay);
    (left > SignedDuration::ZERO).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_new_passwords() {
        for (text, verdict) in [
            ("short-pass1", Some("password-short")),
            ("correct horse battery", None),
            ("滹沱河北岸的示例家园二期工程", None),
            ("password1234", Some("password-common")),
            ("Jiantong2026!", Some("password-common")),
            ("123456789012", Some("password-common")),
            ("2026-11-23-1990", Some("password-common")),
            ("abababababab", Some("password-common")),
            ("xyzkwxyzkwxyzkw", Some("password-common")),
            ("abcdefghijklm", Some("password-common")),
        ] {
            assert_eq!(Password::parse(text).err().map(|complaint| complaint.key), verdict, "{text}");
        }
        let long = "长城ab".repeat(33);
        assert_eq!(Password::parse(&long).expect_err("long").key, "password-long");
    }

    #[test]
    fn waits_longer_after_each_failure_and_never_for_ever() {
        let at = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + seconds);
        for (failures, passed, left) in [
            (4, 0, None),
            (5, 0, Some(15)),
            (5, 14, Some(1)),
            (5, 15, None),
            (6, 0, Some(30)),
            (10, 0, Some(480)),
            (11, 0, Some(900)),
            (4_000_000, 0, Some(900)),
            (5, -100, Some(15)),
        ] {
            assert_eq!(
                login_wait(failures, at(0), at(passed)),
                left.map(SignedDuration::from_secs),
                "{failures} {passed}"
            );
        }
    }

    #[tokio::test]
    async fn those_who_would_wait_too_long_are_told_at_once() {
        let passwords = Passwords::new(1).expect("hashes");
        let _queue = passwords.queue.acquire_many(u32::try_from(WAITING_MAX).expect("small") + 1).await.expect("open");
        let refused = passwords.verify(None, "x").await;
        assert!(matches!(refused, Err(PasswordFault::Busy)), "{refused:?}");
        let Failure::Problem(problem) = PasswordFault::Busy.into() else { panic!("nothing failed") };
        assert_eq!((problem.status.as_u16(), problem.retry_after), (503, Some(5)));
    }

    #[tokio::test]
    async fn hashes_with_argon2id_and_verifies() {
        let passwords = Passwords::new(2).expect("hashes");
        let password = Password::parse("correct horse battery").expect("good");
        let hash = passwords.hash(&password).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (stored, given, matches) in [
            (Some(hash.as_str()), "correct horse battery", true),
            (Some(hash.as_str()), "correct horse batter", false),
            (None, "nobody has this password", false),
            (Some("broken"), "correct horse battery", false),
        ] {
            assert_eq!(passwords.verify(stored, given).await.expect("verifies"), matches, "{given}");
        }
        assert_ne!(passwords.hash(&password).await.expect("hashes"), hash, "salted");
    }
}

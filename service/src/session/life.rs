//! How a session begins, changes its token and ends, and how a device is remembered.

use axum::http::HeaderValue;
use base::id::{AccountId, PostId};
use jiff::{SignedDuration, Timestamp};
use store::{Credential, Session};
use web::session::{SessionRules, SessionToken};

use super::{FORM_KEY, Stop, Visitor, fresh_token};
use crate::attempts::Device;
use crate::error::Error;

/// Where a session that took the place of another keeps which.
const REPLACED: &str = "replaced";
/// A token that was replaced counts a moment longer: a second click, another tab, an answer that never arrived.
const REPLACED_KEPT: SignedDuration = SignedDuration::from_secs(10);

impl Visitor {
    /// Opens a session for an account and gives its cookie: at sign-in, at a change of post and at elevation the token is new.
    pub(crate) async fn renew(
        &self,
        account: AccountId,
        post: Option<PostId>,
        elevated: bool,
    ) -> Result<HeaderValue, Stop> {
        Ok(self.cookies.set_session(&self.open(account, post, elevated).await?))
    }

    /// The same, giving the token.
    pub(crate) async fn open(
        &self,
        account: AccountId,
        post: Option<PostId>,
        elevated: bool,
    ) -> Result<SessionToken, Stop> {
        let now = self.app.now();
        let token = fresh_token()?;
        let old = self.signed_in.as_ref().map(|signed_in| signed_in.session.clone());
        // Twelve hours count from the login, whatever is renewed in between.
        let same = old.as_ref().filter(|session| session.account == account.to_string());
        let created_at = same.map_or(now.as_microsecond(), |session| session.created_at);
        let elevated_at =
            if elevated { Some(now.as_microsecond()) } else { same.and_then(|session| session.elevated_at) };
        let started = Timestamp::from_microsecond(created_at).unwrap_or(now);
        let session = Session {
            id_hash: token.hash().0,
            account: account.to_string(),
            post: post.map(|post| post.to_string()).unwrap_or_default(),
            created_at,
            seen_at: now.as_microsecond(),
            elevated_at,
            expires_at: (started + SessionRules::default().absolute).as_microsecond(),
            data: same.map_or_else(|| serde_json::json!({}), |session| self.carried(session)),
        };
        // Somebody else's ends at once.
        let ends_at = same.map_or(i64::MIN, |_| (now + REPLACED_KEPT).as_microsecond());
        let ended = old.map(|session| session.id_hash);
        let written = self.app.store().write(move |writes| {
            if let Some(ended) = &ended {
                writes.end_session_at(ended, ends_at)?;
            }
            writes.put_session(&session)
        });
        written.await.map_err(|fault| self.stop(Error::Fault(fault)))?;
        Ok(token)
    }

    /// What a session takes over from the one it replaces.
    fn carried(&self, old: &Session) -> serde_json::Value {
        let mut data = old.data.clone();
        if let Some(data) = data.as_object_mut() {
            data.insert(FORM_KEY.to_owned(), self.form_key.text().into());
            data.insert(REPLACED.to_owned(), old.id_hash.to_vec().into());
        }
        data
    }

    /// Ends the session, if there is one.
    pub(crate) async fn end(&self) -> Result<HeaderValue, Stop> {
        if let Some(signed_in) = &self.signed_in {
            let hash = signed_in.session.id_hash;
            let replaced = signed_in.session.data.get(REPLACED).cloned().map(serde_json::from_value::<[u8; 32]>);
            let written = self.app.store().write(move |writes| {
                if let Some(Ok(replaced)) = &replaced {
                    writes.end_session(replaced)?;
                }
                writes.end_session(&hash)
            });
            let written = written.await;
            written.map_err(|fault| self.stop(Error::Fault(fault)))?;
        }
        Ok(self.cookies.clear_session())
    }

    /// The device, if it is known to whoever has this credential.
    pub(crate) fn known_device(&self, credential: &Credential) -> Option<&Device> {
        self.device.as_ref().filter(|device| device.knows(&self.app, credential))
    }

    /// The cookie by which the device will be known.
    pub(crate) fn remember_device(&self, credential: &Credential) -> Result<HeaderValue, Stop> {
        let mut device = match &self.device {
            Some(device) => device.clone(),
            None => Device::new(&fresh_token()?),
        };
        device.learn(&self.app, credential);
        Ok(self.cookies.set_device(&device.text()))
    }
}

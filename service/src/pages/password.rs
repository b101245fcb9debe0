//! Changing one's password: the old one first; other sessions end.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use base::id::AccountId;
use store::Credential;
use web::form::Fields;
use web::page::Page;
use web::password::Password;
use web::problem::Failure;
use web::view::{ErrorLine, Field, FieldKind, error_lines};

use crate::app::App;
use crate::error::Error;
use crate::identity::Identity;
use crate::pages::sign_in::{own_credential, passwords};
use crate::routes::Routes;
use crate::session::{Answer, Stop, Visitor, carrying, redirect};

/// The addresses of this module.
pub fn routes() -> Routes {
    Routes::new().get("/account/password", page).post("/account/password", change)
}

#[derive(Template)]
#[template(path = "sign-in/password.html")]
struct PasswordPage {
    p: Page,
    nonce: String,
    errors: Vec<ErrorLine>,
    fields: Vec<Field>,
}

async fn page(visitor: Visitor) -> Answer {
    own(&visitor)?;
    show(&visitor, [None, None, None])
}

/// Someone who is signed in, with or without a post.
fn own(visitor: &Visitor) -> Result<AccountId, Stop> {
    match visitor.account() {
        Some(account) => Ok(account.id),
        None => visitor.identity().map(Identity::account),
    }
}

fn show(visitor: &Visitor, wrong: [Option<String>; 3]) -> Answer {
    let mut p = visitor.page("password-title");
    p.failed = wrong.iter().any(Option::is_some);
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let names = [("current", "password-current"), ("new", "password-new"), ("again", "password-again")];
    let fields = names.into_iter().zip(wrong).map(|((name, key), error)| {
        let mut field = Field::new(FieldKind::Password, name, p.t(key));
        field.autocomplete = if name == "current" { "current-password" } else { "new-password" };
        field.error = error;
        field
    });
    let fields: Vec<Field> = fields.collect();
    let (nonce, errors) = (visitor.nonce()?, error_lines(&fields));
    visitor.html_with(status, &PasswordPage { p, nonce, errors, fields })
}

async fn change(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    // Passwords are not kept over a sign-in, as other forms are.
    own(&visitor)?;
    visitor.check_form(&fields)?;
    let words = visitor.words;
    let [current, new, again] = ["current", "new", "again"].map(|name| fields.secret(name).unwrap_or_default());
    if new != again && Password::parse(&new).is_ok() {
        return show(&visitor, [None, None, Some(words.t("password-differs"))]);
    }
    match change_password(&app, &visitor, &current, &new).await? {
        Changed::Yes { session, device } => {
            carrying(Ok(redirect("/account?done=password", Some(session))), Some(device))
        }
        Changed::NewUnfit(sentence) => show(&visitor, [None, Some(sentence), None]),
        Changed::CurrentUnfit(sentence) => show(&visitor, [Some(sentence), None, None]),
    }
}

/// What came of the wish for another password.
pub(crate) enum Changed {
    /// It is changed.
    Yes {
        /// The cookie of the new session.
        session: HeaderValue,
        /// The cookie by which this device is known.
        device: HeaderValue,
    },
    /// The new one does not meet the rules: which, in words.
    NewUnfit(String),
    /// The present one was not given, or too often a wrong one.
    CurrentUnfit(String),
}

/// Changes the password of whoever is signed in.
pub(crate) async fn change_password(app: &App, visitor: &Visitor, current: &str, new: &str) -> Result<Changed, Stop> {
    own(visitor)?;
    let password = match Password::parse(new) {
        Ok(password) => password,
        Err(complaint) => {
            return Ok(Changed::NewUnfit(complaint.say(visitor.words, &visitor.words.t("password-new"))));
        }
    };
    match own_credential(app, visitor, current).await? {
        Ok(credential) => keep(app, visitor, credential, &password).await,
        Err(sentence) => Ok(Changed::CurrentUnfit(sentence)),
    }
}

/// Sets it, ends every session of the account, and begins a new one for whoever changed it.
async fn keep(app: &App, visitor: &Visitor, old: Credential, password: &Password) -> Result<Changed, Stop> {
    let hash = passwords()?.hash(password).await.map_err(Failure::from)?;
    let at = app.now().as_microsecond();
    let credential = Credential { password: hash, changed_at: at, must_change: false, ..old };
    let kept = credential.clone();
    let written = app.store().write(move |writes| {
        writes.set_credential(&credential)?;
        writes.end_sessions_of(&credential.account, None).map(|_| ())
    });
    written.await.map_err(|fault| visitor.stop(Error::Fault(fault)))?;
    let session = visitor.renew(own(visitor)?, visitor.post_id(), false).await?;
    Ok(Changed::Yes { session, device: visitor.remember_device(&kept)? })
}

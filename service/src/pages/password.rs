//! Changing one's password: the old one first; other sessions end.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use jiff::SignedDuration;
use store::Credential;
use web::form::Fields;
use web::page::Page;
use web::password::Password;
use web::problem::{Fault, Problem};
use web::view::{ErrorLine, Field, FieldKind, error_lines};

use crate::app::App;
use crate::error::Error;
use crate::pages::sign_in::{Authenticated, authenticate, passwords};
use crate::routes::Routes;
use crate::session::{Answer, Stop, Visitor, redirect};

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
fn own(visitor: &Visitor) -> Result<String, Stop> {
    match visitor.account() {
        Some(account) => Ok(account.id.to_string()),
        None => visitor.identity().map(|identity| identity.account().to_string()),
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
    visitor.check_form(&fields)?;
    let words = visitor.words;
    let [current, new, again] = ["current", "new", "again"].map(|name| fields.secret(name).unwrap_or_default());
    if new != again && Password::parse(&new).is_ok() {
        return show(&visitor, [None, None, Some(words.t("password-differs"))]);
    }
    match change_password(&app, &visitor, &current, &new).await? {
        Changed::Yes(cookie) => Ok(redirect("/account?done=password", Some(cookie))),
        Changed::NewUnfit(sentence) => show(&visitor, [None, Some(sentence), None]),
        Changed::CurrentWrong => show(&visitor, [Some(words.t("password-wrong")), None, None]),
        Changed::Wait(left) => {
            let sentence = words.t1("sign-in-wait", "seconds", left.as_secs().max(1));
            show(&visitor, [Some(sentence), None, None])
        }
    }
}

/// What came of the wish for another password.
pub(crate) enum Changed {
    /// It is changed; this is the cookie of the new session.
    Yes(HeaderValue),
    /// The new one does not meet the rules: which, in words.
    NewUnfit(String),
    /// The present one was not given.
    CurrentWrong,
    /// Too many failures: not looked at before this time has passed.
    Wait(SignedDuration),
}

/// Changes the password of whoever is signed in.
pub(crate) async fn change_password(app: &App, visitor: &Visitor, current: &str, new: &str) -> Result<Changed, Stop> {
    let wanted = own(visitor)?;
    let password = match Password::parse(new) {
        Ok(password) => password,
        Err(complaint) => {
            return Ok(Changed::NewUnfit(complaint.say(visitor.words, &visitor.words.t("password-new"))));
        }
    };
    let credential = credential_of(app, visitor, wanted).await?.ok_or_else(Problem::not_found)?;
    match authenticate(app, visitor, &credential.login, current).await? {
        Authenticated::Yes { .. } => keep(app, visitor, credential, &password).await.map(Changed::Yes),
        Authenticated::No => Ok(Changed::CurrentWrong),
        Authenticated::Wait(left) => Ok(Changed::Wait(left)),
    }
}

async fn credential_of(app: &App, visitor: &Visitor, account: String) -> Result<Option<Credential>, Stop> {
    let read = app.store().read(move |reader| reader.credentials_of(&account)).await;
    Ok(read.map_err(|fault| visitor.stop(fault.into()))?.into_iter().next())
}

/// Was the password made for the account, so that its owner has to choose another first?
pub(crate) async fn must_change(app: &App, visitor: &Visitor) -> Result<bool, Stop> {
    let credential = credential_of(app, visitor, own(visitor)?).await?;
    Ok(credential.is_some_and(|credential| credential.must_change))
}

/// Sets it, ends every session of the account, and begins a new one for whoever changed it.
async fn keep(app: &App, visitor: &Visitor, old: Credential, password: &Password) -> Result<HeaderValue, Stop> {
    let hash = passwords()?.hash(password).await.map_err(|error| Fault::new("hashing a password").because(error))?;
    let at = app.now().as_microsecond();
    let credential = Credential { password: hash, changed_at: at, must_change: false, ..old };
    let written = app.store().write(move |writes| {
        writes.set_credential(&credential)?;
        writes.end_sessions_of(&credential.account, None).map(|_| ())
    });
    written.await.map_err(|fault| visitor.stop(Error::Fault(fault)))?;
    let account = visitor.account().map(|account| account.id).ok_or_else(Problem::sign_in)?;
    visitor.renew(account, visitor.post_id(), false).await
}

//! Changing one's password: the old one first; other sessions end.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
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
    let account = own(&visitor)?;
    let wanted = account.clone();
    let read = app.store().read(move |reader| reader.credentials_of(&wanted)).await;
    let credential = read.map_err(|fault| visitor.stop(fault.into()))?.into_iter().next();
    let credential = credential.ok_or_else(Problem::not_found)?;
    let words = visitor.words;
    let [current, new, again] = ["current", "new", "again"].map(|name| fields.secret(name).unwrap_or_default());
    let password = match Password::parse(&new) {
        Ok(password) if new == again => password,
        Ok(_) => return show(&visitor, [None, None, Some(words.t("password-differs"))]),
        Err(complaint) => return show(&visitor, [None, Some(complaint.say(words, &words.t("password-new"))), None]),
    };
    match authenticate(&app, &visitor, &credential.login, &current).await? {
        Authenticated::Yes { .. } => {}
        Authenticated::No => return show(&visitor, [Some(words.t("password-wrong")), None, None]),
        Authenticated::Wait(left) => {
            let sentence = words.t1("sign-in-wait", "seconds", left.as_secs().max(1));
            return show(&visitor, [Some(sentence), None, None]);
        }
    }
    keep(&app, &visitor, credential, &password).await
}

/// Sets it, ends every session of the account, and begins a new one for whoever changed it.
async fn keep(app: &App, visitor: &Visitor, old: Credential, password: &Password) -> Result<Response, Stop> {
    let hash = passwords()?.hash(password).await.map_err(|error| Fault::new("hashing a password").because(error))?;
    let at = app.now().as_microsecond();
    let credential = Credential { password: hash, changed_at: at, must_change: false, ..old };
    let written = app.store().write(move |writes| {
        writes.set_credential(&credential)?;
        writes.end_sessions_of(&credential.account, None).map(|_| ())
    });
    written.await.map_err(|fault| visitor.stop(Error::Fault(fault)))?;
    let account = visitor.account().map(|account| account.id).ok_or_else(Problem::sign_in)?;
    let cookie = visitor.renew(account, visitor.post_id(), false).await?;
    Ok(redirect("/account?done=password", Some(cookie)))
}

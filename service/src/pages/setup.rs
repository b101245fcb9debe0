//! The first start: whoever has the code that the console printed names the three administrators (三员). Works once, while nobody can sign in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use kernel::directory::{AccountKind, DirectoryCommand, Post};
use kernel::sealed::Secret;
use store::Credential;
use subtle::ConstantTimeEq as _;
use web::form::Fields;
use web::page::Page;
use web::password::Password;
use web::problem::{Failure, Fault, Problem};
use web::view::{ErrorLine, Field, FieldKind, error_lines};

use crate::app::App;
use crate::error::Error;
use crate::pages::sign_in::{login_name, passwords};
use crate::routes::Routes;
use crate::session::{Answer, Stop, Visitor, redirect};

/// Kinds of post of the three administrators: accounts, powers and logs are never in one hand.
const ADMINISTRATORS: [&str; 3] = ["system-admin", "security-admin", "audit-admin"];
/// Tries in a quarter of an hour; the code has fifty bits.
const TRIES: &str = "setup";
const TRIES_MAX: u64 = 10;
const TRIES_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The addresses of this module.
pub fn routes() -> Routes {
    Routes::new().get("/setup", page).post("/setup", set_up)
}

#[derive(Template)]
#[template(path = "sign-in/setup.html")]
struct SetupPage {
    p: Page,
    nonce: String,
    errors: Vec<ErrorLine>,
    code: Field,
    people: Vec<Group>,
}

struct Group {
    title: String,
    fields: Vec<Field>,
}

/// The code, while it is of use; the page is not there otherwise.
async fn code(app: &App, visitor: &Visitor) -> Result<String, Stop> {
    let code = app.settings().setup_code.clone().ok_or_else(Problem::not_found)?;
    let known = app.store().read(|reader| reader.has_credentials()).await;
    let known = known.map_err(|fault| visitor.stop(fault.into()))?;
    if known { Err(Problem::not_found().into()) } else { Ok(code) }
}

/// The posts that are to be filled, each with its name, while the code is of use.
pub(crate) async fn to_name(app: &App, visitor: &Visitor) -> Result<Vec<(&'static str, String)>, Stop> {
    code(app, visitor).await?;
    Ok(ADMINISTRATORS.map(|kind| (kind, post_name(app, visitor, kind))).into())
}

fn post_name(app: &App, visitor: &Visitor, kind: &str) -> String {
    let catalog = app.catalog();
    let kind = catalog.post_kinds.get(kind);
    kind.map_or_else(String::new, |kind| kind.name.get(visitor.words.lang.tag()).to_owned())
}

async fn page(State(app): State<App>, visitor: Visitor) -> Answer {
    code(&app, &visitor).await?;
    show(&app, &visitor, &Fields::default(), &[])
}

fn show(app: &App, visitor: &Visitor, given: &Fields, wrong: &[(String, String)]) -> Answer {
    let mut p = visitor.page("setup-title");
    p.failed = !wrong.is_empty();
    let field = |kind, name: &str, key: &str| {
        let mut field = Field::new(kind, name, p.t(key));
        if kind != FieldKind::Password {
            field = field.value(given.optional_text(name, 64).unwrap_or_default());
        }
        field.error = wrong.iter().find(|(at, _)| at == name).map(|(_, sentence)| sentence.clone());
        field
    };
    let code = field(FieldKind::Text, "code", "setup-code");
    let people: Vec<Group> = ADMINISTRATORS
        .iter()
        .map(|kind| Group {
            title: post_name(app, visitor, kind),
            fields: vec![
                field(FieldKind::Text, &format!("name-{kind}"), "setup-name"),
                field(FieldKind::Text, &format!("login-{kind}"), "sign-in-login"),
                field(FieldKind::Password, &format!("password-{kind}"), "setup-password"),
            ],
        })
        .collect();
    let errors = error_lines(std::iter::once(&code).chain(people.iter().flat_map(|group| &group.fields)));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let nonce = visitor.nonce()?;
    visitor.html_with(status, &SetupPage { p, nonce, errors, code, people })
}

/// One administrator as asked for.
struct Asked {
    kind: &'static str,
    name: String,
    login: String,
    password: Password,
}

async fn set_up(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    visitor.check_form(&fields)?;
    let wrong = name_administrators(&app, &visitor, &fields).await?;
    if wrong.is_empty() { Ok(redirect("/sign-in?done=set-up", None)) } else { show(&app, &visitor, &fields, &wrong) }
}

/// Names the administrators as a form says it. What is wrong comes back by field; then nobody was named.
pub(crate) async fn name_administrators(
    app: &App,
    visitor: &Visitor,
    fields: &Fields,
) -> Result<Vec<(String, String)>, Stop> {
    let code = code(app, visitor).await?;
    let (now, window) = (app.now().as_microsecond(), i64::try_from(TRIES_WINDOW.as_micros()).unwrap_or(i64::MAX));
    let used = app.store().write(move |writes| writes.use_budget(TRIES, now, window)).await;
    if used.map_err(|fault| visitor.stop(Error::Fault(fault)))? > TRIES_MAX {
        return Err(Problem::too_many(900).into());
    }
    let plain = |text: &str| text.to_uppercase().replace(['-', ' '], "");
    let given = plain(&fields.optional_text("code", 64).unwrap_or_default());
    let mut wrong = Vec::new();
    if !bool::from(given.as_bytes().ct_eq(plain(&code).as_bytes())) {
        wrong.push(("code".to_owned(), visitor.words.t("setup-code-wrong")));
    } else {
        // Only wrong codes count, not passwords that were too short.
        let written = app.store().write(|writes| writes.refund_budget(TRIES)).await;
        written.map_err(|fault| visitor.stop(Error::Fault(fault)))?;
    }
    let asked = read(visitor, fields, &mut wrong);
    if !wrong.is_empty() {
        return Ok(wrong);
    }
    let mut credentials = Vec::new();
    for one in asked {
        credentials.push(open(app, visitor, one).await?);
    }
    // All three at once, and only where nobody can sign in yet: interrupted before, it can be done again.
    let written = app.store().write(move |writes| {
        if writes.has_credentials()? {
            return Ok(false);
        }
        credentials.iter().try_for_each(|credential| writes.set_credential(credential)).map(|()| true)
    });
    if written.await.map_err(|fault| visitor.stop(Error::Fault(fault)))? {
        Ok(wrong)
    } else {
        Err(Problem::not_found().into())
    }
}

/// What was typed; what is wrong with it goes into `wrong`.
fn read(visitor: &Visitor, fields: &Fields, wrong: &mut Vec<(String, String)>) -> Vec<Asked> {
    let words = visitor.words;
    let mut asked: Vec<Asked> = Vec::new();
    for kind in ADMINISTRATORS {
        let mut text = |name: &str, key: &str| {
            let name = format!("{name}-{kind}");
            match fields.text(&name, 64) {
                Ok(text) => Some(text),
                Err(complaint) => {
                    wrong.push((name, complaint.say(words, &words.t(key))));
                    None
                }
            }
        };
        let (name, login) = (text("name", "setup-name"), text("login", "sign-in-login"));
        let secret = Password::parse(&fields.secret(&format!("password-{kind}")).unwrap_or_default());
        let password = secret.map_err(|complaint| {
            wrong.push((format!("password-{kind}"), complaint.say(words, &words.t("setup-password"))));
        });
        let (Some(name), Some(login), Ok(password)) = (name, login, password) else { continue };
        let login = login_name(&login);
        if asked.iter().any(|other| other.login == login) {
            wrong.push((format!("login-{kind}"), words.t("setup-login-twice")));
        }
        asked.push(Asked { kind, name, login, password });
    }
    asked
}

/// Opens the account of an administrator, and gives what will let them sign in.
async fn open(app: &App, visitor: &Visitor, asked: Asked) -> Result<Credential, Stop> {
    let hash = passwords()?.hash(&asked.password).await.map_err(Failure::from)?;
    let catalog = app.catalog();
    let region = app.settings().region;
    let organisation = catalog.directory.handling(region);
    let organisation =
        organisation.ok_or_else(|| Fault::new("the catalog has no organisation of this node's region"))?;
    let seats = catalog.directory.posts.iter();
    let seat = seats.filter(|seat| seat.organisation == organisation.code).find(|seat| seat.post_kind == asked.kind);
    let (account, subject) = (app.new_account(), app.new_subject());
    let salt = app.entropy().bytes16();
    let name = Secret { subject, field: "name".to_owned(), salt, value: asked.name };
    let post = Post {
        id: app.new_post(),
        kind: asked.kind.to_owned(),
        organisation: organisation.code.to_string(),
        region,
        division: seat.map(|seat| seat.division.clone()).unwrap_or_default(),
        valid_from: app.today(),
        valid_until: None,
    };
    let kind = AccountKind::Officer;
    for command in [
        DirectoryCommand::OpenAccount { account, kind, subject, name, represents: Vec::new() },
        DirectoryCommand::Assign { account, post },
    ] {
        app.direct(command).await.map_err(|error| visitor.stop(error))?;
    }
    Ok(Credential {
        login: asked.login,
        account: account.to_string(),
        password: hash,
        changed_at: app.now().as_microsecond(),
        must_change: false,
    })
}

//! Signing in and out, choosing a post, authenticating again, and the reader's own settings.
//!
//! Security.md §3: the same answer and the same time whether the name or the password was wrong; a growing delay, never a lock; a new
//! token at sign-in, at a change of post and at elevation.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base::id::{AccountId, PostId};
use jiff::SignedDuration;
use kernel::directory::{Account, AccountKind, Post};
use kernel::{State as KernelState, StreamId};
use serde::Serialize;
use store::Credential;
use utoipa::ToSchema;
use web::form::Fields;
use web::page::{Page, local_path, percent_encode};
use web::password::{PasswordFault, Passwords};
use web::problem::{Failure, Fault, Problem};
use web::view::{ErrorLine, Field, FieldKind, Link, error_lines};
use web::words::Words;

use crate::app::App;
use crate::attempts::Attempts;
use crate::error::Error;
use crate::routes::Routes;
use crate::session::{Answer, Stop, Visitor, carrying, division_name, home, redirect};

/// Password of all demonstration accounts; the sign-in page of a demonstration says it, no other installation knows it.
pub const DEMO_PASSWORD: &str = "jiantong-demo-2026";
/// Demonstration accounts listed at most.
const DEMO_ACCOUNTS_MAX: usize = 24;
/// Longest name to sign in with.
const LOGIN_CHARS_MAX: usize = 64;
/// Hashes computed at once: each takes 19 MiB and a core for tens of milliseconds.
const HASHES_AT_ONCE: usize = 2;

/// One limit for the whole process, because it is the machine's memory and cores that are limited.
static PASSWORDS: LazyLock<Result<Passwords, PasswordFault>> = LazyLock::new(|| Passwords::new(HASHES_AT_ONCE));

/// The addresses of this module.
pub fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", sign_in_page)
        .post("/sign-in", sign_in)
        .get("/login", login_page)
        .get("/sign-in/again", again_page)
        .post("/sign-in/again", again)
        .post("/logout", sign_out)
        .post("/session/keep", keep)
        .get("/account", account_page)
        .post("/account/post", choose_post)
        .get("/settings", settings)
}

/// The passwords' hasher, for whoever sets one.
pub fn passwords() -> Result<&'static Passwords, Fault> {
    PASSWORDS.as_ref().map_err(|error| Fault::new(format!("preparing to hash passwords: {error}")))
}

/// A name to sign in with, as credentials keep it: without surrounding blanks, in small letters.
pub fn login_name(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// One account of the demonstration.
pub struct DemoAccount {
    /// Name to sign in with.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// Organisation and post.
    pub post: String,
}

#[derive(Template)]
#[template(path = "sign-in/sign-in.html")]
struct SignInPage {
    p: Page,
    nonce: String,
    to: String,
    errors: Vec<ErrorLine>,
    fields: Vec<Field>,
    /// The fields of a form whose session had ended, to go on with after signing in.
    kept: Vec<(String, String)>,
    demo: Vec<DemoAccount>,
    demo_password: &'static str,
}

async fn login_page(RawQuery(query): RawQuery) -> Response {
    redirect(&query.map_or_else(|| "/sign-in".to_owned(), |query| format!("/sign-in?{query}")), None)
}

async fn sign_in_page(State(app): State<App>, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let to = target(query.as_deref());
    if let Some(identity) = visitor.who() {
        let home = home(&app, identity.post());
        return Ok(redirect(if to == "/" { home } else { &to }, None));
    }
    let mut page = sign_in_form(&visitor, to, "", Vec::new(), None)?;
    page.demo = listed(&app, &visitor).await?;
    visitor.html(&page)
}

/// Where to go afterwards: a path of this site.
fn target(query: Option<&str>) -> String {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    local_path(&fields.optional_text("to", 1024).unwrap_or_default()).to_owned()
}

fn sign_in_form(
    visitor: &Visitor,
    to: String,
    login: &str,
    kept: Vec<(String, String)>,
    error: Option<String>,
) -> Result<SignInPage, Stop> {
    let mut p = visitor.page("sign-in-title");
    p.failed = error.is_some();
    let mut name = Field::new(FieldKind::Text, "login", p.t("sign-in-login")).value(login);
    name.autocomplete = "username";
    name.error = error;
    let mut secret = Field::new(FieldKind::Password, "password", p.t("sign-in-password"));
    secret.autocomplete = "current-password";
    let fields = vec![name, secret];
    let (nonce, errors, demo) = (visitor.nonce()?, error_lines(&fields), Vec::new());
    Ok(SignInPage { p, nonce, to, errors, fields, kept, demo, demo_password: DEMO_PASSWORD })
}

/// The demonstration's accounts; none elsewhere.
async fn listed(app: &App, visitor: &Visitor) -> Result<Vec<DemoAccount>, Stop> {
    if app.settings().demo {
        demo_accounts(app, visitor.words).await.map_err(|e| visitor.stop(e))
    } else {
        Ok(Vec::new())
    }
}

/// What the fields of a kept form are called on the sign-in page.
const KEPT: &str = "kept.";

/// The session ended while a form was filled in: its fields wait on the sign-in page, except those that are secret or were of the session.
pub(crate) fn keeping(visitor: &Visitor, fields: &Fields) -> Answer {
    let lasting = fields.pairs().iter().filter(|(name, _)| !["_csrf", "password"].contains(&name.as_str()));
    let kept = lasting.map(|(name, value)| (format!("{KEPT}{name}"), value.clone())).collect();
    let page = sign_in_form(visitor, local_path(visitor.asked()).to_owned(), "", kept, None)?;
    visitor.html_with(StatusCode::UNAUTHORIZED, &page)
}

async fn sign_in(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    visitor.check_form(&fields)?;
    let to = local_path(&fields.optional_text("to", 1024).unwrap_or_default()).to_owned();
    let typed = fields.optional_text("login", LOGIN_CHARS_MAX).unwrap_or_default();
    let given = fields.secret("password").unwrap_or_default();
    let kept: Vec<(String, String)> =
        fields.pairs().iter().filter(|(name, _)| name.starts_with(KEPT)).cloned().collect();
    let error = match authenticate(&app, &visitor, &typed, &given).await? {
        Authenticated::Yes { account, must_change, device } => {
            let to = if must_change { "/account/password?done=must-change" } else { &to };
            let kept = if must_change { Vec::new() } else { kept };
            let entered = enter(&app, &visitor, &account, to, kept).await;
            return carrying(entered, Some(device));
        }
        Authenticated::No => visitor.words.t("sign-in-wrong"),
        Authenticated::Wait(left) => visitor.words.t1("sign-in-wait", "seconds", left.as_secs().max(1)),
    };
    let mut page = sign_in_form(&visitor, to, &typed, kept, Some(error))?;
    page.demo = listed(&app, &visitor).await?;
    visitor.html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// What a name and a password came to.
pub(crate) enum Authenticated {
    /// Both are right.
    Yes {
        /// The account.
        account: Box<Account>,
        /// The password was made for it, and must be changed first.
        must_change: bool,
        /// The cookie by which the device will be known.
        device: HeaderValue,
    },
    /// One of the two is wrong, or the account is disabled: which, is not told.
    No,
    /// Too many failures: not looked at before this time has passed.
    Wait(SignedDuration),
}

/// Looks a name and a password up.
pub(crate) async fn authenticate(
    app: &App,
    visitor: &Visitor,
    typed: &str,
    given: &str,
) -> Result<Authenticated, Stop> {
    let login = login_name(typed);
    let wanted = login.clone();
    let credential = app.store().read(move |reader| reader.credential(&wanted)).await;
    let credential = credential.map_err(|fault| visitor.stop(fault.into()))?;
    let known = credential.as_ref().and_then(|credential| visitor.known_device(credential));
    let (network, budget) = (visitor.network(), &app.budgets().sign_in);
    if known.is_none()
        && let Err(seconds) = app.spend(budget, network)
    {
        return Ok(Authenticated::Wait(SignedDuration::from_secs(seconds.into())));
    }
    let attempts = Attempts::signing_in(app, &login, network, known);
    Ok(match (verify(app, visitor, attempts, credential.as_ref(), given).await?, credential) {
        (Verdict::Wait(left), _) => Authenticated::Wait(left),
        (Verdict::Right, Some(credential)) => match enabled_account(app, visitor, &credential.account).await? {
            Some(account) => {
                budget.refund(network);
                let device = visitor.remember_device(&credential)?;
                Authenticated::Yes { account: Box::new(account), must_change: credential.must_change, device }
            }
            None => Authenticated::No,
        },
        _ => Authenticated::No,
    })
}

/// Is it the password of whoever is signed in? Counted within their session: no stranger can use up their tries.
async fn verify_own(app: &App, visitor: &Visitor, given: &str) -> Result<(Verdict, Credential), Stop> {
    let session = visitor.session().ok_or_else(Problem::sign_in)?;
    let (id, attempts) = (session.account.clone(), Attempts::again(app, session));
    let credentials = app.store().read(move |reader| reader.credentials_of(&id)).await;
    let credential = credentials.map_err(|fault| visitor.stop(fault.into()))?.into_iter().next();
    let credential = credential.ok_or_else(Problem::not_found)?;
    Ok((verify(app, visitor, attempts, Some(&credential), given).await?, credential))
}

/// The credential of whoever is signed in, if that is their password; else what to tell them.
pub(crate) async fn own_credential(
    app: &App,
    visitor: &Visitor,
    given: &str,
) -> Result<Result<Credential, String>, Stop> {
    Ok(match verify_own(app, visitor, given).await? {
        (Verdict::Right, credential) => Ok(credential),
        (Verdict::Wrong, _) => Err(visitor.words.t("again-wrong")),
        (Verdict::Wait(left), _) => Err(visitor.words.t1("sign-in-wait", "seconds", left.as_secs().max(1))),
    })
}

enum Verdict {
    Right,
    Wrong,
    Wait(SignedDuration),
}

/// Compares the password unless whoever tries must wait. Unknown names are counted and take as long as known ones.
async fn verify(
    app: &App,
    visitor: &Visitor,
    attempts: Attempts,
    credential: Option<&Credential>,
    given: &str,
) -> Result<Verdict, Stop> {
    if let Some(left) = attempts.begin(app).await.map_err(|error| visitor.stop(error))? {
        return Ok(Verdict::Wait(left));
    }
    let stored = credential.map(|credential| credential.password.as_str());
    if !passwords()?.verify(stored, given).await.map_err(Failure::from)? {
        return Ok(Verdict::Wrong);
    }
    attempts.succeeded(app).await.map_err(|error| visitor.stop(error))?;
    Ok(Verdict::Right)
}

async fn enabled_account(app: &App, visitor: &Visitor, id: &str) -> Result<Option<Account>, Stop> {
    let stream = StreamId::account(id);
    let state =
        app.store().read(move |reader| reader.state(&stream)).await.map_err(|fault| visitor.stop(fault.into()))?;
    Ok(match state {
        Some((_, KernelState::Account(account))) if !account.disabled => Some(account),
        _ => None,
    })
}

/// The post that a session begins with: the one of the session that ended in this browser, else the only one, or none yet.
pub(crate) fn first_post(app: &App, visitor: &Visitor, account: &Account) -> Option<PostId> {
    let today = app.today();
    let held: Vec<PostId> = account.posts.iter().filter(|post| post.holds_on(today)).map(|post| post.id).collect();
    let before = visitor.post_before(account.id);
    let same = held.iter().find(|post| before == Some(post.to_string().as_str()));
    same.or(if held.len() == 1 { held.first() } else { None }).copied()
}

/// The page from which a form goes on that was sent when its session had ended.
#[derive(Template)]
#[template(path = "sign-in/go-on.html")]
struct GoOnPage {
    p: Page,
    action: String,
    kept: Vec<(String, String)>,
}

/// Opens the session: with the post, if there is only one, else the person chooses.
async fn enter(app: &App, visitor: &Visitor, account: &Account, to: &str, kept: Vec<(String, String)>) -> Answer {
    let post = first_post(app, visitor, account);
    let chosen = account.posts.iter().find(|held| Some(held.id) == post);
    let home = match (account.kind, chosen) {
        (AccountKind::Officer, None) => "/account",
        (_, post) => home(app, post),
    };
    let token = visitor.open(account.id, post, false).await?;
    let cookie = visitor.cookies().set_session(&token);
    let chooses = account.kind == AccountKind::Officer && post.is_none();
    if kept.is_empty() || chooses {
        return Ok(redirect(if to == "/" || chooses { home } else { to }, Some(cookie)));
    }
    let mut p = visitor.page("go-on-title");
    p.csrf = token.form_key().csrf().map_err(|error| Fault::new("making a form's token").because(error))?;
    let kept = kept.into_iter().map(|(name, value)| (name[KEPT.len()..].to_owned(), value)).collect();
    carrying(visitor.html(&GoOnPage { p, action: to.to_owned(), kept }), Some(cookie))
}

/// The accounts with which a visitor of the demonstration signs in, in the order in which they were opened.
pub async fn demo_accounts(app: &App, words: Words) -> Result<Vec<DemoAccount>, Error> {
    let today = app.today();
    let listed = app
        .store()
        .read(move |reader| {
            let mut found = Vec::new();
            // The demonstration opens the accounts it shows first.
            for item in reader.accounts("", 40)? {
                let Some(credential) = reader.credentials_of(&item.id)?.into_iter().next() else { continue };
                let Some((_, KernelState::Account(account))) = reader.state(&StreamId::account(&item.id))? else {
                    continue;
                };
                let post = account.posts.iter().find(|post| post.holds_on(today)).cloned();
                let organisation = match &post {
                    Some(post) => reader.organisation(&post.organisation)?.map(|organisation| organisation.name),
                    None => None,
                };
                let name = reader.open(&[(account.subject, account.name.field.clone())])?.pop();
                let name = name.as_ref().and_then(store::Opened::value).unwrap_or_default().to_owned();
                found.push((credential.login, name, post, organisation));
                if found.len() == DEMO_ACCOUNTS_MAX {
                    break;
                }
            }
            Ok(found)
        })
        .await?;
    let catalog = app.catalog();
    let say = |(login, name, post, organisation): (String, String, Option<Post>, Option<String>)| {
        let kind =
            post.and_then(|post| Some(catalog.post_kinds.get(&post.kind)?.name.get(words.lang.tag()).to_owned()));
        let post = match (organisation, kind) {
            (Some(organisation), Some(kind)) => format!("{organisation} {kind}"),
            _ => words.t("person-applicant"),
        };
        DemoAccount { login, name, post }
    };
    Ok(listed.into_iter().map(say).collect())
}

#[derive(Template)]
#[template(path = "sign-in/again.html")]
struct AgainPage {
    p: Page,
    nonce: String,
    action: String,
    errors: Vec<ErrorLine>,
    fields: Vec<Field>,
    kept: Vec<(String, String)>,
}

/// The page that asks for the password again and keeps what was typed, so that nothing has to be written twice.
pub(crate) fn ask_again(visitor: &Visitor, action: &str, kept: Vec<(String, String)>, error: Option<String>) -> Answer {
    let mut p = visitor.page("again-title");
    p.failed = error.is_some();
    let mut secret = Field::new(FieldKind::Password, "password", p.t("sign-in-password"));
    secret.autocomplete = "current-password";
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    secret.error = error;
    let fields = vec![secret];
    let (nonce, errors) = (visitor.nonce()?, error_lines(&fields));
    visitor.html_with(status, &AgainPage { p, nonce, action: action.to_owned(), errors, fields, kept })
}

/// Verifies the password given with a form. The new cookie, or what to tell the person.
pub(crate) async fn elevate(app: &App, visitor: &Visitor, given: &str) -> Result<Result<HeaderValue, String>, Stop> {
    let account = visitor.identity()?.account();
    Ok(match own_credential(app, visitor, given).await? {
        Ok(_) => Ok(visitor.renew(account, visitor.post_id(), true).await?),
        Err(sentence) => Err(sentence),
    })
}

async fn again_page(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    visitor.identity()?;
    ask_again(&visitor, "/sign-in/again", vec![("to".to_owned(), target(query.as_deref()))], None)
}

async fn again(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    visitor.check_form(&fields)?;
    let to = local_path(&fields.optional_text("to", 1024).unwrap_or_default()).to_owned();
    let given = fields.secret("password").unwrap_or_default();
    match elevate(&app, &visitor, &given).await? {
        Ok(cookie) => Ok(redirect(&to, Some(cookie))),
        Err(sentence) => ask_again(&visitor, "/sign-in/again", vec![("to".to_owned(), to)], Some(sentence)),
    }
}

async fn sign_out(visitor: Visitor, fields: Fields) -> Answer {
    if visitor.account().is_some() {
        visitor.check_token(&fields)?;
    }
    Ok(redirect("/", Some(visitor.end().await?)))
}

/// The extractor wrote down that the person is there, which is all that staying takes.
async fn keep(visitor: Visitor, fields: Fields) -> Answer {
    // Back to the page where the banner was.
    let to = fields.optional_text("to", 1024).unwrap_or_default();
    if visitor.account().is_none() {
        return Ok(redirect(&format!("/sign-in?to={}", percent_encode(local_path(&to))), None));
    }
    visitor.check_token(&fields)?;
    Ok(redirect(&to, None))
}

/// One post to act as.
struct PostChoice {
    id: String,
    text: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "sign-in/account.html")]
struct AccountPage {
    p: Page,
    nonce: String,
    posts: Vec<PostChoice>,
    /// The post acted as has no page of its own here.
    homeless: bool,
    settings: Vec<Link>,
}

/// A post that the person holds today.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldPost {
    pub(crate) id: String,
    /// Kind of post.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) kind_name: String,
    /// Code of the organisation.
    pub(crate) organisation: String,
    /// Its name.
    pub(crate) organisation_name: String,
    /// Name of the division; empty without one.
    pub(crate) division_name: String,
    /// Region code.
    pub(crate) region: String,
}

/// The posts that whoever is signed in may act as.
pub(crate) async fn held_posts(app: &App, visitor: &Visitor) -> Result<Vec<HeldPost>, Stop> {
    let today = app.today();
    let posts = visitor.account().map(|account| account.posts.clone()).unwrap_or_default();
    let held: Vec<Post> = posts.into_iter().filter(|post| post.holds_on(today)).collect();
    let codes: Vec<String> = held.iter().map(|post| post.organisation.clone()).collect();
    let read = app.store().read(move |reader| {
        codes.iter().map(|code| Ok(reader.organisation(code)?.map(|found| found.name))).collect::<Result<Vec<_>, _>>()
    });
    let names: Vec<Option<String>> = read.await.map_err(|fault| visitor.stop(fault.into()))?;
    let (catalog, lang) = (app.catalog(), visitor.words.lang.tag());
    let shown = |(post, organisation): (Post, Option<String>)| HeldPost {
        id: post.id.to_string(),
        kind_name: catalog.post_kinds.get(&post.kind).map_or(&*post.kind, |kind| kind.name.get(lang)).to_owned(),
        organisation_name: organisation.unwrap_or_else(|| post.organisation.clone()),
        division_name: division_name(&catalog, &post).unwrap_or_default(),
        region: post.region.to_string(),
        kind: post.kind,
        organisation: post.organisation,
    };
    Ok(held.into_iter().zip(names).map(shown).collect())
}

async fn account_page(State(app): State<App>, visitor: Visitor) -> Answer {
    if visitor.account().is_none() {
        visitor.identity()?;
        return Err(Problem::sign_in().into());
    }
    let current = visitor.post_id().map(|post| post.to_string());
    let choice = |post: HeldPost| PostChoice {
        text: format!("{} {} {}", post.organisation_name, post.division_name, post.kind_name),
        current: current.as_ref() == Some(&post.id),
        id: post.id,
    };
    let posts = held_posts(&app, &visitor).await?.into_iter().map(choice).collect();
    let (p, nonce) = (visitor.page("account-title"), visitor.nonce()?);
    let settings = vec![
        Link::new(p.t("password-title"), "/account/password"),
        Link::new(p.t("contact-title"), "/account/contact"),
        Link::new(p.t("size-large"), p.setting("size=l")),
        Link::new(p.t("size-normal"), p.setting("size=m")),
        if p.keys {
            Link::new(p.t("keys-switch-off"), p.setting("keys=off"))
        } else {
            Link::new(p.t("keys-switch-on"), p.setting("keys=on"))
        },
    ];
    let homeless = visitor.who().is_some_and(|who| home(&app, who.post()) == "/account");
    visitor.html(&AccountPage { p, nonce, posts, homeless, settings })
}

async fn choose_post(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    visitor.check_form(&fields)?;
    let Some(account) = visitor.account() else { return Err(Problem::sign_in().into()) };
    let (today, given) = (app.today(), fields.optional_text("post", 64).unwrap_or_default());
    let held = account.posts.iter().find(|post| post.id.to_string() == given && post.holds_on(today));
    let post = held.ok_or_else(Problem::not_found)?;
    let account: AccountId = account.id;
    Ok(redirect(home(&app, Some(post)), Some(visitor.renew(account, Some(post.id), false).await?)))
}

/// Language and type size, for a year in a cookie; without JavaScript, so a link.
async fn settings(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let cookies = visitor.cookies();
    let back = fields.optional_text("back", 1024).unwrap_or_default();
    if let Ok(keys) = fields.choice("keys", ["on", "off"]) {
        let cookie = cookies.set_preference("jt-keys", if keys == "off" { "off" } else { "on" });
        return Ok(redirect(&back, Some(cookie)));
    }
    let cookie = match (fields.choice("size", ["l", "m"]), fields.choice("lang", ["zh-CN", "en"])) {
        (Ok(size), _) => Some(cookies.set_preference("jt-size", if size == "l" { "l" } else { "m" })),
        (_, Ok(lang)) => Some(cookies.set_preference("jt-lang", if lang == "en" { "en" } else { "zh-CN" })),
        _ => None,
    };
    Ok(redirect(&back, cookie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_password_meets_the_rules() {
        assert!(web::password::Password::parse(DEMO_PASSWORD).is_ok());
    }

    #[test]
    fn goes_back_only_within_this_site() {
        for (query, goes) in [
            (None, "/"),
            (Some("to=/office/cases/1%3Fa=b"), "/office/cases/1?a=b"),
            (Some("to=//evil.example"), "/"),
            (Some("to=https://evil.example/"), "/"),
        ] {
            assert_eq!(target(query), goes, "{query:?}");
        }
    }

    #[test]
    fn a_sign_in_name_is_folded() {
        assert_eq!(login_name("  Wang.Clerk "), "wang.clerk");
    }
}

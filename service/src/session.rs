//! Who is at the other end of a request: the session behind the cookie, the account, the post in force, and the frame of the page they see.
//!
//! Rules: security.md §3. A session's token is only in the cookie; the store keeps its hash. A disabled account or an ended post ends its
//! sessions with the next request, because account and post are read again each time.

mod home;
mod life;

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use base::id::{AccountId, PostId, SubjectId};
use jiff::{SignedDuration, Timestamp};
use kernel::catalog::{Catalog, Effect, Grant, Obligation};
use kernel::directory::{Account, AccountKind, Post};
use kernel::policy::{self, Object};
use kernel::{State, StreamId};
use store::Session;
use web::form::Fields;
use web::guard::{Client, Recognised};
use web::page::{Flash, MenuGroup, MenuItem, Page, SessionClock, SignedIn, Site, local_path, percent_encode};
use web::problem::{Failure, Frame, Problem};
use web::session::{Cookies, FormKey, SessionRules, SessionState, SessionTimes, SessionToken, cookie};
use web::view::{Link, Tone};
use web::words::{Lang, Words};

use crate::app::App;
use crate::attempts::Device;
use crate::error::{Error, failure};
use crate::identity::Identity;
use home::{OFFICE_PAGES, may_on_page};

pub(crate) use home::home;

/// Where applicants start.
pub const APPLICANT_HOME: &str = "/my";

/// The answer of a page's handler.
pub type Answer = Result<Response, Stop>;

/// Why a handler stops early: the request is sent elsewhere, or fails.
#[derive(Debug)]
pub enum Stop {
    /// Another page first: sign in, choose a post.
    Elsewhere(String),
    /// Another page instead: the session ended while a form was filled in.
    Instead(Box<Response>),
    /// The rules, the request or a machine say no.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failure(problem.into())
    }
}

impl From<web::problem::Fault> for Stop {
    fn from(fault: web::problem::Fault) -> Self {
        Self::Failure(fault.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Elsewhere(href) => Redirect::to(&href).into_response(),
            Self::Instead(page) => *page,
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

/// The person behind a request, signed in or not.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Language and words.
    pub words: Words,
    app: App,
    /// Path and query of the request.
    asked: String,
    /// Word of what was just done, from the address.
    done: Option<String>,
    large: bool,
    keys: bool,
    cookies: Cookies,
    /// What forms are bound to: the session, or the anonymous visit.
    form_key: FormKey,
    /// A visit whose cookie is not set yet.
    new_visit: Option<SessionToken>,
    /// The network the request came from, for budgets.
    network: IpAddr,
    device: Option<Device>,
    signed_in: Option<SignedInAs>,
    /// The request has the cookie of a session that ended.
    lapsed: bool,
    /// The session that ended by itself: whose, and as which post.
    before: Option<Session>,
}

#[derive(Clone, Debug)]
struct SignedInAs {
    session: Session,
    account: Account,
    name: String,
    left: SignedDuration,
    identity: Option<Identity>,
    /// The password was made for the person: until it is changed they can do nothing else.
    must_change: bool,
    /// Reminders that came since the person last looked at them.
    unread: u32,
}

/// Reminders that the masthead counts at most.
const UNREAD_MAX: u32 = 99;
/// What keeps when a person last looked at the reminders, µs UTC; forgotten with drafts of its age.
const REMINDERS_SEEN: &str = "reminders-seen";
/// Where a session whose token has changed keeps what its forms are bound to.
const FORM_KEY: &str = "form-key";

/// Where whoever must change their password is sent.
const CHANGE_PASSWORD: &str = "/account/password?done=must-change";
/// A reminder counts as new for this long, as long as the mark is kept.
const REMINDERS_NEW: SignedDuration = SignedDuration::from_hours(30 * 24);

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("App")
    }
}

/// The rules of a session on this node.
pub fn rules(kind: AccountKind) -> SessionRules {
    match kind {
        AccountKind::Officer => SessionRules::default(),
        AccountKind::Applicant => SessionRules::of_applicants(),
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        if holds_nul(&parts.uri) {
            return Err(Problem::bad_request().into());
        }
        let headers = &parts.headers;
        let words = reader_words(headers, parts.uri.query());
        let cookies = Cookies { tls: app.settings().public_url.starts_with("https://") };
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        let done = query.optional_text("done", 40).ok().filter(|word| !word.is_empty());
        let token = cookies.session(headers);
        let (signed_in, before) = match &token {
            Some(token) => match who(app, token).await.map_err(|error| failure(error, words))? {
                Seen::Live(signed_in) => (Some(*signed_in), None),
                Seen::Ended(before) => (None, before),
            },
            None => (None, None),
        };
        if let (Some(token), Some(_), Some(recognised)) = (&token, &signed_in, parts.extensions.get::<Recognised>()) {
            recognised.mark(token.hash());
        }
        let lapsed = token.is_some() && signed_in.is_none();
        let (form_key, new_visit) = match (token, &signed_in) {
            (Some(token), Some(as_whom)) => (as_whom.form_key(&token), None),
            _ => match cookies.visit(headers) {
                Some(visit) => (visit.form_key(), None),
                None => fresh_token().map(|visit| (visit.form_key(), Some(visit)))?,
            },
        };
        let client = parts.extensions.get::<Client>();
        let network = client.map_or(IpAddr::from([0; 4]), |client| web::guard::network(client.0));
        let device = cookies.device(headers).and_then(Device::parse);
        let asked = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let large = cookie(headers, "jt-size") == Some("l");
        let keys = cookie(headers, "jt-keys") != Some("off");
        let visitor = Self {
            words,
            app: app.clone(),
            asked,
            done,
            large,
            keys,
            cookies,
            form_key,
            new_visit,
            network,
            device,
            signed_in,
            lapsed,
            before,
        };
        if let Some(frame) = parts.extensions.get::<Frame>() {
            let visitor = visitor.clone();
            frame.leave(move || visitor.page_titled(""));
        }
        Ok(visitor)
    }
}

impl SignedInAs {
    /// What the forms of this session are bound to.
    fn form_key(&self, token: &SessionToken) -> FormKey {
        let kept = self.session.data.get(FORM_KEY).and_then(serde_json::Value::as_str).and_then(FormKey::parse);
        kept.unwrap_or_else(|| token.form_key())
    }
}

impl Visitor {
    /// Who acts, if anyone does: signed in, and acting as a post if an officer.
    pub fn who(&self) -> Option<&Identity> {
        self.signed_in.as_ref().filter(|signed_in| !signed_in.must_change)?.identity.as_ref()
    }

    /// The account signed in, also while no post is chosen.
    pub fn account(&self) -> Option<&Account> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.account)
    }

    /// The password was made for the account: its owner has to choose another first.
    pub fn must_change(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| signed_in.must_change)
    }

    /// Who acts; others are sent to sign in and come back. Requests of the interface get 401.
    pub fn identity(&self) -> Result<&Identity, Stop> {
        let from_page = !self.asked.starts_with("/api/");
        match &self.signed_in {
            Some(SignedInAs { must_change: true, .. }) if from_page => Err(Stop::Elsewhere(CHANGE_PASSWORD.to_owned())),
            Some(SignedInAs { must_change: true, .. }) => {
                Err(Problem::new(StatusCode::FORBIDDEN, "password-change").into())
            }
            Some(SignedInAs { identity: Some(identity), .. }) => Ok(identity),
            Some(_) if from_page => Err(Stop::Elsewhere("/account".to_owned())),
            Some(_) => Err(Problem::new(StatusCode::FORBIDDEN, "no-post").into()),
            None if !from_page => Err(Problem::sign_in().into()),
            None => Err(Stop::Elsewhere(format!("/sign-in?to={}", percent_encode(&self.asked)))),
        }
    }

    /// Reminders that came since the person last looked at them.
    pub(crate) fn unread(&self) -> u32 {
        self.signed_in.as_ref().map_or(0, |signed_in| signed_in.unread)
    }

    /// An officer acting as a post; an applicant is told that the function is not theirs.
    pub fn officer(&self) -> Result<(&Identity, &Post), Stop> {
        let identity = self.identity()?;
        let post = identity.post().ok_or_else(|| Stop::from(Problem::forbidden()))?;
        Ok((identity, post))
    }

    /// Someone who applies.
    pub fn applicant(&self) -> Result<&Identity, Stop> {
        let identity = self.identity()?;
        if identity.post().is_some() { Err(Problem::forbidden().into()) } else { Ok(identity) }
    }

    /// Someone who fills in an application: for themself, a window clerk who receives it for someone, or an officer who opens a case.
    pub fn filer(&self) -> Result<&Identity, Stop> {
        let identity = self.identity()?;
        match identity.post() {
            Some(post) if !may_receive(&self.app.catalog().grants, &post.kind) => Err(Problem::forbidden().into()),
            _ => Ok(identity),
        }
    }

    /// Was the form made for this session or visit? Gives its idempotency key. Asked before anything else: when the session ended while the
    /// form was filled in, the person signs in first and nothing typed is lost.
    pub fn check_form<'a>(&self, fields: &'a Fields) -> Result<&'a str, Stop> {
        match fields.check_csrf(&self.form_key) {
            Err(_) if self.lapsed && fields.has("_csrf") => {
                Err(Stop::Instead(Box::new(crate::pages::sign_in::keeping(self, fields)?)))
            }
            checked => Ok(checked.and_then(|()| fields.nonce())?),
        }
    }

    /// The same for forms that only carry the token: signing out, staying.
    pub fn check_token(&self, fields: &Fields) -> Result<(), Stop> {
        Ok(fields.check_csrf(&self.form_key)?)
    }

    /// Authenticated again within the last ten minutes: decisions, seals, unmasking.
    pub fn elevated(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| {
            rules(signed_in.account.kind).is_elevated(&times(&signed_in.session), self.app.now())
        })
    }

    /// May the post open a page of that name (`inbox`, `hall`)?
    pub fn may_view(&self, page: &str) -> bool {
        self.may("page.view", page)
    }

    /// May the post do this on a page of that name?
    pub fn may(&self, action: &str, page: &str) -> bool {
        self.who().and_then(Identity::post).is_some_and(|post| may_on_page(&self.app, post, action, page))
    }

    /// Has the post to give the password again before it does this on a page of that name?
    pub(crate) fn must_elevate(&self, post: &Post, action: &str, page: &str) -> bool {
        let object = home::page_object(post, page);
        !self.elevated() && obliged_to_elevate(&self.app.catalog().grants, post, action, &object)
    }

    /// A failure in the reader's language.
    pub fn stop(&self, error: Error) -> Stop {
        Stop::Failure(failure(error, self.words))
    }

    /// A nonce for a form.
    pub fn nonce(&self) -> Result<String, Stop> {
        web::session::nonce().map_err(|error| web::problem::Fault::new("making a form's key").because(error).into())
    }

    /// The frame of a page: title from a message, person, menu, form token, notices. The caller adds crumbs and islands.
    pub fn page(&self, title_key: &str) -> Page {
        self.page_titled(self.words.t(title_key))
    }

    /// The same with a title of its own.
    pub fn page_titled(&self, title: impl Into<String>) -> Page {
        let words = self.words;
        let (path, query) = self.asked.split_once('?').unwrap_or((&self.asked, ""));
        // What was just done is said once.
        let query: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("done=")).collect();
        // A word of the address that no message has prints as its key: then nothing was done that we know of.
        let said = self.done.as_ref().map(|done| format!("done-{done}")).map(|key| (words.t(&key), key));
        let flash = said.filter(|(text, key)| text != key).map(|(text, _)| Flash { tone: Tone::Green, text });
        Page {
            words,
            title: title.into(),
            path: path.to_owned(),
            query: query.join("&"),
            keys: self.keys,
            large: self.large,
            site: site(words),
            nav: NAV.iter().map(|(key, href)| Link::new(words.t(key), *href)).collect(),
            menu: self.menu(),
            person: self.person(),
            csrf: self.form_key.csrf().unwrap_or_default(),
            demo: self.app.settings().demo,
            today: words.long_date(self.app.today()),
            flash,
            session: self.signed_in.as_ref().map(|signed_in| {
                let (rules, seconds) = (rules(signed_in.account.kind), |of: SignedDuration| of.as_secs().max(0) as u32);
                SessionClock {
                    seconds_left: seconds(signed_in.left),
                    warn_seconds: seconds(rules.warn),
                    idle_seconds: seconds(rules.idle),
                }
            }),
            ..Page::default()
        }
    }

    /// A rendered page; a first visitor gets the cookie that binds their forms.
    pub fn html(&self, template: &impl askama::Template) -> Answer {
        self.html_with(StatusCode::OK, template)
    }

    /// The same with a status: 422 for a form that came back.
    pub fn html_with(&self, status: StatusCode, template: &impl askama::Template) -> Answer {
        let mut response = web::problem::html(status, template)?;
        if let Some(visit) = &self.new_visit {
            response.headers_mut().append(header::SET_COOKIE, self.cookies.set_visit(visit));
        }
        Ok(response)
    }

    /// Names and flags of the cookies here.
    pub fn cookies(&self) -> Cookies {
        self.cookies
    }

    fn person(&self) -> Option<SignedIn> {
        let signed_in = self.signed_in.as_ref()?;
        let catalog = self.app.catalog();
        let (post, home) = match &signed_in.identity {
            Some(Identity::Officer { post, .. }) => {
                let kind =
                    catalog.post_kinds.get(&post.kind).map(|kind| kind.name.get(self.words.lang.tag()).to_owned());
                let kind = kind.unwrap_or_else(|| post.kind.clone());
                (division_name(&catalog, post).unwrap_or(kind), home(&self.app, Some(post)))
            }
            Some(Identity::Applicant { .. }) => (self.words.t("person-applicant"), APPLICANT_HOME),
            None => (self.words.t("person-no-post"), "/account"),
        };
        Some(SignedIn {
            name: signed_in.name.clone(),
            post,
            home: home.to_owned(),
            unread: signed_in.unread,
            reminders_href: "/office/reminders".to_owned(),
            account_href: "/account".to_owned(),
        })
    }

    fn menu(&self) -> Vec<MenuGroup> {
        let Some(Identity::Officer { .. }) = self.who() else { return Vec::new() };
        let mut items = Vec::new();
        for (page, icon, key, href) in OFFICE_PAGES {
            if self.may_view(page) {
                let (icon, text) = (icon.to_owned(), self.words.t(key));
                items.push(MenuItem { icon, text, href: href.to_owned(), ..MenuItem::default() });
            }
        }
        vec![MenuGroup { title: self.words.t("menu-work"), items }]
    }

    /// The person looks at the reminders now: the masthead counts from here, in every session of the account.
    pub(crate) async fn saw_reminders(&self) -> Result<(), Stop> {
        let Some(signed_in) = self.signed_in.as_ref().filter(|signed_in| signed_in.unread > 0) else { return Ok(()) };
        let (account, subject) = (signed_in.account.id.to_string(), signed_in.account.subject.to_string());
        let at = self.app.now().as_microsecond();
        let seen = serde_json::json!({ REMINDERS_SEEN: at });
        let mark = format!("{REMINDERS_SEEN}-{account}");
        let written =
            self.app.store().write(move |writes| writes.put_draft(&mark, &account, &subject, "", &seen, at)).await;
        written.map_err(|fault| self.stop(Error::Fault(fault)))
    }

    /// The post of the session.
    pub(crate) fn post_id(&self) -> Option<PostId> {
        self.signed_in.as_ref()?.identity.as_ref()?.post().map(|post| post.id)
    }

    /// The session itself.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.session)
    }

    /// The network the request came from, for budgets.
    pub(crate) fn network(&self) -> IpAddr {
        self.network
    }

    /// Path and query of the request.
    pub(crate) fn asked(&self) -> &str {
        &self.asked
    }

    /// The post in which an account worked in this browser until its session ended by itself.
    pub(crate) fn post_before(&self, account: AccountId) -> Option<&str> {
        let before = self.before.as_ref().filter(|session| session.account == account.to_string());
        before.map(|session| session.post.as_str())
    }
}

/// Does a kind of post receive applications, or open cases, at all? Of which matters, the kernel looks when it is handed in.
fn may_receive(grants: &[Grant], kind: &str) -> bool {
    grants
        .iter()
        .filter(|grant| grant.post_kind == kind && grant.effect == Effect::Allow)
        .any(|grant| matches!(grant.action.as_str(), "case.receive" | "case.open"))
}

/// Does the grant for this action on this object oblige the post to authenticate again?
pub(crate) fn obliged_to_elevate(grants: &[Grant], post: &Post, action: &str, object: &Object<'_>) -> bool {
    policy::allows(grants, post, action, object)
        && grants.iter().any(|grant| {
            grant.post_kind == post.kind
                && grant.action == action
                && grant.effect == Effect::Allow
                && grant.obligations.contains(&Obligation::Elevate)
        })
}

/// The site as its pages name it.
pub fn site(words: Words) -> Site {
    Site {
        name: words.t("site-name"),
        tagline: words.t("site-tagline"),
        footer: vec![words.t("site-footer")],
        ..Site::default()
    }
}

/// The name of a post's division.
pub(crate) fn division_name(catalog: &Catalog, post: &Post) -> Option<String> {
    let divisions = catalog.directory.divisions.iter();
    let mut own = divisions.filter(|division| division.organisation.as_str() == post.organisation);
    own.find(|division| division.code == post.division).map(|division| division.name.clone())
}

/// Main navigation of the public site: message key and address.
const NAV: [(&str, &str); 4] =
    [("nav-home", "/"), ("nav-matters", "/matters"), ("nav-progress", "/progress"), ("nav-verify", "/verify")];

/// An answer that carries a cookie whatever became of the request: a session that was renewed on the way must reach the browser.
pub(crate) fn carrying(answer: Answer, cookie: Option<HeaderValue>) -> Answer {
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// A redirect with a cookie.
pub(crate) fn redirect(href: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = Redirect::to(local_path(href)).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn fresh_token() -> Result<SessionToken, Failure> {
    SessionToken::generate().map_err(|error| web::problem::Fault::new("making a session").because(error).into())
}

/// Is there a NUL in an address? Nothing has it in its name, and one of the two databases takes it for a fault when it is looked up.
fn holds_nul(uri: &Uri) -> bool {
    uri.path_and_query().is_some_and(|address| address.as_str().contains("%00"))
}

/// The words of whoever sent a request.
pub(crate) fn reader_words(headers: &HeaderMap, query: Option<&str>) -> Words {
    Words::new(language(headers, query))
}

/// `?lang=` of the interface, else the cookie, else Chinese.
fn language(headers: &HeaderMap, query: Option<&str>) -> Lang {
    let asked = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("lang="));
    Lang::parse(asked.or_else(|| cookie(headers, "jt-lang")).unwrap_or_default())
}

fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn times(session: &Session) -> SessionTimes {
    SessionTimes {
        started_at: instant(session.created_at),
        seen_at: instant(session.seen_at),
        elevated_at: session.elevated_at.map(instant),
    }
}

/// What is behind a token.
enum Seen {
    /// A session, with its account as it is now.
    Live(Box<SignedInAs>),
    /// None any more, or one that ended by itself a while ago.
    Ended(Option<Session>),
}

/// Looks up what is behind a token, and writes down that the person is there.
async fn who(app: &App, token: &SessionToken) -> Result<Seen, Error> {
    let (hash, now, today) = (token.hash().0, app.now(), app.today());
    let forgotten_before = (now - REMINDERS_NEW).as_microsecond();
    let found = app
        .store()
        .read(move |reader| {
            let Some(session) = reader.session(&hash)? else { return Ok(None) };
            let state = reader.state(&StreamId::account(&session.account))?;
            let Some((_, State::Account(account))) = state else { return Ok(None) };
            let name = reader.open(&[(account.subject, account.name.field.clone())])?.pop();
            let name = name.as_ref().and_then(store::Opened::value).unwrap_or_default().to_owned();
            let mark = reader.draft(&session.account, &format!("{REMINDERS_SEEN}-{}", session.account))?;
            let seen = mark.and_then(|mark| mark.body?.get(REMINDERS_SEEN)?.as_i64()).unwrap_or(forgotten_before);
            let sent = reader.reminders(&session.account, UNREAD_MAX)?;
            let unread = sent.iter().filter(|reminder| reminder.sent_at > seen).count();
            let must_change = reader.credentials_of(&session.account)?.iter().any(|credential| credential.must_change);
            Ok(Some((session, account, name, unread, must_change)))
        })
        .await?;
    let Some((session, account, name, unread, must_change)) = found else { return Ok(Seen::Ended(None)) };
    let unread = u32::try_from(unread).unwrap_or(UNREAD_MAX);
    let (rules, times) = (rules(account.kind), times(&session));
    if account.disabled || session.expires_at <= now.as_microsecond() {
        return Ok(Seen::Ended(None));
    }
    let SessionState::Live { mut left } = rules.state(&times, now) else { return Ok(Seen::Ended(Some(session))) };
    if rules.should_touch(&times, now) {
        let at = now.as_microsecond();
        match app.store().write(move |writes| writes.touch_session(&hash, at)).await {
            Ok(_) => left = rules.left(&SessionTimes { seen_at: now, ..times }, now),
            // A full disk takes no note, and people go on reading (security.md §8).
            Err(fault) => tracing::warn!(%fault, "A session was not kept alive"),
        }
    }
    let identity = match account.kind {
        AccountKind::Applicant => Some(Identity::Applicant {
            account: account.id,
            subject: account.subject,
            represents: account.represents.clone(),
            name: name.clone(),
        }),
        AccountKind::Officer => {
            let post = account.posts.iter().find(|post| post.id.to_string() == session.post);
            post.filter(|post| post.holds_on(today)).map(|post| Identity::Officer {
                account: account.id,
                post: post.clone(),
                name: name.clone(),
            })
        }
    };
    Ok(Seen::Live(Box::new(SignedInAs { session, account, name, left, identity, must_change, unread })))
}

/// The display names of accounts, for pages that say who did something; erased and unknown ones are left out.
pub(crate) fn names_of(
    reader: &mut store::Reader<'_>,
    accounts: &[AccountId],
) -> Result<std::collections::BTreeMap<AccountId, (String, Vec<Post>)>, store::Fault> {
    let streams: Vec<StreamId> = accounts.iter().map(StreamId::account).collect();
    let states = reader.states(&streams)?;
    let accounts: Vec<&Account> = states.iter().filter_map(|(_, _, state)| state.as_account()).collect();
    let wanted: Vec<(SubjectId, String)> =
        accounts.iter().map(|account| (account.subject, account.name.field.clone())).collect();
    let opened = reader.open(&wanted)?;
    let named = accounts
        .iter()
        .zip(opened)
        .filter_map(|(account, name)| Some((account.id, (name.value()?.to_owned(), account.posts.clone()))));
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_session_reaches_the_browser_also_when_the_act_failed() {
        let cookie = HeaderValue::from_static("jt=new");
        for answer in
            [Ok(StatusCode::OK.into_response()), Err(Problem::busy(5).into()), Err(Problem::conflict().into())]
        {
            let response = carrying(answer, Some(cookie.clone())).expect("an answer");
            assert_eq!(response.headers().get(header::SET_COOKIE), Some(&cookie));
        }
        assert!(carrying(Err(Problem::busy(5).into()), None).expect("an answer").headers().is_empty());
    }
}

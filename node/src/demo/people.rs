//! People of the demonstration: every post of the catalog's directory is held by someone.

use std::collections::BTreeMap;

use anyhow::Context;
use base::id::{PostId, SubjectId};
use jiff::SignedDuration;
use jiff::civil::Date;
use kernel::catalog::{Directory, PostSeed};
use kernel::directory::{AccountKind, DirectoryCommand, Post};
use kernel::sealed::Secret;
use service::pages::sign_in::login_name;
use service::{App, Identity};
use store::Credential;

use super::clock::{Choices, DemoClock};
use super::story::{AccountSeed, Names, Story};

/// Commands on the way at one time: the writer commits them together.
const AT_ONCE: usize = 128;

/// Who holds a kind of post in an organisation.
pub(super) type Roster = BTreeMap<(String, String), Vec<Identity>>;

impl Names {
    /// A person's name.
    pub(super) fn person(&self, choices: &mut Choices) -> String {
        let family = choices.one(&self.family).cloned().unwrap_or_default();
        family + choices.one(&self.given).map_or("", String::as_str)
    }
}

/// Opens an account for everyone, those that visitors sign in with first, so that the sign-in page finds them first.
pub(super) async fn settle(
    app: &App,
    clock: &DemoClock,
    story: &Story,
    since: Date,
    hash: &str,
) -> anyhow::Result<Roster> {
    let catalog = app.catalog();
    let mut roster = Roster::new();
    let mut choices = Choices::of("people");
    let mut seats = seats(&catalog.directory);
    for seed in story.accounts.iter().filter(|seed| seed.post.is_some()) {
        let at = seats
            .iter()
            .position(|seat| seed.region == Some(seat.region.to_string()) && seed.post.as_ref() == Some(&seat.kind));
        let seat = seats.remove(at.with_context(|| format!("no post for {}", seed.login))?);
        // Ids sort by time: each a millisecond after the one before.
        clock.set(app.now().checked_add(SignedDuration::from_millis(1))?);
        let new = New::officer(app, &story.names.person(&mut choices), seat, since);
        let officer = new.who.clone();
        new.open(app.clone()).await?;
        credential(app, &officer, seed, hash).await?;
        seat_down(&mut roster, officer);
    }
    clock.set(app.now().checked_add(SignedDuration::from_millis(1))?);
    let mut seats = seats.into_iter().peekable();
    while seats.peek().is_some() {
        // Ids and names are drawn in order and before anything else draws; only the order of writing is left to chance.
        let some = seats.by_ref().take(AT_ONCE);
        let new: Vec<New> =
            some.map(|seat| New::officer(app, &story.names.person(&mut choices), seat, since)).collect();
        let mut opened = tokio::task::JoinSet::new();
        for new in new {
            seat_down(&mut roster, new.who.clone());
            opened.spawn(new.open(app.clone()));
        }
        while let Some(done) = opened.join_next().await {
            done??;
        }
    }
    Ok(roster)
}

/// An account for someone who files for organisations.
pub(super) async fn applicant(app: &App, name: &str, represents: Vec<String>) -> anyhow::Result<Identity> {
    let (account, subject) = (app.new_account(), app.new_subject());
    let who = Identity::Applicant { account, subject, represents, name: name.to_owned() };
    let new = New { name: name_of(app, subject, name), who: who.clone(), subject };
    new.open(app.clone()).await?;
    Ok(who)
}

/// Lets a visitor sign in.
pub(super) async fn credential(app: &App, who: &Identity, seed: &AccountSeed, hash: &str) -> anyhow::Result<()> {
    let credential = Credential {
        login: login_name(&seed.login),
        account: who.account().to_string(),
        password: hash.to_owned(),
        changed_at: app.now().as_microsecond(),
        must_change: false,
    };
    Ok(app.store().write(move |writes| writes.set_credential(&credential)).await?)
}

/// An account that is about to be opened.
struct New {
    who: Identity,
    subject: SubjectId,
    name: Secret,
}

impl New {
    fn officer(app: &App, name: &str, seat: Post, since: Date) -> Self {
        let (account, subject) = (app.new_account(), app.new_subject());
        let post = Post { id: app.new_post(), valid_from: since, ..seat };
        let who = Identity::Officer { account, post, name: name.to_owned() };
        Self { who, subject, name: name_of(app, subject, name) }
    }

    async fn open(self, app: App) -> anyhow::Result<()> {
        let Self { who, subject, name } = self;
        let account = who.account();
        let (kind, represents, post) = match who {
            Identity::Officer { post, .. } => (AccountKind::Officer, Vec::new(), Some(post)),
            Identity::Applicant { represents, .. } => (AccountKind::Applicant, represents, None),
        };
        app.direct(DirectoryCommand::OpenAccount { account, kind, subject, name, represents }).await?;
        if let Some(post) = post {
            app.direct(DirectoryCommand::Assign { account, post }).await?;
        }
        Ok(())
    }
}

fn name_of(app: &App, subject: SubjectId, name: &str) -> Secret {
    Secret { subject, field: "name".to_owned(), salt: app.entropy().bytes16(), value: name.to_owned() }
}

/// The posts of the directory, which nobody holds yet.
fn seats(directory: &Directory) -> Vec<Post> {
    let region_of: BTreeMap<_, _> = directory.organisations.iter().map(|found| (&found.code, found.region)).collect();
    let of_seed = |seed: &PostSeed| {
        let post = Post {
            id: PostId::from_uuid(uuid::Uuid::nil()),
            kind: seed.post_kind.clone(),
            organisation: seed.organisation.to_string(),
            region: *region_of.get(&seed.organisation)?,
            division: seed.division.clone(),
            valid_from: Date::MIN,
            valid_until: None,
        };
        Some((0..seed.count).map(move |_| post.clone()))
    };
    directory.posts.iter().filter_map(of_seed).flatten().collect()
}

fn seat_down(roster: &mut Roster, officer: Identity) {
    if let Some(post) = officer.post() {
        roster.entry((post.organisation.clone(), post.kind.clone())).or_default().push(officer);
    }
}

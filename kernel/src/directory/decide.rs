//! Commands on the directory. The three administrators are kept apart (三员分立): accounts, powers and logs are never in one hand.

use std::collections::BTreeSet;

use base::id::{AccountId, PostId, SubjectId};
use journal::Actor;
use serde_json::json;

use super::{
    Account, AccountDisabled, AccountKind, AccountOpened, CatalogAdopted, Contact, ContactSet, LoadCalendar,
    NodeSettings, OrganisationRegistered, Post, PostAssigned, PostEnded, SubjectErased, acting_post, calendar,
    calendar_owner,
};
use crate::catalog::TargetClass;
use crate::change::{Decision, StreamDecision};
use crate::command::{Loaded, actor_account};
use crate::event::Event;
use crate::facts::Facts;
use crate::message::Medium;
use crate::policy::{self, Object};
use crate::refusal::Refusal;
use crate::sealed::Secret;
use crate::state::State;
use crate::stream::StreamId;

/// Post kinds of the three administrators: one person holds at most one of them.
const ADMINISTRATORS: [&str; 3] = ["system-admin", "security-admin", "audit-admin"];

/// What may be asked of the directory.
#[derive(Clone, Debug)]
pub enum DirectoryCommand {
    /// Register or change an organisation. By the system from the catalog.
    Register(OrganisationRegistered),
    /// Open an account.
    OpenAccount {
        /// Its id.
        account: AccountId,
        /// Officer or applicant.
        kind: AccountKind,
        /// Its person's subject.
        subject: SubjectId,
        /// The person's name, salted.
        name: Secret,
        /// Organisations it may file for.
        represents: Vec<String>,
    },
    /// Disable an account.
    DisableAccount {
        /// Which.
        account: AccountId,
    },
    /// Say how one wishes to be told. By the account itself.
    SetContact {
        /// Whose.
        account: AccountId,
        /// E-mail address, salted; empty = none.
        email: Secret,
        /// Mobile number, salted; empty = none.
        mobile: Secret,
        /// The media wished.
        wishes: BTreeSet<Medium>,
        /// Language of the messages.
        language: String,
    },
    /// Give a post.
    Assign {
        /// To whom.
        account: AccountId,
        /// Which.
        post: Post,
    },
    /// End a post today.
    EndPost {
        /// Whose.
        account: AccountId,
        /// Which.
        post: PostId,
    },
    /// Destroy a subject's key (个人信息保护法 art. 47).
    Erase {
        /// Whose.
        subject: SubjectId,
        /// Ground.
        basis: String,
    },
    /// Load a year's notice of days off.
    LoadCalendar(Box<LoadCalendar>),
    /// Take a catalog version into use.
    AdoptCatalog {
        /// Content hash of the catalog.
        catalog: String,
        /// Content hash of the calendar.
        calendar: String,
    },
}

impl DirectoryCommand {
    /// The stream it changes.
    fn stream(&self) -> StreamId {
        match self {
            Self::Register(event) => StreamId::organisation(&event.code),
            Self::OpenAccount { account, .. }
            | Self::DisableAccount { account }
            | Self::SetContact { account, .. }
            | Self::Assign { account, .. }
            | Self::EndPost { account, .. } => StreamId::account(account),
            Self::Erase { subject, .. } => StreamId::erased(subject),
            Self::LoadCalendar(_) | Self::AdoptCatalog { .. } => StreamId::node(),
        }
    }

    /// Streams the writer loads.
    pub fn streams(&self) -> Vec<StreamId> {
        vec![self.stream()]
    }

    /// The power it needs in grants.csv.
    fn action(&self) -> &'static str {
        match self {
            Self::OpenAccount { .. } | Self::DisableAccount { .. } | Self::SetContact { .. } => "account.manage",
            Self::Assign { .. } | Self::EndPost { .. } => "post.manage",
            Self::Register(_) | Self::Erase { .. } => "node.manage",
            Self::LoadCalendar(_) => "calendar.load",
            Self::AdoptCatalog { .. } => "catalog.publish",
        }
    }
}

impl DirectoryCommand {
    /// The class of pages where it is asked for.
    fn page(&self) -> &'static str {
        match self {
            Self::OpenAccount { .. } | Self::DisableAccount { .. } | Self::SetContact { .. } => "accounts",
            Self::Assign { .. } | Self::EndPost { .. } => "posts",
            Self::Register(_) | Self::Erase { .. } => "node",
            Self::LoadCalendar(_) => "calendar",
            Self::AdoptCatalog { .. } => "catalog",
        }
    }
}

/// Events or a refusal.
pub fn decide(command: &DirectoryCommand, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<Decision, Refusal> {
    authorise(command, actor, loaded, facts)?;
    let stream = command.stream();
    let before = loaded.get(&stream);
    let account = before.and_then(|(_, state)| state.as_account());
    let mut secrets = Vec::new();
    let event: Event = match command {
        DirectoryCommand::Register(event) => event.clone().into(),
        DirectoryCommand::OpenAccount { account: id, kind, subject, name, represents } => {
            if account.is_some() {
                return Err(Refusal::Exists);
            }
            secrets.push(name.clone());
            AccountOpened {
                account: *id,
                kind: *kind,
                subject: *subject,
                name: name.commitment(),
                represents: represents.clone(),
                on: facts.today,
            }
            .into()
        }
        DirectoryCommand::DisableAccount { account: id } => {
            account.ok_or(Refusal::NotFound)?;
            AccountDisabled { account: *id, on: facts.today }.into()
        }
        DirectoryCommand::SetContact { account: id, email, mobile, wishes, language } => {
            account.filter(|account| !account.disabled).ok_or(Refusal::NotFound)?;
            secrets.extend([email.clone(), mobile.clone()]);
            let given = |secret: &Secret| (!secret.value.is_empty()).then(|| secret.commitment());
            let contact = Contact {
                email: given(email),
                mobile: given(mobile),
                wishes: wishes.clone(),
                language: language.clone(),
            };
            if wishes.iter().any(|medium| contact.address(*medium).is_none()) {
                return Err(Refusal::AddressMissing);
            }
            ContactSet { account: *id, contact }.into()
        }
        DirectoryCommand::Assign { account: id, post } => {
            let account = account.ok_or(Refusal::NotFound)?;
            if account.kind != AccountKind::Officer {
                return Err(Refusal::NotFound);
            }
            keep_administrators_apart(account, post)?;
            PostAssigned { account: *id, post: post.clone() }.into()
        }
        DirectoryCommand::EndPost { account: id, post } => {
            account.and_then(|account| account.post_on(*post, facts.today)).ok_or(Refusal::NotFound)?;
            // Yesterday was its last day: it ends at once (security.md §3).
            PostEnded { account: *id, post: *post, on: facts.today.yesterday().unwrap_or(facts.today) }.into()
        }
        DirectoryCommand::Erase { subject, basis } => {
            SubjectErased { subject: *subject, basis: basis.clone(), on: facts.today }.into()
        }
        DirectoryCommand::LoadCalendar(command) => {
            let settings = match before {
                Some((_, State::Node(settings))) => settings.clone(),
                _ => NodeSettings::default(),
            };
            calendar::load(command, &settings, facts)?.into()
        }
        DirectoryCommand::AdoptCatalog { catalog, calendar } => {
            CatalogAdopted { catalog: catalog.clone(), calendar: calendar.clone(), on: facts.today }.into()
        }
    };
    let (expected_version, before) = before.map_or((0, None), |(version, state)| (*version, Some(state.clone())));
    let state = State::evolve(before.clone(), &event, facts.at()).map_err(|_| Refusal::Exists)?;
    let part = StreamDecision { stream, expected_version, events: vec![event], before, state };
    Ok(Decision { streams: vec![part], secrets, reply: json!({}), ..Decision::default() })
}

/// The system's own jobs (first start, demo, catalog) or an administrator with the power.
fn authorise(command: &DirectoryCommand, actor: &Actor, loaded: &Loaded, facts: &Facts) -> Result<(), Refusal> {
    if matches!(actor, Actor::System { .. }) {
        return Ok(());
    }
    if let DirectoryCommand::SetContact { account, .. } = command {
        // Nobody says for another where their messages go: they would read them.
        let is_own = actor_account(actor) == Some(*account);
        return if is_own { Ok(()) } else { Err(Refusal::Forbidden { action: command.action().to_owned() }) };
    }
    let (own, post) = acting_post(actor, loaded, facts.today)?;
    let (page, action) = (command.page(), command.action());
    // A bureau's administrator manages the bureau; the days of everyone are the affair of the highest one's.
    let owner = match command {
        DirectoryCommand::LoadCalendar(_) => calendar_owner(&facts.catalog),
        _ => None,
    };
    let object = Object {
        class: TargetClass::Page,
        name: page,
        immediate: false,
        organisation: owner.map_or(&post.organisation, |owner| owner.code.as_str()),
        region: owner.map_or(post.region, |owner| owner.region),
    };
    let about_oneself = matches!(command, DirectoryCommand::Assign { account, .. } if *account == own.id);
    if about_oneself || !policy::allows(&facts.catalog.grants, post, action, &object) {
        return Err(Refusal::Forbidden { action: action.to_owned() });
    }
    Ok(())
}

/// One person holds at most one administrator's post, ever at the same time.
fn keep_administrators_apart(account: &Account, post: &Post) -> Result<(), Refusal> {
    let overlaps = |held: &Post| held.valid_until.is_none_or(|last| post.valid_from <= last);
    let holds_one = account.posts.iter().any(|held| ADMINISTRATORS.contains(&held.kind.as_str()) && overlaps(held));
    if holds_one && ADMINISTRATORS.contains(&post.kind.as_str()) {
        return Err(Refusal::AdministratorsSeparated);
    }
    Ok(())
}

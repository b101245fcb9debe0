//! The directory: organisations, accounts (natural persons) and the posts (岗位) they may act as.
//!
//! An account is a person; a post is where powers hang, with validity; a session acts as one post (security.md §3). Names and sign-in names
//! are personal and stand in the vault and in the credentials, not here.

use std::collections::BTreeSet;

use base::id::{AccountId, PostId, SubjectId};
use base::region::RegionCode;
use jiff::civil::Date;
use journal::{Actor, Commitment};
use serde::{Deserialize, Serialize};

use crate::command::{Loaded, account_id};
use crate::event::Event;
use crate::message::Medium;
use crate::projection::{AccountRow, OrganisationRow, PostRow, Rows};
use crate::refusal::Refusal;
use crate::stream::StreamId;

mod calendar;
mod decide;

pub use calendar::{
    CalendarLoaded, LoadCalendar, LoadedYear, NOTICE_TEXT_CHARS_MAX, NoticeSource, calendar_owner, calendar_years,
};
pub use decide::{DirectoryCommand, decide};

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Works in a department, through posts.
    Officer,
    /// Files applications for organisations or for themself.
    Applicant,
}

/// `organisation-registered@1`; repeated when name, region or validity change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationRegistered {
    /// Code of the directory (a credit code or the catalog's).
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// Region.
    pub region: RegionCode,
    /// Prefix of case numbers.
    pub short: String,
    /// Mark in document numbers (机关代字).
    pub abbr: String,
    /// Organisation above it, if any.
    pub parent: Option<String>,
    /// Valid from.
    pub valid_from: Date,
}

/// `account-opened@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOpened {
    /// Id.
    pub account: AccountId,
    /// Officer or applicant.
    pub kind: AccountKind,
    /// The person's subject: whose key seals their name.
    pub subject: SubjectId,
    /// Display name, in the vault.
    pub name: Commitment,
    /// Credit codes of organisations it may file for (经办人).
    pub represents: Vec<String>,
    /// When.
    pub on: Date,
}

/// `contact-set@1`: how somebody wishes to be told. It takes the place of what was said before; an address that is gone is overwritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactSet {
    /// Whose.
    pub account: AccountId,
    /// As it is from now on.
    pub contact: Contact,
}

/// How somebody can be reached. The addresses are personal and lie in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// E-mail address, if one was given.
    pub email: Option<Commitment>,
    /// Mobile number, if one was given.
    pub mobile: Option<Commitment>,
    /// The media that its owner wishes; each has its address.
    pub wishes: BTreeSet<Medium>,
    /// Language of the messages, a tag such as `zh-CN`.
    pub language: String,
}

impl Contact {
    /// Where its owner wishes to be reached by a medium.
    pub fn address(&self, medium: Medium) -> Option<&Commitment> {
        let address = match medium {
            Medium::Email => self.email.as_ref(),
            Medium::Sms => self.mobile.as_ref(),
        };
        address.filter(|_| self.wishes.contains(&medium))
    }
}

/// `account-disabled@1`: its sessions end at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDisabled {
    /// Id.
    pub account: AccountId,
    /// When.
    pub on: Date,
}

/// `post-assigned@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostAssigned {
    /// To whom.
    pub account: AccountId,
    /// The post.
    pub post: Post,
}

/// `post-ended@1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostEnded {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub post: PostId,
    /// Last day.
    pub on: Date,
}

/// `subject-erased@1`: the key is destroyed in the same transaction; proofs still hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectErased {
    /// Whose.
    pub subject: SubjectId,
    /// Legal ground (个人信息保护法 art. 47).
    pub basis: String,
    /// When.
    pub on: Date,
}

/// `catalog-adopted@1`: from now on new cases use this version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogAdopted {
    /// Content hash of the whole catalog.
    pub catalog: String,
    /// Content hash of its calendar.
    pub calendar: String,
    /// When.
    pub on: Date,
}

/// A post (岗位): a kind of work in an organisation, held from a day until a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Id.
    pub id: PostId,
    /// Kind of posts.csv: powers hang on it.
    pub kind: String,
    /// Organisation code.
    pub organisation: String,
    /// The organisation's region.
    pub region: RegionCode,
    /// Division (处室/股), as shown.
    pub division: String,
    /// First day.
    pub valid_from: Date,
    /// Last day; none while it lasts.
    pub valid_until: Option<Date>,
}

impl Post {
    /// In force on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }
}

/// An account: a natural person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Officer or applicant.
    pub kind: AccountKind,
    /// The person's subject.
    pub subject: SubjectId,
    /// Display name, in the vault.
    pub name: Commitment,
    /// Credit codes it may file for.
    pub represents: Vec<String>,
    /// Posts, past ones too.
    pub posts: Vec<Post>,
    /// No longer usable.
    pub disabled: bool,
    /// How it is told besides the application itself; none = not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Box<Contact>>,
}

impl Account {
    /// A new account.
    pub fn begin(event: &AccountOpened) -> Self {
        Self {
            id: event.account,
            kind: event.kind,
            subject: event.subject,
            name: event.name.clone(),
            represents: event.represents.clone(),
            posts: Vec::new(),
            disabled: false,
            contact: None,
        }
    }

    /// The post, if this account holds it on that day.
    pub fn post_on(&self, post: PostId, day: Date) -> Option<&Post> {
        if self.disabled {
            return None;
        }
        self.posts.iter().find(|held| held.id == post && held.holds_on(day))
    }

    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::AccountDisabled(_) => self.disabled = true,
            Event::ContactSet(event) => self.contact = Some(Box::new(event.contact.clone())),
            Event::PostAssigned(event) => self.posts.push(event.post.clone()),
            Event::PostEnded(event) => {
                let post = self.posts.iter_mut().find(|held| held.id == event.post).ok_or("no such post")?;
                post.valid_until = Some(event.on);
            }
            _ => return Err("no arm".to_owned()),
        }
        Ok(())
    }

    pub(crate) fn rows(&self) -> Rows {
        let id = self.id.to_string();
        Rows {
            posts: self
                .posts
                .iter()
                .map(|post| PostRow {
                    post: post.id.to_string(),
                    account: id.clone(),
                    kind: post.kind.clone(),
                    organisation: post.organisation.clone(),
                    region: post.region.to_string(),
                    valid_from: post.valid_from,
                    valid_until: post.valid_until,
                })
                .collect(),
            account: Some(AccountRow { id, subject: self.subject.to_string(), disabled: self.disabled }),
            ..Rows::default()
        }
    }
}

/// The officer's account and the post it acts as on a day: the account enabled, the post held. Checked again at commit.
pub fn acting_post<'a>(actor: &Actor, loaded: &'a Loaded, today: Date) -> Result<(&'a Account, &'a Post), Refusal> {
    // Delegations are not granted yet, so that nobody acts under one.
    let Actor::Officer { account, post, delegation: None } = actor else { return Err(Refusal::PostNotHeld) };
    let post = PostId::from_uuid(uuid::Uuid::from_bytes(post.0));
    let account = account_state(account_id(*account), loaded).ok_or(Refusal::PostNotHeld)?;
    let held = account.post_on(post, today).ok_or(Refusal::PostNotHeld)?;
    Ok((account, held))
}

/// The state of an account among what was loaded.
pub(crate) fn account_state(account: AccountId, loaded: &Loaded) -> Option<&Account> {
    loaded.get(&StreamId::account(account)).and_then(|(_, state)| state.as_account())
}

/// An organisation (机构).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// Region.
    pub region: RegionCode,
    /// Prefix of case numbers.
    pub short: String,
    /// Mark in document numbers (机关代字).
    pub abbr: String,
    /// Organisation above it.
    pub parent: Option<String>,
    /// Valid from.
    pub valid_from: Date,
}

impl From<&OrganisationRegistered> for Organisation {
    fn from(event: &OrganisationRegistered) -> Self {
        let OrganisationRegistered { code, name, region, short, abbr, parent, valid_from } = event.clone();
        Self { code, name, region, short, abbr, parent, valid_from }
    }
}

impl Organisation {
    pub(crate) fn rows(&self) -> Rows {
        let Self { code, name, region, short, .. } = self.clone();
        let region = region.to_string();
        Rows { organisation: Some(OrganisationRow { code, name, region, short }), ..Rows::default() }
    }
}

/// What this node works with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSettings {
    /// Catalog versions in the order they were adopted; the last is in use.
    pub catalogs: Vec<String>,
    /// Content hash of the calendar in use.
    pub calendar: String,
    /// The years whose notice was loaded here, each as it was loaded last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub years: Vec<LoadedYear>,
    /// How often a notice was loaded: each time the open deadlines are counted again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub loads: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl NodeSettings {
    pub(crate) fn apply(&mut self, event: &CatalogAdopted) {
        self.catalogs.push(event.catalog.clone());
        self.calendar = event.calendar.clone();
    }
}

/// What remains of an erased subject: that it was, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedSubject {
    /// When.
    pub on: Date,
}

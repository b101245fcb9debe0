//! Who acts: the person behind a session or an API call, as one post or as an applicant.

use base::id::{AccountId, SubjectId};
use journal::Actor;
use kernel::catalog::TargetClass;
use kernel::directory::Post;
use kernel::policy::{self, Object, Scope};

use crate::app::App;

/// The person behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An officer acting as one post.
    Officer {
        /// The natural person's account.
        account: AccountId,
        /// The post acted as, in force today.
        post: Post,
        /// Display name.
        name: String,
    },
    /// Someone who applies.
    Applicant {
        /// The account.
        account: AccountId,
        /// The person's subject: key of their personal values.
        subject: SubjectId,
        /// Credit codes of the organisations it may file for.
        represents: Vec<String>,
        /// Display name.
        name: String,
    },
}

impl Identity {
    /// The account.
    pub fn account(&self) -> AccountId {
        match self {
            Self::Officer { account, .. } | Self::Applicant { account, .. } => *account,
        }
    }

    /// Display name.
    pub fn name(&self) -> &str {
        match self {
            Self::Officer { name, .. } | Self::Applicant { name, .. } => name,
        }
    }

    /// As the journal names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Officer { account, post, .. } => Actor::Officer {
                account: journal::Id(*account.uuid().as_bytes()),
                post: journal::Id(*post.id.uuid().as_bytes()),
                delegation: None,
            },
            Self::Applicant { account, .. } => {
                Actor::Applicant { account: journal::Id(*account.uuid().as_bytes()), on_behalf_of: None }
            }
        }
    }

    /// The post, for an officer.
    pub fn post(&self) -> Option<&Post> {
        match self {
            Self::Officer { post, .. } => Some(post),
            Self::Applicant { .. } => None,
        }
    }

    /// What lists of a class show this person for an action of grants.csv; an applicant sees what they own.
    pub fn scope(&self, app: &App, action: &str, class: TargetClass) -> Scope {
        match self {
            Self::Officer { post, .. } => Scope::of_post(&app.catalog().grants, post, action, class),
            Self::Applicant { account, .. } => Scope::own(&account.to_string()),
        }
    }

    /// May this person do the action on the object? Applicants own; they are not granted.
    pub fn may(&self, app: &App, action: &str, object: &Object<'_>) -> bool {
        self.post().is_some_and(|post| policy::allows(&app.catalog().grants, post, action, object))
    }
}

/// A job of the node itself.
pub fn system(job: &str) -> Actor {
    Actor::System { job: job.to_owned() }
}

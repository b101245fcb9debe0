//! Policy: no row, no right (matter.md §4). Grants are data; deciding is one pure function, and lists are read through a [`Scope`].

use base::region::RegionCode;

use crate::catalog::{Grant, Relation};
use crate::directory::Post;

/// What an action is about.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Matter, register or page class; none for things that belong to none.
    pub target: &'a str,
    /// The organisation that handles it.
    pub organisation: &'a str,
    /// Its region.
    pub region: RegionCode,
}

/// May this post do this? A matching denial wins over any number of permissions.
pub fn allows(grants: &[Grant], post: &Post, action: &str, object: &Object<'_>) -> bool {
    let mut allowed = false;
    for grant in grants {
        let matches = grant.post_kind == post.kind
            && grant.action == action
            && (grant.target == "*" || grant.target == object.target)
            && relates(grant.relation, post, object);
        if matches && !grant.allow {
            return false;
        }
        allowed |= matches;
    }
    allowed
}

/// Own: the post's organisation handles it. Subtree: it lies in the post's region. Supervision: the same, declared for what a level above may
/// watch. Siblings never.
fn relates(relation: Relation, post: &Post, object: &Object<'_>) -> bool {
    match relation {
        Relation::Own => post.organisation == object.organisation,
        Relation::Subtree | Relation::Supervision => object.region.is_within(&post.region),
    }
}

/// What a reader may see: compiled by the store into one predicate that every list, count, search and export shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Nothing is hidden: the system's own jobs.
    pub everything: bool,
    /// Region prefixes whose rows are visible (`13`, `1301`, `130102`).
    pub regions: Vec<String>,
    /// Organisations whose rows are visible.
    pub organisations: Vec<String>,
    /// Matters and registers visible; empty = all within the above.
    pub targets: Vec<String>,
    /// Rows owned by this account are visible too.
    pub account: Option<String>,
}

impl Scope {
    /// The system's own jobs.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// An applicant sees what their account owns.
    pub fn own(account: impl ToString) -> Self {
        Self { account: Some(account.to_string()), ..Self::default() }
    }

    /// What a post may do this action on, as a filter. Denials narrow whole targets only, so they are taken out of the target list by the
    /// caller's check on the object itself.
    pub fn of_post(grants: &[Grant], post: &Post, action: &str) -> Self {
        let mut scope = Self::default();
        let mut any_target = false;
        for grant in grants.iter().filter(|grant| grant.allow && grant.post_kind == post.kind && grant.action == action) {
            match grant.relation {
                Relation::Own => push_new(&mut scope.organisations, &post.organisation),
                Relation::Subtree | Relation::Supervision => push_new(&mut scope.regions, post.region.prefix()),
            }
            any_target |= grant.target == "*";
            push_new(&mut scope.targets, &grant.target);
        }
        if any_target {
            scope.targets.clear();
        }
        scope
    }

    /// Nobody sees anything through it.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.regions.is_empty() && self.organisations.is_empty() && self.account.is_none()
    }
}

fn push_new(list: &mut Vec<String>, value: &str) {
    if !list.iter().any(|have| have == value) {
        list.push(value.to_owned());
    }
}

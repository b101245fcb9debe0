//! Policy: no row, no right (matter.md §4). Grants are data; deciding is one pure function, and lists are read through a [`Scope`].

use std::collections::BTreeSet;

use base::region::RegionCode;

use crate::catalog::{Effect, Grant, Relation, Target, TargetClass};
use crate::directory::{Account, Post};

/// What an action is about.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Class of the thing.
    pub class: TargetClass,
    /// Its name within the class: matter, register or page.
    pub name: &'a str,
    /// A matter decided on the spot.
    pub immediate: bool,
    /// The organisation that handles it.
    pub organisation: &'a str,
    /// Its region.
    pub region: RegionCode,
}

/// May this post do this? A matching denial wins over any number of permissions.
pub fn allows(grants: &[Grant], post: &Post, action: &str, object: &Object<'_>) -> bool {
    verdict(grants, &post.kind, action, object, |relation| match relation {
        Relation::Own => post.organisation == object.organisation,
        // Subtree: it lies in the post's region. Supervision: the same, declared for what a level above may watch. Siblings never.
        Relation::Subtree | Relation::Supervision => object.region.is_within(&post.region),
    })
}

/// May this applicant do this on what they own, or are about to file?
pub fn allows_applicant(grants: &[Grant], account: &Account, action: &str, object: &Object<'_>) -> bool {
    verdict(grants, applicant_kind(account), action, object, |relation| relation == Relation::Own)
}

/// The kind of post that stands for an applicant in grants.csv: no post is given, the account's nature decides.
pub fn applicant_kind(account: &Account) -> &'static str {
    if account.represents.is_empty() { "citizen" } else { "enterprise-clerk" }
}

/// The kinds of post that may do this where the object is handled.
pub fn post_kinds(grants: &[Grant], action: &str, object: &Object<'_>) -> Vec<String> {
    let named: BTreeSet<&str> =
        grants.iter().filter(|grant| grant.action == action).map(|grant| grant.post_kind.as_str()).collect();
    let may = |kind: &&str| verdict(grants, kind, action, object, |relation| relation == Relation::Own);
    named.into_iter().filter(may).map(str::to_owned).collect()
}

fn verdict(
    grants: &[Grant],
    kind: &str,
    action: &str,
    object: &Object<'_>,
    relates: impl Fn(Relation) -> bool,
) -> bool {
    let mut allowed = false;
    for grant in grants {
        if grant.post_kind != kind
            || grant.action != action
            || !covers(&grant.target, object)
            || !relates(grant.relation)
        {
            continue;
        }
        if grant.effect == Effect::Deny {
            return false;
        }
        allowed = true;
    }
    allowed
}

fn covers(target: &Target, object: &Object<'_>) -> bool {
    let class = match target.class {
        TargetClass::MatterImmediate => object.class == TargetClass::Matter && object.immediate,
        class => class == object.class,
    };
    class && target.name.as_deref().is_none_or(|name| name == object.name)
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
    pub fn own(account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..Self::default() }
    }

    /// What a post may do this action on, as a filter over things of a class. A denial of a whole class empties it.
    pub fn of_post(grants: &[Grant], post: &Post, action: &str, class: TargetClass) -> Self {
        let mut scope = Self::default();
        let mut any_target = false;
        let mine =
            |grant: &&Grant| grant.post_kind == post.kind && grant.action == action && grant.target.class == class;
        if grants.iter().filter(mine).any(|grant| grant.effect == Effect::Deny) {
            return scope;
        }
        for grant in grants.iter().filter(mine) {
            match grant.relation {
                Relation::Own => push_new(&mut scope.organisations, &post.organisation),
                Relation::Subtree | Relation::Supervision => push_new(&mut scope.regions, post.region.prefix()),
            }
            match &grant.target.name {
                Some(name) => push_new(&mut scope.targets, name),
                None => any_target = true,
            }
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

//! Whose part of a case a person sees: who handles it, who reviewed it below, a department whose opinion is asked for.

use kernel::case::Case;
use kernel::catalog::{Matter, TargetClass};
use kernel::policy::Object;

use crate::identity::Identity;

/// A case as policy sees it from an organisation.
pub(super) fn object<'a>(case: &'a Case, matter: &'a Matter, organisation: &'a str) -> Object<'a> {
    Object {
        class: TargetClass::Matter,
        name: &case.matter,
        immediate: matter.spec.immediate,
        organisation,
        region: case.region,
    }
}

/// A case as policy sees it for a person: their own organisation's when it has or had a part in it, else the one's that handles it.
pub(super) fn object_for<'a>(case: &'a Case, matter: &'a Matter, identity: &'a Identity) -> Object<'a> {
    let own = identity.post().map(|post| post.organisation.as_str());
    let part = own.filter(|own| case.organisations().contains(own));
    object(case, matter, part.unwrap_or(&case.organisation))
}

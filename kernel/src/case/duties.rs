//! Separation of duties: who did one step may not do another, whatever the post (security.md §3; 行政许可法 art. 48 for the hearing's host).

use base::id::AccountId;

use super::Case;
use crate::catalog::matter::TaskKind::{self, Accept, Countersign, Decide, Hearing, Review};
use crate::refusal::Refusal;

/// Pairs of task kinds that one person may not both do in a case, in either order.
const SEPARATED: [(TaskKind, TaskKind); 4] =
    [(Accept, Decide), (Review, Decide), (Countersign, Decide), (Hearing, Review)];

/// May this person do a task of this kind in this case? Checked when a task is offered, claimed and completed.
///
/// An immediate matter is decided on the spot by one task that also accepts, so nothing is kept apart there.
pub(crate) fn allowed(case: &Case, person: AccountId, now: TaskKind) -> Result<(), Refusal> {
    let did =
        case.done.iter().filter(|done| done.by.as_ref().is_some_and(|by| by.account == person)).map(|done| done.kind);
    for did in did {
        if SEPARATED.contains(&(did, now)) || SEPARATED.contains(&(now, did)) {
            return Err(Refusal::DutiesSeparated { did, now });
        }
    }
    Ok(())
}

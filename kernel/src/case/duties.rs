//! Separation of duties: who did one step may not do another, whatever the post (security.md §3; 行政许可法 art. 48 for the hearing's host).

use base::id::AccountId;

use super::Case;
use crate::catalog::matter::TaskKind::{self, Accept, Check, Countersign, Decide, Hearing, Review, SiteCheck};
use crate::directory::Account;
use crate::refusal::Refusal;

/// Pairs of task kinds that one person may not both do in a case, in either order. The host of a hearing is nobody who examines (art. 48(1)(3)).
const SEPARATED: [(TaskKind, TaskKind); 7] = [
    (Accept, Decide),
    (Review, Decide),
    (Countersign, Decide),
    (Hearing, Review),
    (Hearing, Countersign),
    (Hearing, Check),
    (Hearing, SiteCheck),
];

/// May this person do a task of this kind in this case? Checked when a task is offered, claimed and completed.
///
/// An immediate matter is decided on the spot by one task that also accepts, so nothing is kept apart there.
pub(crate) fn allowed(case: &Case, person: AccountId, now: TaskKind) -> Result<(), Refusal> {
    let done = case.done.iter().filter(|done| done.by.as_ref().is_some_and(|by| by.account == person));
    let asked = case.supplement.iter().filter_map(|asked| asked.asked_by.as_ref());
    // Who asked for the supplement did the acceptance check, also when silence closed it afterwards.
    let checked = asked.filter(|by| by.account == person).map(|_| Accept);
    let presides = case.hearing.as_ref().and_then(super::Hearing::host).filter(|host| *host == person);
    for did in done.map(|done| done.kind).chain(checked).chain(presides.map(|_| Hearing)) {
        if SEPARATED.contains(&(did, now)) || SEPARATED.contains(&(now, did)) {
            return Err(Refusal::DutiesSeparated { did, now });
        }
    }
    Ok(())
}

/// Whoever applies, or files for the applicant, handles no step of the case.
pub(crate) fn not_own(case: &Case, account: &Account) -> Result<(), Refusal> {
    let applicant = &case.applicant;
    let is_own = applicant.account == Some(account.id)
        || applicant.subject == account.subject
        || (!applicant.code.is_empty() && account.represents.contains(&applicant.code));
    if is_own { Err(Refusal::OwnCase) } else { Ok(()) }
}

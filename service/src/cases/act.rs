//! Acting on a case: facts gathered, the command submitted, once more when something changed in the meantime.

use base::id::CaseId;
use kernel::case::{Case, CaseCommand};
use kernel::catalog::TargetClass;
use kernel::{Command, State, StreamId};
use store::{IdempotencyKey, Receipt, Submission, SubmitError};

use super::part::object;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

/// A case that this person may read; others are not found.
pub async fn load(app: &App, identity: &Identity, case: CaseId) -> Result<Case> {
    let scope = identity.scope(app, "case.read", TargetClass::Matter);
    let read = app.store().read(move |reader| {
        Ok((reader.case_by_id(&scope, &case.to_string())?.is_some(), reader.state(&StreamId::case(case))?))
    });
    let (is_listed, Some((_, State::Case(case)))) = read.await? else { return Err(Error::not_found()) };
    if is_listed || has_part(app, identity, &case).await? { Ok(*case) } else { Err(Error::not_found()) }
}

/// Lists show a case where it is handled. Who reviewed it below and who is asked for an opinion finds it by the task or the address.
async fn has_part(app: &App, identity: &Identity, case: &Case) -> Result<bool> {
    let Some(post) = identity.post().filter(|post| case.organisations().contains(post.organisation.as_str())) else {
        return Ok(false);
    };
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    Ok(identity.may(app, "case.read", &object(case, &matter, &post.organisation)))
}

/// Was this very command carried out under this key? Asked where the page no longer offers what was done.
pub async fn was_done(app: &App, identity: &Identity, case: CaseId, command: &CaseCommand, key: &str) -> Result<bool> {
    Ok(app.first_answer(named(identity, case, command, key)).await?.is_some())
}

/// The name of a wish.
fn named(identity: &Identity, case: CaseId, command: &CaseCommand, key: &str) -> IdempotencyKey {
    let wish = format!("{case} {command:?}");
    IdempotencyKey {
        account: identity.account().to_string(),
        key: key.to_owned(),
        body_hash: journal::commit(&[0; 16], wish.as_bytes()).0,
    }
}

/// Submits a command on a case that exists. `key` is the form's nonce or the `Idempotency-Key`: a repeat gets the first answer.
pub async fn act(
    app: &App,
    identity: &Identity,
    case: CaseId,
    command: CaseCommand,
    key: Option<&str>,
) -> Result<Receipt> {
    let key = key.map(|key| named(identity, case, &command, key));
    let mut tries = 0;
    loop {
        let found = load(app, identity, case).await?;
        let submission = Submission {
            command: Command::Case { case, command: command.clone() },
            actor: identity.actor(),
            facts: app.facts_for_case(&found).await?,
            key: key.clone(),
            entered_at: None,
        };
        match app.store().submit(submission).await {
            // A register row changed between reading and deciding: once more with what stands there now.
            Err(SubmitError::Stale) if tries == 0 => tries += 1,
            other => return Ok(other?),
        }
    }
}

//! Giving a task to a person (分派), or handing it on (转办): who may have it, by the same rules that the kernel asks when it is given.

use base::id::{AccountId, CaseId, PostId};
use kernel::case::{Case, CaseCommand, Officer};
use kernel::catalog::TargetClass;
use kernel::command::Loaded;
use kernel::directory::Post;
use kernel::policy::{self, Object};
use kernel::{Facts, StreamId};
use serde::Serialize;
use utoipa::ToSchema;
use web::words::Words;

use super::load;
use super::view::tried;
use crate::app::App;
use crate::error::{Error, Result, refusal_words};
use crate::identity::Identity;
use crate::session::{division_name, names_of};

/// Someone who holds a post of the task's lane.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// Account.
    pub account: String,
    /// Post.
    pub post: String,
    /// Name.
    pub name: String,
    /// Division.
    pub division: String,
    /// Why this person cannot have it: they did another step, or it is their own application. None = can.
    pub refused: Option<String>,
}

/// The people of a task's lane, those who can have it first.
pub async fn candidates(
    app: &App,
    identity: &Identity,
    id: CaseId,
    task: u32,
    words: Words,
) -> Result<(String, Vec<Candidate>)> {
    let case = load(app, identity, id).await?;
    let kind = case.tasks.get(&task).ok_or_else(Error::not_found)?.post_kind.clone();
    let give = |to: Officer, _: &Facts| CaseCommand::Assign { task, to, note: None };
    let found = people(app, identity, &case, vec![kind], give, words).await?;
    Ok((case.number, found))
}

/// Who may be asked for an opinion on a step (加签), those who can first.
pub async fn countersigners(
    app: &App,
    identity: &Identity,
    id: CaseId,
    task: u32,
    words: Words,
) -> Result<(String, Vec<Candidate>)> {
    let case = load(app, identity, id).await?;
    case.tasks.get(&task).ok_or_else(Error::not_found)?;
    let kinds = kinds_that_may(app, &case, "task.countersign").await?;
    let add = |to: Officer, _: &Facts| CaseCommand::AddCountersigner { task, to, question: None };
    let found = people(app, identity, &case, kinds, add, words).await?;
    Ok((case.number, found))
}

/// The kinds of post that may do this where the case is handled.
pub(super) async fn kinds_that_may(app: &App, case: &Case, action: &str) -> Result<Vec<String>> {
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    let object = Object {
        class: TargetClass::Matter,
        name: &case.matter,
        immediate: matter.spec.immediate,
        organisation: &case.organisation,
        region: case.region,
    };
    Ok(policy::post_kinds(&app.catalog().grants, action, &object))
}

/// Who holds posts of these kinds where the case is handled, with what the kernel says of each.
pub(super) async fn people(
    app: &App,
    identity: &Identity,
    case: &Case,
    kinds: Vec<String>,
    command: impl Fn(Officer, &Facts) -> CaseCommand,
    words: Words,
) -> Result<Vec<Candidate>> {
    let facts = app.facts_for_case(case).await?;
    let (organisation, today) = (case.organisation.clone(), facts.today);
    let (wanted, asked) = (vec![StreamId::case(case.id), StreamId::account(identity.account())], kinds.clone());
    let (loaded, names) = app
        .store()
        .read(move |reader| {
            let mut people: Vec<AccountId> = Vec::new();
            for kind in &asked {
                let posts = reader.posts_of_kind(&organisation, kind, today)?;
                people.extend(posts.iter().filter_map(|post| post.account.parse::<AccountId>().ok()));
            }
            let mut wanted = wanted;
            wanted.extend(people.iter().map(StreamId::account));
            let states = reader.states(&wanted)?.into_iter();
            let loaded: Loaded = states.map(|(stream, version, state)| (stream, (version, state))).collect();
            Ok((loaded, names_of(reader, &people)?))
        })
        .await?;
    let catalog = app.catalog();
    let mut found = Vec::new();
    for (account, (name, posts)) in names {
        let fits = |post: &&Post| kinds.contains(&post.kind) && post.holds_on(today);
        for post in posts.iter().filter(|post| post.organisation == case.organisation).filter(fits) {
            let command = command(Officer { account, post: post.id }, &facts);
            let refused = tried(case.id, &command, identity, &loaded, &facts).err();
            found.push(Candidate {
                account: account.to_string(),
                post: post.id.to_string(),
                name: name.clone(),
                division: division_name(&catalog, post).unwrap_or_default(),
                refused: refused.map(|refusal| refusal_words(&refusal, words)),
            });
        }
    }
    found.sort_by(|a, b| (a.refused.is_some(), &a.division, &a.name).cmp(&(b.refused.is_some(), &b.division, &b.name)));
    Ok(found)
}

/// The command for a person named by account and post.
pub fn assignment(task: u32, account: &str, post: &str, note: Option<String>) -> Option<CaseCommand> {
    Some(CaseCommand::Assign { task, to: person(account, post)?, note })
}

/// The question to a person named by account and post.
pub fn question(task: u32, account: &str, post: &str, question: Option<String>) -> Option<CaseCommand> {
    Some(CaseCommand::AddCountersigner { task, to: person(account, post)?, question })
}

/// A person named by account and post.
pub fn person(account: &str, post: &str) -> Option<Officer> {
    Some(Officer { account: account.parse::<AccountId>().ok()?, post: post.parse::<PostId>().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_account_and_post() {
        let id = "01010101-0101-0101-0101-010101010101";
        assert!(matches!(assignment(3, id, id, None), Some(CaseCommand::Assign { task: 3, .. })));
        assert!(assignment(3, id, "", None).is_none());
    }
}

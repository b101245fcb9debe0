//! Giving a task to a person (分派), or handing it on (转办): who may have it, by the same rules that the kernel asks when it is given.

use base::id::{AccountId, CaseId, PostId};
use kernel::case::{Case, CaseCommand, Officer};
use kernel::command::Loaded;
use kernel::directory::Post;
use kernel::policy;
use kernel::{Facts, StreamId};
use serde::Serialize;
use utoipa::ToSchema;
use web::words::Words;

use super::load;
use super::part::object;
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
    let open = case.tasks.get(&task).ok_or_else(Error::not_found)?;
    let (kind, organisation) = (open.post_kind.clone(), open.organisation_in(&case).to_owned());
    let give = |to: Officer, _: &Facts| CaseCommand::Assign { task, to, note: None };
    let found = people(app, identity, &case, &organisation, vec![kind], give, words).await?;
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
    let organisation = case.tasks.get(&task).ok_or_else(Error::not_found)?.organisation_in(&case).to_owned();
    let kinds = kinds_that_may(app, &case, &organisation, "task.countersign").await?;
    let add = |to: Officer, _: &Facts| CaseCommand::AddCountersigner { task, to, question: None };
    let found = people(app, identity, &case, &organisation, kinds, add, words).await?;
    Ok((case.number, found))
}

/// The kinds of post that may do this in an organisation that has a part in the case.
pub(super) async fn kinds_that_may(app: &App, case: &Case, organisation: &str, action: &str) -> Result<Vec<String>> {
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    Ok(policy::post_kinds(&app.catalog().grants, action, &object(case, &matter, organisation)))
}

/// Who holds posts of these kinds in an organisation, with what the kernel says of each.
pub(super) async fn people(
    app: &App,
    identity: &Identity,
    case: &Case,
    organisation: &str,
    kinds: Vec<String>,
    command: impl Fn(Officer, &Facts) -> CaseCommand,
    words: Words,
) -> Result<Vec<Candidate>> {
    let facts = app.facts_for_case(case).await?;
    let (place, today) = (organisation.to_owned(), facts.today);
    let (wanted, asked) = (vec![StreamId::case(case.id), StreamId::account(identity.account())], kinds.clone());
    let (loaded, names) = app
        .store()
        .read(move |reader| {
            let mut people: Vec<AccountId> = Vec::new();
            for kind in &asked {
                let posts = reader.posts_of_kind(&place, kind, today)?;
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
        for post in posts.iter().filter(|post| post.organisation == organisation).filter(fits) {
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

//! The demonstration's story as data: `node/demo/story.toml`. No matter is named in Rust.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use base::deadline::PauseKind;
use serde::Deserialize;

/// The story as it was written.
const STORY: &str = include_str!("../../demo/story.toml");

/// Everything the demonstration is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    /// Cases at scale 1.
    pub(crate) cases: u32,
    /// At scale 1 the demonstration begins so many days ago; at another scale in proportion.
    pub(crate) days: u32,
    /// But never fewer.
    pub(crate) days_min: u32,
    /// The county whose inboxes are full.
    pub(crate) home: String,
    /// Accounts a visitor signs in with.
    pub(crate) accounts: Vec<AccountSeed>,
    /// Words that names are made of.
    pub(crate) names: Names,
    /// Matter → what in its examples stands for something that each case has its own of.
    pub(crate) identities: BTreeMap<String, BTreeMap<String, String>>,
    /// Ways a case may go.
    pub(crate) paths: Vec<Path>,
}

/// An account a visitor signs in with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountSeed {
    /// Name to sign in with.
    pub(crate) login: String,
    /// Region of the organisation; none = an applicant.
    pub(crate) region: Option<String>,
    /// Kind of the post; none = an applicant.
    pub(crate) post: Option<String>,
}

/// Words that names are made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    /// Family names.
    pub(crate) family: Vec<String>,
    /// Given names.
    pub(crate) given: Vec<String>,
    /// First words of an enterprise's name.
    pub(crate) firm: Vec<String>,
    /// Ends of an owner's name.
    pub(crate) owner: Vec<String>,
    /// Ends of a contractor's name.
    pub(crate) contractor: Vec<String>,
    /// Names of estates.
    pub(crate) estate: Vec<String>,
}

/// A way a case may go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Path {
    /// Matter.
    pub(crate) matter: String,
    /// Example of the matter that the application is made from, without its ending.
    pub(crate) example: String,
    /// Materials of the example that are not handed in.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// How many of a hundred cases go this way; they are handed in at any time before the last fifteen days.
    #[serde(default)]
    pub(crate) share: u32,
    /// One case for each of these in the home county, handed in so many working days ago.
    #[serde(default)]
    pub(crate) home: Vec<u32>,
    /// Those in the home county are the visitor's own.
    #[serde(default)]
    pub(crate) visitor: bool,
    /// What happens, in order. A case that has more to come waits where the steps end.
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
}

/// What happens to a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Working days after the last one; 0 = the same day.
    pub(crate) after: u32,
    /// Element of the task that is done.
    pub(crate) task: Option<String>,
    /// Its outcome.
    #[serde(default)]
    pub(crate) outcome: String,
    /// Opinion or reason.
    pub(crate) words: Option<String>,
    /// Article, where the outcome asks for one.
    pub(crate) article: Option<String>,
    /// Materials that the supplement notice asks for.
    #[serde(default)]
    pub(crate) ask: Vec<String>,
    /// Materials that the applicant brings.
    #[serde(default)]
    pub(crate) bring: Vec<String>,
    /// The applicant takes the application back.
    #[serde(default)]
    pub(crate) withdraw: bool,
    /// An act of the legal envelope, by its word.
    pub(crate) act: Option<String>,
    /// The kind of post that does the act; the applicant does what names none.
    pub(crate) by: Option<String>,
    /// The kind of a pause.
    pub(crate) kind: Option<PauseKind>,
    /// Working days that a pause is expected to take.
    #[serde(default)]
    pub(crate) days: u16,
    /// The task is only claimed.
    #[serde(default)]
    pub(crate) claim: bool,
}

impl Story {
    /// Reads it.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let story: Self = toml::from_str(STORY).context("node/demo/story.toml")?;
        let shares: u32 = story.paths.iter().map(|path| path.share).sum();
        ensure!(shares == 100, "the shares of node/demo/story.toml add up to {shares}, not to 100");
        Ok(story)
    }
}

impl Story {
    /// Cases at a scale.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of cases")]
    pub(crate) fn cases_at(&self, scale: f64) -> u64 {
        // The scale is a share of a whole number of cases; what is lost by rounding is less than one.
        (f64::from(self.cases) * scale).round() as u64
    }

    /// Days at a scale.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of days")]
    pub(crate) fn days_at(&self, scale: f64) -> u64 {
        ((f64::from(self.days) * scale).round() as u64).max(u64::from(self.days_min))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_fits_the_catalog() {
        let (story, catalog) = (Story::read().unwrap(), testkit::world::catalog());
        for path in &story.paths {
            let matter = catalog.matter(&path.matter).unwrap_or_else(|| panic!("no matter {}", path.matter));
            let file = format!("/{}.json", path.example);
            assert!(matter.examples.iter().any(|example| example.file.ends_with(&file)), "{file}");
            for step in &path.steps {
                for code in step.ask.iter().chain(&step.bring).chain(&path.without) {
                    assert!(matter.spec.materials.iter().any(|material| material.code == *code), "{code}");
                }
                if let Some(task) = &step.task {
                    assert!(matter.task(task).is_some(), "{task}");
                }
            }
        }
        for account in &story.accounts {
            assert!(account.post.as_ref().is_none_or(|post| catalog.post_kinds.contains_key(post)), "{account:?}");
        }
    }
}

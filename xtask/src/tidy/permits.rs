//! Exceptions to the rules, each with its reason, in `xtask/tidy.toml`. A permit that is not needed any more is a finding.

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use super::Tree;

pub(super) const PATH: &str = "xtask/tidy.toml";

/// What may break which rule.
#[derive(Default)]
pub(super) struct Permits {
    /// (rule, path, word); a path that ends in `/` stands for the folder, an empty word for the whole file.
    permits: Vec<(String, String, String)>,
    used: RefCell<BTreeSet<usize>>,
}

impl Permits {
    pub(super) fn read(tree: &Tree) -> Result<Self> {
        let text = tree.file(PATH).and_then(|file| file.text.as_deref()).unwrap_or_default();
        Self::parse(text).with_context(|| PATH.to_owned())
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let mut permits = Vec::new();
        for (rule, entries) in &table {
            let entries = entries.as_array().with_context(|| format!("`{rule}` is written [[{rule}]]"))?;
            for entry in entries {
                let field =
                    |name: &str| entry.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
                let (path, word, why) = (field("path"), field("word"), field("why"));
                if path.is_empty() || why.is_empty() {
                    bail!("a permit of `{rule}` needs `path` and `why`");
                }
                permits.push((rule.clone(), path, word));
            }
        }
        Ok(Self { permits, used: RefCell::default() })
    }

    /// Whether the rule is lifted for this word in this file.
    pub(super) fn allow(&self, rule: &str, path: &str, word: &str) -> bool {
        let place = self.permits.iter().position(|(for_rule, for_path, for_word)| {
            let here = if for_path.ends_with('/') { path.starts_with(for_path.as_str()) } else { path == for_path };
            for_rule == rule && here && (for_word.is_empty() || for_word == word)
        });
        if let Some(place) = place {
            self.used.borrow_mut().insert(place);
        }
        place.is_some()
    }

    /// The permits that no rule asked for.
    pub(super) fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let unused = self.permits.iter().enumerate().filter(|(place, _)| !used.contains(place));
        unused.map(|(_, (rule, path, word))| format!("{rule} {path} {word}").trim_end().to_owned()).collect()
    }
}

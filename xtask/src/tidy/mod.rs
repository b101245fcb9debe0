//! `cargo xtask tidy`: the rules of the tree that no compiler knows.
//!
//! A rule is a function from the tree to findings. Each has a test in which a planted defect is found, in `tests.rs`.

mod floors;
mod links;
mod packages;
mod permits;
mod rust_text;
mod shape;
#[cfg(test)]
mod tests;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::Workspace;
use permits::Permits;

/// Something that a rule does not allow.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; 0 when the file as a whole is meant.
    line: usize,
    message: String,
    /// A warning is printed and does not fail the run.
    warning: bool,
}

impl Finding {
    fn new(file: &File, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, message: message.into(), warning: false }
    }
}

/// A file of the repository.
struct File {
    /// Relative to the root, with `/`.
    path: String,
    bytes: u64,
    /// Nothing for a binary file.
    text: Option<String>,
}

impl File {
    fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.as_deref().unwrap_or_default().lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether the file holds others' data or test data: what is in it is not our writing.
    fn is_data(&self) -> bool {
        self.path.contains("/tests/data/")
            || self.path.contains("/golden/")
            || self.path.starts_with("catalog/directory/")
    }

    /// Whether the file is only compiled for tests.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.name() == "tests.rs" || self.path.starts_with("testkit/")
    }
}

/// The files of the repository: those under version control and those that will be.
struct Tree {
    root: PathBuf,
    files: Vec<File>,
}

impl Tree {
    fn of_repository(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("git could not be started")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        Self::read(root, names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    fn read(root: &Path, mut names: Vec<String>) -> Result<Self> {
        names.sort();
        names.dedup();
        let mut files = Vec::new();
        for path in names {
            let place = root.join(&path);
            // Listed but deleted in the working copy, or a link to a folder.
            if !place.is_file() {
                continue;
            }
            let content = fs::read(&place).with_context(|| format!("{path} could not be read"))?;
            let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
            files.push(File { path, bytes, text: String::from_utf8(content).ok() });
        }
        Ok(Self { root: root.to_path_buf(), files })
    }

    fn with_extension<'a>(&'a self, extensions: &'a [&str]) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| extensions.contains(&file.extension()))
    }

    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// A rule: its name and what it finds.
type Rule = (&'static str, fn(&Tree, &Permits) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("floors: arrows point down", floors::arrows),
    ("floors: the pure ones touch nothing", floors::purity),
    ("workspace: versions and lints stand in one place", floors::manifests),
    ("words: no matter code in Rust", words::matter_codes),
    ("packages: no matter is another under new names", packages::twins),
    ("words: no Chinese literal in Rust", words::chinese_literals),
    ("words: nothing left to do later", words::left_over),
    ("words: no path or host of one machine", words::machine_names),
    ("templates: no inline style or handler", words::inline_in_templates),
    ("shape: files fit a head", shape::long_files),
    ("shape: a crate says its duty first", shape::crate_openings),
    ("shape: nothing of others, nothing huge", shape::foreign_files),
    ("links: documents point at what exists", links::links),
];

/// Checks the repository; a finding that is not a warning is an error.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree = Tree::of_repository(&workspace.root)?;
    let permits = Permits::read(&tree)?;
    let mut errors = 0;
    for (name, rule) in RULES {
        let mut findings = rule(&tree, &permits);
        findings.sort();
        for finding in findings {
            let kind = if finding.warning { "warning" } else { "error" };
            println!("{}:{}: {kind}: {} ({name})", finding.path, finding.line, finding.message);
            errors += usize::from(!finding.warning);
        }
    }
    for unused in permits.unused() {
        println!("{}: error: the permit for {unused} is not needed any more", permits::PATH);
        errors += 1;
    }
    if errors > 0 {
        bail!("{errors} findings");
    }
    println!("tidy: {} rules over {} files", RULES.len(), tree.files.len());
    Ok(())
}

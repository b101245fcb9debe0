//! The floors: who may know whom, and what the pure floors must not touch.

use toml::Table;

use super::permits::Permits;
use super::rust_text::RustText;
use super::words::has_word;
use super::{File, Finding, Tree};

/// On which floor each crate stands. A crate may know those on lower floors only.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("flow", 0),
    ("journal", 0),
    ("kernel", 1),
    ("store", 2),
    ("web", 2),
    ("exchange", 2),
    ("print", 2),
    ("geo", 2),
    ("service", 3),
    ("office", 3),
    ("portal", 3),
    ("market", 3),
    ("works", 3),
    ("housing", 3),
    ("city", 3),
    ("oversight", 3),
    ("node", 4),
];

/// Crates for development: they may know everything, and nobody ships them.
const DEVELOPMENT: &[&str] = &["testkit", "xtask"];

/// Crates that bring a clock, randomness, input, output or async.
const IMPURE_CRATES: &[&str] = &[
    "axum",
    "deadpool-postgres",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "hyper-util",
    "postgres",
    "rand",
    "reqwest",
    "rusqlite",
    "tempfile",
    "tokio",
    "tokio-postgres",
    "tokio-util",
    "tower",
    "tower-http",
    "ureq",
];

/// Names in code that do the same.
const IMPURE_NAMES: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env::",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "async fn",
    ".await",
    "now_v7",
];

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor)
}

/// The crates of the workspace: folder name, manifest file, manifest.
fn crates(tree: &Tree) -> Vec<(String, &File, Table)> {
    let manifest = |file: &File| file.text.as_deref().and_then(|text| text.parse::<Table>().ok());
    let Some(members) = tree.file("Cargo.toml").and_then(manifest) else { return Vec::new() };
    let members =
        members.get("workspace").and_then(|workspace| workspace.get("members")).and_then(|members| members.as_array());
    let names = members.into_iter().flatten().filter_map(|member| member.as_str());
    names
        .filter_map(|name| {
            let file = tree.file(&format!("{name}/Cargo.toml"))?;
            Some((name.to_owned(), file, manifest(file)?))
        })
        .collect()
}

/// The names in a table of dependencies, those of `[target.….dependencies]` included.
fn dependencies<'a>(manifest: &'a Table, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a toml::Value)> {
    let targets = manifest.get("target").and_then(|target| target.as_table());
    let tables = std::iter::once(manifest)
        .chain(targets.into_iter().flat_map(|table| table.values()).filter_map(|value| value.as_table()));
    tables
        .filter_map(move |table| table.get(kind).and_then(|dependencies| dependencies.as_table()))
        .flat_map(|table| table.iter().map(|(name, value)| (name.as_str(), value)))
}

fn line_of(file: &File, kind: &str, name: &str) -> usize {
    let mut section = false;
    for (number, line) in file.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).ends_with(kind);
        } else if section && line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '='])) {
            return number;
        }
    }
    0
}

/// Arrows point down only; crates of one floor do not know each other.
pub(super) fn arrows(tree: &Tree, _: &Permits) -> Vec<Finding> {
    let crates = crates(tree);
    let mut findings = Vec::new();
    for (name, file, manifest) in &crates {
        if DEVELOPMENT.contains(&name.as_str()) {
            continue;
        }
        let Some(own) = floor(name) else {
            findings.push(Finding::new(
                file,
                0,
                format!("`{name}` stands on no floor: give it one in xtask/src/tidy/floors.rs"),
            ));
            continue;
        };
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (dependency, _) in dependencies(manifest, kind) {
                let is_ours = crates.iter().any(|(other, ..)| other == dependency);
                let development = DEVELOPMENT.contains(&dependency);
                let allowed = match floor(dependency) {
                    _ if !is_ours => true,
                    _ if development => kind == "dev-dependencies" && dependency == "testkit",
                    Some(other) => other < own,
                    None => true,
                };
                if !allowed {
                    let message = format!("`{name}` (floor {own}) may not know `{dependency}`: arrows point down");
                    findings.push(Finding::new(file, line_of(file, kind, dependency), message));
                }
            }
        }
    }
    findings
}

/// Floors 0 and 1 know no clock, no input or output, no randomness, no async.
pub(super) fn purity(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, manifest_file, manifest) in crates(tree) {
        if floor(&name).is_none_or(|floor| floor > 1) {
            continue;
        }
        for (dependency, _) in dependencies(&manifest, "dependencies").filter(|(name, _)| IMPURE_CRATES.contains(name))
        {
            let message = format!("`{name}` is pure and may not know `{dependency}`");
            findings.push(Finding::new(manifest_file, line_of(manifest_file, "dependencies", dependency), message));
        }
        let folder = format!("{name}/src/");
        for file in tree.with_extension(&["rs"]).filter(|file| file.path.starts_with(&folder) && !file.is_test()) {
            let text = RustText::cut(file.text.as_deref().unwrap_or_default());
            for line in text.shipped() {
                for impure in IMPURE_NAMES.iter().filter(|name| has_word(&line.code, name)) {
                    if !permits.allow("impure", &file.path, impure) {
                        let message = format!("`{impure}`: `{name}` is pure, hand the value in");
                        findings.push(Finding::new(file, line.number, message));
                    }
                }
            }
        }
    }
    findings
}

/// A version or a feature in a crate's own manifest would build dependencies twice; lints are the workspace's.
pub(super) fn manifests(tree: &Tree, _: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, file, manifest) in crates(tree) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (dependency, value) in dependencies(&manifest, kind) {
                let table = value.as_table();
                let inherits = table
                    .is_some_and(|table| table.get("workspace").is_some_and(|value| value.as_bool() == Some(true)));
                if !inherits || table.is_some_and(|table| table.contains_key("features")) {
                    let message = format!("`{name}` should say `{dependency}.workspace = true` and nothing else");
                    findings.push(Finding::new(file, line_of(file, kind, dependency), message));
                }
            }
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(|value| value.as_bool());
        if lints != Some(true) {
            findings.push(Finding::new(file, 0, format!("`{name}` should have `[lints] workspace = true`")));
        }
    }
    findings
}

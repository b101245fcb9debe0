//! Links in documents point at what exists.

use std::path::{Component, Path, PathBuf};

use super::permits::Permits;
use super::{File, Finding, Tree};

/// Every relative link of a Markdown document names a file or folder of the repository.
pub(super) fn links(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension(&["md"]).filter(|file| !file.is_data()) {
        // A matter's guide is rendered into pages: its links are addresses of the site.
        if file.path.starts_with("catalog/systems/") {
            continue;
        }
        let mut code = false;
        for (number, line) in file.lines() {
            if line.trim_start().starts_with("```") {
                code = !code;
            }
            if code {
                continue;
            }
            for target in targets(line) {
                if !exists(tree, file, target) && !permits.allow("link", &file.path, target) {
                    findings.push(Finding::new(file, number, format!("`{target}` does not exist")));
                }
            }
        }
    }
    findings
}

/// What stands in `](…)` and in `src="…"`, without the addresses of other sites and places within the page.
fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        for (start, _) in line.match_indices(opening) {
            let rest = &line[start + opening.len()..];
            let target = rest.split(closing).next().unwrap_or_default();
            let target = target.split(['#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                targets.push(target);
            }
        }
    }
    targets
}

fn exists(tree: &Tree, file: &File, target: &str) -> bool {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    // Only what is under version control reaches the reader.
    let path = path.to_string_lossy().into_owned();
    let inside = format!("{path}/");
    tree.root.join(&path).exists() && tree.files.iter().any(|file| file.path == path || file.path.starts_with(&inside))
}

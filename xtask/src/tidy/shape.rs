//! The shape of files: how long, how large, how they open, and whose they are.

use super::permits::Permits;
use super::{Finding, Tree};

/// A file that fits a head.
const LINES_WARN: usize = 600;
/// Longer ones hide a seam.
const LINES_MAX: usize = 800;
/// Larger ones make every clone slower for ever.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// A longer line of script or style was written by a machine.
const SCRIPT_LINE_MAX: usize = 2_000;

/// Source files that a person can hold in mind.
pub(super) fn long_files(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension(&["rs", "mjs", "css", "html"]).filter(|file| !file.is_data()) {
        let lines = file.lines().count();
        if lines > LINES_MAX && !permits.allow("long", &file.path, "") {
            findings.push(Finding::new(file, lines, format!("{lines} lines, more than {LINES_MAX}: find the seam")));
        } else if lines > LINES_WARN {
            let mut finding = Finding::new(file, lines, format!("{lines} lines, more than {LINES_WARN}"));
            finding.warning = true;
            findings.push(finding);
        }
    }
    findings
}

/// `lib.rs` and `main.rs` open with the crate's duty.
pub(super) fn crate_openings(tree: &Tree, _: &Permits) -> Vec<Finding> {
    let roots = tree.files.iter().filter(|file| {
        let mut parts = file.path.split('/').rev();
        matches!(parts.next(), Some("lib.rs" | "main.rs")) && parts.next() == Some("src")
    });
    let silent =
        roots.filter(|file| !file.lines().next().is_some_and(|(_, line)| line.starts_with("//! ") && line.len() > 8));
    silent.map(|file| Finding::new(file, 1, "should open with `//! ` and the crate's duty in one line")).collect()
}

/// Scripts and fonts of others come by lock file and package, never by commit; large files do not come at all.
pub(super) fn foreign_files(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        if file.bytes > FILE_BYTES_MAX && !permits.allow("large", &file.path, "") {
            findings.push(Finding::new(
                file,
                0,
                format!("{} KiB, more than {}", file.bytes / 1024, FILE_BYTES_MAX / 1024),
            ));
        }
        let extension = file.extension().to_ascii_lowercase();
        let font = ["ttf", "otf", "ttc", "woff", "woff2", "eot", "pfb", "pfa"].contains(&extension.as_str());
        if font && !permits.allow("font", &file.path, "") {
            findings.push(Finding::new(file, 0, "fonts come from packages, see `cargo xtask setup`"));
        }
        if file.path.split('/').any(|part| part == "node_modules") {
            findings.push(Finding::new(file, 0, "npm packages come by lock file"));
        }
        let script = ["js", "mjs", "cjs", "css"].contains(&extension.as_str());
        if script
            && (file.name().contains(".min.")
                || file.lines().any(|(_, line)| line.len() > SCRIPT_LINE_MAX || line.starts_with("/*!")))
        {
            findings.push(Finding::new(file, 0, "looks like a script or style of others: it comes by npm's lock file"));
        }
    }
    findings
}

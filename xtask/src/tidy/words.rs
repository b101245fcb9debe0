//! Words that must not stand where they stand.

use super::permits::Permits;
use super::rust_text::RustText;
use super::{File, Finding, Tree};

/// The codes of the matters in the catalog: the names of their folders.
fn codes(tree: &Tree) -> Vec<&str> {
    let mut codes: Vec<&str> = tree
        .files
        .iter()
        .filter_map(|file| {
            let mut parts = file.path.split('/');
            let is_matter =
                parts.next() == Some("catalog") && parts.next() == Some("systems") && parts.nth(1) == Some("matters");
            let code = parts.next()?;
            (is_matter && parts.next().is_some()).then_some(code)
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A matter is data: Rust that names one is Rust for one.
pub(super) fn matter_codes(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let codes = codes(tree);
    let mut findings = Vec::new();
    for file in tree.with_extension(&["rs"]).filter(|file| !file.is_test() && !file.path.starts_with("xtask/")) {
        let text = RustText::cut(file.text.as_deref().unwrap_or_default());
        for line in text.shipped() {
            for literal in line.literal.split('\n') {
                for code in codes.iter().filter(|code| names(literal, code)) {
                    if !permits.allow("matter-code", &file.path, code) {
                        findings.push(Finding::new(
                            file,
                            line.number,
                            format!("`{code}` is a matter: it belongs in catalog/"),
                        ));
                    }
                }
            }
        }
    }
    findings
}

/// Whether the text holds the code as a word. A code without a dash may be an everyday word: then only a text that is nothing else counts.
fn names(text: &str, code: &str) -> bool {
    if !code.contains('-') {
        return text == code;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(code).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + code.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// What a person reads is a key in a message catalogue, so that it can be reviewed and translated.
pub(super) fn chinese_literals(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension(&["rs"]).filter(|file| !file.is_test() && !file.path.starts_with("xtask/")) {
        let text = RustText::cut(file.text.as_deref().unwrap_or_default());
        for line in text.shipped().filter(|line| line.literal.chars().any(is_chinese)) {
            if !permits.allow("chinese", &file.path, "") {
                let shown: String = line.literal.chars().filter(|c| is_chinese(*c)).take(12).collect();
                findings.push(Finding::new(file, line.number, format!("`{shown}` belongs in a message catalogue")));
            }
        }
    }
    findings
}

/// An ideograph. Punctuation alone is syntax: the brackets of a document number, a full-width dash that people type.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Work to be done later is an issue, not a comment.
pub(super) fn left_over(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    // Cut in two, so that this file does not find itself.
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("unwrap_or_default() ", "// ignore")];
    let extensions = ["rs", "toml", "md", "mjs", "js", "css", "html", "ftl", "typ", "sh", "bpmn", "dmn", "sql"];
    let mut findings = Vec::new();
    for file in tree.with_extension(&extensions).filter(|file| !file.is_data()) {
        for (number, line) in file.lines() {
            for word in words.iter().filter(|word| has_word(line, word)) {
                if !permits.allow("left-over", &file.path, word) {
                    findings.push(Finding::new(file, number, format!("`{word}`: file an issue, or do it")));
                }
            }
        }
    }
    findings
}

pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_alphanumeric() || c == '_')
    })
}

/// A path of the machine somebody worked on, or the host of a package registry, works for nobody else.
pub(super) fn machine_names(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    // Cut in two, so that this file does not find itself.
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let hosts = [
        concat!("registry.npm", "js.org"),
        concat!("npm", "mirror.com"),
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("py", "pi.org"),
        concat!("deb.deb", "ian.org"),
    ];
    let mut findings = Vec::new();
    // Cargo writes the registry's address into its lock file itself.
    for file in tree.files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in file.lines() {
            let folder = folders.iter().find(|folder| starts_a_path(line, folder)).copied();
            let host = hosts.iter().find(|host| line.contains(**host)).copied();
            let resolved =
                (file.name() == "package-lock.json" && line.contains("\"resolved\": \"http")).then_some("resolved");
            for name in [folder, host, resolved].into_iter().flatten() {
                if !permits.allow("machine", &file.path, name) {
                    findings.push(Finding::new(file, number, format!("`{name}` holds on one machine or network only")));
                }
            }
        }
    }
    findings
}

/// Whether the folder begins a path in this line; inside a longer path its letters mean nothing.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/{}<>:*$~)]".contains(c))
    })
}

/// The content security policy refuses inline styles, handlers and scripts: a template must not rely on them.
pub(super) fn inline_in_templates(tree: &Tree, permits: &Permits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension(&["html", "svg"]).filter(|file| !file.is_data() && !is_picture(file)) {
        for (number, line) in file.lines() {
            let lower = line.to_ascii_lowercase();
            for bad in inline_parts(&lower) {
                if !permits.allow("inline", &file.path, bad) {
                    findings.push(Finding::new(
                        file,
                        number,
                        format!("`{bad}` is refused by the content security policy"),
                    ));
                }
            }
        }
    }
    findings
}

/// Pictures for documents are not pages.
fn is_picture(file: &File) -> bool {
    file.path.starts_with("docs/")
}

fn inline_parts(line: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut attributes = line.split([' ', '\t', '"', '\'']).filter(|word| word.contains('='));
    if attributes.clone().any(|word| word.starts_with("style=")) {
        found.push("style=");
    }
    if attributes.any(|word| {
        let name = word.split('=').next().unwrap_or_default();
        name.len() > 4 && name.starts_with("on") && name.chars().all(|c| c.is_ascii_lowercase())
    }) {
        found.push("on…=");
    }
    if line.contains("javascript:") {
        found.push("javascript:");
    }
    if line.contains("<style") {
        found.push("<style");
    }
    let inline_script = line.match_indices("<script").any(|(start, _)| {
        let tag = line[start..].split('>').next().unwrap_or_default();
        !tag.contains("src=")
    });
    if inline_script {
        found.push("<script without src");
    }
    found
}

//! The catalogues against the sources: every key used exists, English has no key that Chinese lacks, and no Chinese sentence stands
//! outside the catalogues.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Crates whose sources speak to people.
const SPEAKING: [&str; 3] = ["web", "service", "node"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, extension, out);
        } else if path.extension().is_some_and(|found| found == extension) {
            out.push(path);
        }
    }
}

fn keys(lang: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&workspace().join("web/messages").join(lang), "ftl", &mut found);
    let mut out = BTreeSet::new();
    for path in found {
        for line in fs::read_to_string(&path).expect("readable").lines() {
            if let Some((key, _)) = line.split_once(" =")
                && key.starts_with(|c: char| c.is_ascii_lowercase())
            {
                assert!(out.insert(key.to_owned()), "{key} is twice in {lang}");
            }
        }
    }
    out
}

/// Sources without tests: a file called tests.rs or in a tests folder, and what follows `#[cfg(test)]` in a file.
fn sources(extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for name in SPEAKING {
        files(&workspace().join(name).join("src"), extension, &mut found);
        files(&workspace().join(name).join("templates"), extension, &mut found);
    }
    found.retain(|path| !path.to_string_lossy().contains("tests"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("readable");
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        (path, text[..end].to_owned())
    };
    found.into_iter().map(read).collect()
}

#[test]
fn every_key_used_exists() {
    let zh = keys("zh-CN");
    let mut seen = 0;
    for (path, text) in sources("rs").into_iter().chain(sources("html")) {
        for call in [".t(\"", ".t1(\"", ".t2(\"", ".t_args(\"", "Complaint::new(\""] {
            for (at, _) in text.match_indices(call) {
                let key = text[at + call.len()..].split('"').next().unwrap_or_default();
                assert!(zh.contains(key), "{}: no message {key}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "the search found only {seen} uses");
}

#[test]
fn english_has_no_key_that_chinese_lacks_and_misses_only_the_gallery() {
    let (zh, en) = (keys("zh-CN"), keys("en"));
    assert_eq!(en.difference(&zh).collect::<Vec<_>>(), Vec::<&String>::new());
    let missing: Vec<_> = zh.difference(&en).filter(|key| !key.starts_with("gallery-")).collect();
    assert_eq!(missing, Vec::<&String>::new(), "without an English message");
}

#[test]
fn every_message_of_the_source_language_is_used_or_named_by_a_family() {
    // Keys made from data: the state or code is the last part.
    const FAMILIES: [&str; 28] = [
        "act-",
        "added-",
        "assign-",
        "calendar-wrong-",
        "clock-",
        "countersigner-",
        "day-kind-",
        "delivery-",
        "done-",
        "due-",
        "event-",
        "form-",
        "gallery-",
        "hall-hearing-",
        "hall-stage-",
        "hearing-",
        "kind-",
        "light-",
        "message-",
        "notice-",
        "opened-",
        "paper-ending-",
        "pause-",
        "phrase-",
        "problem-",
        "refusal-",
        "stage-",
        "task-",
    ];
    let all: String = sources("rs").into_iter().chain(sources("html")).map(|(_, text)| text).collect();
    let idle: Vec<_> = keys("zh-CN")
        .into_iter()
        .filter(|key| !FAMILIES.iter().any(|family| key.starts_with(family)))
        .filter(|key| !all.contains(&format!("\"{key}\"")))
        .collect();
    assert_eq!(idle, Vec::<String>::new(), "messages that nobody shows");
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn no_chinese_stands_outside_the_catalogues() {
    let mut found = Vec::new();
    for (path, text) in sources("rs") {
        // Commands speak on a terminal, from the binary alone; `cargo xtask tidy` names each that may.
        if path.components().any(|part| part.as_os_str() == "command") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // Data that happens to be Chinese says so: `// not a message: …`.
            if code.chars().any(is_chinese) && !line.contains("// not a message") {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    for (path, text) in sources("html") {
        let mut rest = text.as_str();
        let mut shown = String::new();
        while let Some(start) = rest.find("{#") {
            shown.push_str(&rest[..start]);
            rest = rest[start..].find("#}").map_or("", |end| &rest[start + end + 2..]);
        }
        shown.push_str(rest);
        if let Some(line) = shown.lines().find(|line| line.chars().any(is_chinese)) {
            found.push(format!("{}: {}", path.display(), line.trim()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn templates_carry_no_inline_style_or_script() {
    for (path, text) in sources("html") {
        for forbidden in
            [" style=", "<style", "<script>", " onclick=", " onsubmit=", " onload=", "javascript:", "|safe"]
        {
            assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
}

#[test]
fn icons_named_in_templates_are_in_the_sprite() {
    let listed = fs::read_to_string(workspace().join("ui/icons.txt")).expect("readable");
    for (path, text) in sources("html") {
        for (at, _) in text.match_indices("icon(p, \"") {
            let name = text[at + 9..].split('"').next().unwrap_or_default();
            assert!(listed.lines().any(|line| line == name), "{}: no icon {name}", path.display());
        }
    }
}

//! Each rule finds a planted defect, and only that.

use super::*;

/// A tree of the given files in a folder of its own.
fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
    let names = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let tree = Tree::read(folder.path(), names).unwrap();
    (folder, tree)
}

/// Runs the rule of that name and compares `path:line` and a piece of the message for each finding, in order.
#[track_caller]
fn check(rule: &str, files: &[(&str, &str)], expected: &[(&str, &str)]) {
    check_permitted(rule, files, "", expected);
}

#[track_caller]
fn check_permitted(rule: &str, files: &[(&str, &str)], permits: &str, expected: &[(&str, &str)]) {
    let (_folder, tree) = tree(files);
    let permits = Permits::parse(permits).unwrap();
    let (_, rule) = RULES.iter().find(|(name, _)| *name == rule).expect("a rule of that name");
    let mut findings = rule(&tree, &permits);
    findings.sort();
    let places: Vec<String> = findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
    assert_eq!(places, expected.iter().map(|(place, _)| *place).collect::<Vec<_>>(), "{findings:?}");
    for (finding, (_, piece)) in findings.iter().zip(expected) {
        assert!(finding.message.contains(piece), "{finding:?} should say {piece}");
    }
    assert_eq!(permits.unused(), Vec::<String>::new());
}

const MEMBERS: &str = "[workspace]\nmembers = [\"base\", \"flow\", \"kernel\", \"store\", \"web\", \"service\", \"testkit\", \"attic\"]\n";

#[test]
fn arrows_that_do_not_point_down_are_found() {
    let files = [
        ("Cargo.toml", MEMBERS),
        ("base/Cargo.toml", "[dependencies]\nserde.workspace = true\n[dev-dependencies]\ntestkit.workspace = true\n"),
        ("flow/Cargo.toml", "[dependencies]\nserde.workspace = true\nbase.workspace = true\n"),
        ("kernel/Cargo.toml", "[dependencies]\nbase.workspace = true\nflow.workspace = true\n"),
        ("store/Cargo.toml", "[dependencies]\nkernel.workspace = true\n[dev-dependencies]\nweb.workspace = true\n"),
        ("web/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nservice = { workspace = true }\n"),
        ("service/Cargo.toml", "[dependencies]\ntestkit.workspace = true\nstore.workspace = true\n"),
        ("testkit/Cargo.toml", "[dependencies]\nservice.workspace = true\n"),
        ("attic/Cargo.toml", "[dependencies]\n"),
    ];
    let expected = [
        ("attic/Cargo.toml:0", "no floor"),
        ("flow/Cargo.toml:3", "`flow` (floor 0) may not know `base`"),
        ("service/Cargo.toml:2", "may not know `testkit`"),
        ("store/Cargo.toml:4", "may not know `web`"),
        ("web/Cargo.toml:2", "may not know `service`"),
    ];
    check("floors: arrows point down", &files, &expected);
}

#[test]
fn clocks_and_files_on_the_pure_floors_are_found() {
    let kernel = "// std::fs is for others\nfn f() { std::fs::read(p); }\nfn g() { \"std::fs\"; line.awaiting(); }\n#[cfg(test)]\nmod tests { use std::fs; }\n";
    let files = [
        ("Cargo.toml", MEMBERS),
        ("kernel/Cargo.toml", "[dependencies]\ntokio.workspace = true\n[dev-dependencies]\nrand.workspace = true\n"),
        ("kernel/src/case.rs", kernel),
        ("store/Cargo.toml", "[dependencies]\ntokio.workspace = true\n"),
        ("store/src/lib.rs", "async fn f() {}\n"),
    ];
    check(
        "floors: the pure ones touch nothing",
        &files,
        &[("kernel/Cargo.toml:2", "tokio"), ("kernel/src/case.rs:2", "std::fs")],
    );
}

#[test]
fn a_version_outside_the_workspace_is_found() {
    let files = [
        ("Cargo.toml", MEMBERS),
        ("base/Cargo.toml", "[dependencies]\nserde = \"1\"\njiff = { workspace = true }\n[lints]\nworkspace = true\n"),
        ("flow/Cargo.toml", "[dependencies]\nserde = { workspace = true, features = [\"rc\"] }\n"),
    ];
    let expected = [("base/Cargo.toml:2", "serde"), ("flow/Cargo.toml:0", "lints"), ("flow/Cargo.toml:2", "serde")];
    check("workspace: versions and lints stand in one place", &files, &expected);
}

#[test]
fn a_matter_named_in_rust_is_found() {
    let code = "fn f() { g(\"construction-permit\"); }\n// construction-permit\nfn h() { g(\"re-construction-permit-x\", \"filing\", \"a filing\"); }\n";
    let files = [
        ("catalog/systems/market/matters/construction-permit/matter.toml", ""),
        ("catalog/systems/market/matters/filing/matter.toml", ""),
        ("catalog/systems/market/registers/licences.schema.json", "{}"),
        ("service/src/hall.rs", code),
        ("service/src/tests.rs", "const M: &str = \"construction-permit\";"),
        ("node/tests/it/main.rs", "const M: &str = \"construction-permit\";"),
        ("node/src/demo.rs", "#[cfg(test)]\nmod tests {\n    const M: &str = \"construction-permit\";\n}\n"),
    ];
    let expected = [("service/src/hall.rs:1", "`construction-permit`"), ("service/src/hall.rs:3", "`filing`")];
    check("words: no matter code in Rust", &files, &expected);
}

#[test]
fn a_chinese_literal_is_found_and_a_comment_or_permitted_file_is_not() {
    let files = [
        (
            "service/src/hall.rs",
            "/// Acceptance (受理).\nfn f() { g(\"受理\"); }\nconst WORD: char = '年';\nfn h() { g(\"〔〕\", \"，\") }\n",
        ),
        ("base/src/money.rs", "const UNIT: &str = \"元\";"),
        ("service/src/tests.rs", "const M: &str = \"施工许可\";"),
    ];
    let permits = "[[chinese]]\npath = \"base/src/money.rs\"\nwhy = \"the unit is part of the format\"\n";
    let expected = [("service/src/hall.rs:2", "受理"), ("service/src/hall.rs:3", "年")];
    check_permitted("words: no Chinese literal in Rust", &files, permits, &expected);
}

#[test]
fn work_left_for_later_is_found() {
    let later = format!(
        "fn f() {{}} // {} write this\nlet n = f().{}\nlet AUTODO = 1;\n",
        concat!("TO", "DO"),
        concat!("unwrap_or_default() ", "// ignore")
    );
    let data = format!("<!-- {} -->", concat!("FIX", "ME"));
    let files =
        [("web/src/a.rs", later.as_str()), ("flow/tests/data/x.bpmn", data.as_str()), ("ui/a.css", data.as_str())];
    let expected = [("ui/a.css:1", "file an issue"), ("web/src/a.rs:1", "file an issue"), ("web/src/a.rs:2", "ignore")];
    check("words: nothing left to do later", &files, &expected);
}

#[test]
fn paths_and_hosts_of_one_machine_are_found() {
    let path = format!(
        "const P: &str = \"{}shared/data\";\nlet a = \"catalog{}x\";\n",
        concat!("/wo", "rk/"),
        concat!("/wo", "rk/")
    );
    let lock = format!("{{\n\"resolved\": \"{}x.tgz\"\n}}", "https://packages.example/");
    let host = format!("registry=https://{}/\n", concat!("registry.npm", "js.org"));
    let cargo = format!("source = \"{}\"", concat!("index.crates", ".io"));
    let files = [
        ("flow/src/a.rs", path.as_str()),
        ("ui/package-lock.json", lock.as_str()),
        ("ui/.npmrc", host.as_str()),
        ("Cargo.lock", cargo.as_str()),
    ];
    let expected =
        [("flow/src/a.rs:1", "one machine"), ("ui/.npmrc:1", "one machine"), ("ui/package-lock.json:2", "resolved")];
    check("words: no path or host of one machine", &files, &expected);
}

#[test]
fn inline_styles_handlers_and_scripts_are_found() {
    let page = "<p style=\"color:red\">\n<a onclick='f()'>\n<script>f()</script>\n<a href=\"javascript:f()\">\n<style>\n\
                <script type=module src=\"/a.js\"></script>\n<p class=style data-one=\"1\">once = 2</p>\n";
    let files = [("service/templates/case.html", page), ("docs/sketch.svg", "<g style=\"x\">")];
    let expected = [
        ("service/templates/case.html:1", "style="),
        ("service/templates/case.html:2", "on…="),
        ("service/templates/case.html:3", "script"),
        ("service/templates/case.html:4", "javascript:"),
        ("service/templates/case.html:5", "<style"),
    ];
    check("templates: no inline style or handler", &files, &expected);
}

#[test]
fn a_long_file_is_found_and_a_longish_one_only_warned_of() {
    let (long, longish, fine) = ("x();\n".repeat(801), "x();\n".repeat(601), "x();\n".repeat(600));
    let files = [("web/src/a.rs", long.as_str()), ("web/src/b.rs", longish.as_str()), ("web/src/c.rs", fine.as_str())];
    check(
        "shape: files fit a head",
        &files,
        &[("web/src/a.rs:801", "find the seam"), ("web/src/b.rs:601", "more than 600")],
    );
    let (_folder, tree) = tree(&files);
    let warnings: Vec<bool> =
        shape::long_files(&tree, &Permits::default()).iter().map(|finding| finding.warning).collect();
    assert_eq!(warnings, [false, true]);
}

#[test]
fn a_crate_that_does_not_say_its_duty_is_found() {
    let files = [
        ("web/src/lib.rs", "//! Pages: layout and components.\n"),
        ("print/src/lib.rs", "#![forbid(unsafe_code)]\n//! Paper.\n"),
        ("node/src/main.rs", "//!\nfn main() {}\n"),
        ("node/tests/it/main.rs", "mod a;\n"),
    ];
    check(
        "shape: a crate says its duty first",
        &files,
        &[("node/src/main.rs:1", "duty"), ("print/src/lib.rs:1", "duty")],
    );
}

#[test]
fn fonts_scripts_of_others_and_huge_files_are_found() {
    let (huge, minified) = ("x".repeat(1024 * 1024 + 1), "x".repeat(2_001));
    let files = [
        ("docs/big.txt", huge.as_str()),
        ("ui/htmx.js", minified.as_str()),
        ("ui/lib.js", "/*! (c) somebody */\n"),
        ("ui/own.mjs", "export const a = 1;\n"),
        ("print/fonts/Song.TTF", ""),
        ("ui/node_modules/x/package.json", "{}"),
    ];
    let expected = [
        ("docs/big.txt:0", "KiB"),
        ("print/fonts/Song.TTF:0", "fonts"),
        ("ui/htmx.js:0", "others"),
        ("ui/lib.js:0", "others"),
        ("ui/node_modules/x/package.json:0", "lock file"),
    ];
    check("shape: nothing of others, nothing huge", &files, &expected);
}

#[test]
fn a_link_to_nothing_is_found() {
    let readme = "[map](ARCHITECTURE.md#floors) [decision](docs/decisions/0001-x.md) [site](https://example.org)\n\
                  ![shot](docs/shot.png)\n```\n[in](code.md)\n```\n[folder](docs/) [here](#top)\n";
    let files = [
        ("README.md", readme),
        ("ARCHITECTURE.md", "[why](docs/decisions/0001-x.md)"),
        ("docs/decisions/0001-x.md", "[up](../../README.md) [gone](../missing.md)"),
    ];
    let expected = [("README.md:2", "docs/shot.png"), ("docs/decisions/0001-x.md:1", "../missing.md")];
    check("links: documents point at what exists", &files, &expected);
}

#[test]
fn a_permit_needs_a_reason_and_a_use() {
    assert!(Permits::parse("[[chinese]]\npath = \"a.rs\"\n").is_err());
    let permits =
        Permits::parse("[[chinese]]\npath = \"a/\"\nwhy = \"x\"\n[[large]]\npath = \"b\"\nwhy = \"y\"\n").unwrap();
    assert!(permits.allow("chinese", "a/b.rs", ""));
    assert!(!permits.allow("chinese", "c.rs", ""));
    assert_eq!(permits.unused(), ["large b"]);
}

/// A rule that no test above knows would go unproved.
#[test]
fn each_rule_has_a_planted_defect() {
    let tests = include_str!("tests.rs");
    for (name, _) in RULES {
        assert!(tests.contains(&format!("\"{name}\",")), "no planted defect for `{name}`");
    }
}

#[test]
fn a_matter_that_is_another_under_new_names_is_found() {
    let of = |code: &str, file: &str| format!("catalog/systems/licensing/matters/{code}/{file}");
    let process = |task: &str, condition: &str| {
        format!(
            "<process id=\"p_{task}\"><userTask id=\"{task}\" name=\"审查{task}\" />
  <sequenceFlow id=\"f\" sourceRef=\"{task}\"><conditionExpression>{condition}</conditionExpression></sequenceFlow></process>
<bpmndi:BPMNDiagram id=\"d{task}\" />"
        )
    };
    let (first, second, third) =
        (of("first", "process.bpmn"), of("second", "process.bpmn"), of("third", "process.bpmn"));
    let files = [
        (first.as_str(), process("review", "review_outcome = \"agree\"")),
        (second.as_str(), process("look", "look_outcome = \"fine\"")),
        (third.as_str(), process("look", "look_outcome != \"fine\"")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let expected = [("catalog/systems/licensing/matters/second/process.bpmn:0", "the same as")];
    check("packages: no matter is another under new names", &files, &expected);
}

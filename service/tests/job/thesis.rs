//! A business system is declared, not built: a copied package with one more countersign task and one more rule changes inbox, pages, notices
//! and interface, without a rebuild.

use kernel::catalog::{Catalog, Files};
use serde_json::json;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, HEAD, OWNER, Office, REVIEWER};
use crate::options;
use crate::story::{apply, finish};

const COUNTERSIGN: u8 = 30;
const FOLDER: &str = "systems/licensing/matters/construction-permit/";

/// The built-in package, changed as someone in a county might change it with a text editor.
fn changed() -> Files {
    let base = testkit::world::catalog_files();
    let read = |name: &str| base.text(&format!("{FOLDER}{name}")).unwrap().to_owned();
    let mut over = Files::new();
    let mut put = |name: &str, text: String| over.insert(format!("{FOLDER}{name}"), text.into_bytes());
    let process = read("process.bpmn");
    let after_head = r#"<userTask id="second" name="工程科会签">
      <incoming>head_to_second</incoming>
      <outgoing>head_done</outgoing>
      <multiInstanceLoopCharacteristics isSequential="false">
        <loopCardinality xsi:type="tFormalExpression">1</loopCardinality>
      </multiInstanceLoopCharacteristics>
    </userTask>
    <sequenceFlow id="head_to_second" sourceRef="head" targetRef="second" />
    <exclusiveGateway id="checked""#;
    let process = process
        .replace("<outgoing>head_done</outgoing>", "<outgoing>head_to_second</outgoing>")
        .replace(r#"id="head_done" sourceRef="head""#, r#"id="head_done" sourceRef="second""#)
        .replace(r#"<exclusiveGateway id="checked""#, after_head)
        .replace(
            "<flowNodeRef>countersign</flowNodeRef>",
            "<flowNodeRef>countersign</flowNodeRef><flowNodeRef>second</flowNodeRef>",
        );
    put("process.bpmn", process);
    let matter = read("matter.toml").replace(
        "[tasks.decide]",
        "[tasks.second]\nkind = \"countersign\"\nname_en = \"Second countersigning\"\nchecks = true\n\
         outcomes = { agree = { zh = \"工程科同意\", en = \"Agree\" } }\n\n[tasks.decide]",
    );
    put("matter.toml", matter.replace("acceptance = \"acceptance\"", "acceptance = \"notices/own-acceptance\""));
    put("notices/own-acceptance.typ", base.text("templates/notices/acceptance.typ").unwrap().to_owned());
    let rules = read("rules.dmn");
    let rule = r#"<rule id="checks_extra"><inputEntry id="extra_in"><text>"#;
    assert!(!rules.contains(rule));
    put("rules.dmn", with_one_more_rule(&rules));
    let examples: Vec<String> = base
        .iter()
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.starts_with(&format!("{FOLDER}examples/")))
        .collect();
    for path in examples {
        let text = base.text(&path).unwrap().replace("\"expect\": {", "\"expect\": {\n  \"LOCAL-1\": \"pass\",");
        over.insert(path, text.into_bytes());
    }
    Files::overlay(&base, &over)
}

/// The first row of the decision `checks`, told again as a rule of the county's own that always passes.
fn with_one_more_rule(rules: &str) -> String {
    let checks = rules.find(r#"name="checks""#).expect("the decision");
    let start = checks + rules[checks..].find("<rule ").expect("a rule");
    let end = start + rules[start..].find("</rule>").expect("its end") + "</rule>".len();
    let row = &rules[start..end];
    let mut entries = Vec::new();
    let mut own = String::new();
    let mut rest = row;
    while let Some(at) = rest.find("<text>") {
        let (before, after) = rest.split_at(at + "<text>".len());
        let (text, after) = after.split_once("</text>").expect("closed");
        let is_output = before.contains("outputEntry");
        own.push_str(before);
        entries.push(text.to_owned());
        own.push_str(match (is_output, entries.len()) {
            (false, _) => "-",
            (true, _) => "@",
        });
        own.push_str("</text>");
        rest = after;
    }
    own.push_str(rest);
    // The columns in their order: rule, verdict, kind, material, article, Chinese, English, evidence.
    for text in [
        "\"LOCAL-1\"",
        "\"pass\"",
        "\"check\"",
        "null",
        "\"本县规定\"",
        "\"本县另行核对\"",
        "\"Checked by the county too\"",
        "[]",
    ] {
        own = own.replacen("@</text>", &format!("{text}</text>"), 1);
    }
    let mut n = 0;
    let mut unique = String::new();
    for (at, part) in own.split(" id=\"").enumerate() {
        if at > 0 {
            n += 1;
            unique.push_str(&format!(" id=\"own{n}-"));
        }
        unique.push_str(part);
    }
    format!("{}{unique}{}", &rules[..start], &rules[start..])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_package_changes_inbox_pages_notices_and_interface() {
    let files = changed();
    let (catalog, problems) = Catalog::parse(&files);
    let problems: Vec<_> = problems.iter().filter(|problem| problem.is_error()).collect();
    let catalog = catalog.unwrap_or_else(|| panic!("{problems:?}"));
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open_with(options(folder.path()), catalog.into(), &files).await;
    office.employ(COUNTERSIGN, "countersign-officer", "130123").await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER, HEAD, COUNTERSIGN]).await;
    let router = served(&office.app);

    // The interface and the public pages know the task and the rule.
    let anybody = Client::anonymous(&router);
    let matter = anybody.get("/api/v1/matters/construction-permit").await.json();
    let second = matter["tasks"].as_array().unwrap().iter().find(|task| task["id"] == "second");
    assert_eq!(second.expect("the task")["outcomes"], json!(["agree"]));

    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let agree = |outcome: &str| json!({ "outcome": outcome, "opinion": "同意" });
    finish(&Client::signed_in(&router, CLERK).await, &case, "accept", &agree("accepted")).await;
    finish(&Client::signed_in(&router, REVIEWER).await, &case, "review", &agree("agree")).await;
    finish(&Client::signed_in(&router, HEAD).await, &case, "head", &agree("agree")).await;

    // The inbox of those who countersign has it, in interface and page; the case page shows the rule.
    let officer = Client::signed_in(&router, COUNTERSIGN).await;
    let inbox = officer.get("/api/v1/inbox").await.json();
    assert_eq!(inbox["rows"][0]["step"], "工程科会签", "{inbox}");
    assert!(officer.get("/office/inbox").await.text().contains("工程科会签"));
    let page = officer.get(&format!("/office/cases/{case}")).await.text();
    assert!(page.contains("本县另行核对") && page.contains("工程科同意"), "{page}");

    // The notice was issued from the package's own template.
    let state = office.case(case.parse().unwrap()).await;
    let notice = state.notices.iter().find(|notice| notice.template.ends_with("own-acceptance.typ"));
    assert!(notice.is_some(), "{:?}", state.notices);
}

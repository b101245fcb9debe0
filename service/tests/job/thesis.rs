//! A business system is declared, not built: a copied package with one more countersign task and one more rule changes inbox, pages, notices
//! and interface, without a rebuild.

use kernel::catalog::{Catalog, Files};
use serde_json::json;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, HEAD, OWNER, Office, REVIEWER};
use crate::options;
use crate::story::{apply, finish};

const COUNTERSIGN: u8 = 30;
const PERMIT: &str = "systems/licensing/matters/construction-permit/";
const COPY: &str = "construction-permit-fire";

/// Edits as someone makes them with a text editor: file → what is found, what stands there instead.
const EDITS: [(&str, &str, &str); 8] = [
    ("matter.toml", "code      = \"construction-permit\"", "code      = \"construction-permit-fire\""),
    (
        "matter.toml",
        "[tasks.head]",
        "[tasks.fire]\nkind     = \"countersign\"\nchecks   = true\noutcomes = { agree = \"消防同意\" }\n\n[tasks.head]",
    ),
    ("matter.toml", "acceptance = \"acceptance\"", "acceptance = \"own-acceptance\""),
    (
        "process.bpmn",
        "<flowNodeRef>countersign</flowNodeRef>",
        "<flowNodeRef>countersign</flowNodeRef><flowNodeRef>fire</flowNodeRef>",
    ),
    ("process.bpmn", "sourceRef=\"head\"", "sourceRef=\"fire\""),
    (
        "process.bpmn",
        "<userTask id=\"head\"",
        "<sequenceFlow id=\"to_fire\" sourceRef=\"head\" targetRef=\"fire\" />\n    \
         <userTask id=\"fire\" name=\"消防会签\"><incoming>to_fire</incoming><outgoing>head_done</outgoing>\
         <multiInstanceLoopCharacteristics><loopCardinality xsi:type=\"tFormalExpression\">1</loopCardinality>\
         </multiInstanceLoopCharacteristics></userTask>\n    <userTask id=\"head\"",
    ),
    (
        "process.bpmn",
        "<bpmndi:BPMNShape id=\"head_di\"",
        "<bpmndi:BPMNShape id=\"fire_di\" bpmnElement=\"fire\"><dc:Bounds x=\"800\" y=\"400\" width=\"110\" height=\"70\" />\
         </bpmndi:BPMNShape>\n      <bpmndi:BPMNShape id=\"head_di\"",
    ),
    ("rules.dmn", "<rule id=\"sp6_missing\">", "@<rule id=\"sp6_missing\">"),
];

/// One more rule: whatever is asked, the county wants to see the contract.
fn one_more_rule() -> String {
    let input = "<inputEntry><text>-</text></inputEntry>".repeat(9);
    let outputs = [
        "\"SP7\"",
        "\"pass\"",
        "\"condition\"",
        "null",
        "\"消防法 11\"",
        "\"本县另行核对消防\"",
        "\"Fire too\"",
        "[\"materials.contract\"]",
    ];
    let output: String = outputs.iter().map(|text| format!("<outputEntry><text>{text}</text></outputEntry>")).collect();
    format!("<rule id=\"sp7\">{input}{output}</rule>")
}

/// The package copied and edited, beside the built-in ones.
fn changed() -> Files {
    let base = testkit::world::catalog_files();
    let mut over = Files::new();
    let below: Vec<String> =
        base.iter().map(|(path, _)| path.to_owned()).filter(|path| path.starts_with(PERMIT)).collect();
    for path in below {
        let mut text = base.text(&path).unwrap().to_owned();
        for (file, found, instead) in EDITS {
            if path.ends_with(file) {
                assert!(text.contains(found), "{file} has no {found}");
                text = text.replace(found, instead);
            }
        }
        text = text.replace('@', &one_more_rule());
        text = text.replace(
            "<outgoing>head_done</outgoing>\n    </userTask>",
            "<outgoing>to_fire</outgoing>\n    </userTask>",
        );
        if path.contains("/examples/") {
            text = text.replace("\"SP6\":", "\"SP7\": \"pass\",\n  \"SP6\":");
        }
        over.insert(path.replace("construction-permit/", "construction-permit-fire/"), text.into_bytes());
    }
    let acceptance = base.text("templates/notices/acceptance.typ").unwrap().to_owned();
    over.insert(format!("systems/licensing/matters/{COPY}/notices/own-acceptance.typ"), acceptance.into_bytes());
    Files::overlay(&base, &over)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_package_changes_inbox_pages_notices_and_interface() {
    let files = changed();
    let (catalog, problems) = Catalog::parse(&files);
    let problems: Vec<_> = problems.iter().filter(|problem| problem.is_error()).collect();
    let catalog = catalog.unwrap_or_else(|| panic!("{problems:?}"));
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open_with(options(folder.path()), catalog.into(), &files, COPY).await;
    office.employ(COUNTERSIGN, "countersign-officer", "130123").await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER, HEAD, COUNTERSIGN]).await;
    let router = served(&office.app);

    // The interface and the public pages know the task and the rule.
    let anybody = Client::anonymous(&router);
    let matter = anybody.get(&format!("/api/v1/matters/{COPY}")).await.json();
    let second = matter["tasks"].as_array().unwrap().iter().find(|task| task["id"] == "fire");
    assert_eq!(second.expect("the task")["outcomes"], json!(["agree"]));
    assert!(anybody.get("/matters").await.text().contains(&format!("/matters/{COPY}")));

    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let agree = |outcome: &str| json!({ "outcome": outcome, "opinion": "同意" });
    finish(&Client::signed_in(&router, CLERK).await, &case, "accept", &agree("accepted")).await;
    finish(&Client::signed_in(&router, REVIEWER).await, &case, "review", &agree("agree")).await;
    finish(&Client::signed_in(&router, HEAD).await, &case, "head", &agree("agree")).await;

    // The inbox of those who countersign has it, in interface and page; the case page shows the rule.
    let officer = Client::signed_in(&router, COUNTERSIGN).await;
    let inbox = officer.get("/api/v1/inbox").await.json();
    assert_eq!(inbox["rows"][0]["step"], "消防会签", "{inbox}");
    assert!(officer.get("/office/inbox").await.text().contains("消防会签"));
    let page = officer.get(&format!("/office/cases/{case}")).await.text();
    assert!(page.contains("本县另行核对消防") && page.contains("消防同意"), "{page}");

    // The notice was issued from the package's own template.
    let state = office.case(case.parse().unwrap()).await;
    let notice = state.notices.iter().find(|notice| notice.template.ends_with("own-acceptance.typ"));
    assert!(notice.is_some(), "{:?}", state.notices);
}

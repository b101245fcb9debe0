//! The built-in catalog is sound, planted defects are named, and a copied package grows by data alone.

use std::path::Path;

use super::*;

/// The catalog in the repository.
pub(crate) fn built_in() -> Files {
    fn add(files: &mut Files, root: &Path, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(files, root, &path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog");
    let mut files = Files::new();
    add(&mut files, &root, &root);
    files
}

fn said(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn the_built_in_catalog_has_no_problems() {
    let (catalog, problems) = Catalog::check(&built_in());
    assert_eq!(said(&problems), "");
    let catalog = catalog.unwrap();
    assert_eq!(catalog.matters.len(), 18);
    assert_eq!(catalog.directory.organisations.len(), 3 * 179);
    assert_eq!(catalog.version().len(), 64);
}

pub(crate) const PERMIT: &str = "systems/licensing/matters/construction-permit";

/// The catalog with a few of its matters: enough to plant a defect in, many times over.
pub(crate) fn few_matters() -> Files {
    let few = ["/construction-permit/", "/completion-filing/", "/road-excavation/"];
    let kept = |path: &str| !path.contains("/matters/") || few.iter().any(|matter| path.contains(matter));
    let mut files = Files::new();
    for (path, bytes) in built_in().iter().filter(|(path, _)| kept(path)) {
        files.insert(path.to_owned(), bytes.to_vec());
    }
    files
}

/// That catalog with one text put in place of another.
pub(crate) fn planted(file: &str, from: &str, to: &str) -> Files {
    let mut files = few_matters();
    let text = files.text(file).unwrap_or_else(|| panic!("{file}"));
    assert!(text.contains(from), "{file} has no `{from}`");
    let text = text.replacen(from, to, 1);
    files.insert(file, text);
    files
}

/// Each defect is refused, and a finding names file, element and code on a line that shows it.
#[test]
fn a_planted_defect_is_named_with_file_line_and_element() {
    let toml = format!("{PERMIT}/matter.toml");
    let form = format!("{PERMIT}/form.schema.json");
    let bpmn = format!("{PERMIT}/process.bpmn");
    let dmn = format!("{PERMIT}/rules.dmn");
    let example = format!("{PERMIT}/examples/pass.json");
    // file, text, text in its place, element, code, a piece of the line that is named
    let cases: &[(&str, &str, &str, &str, &str, &str)] = &[
        (&toml, "levels    =", "level     =", "", "toml", "level "),
        (&toml, "{ wd = 7,", "{ wd = 7, cd = 7,", "", "toml", "cd = 7"),
        (&toml, "valid_from = 2021-07-01 }", "valid_from = 2014-10-25 }", "promised", "limit-overlap", "promised"),
        (&toml, "pauses    = [\"expert_review\"", "pauses    = [\"publicity\"", "", "toml", "publicity"),
        (&toml, "pauses    = [\"expert_review\"", "pauses    = [\"hearing\"", "limits.pauses", "pauses", "hearing"),
        (&toml, "code      = \"construction-permit\"", "code      = \"permit\"", "code", "code-folder", "code "),
        (&toml, "= \"case-officer\"", "= \"officer\"", "lanes.lane_review", "post-kind", "lane_review"),
        (&toml, "= \"case-officer\"", "= \"system-admin\"", "lanes.lane_review", "post-kind", "lane_review"),
        (&toml, "lane_head        =", "lane_boss        =", "lanes.lane_boss", "lane", "lane_boss"),
        (&toml, "[tasks.head]", "[tasks.boss]", "tasks.boss", "task-unknown", "[tasks.boss]"),
        (&toml, "kind     = \"decide\"", "kind     = \"review\"", "tasks", "task-kinds", "tasks"),
        (
            &toml,
            "grant = { zh = \"准予许可\"",
            "allow = { zh = \"准予许可\"",
            "tasks.decide",
            "outcomes",
            "[tasks.decide]",
        ),
        (
            &toml,
            "en = \"Refuse\", reason = true",
            "en = \"Refuse\"",
            "tasks.decide",
            "outcome-reason",
            "[tasks.decide]",
        ),
        (&toml, "review = { wd = 1 }", "reviews = { wd = 1 }", "reviews", "step-limit", "reviews"),
        (&toml, "[acts.record]", "[acts.records]", "acts.records", "act-unknown", "[acts.records]"),
        (
            &toml,
            "notice = \"refusal\"",
            "notice = \"no\"",
            "acts.notify_refusal",
            "act-parameter",
            "[acts.notify_refusal]",
        ),
        (
            &toml,
            "template = \"results/",
            "template = \"result/",
            "acts.certificate",
            "act-parameter",
            "[acts.certificate]",
        ),
        (&toml, "register = \"persons\"", "register = \"people\"", "manager", "fact-register", "manager"),
        (&toml, "by = \"holder\"", "by = \"scope\"", "qualifications", "fact-field", "qualifications"),
        (&toml, "key = \"form.manager_id\" }", "key = \"form.boss_id\" }", "manager", "feel-name", "manager"),
        (&toml, "code     = \"contract\"", "code     = \"Contract\"", "Contract", "material-code", "Contract"),
        (
            &toml,
            "required = \"form.tendered\"",
            "required = \"form.tendered and\"",
            "award_notice",
            "feel",
            "award_notice",
        ),
        (
            &toml,
            "register:licences.land",
            "register:licences.soil",
            "land_approval",
            "material-source",
            "land_approval",
        ),
        (
            &toml,
            "number   = \"construction-permit\"",
            "number   = \"permit\"",
            "result.number",
            "number-register",
            "number ",
        ),
        (&toml, "number_parts = { cat2", "number_parts = { cat3", "result.number", "number-part", "number "),
        (
            &toml,
            "contract_fen     =",
            "contract_yuan    =",
            "result.fields.contract_yuan",
            "result-field",
            "contract_yuan",
        ),
        (&toml, "validity = \"none\"", "validity = \"3 years\"", "", "toml", "3 years"),
        (&toml, "licences.completed_on", "licences.done_on", "manager-on-site", "claim-release", "manager-on-site"),
        (&toml, "supplement = \"supplement\"", "supplement = \"other\"", "supplement", "notice-template", "supplement"),
        (
            &form,
            "\"page\": \"site\", \"order\": 1",
            "\"page\": \"place\", \"order\": 1",
            "region",
            "form-page",
            "\"region\"",
        ),
        (
            &form,
            "\"maxLength\": 200, \"x-class\": \"public\"",
            "\"maxLength\": 200",
            "address",
            "form-class",
            "\"address\"",
        ),
        (
            &form,
            "\"show_if\": \"form.planning_required\"",
            "\"show_if\": \"form.planning\"",
            "planning_permit_no",
            "form-show-if",
            "planning_permit_no",
        ),
        (&form, "\"widget\": \"idcard\"", "\"widget\": \"id\"", "manager_id", "form-hints", "manager_id"),
        (
            &form,
            "\"enum\": [\"01\", \"02\", \"99\"]",
            "\"enum\": [\"01\", \"02\"]",
            "category",
            "form-options",
            "category",
        ),
        (&form, "\"type\": \"object\",", "\"type\": \"object\"", "", "json", "additionalProperties"),
        (&bpmn, "urn:jiantong:act:write_record", "urn:jiantong:act:write", "record", "act", "id=\"record\""),
        (&bpmn, "urn:jiantong:act:write_record", "http://example", "record", "act", "id=\"record\""),
        (
            &bpmn,
            "review_outcome = \"countersign\"",
            "review_outcome = \"sign\"",
            "to_countersign",
            "outcome-unknown",
            "to_countersign",
        ),
        (&bpmn, "decide_outcome = \"grant\"", "decision_outcome = \"grant\"", "to_number", "feel-name", "to_number"),
        (&bpmn, "bpmnElement=\"granted\"", "bpmnElement=\"given\"", "granted", "diagram", "granted"),
        (
            &dmn,
            "safety.valid_to &lt; on",
            "safety.valid_until &lt; on",
            "safety_state",
            "undeclared-field",
            "valid_until",
        ),
        (&dmn, "<outputEntry><text>\"pass\"", "<outputEntry><text>\"good\"", "sp1_match", "rules-verdict", "sp1_match"),
        (&dmn, "[\"land\"]", "[\"soil\"]", "sp1_match", "rules-evidence", "sp1_match"),
        (&dmn, "<text>\"land_approval\"</text>", "<text>\"soil\"</text>", "sp1_match", "rules-material", "sp1_match"),
        (&example, "\"SP1\": \"pass\"", "\"SP1\": \"fail\"", "expect", "example", "expect"),
        (
            "policy/grants.csv",
            "case-officer,task.review",
            "case-officer,task.revue",
            "task.revue",
            "grant-action",
            "task.revue",
        ),
        ("policy/grants.csv", "case-officer,task.review", "officer,task.review", "officer", "grant-post", "officer,"),
        ("policy/grants.csv", "register:enterprises,own", "register:firms,own", "firms", "grant-target", "firms"),
        ("policy/grants.csv", "matter:*,own,allow", "matter,own,allow", "window-clerk", "csv", "window-clerk"),
        ("standards/posts.csv", "case-officer,承办人", "director,承办人", "director", "duplicate", "director"),
        ("directory/organisations.csv", ",石建,", ",冀建,", "130100-zjj", "duplicate", "130100-zjj"),
        (
            "directory/posts.csv",
            "level:county,leaders,director",
            "level:town,leaders,director",
            "level:town",
            "directory-organisation",
            "town",
        ),
        ("systems/licensing/system.toml", "\"issued_on\"", "\"issued\"", "issued", "share-field", "issued"),
        (
            "systems/persons/registers/persons.schema.json",
            "\"key\": \"id_number\"",
            "\"key\": \"id\"",
            "id",
            "register-field",
            "\"id\"",
        ),
    ];
    let unnamed: Vec<String> = cases
        .iter()
        .filter_map(|(file, from, to, element, code, shown)| {
            let files = planted(file, from, to);
            let (catalog, problems) = Catalog::check(&files);
            let found = problems.iter().find(|problem| problem.element == *element && problem.code == *code);
            let line =
                found.and_then(|found| files.text(&found.file)?.lines().nth((found.line as usize).checked_sub(1)?));
            let named = catalog.is_none() && line.is_some_and(|line| line.contains(shown));
            (!named).then(|| format!("{file}: `{to}` gives, with line {line:?}\n{}", said(&problems)))
        })
        .collect();
    assert_eq!(unnamed.join("\n"), "");
}

/// What would stop a case half-way, or bend the law in silence, is refused before the matter is used.
#[test]
fn what_the_kernel_would_refuse_or_count_wrongly_is_refused_in_the_catalog() {
    let filing = "systems/licensing/matters/completion-filing";
    let (toml, bpmn) = (format!("{PERMIT}/matter.toml"), format!("{PERMIT}/process.bpmn"));
    let (filing_toml, filing_bpmn) = (format!("{filing}/matter.toml"), format!("{filing}/process.bpmn"));
    let statutory = "statutory = [{ wd = 7,";
    let countersign = "[tasks.countersign]\nkind     = \"countersign\"";
    let site_check = "[tasks.countersign]\nkind     = \"site_check\"";
    let head = "<userTask id=\"head\" name=\"科（股）长审核\">";
    let timer = |time: &str| {
        format!(
            "<boundaryEvent id=\"late\" attachedToRef=\"head\"><timerEventDefinition>{time}</timerEventDefinition></boundaryEvent>{head}"
        )
    };
    let number = "<loopCardinality xsi:type=\"tFormalExpression\">2</loopCardinality>";
    let act = |name: &str| format!("urn:jiantong:act:{name}");
    // file, text, text in its place, element, code
    let mut cases: Vec<(&str, String, String, &str, &str)> = vec![
        (&toml, "outcomes = { agree = { zh = \"会签同意\", en = \"Agree\" }, disagree = { zh = \"会签不同意\", en = \"Disagree\", reason = true } }".into(),
         String::new(), "tasks.countersign", "outcomes"),
        (&toml, "take    = \"grant\"".into(), "take    = \"submission\"".into(), "manager-on-site", "claim-take"),
        (&toml, "take    = \"grant\"".into(), "take    = \"acceptance\"".into(), "manager-on-site", "claim-take"),
        (&filing_toml, "set      = \"completed_on\"".into(), "set      = \"holder\"".into(), "acts.close_permit", "act-parameter"),
        (&toml, statutory.into(), "statutory = [{ wd = 4,".into(), "promised", "limit-promised"),
        (&toml, statutory.into(), "statutory = [{ cd = 3,".into(), "promised", "limit-promised"),
        (&toml, "extension = [{ wd = 10,".into(), "extension = [{ cd = 10,".into(), "extension", "limit-extension"),
        (&toml, statutory.into(), "statutory = [{ hours = 90,".into(), "statutory", "limit-hours"),
        (&toml, "steps     = { accept = { wd = 1 },".into(), "steps     = { accept = { hours = 8 },".into(), "accept", "limit-hours"),
        (&bpmn, head.into(), timer("<timeCycle>R/PT0S</timeCycle>"), "late", "timer"),
        (&bpmn, head.into(), timer("<timeDate>soon</timeDate>"), "late", "timer"),
    ];
    let road = "systems/licensing/matters/road-excavation/matter.toml";
    cases.extend([
        (
            road,
            "department = \"traffic-police\"".into(),
            "department = \"traffic\"".into(),
            "lanes.lane_traffic",
            "lane-department",
        ),
        (road, "approver = \"government-leader\"".into(), "approver = \"mayor\"".into(), "extension", "post-kind"),
        // Another department has an opinion; it neither reviews nor decides.
        (
            road,
            "lane_deputy      = \"deputy-director\"".into(),
            "lane_deputy      = { post = \"deputy-director\", department = \"traffic-police\" }".into(),
            "decide",
            "lane-department",
        ),
        (road, "pauses    = []".into(), "pauses    = []\nlower_review = [{ wd = 20 }]".into(), "limits", "forward"),
        (
            road,
            "[local]".into(),
            "[commitment]\nchosen = \"form.emergency\"\nconditions = []\ncheck = []\n[local]".into(),
            "commitment",
            "commitment",
        ),
    ]);
    for name in ["render", "seal", "publish", "start_case", "archive"] {
        cases.push((&bpmn, act("write_record"), act(name), "record", "act-not-executed"));
        cases.push((&filing_bpmn, act("alter_licence"), act(name), "close_permit", "act-not-executed"));
    }
    let refused = |files: &Files, element: &str, code: &str| {
        let (catalog, problems) = Catalog::parse(files);
        let found = problems.iter().any(|problem| problem.element == element && problem.code == code);
        assert!(catalog.is_none() && found, "{code} {element}\n{}", said(&problems));
    };
    for (file, from, to, element, code) in &cases {
        refused(&planted(file, from, to), element, code);
    }
    // A read task is completed by an outcome like any other; a site check is done by two, and both finish it.
    let no_outcomes = planted(&toml, "[tasks.head]\nkind     = \"check\"", "[tasks.head]\nkind     = \"read\"");
    let text = no_outcomes.text(&toml).unwrap().to_owned();
    let start = text.find("[tasks.head]").unwrap();
    let outcomes = start + text[start..].find("outcomes = ").unwrap();
    let end = outcomes + text[outcomes..].find('\n').unwrap();
    let mut files = no_outcomes;
    files.insert(&toml, format!("{}{}", &text[..outcomes], &text[end..]));
    refused(&files, "tasks.head", "outcomes");
    let mut by_two = planted(&toml, countersign, site_check);
    let problems = Catalog::parse(&by_two).1;
    assert!(problems.iter().all(|problem| problem.code != "site-check"), "{}", said(&problems));
    let process = by_two.text(&bpmn).unwrap().to_owned();
    for (from, to) in [
        (number, number.replace('2', "1")),
        (number, number.replace('2', "form.checkers")),
        (number, format!("{number}<completionCondition>numberOfCompletedInstances = 1</completionCondition>")),
    ] {
        by_two.insert(&bpmn, process.replace(from, &to));
        refused(&by_two, "countersign", "site-check");
    }
}

#[test]
fn a_missing_file_is_named() {
    for (file, code) in [
        (format!("{PERMIT}/process.bpmn"), "file-missing"),
        (format!("{PERMIT}/guide.md"), "file-missing"),
        ("templates/notices/supplement.typ".to_owned(), "notice-template"),
        ("calendars/cn.csv".to_owned(), "file-missing"),
    ] {
        let mut files = few_matters();
        files.remove(&file).unwrap();
        let (catalog, problems) = Catalog::check(&files);
        assert!(catalog.is_none());
        assert!(problems.iter().any(|problem| problem.code == code), "{file}:\n{}", said(&problems));
    }
}

/// matter.md §6: copy a package, add a countersign task and a rule; nothing is rebuilt.
#[test]
fn a_copied_package_with_one_more_countersign_task_and_one_more_rule_is_sound() {
    let base = few_matters();
    let over: Files = base
        .below(&format!("{PERMIT}/"))
        .map(|path| {
            let text = base.text(path).unwrap();
            let text = match path.rsplit('/').next().unwrap() {
                "matter.toml" => text
                    .replace("code      = \"construction-permit\"", "code      = \"construction-permit-fire\"")
                    .replace(
                        "[tasks.head]",
                        "[tasks.fire]\nkind     = \"countersign\"\noutcomes = { agree = \"同意\", disagree = { zh = \"不同意\", reason = true } }\n\n[tasks.head]",
                    ),
                "process.bpmn" => text
                    .replace("<flowNodeRef>countersign</flowNodeRef>", "<flowNodeRef>countersign</flowNodeRef><flowNodeRef>fire</flowNodeRef>")
                    .replace("targetRef=\"head\" />\n    <sequenceFlow id=\"head_done\"", "targetRef=\"fire\" />\n    <sequenceFlow id=\"fire_done\" sourceRef=\"fire\" targetRef=\"head\" />\n    <sequenceFlow id=\"head_done\"")
                    .replace("<userTask id=\"head\"", "<userTask id=\"fire\" name=\"消防会签\"><incoming>countersigned</incoming><outgoing>fire_done</outgoing><multiInstanceLoopCharacteristics><loopCardinality xsi:type=\"tFormalExpression\">2</loopCardinality></multiInstanceLoopCharacteristics></userTask>\n    <userTask id=\"head\"")
                    .replace("<bpmndi:BPMNShape id=\"head_di\"", "<bpmndi:BPMNShape id=\"fire_di\" bpmnElement=\"fire\"><dc:Bounds x=\"800\" y=\"400\" width=\"110\" height=\"70\" /></bpmndi:BPMNShape>\n      <bpmndi:BPMNShape id=\"head_di\""),
                "rules.dmn" => text.replace(
                    "<rule id=\"sp6_missing\">",
                    "<rule id=\"sp7\"><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>\"SP7\"</text></outputEntry><outputEntry><text>\"pass\"</text></outputEntry><outputEntry><text>\"condition\"</text></outputEntry><outputEntry><text>null</text></outputEntry><outputEntry><text>\"消防法 11\"</text></outputEntry><outputEntry><text>\"有合同\"</text></outputEntry><outputEntry><text>\"There is a contract\"</text></outputEntry><outputEntry><text>[\"materials.contract\"]</text></outputEntry></rule>\n      <rule id=\"sp6_missing\">",
                ),
                name if name.ends_with(".json") && path.contains("/examples/") => {
                    text.replace("\"SP6\":", "\"SP7\": \"pass\",\n  \"SP6\":")
                }
                _ => text.to_owned(),
            };
            (path.replace("construction-permit/", "construction-permit-fire/"), text.into_bytes())
        })
        .collect();
    let (before, _) = Catalog::parse(&base);
    let (catalog, problems) = Catalog::parse(&Files::overlay(&base, &over));
    assert_eq!(said(&problems), "");
    let (before, catalog) = (before.unwrap(), catalog.unwrap());
    let copy = catalog.matter("construction-permit-fire").unwrap();
    assert_eq!(copy.task("fire").unwrap().kind, matter::TaskKind::Countersign);
    assert_eq!(copy.task("fire").unwrap().post_kind, "countersign-officer");
    assert!(copy.rules.as_ref().unwrap().rule_ids().contains(&"SP7"));
    // A new package changes the catalog's version and leaves those of other matters alone.
    let original = |catalog: &Catalog| catalog.matter("construction-permit").unwrap().version.clone();
    assert_eq!(original(&before), original(&catalog));
    assert_ne!(before.version(), catalog.version());
    assert_ne!(copy.version, original(&catalog));
}

#[test]
fn the_limit_in_force_on_the_acceptance_date_counts() {
    let (catalog, _) = Catalog::parse(&few_matters());
    let catalog = catalog.unwrap();
    let limits = &catalog.matter("construction-permit").unwrap().spec.limits;
    let promised = |on: &str| limits.in_force(on.parse().unwrap()).map(|found| found.promised.limit);
    assert_eq!(promised("1998-02-28"), None);
    assert_eq!(promised("2005-04-28"), Some(matter::Limit::WorkingDays(7)), "no promise yet: the statutory one");
    assert_eq!(promised("2021-06-30"), Some(matter::Limit::WorkingDays(5)));
    assert_eq!(promised("2021-07-01"), Some(matter::Limit::WorkingDays(3)));
}

#[test]
fn a_reminder_goes_out_when_the_light_changes_colour_and_at_no_other_time() {
    use shared::ReminderAt::{Red, Yellow};
    let with = |yellow: &str| {
        let (catalog, problems) = Catalog::parse(&planted("standards/limits.toml", "at = \"yellow\"", yellow));
        let at = |catalog: Catalog| catalog.limits.reminders.iter().map(|reminder| reminder.at).collect::<Vec<_>>();
        (catalog.map(at), said(&problems))
    };
    assert_eq!(with("at = \"yellow\"").0, Some(vec![Yellow, Red]));
    assert_eq!(with("at = \"red\"").0, Some(vec![Red, Red]));
    // As catalogs said it that cases still keep.
    assert_eq!(with("wd_before = 1").0, Some(vec![Yellow, Red]));
    assert_eq!(with("wd_before = -1").0, Some(vec![Red, Red]));
    for wrong in ["at = \"green\"", "at = 1", "", "at = \"yellow\"\nwd_before = 1", "at = \"yellow\"\ndays = 2"] {
        let (catalog, problems) = with(wrong);
        assert!(catalog.is_none() && problems.contains("standards/limits.toml"), "{wrong}: {problems}");
    }
}

#[test]
fn one_changed_byte_changes_the_version_and_order_does_not() {
    let files =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(p, t)| ((*p).to_owned(), t.as_bytes().to_vec())).collect::<Files>();
    let version = |files: &Files| files.version(files.iter().map(|(path, _)| path));
    let one = files(&[("a", "1"), ("b", "2")]);
    assert_eq!(version(&one), version(&files(&[("b", "2"), ("a", "1")])));
    for other in [&[("a", "1"), ("b", "3")][..], &[("a", "1")], &[("a", "1"), ("c", "2")], &[("a", "2"), ("b", "1")]] {
        assert_ne!(version(&one), version(&files(other)));
    }
}

/// A case keeps the catalog that it started with: one from before other departments were known is read for ever.
#[test]
fn a_catalog_from_before_departments_is_still_read() {
    let mut files = few_matters();
    let rows = |files: &Files, file: &str, keep: &dyn Fn(&str) -> bool| -> String {
        files.text(file).unwrap().lines().filter(|line| keep(line)).map(|line| format!("{line}\n")).collect()
    };
    let own = |line: &str| !line.contains("traffic-police") && !line.contains("government");
    for file in ["directory/organisations.csv", "directory/divisions.csv", "directory/posts.csv"] {
        let text = rows(&files, file, &own).replace(",department,", ",").replace(",construction,", ",");
        files.insert(file, text);
    }
    let limits = rows(&files, "standards/limits.toml", &|line| !line.starts_with("joint"));
    files.insert("standards/limits.toml", limits);
    let mut before = Files::new();
    for (path, bytes) in files.iter().filter(|(path, _)| !path.contains("/road-excavation/")) {
        before.insert(path.to_owned(), bytes.to_vec());
    }
    let (catalog, problems) = Catalog::parse(&before);
    let catalog = catalog.unwrap_or_else(|| panic!("{}", said(&problems)));
    assert_eq!((catalog.directory.own().count(), catalog.directory.organisations.len()), (179, 179));
}

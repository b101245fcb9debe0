//! Whatever a page can do, a program can do: each page has its operation, and both come to the same.

use std::collections::BTreeSet;

use axum::http::Method;
use kernel::directory::{DirectoryCommand, Post};
use serde_json::json;

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, HEAD, OWNER, Office, REVIEWER};
use crate::options;
use crate::story::{PDF, apply, finish};

/// Page → operations that do the same; after a `:` why there is none.
const PAGES: &[(&str, &[&str])] = &[
    ("GET /", &["GET /api/v1/matters"]),
    ("GET /matters", &["GET /api/v1/matters"]),
    ("GET /matters/{code}", &["GET /api/v1/matters/{code}"]),
    ("GET /progress", &["GET /api/v1/progress"]),
    ("GET /verify", &["GET /api/v1/documents/{number}"]),
    ("GET /verify/{number}", &["GET /api/v1/documents/{number}"]),
    ("GET /matters/{code}/apply", &["GET /api/v1/matters/{code}/applicants"]),
    ("POST /matters/{code}/apply", &["POST /api/v1/drafts"]),
    ("GET /drafts/{id}", &["GET /api/v1/drafts/{id}"]),
    ("GET /drafts/{id}/pages/{page}", &["GET /api/v1/drafts/{id}", "GET /api/v1/matters/{code}"]),
    ("POST /drafts/{id}/pages/{page}", &["PUT /api/v1/drafts/{id}/pages/{page}"]),
    ("GET /drafts/{id}/items/{list}/{index}", &["GET /api/v1/drafts/{id}"]),
    (
        "POST /drafts/{id}/items/{list}/{index}",
        &["PUT /api/v1/drafts/{id}/items/{list}/{index}", "DELETE /api/v1/drafts/{id}/items/{list}/{index}"],
    ),
    ("GET /drafts/{id}/files/{material}/content", &["GET /api/v1/drafts/{id}/files/{material}"]),
    ("GET /drafts/{id}/check", &["GET /api/v1/drafts/{id}"]),
    ("POST /drafts/{id}/check", &["POST /api/v1/drafts/{id}/submission"]),
    ("GET /drafts/{id}/remove", &["GET /api/v1/drafts/{id}"]),
    ("POST /drafts/{id}/remove", &["DELETE /api/v1/drafts/{id}"]),
    ("GET /my", &["GET /api/v1/my/cases", "GET /api/v1/drafts"]),
    ("GET /my/cases/{id}", &["GET /api/v1/my/cases/{id}"]),
    ("GET /my/cases/{id}/papers/{number}", &["GET /api/v1/my/cases/{id}/papers/{number}"]),
    ("GET /my/cases/{id}/materials/{code}", &["GET /api/v1/my/cases/{id}/materials/{material}"]),
    ("GET /my/cases/{id}/receipt.json", &["GET /api/v1/my/cases/{id}/receipt"]),
    ("GET /my/cases/{id}/submitted", &["GET /api/v1/my/cases/{id}"]),
    ("GET /my/cases/{id}/supplement", &["GET /api/v1/my/cases/{id}/supplement"]),
    ("POST /my/cases/{id}/supplement", &["POST /api/v1/my/cases/{id}/supplement"]),
    ("POST /my/cases/{id}/supplement/fields", &["PUT /api/v1/my/cases/{id}/supplement"]),
    ("GET /my/cases/{id}/withdraw", &["GET /api/v1/my/cases/{id}"]),
    ("POST /my/cases/{id}/withdraw", &["POST /api/v1/my/cases/{id}/withdrawal"]),
    ("GET /my/cases/{id}/hearing", &["GET /api/v1/my/cases/{id}"]),
    ("POST /my/cases/{id}/hearing", &["POST /api/v1/my/cases/{id}/hearing"]),
    ("GET /my/cases/{id}/statement", &["GET /api/v1/my/cases/{id}"]),
    ("POST /my/cases/{id}/statement", &["POST /api/v1/my/cases/{id}/statement"]),
    ("GET /my/cases/{id}/delivery", &["GET /api/v1/my/cases/{id}"]),
    ("POST /my/cases/{id}/delivery", &["POST /api/v1/my/cases/{id}/delivery"]),
    ("GET /drafts/{id}/files/{material}", &["GET /api/v1/drafts/{id}"]),
    (
        "POST /drafts/{id}/files/{material}",
        &[
            "POST /api/v1/drafts/{id}/files/{material}",
            "DELETE /api/v1/drafts/{id}/files/{material}",
            "PUT /api/v1/drafts/{id}/files/{material}/paper",
        ],
    ),
    (
        "GET /my/cases/{id}/supplement/files/{material}",
        &["GET /api/v1/my/cases/{id}/supplement", "GET /api/v1/my/cases/{id}/supplement/files/{material}"],
    ),
    (
        "POST /my/cases/{id}/supplement/files/{material}",
        &[
            "POST /api/v1/my/cases/{id}/supplement/files/{material}",
            "DELETE /api/v1/my/cases/{id}/supplement/files/{material}",
        ],
    ),
    ("GET /office", &[": goes on to the inbox"]),
    ("GET /office/inbox", &["GET /api/v1/inbox"]),
    ("GET /office/cases", &["GET /api/v1/cases"]),
    ("GET /office/desk", &["GET /api/v1/desk"]),
    ("GET /office/calendar", &["GET /api/v1/calendar"]),
    ("POST /office/calendar/preview", &["POST /api/v1/calendar/preview"]),
    ("POST /office/calendar", &["POST /api/v1/calendar"]),
    ("GET /office/openings", &["GET /api/v1/openings"]),
    ("POST /office/openings", &["POST /api/v1/openings"]),
    ("GET /office/reminders", &["GET /api/v1/reminders", "POST /api/v1/reminders/seen"]),
    ("GET /office/cases/{case}", &["GET /api/v1/cases/{case}"]),
    ("GET /office/cases/{case}/form", &["GET /api/v1/cases/{case}"]),
    ("GET /office/cases/{case}/clock", &["GET /api/v1/cases/{case}/clocks"]),
    ("GET /office/cases/{case}/diagram", &["GET /api/v1/cases/{case}/process"]),
    ("GET /office/cases/{case}/acts/{act}", &["GET /api/v1/cases/{case}", "GET /api/v1/cases/{case}/hearing/hosts"]),
    (
        "POST /office/cases/{case}/acts/{act}",
        &[
            "POST /api/v1/cases/{case}/pause",
            "POST /api/v1/cases/{case}/resume",
            "POST /api/v1/cases/{case}/extension",
            "POST /api/v1/cases/{case}/hearing/offer",
            "POST /api/v1/cases/{case}/hearing/request",
            "POST /api/v1/cases/{case}/hearing/refusal",
            "POST /api/v1/cases/{case}/hearing/appointment",
            "POST /api/v1/cases/{case}/hearing/minutes",
            "POST /api/v1/cases/{case}/statement",
            "POST /api/v1/cases/{case}/delivery",
        ],
    ),
    ("GET /office/cases/{case}/tasks/{task}/assign", &["GET /api/v1/cases/{case}/tasks/{task}/candidates"]),
    ("POST /office/cases/{case}/tasks/{task}/assign", &["POST /api/v1/cases/{case}/tasks/{task}/assignment"]),
    ("GET /office/cases/{case}/tasks/{task}/countersigner", &["GET /api/v1/cases/{case}/tasks/{task}/countersigners"]),
    (
        "POST /office/cases/{case}/tasks/{task}/countersigner",
        &["POST /api/v1/cases/{case}/tasks/{task}/countersigners"],
    ),
    ("POST /office/cases/{case}/tasks/{task}/drop", &["DELETE /api/v1/cases/{case}/tasks/{task}"]),
    ("GET /office/cases/{case}/materials/{material}", &["GET /api/v1/cases/{case}/materials/{material}"]),
    ("GET /office/cases/{case}/papers/{number}", &["GET /api/v1/cases/{case}/papers/{number}"]),
    ("POST /office/cases/{case}/tasks/{task}", &["POST /api/v1/cases/{case}/tasks/{task}/completion"]),
    ("POST /office/cases/{case}/tasks/{task}/claim", &["POST /api/v1/cases/{case}/tasks/{task}/claim"]),
    ("POST /office/cases/{case}/tasks/{task}/release", &["POST /api/v1/cases/{case}/tasks/{task}/release"]),
    ("GET /office/cases/{case}/tasks/{task}/outcomes/{outcome}", &["GET /api/v1/cases/{case}"]),
    ("GET /sign-in", &[": a form; the accounts of a demonstration are shown to people"]),
    ("POST /sign-in", &["POST /api/v1/session"]),
    ("GET /login", &[": goes on to sign in"]),
    ("GET /sign-in/again", &[": a form"]),
    ("POST /sign-in/again", &["POST /api/v1/session/elevation"]),
    ("POST /logout", &["DELETE /api/v1/session"]),
    ("POST /session/keep", &["GET /api/v1/session"]),
    ("GET /account", &["GET /api/v1/session"]),
    ("POST /account/post", &["POST /api/v1/session/post"]),
    ("GET /settings", &[": language and type size of a browser; a program says lang= in the query"]),
    ("GET /setup", &["GET /api/v1/setup"]),
    ("POST /setup", &["POST /api/v1/setup"]),
    ("GET /account/password", &[": a form"]),
    ("POST /account/password", &["PUT /api/v1/account/password"]),
    ("GET /account/contact", &["GET /api/v1/account/contact"]),
    ("POST /account/contact", &["PUT /api/v1/account/contact"]),
    ("GET /office/messages", &["GET /api/v1/messages"]),
    ("POST /office/messages/{case}/{key}/retry", &["POST /api/v1/messages/{case}/{key}/retry"]),
];

#[test]
fn every_page_has_its_operation() {
    let all = service::routes();
    let (operations, pages): (BTreeSet<String>, BTreeSet<String>) = {
        let named = all.list().iter().map(|route| format!("{} {}", route.method, route.path));
        named.partition(|route| route.contains(" /api/"))
    };
    let listed: BTreeSet<String> = PAGES.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(listed, pages);
    for (page, same) in PAGES {
        assert!(!same.is_empty(), "{page}");
        for operation in *same {
            assert!(operation.starts_with(": ") || operations.contains(*operation), "{page}: no {operation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_is_the_one_that_the_page_draws() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK, REVIEWER]).await;
    let served = served(&office.app);
    let case = apply(&Client::signed_in(&served, OWNER).await, &office, &[]).await;
    let clerk = Client::signed_in(&served, CLERK).await;
    finish(&clerk, &case, "accept", &json!({ "outcome": "accepted" })).await;
    let officer = Client::signed_in(&served, REVIEWER).await;
    let process = officer.get(&format!("/api/v1/cases/{case}/process?lang=en")).await.json();
    assert_eq!(process["tokens"], json!(["review"]));
    let list = |name: &str| process[name].as_array().unwrap().clone();
    let node = |id: &str| list("nodes").into_iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("{id}"));
    let places = ["accept", "review", "decide"].map(|id| node(id)["place"].as_str().unwrap().to_owned());
    assert_eq!(places, ["done", "now", "other"]);
    // Whatever a line joins is there, and the line begins and ends where something stands.
    for flow in list("flows") {
        assert!(flow["waypoints"].as_array().unwrap().len() >= 2, "{flow}");
        for end in ["from", "to"] {
            assert!(node(flow[end].as_str().unwrap())["bounds"].is_object(), "{flow}");
        }
    }
    let lanes: BTreeSet<String> = list("lanes").iter().map(|lane| lane["id"].to_string()).collect();
    let shown = list("nodes")
        .iter()
        .filter(|node| node["lane"].is_string())
        .all(|node| lanes.contains(&node["lane"].to_string()));
    assert!(shown && lanes.len() > 2, "{lanes:?}");
    // The page paints the same: as many lines, and each step with the same place.
    let page = officer.get(&format!("/office/cases/{case}/diagram")).await.text();
    assert_eq!(page.matches("<polyline").count(), list("flows").len());
    let painted = list("nodes").len() + lanes.len();
    assert_eq!(page.matches("<g class=").count(), painted);
    assert_eq!(page.matches("<g class=\"now\">").count(), 1);
    let listed = page.split("<ol class=\"dots").nth(1).and_then(|rest| rest.split("</ol>").next()).unwrap();
    assert_eq!(listed.matches("<li>").count(), list("steps").len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_for_a_supplement_can_be_read_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let served = served(&office.app);
    let owner = Client::signed_in(&served, OWNER).await;
    let code = office.example().form["applicant_code"].as_str().unwrap().to_owned();
    let applicants = owner.get("/api/v1/matters/construction-permit/applicants").await.json();
    assert_eq!(applicants["organisations"][0]["code"], json!(code));
    let page = owner.get("/matters/construction-permit/apply").await.text();
    assert!(page.contains(applicants["organisations"][0]["name"].as_str().unwrap()), "{applicants}");
    let typed = json!({ "matter": "construction-permit", "applicant": format!(" {} ", code.to_lowercase()) });
    assert_eq!(owner.post("/api/v1/drafts", &typed).await.status, 201, "as it was typed from a paper");

    let case = apply(&owner, &office, &["contract"]).await;
    let clerk = Client::signed_in(&served, CLERK).await;
    let ask = json!({ "outcome": "supplement", "items": [{ "target": "contract", "words": "bring it" }] });
    finish(&clerk, &case, "accept", &ask).await;
    let file = format!("/api/v1/my/cases/{case}/supplement/files/contract");
    assert_eq!(owner.get(&file).await.status, 404);
    assert_eq!(owner.upload(&file, "a.pdf", PDF).await.status, 204);
    assert_eq!(owner.get(&file).await.bytes, PDF);
    let given = |view: serde_json::Value| view["lines"][0]["given"].clone();
    let asked = format!("/api/v1/my/cases/{case}/supplement");
    assert_eq!(given(owner.get(&asked).await.json()), json!(true));
    assert_eq!(owner.send(Method::DELETE, &file, &json!({})).await.status, 204);
    assert_eq!(given(owner.get(&asked).await.json()), json!(false));
    let other = format!("/api/v1/my/cases/{case}/supplement/files/award_notice");
    assert_eq!(owner.get(&other).await.status, 422, "only what was asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_two_posts_is_told_to_choose_and_not_sent_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[CLERK]).await;
    let held = office.app.organisation_of("130123").await.unwrap();
    let post = Post {
        id: office.app.new_post(),
        kind: "case-officer".to_owned(),
        organisation: held.code.clone(),
        region: held.region,
        division: "approval".to_owned(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_until: None,
    };
    let (account, id) = (uuid::Uuid::from_bytes([CLERK; 16]), post.id.to_string());
    let assign = DirectoryCommand::Assign { account: base::id::AccountId::from_uuid(account), post };
    office.app.direct(assign).await.unwrap();
    let served = served(&office.app);
    let mut client = Client::signed_in(&served, CLERK).await;
    let asked = client.get("/api/v1/inbox").await;
    assert_eq!((asked.status.as_u16(), &asked.json()["code"]), (403, &json!("no-post")), "{}", asked.text());
    let who = client.get("/api/v1/session").await.json();
    assert_eq!((who["posts"].as_array().unwrap().len(), &who["post"]), (2, &json!(null)));
    assert_eq!(who["posts"][0]["organisation_name"], json!(held.name));
    let chosen = client.post("/api/v1/session/post", &json!({ "post": id })).await;
    client.keep(&chosen);
    assert_eq!(client.get("/api/v1/inbox").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reminders_are_counted_until_they_were_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[HEAD]).await;
    let served = served(&office.app);
    let case = office.apply(&[]).await;
    office.remind(case, HEAD).await;
    let head = Client::signed_in(&served, HEAD).await;
    let unread = |who: serde_json::Value| who["unread"].clone();
    assert_eq!(unread(head.get("/api/v1/session").await.json()), json!(1));
    let listed = head.get("/api/v1/reminders").await.json();
    assert_eq!((&listed[0]["case"], &listed[0]["stage"]), (&json!(case), &json!("yellow")), "{listed}");
    assert_eq!(
        unread(head.get("/api/v1/session").await.json()),
        json!(1),
        "a program may look without being the person"
    );
    assert_eq!(head.post("/api/v1/reminders/seen", &json!({})).await.status, 204);
    assert_eq!(unread(head.get("/api/v1/session").await.json()), json!(0));
}

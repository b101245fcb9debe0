//! A request that comes twice gets the first answer, and what nobody may have or name is refused in order.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::client::{Client, hidden, let_in, served};
use crate::office::{CLERK, OWNER, Office};
use crate::options;
use crate::story::{apply, finish, typed};

const ARCHIVIST: u8 = 24;
const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_gets_the_first_answer_also_when_its_ground_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let router = served(&office.app);
    let clerk = Client::signed_in(&router, CLERK).await;
    let example = office.example();
    let begin = json!({ "matter": office.matter.code(), "applicant": example.form["applicant_code"] });

    // Starting: one draft, whoever clicks twice.
    let begun = clerk.post("/api/v1/drafts", &begin).await;
    let again = clerk.once_more().post("/api/v1/drafts", &begin).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (201, &begun.json()["id"]));
    let other = json!({ "matter": "completion-filing", "applicant": example.form["applicant_code"] });
    assert_eq!(clerk.once_more().post("/api/v1/drafts", &other).await.status, 409, "the key stands for another wish");
    assert_eq!(clerk.get("/api/v1/drafts").await.json().as_array().unwrap().len(), 1);

    // Handing in at the window: the draft is gone when the repeat comes, and the case is nobody's account's.
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    for (page, answers) in typed(&office.matter, &example.form) {
        clerk.send(Method::PUT, &format!("/api/v1/drafts/{id}/pages/{page}"), &answers).await;
    }
    for code in &example.materials {
        clerk.send(Method::PUT, &format!("/api/v1/drafts/{id}/files/{code}/paper"), &json!({})).await;
    }
    let path = format!("/api/v1/drafts/{id}/submission");
    let sent = clerk.post(&path, &json!({})).await;
    let again = clerk.once_more().post(&path, &json!({})).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    assert_eq!((again.status, again.json()), (sent.status, sent.json()));

    // Answering a supplement notice: the stage has moved on when the repeat comes.
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let ask = json!({ "outcome": "supplement", "items": [{ "target": "contract", "words": "请补交施工合同" }] });
    finish(&clerk, &case, "accept", &ask).await;
    owner.upload(&format!("/api/v1/my/cases/{case}/supplement/files/contract"), "a.pdf", PDF).await;
    let path = format!("/api/v1/my/cases/{case}/supplement");
    assert_eq!(owner.post(&path, &json!({})).await.status, 204);
    assert_eq!(owner.once_more().post(&path, &json!({})).await.status, 204);
    assert_eq!(owner.post(&path, &json!({})).await.status, 409, "another key is another wish");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_material_that_the_matter_does_not_know_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER]).await;
    let owner = Client::signed_in(&served(&office.app), OWNER).await;
    let begin = json!({ "matter": office.matter.code(), "applicant": office.example().form["applicant_code"] });
    let id = owner.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    let page = owner.get(&format!("/drafts/{id}/files/contract")).await.text();
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = |more: &str| {
        let guard = ["_csrf", "_nonce"].map(|name| part(name, hidden(&page, name))).concat();
        format!("{guard}{more}--b--\r\n").into_bytes()
    };
    let kind = Some("multipart/form-data; boundary=b");
    for (material, more, status) in [
        ("x%0Ay", part("remove", "1"), 404),
        ("x%0Ay", part("paper", "1"), 403),
        ("contract", part("remove", "1"), 303),
        ("contract", part("note", &"a".repeat(5_000)), 413),
    ] {
        let path = format!("/drafts/{id}/files/{material}");
        let answer = owner.request(Method::POST, &path, kind, body(&more)).await;
        assert_eq!(answer.status, status, "{material} {}: {}", &more[..60], answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn papers_need_the_power_to_read_files() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    office.employ(ARCHIVIST, "archivist", "130123").await;
    let_in(&office.app, &[OWNER, CLERK, ARCHIVIST]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let notices = owner.get(&format!("/api/v1/my/cases/{case}")).await.json()["notices"].clone();
    let number = web::page::percent_encode(notices[0]["number"].as_str().unwrap());
    let archivist = Client::signed_in(&router, ARCHIVIST).await;
    assert_eq!(archivist.get(&format!("/api/v1/cases/{case}")).await.status, 200, "sees the case");
    for path in [format!("papers/{number}"), "materials/award_notice".to_owned()] {
        assert_eq!(archivist.get(&format!("/api/v1/cases/{case}/{path}")).await.status, 403, "{path}");
        assert_eq!(archivist.get(&format!("/office/cases/{case}/{path}")).await.status, 403, "{path}");
    }
    // This node has no fonts: whoever may read gets as far as the printer.
    let clerk = Client::signed_in(&router, CLERK).await;
    assert_eq!(clerk.get(&format!("/api/v1/cases/{case}/papers/{number}")).await.status, 503);
}

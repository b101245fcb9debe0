//! Pages as a person uses them without scripts: forms are read from the page, filled in and sent.

use axum::http::{Method, StatusCode};
use kernel::form::Widget;
use serde_json::json;

use crate::client::{Answer, Client, let_in, served};
use crate::office::{CLERK, LEADER, OWNER, Office};
use crate::options;
use crate::story::{PDF, apply, finish, typed};

/// The value of the first field of that name on a page.
fn value_of<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}"));
    rest.split_once('"').unwrap().0
}

/// Sends a form of a page to an address.
pub(crate) async fn send(client: &Client, page: &Answer, to: &str, fields: &[(&str, &str)]) -> Answer {
    let text = page.text();
    let guard = [("_csrf", value_of(&text, "_csrf")), ("_nonce", value_of(&text, "_nonce"))];
    let encode = |text: &str| web::page::percent_encode(text);
    let pairs = guard.iter().chain(fields).map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let body = pairs.collect::<Vec<_>>().join("&").into_bytes();
    client.request(Method::POST, to, Some("application/x-www-form-urlencoded"), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_applies_in_the_name_of_another_firm() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let example = office.example();
    let (code, name) = (&example.form["applicant_code"], &example.form["applicant_name"]);
    let firm = json!({ "code": code, "name": name, "kind": "owner", "region": "130123", "status": "active" });
    office.app.write_record("enterprises", &firm).await.unwrap();
    let begin = json!({ "matter": office.matter.code(), "applicant": code });
    let id = owner.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    let page = owner.get(&format!("/drafts/{id}/pages/applicant")).await;
    let text = page.text();
    let shown = format!("id=\"applicant_name\" value=\"{}\" readonly", name.as_str().unwrap());
    assert!(text.contains(&shown), "{text}");
    assert!(!text.contains("name=\"applicant_code\""), "{text}");

    let mut answers = typed(&office.matter, &example.form)["applicant"].clone();
    answers["applicant_code"] = json!("91130100MA07XB0C12");
    answers["applicant_name"] = json!("别家建设有限公司");
    let saved = owner.send(Method::PUT, &format!("/api/v1/drafts/{id}/pages/applicant"), &answers).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let form = owner.get(&format!("/api/v1/drafts/{id}")).await.json()["draft"]["form"].clone();
    for field in ["applicant_code", "applicant_name"] {
        assert_eq!(form[field], example.form[field], "{form}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_has_an_answer_of_the_form_corrected_and_loses_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let clerk = Client::signed_in(&router, CLERK).await;
    let view = clerk.get(&format!("/api/v1/cases/{case}")).await.json();
    let to = format!("/office/cases/{case}/tasks/{}", view["tasks"][0]["task"]);

    // The button takes along what is written; its page offers the answers of the form, but not who applies.
    let page = clerk.get(&format!("/office/cases/{case}")).await;
    let asked = send(&clerk, &page, &to, &[("outcome", "not_accepted"), ("opinion", "写了一半的理由")]).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    assert!(asked.text().contains("写了一半的理由"), "{}", asked.text());
    let page = clerk.get(&format!("{to}/outcomes/supplement")).await;
    assert!(page.text().contains("value=\"form:address\"") && !page.text().contains("form:applicant"));

    // Nothing ticked, a face that no paper can show: the words stay.
    let mut lines = vec![("outcome", "supplement"), ("own_page", "yes"), ("words-form:address", "门牌号不对")];
    let none = send(&clerk, &page, &to, &lines).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().contains("门牌号不对"), "{}", none.text());
    lines[2].1 = "门牌号不对😀";
    lines.push(("item", "form:address"));
    let unfit = send(&clerk, &page, &to, &lines).await;
    assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unfit.text().contains("门牌号不对😀"), "{}", unfit.text());
    lines[2].1 = "门牌号不对";
    let done = send(&clerk, &page, &to, &lines).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());

    // The applicant corrects that answer and nothing else.
    let page = owner.get(&format!("/my/cases/{case}/supplement")).await;
    assert!(page.text().contains("门牌号不对") && page.text().contains("name=\"address\""), "{}", page.text());
    let to = format!("/my/cases/{case}/supplement");
    let address = "石家庄市正定县新区大街 18 号";
    let saved = send(&owner, &page, &format!("{to}/fields"), &[("address", address)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let sent = send(&owner, &owner.get(&to).await, &to, &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(office.case(case.parse().unwrap()).await.form["address"], json!(address));
}

/// Whether the vault still opens what an entry committed to.
async fn opens(office: &Office, commitment: &journal::Commitment) -> bool {
    let subject = base::id::SubjectId::from_uuid(uuid::Uuid::from_bytes(commitment.subject.0));
    let wanted = vec![(subject, commitment.field.clone())];
    let opened = office.app.store().read(move |reader| reader.open(&wanted)).await.unwrap();
    let store::Opened::Value { salt, value } = &opened[0] else { return false };
    journal::commit(salt, value.as_bytes()) == commitment.hash
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_supplement_replaces_stays_provable() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let clerk = Client::signed_in(&router, CLERK).await;
    let first = office.case(case.parse().unwrap()).await;
    let targets = [("contract", "看不清"), ("form:contact_phone", "号码打不通")];
    let items: Vec<_> = targets.iter().map(|(target, words)| json!({ "target": target, "words": words })).collect();
    finish(&clerk, &case, "accept", &json!({ "outcome": "supplement", "items": items })).await;

    let to = format!("/my/cases/{case}/supplement");
    let page = owner.get(&to).await;
    let saved = send(&owner, &page, &format!("{to}/fields"), &[("contact_phone", "13912345678")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    owner.upload(&format!("/api/v1/my/cases/{case}/supplement/files/contract"), "新.pdf", PDF).await;
    let sent = send(&owner, &owner.get(&to).await, &to, &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());

    let now = office.case(case.parse().unwrap()).await;
    assert_eq!(office.app.personal_fields(&now).await.unwrap()["/contact_phone"], json!("13912345678"));
    let names = first.materials.iter().chain(&now.materials).filter_map(|material| match &material.source {
        kernel::case::MaterialSource::Upload { name, .. } => Some(name),
        _ => None,
    });
    let committed: Vec<_> = first.sealed.iter().chain(&now.sealed).chain(names).collect();
    assert!(committed.iter().filter(|one| one.field.ends_with("/contact_phone")).count() > 1);
    for commitment in committed {
        assert!(opens(&office, commitment).await, "{}", commitment.field);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opinion_outlives_a_task_that_somebody_else_took() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER, CLERK, LEADER]).await;
    let router = served(&office.app);
    let case = apply(&Client::signed_in(&router, OWNER).await, &office, &[]).await;
    let clerk = Client::signed_in(&router, CLERK).await;
    let view = clerk.get(&format!("/api/v1/cases/{case}")).await.json();
    let to = format!("/office/cases/{case}/tasks/{}", view["tasks"][0]["task"]);
    let page = clerk.get(&format!("/office/cases/{case}")).await;
    let claimed = send(&clerk, &page, &format!("{to}/claim"), &[("opinion", "先写下的意见")]).await;
    assert_eq!(claimed.status, StatusCode::OK);
    assert!(claimed.text().contains("先写下的意见</textarea>"), "{}", claimed.text());

    finish(&clerk, &case, "accept", &json!({ "outcome": "accepted", "opinion": "材料齐全" })).await;
    let late = send(&clerk, &page, &to, &[("outcome", "accepted"), ("opinion", "写好的意见")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    assert!(late.text().contains("写好的意见"), "{}", late.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_is_added_without_losing_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, files) = (testkit::world::catalog(), testkit::world::catalog_files());
    let office = Office::open_with(options(folder.path()), catalog, &files, "completion-filing").await;
    let_in(&office.app, &[OWNER]).await;
    let owner = Client::signed_in(&served(&office.app), OWNER).await;
    let begin = json!({ "matter": "completion-filing", "applicant": office.example().form["applicant_code"] });
    let id = owner.post("/api/v1/drafts", &begin).await.json()["id"].as_str().unwrap().to_owned();
    let list = office.matter.form.fields().iter().find(|field| field.widget == Widget::Items).unwrap();
    let beside =
        office.matter.form.fields().iter().find(|field| field.page == list.page && field.widget == Widget::Date);
    let to = format!("/drafts/{id}/pages/{}", list.page);
    let page = owner.get(&to).await;
    let added = send(&owner, &page, &to, &[(&beside.unwrap().name, "2025-11"), ("add", &list.name)]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    assert_eq!(owner.get(&format!("/drafts/{id}/items/{}/0", list.name)).await.status, StatusCode::OK);
    let page = owner.get(&to).await;
    assert!(page.text().contains("value=\"2025-11\""), "what does not stand yet is kept too: {}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_finds_its_drafts_and_a_problem_keeps_its_frame() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[CLERK]).await;
    let clerk = Client::signed_in(&served(&office.app), CLERK).await;
    let to = format!("/matters/{}/apply", office.matter.code());
    let start = clerk.get(&to).await;
    let wrong = send(&clerk, &start, &to, &[("whom", "91130123MA0001018B")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("value=\"91130123MA0001018B\""), "{}", wrong.text());
    let code = office.example().form["applicant_code"].as_str().unwrap();
    assert_eq!(send(&clerk, &start, &to, &[("whom", code)]).await.status, StatusCode::SEE_OTHER);
    let desk = clerk.get("/office/desk").await.text();
    let (_, rest) = desk.split_once("href=\"/drafts/").expect("the draft stands on the desk");
    let remove = format!("/drafts/{}/remove", rest.split_once('"').unwrap().0);
    let gone = send(&clerk, &clerk.get(&remove).await, &remove, &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(!clerk.get("/office/desk?done=draft-removed").await.text().contains("href=\"/drafts/"));

    let nowhere = clerk.get(&format!("/office/cases/{}", office.app.new_case())).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let text = nowhere.text();
    assert!(text.contains(&format!("person {CLERK}")) && text.contains("class=\"side-menu\""), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_is_verified_by_what_stands_on_it_and_by_the_case_number() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let_in(&office.app, &[OWNER]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &[]).await;
    let view = owner.get(&format!("/api/v1/my/cases/{case}")).await.json();
    let receipt = &view["notices"][0];
    let (number, code) = (receipt["number"].as_str().unwrap(), receipt["code"].as_str().unwrap());
    let typed = number.replace(['\u{3014}', '\u{ff08}'], "[").replace(['\u{3015}', '\u{ff09}'], "]");
    let anybody = Client::anonymous(&router);
    for given in [number, &typed, view["number"].as_str().unwrap()] {
        let address = format!("/verify/{}?code={code}", web::page::percent_encode(given));
        assert_eq!(anybody.get(&address).await.status, StatusCode::OK, "{given}");
    }
    assert_eq!(anybody.get(&format!("/verify/{}?code=00", view["number"].as_str().unwrap())).await.status, 404);
}

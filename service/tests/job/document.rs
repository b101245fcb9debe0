//! The OpenAPI document: it conforms to 3.1, it describes every body field by field, and every answer that a test gets is one that it describes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::http::{Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::office::Office;
use crate::openapi::{faults, operations, undescribed};
use crate::options;

/// The document, as answers are held against it.
pub(crate) struct Described {
    document: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Described {
    /// Of a document. A field that a type does not name is not described, whatever the document lets pass.
    pub(crate) fn by(document: &Value) -> Self {
        let mut document = document.clone();
        for (name, schema) in document["components"]["schemas"].as_object_mut().unwrap() {
            if !name.starts_with("form-") {
                closed(schema);
            }
        }
        Self { document, validators: Mutex::default() }
    }

    /// Panics unless the document says that this operation may answer so.
    pub(crate) fn check(&self, method: &Method, path: &str, status: StatusCode, media: &str, body: &[u8]) {
        let begins: String = String::from_utf8_lossy(body).chars().take(1_000).collect();
        let what = format!("{method} {path} {status} {media}: {begins}");
        if status.is_client_error() || status.is_server_error() {
            assert!(media.starts_with("application/problem+json"), "{what}");
            return self.validate(&json!({ "$ref": "#/components/schemas/Problem" }), body, &what);
        }
        let found = operations(&self.document).find(|(template, verb, _)| {
            verb.eq_ignore_ascii_case(method.as_str()) && fits(template, path.split('?').next().unwrap())
        });
        let (_, _, operation) = found.unwrap_or_else(|| panic!("not in the document: {what}"));
        let said = &operation["responses"][status.as_str()];
        assert!(said.is_object(), "not described: {what}");
        match said["content"].as_object() {
            None => assert!(body.is_empty(), "a body that is not described: {what}"),
            Some(content) => match content.get("application/json") {
                Some(json) => {
                    assert_eq!(media, "application/json", "{what}");
                    self.validate(&json["schema"], body, &what);
                }
                None => {
                    assert!(
                        content.contains_key("*/*") || content.keys().any(|said| media.starts_with(said)),
                        "{what}"
                    );
                }
            },
        }
    }

    fn validate(&self, schema: &Value, body: &[u8], what: &str) {
        let mut known = self.validators.lock().unwrap();
        let validator = known.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole.as_object_mut().unwrap().insert("components".to_owned(), self.document["components"].clone());
            let options = jsonschema::draft202012::options().should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{schema}: {error}")))
        });
        let body: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {what}"));
        let wrong: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "not as described: {wrong:#?}\n{what}");
    }
}

/// Refuses the properties that are not named, at every depth.
fn closed(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(closed),
        Value::Object(map) => {
            map.values_mut().for_each(closed);
            if map.get("properties").is_some_and(|named| named.as_object().is_some_and(|named| !named.is_empty()))
                && map.get("type").is_some()
            {
                map.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        _ => {}
    }
}

/// Is it an address of that template?
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}

/// The document of an office of its own.
pub(crate) fn document() -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = runtime.block_on(Office::open(options(folder.path())));
    service::api::openapi(&office.app)
}

#[test]
fn the_document_and_the_routes_name_each_other() {
    let document = document();
    let described: BTreeSet<(String, String)> =
        operations(&document).map(|(path, method, _)| (method.to_uppercase(), path.to_owned())).collect();
    let mounted = service::routes();
    let mounted = mounted.list().iter().filter(|route| route.path.starts_with("/api/"));
    let mounted: BTreeSet<(String, String)> =
        mounted.map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(described, mounted);
    assert!(document["components"]["schemas"].get("form-construction-permit").is_some());
}

#[test]
fn the_document_conforms_to_openapi_3_1() {
    assert_eq!(faults(&document()), Vec::<String>::new());
}

/// What a careless change does to the document, and the fault that must be found then.
#[test]
fn a_fault_of_the_document_is_found() {
    let document = document();
    let one = "/paths/~1api~1v1~1drafts~1{id}/get";
    let at = |rest: &str| format!("{one}/{rest}");
    for (place, instead, fault) in [
        ("/openapi".to_owned(), json!("3.0.3"), "openapi"),
        ("/info/version".to_owned(), json!(1), "info"),
        (at("operationId"), json!("get_drafts"), "operationId get_drafts"),
        (at("summary"), json!(""), "summary"),
        (at("parameters"), json!([]), "id is in the path and not declared"),
        (at("parameters/0/required"), json!(false), "id is not required"),
        (at("parameters/0/schema"), json!(null), "id has no schema"),
        (at("parameters/0/name"), json!("idd"), "idd is declared and not in the path"),
        (at("responses"), json!({}), "no response"),
        (at("responses/200"), json!({}), "200 has no description"),
        (at("responses/200/content/application~1json"), json!({}), "application/json has no schema"),
        (at("responses/200/content/application~1json/schema/$ref"), json!("#/components/schemas/No"), "leads nowhere"),
        (at("requestBody"), json!({ "content": {} }), "a body with get"),
        (at("security"), json!([{ "token": [] }]), "security token"),
        ("/components/schemas/Draft/type".to_owned(), json!("thing"), "Draft"),
        ("/components/schemas/Draft".to_owned(), json!({ "properties": { "id": 1 } }), "Draft"),
        ("/components/schemas/a b".to_owned(), json!({}), "a b is no name"),
        ("/paths/~1api~1v1~1drafts~1{other}".to_owned(), json!({}), "same address"),
    ] {
        let mut edited = document.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = edited.pointer_mut(parent).unwrap_or_else(|| panic!("{place}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = instead,
            Value::Object(map) => {
                map.insert(name.replace("~1", "/"), instead);
            }
            _ => panic!("{place}"),
        }
        let found = faults(&edited);
        assert!(found.iter().any(|found| found.contains(fault)), "{place}: {fault} in {found:#?}");
    }
}

/// Values whose shape the catalog or the journal gives, not this program: type and field.
const FREE: [&str; 9] = [
    "Draft.form",
    "JournalEntry.body",
    "Matter.form",
    "OpenApi.components",
    "OpenApi.info",
    "OpenApi.paths",
    "OpenApi.servers",
    "OwnCaseView.form",
    "SupplementView.form",
];

#[test]
fn every_body_is_described_field_by_field() {
    let mut document = document();
    assert_eq!(undescribed(&document), FREE.map(str::to_owned).into());
    // A field that lost its type is noticed, and so is an answer that never had one.
    document["components"]["schemas"]["DraftFile"]["properties"]["hash"] = json!({});
    document["paths"]["/api/v1/desk"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = json!({});
    let found = undescribed(&document);
    assert!(found.contains("DraftFile.hash") && found.contains("/api/v1/desk get 200"), "{found:?}");
}

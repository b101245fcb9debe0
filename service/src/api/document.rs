//! The OpenAPI 3.1 document: made from the operations as they are mounted, the types of their bodies, and the forms of the catalog.

use axum::extract::State;
use axum::http::Method;
use serde_json::{Map, Value, json};

use super::doc::{Comes, Doc, Gives, Named};
use super::reply;
use crate::app::App;
use crate::session::Answer;

/// `GET /api/v1/openapi.json`.
pub(super) async fn show(State(app): State<App>) -> Answer {
    reply(&openapi(&app))
}

/// The whole document.
pub fn openapi(app: &App) -> Value {
    let api = super::api();
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: Map<String, Value> = Map::new();
    keep(&mut schemas, &Named::of::<web::problem::FieldProblem>());
    schemas.insert("Problem".to_owned(), problem_schema());
    for (route, doc) in api.routes.list().iter().zip(&api.docs) {
        if let Comes::Json(named) = &doc.takes {
            keep(&mut schemas, named);
        }
        if let Gives::One(named) | Gives::Many(named) = &doc.gives {
            keep(&mut schemas, named);
        }
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(route.method.as_str().to_lowercase(), operation(&route.method, route.path, doc));
        }
    }
    for (code, matter) in &app.catalog().matters {
        let name = format!("form-{code}");
        schemas.insert(name, matter.form.schema().clone());
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Jiantong",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": app.settings().public_url }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "jt" } },
        },
    })
}

/// Two types under one name would leave one of them undescribed.
fn keep(schemas: &mut Map<String, Value>, named: &Named) {
    for (name, schema) in &named.schemas {
        let before = schemas.insert(name.clone(), schema.clone());
        debug_assert!(before.is_none_or(|before| before == *schema), "two schemas are called {name}");
    }
}

fn operation(method: &Method, path: &'static str, doc: &Doc) -> Value {
    let parts: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), json!(operation_id(method, &parts)));
    operation.insert("tags".to_owned(), json!([parts[0].trim_end_matches(".json")]));
    operation.insert("summary".to_owned(), json!(doc.summary));
    operation.insert("parameters".to_owned(), parameters(&parts, doc));
    operation.insert("security".to_owned(), if doc.open { json!([]) } else { json!([{ "session": [] }]) });
    if let Some(body) = request_body(&doc.takes) {
        operation.insert("requestBody".to_owned(), body);
    }
    operation.insert("responses".to_owned(), responses(doc));
    Value::Object(operation)
}

/// `get_drafts_by_id`: a name for generated clients that changes only when the address does.
fn operation_id(method: &Method, parts: &[&str]) -> String {
    let word = |part: &&str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => format!("by_{name}"),
        None => part.replace(['.', '-'], "_"),
    };
    let words: Vec<String> = parts.iter().map(word).collect();
    format!("{}_{}", method.as_str().to_lowercase(), words.join("_"))
}

fn parameters(parts: &[&str], doc: &Doc) -> Value {
    let named = parts.iter().filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = named
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(doc.query.iter().map(|asked| {
        json!({
            "name": asked.name, "in": "query", "required": asked.required, "description": asked.meaning,
            "schema": { "type": "string" },
        })
    }));
    if doc.key {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "8 to 64 letters, digits, `-`, `_`, `.`; a repeat gets the first answer",
            "schema": { "type": "string", "minLength": 8, "maxLength": 64 },
        }));
    }
    Value::Array(parameters)
}

fn refer(named: &Named) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", named.name) })
}

fn request_body(takes: &Comes) -> Option<Value> {
    let content = match takes {
        Comes::Nothing => return None,
        Comes::Json(named) => json!({ "application/json": { "schema": refer(named) } }),
        Comes::File => json!({ "multipart/form-data": { "schema": {
            "type": "object", "required": ["file"],
            "properties": { "file": { "type": "string", "contentMediaType": "application/octet-stream" } },
        } } }),
    };
    Some(json!({ "required": true, "content": content }))
}

fn responses(doc: &Doc) -> Value {
    let content = match &doc.gives {
        Gives::Nothing => None,
        Gives::One(named) => Some(json!({ "application/json": { "schema": refer(named) } })),
        Gives::Many(named) => {
            Some(json!({ "application/json": { "schema": { "type": "array", "items": refer(named) } } }))
        }
        Gives::Media(media) => Some(json!({ *media: {} })),
    };
    let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let refused = json!({ "description": "Refused", "content": problem });
    match content {
        Some(content) => {
            let status = if doc.created { "201" } else { "200" };
            json!({ status: { "description": "Done", "content": content }, "default": refused })
        }
        None => json!({ "204": { "description": "Done" }, "default": refused }),
    }
}

/// RFC 9457 with the fields that this interface adds, as [`web::problem::Problem::json`] writes it.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Problem details (RFC 9457): why something was refused",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "additionalProperties": false,
        "properties": {
            "type": { "type": "string", "description": "`/problems/` and the code" },
            "title": { "type": "string", "description": "The kind of problem, for people" },
            "status": { "type": "integer", "description": "The HTTP status" },
            "code": { "type": "string", "description": "Stable, in kebab case" },
            "detail": { "type": "string", "description": "What to do, for people" },
            "fields": {
                "type": "array", "description": "Fields to change",
                "items": { "$ref": "#/components/schemas/FieldProblem" },
            },
            "request_id": { "type": "string", "description": "To quote when asking for help" },
        },
    })
}

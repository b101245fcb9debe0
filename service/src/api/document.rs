//! The OpenAPI 3.1 document: made from the operations as they are mounted, the types of their bodies, and the forms of the catalog.

use axum::extract::State;
use axum::handler::Handler;
use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::reply;
use crate::app::App;
use crate::routes::Routes;
use crate::session::Answer;

/// A named schema with the named schemas it refers to.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// What the document says of an operation.
#[derive(Clone, Default)]
pub struct Doc {
    summary: &'static str,
    open: bool,
    key: bool,
    takes: Option<(String, Schemas)>,
    gives: Option<(String, Schemas)>,
    query: Vec<(&'static str, &'static str)>,
    file: bool,
    media: Option<&'static str>,
}

impl Doc {
    /// One line.
    pub fn new(summary: &'static str) -> Self {
        Self { summary, ..Self::default() }
    }

    /// Anybody may ask.
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// It changes something: the `Idempotency-Key` is needed.
    pub fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// The type of the body.
    pub fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Some(named::<T>());
        self
    }

    /// The type of the answer.
    pub fn gives<T: ToSchema>(mut self) -> Self {
        self.gives = Some(named::<T>());
        self
    }

    /// The answer is not JSON.
    pub fn media(mut self, media: &'static str) -> Self {
        self.media = Some(media);
        self
    }

    /// The body is a file, `multipart/form-data` with one part `file`.
    pub fn file(mut self) -> Self {
        self.file = true;
        self
    }

    /// A parameter of the query.
    pub fn query(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.query.push((name, meaning));
        self
    }
}

fn named<T: ToSchema>() -> (String, Schemas) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    (T::name().into_owned(), schemas)
}

/// Routes of the interface, each with its part of the document.
#[derive(Clone, Default)]
pub struct Api {
    routes: Routes,
    docs: Vec<Doc>,
}

impl Api {
    /// Answers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `GET`.
    pub fn get<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.get(path, handler);
        self.with(doc)
    }

    /// Answers `POST`.
    pub fn post<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.post(path, handler);
        self.with(doc)
    }

    /// Answers `PUT`.
    pub fn put<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.put(path, handler);
        self.with(doc)
    }

    /// Answers `DELETE`.
    pub fn delete<H: Handler<T, App>, T: 'static>(mut self, path: &'static str, handler: H, doc: Doc) -> Self {
        self.routes = self.routes.delete(path, handler);
        self.with(doc)
    }

    fn with(mut self, doc: Doc) -> Self {
        self.docs.push(doc);
        self
    }

    /// With all of another.
    pub fn merge(mut self, other: Self) -> Self {
        self.routes = self.routes.merge(other.routes);
        self.docs.extend(other.docs);
        self
    }

    /// The routes alone.
    pub fn into_routes(self) -> Routes {
        self.routes
    }
}

/// `GET /api/v1/openapi.json`.
pub(super) async fn show(State(app): State<App>) -> Answer {
    reply(&openapi(&app))
}

/// The whole document.
pub fn openapi(app: &App) -> Value {
    let api = super::api();
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: Map<String, Value> = Map::new();
    let problem = named::<web::problem::FieldProblem>();
    keep(&mut schemas, &problem.1);
    schemas.insert("Problem".to_owned(), problem_schema());
    for (route, doc) in api.routes.list().iter().zip(&api.docs) {
        for (_, more) in doc.takes.iter().chain(&doc.gives) {
            keep(&mut schemas, more);
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

fn keep(schemas: &mut Map<String, Value>, more: &Schemas) {
    for (name, schema) in more {
        schemas.insert(name.clone(), serde_json::to_value(schema).unwrap_or_default());
    }
}

fn operation(method: &Method, path: &'static str, doc: &Doc) -> Value {
    let mut parameters: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(doc.query.iter().map(|(name, meaning)| {
        json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": "string" } })
    }));
    if doc.key {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "8 to 64 letters, digits, `-`, `_`, `.`; a repeat gets the first answer",
            "schema": { "type": "string", "minLength": 8, "maxLength": 64 },
        }));
    }
    let refer = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let success = match (&doc.gives, doc.media) {
        (Some((name, _)), _) => json!({
            "200": { "description": "Done", "content": { "application/json": { "schema": refer(name) } } },
        }),
        (None, Some(media)) => json!({ "200": { "description": "Done", "content": { media: {} } } }),
        (None, None) if method == Method::GET => json!({
            "200": { "description": "Done", "content": { "application/json": { "schema": {} } } },
        }),
        (None, None) => json!({ "204": { "description": "Done" } }),
    };
    let mut responses = success;
    if let Some(map) = responses.as_object_mut() {
        let content = json!({ "application/problem+json": { "schema": refer("Problem") } });
        map.insert("default".to_owned(), json!({ "description": "Refused", "content": content }));
    }
    let mut operation = json!({ "summary": doc.summary, "parameters": parameters, "responses": responses });
    if let Some(map) = operation.as_object_mut() {
        map.insert("security".to_owned(), if doc.open { json!([]) } else { json!([{ "session": [] }]) });
        if let Some((name, _)) = &doc.takes {
            let content = json!({ "application/json": { "schema": refer(name) } });
            map.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        } else if doc.file {
            let part = json!({ "type": "object", "properties": { "file": { "type": "string", "format": "binary" } } });
            let content = json!({ "multipart/form-data": { "schema": part } });
            map.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
    }
    operation
}

/// RFC 9457 with the fields that this interface adds.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "detail": { "type": "string" }, "code": { "type": "string" }, "request_id": { "type": "string" },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldProblem" } },
        },
    })
}

//! What OpenAPI 3.1 asks of a document, as far as it concerns one that a program makes: the rules, in words of the specification.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Address, method and operation.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let items = document["paths"].as_object().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        item.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Everything that is wrong with it.
pub(crate) fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    head(document, &mut faults);
    addresses(document, &mut faults);
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(document) {
        let mut found = Vec::new();
        let id = operation["operationId"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            found.push(format!("operationId {id} is empty or there twice"));
        }
        if !METHODS.contains(&method) {
            found.push("no method".to_owned());
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            found.push("no summary".to_owned());
        }
        parameters(path, operation, &mut found);
        bodies(method, operation, &mut found);
        let schemes = &document["components"]["securitySchemes"];
        for name in operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten() {
            if schemes.get(name.0).is_none() {
                found.push(format!("security {} is not declared", name.0));
            }
        }
        faults.extend(found.into_iter().map(|fault| format!("{method} {path}: {fault}")));
    }
    components(document, &mut faults);
    references(document, document, &mut faults);
    faults
}

fn head(document: &Value, faults: &mut Vec<String>) {
    if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")) {
        faults.push("openapi is not 3.1".to_owned());
    }
    let info = &document["info"];
    if !(info["title"].is_string() && info["version"].is_string() && info["license"]["name"].is_string()) {
        faults.push("info lacks title, version or license".to_owned());
    }
    if document["servers"].as_array().is_none_or(|servers| servers.iter().any(|server| !server["url"].is_string())) {
        faults.push("a server without address".to_owned());
    }
}

/// Templated paths with the same hierarchy but different templated names must not exist, as they are identical.
fn addresses(document: &Value, faults: &mut Vec<String>) {
    let mut shapes = BTreeSet::new();
    for path in document["paths"].as_object().into_iter().flatten().map(|(path, _)| path) {
        let shape: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        if !path.starts_with('/') || path.contains('?') {
            faults.push(format!("{path} is no address"));
        }
        if !shapes.insert(shape.join("/")) {
            faults.push(format!("{path} is the same address as another"));
        }
    }
}

fn parameters(path: &str, operation: &Value, faults: &mut Vec<String>) {
    let wanted: BTreeSet<&str> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    let (mut seen, mut declared) = (BTreeSet::new(), BTreeSet::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, place) =
            (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
        if name.is_empty() || !seen.insert((name, place)) {
            faults.push(format!("{name} is empty or there twice"));
        }
        if !["path", "query", "header", "cookie"].contains(&place) {
            faults.push(format!("{name} is in {place}"));
        }
        if place == "header" && ["accept", "content-type", "authorization"].contains(&name.to_lowercase().as_str()) {
            faults.push(format!("{name} is not to be declared"));
        }
        if !parameter["schema"].is_object() {
            faults.push(format!("{name} has no schema"));
        }
        if place == "path" {
            declared.insert(name);
            if parameter["required"] != true {
                faults.push(format!("{name} is not required"));
            }
        }
    }
    faults.extend(wanted.difference(&declared).map(|name| format!("{name} is in the path and not declared")));
    faults.extend(declared.difference(&wanted).map(|name| format!("{name} is declared and not in the path")));
}

fn bodies(method: &str, operation: &Value, faults: &mut Vec<String>) {
    let body = &operation["requestBody"];
    if body.is_object() {
        if ["get", "head", "delete"].contains(&method) {
            faults.push(format!("a body with {method} has no defined meaning"));
        }
        content("the body", body, true, faults);
    }
    let responses = operation["responses"].as_object();
    if responses.is_none_or(|responses| !responses.keys().any(|status| status.starts_with('2'))) {
        faults.push("no response for what went well".to_owned());
    }
    for (status, response) in responses.into_iter().flatten() {
        let is_code = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        if !is_code && status != "default" {
            faults.push(format!("{status} is no status"));
        }
        if !response["description"].is_string() {
            faults.push(format!("{status} has no description"));
        }
        // What is fetched has a body; so has what is there now.
        let answers = method == "get" && is_code || status == "200" || status == "201";
        content(status, response, answers, faults);
    }
}

fn content(what: &str, holder: &Value, needed: bool, faults: &mut Vec<String>) {
    let content = holder["content"].as_object();
    if needed && content.is_none_or(Map::is_empty) {
        faults.push(format!("{what} has no content"));
    }
    for (media, described) in content.into_iter().flatten() {
        if !media.contains('/') {
            faults.push(format!("{media} is no media type"));
        }
        let schema = &described["schema"];
        if media.contains("json") && !schema.is_object() {
            faults.push(format!("{what}: {media} has no schema"));
        }
        if schema.is_object() {
            valid(&format!("{what}: {media}"), schema, faults);
        }
    }
}

fn components(document: &Value, faults: &mut Vec<String>) {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    for (_, named) in document["components"].as_object().into_iter().flatten() {
        for name in named.as_object().into_iter().flatten().map(|(name, _)| name) {
            if name.is_empty() || !name.chars().all(fits) {
                faults.push(format!("{name} is no name"));
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        valid(name, schema, faults);
    }
}

/// Schema objects are JSON Schema 2020-12.
fn valid(what: &str, schema: &Value, faults: &mut Vec<String>) {
    if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
        faults.push(format!("{what} is no schema: {error}"));
    }
}

fn references(document: &Value, part: &Value, faults: &mut Vec<String>) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| references(document, item, faults)),
        Value::Object(map) => {
            if let Some(to) = map.get("$ref").and_then(Value::as_str)
                && to.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none()
            {
                faults.push(format!("{to} leads nowhere"));
            }
            map.values().for_each(|value| references(document, value, faults));
        }
        _ => {}
    }
}

/// Every place of a JSON body that the document leaves open: type and field, or address, method and status.
pub(crate) fn undescribed(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut looked = BTreeSet::new();
    for (path, method, operation) in operations(document) {
        let body = std::iter::once(("body", &operation["requestBody"]));
        let responses = operation["responses"].as_object().into_iter().flatten();
        for (what, holder) in body.chain(responses.map(|(status, response)| (status.as_str(), response))) {
            for (media, described) in holder["content"].as_object().into_iter().flatten() {
                if media.contains("json") {
                    open(document, &described["schema"], &format!("{path} {method} {what}"), &mut looked, &mut found);
                }
            }
        }
    }
    found
}

fn open<'a>(
    document: &'a Value,
    schema: &'a Value,
    place: &str,
    looked: &mut BTreeSet<&'a str>,
    found: &mut BTreeSet<String>,
) {
    if let Some(to) = schema["$ref"].as_str() {
        if looked.insert(to) {
            let pointed = document.pointer(to.trim_start_matches('#')).unwrap_or(&Value::Null);
            open(document, pointed, to.rsplit('/').next().unwrap_or_default(), looked, found);
        }
        return;
    }
    let mut below: Vec<(String, &Value)> = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        below.push((format!("{place}.{name}"), field));
    }
    for several in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        below.extend(schema[several].as_array().into_iter().flatten().map(|one| (place.to_owned(), one)));
    }
    for one in ["items", "additionalProperties"] {
        if schema[one].is_object() {
            below.push((place.to_owned(), &schema[one]));
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_plain = types.iter().all(|one| ["string", "integer", "number", "boolean", "null"].contains(one));
    let has_no_fields = schema["type"] == "object" && schema["properties"].is_object();
    let is_said = !below.is_empty() || has_no_fields || schema.get("enum").is_some() || !types.is_empty() && is_plain;
    if !is_said {
        found.insert(place.to_owned());
    }
    for (place, schema) in below {
        open(document, schema, &place, looked, found);
    }
}

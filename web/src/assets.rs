//! Stylesheet, scripts and icons, embedded in the binary and served under addresses that carry a hash of their content.

use std::collections::HashMap;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// Files made by `npm run build` in `ui/`.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../ui/dist"]
#[allow_missing = true]
struct Dist;

/// The stylesheet and its companions were not there when this binary was built.
#[derive(Debug, thiserror::Error)]
#[error("built without ui/dist: run `cargo xtask setup` and build again (missing {missing})")]
pub struct AssetsMissing {
    missing: &'static str,
}

/// What every page needs; a server must not start without it.
const NEEDED: [&str; 5] = ["jt.css", "jt.js", "upload.js", "inbox.js", "icons.svg"];

/// Refuses when the binary was built without its stylesheet.
pub fn ready() -> Result<(), AssetsMissing> {
    match NEEDED.into_iter().find(|name| Dist::get(name).is_none()) {
        None => Ok(()),
        Some(missing) => Err(AssetsMissing { missing }),
    }
}

/// The address of an asset: `jt.css` → `/assets/jt.0a1b2c3d4e5f.css`. A new content is a new address, so it is cached for ever.
pub fn url(name: &str) -> String {
    match table().by_name.get(name) {
        Some(hashed) => format!("/assets/{hashed}"),
        None => format!("/assets/{name}"),
    }
}

/// The address of one icon inside the sprite; an unknown name gives the plain file icon, never a hole.
pub fn icon(name: &str) -> String {
    let table = table();
    let known = if table.icons.contains(&format!("id=\"{name}\"")) { name } else { "file-text" };
    format!("{}#{known}", table.sprite)
}

/// `GET /assets/{name}` and the two names that browsers ask for by themselves.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(serve))
        .route("/favicon.ico", get(favicon))
        .route("/robots.txt", get(|| async { "User-agent: *\nDisallow: /api/\nDisallow: /office/\n" }))
}

struct Table {
    by_name: HashMap<String, String>,
    by_hashed: HashMap<String, String>,
    icons: String,
    sprite: String,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut by_name = HashMap::new();
        let mut by_hashed = HashMap::new();
        for name in Dist::iter() {
            let Some(file) = Dist::get(&name) else { continue };
            let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&file.data)[..6]);
            let hashed = match name.rsplit_once('.') {
                Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
                None => format!("{name}.{hash}"),
            };
            by_name.insert(name.to_string(), hashed.clone());
            by_hashed.insert(hashed, name.to_string());
        }
        let icons = Dist::get("icons.svg").map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let sprite = by_name.get("icons.svg").map_or("/assets/icons.svg".into(), |hashed| format!("/assets/{hashed}"));
        Table { by_name, by_hashed, icons: icons.unwrap_or_default(), sprite }
    })
}

async fn serve(Path(asked): Path<String>, headers: HeaderMap) -> Response {
    let hashed = table().by_hashed.get(&asked);
    let name = hashed.cloned().unwrap_or(asked);
    // Without the hash the content may change under the same address: the browser must ask again.
    let caching = if hashed.is_some() { "public, max-age=31536000, immutable" } else { "no-cache" };
    file(&name, caching, &headers)
}

async fn favicon(headers: HeaderMap) -> Response {
    file("logo.svg", "public, max-age=86400", &headers)
}

fn file(name: &str, caching: &'static str, headers: &HeaderMap) -> Response {
    let Some(file) = Dist::get(name) else {
        return crate::problem::Problem::not_found().into_response();
    };
    let tag = format!("\"{}\"", data_encoding::HEXLOWER.encode(&Sha256::digest(&file.data)[..12]));
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let body = if unchanged { Body::empty() } else { Body::from(file.data.into_owned()) };
    let mut response = body.into_response();
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let set = response.headers_mut();
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let (Ok(kind), Ok(tag)) = (HeaderValue::try_from(kind), HeaderValue::try_from(tag)) {
        set.insert(header::CONTENT_TYPE, kind);
        set.insert(header::ETAG, tag);
    }
    response
}

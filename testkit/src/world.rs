//! A world to decide in: the repository's own catalog, and facts at an instant with a seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use kernel::Facts;
use kernel::catalog::{Catalog, Files};
use kernel::sealed::Entropy;
use serde_json::Map;

/// The repository's catalog, read once.
///
/// # Panics
/// When it cannot be read or has an error.
pub fn catalog() -> Arc<Catalog> {
    static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
    CATALOG
        .get_or_init(|| {
            let files = catalog_files();
            let (catalog, problems) = Catalog::parse(&files);
            Arc::new(catalog.unwrap_or_else(|| panic!("the catalog has errors: {problems:?}")))
        })
        .clone()
}

/// The files of the repository's catalog.
///
/// # Panics
/// When they cannot be read.
pub fn catalog_files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog");
    let mut files = Files::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let entries = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for entry in entries {
            let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(name);
            } else {
                let bytes = std::fs::read(entry.path()).unwrap_or_else(|error| panic!("{}: {error}", name.display()));
                files.insert(name.to_string_lossy().replace('\\', "/"), bytes);
            }
        }
    }
    files
}

/// Facts at an instant, with nothing read yet. The same seed gives the same salts and ids.
pub fn facts(now: Timestamp, seed: [u8; 32]) -> Facts {
    Facts {
        now,
        today: base::time::date(now),
        catalog: catalog(),
        matter: None,
        organisation: None,
        records: BTreeMap::new(),
        personal: Map::new(),
        number_parts: BTreeMap::new(),
        entropy: Entropy::new(seed),
        pepper: [0; 32],
        numbers: BTreeMap::new(),
        reachable: BTreeMap::new(),
        read: Vec::new(),
    }
}

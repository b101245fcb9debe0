//! The built-in catalog is sound, planted defects are named, and a copied package grows by data alone.

use std::path::Path;

use super::*;

/// The catalog in the repository.
fn built_in() -> Files {
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
    let (catalog, problems) = Catalog::parse(&built_in());
    assert_eq!(said(&problems), "");
    let catalog = catalog.unwrap();
    assert_eq!(catalog.matters.len(), 2);
    assert_eq!(catalog.directory.organisations.len(), 179);
    assert_eq!(catalog.version().len(), 64);
}

//! The files of a catalog, by path with `/`; reading them from a disk or a binary is somebody else's work.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Largest file of a catalog.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Path → bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), bytes.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, path: &str) -> Option<Vec<u8>> {
        self.0.remove(path)
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// The text of a file, when it is UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Paths and bytes in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Paths below a folder (`systems/licensing/`), in order.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .range(folder.to_owned()..)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(folder))
    }

    /// `base` with the files of `over` added or put in place of its own (`--catalog DIR`).
    pub fn overlay(base: &Self, over: &Self) -> Self {
        let mut files = base.clone();
        files.0.extend(over.0.iter().map(|(path, bytes)| (path.clone(), bytes.clone())));
        files
    }

    /// SHA-256 over the sorted lines `path NUL hash(file) LF` of the chosen files, in hexadecimal: the version of what they say.
    pub fn version<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> String {
        let mut paths: Vec<&str> = paths.into_iter().collect();
        paths.sort_unstable();
        paths.dedup();
        let mut all = Sha256::new();
        for path in paths {
            let Some(bytes) = self.get(path) else { continue };
            all.update(path.as_bytes());
            all.update([0]);
            all.update(hex(&Sha256::digest(bytes)).as_bytes());
            all.update(b"\n");
        }
        hex(&all.finalize())
    }
}

impl FromIterator<(String, Vec<u8>)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
        }
        text
    })
}

//! The closed list of fonts, read from a folder and checked against the hashes of `fonts.toml`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};
use typst::utils::LazyHash;

/// The pinned list; `cargo xtask setup` reads the same file.
const LIST: &str = include_str!("../fonts.toml");

/// The fonts of paper. Cheap to clone; shared by all threads.
#[derive(Clone)]
pub struct Fonts(Arc<Loaded>);

struct Loaded {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
}

/// A checked font file. It is read again when a document first needs it: the list holds 82 MB, of which most documents use 25.
struct Face {
    path: PathBuf,
    sha256: String,
    font: OnceLock<Option<Font>>,
}

#[derive(Deserialize)]
struct List {
    font: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    family: String,
    package: String,
    sha256: String,
}

/// Why the fonts cannot be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    /// Files of the list that the folder lacks.
    #[error(
        "fonts are missing in {}: {}. Run `cargo xtask setup` to fetch them, or point the `fonts` setting at the folder that holds them",
        dir.display(), files.join(", ")
    )]
    Missing {
        /// The folder of the `fonts` setting.
        dir: PathBuf,
        /// Each file with the Debian package it comes from.
        files: Vec<String>,
    },
    /// A file that is not the pinned one: documents would get other bytes.
    #[error(
        "{} is not the pinned font: SHA-256 {found}, expected {expected}. Delete it and run `cargo xtask setup`",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Hash of the file as it is.
        found: String,
        /// Hash in `fonts.toml`.
        expected: String,
    },
    /// A file that cannot be read.
    #[error("cannot read the font {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file whose hash is right but which is not the font that the list says.
    #[error("{} is not a font of the family {family}", path.display())]
    WrongFamily {
        /// The file.
        path: PathBuf,
        /// Family in `fonts.toml`.
        family: String,
    },
    /// The built-in list itself is wrong.
    #[error("fonts.toml cannot be read: {0}")]
    List(#[from] toml::de::Error),
}

impl Fonts {
    /// Reads and checks every font of the list. Missing files are named all at once.
    pub fn load(dir: &Path) -> Result<Fonts, FontError> {
        Fonts::load_list(dir, LIST)
    }

    /// [`Fonts::load`] with another list.
    pub(crate) fn load_list(dir: &Path, list: &str) -> Result<Fonts, FontError> {
        let list: List = toml::from_str(list)?;
        let missing: Vec<String> = (list.font.iter())
            .filter(|entry| !dir.join(&entry.file).is_file())
            .map(|entry| format!("{} (package {})", entry.file, entry.package))
            .collect();
        if !missing.is_empty() {
            return Err(FontError::Missing { dir: dir.to_owned(), files: missing });
        }
        let mut book = FontBook::new();
        let mut faces = Vec::with_capacity(list.font.len());
        for Entry { file, family, sha256, .. } in list.font {
            let path = dir.join(file);
            let bytes = read(&path, &sha256)?;
            match FontInfo::new(&bytes, 0) {
                Some(info) if info.family == family => book.push(info),
                _ => return Err(FontError::WrongFamily { path, family }),
            }
            faces.push(Face { path, sha256, font: OnceLock::new() });
        }
        Ok(Fonts(Arc::new(Loaded { book: LazyHash::new(book), faces })))
    }

    /// Whether some font of the list has a glyph for the character.
    pub fn covers(&self, character: char) -> bool {
        self.infos().any(|info| info.coverage.contains(u32::from(character)))
    }

    /// The families in the order of the list, each once: what is tried for a template that names no font.
    pub(crate) fn families(&self) -> Vec<&str> {
        let mut families: Vec<&str> = self.infos().map(|info| info.family.as_str()).collect();
        families.dedup();
        families
    }

    fn infos(&self) -> impl Iterator<Item = &FontInfo> {
        (0..self.0.faces.len()).filter_map(|index| self.0.book.info(index))
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.0.book
    }

    /// The font for Typst. A file that changed since it was checked is not used: [`Fonts::lost`] names it.
    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let face = self.0.faces.get(index)?;
        let load = || read(&face.path, &face.sha256).ok().and_then(|bytes| Font::new(Bytes::new(bytes), 0));
        face.font.get_or_init(load).clone()
    }

    /// A font file that was there at the start and could not be read again.
    pub(crate) fn lost(&self) -> Option<&Path> {
        self.0.faces.iter().find(|face| matches!(face.font.get(), Some(None))).map(|face| face.path.as_path())
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.faces.iter().map(|face| &face.path)).finish()
    }
}

fn read(path: &Path, expected: &str) -> Result<Vec<u8>, FontError> {
    let bytes = std::fs::read(path).map_err(|source| FontError::Unreadable { path: path.to_owned(), source })?;
    let found = crate::text::hex(&Sha256::digest(&bytes));
    if found != expected {
        return Err(FontError::Changed { path: path.to_owned(), found, expected: expected.to_owned() });
    }
    Ok(bytes)
}

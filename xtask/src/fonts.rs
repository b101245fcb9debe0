//! Fonts for paper.

use std::path::Path;

use anyhow::{Context, Result};

/// Makes the folder; the fonts come with the print crate.
pub(crate) fn fetch(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))
}

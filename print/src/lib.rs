//! Paper: notices and certificates as PDF/A through Typst, the same bytes for the same input.
//!
//! It knows fonts, templates and data handed in as JSON. It does not know cases, the catalog's folders, the clock or the store: who prints
//! what, and when, is decided above.
//!
//! - [`Fonts`] is the closed list of `fonts.toml`, checked by hash. Nothing is looked up on the system.
//! - [`Printer`] turns a [`Document`] into a [`Pdf`]. A warning, a character without a glyph, a font outside the list, a file other than the
//!   four a template may read: each is a [`PrintError`], never a page that looks almost right.

mod fonts;
mod printer;
mod sheet;
mod text;

pub use fonts::{FontError, Fonts};
pub use printer::{DATA_BYTES_MAX, Document, PAGES_MAX, Pdf, PrintError, Printer, QR_BYTES_MAX, TEMPLATE_BYTES_MAX};
pub use text::Unprintable;

#[cfg(test)]
mod tests;

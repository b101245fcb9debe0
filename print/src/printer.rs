//! From template and data to a PDF.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::Smart;
use typst::text::{FontFamily, FontList, TextElem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::Fonts;
use crate::sheet::{Sheet, datetime};
use crate::text::{Reading, Unprintable, refused};

/// Longest template, and longest common part.
pub const TEMPLATE_BYTES_MAX: usize = 256 * 1024;
/// Longest data, as JSON.
pub const DATA_BYTES_MAX: usize = 1024 * 1024;
/// Longest content of the QR code: it stays readable at 20 mm (version 15 at level M).
pub const QR_BYTES_MAX: usize = 400;
/// Most pages of one document.
pub const PAGES_MAX: usize = 200;

/// China Standard Time: the dates on paper are days there.
const OFFSET_MINUTES: i32 = 8 * 60;

/// Typst keeps results for later compilations; what five documents have not used is dropped. Without this a process grows by 1 MB
/// per document (measured 2026-11).
const CACHE_AGE_MAX: usize = 5;

/// What to print.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Typst source of the template, seen as `/main.typ`.
    pub template: &'a str,
    /// Typst source of the common part, seen as `/common.typ`. It belongs to the same catalog version as the template.
    pub common: &'a str,
    /// The template's data, seen as `/data.json`. Its strings are printed, never evaluated.
    pub data: &'a Value,
    /// What the QR code says, normally the verification address with number and code; seen as `/qr.svg`.
    pub qr: &'a str,
    /// The day of issue: the PDF's creation date and the template's `datetime.today()`.
    pub issued_on: Date,
}

/// A printed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// PDF/A-2b.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// How many pages it has.
    pub pages: usize,
    /// What a person reads on it, a line per line.
    pub text: String,
}

/// Why a document was not printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    /// A budget is exceeded before layout.
    #[error("the {what} has {bytes} bytes, at most {bytes_max} are printed")]
    TooLarge {
        /// `template`, `common part`, `data` or `QR content`.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The budget.
        bytes_max: usize,
    },
    /// The document is longer than [`PAGES_MAX`].
    #[error("the document has {pages} pages, at most {PAGES_MAX} are printed")]
    TooManyPages {
        /// Its length.
        pages: usize,
    },
    /// Characters that no font of the list has, or that must not stand on an official document.
    #[error("characters that cannot be printed: {}", join(characters))]
    Unprintable {
        /// Each with its place.
        characters: Vec<Unprintable>,
    },
    /// The template does not compile with this data, or compiles with a warning (an unknown font family is one).
    #[error("template: {}", messages.join("; "))]
    Template {
        /// File, line and what is wrong.
        messages: Vec<String>,
    },
    /// The page cannot be PDF/A.
    #[error("PDF/A: {}", messages.join("; "))]
    Export {
        /// What is wrong.
        messages: Vec<String>,
    },
    /// The QR content cannot be encoded.
    #[error("QR code: {0}")]
    Qr(qrcode::types::QrError),
    /// A font file changed or vanished after the start.
    #[error("the font {} has changed or vanished since the start; run `cargo xtask setup` and start again", path.display())]
    FontLost {
        /// The file.
        path: PathBuf,
    },
    /// The date of issue is outside what a PDF can say.
    #[error("{date} cannot stand in a PDF")]
    Date {
        /// The date of issue.
        date: Date,
    },
    /// The data cannot be written as JSON.
    #[error("data: {0}")]
    Data(#[from] serde_json::Error),
}

fn join(characters: &[Unprintable]) -> String {
    characters.iter().map(Unprintable::to_string).collect::<Vec<_>>().join(", ")
}

/// Prints documents. Cheap to clone; one is enough for all threads.
///
/// Typst lays out page runs on rayon's threads: a node that prints several documents at once sets `RAYON_NUM_THREADS=1`.
#[derive(Clone, Debug)]
pub struct Printer {
    library: Arc<LazyHash<Library>>,
    fonts: Fonts,
}

impl Printer {
    /// A printer with these fonts.
    pub fn new(fonts: Fonts) -> Printer {
        let mut library = Library::default();
        // Typst's own default is a Latin font that is not of the list: text for which no family is known vanishes without a warning.
        library.styles.set(TextElem::font, FontList(fonts.families().into_iter().map(FontFamily::new).collect()));
        library.styles.set(TextElem::fallback, false);
        Printer { library: Arc::new(LazyHash::new(library)), fonts }
    }

    /// The fonts it prints with.
    pub fn fonts(&self) -> &Fonts {
        &self.fonts
    }

    /// Prints one document: the same input with the same fonts gives the same bytes.
    pub fn render(&self, document: &Document<'_>) -> Result<Pdf, PrintError> {
        let printed = self.print(document);
        typst::comemo::evict(CACHE_AGE_MAX);
        match self.fonts.lost() {
            Some(path) => Err(PrintError::FontLost { path: path.to_owned() }),
            None => printed,
        }
    }

    fn print(&self, document: &Document<'_>) -> Result<Pdf, PrintError> {
        let options = options(document)?;
        let sheet = self.sheet(document)?;
        let describe = |found: &[SourceDiagnostic]| found.iter().map(|one| sheet.describe(one)).collect();

        let Warned { output, warnings } = typst::compile::<PagedDocument>(&sheet);
        let pages = output.map_err(|errors| PrintError::Template { messages: describe(&errors) })?;
        if pages.pages().len() > PAGES_MAX {
            return Err(PrintError::TooManyPages { pages: pages.pages().len() });
        }
        let reading = Reading::of(&pages);
        if !reading.without_glyph.is_empty() {
            return Err(PrintError::Unprintable { characters: reading.without_glyph });
        }
        if !warnings.is_empty() {
            return Err(PrintError::Template { messages: describe(&warnings) });
        }
        let bytes =
            typst_pdf::pdf(&pages, &options).map_err(|errors| PrintError::Export { messages: describe(&errors) })?;
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Pdf { sha256, pages: pages.pages().len(), text: reading.text, bytes })
    }

    /// Checks the budgets and the characters, and lays the four files ready.
    fn sheet(&self, document: &Document<'_>) -> Result<Sheet<'_>, PrintError> {
        within("template", document.template.len(), TEMPLATE_BYTES_MAX)?;
        within("common part", document.common.len(), TEMPLATE_BYTES_MAX)?;
        within("QR content", document.qr.len(), QR_BYTES_MAX)?;
        let data = serde_json::to_string(document.data)?;
        within("data", data.len(), DATA_BYTES_MAX)?;
        let characters = refused(document.data);
        if !characters.is_empty() {
            return Err(PrintError::Unprintable { characters });
        }
        let sources = (document.template, document.common);
        Ok(Sheet::new(&self.library, &self.fonts, sources, data, qr(document.qr)?, document.issued_on))
    }
}

fn within(what: &'static str, bytes: usize, bytes_max: usize) -> Result<(), PrintError> {
    if bytes > bytes_max { Err(PrintError::TooLarge { what, bytes, bytes_max }) } else { Ok(()) }
}

fn options(document: &Document<'_>) -> Result<PdfOptions, PrintError> {
    let timestamp = datetime(document.issued_on)
        .and_then(|midnight| Timestamp::new_local(midnight, OFFSET_MINUTES))
        .ok_or(PrintError::Date { date: document.issued_on })?;
    let standards = PdfStandards::new(&[PdfStandard::A_2b])
        .map_err(|error| PrintError::Export { messages: vec![error.message().to_string()] })?;
    Ok(PdfOptions {
        ident: Smart::Custom(document.qr.to_owned()),
        creator: Smart::Custom(Some("Jiantong".to_owned())),
        timestamp: Some(timestamp),
        standards,
        ..PdfOptions::default()
    })
}

/// A vector QR code without a margin: the template leaves the quiet zone.
fn qr(content: &str) -> Result<String, PrintError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M).map_err(PrintError::Qr)?;
    Ok(code.render::<svg::Color<'_>>().quiet_zone(false).module_dimensions(1, 1).build())
}

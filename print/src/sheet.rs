//! The world that a template sees: four files, the list of fonts, and the date of issue.

use std::sync::LazyLock;

use jiff::civil::Date;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World, WorldExt};

use crate::Fonts;

/// Typst keeps every path for the life of the process in a table of 65,535 places: these four are made once.
struct Paths {
    main: FileId,
    common: FileId,
    data: FileId,
    qr: FileId,
}

static PATHS: LazyLock<Paths> = LazyLock::new(|| {
    let path = |name: &str| {
        let path = VirtualPath::new(name).expect("a plain file name is a path");
        RootedPath::new(VirtualRoot::Project, path).intern()
    };
    Paths { main: path("main.typ"), common: path("common.typ"), data: path("data.json"), qr: path("qr.svg") }
});

/// One document being printed.
pub(crate) struct Sheet<'a> {
    library: &'a LazyHash<Library>,
    fonts: &'a Fonts,
    main: Source,
    common: Source,
    data: Bytes,
    qr: Bytes,
    today: Option<Datetime>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(
        library: &'a LazyHash<Library>,
        fonts: &'a Fonts,
        (template, common): (&str, &str),
        data: String,
        qr: String,
        today: Date,
    ) -> Sheet<'a> {
        Sheet {
            library,
            fonts,
            main: Source::new(PATHS.main, template.to_owned()),
            common: Source::new(PATHS.common, common.to_owned()),
            data: Bytes::from_string(data),
            qr: Bytes::from_string(qr),
            today: datetime(today),
        }
    }

    /// `main.typ:12: unknown variable: x (did you mean y?)`
    pub(crate) fn describe(&self, diagnostic: &SourceDiagnostic) -> String {
        let place = diagnostic.span.id().and_then(|id| {
            let line = self.source(id).ok()?.lines().byte_to_line(self.range(diagnostic.span)?.start)?;
            Some(format!("{}:{}: ", id.get().vpath().get_without_slash(), line + 1))
        });
        let hints: String = diagnostic.hints.iter().map(|hint| format!(" ({})", hint.v)).collect();
        format!("{}{}{hints}", place.unwrap_or_default(), diagnostic.message)
    }
}

/// Midnight of the day, with the parts Typst wants.
pub(crate) fn datetime(date: Date) -> Option<Datetime> {
    let month = u8::try_from(date.month()).ok()?;
    let day = u8::try_from(date.day()).ok()?;
    Datetime::from_ymd_hms(i32::from(date.year()), month, day, 0, 0, 0)
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        PATHS.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == PATHS.main {
            Ok(self.main.clone())
        } else if id == PATHS.common {
            Ok(self.common.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == PATHS.data {
            Ok(self.data.clone())
        } else if id == PATHS.qr {
            Ok(self.qr.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}

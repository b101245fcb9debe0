//! Uploaded files: streamed to the caller's writer with a running hash, capped, named safely, and judged by their content.

use axum::extract::multipart::Field;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use unicode_normalization::UnicodeNormalization as _;

use crate::form::{Complaint, is_unfit};
use crate::guard::BodyFault;
use crate::problem::Problem;
use crate::words::Words;

/// Longest file name, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 150;

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// OFD (GB/T 33190), a zip with OFD.xml.
    Ofd,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// Word, a zip of Office Open XML.
    Docx,
    /// Excel, a zip of Office Open XML.
    Xlsx,
    /// Any other zip.
    Zip,
    /// AutoCAD DWG.
    Dwg,
}

impl FileKind {
    /// Extension, which also names the kind in a catalog's allow-list.
    pub fn extension(self) -> &'static str {
        match self {
            FileKind::Pdf => "pdf",
            FileKind::Ofd => "ofd",
            FileKind::Jpeg => "jpg",
            FileKind::Png => "png",
            FileKind::Docx => "docx",
            FileKind::Xlsx => "xlsx",
            FileKind::Zip => "zip",
            FileKind::Dwg => "dwg",
        }
    }

    /// From a catalog's allow-list.
    pub fn parse(extension: &str) -> Option<FileKind> {
        let all = [
            FileKind::Pdf,
            FileKind::Ofd,
            FileKind::Jpeg,
            FileKind::Png,
            FileKind::Docx,
            FileKind::Xlsx,
            FileKind::Zip,
            FileKind::Dwg,
        ];
        let lower = extension.to_ascii_lowercase();
        let lower = if lower == "jpeg" { "jpg" } else { &lower };
        all.into_iter().find(|kind| kind.extension() == lower)
    }

    /// Media type for serving it again.
    pub fn media_type(self) -> &'static str {
        match self {
            FileKind::Pdf => "application/pdf",
            FileKind::Ofd => "application/ofd",
            FileKind::Jpeg => "image/jpeg",
            FileKind::Png => "image/png",
            FileKind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            FileKind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            FileKind::Zip => "application/zip",
            FileKind::Dwg => "image/vnd.dwg",
        }
    }

    /// Judges the first bytes; inside a zip the first entry names and, among Office files whose first entry is shared, the name given.
    /// What is in the rest of an archive is checked by whoever opens it.
    pub fn sniff(head: &[u8], name: &str) -> Option<FileKind> {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match head {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(FileKind::Pdf),
            [0xff, 0xd8, 0xff, ..] => Some(FileKind::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(FileKind::Png),
            [b'A', b'C', b'1', b'0', ..] => Some(FileKind::Dwg),
            [b'P', b'K', 3, 4, ..] => {
                let entry_len = usize::from(*head.get(26)?) | usize::from(*head.get(27)?) << 8;
                let entry = head.get(30..30 + entry_len).unwrap_or_default();
                Some(match extension.as_deref() {
                    _ if entry == b"OFD.xml" => FileKind::Ofd,
                    Some("ofd") if entry.starts_with(b"Doc_") => FileKind::Ofd,
                    Some("docx") if is_office_entry(entry, b"word/") => FileKind::Docx,
                    Some("xlsx") if is_office_entry(entry, b"xl/") => FileKind::Xlsx,
                    _ => FileKind::Zip,
                })
            }
            _ => None,
        }
    }
}

fn is_office_entry(entry: &[u8], folder: &[u8]) -> bool {
    entry == b"[Content_Types].xml" || entry.starts_with(b"_rels/") || entry.starts_with(folder)
}

/// What a place takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRules {
    /// Most bytes.
    pub bytes_max: u64,
    /// Kinds allowed, by content.
    pub kinds: Vec<FileKind>,
}

impl UploadRules {
    /// The `accept` attribute.
    pub fn accept(&self) -> String {
        self.kinds.iter().map(|kind| format!(".{}", kind.extension())).collect::<Vec<_>>().join(",")
    }

    fn allowed_words(&self) -> String {
        self.kinds.iter().map(|kind| kind.extension().to_ascii_uppercase()).collect::<Vec<_>>().join(" / ")
    }
}

/// A file that arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Cleaned name, for people; never a path.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the content: the name it is stored under.
    pub sha256: [u8; 32],
    /// What it is.
    pub kind: FileKind,
}

/// Longest value beside a file: a token, a key, a button.
const BESIDE_BYTES_MAX: usize = 4 << 10;

/// A field beside a file. The request may be as large as a file, such a field may not.
pub async fn text_beside(mut part: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| BodyFault::find(&error))? {
        if bytes.len() + chunk.len() > BESIDE_BYTES_MAX {
            return Err(Problem::too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request())
}

/// Why a file was not taken. What the writer holds by then is to be thrown away.
#[derive(Debug, thiserror::Error)]
pub enum UploadRefusal {
    /// No file was chosen.
    #[error("no file")]
    Missing,
    /// Zero bytes.
    #[error("empty file")]
    Empty,
    /// The name cannot be cleaned into one.
    #[error("unfit file name")]
    Name,
    /// Over the limit.
    #[error("file too large")]
    TooLarge,
    /// Not of an allowed kind, judged by content.
    #[error("file kind not allowed")]
    Kind,
    /// The body broke off, was too slow or over the request's limit.
    #[error("upload broke off")]
    Broken(Problem),
    /// The disk is full.
    #[error("storage full")]
    StorageFull(#[source] std::io::Error),
    /// The writer failed.
    #[error("writing an upload")]
    Write(#[source] std::io::Error),
}

impl UploadRefusal {
    /// The HTTP answer: 413, 415, 422, 507.
    pub fn problem(&self) -> Problem {
        match self {
            UploadRefusal::Missing | UploadRefusal::Empty | UploadRefusal::Name => Problem::unprocessable(),
            UploadRefusal::TooLarge => Problem::too_large(),
            UploadRefusal::Kind => Problem::media_type(),
            UploadRefusal::Broken(problem) => problem.clone(),
            UploadRefusal::StorageFull(_) => Problem::storage_full(),
            UploadRefusal::Write(_) => Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "fault"),
        }
    }

    /// The sentence at the field.
    pub fn complaint(&self, rules: &UploadRules, words: Words) -> Complaint {
        match self {
            UploadRefusal::Missing => Complaint::new("upload-missing"),
            UploadRefusal::Empty => Complaint::new("upload-empty"),
            UploadRefusal::Name => Complaint::new("upload-name"),
            UploadRefusal::TooLarge => {
                Complaint::new("upload-too-large").with("limit", words.file_size(rules.bytes_max))
            }
            UploadRefusal::Kind => Complaint::new("upload-type").with("allowed", rules.allowed_words()),
            UploadRefusal::StorageFull(_) => Complaint::new("upload-storage-full"),
            UploadRefusal::Broken(_) | UploadRefusal::Write(_) => Complaint::new("upload-broken"),
        }
    }
}

/// Streams one file part to `to`. Memory stays constant; the kind is judged before the second kilobyte is written.
pub async fn receive(
    mut part: Field<'_>,
    to: &mut (impl AsyncWrite + Unpin),
    rules: &UploadRules,
) -> Result<Received, UploadRefusal> {
    let given = part.file_name().unwrap_or_default().to_owned();
    let mut sink = Sink::new(&given, rules)?;
    while let Some(chunk) = part.chunk().await.map_err(|error| UploadRefusal::Broken(BodyFault::find(&error)))? {
        sink.take(&chunk, to).await?;
    }
    sink.finish(to).await
}

const HEAD_BYTES: usize = 512;

/// The part of receiving that does not know multipart.
struct Sink<'a> {
    rules: &'a UploadRules,
    name: Option<String>,
    head: Vec<u8>,
    kind: Option<FileKind>,
    hash: Sha256,
    bytes: u64,
}

impl<'a> Sink<'a> {
    fn new(given: &str, rules: &'a UploadRules) -> Result<Sink<'a>, UploadRefusal> {
        // An empty file input sends a part without name and content.
        let name = if given.is_empty() { None } else { Some(clean_name(given).ok_or(UploadRefusal::Name)?) };
        Ok(Sink { rules, name, head: Vec::new(), kind: None, hash: Sha256::new(), bytes: 0 })
    }

    async fn take(&mut self, chunk: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> Result<(), UploadRefusal> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.rules.bytes_max {
            return Err(UploadRefusal::TooLarge);
        }
        self.hash.update(chunk);
        if self.kind.is_some() {
            return to.write_all(chunk).await.map_err(write_error);
        }
        self.head.extend_from_slice(chunk);
        if self.head.len() >= HEAD_BYTES {
            self.judge()?;
            let head = std::mem::take(&mut self.head);
            to.write_all(&head).await.map_err(write_error)?;
        }
        Ok(())
    }

    fn judge(&mut self) -> Result<FileKind, UploadRefusal> {
        let kind = FileKind::sniff(&self.head, self.name.as_deref().unwrap_or_default());
        let kind = kind.filter(|kind| self.rules.kinds.contains(kind)).ok_or(UploadRefusal::Kind)?;
        self.kind = Some(kind);
        Ok(kind)
    }

    async fn finish(mut self, to: &mut (impl AsyncWrite + Unpin)) -> Result<Received, UploadRefusal> {
        if self.bytes == 0 {
            return Err(if self.name.is_none() { UploadRefusal::Missing } else { UploadRefusal::Empty });
        }
        let kind = match self.kind {
            Some(kind) => kind,
            None => self.judge()?,
        };
        to.write_all(&self.head).await.map_err(write_error)?;
        to.flush().await.map_err(write_error)?;
        let name = with_extension(self.name.ok_or(UploadRefusal::Name)?, kind);
        Ok(Received { name, bytes: self.bytes, sha256: self.hash.finalize().into(), kind })
    }
}

fn write_error(error: std::io::Error) -> UploadRefusal {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => UploadRefusal::StorageFull(error),
        _ => UploadRefusal::Write(error),
    }
}

/// The name a person gave a file, safe to show and to offer for download: last path component, NFC, no separators, controls or
/// direction overrides, at most 150 characters (the extension is kept), not only dots.
pub fn clean_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.nfc().filter(|c| !is_unfit(*c, false) && !"<>:\"|?*".contains(*c)).collect();
    name = name.trim_matches(|c: char| c.is_whitespace() || c == '.').to_owned();
    if name.is_empty() {
        return None;
    }
    if name.chars().count() > FILE_NAME_CHARS_MAX {
        let extension = name.rsplit_once('.').map(|(_, extension)| format!(".{extension}")).unwrap_or_default();
        let kept = FILE_NAME_CHARS_MAX.saturating_sub(extension.chars().count());
        // An extension that fills the whole name is no extension.
        let extension = if kept < FILE_NAME_CHARS_MAX / 2 { String::new() } else { extension };
        let kept = FILE_NAME_CHARS_MAX - extension.chars().count();
        name = name.chars().take(kept).chain(extension.chars()).collect();
    }
    Some(name)
}

/// The content decides the extension: `a.exe` that is a PDF is offered as `a.exe.pdf`.
fn with_extension(name: String, kind: FileKind) -> String {
    let given = name.rsplit_once('.').and_then(|(_, extension)| FileKind::parse(extension));
    if given == Some(kind) { name } else { format!("{name}.{}", kind.extension()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(bytes_max: u64) -> UploadRules {
        UploadRules { bytes_max, kinds: vec![FileKind::Pdf, FileKind::Ofd, FileKind::Png] }
    }

    async fn send(name: &str, chunks: &[&[u8]], rules: &UploadRules) -> (Result<Received, UploadRefusal>, Vec<u8>) {
        let mut out = Vec::new();
        let result = async {
            let mut sink = Sink::new(name, rules)?;
            for chunk in chunks {
                sink.take(chunk, &mut out).await?;
            }
            sink.finish(&mut out).await
        };
        (result.await, out)
    }

    #[tokio::test]
    async fn a_file_arrives_whole_with_its_hash() {
        let long = [b'x'; 2000];
        let (result, out) = send("合同.pdf", &[b"%P", b"DF-1.7", &long], &rules(4000)).await;
        let received = result.expect("taken");
        assert_eq!(out.len(), 2008);
        assert_eq!((received.bytes, received.kind, received.name.as_str()), (2008, FileKind::Pdf, "合同.pdf"));
        assert_eq!(received.sha256, <[u8; 32]>::from(Sha256::digest(&out)));
    }

    #[tokio::test]
    async fn refuses_what_the_rules_do_not_allow() {
        let long = [0; 3000];
        let png = b"\x89PNG\r\n\x1a\n";
        for (name, chunks, problem, key) in [
            ("", vec![], 422, "upload-missing"),
            ("a.pdf", vec![], 422, "upload-empty"),
            ("..", vec![b"%PDF-".as_slice()], 422, "upload-name"),
            ("a.pdf", vec![b"MZ\x90\x00".as_slice(), &long], 415, "upload-type"),
            ("a.jpg", vec![b"\xff\xd8\xff\xe0".as_slice()], 415, "upload-type"),
            ("a.png", vec![png.as_slice(), &long, &long], 413, "upload-too-large"),
        ] {
            let rules = rules(4000);
            let refusal = send(name, &chunks, &rules).await.0.expect_err(key);
            assert_eq!(refusal.problem().status.as_u16(), problem, "{key}");
            assert_eq!(refusal.complaint(&rules, Words::default()).key, key);
        }
    }

    #[tokio::test]
    async fn writes_nothing_of_a_wrong_kind() {
        let (result, out) = send("a.pdf", &[&[0; 600]], &rules(4000)).await;
        assert!(matches!(result, Err(UploadRefusal::Kind)) && out.is_empty());
    }

    fn zip(entry: &str) -> Vec<u8> {
        let mut head = vec![b'P', b'K', 3, 4];
        head.resize(26, 0);
        head.extend([entry.len() as u8, 0, 0, 0]);
        head.extend(entry.as_bytes());
        head
    }

    #[test]
    fn judges_by_content_and_never_by_name_alone() {
        for (head, name, kind) in [
            (b"%PDF-1.4".to_vec(), "a.exe", Some(FileKind::Pdf)),
            (zip("OFD.xml"), "a.ofd", Some(FileKind::Ofd)),
            (zip("[Content_Types].xml"), "a.docx", Some(FileKind::Docx)),
            (zip("[Content_Types].xml"), "a.xlsx", Some(FileKind::Xlsx)),
            (zip("evil.exe"), "a.docx", Some(FileKind::Zip)),
            (b"AC1032".to_vec(), "a.dwg", Some(FileKind::Dwg)),
            (b"<html>".to_vec(), "a.pdf", None),
            (b"PK\x03\x04".to_vec(), "a.zip", None),
            (vec![], "a.pdf", None),
        ] {
            assert_eq!(FileKind::sniff(&head, name), kind, "{name}");
        }
    }

    #[test]
    fn names_are_cleaned() {
        let long = format!("{}.pdf", "长".repeat(200));
        let cut = format!("{}.pdf", "长".repeat(146));
        for (given, clean) in [
            ("合同.pdf", Some("合同.pdf")),
            ("C:\\用户\\合同.pdf", Some("合同.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("a\u{202e}fdp.exe", Some("afdp.exe")),
            ("a\0b\n.pdf", Some("ab.pdf")),
            ("e\u{301}.pdf", Some("é.pdf")),
            (long.as_str(), Some(cut.as_str())),
            ("..", None),
            ("/", None),
            ("  . ", None),
        ] {
            assert_eq!(clean_name(given).as_deref(), clean, "{given:?}");
        }
        assert_eq!(with_extension("a.exe".into(), FileKind::Pdf), "a.exe.pdf");
        assert_eq!(with_extension("a.JPEG".into(), FileKind::Jpeg), "a.JPEG");
    }

    proptest::proptest! {
        #[test]
        fn a_clean_name_is_short_and_holds_nothing_dangerous(given in "\\PC{0,300}") {
            if let Some(name) = clean_name(&given) {
                proptest::prop_assert!(name.chars().count() <= FILE_NAME_CHARS_MAX);
                proptest::prop_assert!(!name.contains(['/', '\\', '\0', '"']) && !name.starts_with('.'));
            }
        }
    }
}

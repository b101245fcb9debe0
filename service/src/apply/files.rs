//! Files of an application: written beside the database before anything names them, sealed under the applicant's key where personal.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use base::id::SubjectId;
use kernel::catalog::Matter;
use kernel::catalog::matter::MaterialSpec;
use kernel::sealed::{Entropy, Secret};
use store::{FileWriter, SealedFor, Stored};
use tokio::io::AsyncWrite;
use web::download::FileBody;
use web::upload::{FileKind, Received, UploadRules};

use super::{Draft, DraftFile, Owner};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;
use kernel::case::{Places, hash_place};

/// security.md §6: bytes of one file.
pub const UPLOAD_BYTES_MAX: u64 = 200 << 20;

/// security.md §6: bytes of all files of an application.
const CASE_BYTES_MAX: u64 = 2 << 30;

/// Kinds taken where a material names none.
const USUAL_KINDS: [FileKind; 4] = [FileKind::Pdf, FileKind::Ofd, FileKind::Jpeg, FileKind::Png];

/// A file on its way in, as an upload writes it.
pub struct FileSink {
    writer: FileWriter,
    sealed: bool,
}

impl AsyncWrite for FileSink {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // A chunk goes to the page cache; the sync at the end runs on a thread of its own.
        Poll::Ready(match self.writer.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(fault) if fault.is_disk_full() => Err(io::Error::new(io::ErrorKind::StorageFull, fault)),
            Err(fault) => Err(io::Error::other(fault)),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A material of a matter that can be uploaded.
pub(crate) fn material<'a>(matter: &'a Matter, code: &str) -> Result<&'a MaterialSpec> {
    let spec = matter.spec.materials.iter().find(|material| material.code == code);
    spec.filter(|material| material.may_upload()).ok_or_else(Error::not_found)
}

/// Bytes of a draft's files other than the one that is about to be replaced.
fn bytes_beside(draft: &Draft, code: &str) -> u64 {
    let others = draft.files.iter().filter(|(other, _)| *other != code);
    others.map(|(_, file)| file.bytes).sum::<u64>().min(CASE_BYTES_MAX)
}

/// What a material's place takes.
pub fn upload_rules(material: &MaterialSpec) -> UploadRules {
    let named: Vec<FileKind> = material.formats.iter().filter_map(|format| FileKind::parse(format)).collect();
    UploadRules { bytes_max: UPLOAD_BYTES_MAX, kinds: if named.is_empty() { USUAL_KINDS.to_vec() } else { named } }
}

/// The material of an entry and what the vault keeps for it.
pub fn handed_in(
    places: &Places,
    subject: SubjectId,
    code: &str,
    file: &DraftFile,
    entropy: &mut Entropy,
) -> (kernel::case::Material, Vec<Secret>) {
    let mut secret =
        |field: String, value: &str| Secret { subject, field, salt: entropy.bytes16(), value: value.to_owned() };
    let place = places.file(code);
    let sealed_hash = file.sealed.then(|| hash_place(&place)).flatten().map(|place| secret(place, &file.hash));
    let name = secret(place, &file.name);
    let commitment = name.commitment();
    let mut secrets = vec![name];
    let hash = sealed_hash.as_ref().map_or_else(|| file.hash.clone(), |hash| hash.commitment().hash.to_string());
    secrets.extend(sealed_hash);
    let source = kernel::case::MaterialSource::Upload {
        hash,
        media: file.media.clone(),
        bytes: file.bytes,
        name: commitment,
        sealed: file.sealed,
    };
    (kernel::case::Material { code: code.to_owned(), source }, secrets)
}

impl App {
    /// Begins an upload for a material of a draft.
    pub async fn begin_upload(
        &self,
        identity: &Identity,
        matter: &Matter,
        draft: &str,
        code: &str,
    ) -> Result<(FileSink, UploadRules)> {
        let (owner, others) = match self.draft(identity, draft).await {
            Ok((draft, _)) => (Owner::of(identity)?.filing(&draft), bytes_beside(&draft, code)),
            // The answer to a supplement notice begins with its first file.
            Err(_) => (Owner::of(identity)?, 0),
        };
        let material = material(matter, code)?;
        let sealed = material.class.is_sealed();
        let key = if sealed {
            let subject = owner.subject.to_string();
            Some(self.store().write(move |writes| writes.subject_key(&subject)).await.map_err(Error::Fault)?)
        } else {
            None
        };
        let writer = self.store().files().begin(key)?;
        let rules = upload_rules(material);
        Ok((
            FileSink { writer, sealed },
            UploadRules { bytes_max: rules.bytes_max.min(CASE_BYTES_MAX - others), ..rules },
        ))
    }

    /// Ends an upload: the file is on disk, and the draft names it.
    pub async fn finish_upload(
        &self,
        identity: &Identity,
        draft: &str,
        code: &str,
        sink: FileSink,
        received: Received,
    ) -> Result<()> {
        let FileSink { writer, sealed } = sink;
        let finished = tokio::task::spawn_blocking(move || writer.finish()).await;
        let stored: Stored = finished.map_err(|error| store::Fault::Task(format!("storing a file: {error}")))??;
        let (mut draft, _): (Draft, _) = self.draft(identity, draft).await?;
        let owner = Owner::of(identity)?.filing(&draft);
        let file = DraftFile {
            hash: stored.hash.clone(),
            media: received.kind.media_type().to_owned(),
            bytes: stored.length,
            name: received.name,
            sealed,
        };
        let (subject, media, at) = (owner.subject.to_string(), file.media.clone(), self.now().as_microsecond());
        let subject = if sealed { subject } else { String::new() };
        let written = self.store().write(move |writes| writes.put_file(&stored, &subject, &media, at)).await;
        written.map_err(Error::Fault)?;
        draft.files.insert(code.to_owned(), file);
        draft.paper.remove(code);
        self.keep(&owner, &draft).await
    }

    /// A material was shown on paper at the window, and is kept there.
    pub async fn keep_paper_material(&self, identity: &Identity, draft: &str, code: &str) -> Result<()> {
        if identity.post().is_none() {
            return Err(kernel::Refusal::Forbidden { action: "case.receive".to_owned() }.into());
        }
        let (mut draft, matter) = self.draft(identity, draft).await?;
        material(&matter, code)?;
        draft.files.remove(code);
        draft.paper.insert(code.to_owned());
        self.keep(&Owner::of(identity)?, &draft).await
    }

    /// Takes a file out of a draft.
    pub async fn remove_file(&self, identity: &Identity, draft: &str, code: &str) -> Result<()> {
        let owner = Owner::of(identity)?;
        let (mut draft, matter) = self.draft(identity, draft).await?;
        material(&matter, code)?;
        draft.files.remove(code);
        draft.paper.remove(code);
        self.keep(&owner, &draft).await
    }

    /// A file of a draft and its bytes, for its owner.
    pub async fn draft_file(&self, identity: &Identity, draft: &str, code: &str) -> Result<(DraftFile, FileBody)> {
        let (draft, _) = self.draft(identity, draft).await?;
        let owner = Owner::of(identity)?.filing(&draft);
        let file = draft.files.get(code).cloned().ok_or_else(Error::not_found)?;
        let bytes = self.file_bytes(&file, owner.subject).await?;
        Ok((file, bytes))
    }

    async fn file_bytes(&self, file: &DraftFile, subject: SubjectId) -> Result<FileBody> {
        let hash = file.hash.clone();
        let key = if file.sealed {
            let subject = subject.to_string();
            Some(self.store().read(move |reader| reader.subject_key(&subject)).await?.ok_or_else(Error::not_found)?)
        } else {
            None
        };
        self.open_file(key, hash).await
    }

    /// A file of the store, sealed if there is a key, to be read as it is sent.
    pub(crate) async fn open_file(&self, key: Option<SealedFor>, hash: String) -> Result<FileBody> {
        let files = self.store().files().clone();
        let opened = tokio::task::spawn_blocking(move || {
            Ok(match key {
                Some(key) => FileBody::new(files.read_sealed(key, &hash)?),
                None => FileBody::new(files.read(&hash)?),
            })
        });
        opened.await.map_err(|error| store::Fault::Task(format!("opening a file: {error}")))?
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_files_of_an_application_share_two_gibibytes() {
        let file = |bytes: u64| json!({"hash": "a", "media": PDF, "bytes": bytes, "name": "a.pdf", "sealed": true});
        const PDF: &str = "application/pdf";
        for (one, other, beside) in [(5, 7, 7), (1 << 31, 200 << 20, 200 << 20), (0, 3 << 30, CASE_BYTES_MAX)] {
            let draft = json!({
                "id": "d", "matter": "m", "kind": "organisation", "applicant_code": "", "applicant_name": "", "form": {},
                "saved": [], "files": {"one": file(one), "other": file(other)}, "paper": [], "subject": null,
            });
            let draft: Draft = serde_json::from_value(draft).expect("a draft");
            assert_eq!(bytes_beside(&draft, "one"), beside, "the file that is replaced does not count");
        }
    }
}

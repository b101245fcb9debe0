//! A file of a case, for an officer whose post may read files there, and for whoever handed it in.

use base::id::CaseId;
use kernel::case::{Case, MaterialSource, hash_place};
use store::Opened;
use web::download::FileBody;

use super::load;
use super::part::object_for;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

/// A file with what a download says about it.
#[derive(Debug)]
pub struct CaseFile {
    /// Name as uploaded.
    pub name: String,
    /// Media type found by content.
    pub media: String,
    /// The plain bytes, read as they are sent.
    pub bytes: FileBody,
}

/// May this person have files and papers of the case? Who applied may; an officer needs the power, which seeing the case is not.
pub(crate) async fn may_read(app: &App, identity: &Identity, case: &Case) -> Result<()> {
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    if identity.post().is_some() && !identity.may(app, "file.read", &object_for(case, &matter, identity)) {
        return Err(Error::Refused(kernel::Refusal::Forbidden { action: "file.read".to_owned() }));
    }
    Ok(())
}

/// The file handed in for a material; a sealed one is opened with its subject's key.
pub async fn file(app: &App, identity: &Identity, id: CaseId, material: &str) -> Result<CaseFile> {
    let case = load(app, identity, id).await?;
    may_read(app, identity, &case).await?;
    let handed = case.materials.iter().rev().find(|handed| handed.code == material);
    let Some(MaterialSource::Upload { hash, media, sealed, name, .. }) = handed.map(|handed| &handed.source) else {
        return Err(Error::not_found());
    };
    let (subject, sealed) = (case.applicant.subject, *sealed);
    // The entry holds a salted hash of a sealed file; the plain one, which names it on disk, lies in the vault.
    let wanted = [Some(name.field.clone()), hash_place(&name.field)];
    let wanted: Vec<_> = wanted.into_iter().flatten().map(|field| (subject, field)).collect();
    let (opened, key) = app
        .store()
        .read(move |reader| {
            let key = if sealed { reader.subject_key(&subject.to_string())? } else { None };
            Ok((reader.open(&wanted)?, key))
        })
        .await?;
    let value = |n: usize| opened.get(n).and_then(Opened::value).map(str::to_owned);
    let hash = if sealed { value(1).ok_or_else(Error::not_found)? } else { hash.clone() };
    if sealed && key.is_none() {
        return Err(Error::not_found());
    }
    let bytes = app.open_file(key, hash).await?;
    Ok(CaseFile { name: value(0).unwrap_or_else(|| material.to_owned()), media: media.clone(), bytes })
}

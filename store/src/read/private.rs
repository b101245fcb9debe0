//! What only its owner and the system read: vault, drafts, sessions, sign-in, files.

use base::id::SubjectId;
use serde_json::Value as Json;

use super::Reader;
use crate::fault::Fault;
use crate::files::SealedFor;
use crate::small::{Credential, Session, draft_place};
use crate::sql::{Connection, Row, first, schema, values};
use crate::vault::{self, Opened, SubjectKey};
use crate::writer::IdempotencyKey;

/// A draft of an application (草稿).
#[derive(Clone, Debug, PartialEq)]
pub struct DraftItem {
    /// Id.
    pub id: String,
    /// Matter code.
    pub matter: String,
    /// Whose key seals it.
    pub subject: String,
    /// Last saved, µs UTC.
    pub updated_at: i64,
    /// Its fields; none when the subject was erased.
    pub body: Option<Json>,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileItem {
    /// SHA-256 of the plain bytes.
    pub hash: String,
    /// Whose key seals it, or empty.
    pub subject: String,
    /// SM3 of the plain bytes.
    pub sm3: String,
    /// Plain bytes.
    pub length: u64,
    /// Media type.
    pub media: String,
    /// µs UTC.
    pub stored_at: i64,
}

impl Reader<'_> {
    /// Values of the vault, in the order asked for.
    pub fn open(&mut self, wanted: &[(SubjectId, String)]) -> Result<Vec<Opened>, Fault> {
        let wanted: Vec<(String, String)> =
            wanted.iter().map(|(subject, field)| (subject.to_string(), field.clone())).collect();
        vault::open_all(self.connection, self.keys, &wanted)
    }

    /// All values of a subject whose field begins with a prefix, such as `case/<id>/`.
    pub fn open_under(&mut self, subject: SubjectId, prefix: &str) -> Result<Vec<(String, Opened)>, Fault> {
        vault::open_under(self.connection, self.keys, &subject.to_string(), prefix)
    }

    /// The subject's key was destroyed.
    pub fn is_erased(&mut self, subject: SubjectId) -> Result<bool, Fault> {
        let sql = "select 1 from subjects where subject = $1 and wrapped is null";
        Ok(first(self.connection, sql, &values![subject.to_string()])?.is_some())
    }

    /// The key for a subject's files; none when there is none, or no longer.
    pub fn subject_key(&mut self, subject: &str) -> Result<Option<SealedFor>, Fault> {
        Ok(match vault::find_key(self.connection, self.keys, subject)? {
            Some(SubjectKey::Present(key)) => Some(SealedFor { subject: subject.to_owned(), key }),
            _ => None,
        })
    }

    /// A draft of an account.
    pub fn draft(&mut self, account: &str, id: &str) -> Result<Option<DraftItem>, Fault> {
        let sql = "select id, matter, subject, updated_at, sealed from drafts where account = $1 and id = $2";
        let row = first(self.connection, sql, &values![account, id])?;
        row.map(|mut row| self.draft_item(&mut row)).transpose()
    }

    /// The drafts of an account, the newest first.
    pub fn drafts(&mut self, account: &str) -> Result<Vec<DraftItem>, Fault> {
        let sql = "select id, matter, subject, updated_at, sealed from drafts where account = $1
                   order by updated_at desc, id limit 100";
        let rows = self.connection.query(sql, &values![account])?;
        rows.into_iter().map(|mut row| self.draft_item(&mut row)).collect()
    }

    fn draft_item(&mut self, row: &mut Row) -> Result<DraftItem, Fault> {
        let (id, matter, subject, updated_at) = (row.text()?, row.text()?, row.text()?, row.int()?);
        let sealed = row.blob()?;
        let body = match vault::find_key(self.connection, self.keys, &subject)? {
            Some(SubjectKey::Present(key)) => {
                let bytes = vault::unseal(&key, &draft_place(&id), &sealed)?;
                Some(serde_json::from_slice(&bytes).map_err(|error| Fault::damaged(format!("draft {id}: {error}")))?)
            }
            _ => None,
        };
        Ok(DraftItem { id, matter, subject, updated_at, body })
    }

    /// A session by the hash of its id.
    pub fn session(&mut self, id_hash: &[u8; 32]) -> Result<Option<Session>, Fault> {
        let sql =
            "select account, post, created_at, seen_at, elevated_at, expires_at, data from sessions where id_hash = $1";
        let row = first(self.connection, sql, &values![id_hash.to_vec()])?;
        row.map(|mut row| {
            Ok(Session {
                id_hash: *id_hash,
                account: row.text()?,
                post: row.text()?,
                created_at: row.int()?,
                seen_at: row.int()?,
                elevated_at: row.int_or_null()?,
                expires_at: row.int()?,
                data: row.json()?,
            })
        })
        .transpose()
    }

    /// What was answered to a wish; none when it is new. The same key with another wish is an error of its own.
    pub fn reply(&mut self, key: &IdempotencyKey) -> Result<Option<Result<Json, KeyReused>>, Fault> {
        reply(self.connection, key)
    }

    /// How someone signs in.
    pub fn credential(&mut self, login: &str) -> Result<Option<Credential>, Fault> {
        let sql = "select login, account, password, changed_at, must_change from credentials where login = $1";
        first(self.connection, sql, &values![login])?.map(|mut row| credential(&mut row)).transpose()
    }

    /// Can anybody sign in?
    pub fn has_credentials(&mut self) -> Result<bool, Fault> {
        Ok(first(self.connection, "select 1 from credentials limit 1", &[])?.is_some())
    }

    /// The sign-in names of an account.
    pub fn credentials_of(&mut self, account: &str) -> Result<Vec<Credential>, Fault> {
        let sql = "select login, account, password, changed_at, must_change from credentials where account = $1 order by login";
        let rows = self.connection.query(sql, &values![account])?;
        rows.into_iter().map(|mut row| credential(&mut row)).collect()
    }

    /// How much of a budget was used, and since when; zero when none.
    pub fn budget(&mut self, name: &str) -> Result<(u64, i64), Fault> {
        let row = first(self.connection, "select used, since from budgets where name = $1", &values![name])?;
        row.map_or(Ok((0, 0)), |mut row| Ok((row.count()?, row.int()?)))
    }

    /// How far a job is that is done step by step; none before its first step.
    pub fn progress(&mut self, job: &str) -> Result<Option<Json>, Fault> {
        let text = schema::meta(self.connection, &progress_name(job))?;
        let read =
            |text: String| serde_json::from_str(&text).map_err(|error| Fault::damaged(format!("{job}: {error}")));
        text.map(read).transpose()
    }

    /// A stored file; `subject` is empty for a public one.
    pub fn file(&mut self, hash: &str, subject: &str) -> Result<Option<FileItem>, Fault> {
        let sql = "select hash, subject, sm3, length, media, stored_at from files where hash = $1 and subject = $2";
        let row = first(self.connection, sql, &values![hash, subject])?;
        row.map(|mut row| file(&mut row)).transpose()
    }

    /// Every stored file, from after one on: for `verify` and backups.
    pub fn files(&mut self, after: (&str, &str), limit: u32) -> Result<Vec<FileItem>, Fault> {
        let sql = "select hash, subject, sm3, length, media, stored_at from files where (hash, subject) > ($1, $2)
                   order by hash, subject limit $3";
        let rows = self.connection.query(sql, &values![after.0, after.1, limit])?;
        rows.into_iter().map(|mut row| file(&mut row)).collect()
    }
}

/// The name of a job's progress among the values of the database itself.
pub(crate) fn progress_name(job: &str) -> String {
    format!("progress/{job}")
}

/// An idempotency key that stands for another wish already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyReused;

pub(crate) fn reply(
    connection: &mut dyn Connection,
    key: &IdempotencyKey,
) -> Result<Option<Result<Json, KeyReused>>, Fault> {
    let sql = "select body_hash, reply from replies where account = $1 and reply_key = $2";
    let Some(mut row) = first(connection, sql, &values![&key.account, &key.key])? else { return Ok(None) };
    let same = row.blob()? == key.body_hash;
    Ok(Some(if same { Ok(row.json()?) } else { Err(KeyReused) }))
}

fn credential(row: &mut Row) -> Result<Credential, Fault> {
    Ok(Credential {
        login: row.text()?,
        account: row.text()?,
        password: row.text()?,
        changed_at: row.int()?,
        must_change: row.flag()?,
    })
}

fn file(row: &mut Row) -> Result<FileItem, Fault> {
    Ok(FileItem {
        hash: row.text()?,
        subject: row.text()?,
        sm3: row.text()?,
        length: row.count()?,
        media: row.text()?,
        stored_at: row.int()?,
    })
}

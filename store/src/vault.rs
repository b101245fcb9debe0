//! The vault: personal values, each sealed under its subject's key (ChaCha20-Poly1305), each key wrapped by the key file.
//!
//! A sealed value is bound to its place: subject and field are associated data, so that a row copied to another place does not open.
//! Erasing = destroying the key and the rows ([`crate::Store::submit`] does it with the kernel's `subject-erased` entry).

use std::collections::HashMap;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::keys::{Keys, random};
use crate::sql::{Connection, Value, first, values};

/// A subject's key, or what is left of it.
#[derive(Clone)]
pub(crate) enum SubjectKey {
    /// Opens the subject's values.
    Present(Zeroizing<[u8; 32]>),
    /// Destroyed.
    Erased,
}

/// A value read from the vault.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The value with the salt of its commitment.
    Value {
        /// Salt of the commitment.
        salt: [u8; 16],
        /// The value.
        value: String,
    },
    /// The subject was erased; pages say so.
    Erased,
    /// No such value.
    Missing,
}

impl Opened {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&str> {
        if let Self::Value { value, .. } = self { Some(value) } else { None }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Value { .. } => "Value(…)",
            Self::Erased => "Erased",
            Self::Missing => "Missing",
        })
    }
}

const NONCE: usize = 12;

/// Seals bytes: nonce ‖ ciphertext ‖ tag.
pub(crate) fn seal(key: &[u8; 32], bound_to: &str, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let nonce = random::<NONCE>()?;
    let payload = Payload { msg: bytes, aad: bound_to.as_bytes() };
    let sealed = cipher(key)
        .encrypt(&Nonce::from(*nonce), payload)
        .map_err(|_| Fault::Task("a value is too long to be sealed".to_owned()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens sealed bytes; fails when they were changed, moved or sealed with another key.
pub(crate) fn unseal(key: &[u8; 32], bound_to: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let damaged = || Fault::damaged(format!("a sealed value does not open: {bound_to}"));
    let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or_else(damaged)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| damaged())?;
    let payload = Payload { msg: rest, aad: bound_to.as_bytes() };
    cipher(key).decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| damaged())
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(*key).into())
}

fn place(subject: &str, field: &str) -> String {
    format!("vault/{subject}/{field}")
}

/// Seals a secret for its row of the vault.
pub(crate) fn seal_secret(key: &[u8; 32], secret: &kernel::sealed::Secret) -> Result<Vec<u8>, Fault> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 + secret.value.len()));
    bytes.extend_from_slice(&secret.salt);
    bytes.extend_from_slice(secret.value.as_bytes());
    seal(key, &place(&secret.subject.to_string(), &secret.field), &bytes)
}

/// The key of a subject as the database has it; none when it never had one.
pub(crate) fn find_key(
    connection: &mut dyn Connection,
    keys: &Keys,
    subject: &str,
) -> Result<Option<SubjectKey>, Fault> {
    let Some(mut row) = first(connection, "select wrapped from subjects where subject = $1", &values![subject])? else {
        return Ok(None);
    };
    let Some(wrapped) = row.blob_or_null()? else { return Ok(Some(SubjectKey::Erased)) };
    unwrap(keys, subject, &wrapped).map(|key| Some(SubjectKey::Present(key)))
}

/// A new key and its wrapped form.
pub(crate) fn make_key(keys: &Keys, subject: &str) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), Fault> {
    let key = random::<32>()?;
    let wrapped = seal(&keys.wrapping, &format!("subject/{subject}"), &*key)?;
    Ok((key, wrapped))
}

fn unwrap(keys: &Keys, subject: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let bytes = unseal(&keys.wrapping, &format!("subject/{subject}"), wrapped)?;
    let key: [u8; 32] =
        bytes.as_slice().try_into().map_err(|_| Fault::damaged("a subject's key has the wrong length"))?;
    Ok(Zeroizing::new(key))
}

/// Whether these keys are those that wrap the keys of subjects; one tells for all.
pub(crate) fn is_opened_by(connection: &mut dyn Connection, keys: &Keys) -> Result<bool, Fault> {
    let sql = "select subject, wrapped from subjects where wrapped is not null limit 1";
    let Some(mut row) = first(connection, sql, &[])? else { return Ok(true) };
    let (subject, wrapped) = (row.text()?, row.blob()?);
    Ok(unwrap(keys, &subject, &wrapped).is_ok())
}

/// Reads values of subjects: (subject, field) → value.
pub(crate) fn open_all(
    connection: &mut dyn Connection,
    keys: &Keys,
    wanted: &[(String, String)],
) -> Result<Vec<Opened>, Fault> {
    let mut known: HashMap<&str, Option<SubjectKey>> = HashMap::new();
    let mut opened = Vec::with_capacity(wanted.len());
    for (subject, field) in wanted {
        if !known.contains_key(subject.as_str()) {
            let key = find_key(connection, keys, subject)?;
            known.insert(subject, key);
        }
        opened.push(match known.get(subject.as_str()) {
            Some(Some(SubjectKey::Present(key))) => {
                let sql = "select sealed from vault where subject = $1 and field = $2";
                match first(connection, sql, &values![subject, field])? {
                    Some(mut row) => secret(key, subject, field, &row.blob()?)?,
                    None => Opened::Missing,
                }
            }
            Some(Some(SubjectKey::Erased)) => Opened::Erased,
            _ => Opened::Missing,
        });
    }
    Ok(opened)
}

/// All values of a subject whose field begins with a prefix, by field.
pub(crate) fn open_under(
    connection: &mut dyn Connection,
    keys: &Keys,
    subject: &str,
    prefix: &str,
) -> Result<Vec<(String, Opened)>, Fault> {
    let Some(SubjectKey::Present(key)) = find_key(connection, keys, subject)? else { return Ok(Vec::new()) };
    let sql = "select field, sealed from vault where subject = $1 and field >= $2 and field < $3 order by field";
    // Field names are ASCII paths, so that this character ends every range of them.
    let rows = connection.query(sql, &values![subject, prefix, format!("{prefix}\u{10ffff}")])?;
    rows.into_iter()
        .map(|mut row| {
            let (field, sealed) = (row.text()?, row.blob()?);
            let value = secret(&key, subject, &field, &sealed)?;
            Ok((field, value))
        })
        .collect()
}

fn secret(key: &[u8; 32], subject: &str, field: &str, sealed: &[u8]) -> Result<Opened, Fault> {
    let bytes = unseal(key, &place(subject, field), sealed)?;
    let parts =
        bytes.split_first_chunk::<16>().and_then(|(salt, value)| Some((*salt, std::str::from_utf8(value).ok()?)));
    let (salt, value) = parts.ok_or_else(|| Fault::damaged(format!("a vault value is not text: {subject}/{field}")))?;
    Ok(Opened::Value { salt, value: value.to_owned() })
}

/// Destroys a subject's key and everything sealed under it, within the transaction of the entry that says so. The files' bytes go after the
/// commit: they are unreadable without the key already.
pub(crate) fn erase(connection: &mut dyn Connection, subject: &str, at: i64) -> Result<(), Fault> {
    connection.execute(
        "insert into subjects (subject, wrapped, erased_at) values ($1, null, $2)
         on conflict (subject) do update set wrapped = null, erased_at = excluded.erased_at",
        &[Value::from(subject), Value::Int(at)],
    )?;
    for table in ["vault", "drafts", "files"] {
        connection.execute(&format!("delete from {table} where subject = $1"), &values![subject])?;
    }
    Ok(())
}

/// Subjects whose key was destroyed.
pub(crate) fn erased(connection: &mut dyn Connection) -> Result<Vec<String>, Fault> {
    let rows = connection.query("select subject from subjects where wrapped is null order by subject", &[])?;
    rows.into_iter().map(|mut row| row.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_open_only_in_their_place_with_their_key_and_unchanged() {
        let (key, other) = ([1; 32], [2; 32]);
        let sealed = seal(&key, "vault/s/phone", "13800138000".as_bytes()).unwrap();
        assert_eq!(&**unseal(&key, "vault/s/phone", &sealed).unwrap(), b"13800138000");
        assert!(unseal(&key, "vault/t/phone", &sealed).is_err());
        assert!(unseal(&other, "vault/s/phone", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(unseal(&key, "vault/s/phone", &changed).is_err(), "byte {position}");
        }
        assert!(unseal(&key, "vault/s/phone", &sealed[..5]).is_err());
        assert_ne!(seal(&key, "x", b"a").unwrap(), seal(&key, "x", b"a").unwrap(), "nonces must differ");
    }
}

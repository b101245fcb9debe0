//! The key file: the one secret that lies outside `--data`, so that a stolen copy of the data opens nothing personal and signs nothing.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::fault::Fault;

/// Keys of a node.
#[derive(Clone)]
pub struct Keys {
    /// Wraps the keys of subjects.
    pub(crate) wrapping: Zeroizing<[u8; 32]>,
    /// Signs checkpoints (Ed25519 seed).
    pub(crate) signing: Zeroizing<[u8; 32]>,
    /// Keys the hashes that stand for personal values where they must be found again by equality.
    pub(crate) lookup: Zeroizing<[u8; 32]>,
}

const HEAD: &str = "jiantong-keys-1";

impl Keys {
    /// Reads the key file; makes one, readable by its owner alone, when there is none and `make` allows it.
    ///
    /// `make` is false when the database has data already: new keys would open none of it.
    pub fn open(path: &Path, make: bool) -> Result<Self, Fault> {
        match fs::metadata(path) {
            Ok(found) => {
                let mode = found.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(problem(path, format!("has mode {mode:o}; others may read it: chmod 600")));
                }
                let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| Fault::io(path, error))?);
                Self::parse(&text).ok_or_else(|| problem(path, "is not a key file of this version".to_owned()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && make => {
                let keys = Self { wrapping: random()?, signing: random()?, lookup: random()? };
                keys.write(path).map_err(|error| Fault::io(path, error))?;
                Ok(keys)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(problem(path, "is missing, but the database holds data sealed with it".to_owned()))
            }
            Err(error) => Err(Fault::io(path, error)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEAD {
            return None;
        }
        let mut key = |name: &str| {
            let (found, hex) = lines.next()?.split_once(' ')?;
            let mut bytes = HEXLOWER.decode(hex.as_bytes()).ok().filter(|_| found == name)?;
            let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
            bytes.zeroize();
            key
        };
        Some(Self { wrapping: key("wrapping")?, signing: key("signing")?, lookup: key("lookup")? })
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = Zeroizing::new(format!("{HEAD}\n"));
        for (name, key) in [("wrapping", &self.wrapping), ("signing", &self.signing), ("lookup", &self.lookup)] {
            text.push_str(&format!("{name} {}\n", HEXLOWER.encode(&**key)));
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn problem(path: &Path, problem: String) -> Fault {
    Fault::KeyFile { path: path.to_owned(), problem }
}

/// HMAC-SHA-256 under the key file, over a kind and a value: equal values of one kind are equal, and without the key file nobody can try values.
pub(crate) fn lookup_hash(keys: &Keys, kind: &str, value: &str) -> String {
    HEXLOWER.encode(&keyed(keys, kind, value))
}

/// The secret for the kernel's keyed hashes, which go into entries: derived, so that it tells nothing of the key in the file.
pub(crate) fn pepper(keys: &Keys) -> [u8; 32] {
    keyed(keys, "pepper", "")
}

fn keyed(keys: &Keys, kind: &str, value: &str) -> [u8; 32] {
    // The length keeps ("a", "bc") and ("ab", "c") apart. A key of 32 bytes always fits.
    let mac = Hmac::<Sha256>::new_from_slice(&*keys.lookup);
    mac.map_or([0; 32], |mac| {
        mac.chain_update((kind.len() as u64).to_be_bytes())
            .chain_update(kind)
            .chain_update(value)
            .finalize()
            .into_bytes()
            .into()
    })
}

/// Fresh random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Fault> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|error| Fault::Task(format!("no random bytes from the system: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_made_once_for_its_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        let made = Keys::open(&path, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Keys::open(&path, false).unwrap();
        assert_eq!((*made.wrapping, *made.signing, *made.lookup), (*read.wrapping, *read.signing, *read.lookup));
        assert_ne!(*made.wrapping, *made.signing);
    }

    #[test]
    fn refuses_a_file_that_others_may_read_or_that_is_missing_or_is_not_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        assert!(matches!(Keys::open(&path, false), Err(Fault::KeyFile { .. })));
        Keys::open(&path, true).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::open(&path, true), Err(Fault::KeyFile { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "jiantong-keys-1\nwrapping 00\n").unwrap();
        assert!(matches!(Keys::open(&path, true), Err(Fault::KeyFile { .. })));
    }
}

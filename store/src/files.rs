//! Files beside the database: content-addressed, written and synced before the commit that names them.
//!
//! `files/ab/cd/<sha256>` holds the bytes of a public file. `files/sealed/<subject>/<sha256>` holds a personal one, in chunks sealed under the
//! subject's key: no sharing between subjects, and erasing a subject removes one folder (matter.md §7).

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::keys::random;
use crate::vault::{seal, unseal};

/// Plain bytes in one sealed chunk.
const CHUNK: usize = 64 * 1024;
/// Nonce and tag of a chunk.
const CHUNK_EXTRA: usize = 12 + 16;
/// security.md §6: 10 % of the disk or 2 GiB stay free for the journal.
const RESERVE_BYTES_MAX: u64 = 2 << 30;

/// A folder of files. Copies share it.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the plain bytes, lower-case hex: its name.
    pub hash: String,
    /// SM3 of the plain bytes, lower-case hex.
    pub sm3: String,
    /// Plain bytes.
    pub length: u64,
}

/// The key under which a personal file is sealed.
#[derive(Clone)]
pub struct SealedFor {
    pub(crate) subject: String,
    pub(crate) key: Zeroizing<[u8; 32]>,
}

/// A file on its way in. Dropped without [`FileWriter::finish`], it leaves nothing behind.
pub struct FileWriter {
    files: Files,
    temporary: Temporary,
    file: File,
    sealed: Option<SealedFor>,
    chunk: Zeroizing<Vec<u8>>,
    salt: [u8; 16],
    chunks: u64,
    sha256: Sha256,
    sm3: Sm3,
    length: u64,
}

/// A path that is removed unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Renamed already, or a leftover that the next start removes.
        let _gone = fs::remove_file(&self.0);
    }
}

impl Files {
    /// Opens the folder, making it if need be, and removes what an interrupted upload left.
    pub fn open(root: &Path) -> Result<Self, Fault> {
        let files = Self { root: root.to_owned() };
        let temporary = files.root.join("incoming");
        for folder in [&files.root, &temporary, &files.root.join("sealed")] {
            fs::create_dir_all(folder).map_err(|error| Fault::io(folder, error))?;
        }
        for left in fs::read_dir(&temporary).map_err(|error| Fault::io(&temporary, error))? {
            let left = left.map_err(|error| Fault::io(&temporary, error))?.path();
            fs::remove_file(&left).map_err(|error| Fault::io(&left, error))?;
        }
        Ok(files)
    }

    /// The folder as it is, beside a process that works in it: nothing is made, and its uploads on their way are left alone.
    pub(crate) fn beside(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Begins a file; with a key it is sealed.
    pub fn begin(&self, sealed: Option<SealedFor>) -> Result<FileWriter, Fault> {
        self.check_reserve()?;
        let name = HEXLOWER.encode(&*random::<16>()?);
        let path = self.root.join("incoming").join(name);
        let file = File::options().write(true).create_new(true).open(&path).map_err(|error| Fault::io(&path, error))?;
        let mut writer = FileWriter {
            files: self.clone(),
            temporary: Temporary(path),
            file,
            sealed,
            chunk: Zeroizing::new(Vec::new()),
            salt: *random::<16>()?,
            chunks: 0,
            sha256: Sha256::new(),
            sm3: Sm3::new(),
            length: 0,
        };
        if writer.sealed.is_some() {
            let salt = writer.salt;
            writer.put(&salt)?;
        }
        Ok(writer)
    }

    /// Opens a public file.
    pub fn read(&self, hash: &str) -> Result<File, Fault> {
        let path = self.path(None, hash)?;
        File::open(&path).map_err(|error| Fault::io(&path, error))
    }

    /// Opens a sealed file.
    pub fn read_sealed(&self, sealed: SealedFor, hash: &str) -> Result<SealedReader, Fault> {
        let path = self.path(Some(&sealed.subject), hash)?;
        let mut file = File::open(&path).map_err(|error| Fault::io(&path, error))?;
        let mut salt = [0; 16];
        file.read_exact(&mut salt).map_err(|error| Fault::io(&path, error))?;
        Ok(SealedReader { file, sealed, salt, chunk: 0, open: Zeroizing::new(Vec::new()), position: 0, ended: false })
    }

    /// SHA-256 of what is stored under a name, plain: equal to the name unless the file is damaged.
    pub fn hash_of(&self, hash: &str, sealed: Option<SealedFor>) -> Result<String, Fault> {
        let mut digest = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        let mut reader: Box<dyn Read> = match sealed {
            Some(sealed) => Box::new(self.read_sealed(sealed, hash)?),
            None => Box::new(self.read(hash)?),
        };
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(HEXLOWER.encode(&digest.finalize())),
                Ok(count) => digest.update(&buffer[..count]),
                Err(error) => return Err(Fault::io(&self.root, error)),
            }
        }
    }

    /// Removes a subject's sealed files.
    pub(crate) fn remove_subject(&self, subject: &str) -> Result<(), Fault> {
        let folder = self.root.join("sealed").join(plain_name(subject)?);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Fault::io(&folder, error)),
            _ => Ok(()),
        }
    }

    fn path(&self, subject: Option<&str>, hash: &str) -> Result<PathBuf, Fault> {
        let well_formed =
            hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !well_formed {
            return Err(Fault::Task("not the name of a file".to_owned()));
        }
        Ok(match subject {
            Some(subject) => self.root.join("sealed").join(plain_name(subject)?).join(hash),
            None => self.root.join(&hash[..2]).join(&hash[2..4]).join(hash),
        })
    }

    /// Free bytes of the disk that holds the files.
    pub fn free_bytes(&self) -> Result<u64, Fault> {
        self.space().map(|(free, _)| free)
    }

    fn space(&self) -> Result<(u64, u64), Fault> {
        let space = rustix::fs::statvfs(&self.root).map_err(|error| Fault::io(&self.root, error.into()))?;
        Ok((space.f_bavail.saturating_mul(space.f_frsize), space.f_blocks.saturating_mul(space.f_frsize)))
    }

    fn check_reserve(&self) -> Result<(), Fault> {
        let (free, total) = self.space()?;
        if free < (total / 10).min(RESERVE_BYTES_MAX) { Err(Fault::DiskFull) } else { Ok(()) }
    }
}

/// A subject's id as a folder's name: letters, digits and hyphens only.
fn plain_name(subject: &str) -> Result<&str, Fault> {
    let plain = !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain { Ok(subject) } else { Err(Fault::Task("not the id of a subject".to_owned())) }
}

/// What a chunk is bound to: its subject, file and place, and whether it is the last, so that none can be moved, dropped or added.
fn chunk_place(subject: &str, salt: &[u8; 16], chunk: u64, last: bool) -> String {
    format!("file/{subject}/{}/{chunk}/{last}", HEXLOWER.encode(salt))
}

impl FileWriter {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.sha256.update(bytes);
        self.sm3.update(bytes);
        self.length += bytes.len() as u64;
        if self.sealed.is_none() {
            return self.put(bytes);
        }
        self.chunk.extend_from_slice(bytes);
        while self.chunk.len() > CHUNK {
            let rest = Zeroizing::new(self.chunk.split_off(CHUNK));
            self.put_chunk(false)?;
            self.chunk = rest;
        }
        Ok(())
    }

    /// Bytes taken so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Ends the file: on return its bytes and its name are on disk.
    pub fn finish(mut self) -> Result<Stored, Fault> {
        if self.sealed.is_some() {
            self.put_chunk(true)?;
        }
        self.file.sync_all().map_err(|error| Fault::io(&self.temporary.0, error))?;
        let hash = HEXLOWER.encode(&self.sha256.finalize());
        let path = self.files.path(self.sealed.as_ref().map(|sealed| sealed.subject.as_str()), &hash)?;
        let folder = path.parent().ok_or_else(|| Fault::Task("a file has no folder".to_owned()))?;
        fs::create_dir_all(folder).map_err(|error| Fault::io(folder, error))?;
        fs::rename(&self.temporary.0, &path).map_err(|error| Fault::io(&path, error))?;
        // All of them, also those that were there: another upload may have made them a moment ago, and not synced them yet.
        for above in folder.ancestors().take_while(|above| above.starts_with(&self.files.root)) {
            sync_folder(above)?;
        }
        Ok(Stored { hash, sm3: HEXLOWER.encode(&self.sm3.finalize()), length: self.length })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.file.write_all(bytes).map_err(|error| Fault::io(&self.temporary.0, error))
    }

    fn put_chunk(&mut self, last: bool) -> Result<(), Fault> {
        let Some(sealed) = &self.sealed else { return Ok(()) };
        let bytes = seal(&sealed.key, &chunk_place(&sealed.subject, &self.salt, self.chunks, last), &self.chunk)?;
        self.chunk.clear();
        self.chunks += 1;
        self.put(&bytes)
    }
}

/// Makes a folder whose name outlasts a power cut.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Fault> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    fs::create_dir_all(folder).map_err(|error| Fault::io(folder, error))?;
    let parents = missing.iter().filter_map(|made| made.parent());
    parents.map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }).try_for_each(sync_folder)
}

fn sync_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Fault::io(folder, error))
}

/// The plain bytes of a sealed file. A chunk that was changed, moved or cut off is an error.
pub struct SealedReader {
    file: File,
    sealed: SealedFor,
    salt: [u8; 16],
    chunk: u64,
    open: Zeroizing<Vec<u8>>,
    position: usize,
    ended: bool,
}

impl SealedReader {
    fn next_chunk(&mut self) -> io::Result<()> {
        let mut sealed = Vec::with_capacity(CHUNK + CHUNK_EXTRA);
        (&mut self.file).take((CHUNK + CHUNK_EXTRA) as u64).read_to_end(&mut sealed)?;
        // Whether a chunk is the last is part of what it is bound to, so that only one of the two can be true.
        for last in [false, true] {
            let place = chunk_place(&self.sealed.subject, &self.salt, self.chunk, last);
            if let Ok(open) = unseal(&self.sealed.key, &place, &sealed) {
                (self.open, self.position, self.ended) = (open, 0, last);
                self.chunk += 1;
                return Ok(());
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "a sealed file is damaged"))
    }
}

impl Read for SealedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.open.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let count = buffer.len().min(self.open.len() - self.position);
        buffer[..count].copy_from_slice(&self.open[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealedFor {
        SealedFor { subject: "0198-a".to_owned(), key: Zeroizing::new([byte; 32]) }
    }

    fn store(files: &Files, sealed: Option<SealedFor>, bytes: &[u8]) -> Stored {
        let mut writer = files.begin(sealed).unwrap();
        bytes.chunks(10_007).for_each(|part| writer.write(part).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn a_file_is_found_under_its_hash_and_an_unfinished_one_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path()).unwrap();
        let stored = store(&files, None, b"abc");
        assert_eq!(stored.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        // GB/T 32905, example 1.
        assert_eq!(stored.sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        assert_eq!(files.hash_of(&stored.hash, None).unwrap(), stored.hash);
        let mut left = files.begin(None).unwrap();
        left.write(b"half").unwrap();
        drop(left);
        assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
        assert!(files.read("../../etc/passwd").is_err());
    }

    #[test]
    fn a_sealed_file_reads_back_at_every_length_and_no_change_goes_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path()).unwrap();
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let stored = store(&files, Some(key(1)), &bytes);
            let mut read = Vec::new();
            files.read_sealed(key(1), &stored.hash).unwrap().read_to_end(&mut read).unwrap();
            assert!(read == bytes, "length {length}");
            assert!(files.hash_of(&stored.hash, Some(key(2))).is_err());
        }
        let bytes = vec![7; 2 * CHUNK + 9];
        let stored = store(&files, Some(key(1)), &bytes);
        let path = files.path(Some("0198-a"), &stored.hash).unwrap();
        let whole = fs::read(&path).unwrap();
        assert!(!whole.windows(64).any(|part| part == [7; 64]), "plain bytes on the disk");
        let chunk = CHUNK + CHUNK_EXTRA;
        let swapped =
            [&whole[..16], &whole[16 + chunk..16 + 2 * chunk], &whole[16..16 + chunk], &whole[16 + 2 * chunk..]]
                .concat();
        let mut flipped = whole.clone();
        flipped[16 + chunk + 100] ^= 1;
        for damaged in [&whole[..16 + 2 * chunk], &whole[..16 + chunk], &swapped, &flipped] {
            fs::write(&path, damaged).unwrap();
            assert!(files.hash_of(&stored.hash, Some(key(1))).is_err());
        }
        files.remove_subject("0198-a").unwrap();
        assert!(!path.exists());
    }
}

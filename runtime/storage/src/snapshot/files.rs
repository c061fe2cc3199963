//! A snapshot's files. A file is there whole or not at all.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use heddle_state::Chunk;
use heddle_types::Canonical;
use heddle_types::SnapshotManifest;

use crate::error::StorageError;

/// A folder that holds a snapshot, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFiles {
    dir: PathBuf,
}

impl SnapshotFiles {
    /// Of a folder, which need not exist.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Makes the folder, and writes the manifest.
    ///
    /// # Errors
    /// From writing.
    pub fn put_manifest(&self, bytes: &[u8]) -> Result<(), StorageError> {
        self.put(&self.manifest_path(), bytes)
    }

    /// Makes the folder, and writes a chunk.
    ///
    /// # Errors
    /// From writing.
    pub fn put_chunk(&self, index: usize, bytes: &[u8]) -> Result<(), StorageError> {
        self.put(&self.chunk_path(index), bytes)
    }

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// From writing.
    pub fn sync(&self) -> Result<(), StorageError> {
        sync_dir(&self.dir)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the manifest is.
    pub fn manifest_path(&self) -> PathBuf {
        self.dir.join("manifest")
    }

    /// Where a chunk is.
    pub fn chunk_path(&self, index: usize) -> PathBuf {
        self.dir.join(format!("chunk-{index:05}"))
    }

    /// The bytes of the manifest, which may be any.
    ///
    /// # Errors
    /// [`StorageError::BadSnapshot`] when it is missing or too long; [`StorageError::Io`].
    pub fn manifest(&self) -> Result<Vec<u8>, StorageError> {
        read(&self.manifest_path(), SnapshotManifest::BYTES_MAX)
    }

    /// The bytes of a chunk, which may be any.
    ///
    /// # Errors
    /// [`StorageError::BadSnapshot`] when it is missing or too long; [`StorageError::Io`].
    pub fn chunk(&self, index: usize) -> Result<Vec<u8>, StorageError> {
        read(&self.chunk_path(index), Chunk::BYTES_MAX)
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
        let draft = path.with_extension("new");
        let write = || -> io::Result<()> {
            fs::create_dir_all(&self.dir)?;
            let mut file = File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, path)
        };
        write().map_err(|error| StorageError::io(path, &error))
    }
}

/// Whether nothing is there.
///
/// # Errors
/// [`StorageError::Exists`]; [`StorageError::Io`].
pub(crate) fn check_vacant(dir: &Path) -> Result<(), StorageError> {
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StorageError::io(dir, &error)),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(StorageError::Exists { path: dir.to_owned() }),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StorageError> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir).and_then(|file| file.sync_all()).map_err(|error| StorageError::io(dir, &error))
}

fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, StorageError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StorageError::bad_snapshot(path, "no such file"));
        }
        Err(error) => return Err(StorageError::io(path, &error)),
    };
    let mut bytes = Vec::new();
    let longest = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(longest).read_to_end(&mut bytes).map_err(|error| StorageError::io(path, &error))?;
    if bytes.len() > bytes_max {
        return Err(StorageError::bad_snapshot(path, format!("more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

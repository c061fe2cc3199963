//! Snapshots: the state of one certified height as files, taken from a database and made into one.
//!
//! ```text
//! DIR/manifest       SnapshotManifest: block, headers, certificate, how the state was cut
//! DIR/chunk-00000    Chunk: all entries below one prefix of paths, and what proves that; one for each in the manifest
//! ```
//! No file is believed: the manifest is certified by a quorum's signatures, and each chunk proves by itself, against the root that
//! the manifest certifies, that it is all of its part. So a file that is damaged, missing, swapped or of another snapshot is an error
//! that names it, and files may be copied and fetched from anybody in any order.

mod files;
mod restore;
mod take;

use std::path::Path;

use heddle_state::Chunk;
use heddle_state::Prefix;
use heddle_types::Entry;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::ManifestError;
use heddle_types::SnapshotManifest;
use heddle_types::StateKey;
use heddle_types::StateRoot;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::StorageError;

pub use files::SnapshotFiles;
pub use restore::restore_snapshot;
pub use take::{SnapshotOf, take_snapshot};

/// What a snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// The height of the state.
    pub height: Height,
    /// Its root.
    pub root: StateRoot,
    /// Its entries.
    pub entries: u64,
    /// Its chunks.
    pub chunks: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A snapshot whose manifest is certified; its chunks may be missing or wrong still.
#[derive(Clone, Debug)]
pub struct Snapshot {
    files: SnapshotFiles,
    manifest: SnapshotManifest,
    root: ExecutedRoot,
    prefixes: Vec<Prefix>,
}

impl Snapshot {
    /// The snapshot in a folder, if `certify` finds its manifest certified: [`SnapshotManifest::certify`] with the caller's
    /// genesis.
    ///
    /// # Errors
    /// [`StorageError::BadSnapshot`] when the manifest is missing, malformed or not certified; [`StorageError::Io`].
    pub fn open(
        dir: &Path,
        certify: impl FnOnce(&SnapshotManifest) -> Result<ExecutedRoot, ManifestError>,
    ) -> Result<Self, StorageError> {
        Self::of(dir, &SnapshotFiles::new(dir).manifest()?, certify)
    }

    /// As [`Self::open`], with a manifest that need not be in the folder yet.
    ///
    /// # Errors
    /// As there.
    pub fn of(
        dir: &Path,
        manifest: &[u8],
        certify: impl FnOnce(&SnapshotManifest) -> Result<ExecutedRoot, ManifestError>,
    ) -> Result<Self, StorageError> {
        let files = SnapshotFiles::new(dir);
        let path = files.manifest_path();
        let bad = |detail: String| StorageError::bad_snapshot(&path, detail);
        let manifest: SnapshotManifest =
            decode_exact(manifest).map_err(|error| bad(error.to_string()))?;
        let root = certify(&manifest).map_err(|error| bad(error.to_string()))?;
        let prefixes = Prefix::cover(&manifest.depths);
        let prefixes =
            prefixes.ok_or_else(|| bad("chunks that are not exactly all of a state".to_owned()))?;
        Ok(Self { files, manifest, root, prefixes })
    }

    /// The height and root of its state.
    pub const fn root(&self) -> ExecutedRoot {
        self.root
    }

    /// What certifies it.
    pub const fn manifest(&self) -> &SnapshotManifest {
        &self.manifest
    }

    /// Its files.
    pub const fn files(&self) -> &SnapshotFiles {
        &self.files
    }

    /// How many chunks it has.
    pub const fn chunks(&self) -> usize {
        self.prefixes.len()
    }

    /// The entries of a chunk, read and verified.
    ///
    /// # Errors
    /// [`StorageError::BadSnapshot`] when its file is missing or not that chunk; [`StorageError::Io`].
    ///
    /// # Panics
    /// If there is no such chunk.
    pub fn entries(&self, index: usize) -> Result<Vec<(StateKey, Entry)>, StorageError> {
        self.verify(index, &self.files.chunk(index)?)
    }

    /// The entries of a chunk that has these bytes.
    ///
    /// # Errors
    /// [`StorageError::BadSnapshot`] when they are not that chunk.
    ///
    /// # Panics
    /// If there is no such chunk.
    pub fn verify(
        &self,
        index: usize,
        bytes: &[u8],
    ) -> Result<Vec<(StateKey, Entry)>, StorageError> {
        let bad =
            |detail: String| StorageError::bad_snapshot(&self.files.chunk_path(index), detail);
        let chunk: Chunk = decode_exact(bytes).map_err(|error| bad(error.to_string()))?;
        if chunk.prefix != self.prefixes[index] {
            return Err(bad("another part of the state".to_owned()));
        }
        chunk.verify(self.root.root).map_err(|error| bad(error.to_string()))
    }

    /// The summary, given how many entries there are and how many bytes the chunks have.
    fn summary(&self, entries: u64, chunk_bytes: u64) -> SnapshotSummary {
        let ExecutedRoot { height, root } = self.root;
        let bytes = chunk_bytes.saturating_add(encode(&self.manifest).len() as u64);
        SnapshotSummary { height, root, entries, chunks: self.chunks(), bytes }
    }
}

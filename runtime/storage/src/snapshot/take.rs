//! Taking a snapshot of a database that nobody writes to: a stopped node's, or a checkpoint of a running one's.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::path::Path;
use std::path::PathBuf;

use heddle_state::CHUNK_BYTES_MAX;
use heddle_state::Cut;
use heddle_types::Block;
use heddle_types::BlockHeader;
use heddle_types::Canonical;
use heddle_types::ChainId;
use heddle_types::CommitCert;
use heddle_types::Entry;
use heddle_types::Height;
use heddle_types::SnapshotManifest;
use heddle_types::StateKey;
use heddle_types::encode;
use heddle_types::limits;

use crate::epochs;
use crate::error::StorageError;
use crate::read;
use crate::recovery;
use crate::schema;
use crate::snapshot::SnapshotSummary;
use crate::snapshot::files;
use crate::snapshot::files::SnapshotFiles;
use crate::storage::Storage;
use crate::tables::Tables;

/// Which height a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotOf {
    /// The newest whose root is certified.
    Newest,
    /// That of the state table: see [`Storage::checkpoint_every`].
    Checkpoint,
}

/// Writes a snapshot of a state that a quorum certified into `out`, which appears complete or not at all. It may exist if it is
/// empty.
///
/// Reads all of the state into memory and sorts it: about 300 bytes an entry beside its value.
///
/// # Errors
/// [`StorageError::Exists`] when `out` is not empty; [`StorageError::NoSnapshotYet`] when no root is certified above genesis, or
/// none that the database still leads up to; [`StorageError::Corrupt`]; as for [`Storage::open`]; from writing.
pub fn take_snapshot(
    db: &Path,
    chain: ChainId,
    of: SnapshotOf,
    out: &Path,
) -> Result<SnapshotSummary, StorageError> {
    files::check_vacant(out)?;
    let (manifest, entries) = read_all(db, chain, of)?;
    let height = manifest.height();
    let cut = Cut::new(entries, CHUNK_BYTES_MAX);
    let (found, root) = (cut.root(), manifest.claimed().map(|claimed| claimed.root));
    if Some(found) != root {
        let detail =
            format!("the state of height {height} has root {found}, which nobody certified");
        return Err(StorageError::corrupt(db, detail));
    }
    let draft = out.with_extension("partial");
    let written = write(manifest, &cut, (&draft, out));
    if written.is_err() {
        // On a full disk others need the room; what is in the way of that is the error already.
        let _ = fs::remove_dir_all(&draft);
    }
    written
}

/// The database is closed again afterwards: what follows takes longer.
fn read_all(
    db: &Path,
    chain: ChainId,
    of: SnapshotOf,
) -> Result<(SnapshotManifest, Vec<(StateKey, Entry)>), StorageError> {
    let tables = recovery::open_tables(db, chain)?;
    let manifest = manifest_of(&tables, of)?;
    let entries = entries(&tables, manifest.height())?;
    Ok((manifest, entries))
}

impl Storage {
    /// From now on, makes a copy of the database in `dir` whenever the state table reaches the first height that a final header
    /// names of every `every` heights, for [`take_snapshot`]. Which heights these are is a matter of the chain alone, so that
    /// nodes with the same `every` take the same snapshots. Files are shared where the file system can, so it takes little time
    /// and room. While there is something at `dir`, no further one is made.
    pub fn checkpoint_every(&self, every: NonZeroU64, dir: PathBuf) {
        self.applier().checkpoint_every(every, dir);
    }

    /// Why a copy that was due since the last call could not be made, for instance because the disk is full. Nothing of it is left,
    /// and the next one that is due is made again.
    pub fn take_checkpoint_failure(&self) -> Option<StorageError> {
        self.applier().take_checkpoint_failure()
    }
}

/// Of a certified state that the database leads up to; without chunks yet.
fn manifest_of(tables: &Tables, of: SnapshotOf) -> Result<SnapshotManifest, StorageError> {
    let not_yet = || StorageError::NoSnapshotYet { path: tables.path().to_owned() };
    let last = recovery::last_final(tables)?.height;
    let (certified, cert) = recovery::certified(tables, last)?.ok_or_else(not_yet)?;
    let applied = recovery::applied(tables)?;
    let height = match of {
        SnapshotOf::Newest => certified.header.executed.height,
        SnapshotOf::Checkpoint => applied,
    };
    if height == Height::ZERO || height < applied || height >= certified.header.height {
        return Err(not_yet());
    }
    let record = recovery::final_record(tables, height)?;
    let block = read::read_block(tables, height, record.hash)?.ok_or_else(not_yet)?;
    let manifest = manifest(tables, block, &certified.header, cert)?.ok_or_else(not_yet)?;
    let claimed = manifest.claimed().ok_or_else(not_yet)?;
    if claimed.root == record.root {
        return Ok(manifest);
    }
    Err(tables.corrupt(format!("height {height} has not the certified root {}", claimed.root)))
}

/// None when some header is not stored any more, or there are too many, or an epoch ended in between.
fn manifest(
    tables: &Tables,
    block: Block,
    last: &BlockHeader,
    cert: CommitCert,
) -> Result<Option<SnapshotManifest>, StorageError> {
    let height = block.header.height;
    let way = last.height.since(height);
    if way > limits::SNAPSHOT_HEADERS_AFTER_MAX as u64 {
        return Ok(None);
    }
    let first = height.get().saturating_sub(SnapshotManifest::headers_before(height) as u64);
    let headers = |heights: std::ops::Range<u64>| -> Result<Option<Vec<_>>, StorageError> {
        heights.map(|number| recovery::final_header(tables, Height::new(number))).collect()
    };
    let before = headers(first..height.get())?;
    let after = headers(height.next().get()..last.height.next().get())?;
    let (Some(before), Some(after)) = (before, after) else { return Ok(None) };
    let ends = epochs::ends_before(tables, cert.data.epoch)?;
    let goes_on = ends.last().is_some_and(|end| end.closing == block.header);
    if !goes_on && block.header.epoch != cert.data.epoch {
        return Ok(None);
    }
    let (version, depths) = (SnapshotManifest::VERSION, Vec::new());
    Ok(Some(SnapshotManifest { version, block, before, after, cert, ends, depths }))
}

/// All entries of the state of `height`: those of the applied height, and what changed since.
fn entries(tables: &Tables, height: Height) -> Result<Vec<(StateKey, Entry)>, StorageError> {
    let mut changed: BTreeMap<StateKey, Option<Entry>> = BTreeMap::new();
    let mut done = recovery::applied(tables)?;
    while done < height {
        done = done.next();
        let delta = recovery::delta(tables, done)?;
        changed.extend(delta.changes.as_slice().iter().cloned());
    }
    let mut entries = Vec::new();
    for row in tables.rows_from(schema::STATE, &[]) {
        let (key, entry) = recovery::state_row(tables, &row?)?;
        match changed.remove(&key) {
            None => entries.push((key, entry)),
            Some(newer) => entries.extend(newer.map(|entry| (key, entry))),
        }
    }
    entries.extend(changed.into_iter().filter_map(|(key, entry)| Some((key, entry?))));
    Ok(entries)
}

fn write(
    mut manifest: SnapshotManifest,
    cut: &Cut,
    (draft, out): (&Path, &Path),
) -> Result<SnapshotSummary, StorageError> {
    let io = |error: io::Error| StorageError::io(draft, &error);
    if draft.exists() {
        fs::remove_dir_all(draft).map_err(io)?;
    }
    let files = SnapshotFiles::new(draft);
    manifest.depths = cut.prefixes().map(heddle_state::Prefix::depth).collect();
    if manifest.depths.len() > limits::SNAPSHOT_CHUNKS_MAX {
        return Err(StorageError::bad_snapshot(out, "more chunks than a manifest may name"));
    }
    let mut bytes = 0;
    for (index, chunk) in cut.chunks().enumerate() {
        let chunk = encode(&chunk);
        files.put_chunk(index, &chunk)?;
        bytes += chunk.len() as u64;
    }
    let encoded = encode(&manifest);
    if encoded.len() > SnapshotManifest::BYTES_MAX {
        return Err(StorageError::bad_snapshot(
            out,
            "more ends of epochs than a manifest has room for",
        ));
    }
    files.put_manifest(&encoded)?;
    files.sync()?;
    if out.exists() {
        fs::remove_dir(out).map_err(|error| StorageError::io(out, &error))?;
    }
    fs::rename(draft, out).map_err(|error| StorageError::io(out, &error))?;
    files::sync_dir(out.parent().unwrap_or(Path::new("")))?;
    Ok(SnapshotSummary {
        height: manifest.height(),
        root: cut.root(),
        entries: cut.entries() as u64,
        chunks: manifest.depths.len(),
        bytes: bytes + encoded.len() as u64,
    })
}

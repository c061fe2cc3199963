//! A home's snapshots: `heddle node snapshot` and `restore`, and the folder in which a node keeps its own.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use heddle_storage::Snapshot;
use heddle_storage::SnapshotFiles;
use heddle_storage::SnapshotOf;
use heddle_storage::SnapshotSummary;
use heddle_storage::StorageError;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::ManifestError;
use heddle_types::SnapshotManifest;
use heddle_wire::SnapshotPart;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::Home;
use crate::node::beginning::Beginning;
use crate::run::SnapshotReport;

/// Takes a snapshot of a home that this process has locked.
pub(crate) fn snapshot(home: &Home, out: &Path) -> Result<SnapshotReport, Fatal> {
    let chain = home.committee().chain();
    let taken = heddle_storage::take_snapshot(&home.db_path(), chain, SnapshotOf::Newest, out);
    taken.map(report).map_err(|error| refused(&error))
}

/// Makes the database of a home that this process has locked, and keeps the snapshot, with which verifying begins.
pub(crate) fn restore(home: &Home, from: &Path) -> Result<SnapshotReport, Fatal> {
    let beginning = Beginning::of(home)?;
    let snapshot = open(home, &beginning, from)?;
    let restored = heddle_storage::restore_snapshot(&snapshot, &home.db_path());
    let restored = restored.map_err(|error| refused(&error))?;
    let kept = path(home, snapshot.root().height);
    keep(&snapshot, &kept).map_err(|(path, error)| disk(&path, &error))?;
    Ok(report(restored))
}

/// The certified snapshot in a folder.
pub(crate) fn open(home: &Home, beginning: &Beginning, dir: &Path) -> Result<Snapshot, Fatal> {
    let opened = Snapshot::open(dir, |manifest| certify(home, beginning, manifest));
    opened.map_err(|error| Fatal::of_storage(&error))
}

/// What a manifest certifies on the chain of a home.
pub(crate) fn certify(
    home: &Home,
    beginning: &Beginning,
    manifest: &SnapshotManifest,
) -> Result<ExecutedRoot, ManifestError> {
    manifest.certify(&beginning.header.vote_data(), home.committee(), &KeyedScheme::default())
}

/// Where a home keeps its snapshot of a height.
pub(crate) fn path(home: &Home, height: Height) -> PathBuf {
    path_in(&home.snapshots_path(), height)
}

fn path_in(dir: &Path, height: Height) -> PathBuf {
    dir.join(format!("{:012}", height.get()))
}

/// The heights of the snapshots that a home keeps, ascending.
pub(crate) fn kept(home: &Home) -> Result<Vec<Height>, Fatal> {
    let dir = home.snapshots_path();
    kept_in(&dir).map_err(|error| disk(&dir, &error))
}

/// A part of one of the snapshots that a home keeps, as its file has it; none when it is not there. Whoever asks finds out what it
/// is worth.
pub(crate) fn read(home: &Path, part: SnapshotPart) -> Option<Vec<u8>> {
    let dir = home.join(Home::SNAPSHOTS);
    let files = |height| SnapshotFiles::new(&path_in(&dir, height));
    match part {
        SnapshotPart::Manifest => files(kept_in(&dir).ok()?.pop()?).manifest().ok(),
        SnapshotPart::Chunk { height, index } => {
            files(height).chunk(usize::try_from(index).ok()?).ok()
        }
    }
}

fn kept_in(dir: &Path) -> io::Result<Vec<Height>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let heights = names.filter_map(|name| name.parse().ok().map(Height::new));
    // A draft has another name.
    let mut heights: Vec<Height> =
        heights.filter(|height| path_in(dir, *height).exists()).collect();
    heights.sort_unstable();
    Ok(heights)
}

/// Copies the files of a snapshot, sharing them where that can be done.
fn keep(snapshot: &Snapshot, kept: &Path) -> Result<(), (PathBuf, io::Error)> {
    let from = snapshot.files();
    if kept.exists() {
        return Ok(());
    }
    let draft = kept.with_extension("partial");
    let at = |path: &Path| {
        let path = path.to_owned();
        |error| (path, error)
    };
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(at(&draft))?;
    }
    fs::create_dir_all(&draft).map_err(at(&draft))?;
    let chunks = (0..snapshot.chunks()).map(|index| from.chunk_path(index));
    for file in std::iter::once(from.manifest_path()).chain(chunks) {
        let Some(name) = file.file_name() else { continue };
        let copy = draft.join(name);
        if fs::hard_link(&file, &copy).is_err() {
            fs::copy(&file, &copy).map_err(at(&copy))?;
        }
    }
    fs::rename(&draft, kept).map_err(at(kept))
}

fn report(summary: SnapshotSummary) -> SnapshotReport {
    let SnapshotSummary { height, root, entries, chunks, bytes } = summary;
    SnapshotReport { height: height.get(), state_root: root.to_string(), entries, chunks, bytes }
}

/// What is there is never written over.
fn refused(error: &StorageError) -> Fatal {
    match error {
        StorageError::Exists { path } => Fatal {
            code: ExitCode::Failed,
            path: path.clone(),
            found: "files".to_owned(),
            expected: "nothing, because nothing is written over".to_owned(),
            remedy: "move it away, or choose another folder".to_owned(),
        },
        error => Fatal::of_storage(error),
    }
}

pub(crate) fn disk(path: &Path, error: &io::Error) -> Fatal {
    Fatal {
        code: ExitCode::Disk,
        path: path.to_owned(),
        found: error.to_string(),
        expected: "a disk with room that can be written to".to_owned(),
        remedy: "free some, or check its permissions, and try again".to_owned(),
    }
}

//! Making a missing database of a snapshot that other nodes have.
//!
//! ```text
//! HOME/snapshots/fetching/MANIFEST'S HASH/   what is there of it so far: gone on with at the next start if the node ends
//!        -> all chunks are there -> db.partial -> db -> snapshots/HEIGHT
//! ```
//! Who is asked for what, `heddle_catchup`'s session decides. Nothing is written that was not verified.

mod fetch;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use heddle_catchup::SnapshotName;
use heddle_storage::Snapshot;
use heddle_storage::SnapshotFiles;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::SecretKey;
use heddle_types::SnapshotManifest;
use heddle_types::VoteData;

use crate::exit::Fatal;
use crate::home::Home;
use crate::home::SyncChoice;
use crate::node::beginning::Beginning;
use crate::node::fatal;
use crate::node::open;
use crate::node::snapshots;

/// Makes the home's missing database of a snapshot, if the configuration allows it and others have one of use; whether it did.
///
/// # Errors
/// From the disk. That nobody has a snapshot, or everybody lies, is none.
pub(crate) fn by_snapshot(home: &Home, beginning: &Beginning) -> Result<bool, Fatal> {
    let above = match home.config().keeping.sync {
        SyncChoice::Auto => Height::new(SyncChoice::AUTO_HEIGHT_MIN),
        SyncChoice::Snapshot => Height::ZERO,
        SyncChoice::Replay => return Ok(false),
    };
    let mut endpoints = open::endpoints(home);
    // Any key will do, and the home's own is for the node that will run.
    endpoints.iter_mut().for_each(|one| one.secret = SecretKey::from_seed(open::random()));
    if endpoints.is_empty() {
        return Ok(false);
    }
    let place = Arc::new(Place::of(home, beginning));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("joining")
        .enable_all()
        .build()
        .map_err(|error| fatal::cannot_start(home.dir(), &error))?;
    let fetched = runtime.block_on(fetch::fetch(Arc::clone(&place), endpoints, above))?;
    runtime.shutdown_background();
    let Some(snapshot) = fetched else { return Ok(false) };
    let restored = heddle_storage::restore_snapshot(&snapshot, &home.db_path());
    let restored = restored.map_err(|error| Fatal::of_storage(&error))?;
    let kept = snapshots::path(home, restored.height);
    if !kept.exists() {
        fs::rename(snapshot.files().dir(), &kept)
            .map_err(|error| snapshots::disk(&kept, &error))?;
    }
    place.clear()?;
    let (height, entries) = (restored.height.get(), restored.entries);
    tracing::info!(height, entries, "made the database of a snapshot");
    Ok(true)
}

/// Where a snapshot is fetched to, and what it must be certified by.
struct Place {
    dir: PathBuf,
    home: Home,
    genesis: VoteData,
}

impl Place {
    fn of(home: &Home, beginning: &Beginning) -> Self {
        let dir = home.snapshots_path().join("fetching");
        Self { dir, home: home.clone(), genesis: beginning.header.vote_data() }
    }

    /// The snapshot of a manifest that somebody sent; none when it is not certified.
    fn snapshot(&self, manifest: &[u8]) -> Option<Snapshot> {
        let certify = |manifest: &SnapshotManifest| {
            manifest.certify(&self.genesis, self.home.committee(), &KeyedScheme::default())
        };
        // Each has a folder of its own, so that a chunk that comes late does not come among another's.
        let hash = Hash32::of(Domain::SNAPSHOT, &[manifest]);
        Snapshot::of(&self.dir.join(hash.to_string()), manifest, certify).ok()
    }

    /// What is there already, and which of its chunks.
    fn begun(&self) -> Option<(Snapshot, BTreeSet<u32>)> {
        let folders = fs::read_dir(&self.dir).ok()?.flatten();
        let mut manifests =
            folders.filter_map(|folder| SnapshotFiles::new(&folder.path()).manifest().ok());
        let snapshot = manifests.find_map(|manifest| self.snapshot(&manifest))?;
        let is_there = |index: &u32| {
            usize::try_from(*index).is_ok_and(|index| snapshot.entries(index).is_ok())
        };
        let there = (0..chunks(&snapshot)).filter(is_there).collect();
        Some((snapshot, there))
    }

    /// Makes room for another snapshot.
    fn clear(&self) -> Result<(), Fatal> {
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).map_err(|error| snapshots::disk(&self.dir, &error))?;
        }
        Ok(())
    }
}

/// Where a state is cut is not certified, so it is part of the name.
fn name(snapshot: &Snapshot) -> SnapshotName {
    let root = snapshot.root();
    let cut = &snapshot.manifest().depths;
    let hash = Hash32::of(Domain::SNAPSHOT, &[root.root.as_bytes(), cut]);
    SnapshotName { height: root.height, hash }
}

fn chunks(snapshot: &Snapshot) -> u32 {
    // A manifest names at most 65,536.
    u32::try_from(snapshot.chunks()).unwrap_or(u32::MAX)
}

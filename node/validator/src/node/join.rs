//! Making a missing database of a snapshot that other nodes have.
//!
//! ```text
//! HOME/snapshots/fetching/MANIFEST'S HASH/   what is there of it so far: gone on with at the next start if the node ends
//!        -> all chunks are there -> db.partial -> db -> snapshots/HEIGHT
//! ```
//! A running node fetches one in the same way when the others have forgotten what it needs ([`crate::node::behind`]). The next start finds
//! it whole and above the database, which it moves to `HOME/db.behind-HEIGHT` and never touches again.
//! Who is asked for what, `heddle_catchup`'s session decides. Nothing is written that was not verified.

mod fetch;

pub(crate) use fetch::fetch;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use heddle_catchup::SnapshotName;
use heddle_storage::Snapshot;
use heddle_storage::SnapshotFiles;
use heddle_transport::PublicClientConfig;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::KeyedScheme;
use heddle_types::SecretKey;
use heddle_types::SnapshotManifest;
use heddle_types::VoteData;
use tokio::runtime::Runtime;

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
    let place = Arc::new(Place::of(home, beginning));
    if let Some(snapshot) = place.fetched() {
        return restore(home, &place, &snapshot).map(|()| true);
    }
    let endpoints = endpoints(home);
    if endpoints.is_empty() {
        return Ok(false);
    }
    let runtime = runtime(home)?;
    let fetched = runtime.block_on(fetch(Arc::clone(&place), endpoints, above))?;
    runtime.shutdown_background();
    let Some(snapshot) = fetched else { return Ok(false) };
    restore(home, &place, &snapshot).map(|()| true)
}

/// What fetching runs on.
pub(crate) fn runtime(home: &Home) -> Result<Runtime, Fatal> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(1).thread_name("joining").enable_all().build();
    built.map_err(|error| fatal::cannot_start(home.dir(), &error))
}

/// Whom to ask for snapshots.
pub(crate) fn endpoints(home: &Home) -> Vec<PublicClientConfig> {
    let mut endpoints = open::endpoints(home);
    // Any key will do, and the home's own is for the node that runs.
    endpoints.iter_mut().for_each(|one| one.secret = SecretKey::from_seed(open::random()));
    endpoints
}

/// Whether a node whose database ends at `last` has fetched a snapshot above it to begin again with.
pub(crate) fn is_left_behind(home: &Home, beginning: &Beginning, last: Height) -> bool {
    let may_skip = home.config().keeping.sync != SyncChoice::Replay;
    let fetched = may_skip.then(|| Place::of(home, beginning).fetched()).flatten();
    fetched.is_some_and(|snapshot| snapshot.root().height > last)
}

/// Moves the database, which ends at `last`, out of the way of a snapshot.
///
/// # Errors
/// From the disk; the database is where it was then.
pub(crate) fn move_aside(home: &Home, last: Height) -> Result<(), Fatal> {
    let (db, aside) = (home.db_path(), home.dir().join(format!("db.behind-{:012}", last.get())));
    let moved = fs::rename(&db, &aside).and_then(|()| fs::File::open(home.dir())?.sync_all());
    moved.map_err(|error| snapshots::disk(&aside, &error))?;
    tracing::warn!(
        last = last.get(),
        kept = %aside.display(),
        "the other nodes have forgotten what comes after this database; it was moved aside, and may be removed by hand"
    );
    Ok(())
}

/// Makes the database of a snapshot that is there, and keeps that.
fn restore(home: &Home, place: &Place, snapshot: &Snapshot) -> Result<(), Fatal> {
    let restored = heddle_storage::restore_snapshot(snapshot, &home.db_path());
    let restored = restored.map_err(|error| Fatal::of_storage(&error))?;
    let kept = snapshots::path(home, restored.height);
    if !kept.exists() {
        fs::rename(snapshot.files().dir(), &kept)
            .map_err(|error| snapshots::disk(&kept, &error))?;
    }
    place.clear()?;
    let (height, entries) = (restored.height.get(), restored.entries);
    tracing::info!(height, entries, "made the database of a snapshot");
    Ok(())
}

/// Where a snapshot is fetched to, and what it must be certified by.
pub(crate) struct Place {
    dir: PathBuf,
    home: Home,
    genesis: VoteData,
}

impl Place {
    /// Of a home.
    pub(crate) fn of(home: &Home, beginning: &Beginning) -> Self {
        let dir = home.snapshots_path().join("fetching");
        Self { dir, home: home.clone(), genesis: beginning.header.vote_data() }
    }

    /// The snapshot of a manifest that somebody sent; none when it is not certified.
    pub(crate) fn snapshot(&self, manifest: &[u8]) -> Option<Snapshot> {
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

    /// The snapshot that is there, if all of it is.
    fn fetched(&self) -> Option<Snapshot> {
        let (snapshot, there) = self.begun()?;
        (there.len() == snapshot.chunks()).then_some(snapshot)
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

//! Takes the snapshots that are due and forgets what need not be kept, a little at a time, on a thread of its own.

use std::fs;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::Receiver;
use crossbeam_channel::RecvTimeoutError;
use heddle_storage::SnapshotOf;
use heddle_storage::Storage;
use heddle_storage::StorageError;
use heddle_types::ChainId;
use heddle_types::Height;

use crate::exit::Fatal;
use crate::home::Home;
use crate::node::shared::Shared;
use crate::node::snapshots;

/// How often it looks whether there is anything to do.
const INTERVAL: Duration = Duration::from_millis(250);
/// Heights forgotten at a time.
const PRUNED_AT_A_TIME: u64 = 256;
/// The newest snapshots that are kept: one may still be fetched while the next is there.
const SNAPSHOTS_KEPT: usize = 2;
/// The folder of a snapshot whose height is not known yet.
const DRAFT: &str = "new";

/// What is to be done for one home.
pub(crate) struct Housekeeping {
    home: Home,
    chain: ChainId,
    checkpoint: PathBuf,
    prune: Option<NonZeroU64>,
}

impl Housekeeping {
    /// Of a home whose configuration asks for snapshots; none for others. `storage` makes checkpoints from here on.
    ///
    /// # Errors
    /// From the folder of snapshots.
    pub(crate) fn of(home: &Home, storage: &Storage) -> Result<Option<Self>, Fatal> {
        let Some(every) = home.config().keeping.interval() else { return Ok(None) };
        let dir = home.snapshots_path();
        fs::create_dir_all(&dir).map_err(|error| snapshots::disk(&dir, &error))?;
        let checkpoint = dir.join("checkpoint");
        // What is left of the last run may be of any age, or half of it.
        for left in ["checkpoint", "checkpoint.tmp", DRAFT, "new.partial"] {
            remove(&dir.join(left))?;
        }
        storage.checkpoint_every(every, checkpoint.clone());
        let chain = home.committee().chain();
        let prune = home.config().keeping.prune;
        Ok(Some(Self { home: home.clone(), chain, checkpoint, prune }))
    }

    /// Works until the other end of `stop` is gone.
    ///
    /// # Errors
    /// From the database. A snapshot that cannot be taken is logged and tried again at the next height that is due.
    pub(crate) fn run(&self, shared: &Shared, stop: &Receiver<()>) -> Result<(), Fatal> {
        let storage = &shared.storage;
        while stop.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let mut failure = storage.take_checkpoint_failure();
            if self.checkpoint.exists() {
                failure = self.take().err();
                remove(&self.checkpoint)?;
            }
            if let Some(error) = failure {
                tracing::error!(%error, "no snapshot could be taken; the node goes on without it");
                shared.metrics.snapshots_failed.inc();
                remove(&self.home.snapshots_path().join(DRAFT))?;
            }
            let kept = snapshots::kept(&self.home)?;
            let base = base(&kept, storage.last_final().height, self.prune);
            if let Some(base) = base {
                let pruned = storage.prune(base.next(), PRUNED_AT_A_TIME);
                pruned.map_err(|error| Fatal::of_storage(&error))?;
            }
            for height in forgotten(&kept, base, self.prune) {
                remove(&snapshots::path(&self.home, *height))?;
            }
        }
        Ok(())
    }

    fn take(&self) -> Result<(), StorageError> {
        let draft = self.home.snapshots_path().join(DRAFT);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let take = || {
            heddle_storage::take_snapshot(
                &self.checkpoint,
                self.chain,
                SnapshotOf::Checkpoint,
                &draft,
            )
        };
        // Execution keeps the other cores.
        let taken = match one {
            Ok(pool) => pool.install(take)?,
            Err(_) => take()?,
        };
        let path = snapshots::path(&self.home, taken.height);
        let moved =
            if path.exists() { fs::remove_dir_all(&draft) } else { fs::rename(&draft, &path) };
        moved.map_err(|error| StorageError::io(&path, &error))?;
        let (height, bytes) = (taken.height.get(), taken.bytes);
        tracing::info!(height, entries = taken.entries, bytes, "took a snapshot");
        Ok(())
    }
}

/// The newest snapshot with at least the window's blocks above it: what is at and below it may be forgotten.
fn base(kept: &[Height], last: Height, prune: Option<NonZeroU64>) -> Option<Height> {
    let window = prune?.get();
    kept.iter().rev().find(|height| last.since(**height) >= window).copied()
}

/// Which of the snapshots, ascending, are of no use any more: all but the newest, and in a home that prunes but those that verifying
/// begins at now or later.
fn forgotten(kept: &[Height], base: Option<Height>, prune: Option<NonZeroU64>) -> &[Height] {
    let newest = kept.len().saturating_sub(SNAPSHOTS_KEPT);
    let needed = match (base, prune) {
        (Some(base), _) => kept.partition_point(|height| *height < base),
        (None, Some(_)) => 0,
        (None, None) => newest,
    };
    &kept[..needed.min(newest)]
}

fn remove(dir: &PathBuf) -> Result<(), Fatal> {
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(|error| snapshots::disk(dir, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

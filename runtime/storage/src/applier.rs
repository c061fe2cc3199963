//! Moves outcomes into the tables that are costly to write, behind the caller's back.
//!
//! Writing a block's changes key by key costs several times what hashing them does, so an outcome stores them as one blob,
//! and this thread writes the keys of many blocks together: the newest value of each, the transactions' places, the applied
//! height, all in one batch that also deletes the blobs. What is not applied yet is answered from memory, and is applied
//! after a restart from its blob.
//!
//! The state table stays at or below the newest height whose root a certified header names, so that a snapshot of that height
//! can be taken at any time: blobs lead up to a height, and nothing leads back. Where a snapshot is due, it stops for a moment and
//! a checkpoint is made.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use heddle_types::ChangeSet;
use heddle_types::Height;
use heddle_types::TxId;
use heddle_types::TxIndex;
use heddle_types::encode;

use crate::error::StorageError;
use crate::outcome::TxLocation;
use crate::schema;
use crate::tables::Durability;
use crate::tables::Tables;

/// Blobs that may wait before whoever stores outcomes waits, too.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Blobs that are applied in one batch.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Blobs, and bytes of them, that are kept for snapshots though no root above them is certified.
const HELD_MAX: usize = 512;
const HELD_BYTES_MAX: usize = WAITING_BYTES_MAX / 2;
/// How long the first of several outcomes waits for the others, so that a key which changes in each is written once.
const COALESCE: Duration = Duration::from_millis(500);

/// What one height left to be applied.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) height: Height,
    pub(crate) changes: ChangeSet,
    /// By position.
    pub(crate) transactions: Vec<TxId>,
    /// See [`Self::size`].
    pub(crate) bytes: usize,
}

impl Delta {
    /// About how much memory one takes while it waits.
    pub(crate) const fn size(blob_bytes: usize, transactions: usize) -> usize {
        blob_bytes + transactions * (size_of::<TxId>() + size_of::<(TxId, TxLocation)>())
    }
}

/// The thread and what it shares.
pub(crate) struct Applier {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    tables: Arc<Tables>,
    queue: Mutex<Queue>,
    /// Something was added, or it is time to end.
    work: Condvar,
    /// Something was applied, or never will be.
    room: Condvar,
}

#[derive(Default)]
struct Queue {
    /// Ascending, consecutive.
    deltas: VecDeque<Arc<Delta>>,
    locations: HashMap<TxId, TxLocation>,
    bytes: usize,
    /// The newest height whose root is certified.
    certified: Height,
    checkpoints: Option<Checkpoints>,
    is_closing: bool,
    failure: Option<StorageError>,
}

/// When and where checkpoints are made.
#[derive(Debug)]
struct Checkpoints {
    every: NonZeroU64,
    dir: PathBuf,
    /// The newest height that a final header names.
    named: Height,
    /// Heights at which one is due, ascending.
    due: VecDeque<Height>,
    /// Why the last one that was due was not made.
    failure: Option<StorageError>,
}

impl Applier {
    /// Starts with what a restart found not yet applied, and the newest height whose root is certified.
    pub(crate) fn start(
        tables: Arc<Tables>,
        waiting: Vec<Delta>,
        certified: Height,
    ) -> Result<Self, StorageError> {
        let path = tables.path().to_owned();
        let shared = Arc::new(Shared {
            tables,
            queue: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        shared.queue().extend(waiting, Some(certified));
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("storage-applier".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| StorageError::io(&path, &error))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Waits until there is room for more.
    ///
    /// # Errors
    /// The failure that ended the thread, if one did.
    pub(crate) fn wait_for_room(&self) -> Result<(), StorageError> {
        let queue = self.shared.queue();
        let queue = self
            .shared
            .room
            .wait_while(queue, |q| q.bytes > WAITING_BYTES_MAX && q.failure.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        queue.failure.clone().map_or(Ok(()), Err)
    }

    /// Hands over what was just made durable, the heights that the headers of these blocks name, and the height whose root that
    /// certifies, if it does one's.
    pub(crate) fn add(&self, deltas: Vec<Delta>, named: &[Height], certified: Option<Height>) {
        let mut queue = self.shared.queue();
        queue.checkpoints.iter_mut().for_each(|checkpoints| checkpoints.on_named(named));
        queue.extend(deltas, certified);
        drop(queue);
        self.shared.work.notify_one();
    }

    /// Below which height everything is applied.
    pub(crate) fn applied_below(&self) -> Height {
        let queue = self.shared.queue();
        queue.deltas.front().map_or(Height::new(u64::MAX), |first| first.height)
    }

    /// Where a transaction stands, if that is not applied yet.
    pub(crate) fn location(&self, id: &TxId) -> Option<TxLocation> {
        self.shared.queue().locations.get(id).copied()
    }

    /// See [`crate::Storage::checkpoint_every`].
    pub(crate) fn checkpoint_every(&self, every: NonZeroU64, dir: PathBuf) {
        let mut queue = self.shared.queue();
        let named = queue.certified;
        queue.checkpoints =
            Some(Checkpoints { every, dir, named, due: VecDeque::new(), failure: None });
    }

    /// See [`crate::Storage::take_checkpoint_failure`].
    pub(crate) fn take_checkpoint_failure(&self) -> Option<StorageError> {
        self.shared.queue().checkpoints.as_mut()?.failure.take()
    }

    /// Waits until all is applied that may be.
    ///
    /// # Errors
    /// The failure that ended the thread, if one did.
    pub(crate) fn drain(&self) -> Result<(), StorageError> {
        let queue = self.shared.queue();
        let queue = self
            .shared
            .room
            .wait_while(queue, |q| q.ripe() > 0 && q.failure.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        queue.failure.clone().map_or(Ok(()), Err)
    }
}

impl Drop for Applier {
    fn drop(&mut self) {
        self.shared.queue().is_closing = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the storage applier panicked");
        }
    }
}

impl Shared {
    fn run(&self) {
        while let Some(deltas) = self.next() {
            let applied = apply(&self.tables, &deltas);
            if applied.is_ok() {
                self.checkpoint(&deltas);
            }
            let mut queue = self.queue();
            match applied {
                Ok(()) => queue.remove(&deltas),
                Err(error) => queue.failure = Some(error),
            }
            let is_over = queue.failure.is_some();
            drop(queue);
            self.room.notify_all();
            if is_over {
                return;
            }
        }
    }

    /// Makes a checkpoint if one is due after these. Nothing but a snapshot depends on it, so that it may fail.
    fn checkpoint(&self, applied: &[Arc<Delta>]) {
        let Some(last) = applied.last().map(|delta| delta.height) else { return };
        let due = self.queue().checkpoints.as_mut().and_then(|at| at.take_due(last));
        let Some(dir) = due.filter(|dir| !dir.exists()) else { return };
        if let Err(error) = self.tables.checkpoint(&dir)
            && let Some(checkpoints) = &mut self.queue().checkpoints
        {
            checkpoints.failure = Some(error);
        }
    }

    /// What to apply next; none when it is time to end.
    fn next(&self) -> Option<Vec<Arc<Delta>>> {
        let queue = self.queue();
        let queue = self
            .work
            .wait_while(queue, |q| q.ripe() == 0 && !q.is_closing)
            .unwrap_or_else(PoisonError::into_inner);
        let (queue, _) = self
            .work
            .wait_timeout_while(queue, COALESCE, |q| q.bytes < BATCH_BYTES_MAX && !q.is_closing)
            .unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0_usize;
        let fits = |delta: &&Arc<Delta>| {
            let is_first = bytes == 0;
            bytes += delta.bytes.max(1);
            is_first || bytes <= BATCH_BYTES_MAX
        };
        let ripe = queue.deltas.iter().take(queue.ripe());
        let stop = queue.checkpoints.as_ref().and_then(|checkpoints| checkpoints.due.front());
        let ripe = ripe.take_while(|delta| stop.is_none_or(|stop| delta.height <= *stop));
        let deltas: Vec<_> = ripe.take_while(fits).cloned().collect();
        (!deltas.is_empty()).then_some(deltas)
    }

    /// A panic elsewhere cannot leave the queue half changed, so a poisoned lock is as good as any.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// How many of the first may be applied.
    fn ripe(&self) -> usize {
        if self.deltas.len() > HELD_MAX || self.bytes > HELD_BYTES_MAX {
            return self.deltas.len();
        }
        self.deltas.partition_point(|delta| delta.height <= self.certified)
    }

    fn extend(&mut self, deltas: impl IntoIterator<Item = Delta>, certified: Option<Height>) {
        self.certified = certified.map_or(self.certified, |height| height.max(self.certified));
        for delta in deltas {
            self.bytes += delta.bytes;
            self.locations.extend(locations(&delta));
            self.deltas.push_back(Arc::new(delta));
        }
    }

    fn remove(&mut self, applied: &[Arc<Delta>]) {
        for delta in applied {
            self.bytes -= delta.bytes;
            for id in &delta.transactions {
                self.locations.remove(id);
            }
            self.deltas.pop_front();
        }
    }
}

impl Checkpoints {
    /// One is due at the first height that is named of each `every`.
    fn on_named(&mut self, named: &[Height]) {
        for height in named {
            if height.get() / self.every > self.named.get() / self.every {
                self.due.push_back(*height);
            }
            self.named = self.named.max(*height);
        }
    }

    /// Where to make one if it is due at `applied`, which then it is no more.
    fn take_due(&mut self, applied: Height) -> Option<PathBuf> {
        while self.due.front().is_some_and(|due| *due < applied) {
            self.due.pop_front();
        }
        let is_due = self.due.front() == Some(&applied);
        is_due.then(|| {
            self.due.pop_front();
            self.dir.clone()
        })
    }
}

fn locations(delta: &Delta) -> impl Iterator<Item = (TxId, TxLocation)> {
    let height = delta.height;
    delta
        .transactions
        .iter()
        .zip(0..)
        .map(move |(id, index)| (*id, TxLocation { height, index: TxIndex::new(index) }))
}

/// Not synced: until it is durable the blobs are still there, and the log keeps the order of writes.
fn apply(tables: &Tables, deltas: &[Arc<Delta>]) -> Result<(), StorageError> {
    let Some(last) = deltas.last() else { return Ok(()) };
    let mut batch = tables.batch();
    let changes = deltas.iter().flat_map(|delta| delta.changes.as_slice());
    let newest: BTreeMap<_, _> = changes.map(|(key, entry)| (key, entry)).collect();
    for (key, entry) in newest {
        let key = schema::state_key(key);
        match entry {
            Some(entry) => batch.put(schema::STATE, &key, &encode(entry)),
            None => batch.delete(schema::STATE, &key),
        }
    }
    for delta in deltas {
        for (id, location) in locations(delta) {
            batch.put(schema::TRANSACTIONS, id.as_bytes(), &encode(&location));
        }
        batch.delete(schema::DELTAS, &schema::height_key(delta.height));
    }
    batch.put(schema::META, schema::META_APPLIED, &schema::height_key(last.height));
    batch.write(Durability::Logged)
}

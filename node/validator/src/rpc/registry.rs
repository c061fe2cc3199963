//! The open connections, and which of them to close when there are too many.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// All open connections.
#[derive(Debug)]
pub(super) struct Registry {
    open: Mutex<BTreeMap<u64, Arc<Activity>>>,
    next_number: AtomicU64,
    began: Instant,
}

/// When a connection last did something, and whether a request of it is being carried out.
///
/// The orderings are relaxed: these are hints for choosing whom to close, and guard nothing.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    last_micros: AtomicU64,
    busy: AtomicBool,
    closing: Notify,
}

/// A connection's place in the registry; leaves it when dropped.
#[derive(Debug)]
pub(super) struct Registered {
    registry: Arc<Registry>,
    number: u64,
    activity: Arc<Activity>,
}

impl Registry {
    pub(super) fn new() -> Self {
        let open = Mutex::new(BTreeMap::new());
        Self { open, next_number: AtomicU64::new(0), began: Instant::now() }
    }

    /// Adds a connection, active now.
    pub(super) fn register(self: &Arc<Self>) -> Registered {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity {
            began: self.began,
            last_micros: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            closing: Notify::new(),
        });
        activity.touch();
        self.open.lock().insert(number, Arc::clone(&activity));
        Registered { registry: Arc::clone(self), number, activity }
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.open.lock().len()
    }

    /// Closes the longest idle connection; those with a request being carried out only when all have one. Of one that is
    /// chosen the place is free at once.
    pub(super) fn close_longest_idle(&self) {
        let mut open = self.open.lock();
        let longest = open
            .iter()
            .min_by_key(|(number, activity)| {
                let busy = activity.busy.load(Ordering::Relaxed);
                (busy, activity.last_micros.load(Ordering::Relaxed), **number)
            })
            .map(|(number, _)| *number);
        if let Some(activity) = longest.and_then(|number| open.remove(&number)) {
            activity.closing.notify_one();
        }
    }
}

impl Activity {
    /// Bytes came or went.
    pub(super) fn touch(&self) {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last_micros.store(micros, Ordering::Relaxed);
    }

    /// A request begins or ends being carried out.
    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
        self.touch();
    }

    /// Ends when the connection is to be closed at once.
    pub(super) async fn closing(&self) {
        self.closing.notified().await;
    }
}

impl Registered {
    pub(super) const fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.open.lock().remove(&self.number);
    }
}

//! What the transport counts, for metrics.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames taken for sending.
    pub frames_sent: u64,
    /// Frames received, pings not counted.
    pub frames_received: u64,
    /// `bulk` frames dropped because the peer's queue was full.
    pub bulk_dropped: u64,
    /// Connections ended because `ctl` did not get through.
    pub stuck: u64,
    /// Connections ended for a frame that no honest peer sends.
    pub bad_frames: u64,
    /// Connections refused: unknown keys, other chains or versions, too many at once.
    pub refused: u64,
    /// Public requests passed on.
    pub public_requests: u64,
    /// Public requests refused because their asker had used up its share.
    pub public_refused: u64,
}

/// Each is a count of its own that nothing is concluded from, so every access is relaxed.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) frames_sent: Counter,
    pub(crate) frames_received: Counter,
    pub(crate) bulk_dropped: Counter,
    pub(crate) stuck: Counter,
    pub(crate) bad_frames: Counter,
    pub(crate) refused: Counter,
    pub(crate) public_requests: Counter,
    pub(crate) public_refused: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            frames_sent: self.frames_sent.read(),
            frames_received: self.frames_received.read(),
            bulk_dropped: self.bulk_dropped.read(),
            stuck: self.stuck.read(),
            bad_frames: self.bad_frames.read(),
            refused: self.refused.read(),
            public_requests: self.public_requests.read(),
            public_refused: self.public_refused.read(),
        }
    }
}

//! The driver's clocks: the one place where they are read.

use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Instant as StdInstant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_hotstuff::Now;
use heddle_types::Instant;
use heddle_types::UnixMillis;

/// Monotonic and wall time since the node started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: StdInstant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: StdInstant::now() }
    }

    /// Both clocks. A wall clock before 1970 reads as 1970, and every block is then too far ahead to vote for.
    pub(crate) fn now(&self) -> Now {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { instant: Instant::from_micros(micros), wall: wall() }
    }

    /// How long until `deadline`.
    pub(crate) fn until(&self, deadline: Instant) -> std::time::Duration {
        let now = self.now().instant.as_micros();
        std::time::Duration::from_micros(deadline.as_micros().saturating_sub(now))
    }
}

/// Nanoseconds since this was first asked, of the monotonic clock: what executors time themselves by.
pub(crate) fn nanos() -> u64 {
    static BEGAN: OnceLock<StdInstant> = OnceLock::new();
    let began = BEGAN.get_or_init(StdInstant::now);
    u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// How many milliseconds [`wall`] is ahead of the system's clock: a fault, set on development chains only. Relaxed: it orders
/// nothing.
static WALL_OFFSET_MS: AtomicI64 = AtomicI64::new(0);

/// Makes the wall clock of this process wrong from now on.
pub(crate) fn set_wall_offset(offset_ms: i64) {
    WALL_OFFSET_MS.store(offset_ms, Ordering::Relaxed);
}

/// The wall clock.
pub(crate) fn wall() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    UnixMillis::new(millis.saturating_add_signed(WALL_OFFSET_MS.load(Ordering::Relaxed)))
}

//! Time as it is told to the pure crates: they never read a clock.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

/// A moment of the driver's monotonic clock, in microseconds since the driver started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// When the driver started.
    pub const START: Self = Self(0);

    /// From microseconds since the driver started.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the driver started.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This moment and `wait` later. Saturates at the end of time, where a deadline is never reached.
    #[must_use]
    pub const fn after(self, wait: Millis) -> Self {
        Self(self.0.saturating_add(wait.0.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this moment, rounded down; zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0) / 1000)
    }
}

/// A length of time in milliseconds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct Millis(u64);

impl Millis {
    /// From milliseconds.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// As milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Wall-clock time: milliseconds since 1970. Reaches state only as a block's time, which a quorum checked.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// From milliseconds since 1970.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// As milliseconds since 1970.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This time and `wait` later; saturates.
    #[must_use]
    pub const fn after(self, wait: Millis) -> Self {
        Self(self.0.saturating_add(wait.0))
    }
}

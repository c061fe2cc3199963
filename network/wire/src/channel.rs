//! The two connections of a pair.

use crate::limits;

/// Which of a pair's connections. Streams of one connection share a congestion window, so what agreement waits for has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Proposals, votes, certificates, timeouts, pings: small, urgent, never dropped.
    Ctl,
    /// Transactions and catching up: large; transactions may be dropped.
    Bulk,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ctl, Self::Bulk];

    /// Bytes of a frame's body at most.
    pub const fn frame_bytes_max(self) -> usize {
        match self {
            Self::Ctl => limits::CTL_FRAME_BYTES_MAX,
            Self::Bulk => limits::BULK_FRAME_BYTES_MAX,
        }
    }
}

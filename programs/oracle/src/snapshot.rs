//! The price that a block reads.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::Abort;
use heddle_sdk::Workspace;
use heddle_types::Canonical;
use heddle_types::UnixMillis;
use heddle_types::decode_exact;

use crate::feed::FeedId;
use crate::keys;

/// A feed's price, frozen for the block, and all that a reader needs to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Snapshot {
    /// The price, times 10 to the power of `exponent`.
    pub price: i64,
    /// How far the true price may be from it, either way, in the same unit.
    pub confidence: u64,
    /// The unit.
    pub exponent: i8,
    /// When the posts that it is made of were true. Says how old it is; a snapshot that cannot be made anew keeps it.
    pub time: UnixMillis,
    /// How many publishers it is made of.
    pub publishers: u8,
    /// The time-weighted average price, as of the last block in which a snapshot was made.
    pub twap: i64,
}

impl Canonical for Snapshot {
    const NAME: &'static str = "price snapshot";
    const BYTES_MAX: usize = 34;
}

/// The snapshot of a feed; none when it never had one. Needs `Read` of [`crate::snapshot_key`].
///
/// # Errors
/// What the workspace aborts for.
///
/// # Panics
/// When something else stands there: a broken invariant.
pub fn read_snapshot(state: &mut Workspace<'_>, feed: FeedId) -> Result<Option<Snapshot>, Abort> {
    let value = state.read(&keys::snapshot_key(feed))?;
    Ok(value.map(|value| decode_exact(value.as_bytes()).expect("only the oracle writes its keys")))
}

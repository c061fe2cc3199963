//! Where the oracle keeps what.

use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::feed::FeedId;

/// Where the [`crate::Config`] is.
pub fn config_key() -> StateKey {
    key(&[b"c"])
}

/// Where a [`crate::Feed`] is.
pub fn feed_key(feed: FeedId) -> StateKey {
    key(&[b"f", &feed.get().to_be_bytes()])
}

/// Where the newest [`crate::Post`] of a publisher is.
pub fn post_key(feed: FeedId, publisher: &Address) -> StateKey {
    key(&[b"p", &feed.get().to_be_bytes(), publisher.as_bytes()])
}

/// Where a feed's [`crate::Snapshot`] is, once there was one.
pub fn snapshot_key(feed: FeedId) -> StateKey {
    key(&[b"s", &feed.get().to_be_bytes()])
}

/// Where a feed's [`crate::PriceHistory`] is, once there was a snapshot.
pub fn history_key(feed: FeedId) -> StateKey {
    key(&[b"h", &feed.get().to_be_bytes()])
}

fn key(parts: &[&[u8]]) -> StateKey {
    StateKey::new(ProgramId::ORACLE, parts).expect("35 bytes at most fit a key")
}

//! What publishers say.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::feed::Feed;
use crate::feed::FeedId;
use crate::limits::POST_AHEAD_MS_MAX;
use crate::quality;

/// What a publisher says of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Post {
    /// The price, in the feed's unit.
    pub price: i64,
    /// How far the true price may be from it, either way, in the same unit.
    pub confidence: u64,
    /// When that was.
    pub time: UnixMillis,
}

impl Post {
    /// Whether its time is no more than a little after `now` (R4).
    pub fn is_of_the_past(&self, now: UnixMillis) -> bool {
        self.time.get() <= now.get().saturating_add(POST_AHEAD_MS_MAX)
    }

    /// Whether it counts at `now` for a feed, if the publisher does (R1).
    pub fn counts(&self, now: UnixMillis, feed: &Feed) -> bool {
        let age = now.get().saturating_sub(self.time.get());
        let size = self.price.unsigned_abs();
        age <= feed.age_max.get()
            && self.is_of_the_past(now)
            && quality::is_within(self.confidence, size, feed.confidence_max)
    }
}

impl Canonical for Post {
    const NAME: &'static str = "post";
    const BYTES_MAX: usize = 24;
}

/// A post and its feed, as a call has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FeedPost {
    /// Of what.
    pub feed: FeedId,
    /// What.
    pub post: Post,
}

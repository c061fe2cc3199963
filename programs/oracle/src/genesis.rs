//! The oracle's part of the first state.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::StateKey;
use heddle_types::encode;

use crate::error::OracleError;
use crate::feed::Config;
use crate::feed::Feed;
use crate::feed::FeedId;
use crate::keys;
use crate::limits::FEEDS_MAX;

/// What the oracle begins with.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OracleGenesis {
    /// Who creates feeds and names publishers.
    pub authority: Address,
    /// The first feeds, numbered from zero.
    pub feeds: Vec<Feed>,
}

impl Canonical for OracleGenesis {
    const NAME: &'static str = "oracle genesis";
    const BYTES_MAX: usize = 32 + 4 + Feed::BYTES_MAX * FEEDS_MAX as usize;
}

/// The oracle's entries at height 0.
///
/// # Errors
/// [`OracleError::TooManyFeeds`], or why a feed is none ([`Feed::check`]).
pub fn genesis_entries(genesis: &OracleGenesis) -> Result<Vec<(StateKey, Vec<u8>)>, OracleError> {
    let feeds = u16::try_from(genesis.feeds.len()).ok().filter(|feeds| *feeds <= FEEDS_MAX);
    let config =
        Config { authority: genesis.authority, feeds: feeds.ok_or(OracleError::TooManyFeeds)? };
    let mut entries = vec![(keys::config_key(), encode(&config))];
    for (id, feed) in (0..).map(FeedId::new).zip(&genesis.feeds) {
        feed.check()?;
        entries.push((keys::feed_key(id), encode(feed)));
    }
    Ok(entries)
}

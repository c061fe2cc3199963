//! The oracle's part of the first state.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::CallError;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::OracleError;
use crate::feed::Config;
use crate::feed::Feed;
use crate::feed::FeedId;
use crate::keys;
use crate::limits::FEEDS_MAX;

/// The oracle's section of a genesis. Without one nobody may ever create a feed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OracleGenesis {
    /// Who creates feeds and names publishers.
    pub authority: Address,
    /// The first feeds, numbered from zero.
    pub feeds: Vec<Feed>,
}

impl OracleGenesis {
    /// As a genesis' section.
    pub fn to_section(&self) -> GenesisSection {
        GenesisSection { program: ProgramId::ORACLE, data: encode(self).into() }
    }
}

impl Canonical for OracleGenesis {
    const NAME: &'static str = "oracle section";
    const BYTES_MAX: usize = 32 + 4 + Feed::BYTES_MAX * FEEDS_MAX as usize;
}

const _: () = assert!(OracleGenesis::BYTES_MAX <= heddle_types::limits::GENESIS_SECTION_BYTES_MAX);

/// What the section says.
///
/// # Errors
/// [`OracleError`], for whatever a chain could not have come to by calls.
pub(crate) fn entries(section: &[u8]) -> Result<Vec<(StateKey, Value)>, CallError> {
    if section.is_empty() {
        return Ok(Vec::new());
    }
    let OracleGenesis { authority, feeds } =
        decode_exact(section).map_err(|_| OracleError::MalformedSection)?;
    let count = u16::try_from(feeds.len()).ok().filter(|count| *count <= FEEDS_MAX);
    let config = Config { authority, feeds: count.ok_or(OracleError::TooManyFeeds)? };
    let mut entries = vec![(keys::config_key(), Value::from(encode(&config)))];
    for (id, feed) in (0..).map(FeedId::new).zip(&feeds) {
        feed.check()?;
        entries.push((keys::feed_key(id), Value::from(encode(feed))));
    }
    Ok(entries)
}

//! What is priced, and by whom.

use std::fmt;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ppm;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::Millis;

use crate::error::OracleError;
use crate::limits;

/// A feed, numbered in the order in which feeds were created.
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
pub struct FeedId(u16);

impl FeedId {
    /// From its number.
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// As its number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who governs, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Config {
    /// Who creates feeds and names publishers.
    pub authority: Address,
    /// How many feeds there are: the number of the next one.
    pub feeds: u16,
}

impl Canonical for Config {
    const NAME: &'static str = "oracle configuration";
    const BYTES_MAX: usize = 34;
}

/// What is priced, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Feed {
    /// For people: printable ASCII without spaces, such as `BTC/USD`.
    pub name: String,
    /// Prices are whole numbers of 10 to this power.
    pub exponent: i8,
    /// A post older than this does not count.
    pub age_max: Millis,
    /// A post whose confidence is more than this part of its price does not count.
    pub confidence_max: Ppm,
    /// Over how long prices are averaged.
    pub twap_window: Millis,
    /// Who posts, by address.
    pub publishers: Vec<Publisher>,
}

/// Who posts, and how much that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Publisher {
    /// Who.
    pub address: Address,
    /// How much; not zero.
    pub weight: u32,
}

impl Feed {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`OracleError::InvalidFeed`], [`OracleError::InvalidPublishers`].
    pub fn check(&self) -> Result<(), OracleError> {
        let is_within = |millis: Millis, max: u64| (1..=max).contains(&millis.get());
        let is_good = (1..=limits::NAME_BYTES_MAX).contains(&self.name.len())
            && self.name.bytes().all(|byte| byte.is_ascii_graphic())
            && self.exponent.unsigned_abs() <= limits::EXPONENT_MAX.unsigned_abs()
            && is_within(self.age_max, limits::AGE_MS_MAX)
            && (1..=Ppm::ONE.get()).contains(&self.confidence_max.get())
            && is_within(self.twap_window, limits::TWAP_WINDOW_MS_MAX);
        if !is_good {
            return Err(OracleError::InvalidFeed);
        }
        check_publishers(&self.publishers)
    }

    /// The weight of this publisher; none when it is none of the feed's.
    pub fn weight_of(&self, address: &Address) -> Option<u32> {
        let found = self.publishers.binary_search_by_key(address, |publisher| publisher.address);
        Some(self.publishers.get(found.ok()?)?.weight)
    }

    /// The least weight of which a snapshot is made: more than two thirds of all (R2).
    pub fn quorum(&self) -> u64 {
        let total: u64 = total_weight(&self.publishers);
        (total.saturating_mul(2) / 3).saturating_add(1)
    }
}

/// The sum of weights.
pub(crate) fn total_weight(publishers: &[Publisher]) -> u64 {
    publishers.iter().fold(0, |sum, one| sum.saturating_add(u64::from(one.weight)))
}

/// Checks that there are some, not too many, each once, in order, with a weight.
fn check_publishers(publishers: &[Publisher]) -> Result<(), OracleError> {
    let is_good = (1..=limits::PUBLISHERS_MAX).contains(&publishers.len())
        && publishers.is_sorted_by(|one, next| one.address < next.address)
        && publishers.iter().all(|one| (1..=limits::WEIGHT_MAX).contains(&one.weight));
    if is_good { Ok(()) } else { Err(OracleError::InvalidPublishers) }
}

impl Canonical for Feed {
    const NAME: &'static str = "feed";
    const BYTES_MAX: usize =
        4 + limits::NAME_BYTES_MAX + 1 + 8 + 4 + 8 + 4 + 36 * limits::PUBLISHERS_MAX;
}

//! What clearing knows of a market from block to block.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::funding::Premiums;
use crate::mark::Basis;
use crate::risk_table::MarketStatus;

/// A market's prices and indices, renewed when a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarketState {
    /// What it takes.
    pub status: MarketStatus,
    /// What its price is good for.
    pub quality: Quality,
    /// The mark price; zero as long as there was none.
    pub mark: Ticks,
    /// The index price; zero as long as there was none.
    pub index: Ticks,
    /// The book's distance from the index.
    pub basis: Basis,
    /// The funding index, see [`crate::RiskRow::funding`].
    pub funding: i128,
    /// The loss index, see [`crate::RiskRow::loss`].
    pub loss: i128,
    /// The rate that was last paid, for eight hours, in millionths.
    pub funding_rate: i64,
    /// What the next funding is made of.
    pub premiums: Premiums,
    /// The time of the newest block.
    pub time: UnixMillis,
    /// After a halt of the chain: prices must be from this time or later before orders are taken.
    pub fresh_from: UnixMillis,
}

impl Canonical for MarketState {
    const NAME: &'static str = "market state";
    const BYTES_MAX: usize = 110;
}

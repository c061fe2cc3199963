//! What admission, settlement and liquidation must know of every market: one value, frozen for the block.
//!
//! ```text
//! header  volume from which each fee tier holds: 4 x 16 bytes
//! row     one for each market, by its number: ROW_BYTES each, read where it lies
//! ```

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Quality;
use heddle_types::Value;
use heddle_types::limits::VALUE_BYTES_MAX;

use crate::ids::MarketId;
use crate::limits::FEE_TIERS_MAX;
use crate::limits::MARGIN_TIERS_MAX;
use crate::limits::MARKETS_MAX;
use crate::params::FeeRates;
use crate::params::LiquidationParams;
use crate::params::MarginTier;

mod bytes;

/// Bytes of a row.
pub const ROW_BYTES: usize = 228;
/// Bytes before the first row.
const HEADER_BYTES: usize = FEE_TIERS_MAX * 16;

const _: () = assert!(HEADER_BYTES + MARKETS_MAX * ROW_BYTES <= VALUE_BYTES_MAX);

/// The risk parameters and prices of all markets, read from the bytes without decoding what is not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskTable(Value);

/// One market, as it is for all of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskRow {
    /// Which.
    pub market: MarketId,
    /// What it takes.
    pub status: MarketStatus,
    /// What its price is good for.
    pub quality: Quality,
    /// The mark price; zero as long as there was none.
    pub mark: Ticks,
    /// The index price; zero as long as there was none.
    pub index: Ticks,
    /// What one lot costs at one tick.
    pub unit: UnitValue,
    /// The funding index: money that a long lot has paid since the market began, times 2^32.
    pub funding: i128,
    /// The loss index: money that every lot, long or short, has borne of shared losses, times 2^32.
    pub loss: i128,
    /// Margin by notional.
    pub tiers: [MarginTier; MARGIN_TIERS_MAX],
    /// Fees by fee tier.
    pub fees: [FeeRates; FEE_TIERS_MAX],
    /// The highest taker's fee of any tier, at which orders reserve.
    pub fee_max: Ppm,
    /// Open interest that orders may not take the market past.
    pub open_interest_max: Lots,
    /// The largest position of one account, its open orders included.
    pub position_max: Lots,
    /// How accounts are liquidated here.
    pub liquidation: LiquidationParams,
}

/// What a market takes. Later ones take less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum MarketStatus {
    /// Everything.
    Active = 0,
    /// All orders, but they wait for an auction. Nobody is liquidated meanwhile: there is nobody to trade with, and whoever is not sold to the
    /// book would be deleveraged without need.
    Collecting = 1,
    /// Orders that reduce, and cancels.
    ReduceOnly = 2,
    /// Cancels, because the chain was halted and prices are not fresh yet.
    CancelOnly = 3,
    /// Cancels, because its authority says so.
    Halted = 4,
    /// Nothing: it broke.
    Frozen = 5,
    /// Nothing: there is no such market, or not any more.
    Closed = 6,
}

impl RiskTable {
    /// A table of these rows, the fee tiers beginning at these volumes.
    ///
    /// # Panics
    /// When there are more rows than markets, or a row is not at its market's number.
    pub fn new(volumes: &[Quote; FEE_TIERS_MAX], rows: &[RiskRow]) -> Self {
        assert!(rows.len() <= MARKETS_MAX, "as many rows as markets");
        let mut all = Vec::with_capacity(VALUE_BYTES_MAX);
        volumes.iter().for_each(|volume| all.extend(volume.get().to_le_bytes()));
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(usize::from(row.market.get()), number, "rows are in the order of markets");
            all.extend(row.to_bytes());
        }
        Self(Value::from(all))
    }

    /// The table that a value is; none when it is of another length.
    pub fn from_value(value: Value) -> Option<Self> {
        let rows = value.as_bytes().len().checked_sub(HEADER_BYTES)?;
        let is_table = rows.is_multiple_of(ROW_BYTES) && rows / ROW_BYTES <= MARKETS_MAX;
        is_table.then_some(Self(value))
    }

    /// As it is in state.
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// How many markets there are.
    pub fn len(&self) -> usize {
        self.0.as_bytes().len().saturating_sub(HEADER_BYTES) / ROW_BYTES
    }

    /// Whether there is no market.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a market.
    #[inline]
    pub fn row(&self, market: MarketId) -> Option<RiskRow> {
        let (_, rows) = self.0.as_bytes().split_first_chunk::<HEADER_BYTES>()?;
        let (rows, _) = rows.as_chunks::<ROW_BYTES>();
        rows.get(usize::from(market.get())).map(RiskRow::from_bytes)
    }

    /// All rows, by market.
    pub fn rows(&self) -> impl Iterator<Item = RiskRow> {
        let rows = self.0.as_bytes().get(HEADER_BYTES..).unwrap_or_default();
        rows.as_chunks::<ROW_BYTES>().0.iter().map(RiskRow::from_bytes)
    }

    /// The fee tier of who traded so much within the window of [`crate::Volume`].
    pub fn fee_tier(&self, volume: Quote) -> u8 {
        let volumes = self.0.as_bytes().as_chunks::<16>().0.iter().take(FEE_TIERS_MAX).skip(1);
        let reached = volumes.filter(|from| Quote::new(i128::from_le_bytes(**from)) <= volume);
        u8::try_from(reached.count()).unwrap_or_default()
    }
}

impl RiskRow {
    /// Whether an order that may increase a position is taken.
    #[inline]
    pub const fn takes_increase(&self) -> bool {
        matches!(self.status, MarketStatus::Active | MarketStatus::Collecting)
    }

    /// Whether a reduce-only order is taken.
    #[inline]
    pub const fn takes_reduce(&self) -> bool {
        self.takes_increase() || matches!(self.status, MarketStatus::ReduceOnly)
    }

    /// What an account of this fee tier pays.
    #[inline]
    pub fn fees_of(&self, tier: u8) -> FeeRates {
        self.fees[usize::from(tier).min(FEE_TIERS_MAX - 1)]
    }
}

#[cfg(test)]
mod tests;

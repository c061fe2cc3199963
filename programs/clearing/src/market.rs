//! What clearing knows of a market from block to block.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_oracle::Snapshot;
use heddle_oracle::quality;
use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::error::ClearingError;
use crate::funding::Premiums;
use crate::funding::Worth;
use crate::funding::index_rise;
use crate::mark::Basis;
use crate::mark::BookSummary;
use crate::params::MarketParams;
use crate::risk_table::MarketStatus;
use crate::risk_table::RiskRow;

/// A market's prices and indices, renewed when a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarketState {
    /// What it takes, as far as clearing is concerned.
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
}

/// What a market is renewed from.
#[derive(Clone, Copy, Debug)]
pub struct MarketInputs<'a> {
    /// The time of the block.
    pub now: UnixMillis,
    /// The market's parameters.
    pub params: &'a MarketParams,
    /// The oracle's price; none as long as there was none.
    pub snapshot: Option<&'a Snapshot>,
    /// What the book was after the last block; none before the first.
    pub book: Option<&'a BookSummary>,
}

/// Funding that a market's index went on for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The rate for eight hours, in millionths.
    pub rate: i64,
    /// By how much the index rose.
    pub rise: i128,
}

impl Canonical for MarketState {
    const NAME: &'static str = "market state";
    const BYTES_MAX: usize = 94;
}

impl MarketState {
    /// A market that never had a price.
    pub const NEW: Self = Self {
        status: MarketStatus::Active,
        quality: Quality::NONE,
        mark: Ticks::ZERO,
        index: Ticks::ZERO,
        basis: Basis::NONE,
        funding: 0,
        loss: 0,
        funding_rate: 0,
        premiums: Premiums::NONE,
    };

    /// Renews prices and funding for a block. Without a price nothing but its quality changes.
    ///
    /// The premium is sampled only where the price is good enough to increase a position; funding is paid on the index price.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn renew(&mut self, inputs: &MarketInputs<'_>) -> Result<Option<Payment>, ClearingError> {
        let MarketInputs { now, params, snapshot, book } = *inputs;
        self.quality = Quality::NONE;
        let priced = snapshot.and_then(|price| Some((price, price.in_ticks(&params.tick)?)));
        let Some((snapshot, index)) = priced else {
            return Ok(None);
        };
        self.quality = quality(snapshot, now, &params.quality);
        self.index = index;
        self.mark = match book {
            Some(book) => self.basis.mark(now, index, book, &params.mark),
            None => index,
        };
        if self.quality.has(Quality::INCREASE) {
            self.premiums.sample(now, params.funding.sample_every, (self.mark, index));
        }
        self.pay_funding(now, params)
    }

    fn pay_funding(
        &mut self,
        now: UnixMillis,
        params: &MarketParams,
    ) -> Result<Option<Payment>, ClearingError> {
        let Some((rate, elapsed)) = self.premiums.settle(now, &params.funding, &params.tiers[0])
        else {
            return Ok(None);
        };
        let worth = Worth::of_lot(self.index, params.unit);
        let rise = index_rise(rate, elapsed, worth).ok_or(ClearingError::Overflow)?;
        self.funding = self.funding.checked_add(rise).ok_or(ClearingError::Overflow)?;
        self.funding_rate = rate;
        Ok(Some(Payment { rate, rise }))
    }
}

impl RiskRow {
    /// The row of a market for a block. It takes no more than its book does.
    pub fn of(params: &MarketParams, state: &MarketState, book: Option<&BookSummary>) -> Self {
        let book = book.map_or(MarketStatus::Active, |book| book.status);
        Self {
            market: params.market,
            status: state.status.max(book),
            quality: state.quality,
            mark: state.mark,
            index: state.index,
            unit: params.unit,
            funding: state.funding,
            loss: state.loss,
            tiers: params.tiers,
            fees: params.fees,
            fee_max: params.fees.iter().map(|rates| rates.taker).max().unwrap_or_default(),
            open_interest_max: params.open_interest_max,
            position_max: params.position_max,
            liquidation: params.liquidation,
        }
    }
}

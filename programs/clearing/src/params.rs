//! What is fixed for a market until its authority changes it.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::UnitValue;
use heddle_oracle::FeedId;
use heddle_oracle::QualityLimits;
use heddle_oracle::TickScale;
use heddle_types::Canonical;
use heddle_types::Millis;

use crate::error::ClearingError;
use crate::ids::MarketId;
use crate::limits::FEE_TIERS_MAX;
use crate::limits::MARGIN_TIERS_MAX;
use crate::limits::NOTIONAL_MAX;
use crate::limits::POSITION_LOTS_MAX;

/// The parameters of a market.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarketParams {
    /// Which.
    pub market: MarketId,
    /// What one lot costs at one tick.
    pub unit: UnitValue,
    /// The oracle's feed for the index.
    pub feed: FeedId,
    /// What a tick is in that feed.
    pub tick: TickScale,
    /// Margin by notional, the smallest first. Tiers that are not used repeat the last.
    pub tiers: [MarginTier; MARGIN_TIERS_MAX],
    /// Fees by the account's fee tier. A raise reaches orders that rest without reserving more for them.
    pub fees: [FeeRates; FEE_TIERS_MAX],
    /// Open interest that orders may not take the market past.
    pub open_interest_max: Lots,
    /// The largest position of one account, its open orders included.
    pub position_max: Lots,
    /// How the mark price is made.
    pub mark: MarkParams,
    /// How funding is made.
    pub funding: FundingParams,
    /// How accounts are liquidated here.
    pub liquidation: LiquidationParams,
    /// What a price must be good for.
    pub quality: QualityLimits,
}

/// Margin for the part of a notional that lies in one tier, progressive like a tax bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarginTier {
    /// The tier ends at this notional. The last one's is [`Quote::MAX`].
    pub notional_max: Quote,
    /// Initial margin.
    pub initial: Ppm,
    /// Maintenance margin: not more than the initial.
    pub maintenance: Ppm,
}

/// Fees of one fee tier, as a part of the notional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FeeRates {
    /// Who takes pays this. Not below zero.
    pub taker: Ppm,
    /// Who makes pays this; below zero it is a rebate. `|maker|` is at most the taker's fee, so that a trade never costs the house.
    pub maker: Ppm,
}

/// How the mark price is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MarkParams {
    /// Time constant with which the basis of the book's mid over the index is smoothed.
    pub basis_time: Millis,
    /// A book whose spread is wider than this part of the index is thin: it says nothing about the mark.
    pub spread_max: Ppm,
    /// The mark stays this near to the index.
    pub basis_max: Ppm,
}

/// How funding is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FundingParams {
    /// Added to the mean premium, for eight hours.
    pub interest: Ppm,
    /// The rate for eight hours stays within this factor, in millionths, of (initial - maintenance margin) of the first tier.
    pub clamp_factor: u32,
    /// How often the premium is sampled, at most.
    pub sample_every: Millis,
    /// How often funding is paid.
    pub pay_every: Millis,
}

/// How accounts are liquidated in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct LiquidationParams {
    /// The part of a position that goes to the book at a time.
    pub slice: Ppm,
    /// A position of this notional or less goes at once.
    pub slice_notional_min: Quote,
    /// The most that insurance takes of a liquidated notional.
    pub fee_max: Ppm,
    /// How fast the fillable price goes to the bankruptcy price, in millionths (dYdX's `bankruptcy_adjustment_ppm`).
    pub bankruptcy_adjustment: Ppm,
    /// The largest distance of the fillable price from the mark, as a part of the maintenance margin ratio (dYdX's
    /// `spread_to_maintenance_margin_ratio_ppm`).
    pub spread_to_maintenance: Ppm,
}

impl Canonical for MarketParams {
    const NAME: &'static str = "market parameters";
    const BYTES_MAX: usize = 512;
}

impl MarketParams {
    /// Checks what the arithmetic of margin relies on.
    ///
    /// # Errors
    /// [`ClearingError::InvalidParams`].
    pub fn check(&self) -> Result<(), ClearingError> {
        let is_good = !self.unit.is_zero()
            && self.tick.is_valid()
            && self.sizes_are_bounded()
            && self.tiers_are_progressive()
            && self.fees.iter().all(FeeRates::are_bounded)
            && self.mark.is_bounded()
            && self.funding.is_bounded()
            && self.liquidation.is_bounded();
        if is_good { Ok(()) } else { Err(ClearingError::InvalidParams) }
    }

    /// The largest position at the largest price stays within [`NOTIONAL_MAX`], so that no product with a rate overflows.
    fn sizes_are_bounded(&self) -> bool {
        let position_max = self.position_max.get();
        let notional = u128::from(u64::from(u32::MAX).saturating_mul(self.unit.get().into()))
            .checked_mul(position_max.into());
        let fits = notional.is_some_and(|notional| notional <= NOTIONAL_MAX.unsigned_abs());
        fits && position_max > 0 && position_max <= POSITION_LOTS_MAX.unsigned_abs()
    }

    fn tiers_are_progressive(&self) -> bool {
        let is_each_good = self.tiers.iter().all(|tier| {
            tier.maintenance > Ppm::ZERO
                && tier.maintenance <= tier.initial
                && tier.initial <= Ppm::ONE
                && tier.notional_max > Quote::ZERO
        });
        let is_rising = self.tiers.windows(2).all(|pair| {
            pair[0].notional_max <= pair[1].notional_max
                && pair[0].initial <= pair[1].initial
                && pair[0].maintenance <= pair[1].maintenance
        });
        let ends = self.tiers.last().is_some_and(|tier| tier.notional_max == Quote::MAX);
        is_each_good && is_rising && ends
    }
}

/// The most that a fee may be: a tenth.
const FEE_MAX: Ppm = Ppm::new(100_000);
/// The shortest and the longest time that a parameter may be: a second to thirty days.
const TIME_RANGE_MS: std::ops::RangeInclusive<u64> = 1_000..=30 * 86_400_000;

impl FeeRates {
    fn are_bounded(&self) -> bool {
        let taker = self.taker.get();
        self.taker <= FEE_MAX
            && taker >= 0
            && self.maker.get().unsigned_abs() <= taker.unsigned_abs()
    }
}

impl MarkParams {
    fn is_bounded(&self) -> bool {
        let is_part = |rate: Ppm| rate > Ppm::ZERO && rate <= Ppm::ONE;
        TIME_RANGE_MS.contains(&self.basis_time.get())
            && is_part(self.spread_max)
            && is_part(self.basis_max)
    }
}

impl FundingParams {
    fn is_bounded(&self) -> bool {
        let interest = self.interest.get().unsigned_abs();
        let (sample, pay) = (self.sample_every.get(), self.pay_every.get());
        interest <= Ppm::ONE.get().unsigned_abs()
            && self.clamp_factor <= 100_000_000
            && TIME_RANGE_MS.contains(&sample)
            && TIME_RANGE_MS.contains(&pay)
            && sample <= pay
    }
}

impl LiquidationParams {
    fn is_bounded(&self) -> bool {
        let is_part = |rate: Ppm| rate >= Ppm::ZERO && rate <= Ppm::ONE;
        self.slice > Ppm::ZERO
            && is_part(self.slice)
            && is_part(self.fee_max)
            && self.slice_notional_min >= Quote::ZERO
            && self.bankruptcy_adjustment >= Ppm::ONE
            && self.spread_to_maintenance >= Ppm::ZERO
            && self.spread_to_maintenance.get() <= 10_000_000
    }
}

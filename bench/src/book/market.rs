//! The market of a stream, as clearing sees it: a perpetual with the usual tiers and fees.

use heddle_clearing::FeeRates;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarketId;
use heddle_clearing::MarketStatus;
use heddle_clearing::RiskRow;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Quality;

/// Its number.
pub(super) const ID: MarketId = MarketId::new(0);

/// The volume from which each fee tier holds.
pub(super) const VOLUMES: [Quote; 4] =
    [Quote::ZERO, Quote::new(1 << 50), Quote::new(1 << 55), Quote::new(1 << 60)];

/// The mark before anything was traded. Prices of the stream are around it.
pub(super) const FIRST_MARK: Ticks = Ticks::new(10_000);

/// Its row in the risk table at a mark.
pub(super) const fn row(mark: Ticks) -> RiskRow {
    RiskRow {
        market: ID,
        status: MarketStatus::Active,
        quality: Quality::ALL,
        mark,
        index: mark,
        unit: UnitValue::new(100),
        funding: 0,
        loss: 0,
        tiers: [
            tier(1 << 40, 50_000, 25_000),
            tier(1 << 43, 100_000, 50_000),
            tier(1 << 46, 200_000, 100_000),
            tier(i128::MAX, 500_000, 250_000),
        ],
        fees: [FeeRates { taker: Ppm::new(450), maker: Ppm::new(-100) }; 4],
        fee_max: Ppm::new(450),
        open_interest_max: Lots::MAX,
        position_max: Lots::new(1 << 40),
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(1_000_000),
            fee_max: Ppm::new(5_000),
            bankruptcy_adjustment: Ppm::ONE,
            spread_to_maintenance: Ppm::new(100_000),
        },
    }
}

const fn tier(notional_max: i128, initial: i32, maintenance: i32) -> MarginTier {
    MarginTier {
        notional_max: Quote::new(notional_max),
        initial: Ppm::new(initial),
        maintenance: Ppm::new(maintenance),
    }
}

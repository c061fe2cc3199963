//! A row's bytes: the fields in order, little-endian, at fixed places.

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Quality;

use crate::ids::MarketId;
use crate::limits::FEE_TIERS_MAX;
use crate::limits::MARGIN_TIERS_MAX;
use crate::params::FeeRates;
use crate::params::LiquidationParams;
use crate::params::MarginTier;
use crate::risk_table::MarketStatus;
use crate::risk_table::ROW_BYTES;
use crate::risk_table::RiskRow;

const PRICES: usize = 4;
const INDICES: usize = PRICES + 12;
const TIERS: usize = INDICES + 32;
const TIER_BYTES: usize = 24;
const FEES: usize = TIERS + MARGIN_TIERS_MAX * TIER_BYTES;
const CAPS: usize = FEES + FEE_TIERS_MAX * 8;
const LIQUIDATION: usize = CAPS + 20;

const _: () = assert!(LIQUIDATION + 32 == ROW_BYTES);

impl RiskRow {
    pub(super) fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut bytes = [0; ROW_BYTES];
        put(&mut bytes, 0, self.market.get().to_le_bytes());
        put(&mut bytes, 2, [self.status as u8, self.quality.bits()]);
        put(&mut bytes, PRICES, self.mark.get().to_le_bytes());
        put(&mut bytes, PRICES + 4, self.index.get().to_le_bytes());
        put(&mut bytes, PRICES + 8, self.unit.get().to_le_bytes());
        put(&mut bytes, INDICES, self.funding.to_le_bytes());
        put(&mut bytes, INDICES + 16, self.loss.to_le_bytes());
        for (tier, at) in self.tiers.iter().zip((TIERS..FEES).step_by(TIER_BYTES)) {
            put(&mut bytes, at, tier.notional_max.get().to_le_bytes());
            put(&mut bytes, at.saturating_add(16), tier.initial.get().to_le_bytes());
            put(&mut bytes, at.saturating_add(20), tier.maintenance.get().to_le_bytes());
        }
        for (rates, at) in self.fees.iter().zip((FEES..CAPS).step_by(8)) {
            put(&mut bytes, at, rates.taker.get().to_le_bytes());
            put(&mut bytes, at.saturating_add(4), rates.maker.get().to_le_bytes());
        }
        put(&mut bytes, CAPS, self.fee_max.get().to_le_bytes());
        put(&mut bytes, CAPS + 4, self.open_interest_max.get().to_le_bytes());
        put(&mut bytes, CAPS + 12, self.position_max.get().to_le_bytes());
        put_liquidation(&mut bytes, &self.liquidation);
        bytes
    }

    #[inline]
    pub(super) fn from_bytes(bytes: &[u8; ROW_BYTES]) -> Self {
        Self {
            market: MarketId::new(u16::from_le_bytes(take(bytes, 0))),
            status: MarketStatus::from_byte(bytes[2]),
            quality: Quality::from_bits(bytes[3]),
            mark: Ticks::new(u32::from_le_bytes(take(bytes, PRICES))),
            index: Ticks::new(u32::from_le_bytes(take(bytes, PRICES + 4))),
            unit: UnitValue::new(u32::from_le_bytes(take(bytes, PRICES + 8))),
            funding: i128::from_le_bytes(take(bytes, INDICES)),
            loss: i128::from_le_bytes(take(bytes, INDICES + 16)),
            tiers: std::array::from_fn(|n| tier(bytes, n)),
            fees: std::array::from_fn(|n| fees(bytes, n)),
            fee_max: ppm(bytes, CAPS),
            open_interest_max: Lots::new(u64::from_le_bytes(take(bytes, CAPS + 4))),
            position_max: Lots::new(u64::from_le_bytes(take(bytes, CAPS + 12))),
            liquidation: liquidation(bytes),
        }
    }
}

impl MarketStatus {
    /// Nothing but this crate writes the byte; one that nobody wrote is as good as none.
    #[inline]
    pub(super) const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Active,
            1 => Self::Collecting,
            2 => Self::ReduceOnly,
            3 => Self::CancelOnly,
            4 => Self::Halted,
            5 => Self::Frozen,
            _ => Self::Closed,
        }
    }
}

#[inline]
fn tier(bytes: &[u8; ROW_BYTES], n: usize) -> MarginTier {
    let at = n.saturating_mul(TIER_BYTES).saturating_add(TIERS);
    MarginTier {
        notional_max: Quote::new(i128::from_le_bytes(take(bytes, at))),
        initial: ppm(bytes, at.saturating_add(16)),
        maintenance: ppm(bytes, at.saturating_add(20)),
    }
}

#[inline]
fn fees(bytes: &[u8; ROW_BYTES], n: usize) -> FeeRates {
    let at = n.saturating_mul(8).saturating_add(FEES);
    FeeRates { taker: ppm(bytes, at), maker: ppm(bytes, at.saturating_add(4)) }
}

fn put_liquidation(bytes: &mut [u8; ROW_BYTES], params: &LiquidationParams) {
    put(bytes, LIQUIDATION, params.slice.get().to_le_bytes());
    put(bytes, LIQUIDATION + 4, params.slice_notional_min.get().to_le_bytes());
    put(bytes, LIQUIDATION + 20, params.fee_max.get().to_le_bytes());
    put(bytes, LIQUIDATION + 24, params.bankruptcy_adjustment.get().to_le_bytes());
    put(bytes, LIQUIDATION + 28, params.spread_to_maintenance.get().to_le_bytes());
}

#[inline]
fn liquidation(bytes: &[u8; ROW_BYTES]) -> LiquidationParams {
    LiquidationParams {
        slice: ppm(bytes, LIQUIDATION),
        slice_notional_min: Quote::new(i128::from_le_bytes(take(bytes, LIQUIDATION + 4))),
        fee_max: ppm(bytes, LIQUIDATION + 20),
        bankruptcy_adjustment: ppm(bytes, LIQUIDATION + 24),
        spread_to_maintenance: ppm(bytes, LIQUIDATION + 28),
    }
}

#[inline]
fn ppm(bytes: &[u8; ROW_BYTES], at: usize) -> Ppm {
    Ppm::new(i32::from_le_bytes(take(bytes, at)))
}

fn put<const N: usize>(bytes: &mut [u8; ROW_BYTES], at: usize, field: [u8; N]) {
    bytes[at..at.saturating_add(N)].copy_from_slice(&field);
}

/// The `N` bytes at a place that is within the row, as the layout above makes sure.
#[inline]
fn take<const N: usize>(bytes: &[u8; ROW_BYTES], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at.saturating_add(N)]);
    field
}

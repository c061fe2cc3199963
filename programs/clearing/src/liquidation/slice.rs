//! Which part of which position goes to the book.

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::mul_div;

use crate::ids::MarketId;

/// How positions are cut into slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// Which part of the position is a slice, in millionths.
    pub part: Ppm,
    /// A position of at most this notional is one slice.
    pub whole_up_to: Quote,
}

impl Slicing {
    /// A fifth at a time (Hyperliquid), and what is worth at most `whole_up_to` at once.
    pub const fn fifths(whole_up_to: Quote) -> Self {
        Self { part: Ppm::new(200_000), whole_up_to }
    }

    /// How many lots of `position` go to the book when one is worth `lot_value`: whole lots, rounded up, so that every position is gone
    /// after finitely many slices. None of no position.
    pub fn slice(&self, position: SignedLots, lot_value: Quote) -> Lots {
        let lots = position.abs();
        let notional = i128::from(lots.get()).saturating_mul(lot_value.get());
        if notional <= self.whole_up_to.get() {
            return lots;
        }
        let part = Quote::new(i128::from(lots.get())).at_rate(self.part, Rounding::Ceil);
        let part = part.and_then(|part| u64::try_from(part.get()).ok());
        part.map_or(lots, |part| Lots::new(part).min(lots))
    }
}

/// How many lots must be closed at the mark to bring back `shortage` of margin, rounded down, where a lot is worth `lot_value` and closing it
/// frees its `margin` rate and costs the `cost` rate: Drift's `calculate_base_asset_amount_to_cover_margin_shortage`. None where closing
/// costs all that it frees, so that no size is enough, or the number does not fit.
pub fn restoring_lots(shortage: Quote, lot_value: Quote, rates: RestoringRates) -> Option<Lots> {
    let net = rates.margin.checked_sub(rates.cost)?;
    if net <= Ppm::ZERO {
        return None;
    }
    let freed = lot_value.get().checked_mul(i128::from(net.get()))?;
    let lots = mul_div(shortage.get(), i128::from(Ppm::ONE.get()), freed, Rounding::Floor)?;
    u64::try_from(lots).ok().map(Lots::new)
}

/// What closing does to margin, in millionths of what is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoringRates {
    /// What is freed.
    pub margin: Ppm,
    /// What is lost: fees, and the distance to the price that is taken.
    pub cost: Ppm,
}

/// The market with the largest notional at the mark; of several the first by number. None of no positions.
pub fn largest(notionals: impl IntoIterator<Item = (MarketId, Quote)>) -> Option<MarketId> {
    let positions = notionals.into_iter().filter(|(_, notional)| *notional > Quote::ZERO);
    let largest =
        positions.max_by_key(|(market, notional)| (*notional, std::cmp::Reverse(*market)));
    largest.map(|(market, _)| market)
}

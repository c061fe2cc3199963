//! Losses that nobody is left to bear are shared: the last rung of the ladder.

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::mul_div;

use crate::margin::INDEX_ONE;

#[cfg(test)]
mod tests;

/// Shares `total` in proportion to `weights`, exactly: each gets its part rounded down, and the last that has any weight also gets what
/// that leaves over (Vega's rule). None when there is no weight at all, one is below zero, or an amount does not fit.
pub fn share_loss(total: Quote, weights: &[Quote]) -> Option<Vec<Quote>> {
    let is_valid = weights.iter().all(|weight| *weight >= Quote::ZERO);
    let last = weights.iter().rposition(|weight| !weight.is_zero()).filter(|_| is_valid)?;
    let sum = weights.iter().try_fold(Quote::ZERO, |sum, weight| sum.checked_add(*weight))?;
    let part = |weight: &Quote| {
        let part = mul_div(total.get(), weight.get(), sum.get(), Rounding::Floor);
        part.map(Quote::new)
    };
    let mut shares = weights.iter().map(part).collect::<Option<Vec<_>>>()?;
    let shared = shares.iter().try_fold(Quote::ZERO, |sum, share| sum.checked_add(*share))?;
    let left = total.checked_sub(shared)?;
    if let Some(share) = shares.get_mut(last) {
        *share = share.checked_add(left)?;
    }
    Some(shares)
}

/// By how much a market's loss index rises so that `lots`, longs and shorts together, pay at least `loss` through it: money per lot
/// times 2^32, rounded up. None when there are no lots, or the amount does not fit.
///
/// A position pays `ceil(lots * rise / 2^32)`, so that all together pay at most one unit each, and `lots / 2^32`, more than `loss`.
pub fn loss_index_rise(loss: Quote, lots: Lots) -> Option<i128> {
    mul_div(loss.get(), INDEX_ONE, i128::from(lots.get()), Rounding::Ceil)
}

//! The mark price: what positions are valued at, harder to move than the book and nearer to it than the index.
//!
//! ```text
//! mark = median(index, index + smoothed basis of the book's mid, last trade clamped to the book)
//! ```
//!
//! Without a last trade it is the mean of the other two; while the book is one-sided or its spread too wide, the index alone. The
//! median is always between two of the three, so it never leaves the index by more than the basis may.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Ticks;
use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::params::MarkParams;
use crate::risk_table::MarketStatus;

/// Fractional bits of a basis.
const BASIS_BITS: u32 = 16;
const BASIS_ONE: i64 = 1 << BASIS_BITS;
const PPM_ONE: i64 = Ppm::ONE.get() as i64;

/// What the exchange says of a market after each block, at [`crate::book_summary_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BookSummary {
    /// The highest price that somebody buys at.
    pub bid: Option<Ticks>,
    /// The lowest price that somebody sells at. Above `bid`.
    pub ask: Option<Ticks>,
    /// The price of the newest trade.
    pub last: Option<Ticks>,
    /// All long positions.
    pub open_interest: Lots,
    /// What the market takes.
    pub status: MarketStatus,
}

impl Canonical for BookSummary {
    const NAME: &'static str = "book summary";
    const BYTES_MAX: usize = 24;
}

/// The book's distance from the index, smoothed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Basis {
    /// In ticks times 2^16.
    smoothed: i64,
    /// When it was last looked at.
    time: UnixMillis,
}

/// A book that says something about the mark.
struct Quoted {
    bid: Ticks,
    ask: Ticks,
    last: Option<Ticks>,
}

impl Basis {
    /// None.
    pub const NONE: Self = Self { smoothed: 0, time: UnixMillis::new(0) };

    /// Takes note of the book and gives the mark price.
    ///
    /// The basis moves by `elapsed / (elapsed + time constant)` of its distance: exponential smoothing, by an implicit step. It fades to
    /// zero while there is no book.
    pub fn mark(
        &mut self,
        now: UnixMillis,
        index: Ticks,
        book: &BookSummary,
        params: &MarkParams,
    ) -> Ticks {
        let quoted = Quoted::of(book, index, params);
        let target = quoted.as_ref().map_or(0, |quoted| quoted.basis(index));
        self.approach(now, target, params);
        let bound = part(index, params.basis_max).saturating_mul(BASIS_ONE);
        self.smoothed = self.smoothed.clamp(bound.saturating_neg(), bound);
        quoted.map_or(index, |quoted| quoted.mark(index, self.over(index)))
    }

    fn approach(&mut self, now: UnixMillis, target: i64, params: &MarkParams) {
        let elapsed = now.get().saturating_sub(self.time.get());
        self.time = now;
        let (elapsed, constant) = (i128::from(elapsed), i128::from(params.basis_time.get()));
        let distance = i128::from(target.saturating_sub(self.smoothed));
        // 50 bits times 64.
        let step = distance.saturating_mul(elapsed).checked_div(elapsed.saturating_add(constant));
        let step = i64::try_from(step.unwrap_or(0)).unwrap_or(0);
        self.smoothed = self.smoothed.saturating_add(step);
    }

    /// The index and the basis, to the nearest tick, a half up, and not below one.
    fn over(&self, index: Ticks) -> Ticks {
        let basis = self.smoothed.saturating_add(BASIS_ONE / 2) >> BASIS_BITS;
        to_ticks(i64::from(index.get()).saturating_add(basis))
    }
}

impl Quoted {
    fn of(book: &BookSummary, index: Ticks, params: &MarkParams) -> Option<Self> {
        let (bid, ask) = (book.bid?, book.ask?);
        let spread = ask.get().checked_sub(bid.get())?;
        let is_narrow = i64::from(spread) <= part(index, params.spread_max);
        is_narrow.then_some(Self { bid, ask, last: book.last })
    }

    /// Mid less index, in ticks times 2^16.
    fn basis(&self, index: Ticks) -> i64 {
        let twice = i64::from(self.bid.get()).saturating_add(self.ask.get().into());
        twice.saturating_sub(i64::from(index.get()).saturating_mul(2)).saturating_mul(BASIS_ONE / 2)
    }

    fn mark(&self, index: Ticks, over: Ticks) -> Ticks {
        match self.last {
            Some(last) => {
                let mut three = [index, over, last.clamp(self.bid, self.ask)];
                three.sort_unstable();
                three[1]
            }
            None => {
                let twice = i64::from(index.get()).saturating_add(over.get().into());
                to_ticks(twice.saturating_add(1) >> 1)
            }
        }
    }
}

/// A part of a price, rounded down.
fn part(price: Ticks, rate: Ppm) -> i64 {
    // 32 bits times 20.
    i64::from(price.get()).saturating_mul(rate.get().into()) / PPM_ONE
}

fn to_ticks(ticks: i64) -> Ticks {
    Ticks::new(u32::try_from(ticks.max(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;

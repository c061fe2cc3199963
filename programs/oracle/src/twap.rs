//! The time-weighted average price, from sums at few moments.
//!
//! A price holds from the block that made it until the next that does. Marks keep the sum of price times time up to them; the average
//! over a window is the difference of two sums. Marks stand a sixteenth of the window apart, or a block where that is longer, and
//! between two of them the sum is taken to grow evenly: so the oldest part counts with its mean, and the average is always between
//! the lowest and the highest price that it is made of.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Rounding;
use heddle_num::mul_div;
use heddle_types::Canonical;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::limits::TWAP_MARKS_MAX;
use crate::limits::TWAP_PARTS;

/// What an average is made of.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PriceHistory {
    /// Up to when it is known.
    end: PriceMark,
    /// The price since then.
    price: i64,
    /// From the oldest; at least one.
    marks: Vec<PriceMark>,
}

/// A moment, and the sum up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PriceMark {
    /// When.
    pub time: UnixMillis,
    /// The sum of price times milliseconds from the first price until then.
    pub sum: i128,
}

impl PriceHistory {
    /// Of a first price.
    pub fn new(time: UnixMillis, price: i64) -> Self {
        let end = PriceMark { time, sum: 0 };
        Self { end, price, marks: vec![end] }
    }

    /// Goes on to `now`, from when on there is another price. A time before the last one counts as that.
    pub fn advance(&mut self, now: UnixMillis, price: i64, window: Millis) {
        let time = now.max(self.end.time);
        let passed = time.get().saturating_sub(self.end.time.get());
        // 64 bits each. Their sum would take 500 million years to overflow.
        let sum = i128::from(self.price).saturating_mul(i128::from(passed));
        self.end = PriceMark { time, sum: self.end.sum.saturating_add(sum) };
        self.price = price;
        self.mark(window);
    }

    /// The average of the window that ends where the history does, rounded to the nearest, a half away from zero; of what there is, where it
    /// is shorter.
    pub fn average(&self, window: Millis) -> i64 {
        let start = self.sum_at(self.end.time.get().saturating_sub(window.get()));
        let passed = self.end.time.get().saturating_sub(start.time.get());
        let sum = self.end.sum.saturating_sub(start.sum);
        let average = mul_div(sum, 1, i128::from(passed), Rounding::HalfAway);
        average.and_then(|average| i64::try_from(average).ok()).unwrap_or(self.price)
    }

    /// Whether it tells another story than `other`, gone on to the same time, would: there are other marks, or another price.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        self.price != other.price || self.marks != other.marks
    }

    fn mark(&mut self, window: Millis) {
        let from = self.end.time.get().saturating_sub(window.get());
        // The last one that is not within the window says where it begins.
        let passed = self.marks.iter().skip(1).take_while(|mark| mark.time.get() <= from).count();
        self.marks.drain(..passed);
        let last = self.marks.last().map_or(0, |mark| mark.time.get());
        let distance = self.end.time.get().saturating_sub(last);
        if distance >= window.get().div_ceil(TWAP_PARTS).max(1) {
            self.marks.push(self.end);
        }
        assert!(self.marks.len() <= TWAP_MARKS_MAX, "marks are a part of the window apart");
    }

    /// The sum at `time`, or the oldest that is known.
    fn sum_at(&self, time: u64) -> PriceMark {
        let later = self.marks.partition_point(|mark| mark.time.get() <= time);
        let Some(before) = later.checked_sub(1).and_then(|earlier| self.marks.get(earlier)) else {
            return self.marks.first().copied().unwrap_or(self.end);
        };
        let after = self.marks.get(later).unwrap_or(&self.end);
        let part = i128::from(time.saturating_sub(before.time.get()));
        let whole = i128::from(after.time.get().saturating_sub(before.time.get()));
        let grown = after.sum.saturating_sub(before.sum);
        let grown = mul_div(grown, part, whole, Rounding::HalfAway).unwrap_or(0);
        PriceMark { time: UnixMillis::new(time), sum: before.sum.saturating_add(grown) }
    }
}

impl Canonical for PriceHistory {
    const NAME: &'static str = "price history";
    const BYTES_MAX: usize = 24 + 8 + 4 + 24 * TWAP_MARKS_MAX;
}

#[cfg(test)]
mod tests;

//! The weighted median, and what lies on both sides of it.

/// A value, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weighted {
    /// The value.
    pub value: i128,
    /// How much it counts.
    pub weight: u64,
}

/// The middle of weighted values. Less than half of the weight lies below `lower`, and less than half above `upper`; they differ only
/// where two values next to each other part the weight into halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Middle {
    /// The least value that, with those below, has at least half of the weight.
    pub lower: i128,
    /// The greatest value that, with those above, has at least half of the weight.
    pub upper: i128,
}

/// The middle of `values`, which are sorted; none where there is no weight. The sum of weights must fit `u64`.
///
/// Of values whose weight is less than half of all, none is passed by either end: there would be half of the weight beyond. So the middle
/// is between the least and the greatest of the others.
pub fn middle(values: &mut [Weighted]) -> Option<Middle> {
    values.sort_unstable();
    let total = values.iter().fold(0_u64, |sum, one| sum.saturating_add(one.weight));
    let mut below = 0_u64;
    let mut lower = None;
    for Weighted { value, weight } in values.iter().filter(|one| one.weight > 0) {
        below = below.saturating_add(*weight);
        let rest = total.saturating_sub(below);
        if below >= rest && lower.is_none() {
            lower = Some(*value);
        }
        if let (true, Some(lower)) = (below > rest, lower) {
            return Some(Middle { lower, upper: *value });
        }
    }
    None
}

impl Middle {
    /// The median: the mean of both ends, a half away from zero. With equal weights that is the usual median.
    pub const fn mean(self) -> i128 {
        let Self { lower, upper } = self;
        // Towards zero.
        let mean = lower.midpoint(upper);
        let is_half = (lower ^ upper) & 1 == 1;
        // A sum that overflows has the sign of both.
        let is_negative = match lower.checked_add(upper) {
            Some(sum) => sum < 0,
            None => lower < 0,
        };
        match (is_half, is_negative) {
            (false, _) => mean,
            (true, true) => mean.saturating_sub(1),
            (true, false) => mean.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests;

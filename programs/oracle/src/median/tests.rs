//! Against the median of a list in which each value stands as often as it weighs.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::Middle;
use super::Weighted;
use super::middle;

fn weighted(values: &[(i128, u64)]) -> Vec<Weighted> {
    values.iter().map(|(value, weight)| Weighted { value: *value, weight: *weight }).collect()
}

/// Both middles of the list.
fn slow_middle(values: &[(i128, u64)]) -> Option<Middle> {
    let copies = |(value, weight): &(i128, u64)| {
        (0..*weight).map({
            let value = *value;
            move |_| value
        })
    };
    let mut all: Vec<i128> = values.iter().flat_map(copies).collect();
    all.sort_unstable();
    let last = all.len().checked_sub(1)?;
    Some(Middle { lower: all[last / 2], upper: all[all.len() / 2] })
}

fn mean(lower: i128, upper: i128) -> i128 {
    Middle { lower, upper }.mean()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn the_middle_is_that_of_the_list(values in vec((-9..9_i128, 0..5_u64), 0..8)) {
        prop_assert_eq!(middle(&mut weighted(&values)), slow_middle(&values));
    }

    #[test]
    fn the_mean_is_a_half_away_from_zero(lower in -50..50_i128, upper in -50..50_i128) {
        let sum = lower + upper;
        prop_assert_eq!(mean(lower, upper), (sum + sum.signum() * (sum & 1)) / 2);
    }
}

#[test]
fn half_of_the_weight_apart_is_a_middle_with_two_ends() {
    let found = middle(&mut weighted(&[(9, 2), (1, 1), (2, 1), (5, 0)]));
    assert_eq!(found, Some(Middle { lower: 2, upper: 9 }));
    let found = middle(&mut weighted(&[(9, 3), (1, 1), (2, 1)]));
    assert_eq!(found, Some(Middle { lower: 9, upper: 9 }));
    assert_eq!(middle(&mut weighted(&[(7, 0)])), None);
    assert_eq!(middle(&mut []), None);
}

#[test]
fn means_reach_the_ends_of_the_type() {
    assert_eq!(mean(i128::MAX, i128::MAX), i128::MAX);
    assert_eq!(mean(i128::MAX - 1, i128::MAX), i128::MAX);
    assert_eq!(mean(i128::MIN, i128::MIN), i128::MIN);
    assert_eq!(mean(i128::MIN, i128::MIN + 1), i128::MIN);
    assert_eq!(mean(i128::MIN, i128::MAX), -1);
}

#[test]
fn the_heaviest_weights_do_not_overflow() {
    let half = u64::MAX / 2;
    let found = middle(&mut weighted(&[(1, half), (2, half), (3, 1)]));
    assert_eq!(found, Some(Middle { lower: 2, upper: 2 }));
}

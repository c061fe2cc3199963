//! Against long multiplication and long division, bit by bit.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use proptest::prelude::*;

use super::U256;

/// `a * b`, by adding `a` once for each bit of `b`.
fn slow_product(a: u128, b: u128) -> U256 {
    let mut sum = U256 { high: 0, low: 0 };
    for bit in (0..128).rev() {
        sum = U256 { high: sum.high << 1 | sum.low >> 127, low: sum.low << 1 };
        if b >> bit & 1 == 1 {
            let (low, carry) = sum.low.overflowing_add(a);
            sum = U256 { high: sum.high + u128::from(carry), low };
        }
    }
    sum
}

/// The quotient and the remainder, a bit at a time, in the two halves of the quotient.
fn slow_div_rem(dividend: U256, divisor: u128) -> (U256, u128) {
    let (mut quotient, mut rest) = (U256 { high: 0, low: 0 }, 0_u128);
    for bit in (0..256).rev() {
        let half = if bit >= 128 { dividend.high } else { dividend.low };
        let overflows = rest >> 127 == 1;
        rest = rest << 1 | half >> (bit % 128) & 1;
        quotient = U256 { high: quotient.high << 1 | quotient.low >> 127, low: quotient.low << 1 };
        if overflows || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient.low |= 1;
        }
    }
    (quotient, rest)
}

/// Numbers of every length, with long runs of equal bits: where carries and corrections happen.
pub(crate) fn any_u128() -> impl Strategy<Value = u128> {
    let runs = (any::<u128>(), 0..128_u32, any::<u128>(), 0..128_u32);
    prop_oneof![
        runs.clone().prop_map(|(a, m, _, n)| (a >> m) << n),
        runs.clone().prop_map(|(a, m, b, n)| (u128::MAX >> m << n) ^ (a & b & 0xf)),
        runs.prop_map(|(a, m, _, n)| (1_u128 << m).wrapping_sub(1 << n).wrapping_add(a % 3)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_product_is_exact(a in any_u128(), b in any_u128()) {
        prop_assert_eq!(U256::product(a, b), slow_product(a, b));
    }

    #[test]
    fn a_quotient_is_exact_or_does_not_fit(high in any_u128(), low in any_u128(), divisor in any_u128()) {
        let dividend = U256 { high, low };
        let expected = (divisor != 0).then(|| slow_div_rem(dividend, divisor));
        let expected = expected.filter(|(quotient, _)| quotient.high == 0);
        prop_assert_eq!(dividend.div_rem(divisor), expected.map(|(q, rest)| (q.low, rest)));
    }
}

#[test]
fn the_digit_that_is_guessed_two_too_high_is_corrected() {
    // Hacker's Delight, divmu64: both corrections, and a guess of 2^64.
    let divisor = 1 << 127 | u128::from(u64::MAX);
    for high in [divisor - 1, 1 << 126, (1 << 127) - 1, 1 << 127] {
        for low in [0, 1, u128::MAX, u128::MAX << 64] {
            let dividend = U256 { high, low };
            let (quotient, rest) = slow_div_rem(dividend, divisor);
            assert_eq!(dividend.div_rem(divisor), Some((quotient.low, rest)));
        }
    }
}

//! What must hold between the functions, at arguments that no one chose.

use proptest::prelude::*;

use heddle_num::Q64x64;
use heddle_num::Rounding;

const ONE: i128 = 1 << 64;

/// From `low` to `high`, as often near a whole number or a half of one as anywhere.
fn number(low: i128, high: i128) -> impl Strategy<Value = Q64x64> {
    let anywhere = low * ONE..high * ONE;
    let near = (2 * low..2 * high, -9..9_i128).prop_map(|(halves, off)| halves * (ONE / 2) + off);
    prop_oneof![anywhere, near].prop_map(Q64x64::from_bits)
}

/// Above zero, of every length.
fn any_positive() -> impl Strategy<Value = Q64x64> {
    (1..i128::MAX, 0..126_u32).prop_map(|(bits, places)| Q64x64::from_bits((bits >> places).max(1)))
}

fn later(of: Q64x64, by: u64) -> Q64x64 {
    Q64x64::from_bits(of.to_bits() + i128::from(by))
}

/// Small steps as often as large ones.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![0..4_u64, any::<u64>().prop_map(|step| step >> 8)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_logarithm_undoes_the_exponential(power in number(0, 43)) {
        // Half of a last place from each, where the result is above one.
        let back = power.exp().unwrap().ln().unwrap();
        prop_assert!((back.to_bits() - power.to_bits()).abs() <= 1);
    }

    #[test]
    fn a_logarithm_of_a_product_is_the_sum(a in any::<u64>(), b in any::<u64>(), c in 1..u64::MAX) {
        let of = |numerator: u64, denominator: u64| {
            Q64x64::ln_ratio(numerator.into(), denominator.into()).unwrap().to_bits()
        };
        let (a, b) = (a.max(1), b.max(1));
        prop_assert!((of(a, b) + of(b, c) - of(a, c)).abs() <= 1);
        prop_assert!((of(a, b) + of(b, a)).abs() <= 1);
    }

    #[test]
    fn a_square_root_is_the_nearest(square in any_positive()) {
        let root = square.sqrt().unwrap().to_bits();
        // Half of a last place of the root is as much as the root of its square, and the square is rounded too.
        let squared = Q64x64::from_bits(root).checked_mul(Q64x64::from_bits(root), Rounding::HalfUp);
        let off = (squared.unwrap().to_bits() - square.to_bits()).unsigned_abs();
        prop_assert!(off <= (root.unsigned_abs() >> 64) + 1);
    }

    #[test]
    fn functions_never_decrease(low in number(-46, 43), step in step()) {
        let (low, high) = (low, later(low, step));
        prop_assert!(low.exp() <= high.exp());
        prop_assert!(low.normal_cdf() <= high.normal_cdf());
    }

    #[test]
    fn the_density_falls_outwards(near in number(0, 12), step in step()) {
        prop_assert!(near.normal_pdf() >= later(near, step).normal_pdf());
    }

    #[test]
    fn logarithm_and_root_never_decrease(low in any_positive(), step in step()) {
        prop_assume!(low.to_bits() < i128::MAX - i128::from(u64::MAX));
        let high = later(low, step);
        prop_assert!(low.ln() <= high.ln());
        prop_assert!(low.sqrt() <= high.sqrt());
    }
}

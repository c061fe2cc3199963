//! `vectors/functions.txt`, compared as whole numbers of 2^-120.

use std::collections::BTreeMap;

use heddle_num::Q64x64;

const VECTORS: &str = include_str!("../../vectors/functions.txt");

/// What the documentation says: 2^-65 + 2^-80, in 2^-120.
const ERROR_MAX: i128 = (1 << 55) + (1 << 40);
const ONE: i128 = 1 << 64;

/// One line.
struct Vector {
    function: &'static str,
    numerator: i128,
    denominator: i128,
    expected: Option<Decimal>,
}

/// A number of 40 decimals.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    is_negative: bool,
    whole: i128,
    /// In 2^-120, at most one too small.
    fraction: i128,
}

impl Decimal {
    fn parse(text: &str) -> Self {
        let (is_negative, size) = text.strip_prefix('-').map_or((false, text), |size| (true, size));
        let (whole, decimals) = size.split_once('.').unwrap();
        assert_eq!(decimals.len(), 40);
        // From the last digit: none is rounded before it is added to the one before.
        let add =
            |sum: i128, digit: char| (sum + (i128::from(digit.to_digit(10).unwrap()) << 120)) / 10;
        let fraction = decimals.chars().rev().fold(0, add);
        Self { is_negative, whole: whole.parse().unwrap(), fraction }
    }

    /// How far `found` is off, in 2^-120.
    fn error(self, found: Q64x64) -> i128 {
        let size = if self.is_negative { -found.to_bits() } else { found.to_bits() };
        let whole = (size - (self.whole << 64)).checked_mul(1 << 56).unwrap();
        (whole - self.fraction).abs()
    }
}

fn vectors() -> impl Iterator<Item = Vector> {
    let lines = VECTORS.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.filter(|fields| fields[0] != "constant").map(|fields| {
        let [function, numerator, denominator, expected] = fields[..] else { panic!("4 fields") };
        Vector {
            function,
            numerator: numerator.parse().unwrap(),
            denominator: denominator.parse().unwrap(),
            expected: (expected != "none").then(|| Decimal::parse(expected)),
        }
    })
}

/// What the crate makes of it.
fn found(vector: &Vector) -> Option<Q64x64> {
    let Vector { function, numerator, denominator, expected: _ } = *vector;
    let argument = Q64x64::from_bits(numerator);
    let plain = |result| {
        assert_eq!(denominator, ONE);
        result
    };
    let unsigned = || (u128::try_from(numerator).unwrap(), u128::try_from(denominator).unwrap());
    match function {
        "exp" => plain(argument.exp()),
        "ln" => plain(argument.ln()),
        "sqrt" => plain(argument.sqrt()),
        "pdf" => plain(Some(argument.normal_pdf())),
        "cdf" => plain(Some(argument.normal_cdf())),
        "exp_ratio" => Q64x64::exp_ratio(numerator, denominator),
        "ln_ratio" => Q64x64::ln_ratio(unsigned().0, unsigned().1),
        "sqrt_ratio" => Q64x64::sqrt_ratio(unsigned().0, unsigned().1),
        other => panic!("no function {other}"),
    }
}

/// What it may be off, in 2^-120.
fn error_max(vector: &Vector, expected: Decimal) -> i128 {
    match vector.function {
        "exp" | "exp_ratio" => (1 << 55) + ((expected.whole + 1) << 20),
        "sqrt_ratio" => (1 << 55) + expected.whole + 1,
        _ => ERROR_MAX,
    }
}

#[test]
fn every_function_is_as_exact_as_it_says() {
    let mut counts = BTreeMap::new();
    for vector in vectors() {
        let Vector { function, numerator, denominator, expected } = &vector;
        let found = found(&vector);
        let of = format!("{function} of {numerator} / {denominator}: {found:?}");
        assert_eq!(found.is_some(), expected.is_some(), "{of}");
        if let (Some(found), Some(expected)) = (found, *expected) {
            let (error, most) = (expected.error(found), error_max(&vector, expected));
            assert!(error <= most, "{of} is {error} off, {most} allowed");
        }
        *counts.entry(*function).or_insert(0) += 1;
    }
    println!("points: {counts:?}");
    assert_eq!(counts.len(), 8);
    assert!(counts.values().sum::<u32>() > 6000);
}

#[test]
fn no_function_decreases_where_it_must_not() {
    for function in ["exp", "ln", "sqrt", "cdf", "exp_ratio", "ln_ratio", "sqrt_ratio"] {
        let results = vectors().filter(|vector| vector.function == function);
        let results: Vec<_> = results.filter_map(|vector| found(&vector)).collect();
        assert!(results.is_sorted(), "{function}");
    }
}

#[test]
fn a_number_and_its_opposite_share_the_distribution() {
    for vector in
        vectors().filter(|vector| vector.function == "cdf" && vector.numerator != i128::MIN)
    {
        let [one, other] = [vector.numerator, -vector.numerator].map(Q64x64::from_bits);
        assert_eq!(one.normal_cdf().checked_add(other.normal_cdf()), Some(Q64x64::ONE));
        assert_eq!(one.normal_pdf(), other.normal_pdf());
    }
}

#[test]
fn the_ends_of_every_domain_are_known() {
    let of = Q64x64::from_bits;
    assert_eq!(Q64x64::ZERO.exp(), Some(Q64x64::ONE));
    assert_eq!((Q64x64::MAX.exp(), Q64x64::MIN.exp()), (None, Some(Q64x64::ZERO)));
    assert_eq!(Q64x64::exp_ratio(1, 0), None);
    assert_eq!(Q64x64::exp_ratio(0, -1), Some(Q64x64::ONE));
    assert_eq!(Q64x64::exp_ratio(i128::MIN, -1), None);
    assert_eq!(Q64x64::exp_ratio(i128::MIN, 1), Some(Q64x64::ZERO));
    assert_eq!(Q64x64::exp_ratio(i128::MIN, i128::MIN), Q64x64::ONE.exp());
    assert_eq!(Q64x64::ONE.ln(), Some(Q64x64::ZERO));
    assert_eq!((Q64x64::ZERO.ln(), of(-1).ln(), Q64x64::MIN.ln()), (None, None, None));
    assert_eq!((Q64x64::ln_ratio(0, 1), Q64x64::ln_ratio(1, 0)), (None, None));
    assert_eq!(Q64x64::ln_ratio(u128::MAX, u128::MAX), Some(Q64x64::ZERO));
    assert_eq!((Q64x64::ZERO.sqrt(), of(-1).sqrt()), (Some(Q64x64::ZERO), None));
    assert_eq!((Q64x64::sqrt_ratio(0, 0), Q64x64::sqrt_ratio(1, 0)), (None, None));
    assert_eq!(Q64x64::sqrt_ratio(u128::MAX, u128::MAX), Some(Q64x64::ONE));
    assert_eq!(Q64x64::sqrt_ratio(u128::MAX, 1), None);
    assert_eq!(Q64x64::sqrt_ratio(1, u128::MAX), Some(of(1)));
    assert_eq!(Q64x64::ZERO.normal_cdf(), of(ONE / 2));
    assert_eq!((Q64x64::MIN.normal_cdf(), Q64x64::MAX.normal_cdf()), (Q64x64::ZERO, Q64x64::ONE));
}

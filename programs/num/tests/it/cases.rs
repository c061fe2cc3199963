//! `numeric_vectors.json`: cases of other projects, in decimals of 18 places. Options are not built yet: their cases are left out by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use heddle_num::Q64x64;
use heddle_num::Rounding;

/// 18 decimals.
const WAD: i128 = 1_000_000_000_000_000_000;
const FUNCTIONS: [&str; 5] = ["exp", "ln", "sqrt", "norm_cdf", "norm_pdf"];
/// What needs options.
const LEFT_OUT: [&str; 2] = ["black76", "svi_vol"];

fn cases() -> Option<Vec<Value>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("../shared/data/derivatives/numeric_vectors.json");
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A whole number, written as text or as a number. None of what is none of 128 bits, such as an error or a result of 256 bits.
fn number(value: &Value) -> Option<i128> {
    let digits = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    digits.parse().ok()
}

/// A function of a number of 18 decimals: one that is sensitive to its argument takes it as a quotient, which loses nothing.
fn evaluate(function: &str, argument: i128) -> Option<Q64x64> {
    let nearest = || Q64x64::from_ratio(argument, WAD, Rounding::HalfUp);
    let size = || u128::try_from(argument).ok();
    let wad = WAD.unsigned_abs();
    match function {
        "exp" => Q64x64::exp_ratio(argument, WAD),
        "ln" => Q64x64::ln_ratio(size()?, wad),
        "sqrt" => Q64x64::sqrt_ratio(size()?, wad),
        "norm_cdf" => nearest().map(Q64x64::normal_cdf),
        "norm_pdf" => nearest().map(Q64x64::normal_pdf),
        other => panic!("no function {other}"),
    }
}

/// Checks a case; whether it ran. What has no result, or one that does not fit Q64.64, must be none.
fn check(case: &Value) -> bool {
    let function = case["fn"].as_str().unwrap();
    if LEFT_OUT.contains(&function) {
        println!("left out, options are not built yet: {function} {}", case["args"]);
        return false;
    }
    if !FUNCTIONS.contains(&function) {
        println!("left out, not known: {function}");
        return false;
    }
    let Some(argument) = number(&case["args"][0]) else {
        println!("left out, the argument has more than 128 bits: {case}");
        return false;
    };
    let found = evaluate(function, argument);
    assert_eq!(case["scale"], "1e18");
    let Some(found) = found else {
        let most = Q64x64::MAX.of(WAD, Rounding::Floor).unwrap();
        assert!(number(&case["expected"]).is_none_or(|expected| expected >= most), "{case}");
        println!("without a result, or with one that does not fit: {case}");
        return true;
    };
    let found = found.of(WAD, Rounding::HalfUp).unwrap();
    let (expected, tolerance) =
        (number(&case["expected"]).unwrap(), number(&case["abs_tol"]).unwrap());
    assert!((found - expected).abs() <= tolerance, "{found}: {case}");
    true
}

#[test]
fn cases_of_others_give_what_they_expect() {
    let Some(cases) = cases() else {
        println!("left out, no data: numeric_vectors.json");
        return;
    };
    let mut ran = BTreeMap::new();
    for case in cases.iter().filter(|case| check(case)) {
        *ran.entry(case["fn"].as_str().unwrap()).or_insert(0) += 1;
    }
    println!("ran: {ran:?}");
    assert!(!ran.is_empty(), "a file of cases has some");
}

//! The cases `oracle_median_*` of `portable_cases.json`: the median of publishers of equal weight is dYdX's.

use std::path::PathBuf;

use serde_json::Value;

use heddle_oracle::Middle;
use heddle_oracle::Weighted;
use heddle_oracle::middle;

fn cases() -> Option<Vec<Value>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("../shared/data/derivatives/portable_cases.json");
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A whole number, written as a number or as text.
fn number(value: &Value) -> i128 {
    let digits = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    digits.parse().unwrap_or_else(|_| panic!("no whole number: {value}"))
}

/// Of this area all others have rules that are not known.
fn is_median(case: &Value) -> bool {
    case["id"].as_str().unwrap().starts_with("oracle_median_")
}

#[test]
fn medians_are_those_of_others() {
    let Some(cases) = cases() else {
        println!("left out, no data: portable_cases.json");
        return;
    };
    let oracle = cases.iter().filter(|case| case["area"] == "oracle");
    for case in oracle.filter(|case| !is_median(case)) {
        println!("left out, not known: {}", case["id"]);
    }
    let mut ran = 0;
    for case in cases.iter().filter(|case| is_median(case)) {
        let values = case["inputs"]["values"].as_array().unwrap();
        for weight in [1, 3, 1_000_000] {
            let vote = |value| Weighted { value: number(value), weight };
            let found = middle(&mut values.iter().map(vote).collect::<Vec<_>>()).map(Middle::mean);
            let expected = &case["expected"]["median"];
            let expected = (*expected != "error").then(|| number(expected));
            assert_eq!(found, expected, "{case}");
        }
        ran += 1;
    }
    println!("ran: {ran}");
    assert!(ran > 0, "a file of cases has some");
}

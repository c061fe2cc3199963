//! Funding and margin as others have them. The cases are read in place; where they are absent the tests say so.
//!
//! Left out, because the rule is another one:
//! * `drift_funding_clamp_*`: Drift clamps the distance of two averages to a 33rd of the index and pays a 24th of it an hour; ours clamps a
//!   rate, in whole millionths, by the margins.
//! * `mango_health_*`: assets and liabilities are weighted one by one, with several collaterals; ours has one collateral, unweighted, and
//!   margin by tiers of notional.
//! * `vega_margin_*`: a position requires slippage on top of the risk factor that orders require; ours requires of what orders may lead
//!   to what it requires of a position.
//! * `drift_fee_*`: a filler is paid a part of the taker's fee; here nobody fills but the market.
//! * Derive's standard margin with options, other collateral or an oracle's confidence in it: that is a later program.

use std::fs;
use std::path::Path;

use heddle_clearing::Exposure;
use heddle_clearing::FundingParams;
use heddle_clearing::INDEX_ONE;
use heddle_clearing::MarketId;
use heddle_clearing::Premiums;
use heddle_clearing::RiskRow;
use heddle_clearing::Worth;
use heddle_clearing::funding_rate;
use heddle_clearing::index_rise;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_types::Millis;
use serde_json::Value;

use crate::world::account;
use crate::world::row;
use crate::world::table;
use crate::world::tier;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/derivatives/");
const OTHER_RULES: [&str; 4] =
    ["drift_funding_clamp_", "mango_health_", "vega_margin_", "drift_fee_"];

fn read(name: &str) -> Option<Value> {
    let text = fs::read_to_string(Path::new(CASES).join(name)).ok();
    if text.is_none() {
        println!("left out: {name} is not there");
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn funding_and_margin_are_as_in_the_portable_cases() {
    let Some(cases) = read("portable_cases.json") else {
        return;
    };
    let (mut ran, areas) = (0, ["perp_funding", "cross_margin", "margin", "fees"]);
    for case in cases.as_array().unwrap() {
        if !areas.contains(&case["area"].as_str().unwrap()) {
            continue;
        }
        match case["id"].as_str().unwrap() {
            id if id.starts_with("funding_index_delta_") => index_delta(id, case),
            id if id.starts_with("funding_rate_from_samples_") => rate_from_samples(id, case),
            id if id.starts_with("cross_margin_risk_") => risk(id, case),
            id if OTHER_RULES.iter().any(|prefix| id.starts_with(prefix)) => continue,
            id => {
                println!("left out: {id}, which has no rule");
                continue;
            }
        }
        ran += 1;
    }
    assert!(ran >= 13, "only {ran} cases ran");
}

fn index_delta(id: &str, case: &Value) {
    let inputs = &case["inputs"];
    let elapsed = Millis::new(inputs["seconds_since_last"].as_u64().unwrap() * 1000);
    let price = integer(&inputs["price"]);
    let places = integer(&inputs["price_exponent"]) + resolution(inputs);
    let worth = scaled(price, places);
    let rise = index_rise(inputs["funding_8h_ppm"].as_i64().unwrap(), elapsed, worth);
    assert_eq!(rise, Some(integer(&case["expected"]["funding_index_delta"])), "{id}");
}

fn rate_from_samples(id: &str, case: &Value) {
    let (inputs, expected) = (&case["inputs"], &case["expected"]);
    let seconds = |name: &str| Millis::new(inputs[name].as_u64().unwrap() * 1000);
    let params = FundingParams {
        interest: Ppm::ZERO,
        clamp_factor: u32::try_from(integer(&inputs["clamp_factor_ppm"])).unwrap(),
        sample_every: seconds("sample_s"),
        pay_every: seconds("tick_s"),
    };
    let mut premiums = Premiums::default();
    for (premium, times) in samples(inputs["samples"].as_str().unwrap()) {
        (0..times).for_each(|_| premiums.add(premium));
    }
    let samples = params.pay_every.get() / params.sample_every.get();
    let mean = premiums.mean(u32::try_from(samples).unwrap());
    let rate = funding_rate(mean, &params, &margins(inputs));
    assert_eq!(rate, expected["rate8h_ppm"].as_i64().unwrap(), "{id}");
    let price: i128 = inputs["price"].as_str().unwrap().parse().unwrap();
    let rise = index_rise(rate, params.pay_every, scaled(price, resolution(inputs)));
    assert_eq!(rise, Some(integer(&expected["index"])), "{id}");
}

/// `1000 x75, 5000 x25`
fn samples(text: &str) -> impl Iterator<Item = (i32, u32)> {
    text.split(", ").filter(|part| !part.is_empty()).map(|part| {
        let (premium, times) = part.split_once(" x").unwrap();
        (premium.parse().unwrap(), times.parse().unwrap())
    })
}

/// Margins as far as the case says them; where it does not, they are wide enough not to matter.
fn margins(inputs: &Value) -> heddle_clearing::MarginTier {
    if let Some(both) = inputs["im_minus_mm"].as_str() {
        let apart = millionths(both.split(' ').next().unwrap());
        return tier(i128::MAX, 1_000_000, 1_000_000 - apart);
    }
    match (inputs["im"].as_str(), inputs["mm"].as_str()) {
        (Some(initial), Some(maintenance)) => {
            tier(i128::MAX, millionths(initial), millionths(maintenance))
        }
        _ => tier(i128::MAX, 1_000_000, 1),
    }
}

fn risk(id: &str, case: &Value) {
    let (inputs, expected) = (&case["inputs"], &case["expected"]);
    let rate = |name: &str| millionths(&inputs[name].to_string());
    let mut account = account(integer(&inputs["usdc_quantums"]));
    let mut rows = Vec::new();
    for (number, position) in (0..).zip(inputs["positions"].as_array().unwrap()) {
        let mut row = RiskRow { unit: UnitValue::new(1), ..row(number) };
        row.mark = Ticks::new(u32::try_from(integer(&position["price"])).unwrap());
        row.tiers = [tier(i128::MAX, rate("im"), rate("mm")); 4];
        account.exposures.push(Exposure {
            lots: SignedLots::new(position["base"].as_i64().unwrap()),
            ..Exposure::new(MarketId::new(number), 0, 0)
        });
        rows.push(row);
    }
    let margin = account.margin(&table(&rows)).unwrap();
    let got = [margin.equity, margin.required, margin.maintenance].map(Quote::get);
    let names = ["net_collateral", "imr", "mmr"];
    assert_eq!(got, names.map(|name| integer(&expected[name])), "{id}");
}

#[test]
fn margin_of_perpetuals_alone_is_as_in_derives_standard_manager() {
    let Some(data) = read("standard_margin_derive.json") else {
        return;
    };
    let mut ran = 0;
    for (name, case) in data["test-cases"].as_object().unwrap() {
        let (scenario, result) = (&case["Scenario"], &case["Result"]);
        if is_perpetuals_alone(scenario, result) {
            standard_margin(name, scenario, result);
            ran += 1;
        }
    }
    assert!(ran >= 1, "only {ran} cases ran");
}

fn is_perpetuals_alone(scenario: &Value, result: &Value) -> bool {
    let is_zero = |value: &Value| integer(value) == 0;
    scenario["OptionAmounts"].as_array().unwrap().is_empty()
        && ["OracleConts", "DepegIMs", "BaseMargin"].iter().all(|name| is_zero(&result[*name]))
        && !["Perps_ETH", "Perps_BTC"].iter().all(|name| is_zero(&scenario[*name]))
}

/// Prices in cents, sizes in thousandths, money in millionths; theirs are all 10^-18. Their set-up requires 6.5 % and 5 %.
fn standard_margin(name: &str, scenario: &Value, result: &Value) {
    const WEI: i128 = 1_000_000_000_000_000_000;
    let mut account = account(integer(&scenario["Cash"]) / (WEI / 1_000_000));
    let mut rows = Vec::new();
    for (number, asset) in (0..).zip(["ETH", "BTC"]) {
        let of = |what: &str| integer(&scenario[format!("{what}{asset}")]);
        let price = integer(&scenario["PerpPrice"][usize::from(number)]) / (WEI / 100);
        let lots = integer(&scenario[format!("Perps_{asset}")]) / (WEI / 1000);
        let index = |wei: i128| wei / (WEI / 1000) * INDEX_ONE;
        let mut row = RiskRow { unit: UnitValue::new(10), ..row(number) };
        row.mark = Ticks::new(u32::try_from(price).unwrap());
        row.tiers = [tier(i128::MAX, 65_000, 50_000); 4];
        row.funding = index(integer(&scenario[format!("{asset}GlobalFundingIndex")]));
        rows.push(row);
        if lots != 0 {
            let mut exposure = Exposure::new(MarketId::new(number), 0, 0);
            exposure.lots = SignedLots::new(i64::try_from(lots).unwrap());
            exposure.entry = Quote::new(of("LastEntry") / (WEI / 100) * lots * 10);
            exposure.funding = index(integer(&scenario[format!("Account{asset}FundingIndex")]));
            account.exposures.push(exposure);
        }
    }
    let margin = account.margin(&table(&rows)).unwrap();
    let check = |expected: &str, got: i128| {
        assert_eq!(got, integer(&result[expected]) / (WEI / 1_000_000), "{name}: {expected}");
    };
    check("realIM", margin.equity.get() - margin.required.get());
    check("realMM", margin.equity.get() - margin.maintenance.get());
    check("PerpMargin", -margin.maintenance.get());
}

/// Decimal places of a base quantum over a quote quantum.
fn resolution(inputs: &Value) -> i128 {
    let quote = inputs.get("quote_atomic_resolution").map_or(-6, integer);
    integer(&inputs["atomic_resolution"]) - quote
}

/// `price x 10^places`, in what a rate in millionths gives millionths of.
fn scaled(price: i128, places: i128) -> Worth {
    let power = 10_i128.pow(u32::try_from(places.unsigned_abs()).unwrap());
    if places < 0 {
        Worth { money: price, per: power }
    } else {
        Worth { money: price * power, per: 1 }
    }
}

/// A whole number, which JSON libraries write as `2.799e22` where it is past 64 bits.
fn integer(value: &Value) -> i128 {
    let text = value.to_string();
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let zeros = exponent.parse::<usize>().unwrap() - part.len();
    format!("{whole}{part}{}", "0".repeat(zeros)).parse().unwrap()
}

/// `0.25` is 250,000.
fn millionths(decimal: &str) -> i32 {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let part: i32 = format!("{part:0<6}").parse().unwrap();
    whole.parse::<i32>().unwrap() * 1_000_000 + part
}

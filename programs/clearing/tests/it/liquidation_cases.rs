//! Liquidation as others have it: dYdX v4's prices and insurance, Drift's sizes, Vega's sharing. The cases are read in place; where
//! they are absent the tests say so.
//!
//! Left out, because the rule is another one:
//! * `drift_if_fee_*`: Drift takes at most 95 % of the margin that the fee does not use up; ours is dYdX's, all above the bankruptcy price up
//!   to a maximum.
//! * `drift_liq_fee_ramp_*`: Drift's fee grows with the slots that pass; ours does not depend on time, because the chain itself liquidates.

use std::fs;
use std::path::Path;

use heddle_clearing::liquidation::Closing;
use heddle_clearing::liquidation::ClosingError;
use heddle_clearing::liquidation::Health;
use heddle_clearing::liquidation::Marked;
use heddle_clearing::liquidation::RestoringRates;
use heddle_clearing::liquidation::Spread;
use heddle_clearing::liquidation::restoring_lots;
use heddle_clearing::loss::share_loss;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use serde_json::Value;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/derivatives/");
const UNIT: UnitValue = UnitValue::new(1);

fn read(name: &str) -> Option<Value> {
    let text = fs::read_to_string(Path::new(CASES).join(name)).ok();
    if text.is_none() {
        println!("left out: {name} is not there");
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn dydx_liquidates_at_the_same_prices() {
    let Some(data) = read("liquidation_dydx.json") else {
        return;
    };
    let mut ran = 0;
    for case in data["cases"].as_array().unwrap() {
        let case = Dydx { meta: &data["meta"], case };
        match case.case["kind"].as_str().unwrap() {
            "is_liquidatable" => case.is_liquidatable(),
            "bankruptcy_price_quote_quantums" => case.bankruptcy_price(),
            "fillable_price_subticks" => case.fillable_price(),
            "insurance_fund_delta" => case.insurance_delta(),
            kind => {
                println!("left out: {}, whose kind {kind} has no rule", case.id());
                continue;
            }
        }
        ran += 1;
    }
    assert!(ran >= 28, "only {ran} cases ran");
}

/// One case: lots are its base quantums, ticks its quote quantums for one of them.
struct Dydx<'a> {
    meta: &'a Value,
    case: &'a Value,
}

impl Dydx<'_> {
    fn id(&self) -> &str {
        self.case["id"].as_str().unwrap()
    }

    fn is_liquidatable(&self) {
        let expected = self.case["expected"].as_bool().unwrap();
        assert_eq!(self.health().is_liquidatable(), expected, "{}", self.id());
    }

    fn bankruptcy_price(&self) {
        let delta = SignedLots::new(self.case["delta_quantums"].as_i64().unwrap());
        let quote = self.closing(delta).and_then(|closing| closing.bankruptcy_quote(self.health()));
        self.check_amount(quote);
    }

    fn fillable_price(&self) {
        let delta = SignedLots::new(self.case["delta_quantums"].as_i64().unwrap());
        let spread = Spread {
            bankruptcy_adjustment: self.setting("bankruptcy_adjustment_ppm"),
            to_maintenance: self.setting("spread_to_mmr_ppm"),
        };
        let price =
            self.closing(delta).and_then(|closing| closing.fillable_price(self.health(), &spread));
        let Some(expected) = self.case.get("expected") else {
            return self.check_error(price.unwrap_err());
        };
        let (numerator, denominator) = price.unwrap().fraction().unwrap();
        let (expected, parts) = (integer(&expected["num"]), integer(&expected["den"]));
        assert_eq!(numerator * parts, expected * denominator, "{}", self.id());
    }

    fn insurance_delta(&self) {
        let fill = self.case["fill_amount"].as_i64().unwrap();
        let (delta, sign) = match self.case["is_buy"].as_bool().unwrap() {
            true => (fill, -1),
            false => (-fill, 1),
        };
        let market = &self.meta["markets"][self.market()];
        // A subtick is quote quantums for a base quantum times ten to the market's resolution.
        let decimals = u32::try_from(-market["atomic_resolution"].as_i64().unwrap()).unwrap();
        let traded = integer(&self.case["subticks"]) * i128::from(fill) / 10_i128.pow(decimals);
        let fee_max = self.setting("max_liquidation_fee_ppm");
        let insurance = self.closing(SignedLots::new(delta)).and_then(|closing| {
            closing.insurance_delta(self.health(), Quote::new(sign * traded), fee_max)
        });
        self.check_amount(insurance);
    }

    fn check_amount(&self, amount: Result<Quote, ClosingError>) {
        match self.case.get("expected") {
            Some(expected) => {
                assert_eq!(amount, Ok(Quote::new(integer(expected))), "{}", self.id());
            }
            None => self.check_error(amount.unwrap_err()),
        }
    }

    fn check_error(&self, error: ClosingError) {
        let expected = self.case["expected_error"].as_str().unwrap();
        let is_same = match error {
            ClosingError::NotPartOfPosition { .. } => matches!(
                expected,
                "types.ErrInvalidPerpetualPositionSizeDelta"
                    | "types.ErrInvalidQuantumsForInsuranceFundDeltaCalculation"
            ),
            ClosingError::NoMargin | ClosingError::OutOfRange => false,
        };
        assert!(is_same, "{}: {error} is not {expected}", self.id());
    }

    fn market(&self) -> &str {
        self.case["market"].as_str().unwrap()
    }

    /// The case's setting, or what all have that do not say.
    fn setting(&self, name: &str) -> Ppm {
        let value = self.case.get(name).unwrap_or(&self.meta["default_liq_config"][name]);
        Ppm::new(i32::try_from(value.as_i64().unwrap()).unwrap())
    }

    fn health(&self) -> Health {
        let cash = integer(&self.case["usdc_quantums"]);
        let positions = self.case["positions"].as_array().unwrap().iter().map(|position| {
            let lots = SignedLots::new(position["base_quantums"].as_i64().unwrap());
            self.marked(position["market"].as_str().unwrap(), lots)
        });
        let start = Health { equity: Quote::new(cash), maintenance: Quote::ZERO };
        positions.fold(start, |health, marked| Health {
            equity: health.equity.checked_add(marked.value).unwrap(),
            maintenance: health.maintenance.checked_add(marked.maintenance).unwrap(),
        })
    }

    fn closing(&self, delta: SignedLots) -> Result<Closing, ClosingError> {
        let positions = self.case["positions"].as_array().unwrap();
        let held = positions.iter().find(|position| position["market"] == self.case["market"]);
        let held = held.map_or(0, |position| position["base_quantums"].as_i64().unwrap());
        let position = SignedLots::new(held);
        Closing::new(position, delta, |lots| Some(self.marked(self.market(), lots)))
    }

    fn marked(&self, market: &str, lots: SignedLots) -> Marked {
        let market = &self.meta["markets"][market];
        let base = market["atomic_resolution"].as_i64().unwrap();
        let quote = self.meta["usdc_atomic_resolution"].as_i64().unwrap();
        let oracle = market["oracle_price"].as_str().unwrap();
        let price = scaled(oracle, i32::try_from(base - quote).unwrap());
        let price = Ticks::new(u32::try_from(price).unwrap());
        let rate = |name: &str| Ppm::new(i32::try_from(market[name].as_i64().unwrap()).unwrap());
        let initial = price.notional(lots.abs(), UNIT);
        let initial = initial.at_rate(rate("initial_margin_ppm"), Rounding::Ceil).unwrap();
        let maintenance = initial.at_rate(rate("maintenance_fraction_ppm"), Rounding::Ceil);
        Marked { value: lots.value(price, UNIT), maintenance: maintenance.unwrap() }
    }
}

#[test]
fn liquidation_and_loss_sharing_of_others_is_the_same() {
    let Some(cases) = read("portable_cases.json") else {
        return;
    };
    let mut ran = 0;
    for case in cases.as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let is_ours = match case["area"].as_str().unwrap() {
            "liquidation" => true,
            area => area.contains("loss"),
        };
        if !is_ours {
            continue;
        }
        if is_restoring_size(case) {
            check_restoring_size(case);
            ran += 1;
        } else if let Some((total, weights, expected)) = shares(case) {
            let shared = share_loss(total, &weights).unwrap();
            assert_eq!(shared, expected, "{id}");
            ran += 1;
        } else {
            println!("left out: {id}, whose rule is not ours");
        }
    }
    assert!(ran >= 3, "only {ran} cases ran");
}

fn is_restoring_size(case: &Value) -> bool {
    case["inputs"].get("margin_shortage_usd").is_some()
        && case["expected"].get("base_1e9").is_some()
}

/// Drift's size that covers a shortage: lots are billionths, and money is in parts so small that a lot's price is whole.
fn check_restoring_size(case: &Value) {
    let input = |name: &str| case["inputs"][name].to_string();
    let shortage = Quote::new(scaled(&input("margin_shortage_usd"), 24));
    let price = scaled(&input("oracle_price"), 6) * scaled(&input("quote_price"), 9);
    let rate = |name: &str| Ppm::new(i32::try_from(scaled(&input(name), 6)).unwrap());
    let cost = rate("liquidator_fee").checked_add(rate("insurance_fee")).unwrap();
    let rates = RestoringRates { margin: rate("margin_ratio"), cost };
    let lots = restoring_lots(shortage, Quote::new(price), rates);
    // Drift says the largest number where no size is enough.
    let expected = case["expected"]["base_1e9"].as_u64().unwrap();
    let lots = lots.map_or(u64::MAX, Lots::get);
    assert_eq!(lots, expected, "{}", case["id"]);
}

/// A total, the weights that it is shared by, and the shares.
fn shares(case: &Value) -> Option<(Quote, Vec<Quote>, Vec<Quote>)> {
    let amounts = |value: Option<&Value>| -> Option<Vec<Quote>> {
        let amounts = value?.as_array()?.iter();
        amounts.map(|amount| Some(Quote::new(amount.to_string().parse().ok()?))).collect()
    };
    let inputs = case["inputs"].as_object()?;
    let find = |names: &[&str]| names.iter().find_map(|name| inputs.get(*name));
    let total = find(&["total", "collected", "loss", "available"])?;
    let weights = amounts(find(&["weights", "requests", "amounts", "claims", "shares"]))?;
    let expected = case["expected"].as_object()?.values().next();
    Some((Quote::new(total.to_string().parse().ok()?), weights, amounts(expected)?))
}

fn integer(value: &Value) -> i128 {
    value.to_string().parse().unwrap()
}

/// A decimal number times ten to `decimals`, which must be whole.
fn scaled(number: &str, decimals: i32) -> i128 {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{part}").parse().unwrap();
    let exponent = decimals - i32::try_from(part.len()).unwrap();
    let power = 10_i128.pow(exponent.unsigned_abs());
    if exponent >= 0 {
        return digits * power;
    }
    assert_eq!(digits % power, 0, "{number} has more than {decimals} decimals");
    digits / power
}

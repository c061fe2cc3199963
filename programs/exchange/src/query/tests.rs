use std::collections::BTreeMap;

use heddle_clearing::AccountId;
use heddle_clearing::Exposure;
use heddle_clearing::FeeRates;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarketStatus;
use heddle_clearing::RiskRow;
use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Quality;
use heddle_types::PublicKey;
use heddle_types::encode;
use proptest::prelude::ProptestConfig;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use super::*;

const UNIT: UnitValue = UnitValue::new(100);
const OWNER: AccountId = AccountId::new(7);

fn tier(notional_max: Quote, initial: i32, maintenance: i32) -> MarginTier {
    MarginTier { notional_max, initial: Ppm::new(initial), maintenance: Ppm::new(maintenance) }
}

fn row(market: u16, mark: u32) -> RiskRow {
    let last = tier(Quote::MAX, 100_000, 60_000);
    RiskRow {
        market: MarketId::new(market),
        status: MarketStatus::Active,
        quality: Quality::ALL,
        mark: Ticks::new(mark),
        index: Ticks::new(mark),
        unit: UNIT,
        funding: 0,
        loss: 0,
        tiers: [tier(Quote::new(1_000_000_000_000), 20_000, 12_000), last, last, last],
        fees: [FeeRates::default(); 4],
        fee_max: Ppm::ZERO,
        open_interest_max: Lots::MAX,
        position_max: Lots::MAX,
        liquidation: LiquidationParams {
            slice: Ppm::ONE,
            slice_notional_min: Quote::ZERO,
            fee_max: Ppm::ZERO,
            bankruptcy_adjustment: Ppm::ONE,
            spread_to_maintenance: Ppm::ONE,
        },
    }
}

/// An account that holds what it bought at `entry` ticks, or sold.
fn account(cash: i128, positions: &[(u16, i64, u32)]) -> Account {
    let mut account = Account::new(OWNER, Address::of_key(&PublicKey([7; 32])), 0);
    account.cash = Quote::new(cash);
    for (market, lots, entry) in positions {
        let lots = SignedLots::new(*lots);
        let entry = lots.value(Ticks::new(*entry), UNIT);
        account.exposures.push(Exposure {
            lots,
            entry,
            ..Exposure::new(MarketId::new(*market), 0, 0)
        });
    }
    account
}

fn view(account: &Account, rows: &[RiskRow]) -> AccountView {
    let risk = RiskTable::new(&[Quote::ZERO; 4], rows);
    let state = BTreeMap::from([
        (heddle_clearing::account_key(account.id), Value::from(encode(account))),
        (heddle_clearing::risk_table_key(), risk.value().clone()),
    ]);
    Query::new(&|key| state.get(key).cloned()).account(account.id).unwrap()
}

/// Whether the account would be liquidated with another mark in its first market.
fn is_liquidated(account: &Account, rows: &[RiskRow], mark: Ticks) -> bool {
    let mut rows = rows.to_vec();
    rows[0].mark = mark;
    let margin = account.margin(&RiskTable::new(&[Quote::ZERO; 4], &rows)).unwrap();
    margin.equity < margin.maintenance
}

#[test]
fn a_position_is_shown_with_what_it_cost_and_what_it_gained() {
    // Two lots at 600,000 ticks and one at 600,001: three lots for 180,000,100.
    let mut account = account(1_000_000_000, &[(0, 3, 600_000)]);
    account.exposures[0].entry = Quote::new(180_000_100);
    let view = view(&account, &[row(0, 600_010)]);
    let [position] = view.positions.as_slice() else { panic!("one position") };
    assert_eq!(position.entry_hundredths, 60_000_033);
    assert_eq!(position.notional, Quote::new(180_003_000));
    assert_eq!(position.unrealised, Quote::new(2_900));
    assert_eq!(view.margin.equity, Quote::new(1_000_002_900));
    // 2 % of 180,003,000.
    assert_eq!(view.margin.required, Quote::new(3_600_060));
    assert_eq!(view.free, Quote::new(996_402_840));
    assert_eq!(view.withdrawable, Quote::new(996_402_840));
    assert_eq!(view.leverage_hundredths(), Some(18));
}

#[test]
fn a_short_position_has_the_entry_price_of_its_sale() {
    let view = view(&account(1_000_000_000, &[(0, -4, 500_000)]), &[row(0, 600_000)]);
    let [position] = view.positions.as_slice() else { panic!("one position") };
    assert_eq!(position.entry_hundredths, 50_000_000);
    assert_eq!(position.unrealised, Quote::new(-40_000_000));
}

#[test]
fn a_position_that_its_cash_covers_has_no_liquidation_price() {
    let view = view(&account(10_000_000_000, &[(0, 100, 600_000)]), &[row(0, 600_000)]);
    assert_eq!(view.positions[0].liquidation, None);
}

#[test]
fn an_account_that_is_liquidated_already_is_so_at_the_mark() {
    let view = view(&account(0, &[(0, 100, 600_000)]), &[row(0, 600_000)]);
    assert_eq!(view.positions[0].liquidation, Some(Ticks::new(600_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn at_the_liquidation_price_the_account_is_liquidated_and_one_tick_before_it_is_not(
        cash in 1_i128..2_000_000_000_000,
        lots in 1_i64..2_000_000,
        other in -1_000_i64..1_000,
        is_long in proptest::bool::ANY,
        mark in 2_u32..1_000_000,
    ) {
        let lots = if is_long { lots } else { lots.wrapping_neg() };
        let mut positions = vec![(0, lots, mark)];
        if other != 0 {
            positions.push((1, other, 30_000));
        }
        let account = account(cash, &positions);
        let rows = [row(0, mark), row(1, 30_100)];
        let now = Ticks::new(mark);
        match view(&account, &rows).positions[0].liquidation {
            None => {
                let worst = if is_long { 1 } else { u32::MAX };
                prop_assert!(!is_liquidated(&account, &rows, Ticks::new(worst)));
            }
            Some(price) if price == now => prop_assert!(is_liquidated(&account, &rows, now)),
            Some(price) => {
                prop_assert_eq!(price < now, is_long);
                let nearer = if is_long { price.get().wrapping_add(1) } else { price.get().wrapping_sub(1) };
                prop_assert!(is_liquidated(&account, &rows, price));
                prop_assert!(!is_liquidated(&account, &rows, Ticks::new(nearer)));
            }
        }
    }
}

#[test]
fn a_market_is_found_by_its_name_in_any_case() {
    let listing = |name: &str| Market {
        name: name.parse().unwrap(),
        price_decimals: 1,
        size_decimals: 3,
        rules: crate::market::MarketRules {
            band: Ppm::new(100_000),
            breaker: None,
            opening: heddle_types::Millis::new(1_000),
            batch: None,
            lots_min: Lots::new(1),
            lots_max: Lots::new(1_000),
            notional_min: Quote::ZERO,
        },
    };
    let mut state = BTreeMap::from([(keys::count_key(), Value::new(&2_u16.to_le_bytes()))]);
    for (number, name) in [(0, "BTC-PERP"), (1, "ETH-PERP")] {
        let key = keys::market_key(MarketId::new(number));
        state.insert(key, Value::from(encode(&listing(name))));
    }
    let read = |key: &StateKey| state.get(key).cloned();
    let query = Query::new(&read);
    assert_eq!(query.markets().count(), 2);
    assert_eq!(query.market_named("eth-perp"), Some(MarketId::new(1)));
    assert_eq!(query.market_named("ETH"), None);
}

#[test]
fn what_is_not_there_is_nothing() {
    let query = Query::new(&|_| None);
    let owner = Address::of_key(&PublicKey([7; 32]));
    assert_eq!(query.markets().count(), 0);
    assert!(query.market(MarketId::new(0), UnixMillis::new(1)).is_none());
    assert!(query.account(OWNER).is_none());
    assert_eq!(query.account_of(&owner, 0), None);
    assert!(query.open_orders(OWNER, MarketId::new(0)).is_empty());
    assert!(query.book(MarketId::new(0)).unwrap().depth(Side::Buy, 1).is_empty());
}

#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_num::UnitValue;

use super::*;
use crate::ids::AccountId;
use crate::ids::MarketId;

mod deleveraging;
mod exchanges;
mod thresholds;

const UNIT: UnitValue = UnitValue::new(1);

fn health(equity: i128, maintenance: i128) -> Health {
    Health { equity: Quote::new(equity), maintenance: Quote::new(maintenance) }
}

#[test]
fn an_account_stands_on_the_rung_of_its_equity() {
    let check = |equity, expected| assert_eq!(health(equity, 300).rung(), expected, "{equity}");
    check(300, Rung::Sound);
    check(299, Rung::Slices);
    check(200, Rung::Slices);
    check(199, Rung::Backstop);
    check(1, Rung::Backstop);
    check(0, Rung::Bankrupt);
    check(-1, Rung::Bankrupt);
}

#[test]
fn an_account_without_positions_is_bankrupt_only_if_it_owes() {
    assert_eq!(health(0, 0).rung(), Rung::Sound);
    assert_eq!(health(5, 0).rung(), Rung::Sound);
    assert_eq!(health(-1, 0).rung(), Rung::Bankrupt);
    assert!(!health(-1, 0).is_liquidatable());
}

#[test]
fn a_slice_is_a_fifth_rounded_up_and_small_positions_go_at_once() {
    let slicing = Slicing::fifths(Quote::new(1_000));
    let check = |lots: i64, lot_value: i128, expected: u64| {
        let slice = slicing.slice(SignedLots::new(lots), Quote::new(lot_value));
        assert_eq!(slice, Lots::new(expected), "{lots} at {lot_value}");
    };
    check(0, 10, 0);
    check(100, 10, 100);
    check(-100, 10, 100);
    check(101, 10, 21);
    check(-101, 10, 21);
    check(500, 10, 100);
    check(1, 5_000, 1);
    check(3, 5_000, 1);
    check(6, 5_000, 2);
}

#[test]
fn slices_close_every_position_in_finitely_many_steps() {
    let slicing = Slicing::fifths(Quote::ZERO);
    let mut left = SignedLots::new(-(1 << 48));
    let mut slices = 0;
    while !left.is_zero() {
        let slice = slicing.slice(left, Quote::new(1)).long().unwrap();
        left = left.checked_add(slice).unwrap();
        slices += 1;
    }
    assert!(slices < 150, "{slices}");
}

#[test]
fn the_largest_notional_goes_first_and_of_equal_ones_the_first_market() {
    let market = MarketId::new;
    let check = |notionals: &[(u16, i128)], expected: Option<u16>| {
        let notionals = notionals.iter().map(|(id, notional)| (market(*id), Quote::new(*notional)));
        assert_eq!(largest(notionals), expected.map(market));
    };
    check(&[], None);
    check(&[(1, 0)], None);
    check(&[(1, 5), (2, 7), (3, 6)], Some(2));
    check(&[(3, 7), (1, 7), (2, 7)], Some(1));
}

#[test]
fn the_fillable_price_is_rounded_towards_the_mark() {
    let spread =
        Spread { bankruptcy_adjustment: Ppm::new(1_000_000), to_maintenance: Ppm::new(100_000) };
    let check = |lots: i64, equity: i128, expected: u32| {
        let position = SignedLots::new(lots);
        let marked = |lots: SignedLots| {
            let value = lots.value(Ticks::new(1_000), UNIT);
            Some(Marked { value, maintenance: Quote::new(value.get().abs() / 10) })
        };
        let closing = Closing::new(position, position.checked_neg().unwrap(), marked).unwrap();
        let price = closing.fillable_price(health(equity, 1_000), &spread).unwrap();
        assert_eq!(price.ticks(UNIT), Some(Ticks::new(expected)), "{lots} with {equity}");
    };
    // The spread of ten lots at 1,000 is at most a tenth of a margin of 1,000.
    check(10, 1_000, 1_000);
    check(10, 999, 1_000);
    check(10, 950, 1_000);
    check(10, 900, 999);
    check(10, 0, 990);
    check(10, -5_000, 990);
    check(10, 2_000, 1_000);
    check(-10, 999, 1_000);
    check(-10, 900, 1_001);
    check(-10, 0, 1_010);
}

#[test]
fn prices_of_the_largest_positions_fit_or_are_refused() {
    let spread =
        Spread { bankruptcy_adjustment: Ppm::new(2_000_000), to_maintenance: Ppm::new(1_500_000) };
    let (mark, unit) = (Ticks::MAX, UnitValue::MAX);
    let marked = |lots: SignedLots| {
        let value = lots.value(mark, unit);
        Some(Marked { value, maintenance: Quote::new(value.get().abs()) })
    };
    for lots in [1, -1, 1 << 20, i64::MAX, -i64::MAX] {
        let position = SignedLots::new(lots);
        let closing = Closing::new(position, position.checked_neg().unwrap(), marked).unwrap();
        for equity in [i128::MIN, -1, 0, 1, i128::MAX] {
            for maintenance in [1, i128::MAX] {
                let health = health(equity, maintenance);
                // An error or a price, and never an overflow.
                let _ = closing.bankruptcy_quote(health);
                let _ = closing.insurance_delta(health, Quote::MIN, Ppm::MAX);
                let _ = closing.fillable_price(health, &spread).map(|price| {
                    let _ = price.fraction();
                    price.ticks(unit)
                });
            }
        }
    }
    assert_eq!(
        Closing::new(SignedLots::MIN, SignedLots::MIN, marked),
        Err(ClosingError::NotPartOfPosition { position: SignedLots::MIN, delta: SignedLots::MIN })
    );
}

fn counterparty(id: u32, lots: i64, entry: i128) -> Counterparty {
    let lots = SignedLots::new(lots);
    Counterparty { account: AccountId::new(id), lots, entry: Quote::new(entry), offers: lots.abs() }
}

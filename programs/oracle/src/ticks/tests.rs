//! From a feed's unit to a market's.

use heddle_num::Ticks;

use super::TickScale;

fn ticks(price: i64, exponent: i8, scale: (u64, i8)) -> Option<u32> {
    TickScale { tick: scale.0, exponent: scale.1 }.ticks(price, exponent).map(Ticks::get)
}

#[test]
fn a_price_is_counted_in_ticks() {
    // 65,432.10 dollars with 8 decimals; ticks of 10 cents, of half a dollar, of a dollar.
    assert_eq!(ticks(6_543_210_000_000, -8, (1, -1)), Some(654_321));
    assert_eq!(ticks(6_543_210_000_000, -8, (5, -1)), Some(130_864));
    assert_eq!(ticks(6_543_210_000_000, -8, (1, 0)), Some(65_432));
    // A coarse feed of a fine market.
    assert_eq!(ticks(7, 2, (25, -2)), Some(2_800));
}

#[test]
fn a_half_is_rounded_up() {
    assert_eq!(ticks(249, -2, (1, 0)), Some(2));
    assert_eq!(ticks(250, -2, (1, 0)), Some(3));
    assert_eq!(ticks(5, 0, (2, 0)), Some(3));
    assert_eq!(ticks(49, -2, (1, 0)), None);
    assert_eq!(ticks(50, -2, (1, 0)), Some(1));
}

#[test]
fn what_is_no_price_in_ticks_is_none() {
    assert_eq!(ticks(0, 0, (1, 0)), None);
    assert_eq!(ticks(-5, 0, (1, 0)), None);
    assert_eq!(ticks(5, 0, (0, 0)), None);
    assert_eq!(ticks(i64::from(u32::MAX), 0, (1, 0)), Some(u32::MAX));
    assert_eq!(ticks(i64::from(u32::MAX) + 1, 0, (1, 0)), None);
    assert_eq!(ticks(i64::MAX, 18, (1, -18)), None);
    assert_eq!(ticks(i64::MAX, -18, (u64::MAX, 18)), None);
    assert_eq!(ticks(i64::MAX, -18, (1, 0)), Some(9));
    assert_eq!(ticks(i64::MIN, i8::MIN, (1, i8::MAX)), None);
}

#[test]
fn a_scale_has_bounds() {
    assert!(TickScale { tick: 1, exponent: -18 }.is_valid());
    assert!(!TickScale { tick: 0, exponent: 0 }.is_valid());
    assert!(!TickScale { tick: 1, exponent: 19 }.is_valid());
    assert!(!TickScale { tick: 1, exponent: i8::MIN }.is_valid());
}

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use super::*;

fn row(number: u16) -> RiskRow {
    let tier = |n: i32| MarginTier {
        notional_max: Quote::new(1_000 * i128::from(n)),
        initial: Ppm::new(50_000 * n),
        maintenance: Ppm::new(30_000 * n),
    };
    let fees = |n: i32| FeeRates { taker: Ppm::new(450 - n), maker: Ppm::new(-n) };
    RiskRow {
        market: MarketId::new(number),
        status: MarketStatus::ReduceOnly,
        quality: Quality::LIQUIDATE.or(Quality::REDUCE),
        mark: Ticks::new(u32::from(number) + 7),
        index: Ticks::new(u32::MAX),
        unit: UnitValue::new(3),
        funding: -5,
        loss: i128::MAX,
        tiers: [tier(1), tier(2), tier(3), tier(4)],
        fees: [fees(1), fees(2), fees(3), fees(4)],
        fee_max: Ppm::new(449),
        open_interest_max: Lots::new(u64::MAX),
        position_max: Lots::new(11),
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(12),
            fee_max: Ppm::new(13),
            bankruptcy_adjustment: Ppm::new(14),
            spread_to_maintenance: Ppm::new(15),
        },
    }
}

const VOLUMES: [Quote; 4] = [Quote::ZERO, Quote::new(10), Quote::new(100), Quote::new(1000)];

#[test]
fn every_row_is_read_back_and_there_are_no_others() {
    let rows: Vec<_> = (0..64).map(row).collect();
    let table = RiskTable::new(&VOLUMES, &rows);
    let again = RiskTable::from_value(table.value().clone()).unwrap();
    assert_eq!(again, table);
    assert_eq!(again.rows().collect::<Vec<_>>(), rows);
    assert_eq!(again.row(MarketId::new(63)), Some(row(63)));
    assert_eq!(again.row(MarketId::new(64)), None);
    assert_eq!(again.len(), 64);
}

#[test]
fn a_status_survives_its_byte() {
    for number in 0..=5 {
        let status = MarketStatus::from_byte(number);
        assert_eq!(status as u8, number);
    }
    assert_eq!(MarketStatus::from_byte(6), MarketStatus::Closed);
}

#[test]
fn a_fee_tier_begins_at_its_volume() {
    let table = RiskTable::new(&VOLUMES, &[]);
    for (volume, tier) in [(0, 0), (9, 0), (10, 1), (99, 1), (100, 2), (1000, 3), (5000, 3)] {
        assert_eq!(table.fee_tier(Quote::new(volume)), tier);
    }
}

#[test]
fn bytes_of_another_length_are_no_table() {
    for len in [0, HEADER_BYTES - 1, HEADER_BYTES + 1, HEADER_BYTES + 65 * ROW_BYTES] {
        assert_eq!(RiskTable::from_value(Value::from(vec![0; len])), None);
    }
    assert!(RiskTable::from_value(Value::from(vec![0; HEADER_BYTES])).unwrap().is_empty());
}

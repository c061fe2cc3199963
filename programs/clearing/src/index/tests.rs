#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failed test")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use heddle_num::Ppm;
use heddle_num::Ticks;
use heddle_num::UnitValue;

use super::*;

type Parts = BTreeMap<Vec<u8>, Value>;

fn flush(index: &mut LiquidationIndex, parts: &mut Parts) -> Vec<Vec<u8>> {
    let mut touched = Vec::new();
    index.flush(&mut |suffix, value| {
        touched.push(suffix.to_vec());
        match value {
            Some(value) => parts.insert(suffix.to_vec(), value),
            None => parts.remove(suffix),
        };
    });
    touched
}

fn load(parts: &Parts) -> LiquidationIndex {
    LiquidationIndex::load(&mut |suffix| parts.get(suffix).cloned()).unwrap()
}

fn market(mark: u32) -> MarketWorth {
    MarketWorth {
        mark: Ticks::new(mark),
        unit: UnitValue::new(1),
        funding: 0,
        loss: 0,
        rate_max: Ppm::new(50_000),
    }
}

/// A position taken at `mark` of which so much a lot may be lost.
fn watched(lots: i64, mark: u32, loss: i128) -> Watched {
    let lots = SignedLots::new(lots);
    let size = i128::from(lots.abs().get());
    let lot = market(mark).lot(side(lots));
    Watched {
        lots,
        entry: lots.value(Ticks::new(mark), UnitValue::new(1)),
        threshold: Threshold::new(Quote::new(loss * size), lots.abs().get(), &lot),
    }
}

fn ids(accounts: &[u32]) -> Vec<AccountId> {
    accounts.iter().copied().map(AccountId::new).collect()
}

#[test]
fn whoever_the_mark_has_crossed_is_found_and_nobody_else() {
    let mut index = LiquidationIndex::default();
    index.upsert(AccountId::new(4), watched(10, 10_000, 1_000));
    index.upsert(AccountId::new(2), watched(10, 10_000, 2_000));
    index.upsert(AccountId::new(9), watched(-10, 10_000, 1_000));
    let mut crossed = |mark: u32| index.take_crossed(&market(mark), 10);
    assert_eq!(crossed(10_000), ids(&[]));
    assert_eq!(crossed(9_100), ids(&[]));
    assert_eq!(crossed(8_900), ids(&[4]));
    assert_eq!(crossed(7_000), ids(&[2, 4]));
    assert_eq!(crossed(12_000), ids(&[9]));
}

#[test]
fn those_for_whom_there_is_no_room_come_next() {
    let mut index = LiquidationIndex::default();
    for account in 0..7 {
        index.upsert(AccountId::new(account), watched(1, 10_000, 100));
    }
    let mut turn = || index.take_crossed(&market(5_000), 3);
    assert_eq!(turn(), ids(&[0, 1, 2]));
    assert_eq!(turn(), ids(&[3, 4, 5]));
    assert_eq!(turn(), ids(&[0, 1, 6]));
    assert_eq!(turn(), ids(&[2, 3, 4]));
    assert_eq!(index.take_crossed(&market(5_000), 7), ids(&[0, 1, 2, 3, 4, 5, 6]));
}

#[test]
fn the_most_profitable_positions_come_first() {
    let mut index = LiquidationIndex::default();
    for (account, lots, mark) in [(1, 5, 100), (2, 9, 90), (3, 1, 100), (4, 2, 80)] {
        index.upsert(AccountId::new(account), watched(lots, mark, 1));
        index.upsert(AccountId::new(10 + account), watched(-lots, mark, 1));
    }
    let by = |side| index.by_profit(side).map(|other| other.account).collect::<Vec<_>>();
    assert_eq!(by(Side::Buy), ids(&[4, 2, 1, 3]));
    assert_eq!(by(Side::Sell), ids(&[11, 13, 12, 14]));
}

#[test]
fn all_come_up_once_after_the_margin_tiers_changed() {
    let mut index = LiquidationIndex::default();
    for account in [1, 2, 40, 9_000, 70] {
        index.upsert(AccountId::new(account), watched(1, 10_000, 100));
    }
    let tiers = |rate| {
        let rate = Ppm::new(rate);
        [MarginTier { notional_max: Quote::MAX, initial: rate, maintenance: rate }; 4]
    };
    assert_eq!(index.take_outdated(&tiers(5), 9), ids(&[1, 2, 40, 70, 9_000]), "nobody knows");
    assert_eq!(index.take_outdated(&tiers(5), 9), ids(&[]));
    assert_eq!(index.take_outdated(&tiers(6), 2), ids(&[1, 2]));
    assert_eq!(index.take_outdated(&tiers(6), 2), ids(&[40, 70]));
    let mut parts = Parts::new();
    flush(&mut index, &mut parts);
    assert_eq!(load(&parts).take_outdated(&tiers(6), 2), ids(&[9_000]));
    assert_eq!(index.take_outdated(&tiers(6), 2), ids(&[9_000]));
    assert_eq!(index.take_outdated(&tiers(6), 2), ids(&[]));
}

#[test]
fn only_the_pages_of_changed_accounts_are_flushed() {
    let (mut index, mut parts) = (LiquidationIndex::default(), Parts::new());
    for account in [0, 31, 32, 100_000] {
        index.upsert(AccountId::new(account), watched(1, 10_000, 100));
    }
    assert_eq!(flush(&mut index, &mut parts).len(), 3 + 2 + 1);
    assert_eq!(flush(&mut index, &mut parts), Vec::<Vec<u8>>::new());
    index.upsert(AccountId::new(31), watched(1, 10_000, 100));
    assert_eq!(flush(&mut index, &mut parts), Vec::<Vec<u8>>::new(), "nothing is new");
    index.upsert(AccountId::new(31), watched(2, 10_000, 100));
    assert_eq!(flush(&mut index, &mut parts), [b"p\0\0\0\0".to_vec()]);
    index.remove(AccountId::new(100_000));
    assert_eq!(flush(&mut index, &mut parts).len(), 3, "a page, its group, and the head");
    assert_eq!(parts.len(), 2 + 1 + 1);
}

#[test]
fn a_page_and_a_head_fit_into_a_value() {
    let (mut index, mut parts) = (LiquidationIndex::default(), Parts::new());
    for account in 0..32 {
        index.upsert(AccountId::new(account), watched(1, 10_000, 100));
    }
    flush(&mut index, &mut parts);
    assert_eq!(parts[b"p\0\0\0\0".as_slice()].as_bytes().len(), 4 + 32 * 60);
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let (mut index, mut parts) = (LiquidationIndex::default(), Parts::new());
    index.upsert(AccountId::new(3), watched(1, 10_000, 100));
    flush(&mut index, &mut parts);
    for missing in [b"p\0\0\0\0", b"g\0\0\0\0"] {
        let mut parts = parts.clone();
        parts.remove(missing.as_slice());
        assert!(LiquidationIndex::load(&mut |suffix| parts.get(suffix).cloned()).is_err());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Upsert(u32, i64, u32, i128),
    Remove(u32),
    Crossed(u32, usize),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let account = || prop_oneof![0_u32..80, 8_100_u32..8_300, Just(u32::MAX)];
    prop_oneof![
        6 => (account(), -9_i64..9, 5_000_u32..15_000, -10_i128..4_000)
            .prop_map(|(account, lots, mark, loss)| Step::Upsert(account, lots, mark, loss)),
        2 => account().prop_map(Step::Remove),
        2 => (4_000_u32..16_000, 1_usize..40).prop_map(|(mark, max)| Step::Crossed(mark, max)),
        1 => Just(Step::Flush),
    ]
}

/// What `take_crossed` finds if it has room, by going through all.
fn crossed(model: &BTreeMap<AccountId, Watched>, now: &MarketWorth) -> Vec<AccountId> {
    let is_crossed = |watched: &Watched| watched.threshold.is_crossed(&now.lot(side(watched.lots)));
    model.iter().filter(|(_, watched)| is_crossed(watched)).map(|(account, _)| *account).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_index_is_what_its_parts_make_and_finds_what_a_scan_finds(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let (mut index, mut parts) = (LiquidationIndex::default(), Parts::new());
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Upsert(account, lots, mark, loss) => {
                    let (account, watched) = (AccountId::new(account), watched(lots, mark, loss));
                    index.upsert(account, watched);
                    if lots == 0 { model.remove(&account) } else { model.insert(account, watched) };
                }
                Step::Remove(account) => {
                    index.remove(AccountId::new(account));
                    model.remove(&AccountId::new(account));
                }
                Step::Crossed(mark, max) => {
                    let expected = crossed(&model, &market(mark));
                    let found = index.take_crossed(&market(mark), max);
                    prop_assert_eq!(found.len(), expected.len().min(max));
                    prop_assert!(found.iter().all(|account| expected.contains(account)));
                    prop_assert!(found.is_sorted());
                }
                Step::Flush => {
                    flush(&mut index, &mut parts);
                    let mut loaded = load(&parts);
                    prop_assert_eq!(loaded.image(), index.image());
                    prop_assert!(loaded.by_profit(Side::Buy).eq(index.by_profit(Side::Buy)));
                    prop_assert!(loaded.by_profit(Side::Sell).eq(index.by_profit(Side::Sell)));
                    prop_assert_eq!(flush(&mut loaded, &mut Parts::new()).len(), 0);
                }
            }
            let lots: u128 = model.values().map(|watched| u128::from(watched.lots.abs().get())).sum();
            prop_assert_eq!((index.len(), index.lots()), (model.len(), lots));
        }
    }
}

use proptest::prelude::*;

use super::*;

fn matched(id: u32, lots: u64, pays: i128) -> Match {
    Match { account: AccountId::new(id), lots: Lots::new(lots), pays: Quote::new(pays) }
}

#[test]
fn everybody_pays_for_its_lots_until_its_gains_are_used_up() {
    let owing = Owing { lots: Lots::new(10), debt: Quote::new(100) };
    // Shorts that sold at 130, 109 and 90, and the mark is 100.
    let shorts = [
        counterparty(7, -4, -4 * 130),
        counterparty(3, -3, -3 * 109),
        counterparty(5, -9, -9 * 90),
    ];
    let plan = deleverage(owing, shorts, (Ticks::new(100), UNIT)).unwrap();
    assert_eq!(plan.matches, [matched(7, 4, 40), matched(3, 3, 27), matched(5, 3, 0)]);
    assert_eq!((plan.lots_left, plan.debt_left), (Lots::ZERO, Quote::new(33)));
}

#[test]
fn what_does_not_divide_is_paid_by_the_first() {
    let owing = Owing { lots: Lots::new(3), debt: Quote::new(10) };
    let longs = [1, 2, 3].map(|id| counterparty(id, 1, 0));
    let plan = deleverage(owing, longs, (Ticks::new(100), UNIT)).unwrap();
    assert_eq!(plan.matches, [matched(1, 1, 4), matched(2, 1, 3), matched(3, 1, 3)]);
    assert_eq!(plan.debt_left, Quote::ZERO);
}

#[test]
fn without_counterparties_all_is_left() {
    let owing = Owing { lots: Lots::new(3), debt: Quote::new(10) };
    let plan = deleverage(owing, [], (Ticks::new(100), UNIT)).unwrap();
    assert_eq!(
        plan,
        Deleveraging { matches: vec![], lots_left: owing.lots, debt_left: owing.debt }
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Bad debt = deleveraging + what is left to share, nobody pays more than its lots have gained, and nothing is left while
    /// somebody could still pay.
    #[test]
    fn debts_are_paid_exactly_and_never_beyond_gains(
        lots in 1_u64..10_000,
        debt in 1_i128..1_000_000_000,
        mark in 1_u32..100_000,
        others in prop::collection::vec((1_i64..3_000, 0_i128..200_000, 0_i128..50), 0..12),
    ) {
        let mark = Ticks::new(mark);
        let others: Vec<_> = (0..).zip(others).map(|(id, (lots, price, odd))| {
            counterparty(id, -lots, -(price * i128::from(lots) + odd))
        }).collect();
        let owing = Owing { lots: Lots::new(lots), debt: Quote::new(debt) };
        let plan = deleverage(owing, others.iter().copied(), (mark, UNIT)).unwrap();
        let paid: i128 = plan.matches.iter().map(|part| part.pays.get()).sum();
        prop_assert_eq!(paid + plan.debt_left.get(), debt);
        let closed: u64 = plan.matches.iter().map(|part| part.lots.get()).sum();
        prop_assert_eq!(closed + plan.lots_left.get(), lots);
        for (part, other) in plan.matches.iter().zip(&others) {
            let profit = other.lots.value(mark, UNIT).get() - other.entry.get();
            prop_assert!(part.pays >= Quote::ZERO);
            // pays / lots <= profit / all lots
            let all = i128::from(other.lots.abs().get());
            prop_assert!(part.pays.get() * all <= profit.max(0) * i128::from(part.lots.get()));
            prop_assert!(part.lots <= other.lots.abs());
        }
    }
}

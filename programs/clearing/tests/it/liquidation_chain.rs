//! Accounts that lose their margin, block by block. After each block the world checks that money and lots add up, that bad debt is paid exactly,
//! that the indices are what accounts hold, and that nobody is forgotten.

use heddle_clearing::AccountId;
use heddle_clearing::Lane;
use heddle_clearing::MarketStatus;
use heddle_clearing::OpenOrders;
use heddle_clearing::Side;
use heddle_clearing::liquidation::BadDebt;
use heddle_clearing::liquidation::Rung;
use heddle_types::Height;

use crate::liquidation_world::Book;
use crate::liquidation_world::Price;
use crate::liquidation_world::World;
use crate::world::M;
use crate::world::order;
use crate::world::reduce_only;

/// A world in which account 1 has bought 10 lots at 1000, worth 100,000, for `cash`, and the margin is 5,000.
fn one_long(cash: i128) -> World {
    let mut world = World::new(1);
    world.open(1, cash);
    world.trade(0, (1, 0), 10);
    world.block();
    // In the second block of a market all are looked at, because nobody knows which margin it asked for before.
    world.block();
    assert_eq!(world.queue().len(), 0);
    world
}

const fn bids(price: u32, lots: u64) -> Book {
    Book { bid: (price, lots), ask: (0, 0) }
}

#[test]
fn a_small_position_goes_to_the_book_at_once_and_pays_insurance() {
    let mut world = one_long(10_000);
    world.book(0, bids(950, 100));
    world.mark(0, 945);
    world.block();
    assert_eq!(world.health(1).rung(), Rung::Slices);
    assert_eq!(world.queue().len(), 1);
    world.block();
    assert_eq!(world.position(1, 0), 0);
    // Sold at 950 for 95,000 with a fee of half a percent.
    assert_eq!(world.account(1).cash.get(), 10_000 - 5_000 - 475);
    assert_eq!(world.number(Lane::Insurance.key()), 475);
    assert_eq!(world.queue().len(), 0);
}

#[test]
fn large_positions_go_in_slices_until_the_margin_is_there() {
    let mut world = World::new(1);
    world.open(1, 1_000_000);
    world.trade(0, (1, 0), 600);
    world.block();
    // At 910 they are worth 5,460,000, which requires 496,000 of maintenance, and equity is 460,000.
    world.mark(0, 910);
    world.book(0, bids(910, 10_000));
    world.block();
    world.block();
    assert_eq!(world.position(1, 0), 480);
    assert_eq!(world.health(1).rung(), Rung::Sound);
    assert_eq!(world.settle_down(5), 1);
    assert_eq!(world.position(1, 0), 480);
}

#[test]
fn nothing_is_sold_below_the_fillable_price() {
    let mut world = one_long(10_000);
    world.book(0, bids(900, 100));
    world.mark(0, 945);
    world.block();
    for _ in 0..3 {
        world.block();
        assert_eq!(world.position(1, 0), 10);
        assert_eq!(world.queue().len(), 1, "it is tried again");
    }
}

#[test]
fn nothing_is_sold_at_a_price_at_which_the_account_would_owe() {
    // Equity is 200: the fillable price would be 898 for the long position and 1103 for the short one, the bankruptcy price 900 and 1100.
    for (lots, mark, owes, fair) in [(10, 902, 899, 900), (-10, 1_098, 1_101, 1_100)] {
        let mut world = World::new(1);
        world.open(1, 10_000);
        world.trade(0, (1, 0), lots);
        world.block();
        let book = |price| match lots {
            10 => bids(price, 100),
            _ => Book { bid: (0, 0), ask: (price, 100) },
        };
        world.book(0, book(owes));
        world.mark(0, mark);
        for _ in 0..3 {
            world.block();
            assert_eq!(world.position(1, 0), lots);
        }
        world.book(0, book(fair));
        world.block();
        assert_eq!((world.position(1, 0), world.account(1).cash.get()), (0, 0));
    }
}

#[test]
fn all_orders_of_who_is_liquidated_are_cancelled() {
    let mut world = one_long(30_000);
    world.rest(0, 1, &order(Side::Buy, 900, 5));
    world.rest(0, 1, &reduce_only(Side::Sell, 1_100, 10));
    world.mark(0, 735);
    world.block();
    assert_eq!(world.health(1).rung(), Rung::Slices);
    world.block();
    // The order that liquidates found nobody, and is gone too.
    assert_eq!(world.orders(1, M), OpenOrders::default());
    assert_eq!(world.account(1).exposure(M).map(|exposure| exposure.orders.is_empty()), Some(true));
}

#[test]
fn orders_that_equity_no_longer_covers_are_cancelled_unless_they_only_reduce() {
    let mut world = one_long(30_000);
    world.rest(0, 1, &order(Side::Buy, 900, 5));
    world.rest(0, 1, &reduce_only(Side::Sell, 1_100, 10));
    // Equity of 8,000 is less than what positions and orders require, and more than the maintenance margin; a shared loss would do the
    // same. It is seen when the account is next looked at.
    world.mark(0, 780);
    world.look_at(1);
    world.block();
    assert_eq!(world.health(1).rung(), Rung::Sound);
    assert_eq!((world.queue().len(), world.orders(1, M).len()), (1, 2));
    world.block();
    let left = world.orders(1, M);
    assert_eq!(left.as_slice().iter().map(|order| order.side).collect::<Vec<_>>(), [Side::Sell]);
    assert_eq!((world.queue().len(), world.position(1, 0)), (0, 10));
}

#[test]
fn who_is_deleveraged_offers_no_more_than_it_can_carry() {
    let mut world = World::new(1);
    world.open(1, 10_000);
    world.open(2, 30_000);
    world.trade(0, (1, 2), 10);
    world.block();
    world.block();
    // Buying as many as it is short needs no margin; without the short position it needs more than there is.
    world.rest(0, 2, &order(Side::Buy, 800, 10));
    world.rest(0, 2, &order(Side::Buy, 700, 20));
    world.mark(0, 500);
    world.block();
    world.block();
    assert_eq!([1, 2].map(|account| world.position(account, 0)), [0, 0]);
    assert_eq!(world.account(2).cash.get(), 30_000 + 10_000);
    assert_eq!(world.orders(2, M), OpenOrders::default());
}

#[test]
fn a_debt_is_shared_only_after_the_whole_position_is_closed() {
    let mut world = World::new(1);
    world.open(1, 300_000);
    for account in 2..302 {
        world.open(account, 100_000);
        world.trade(0, (1, account), 1);
    }
    world.block();
    world.mark(0, 880);
    world.block();
    assert_eq!(world.health(1).equity.get(), -60_000);
    world.block();
    assert_eq!(world.position(1, 0), 60, "one page of counterparties a block");
    assert_eq!(world.bad_debt(BadDebt::Deleveraged), 48_000);
    assert_eq!(world.bad_debt(BadDebt::Shared), 0);
    world.block();
    assert_eq!((world.position(1, 0), world.bad_debt(BadDebt::Deleveraged)), (0, 60_000));
}

#[test]
fn insurance_pays_no_more_than_it_has() {
    let mut world = one_long(10_000);
    world.open(2, 10_000);
    world.trade(0, (2, 0), 10);
    world.insure(7_000);
    world.block();
    world.mark(0, 850);
    world.block();
    world.block();
    assert_eq!(world.number(Lane::Insurance.key()), 0);
    let by = [BadDebt::Settled, BadDebt::Insurance, BadDebt::Deleveraged];
    assert_eq!(by.map(|by| world.bad_debt(by)), [10_000, 7_000, 3_000]);
}

#[test]
fn markets_that_do_not_trade_and_frozen_accounts_are_left_alone() {
    let mut world = one_long(10_000);
    world.open(2, 10_000);
    world.trade(0, (2, 0), 10);
    world.block();
    world.freeze(2);
    world.take(0, MarketStatus::Halted);
    world.mark(0, 945);
    world.block();
    assert_eq!(world.queue(), [].into());
    world.take(0, MarketStatus::Active);
    world.block();
    assert_eq!(world.queue(), [(AccountId::new(1), 0)].into());
}

#[test]
fn who_withdraws_is_found_earlier() {
    let mut world = one_long(30_000);
    world.withdraw(1, 20_000);
    world.mark(0, 945);
    world.block();
    assert_eq!(world.queue().len(), 1);
}

#[test]
fn a_volunteer_takes_what_has_lost_a_third_of_its_margin() {
    let mut world = one_long(10_000);
    world.open(2, 1_000_000);
    world.volunteer(2);
    world.mark(0, 925);
    world.block();
    assert_eq!(world.health(1).rung(), Rung::Backstop);
    world.block();
    assert_eq!((world.position(1, 0), world.position(2, 0)), (0, 10));
    assert_eq!(world.account(1).cash.get(), 0, "at the bankruptcy price nothing is left");
    assert_eq!(world.health(2).equity.get(), 1_000_000 + 2_500);
    assert_eq!(world.settle_down(2), 1);
}

#[test]
fn a_volunteer_without_margin_takes_nothing() {
    let mut world = one_long(10_000);
    world.open(2, 100);
    world.volunteer(2);
    world.mark(0, 925);
    world.block();
    world.block();
    assert_eq!((world.position(1, 0), world.position(2, 0)), (10, 0));
}

#[test]
fn insurance_pays_what_it_can_and_counterparties_the_rest() {
    let mut world = one_long(10_000);
    world.insure(3_000);
    world.mark(0, 850);
    world.block();
    assert_eq!(world.health(1).equity.get(), -5_000);
    world.block();
    assert_eq!(world.position(1, 0), 0);
    assert_eq!(world.position(0, 0), 0);
    assert_eq!(world.account(1).cash.get(), 0);
    let by = [BadDebt::Settled, BadDebt::Insurance, BadDebt::Deleveraged, BadDebt::Shared];
    assert_eq!(by.map(|by| world.bad_debt(by)), [5_000, 3_000, 2_000, 0]);
    assert_eq!(world.number(Lane::Insurance.key()), 0);
    assert_eq!(world.settle_down(2), 1);
}

#[test]
fn what_nobody_gained_is_shared_by_all_open_interest() {
    let mut world = one_long(10_000);
    // The maker takes its gain at 850 from account 2, whose short has gained nothing; 3 and 4 hold as much as they.
    world.mark(0, 850);
    for account in [2, 3, 4] {
        world.open(account, 1_000_000);
    }
    world.trade(0, (0, 2), 10);
    world.trade(0, (3, 4), 30);
    world.block();
    world.block();
    assert_eq!((world.position(1, 0), world.position(2, 0)), (0, 0));
    assert_eq!(world.bad_debt(BadDebt::Shared), 5_000);
    world.block();
    let lost = [3, 4].map(|account| 1_000_000 - world.health(account).equity.get());
    // Rounded up for the index, and again for each.
    assert_eq!(lost, [2_501, 2_501]);
    assert_eq!(world.settle_down(2), 1);
}

#[test]
fn the_last_positions_of_a_market_are_closed_and_insurance_owes_what_is_left() {
    let mut world = one_long(10_000);
    world.mark(0, 850);
    world.open(2, 1_000_000);
    world.trade(0, (0, 2), 10);
    world.settle_down(4);
    assert_eq!((world.position(1, 0), world.position(2, 0)), (0, 0));
    assert_eq!(world.number(Lane::Insurance.key()), -5_000);
    assert_eq!(world.bad_debt(BadDebt::Insurance), 5_000);
    // Who trades there later has nothing to do with it.
    world.open(3, 100_000);
    world.trade(0, (3, 0), 10);
    world.block();
    world.block();
    assert_eq!(world.health(3).equity.get(), 100_000);
}

#[test]
fn a_price_that_is_not_good_enough_liquidates_nobody() {
    let (old, wide) = ((5_001, 0), (0, 6));
    for (age_ms, confidence) in [old, wide] {
        let mut world = one_long(10_000);
        world.book(0, bids(945, 100));
        let good = Price { mark: 945, age_ms: 5_000, confidence: 4 };
        let bad = Price { age_ms, confidence, ..good };
        world.prices[0] = bad;
        for _ in 0..3 {
            world.block();
            assert!(world.health(1).is_liquidatable());
            assert_eq!((world.position(1, 0), world.queue()), (10, [].into()));
        }
        world.prices[0] = good;
        world.block();
        assert_eq!((world.position(1, 0), world.queue().len()), (10, 1));
        // A price that turns bad does not undo what was decided.
        world.prices[0] = bad;
        world.block();
        assert_eq!((world.position(1, 0), world.queue().len()), (0, 0));
    }
}

#[test]
fn whoever_lacks_margin_after_a_market_asks_for_more_is_found() {
    let mut world = one_long(10_000);
    world.ask_for(0, 110_000);
    world.block();
    assert_eq!(world.queue().len(), 1);
}

#[test]
fn after_a_halt_what_was_decided_is_void() {
    let mut world = one_long(10_000);
    world.book(0, bids(945, 100));
    world.mark(0, 945);
    world.block();
    assert_eq!(world.queue().len(), 1);
    // A minute, and a price that is better again.
    world.chain.height = Height::new(world.chain.height.get() + 60);
    world.mark(0, 1_000);
    world.block();
    assert_eq!((world.position(1, 0), world.queue().len()), (10, 0));
}

#[test]
fn an_account_in_several_markets_loses_its_largest_positions_first() {
    let mut world = World::new(3);
    world.open(1, 30_000);
    for (market, lots) in [(0, 10), (1, -20), (2, 5)] {
        world.trade(market, (1, 0), lots);
    }
    world.block();
    // Only the second market moves: equity 30,000 - 15,000 = 15,000 of 18,250.
    world.mark(1, 1_075);
    for market in 0..3 {
        world.book(market, Book { bid: (1_000, 100), ask: (1_075, 100) });
    }
    world.block();
    assert_eq!(world.queue().len(), 1);
    world.block();
    assert_eq!([0, 1, 2].map(|market| world.position(1, market)), [10, 0, 5]);
    assert_eq!(world.settle_down(3), 1);
}

#[test]
fn debts_of_an_account_in_several_markets_are_shared_by_notional() {
    let mut world = World::new(2);
    world.open(1, 20_000);
    world.trade(0, (1, 0), 10);
    world.trade(1, (1, 0), 10);
    world.block();
    world.mark(0, 500);
    world.block();
    assert_eq!(world.health(1).equity.get(), -30_000);
    world.block();
    assert_eq!([0, 1].map(|market| world.position(1, market)), [0, 0]);
    // A third of the debt is the first market's, by notional, whose counterparty has gained 50,000; in the second one it has gained nothing.
    assert_eq!(world.bad_debt(BadDebt::Deleveraged), 10_000);
    assert_eq!(world.bad_debt(BadDebt::Settled), 30_000);
    assert_eq!(world.settle_down(3), 1);
}

/// Longs and shorts of all leverages in two markets, with the maker on the other side of what does not meet.
fn crowd(accounts: u32) -> World {
    let mut world = World::new(2);
    for id in 1..=accounts {
        let market = u16::try_from(id % 2).unwrap();
        let size = i64::from(1 + id % 13);
        let lots = if id % 3 == 0 { -size } else { size };
        let leverage = i128::from(1 + id.wrapping_mul(2_654_435_761) / 7 % 10);
        world.open(id, i128::from(size) * 10_000 / leverage + 1);
        world.trade(market, (id, 0), lots);
        if id % 10 == 0 {
            world.trade(1 - market, (id, 0), -lots);
        }
    }
    world
}

fn cascade(world: &mut World, marks: [u32; 3], liquidity: u64) -> usize {
    world.block();
    let mut blocks = 0;
    for mark in marks {
        for market in 0..2 {
            world.mark(market, mark);
            world.book(market, Book { bid: (mark, liquidity), ask: (mark, liquidity) });
        }
        world.block();
        blocks += 1;
    }
    blocks += world.settle_down(40);
    let ruined = world
        .accounts()
        .into_iter()
        .filter(|account| world.health(account.id.get()).rung() != Rung::Sound);
    assert_eq!(ruined.count(), 0);
    blocks
}

#[test]
fn a_cascade_in_all_executors_adds_up() {
    let mut world = crowd(120);
    world.insure(10_000);
    cascade(&mut world, [900, 800, 700], 5);
    assert!(world.bad_debt(BadDebt::Settled) > 0);
}

#[test]
fn prices_that_fall_or_rise_by_nine_tenths_add_up() {
    for marks in [[100, 100, 100], [1_900, 1_900, 1_900], [1_900, 190, 361], [100, 1_000, 100]] {
        let mut world = crowd(90);
        cascade(&mut world, marks, 3);
        assert!(world.bad_debt(BadDebt::Settled) > 0);
    }
}

#[test]
fn a_cascade_of_ten_thousand_accounts_is_over_within_twenty_blocks() {
    let mut world = crowd(10_000);
    world.is_thorough = false;
    world.insure(1_000_000);
    let blocks = cascade(&mut world, [890, 790, 700], 500);
    assert!(blocks <= 20, "{blocks} blocks");
    assert!(world.bad_debt(BadDebt::Settled) > 0);
    println!("over after {blocks} blocks, bad debt {}", world.bad_debt(BadDebt::Settled));
}

/// A sequence of numbers that look random, the same for each seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn between(&mut self, from: i64, end: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(end - from).unwrap())).unwrap()
    }
}

/// Something that happens between two blocks.
fn happen(world: &mut World, numbers: &mut Numbers) {
    for market in 0..2 {
        let mark = i64::from(world.prices[usize::from(market)].mark);
        let step = numbers.between(-40, 41) * mark / 1_000;
        let mark = u32::try_from((mark + step).clamp(20, 100_000)).unwrap();
        // Up to a percent of the mark, either way, every few blocks.
        if numbers.below(5) == 0 {
            let percent = numbers.between(-100, 101) * i64::from(mark);
            world.fund(market, i128::from(percent) << 25);
        }
        world.mark(market, mark);
        let liquidity = numbers.below(30);
        world.book(market, Book { bid: (mark, liquidity), ask: (mark, liquidity) });
    }
    for _ in 0..numbers.below(4) {
        let (id, market) = (1 + numbers.below(40), numbers.below(2));
        let (id, market) = (u32::try_from(id).unwrap(), u16::try_from(market).unwrap());
        let lots = numbers.between(-5, 6);
        if lots != 0 && world.health(id).rung() == Rung::Sound {
            world.trade(market, (id, 0), lots);
        }
    }
}

#[test]
fn whatever_marks_and_funding_do_nobody_is_forgotten() {
    let mut debts = 0;
    for seed in 0..12 {
        let mut numbers = Numbers(seed);
        let mut world = crowd(40);
        world.is_thorough = seed == 0;
        world.insure(20_000);
        for _ in 0..60 {
            happen(&mut world, &mut numbers);
            world.block();
        }
        debts += world.bad_debt(BadDebt::Settled);
    }
    assert!(debts > 0, "somebody has owed something");
}

#[test]
fn more_accounts_than_a_phase_has_items_are_all_looked_at() {
    let mut world = crowd(17_000);
    world.is_thorough = false;
    world.block();
    assert_eq!(world.accounts().len(), 17_001);
}

//! What outcomes do to an account.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::ClearingError;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::INDEX_ONE;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::Outcome;
use heddle_clearing::Settled;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;

use crate::world::M;
use crate::world::account;
use crate::world::holding;
use crate::world::made;
use crate::world::order;
use crate::world::reduce_only;
use crate::world::row;
use crate::world::table;
use crate::world::taken;

/// An account with an order of each side: number 0 buys 10 at 1000, number 1 sells 10 at 1010.
fn quoting() -> (Account, OpenOrders) {
    let (mut account, mut orders) = (account(1_000_000), OpenOrders::default());
    let risk = table(&[row(0)]);
    account.place(&mut orders, &risk, M, &order(Side::Buy, 1000, 10)).unwrap();
    account.place(&mut orders, &risk, M, &order(Side::Sell, 1010, 10)).unwrap();
    (account, orders)
}

fn closed(number: u32, lots: u64) -> Outcome {
    let id = OrderId { account: AccountId::new(7), number };
    Outcome::Closed(Closed { id, lots: Lots::new(lots), reason: CloseReason::Expired })
}

#[test]
fn a_round_trip_realises_its_gain_and_pays_fees_on_both_legs() {
    let (mut account, mut orders) = quoting();
    let bought = taken(0, Side::Buy, 1000, 10);
    let settled = account.settle(&mut orders, &row(0), &[bought]).unwrap();
    // 100,000 x 450 ppm.
    let expected = Settled {
        fees: Quote::new(45),
        volume: Quote::new(100_000),
        lots: SignedLots::new(10),
        ..Settled::default()
    };
    assert_eq!(settled, expected);
    let exposure = account.exposure(M).unwrap();
    assert_eq!((exposure.lots, exposure.entry), (SignedLots::new(10), Quote::new(100_000)));

    let sold = made(1, Side::Sell, 1010, 10);
    let settled = account.settle(&mut orders, &row(0), &[sold]).unwrap();
    // A rebate of 101,000 x 100 ppm, 10.1, rounded down.
    assert_eq!((settled.fees, settled.realised), (Quote::new(-10), Quote::new(1000)));
    assert_eq!(account.cash, Quote::new(1_000_000 + 1000 - 45 + 10));
    assert!(account.exposures.is_empty());
    assert!(orders.is_empty());
}

#[test]
fn closing_a_part_releases_its_part_of_the_entry_towards_zero() {
    let (mut account, mut orders) = (holding(1_000_000, -3), OpenOrders::default());
    account.exposures[0].entry = Quote::new(-100);
    account.place(&mut orders, &table(&[row(0)]), M, &order(Side::Buy, 1000, 1)).unwrap();
    let settled = account.settle(&mut orders, &row(0), &[made(1, Side::Buy, 4, 1)]).unwrap();
    assert_eq!(settled.realised, Quote::new(-40 + 33));
    assert_eq!(account.exposure(M).unwrap().entry, Quote::new(-67));
}

#[test]
fn a_trade_through_zero_closes_the_one_and_opens_the_other() {
    let (mut account, mut orders) = (holding(1_000_000, 4), OpenOrders::default());
    account.place(&mut orders, &table(&[row(0)]), M, &order(Side::Sell, 1000, 10)).unwrap();
    let settled = account.settle(&mut orders, &row(0), &[made(1, Side::Sell, 1100, 10)]).unwrap();
    assert_eq!(settled.realised, Quote::new(4 * 1000));
    let exposure = account.exposure(M).unwrap();
    assert_eq!((exposure.lots, exposure.entry), (SignedLots::new(-6), Quote::new(-66_000)));
}

#[test]
fn what_a_fill_kept_is_released_and_the_rest_is_not() {
    let (mut account, mut orders) = quoting();
    account.settle(&mut orders, &row(0), &[made(0, Side::Buy, 990, 4)]).unwrap();
    let sums = account.exposure(M).unwrap().orders;
    assert_eq!((sums.buys, sums.sells), (Lots::new(6), Lots::new(10)));
    assert_eq!(sums.loss, Quote::new(6 * 5 + 10 * 5));
    assert_eq!(orders.as_slice()[0].lots, Lots::new(6));
}

#[test]
fn an_order_closed_or_decremented_gives_back_what_it_kept() {
    let (mut account, mut orders) = quoting();
    let id = OrderId { account: AccountId::new(7), number: 1 };
    let outcomes = [Outcome::Decremented(id, Lots::new(3)), closed(0, 10), closed(1, 7)];
    let settled = account.settle(&mut orders, &row(0), &outcomes).unwrap();
    assert_eq!(settled, Settled::default());
    assert!(account.exposures.is_empty());
    assert_eq!(account.cash, Quote::new(1_000_000));
}

#[test]
fn an_order_that_is_closed_with_more_lots_than_its_account_left_is_gone() {
    // Reduced in the block in which it expires: the market looks at its time first.
    let (mut account, mut orders) = quoting();
    account.reduce(&mut orders, &row(0), OrderRef::Number(0), Lots::new(4)).unwrap();
    account.settle(&mut orders, &row(0), &[closed(0, 10), closed(1, 10)]).unwrap();
    assert!(account.exposures.is_empty());
    assert!(orders.is_empty());
}

#[test]
fn an_order_that_was_cancelled_in_the_block_may_be_closed_but_not_traded() {
    let (mut account, mut orders) = quoting();
    assert_eq!(account.settle(&mut orders, &row(0), &[closed(9, 1)]), Ok(Settled::default()));
    let broken = |outcome| {
        let (mut account, mut orders) = quoting();
        let settled = account.settle(&mut orders, &row(0), &[outcome]);
        assert_eq!(settled, Err(ClearingError::BrokenOutcome));
    };
    broken(made(9, Side::Buy, 1000, 1));
    broken(made(0, Side::Buy, 1000, 11));
    broken(made(0, Side::Buy, 1000, 0));
    broken(made(0, Side::Buy, 1001, 1));
    broken(made(1, Side::Sell, 1009, 1));
    broken(made(0, Side::Sell, 1000, 1));
    broken(closed(0, 9));
    broken(Outcome::Decremented(OrderId { account: AccountId::new(7), number: 0 }, Lots::new(11)));
}

#[test]
fn in_an_auction_both_pay_the_makers_fee_but_no_rebate_is_paid() {
    for (maker_fee, paid) in [(-100, 0), (100, 10)] {
        let (mut account, mut orders) = quoting();
        let mut row = row(0);
        row.fees[0].maker = heddle_num::Ppm::new(maker_fee);
        let Outcome::Trade(trade) = taken(0, Side::Buy, 1000, 10) else { panic!() };
        let auction = Outcome::Trade(Trade { kind: TradeKind::Auction, ..trade });
        let settled = account.settle(&mut orders, &row, &[auction]).unwrap();
        assert_eq!(settled.fees, Quote::new(paid));
    }
}

#[test]
fn a_liquidated_taker_pays_no_fee_here_but_its_notional_is_counted() {
    let (mut account, mut orders) = (holding(1_000_000, 10), OpenOrders::default());
    account.place(&mut orders, &table(&[row(0)]), M, &reduce_only(Side::Sell, 990, 10)).unwrap();
    let Outcome::Trade(trade) = taken(1, Side::Sell, 1000, 10) else { panic!() };
    let liquidation = Outcome::Trade(Trade { kind: TradeKind::Liquidation, ..trade });
    let settled = account.settle(&mut orders, &row(0), &[liquidation]).unwrap();
    assert_eq!((settled.fees, settled.liquidated), (Quote::ZERO, Quote::new(100_000)));
}

#[test]
fn funding_and_losses_are_paid_before_the_position_changes() {
    let (mut account, mut orders) = (holding(1_000_000, 10), OpenOrders::default());
    account.place(&mut orders, &table(&[row(0)]), M, &order(Side::Buy, 1000, 90)).unwrap();
    let mut row = row(0);
    row.funding = INDEX_ONE / 100 * 25;
    row.loss = INDEX_ONE * 2;
    row.mark = Ticks::new(1000);
    let settled = account.settle(&mut orders, &row, &[made(1, Side::Buy, 1000, 90)]).unwrap();
    assert_eq!((settled.funding, settled.loss), (Quote::new(3), Quote::new(20)));
    assert_eq!(account.accrue(&row), Ok(Settled::default()));
    assert_eq!(account.cash, Quote::new(1_000_000 - 23 + 90));
}

//! Which orders are admitted, and what cancelling them gives back.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::AccountStatus;
use heddle_clearing::ClearingError;
use heddle_clearing::MarketId;
use heddle_clearing::MarketStatus;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::OrderSums;
use heddle_clearing::RiskRow;
use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_oracle::Quality;

use crate::world::M;
use crate::world::account;
use crate::world::holding;
use crate::world::order;
use crate::world::reduce_only;
use crate::world::row;
use crate::world::table;

/// Places an order in market 0 with this row; nothing changes when it is refused.
fn place(account: &mut Account, row: RiskRow, order: &NewOrder) -> Result<u32, ClearingError> {
    let before = account.clone();
    let mut orders = OpenOrders::default();
    let placed = account.place(&mut orders, &table(&[row]), M, order);
    if placed.is_err() {
        assert_eq!(*account, before);
        assert!(orders.is_empty());
    }
    placed.map(|place| place.id.number)
}

fn refused(mut account: Account, row: RiskRow, order: &NewOrder, error: ClearingError) {
    assert_eq!(place(&mut account, row, order), Err(error));
}

#[test]
fn an_order_is_admitted_up_to_the_last_unit_of_margin() {
    // 10 lots at 1000 x 10: margin 10,000, fees 10 x 5.
    assert_eq!(place(&mut account(10_050), row(0), &order(Side::Buy, 1000, 10)), Ok(0));
    refused(
        account(10_049),
        row(0),
        &order(Side::Buy, 1000, 10),
        ClearingError::InsufficientMargin,
    );
    // At 1001 each lot may lose 10 more.
    assert_eq!(place(&mut account(10_150), row(0), &order(Side::Buy, 1001, 10)), Ok(0));
    refused(
        account(10_149),
        row(0),
        &order(Side::Buy, 1001, 10),
        ClearingError::InsufficientMargin,
    );
}

#[test]
fn an_order_has_the_accounts_next_number_and_is_listed_until_it_is_cancelled() {
    let (mut account, mut orders) = (account(1_000_000), OpenOrders::default());
    let risk = table(&[row(0)]);
    for number in 0..3 {
        let wanted = NewOrder { client: 10 + u64::from(number), ..order(Side::Buy, 900, 1) };
        let place = account.place(&mut orders, &risk, M, &wanted).unwrap();
        assert_eq!(place.id, OrderId { account: AccountId::new(7), number });
    }
    let gone = account.cancel(&mut orders, &row(0), OrderRef::Client(11)).unwrap();
    assert_eq!((gone.number, gone.lots), (1, Lots::new(1)));
    let gone = account.cancel(&mut orders, &row(0), OrderRef::Number(2)).unwrap();
    assert_eq!(gone.client, 12);
    let again = account.cancel(&mut orders, &row(0), OrderRef::Number(2));
    assert_eq!(again, Err(ClearingError::UnknownOrder));
    assert_eq!(account.exposure(M).unwrap().orders.buys, Lots::new(1));
    account.cancel(&mut orders, &row(0), OrderRef::Number(0)).unwrap();
    assert!(account.exposures.is_empty());
    assert!(orders.is_empty());
}

#[test]
fn reducing_gives_back_what_those_lots_kept() {
    let (mut account, mut orders) = (account(1_000_000), OpenOrders::default());
    account.place(&mut orders, &table(&[row(0)]), M, &order(Side::Sell, 900, 10)).unwrap();
    let first = OrderRef::Number(0);
    let was = account.reduce(&mut orders, &row(0), first, Lots::new(4)).unwrap();
    assert_eq!(was.lots, Lots::new(10));
    let sums = account.exposure(M).unwrap().orders;
    assert_eq!(sums, OrderSums::of(&orders, sums.basis, row(0).unit).unwrap());
    assert_eq!((sums.sells, sums.loss), (Lots::new(6), Quote::new(6 * 1005)));
    let reduced = account.reduce(&mut orders, &row(0), first, Lots::new(7));
    assert_eq!(reduced, Err(ClearingError::TooLarge));
    assert_eq!(account.reduce(&mut orders, &row(0), first, Lots::ZERO), Err(ClearingError::Zero));
    account.reduce(&mut orders, &row(0), first, Lots::new(6)).unwrap();
    assert!(account.exposures.is_empty());
}

#[test]
fn what_is_no_order_is_refused() {
    let rich = || account(1 << 100);
    let good = order(Side::Buy, 1000, 10);
    refused(rich(), row(0), &NewOrder { price: Ticks::ZERO, ..good }, ClearingError::Zero);
    refused(rich(), row(0), &NewOrder { lots: Lots::ZERO, ..good }, ClearingError::Zero);
    let huge = Lots::new(heddle_clearing::limits::ORDER_LOTS_MAX + 1);
    refused(rich(), row(0), &NewOrder { lots: huge, ..good }, ClearingError::TooLarge);
    for display in [0, 10, 11] {
        let iceberg = NewOrder { display: Some(Lots::new(display)), ..good };
        refused(rich(), row(0), &iceberg, ClearingError::InvalidDisplay);
    }
    let capped = RiskRow { position_max: Lots::new(9), ..row(0) };
    refused(rich(), capped, &good, ClearingError::TooLarge);
}

#[test]
fn a_market_takes_what_its_status_and_its_price_allow() {
    use ClearingError::MarketNotOpen;
    use ClearingError::PriceQuality;
    let (plain, reduce) = (order(Side::Sell, 1000, 1), reduce_only(Side::Sell, 1000, 1));
    let with = |status, quality| RiskRow { status, quality, ..row(0) };
    let check =
        |status, quality, plainly: Option<ClearingError>, reduces: Option<ClearingError>| {
            let mut account = holding(1_000_000, 10);
            assert_eq!(place(&mut account.clone(), with(status, quality), &plain).err(), plainly);
            assert_eq!(place(&mut account, with(status, quality), &reduce).err(), reduces);
        };
    check(MarketStatus::Active, Quality::ALL, None, None);
    check(MarketStatus::Active, Quality::REDUCE, Some(PriceQuality), None);
    check(MarketStatus::Active, Quality::LIQUIDATE, Some(PriceQuality), Some(PriceQuality));
    check(MarketStatus::ReduceOnly, Quality::ALL, Some(MarketNotOpen), None);
    for closed in
        [MarketStatus::CancelOnly, MarketStatus::Halted, MarketStatus::Frozen, MarketStatus::Closed]
    {
        check(closed, Quality::ALL, Some(MarketNotOpen), Some(MarketNotOpen));
    }
    let unpriced = RiskRow { mark: Ticks::ZERO, ..row(0) };
    refused(account(1_000_000), unpriced, &plain, PriceQuality);
}

#[test]
fn an_account_that_may_not_trade_here_does_not() {
    let good = order(Side::Buy, 1000, 1);
    let frozen = Account { status: AccountStatus::Frozen, ..account(1_000_000) };
    refused(frozen, row(0), &good, ClearingError::AccountFrozen);
    let elsewhere = Account { isolated: Some(MarketId::new(1)), ..account(1_000_000) };
    refused(elsewhere, row(0), &good, ClearingError::IsolatedMarket);
    let mut here = Account { isolated: Some(M), ..account(1_000_000) };
    assert_eq!(place(&mut here, row(0), &good), Ok(0));
    let nowhere = account(1).place(&mut OpenOrders::default(), &table(&[]), M, &good).unwrap_err();
    assert_eq!(nowhere, ClearingError::UnknownMarket);
}

#[test]
fn a_reduce_only_order_must_reduce_and_needs_margin_only_for_more_than_it_frees() {
    use ClearingError::InsufficientMargin;
    use ClearingError::NothingToReduce;
    refused(holding(1 << 90, 10), row(0), &reduce_only(Side::Buy, 1000, 1), NothingToReduce);
    refused(account(1 << 90), row(0), &reduce_only(Side::Sell, 1000, 1), NothingToReduce);
    // Without any margin. A lot frees 500: 49 ticks and a fee of 5 are less, 50 ticks are not.
    assert_eq!(place(&mut holding(-1, 10), row(0), &reduce_only(Side::Sell, 951, 10)), Ok(1));
    refused(holding(-1, 10), row(0), &reduce_only(Side::Sell, 950, 10), InsufficientMargin);
    // 5 a lot is open then, which equity must cover.
    assert_eq!(place(&mut holding(10_050, 10), row(0), &reduce_only(Side::Sell, 950, 10)), Ok(1));
    refused(holding(10_049, 10), row(0), &reduce_only(Side::Sell, 950, 10), InsufficientMargin);
}

#[test]
fn no_two_open_orders_have_one_client_number_and_there_are_only_so_many() {
    let (mut account, mut orders) = (account(1 << 100), OpenOrders::default());
    let risk = table(&[row(0)]);
    let mut named = NewOrder { client: 5, ..order(Side::Buy, 10, 1) };
    account.place(&mut orders, &risk, M, &named).unwrap();
    let twice = account.place(&mut orders, &risk, M, &named);
    assert_eq!(twice, Err(ClearingError::DuplicateClientId));
    named.client = 0;
    for _ in 1..heddle_clearing::limits::ORDERS_PER_MARKET_MAX {
        account.place(&mut orders, &risk, M, &named).unwrap();
    }
    let past = account.place(&mut orders, &risk, M, &named);
    assert_eq!(past, Err(ClearingError::TooManyOrders));
}

//! Markets and orders to test with.

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::FeeRates;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarketId;
use heddle_clearing::MarketStatus;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Quality;
use heddle_types::Address;

pub(crate) const fn tier(notional_max: i128, initial: i32, maintenance: i32) -> MarginTier {
    MarginTier {
        notional_max: Quote::new(notional_max),
        initial: Ppm::new(initial),
        maintenance: Ppm::new(maintenance),
    }
}

/// Market `number` at a mark of 1000 ticks of 10 a lot: 10 % and 5 % up to a million, 20 % and 10 % up to ten, then 50 % and
/// 25 %; taker 450 ppm, maker -100 ppm.
pub(crate) fn row(number: u16) -> RiskRow {
    RiskRow {
        market: MarketId::new(number),
        status: MarketStatus::Active,
        quality: Quality::ALL,
        mark: Ticks::new(1000),
        index: Ticks::new(1000),
        unit: UnitValue::new(10),
        funding: 0,
        loss: 0,
        tiers: [
            tier(1_000_000, 100_000, 50_000),
            tier(10_000_000, 200_000, 100_000),
            tier(10_000_000, 200_000, 100_000),
            tier(i128::MAX, 500_000, 250_000),
        ],
        fees: [FeeRates { taker: Ppm::new(450), maker: Ppm::new(-100) }; 4],
        fee_max: Ppm::new(450),
        open_interest_max: Lots::new(u64::MAX),
        position_max: Lots::new(1 << 40),
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(1_000_000),
            fee_max: Ppm::new(5_000),
            bankruptcy_adjustment: Ppm::new(1_000_000),
            spread_to_maintenance: Ppm::new(100_000),
        },
    }
}

pub(crate) fn table(rows: &[RiskRow]) -> RiskTable {
    RiskTable::new(&[Quote::ZERO; 4], rows)
}

pub(crate) const M: MarketId = MarketId::new(0);

pub(crate) fn account(cash: i128) -> Account {
    let mut account = Account::new(AccountId::new(7), Address([7; 32]), 0);
    account.cash = Quote::new(cash);
    account
}

pub(crate) fn order(side: Side, price: u32, lots: u64) -> NewOrder {
    NewOrder {
        client: 0,
        side,
        price: Ticks::new(price),
        lots: Lots::new(lots),
        time_in_force: TimeInForce::GoodTillCancelled,
        reduce_only: false,
        self_trade: SelfTrade::Abort,
        trigger: None,
        display: None,
    }
}

pub(crate) fn reduce_only(side: Side, price: u32, lots: u64) -> NewOrder {
    NewOrder { reduce_only: true, ..order(side, price, lots) }
}

/// A trade in which account 7's order `number` took.
pub(crate) fn taken(number: u32, side: Side, price: u32, lots: u64) -> Outcome {
    let taker = OrderId { account: AccountId::new(7), number };
    let maker = OrderId { account: AccountId::new(8), number: 0 };
    Outcome::Trade(Trade {
        maker,
        taker,
        taker_side: side,
        price: Ticks::new(price),
        lots: Lots::new(lots),
        kind: TradeKind::Continuous,
    })
}

/// A trade in which account 7's order `number`, of side `side`, made.
pub(crate) fn made(number: u32, side: Side, price: u32, lots: u64) -> Outcome {
    let Outcome::Trade(trade) = taken(number, side.opposite(), price, lots) else { panic!() };
    Outcome::Trade(Trade { maker: trade.taker, taker: trade.maker, ..trade })
}

/// An account with this much cash that bought (or, below zero, sold) `lots` at the mark of `row(0)`, and the fee it paid back.
pub(crate) fn holding(cash: i128, lots: i64) -> Account {
    let mut account = account(i128::MAX >> 8);
    let mut orders = OpenOrders::default();
    let risk = table(&[row(0)]);
    let side = if lots < 0 { Side::Sell } else { Side::Buy };
    let size = lots.unsigned_abs();
    account.place(&mut orders, &risk, M, &order(side, 1000, size)).unwrap();
    account.settle(&mut orders, &row(0), &[taken(0, side, 1000, size)]).unwrap();
    account.cash = Quote::new(cash);
    account
}

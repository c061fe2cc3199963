//! What placing, cancelling and settling an order take, on typed objects: `account_work [rounds]`. Run it under callgrind to count
//! instructions.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a measurement"
)]

use std::hint::black_box;
use std::time::Instant;

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
use heddle_clearing::OrderRef;
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

const M: MarketId = MarketId::new(0);

fn main() {
    let rounds = std::env::args().nth(1).map_or(2_000_000, |text| text.parse().unwrap());
    for resting in [0, 20, 200] {
        let mut desk = Desk::new(resting);
        let place_cancel = timed(rounds, || desk.place_and_cancel());
        let place_fill = timed(rounds, || desk.place_and_fill());
        println!("resting={resting} place+cancel {place_cancel} ns, place+settle {place_fill} ns");
    }
}

fn timed(rounds: u64, mut work: impl FnMut()) -> u128 {
    let start = Instant::now();
    (0..rounds).for_each(|_| work());
    start.elapsed().as_nanos() / u128::from(rounds.max(1))
}

struct Desk {
    account: Account,
    orders: OpenOrders,
    risk: RiskTable,
    row: RiskRow,
    is_buy: bool,
}

impl Desk {
    fn new(resting: u32) -> Self {
        let row = row();
        let mut account = Account::new(AccountId::new(1), Address([1; 32]), 0);
        account.cash = Quote::new(1 << 80);
        let risk = RiskTable::new(&[Quote::ZERO; 4], &[row]);
        let mut desk = Self { account, orders: OpenOrders::default(), risk, row, is_buy: true };
        for n in 0..resting {
            let side = if n < resting / 2 { Side::Buy } else { Side::Sell };
            desk.place(side, 600_000);
        }
        desk
    }

    fn place(&mut self, side: Side, price: u32) -> OrderId {
        let order = NewOrder {
            client: 0,
            side,
            price: Ticks::new(price),
            lots: Lots::new(10),
            time_in_force: TimeInForce::GoodTillCancelled,
            reduce_only: false,
            self_trade: SelfTrade::Abort,
            trigger: None,
            display: None,
        };
        self.account.place(&mut self.orders, &self.risk, M, black_box(&order)).unwrap().id
    }

    fn place_and_cancel(&mut self) {
        let id = self.place(Side::Buy, 599_990);
        let which = OrderRef::Number(id.number);
        black_box(self.account.cancel(&mut self.orders, &self.row, which).unwrap());
    }

    fn place_and_fill(&mut self) {
        self.is_buy = !self.is_buy;
        let side = if self.is_buy { Side::Buy } else { Side::Sell };
        let taker = self.place(side, 600_000);
        let maker = OrderId { account: AccountId::new(2), number: 0 };
        let trade = Trade {
            maker,
            taker,
            taker_side: side,
            price: Ticks::new(600_000),
            lots: Lots::new(10),
            kind: TradeKind::Continuous,
        };
        let outcome = [Outcome::Trade(trade)];
        let settled = self.account.settle(&mut self.orders, &self.row, black_box(&outcome));
        black_box(settled.unwrap());
    }
}

fn row() -> RiskRow {
    let tier = |notional: i128, initial, maintenance| MarginTier {
        notional_max: Quote::new(notional),
        initial: Ppm::new(initial),
        maintenance: Ppm::new(maintenance),
    };
    RiskRow {
        market: M,
        status: MarketStatus::Active,
        quality: Quality::ALL,
        mark: Ticks::new(600_000),
        index: Ticks::new(600_000),
        unit: UnitValue::new(100),
        funding: 0,
        loss: 0,
        tiers: [
            tier(1_000_000_000_000, 50_000, 25_000),
            tier(10_000_000_000_000, 100_000, 50_000),
            tier(100_000_000_000_000, 200_000, 100_000),
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

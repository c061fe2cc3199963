//! What was set aside for orders is enough for every subset of fills, in every order and in any parts.

use proptest::prelude::*;

use heddle_clearing::Account;
use heddle_clearing::ClearingError;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderRef;
use heddle_clearing::OrderSums;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;

use crate::world::account;
use crate::world::made;
use crate::world::order;
use crate::world::row;
use crate::world::table;
use crate::world::taken;
use crate::world::tier;

const MARKETS: u16 = 2;

/// Something that happens to an account.
#[derive(Clone, Debug)]
enum Step {
    Place(u16, NewOrder),
    Cancel(u16, usize),
    Reduce(u16, usize, u64),
    /// Of the order at this place: so many lots, so many ticks better than its limit.
    Fill(u16, usize, u64, u32, bool),
    /// Of all margin that is free, so that nothing but what was set aside is left.
    Withdraw,
}

/// An account and its open orders in each market.
#[derive(Clone, Debug)]
struct Desk {
    account: Account,
    orders: [OpenOrders; MARKETS as usize],
}

impl Desk {
    fn new(cash: i128) -> Self {
        Self { account: account(cash), orders: Default::default() }
    }

    fn nth(&self, market: u16, place: usize) -> Option<OpenOrder> {
        let orders = self.orders[usize::from(market)].as_slice();
        (!orders.is_empty()).then(|| orders[place % orders.len()])
    }

    fn place(&mut self, risk: &RiskTable, market: u16, order: &NewOrder) -> bool {
        let orders = &mut self.orders[usize::from(market)];
        match self.account.place(orders, risk, MarketId::new(market), order) {
            Ok(_) => true,
            Err(
                ClearingError::InsufficientMargin
                | ClearingError::NothingToReduce
                | ClearingError::TooLarge,
            ) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn take_back(&mut self, rows: &[RiskRow], (market, place): (u16, usize), by: Option<u64>) {
        let Some(order) = self.nth(market, place) else { return };
        let row = &rows[usize::from(market)];
        let orders = &mut self.orders[usize::from(market)];
        let which = OrderRef::Number(order.number);
        let done = match by {
            None => self.account.cancel(orders, row, which),
            Some(by) => {
                let by = Lots::new(by % order.lots.get() + 1);
                self.account.reduce(orders, row, which, by)
            }
        };
        assert_eq!(done, Ok(order));
    }

    /// Fills lots of an order as a market would: never more of a reduce-only order than there is to reduce.
    fn fill(&mut self, rows: &[RiskRow], (market, place): (u16, usize), how: (u64, u32, bool)) {
        let Some(order) = self.nth(market, place) else { return };
        let row = &rows[usize::from(market)];
        let held = self.account.exposure(MarketId::new(market)).unwrap().lots.get();
        let reducible = match order.side {
            Side::Buy => held.min(0).unsigned_abs(),
            Side::Sell => held.max(0).unsigned_abs(),
        };
        let most =
            if order.reduce_only { order.lots.get().min(reducible) } else { order.lots.get() };
        if most == 0 {
            return;
        }
        let (lots, better, takes) = (how.0 % most + 1, how.1, how.2);
        let price = match order.side {
            Side::Buy => order.price.get().saturating_sub(better).max(1),
            Side::Sell => order.price.get().saturating_add(better),
        };
        let outcome = if takes { taken } else { made }(order.number, order.side, price, lots);
        let orders = &mut self.orders[usize::from(market)];
        self.account.settle(orders, row, &[outcome]).unwrap();
    }

    /// The sums that are kept are those of the orders that are open, and nothing empty is kept.
    fn check_sums(&self, rows: &[RiskRow]) {
        for row in rows {
            let orders = &self.orders[usize::from(row.market.get())];
            let Some(exposure) = self.account.exposure(row.market) else {
                assert!(orders.is_empty());
                continue;
            };
            assert!(!exposure.is_empty());
            let sums = OrderSums::of(orders, exposure.orders.basis, row.unit).unwrap();
            assert_eq!(exposure.orders, sums);
            assert!(!exposure.lots.is_zero() || exposure.entry.is_zero());
        }
    }

    fn free(&self, risk: &RiskTable) -> i128 {
        self.account.free_margin(risk).unwrap().get()
    }

    fn above_maintenance(&self, risk: &RiskTable) -> i128 {
        let margin = self.account.margin(risk).unwrap();
        margin.equity.get() - margin.maintenance.get()
    }
}

prop_compose! {
    fn any_row(number: u16)(
        mark in 1_u32..3000,
        unit in 1_u32..50,
        first in 1_i128..200_000,
        rates in prop::array::uniform4(1_i32..250_000),
        fees in (0_i32..100_000, 0_i32..=100),
    ) -> RiskRow {
        let mut initial = rates;
        initial.sort_unstable();
        let tiers = std::array::from_fn(|n| {
            let end = if n == 3 { i128::MAX } else { first << (3 * n) };
            tier(end, initial[n] + 1, initial[0] / 2 + 1 + initial[n] / 2)
        });
        let (taker, part) = fees;
        let fee = heddle_clearing::FeeRates { taker: Ppm::new(taker), maker: Ppm::new(taker / 100 * (50 - part) / 50) };
        RiskRow {
            mark: Ticks::new(mark),
            unit: UnitValue::new(unit),
            tiers,
            fees: [fee; 4],
            fee_max: Ppm::new(taker),
            ..row(number)
        }
    }
}

/// Numbers up to the largest, most of them near an edge.
fn any_edge(max: u64) -> impl Strategy<Value = u64> {
    let most = max - 1;
    prop_oneof![
        Just(1),
        1..=max.min(1000),
        Just(max),
        most.saturating_sub(1000).max(1)..=max,
        1..=max
    ]
}

fn any_edge_ticks() -> impl Strategy<Value = u32> {
    any_edge(u32::MAX.into()).prop_map(|ticks| u32::try_from(ticks).unwrap())
}

prop_compose! {
    /// A row with prices and units up to the largest, and positions as large as they may be with these.
    fn any_edge_row(number: u16)(row in any_row(number), mark in any_edge_ticks(), unit in any_edge_ticks()) -> RiskRow {
        let lots = heddle_clearing::limits::NOTIONAL_MAX / i128::from(u32::MAX) / i128::from(unit);
        let lots = lots.min(heddle_clearing::limits::POSITION_LOTS_MAX.into());
        RiskRow {
            mark: Ticks::new(mark),
            unit: UnitValue::new(unit),
            position_max: Lots::new(u64::try_from(lots).unwrap()),
            ..row
        }
    }
}

prop_compose! {
    fn any_edge_order()(
        order in any_order(),
        price in any_edge_ticks(),
        lots in any_edge(heddle_clearing::limits::ORDER_LOTS_MAX),
    ) -> NewOrder {
        NewOrder { price: Ticks::new(price), lots: Lots::new(lots), ..order }
    }
}

fn any_edge_step() -> impl Strategy<Value = Step> {
    let place = (0..MARKETS, any_edge_order());
    prop_oneof![
        1 => place.prop_map(|(market, order)| Step::Place(market, order)),
        1 => any_step(),
    ]
}

fn any_rows() -> impl Strategy<Value = Vec<RiskRow>> {
    (any_row(0), any_row(1)).prop_map(|(a, b)| vec![a, b])
}

prop_compose! {
    fn any_order()(is_buy: bool, price in 1_u32..4000, lots in any_lots(), reduces in 0..3_u8) -> NewOrder {
        let side = if is_buy { Side::Buy } else { Side::Sell };
        NewOrder { reduce_only: reduces == 0, ..order(side, price, lots) }
    }
}

/// Few, so that positions meet zero, or many.
fn any_lots() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1_u64..4, 1 => 1_u64..300]
}

fn any_step() -> impl Strategy<Value = Step> {
    let market = 0..MARKETS;
    prop_oneof![
        6 => (market.clone(), any_order()).prop_map(|(market, order)| Step::Place(market, order)),
        1 => (market.clone(), any::<usize>()).prop_map(|(market, place)| Step::Cancel(market, place)),
        1 => (market.clone(), any::<usize>(), any::<u64>())
            .prop_map(|(market, place, by)| Step::Reduce(market, place, by)),
        2 => Just(Step::Withdraw),
        6 => (market, any::<usize>(), any::<u64>(), prop_oneof![Just(0_u32), 0..3_u32, 0..4000_u32], any::<bool>())
            .prop_map(|(market, place, lots, better, takes)| Step::Fill(market, place, lots, better, takes)),
    ]
}

/// Carries out a step. Whether the account could carry what it had, it still can.
fn take(desk: &mut Desk, rows: &[RiskRow], step: &Step) {
    let risk = table(rows);
    let before = (desk.free(&risk), desk.above_maintenance(&risk));
    match step {
        Step::Place(market, order) => {
            desk.place(&risk, *market, order);
        }
        Step::Cancel(market, place) => desk.take_back(rows, (*market, *place), None),
        Step::Reduce(market, place, by) => desk.take_back(rows, (*market, *place), Some(*by)),
        Step::Fill(market, place, lots, better, takes) => {
            desk.fill(rows, (*market, *place), (*lots, *better, *takes));
        }
        Step::Withdraw => {
            let left = desk.account.cash.get() - before.0.max(0);
            desk.account.cash = Quote::new(left);
        }
    }
    desk.check_sums(rows);
    if before.0 >= 0 {
        assert!(
            desk.free(&risk) >= 0,
            "free margin went from {} to {}",
            before.0,
            desk.free(&risk)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_subset_and_order_of_fills_leaves_the_margin_of_what_remains(
        rows in any_rows(),
        cash in 0_i128..3_000_000,
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut desk = Desk::new(cash);
        steps.iter().for_each(|step| take(&mut desk, &rows, step));
    }

    #[test]
    fn at_the_edges_of_every_type_nothing_overflows_and_what_was_set_aside_suffices(
        rows in (any_edge_row(0), any_edge_row(1)).prop_map(|(a, b)| vec![a, b]),
        cash in prop_oneof![0..1_i128 << 118, 0..1_i128 << 64],
        steps in prop::collection::vec(any_edge_step(), 1..60),
    ) {
        let mut desk = Desk::new(cash);
        steps.iter().for_each(|step| take(&mut desk, &rows, step));
    }

    #[test]
    fn what_suffices_at_another_mark_suffices_for_all_fills_at_it(
        rows in any_rows(),
        moved in prop::array::uniform2(1_u32..3000),
        cash in 0_i128..3_000_000,
        first in prop::collection::vec(any_step(), 1..30),
        fills in prop::collection::vec(any_step(), 1..30),
    ) {
        let mut desk = Desk::new(cash);
        first.iter().for_each(|step| take(&mut desk, &rows, step));
        let mut rows = rows;
        rows.iter_mut().zip(moved).for_each(|(row, mark)| row.mark = Ticks::new(mark));
        // Before anything is measured anew, never less is required than after.
        let mut anew = desk.clone();
        for row in &rows {
            let orders = &anew.orders[usize::from(row.market.get())];
            if let Some(at) = anew.account.exposures.iter().position(|e| e.market == row.market) {
                let sums = &mut anew.account.exposures[at].orders;
                *sums = OrderSums::of(orders, heddle_clearing::LossBasis::of(row), row.unit).unwrap();
            }
        }
        prop_assert!(desk.free(&table(&rows)) <= anew.free(&table(&rows)));
        fills.iter().for_each(|step| take(&mut desk, &rows, step));
    }

    #[test]
    fn no_fill_of_a_reduce_only_order_that_needed_no_margin_makes_an_account_worse(
        row in any_row(0),
        lots in 1_u64..500,
        cash in 0_i128..3_000_000,
        orders in prop::collection::vec(any_order(), 1..10),
        fills in prop::collection::vec((any::<usize>(), any::<u64>(), 0..3_u32, any::<bool>()), 1..20),
        is_long: bool,
    ) {
        let rows = vec![row, crate::world::row(1)];
        let risk = table(&rows);
        let mut desk = Desk::new(1 << 80);
        let (open, close) = if is_long { (Side::Buy, Side::Sell) } else { (Side::Sell, Side::Buy) };
        prop_assert!(desk.place(&risk, 0, &order(open, row.mark.get(), lots)));
        desk.fill(&rows, (0, 0), (lots - 1, 0, true));
        desk.account.cash = Quote::new(cash - 3_000_000);
        for order in &orders {
            if desk.free(&risk) < 0 {
                desk.place(&risk, 0, &NewOrder { side: close, reduce_only: true, ..*order });
            }
        }
        for (place, lots, better, takes) in fills {
            let before = desk.above_maintenance(&risk);
            desk.fill(&rows, (0, place), (lots, better, takes));
            prop_assert!(desk.above_maintenance(&risk) >= before);
        }
    }
}

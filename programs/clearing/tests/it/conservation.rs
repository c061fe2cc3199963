//! Money and lots through random trades, marks, funding and shared losses of many accounts: nothing is made or lost.

use proptest::prelude::*;

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::RiskRow;
use heddle_clearing::Settled;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_types::Address;

use crate::world::M;
use crate::world::order;
use crate::world::row;
use crate::world::table;

const ACCOUNTS: usize = 5;
/// Enough that nobody is ever short of margin: what is looked at here is who gets what.
const CASH: i128 = 1 << 80;

/// A block: where mark and indices go, then a trade.
#[derive(Clone, Debug)]
struct Step {
    mark: u32,
    funding: i64,
    loss: u32,
    maker: usize,
    /// How far after the maker.
    taker: usize,
    is_buy: bool,
    lots: u64,
    kind: TradeKind,
}

struct Floor {
    row: RiskRow,
    desks: Vec<(Account, OpenOrders)>,
    fees: i128,
    funding: i128,
    loss: i128,
}

impl Floor {
    fn new() -> Self {
        let desk = |n: u32| {
            let mut account = Account::new(AccountId::new(n), Address::default(), 0);
            account.cash = Quote::new(CASH);
            (account, OpenOrders::default())
        };
        let desks = (0..).take(ACCOUNTS).map(desk).collect();
        Self { row: row(0), desks, fees: 0, funding: 0, loss: 0 }
    }

    fn take(&mut self, step: &Step) {
        self.row.mark = Ticks::new(step.mark);
        self.row.funding += i128::from(step.funding);
        self.row.loss += i128::from(step.loss);
        let taker = (step.maker + 1 + step.taker % (ACCOUNTS - 1)) % ACCOUNTS;
        let side = if step.is_buy { Side::Buy } else { Side::Sell };
        let maker_id = self.place(step.maker, side.opposite(), step);
        let taker_id = self.place(taker, side, step);
        let trade = Outcome::Trade(Trade {
            maker: maker_id,
            taker: taker_id,
            taker_side: side,
            price: Ticks::new(step.mark),
            lots: Lots::new(step.lots),
            kind: step.kind,
        });
        for n in [step.maker, taker] {
            self.settle(n, &[trade]);
        }
    }

    fn place(&mut self, n: usize, side: Side, step: &Step) -> OrderId {
        let risk = table(&[self.row]);
        let (account, orders) = &mut self.desks[n];
        account.place(orders, &risk, M, &order(side, step.mark, step.lots)).unwrap().id
    }

    fn settle(&mut self, n: usize, outcomes: &[Outcome]) {
        let (account, orders) = &mut self.desks[n];
        let settled: Settled = account.settle(orders, &self.row, outcomes).unwrap();
        self.fees += settled.fees.get();
        self.funding += settled.funding.get();
        self.loss += settled.loss.get();
    }

    fn money(&self) -> i128 {
        let accounts = self.desks.iter().map(|(account, _)| account.net().unwrap().get());
        accounts.sum::<i128>() + self.fees + self.funding + self.loss
    }

    fn check(&self) {
        assert_eq!(self.money(), CASH * i128::try_from(ACCOUNTS).unwrap());
        let lots = self.desks.iter().filter_map(|(account, _)| account.exposure(M));
        assert_eq!(lots.map(|exposure| exposure.lots.get()).sum::<i64>(), 0);
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(TradeKind::Continuous),
        Just(TradeKind::Auction),
        Just(TradeKind::Liquidation)
    ];
    let who = (0..ACCOUNTS, any::<usize>());
    let index = (any::<i32>(), any::<u8>());
    (1..5000_u32, index, who, any::<bool>(), 1..50_u64, kind).prop_map(
        |(mark, (funding, loss), (maker, taker), is_buy, lots, kind)| Step {
            mark,
            funding: i64::from(funding) << 8,
            loss: u32::from(loss) << 24,
            maker,
            taker: taker % ACCOUNTS,
            is_buy,
            lots,
            kind,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_is_made_or_lost_and_pools_pay_out_no_more_than_they_took(
        steps in prop::collection::vec(any_step(), 1..80),
    ) {
        let mut floor = Floor::new();
        for step in &steps {
            floor.take(step);
            floor.check();
        }
        // Once all have paid and received, what is left of funding is what rounding left: less than one for each payment.
        (0..ACCOUNTS).for_each(|n| floor.settle(n, &[]));
        floor.check();
        let payments = i128::try_from(3 * steps.len() + ACCOUNTS).unwrap();
        prop_assert!((0..=payments).contains(&floor.funding), "{} left", floor.funding);
        prop_assert!(floor.loss >= 0);
    }
}

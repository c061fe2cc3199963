//! Random trading of everybody, everywhere, in everything: what must hold holds after every block.

use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::TradeKind;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::MarketRules;
use heddle_executor::BlockOutcome;
use heddle_num::Lots;
use heddle_types::Amount;
use heddle_types::CheckedTransaction;
use heddle_types::Millis;
use heddle_types::UnixMillis;

use crate::check;
use crate::venue::BREAKER;
use crate::venue::PRICE;
use crate::venue::RULES;
use crate::venue::Setup;
use crate::venue::USD;
use crate::venue::Venue;
use crate::venue::exchange_events;
use crate::venue::limit;
use crate::venue::trader;
use crate::venue::usd;

const TRADERS: u8 = 12;
const MARKETS: u16 = 3;

/// Numbers from a seed: xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.roll() >> 16) % bound
    }

    /// From nought to nine.
    fn digit(&mut self) -> u64 {
        self.below(10)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let place = self.below(from.len().try_into().unwrap());
        from[usize::try_from(place).unwrap()]
    }
}

/// Market 0 is plain, 1 has a breaker, 2 is always in auctions.
fn rules(market: u16) -> MarketRules {
    match market {
        0 => RULES,
        1 => MarketRules { breaker: Some(BREAKER), ..RULES },
        _ => MarketRules { batch: Some(Millis::new(3_000)), ..RULES },
    }
}

struct Storm {
    venue: Venue,
    dice: Dice,
    prices: Vec<u32>,
    /// Blocks that the publishers stay silent for.
    silent: u64,
    actions: usize,
    tally: Tally,
}

/// What came of it, so that a storm in which nothing happens is noticed.
#[derive(Debug, Default)]
struct Tally {
    placed: usize,
    refused: usize,
    trades: usize,
    liquidations: usize,
    cancelled: usize,
    modes: BTreeSet<u8>,
}

#[test]
fn whatever_is_traded_all_sums_hold_and_no_cancelled_order_trades() {
    let mut tally = Tally::default();
    let mut actions = 0;
    for seed in 1..=4 {
        let mut storm = Storm::new(seed);
        while storm.actions < 26_000 {
            storm.block();
        }
        actions += storm.actions;
        tally.add(storm.tally);
    }
    assert!(actions >= 100_000);
    assert!(tally.placed > 20_000 && tally.trades > 5_000, "{tally:?}");
    assert!(tally.cancelled > 2_000 && tally.refused > 2_000, "{tally:?}");
    assert!(tally.liquidations > 20, "{tally:?}");
    assert_eq!(tally.modes, [0, 1, 2, 3, 4].into(), "{tally:?}");
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.placed += other.placed;
        self.refused += other.refused;
        self.trades += other.trades;
        self.liquidations += other.liquidations;
        self.cancelled += other.cancelled;
        self.modes.extend(other.modes);
    }

    fn count(&mut self, event: &ExchangeEvent) {
        match event {
            ExchangeEvent::Batch(batch) => batch.results.iter().for_each(|result| match result {
                ActionResult::Order(_) => self.placed += 1,
                ActionResult::Cancelled(count) => self.cancelled += usize::from(*count),
                ActionResult::Refused(_) => self.refused += 1,
            }),
            ExchangeEvent::Trades(trades) => {
                let liquidations =
                    trades.trades.iter().filter(|trade| trade.kind == TradeKind::Liquidation);
                self.trades += trades.trades.len();
                self.liquidations += liquidations.count();
            }
            ExchangeEvent::Mode(changed) => drop(self.modes.insert(changed.mode)),
            ExchangeEvent::MarketCreated(_) | ExchangeEvent::Closings(_) => {}
        }
    }
}

impl Storm {
    fn new(seed: u64) -> Self {
        let setup = Setup {
            traders: TRADERS,
            markets: MARKETS,
            collateral: 20_000,
            insurance: 100,
            rules,
            ..Setup::default()
        };
        Self {
            venue: Venue::new(setup),
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            prices: vec![PRICE; usize::from(MARKETS)],
            silent: 0,
            actions: 0,
            tally: Tally::default(),
        }
    }

    fn block(&mut self) {
        self.move_prices();
        let mut sent = Vec::new();
        let mut traded = Vec::new();
        for n in 0..TRADERS {
            match self.dice.digit() {
                0..=6 => {
                    let market = u16::try_from(self.dice.below(MARKETS.into())).unwrap();
                    let actions: Vec<_> = (0..12).map(|_| self.action(market)).collect();
                    self.actions += actions.len();
                    sent.push(self.venue.batch(n, market, actions.clone()));
                    traded.push((self.venue.account(n), market, actions));
                }
                7 => sent.push(self.collateral(n)),
                _ => {}
            }
        }
        let outcome = if self.silent > 0 {
            self.silent -= 1;
            self.venue.run(&sent)
        } else {
            let prices = self.prices.clone();
            self.venue.run_at(&prices, &sent)
        };
        if self.dice.below(100) == 0 {
            self.silent = self.dice.pick(&[1, 8, 40]);
        }
        self.check(&traded, &outcome);
    }

    /// By up to a half per cent, seldom by a third.
    fn move_prices(&mut self) {
        for price in &mut self.prices {
            let reach = if self.dice.below(12) == 0 { 350 } else { 5 };
            let step = self.dice.below(2 * reach + 1);
            let permille = 1000 + step - reach;
            let moved = u64::from(*price) * permille / 1000;
            *price = u32::try_from(moved.clamp(200, 5_000)).unwrap();
        }
    }

    fn action(&mut self, market: u16) -> Action {
        match self.dice.below(20) {
            0..=13 => Action::Place(self.order(market)),
            14..=16 => Action::Cancel(self.name()),
            17 => Action::CancelAll,
            18 => Action::Amend(self.name(), self.order(market)),
            _ => {
                let now = self.venue.chain.block_info().time.get();
                let time = UnixMillis::new(now + self.dice.below(20_000));
                Action::CancelAfter(Some(time).filter(|_| self.dice.digit() < 5))
            }
        }
    }

    /// Of an order that may be there.
    fn name(&mut self) -> OrderRef {
        if self.dice.digit() == 0 {
            return OrderRef::Client(1 + self.dice.below(5));
        }
        let latest = (self.actions / usize::from(TRADERS)) as u64;
        let number = latest.saturating_sub(self.dice.below(40));
        OrderRef::Number(u32::try_from(number).unwrap())
    }

    fn order(&mut self, market: u16) -> heddle_clearing::NewOrder {
        let around = u64::from(self.prices[usize::from(market)]);
        let reach = around * 4 / 100;
        let price = around - reach + self.dice.below(2 * reach + 1);
        let side = self.dice.pick(&[Side::Buy, Side::Sell]);
        let now = self.venue.chain.block_info().time.get();
        let mut order = limit(side, u32::try_from(price).unwrap(), 1 + self.dice.below(30));
        order.client = if self.dice.digit() == 0 { 1 + self.dice.below(5) } else { 0 };
        order.reduce_only = self.dice.digit() < 2;
        order.self_trade =
            self.dice.pick(&[SelfTrade::Abort, SelfTrade::CancelProvide, SelfTrade::DecrementTake]);
        order.time_in_force = match self.dice.digit() {
            0 => TimeInForce::ImmediateOrCancel,
            1 => TimeInForce::FillOrKill,
            2 => TimeInForce::PostOnly,
            3 => TimeInForce::GoodTillTime(UnixMillis::new(now + self.dice.below(15_000))),
            _ => TimeInForce::GoodTillCancelled,
        };
        if self.dice.digit() == 0 {
            let when = self.dice.pick(&[TriggerWhen::AtOrAbove, TriggerWhen::AtOrBelow]);
            order.trigger = Some(Trigger { when, price: order.price });
        }
        if self.dice.digit() == 0 && order.lots > Lots::new(1) {
            order.display = Some(Lots::new(1 + self.dice.below(order.lots.get() - 1)));
        }
        order
    }

    /// Pays in or out, more often in.
    fn collateral(&mut self, n: u8) -> Arc<CheckedTransaction> {
        let account = self.venue.account(n);
        let amount = Amount::new(u128::from(self.dice.below(5_000)) * USD + 1).unwrap();
        let call = if self.dice.digit() < 6 {
            ClearingCall::Deposit { account, asset: usd(), amount }
        } else {
            ClearingCall::Withdraw { account, asset: usd(), amount }
        };
        self.venue.chain.transaction(&trader(n), vec![call.to_call()])
    }

    fn check(&mut self, traded: &[(AccountId, u16, Vec<Action>)], outcome: &BlockOutcome) {
        check::all(&self.venue, outcome);
        let events = exchange_events(outcome);
        events.iter().for_each(|event| self.tally.count(event));
        check::cancels_hold(&cancelled(traded, &events), outcome);
    }
}

/// What was cancelled by number in this block, and done.
fn cancelled(
    traded: &[(AccountId, u16, Vec<Action>)],
    events: &[ExchangeEvent],
) -> BTreeSet<OrderId> {
    let mut all = BTreeSet::new();
    for event in events {
        let ExchangeEvent::Batch(batch) = event else { continue };
        let own = traded.iter().find(|(account, _, _)| *account == batch.account);
        let Some((account, _, actions)) = own else { continue };
        for (action, result) in actions.iter().zip(&batch.results) {
            if let (Action::Cancel(_), ActionResult::Order(number)) = (action, result) {
                all.insert(OrderId { account: *account, number: *number });
            }
        }
    }
    all
}

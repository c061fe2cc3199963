//! What traders do, seeded: they make prices near the middle, take their orders away again, and some take what others offer.

use std::collections::VecDeque;

use heddle_clearing::AccountId;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_num::Lots;
use heddle_num::Ticks;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

/// Where every market's price begins: 60,000.0.
const START: u32 = 600_000;
/// How far a market's price goes in a block, either way.
const STEP_MAX: u32 = 30;
/// Orders that a trader keeps open in a market, about.
const OPEN_AIM: usize = 8;
/// Of a hundred actions, those that take; of the orders that rest, those that must not take.
const TAKES: u32 = 5;
const POST_ONLY: u32 = 30;
/// How far from the middle an order rests at most.
const DEPTH_MAX: u32 = 200;
/// How far past the middle an order goes that takes.
const REACH: u32 = 20;
const LOTS_MAX: u32 = 100;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) accounts: u32,
    pub(super) markets: u16,
    pub(super) orders_per_action: u16,
    pub(super) seed: u64,
}

/// Traders, and what they believe to have open.
pub(super) struct Traffic {
    crowd: Crowd,
    dice: ChaCha8Rng,
    /// The middle of each market.
    middles: Vec<u32>,
    /// For each account, what it has open in its home market, and in the other one.
    open: Vec<[Open; 2]>,
    next_client: u64,
}

/// The client's numbers of open orders, oldest first; what traded is not known.
type Open = VecDeque<u64>;

impl Traffic {
    pub(super) fn new(crowd: Crowd) -> Self {
        Self {
            crowd,
            dice: ChaCha8Rng::seed_from_u64(crowd.seed),
            middles: vec![START; crowd.markets.into()],
            open: vec![<[Open; 2]>::default(); crowd.accounts as usize],
            next_client: 1,
        }
    }

    /// Prices go on: the middles of the next block.
    pub(super) fn prices(&mut self) -> Vec<Ticks> {
        for middle in &mut self.middles {
            *middle = *middle + self.dice.next_u32() % (2 * STEP_MAX + 1) - STEP_MAX;
        }
        self.middles.iter().copied().map(Ticks::new).collect()
    }

    /// Somebody, by position, and what it does.
    pub(super) fn batch(&mut self) -> (u32, Batch) {
        let who = self.below(self.crowd.accounts);
        // Four in five are in the market that is the account's home, the rest in another one that is always the same.
        let other = usize::from(self.below(5) == 0);
        let market = self.market_of(who, other);
        let actions = 0..self.crowd.orders_per_action;
        let actions = actions.map(|_| self.act((who, other), market)).collect();
        let batch = Batch {
            account: AccountId::new(who),
            role: Role::Owner,
            market: MarketId::new(market),
            mode: BatchMode::EachAlone,
            actions,
        };
        (who, batch)
    }

    fn market_of(&self, who: u32, other: usize) -> u16 {
        let markets = u32::from(self.crowd.markets);
        let home = who % markets;
        let market = match other {
            0 => home,
            _ => (home + who / markets) % markets,
        };
        u16::try_from(market).expect("below a number of 16 bits")
    }

    fn act(&mut self, (who, other): (u32, usize), market: u16) -> Action {
        let middle = self.middles[usize::from(market)];
        if self.below(100) < TAKES {
            let reach = i64::from(REACH);
            return Action::Place(self.order(middle, reach, TimeInForce::ImmediateOrCancel));
        }
        // The more are open, the likelier is a cancel.
        let open = self.open[who as usize][other].len();
        if self.below(2 * OPEN_AIM as u32) < open as u32
            && let Some(client) = self.open[who as usize][other].pop_front()
        {
            return Action::Cancel(OrderRef::Client(client));
        }
        let how_long = match self.below(100) < POST_ONLY {
            true => TimeInForce::PostOnly,
            false => TimeInForce::GoodTillCancelled,
        };
        let away = self.distance();
        let mut order = self.order(middle, -away, how_long);
        order.client = self.next_client;
        self.next_client += 1;
        self.open[who as usize][other].push_back(order.client);
        Action::Place(order)
    }

    /// An order that goes so far past the middle, or rests so far before it.
    fn order(&mut self, middle: u32, reach: i64, time_in_force: TimeInForce) -> NewOrder {
        let (side, price) = match self.below(2) {
            0 => (Side::Buy, i64::from(middle) + reach),
            _ => (Side::Sell, i64::from(middle) - reach),
        };
        NewOrder {
            client: 0,
            side,
            price: Ticks::new(u32::try_from(price).expect("far from both ends of 32 bits")),
            lots: Lots::new(u64::from(self.below(LOTS_MAX)) + 1),
            time_in_force,
            reduce_only: false,
            self_trade: SelfTrade::CancelProvide,
            trigger: None,
            display: None,
        }
    }

    /// Near is likelier than far: the smaller of two.
    fn distance(&mut self) -> i64 {
        let (one, other) = (self.below(DEPTH_MAX), self.below(DEPTH_MAX));
        i64::from(one.min(other)) + 1
    }

    fn below(&mut self, end: u32) -> u32 {
        self.dice.next_u32() % end
    }
}

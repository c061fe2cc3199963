//! A whole venue on a chain in memory: ledger, oracle, clearing and exchange, traders with collateral, a feed for each market.

use std::sync::Arc;

use heddle_clearing::AccountId;
use heddle_clearing::Clearing;
use heddle_clearing::ClearingGenesis;
use heddle_clearing::FeeRates;
use heddle_clearing::FundingParams;
use heddle_clearing::LiquidationParams;
use heddle_clearing::MarginTier;
use heddle_clearing::MarkParams;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::NewOrder;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::Breaker;
use heddle_exchange::Exchange;
use heddle_exchange::ExchangeCall;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::ExchangeGenesis;
use heddle_exchange::Market;
use heddle_exchange::MarketRules;
use heddle_executor::BlockOutcome;
use heddle_executor::testing::MemoryState;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::key;
use heddle_ledger::GenesisAsset;
use heddle_ledger::Ledger;
use heddle_ledger::LedgerGenesis;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_num::UnitValue;
use heddle_oracle::Feed;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Oracle;
use heddle_oracle::OracleGenesis;
use heddle_oracle::Post;
use heddle_oracle::PriceLimit;
use heddle_oracle::Publisher;
use heddle_oracle::QualityLimits;
use heddle_oracle::TickScale;
use heddle_oracle::publish_call;
use heddle_sdk::Programs;
use heddle_sdk::genesis_state;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::CheckedTransaction;
use heddle_types::Genesis;
use heddle_types::GenesisAccount;
use heddle_types::Millis;
use heddle_types::SecretKey;
use heddle_types::UnixMillis;

/// The price of every feed at first, in whole dollars, and of every market in ticks.
pub(crate) const PRICE: u32 = 1000;
/// One dollar.
pub(crate) const USD: u128 = 1_000_000;

/// Signing keys: 1 to 3 publish, 10 governs, 100 and on trade.
pub(crate) const PUBLISHERS: std::ops::RangeInclusive<u8> = 1..=3;
const AUTHORITY: u8 = 10;
const FIRST_TRADER: u8 = 100;

/// What a venue is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) traders: u8,
    pub(crate) markets: u16,
    /// Of each trader, in dollars.
    pub(crate) collateral: u128,
    /// What each trader has besides, in dollars.
    pub(crate) wallet: u128,
    /// In dollars.
    pub(crate) insurance: u128,
    /// By market.
    pub(crate) rules: fn(u16) -> MarketRules,
    /// By market.
    pub(crate) params: fn(u16) -> MarketParams,
}

/// Orders of a tick of a dollar and lots of one, 10 % band, no breaker, opening after a second.
pub(crate) const RULES: MarketRules = MarketRules {
    band: Ppm::new(100_000),
    breaker: None,
    opening: Millis::new(1_000),
    batch: None,
    lots_min: Lots::new(1),
    lots_max: Lots::new(1_000_000),
    notional_min: Quote::ZERO,
};

/// A breaker of 5 % in ten seconds.
pub(crate) const BREAKER: Breaker = Breaker {
    move_max: Ppm::new(50_000),
    window: Millis::new(10_000),
    auction: Millis::new(3_000),
};

impl Default for Setup {
    fn default() -> Self {
        Self {
            traders: 4,
            markets: 1,
            collateral: 1_000_000,
            wallet: 1_000_000,
            insurance: 0,
            rules: |_| RULES,
            params,
        }
    }
}

/// A venue.
pub(crate) struct Venue {
    pub(crate) chain: TestChain,
    pub(crate) setup: Setup,
}

impl Venue {
    /// One whose markets have opened.
    pub(crate) fn open(setup: Setup) -> Self {
        let mut venue = Self::new(setup);
        for _ in 0..3 {
            let prices = vec![PRICE; usize::from(setup.markets)];
            venue.run_at(&prices, &[]);
        }
        venue
    }

    /// One before its first block.
    pub(crate) fn new(setup: Setup) -> Self {
        let programs = Programs::new(vec![
            Box::new(Ledger),
            Box::new(Oracle),
            Box::new(Clearing),
            Box::new(Exchange),
        ]);
        let mut chain = TestChain::new(programs);
        let changes = genesis_state(&chain.programs, &genesis(&setup)).unwrap();
        let mut state = MemoryState::default();
        state.apply(&changes);
        chain.state = state;
        Self { chain, setup }
    }

    /// The account of trader `n`: they are numbered by their addresses.
    pub(crate) fn account(&self, n: u8) -> AccountId {
        let own = address(&trader(n));
        let before = (0..self.setup.traders).filter(|other| address(&trader(*other)) < own);
        AccountId::new(u32::try_from(before.count()).unwrap())
    }

    /// Runs a block in which all publishers post these prices, in dollars by market, before `transactions`.
    pub(crate) fn run_at(
        &mut self,
        prices: &[u32],
        transactions: &[Arc<CheckedTransaction>],
    ) -> BlockOutcome {
        let mut all: Vec<_> = PUBLISHERS.map(|n| self.posts(n, prices)).collect();
        all.extend(transactions.iter().cloned());
        self.run(&all)
    }

    /// Runs a block.
    pub(crate) fn run(&mut self, transactions: &[Arc<CheckedTransaction>]) -> BlockOutcome {
        self.chain.run(transactions)
    }

    /// What a publisher posts.
    pub(crate) fn posts(&self, publisher: u8, prices: &[u32]) -> Arc<CheckedTransaction> {
        let time = self.chain.block_info().time;
        let posts = prices.iter().zip(0..).map(|(price, feed)| FeedPost {
            feed: FeedId::new(feed),
            post: Post {
                price: i64::from(*price) * 100,
                confidence: u64::from(*price / 100),
                time,
            },
        });
        self.chain.transaction(&key(publisher), vec![publish_call(posts.collect())])
    }

    /// A batch of trader `n`, each action for itself.
    pub(crate) fn batch(
        &self,
        n: u8,
        market: u16,
        actions: Vec<Action>,
    ) -> Arc<CheckedTransaction> {
        self.chain.transaction(&trader(n), vec![self.batch_call(n, market, actions)])
    }

    pub(crate) fn batch_call(&self, n: u8, market: u16, actions: Vec<Action>) -> Call {
        let batch = Batch {
            account: self.account(n),
            role: Role::Owner,
            market: MarketId::new(market),
            mode: BatchMode::EachAlone,
            actions,
        };
        ExchangeCall::Orders(batch).to_call()
    }

    /// A call of the authority.
    pub(crate) fn govern(&self, call: Call) -> Arc<CheckedTransaction> {
        self.chain.transaction(&key(AUTHORITY), vec![call])
    }
}

/// The key of trader `n`.
pub(crate) fn trader(n: u8) -> SecretKey {
    key(FIRST_TRADER + n)
}

pub(crate) fn limit(side: Side, price: u32, lots: u64) -> NewOrder {
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

pub(crate) fn buy(price: u32, lots: u64) -> Action {
    Action::Place(limit(Side::Buy, price, lots))
}

pub(crate) fn sell(price: u32, lots: u64) -> Action {
    Action::Place(limit(Side::Sell, price, lots))
}

/// The exchange's events of a block, those of its transactions first.
pub(crate) fn exchange_events(outcome: &BlockOutcome) -> Vec<ExchangeEvent> {
    let of_receipts = outcome.receipts.iter().flat_map(|receipt| receipt.events.iter());
    let all = of_receipts.chain(&outcome.phase_events);
    let own = all.filter(|event| event.program == heddle_types::ProgramId::EXCHANGE);
    own.map(|event| ExchangeEvent::decode(event.kind, event.data.as_ref()).unwrap()).collect()
}

fn genesis(setup: &Setup) -> Genesis {
    let traders = accounts((0..setup.traders).map(trader), setup.collateral * USD);
    let sections = vec![
        ledger(setup).to_section(),
        oracle(setup).to_section(),
        ClearingGenesis {
            authority: address(&key(AUTHORITY)),
            asset: usd(),
            fee_volumes: [Quote::ZERO; 4],
            markets: (0..setup.markets).map(setup.params).collect(),
            accounts: traders,
            insurance: Amount::new(setup.insurance * USD).unwrap(),
        }
        .to_section(),
        ExchangeGenesis {
            authority: address(&key(AUTHORITY)),
            markets: (0..setup.markets).map(|n| listing(n, (setup.rules)(n))).collect(),
        }
        .to_section(),
    ];
    let all = PUBLISHERS.chain([AUTHORITY]).map(key).chain((0..setup.traders).map(trader));
    Genesis {
        version: Genesis::VERSION,
        time: UnixMillis::new(0),
        dev: true,
        validators: Vec::new(),
        possessions: Vec::new(),
        accounts: accounts(all, 1_000_000_000_000_000),
        faucet: None,
        sections,
    }
}

fn accounts(keys: impl Iterator<Item = SecretKey>, units: u128) -> Vec<GenesisAccount> {
    let amount = Amount::new(units).unwrap();
    let mut all: Vec<_> =
        keys.map(|key| GenesisAccount { address: address(&key), amount }).collect();
    all.sort_by_key(|account| account.address);
    all
}

pub(crate) fn usd() -> AssetId {
    "USD".parse().unwrap()
}

fn ledger(setup: &Setup) -> LedgerGenesis {
    let vault = (u128::from(setup.traders) * setup.collateral + setup.insurance) * USD;
    let mut balances = accounts((0..setup.traders).map(trader), setup.wallet * USD);
    balances.push(GenesisAccount {
        address: heddle_clearing::vault(),
        amount: Amount::new(vault).unwrap(),
    });
    balances.sort_by_key(|account| account.address);
    LedgerGenesis {
        assets: vec![GenesisAsset { asset: usd(), decimals: 6, authority: None, balances }],
    }
}

/// Feeds in cents, posts good for five seconds.
fn oracle(setup: &Setup) -> OracleGenesis {
    let publishers = PUBLISHERS.map(|n| Publisher { address: address(&key(n)), weight: 1 });
    let mut publishers: Vec<_> = publishers.collect();
    publishers.sort_by_key(|publisher| publisher.address);
    let feed = |n: u16| Feed {
        name: format!("FEED{n}/USD"),
        exponent: -2,
        age_max: Millis::new(5_000),
        confidence_max: Ppm::new(20_000),
        twap_window: Millis::new(60_000),
        publishers: publishers.clone(),
    };
    OracleGenesis {
        authority: address(&key(AUTHORITY)),
        feeds: (0..setup.markets).map(feed).collect(),
    }
}

fn listing(n: u16, rules: MarketRules) -> Market {
    let name = format!("M{n}-PERP").parse().unwrap();
    Market { name, price_decimals: 0, size_decimals: 0, rules }
}

/// A tick is a dollar, a lot is one thing: 10 % and 5 % up to 100,000 dollars, 20 % and 10 % above.
pub(crate) fn params(market: u16) -> MarketParams {
    let tier = |notional_max: i128, initial: i32, maintenance: i32| MarginTier {
        notional_max: Quote::new(notional_max),
        initial: Ppm::new(initial),
        maintenance: Ppm::new(maintenance),
    };
    let limit = |seconds: u64, confidence: i32| PriceLimit {
        age_max: Millis::new(seconds * 1000),
        confidence_max: Ppm::new(confidence),
    };
    let above = tier(i128::MAX, 200_000, 100_000);
    MarketParams {
        market: MarketId::new(market),
        unit: UnitValue::new(1_000_000),
        feed: FeedId::new(market),
        tick: TickScale { tick: 1, exponent: 0 },
        tiers: [tier(100_000_000_000, 100_000, 50_000), above, above, above],
        fees: [FeeRates { taker: Ppm::new(450), maker: Ppm::new(-100) }; 4],
        open_interest_max: Lots::new(1 << 40),
        position_max: Lots::new(1 << 30),
        mark: MarkParams {
            basis_time: Millis::new(30_000),
            spread_max: Ppm::new(20_000),
            basis_max: Ppm::new(20_000),
        },
        funding: FundingParams {
            interest: Ppm::new(100),
            clamp_factor: 6_000_000,
            sample_every: Millis::new(1_000),
            pay_every: Millis::new(60_000),
        },
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::new(5_000_000_000),
            fee_max: Ppm::new(5_000),
            bankruptcy_adjustment: Ppm::new(1_000_000),
            spread_to_maintenance: Ppm::new(100_000),
        },
        quality: QualityLimits {
            liquidate: limit(4, 5_000),
            increase: limit(6, 10_000),
            reduce: limit(30, 50_000),
        },
    }
}

//! A chain of accounts that are liquidated by clearing, where prices and what books bid and ask are what the test says.

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::AccountStatus;
use heddle_clearing::BookSummary;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingEvent;
use heddle_clearing::Count;
use heddle_clearing::Exposure;
use heddle_clearing::FundingParams;
use heddle_clearing::Lane;
use heddle_clearing::MarkParams;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::MarketState;
use heddle_clearing::MarketStatus;
use heddle_clearing::NewOrder;
use heddle_clearing::OpenOrders;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::Side;
use heddle_clearing::Venue;
use heddle_clearing::account_key;
use heddle_clearing::backstop::Backstops;
use heddle_clearing::backstops_key;
use heddle_clearing::book_summary_key;
use heddle_clearing::index::LiquidationIndex;
use heddle_clearing::liquidation;
use heddle_clearing::liquidation::BadDebt;
use heddle_clearing::liquidation::Exchange;
use heddle_clearing::liquidation::Health;
use heddle_clearing::liquidation::Rung;
use heddle_clearing::liquidation::Touched;
use heddle_clearing::liquidation::Which;
use heddle_clearing::market_state_key;
use heddle_clearing::orders_key;
use heddle_clearing::params_key;
use heddle_clearing::risk_table_key;
use heddle_clearing::vault;
use heddle_clearing::venue_key;
use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::address;
use heddle_executor::testing::header;
use heddle_executor::testing::key;
use heddle_ledger::Ledger;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_oracle::FeedId;
use heddle_oracle::PriceLimit;
use heddle_oracle::Quality;
use heddle_oracle::QualityLimits;
use heddle_oracle::Snapshot;
use heddle_oracle::TickScale;
use heddle_oracle::snapshot_key;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::decode_number;
use heddle_sdk::encode_number;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Canonical;
use heddle_types::Entry;
use heddle_types::Height;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::liquidation_programs::Books;
use crate::liquidation_programs::Scripted;
use crate::liquidation_programs::book_key;
use crate::liquidation_programs::touched_key;
use crate::world::order;
use crate::world::row;
use crate::world::tier;

/// Who is on the other side of whatever nobody else is, and of the book: it never runs out of money.
pub(crate) const MAKER: AccountId = AccountId::new(0);
const MAKER_CASH: i128 = 1 << 80;

/// What the book bids and asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Book {
    pub(crate) bid: (u32, u64),
    pub(crate) ask: (u32, u64),
}

impl Book {
    pub(crate) const EMPTY: Self = Self { bid: (0, 0), ask: (0, 0) };
}

/// What the oracle says of a market in the next block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    pub(crate) mark: u32,
    pub(crate) age_ms: u64,
    pub(crate) confidence: u64,
}

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) prices: Vec<Price>,
    books: Vec<Book>,
    touched: Vec<Touched>,
    /// Whether each block is executed in all ways, not only one after the other.
    pub(crate) is_thorough: bool,
}

impl World {
    /// Markets at 1000, where nobody has traded yet.
    pub(crate) fn new(markets: u16) -> Self {
        let programs: Vec<Box<dyn Program>> =
            vec![Box::new(Ledger), Box::new(Scripted), Box::new(Books)];
        let mut world = Self {
            chain: TestChain::new(Programs::new(programs)),
            prices: vec![Price { mark: 1_000, age_ms: 0, confidence: 0 }; usize::from(markets)],
            books: vec![Book::EMPTY; usize::from(markets)],
            touched: Vec::new(),
            is_thorough: true,
        };
        world.chain.height = Height::new(1_000);
        let asset = AssetId::HDL;
        let (authority, fee_volumes) = (Address([9; 32]), [Quote::ZERO; 4]);
        let venue = Venue { authority, asset, fee_volumes, markets };
        world.put(venue_key(), &encode(&venue));
        for market in (0..markets).map(MarketId::new) {
            world.put(params_key(market), &encode(&params(market)));
            world.put(market_state_key(market), &encode(&MarketState::NEW));
        }
        world.open(MAKER.get(), MAKER_CASH);
        world.block();
        world
    }

    /// A new account.
    pub(crate) fn open(&mut self, id: u32, cash: i128) {
        let mut account = Account::new(AccountId::new(id), address(&key(1)), 0);
        account.cash = Quote::new(cash);
        self.write_account(&account);
        self.add(Lane::Accounts.key(), cash);
        self.add(Lane::Vault.key(), cash);
    }

    /// `id` takes `lots` from another account, at what the price will be.
    pub(crate) fn trade(&mut self, market: u16, (id, from): (u32, u32), lots: i64) {
        let row = self.risk().row(MarketId::new(market)).unwrap();
        let mark = Ticks::new(self.prices[usize::from(market)].mark);
        let lots = SignedLots::new(lots);
        let exchange = Exchange { lots, paid: lots.value(mark, row.unit) };
        for (id, exchange) in [(id, exchange), (from, exchange.opposite().unwrap())] {
            let mut account = self.account(id);
            let before = account.net().unwrap().get();
            let settled = account.exchange(&row, &exchange).unwrap();
            self.add(Lane::Funding(row.market).key(), settled.funding.get());
            self.add(Lane::SharedLoss(row.market).key(), settled.loss.get());
            self.add(Lane::Accounts.key(), account.net().unwrap().get() - before);
            self.write_account(&account);
            self.touched.push(Touched { account: account.id, market: Some(row.market) });
        }
    }

    pub(crate) fn volunteer(&mut self, id: u32) {
        let mut account = self.account(id);
        account.is_backstop = true;
        self.write_account(&account);
        let mut volunteers = Backstops::default();
        volunteers.enter(AccountId::new(id)).unwrap();
        self.put(backstops_key(), &encode(&volunteers));
    }

    pub(crate) fn insure(&mut self, amount: i128) {
        self.add(Lane::Insurance.key(), amount);
        self.add(Lane::Vault.key(), amount);
    }

    pub(crate) fn mark(&mut self, market: u16, mark: u32) {
        self.prices[usize::from(market)].mark = mark;
    }

    /// Maintenance margin of this rate for every notional.
    pub(crate) fn ask_for(&mut self, market: u16, maintenance: i32) {
        let key = params_key(MarketId::new(market));
        let mut params: MarketParams = self.read(&key).unwrap();
        params.tiers = [tier(i128::MAX, maintenance, maintenance); 4];
        self.put(key, &encode(&params));
    }

    /// Funding of so much a lot, times 2^32.
    pub(crate) fn fund(&mut self, market: u16, rise: i128) {
        let key = market_state_key(MarketId::new(market));
        let mut state: MarketState = self.read(&key).unwrap();
        state.funding += rise;
        self.put(key, &encode(&state));
    }

    /// What the maker bids and asks in each block from the next one on.
    pub(crate) fn book(&mut self, market: u16, book: Book) {
        self.books[usize::from(market)] = book;
    }

    fn quote(&mut self, market: u16, book: Book) {
        let (id, risk) = (MarketId::new(market), self.risk());
        let row = risk.row(id).unwrap();
        let mut maker = self.account(MAKER.get());
        let mut orders: OpenOrders = self.read(&orders_key(MAKER, id)).unwrap_or_default();
        maker.take_away(&mut orders, &row, Which::All).unwrap();
        for (side, (price, lots)) in [(Side::Buy, book.bid), (Side::Sell, book.ask)] {
            if lots > 0 {
                maker.place(&mut orders, &risk, id, &order(side, price, lots)).unwrap();
            }
        }
        let rests = |side: Side| {
            let resting = orders.as_slice().iter().find(|order| order.side == side);
            resting.map_or((0, 0, 0), |order| (order.price.get(), order.lots.get(), order.number))
        };
        let book = [rests(Side::Buy), rests(Side::Sell)];
        self.put(book_key(id), &borsh::to_vec(&book).unwrap());
        self.put(orders_key(MAKER, id), &encode(&orders));
        self.write_account(&maker);
    }

    /// `id` rests an order; no book hears of it.
    pub(crate) fn rest(&mut self, market: u16, id: u32, new: &NewOrder) {
        let market = MarketId::new(market);
        let (mut account, risk) = (self.account(id), self.risk());
        let mut orders = self.orders(id, market);
        account.place(&mut orders, &risk, market, new).unwrap();
        self.put(orders_key(account.id, market), &encode(&orders));
        self.write_account(&account);
    }

    /// Has `id` looked at in the next block.
    pub(crate) fn look_at(&mut self, id: u32) {
        self.touched.push(Touched::account(AccountId::new(id)));
    }

    /// The open orders of `id`.
    pub(crate) fn orders(&self, id: u32, market: MarketId) -> OpenOrders {
        self.read(&orders_key(AccountId::new(id), market)).unwrap_or_default()
    }

    /// What the exchange says that a market takes.
    pub(crate) fn take(&mut self, market: u16, status: MarketStatus) {
        let open_interest = Lots::ZERO;
        let summary = BookSummary { bid: None, ask: None, last: None, open_interest, status };
        self.put(book_summary_key(MarketId::new(market)), &encode(&summary));
    }

    pub(crate) fn freeze(&mut self, id: u32) {
        let mut account = self.account(id);
        account.status = AccountStatus::Frozen;
        self.write_account(&account);
    }

    /// A block in which `id` withdraws collateral.
    pub(crate) fn withdraw(&mut self, id: u32, amount: u64) {
        let (account, amount) = (AccountId::new(id), Amount::from_units(amount));
        let call = ClearingCall::Withdraw { account, asset: AssetId::HDL, amount };
        let call = Call { program: ProgramId::CLEARING, data: encode(&call).into() };
        self.chain.fund(&key(1), 1_000_000_000);
        let held = native::encode_amount(Amount::from_units(1_000_000_000));
        self.put(native::native_balance_key(&vault()), &held);
        let transaction = self.chain.transaction(&key(1), vec![call]);
        let outcome = self.chain.run(&[transaction]);
        assert_eq!(outcome.receipts[0].outcome, heddle_types::Outcome::Ok);
        self.check();
    }

    /// A block at the prices that are said, after which everything must add up.
    pub(crate) fn block(&mut self) {
        let now = header(self.chain.height).time.get();
        for (feed, price) in (0..).zip(self.prices.clone()) {
            let snapshot = Snapshot {
                price: price.mark.into(),
                confidence: price.confidence,
                exponent: 0,
                time: UnixMillis::new(now.saturating_sub(price.age_ms)),
                publishers: 1,
                twap: price.mark.into(),
            };
            self.put(snapshot_key(FeedId::new(feed)), &encode(&snapshot));
        }
        for (market, book) in (0..).zip(self.books.clone()) {
            if book != Book::EMPTY {
                self.quote(market, book);
            }
        }
        let touched = std::mem::take(&mut self.touched);
        for (page, touched) in (0..).zip(touched.chunks(2_000)) {
            self.put(touched_key(page), &borsh::to_vec(touched).unwrap());
        }
        self.execute();
        self.check();
    }

    fn execute(&mut self) {
        let events = if self.is_thorough {
            self.chain.run(&[]).phase_events
        } else {
            let header = header(self.chain.height);
            let block = BlockInput { header: &header, transactions: &[] };
            let chain = &mut self.chain;
            let outcome = Sequential::default().execute(&chain.programs, &chain.state, &block);
            chain.state.apply(&outcome.changes);
            chain.height = chain.height.next();
            outcome.phase_events
        };
        let bad = events.iter().filter_map(|event| ClearingEvent::decode(event.kind, &event.data));
        let bad = bad.filter(|event| {
            matches!(
                event,
                ClearingEvent::Imbalance(_)
                    | ClearingEvent::AccountFrozen(_)
                    | ClearingEvent::MarketFrozen(_)
            )
        });
        assert_eq!(bad.collect::<Vec<_>>(), []);
    }

    /// Blocks until nobody is to be acted on; how many.
    pub(crate) fn settle_down(&mut self, blocks_max: usize) -> usize {
        (1..=blocks_max)
            .find(|_| {
                self.block();
                self.queue().is_empty()
            })
            .expect("liquidation comes to an end")
    }

    /// What must be true after every block.
    fn check(&self) {
        let count = Count::of(&self.chain.state.0).unwrap();
        assert_eq!(count.imbalance(), 0, "money is conserved");
        assert!(count.lots.values().all(|lots| *lots == 0), "lots sum to zero");
        let parts = [BadDebt::Insurance, BadDebt::Deleveraged, BadDebt::Shared];
        let paid: i128 = parts.into_iter().map(|by| self.bad_debt(by)).sum();
        assert_eq!(self.bad_debt(BadDebt::Settled), paid, "bad debt is paid exactly");
        let (risk, accounts) = (self.risk(), self.accounts());
        for row in risk.rows() {
            self.check_market(&row, &accounts);
        }
        self.check_queue(&risk, &accounts);
    }

    fn check_market(&self, row: &RiskRow, accounts: &[Account]) {
        let held = |account: &Account| account.exposure(row.market).copied();
        self.check_shared_loss(row, accounts);
        let index = self.index(row.market);
        let mut positions = 0;
        for account in accounts {
            let position = held(account).filter(|exposure| !exposure.lots.is_zero());
            let watched = index.watched(account.id);
            let known = position.map(|exposure: Exposure| (exposure.lots, exposure.entry));
            assert_eq!(watched.map(|watched| (watched.lots, watched.entry)), known);
            positions += usize::from(position.is_some());
        }
        assert_eq!(index.len(), positions);
    }

    /// What was shared has been paid, or will be as soon as accounts pay what is due.
    fn check_shared_loss(&self, row: &RiskRow, accounts: &[Account]) {
        let state: MarketState = self.read(&market_state_key(row.market)).unwrap();
        let row = RiskRow { loss: state.loss, ..*row };
        let exposures = accounts.iter().filter_map(|account| account.exposure(row.market));
        let due: i128 = exposures.map(|exposure| exposure.loss_due(&row).unwrap().get()).sum();
        let pool = self.number(Lane::SharedLoss(row.market).key());
        assert!(pool + due >= 0, "{pool} and {due} to come");
    }

    /// Nobody who has lost its margin is forgotten.
    fn check_queue(&self, risk: &RiskTable, accounts: &[Account]) {
        let queue = self.queue();
        let is_full = queue.len() >= 1024;
        for account in accounts {
            let markets =
                account.exposures.iter().map(|exposure| risk.row(exposure.market).unwrap());
            let may_be = markets
                .into_iter()
                .all(|row| row.takes_reduce() && row.quality.has(Quality::LIQUIDATE));
            let is_queued = queue.contains_key(&account.id);
            let may_be = may_be && account.status == AccountStatus::Active;
            if may_be && health(account, risk).rung() != Rung::Sound {
                assert!(
                    is_queued || is_full,
                    "{} is forgotten: {:?}",
                    account.id,
                    health(account, risk)
                );
            }
        }
    }

    pub(crate) fn risk(&self) -> RiskTable {
        RiskTable::from_value(self.chain.state.0[&risk_table_key()].value.clone()).unwrap()
    }

    pub(crate) fn accounts(&self) -> Vec<Account> {
        let state = &self.chain.state.0;
        let keys = state.iter().filter(|(key, _)| {
            key.program() == ProgramId::CLEARING && key.bytes().first() == Some(&b'a')
        });
        keys.map(|(_, entry)| decode_exact(entry.value.as_bytes()).unwrap()).collect()
    }

    pub(crate) fn account(&self, id: u32) -> Account {
        let entry = &self.chain.state.0[&account_key(AccountId::new(id))];
        decode_exact(entry.value.as_bytes()).unwrap()
    }

    pub(crate) fn health(&self, id: u32) -> Health {
        health(&self.account(id), &self.risk())
    }

    pub(crate) fn position(&self, id: u32, market: u16) -> i64 {
        let account = self.account(id);
        account.exposure(MarketId::new(market)).map_or(0, |exposure| exposure.lots.get())
    }

    pub(crate) fn bad_debt(&self, by: BadDebt) -> i128 {
        self.number(by.key())
    }

    pub(crate) fn number(&self, key: StateKey) -> i128 {
        let entry = self.chain.state.0.get(&key);
        entry.map_or(0, |entry| decode_number(entry.value.as_bytes()).unwrap())
    }

    /// Who is acted on in the next block, and what insurance pays.
    pub(crate) fn queue(&self) -> BTreeMap<AccountId, i128> {
        let pages =
            (0..8_u8).filter_map(|page| self.chain.state.0.get(&clearing_key(&[b"Lq", &[page]])));
        let entries = pages.flat_map(|entry| {
            let (_, entries): (u64, Vec<(u32, i128)>) =
                borsh::from_slice(entry.value.as_bytes()).unwrap();
            entries
        });
        entries.map(|(account, insurance)| (AccountId::new(account), insurance)).collect()
    }

    fn index(&self, market: MarketId) -> LiquidationIndex {
        let key = liquidation::index_of(market);
        let state = &self.chain.state.0;
        LiquidationIndex::load(&mut |suffix| {
            state.get(&key.part(suffix)?).map(|entry| entry.value.clone())
        })
        .unwrap()
    }

    fn write_account(&mut self, account: &Account) {
        self.put(account_key(account.id), &encode(account));
    }

    fn read<T: Canonical>(&self, key: &StateKey) -> Option<T> {
        let entry = self.chain.state.0.get(key)?;
        Some(decode_exact(entry.value.as_bytes()).unwrap())
    }

    fn add(&mut self, key: StateKey, amount: i128) {
        let sum = self.number(key) + amount;
        self.put(key, &encode_number(sum));
    }

    fn put(&mut self, key: StateKey, value: &[u8]) {
        self.chain.state.0.insert(key, Entry { deposit: None, value: Value::new(value) });
    }
}

fn health(account: &Account, risk: &RiskTable) -> Health {
    let margin = account.margin(risk).unwrap();
    Health { equity: margin.equity, maintenance: margin.maintenance }
}

fn clearing_key(parts: &[&[u8]]) -> StateKey {
    StateKey::new(ProgramId::CLEARING, parts).unwrap()
}

fn params(market: MarketId) -> MarketParams {
    let row = row(market.get());
    let limit = |age_ms, confidence| PriceLimit {
        age_max: Millis::new(age_ms),
        confidence_max: Ppm::new(confidence),
    };
    MarketParams {
        market,
        unit: row.unit,
        feed: FeedId::new(market.get()),
        tick: TickScale { tick: 1, exponent: 0 },
        tiers: row.tiers,
        fees: row.fees,
        open_interest_max: row.open_interest_max,
        position_max: row.position_max,
        mark: MarkParams {
            basis_time: Millis::new(10_000),
            spread_max: Ppm::new(10_000),
            basis_max: Ppm::new(10_000),
        },
        funding: FundingParams {
            interest: Ppm::ZERO,
            clamp_factor: 0,
            sample_every: Millis::new(60_000),
            pay_every: Millis::new(3_600_000),
        },
        liquidation: row.liquidation,
        quality: QualityLimits {
            liquidate: limit(5_000, 5_000),
            increase: limit(15_000, 10_000),
            reduce: limit(60_000, 50_000),
        },
    }
}

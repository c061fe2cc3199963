//! A chain of accounts that are liquidated, with as much of a clearing program and of an exchange around as that takes: prices and what the book
//! bids and asks are what the test says.

use std::collections::BTreeMap;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::Exposure;
use heddle_clearing::Instruction;
use heddle_clearing::Instructions;
use heddle_clearing::Lane;
use heddle_clearing::MarketId;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Outcomes;
use heddle_clearing::Place;
use heddle_clearing::RiskRow;
use heddle_clearing::RiskTable;
use heddle_clearing::Settled;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_clearing::account_key;
use heddle_clearing::index::LiquidationIndex;
use heddle_clearing::liquidation;
use heddle_clearing::liquidation::BadDebt;
use heddle_clearing::liquidation::Exchange;
use heddle_clearing::liquidation::Health;
use heddle_clearing::liquidation::Rung;
use heddle_clearing::liquidation::Touched;
use heddle_clearing::market_inbox;
use heddle_clearing::orders_key;
use heddle_clearing::outcome_inbox;
use heddle_clearing::risk_table_key;
use heddle_executor::BlockInput;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_executor::testing::TestChain;
use heddle_executor::testing::header;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::Rounding;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Programs;
use heddle_sdk::Resident;
use heddle_sdk::WorkItem;
use heddle_sdk::decode_number;
use heddle_sdk::encode_number;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Entry;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::world::row;

/// Who is on the other side of whatever nobody else is, and of the book: it never runs out of money.
pub(crate) const MAKER: AccountId = AccountId::new(0);
const MAKER_CASH: i128 = 1 << 80;

/// What the book bids and asks in every block.
#[derive(Clone, Copy, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Book {
    pub(crate) bid: (u32, u64),
    pub(crate) ask: (u32, u64),
}

impl Book {
    pub(crate) const EMPTY: Self = Self { bid: (0, 0), ask: (0, 0) };
}

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) rows: Vec<RiskRow>,
    books: Vec<Book>,
    /// What all money adds up to.
    total: i128,
    touched: Vec<(u32, u16)>,
    /// Whether each block is executed in all ways, not only one after the other.
    pub(crate) is_thorough: bool,
}

impl World {
    pub(crate) fn new(markets: u16) -> Self {
        let programs = Programs::new(vec![Box::new(Clearing), Box::new(Exchange2)]);
        let mut world = Self {
            chain: TestChain::new(programs),
            rows: (0..markets).map(row).collect(),
            books: vec![Book::EMPTY; usize::from(markets)],
            total: 0,
            touched: Vec::new(),
            is_thorough: true,
        };
        world.open(MAKER.get(), MAKER_CASH);
        let table = RiskTable::new(&[Quote::ZERO; 4], &world.rows);
        world.put(risk_table_key(), table.value().as_bytes());
        world
    }

    /// A new account.
    pub(crate) fn open(&mut self, id: u32, cash: i128) {
        let mut account = Account::new(AccountId::new(id), Address([1; 32]), 0);
        account.cash = Quote::new(cash);
        self.write_account(&account);
        self.pay_in(cash);
        self.add(Lane::Accounts.key(), cash);
    }

    /// `id` takes `lots` at the mark from the maker, or from another account.
    pub(crate) fn trade(&mut self, market: u16, (id, from): (u32, u32), lots: i64) {
        let row = self.rows[usize::from(market)];
        let lots = SignedLots::new(lots);
        let exchange = Exchange { lots, paid: lots.value(row.mark, row.unit) };
        for (id, exchange) in [(id, exchange), (from, exchange.opposite().unwrap())] {
            let mut account = self.account(id);
            let settled = account.exchange(&row, &exchange).unwrap();
            self.add(Lane::Funding(row.market).key(), settled.funding.get());
            self.add(Lane::SharedLoss(row.market).key(), settled.loss.get());
            let dues = settled.funding.get() + settled.loss.get();
            self.add(Lane::Accounts.key(), -dues);
            self.write_account(&account);
            self.touched.push((id, market));
        }
        // Either side's payment is the other's: sums stay.
    }

    pub(crate) fn volunteer(&mut self, id: u32) {
        let mut account = self.account(id);
        account.is_backstop = true;
        self.write_account(&account);
        let mut volunteers = heddle_clearing::backstop::Backstops::default();
        volunteers.enter(AccountId::new(id)).unwrap();
        self.put(liquidation::volunteers_key(), &encode(&volunteers));
    }

    pub(crate) fn insure(&mut self, amount: i128) {
        self.pay_in(amount);
        self.add(Lane::Insurance.key(), amount);
    }

    pub(crate) fn mark(&mut self, market: u16, mark: u32) {
        self.rows[usize::from(market)].mark = Ticks::new(mark);
    }

    pub(crate) fn book(&mut self, market: u16, book: Book) {
        self.books[usize::from(market)] = book;
    }

    /// A block at the marks and books that are said, after which everything must add up.
    pub(crate) fn block(&mut self) {
        let table = RiskTable::new(&[Quote::ZERO; 4], &self.rows);
        self.put(next_table_key(), table.value().as_bytes());
        for (market, book) in (0..).zip(self.books.clone()) {
            self.put(book_key(MarketId::new(market)), &borsh::to_vec(&book).unwrap());
        }
        let touched = std::mem::take(&mut self.touched);
        for (page, accounts) in (0..).zip(touched.chunks(2500)) {
            self.put(touched_key(page), &borsh::to_vec(accounts).unwrap());
        }
        self.execute();
        self.check();
    }

    fn execute(&mut self) {
        if self.is_thorough {
            self.chain.run(&[]);
            return;
        }
        let header = header(self.chain.height);
        let block = BlockInput { header: &header, transactions: &[] };
        let chain = &mut self.chain;
        let outcome = Sequential::default().execute(&chain.programs, &chain.state, &block);
        chain.state.apply(&outcome.changes);
        chain.height = chain.height.next();
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
        let risk = self.risk();
        let accounts = self.accounts();
        let holdings: i128 = accounts.iter().map(|account| account.holdings().unwrap().get()).sum();
        assert_eq!(self.number(Lane::Accounts.key()), holdings, "the sum over accounts is kept");
        let pools: i128 = risk
            .rows()
            .map(|row| {
                self.number(Lane::Funding(row.market).key())
                    + self.number(Lane::SharedLoss(row.market).key())
            })
            .sum();
        let house = self.number(Lane::Insurance.key()) + self.number(Lane::Fees.key());
        assert_eq!(holdings + pools + house, self.total, "money is conserved");
        let parts =
            [BadDebt::Insurance, BadDebt::Deleveraged, BadDebt::Shared].map(|by| self.bad_debt(by));
        assert_eq!(self.bad_debt(BadDebt::Settled), parts.iter().sum(), "bad debt is paid exactly");
        for row in risk.rows() {
            self.check_market(&row, &accounts);
        }
        self.check_queue(&risk, &accounts);
    }

    fn check_market(&self, row: &RiskRow, accounts: &[Account]) {
        let held = |account: &Account| account.exposure(row.market).copied();
        let lots: i64 = accounts.iter().filter_map(held).map(|exposure| exposure.lots.get()).sum();
        assert_eq!(lots, 0, "lots sum to zero");
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
        let loss = self.number(liquidation::loss_index_key(row.market));
        let row = RiskRow { loss, ..*row };
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

    fn pay_in(&mut self, amount: i128) {
        self.total += amount;
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

fn next_table_key() -> StateKey {
    clearing_key(&[b"Xt"])
}

fn touched_key(page: u8) -> StateKey {
    clearing_key(&[b"Xn", &[page]])
}

fn book_key(market: MarketId) -> StateKey {
    StateKey::new(ProgramId::EXCHANGE, &[b"Xb", &market.get().to_be_bytes()]).unwrap()
}

/// Marks that the test says, settlement, and liquidation.
struct Clearing;

/// What one account is settled for in one market.
#[derive(BorshSerialize, BorshDeserialize)]
struct Settlement {
    account: AccountId,
    market: MarketId,
    outcomes: Vec<Outcome>,
}

impl Program for Clearing {
    fn id(&self) -> ProgramId {
        ProgramId::CLEARING
    }

    fn name(&self) -> &'static str {
        "clearing"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn error(&self, _: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Begin, Phase::Settle, Phase::Risk, Phase::Fold]
    }

    fn plan_phase(&self, phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        match phase {
            Phase::Begin => {
                let mut items = liquidation::plan_begin(view);
                items.push(plan_marks(view));
                items.extend(liquidation::plan_find(view));
                items
            }
            Phase::Settle => plan_settlements(view),
            Phase::Risk => liquidation::plan_risk(view),
            Phase::Fold => liquidation::plan_fold(view),
            Phase::Transactions | Phase::Match => Vec::new(),
        }
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        if let Some(done) = liquidation::run(ctx) {
            return done;
        }
        match ctx.phase() {
            Phase::Begin => take_marks(ctx),
            Phase::Settle => settle(ctx),
            _ => panic!("no such item"),
        }
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        panic!("an item failed: {ctx:?}");
    }

    fn load_resident(
        &self,
        _: &[u8],
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        Ok(Box::new(LiquidationIndex::load(read).unwrap()))
    }
}

fn plan_marks(view: &PhaseView<'_>) -> WorkItem {
    let risk = RiskTable::from_value(view.read(&next_table_key()).unwrap()).unwrap();
    let pages = (0..16).map(touched_key);
    let item = WorkItem::new(b"marks".to_vec())
        .with(next_table_key(), AccessMode::Read)
        .with(liquidation::touched_inbox(), AccessMode::Append)
        .with(risk_table_key(), AccessMode::Write);
    let item = pages.fold(item, |item, key| item.with(key, AccessMode::Write));
    let indices = risk.rows().map(|row| liquidation::loss_index_key(row.market));
    indices.fold(item, |item, key| item.with(key, AccessMode::Read))
}

fn take_marks(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let risk = RiskTable::from_value(ctx.read(&next_table_key())?.unwrap()).unwrap();
    let mut rows: Vec<_> = risk.rows().collect();
    for row in &mut rows {
        let index = ctx.read(&liquidation::loss_index_key(row.market))?;
        row.loss = index.map_or(0, |index| decode_number(index.as_bytes()).unwrap());
    }
    let table = RiskTable::new(&[Quote::ZERO; 4], &rows);
    ctx.write(&risk_table_key(), table.value().clone())?;
    for key in (0..16).map(touched_key) {
        let Some(page) = ctx.read(&key)? else { break };
        let touched: Vec<(u32, u16)> = borsh::from_slice(page.as_bytes()).unwrap();
        let touched = touched.into_iter().map(|(account, market)| Touched {
            account: AccountId::new(account),
            market: Some(MarketId::new(market)),
        });
        liquidation::touch(ctx, &touched.collect::<Vec<_>>())?;
        ctx.delete(&key)?;
    }
    Ok(())
}

fn plan_settlements(view: &PhaseView<'_>) -> Vec<WorkItem> {
    let risk = RiskTable::from_value(view.read(&risk_table_key()).unwrap()).unwrap();
    let mut all: BTreeMap<(AccountId, MarketId), Vec<Outcome>> = BTreeMap::new();
    for market in risk.rows().map(|row| row.market) {
        let entries = view.inboxes().filter(|(key, _)| **key == outcome_inbox(market));
        for entry in entries.flat_map(|(_, entries)| entries) {
            let Outcomes(outcomes) = decode_exact(&entry.data).unwrap();
            for outcome in outcomes {
                let accounts = match outcome {
                    Outcome::Trade(trade) => vec![trade.taker.account, trade.maker.account],
                    Outcome::Closed(closed) => vec![closed.id.account],
                    Outcome::Decremented(..) => vec![],
                };
                for account in accounts {
                    all.entry((account, market)).or_default().push(outcome);
                }
            }
        }
    }
    all.into_iter().map(plan_settlement).collect()
}

fn plan_settlement(
    ((account, market), outcomes): ((AccountId, MarketId), Vec<Outcome>),
) -> WorkItem {
    let lanes = [
        Lane::Accounts,
        Lane::Fees,
        Lane::Insurance,
        Lane::Funding(market),
        Lane::SharedLoss(market),
    ];
    let item = borsh::to_vec(&Settlement { account, market, outcomes }).unwrap();
    let item = WorkItem::new([b"S".as_slice(), &item].concat())
        .with(risk_table_key(), AccessMode::Read)
        .with(account_key(account), AccessMode::Write)
        .with(orders_key(account, market), AccessMode::Write)
        .with(liquidation::touched_inbox(), AccessMode::Append);
    lanes.into_iter().fold(item, |item, lane| item.with(lane.key(), AccessMode::Add))
}

fn settle(ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
    let Settlement { account: id, market, outcomes } = borsh::from_slice(&ctx.item()[1..]).unwrap();
    let risk = RiskTable::from_value(ctx.read(&risk_table_key())?.unwrap()).unwrap();
    let row = risk.row(market).unwrap();
    let mut account: Account =
        decode_exact(ctx.read(&account_key(id))?.unwrap().as_bytes()).unwrap();
    let before = (health(&account, &risk), account.holdings()?);
    let settled = if id == MAKER {
        make(&mut account, &row, &outcomes)?
    } else {
        let orders = ctx.read(&orders_key(id, market))?.expect("only who has orders trades");
        let mut orders: OpenOrders = decode_exact(orders.as_bytes()).unwrap();
        let settled = account.settle(&mut orders, &row, &outcomes)?;
        assert!(orders.is_empty(), "liquidation orders do not rest, and others were cancelled");
        ctx.delete(&orders_key(id, market))?;
        settled
    };
    let most = settled.liquidated.at_rate(row.liquidation.fee_max, Rounding::Floor).unwrap();
    let fee = liquidation::insurance_fee(before.0, health(&account, &risk), most).unwrap();
    account.cash = account.cash.checked_sub(fee).unwrap();
    ctx.add(&Lane::Insurance.key(), fee.get());
    ctx.add(&Lane::Fees.key(), settled.fees.get());
    ctx.add(&Lane::Funding(market).key(), settled.funding.get());
    ctx.add(&Lane::SharedLoss(market).key(), settled.loss.get());
    let change = account.holdings()?.checked_sub(before.1).unwrap();
    ctx.add(&Lane::Accounts.key(), change.get());
    ctx.write(&account_key(id), Value::from(encode(&account)))?;
    Ok(liquidation::touch(ctx, &[Touched { account: id, market: Some(market) }])?)
}

/// The maker's side of trades.
fn make(account: &mut Account, row: &RiskRow, outcomes: &[Outcome]) -> Result<Settled, CallError> {
    let mut all = Settled::default();
    for outcome in outcomes {
        let Outcome::Trade(trade) = outcome else { panic!("the maker has no orders") };
        let lots = match trade.taker_side {
            Side::Buy => trade.lots.short().unwrap(),
            Side::Sell => trade.lots.long().unwrap(),
        };
        let paid = lots.value(trade.price, row.unit);
        let settled = account.exchange(row, &Exchange { lots, paid })?;
        all.funding = all.funding.checked_add(settled.funding).unwrap();
        all.loss = all.loss.checked_add(settled.loss).unwrap();
    }
    Ok(all)
}

/// Fills liquidation orders against what the book has.
struct Exchange2;

impl Program for Exchange2 {
    fn id(&self) -> ProgramId {
        ProgramId::EXCHANGE
    }

    fn name(&self) -> &'static str {
        "exchange"
    }

    fn access(&self, _: &[u8], _: &Address, _: &mut Declaration<'_>) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn execute(&self, _: &mut CallContext<'_, '_>, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::Refused(1))
    }

    fn error(&self, _: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _: u16, _: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Match]
    }

    fn plan_phase(&self, _: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        let inboxes = view.inboxes().map(|(key, _)| *key);
        inboxes
            .map(|inbox| {
                let market = inbox.bytes()[inbox.bytes().len() - 2..].try_into().unwrap();
                let market = MarketId::new(u16::from_be_bytes(market));
                assert_eq!(inbox, market_inbox(market));
                WorkItem::new(market.get().to_be_bytes().to_vec())
                    .with(book_key(market), AccessMode::Read)
                    .with(outcome_inbox(market), AccessMode::Append)
                    .with_inbox(inbox)
            })
            .collect()
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        let market = MarketId::new(u16::from_be_bytes(ctx.item().try_into().unwrap()));
        let book = ctx.read(&book_key(market))?.unwrap();
        let mut book: Book = borsh::from_slice(book.as_bytes()).unwrap();
        let entries = ctx.inbox().iter();
        let instructions =
            entries.flat_map(|entry| decode_exact::<Instructions>(&entry.data).unwrap().0);
        let (mut moved, mut outcomes) = (0, Vec::new());
        for instruction in instructions {
            match instruction {
                Instruction::Place(place) => outcomes.extend(fill(&mut book, &place)),
                Instruction::MovePosition(_, lots) => moved += lots.get(),
                _ => {}
            }
        }
        assert_eq!(moved, 0, "positions only change hands");
        for outcomes in outcomes.chunks(heddle_clearing::limits::OUTCOMES_MAX) {
            ctx.append(&outcome_inbox(market), encode(&Outcomes(outcomes.to_vec())))?;
        }
        Ok(())
    }
}

fn fill(book: &mut Book, place: &Place) -> Vec<Outcome> {
    assert!(place.is_liquidation && place.reduce_only);
    let (price, there) = match place.side {
        Side::Buy => (book.ask.0, &mut book.ask.1),
        Side::Sell => (book.bid.0, &mut book.bid.1),
    };
    let crosses = match place.side {
        Side::Buy => price <= place.price.get(),
        Side::Sell => price >= place.price.get(),
    };
    let lots = if crosses { place.lots.get().min(*there) } else { 0 };
    *there -= lots;
    let mut outcomes = Vec::new();
    if lots > 0 {
        outcomes.push(Outcome::Trade(Trade {
            maker: OrderId { account: MAKER, number: 0 },
            taker: place.id,
            taker_side: place.side,
            price: Ticks::new(price),
            lots: Lots::new(lots),
            kind: TradeKind::Liquidation,
        }));
    }
    if lots < place.lots.get() {
        let lots = Lots::new(place.lots.get() - lots);
        outcomes.push(Outcome::Closed(Closed {
            id: place.id,
            lots,
            reason: CloseReason::Unfilled,
        }));
    }
    outcomes
}

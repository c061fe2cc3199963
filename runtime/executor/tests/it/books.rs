//! A program with resident objects: small books of orders, which go wrong when they are told to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_ledger::Ledger;
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
use heddle_sdk::ResidentKey;
use heddle_sdk::WorkItem;
use heddle_sdk::Workspace;
use heddle_sdk::fees;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Call;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::encode;

use crate::rig::HDL;

pub(crate) const BOOKS: ProgramId = ProgramId(78);
/// The book of this market cannot be loaded, and that of the next makes its program panic.
pub(crate) const REFUSED: u8 = 250;
/// Every market from here on has a second item in the match phase, which counts the first one's orders.
pub(crate) const COUNTED: u8 = 2;

/// What a call does.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) enum Do {
    /// Sends orders to a market.
    Submit(u8, Vec<Order>),
    /// Touches a key in this mode, declared or not.
    Meddle(StateKey, AccessMode),
}

/// What the match phase does to a book. Those that fail do so after what came before them has changed the book.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Order {
    Add(u8, u8),
    Take(u8),
    Clear(u8),
    Panic,
    Refuse,
    Burn,
    /// The book is flushed with a part that is too long, has no name, or by a panic.
    FlushLong,
    FlushUnnamed,
    FlushPanic,
    /// The book is flushed with a part for which no work is left.
    FlushHeavy,
    /// Nothing; but if the item fails, its program asks for the book then.
    AskAgain,
    /// The item touches a part past the book, and swallows that it may not.
    Pry,
    /// The item asks for the book as something else, and swallows that it is not.
    Mistake,
}

/// Orders by price. Parts: `i` lists the prices, `l` with a price is a level.
#[derive(Debug, Default)]
struct Book {
    levels: BTreeMap<u8, Vec<u8>>,
    dirty: BTreeSet<u8>,
    is_index_dirty: bool,
    trap: Option<Order>,
}

impl Book {
    fn load(read: &mut dyn FnMut(&[u8]) -> Option<Value>) -> Self {
        let index = read(b"i").map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let mut level = |price| (price, read(&[b'l', price]).unwrap().as_bytes().to_vec());
        let levels = index.into_iter().map(&mut level).collect();
        Self { levels, ..Self::default() }
    }

    fn change(&mut self, price: u8) -> &mut Vec<u8> {
        self.dirty.insert(price);
        self.is_index_dirty |= !self.levels.contains_key(&price);
        self.levels.entry(price).or_default()
    }

    fn clear(&mut self, price: u8) {
        if self.levels.remove(&price).is_some() {
            self.dirty.insert(price);
            self.is_index_dirty = true;
        }
    }

    fn take(&mut self, price: u8) -> Option<u8> {
        let level = self.levels.get_mut(&price)?;
        let amount = level.remove(0);
        self.dirty.insert(price);
        if level.is_empty() {
            self.clear(price);
        }
        Some(amount)
    }
}

impl Resident for Book {
    fn flush(&mut self, out: &mut dyn FnMut(&[u8], Option<Value>)) {
        match self.trap.take() {
            Some(Order::FlushLong) => out(b"long", Some(Value::from(vec![0; 16 * 1024 + 1]))),
            Some(Order::FlushUnnamed) => out(b"", Some(Value::new(b"a stamp of one's own"))),
            Some(Order::FlushHeavy) => out(b"heavy", Some(Value::from(vec![0; 16 * 1024]))),
            Some(Order::FlushPanic) => panic!("as told"),
            Some(_) | None => {}
        }
        // In no order, and one of them twice.
        if std::mem::take(&mut self.is_index_dirty) {
            let prices: Vec<u8> = self.levels.keys().copied().collect();
            out(b"i", Some(Value::new(b"stale")));
            out(b"i", Some(Value::from(prices)));
        }
        for price in std::mem::take(&mut self.dirty).into_iter().rev() {
            let level = self.levels.get(&price);
            out(&[b'l', price], level.map(|level| Value::new(level)));
        }
    }

    fn image(&self) -> Vec<u8> {
        encode(&self.levels)
    }
}

#[derive(Debug)]
struct NoBook;

impl Resident for NoBook {
    fn flush(&mut self, _out: &mut dyn FnMut(&[u8], Option<Value>)) {}

    fn image(&self) -> Vec<u8> {
        vec![]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    /// How many books were loaded.
    pub(crate) loads: Arc<AtomicU32>,
}

impl Program for Books {
    fn id(&self) -> ProgramId {
        BOOKS
    }

    fn name(&self) -> &'static str {
        "books"
    }

    fn access(
        &self,
        call: &[u8],
        _signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        match borsh::from_slice(call).map_err(|_| CallError::Refused(1))? {
            Do::Submit(market, _) => declaration.declare(inbox(market), AccessMode::Append)?,
            Do::Meddle(key, mode) => declaration.declare(key, mode)?,
        }
        Ok(())
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        match borsh::from_slice(call).map_err(|_| CallError::Refused(1))? {
            Do::Submit(market, orders) => {
                orders.iter().try_for_each(|order| ctx.append(&inbox(market), encode(order)))?;
            }
            Do::Meddle(key, AccessMode::Read) => drop(ctx.read(&key)?),
            Do::Meddle(key, AccessMode::Add) => ctx.add(&key, 1),
            Do::Meddle(key, AccessMode::Append) => ctx.append(&key, vec![])?,
            Do::Meddle(key, AccessMode::Write) => ctx.write(&key, Value::new(b"x"))?,
        }
        Ok(())
    }

    fn error(&self, _code: u16) -> Option<ErrorText> {
        None
    }

    fn describe_event(&self, _kind: u16, _data: &[u8]) -> Option<Described> {
        None
    }

    fn describe_call(&self, _call: &[u8]) -> Option<Described> {
        None
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Match, Phase::Settle]
    }

    /// Match: an item for each market with orders, and another that counts. Settle: an item for each account with fills.
    fn plan_phase(&self, phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        let inboxes = view.inboxes().map(|(inbox, _)| (*inbox, inbox.bytes()[1]));
        let settle = |(inbox, account)| {
            let item = WorkItem::new(vec![account]).with_inbox(inbox);
            item.with(filled(account), AccessMode::Write)
        };
        let matching = |(inbox, market)| {
            let item = |kind| {
                WorkItem::new(vec![kind, market])
                    .with_resident(book(market))
                    .with(book(market).part(b"i").unwrap(), AccessMode::Write)
                    .with(fills(), AccessMode::Append)
                    .with(frozen(), AccessMode::Add)
            };
            let count = item(b'c').with(counted(market), AccessMode::Write);
            let count = (market >= COUNTED).then_some(count);
            [item(b'm').with_inbox(inbox)].into_iter().chain(count)
        };
        match phase {
            Phase::Settle => inboxes.map(settle).collect(),
            _ => inboxes.flat_map(matching).collect(),
        }
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        match *ctx.item() {
            [b'm', _] => ctx.inbox().iter().try_for_each(|entry| obey(ctx, &entry.data.0)),
            [b'c', market] => {
                let (book, work) = ctx.resident::<Book>()?;
                let orders: usize = book.levels.values().map(Vec::len).sum();
                let count = u64::try_from(orders).unwrap();
                // Every other time the book changes here too.
                if count % 2 == 1 {
                    book.change(255).push(1);
                }
                Ok(work.write(&counted(market), Value::new(&count.to_le_bytes()))?)
            }
            [account] => {
                let before = ctx.read(&filled(account))?;
                let mut all = before.map(|v| v.as_bytes().to_vec()).unwrap_or_default();
                all.extend(ctx.inbox().iter().flat_map(|entry| &entry.data.0));
                let kept = all.len().saturating_sub(8);
                Ok(ctx.write(&filled(account), Value::new(&all[kept..]))?)
            }
            _ => unreachable!("the items that were planned"),
        }
    }

    fn load_resident(
        &self,
        name: &[u8],
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        match *name {
            [REFUSED] => Err(CallError::Refused(3)),
            [market] if market > REFUSED => panic!("as told"),
            _ => Ok(Box::new(Book::load(read))),
        }
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        ctx.add(&frozen(), 1);
        let ask = encode(&Order::AskAgain);
        if ctx.inbox().iter().any(|entry| entry.data.0 == ask) {
            ctx.resident::<Book>()?;
        }
        Ok(())
    }
}

fn obey(ctx: &mut PhaseContext<'_, '_>, order: &[u8]) -> Result<(), CallError> {
    let [_, market] = *ctx.item() else { unreachable!("an item of a market") };
    match borsh::from_slice(order).unwrap() {
        Order::Pry => drop(ctx.read(&book(market).part(b"i").unwrap())),
        Order::Mistake => drop(ctx.resident::<NoBook>().map(|_| ())),
        Order::AskAgain => {}
        order => {
            let (book, work) = ctx.resident::<Book>()?;
            change(book, work, order)?;
        }
    }
    Ok(())
}

fn change(book: &mut Book, work: &mut Workspace<'_>, order: Order) -> Result<(), CallError> {
    match order {
        Order::Add(price, amount) => book.change(price).push(amount),
        Order::Clear(price) => book.clear(price),
        Order::Take(price) => {
            if let Some(amount) = book.take(price) {
                work.append(&fills(), vec![price, amount])?;
                work.emit(1, [price, amount])?;
            }
        }
        Order::Panic => panic!("as told"),
        Order::Refuse => return Err(CallError::Refused(2)),
        Order::Burn => (0..200).try_for_each(|_| work.charge(10_001))?,
        Order::FlushHeavy => {
            work.charge(fees::WORK_PER_ITEM - 200)?;
            book.trap = Some(Order::FlushHeavy);
        }
        trap => book.trap = Some(trap),
    }
    Ok(())
}

fn named(tag: u8, n: u8) -> StateKey {
    StateKey::new(BOOKS, &[&[tag, n]]).unwrap()
}

fn inbox(market: u8) -> StateKey {
    named(b'o', market)
}

fn fills() -> StateKey {
    named(b's', 0)
}

pub(crate) fn filled(account: u8) -> StateKey {
    named(b'a', account)
}

pub(crate) fn counted(market: u8) -> StateKey {
    named(b'c', market)
}

pub(crate) fn frozen() -> StateKey {
    named(b'f', 0)
}

pub(crate) fn book(market: u8) -> ResidentKey {
    ResidentKey::new(BOOKS, &[market]).unwrap()
}

pub(crate) fn call(what: &Do) -> Call {
    Call { program: BOOKS, data: encode(what).into() }
}

pub(crate) fn submit(market: u8, orders: &[Order]) -> Call {
    call(&Do::Submit(market, orders.to_vec()))
}

/// A chain with books on which keys 1 to 4 hold 100 HDL each, and the number of books that were loaded.
pub(crate) fn chain() -> (TestChain, Arc<AtomicU32>) {
    let books = Books::default();
    let loads = Arc::clone(&books.loads);
    let mut chain = TestChain::new(Programs::new(vec![Box::new(books), Box::new(Ledger)]));
    (1..=4).for_each(|n| chain.fund(&key(n), 100 * HDL));
    (chain, loads)
}

//! A replay as it goes: rounds of updates through the chain, each compared when all of it is final.
//!
//! ```text
//! updates of a round -> deeds, on a copy of the book -> transactions -> final blocks -> the book itself, in the chain's order
//!                                                            |                 |
//!                        the levels' orders made right  <----+--- fills equal? +---> best levels equal to chain and recording?
//! ```
//!
//! Within a block a market carries out cancels first, then orders that must not take, then the others. So what a taker meets depends
//! on where blocks end, which nobody knows beforehand: what came out otherwise than on the copy is made right afterwards.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use heddle_clearing::Side;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::Env;
use heddle_exchange::ExchangeCall;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_rpc_api::BookLevel;
use heddle_rpc_api::MarketName;
use heddle_rpc_api::OrderBook;
use heddle_types::Access;
use heddle_types::Height;
use heddle_types::TxId;

use super::crowd::Crowd;
use super::desks::Desks;
use super::desks::Told;
use super::findings::Findings;
use super::follow::Executed;
use super::follow::Follow;
use super::packing;
use super::prices::Prices;
use super::signer;
use super::venue::Venue;
use crate::error::BenchError;
use crate::network;
use crate::network::Network;
use crate::orderflow;
use crate::orderflow::Deed;
use crate::orderflow::Event;
use crate::orderflow::Level;
use crate::orderflow::Levels;
use crate::orderflow::Named;
use crate::orderflow::OrderLimits;
use crate::orderflow::Shadow;
use crate::orderflow::Touch;
use crate::output;

/// Levels of each side that are compared after a round.
const DEPTH: u64 = 20;
/// Times that what differs is made right after a round. Once is enough unless something is refused.
const CORRECTIONS_MAX: usize = 4;

/// Times that a market may stop in one replay.
const INTERRUPTIONS_MAX: u64 = 16;

/// Everything that a replay keeps from round to round.
pub(super) struct Course<'a> {
    pub(super) network: &'a Network,
    pub(super) venue: &'a Venue,
    pub(super) crowd: Crowd,
    pub(super) prices: Prices,
    pub(super) shadow: Shadow,
    pub(super) levels: Levels,
    desks: Desks,
    follow: Follow,
    /// Whether the chain's book is looked at after each round.
    is_checked: bool,
    /// Where the market stopped to trade continuously, if it did and has not gone on.
    stopped: Option<(Height, u8)>,
    /// The middle of the recorded best prices.
    middle: Ticks,
    pub(super) height: Height,
    pub(super) found: Findings,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        (network, venue): (&'a Network, &'a Venue),
        (crowd, prices): (Crowd, Prices),
        (height, middle): (Height, Ticks),
        is_checked: bool,
    ) -> Self {
        let roster = crowd.roster(venue.position_max());
        Self {
            network,
            venue,
            crowd,
            prices,
            shadow: Shadow::new(roster),
            levels: Levels::default(),
            desks: Desks::default(),
            follow: Follow::after(height, venue.id()),
            is_checked,
            stopped: None,
            middle,
            height,
            found: Findings::default(),
        }
    }

    /// Carries out a round, which ends with an update, and compares.
    pub(super) async fn round(&mut self, events: &[Event<'_>]) -> Result<(), BenchError> {
        let limits = self.venue.limits(self.middle);
        let deeds = self.deeds(events, limits);
        self.carry_out(&deeds).await?;
        self.middle = self.levels.touch().middle().unwrap_or(self.middle);
        self.make_right().await?;
        while self.stopped.is_some() {
            self.go_on().await?;
            self.make_right().await?;
        }
        self.found.rounds += 1;
        if let (true, Some(Event::Update(update, touch))) = (self.is_checked, events.last()) {
            self.compare(update.id, *touch).await?;
        }
        Ok(())
    }

    /// Takes every order away again.
    pub(super) async fn clear(&mut self) -> Result<(), BenchError> {
        let accounts: Vec<_> = self.desks.accounts().into_iter().collect();
        if accounts.is_empty() {
            return Ok(());
        }
        let batch = |account| Batch {
            account,
            role: heddle_clearing::Role::Owner,
            market: self.venue.id(),
            mode: BatchMode::EachAlone,
            actions: vec![Action::CancelAll],
        };
        let calls = |accounts: &[_]| {
            accounts.iter().map(|account| ExchangeCall::Orders(batch(*account)).to_call()).collect()
        };
        let signed = accounts
            .chunks(heddle_types::limits::RESERVED_CALLS_MAX)
            .map(|chunk| self.crowd.owner.sign(self.network, Access::DERIVED, calls(chunk)))
            .collect();
        self.height = signer::send_all(self.network, "cancelling all orders", signed).await?;
        self.desks.clear();
        Ok(())
    }

    /// Begins anew with an empty book when the market trades again. What happened meanwhile is not compared, but positions are taken
    /// over.
    async fn go_on(&mut self) -> Result<(), BenchError> {
        let Some((height, mode)) = self.stopped.take() else { return Ok(()) };
        self.found.interruptions += 1;
        let name = &self.venue.market.name;
        if self.found.interruptions > INTERRUPTIONS_MAX {
            return Err(BenchError::failed(format!(
                "{name}: found it stopped (mode {mode}) at height {height}, and {INTERRUPTIONS_MAX} times before, expected it to trade \
                 continuously; replay a recording whose prices move less, or in another market"
            )));
        }
        output::progress(format_args!("{name}: stopped (mode {mode}) at height {height}"));
        self.clear().await?;
        self.prices.wait_open(self.network, self.venue, self.middle).await?;
        let mut roster = self.crowd.roster(self.venue.position_max());
        for (account, next) in self.desks.next() {
            roster.go_on(*account, *next);
        }
        self.shadow = self.shadow.emptied(roster);
        let moves = self.crowd.positions(self.network, self.venue.id()).await?;
        self.shadow.run_in(&self.env(), &moves);
        self.height = self.height.max(self.network.executed_height().await?);
        self.follow = Follow::after(self.height, self.venue.id());
        Ok(())
    }

    /// What happens in a round, on a copy of the book; the recorded levels are those after it then.
    fn deeds(&mut self, events: &[Event<'_>], limits: OrderLimits) -> Vec<Named> {
        let mut guess = self.shadow.clone();
        let mut named = Vec::new();
        for event in events {
            let deeds: Vec<Deed> = match event {
                Event::Take(take) => limits.split(**take).map(Deed::Take).collect(),
                Event::Update(update, _) => {
                    let mut changed = guess.take_loose();
                    self.levels.apply(update, &mut changed);
                    orderflow::reconcile(&changed, &self.levels, limits, |key| guess.lots(key))
                }
            };
            let now = guess.name(&deeds);
            let block: Vec<_> = now.iter().map(|named| named.instruction).collect();
            guess.run(&block);
            named.extend(now);
        }
        named
    }

    /// Orders of levels as they should be, until they are.
    async fn make_right(&mut self) -> Result<(), BenchError> {
        for _ in 0..CORRECTIONS_MAX {
            let limits = self.venue.limits(self.middle);
            let changed: BTreeSet<_> =
                self.levels.iter().map(|(key, _)| key).chain(self.shadow.levels()).collect();
            let doubled = self.shadow.doubled().into_iter().map(Deed::Withdraw);
            let have = |key| self.shadow.lots(key);
            let wrong = orderflow::reconcile(&changed, &self.levels, limits, have);
            let deeds: Vec<Deed> = doubled.chain(wrong).collect();
            let named = self.shadow.clone().name(&deeds);
            if named.is_empty() || self.stopped.is_some() {
                break;
            }
            self.found.corrections += named.len() as u64;
            self.carry_out(&named).await?;
        }
        Ok(())
    }

    /// Sends deeds, waits until they are final, and does the same to the book here.
    async fn carry_out(&mut self, named: &[Named]) -> Result<(), BenchError> {
        let batches = packing::pack(named, self.venue.id());
        let mut signed = Vec::with_capacity(batches.len() + 1);
        signed.extend(self.prices.due(self.network, self.venue, self.middle)?);
        let mut ours: HashMap<TxId, Vec<Batch>> = HashMap::with_capacity(batches.len());
        for batches in batches {
            let call = |batch: &Batch| ExchangeCall::Orders(batch.clone()).to_call();
            let calls = batches.iter().map(call).collect();
            let tx = self.crowd.owner.sign(self.network, Access::DERIVED, calls);
            ours.insert(tx.id, batches);
            signed.push(tx);
        }
        if signed.is_empty() {
            return Ok(());
        }
        self.found.sent += signed.len() as u64;
        let signed = Arc::new(signed);
        self.height = self.height.max(signer::send(self.network, &signed).await?);
        let blocks = self.follow.read(self.node(), self.height).await?;
        for block in blocks {
            self.take_in(&block, &ours)?;
        }
        Ok(())
    }

    /// Another node each round, so that all are compared.
    fn node(&self) -> &'a heddle_client::RpcClient {
        let nodes = self.network.nodes();
        &nodes[usize::try_from(self.found.rounds).unwrap_or(0) % nodes.len()]
    }

    fn take_in(
        &mut self,
        block: &Executed,
        ours: &HashMap<TxId, Vec<Batch>>,
    ) -> Result<(), BenchError> {
        self.found.blocks += 1;
        if let Some(mode) = block.mode.filter(|mode| *mode != CONTINUOUS) {
            self.stopped = self.stopped.or(Some((block.height, mode)));
        }
        let mut told = Told::default();
        for (place, id) in (0_u32..).zip(&block.ids) {
            let Some(batches) = ours.get(id) else { continue };
            let Some(results) = block.results.get(&place) else {
                self.found.failed += 1;
                continue;
            };
            for (batch, results) in batches.iter().zip(results) {
                let told = self.desks.tell(batch, results, &mut told);
                told.map_err(|error| BenchError::failed(error.to_string()))?;
            }
        }
        for code in told.refused {
            *self.found.refused.entry(code).or_default() += 1;
        }
        self.desks.settle(&block.trades, &block.closed);
        if self.stopped.is_some() {
            return Ok(());
        }
        let env = self.env();
        let outcomes = self.shadow.run_in(&env, &told.instructions);
        self.found.compare(block, outcomes);
        Ok(())
    }

    /// Matching as it is in the market while it trades continuously, within its band.
    fn env(&self) -> Env {
        Env { open_interest_cap: self.venue.params.open_interest_max, ..orderflow::env() }
    }

    /// The chain's book against what was recorded.
    async fn compare(&mut self, id: u64, recorded: Option<Touch>) -> Result<(), BenchError> {
        let book = self.chain_book(DEPTH).await?;
        let limits = self.venue.limits(self.middle);
        if let Some(recorded) = recorded {
            match limits.touch(recorded) {
                Some(expected) => {
                    self.found.check.compare(id, touch_of(&book), (expected, &self.levels));
                }
                None => self.found.too_small += 1,
            }
        }
        self.found.books += 1;
        self.found.books_equal += u64::from(self.is_same(&book, DEPTH));
        Ok(())
    }

    /// The book on the chain after all that was sent.
    pub(super) async fn chain_book(&self, depth: u64) -> Result<OrderBook, BenchError> {
        let node = self.node();
        network::wait_executed(node, self.height).await?;
        Ok(node.order_book(MarketName::Number(self.venue.market.market), depth).await?)
    }

    /// Whether the best `depth` levels on the chain are those of the recorded book and of the one here.
    pub(super) fn is_same(&self, book: &OrderBook, depth: u64) -> bool {
        let len = usize::try_from(depth).unwrap_or(usize::MAX);
        let sides = [(Side::Buy, &book.bids), (Side::Sell, &book.asks)];
        sides.into_iter().all(|(side, levels)| {
            let found: Vec<_> = levels.iter().map(|level| (level.price, level.lots)).collect();
            let here = self.shadow.book().depth(side, len);
            let here = here.into_iter().map(|level| (level.price, level.lots));
            here.eq(found.iter().copied()) && self.recorded(side, len).eq(found)
        })
    }

    /// The best levels of the recorded book that orders can be.
    fn recorded(&self, side: Side, len: usize) -> impl Iterator<Item = (Ticks, Lots)> {
        let limits = self.venue.limits(self.middle);
        let wanted =
            self.levels.best_first(side).map(move |level| (level.price, limits.wanted(level)));
        wanted.filter(|(_, lots)| !lots.is_zero()).take(len)
    }
}

/// The number of a market's mode in which it trades as orders come.
const CONTINUOUS: u8 = 2;

fn touch_of(book: &OrderBook) -> Touch {
    let level = |levels: &[BookLevel]| {
        levels.first().map(|level| Level { price: level.price, lots: level.lots })
    };
    Touch { bid: level(&book.bids), ask: level(&book.asks) }
}

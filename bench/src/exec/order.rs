//! Orders on the exchange: actions of several orders each, on a chain with prices that move with every block.
//!
//! Blocks follow each other, each on what the one before it left; the first of a pass is not counted, it brings the books into memory. Every
//! block begins with a publisher's transaction that posts the price of every market.

mod traffic;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_exchange::ExchangeCall;
use heddle_executor::testing;
use heddle_executor::testing::TestChain;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::BlockHeader;
use heddle_types::Call;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use rayon::prelude::*;

use crate::error::BenchError;
use crate::exec::mode::Mode;
use crate::exec::path::CriticalPath;
use crate::exec::path::Lengths;
use crate::exec::path::Touch;
use crate::exec::race::Course;
use crate::exec::race::Rules;
use crate::exec::row::Label;
use crate::exec::row::Row;
use crate::exec::track::Block;
use crate::exec::track::Track;
use crate::exec::workload::Workload;

use traffic::Crowd;
use traffic::Traffic;
use world::World;

/// Blocks until the markets are open: prices are posted in the first, markets open in the second, trade in the third.
const OPENING_BLOCKS: usize = 3;
/// Blocks before those that count: in those after the opening books fill.
const UNCOUNTED_BLOCKS: usize = OPENING_BLOCKS + 4;
const COUNTED_BLOCKS: usize = 3;
/// About what an order takes, for the number of rounds in a repetition.
const ORDER_NANOS: u64 = 2_000;
/// What a transaction may cost, deposits not counted: far more than any does.
const FEE_MAX: Amount = Amount::from_units(1 << 40);
/// More do not fit in a genesis.
const ACCOUNTS_MAX: u32 = 40_000;

/// What traffic is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// Accounts, at least 2.
    pub(crate) accounts: u32,
    pub(crate) markets: u16,
    /// Transactions a block, the publisher's not counted.
    pub(crate) block: u32,
    pub(crate) orders_per_action: u16,
    /// Whether decoding and verifying signatures count.
    pub(crate) signed: bool,
    pub(crate) seed: u64,
}

/// A transaction to be signed.
struct Draft {
    /// Whose, by position; the publisher's if none.
    who: Option<u32>,
    /// Its place in the sender's lane.
    sequence: u64,
    call: Call,
    /// Orders that it is made of.
    orders: u64,
}

/// That there may be so many accounts.
pub(crate) fn check(accounts: &[u32]) -> Result<(), BenchError> {
    match accounts.iter().find(|accounts| **accounts > ACCOUNTS_MAX) {
        None => Ok(()),
        Some(found) => Err(BenchError::usage(format!(
            "--accounts: found {found}, expected at most {ACCOUNTS_MAX} with order"
        ))),
    }
}

impl Orders {
    /// Runs a race on blocks of these.
    pub(crate) fn race(self, rules: &Rules) -> Vec<Row> {
        let label = self.label();
        let (track, lengths) = self.track(&rules.modes);
        let orders = u64::from(self.block) * u64::from(self.orders_per_action);
        let nanos = orders * COUNTED_BLOCKS as u64 * ORDER_NANOS;
        let ideal = |threads| lengths.work as f64 / lengths.bound(threads);
        track.race(rules, &Course { label: &label, nanos, ideal: &ideal })
    }

    fn label(self) -> Label {
        Label {
            workload: Workload::Order.to_string(),
            block: Some(self.block),
            accounts: Some(self.accounts),
            markets: Some(self.markets),
            orders_per_action: Some(self.orders_per_action),
            ..Label::default()
        }
    }

    /// The blocks; and how long the chains of transactions are that wait for each other, phases not counted.
    fn track(self, modes: &[Mode]) -> (Track, Lengths) {
        let world = World::new(self.accounts, self.markets);
        let (drafts, lengths) = self.drafts();
        let blocks = |access: &Access| run(&world, &drafts, access);
        let declared = blocks(&Access::DERIVED);
        let open = if modes.contains(&Mode::Open) { blocks(&Access::Open) } else { Vec::new() };
        (Track { programs: world.programs, declared, open, signed: self.signed }, lengths)
    }

    /// What is to be signed, block by block.
    fn drafts(self) -> (Vec<Vec<Draft>>, Lengths) {
        let Self { accounts, markets, orders_per_action, seed, .. } = self;
        let mut traffic = Traffic::new(Crowd { accounts, markets, orders_per_action, seed });
        let mut path = CriticalPath::new(accounts as usize);
        let mut next = BTreeMap::<u32, u64>::new();
        let mut draft = |is_counted: bool, traffic: &mut Traffic| {
            let (who, batch) = traffic.batch();
            if is_counted {
                path.push(1, [(who as usize, Touch::Write)].into_iter());
            }
            let sequence = next.entry(who).or_default();
            *sequence += 1;
            let orders = batch.actions.len() as u64;
            let call = ExchangeCall::Orders(batch).to_call();
            Draft { who: Some(who), sequence: *sequence - 1, call, orders }
        };
        let mut drafts = Vec::new();
        for block in 0..UNCOUNTED_BLOCKS + COUNTED_BLOCKS {
            let call = World::posts(&traffic.prices(), header(block).time);
            let sequence = block as u64;
            let count = if block < OPENING_BLOCKS { 0 } else { self.block };
            let orders = (0..count).map(|_| draft(block >= UNCOUNTED_BLOCKS, &mut traffic));
            let posts = std::iter::once(Draft { who: None, sequence, call, orders: 0 });
            drafts.push(posts.chain(orders).collect());
        }
        (drafts, path.lengths())
    }
}

/// The blocks that are kept: those that count, and one before them.
fn run(world: &World, drafts: &[Vec<Draft>], access: &Access) -> Vec<Block> {
    let mut state = world.state.clone();
    let mut blocks = Vec::new();
    for (number, drafts) in drafts.iter().enumerate() {
        let transactions = drafts.par_iter().map(|draft| draft.sign(world, access)).collect();
        let kept = Arc::new(state.clone());
        let mut block = Block::new(&world.programs, (header(number), kept), transactions);
        state.apply(&block.outcome.changes);
        block.warms_up = number < UNCOUNTED_BLOCKS;
        block.orders = drafts.iter().map(|draft| draft.orders).sum();
        if number + 1 >= UNCOUNTED_BLOCKS {
            blocks.push(block);
        }
    }
    blocks
}

impl Draft {
    fn sign(&self, world: &World, access: &Access) -> Vec<u8> {
        let key = self.who.map_or(&world.publisher, |who| &world.keys[who as usize]);
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: TestChain::CHAIN,
            sender: testing::address(key),
            payer: None,
            nonce: Nonce::Lane { lane: 0, sequence: self.sequence },
            valid_until: Height::new(u64::MAX),
            max_fee: FEE_MAX,
            access: access.clone(),
            calls: vec![self.call.clone()],
        };
        encode(&Transaction::sign(body, key))
    }
}

/// Of a block, by its number from zero.
fn header(number: usize) -> BlockHeader {
    testing::header(Height::new(number as u64 + 1))
}

#[cfg(test)]
mod tests {
    use heddle_exchange::ActionResult;
    use heddle_exchange::ExchangeEvent;
    use heddle_types::Outcome;
    use heddle_types::ProgramId;

    use super::*;
    use crate::exec::race::Racer;
    use crate::exec::tally::Tally;
    use crate::exec::track::Contender;

    const ORDERS: Orders = Orders {
        accounts: 20,
        markets: 3,
        block: 30,
        orders_per_action: 10,
        signed: true,
        seed: 1,
    };

    #[test]
    fn orders_are_taken_and_trade_and_what_is_executed_is_compared() {
        let modes = [Mode::Sequential, Mode::Declared, Mode::Open, Mode::Auto];
        let (mut track, _) = ORDERS.track(&modes);
        let pass = |track: &Track, mode| {
            let mut tally = Tally::default();
            Contender::new(track, (mode, 2), true).pass(&mut tally);
            (tally.txs, tally.wrong)
        };
        for mode in modes {
            assert_eq!(pass(&track, mode), (3 * 31, 0), "{mode:?}");
        }
        track.declared[1].outcome.receipts[7].fee_paid = Amount::ZERO;
        track.open[0].outcome.receipts[7].fee_paid = Amount::ZERO;
        for mode in modes {
            assert_eq!(pass(&track, mode), (3 * 31, 1), "{mode:?}");
        }
    }

    #[test]
    fn few_actions_are_refused_and_some_orders_trade() {
        let (track, _) = ORDERS.track(&[]);
        let (mut done, mut refused, mut trades) = (0, 0, 0);
        for block in &track.declared {
            assert_eq!(block.outcome.receipts.len(), 31);
            for receipt in &block.outcome.receipts {
                assert_eq!(receipt.outcome, Outcome::Ok);
                let events = receipt.events.iter().filter(|e| e.program == ProgramId::EXCHANGE);
                for event in events {
                    let Some(ExchangeEvent::Batch(batch)) =
                        ExchangeEvent::decode(event.kind, &event.data)
                    else {
                        panic!("{event:?}");
                    };
                    let is_refused =
                        |result: &&ActionResult| matches!(result, ActionResult::Refused(_));
                    refused += batch.results.iter().filter(is_refused).count();
                    done += batch.results.len();
                }
            }
            for event in &block.outcome.phase_events {
                if let Some(ExchangeEvent::Trades(some)) = (event.program == ProgramId::EXCHANGE)
                    .then(|| ExchangeEvent::decode(event.kind, &event.data))
                    .flatten()
                {
                    trades += some.trades.len();
                }
            }
        }
        assert_eq!(done, 4 * 300);
        assert!(refused < done / 10, "{refused} of {done}");
        assert!(trades > 30, "{trades}");
    }
}

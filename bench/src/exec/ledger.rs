//! Transfers of the ledger program: from bytes over the declaration to receipts, by the executors that nodes run.
//!
//! Every block is executed on the same state, so that it can be repeated. Decoding and checking are timed as parts; they count
//! for the row only if signatures are to be verified.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use heddle_executor::BlockInput;
use heddle_executor::BlockOutcome;
use heddle_executor::Executor;
use heddle_executor::Sequential;
use heddle_executor::declared_by;
use heddle_executor::measuring;
use heddle_executor::testing;
use heddle_executor::testing::TestChain;
use heddle_ledger::Ledger;
use heddle_ledger::transfer_call;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHeader;
use heddle_types::CheckedTransaction;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::decode_exact;
use heddle_types::encode;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::error::BenchError;
use crate::exec::mode::Mode;
use crate::exec::path::CriticalPath;
use crate::exec::path::Lengths;
use crate::exec::path::Touch;
use crate::exec::race::Course;
use crate::exec::race::Racer;
use crate::exec::race::Rules;
use crate::exec::row::Label;
use crate::exec::row::Row;
use crate::exec::tally::Tally;

/// Blocks that differ.
const BLOCKS: u32 = 2;
/// About what a transfer takes, for the number of rounds in a repetition.
const TRANSFER_NANOS: u64 = 1_000;
/// What every account has.
const FUNDS: u64 = 1 << 60;

/// What ledger transfers are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfers {
    /// Accounts, at least 2.
    pub(crate) accounts: u32,
    /// Transactions a block.
    pub(crate) block: u32,
    /// Whether decoding and verifying signatures count.
    pub(crate) signed: bool,
    pub(crate) seed: u64,
}

/// Blocks of transfers, and the state that each is executed on.
struct Blocks {
    programs: Programs,
    state: State,
    header: BlockHeader,
    blocks: Vec<Block>,
    lengths: Lengths,
    signed: bool,
}

struct Block {
    transactions: Vec<Vec<u8>>,
    /// By the specification.
    outcome: BlockOutcome,
}

/// That an executor exists for each of these modes.
pub(crate) fn check(modes: &[Mode]) -> Result<(), BenchError> {
    match modes.iter().all(|mode| *mode == Mode::Sequential) {
        true => Ok(()),
        false => Err(BenchError::usage(
            "--mode: the ledger has no executor but sequential, the parallel one is not built yet; use --mode sequential",
        )),
    }
}

impl Transfers {
    /// Runs a race on blocks of these.
    pub(crate) fn race(self, rules: &Rules, label: &Label) -> Vec<Row> {
        let blocks = self.blocks();
        let nanos = u64::from(self.block) * u64::from(BLOCKS) * TRANSFER_NANOS;
        let Lengths { work, .. } = blocks.lengths;
        let ideal = |threads| work as f64 / blocks.lengths.bound(threads);
        let mut racers = rules.racers(|mode, threads| Contender {
            blocks: &blocks,
            mode,
            threads,
            executor: Box::new(Sequential),
        });
        rules.run(&Course { label, nanos, ideal: &ideal }, &mut racers)
    }

    fn blocks(self) -> Blocks {
        let mut chain = TestChain::new(Programs::new(vec![Box::new(Ledger)]));
        let keys: Vec<_> = (0..self.accounts).map(key).collect();
        keys.iter().for_each(|key| chain.fund(key, FUNDS));
        let header = testing::header(chain.height);
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        let mut path = CriticalPath::new(keys.len());
        let mut draw = || {
            let (from, to) = self.draw(&mut dice);
            path.push(1, [(from, Touch::Write), (to, Touch::Add)].into_iter());
            (from, to)
        };
        let mut drawn = Vec::new();
        for _ in 0..BLOCKS {
            drawn.push((0..self.block).map(|_| draw()).collect::<Vec<_>>());
        }
        let signed = drawn.iter().map(|pairs| sign(&chain, &keys, pairs)).collect::<Vec<_>>();
        let state = State::from_entries(chain.state.0);
        let programs = chain.programs;
        let block = |transactions: Vec<Vec<u8>>| {
            let checked = check_all(decode_all(&transactions), false);
            let input = BlockInput { header: &header, transactions: &checked };
            let outcome = Sequential.execute(&programs, &state, &input);
            Block { transactions, outcome }
        };
        let blocks = signed.into_iter().map(block).collect();
        Blocks { blocks, programs, state, header, lengths: path.lengths(), signed: self.signed }
    }

    /// Two different accounts.
    fn draw(self, dice: &mut ChaCha8Rng) -> (usize, usize) {
        let from = dice.next_u32() % self.accounts;
        let to = (from + 1 + dice.next_u32() % (self.accounts - 1)) % self.accounts;
        (from as usize, to as usize)
    }
}

fn key(number: u32) -> SecretKey {
    SecretKey::from_seed(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

/// Transfers of one unit, each sender's in the order of its lane.
fn sign(chain: &TestChain, keys: &[SecretKey], pairs: &[(usize, usize)]) -> Vec<Vec<u8>> {
    let mut next = BTreeMap::<usize, u64>::new();
    let transfer = |(from, to): &(usize, usize)| {
        let sequence = next.entry(*from).or_default();
        let call = transfer_call(testing::address(&keys[*to]), AssetId::HDL, Amount::from_units(1));
        let nonce = Nonce::Lane { lane: 0, sequence: *sequence };
        *sequence += 1;
        let body = TransactionBody { nonce, ..chain.body(&keys[*from], vec![call]) };
        encode(&Transaction::sign(body, &keys[*from]))
    };
    pairs.iter().map(transfer).collect()
}

fn decode_all(transactions: &[Vec<u8>]) -> Vec<Transaction> {
    let decode = |bytes: &Vec<u8>| decode_exact(bytes).expect("encoded above");
    transactions.iter().map(decode).collect()
}

fn check_all(transactions: Vec<Transaction>, verify: bool) -> Vec<Arc<CheckedTransaction>> {
    let checked = CheckedTransaction::check_all(transactions, |_, _| !verify);
    checked.expect("signed above").into_iter().map(Arc::new).collect()
}

/// An executor on a number of threads.
struct Contender<'b> {
    blocks: &'b Blocks,
    mode: Mode,
    threads: u16,
    executor: Box<dyn Executor>,
}

impl Contender<'_> {
    /// From bytes to receipts; the nanoseconds that count.
    fn run(&mut self, block: &Block, tally: &mut Tally) -> u64 {
        let Blocks { programs, state, header, signed, .. } = self.blocks;
        let mut timed = Timed { tally, nanos: 0 };
        let decoded = timed.part("decode", *signed, || decode_all(&block.transactions));
        let checked = timed.part("check", *signed, || check_all(decoded, *signed));
        timed.part("declare", true, || {
            checked.iter().for_each(|one| {
                black_box(declared_by(programs, one));
            });
        });
        let input = BlockInput { header, transactions: &checked };
        let outcome =
            timed.part("execute", true, || self.executor.execute(programs, state, &input));
        if self.mode == Mode::Sequential {
            let mut alone = measuring::Transfers::new(programs, state, &input);
            let mut receipts = Vec::with_capacity(checked.len());
            timed.part("transactionsAlone", false, || alone.run(&mut receipts));
        }
        let nanos = timed.nanos;
        tally.blocks += 1;
        tally.txs += checked.len() as u64;
        tally.executions += checked.len() as u64;
        tally.wrong += u64::from(outcome != block.outcome);
        nanos
    }
}

impl Racer for Contender<'_> {
    fn entry(&self) -> (Mode, u16) {
        (self.mode, self.threads)
    }

    fn pass(&mut self, tally: &mut Tally) -> u64 {
        let blocks = &self.blocks.blocks;
        blocks.iter().map(|block| self.run(block, tally)).sum()
    }
}

/// Times parts one after the other.
struct Timed<'t> {
    tally: &'t mut Tally,
    /// Of the parts that count.
    nanos: u64,
}

impl Timed<'_> {
    fn part<T>(&mut self, name: &'static str, counts: bool, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        *self.tally.parts.entry(name).or_default() += nanos;
        self.nanos += if counts { nanos } else { 0 };
        result
    }
}

#[cfg(test)]
mod tests {
    use heddle_types::Outcome;

    use super::*;

    const TRANSFERS: Transfers = Transfers { accounts: 3, block: 20, signed: true, seed: 1 };

    #[test]
    fn every_transfer_succeeds_and_what_is_executed_is_compared() {
        let mut blocks = TRANSFERS.blocks();
        for block in &blocks.blocks {
            assert_eq!(block.outcome.receipts.len(), 20);
            assert!(block.outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
        }
        let pass = |blocks: &Blocks| {
            let executor = Box::new(Sequential);
            let mut contender = Contender { blocks, mode: Mode::Sequential, threads: 1, executor };
            let mut tally = Tally::default();
            contender.pass(&mut tally);
            (tally.txs, tally.wrong)
        };
        assert_eq!(pass(&blocks), (40, 0));
        blocks.blocks[1].outcome.receipts[7].fee_paid = Amount::ZERO;
        assert_eq!(pass(&blocks), (40, 1));
    }

    #[test]
    fn a_transfer_is_between_two_accounts() {
        let mut dice = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..100 {
            let (from, to) = TRANSFERS.draw(&mut dice);
            assert_ne!(from, to);
            assert!(from < 3);
            assert!(to < 3);
        }
    }
}

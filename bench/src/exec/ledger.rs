//! Transfers of the ledger program: every block is executed on the same state.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_executor::testing;
use heddle_executor::testing::TestChain;
use heddle_ledger::Ledger;
use heddle_ledger::transfer_call;
use heddle_sdk::Programs;
use heddle_state::State;
use heddle_types::Access;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::exec::path::CriticalPath;
use crate::exec::path::Lengths;
use crate::exec::path::Touch;
use crate::exec::race::Course;
use crate::exec::race::Rules;
use crate::exec::row::Label;
use crate::exec::row::Row;
use crate::exec::track::Block;
use crate::exec::track::Track;

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

impl Transfers {
    /// Runs a race on blocks of these.
    pub(crate) fn race(self, rules: &Rules, label: &Label) -> Vec<Row> {
        let (track, lengths) = self.track();
        let nanos = u64::from(self.block) * u64::from(BLOCKS) * TRANSFER_NANOS;
        let ideal = |threads| lengths.work as f64 / lengths.bound(threads);
        track.race(rules, &Course { label, nanos, ideal: &ideal })
    }

    fn track(self) -> (Track, Lengths) {
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
        let sign = |access: &Access| {
            drawn.iter().map(|pairs| sign(&chain, &keys, (pairs, access))).collect::<Vec<_>>()
        };
        let (declared, open) = (sign(&Access::DERIVED), sign(&Access::Open));
        let state = Arc::new(State::from_entries(chain.state.0));
        let programs = chain.programs;
        let block =
            |transactions| Block::new(&programs, (header.clone(), state.clone()), transactions);
        let declared = declared.into_iter().map(block).collect();
        let open = open.into_iter().map(block).collect();
        (Track { declared, open, programs, signed: self.signed }, path.lengths())
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
fn sign(
    chain: &TestChain,
    keys: &[SecretKey],
    (pairs, access): (&[(usize, usize)], &Access),
) -> Vec<Vec<u8>> {
    let mut next = BTreeMap::<usize, u64>::new();
    let transfer = |(from, to): &(usize, usize)| {
        let sequence = next.entry(*from).or_default();
        let call = transfer_call(testing::address(&keys[*to]), AssetId::HDL, Amount::from_units(1));
        let nonce = Nonce::Lane { lane: 0, sequence: *sequence };
        *sequence += 1;
        let access = access.clone();
        let body = TransactionBody { nonce, access, ..chain.body(&keys[*from], vec![call]) };
        encode(&Transaction::sign(body, &keys[*from]))
    };
    pairs.iter().map(transfer).collect()
}

#[cfg(test)]
mod tests {
    use heddle_types::Outcome;

    use super::*;
    use crate::exec::mode::Mode;
    use crate::exec::race::Racer;
    use crate::exec::tally::Tally;
    use crate::exec::track::Contender;

    const TRANSFERS: Transfers = Transfers { accounts: 3, block: 20, signed: true, seed: 1 };

    #[test]
    fn every_transfer_succeeds_and_what_is_executed_is_compared() {
        let (mut blocks, _) = TRANSFERS.track();
        for block in blocks.declared.iter().chain(&blocks.open) {
            assert_eq!(block.outcome.receipts.len(), 20);
            assert!(block.outcome.receipts.iter().all(|receipt| receipt.outcome == Outcome::Ok));
        }
        let pass = |blocks: &Track, mode| {
            let mut tally = Tally::default();
            Contender::new(blocks, (mode, 2), true).pass(&mut tally);
            (tally.txs, tally.executions >= 40, tally.wrong)
        };
        let modes = [Mode::Sequential, Mode::Declared, Mode::Open, Mode::Auto];
        for mode in modes {
            assert_eq!(pass(&blocks, mode), (40, true, 0), "{mode:?}");
        }
        blocks.declared[1].outcome.receipts[7].fee_paid = Amount::ZERO;
        blocks.open[1].outcome.receipts[7].fee_paid = Amount::ZERO;
        for mode in modes {
            assert_eq!(pass(&blocks, mode), (40, true, 1), "{mode:?}");
        }
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

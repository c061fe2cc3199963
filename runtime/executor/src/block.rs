//! What goes into an executor and what comes out.

use std::sync::Arc;

use heddle_sdk::BlockInfo;
use heddle_sdk::Programs;
use heddle_types::BlockHeader;
use heddle_types::ChangeSet;
use heddle_types::CheckedTransaction;
use heddle_types::Event;
use heddle_types::Hash32;
use heddle_types::Receipt;
use heddle_types::StateView;
use heddle_types::TxId;
use heddle_types::TxTrace;

use crate::execution::BlockExecution;

/// Executes blocks.
pub trait Executor: Send {
    /// Executes `block` on `state`, which is that after its parent. Deterministic: the same for every executor.
    fn execute(
        &mut self,
        programs: &Programs,
        state: &dyn StateView,
        block: &BlockInput<'_>,
    ) -> BlockOutcome;

    /// What happened while the last block was executed; of none before the first.
    fn last_execution(&self) -> BlockExecution;
}

/// A final block.
#[derive(Clone, Copy, Debug)]
pub struct BlockInput<'a> {
    /// Its header.
    pub header: &'a BlockHeader,
    /// What it orders, in block order.
    pub transactions: &'a [Arc<CheckedTransaction>],
}

impl BlockInput<'_> {
    pub(crate) const fn info(&self) -> BlockInfo {
        BlockInfo { chain: self.header.chain, height: self.header.height, time: self.header.time }
    }
}

/// Everything that a block does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockOutcome {
    /// The block's transactions without the skipped ones, in block order. A position in here is a receipt's index.
    pub transaction_ids: Vec<TxId>,
    /// One for each id, in the same order.
    pub receipts: Vec<Receipt>,
    /// What each touched, in the same order. For people; no root commits to it.
    pub traces: Vec<TxTrace>,
    /// Positions in the block's payload that were skipped, ascending, and why.
    pub skipped: Vec<(u32, SkipReason)>,
    /// What phases reported, in the order in which they ran. No root commits to it yet.
    pub phase_events: Vec<Event>,
    /// Every key whose entry differs from that before the block.
    pub changes: ChangeSet,
    /// The hash of the receipts.
    pub receipts_root: Hash32,
}

/// Why an item of a block has no receipt, pays no fee and uses no nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// A signature is bad, or of a scheme that is not accepted yet.
    BadSignature,
    /// It is for another chain.
    WrongChain,
    /// The block's height is past its `valid_until`.
    Expired,
    /// Its kind of nonce is not accepted yet.
    NonceKind,
    /// It is not the next of its lane.
    WrongNonce {
        /// The next of its lane at this place in the block.
        expected: u64,
    },
    /// It stands in this block before.
    Duplicate,
}

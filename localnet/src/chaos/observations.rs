//! What validators and users were told, as it was told: what checks look at.

use std::collections::BTreeMap;

use heddle_rpc_api::Block;
use heddle_rpc_api::Supply;
use heddle_rpc_api::TransactionInfo;
use heddle_types::BlockHash;
use heddle_types::Hash32;
use heddle_types::StateRoot;
use heddle_types::TxId;

/// Everything of one run.
#[derive(Debug, Default)]
pub(super) struct Observations {
    /// Final blocks by height.
    pub(super) blocks: Told<u64, BlockFacts>,
    /// Final transactions, some of each few blocks, as `getTransaction` had them.
    pub(super) receipts: Told<TxId, ReceiptFacts>,
    /// At which height each transaction stands.
    pub(super) included: Told<TxId, u64>,
    /// Refusals with `never`, and what they said.
    pub(super) refused: BTreeMap<TxId, String>,
    /// Final heights of each validator, as they were reported.
    pub(super) heights: BTreeMap<u16, Heights>,
    /// Supplies in the order in which they were told, and by whom.
    pub(super) supplies: Vec<(u16, Supply)>,
    /// Evidence, and who had it.
    pub(super) evidence: Vec<(u16, String)>,
    /// What became of finality while each fault lasted.
    pub(super) spells: Vec<Spell>,
    /// What became final while no quorum could come together.
    pub(super) cut_offs: Vec<CutOff>,
    /// How long it took until everything was well after each fault.
    pub(super) recoveries: Vec<Recovery>,
    /// Processes that ended by themselves.
    pub(super) endings: Vec<Ending>,
    /// What was asked for again at the end and not told.
    pub(super) missing: Vec<(u16, String)>,
    /// What came of executing each home again.
    pub(super) verified: Vec<Verified>,
    /// What the load reached.
    pub(super) load: LoadCounts,
    /// Changes of a validator's power that were accepted.
    pub(super) power_changes: u64,
    /// The highest epoch of a final block.
    pub(super) epoch: u64,
}

/// Of a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockFacts {
    pub(super) hash: BlockHash,
    pub(super) state_root: Option<StateRoot>,
    pub(super) receipts_root: Option<Hash32>,
}

/// Of a final transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReceiptFacts {
    pub(super) height: u64,
    pub(super) index: u64,
    /// Of the receipt's text, without what no root commits to.
    pub(super) digest: Hash32,
}

/// What was told first of each thing, and what was told later and differs.
#[derive(Debug)]
pub(super) struct Told<K, V> {
    pub(super) first: BTreeMap<K, V>,
    pub(super) contradictions: Vec<String>,
}

/// Final heights as one validator reported them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heights {
    pub(super) last: u64,
    /// From what to what it fell.
    pub(super) falls: Vec<(u64, u64)>,
}

/// The time during which a fault lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) fault: String,
    /// Whether a quorum was well and connected all the while.
    pub(super) has_quorum: bool,
    pub(super) ms: u64,
    /// Final blocks that were new.
    pub(super) new_heights: u64,
}

/// A time in which no quorum could come together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CutOff {
    pub(super) fault: String,
    /// The highest final block when what was on its way had come.
    pub(super) settled: u64,
    /// The highest at the end.
    pub(super) last: u64,
}

/// The time after a fault was healed until all was well, in milliseconds; none when it was not within the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recovery {
    pub(super) fault: String,
    /// Until anybody had a new final block.
    pub(super) first_ms: Option<u64>,
    /// Until everybody had, and voted.
    pub(super) all_ms: Option<u64>,
    pub(super) bound_ms: u64,
}

/// A process that ended, or failed to end, because of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) validator: u16,
    pub(super) fault: String,
    /// Its exit code as its last line has it; none when it did not end though it should have.
    pub(super) code: Option<u8>,
    /// The codes that are right.
    pub(super) allowed: Vec<u8>,
    pub(super) last_line: String,
}

/// A home that was executed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) validator: u16,
    /// The last height and the root after it, or what went wrong.
    pub(super) outcome: Result<(u64, String), String>,
}

/// What the load reached. The same bytes may be sent, and accepted, more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LoadCounts {
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) unanswered: u64,
}

impl<K, V> Default for Told<K, V> {
    fn default() -> Self {
        Self { first: BTreeMap::new(), contradictions: Vec::new() }
    }
}

impl<K: Ord + Copy + std::fmt::Debug, V: PartialEq + Copy + std::fmt::Debug> Told<K, V> {
    /// Contradictions that are kept; one is enough.
    const KEPT_MAX: usize = 100;

    /// Somebody told this.
    pub(super) fn note(&mut self, by: u16, key: K, value: V) {
        let first = *self.first.entry(key).or_insert(value);
        if first != value && self.contradictions.len() < Self::KEPT_MAX {
            self.contradictions
                .push(format!("{key:?}: {first:?} at first, {value:?} by validator {by}"));
        }
    }
}

impl Observations {
    /// A validator told a final block.
    pub(super) fn block(&mut self, by: u16, block: &Block) {
        let height = block.height.get();
        let facts = BlockFacts {
            hash: block.hash,
            state_root: block.state_root,
            receipts_root: block.receipts_root,
        };
        self.blocks.note(by, height, facts);
        self.epoch = self.epoch.max(block.epoch.get());
        for id in &block.transaction_ids {
            self.included.note(by, *id, height);
        }
    }

    /// A validator told what became of a transaction; one that is not final is passed over.
    pub(super) fn transaction(&mut self, by: u16, info: &TransactionInfo) -> bool {
        let (Some(height), Some(index), Some(receipt)) = (info.height, info.index, &info.receipt)
        else {
            return false;
        };
        let text = format!(
            "{} {:?} {:?} {:?} {:?}",
            receipt.ok, receipt.error, receipt.fee_paid, receipt.deposit_paid, receipt.events
        );
        let facts = ReceiptFacts {
            height: height.get(),
            index: u64::from(index.get()),
            digest: Hash32(*blake3::hash(text.as_bytes()).as_bytes()),
        };
        self.receipts.note(by, info.id, facts);
        true
    }

    /// A validator told its final height.
    pub(super) fn height(&mut self, by: u16, height: u64) {
        let heights = self.heights.entry(by).or_default();
        if height < heights.last {
            heights.falls.push((heights.last, height));
        }
        heights.last = height;
    }

    /// The highest final height that anybody told.
    pub(super) fn highest(&self) -> u64 {
        self.blocks.first.last_key_value().map_or(0, |(height, _)| *height)
    }
}

//! A node's disk: what survives a crash.
//!
//! As `heddle-storage` has it: a log, and a file with two slots for the safety record.
//!
//! * Blocks and timeout certificates go into the log and are synced, with all that stands before them. Outcomes go into the
//!   log and are not. When the power fails, the log ends at the first row that is not all there.
//! * A safety record is one write of one slot, and a sync. The slots are written in turn; when the power fails, any of the
//!   slot's sectors may be there, and a slot that is neither the old nor the new one mutes the node.
//! * In lease mode only a record that takes a new lease is synced. When the power fails no record is believed, since the next
//!   start is in another boot of the machine; what is known then is the limit that was synced last.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::Response;
use heddle_catchup::Stored;
use heddle_catchup::Tail;
use heddle_catchup::serve_range;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_hotstuff::limits::TURNS_MAX;
use heddle_machine::Action;
use heddle_state::State;
use heddle_storage::lease_to_take;
use heddle_types::BlockHash;
use heddle_types::ChangeSet;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::LeaseLimit;
use heddle_types::SafetyRecord;
use heddle_types::TimeoutCert;
use heddle_types::Validator;

/// A final block whose outcome is durable.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) block: Arc<CheckedBlock>,
    /// Of the block, or of the descendant that made it final.
    pub(crate) cert: CommitCert,
    pub(crate) executed: ExecutedRoot,
    pub(crate) changes: Arc<ChangeSet>,
    /// Who should decide, by the state after it.
    pub(crate) candidates: Arc<[Validator]>,
}

/// What a read finds.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) safety: Option<SafetyRecord>,
    /// In lease mode.
    pub(crate) lease: Option<Lease>,
    pub(crate) timeout_certs: BTreeMap<Hash32, TimeoutCert>,
    pub(crate) blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
    /// By height, genesis first.
    pub(crate) outcomes: Vec<Outcome>,
    /// After the last outcome.
    pub(crate) state: State,
    /// How each epoch ended.
    pub(crate) ends: BTreeMap<Epoch, EpochEnd>,
    /// For each outcome at the log's end that is not synced: the blocks that it made obsolete.
    unsynced: Vec<Vec<Arc<CheckedBlock>>>,
}

/// Signing without a sync for each record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// Views that one is taken for.
    views: u64,
    /// The durable limit; none before the first lease.
    limit: Option<LeaseLimit>,
    /// The record was lost with the power.
    is_lost: bool,
}

/// What must be durable before anything that follows it is done.
pub(crate) enum Write {
    Block(Arc<CheckedBlock>),
    TimeoutCert(TimeoutCert),
    Record(Box<SafetyRecord>),
    EpochEnd(Box<EpochEnd>),
}

impl Lease {
    /// None is taken yet; each will be for so many views.
    pub(crate) const fn of(views: u64) -> Self {
        Self { views, limit: None, is_lost: false }
    }
}

impl Disk {
    /// Of a node that has run nothing yet.
    pub(crate) fn new(safety: SafetyRecord, genesis: Outcome, state: State) -> Self {
        Self {
            safety: Some(safety),
            lease: None,
            timeout_certs: BTreeMap::new(),
            blocks: BTreeMap::new(),
            outcomes: vec![genesis],
            state,
            ends: BTreeMap::new(),
            unsynced: Vec::new(),
        }
    }

    /// Writes and syncs.
    pub(crate) fn write(&mut self, write: Write) {
        match write {
            Write::Block(block) => {
                self.blocks.insert(block.hash(), block);
                self.unsynced.clear();
            }
            Write::TimeoutCert(cert) => {
                self.timeout_certs.insert(cert.hash(), cert);
                self.unsynced.clear();
            }
            Write::EpochEnd(end) => {
                self.ends.insert(end.epoch(), *end);
                self.unsynced.clear();
            }
            Write::Record(record) => {
                if let Some(lease) = &mut self.lease {
                    lease.limit = lease_to_take(lease.limit, &record, lease.views).or(lease.limit);
                    lease.is_lost = false;
                }
                self.safety = Some(*record);
            }
        }
    }

    /// Whether a write is done at once, and durable later.
    pub(crate) fn may_wait(&self, write: &Write) -> bool {
        match (write, self.lease) {
            (Write::Record(record), Some(lease)) => {
                lease_to_take(lease.limit, record, lease.views).is_none()
            }
            (Write::Record(_), None)
            | (Write::Block(_) | Write::TimeoutCert(_) | Write::EpochEnd(_), _) => false,
        }
    }

    /// L1: what a start after a power failure takes for the highest that was signed; none when it believes the record.
    pub(crate) fn limit(&self) -> Option<LeaseLimit> {
        self.lease.and_then(|lease| lease.limit)
    }

    /// L2: the machine starts again, and what was not synced is not believed.
    pub(crate) fn forget_unsynced_records(&mut self) {
        let Some(lease) = self.lease.as_mut().filter(|lease| lease.limit.is_some()) else { return };
        lease.is_lost |= self.safety.take().is_some();
    }

    /// The safety file is no longer there, or damaged.
    pub(crate) fn lose_safety(&mut self) {
        self.safety = None;
        if let Some(lease) = &mut self.lease {
            lease.is_lost = false;
        }
    }

    /// Adds an outcome to the log, without a sync.
    pub(crate) fn append(&mut self, outcome: Outcome) {
        let height = outcome.executed.height;
        let (obsolete, blocks): (BTreeMap<_, _>, _) = std::mem::take(&mut self.blocks)
            .into_iter()
            .partition(|(_, block)| block.header().height <= height);
        self.blocks = blocks;
        self.unsynced.push(obsolete.into_values().collect());
        self.outcomes.push(outcome);
    }

    /// How many outcomes a power failure may take.
    pub(crate) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// The power fails, and of the outcomes that were not synced the first `kept` are there.
    pub(crate) fn lose_power(&mut self, kept: usize) {
        let lost = self.unsynced.split_off(kept.min(self.unsynced.len()));
        self.unsynced.clear();
        if lost.is_empty() {
            return;
        }
        self.outcomes.truncate(self.outcomes.len() - lost.len());
        self.blocks.extend(lost.into_iter().flatten().map(|block| (block.hash(), block)));
        self.state = State::empty();
        for outcome in &self.outcomes {
            self.state.apply(&outcome.changes);
        }
    }

    /// How the last epoch ended whose closing block is final here.
    pub(crate) fn last_end(&self) -> Option<&EpochEnd> {
        let last = self.last().executed.height;
        self.ends.values().rfind(|end| end.closing.height <= last)
    }

    /// The last final block.
    pub(crate) fn last(&self) -> &Outcome {
        self.outcomes.last().expect("genesis is always there")
    }

    /// What a start reads.
    pub(crate) fn recover(&self, nonce: [u8; 32]) -> Recovered {
        let last = self.last();
        let height = last.block.header().height;
        let kept = self.outcomes.len().min(TURNS_MAX);
        let recent = &self.outcomes[self.outcomes.len() - kept..];
        let high_tc = self.safety.as_ref().and_then(|record| record.high_tc);
        Recovered {
            safety: self.safety.clone(),
            lease: self.lease.filter(|lease| lease.is_lost).and_then(|lease| lease.limit),
            high_tc: high_tc.and_then(|hash| self.timeout_certs.get(&hash).cloned()),
            last_final: Arc::clone(&last.block),
            commit: last.cert.clone(),
            executed: recent.iter().map(Executed::from).collect(),
            turns: recent.iter().map(|outcome| Turn::from(outcome.block.header())).collect(),
            blocks: self.blocks.values().filter(|b| b.header().height > height).cloned().collect(),
            nonce,
        }
    }

    /// Answers a peer.
    pub(crate) fn serve(&self, request: &Request) -> Response {
        match request {
            Request::Block { hash } => {
                let stored = self.blocks.get(hash).cloned();
                let stored = stored.or_else(|| {
                    let found = self.outcomes.iter().find(|o| o.block.hash() == *hash)?;
                    Some(Arc::clone(&found.block))
                });
                Response::Block(stored)
            }
            Request::Range { from, max_blocks, max_bytes } => {
                serve_range(*from, *max_blocks, *max_bytes, |height| self.stored(height))
            }
        }
    }

    fn stored(&self, height: Height) -> Option<Stored<Arc<CheckedBlock>>> {
        let outcome = self.outcomes.get(usize::try_from(height.get()).ok()?)?;
        let header = outcome.block.header();
        let end = self.ends.get(&header.epoch).filter(|end| end.closing == *header);
        Some(Stored {
            block: Arc::clone(&outcome.block),
            bytes: 0,
            cert: Some(outcome.cert.clone()).filter(|c| c.data.block == outcome.block.hash()),
            end: end.map(tail),
        })
    }
}

impl From<&Outcome> for Executed {
    fn from(outcome: &Outcome) -> Self {
        Self { root: outcome.executed, candidates: Arc::clone(&outcome.candidates) }
    }
}

/// The blocks of a tail are empty, so that their headers are all there is of them.
fn tail(end: &EpochEnd) -> Tail<Arc<CheckedBlock>> {
    let blocks = end.tail.iter().map(|header| CheckedBlock::build(header.clone(), Vec::new()));
    Tail { blocks: blocks.map(Arc::new).collect(), bytes: 0, cert: end.cert.clone() }
}

impl Write {
    /// What the disk must have before anything that follows the action; none if nothing.
    pub(crate) fn of(action: &Action) -> Option<Self> {
        match action {
            Action::StoreBlock(block) => Some(Self::Block(Arc::clone(block))),
            Action::StoreTimeoutCert(cert) => Some(Self::TimeoutCert(cert.clone())),
            Action::Persist(record) => Some(Self::Record(Box::new(record.clone()))),
            Action::EpochEnded(end) => Some(Self::EpochEnd(end.clone())),
            Action::Send { .. }
            | Action::Broadcast(_)
            | Action::Execute { .. }
            | Action::Reply { .. }
            | Action::Dropped(_)
            | Action::Serve { .. }
            | Action::ServeEpochEnd { .. }
            | Action::Committee(_)
            | Action::Misbehaved { .. }
            | Action::Voting(_)
            | Action::Diverged { .. }
            | Action::Evidence(_)
            | Action::OwnKeyElsewhere { .. } => None,
        }
    }
}

//! A node's disk: what survives a crash.

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
use heddle_state::State;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
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
    /// Who should decide, by the state after it.
    pub(crate) candidates: Arc<[Validator]>,
}

/// Everything that was synced, and nothing else.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) safety: Option<SafetyRecord>,
    pub(crate) timeout_certs: BTreeMap<Hash32, TimeoutCert>,
    pub(crate) blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
    /// By height, genesis first.
    pub(crate) outcomes: Vec<Outcome>,
    /// After the last outcome.
    pub(crate) state: State,
    /// How each epoch ended.
    pub(crate) ends: BTreeMap<Epoch, EpochEnd>,
}

impl Disk {
    /// Of a node that has run nothing yet.
    pub(crate) fn new(safety: SafetyRecord, genesis: Outcome, state: State) -> Self {
        Self {
            safety: Some(safety),
            timeout_certs: BTreeMap::new(),
            blocks: BTreeMap::new(),
            outcomes: vec![genesis],
            state,
            ends: BTreeMap::new(),
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
            lease: None,
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

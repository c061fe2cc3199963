//! A node's disk: what survives a crash.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_catchup::Request;
use heddle_catchup::Response;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_hotstuff::limits::TURNS_MAX;
use heddle_state::State;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::SafetyRecord;
use heddle_types::TimeoutCert;

/// A final block whose outcome is durable.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) block: Arc<CheckedBlock>,
    /// Of the block, or of the descendant that made it final.
    pub(crate) cert: CommitCert,
    pub(crate) executed: ExecutedRoot,
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
        }
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
            high_tc: high_tc.and_then(|hash| self.timeout_certs.get(&hash).cloned()),
            last_final: Arc::clone(&last.block),
            commit: last.cert.clone(),
            executed: recent.iter().map(|outcome| outcome.executed).collect(),
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
            Request::Range { from, max_blocks, .. } => {
                let start = usize::try_from(from.get()).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::from(*max_blocks)).min(self.outcomes.len());
                let outcomes = self.outcomes.get(start..end).unwrap_or_default();
                // Shorten to a block that has a certificate of its own.
                let with_cert = |o: &Outcome| o.cert.data.block == o.block.hash();
                let len = outcomes.iter().rposition(with_cert).map_or(0, |last| last + 1);
                Response::Range {
                    blocks: outcomes[..len].iter().map(|o| Arc::clone(&o.block)).collect(),
                    cert: len.checked_sub(1).map(|last| outcomes[last].cert.clone()),
                }
            }
        }
    }
}

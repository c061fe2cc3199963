//! One replica of a cluster, and what it leaves behind when it crashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_hotstuff::Executed;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_hotstuff::Turn;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::SafetyRecord;
use heddle_types::StateRoot;
use heddle_types::TimeoutCert;
use heddle_types::Validator;

use crate::oracle::Witness;
use crate::world::World;

/// What survives a crash.
pub(crate) struct Disk {
    pub(crate) safety: Option<SafetyRecord>,
    pub(crate) tc: Option<TimeoutCert>,
    pub(crate) blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
    pub(crate) chain: BTreeMap<Height, Arc<CheckedBlock>>,
    /// By the last height that each made final.
    pub(crate) certs: BTreeMap<Height, CommitCert>,
    /// By epoch.
    pub(crate) ends: BTreeMap<u64, EpochEnd>,
    pub(crate) roots: BTreeMap<Height, StateRoot>,
}

pub(crate) struct Node {
    pub(crate) replica: Option<Replica>,
    /// Who decides where it has come to.
    pub(crate) committee: Arc<Committee>,
    pub(crate) life: u64,
    pub(crate) disk: Disk,
    pub(crate) witness: Witness,
    pub(crate) mempool: Vec<Arc<CheckedTransaction>>,
    pub(crate) told_pending: bool,
    pub(crate) final_height: Height,
    /// Crashes in the middle of carrying out actions, after so many of them.
    pub(crate) crash_after: Option<u64>,
    /// When each height became final here, in microseconds.
    pub(crate) final_at: BTreeMap<u64, u64>,
}

impl Node {
    pub(crate) fn new(world: &World) -> Self {
        let (height, genesis) = (Height::ZERO, Arc::clone(&world.genesis));
        let cert = CommitCert::genesis(genesis.header().vote_data());
        let disk = Disk {
            safety: Some(world.first_record()),
            tc: None,
            blocks: BTreeMap::new(),
            roots: BTreeMap::from([(height, genesis.header().executed.root)]),
            chain: BTreeMap::from([(height, genesis)]),
            certs: BTreeMap::from([(height, cert)]),
            ends: BTreeMap::new(),
        };
        Self {
            replica: None,
            committee: Arc::clone(&world.committee),
            life: 0,
            disk,
            witness: Witness::default(),
            mempool: Vec::new(),
            told_pending: false,
            final_height: height,
            crash_after: None,
            final_at: BTreeMap::new(),
        }
    }

    /// How the last epoch ended whose closing block is final here.
    pub(crate) fn last_end(&self) -> Option<&EpochEnd> {
        let is_final = |end: &&EpochEnd| self.disk.chain.contains_key(&end.closing.height);
        self.disk.ends.values().rfind(is_final)
    }

    pub(crate) fn recover(
        &self,
        world: &World,
        nonce: u64,
        candidates: impl Fn(Height) -> Arc<[Validator]>,
    ) -> Recovered {
        let (height, last_final) = self.disk.chain.last_key_value().unwrap();
        let (_, commit) = self.disk.certs.last_key_value().unwrap();
        let roots = self.disk.roots.iter();
        let executed = roots.map(|(height, root)| Executed {
            root: ExecutedRoot { height: *height, root: *root },
            candidates: candidates(*height),
        });
        let above = self.disk.blocks.values().filter(|block| block.header().height > *height);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&nonce.to_le_bytes());
        Recovered {
            high_tc: self.disk.tc.clone(),
            last_final: Arc::clone(last_final),
            commit: commit.clone(),
            executed: executed.collect(),
            turns: self.disk.chain.values().map(|block| Turn::from(block.header())).collect(),
            blocks: above.cloned().collect(),
            nonce: bytes,
            ..world.recovered(self.disk.safety.clone())
        }
    }
}

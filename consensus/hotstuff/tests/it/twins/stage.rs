//! Where a scenario begins: a chain of one block, which all made final.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_hotstuff::Recovered;
use heddle_hotstuff::Turn;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::ExecutedRoot;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SafetyVote;
use heddle_types::UnixMillis;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::world;
use crate::world::World;

/// How many views a scenario decides about.
pub(super) const VIEWS: usize = 4;
/// The scenario's first view.
pub(super) const FIRST_VIEW: u64 = 2;

/// Everybody has the same final block, and the next view is the scenario's first.
pub(super) struct Stage {
    pub(super) world: World,
    /// Of the scenario's views.
    pub(super) leaders: BTreeMap<View, ValidatorIndex>,
    pub(super) recovered: Recovered,
    /// What makes a twin's blocks differ from those of the other one.
    pub(super) mark: Arc<CheckedTransaction>,
}

impl Stage {
    /// `validators` of equal power; those named by `leaders` lead the scenario's views.
    pub(super) fn new(validators: usize, leaders: [u8; VIEWS]) -> Self {
        let world = World::new(u16::try_from(validators).unwrap());
        let leaders = leaders.map(|who| ValidatorIndex::new(u16::from(who)));
        let mut stage = Self {
            recovered: world.recovered(None),
            mark: world::transaction(0),
            leaders: (FIRST_VIEW..).map(View::new).zip(leaders).collect(),
            world,
        };
        stage.make_block();
        stage.certify();
        stage
    }

    /// What every replica starts from; `record` is the only thing in which they may differ.
    pub(super) fn recovered(&self, record: SafetyRecord) -> Recovered {
        Recovered { safety: Some(record), ..self.recovered.clone() }
    }

    /// Of the view before the scenario's first.
    fn make_block(&mut self) {
        let view = View::new(FIRST_VIEW - 1);
        let parent = &self.recovered.last_final;
        let root = world::execute(self.recovered.executed[0].root.root, parent);
        let header = BlockHeader {
            view,
            height: parent.header().height.next(),
            parent: parent.hash(),
            executed: self.recovered.executed[0].root,
            time: UnixMillis::new(parent.header().time.get() + 1),
            proposer: self.world.committee.leader(view),
            ..self.world.genesis.header().clone()
        };
        let executed = ExecutedRoot { height: header.height, root };
        self.recovered.executed = vec![self.world.executed(executed)];
        self.recovered.turns.push(Turn::from(&header));
        self.recovered.last_final = Arc::new(CheckedBlock::build(header, vec![]));
    }

    /// All validators voted for the last block, and made it final.
    fn certify(&mut self) {
        let voters: Vec<u16> = self.world.committee.indices().map(ValidatorIndex::get).collect();
        let block = &self.recovered.last_final;
        let voted = SafetyVote { view: block.header().view, block: block.hash() };
        let high_qc: QuorumCert = self.world.qc(&voters, block);
        self.recovered.commit = self.world.commit_cert(&voters, block);
        let record = self.world.first_record();
        self.recovered.safety =
            Some(SafetyRecord { vote: voted, commit_vote: voted, high_qc, ..record });
    }
}

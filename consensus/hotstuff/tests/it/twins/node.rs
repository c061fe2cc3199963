//! One replica of a scenario: what it holds, and what it heard twins say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use heddle_hotstuff::Evidence;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::Replica;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::TimeoutCert;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::oracle::Witness;
use crate::twins::stage::Stage;

/// What of a validator's words binds it to one block a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Proposal,
    Vote,
    CommitVote,
}

/// Who said it, and of which view.
type Statement = (Kind, ValidatorIndex, View);

pub(super) struct Node {
    pub(super) replica: Replica,
    pub(super) record: SafetyRecord,
    tc: Option<TimeoutCert>,
    pub(super) blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
    /// Final, above the stage's last.
    pub(super) chain: Vec<Arc<CheckedBlock>>,
    pub(super) commit: CommitCert,
    pub(super) witness: Witness,
    /// It heard its own key, and does nothing more.
    pub(super) halted: bool,
    heard: BTreeMap<Statement, BlockHash>,
    contradicted: BTreeSet<Statement>,
    accused: BTreeSet<Statement>,
}

impl Node {
    pub(super) fn new(replica: Replica, stage: &Stage) -> Self {
        Self {
            replica,
            record: stage.recovered.safety.clone().expect("a stage has a record"),
            tc: None,
            blocks: BTreeMap::new(),
            chain: Vec::new(),
            commit: stage.recovered.commit.clone(),
            witness: Witness::default(),
            halted: false,
            heard: BTreeMap::new(),
            contradicted: BTreeSet::new(),
            accused: BTreeSet::new(),
        }
    }

    pub(super) fn store_tc(&mut self, tc: TimeoutCert) {
        self.tc = Some(tc);
    }

    /// Nothing stops a twin that heard its own key: it starts again with what it signed itself, and the certificates that
    /// it heard.
    pub(super) fn recover(&mut self, stage: &Stage, heard: &Input) -> Recovered {
        if let Input::Message { message, .. } = heard {
            match message {
                Message::Proposal(heard) => self.adopt(&heard.qc, heard.tc.as_ref()),
                Message::Timeout(heard) => self.adopt(&heard.high_qc, heard.entry_tc.as_ref()),
                Message::Certificates(heard) => self.adopt(&heard.high_qc, heard.high_tc.as_ref()),
                Message::Vote(_)
                | Message::CommitVote(_)
                | Message::UnmuteRequest { .. }
                | Message::UnmuteAnswer(_)
                | Message::EpochEnd(_) => {}
            }
        }
        self.halted = false;
        self.accused.clear();
        // What was final is made final again.
        self.chain.clear();
        Recovered {
            high_tc: self.tc.clone(),
            commit: self.commit.clone(),
            blocks: self.blocks.values().cloned().collect(),
            ..stage.recovered(self.record.clone())
        }
    }

    fn adopt(&mut self, qc: &QuorumCert, tc: Option<&TimeoutCert>) {
        let record = &mut self.record;
        if qc.data.view > record.high_qc.data.view {
            record.high_qc = qc.clone();
        }
        let high_qc = record.high_qc.data.view;
        if let Some(tc) = tc.filter(|tc| tc.view > high_qc && tc.highest_qc_view() <= high_qc) {
            record.high_tc = Some(tc.hash());
            self.tc = Some(tc.clone());
        }
    }

    /// Notes what others say, to know whom this replica must accuse.
    pub(super) fn hear(&mut self, from: ValidatorIndex, message: &Message) {
        let said = match message {
            Message::Proposal(proposal) => {
                Some((Kind::Proposal, proposal.block.header().view, proposal.block.hash()))
            }
            Message::Vote(vote) => Some((Kind::Vote, vote.data.view, vote.data.block)),
            Message::CommitVote(vote) => Some((Kind::CommitVote, vote.data.view, vote.data.block)),
            Message::Timeout(timeout) => {
                timeout.own_vote.map(|vote| (Kind::Vote, vote.data.view, vote.data.block))
            }
            Message::Certificates(_)
            | Message::UnmuteRequest { .. }
            | Message::UnmuteAnswer(_)
            | Message::EpochEnd(_) => None,
        };
        let Some((kind, view, block)) = said else { return };
        let statement = (kind, from, view);
        if *self.heard.entry(statement).or_insert(block) != block {
            self.contradicted.insert(statement);
        }
    }

    /// It accuses somebody of that.
    pub(super) fn accuse(&mut self, evidence: &Evidence) {
        let statement = match evidence {
            Evidence::Proposals(pair) => (Kind::Proposal, pair[0].0.proposer, pair[0].0.view),
            Evidence::Votes([vote, _]) => (Kind::Vote, vote.voter, vote.data.view),
            Evidence::CommitVotes([vote, _]) => (Kind::CommitVote, vote.voter, vote.data.view),
        };
        let heard = self.contradicted.contains(&statement);
        assert!(heard, "an accusation of what was not heard: {statement:?}");
        assert!(self.accused.insert(statement), "accused twice: {statement:?}");
    }

    /// How often it heard somebody contradict himself; it said so each time.
    pub(super) fn equivocations(&self) -> u64 {
        assert_eq!(self.accused, self.contradicted, "who contradicts himself is accused");
        self.accused.len() as u64
    }
}

//! Builds on older blocks than it knows to be certified.

use std::collections::VecDeque;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::ExecutedRoot;
use heddle_types::QuorumCert;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Certificates that it remembers.
const KNOWN_MAX: usize = 8;

/// Leaves behind what was certified last.
#[derive(Debug, Default)]
pub(super) struct ForkingLeader {
    /// Certificates of the last proposals, with the root that each proposal claimed.
    known: VecDeque<(QuorumCert, ExecutedRoot)>,
}

impl Misbehave for ForkingLeader {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        let PeerMessage::Consensus(Message::Proposal(proposal)) = message else {
            return hand.send_all(to, message);
        };
        self.learn(proposal);
        let older: Vec<_> =
            self.known.iter().filter(|(qc, _)| qc.data.view < proposal.qc.data.view).collect();
        let place = usize::try_from(hand.dice.below(older.len() as u64)).unwrap_or(0);
        let Some((qc, executed)) = older.get(place) else { return hand.send_all(to, message) };
        let header = BlockHeader {
            parent: qc.data.block,
            height: qc.data.height.next(),
            executed: *executed,
            ..proposal.block.header().clone()
        };
        let fork = CheckedBlock::build(header, proposal.block.transactions().to_vec());
        let fork = hand.propose(fork, qc.clone(), proposal.tc.clone());
        hand.send_all(to, &fork);
    }

    fn hear(&mut self, _hand: &mut Hand<'_>, _from: usize, message: &PeerMessage) {
        if let PeerMessage::Consensus(Message::Proposal(proposal)) = message {
            self.learn(proposal);
        }
    }
}

impl ForkingLeader {
    fn learn(&mut self, proposal: &CheckedProposal) {
        self.known.push_back((proposal.qc.clone(), proposal.block.header().executed));
        if self.known.len() > KNOWN_MAX {
            self.known.pop_front();
        }
    }
}

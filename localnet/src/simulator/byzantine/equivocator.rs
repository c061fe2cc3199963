//! Two proposals, two votes and two commit votes a view.

use heddle_hotstuff::Message;
use heddle_types::BlockHash;
use heddle_types::VoteData;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;
use super::hand::sibling;

/// How many of a thousand hear both of two statements.
const BOTH_PERMILLE: u64 = 300;

/// Tells each half of the others another story.
#[derive(Debug, Default)]
pub(super) struct Equivocator {
    /// The other block of its last proposal.
    other: Option<VoteData>,
}

impl Misbehave for Equivocator {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        let other = match message {
            PeerMessage::Consensus(Message::Proposal(proposal)) => {
                let block = sibling(&proposal.block);
                self.other = Some(block.header().vote_data());
                hand.propose(block, proposal.qc.clone(), proposal.tc.clone())
            }
            PeerMessage::Consensus(Message::Vote(vote)) => hand.vote(self.contrary(vote.data)),
            PeerMessage::Consensus(Message::CommitVote(vote)) => {
                hand.commit_vote(self.contrary(vote.data))
            }
            _ => return hand.send_all(to, message),
        };
        for &to in to {
            let both = hand.dice.chance(BOTH_PERMILLE);
            if both || to % 2 == 0 {
                hand.send(to, message.clone());
            }
            if both || to % 2 == 1 {
                hand.send(to, other.clone());
            }
        }
    }
}

impl Equivocator {
    /// The other block that it proposed in the view, or one that nobody proposed.
    fn contrary(&self, data: VoteData) -> VoteData {
        let proposed = self.other.filter(|other| other.view == data.view);
        proposed.unwrap_or_else(|| {
            let mut block = data.block;
            block.0.0[0] ^= 1;
            VoteData { block: BlockHash(block.0), ..data }
        })
    }
}

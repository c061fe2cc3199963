//! Claims roots that no execution gives.

use heddle_hotstuff::Message;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::ExecutedRoot;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Proposes blocks with a wrong root, or the root of another height.
#[derive(Debug)]
pub(super) struct InvalidRoot;

impl Misbehave for InvalidRoot {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        let PeerMessage::Consensus(Message::Proposal(proposal)) = message else {
            return hand.send_all(to, message);
        };
        let header = proposal.block.header();
        let ExecutedRoot { height, mut root } = header.executed;
        let executed = match hand.dice.below(3) {
            0 => ExecutedRoot { height: header.height, root },
            1 => ExecutedRoot { height: height.next(), root },
            _ => {
                root.0.0[0] ^= 1;
                ExecutedRoot { height, root }
            }
        };
        let header = BlockHeader { executed, ..header.clone() };
        let block = CheckedBlock::build(header, proposal.block.transactions().to_vec());
        let wrong = hand.propose(block, proposal.qc.clone(), proposal.tc.clone());
        hand.send_all(to, &wrong);
    }
}

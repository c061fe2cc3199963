//! Gives up on every view at once, and votes for views that are far away.

use heddle_hotstuff::Message;
use heddle_types::BlockHash;
use heddle_types::Hash32;
use heddle_types::View;
use heddle_types::VoteData;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Votes for far views with each certificate that it hears.
const FAR_VOTES: usize = 4;

/// Never waits.
#[derive(Debug)]
pub(super) struct TimeoutSpammer;

impl Misbehave for TimeoutSpammer {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        hand.send_all(to, message);
    }

    fn hear(&mut self, hand: &mut Hand<'_>, from: usize, message: &PeerMessage) {
        let PeerMessage::Consensus(Message::Proposal(proposal)) = message else { return };
        let qc = &proposal.qc;
        let others = hand.others();
        let entered = hand.timeout(qc.data.view.next(), qc.clone(), None);
        let current = hand.timeout(proposal.block.header().view, qc.clone(), proposal.tc.clone());
        let far = View::new(hand.dice.below(u64::MAX));
        let incoherent = hand.timeout(far, qc.clone(), None);
        for message in [entered, current, incoherent] {
            hand.send_all(&others, &message);
        }
        for _ in 0..FAR_VOTES {
            let view = View::new(qc.data.view.get() + hand.dice.below(1_000_000));
            let block = BlockHash(Hash32(hand.dice.bytes()));
            let data = VoteData { view, block, ..qc.data };
            let (vote, commit_vote) = (hand.vote(data), hand.commit_vote(data));
            hand.send_all(&others, &vote);
            hand.send_all(&others, &commit_vote);
        }
        let nonce = hand.dice.bytes();
        hand.send(
            from,
            PeerMessage::Consensus(Message::UnmuteRequest { nonce, epoch: qc.data.epoch }),
        );
    }
}

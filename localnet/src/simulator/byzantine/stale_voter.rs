//! Votes and commit-votes for whatever it hears, also in views given up, and names old certificates in its timeouts.

use heddle_hotstuff::Message;
use heddle_types::QuorumCert;
use heddle_types::VoteData;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;

/// Proposals that it remembers.
const HEARD_MAX: usize = 16;

/// Forgets what it gave up.
#[derive(Debug, Default)]
pub(super) struct StaleVoter {
    heard: Vec<VoteData>,
    /// The certificate of the last proposal but one.
    older: Option<QuorumCert>,
    newer: Option<QuorumCert>,
}

impl Misbehave for StaleVoter {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        if let PeerMessage::Consensus(Message::Timeout(timeout)) = message
            && let Some(older) = &self.older
        {
            let stale = hand.timeout(timeout.data.view, older.clone(), timeout.entry_tc.clone());
            hand.send_all(to, &stale);
            self.vote_again(hand);
        } else {
            hand.send_all(to, message);
        }
    }

    fn hear(&mut self, hand: &mut Hand<'_>, _from: usize, message: &PeerMessage) {
        let PeerMessage::Consensus(Message::Proposal(proposal)) = message else { return };
        self.older = self.newer.replace(proposal.qc.clone());
        if self.heard.len() == HEARD_MAX {
            self.heard.remove(0);
        }
        self.heard.push(proposal.block.header().vote_data());
        if hand.dice.chance(300) {
            self.vote_again(hand);
        }
    }
}

impl StaleVoter {
    /// For one of the last proposals, in both rounds.
    fn vote_again(&self, hand: &mut Hand<'_>) {
        let place = usize::try_from(hand.dice.below(self.heard.len() as u64)).unwrap_or(0);
        let Some(data) = self.heard.get(place) else { return };
        let others = hand.others();
        let (vote, commit_vote) = (hand.vote(*data), hand.commit_vote(*data));
        hand.send_all(&others, &vote);
        hand.send_all(&others, &commit_vote);
    }
}

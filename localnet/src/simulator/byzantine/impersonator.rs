//! Speaks in the names of others.

use std::sync::Arc;

use heddle_hotstuff::Certificates;
use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::QuorumCert;
use heddle_types::Timeout;
use heddle_types::ValidatorIndex;
use heddle_types::Vote;
use heddle_types::VoteKind;
use heddle_types::VoterSignature;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;
use super::hand::sibling;
use crate::simulator::scheme::MacScheme;

/// Signs as others, with the only key that it has, and passes on what others signed.
#[derive(Debug)]
pub(super) struct Impersonator;

impl Misbehave for Impersonator {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        hand.send_all(to, message);
        let PeerMessage::Consensus(message) = message else { return };
        let Some(victim) = hand.any(&hand.others()) else { return };
        let name = ValidatorIndex::new(u16::try_from(victim).unwrap_or(0));
        let forged = match message {
            Message::Proposal(proposal) => forged_proposal(hand, proposal, name),
            Message::Vote(vote) => Message::Vote(Vote { voter: name, ..*vote }),
            Message::CommitVote(vote) => Message::CommitVote(CommitVote { voter: name, ..*vote }),
            Message::Timeout(timeout) => {
                Message::Timeout(Box::new(Timeout { voter: name, ..(**timeout).clone() }))
            }
            Message::Certificates(certificates) => forged_certificates(hand, certificates),
            Message::UnmuteRequest { .. } | Message::UnmuteAnswer(_) | Message::EpochEnd(_) => {
                return;
            }
        };
        let others = hand.others();
        hand.send_all(&others, &PeerMessage::Consensus(forged));
    }

    fn hear(&mut self, hand: &mut Hand<'_>, _from: usize, message: &PeerMessage) {
        let statement = matches!(
            message,
            PeerMessage::Consensus(
                Message::Proposal(_)
                    | Message::Vote(_)
                    | Message::CommitVote(_)
                    | Message::Timeout(_)
            )
        );
        if statement && hand.dice.chance(100) {
            let others = hand.others();
            hand.send_all(&others, message);
        }
    }
}

/// Another block, as if `name` had proposed it.
fn forged_proposal(hand: &Hand<'_>, proposal: &CheckedProposal, name: ValidatorIndex) -> Message {
    let other = sibling(&proposal.block);
    let header = BlockHeader { proposer: name, ..other.header().clone() };
    let block = CheckedBlock::build(header, other.transactions().to_vec());
    let forged = hand.propose(block, proposal.qc.clone(), proposal.tc.clone());
    match forged {
        PeerMessage::Consensus(message) => message,
        _ => Message::Proposal(Arc::new(proposal.clone())),
    }
}

/// Certificates of the next view and height with everybody's signature, none of which is.
fn forged_certificates(hand: &Hand<'_>, known: &Certificates) -> Message {
    let mut data = known.high_qc.data;
    data.view = data.view.next();
    data.height = data.height.next();
    let parts = |kind| {
        let signature = hand.signature(&data, kind);
        let part = |voter| VoterSignature { voter, signature };
        hand.committee.indices().map(part).collect::<Vec<_>>()
    };
    Message::Certificates(Box::new(Certificates {
        high_qc: QuorumCert::new(data, &parts(VoteKind::Vote), &MacScheme),
        high_tc: None,
        commit: CommitCert::new(data, &parts(VoteKind::CommitVote), &MacScheme),
    }))
}

//! Answers requests for blocks wrongly.

use std::sync::Arc;

use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Message;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Proof;
use heddle_wire::PeerMessage;

use super::Hand;
use super::Misbehave;
use super::hand::sibling;

/// Serves what nobody asked for.
#[derive(Debug, Default)]
pub(super) struct LyingPeer {
    /// The last block that was proposed.
    last: Option<Arc<CheckedBlock>>,
    /// The last question's.
    id: RequestId,
}

impl Misbehave for LyingPeer {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        let PeerMessage::Response { id, response } = message else {
            return hand.send_all(to, message);
        };
        let lie = match response {
            Response::Block(block) => self.other_block(hand, block.as_ref()),
            Response::Range { blocks, cert } => other_range(hand, blocks, cert.as_ref()),
        };
        hand.send_all(to, &PeerMessage::Response { id: *id, response: lie });
    }

    fn hear(&mut self, hand: &mut Hand<'_>, from: usize, message: &PeerMessage) {
        if let PeerMessage::Request { id, .. } = message {
            self.id = *id;
        }
        if let PeerMessage::Consensus(Message::Proposal(proposal)) = message {
            self.last = Some(Arc::clone(&proposal.block));
            let id = RequestId::new(self.id.get().wrapping_add(hand.dice.below(8)));
            let response = Response::Block(self.last.clone());
            hand.send(from, PeerMessage::Response { id, response });
        }
    }
}

impl LyingPeer {
    fn other_block(&self, hand: &mut Hand<'_>, block: Option<&Arc<CheckedBlock>>) -> Response {
        match hand.dice.below(3) {
            0 => Response::Block(None),
            1 => Response::Range { blocks: block.cloned().into_iter().collect(), cert: None },
            _ => {
                let last = self.last.as_ref().or(block);
                Response::Block(last.map(|block| Arc::new(sibling(block))))
            }
        }
    }
}

/// Blocks with one changed, left out or too many, or another's certificate.
fn other_range(
    hand: &mut Hand<'_>,
    blocks: &[Arc<CheckedBlock>],
    cert: Option<&CommitCert>,
) -> Response {
    let mut blocks = blocks.to_vec();
    let mut cert = cert.cloned();
    let place = usize::try_from(hand.dice.below(blocks.len() as u64)).unwrap_or(0);
    match hand.dice.below(6) {
        0 => blocks.reverse(),
        1 => cert = None,
        2 => blocks.truncate(place),
        3 if place < blocks.len() => blocks[place] = Arc::new(sibling(&blocks[place])),
        4 => blocks.extend(blocks.clone()),
        _ => {
            // All as it should be, but for what makes it final.
            if let Some(cert) = &mut cert {
                cert.voters = cert.voters.iter().take(1).collect();
                cert.proof = Proof::Each(cert.proof.signatures()[..1].to_vec());
            }
        }
    }
    Response::Range { blocks, cert }
}

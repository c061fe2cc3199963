//! Proposes more than a block may hold, and what is ordered already.

use std::sync::Arc;

use heddle_hotstuff::Message;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::limits::BLOCK_TXS_MAX;
use heddle_wire::PeerMessage;
use heddle_wire::limits::TRANSACTIONS_MAX;

use super::Hand;
use super::Misbehave;

/// Blocks above the limit that it proposes; each is two megabytes.
const OVERSIZE_MAX: u32 = 1;

/// Fills its blocks with every transaction that it ever saw, twice.
#[derive(Debug, Default)]
pub(super) struct OversizePayload {
    seen: Vec<Arc<CheckedTransaction>>,
    proposed: u32,
}

impl Misbehave for OversizePayload {
    fn tell(&mut self, hand: &mut Hand<'_>, to: &[usize], message: &PeerMessage) {
        let PeerMessage::Consensus(Message::Proposal(proposal)) = message else {
            return hand.send_all(to, message);
        };
        self.see(proposal.block.transactions());
        let twice = self.seen.iter().chain(&self.seen).cloned();
        let payload = match self.seen.first() {
            Some(first) if self.proposed < OVERSIZE_MAX => {
                self.proposed += 1;
                let many = vec![Arc::clone(first); TRANSACTIONS_MAX + 1];
                hand.send_all(to, &PeerMessage::Transactions(many));
                vec![Arc::clone(first); BLOCK_TXS_MAX + 1]
            }
            _ => twice.collect(),
        };
        let block = CheckedBlock::build(proposal.block.header().clone(), payload);
        let oversize = hand.propose(block, proposal.qc.clone(), proposal.tc.clone());
        hand.send_all(to, &oversize);
    }

    fn hear(&mut self, _hand: &mut Hand<'_>, _from: usize, message: &PeerMessage) {
        if let PeerMessage::Consensus(Message::Proposal(proposal)) = message {
            self.see(proposal.block.transactions());
        }
    }
}

impl OversizePayload {
    fn see(&mut self, transactions: &[Arc<CheckedTransaction>]) {
        for transaction in transactions {
            if self.seen.iter().all(|seen| seen.id() != transaction.id()) {
                self.seen.push(Arc::clone(transaction));
            }
        }
    }
}

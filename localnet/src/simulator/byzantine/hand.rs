//! What a behaviour acts with: one validator's key and place in the network.

use std::sync::Arc;

use heddle_hotstuff::CheckedProposal;
use heddle_hotstuff::Message;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitVote;
use heddle_types::Committee;
use heddle_types::Millis;
use heddle_types::QuorumCert;
use heddle_types::Signature;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutData;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;
use heddle_types::VoteSigner;
use heddle_wire::PeerMessage;

use crate::simulator::dice::Dice;
use crate::simulator::scheme::MacSigner;

/// To whom, and what.
pub(crate) type Sent = (usize, PeerMessage);

/// One Byzantine validator's means, for as long as it does one thing.
pub(crate) struct Hand<'a> {
    pub(crate) me: ValidatorIndex,
    pub(crate) signer: MacSigner,
    pub(crate) committee: &'a Committee,
    pub(crate) dice: &'a mut Dice,
    /// What it sends.
    pub(crate) sent: Vec<Sent>,
}

impl Hand<'_> {
    pub(crate) fn send(&mut self, to: usize, message: PeerMessage) {
        self.sent.push((to, message));
    }

    pub(crate) fn send_all(&mut self, to: &[usize], message: &PeerMessage) {
        to.iter().for_each(|to| self.send(*to, message.clone()));
    }

    /// All other validators.
    pub(crate) fn others(&self) -> Vec<usize> {
        let me = usize::from(self.me.get());
        (0..self.committee.len()).filter(|other| *other != me).collect()
    }

    /// One of them.
    pub(crate) fn any(&mut self, of: &[usize]) -> Option<usize> {
        let place = usize::try_from(self.dice.below(of.len() as u64)).unwrap_or(0);
        of.get(place).copied()
    }

    pub(crate) fn propose(
        &self,
        block: CheckedBlock,
        qc: QuorumCert,
        tc: Option<TimeoutCert>,
    ) -> PeerMessage {
        let signature = self.signer.sign(&block.hash().0);
        let proposal = CheckedProposal { block: Arc::new(block), qc, tc, signature };
        PeerMessage::Consensus(Message::Proposal(Arc::new(proposal)))
    }

    pub(crate) fn vote(&self, data: VoteData) -> PeerMessage {
        let signature = self.signature(&data, VoteKind::Vote);
        PeerMessage::Consensus(Message::Vote(Vote { data, voter: self.me, signature }))
    }

    pub(crate) fn commit_vote(&self, data: VoteData) -> PeerMessage {
        let signature = self.signature(&data, VoteKind::CommitVote);
        PeerMessage::Consensus(Message::CommitVote(CommitVote { data, voter: self.me, signature }))
    }

    /// Gives up `view`, naming the certificate.
    pub(crate) fn timeout(
        &self,
        view: View,
        high_qc: QuorumCert,
        entry_tc: Option<TimeoutCert>,
    ) -> PeerMessage {
        let VoteData { chain, epoch, view: high_qc_view, .. } = high_qc.data;
        let data = TimeoutData { chain, epoch, view, high_qc_view };
        let signature = self.signer.sign(&data.message());
        let timeout =
            Timeout { data, voter: self.me, signature, high_qc, entry_tc, own_vote: None };
        PeerMessage::Consensus(Message::Timeout(Box::new(timeout)))
    }

    pub(crate) fn signature(&self, data: &VoteData, kind: VoteKind) -> Signature {
        self.signer.sign(&data.message(kind))
    }
}

/// A block like `block`, a millisecond later.
pub(crate) fn sibling(block: &CheckedBlock) -> CheckedBlock {
    let time = block.header().time.after(Millis::new(1));
    let header = BlockHeader { time, ..block.header().clone() };
    CheckedBlock::build(header, block.transactions().to_vec())
}

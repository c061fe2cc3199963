//! Proposals: heard, held while something is missing, voted for.

use std::sync::Arc;

use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::Vote;
use heddle_types::VoteKind;
use heddle_types::limits::CLOCK_AHEAD_MS_MAX;
use heddle_types::limits::LAG_MAX;

use super::Replica;
use super::SeenProposal;
use crate::io::Action;
use crate::io::CheckedProposal;
use crate::io::Evidence;
use crate::io::Message;
use crate::limits;
use crate::own::Kind;
use crate::roots::Claim;
use crate::safety;
use crate::safety::Justification;

/// What to do about a proposal for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Vote,
    /// Something is missing that may still come.
    Hold,
    Refuse,
}

impl Replica {
    pub(super) fn on_proposal(&mut self, from: ValidatorIndex, proposal: &Arc<CheckedProposal>) {
        let header = proposal.block.header();
        if !self.is_well_formed(header) || !self.is_signed(proposal) {
            return;
        }
        if Some(header.proposer) == self.context.me() {
            let foreign = self.own.is_foreign(header.view, Kind::Proposal, proposal.block.hash());
            if foreign {
                self.on_own_key_elsewhere(header.view);
            }
            return;
        }
        if from != header.proposer || !self.is_first(proposal) {
            return;
        }
        self.notice(from, header.view);
        let extends = header.parent == proposal.qc.data.block
            && header.height.prev() == Some(proposal.qc.data.height);
        let why = Justification { qc: &proposal.qc, tc: proposal.tc.as_ref() };
        if !extends || !why.admits(header.view) {
            return;
        }
        let good =
            self.hear_qc(&proposal.qc) && proposal.tc.as_ref().is_none_or(|tc| self.hear_tc(tc));
        if !good {
            return;
        }
        self.look_up_leaders();
        let leads = self.leads(header, &proposal.qc.data);
        let expected = || self.leader(header.view) == header.proposer;
        if !leads.unwrap_or_else(expected) {
            return;
        }
        self.tree.insert(Arc::clone(&proposal.block), self.record.high_qc.data.block);
        if header.executed.height > self.tree.final_height() {
            // It executed what is not final here: the commit votes were lost on the way, and nobody repeats them. Whoever
            // hears how far this node is answers with the commit certificate.
            self.answer(from);
        }
        if header.view.next() < self.view {
            self.answer(from);
        } else if header.view == self.view && self.held.is_none() {
            self.pacemaker.stir();
            self.held = Some(Arc::clone(proposal));
        }
    }

    /// Votes for the held proposal once nothing is missing.
    pub(super) fn try_vote(&mut self) {
        if !self.may_sign() {
            return;
        }
        let Some(proposal) = self.held.clone() else { return };
        match self.judge(&proposal) {
            Verdict::Hold => {}
            Verdict::Refuse => self.held = None,
            Verdict::Vote => {
                self.held = None;
                self.cast(&proposal);
            }
        }
    }

    /// When a proposal that is ahead of the wall clock can be voted for.
    pub(super) fn vote_at(&self) -> Option<Instant> {
        let time = self.held.as_ref()?.block.header().time.get();
        let wall = self.now.wall.get().saturating_add(CLOCK_AHEAD_MS_MAX);
        let wait = time.checked_sub(wall)?;
        Some(self.now.instant.after(Millis::new(wait)))
    }

    fn cast(&mut self, proposal: &CheckedProposal) {
        let header = proposal.block.header();
        let why = Justification { qc: &proposal.qc, tc: proposal.tc.as_ref() };
        let Some(record) = safety::vote(&self.record, header, proposal.block.hash(), why) else {
            return;
        };
        let data = header.vote_data();
        let Some((voter, signature)) = self.context.sign(&data.message(VoteKind::Vote)) else {
            return;
        };
        self.record = record;
        let vote = Vote { data, voter, signature };
        self.outbox.store(&proposal.block);
        self.outbox.push_signed(Action::Broadcast(Message::Vote(vote)));
        self.add_own_vote(vote);
    }

    /// The checks that need what may not be here yet: the parent, the roots, the clock. The rules of the certificates
    /// were checked when it was heard and are checked again by [`safety::vote`].
    fn judge(&self, proposal: &CheckedProposal) -> Verdict {
        let header = proposal.block.header();
        let Some(parent) = self.tree.get(header.parent) else { return Verdict::Hold };
        let Some(leads) = self.leads(header, &proposal.qc.data) else { return Verdict::Hold };
        if !leads || !follows(&proposal.block, parent.header()) {
            return Verdict::Refuse;
        }
        if !self.names_rightly(&proposal.block, parent.header()) {
            return Verdict::Refuse;
        }
        let latest = self.now.wall.after(Millis::new(CLOCK_AHEAD_MS_MAX));
        if header.time > latest {
            return Verdict::Hold;
        }
        match self.roots.compare(header.executed) {
            Claim::Same => Verdict::Vote,
            Claim::Different => Verdict::Refuse,
            Claim::Unknown => Verdict::Hold,
        }
    }

    fn is_well_formed(&self, header: &BlockHeader) -> bool {
        let committee = &self.context.committee;
        header.version == BlockHeader::VERSION
            && header.chain == committee.chain()
            && header.epoch == committee.epoch()
            && committee.validator(header.proposer).is_some()
    }

    fn is_signed(&self, proposal: &CheckedProposal) -> bool {
        let proposer = proposal.block.header().proposer;
        self.context.verify(proposer, proposal.block.hash().0, proposal.signature)
    }

    /// Whether it is its proposer's first of its view; two are evidence.
    fn is_first(&mut self, proposal: &CheckedProposal) -> bool {
        let header = proposal.block.header();
        let ahead = header.view.since(self.view) > limits::VIEWS_AHEAD_MAX;
        if ahead || self.view.since(header.view) > limits::VIEWS_BEHIND_MAX {
            return true;
        }
        let signature = proposal.signature;
        let key = (header.view, header.proposer);
        let Some(first) = self.proposals.get_mut(&key) else {
            let seen = SeenProposal { header: header.clone(), signature, contradicted: false };
            self.proposals.insert(key, seen);
            return true;
        };
        if first.header == *header {
            return true;
        }
        if !first.contradicted {
            first.contradicted = true;
            let pair = [(first.header.clone(), first.signature), (header.clone(), signature)];
            let evidence = Evidence::Proposals(Box::new(pair));
            self.outbox.push_free(Action::Evidence(Box::new(evidence)));
        }
        false
    }
}

/// Whether the block's height, time and executed root may follow its parent's.
fn follows(block: &CheckedBlock, parent: &BlockHeader) -> bool {
    let header = block.header();
    let lag = header.height.since(header.executed.height);
    header.height.prev() == Some(parent.height)
        && header.time > parent.time
        && header.executed.height >= parent.executed.height
        && header.executed.height <= parent.height
        && (lag <= LAG_MAX || block.transactions().is_empty())
}

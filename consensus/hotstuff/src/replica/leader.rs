//! Proposing: when it is this validator's turn, and what.

use std::sync::Arc;

use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::Hash32;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::View;
use heddle_types::limits::LAG_MAX;

use super::Building;
use super::Replica;
use crate::io::Action;
use crate::io::CheckedProposal;
use crate::io::Message;
use crate::own::Kind;
use crate::safety;

impl Replica {
    /// Asks for a payload, if it is time to propose.
    pub(super) fn try_build(&mut self) -> Option<Action> {
        if self.propose_at()? > self.now.instant {
            return None;
        }
        let tip = self.record.high_qc.data;
        let pending = self.tree.path(tip.block, tip.height).ok()?;
        let parent = self.tree.get(tip.block)?.header();
        let executed = self.roots.newest().filter(|root| root.height <= parent.height)?;
        if executed.height < parent.executed.height {
            return None;
        }
        let candidates = self.roots.candidates(executed.height)?;
        let header = BlockHeader {
            version: BlockHeader::VERSION,
            chain: self.record.chain,
            epoch: self.record.epoch,
            view: self.view,
            height: tip.height.next(),
            parent: tip.block,
            payload: Hash32::ZERO,
            executed,
            time: self.now.wall.max(parent.time.after(Millis::new(1))),
            proposer: self.context.me()?,
            next_committee: self.context.next_committee(parent, candidates),
        };
        let lags = header.height.since(executed.height) > LAG_MAX;
        let must_be_empty = lags || self.context.is_closing(parent);
        self.building = Some(Building {
            header: header.clone(),
            must_be_empty,
            qc: self.record.high_qc.clone(),
            tc: self.high_tc.clone(),
        });
        Some(Action::Build { header, must_be_empty, pending })
    }

    pub(super) fn on_built(&mut self, block: &Arc<CheckedBlock>) {
        let Some(building) = self.building.take_if(|building| {
            let payload = block.header().payload;
            *block.header() == BlockHeader { payload, ..building.header.clone() }
                && (block.transactions().is_empty() || !building.must_be_empty)
        }) else {
            return;
        };
        let Some(record) = safety::propose(&self.record, self.view, block.hash()) else { return };
        let Some((_, signature)) = self.context.sign(&block.hash().0) else { return };
        self.record = record;
        self.own.record(self.view, Kind::Proposal, block.hash());
        self.outbox.store(block);
        self.tree.insert(Arc::clone(block), self.record.high_qc.data.block);
        let (qc, tc) = (building.qc, building.tc);
        let proposal = Arc::new(CheckedProposal { block: Arc::clone(block), qc, tc, signature });
        self.outbox.push_signed(Action::Broadcast(Message::Proposal(Arc::clone(&proposal))));
        self.pacemaker.stir();
        self.own_proposal = Some(Arc::clone(&proposal));
        self.held = Some(proposal);
    }

    /// When to propose: at once after a view given up or when something waits, else after the idle interval. None when it
    /// is not this validator's turn.
    pub(super) fn propose_at(&self) -> Option<Instant> {
        let turn = Some(self.leader(self.view)) == self.context.me();
        let fresh = self.view
            > self.record.proposal.view.max(self.record.vote.view).max(self.record.timeout);
        if !turn || !fresh || !self.may_sign() || self.building.is_some() {
            return None;
        }
        let skipped = Some(self.record.high_qc.data.view) != self.view.prev();
        let first = self.view == View::ZERO.next()
            && self.tree.final_height() == self.context.genesis.height;
        if skipped || first || self.is_waiting() {
            return Some(self.now.instant);
        }
        Some(self.pacemaker.idle_until())
    }
}

//! What is final, and the blocks that are missing on the way there.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Voters;

use super::Replica;
use crate::fetches::Missing;
use crate::io::Action;
use crate::leaders::Turn;
use crate::limits;
use crate::tree::Gap;

impl Replica {
    /// A verified certificate of a block above the last final one. The highest waits until its blocks are here.
    pub(super) fn adopt_commit(&mut self, cert: CommitCert, from: ValidatorIndex) {
        if self.ending.is_some() {
            return;
        }
        if let Ok(path) = self.tree.path(cert.data.block, cert.data.height) {
            self.commit(path.into_iter().rev().collect(), cert);
        } else {
            let pending = self.pending_commit.as_ref().map(|(cert, _)| cert.data.height);
            // A proof of the end brought its tail along, which nobody may have any more.
            let is_proven = self.proof.as_ref().is_none_or(|proof| proof.cert == cert);
            if pending < Some(cert.data.height) && is_proven {
                self.pending_commit = Some((cert, from));
            }
        }
    }

    /// Commits what waits, if its blocks are here by now.
    pub(super) fn try_commit(&mut self) {
        let Some((cert, from)) = self.pending_commit.take() else { return };
        if cert.data.height > self.tree.final_height() {
            self.adopt_commit(cert, from);
        }
    }

    pub(super) fn on_fetched(&mut self, block: Arc<CheckedBlock>) {
        if self.fetches.take(block.hash()) {
            self.tree.insert(block, self.record.high_qc.data.block);
        }
    }

    /// Blocks from catching up. Those that are final already are skipped; the rest must link down to the last final one.
    pub(super) fn on_synced(&mut self, blocks: &[Arc<CheckedBlock>], cert: CommitCert) {
        if self.ending.is_some() {
            return;
        }
        let height = self.tree.final_height();
        let newer = blocks.iter().position(|block| block.header().height > height);
        let (Some(first), Some(last)) = (newer, blocks.last()) else { return };
        let newer = &blocks[first..];
        let parents = std::iter::once(self.tree.last_final()).chain(newer);
        let linked = newer.iter().zip(parents).all(|(block, parent)| {
            block.header().parent == parent.hash()
                && block.header().height.prev() == Some(parent.header().height)
        });
        let certified = cert.data.block == last.hash() && cert.data.height == last.header().height;
        if linked && certified && self.verify_commit(&cert) {
            self.commit(newer.to_vec(), cert);
        }
    }

    /// Asks for what is missing between the last final block and what is certified, and compares certified roots.
    pub(super) fn connect(&mut self) {
        if self.ending.is_some() {
            return;
        }
        let tip = self.record.high_qc.data;
        let highest = self.tree.final_height().get().saturating_add(limits::FETCH_GAP_MAX);
        let (near, far): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.missing().into_iter().partition(|(_, missing)| missing.height.get() <= highest);
        let source = self.pending_commit.as_ref().map(|(cert, peer)| {
            let last = self.proof.as_ref().map_or(cert.data.height, |proof| proof.closing.height);
            (*peer, last)
        });
        let patience = Millis::new(self.pacemaker.timeout().get() / limits::FETCH_SHARE);
        let asked = self.fetches.want(self.now.instant, patience, &near);
        asked.into_iter().for_each(|action| self.outbox.push_free(action));
        let catch_up = source.filter(|_| !far.is_empty());
        let asked = self.fetches.catch_up(self.now.instant, catch_up);
        asked.into_iter().for_each(|action| self.outbox.push_free(action));
        if source.is_none()
            && let Some(holder) = far.values().next().and_then(|missing| missing.holders.first())
        {
            // Certified far above: whoever has that is told where this node is, and answers with what is final.
            self.ask_what_is_final(*holder);
        }
        let claims: Vec<_> =
            self.tree.ancestors(tip.block).map(|block| block.header().executed).collect();
        for claim in claims {
            let divergence = self.roots.certify(claim);
            self.on_divergence(divergence);
        }
    }

    /// The highest block that is missing below each certificate of use.
    fn missing(&self) -> BTreeMap<BlockHash, Missing> {
        let tip = &self.record.high_qc;
        let held = self.held.as_ref().map(|proposal| &proposal.qc);
        let voted = [Some(tip), held].into_iter().flatten().map(|qc| (&qc.data, qc.voters));
        let pending = self.pending_commit.as_ref().map(|(cert, _)| (&cert.data, cert.voters));
        let mut missing = BTreeMap::new();
        for (data, voters) in voted.chain(pending) {
            if let Err(Gap::Missing(hash, height)) = self.tree.path(data.block, data.height) {
                missing.insert(hash, Missing { height, holders: self.holders(data.view, voters) });
            }
        }
        missing
    }

    /// All others, in the order in which they most likely have, and give, what `voters` certified in `view`. Who voted has
    /// the block and its ancestors; f+1 of them are honest.
    fn holders(&self, view: View, voters: Voters) -> Vec<ValidatorIndex> {
        let others = self.context.committee.indices().filter(|who| Some(*who) != self.context.me());
        let mut others: Vec<_> = others.collect();
        let hint = self.hint(view);
        others.sort_by_key(|who| {
            let first = who.get().wrapping_sub(hint.get());
            (!voters.contains(*who), !self.presence.is_near(*who), first)
        });
        others
    }

    /// `blocks` are consecutive, the first being the last final one's child.
    fn commit(&mut self, mut blocks: Vec<Arc<CheckedBlock>>, cert: CommitCert) {
        let first = blocks.first().map(|block| block.header().parent);
        assert_eq!(first, Some(self.tree.last_final().hash()), "the final chain does not fork");
        let closing = blocks.iter().position(|block| self.context.is_closing(block.header()));
        let tail = closing.map(|closing| blocks.split_off(closing.saturating_add(1)));
        let Some(last) = blocks.last().map(Arc::clone) else { return };
        for block in &blocks {
            let divergence = self.roots.certify(block.header().executed);
            self.on_divergence(divergence);
            self.turns.push(Turn::from(block.header()));
            if !block.transactions().is_empty() {
                self.last_change = block.header().height;
            }
        }
        self.commit = cert.clone();
        match tail {
            Some(tail) => self.end(blocks, &tail, cert),
            None => self.outbox.push(Action::Commit { blocks, cert }),
        }
        self.tree.finalize(last);
        self.pacemaker.on_commit();
    }
}

//! What must hold in every state.

use crate::block::Block;
use crate::block::VIEWS_MAX;
use crate::block::View;
use crate::flaw::Flaw;
use crate::rules::Rules;
use crate::state::HONEST_QUORUM;
use crate::state::State;
use crate::validator::Validator;

impl State {
    /// Whether 2f+1 commit votes for the block can be there. R10.
    pub(crate) fn is_final(&self, block: Block, rules: Rules) -> bool {
        match rules.flaw {
            Some(Flaw::FinalByVotes) => self.is_certified(block),
            Some(Flaw::TooFewCommitVotes) => self.commit_votes(block) + 1 >= HONEST_QUORUM,
            _ => self.commit_votes(block) >= HONEST_QUORUM,
        }
    }

    /// Final blocks of views above genesis's.
    pub(crate) fn finals(&self, rules: Rules) -> impl Iterator<Item = Block> {
        let blocks = (1..=VIEWS_MAX).flat_map(|view| self.tree.of(view));
        blocks.filter(move |block| self.is_final(*block, rules))
    }

    /// Of any two final blocks, one is an ancestor of the other.
    pub(crate) fn agrees(&self, rules: Rules) -> bool {
        let finals = || self.finals(rules);
        finals().all(|a| finals().all(|b| self.tree.agree(a, b)))
    }
}

impl Validator {
    /// Its signatures, over its whole life, contradict neither each other nor what it would sign next.
    pub(crate) fn is_consistent(&self) -> bool {
        (1..=VIEWS_MAX).all(|view| self.is_consistent_in(view))
    }

    fn is_consistent_in(&self, view: View) -> bool {
        let signed = self.signed;
        let one_vote = signed.votes(view).count_ones() <= 1;
        let one_commit_vote = signed.commit_votes(view).count_ones() <= 1;
        // Whoever commit-voted says so in every timeout of that view or a later one.
        let commit_voted = signed.commit_votes(view) != 0;
        let known = (view..=VIEWS_MAX).filter_map(|later| signed.named(later));
        one_vote && one_commit_vote && (!commit_voted || known.min().is_none_or(|qc| qc >= view))
    }

    /// What its disk holds forbids whatever contradicts what it signed: a crash loses nothing.
    pub(crate) fn is_covered(&self) -> bool {
        let highest_vote = self.signed.highest(|signed, view| signed.votes(view) != 0);
        let highest_commit = self.signed.highest(|signed, view| signed.commit_votes(view) != 0);
        let highest_timeout = self.signed.highest(|signed, view| signed.named(view).is_some());
        let record = self.durable;
        !self.is_voting()
            || (record.vote >= highest_vote
                && record.timeout >= highest_timeout
                && record.commit_vote >= highest_commit
                && record.high_qc.view() >= highest_commit)
    }
}

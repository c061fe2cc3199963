//! What can happen next.

use crate::agreement::Agreement;
use crate::agreement::Durability;
use crate::agreement::Memory;
use crate::block::Block;
use crate::block::View;
use crate::canonical;
use crate::flaw::Flaw;
use crate::rules::Record;
use crate::state::HONEST;
use crate::state::HONEST_QUORUM;
use crate::state::State;
use crate::validator::Standing;
use crate::validator::Validator;

/// One step of one honest validator, named by its place in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's fields are its sentence's nouns")]
pub enum Step {
    /// It votes for a block on a parent.
    Vote { who: usize, block: Block, parent: Block },
    /// It commit-votes for a block.
    CommitVote { who: usize, block: Block },
    /// It gives up on a view; `qc` is the highest certificate that it knows then.
    Timeout { who: usize, view: View, qc: Block },
    /// It crashes and starts from its disk.
    Crash { who: usize },
    /// It starts without its record, or after a power loss in lease mode.
    Lose { who: usize },
    /// One that lost its record is answered by another.
    Answer { who: usize, by: usize },
    /// It signs again.
    Unmute { who: usize, qc: Block },
}

impl Agreement {
    /// All steps that the rules allow in `state`.
    pub(crate) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        for (who, validator) in state.validators.iter().enumerate() {
            match validator.standing {
                Standing::Voting => self.voting_steps(state, who, steps),
                Standing::Asking { answered, .. } => {
                    let others = (0..HONEST).filter(|by| *by != who && answered & 1 << by == 0);
                    let others = others.filter(|by| state.validators[*by].is_voting());
                    steps.extend(others.map(|by| Step::Answer { who, by }));
                }
                Standing::Waiting { .. } => {
                    let certified = state.certified(0, self.views + 1);
                    steps.extend(certified.map(|qc| Step::Unmute { who, qc }));
                }
            }
        }
    }

    /// The state after a step; none if the rules forbid it or nothing changes.
    pub(crate) fn after(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::Vote { who, block, parent } => self.vote(&mut next, who, block, parent)?,
            Step::CommitVote { who, block } => self.commit_vote(&mut next, who, block)?,
            Step::Timeout { who, view, qc } => self.timeout(&mut next, who, view, qc)?,
            Step::Crash { who } => {
                let validator = &mut next.validators[who];
                validator.record = validator.durable;
            }
            Step::Lose { who } => self.lose(&mut next, who)?,
            Step::Answer { who, by } => self.answer(&mut next, who, by)?,
            Step::Unmute { who, qc } => {
                let Standing::Waiting { floor } = next.validators[who].standing else {
                    return None;
                };
                let record = self.rules().unmute(floor, qc)?;
                let validator = &mut next.validators[who];
                *validator = Validator { record, durable: record, ..*validator };
                validator.standing = Standing::Voting;
            }
        }
        if next == *state {
            return None;
        }
        match self.memory {
            Memory::Everything => Some(canonical::of(next)),
            Memory::Needed => Some(canonical::of(self.forget(next))).filter(|next| next != state),
        }
    }

    fn voting_steps(&self, state: &State, who: usize, steps: &mut Vec<Step>) {
        for view in 1..=self.views {
            for block in state.tree.of(view) {
                if let Some(parent) = state.tree.parent(block) {
                    steps.push(Step::Vote { who, block, parent });
                }
                if state.is_certified(block) {
                    steps.push(Step::CommitVote { who, block });
                }
            }
            if let Some(block) = state.tree.fresh(view) {
                let parents = state.certified(0, view);
                steps.extend(parents.map(|parent| Step::Vote { who, block, parent }));
            }
            steps.extend(self.timeout_step(state, who, view));
        }
        steps.push(Step::Crash { who });
        if state.losses > 0 {
            steps.push(Step::Lose { who });
        }
    }

    /// With the lowest certificate that lets it give up on the view: knowing more would only bind it, and what others make of
    /// its timeout, more.
    fn timeout_step(&self, state: &State, who: usize, view: View) -> Option<Step> {
        let named = state.validators[who].signed.named(view);
        let tc = state.timeout_cert(view - 1);
        let record = state.validators[who].record;
        let rules = self.rules();
        let enough = |qc: &Block| {
            let known = rules.adopt(record, *qc);
            known.high_qc == *qc && rules.timeout(known, view, tc).is_some()
        };
        let qc = state.certified(record.high_qc.view(), view).find(enough)?;
        let new = record.timeout < view || named.is_none_or(|named| named > qc.view());
        new.then_some(Step::Timeout { who, view, qc })
    }

    fn vote(&self, state: &mut State, who: usize, block: Block, parent: Block) -> Option<()> {
        let tc = state.timeout_cert(block.view() - 1);
        let record = state.validators[who].record;
        let record = self.rules().vote(record, block.view(), parent, tc)?;
        state.tree.add(block, parent);
        let validator = &mut state.validators[who];
        validator.signed.vote(block);
        self.sign(validator, record, block.view(), Flaw::VoteNotDurable);
        Some(())
    }

    fn commit_vote(&self, state: &mut State, who: usize, block: Block) -> Option<()> {
        let rules = self.rules();
        let validator = &mut state.validators[who];
        let known = match self.flaw {
            Some(Flaw::CommitVoteNotHeld) => validator.record,
            _ => rules.adopt(validator.record, block),
        };
        let record = rules.commit_vote(known, block)?;
        validator.signed.commit_vote(block);
        let before = validator.durable.high_qc;
        self.sign(validator, record, block.view(), Flaw::CommitVoteNotDurable);
        if self.flaw == Some(Flaw::HighQcNotDurable) {
            validator.durable.high_qc = before;
        }
        Some(())
    }

    fn timeout(&self, state: &mut State, who: usize, view: View, qc: Block) -> Option<()> {
        let tc = state.timeout_cert(view - 1);
        let validator = &mut state.validators[who];
        let rules = self.rules();
        let known = rules.adopt(validator.record, qc);
        let record = rules.timeout(known, view, tc)?;
        let named = match self.flaw {
            Some(Flaw::StaleTimeout) => Block::GENESIS,
            _ => record.high_qc,
        };
        validator.signed.timeout(view, named.view());
        self.sign(validator, record, view, Flaw::TimeoutNotDurable);
        Some(())
    }

    /// The record is durable before what it allows is sent (R7); in lease mode, the limit is (L1).
    fn sign(&self, validator: &mut Validator, record: Record, view: View, unless: Flaw) {
        validator.record = record;
        if self.flaw != Some(unless) {
            validator.durable = record;
        }
        if let Durability::Lease { length } = self.durability
            && view > validator.limit
            && self.flaw != Some(Flaw::SignAboveLimit)
        {
            validator.limit = self.views.min(view + length - 1);
        }
    }

    fn lose(&self, state: &mut State, who: usize) -> Option<()> {
        state.losses = state.losses.checked_sub(1)?;
        let validator = &mut state.validators[who];
        validator.record = Record::FIRST;
        validator.durable = Record::FIRST;
        validator.standing = match (self.flaw, self.durability) {
            (Some(Flaw::RestartWithoutRecord | Flaw::PowerLossUnnoticed), _) => Standing::Voting,
            (_, Durability::Strict) => Standing::Asking { answered: 0, highest: 0 },
            (_, Durability::Lease { .. }) => Standing::Waiting { floor: validator.limit },
        };
        Some(())
    }

    /// The Byzantine validator has answered with genesis already, so the honest answers of a quorum are enough.
    fn answer(&self, state: &mut State, who: usize, by: usize) -> Option<()> {
        let answer = self.rules().answer(state.validators[by].record);
        let validator = &mut state.validators[who];
        let Standing::Asking { answered, highest } = validator.standing else { return None };
        let (answered, highest) = (answered | 1 << by, highest.max(answer));
        let enough = match self.flaw {
            Some(Flaw::TwoAnswers) => HONEST_QUORUM - 1,
            _ => HONEST_QUORUM,
        };
        validator.standing = if answered.count_ones() as usize >= enough {
            Standing::Waiting { floor: self.rules().floor(highest) }
        } else {
            Standing::Asking { answered, highest }
        };
        Some(())
    }
}

//! Forgetting what can lead to nothing any more, and who signed what leads to something already.
//!
//! Of sound rules only: what a flawed validator may still do is not bounded by its record. Every bound here errs towards
//! remembering.

use crate::agreement::Agreement;
use crate::agreement::Durability;
use crate::block::Block;
use crate::block::View;
use crate::rules::Record;
use crate::signed::Signed;
use crate::state::HONEST_QUORUM;
use crate::state::State;
use crate::validator::Standing;
use crate::validator::Validator;

/// What a validator may still sign: views above each bound, or from it on.
#[derive(Clone, Copy)]
struct Open {
    votes_above: View,
    timeouts_from: View,
    /// The lowest QC that a timeout may name.
    names_from: View,
    commit_votes_from: View,
}

impl Open {
    const fn above(floor: View) -> Self {
        Self {
            votes_above: floor,
            timeouts_from: floor + 1,
            names_from: 0,
            commit_votes_from: floor + 1,
        }
    }

    fn of(record: Record) -> Self {
        let (signed, high_qc) = (record.vote.max(record.timeout), record.high_qc.view());
        Self {
            votes_above: signed,
            timeouts_from: signed.max(high_qc + 1),
            names_from: high_qc,
            commit_votes_from: high_qc.max(record.timeout.max(record.commit_vote) + 1),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            votes_above: self.votes_above.min(other.votes_above),
            timeouts_from: self.timeouts_from.min(other.timeouts_from),
            names_from: self.names_from.min(other.names_from),
            commit_votes_from: self.commit_votes_from.min(other.commit_votes_from),
        }
    }
}

impl Agreement {
    /// The state without what makes no difference to which blocks become final.
    pub(crate) fn forget(&self, mut state: State) -> State {
        let open = state.validators.map(|validator| self.open(&state, &validator));
        for view in 1..=self.views {
            forget_votes(&mut state, &open, view);
            forget_commit_votes(&mut state, &open, view);
            self.forget_timeouts(&mut state, &open, view);
        }
        state
    }

    fn open(&self, state: &State, validator: &Validator) -> Open {
        let may_lose = state.losses > 0;
        match (validator.standing, self.durability) {
            (Standing::Waiting { floor }, _) => Open::above(floor),
            (Standing::Asking { highest, .. }, _) => Open::above(highest),
            (Standing::Voting, Durability::Strict) if may_lose => Open::above(0),
            (Standing::Voting, Durability::Lease { .. }) if may_lose => {
                Open::of(validator.record).or(Open::above(validator.limit))
            }
            (Standing::Voting, Durability::Strict | Durability::Lease { .. }) => {
                Open::of(validator.record)
            }
        }
    }

    fn forget_timeouts(&self, state: &mut State, open: &[Open], view: View) {
        let next = view + 1;
        let used = open.iter().any(|open| open.votes_above < next || open.timeouts_from <= next);
        let can_add = |open: &&Open| open.timeouts_from <= view;
        let there = state.validators.iter().filter(|v| v.signed.named(view).is_some()).count();
        let reachable = there + open.iter().filter(can_add).count() >= HONEST_QUORUM;
        let named = match state.timeout_cert(view) {
            _ if next > self.views || !used || !reachable => None,
            Some(tc) if open.iter().filter(can_add).all(|o| o.names_from >= tc.highest_qc) => {
                Some(tc.highest_qc)
            }
            Some(_) | None => return,
        };
        change(state, |signed| signed.set_named(view, named));
    }
}

fn forget_votes(state: &mut State, open: &[Open], view: View) {
    let can_vote = open.iter().filter(|open| open.votes_above < view).count();
    for twin in [0, 1] {
        let block = Block::new(view, twin);
        let votes = state.votes(block);
        if votes >= HONEST_QUORUM {
            change(state, |signed| signed.vote(block));
        } else if state.tree.parent(block).is_some() && votes + can_vote < HONEST_QUORUM {
            change(state, |signed| signed.unvote(block));
            state.tree.remove(block);
        }
    }
}

fn forget_commit_votes(state: &mut State, open: &[Open], view: View) {
    let can_vote = open.iter().filter(|open| open.commit_votes_from <= view).count();
    for twin in [0, 1] {
        let block = Block::new(view, twin);
        let votes = state.commit_votes(block);
        if votes >= HONEST_QUORUM {
            change(state, |signed| signed.commit_vote(block));
        } else if votes + can_vote < HONEST_QUORUM {
            change(state, |signed| signed.uncommit_vote(block));
        }
    }
}

fn change(state: &mut State, how: impl Fn(&mut Signed)) {
    state.validators.iter_mut().for_each(|validator| how(&mut validator.signed));
}

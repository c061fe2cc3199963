//! Votes heard, until they make a certificate: one per voter and view, in a window of views around the current one.
//!
//! Signatures are verified when a quorum seems to be there, all at once, and bad ones are dropped then. A vote comes from
//! its voter only, so a bad one takes the place of nobody's good one.

use std::collections::BTreeMap;

use heddle_types::CommitVote;
use heddle_types::Signature;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;
use heddle_types::VoteData;
use heddle_types::VoteKind;
use heddle_types::VoterSignature;

use crate::context::Context;
use crate::limits;

/// A vote of either round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cast {
    pub(crate) data: VoteData,
    pub(crate) voter: ValidatorIndex,
    pub(crate) signature: Signature,
}

/// What a vote did to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It stands there now.
    New,
    /// It says nothing new, or is outside the window.
    Nothing,
    /// Its voter signed this other one before. Reported once a voter and view.
    Contradicts(Cast),
}

/// Votes of one round.
#[derive(Debug)]
pub(crate) struct VoteTable {
    kind: VoteKind,
    views: BTreeMap<View, BTreeMap<ValidatorIndex, Slot>>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    cast: Cast,
    verified: bool,
    contradicted: bool,
}

impl VoteTable {
    pub(crate) const fn new(kind: VoteKind) -> Self {
        Self { kind, views: BTreeMap::new() }
    }

    /// A vote of another validator, not verified, heard while in `current`.
    pub(crate) fn hear(&mut self, cast: Cast, current: View, context: &Context) -> Heard {
        let view = cast.data.view;
        if view.since(current) > limits::VIEWS_AHEAD_MAX
            || current.since(view) > limits::VIEWS_BEHIND_MAX
            || view == View::ZERO
        {
            return Heard::Nothing;
        }
        let slots = self.views.entry(view).or_default();
        let Some(slot) = slots.get_mut(&cast.voter) else {
            slots.insert(cast.voter, Slot { cast, verified: false, contradicted: false });
            return Heard::New;
        };
        if slot.cast.data == cast.data || slot.contradicted || !verify(&cast, self.kind, context) {
            return Heard::Nothing;
        }
        if slot.verified || verify(&slot.cast, self.kind, context) {
            *slot = Slot { verified: true, contradicted: true, ..*slot };
            return Heard::Contradicts(slot.cast);
        }
        *slot = Slot { cast, verified: true, contradicted: false };
        Heard::New
    }

    /// This node's own vote.
    pub(crate) fn add_own(&mut self, cast: Cast) {
        let slot = Slot { cast, verified: true, contradicted: false };
        self.views.entry(cast.data.view).or_default().insert(cast.voter, slot);
    }

    /// The signatures of a quorum for exactly `data`, all verified, by ascending voter.
    pub(crate) fn quorum(
        &mut self,
        data: &VoteData,
        context: &Context,
    ) -> Option<Vec<VoterSignature>> {
        let slots = self.views.get_mut(&data.view)?;
        if !is_quorum(slots, data, context) {
            return None;
        }
        let unverified: Vec<_> = slots
            .values()
            .filter(|slot| slot.cast.data == *data && !slot.verified)
            .map(|slot| VoterSignature { voter: slot.cast.voter, signature: slot.cast.signature })
            .collect();
        let verdicts = context.verify_each(data.message(self.kind), &unverified);
        for (part, good) in unverified.iter().zip(verdicts) {
            if !good {
                slots.remove(&part.voter);
            } else if let Some(slot) = slots.get_mut(&part.voter) {
                slot.verified = true;
            }
        }
        is_quorum(slots, data, context).then(|| {
            let parts = slots.values().filter(|slot| slot.cast.data == *data);
            parts
                .map(|slot| VoterSignature {
                    voter: slot.cast.voter,
                    signature: slot.cast.signature,
                })
                .collect()
        })
    }

    /// Forgets views too far below `current`.
    pub(crate) fn prune(&mut self, current: View) {
        let lowest = View::new(current.get().saturating_sub(limits::VIEWS_BEHIND_MAX));
        self.views = self.views.split_off(&lowest);
    }

    /// How many votes are kept.
    pub(crate) fn len(&self) -> usize {
        self.views.values().map(BTreeMap::len).sum()
    }
}

fn is_quorum(slots: &BTreeMap<ValidatorIndex, Slot>, data: &VoteData, context: &Context) -> bool {
    let same = slots.values().filter(|slot| slot.cast.data == *data);
    context.committee.is_quorum(same.map(|slot| slot.cast.voter))
}

/// Whether the voter signed it.
pub(crate) fn verify(cast: &Cast, kind: VoteKind, context: &Context) -> bool {
    context.verify(cast.voter, cast.data.message(kind), cast.signature)
}

impl From<Vote> for Cast {
    fn from(vote: Vote) -> Self {
        Self { data: vote.data, voter: vote.voter, signature: vote.signature }
    }
}

impl From<CommitVote> for Cast {
    fn from(vote: CommitVote) -> Self {
        Self { data: vote.data, voter: vote.voter, signature: vote.signature }
    }
}

impl From<Cast> for Vote {
    fn from(cast: Cast) -> Self {
        Self { data: cast.data, voter: cast.voter, signature: cast.signature }
    }
}

impl From<Cast> for CommitVote {
    fn from(cast: Cast) -> Self {
        Self { data: cast.data, voter: cast.voter, signature: cast.signature }
    }
}

//! One sender's order: the transactions of one lane, by sequence.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::Address;
use heddle_types::BlockSpace;
use heddle_types::CheckedTransaction;
use heddle_types::Height;
use heddle_types::Nonce;

use crate::forward::Forwarding;
use crate::order::Turn;

/// Which lane of which sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneKey {
    pub(crate) sender: Address,
    pub(crate) lane: u8,
}

impl LaneKey {
    /// The lane and the sequence in it; none for the reserved kind of nonce.
    pub(crate) fn of(tx: &CheckedTransaction) -> Option<(Self, u64)> {
        let body = &tx.transaction().body;
        match body.nonce {
            Nonce::Lane { lane, sequence } => Some((Self { sender: body.sender, lane }, sequence)),
            Nonce::Window { .. } => None,
        }
    }
}

/// A transaction in the pool.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) tx: Arc<CheckedTransaction>,
    pub(crate) space: BlockSpace,
    /// Where it stands among all.
    pub(crate) turn: Turn,
    /// Where it stands among those of reserved space, if it is one.
    pub(crate) reserved_turn: Option<Turn>,
    /// Set for what was admitted here first; others forward theirs.
    pub(crate) forwarding: Option<Forwarding>,
    /// The executed height since which an earlier transaction of the lane is missing.
    pub(crate) gapped_since: Option<Height>,
}

/// The pending transactions of a lane.
///
/// ```text
/// sequence   0 .. floor      floor .. next        next          above
///            used            pending, no hole     missing       pending, gapped
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// The first sequence that no executed block used.
    pub(crate) floor: u64,
    /// The first sequence from `floor` on that is not pending.
    pub(crate) next: u64,
    /// By sequence, none below `floor`.
    pub(crate) pending: BTreeMap<u64, Pending>,
    /// The last executed height that used a sequence, if that was recently.
    pub(crate) used_at: Option<Height>,
}

impl Lane {
    pub(crate) const fn new(floor: u64) -> Self {
        Self { floor, next: floor, pending: BTreeMap::new(), used_at: None }
    }
}

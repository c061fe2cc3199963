//! Who comes first: start-time fair queueing. A sender's transactions take consecutive turns, none before the present one.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::CheckedTransaction;

/// Where a transaction stands among others: first by its sender's turn, then by admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    pub(crate) turn: u64,
    /// Counts admissions.
    pub(crate) arrival: u64,
}

/// Pending transactions by turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    by_turn: BTreeMap<Turn, Arc<CheckedTransaction>>,
    /// The highest turn that was included.
    present: u64,
}

impl Order {
    /// Puts a transaction behind its sender's last one, if that has any pending; answers where it stands.
    pub(crate) fn push(
        &mut self,
        tx: Arc<CheckedTransaction>,
        last: Option<Turn>,
        arrival: u64,
    ) -> Turn {
        let behind = last.map_or(0, |last| last.turn.saturating_add(1));
        let turn = Turn { turn: self.present.max(behind), arrival };
        self.by_turn.insert(turn, tx);
        turn
    }

    /// One left.
    pub(crate) fn remove(&mut self, turn: Turn) {
        self.by_turn.remove(&turn);
    }

    /// One was included at its turn: newcomers join there.
    pub(crate) fn included(&mut self, turn: Turn) {
        self.present = self.present.max(turn.turn);
    }

    /// All, by turn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Turn, &Arc<CheckedTransaction>)> {
        self.by_turn.iter()
    }
}

//! What this process signed, to notice its key in use elsewhere.

use std::collections::BTreeMap;

use heddle_types::BlockHash;
use heddle_types::View;

use crate::limits;

/// What kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Proposal,
    Vote,
    CommitVote,
    Timeout,
}

/// Own statements of the last views.
#[derive(Debug)]
pub(crate) struct OwnHistory {
    /// Everything signed before the start is at or below it; none while that is not known.
    start: Option<View>,
    signed: BTreeMap<(View, Kind), BlockHash>,
}

impl OwnHistory {
    pub(crate) const fn new(start: Option<View>) -> Self {
        Self { start, signed: BTreeMap::new() }
    }

    /// Everything signed before the start is at or below `start`.
    pub(crate) const fn set_start(&mut self, start: View) {
        self.start = Some(start);
    }

    /// This process signed it; a timeout's block is zero.
    pub(crate) fn record(&mut self, view: View, kind: Kind, block: BlockHash) {
        self.signed.insert((view, kind), block);
        if self.signed.len() > 4 * limits::VIEWS_REMEMBERED_MAX
            && let Some(((view, _), _)) = self.signed.pop_first()
        {
            // What is forgotten here counts as signed before the start.
            self.start = self.start.max(Some(view));
        }
    }

    /// Whether a good own signature on this came from elsewhere.
    pub(crate) fn is_foreign(&self, view: View, kind: Kind, block: BlockHash) -> bool {
        self.start.is_some_and(|start| view > start)
            && self.signed.get(&(view, kind)) != Some(&block)
    }
}

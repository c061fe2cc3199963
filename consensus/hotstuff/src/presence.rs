//! Who takes part: a leader that has signed nothing for some views is not waited for.
//!
//! This is one node's opinion and concerns liveness only: it gives up on a silent leader's view sooner, and a validator
//! that is heard again is waited for again at once.

use std::collections::BTreeMap;

use heddle_types::ValidatorIndex;

use crate::limits;

/// When each validator last signed something, counted in views that this node entered.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    entered: u64,
    heard: BTreeMap<ValidatorIndex, u64>,
}

impl Presence {
    /// This node entered another view.
    pub(crate) const fn enter(&mut self) {
        self.entered = self.entered.saturating_add(1);
    }

    /// `who` signed something of about the current view.
    pub(crate) fn hear(&mut self, who: ValidatorIndex) {
        self.heard.insert(who, self.entered);
    }

    /// Whether `who` signed something since this node entered the view before its own.
    pub(crate) fn is_near(&self, who: ValidatorIndex) -> bool {
        let heard = self.heard.get(&who);
        heard.is_some_and(|heard| self.entered.saturating_sub(*heard) <= 1)
    }

    /// Whether views came and went without a word of `who`.
    pub(crate) fn is_silent(&self, who: ValidatorIndex) -> bool {
        let heard = self.heard.get(&who).copied().unwrap_or(0);
        self.entered.saturating_sub(heard) > limits::SILENT_VIEWS
    }
}

#[cfg(test)]
mod tests;

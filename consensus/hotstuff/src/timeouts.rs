//! The timeouts of the current view, until they make a certificate. Entries are verified before they get here.

use std::collections::BTreeMap;

use heddle_types::Committee;
use heddle_types::Signature;
use heddle_types::TimeoutCert;
use heddle_types::TimeoutEntry;
use heddle_types::ValidatorIndex;
use heddle_types::View;

use crate::context::Context;

/// One entry a validator, all of one view.
#[derive(Debug, Default)]
pub(crate) struct TimeoutTable {
    entries: BTreeMap<ValidatorIndex, (TimeoutEntry, Signature)>,
}

impl TimeoutTable {
    /// Adds a timeout of the current view; a later one of the same validator may name a higher QC.
    pub(crate) fn insert(&mut self, entry: TimeoutEntry, signature: Signature) {
        self.entries.insert(entry.voter, (entry, signature));
    }

    /// A new view begins.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Whether so many gave up that one of them is honest.
    pub(crate) fn has_honest(&self, committee: &Committee) -> bool {
        self.power(committee) > committee.fault_power()
    }

    /// The certificate of `view`, the current one, once a quorum gave it up.
    pub(crate) fn certificate(&self, context: &Context, view: View) -> Option<TimeoutCert> {
        let committee = &context.committee;
        (self.power(committee) >= committee.quorum_power()).then(|| {
            let timeouts: Vec<_> = self.entries.values().copied().collect();
            TimeoutCert::new(committee, view, &timeouts, context.scheme())
        })
    }

    /// How many gave up.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn power(&self, committee: &Committee) -> u64 {
        committee.power_of(self.entries.keys().copied()).unwrap_or(0)
    }
}

//! State roots computed here, and those that a quorum certified: they must agree.

use std::collections::BTreeMap;

use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::StateRoot;

use crate::limits;

/// Roots by height, a bounded number of them.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    own: BTreeMap<Height, StateRoot>,
    /// Certified, and not yet compared.
    certified: BTreeMap<Height, StateRoot>,
}

/// A height at which they do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divergence {
    pub(crate) height: Height,
    pub(crate) own: StateRoot,
    pub(crate) certified: StateRoot,
}

/// What is known here about a root that a header claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is the one computed here.
    Same,
    /// Another was computed here.
    Different,
    /// That height is not executed here yet.
    Unknown,
}

impl Roots {
    pub(crate) fn new(executed: &[ExecutedRoot]) -> Self {
        let mut roots = Self::default();
        for root in executed {
            roots.own.insert(root.height, root.root);
        }
        roots
    }

    /// A height was executed here.
    pub(crate) fn execute(&mut self, root: ExecutedRoot) -> Option<Divergence> {
        self.own.insert(root.height, root.root);
        if self.own.len() > limits::ROOTS_MAX {
            self.own.pop_first();
        }
        let certified = self.certified.remove(&root.height)?;
        differ(root.height, root.root, certified)
    }

    /// A quorum certified a root.
    pub(crate) fn certify(&mut self, root: ExecutedRoot) -> Option<Divergence> {
        if let Some(own) = self.own.get(&root.height) {
            return differ(root.height, *own, root.root);
        }
        let newest = self.own.last_key_value().map(|(height, _)| *height);
        if newest < Some(root.height) && self.certified.len() < limits::ROOTS_MAX {
            self.certified.insert(root.height, root.root);
        }
        None
    }

    /// Compares a header's claim with what was computed here.
    pub(crate) fn compare(&self, claim: ExecutedRoot) -> Claim {
        match self.own.get(&claim.height) {
            Some(own) if *own == claim.root => Claim::Same,
            Some(_) => Claim::Different,
            None => Claim::Unknown,
        }
    }

    /// The newest root computed here.
    pub(crate) fn newest(&self) -> Option<ExecutedRoot> {
        self.own
            .last_key_value()
            .map(|(height, root)| ExecutedRoot { height: *height, root: *root })
    }
}

fn differ(height: Height, own: StateRoot, certified: StateRoot) -> Option<Divergence> {
    (own != certified).then_some(Divergence { height, own, certified })
}

//! State roots computed here, and those that a quorum certified: they must agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::Validator;

use crate::io::Executed;
use crate::limits;

/// Roots by height, a bounded number of them.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    own: BTreeMap<Height, Own>,
    /// Certified, and not yet compared.
    certified: BTreeMap<Height, StateRoot>,
}

/// What executing a height gave here.
#[derive(Clone, Debug)]
struct Own {
    root: StateRoot,
    candidates: Arc<[Validator]>,
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
    pub(crate) fn new(executed: Vec<Executed>) -> Self {
        let own = executed.into_iter().map(|Executed { root, candidates }| {
            (root.height, Own { root: root.root, candidates })
        });
        Self { own: own.collect(), certified: BTreeMap::new() }
    }

    /// A height was executed here.
    pub(crate) fn execute(&mut self, executed: Executed) -> Option<Divergence> {
        let Executed { root, candidates } = executed;
        self.own.insert(root.height, Own { root: root.root, candidates });
        if self.own.len() > limits::ROOTS_MAX {
            self.own.pop_first();
        }
        let certified = self.certified.remove(&root.height)?;
        differ(root.height, root.root, certified)
    }

    /// A quorum certified a root.
    pub(crate) fn certify(&mut self, root: ExecutedRoot) -> Option<Divergence> {
        if let Some(own) = self.own.get(&root.height) {
            return differ(root.height, own.root, root.root);
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
            Some(own) if own.root == claim.root => Claim::Same,
            Some(_) => Claim::Different,
            None => Claim::Unknown,
        }
    }

    /// The newest root computed here.
    pub(crate) fn newest(&self) -> Option<ExecutedRoot> {
        self.own
            .last_key_value()
            .map(|(height, own)| ExecutedRoot { height: *height, root: own.root })
    }

    /// Who should decide, by the state after a height that was executed here.
    pub(crate) fn candidates(&self, height: Height) -> Option<&[Validator]> {
        self.own.get(&height).map(|own| &*own.candidates)
    }

    /// All that is known, ascending.
    pub(crate) fn executed(&self) -> impl Iterator<Item = Executed> {
        self.own.iter().map(|(height, own)| Executed {
            root: ExecutedRoot { height: *height, root: own.root },
            candidates: Arc::clone(&own.candidates),
        })
    }
}

fn differ(height: Height, own: StateRoot, certified: StateRoot) -> Option<Divergence> {
    (own != certified).then_some(Divergence { height, own, certified })
}

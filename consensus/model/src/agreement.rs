//! The model: its bounds, and what the checker asks of it.

use stateright::Model;
use stateright::Property;

use crate::block::VIEWS_MAX;
use crate::block::View;
use crate::flaw::Flaw;
use crate::property;
use crate::rules::Rules;
use crate::state::State;
use crate::step::Step;

/// How a validator keeps its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The record is synced before anything leaves; who lost it asks the others (R9).
    Strict,
    /// A limit of so many views is synced ahead; a power loss costs the record (L1 to L3).
    Lease {
        /// In views, from the one that is signed in; at least 1.
        length: View,
    },
}

/// What a state keeps of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Memory {
    /// All that was ever signed, so that each validator's signatures can be compared.
    Everything,
    /// What still makes a difference to which blocks become final. Needs sound rules.
    Needed,
}

/// Four validators, one Byzantine, over some views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreement {
    /// Views 1 to this one are there.
    pub views: View,
    /// How many records are lost, in all.
    pub losses: u8,
    /// How records are kept.
    pub durability: Durability,
    /// What is kept of the past.
    pub memory: Memory,
    /// What is left out of the rules.
    pub flaw: Option<Flaw>,
}

impl Agreement {
    /// The rules of `docs/consensus.md`, in strict mode, with no record lost.
    ///
    /// # Panics
    /// If `views` is above [`VIEWS_MAX`].
    pub const fn of(views: View) -> Self {
        assert!(views <= VIEWS_MAX, "a state has no room for more views");
        let (durability, memory) = (Durability::Strict, Memory::Everything);
        Self { views, losses: 0, durability, memory, flaw: None }
    }

    pub(crate) const fn rules(&self) -> Rules {
        Rules { flaw: self.flaw }
    }
}

impl Model for Agreement {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.losses)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.steps(state, steps);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        self.after(state, step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        property::all(self)
    }
}

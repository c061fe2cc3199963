//! What the checker asks of every state, and of some.

use stateright::Property;

use crate::agreement::Agreement;
use crate::agreement::Memory;
use crate::state::State;
use crate::validator::Validator;

/// Always: of any two final blocks, one is an ancestor of the other.
pub const AGREEMENT: &str = "final blocks are one chain";
/// Always: nobody votes twice in a view, or hides in a timeout the certificate that it commit-voted on.
pub const CONSISTENCY: &str = "no honest validator contradicts itself";
/// Always: a crash loses nothing.
pub const COVERAGE: &str = "what was signed is in the durable record";
/// Always: whatever happened, the honest can go on.
pub const RECOVERY: &str = "the honest three alone can make a block final";
/// Sometimes.
pub const FINALITY: &str = "a block is final";
/// Sometimes.
pub const FINALITY_AFTER_TIMEOUTS: &str = "a block is final above a view given up";
/// Sometimes, where records are lost.
pub const RETURN: &str = "all sign again after a record was lost";

/// Of a model.
pub(crate) fn all(model: &Agreement) -> Vec<Property<Agreement>> {
    let mut properties = vec![
        Property::always(AGREEMENT, |model: &Agreement, state: &State| state.agrees(model.rules())),
        Property::always(RECOVERY, Agreement::can_commit),
        Property::sometimes(FINALITY, |model: &Agreement, state: &State| {
            state.finals(model.rules()).next().is_some()
        }),
        Property::sometimes(FINALITY_AFTER_TIMEOUTS, |model: &Agreement, state: &State| {
            state.finals(model.rules()).any(|block| {
                state.tree.parent(block).is_some_and(|parent| parent.view() + 1 < block.view())
            })
        }),
    ];
    if model.memory == Memory::Everything {
        properties.push(Property::always(CONSISTENCY, |_, state: &State| {
            state.validators.iter().all(Validator::is_consistent)
        }));
        properties.push(Property::always(COVERAGE, |_, state: &State| {
            state.validators.iter().all(Validator::is_covered)
        }));
    }
    if model.losses > 0 {
        properties.push(Property::sometimes(RETURN, |model: &Agreement, state: &State| {
            state.losses < model.losses && state.validators.iter().all(Validator::is_voting)
        }));
    }
    properties
}

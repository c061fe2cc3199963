//! State with what a block has done so far, as phases and transactions that run one after the other change it.

use heddle_sdk::Base;
use heddle_types::Amount;
use heddle_types::StateKey;
use heddle_types::StateView;

use crate::effects::Effects;

/// State with what a block has done so far.
pub(crate) trait Overlay: Base + StateView {
    /// Makes all changes, whose keys `key` knows by slot, and notes what goes back to whom. Says how much of what adds reserved is
    /// kept.
    fn apply(&mut self, effects: &mut Effects, key: impl Fn(usize) -> StateKey) -> Amount;
}

//! A change of the validators' power begins an epoch. Asked at the end, of a chain that is long enough.

use heddle_types::limits;

use super::Check;
use super::Observations;
use super::outcome;

/// An epoch has so many blocks at least; one of so many more is to have ended.
const BLOCKS: u64 = 4 * limits::EPOCH_BLOCKS_MIN;

pub(super) fn check(seen: &Observations) -> Check {
    let Observations { power_changes, epoch, .. } = seen;
    let is_over = !seen.verified.is_empty() && seen.highest() >= BLOCKS;
    let wrong = (is_over && *power_changes > 0 && *epoch == 0)
        .then(|| format!("{power_changes} changes of power, and the first epoch goes on"));
    outcome("epochs follow", wrong, || format!("{power_changes} changes of power, epoch {epoch}"))
}

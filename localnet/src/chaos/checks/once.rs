//! No transaction stands in two blocks.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen.included.contradictions.first();
    let wrong = wrong.map(|what| format!("a transaction stands at two heights, {what}"));
    outcome("exactly once", wrong, || {
        format!("{} transactions stand in one block each", seen.included.first.len())
    })
}

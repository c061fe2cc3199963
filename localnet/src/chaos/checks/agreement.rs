//! Equal hashes, state roots and receipts at every height, whoever is asked and whenever.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen.blocks.contradictions.first();
    let wrong = wrong.map(|what| format!("two final blocks at one height, {what}"));
    outcome("agreement", wrong, || {
        format!("{} heights are the same on all validators", seen.blocks.first.len())
    })
}

//! While one validator at most is harmed, the others go on.

use super::Check;
use super::Observations;
use super::outcome;

/// How long a fault lasts before something new must be final, in milliseconds: an idle interval, and a few views that fail.
const PATIENCE_MS: u64 = 5_000;

pub(super) fn check(seen: &Observations) -> Check {
    let stalled = seen
        .spells
        .iter()
        .find(|spell| spell.has_quorum && spell.ms >= PATIENCE_MS && spell.new_heights == 0);
    let stalled = stalled.map(|spell| {
        format!(
            "{}: nothing new was final in {} ms, though a quorum was well",
            spell.fault, spell.ms
        )
    });
    outcome("finality goes on", stalled, || {
        let watched = seen.spells.iter().filter(|spell| spell.has_quorum);
        let (count, heights) = watched
            .fold((0_u32, 0), |(count, heights), spell| (count + 1, heights + spell.new_heights));
        format!("{heights} final blocks in {count} faults that left a quorum")
    })
}

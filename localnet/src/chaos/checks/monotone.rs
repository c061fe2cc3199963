//! No validator's final height goes back, restarts or not.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let fell = seen.heights.iter().find_map(|(validator, heights)| {
        let (from, to) = heights.falls.first()?;
        Some(format!("validator {validator}: final height went back from {from} to {to}"))
    });
    outcome("final height monotone", fell, || {
        let lasts: Vec<u64> = seen.heights.values().map(|heights| heights.last).collect();
        format!("last reported {lasts:?}")
    })
}

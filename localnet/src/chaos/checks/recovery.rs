//! After each fault all validators vote and have new final blocks within a bound.

use super::Check;
use super::Observations;
use super::outcome;
use crate::chaos::observations::Recovery;

pub(super) fn check(seen: &Observations) -> Check {
    let stuck = seen.recoveries.iter().find_map(|recovery| {
        let bound = recovery.bound_ms;
        let who = match (recovery.first_ms, recovery.all_ms) {
            (None, _) => "nobody has",
            (Some(_), None) => "not every validator votes and has",
            (Some(_), Some(_)) => return None,
        };
        Some(format!("{}: {who} a new final block {bound} ms after it was healed", recovery.fault))
    });
    outcome("finality resumes", stuck, || {
        let slowest = |ms: fn(&Recovery) -> Option<u64>| {
            seen.recoveries.iter().filter_map(ms).max().unwrap_or(0)
        };
        let (first, all) = (slowest(|one| one.first_ms), slowest(|one| one.all_ms));
        format!(
            "after {} faults; slowest {first} ms to a first block, {all} ms for all",
            seen.recoveries.len()
        )
    })
}

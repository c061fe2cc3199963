//! What a validator promised never to be included is not.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let broken = seen.refused.iter().find_map(|(id, said)| {
        let height = seen.included.first.get(id)?;
        Some(format!("{id}: refused for ever ({said}), and in block {height}"))
    });
    outcome("never means never", broken, || {
        format!("{} refusals for ever, none of them included", seen.refused.len())
    })
}

//! The supply is what it was at the beginning, to the base unit.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let first = seen.supplies.first().map(|(_, supply)| supply);
    let other = seen.supplies.iter().find(|(_, supply)| Some(supply) != first);
    let wrong = match (first, other) {
        (None, _) => Some("nobody told the supply".to_owned()),
        (Some(first), Some((validator, supply))) => {
            Some(format!("validator {validator}: {supply:?}, at first {first:?}"))
        }
        (Some(_), None) => None,
    };
    outcome("supply exact", wrong, || {
        format!("the same {} times it was asked for", seen.supplies.len())
    })
}

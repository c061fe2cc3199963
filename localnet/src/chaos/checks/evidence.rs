//! Nobody has evidence against a validator: all are honest, however often they are killed.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen.evidence.first();
    let wrong = wrong.map(|(validator, what)| format!("validator {validator} has {what}"));
    outcome("no honest evidence", wrong, || "nobody has any".to_owned())
}

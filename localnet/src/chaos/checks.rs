//! What must hold, whatever was done to the validators. Pure: each looks at what was told, and at nothing else.

mod agreement;
mod cut_off;
mod endings;
mod epochs;
mod evidence;
mod kept;
mod liveness;
mod load;
mod monotone;
mod never;
mod once;
mod recovery;
mod supply;
mod verified;

use super::observations::Observations;
use super::report::Check;

/// All checks on what was told so far.
pub(super) fn all(seen: &Observations) -> Vec<Check> {
    vec![
        agreement::check(seen),
        kept::check(seen),
        once::check(seen),
        monotone::check(seen),
        supply::check(seen),
        never::check(seen),
        evidence::check(seen),
        cut_off::check(seen),
        liveness::check(seen),
        recovery::check(seen),
        epochs::check(seen),
        endings::check(seen),
        verified::check(seen),
        load::check(seen),
    ]
}

/// `ok` with `what` was seen when there is nothing wrong, or the first thing that is.
fn outcome(name: &'static str, wrong: Option<String>, what: impl FnOnce() -> String) -> Check {
    match wrong {
        None => Check { name, ok: true, detail: what() },
        Some(detail) => Check { name, ok: false, detail },
    }
}

#[cfg(test)]
mod tests;

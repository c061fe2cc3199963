//! There was load: a run in which nothing was sent proves nothing.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let load = seen.load;
    let wrong = (load.accepted == 0).then(|| format!("nothing was accepted, {load:?}"));
    outcome("load", wrong, || {
        format!(
            "{} transfers sent, {} accepted, {} refused, {} unanswered",
            load.sent, load.accepted, load.refused, load.unanswered
        )
    })
}

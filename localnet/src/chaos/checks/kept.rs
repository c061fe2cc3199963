//! Nothing that was reported as final is lost, or comes with another receipt later.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let changed = seen.receipts.contradictions.first();
    let changed = changed.map(|what| format!("a final transaction changed, {what}"));
    let lost = seen.missing.first().map(|(validator, what)| {
        format!(
            "{} final things are lost, the first: {what} on validator {validator}",
            seen.missing.len()
        )
    });
    outcome("nothing final lost", changed.or(lost), || {
        format!("{} receipts are as they were reported", seen.receipts.first.len())
    })
}

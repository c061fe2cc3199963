//! While no quorum can come together nothing becomes final.

use super::Check;
use super::Observations;
use super::outcome;

pub(super) fn check(seen: &Observations) -> Check {
    let wrong = seen.cut_offs.iter().find(|one| one.last > one.settled);
    let wrong = wrong.map(|one| {
        format!(
            "{}: final height {} became {}, though no quorum could come together",
            one.fault, one.settled, one.last
        )
    });
    outcome("nothing final alone", wrong, || {
        format!("no new final block in {} times without a quorum", seen.cut_offs.len())
    })
}

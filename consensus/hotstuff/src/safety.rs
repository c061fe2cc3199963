//! The safety rules: pure functions from a record to the record that must be durable before what was asked for leaves.
//!
//! This is the page to audit. Nothing is signed but through a function of this module. They know certificates that were
//! verified, and nothing of time, tables or the network. Each returns none when the rules forbid.
//!
//! * **R1** One vote a view, in ascending views, none in a view given up: `view > max(highest vote, highest timeout)`.
//! * **R2** A vote is for a block that extends a certified one: its parent is the QC's block, one height above it, in a
//!   later view.
//! * **R3** Nothing that may be final is left behind: `view = qc.view + 1`, or `view = tc.view + 1` and
//!   `qc.view >= tc.highest_qc_view`.
//! * **R4** A commit vote for view v: QC(v) is in the record, `v > highest timeout`, and at most one a view.
//! * **R5** A timeout of view v: only of the view one is in, entered by QC(v-1) or TC(v-1); `v >= highest vote`,
//!   `v >= highest timeout`; it names the record's own high QC.
//! * **R6** One proposal a view, in ascending views, none in a view voted in or given up.
//! * **R7** The record that contains it is durable before anything leaves; before a vote, also the block
//!   (`crate::outbox`).
//! * **R8** The record's high QC never goes back.
//! * **R9** Who lost the record starts again only from a QC above m+1, m being the highest view that 2f+1 *other*
//!   validators answered, and signs nothing at or below m+1.
//! * **R10** Only 2f+1 commit votes make a block final (`crate::replica`).

use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SafetyVote;
use heddle_types::TimeoutCert;
use heddle_types::View;

/// The verified certificates by which a view was entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Justification<'a> {
    pub(crate) qc: &'a QuorumCert,
    pub(crate) tc: Option<&'a TimeoutCert>,
}

impl Justification<'_> {
    /// R3: whether a block of `view` may be built on the QC.
    pub(crate) fn admits(&self, view: View) -> bool {
        let entered = Some(self.qc.data.view) == view.prev();
        let skipped = self.tc.is_some_and(|tc| {
            Some(tc.view) == view.prev() && self.qc.data.view >= tc.highest_qc_view()
        });
        entered || skipped
    }
}

/// The record with which a vote for `header`, whose hash is `block`, may leave.
pub(crate) fn vote(
    record: &SafetyRecord,
    header: &BlockHeader,
    block: BlockHash,
    why: Justification<'_>,
) -> Option<SafetyRecord> {
    let fresh = header.view > record.vote.view && header.view > record.timeout; // R1
    let parent = &why.qc.data;
    let extends = header.parent == parent.block // R2
        && header.height.prev() == Some(parent.height)
        && header.view > parent.view;
    let justified = why.admits(header.view); // R3
    (fresh && extends && justified).then(|| SafetyRecord {
        vote: SafetyVote { view: header.view, block },
        ..adopt(record, why.qc)
    })
}

/// The record with which a commit vote for the block that `qc` certifies may leave.
pub(crate) fn commit_vote(record: &SafetyRecord, qc: &QuorumCert) -> Option<SafetyRecord> {
    let SafetyVote { view, .. } = record.commit_vote;
    let held = record.high_qc.data == qc.data; // R4
    let fresh = qc.data.view > record.timeout && qc.data.view > view; // R4
    (held && fresh).then(|| SafetyRecord {
        commit_vote: SafetyVote { view: qc.data.view, block: qc.data.block },
        ..record.clone()
    })
}

/// The record with which a timeout of `view`, the view one is in, may leave.
pub(crate) fn timeout(
    record: &SafetyRecord,
    view: View,
    entry: Option<&TimeoutCert>,
) -> Option<SafetyRecord> {
    let why = Justification { qc: &record.high_qc, tc: entry };
    let entered = why.admits(view); // R5
    let fresh = view >= record.vote.view && view >= record.timeout; // R5
    (entered && fresh).then(|| SafetyRecord { timeout: view, ..record.clone() })
}

/// The record with which a proposal of `block` in `view` may leave.
pub(crate) fn propose(record: &SafetyRecord, view: View, block: BlockHash) -> Option<SafetyRecord> {
    let fresh = view > record.proposal.view && view > record.vote.view && view > record.timeout; // R6
    fresh.then(|| SafetyRecord { proposal: SafetyVote { view, block }, ..record.clone() })
}

/// The record that knows of `qc`.
pub(crate) fn adopt(record: &SafetyRecord, qc: &QuorumCert) -> SafetyRecord {
    let newer = qc.data.view > record.high_qc.data.view; // R8
    let high_qc = if newer { qc.clone() } else { record.high_qc.clone() };
    SafetyRecord { high_qc, ..record.clone() }
}

/// The record of a muted validator that may sign again. What it signed before is not above `floor`: of R9 the view after the
/// highest that 2f+1 others answered, of L3 the limit.
pub(crate) fn unmute(record: &SafetyRecord, floor: View) -> Option<SafetyRecord> {
    let floor = SafetyVote { view: floor, block: BlockHash::ZERO };
    (record.high_qc.data.view > floor.view).then(|| SafetyRecord {
        vote: floor, // R9, L3
        commit_vote: floor,
        proposal: floor,
        timeout: floor.view,
        ..record.clone()
    })
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

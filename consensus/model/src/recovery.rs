//! Whatever happened, the honest three alone can go on: the way by which they do.

use crate::agreement::Agreement;
use crate::block::Block;
use crate::block::View;
use crate::rules::Record;
use crate::rules::TimeoutCert;
use crate::state::State;

impl Agreement {
    /// Whether the honest validators, once they hear each other and with no help of the Byzantine one, make a block final by
    /// these steps: all learn the highest QC; all give up on the highest view that any of them is in; the next view's leader
    /// proposes; all vote; all commit-vote.
    ///
    /// The Byzantine validator may have shown a certificate to one of them only, and that is enough.
    pub(crate) fn can_commit(&self, state: &State) -> bool {
        if state.validators.iter().any(|validator| !validator.is_voting()) {
            return true;
        }
        let records = state.validators.map(|validator| validator.record);
        self.recover(state, records).is_some()
    }

    fn recover(&self, state: &State, records: [Record; 3]) -> Option<()> {
        let rules = self.rules();
        let high_qc = records.iter().map(|record| record.high_qc).max()?;
        let view = records.iter().map(|record| in_view(*record)).max()?;
        let mut known = records.map(|record| rules.adopt(record, high_qc));
        let entry = state.timeout_cert(view - 1);
        for record in &mut known {
            *record = rules.timeout(*record, view, entry)?;
        }
        let highest_qc = known.iter().map(|record| record.high_qc.view()).max()?;
        let tc = TimeoutCert { view, highest_qc };
        let block = Block::new(view + 1, 0);
        for record in &mut known {
            let voted = rules.vote(*record, block.view(), high_qc, Some(tc))?;
            rules.commit_vote(rules.adopt(voted, block), block)?;
        }
        Some(())
    }
}

/// The lowest view that a validator may be in: it signed nothing above it, and its QC leads there.
fn in_view(record: Record) -> View {
    record.vote.max(record.timeout).max(record.high_qc.view() + 1)
}

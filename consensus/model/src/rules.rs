//! The rules, as `heddle-hotstuff`'s `safety.rs` numbers them, over views and nothing else.
//!
//! Each function gives the record that must be durable before what was asked for leaves, or none when the rules forbid it.

use crate::block::Block;
use crate::block::View;
use crate::flaw::Flaw;

/// The safety record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// The highest view voted in.
    pub vote: View,
    /// The highest view given up.
    pub timeout: View,
    /// The highest view commit-voted in.
    pub commit_vote: View,
    /// The block of the highest QC held.
    pub high_qc: Block,
}

/// What of a timeout certificate matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutCert {
    /// The view given up.
    pub view: View,
    /// The highest view of a QC that an entry names.
    pub highest_qc: View,
}

/// The rules, or what is left of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// What is left out.
    pub flaw: Option<Flaw>,
}

impl Record {
    /// Of a validator that has signed nothing.
    pub const FIRST: Self = Self { vote: 0, timeout: 0, commit_vote: 0, high_qc: Block::GENESIS };
}

impl Rules {
    /// A vote in `view` for a block on `parent`, which a QC certifies.
    pub fn vote(
        self,
        record: Record,
        view: View,
        parent: Block,
        tc: Option<TimeoutCert>,
    ) -> Option<Record> {
        let unvoted = match self.flaw {
            Some(Flaw::SecondVote) => view >= record.vote,
            _ => view > record.vote, // R1
        };
        let kept = view > record.timeout || self.flaw == Some(Flaw::VoteAfterTimeout); // R1
        let later = view > parent.view(); // R2
        let justified = self.justified(view, parent, tc); // R3
        let high_qc = match self.flaw {
            Some(Flaw::HighQcGoesBack) => parent,
            _ => self.adopt(record, parent).high_qc,
        };
        (unvoted && kept && later && justified).then_some(Record { vote: view, high_qc, ..record })
    }

    /// R3: whether a block of `view` may be built on `parent`.
    fn justified(self, view: View, parent: Block, tc: Option<TimeoutCert>) -> bool {
        let follows = parent.view() + 1 == view;
        let skipped = tc.is_some_and(|tc| {
            let highest = parent.view() >= tc.highest_qc;
            tc.view + 1 == view && (highest || self.flaw == Some(Flaw::VoteBelowHighestQc))
        });
        follows || skipped || self.flaw == Some(Flaw::VoteWithoutTimeoutCert)
    }

    /// A commit vote for the block `qc`, which is certified.
    pub fn commit_vote(self, record: Record, qc: Block) -> Option<Record> {
        let held = record.high_qc == qc || self.flaw == Some(Flaw::CommitVoteNotHeld); // R4
        let kept = qc.view() > record.timeout || self.flaw == Some(Flaw::CommitVoteAfterTimeout); // R4
        let fresh = qc.view() > record.commit_vote; // R4
        (held && kept && fresh).then_some(Record { commit_vote: qc.view(), ..record })
    }

    /// A timeout of `view`, which is the view that the record's high QC or `tc` leads to; it names the high QC.
    pub fn timeout(self, record: Record, view: View, tc: Option<TimeoutCert>) -> Option<Record> {
        let follows = record.high_qc.view() + 1 == view; // R5
        let skipped =
            tc.is_some_and(|tc| tc.view + 1 == view && record.high_qc.view() >= tc.highest_qc); // R5
        let voted = match self.flaw {
            Some(Flaw::NoTimeoutAfterVote) => view > record.vote,
            _ => view >= record.vote, // R5
        };
        let ahead = view >= record.timeout || self.flaw == Some(Flaw::TimeoutGoesBack); // R5
        ((follows || skipped) && voted && ahead).then_some(Record { timeout: view, ..record })
    }

    /// The record that knows of `qc`. R8.
    pub fn adopt(self, record: Record, qc: Block) -> Record {
        if qc.view() > record.high_qc.view() { Record { high_qc: qc, ..record } } else { record }
    }

    /// The first record of who may have signed anything up to `floor`, once a QC above it is there. R9, L3.
    pub fn unmute(self, floor: View, qc: Block) -> Option<Record> {
        let early = matches!(self.flaw, Some(Flaw::UnmuteAtFloor | Flaw::UnmuteAtLimit));
        let floor = if early { floor.checked_sub(1)? } else { floor };
        (qc.view() > floor).then_some(Record {
            vote: floor,
            timeout: floor,
            commit_vote: floor,
            high_qc: qc,
        })
    }

    /// The floor of who lost its record, from the answers of 2f+1 others. R9.
    pub const fn floor(self, highest_answer: View) -> View {
        highest_answer + 1
    }

    /// What a validator answers. R9.
    pub fn answer(self, record: Record) -> View {
        match self.flaw {
            Some(Flaw::StaleAnswers) => 0,
            _ => record.vote.max(record.timeout),
        }
    }
}

//! Rules with something left out.

/// What is wrong with the rules. Each name says what happens that must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// R1: a validator votes twice in a view.
    SecondVote,
    /// R1: a view that was given up is voted in.
    VoteAfterTimeout,
    /// R3: a block of a skipped view may leave behind what the timeout certificate names.
    VoteBelowHighestQc,
    /// R3: a block of a skipped view needs no timeout certificate.
    VoteWithoutTimeoutCert,
    /// R4: a view that was given up is commit-voted in.
    CommitVoteAfterTimeout,
    /// R4: the certificate that is commit-voted is not in the record.
    CommitVoteNotHeld,
    /// R5: a timeout names a certificate below the record's.
    StaleTimeout,
    /// R5: a view is given up after a later one was.
    TimeoutGoesBack,
    /// R5: a view that was voted in is not given up. Safe, and stuck.
    NoTimeoutAfterVote,
    /// R7: a vote leaves before the record is durable.
    VoteNotDurable,
    /// R7: a commit vote leaves before the record is durable.
    CommitVoteNotDurable,
    /// R7: a commit vote leaves when its certificate is not in the durable record.
    HighQcNotDurable,
    /// R7: a timeout leaves before the record is durable.
    TimeoutNotDurable,
    /// R8: the high QC of the record goes back to that of the block voted for.
    HighQcGoesBack,
    /// R9: who lost its record starts with a new one.
    RestartWithoutRecord,
    /// R9: 2f answers are enough.
    TwoAnswers,
    /// R9: answers to an earlier question count.
    StaleAnswers,
    /// R9: views from m+1 on are signed, after a QC of m+1.
    UnmuteAtFloor,
    /// R10: a certified block is final.
    FinalByVotes,
    /// R10: 2f commit votes make a block final.
    TooFewCommitVotes,
    /// L1: what is above the limit is signed before the limit is synced.
    SignAboveLimit,
    /// L3: views from the limit on are signed, after a QC of the limit itself.
    UnmuteAtLimit,
    /// L2: a power loss goes unnoticed, and a record from before it is used.
    PowerLossUnnoticed,
}

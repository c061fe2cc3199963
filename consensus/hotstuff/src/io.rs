//! What the core is told and what it asks for. Closed enums; the driver carries actions out in order.

use std::sync::Arc;

use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::CommitVote;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::LeaseLimit;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::Signature;
use heddle_types::StateRoot;
use heddle_types::Timeout;
use heddle_types::TimeoutCert;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::Vote;

use crate::leaders::Turn;

/// What the driver's clocks say at an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, for deadlines.
    pub instant: Instant,
    /// The wall clock, for block times.
    pub wall: UnixMillis,
}

/// A proposal whose payload is present and well formed. Its signature and certificates are not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedProposal {
    /// The block.
    pub block: Arc<CheckedBlock>,
    /// The certificate of the block's parent.
    pub qc: QuorumCert,
    /// The certificate by which the view was entered, when the view before it timed out.
    pub tc: Option<TimeoutCert>,
    /// The leader's signature over the block's hash.
    pub signature: Signature,
}

/// What validators say to each other about agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A leader's block.
    Proposal(Arc<CheckedProposal>),
    /// A first-round vote.
    Vote(Vote),
    /// A second-round vote.
    CommitVote(CommitVote),
    /// Giving up on a view.
    Timeout(Box<Timeout>),
    /// The sender's highest certificates: the answer to whoever is heard in a lower view.
    Certificates(Box<Certificates>),
    /// A muted validator asks all others where they are.
    UnmuteRequest {
        /// The epoch that it has come to.
        epoch: Epoch,
        /// Chosen at random by the asker at its start, so that old answers do not count.
        nonce: [u8; 32],
    },
    /// The answer to an [`Message::UnmuteRequest`].
    UnmuteAnswer(Box<UnmuteAnswer>),
    /// How an epoch ended: the answer to whoever is heard in an earlier one.
    EpochEnd(Box<EpochEnd>),
}

impl Message {
    /// The epoch that it is about.
    pub fn epoch(&self) -> Epoch {
        match self {
            Self::Proposal(proposal) => proposal.block.header().epoch,
            Self::Vote(vote) => vote.data.epoch,
            Self::CommitVote(vote) => vote.data.epoch,
            Self::Timeout(timeout) => timeout.data.epoch,
            Self::Certificates(certificates) => certificates.high_qc.data.epoch,
            Self::UnmuteRequest { epoch, .. } => *epoch,
            Self::UnmuteAnswer(answer) => answer.certificates.high_qc.data.epoch,
            Self::EpochEnd(end) => end.epoch(),
        }
    }
}

/// What executing a height gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The height and the root after it.
    pub root: ExecutedRoot,
    /// Who the state after it says should decide: the members of the next committee, if they are not this one's. In the
    /// order of their indices; the same list, shared, for as long as it stays the same.
    pub candidates: Arc<[Validator]>,
}

/// The highest certificates that a validator holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// The highest QC.
    pub high_qc: QuorumCert,
    /// The highest TC, when its view is at least the QC's.
    pub high_tc: Option<TimeoutCert>,
    /// The highest commit certificate.
    pub commit: CommitCert,
}

/// Where an unmuted validator stands, signed for one asker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmuteAnswer {
    /// The asker's nonce.
    pub nonce: [u8; 32],
    /// Never below the answerer's highest vote or timeout.
    pub view: View,
    /// The answerer.
    pub voter: ValidatorIndex,
    /// Over `blake3(Domain::UNMUTE ‖ chain ‖ epoch ‖ nonce ‖ view ‖ asker)`.
    pub signature: Signature,
    /// The certificates that prove the view.
    pub certificates: Certificates,
}

/// What the core is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A peer said something; `from` is authenticated by the transport.
    Message {
        /// The peer.
        from: ValidatorIndex,
        /// What it said.
        message: Message,
    },
    /// What is sent to this peer reaches it again, or for the first time; what was sent before may be lost.
    Reachable(ValidatorIndex),
    /// The deadline has passed.
    Tick,
    /// Whether transactions (or due phase items) wait to be ordered. Told when it changes.
    WorkPending(bool),
    /// The block that [`Action::Build`] asked for; the header is the one asked for but for its payload's hash.
    Built(Arc<CheckedBlock>),
    /// A final block was executed here and its outcome is durable. Told once a height, ascending.
    Executed(Executed),
    /// A block that [`Action::FetchBlock`] asked for. Its hash and payload are checked, nothing else.
    Fetched(Arc<CheckedBlock>),
    /// Consecutive blocks from catch-up, oldest first, whose last one is certified final: of this epoch, so that none follows
    /// a closing block but those of its tail. Blocks' hashes and payloads are checked, nothing else.
    Synced {
        /// The blocks.
        blocks: Vec<Arc<CheckedBlock>>,
        /// The commit certificate of the last.
        cert: CommitCert,
    },
}

/// What the core asks for, to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the block durable. A barrier: what follows waits for it (before a vote; store first, then record).
    StoreBlock(Arc<CheckedBlock>),
    /// Make a timeout certificate that the next record names durable. A barrier.
    StoreTimeoutCert(TimeoutCert),
    /// Make the safety record durable. A barrier.
    Persist(SafetyRecord),
    /// Send to one other validator. Never to oneself.
    Send {
        /// To whom.
        to: ValidatorIndex,
        /// What.
        message: Message,
    },
    /// Send to all other validators.
    Broadcast(Message),
    /// This validator leads: fill the header's payload and answer with [`Input::Built`], before any other input.
    Build {
        /// The header, complete but for its payload's hash.
        header: BlockHeader,
        /// Execution lags too far behind: the payload must be empty.
        must_be_empty: bool,
        /// The ancestors that are not final yet, newest first, so that nothing is ordered twice.
        pending: Vec<Arc<CheckedBlock>>,
    },
    /// These blocks are final, oldest first; each is delivered exactly once, heights consecutive.
    Commit {
        /// The newly final blocks, all present.
        blocks: Vec<Arc<CheckedBlock>>,
        /// The certificate of the last, or of one on it that is not delivered, because the epoch ended.
        cert: CommitCert,
    },
    /// Read from the store how an earlier epoch ended, and send it to a peer that is still in it, as
    /// [`Message::EpochEnd`]. Nothing, if that is not known.
    ServeEpochEnd {
        /// Who.
        to: ValidatorIndex,
        /// Which.
        epoch: Epoch,
    },
    /// The epoch ended. Make the proof durable: a barrier, before the commit of the closing block, which follows at once and
    /// is the last. Once that block is executed, the next epoch begins with a new [`crate::Replica`].
    EpochEnded(Box<EpochEnd>),
    /// A certified block is missing here; ask `hint` first.
    FetchBlock {
        /// Which.
        hash: BlockHash,
        /// Its height as the certificate says.
        height: Height,
        /// Who has it.
        hint: ValidatorIndex,
    },
    /// `peer` proved that `height` is final there, far above what is final here: catch up from it.
    CatchUp {
        /// Who.
        peer: ValidatorIndex,
        /// Up to where.
        height: Height,
    },
    /// Voting stopped or started; the reason is for people. Muted nodes sign nothing.
    Voting(VotingState),
    /// A certified root differs from the one computed here: stop voting and answering, write a bundle, exit 11.
    Diverged {
        /// The height.
        height: Height,
        /// What was computed here.
        own: StateRoot,
        /// What a quorum certified.
        certified: StateRoot,
    },
    /// A validator signed two different things in one view.
    Evidence(Box<Evidence>),
    /// A certificate or a message holds this validator's good signature on something of a view begun after its start
    /// that it did not sign here: its key is in use elsewhere. It signs and answers no more; exit 5.
    OwnKeyElsewhere {
        /// The view.
        view: View,
    },
}

/// Whether this validator signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VotingState {
    /// It does.
    Voting,
    /// It does not: the safety record was missing, damaged or copied.
    Muted,
    /// It does not: this node is no member of the committee.
    NotValidator,
    /// It does not: the safety record is of a later epoch than the one that this node has come to, its store having been
    /// emptied or set back. It signs again there.
    Behind,
}

/// Two signed statements of one validator that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two blocks in one view.
    Proposals(Box<[(BlockHeader, Signature); 2]>),
    /// Two votes in one view.
    Votes([Vote; 2]),
    /// Two commit votes in one view.
    CommitVotes([CommitVote; 2]),
}

/// How a validator starts: what its disk held.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The safety record; none when it is missing, damaged or copied, and the node starts muted. One of an earlier epoch says
    /// that nothing was signed in this one.
    pub safety: Option<SafetyRecord>,
    /// When there is no record because the power was lost in lease mode: nothing was signed above it.
    pub lease: Option<LeaseLimit>,
    /// The TC that the record names, if the store has it.
    pub high_tc: Option<TimeoutCert>,
    /// The last final block whose outcome is durable here, with the certificate it was made final by (its own or a
    /// descendant's).
    pub last_final: Arc<CheckedBlock>,
    /// See [`Self::last_final`].
    pub commit: CommitCert,
    /// What executing the last final heights gave, ascending, the last being `last_final`'s.
    pub executed: Vec<Executed>,
    /// Turns of the last [`crate::limits::TURNS_MAX`] final blocks, ascending, the last being `last_final`'s.
    pub turns: Vec<Turn>,
    /// Stored blocks above the last final one, any order. May be incomplete.
    pub blocks: Vec<Arc<CheckedBlock>>,
    /// Fresh random bytes from the driver, by which answers to this process's questions are known ([`Message::UnmuteRequest`]).
    pub nonce: [u8; 32],
}

/// A snapshot for people and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The current view.
    pub view: View,
    /// The height of the highest certified block.
    pub height: Height,
    /// The highest final height.
    pub final_height: Height,
    /// The current view timeout in milliseconds.
    pub view_timeout_ms: u64,
    /// Whether it signs.
    pub voting: VotingState,
    /// The hash that the last record named, for tests.
    pub high_qc: Hash32,
}

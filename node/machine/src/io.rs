//! What the machine is told and what it asks for.

use std::sync::Arc;

use heddle_catchup::Fault;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_hotstuff::Evidence;
use heddle_hotstuff::Executed;
use heddle_hotstuff::VotingState;
use heddle_mempool::AccountView;
use heddle_mempool::Admission;
use heddle_mempool::Dropped;
use heddle_mempool::Refusal;
use heddle_mempool::Terms;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::CommitCert;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::SafetyRecord;
use heddle_types::StateRoot;
use heddle_types::TimeoutCert;
use heddle_types::TxId;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_wire::PeerMessage;

/// Names a submission, so that its answer finds the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A transaction with what admission needs to know of its accounts, looked up in the last executed state.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The transaction, its form and signatures checked.
    pub transaction: Arc<CheckedTransaction>,
    /// The sender's next nonce and the payer's balance.
    pub account: AccountView,
    /// What it costs and which room of a block it may take.
    pub terms: Terms,
}

/// What the machine is told.
///
/// The peers of a validator are the other validators, by their places in the committee. Those of a follower are the nodes that it
/// follows, whatever they are, by numbers that its driver gives them.
#[derive(Clone, Debug)]
pub enum Input {
    /// A peer said something; `from` is authenticated by the transport, `message` passed its stateless checks.
    Peer {
        /// The peer.
        from: ValidatorIndex,
        /// What it said. Transactions come as [`Input::Forwarded`] instead, pings stay with the driver.
        message: PeerMessage,
    },
    /// A peer forwarded transactions.
    Forwarded(Vec<Candidate>),
    /// A user of this node sent a transaction.
    Submit {
        /// Names the answer.
        ticket: Ticket,
        /// The transaction.
        candidate: Candidate,
    },
    /// The transport reached a peer.
    PeerUp(ValidatorIndex),
    /// The transport reached a peer with votes and certificates, for which it has a connection of its own.
    PeerReachable(ValidatorIndex),
    /// The transport lost a peer.
    PeerDown(ValidatorIndex),
    /// A peer sent something that is no message, or a malformed block.
    PeerMalformed(ValidatorIndex),
    /// A follower's peer says what is final there.
    Head {
        /// The peer.
        from: ValidatorIndex,
        /// What is to prove it; nothing of it is checked.
        cert: CommitCert,
    },
    /// The block of the oldest unanswered [`Action::Execute`] was executed and its outcome is durable.
    Executed {
        /// The height, the root after it, and who should decide by the state after it.
        executed: Executed,
        /// Positions of the block's transactions that were skipped, ascending.
        skipped: Vec<u32>,
    },
    /// The deadline has passed.
    Tick,
}

/// What the machine asks for, to be carried out in order.
#[derive(Clone, Debug)]
pub enum Action {
    /// From here on indices are positions in this committee: those of later actions, and those of inputs told from now on. The
    /// first action of all, and once whenever an epoch begins. Peers that are no members but may be asked have the indices
    /// that follow the members', at most [`heddle_hotstuff::limits::GUESTS_MAX`] of them. Every connected peer that had another
    /// index, or none, is told with [`Input::PeerUp`].
    Committee(Arc<Committee>),
    /// The epoch ended: make the proof durable before anything that follows.
    EpochEnded(Box<EpochEnd>),
    /// Read from the store how an earlier epoch ended, and send it to a peer as `Message::EpochEnd`; nothing if that is not
    /// known.
    ServeEpochEnd {
        /// Who.
        to: ValidatorIndex,
        /// Which.
        epoch: Epoch,
    },
    /// Make the block durable before anything that follows.
    StoreBlock(Arc<CheckedBlock>),
    /// Make the timeout certificate durable before anything that follows.
    StoreTimeoutCert(TimeoutCert),
    /// Make the safety record durable before anything that follows.
    Persist(SafetyRecord),
    /// Send to one other validator.
    Send {
        /// To whom.
        to: ValidatorIndex,
        /// What.
        message: PeerMessage,
    },
    /// Send to all other validators.
    Broadcast(PeerMessage),
    /// Execute a final block after those asked for before; make certificate, receipts and changes durable in one write; then
    /// answer with [`Input::Executed`].
    Execute {
        /// The block.
        block: Arc<CheckedBlock>,
        /// The certificate that made it final: its own, or a descendant's, which may be one that is never executed, in the tail
        /// of its epoch.
        cert: CommitCert,
    },
    /// Answer a submission.
    Reply {
        /// Which.
        ticket: Ticket,
        /// Whether it was admitted.
        result: Result<(TxId, Admission), Refusal>,
    },
    /// These transactions left the pool, and why.
    Dropped(Vec<Dropped>),
    /// Read from the store what a peer asks for, and send it.
    Serve {
        /// Who asks.
        to: ValidatorIndex,
        /// Names the answer.
        id: RequestId,
        /// What for.
        request: Request,
    },
    /// A peer answered catch-up with something that no honest one would. For counting.
    Misbehaved {
        /// Who.
        peer: ValidatorIndex,
        /// How.
        fault: Fault,
    },
    /// Whether this validator signs changed.
    Voting(VotingState),
    /// A certified root is not the one computed here: stop voting and answering, write a bundle, end with code 11.
    Diverged {
        /// The height.
        height: Height,
        /// Computed here.
        own: StateRoot,
        /// Certified by a quorum.
        certified: StateRoot,
    },
    /// A validator contradicted itself.
    Evidence(Box<Evidence>),
    /// This validator's key signed something that this node did not: the key is in use elsewhere.
    OwnKeyElsewhere {
        /// In which view.
        view: View,
    },
}

/// A snapshot for people and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The agreement core's.
    pub agreement: heddle_hotstuff::Status,
    /// The last executed height and its root.
    pub executed: ExecutedRoot,
    /// Transactions in the pool.
    pub pool_transactions: usize,
    /// Their bytes.
    pub pool_bytes: usize,
    /// Whether blocks are being fetched because this node is behind.
    pub catching_up: bool,
    /// The highest height that is known to be final: here, or by what another proved.
    pub known_final: Height,
}

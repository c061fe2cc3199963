//! What the core is told and what it asks for. Closed enums; the driver carries actions out in order.

use std::sync::Arc;

use heddle_types::BatchRef;
use heddle_types::BlockHash;
use heddle_types::CheckedBatch;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::cut::CutFault;
use crate::fork::Fork;
use crate::message::Fetch;
use crate::message::Message;
use crate::place::Place;
use crate::place::Positions;

/// What the core is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// Transactions that this validator admitted and that wait for its lane.
    Transactions(Vec<Arc<CheckedTransaction>>),
    /// A peer said something; `from` is authenticated by the transport, `message` passed its stateless checks.
    Message {
        /// The peer.
        from: ValidatorIndex,
        /// What it said.
        message: Message,
    },
    /// Batches that [`Action::Store`] named are durable. They become so in the order in which they were named.
    Stored(Vec<BatchRef>),
    /// A leader proposed a cut: answer with [`Action::Verdict`] when its block may be voted for, or never.
    Check(Proposed),
    /// A cut is final. Told once a height, ascending, in the chain's order; a height without a cut is told or left out.
    Final {
        /// Its block's height.
        height: Height,
        /// The cut.
        cut: Vec<BatchRef>,
    },
    /// A new epoch begins: lanes begin anew. Told when all final cuts of the epoch before were delivered.
    Epoch {
        /// Who owns lanes now.
        committee: Arc<Committee>,
        /// The hash of the block that ended the epoch before.
        root: Hash32,
    },
    /// The deadline has passed.
    Tick,
}

/// A leader's cut and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Its block: names the answer.
    pub block: BlockHash,
    /// The block's height.
    pub height: Height,
    /// Who proposed it, and so ought to have what it names.
    pub proposer: ValidatorIndex,
    /// The cuts of its ancestors above the last that [`Input::Final`] told of, oldest first.
    pub ancestors: Vec<Vec<BatchRef>>,
    /// What it names.
    pub cut: Vec<BatchRef>,
}

/// What the core asks for, to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the batch durable, then say so with [`Input::Stored`]. No barrier: what follows does not wait.
    Store(Arc<CheckedBatch>),
    /// These stored batches will never be final. They may be deleted.
    Discard(Vec<BatchRef>),
    /// Send to one other validator.
    Send {
        /// To whom.
        to: ValidatorIndex,
        /// What.
        message: Message,
    },
    /// Send to all other validators.
    Broadcast(Message),
    /// Read from the store what a peer asks for ([`crate::serve`]), and send it; or, where too many ask, do not.
    Serve {
        /// Who asks.
        to: ValidatorIndex,
        /// What for.
        fetch: Fetch,
    },
    /// What is known of a proposed cut.
    Verdict {
        /// Its block.
        block: BlockHash,
        /// Whether it may be voted for.
        verdict: Verdict,
    },
    /// What the final cut of `height` adds, in the order of execution. Every batch once, every height once, ascending; also when
    /// there is nothing.
    Deliver {
        /// The cut's height.
        height: Height,
        /// The batches, all durable.
        batches: Vec<Arc<CheckedBatch>>,
    },
    /// These transactions stand in no batch any more, or never did: there was no room, or the epoch ended.
    Returned(Vec<Arc<CheckedTransaction>>),
    /// A lane forks. Said once a lane and epoch.
    Evidence(Box<Fork>),
    /// A peer said something that no honest one would. For counting.
    Misbehaved {
        /// Who.
        peer: ValidatorIndex,
        /// How.
        fault: Fault,
    },
    /// The own lane holds a batch that this node did not make: its key is in use elsewhere, or its store is older than what it
    /// signed. It makes no more batches in this epoch.
    OwnKeyElsewhere {
        /// The foreign batch's place.
        place: Place,
    },
    /// A final cut does not extend the one before it: more than a third is faulty. The core stands still; the node must stop.
    Broken {
        /// The cut's height.
        height: Height,
        /// Why.
        fault: CutFault,
    },
}

/// Whether a cut's block may be voted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that it adds is durable here, and extends what its ancestors named.
    Available,
    /// Something is not here yet, or not durable. Said once; [`Verdict::Available`] or [`Verdict::Invalid`] may follow.
    Missing,
    /// Nobody honest votes for it.
    Invalid(CutFault),
}

/// What a peer did that no honest one would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A batch of a lane that is not the sender's, unasked.
    NotOwner,
    /// A batch that its owner has put on another one than the one here.
    OffChain,
    /// An answer that does not begin with what was asked for, or is no chain.
    WrongBatch,
    /// An acknowledgement or a request of a lane that does not exist.
    UnknownLane,
    /// A request for nothing, or for more than a cut may add.
    WrongRange,
}

/// What is known at the start of the own lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnLane {
    /// The store is the one that this validator last wrote: its lane goes on where it ends.
    Intact,
    /// It may have been lost or copied, as when the safety record is missing: no own batches in this epoch, as a place could be
    /// signed twice.
    InDoubt,
}

/// How the core starts: what the disk held.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// How far the cuts of executed heights went.
    pub delivered: Positions,
    /// Whether the own lane may go on.
    pub own: OwnLane,
    /// Stored batches of this epoch above that, any order. May be incomplete but for the own lane.
    pub batches: Vec<Arc<CheckedBatch>>,
}

/// A snapshot for people and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Batches kept in memory.
    pub batches: usize,
    /// Their encoded bytes.
    pub bytes: usize,
    /// Acknowledgements, headers and requests kept in memory.
    pub entries: usize,
    /// Final cuts that are not delivered yet.
    pub backlog: usize,
    /// Encoded bytes of own transactions that wait for a batch.
    pub queued_bytes: usize,
}

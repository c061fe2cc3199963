//! What validators say to each other about lanes.

use std::sync::Arc;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;
use heddle_types::BatchRef;
use heddle_types::CheckedBatch;
use heddle_types::Epoch;
use heddle_types::Hash32;
use heddle_types::SignedBatchHeader;

use crate::fork::Fork;

/// A message whose stateless checks are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The next batch of the sender's lane.
    Batch(Arc<CheckedBatch>),
    /// What the sender has.
    Acks(Acks),
    /// What the sender lacks.
    Fetch(Fetch),
    /// The answer to a [`Fetch`].
    Fetched {
        /// What was asked for.
        digest: Hash32,
        /// That batch first, then those before it, newest first. None: the sender has it not.
        batches: Vec<Arc<CheckedBatch>>,
    },
    /// A lane forks.
    Fork(Box<Fork>),
    /// What stands with the sender where the receiver acknowledged something else. One of them has, with that, the proof of a fork.
    Header(Box<SignedBatchHeader>),
}

/// Says of each place that it and all before it in its lane are durable with the sender. Not signed: nobody shows it to others.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Acks {
    /// The epoch.
    pub epoch: Epoch,
    /// One place a lane.
    pub places: Vec<BatchRef>,
}

/// Asks for a batch and those before it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Fetch {
    /// The epoch.
    pub epoch: Epoch,
    /// The last one.
    pub batch: BatchRef,
    /// The number below the first one: the asker has that.
    pub above: u64,
}

//! Blocks and what a leader sends.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use crate::canonical::canonical;
use crate::certificate::QuorumCert;
use crate::certificate::TimeoutCert;
use crate::codec;
use crate::codec::BoundedRead;
use crate::codec::Canonical;
use crate::ed25519::Signature;
use crate::hash::BlockHash;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::hash::StateRoot;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::Height;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;
use crate::time::UnixMillis;
use crate::transaction::Transaction;
use crate::vote::VoteData;

canonical! {
    /// What a leader sends: a block, why it may extend its parent, and the leader's signature over the block's hash.
    pub struct Proposal {
        /// The block.
        pub block: Block,
        /// The certificate of the block's parent.
        pub qc: QuorumCert,
        /// The certificate by which the view was entered, when the view before it timed out.
        pub tc: Option<TimeoutCert>,
        /// The leader's signature over the block's hash.
        pub signature: Signature,
    }

    /// A header and what it orders.
    pub struct Block {
        /// The header.
        pub header: BlockHeader,
        /// The transactions, or where to find them.
        pub payload: Payload,
    }

    /// What consensus agrees on. Its hash is the block's.
    pub struct BlockHeader {
        /// Format: 1.
        pub version: u8,
        /// The chain.
        pub chain: ChainId,
        /// The epoch; its committee decides.
        pub epoch: Epoch,
        /// The view in which it was proposed.
        pub view: View,
        /// Its parent's height and one more.
        pub height: Height,
        /// The block that it extends.
        pub parent: BlockHash,
        /// The hash of its payload's canonical bytes.
        pub payload: Hash32,
        /// What its leader had executed; never lower than its parent's.
        pub executed: ExecutedRoot,
        /// Later than its parent's; at most half a second ahead of a voter's clock.
        pub time: UnixMillis,
        /// Who proposed it.
        pub proposer: ValidatorIndex,
        /// The committee that takes over once this block is final, if this is the last of its epoch.
        pub next_committee: Option<Hash32>,
    }

    /// A batch of a lane, by its place and its digest.
    pub struct BatchRef {
        /// The validator that streams it.
        pub lane: ValidatorIndex,
        /// Its number in the lane.
        pub sequence: u64,
        /// The hash of its header.
        pub digest: Hash32,
    }
}

/// The state root after executing a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ExecutedRoot {
    /// The last executed height.
    pub height: Height,
    /// The root after it.
    pub root: StateRoot,
}

/// What a block orders.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub enum Payload {
    /// The transactions themselves.
    Inline(Vec<Transaction>),
    /// A cut through the validators' lanes. Reserved until lanes are built: decoded, never voted for.
    Cut(Vec<BatchRef>),
}

impl Payload {
    /// No transactions.
    pub const EMPTY: Self = Self::Inline(Vec::new());

    /// The hash that a header names it by.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(Domain::PAYLOAD, &[&codec::encode(self)])
    }

    /// Whether it orders nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Inline(transactions) => transactions.is_empty(),
            Self::Cut(batches) => batches.is_empty(),
        }
    }
}

impl BorshDeserialize for Payload {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        match u8::deserialize_reader(reader)? {
            0 => Vec::read_bounded(reader, limits::BLOCK_TXS_MAX)
                .map(Self::Inline)
                .map_err(|e| codec::at_field(&e, "inline")),
            1 => Vec::read_bounded(reader, limits::CUT_BATCHES_MAX)
                .map(Self::Cut)
                .map_err(|e| codec::at_field(&e, "cut")),
            tag => {
                let message = format!("unknown payload tag {tag}, expected 0 or 1");
                Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message))
            }
        }
    }
}

impl BlockHeader {
    /// The format that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The block's identity.
    pub fn hash(&self) -> BlockHash {
        BlockHash(Hash32::of(Domain::BLOCK, &[&codec::encode(self)]))
    }

    /// What a vote for this block says.
    pub fn vote_data(&self) -> VoteData {
        VoteData {
            chain: self.chain,
            epoch: self.epoch,
            view: self.view,
            height: self.height,
            block: self.hash(),
        }
    }
}

impl Canonical for Block {
    const NAME: &'static str = "block";
    const BYTES_MAX: usize = limits::BLOCK_BYTES_MAX;
}

impl Canonical for BlockHeader {
    const NAME: &'static str = "block header";
    const BYTES_MAX: usize = 512;
}

impl Canonical for Proposal {
    const NAME: &'static str = "proposal";
    const BYTES_MAX: usize = limits::BLOCK_BYTES_MAX + 32 * 1024;
}

//! What a validator streams through its lane.

use crate::canonical::canonical;
use crate::codec;
use crate::codec::Bytes;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::ed25519::Signature;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::ValidatorIndex;
use crate::scheme::SignedStatement;
use crate::scheme::Statement;
use crate::scheme::VoteScheme;
use crate::transaction::Transaction;

canonical! {
    /// Transactions at a place in a lane, as they are sent and stored.
    pub struct Batch {
        /// Its place, and what its body must be.
        pub signed: SignedBatchHeader,
        /// The canonical bytes of a [`BatchBody`].
        pub body: Bytes => limits::BATCH_BYTES_MAX,
    }

    /// A batch's header with its lane owner's signature: enough to prove that a lane forks.
    pub struct SignedBatchHeader {
        /// The header.
        pub header: BatchHeader,
        /// The lane owner's signature over the header's digest.
        pub signature: Signature,
    }

    /// A place in a lane and what stands there. Its hash is the batch's digest.
    pub struct BatchHeader {
        /// The chain.
        pub chain: ChainId,
        /// The epoch, whose committee's member owns the lane.
        pub epoch: Epoch,
        /// Whose lane.
        pub lane: ValidatorIndex,
        /// Its number in the lane. The first of an epoch is 1.
        pub sequence: u64,
        /// The digest of the batch before it; of the first, the hash of the block that ended the epoch before.
        pub parent: Hash32,
        /// The hash of the body.
        pub body: Hash32,
        /// How many bytes the body has.
        pub bytes: u32,
        /// How many transactions the body has.
        pub transactions: u32,
    }

    /// The transactions of a batch.
    pub struct BatchBody {
        /// In the order in which they are to be executed.
        pub transactions: Vec<Transaction> => limits::BATCH_TXS_MAX,
    }
}

impl BatchHeader {
    /// What a cut names the batch by, and what its lane's owner signs.
    pub fn digest(&self) -> Hash32 {
        Hash32::of(Domain::BATCH, &[&codec::encode(self)])
    }

    /// What a header says of a body of these bytes.
    pub fn hash_body(body: &[u8]) -> Hash32 {
        Hash32::of(Domain::BATCH_BODY, &[body])
    }
}

impl SignedBatchHeader {
    /// Whether a member of `committee` signed it as the owner of its lane, in the committee's epoch.
    pub fn verify(&self, committee: &Committee, scheme: &dyn VoteScheme) -> bool {
        let BatchHeader { chain, epoch, lane, .. } = self.header;
        let Some(signer) = committee.validator(lane) else { return false };
        let statement = Statement { signer, message: self.header.digest() };
        let signed = SignedStatement { statement, signature: self.signature };
        let is_ours = chain == committee.chain() && epoch == committee.epoch();
        is_ours && scheme.verify_each(&[signed]) == [true]
    }
}

impl Canonical for Batch {
    const NAME: &'static str = "batch";
    const BYTES_MAX: usize = SignedBatchHeader::BYTES_MAX + 4 + limits::BATCH_BYTES_MAX;
}

impl Canonical for SignedBatchHeader {
    const NAME: &'static str = "signed batch header";
    const BYTES_MAX: usize = BatchHeader::BYTES_MAX + 64;
}

impl Canonical for BatchHeader {
    const NAME: &'static str = "batch header";
    const BYTES_MAX: usize = 122;
}

impl Canonical for BatchBody {
    const NAME: &'static str = "batch body";
    const BYTES_MAX: usize = limits::BATCH_BYTES_MAX;
}

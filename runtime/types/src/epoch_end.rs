//! How an epoch ended: what lets whoever knows a committee know the one after it.
//!
//! ```text
//! before <- closing <- tail[0] <- … <- tail[n]
//! names      names the committee of the next    empty, name the same;
//! none       epoch, the first that does         the certificate is of the last one
//! ```
//! Rules E2 to E4 of `docs/consensus.md`. The header before the closing one is there because it shows which one is the
//! first: without it, whoever holds a proof could pass a block of the tail off as the closing one.

use thiserror::Error;

use crate::block::BlockHeader;
use crate::block::Payload;
use crate::canonical::canonical;
use crate::certificate::CommitCert;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::committee::CommitteeError;
use crate::committee::Validator;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::View;
use crate::scheme::VoteScheme;
use crate::vote::VoteData;

canonical! {
    /// Proof that an epoch ended, with which block, and who decides next.
    pub struct EpochEnd {
        /// The closing block's parent: it names no next committee, or is of an earlier epoch.
        pub before: BlockHeader,
        /// The closing block, the last of its epoch that is delivered.
        pub closing: BlockHeader,
        /// The empty blocks on it by which it became final, oldest first; often none.
        pub tail: Vec<BlockHeader> => limits::EPOCH_TAIL_MAX,
        /// The commit certificate of the last of these blocks, by the committee of the epoch that ends.
        pub cert: CommitCert,
        /// The members of the next committee, which the closing block names by hash.
        pub members: Vec<Validator> => limits::VALIDATORS_MAX,
    }
}

/// Why something does not prove the end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EpochEndError {
    /// It is about another chain, or another epoch than the committee's.
    #[error("epochEnd.closing: of epoch {found}, or of another chain; expected epoch {expected}")]
    OtherEpoch {
        /// Its epoch.
        found: Epoch,
        /// The committee's.
        expected: Epoch,
    },
    /// The block before the closing one is not its parent, or closes the epoch itself.
    #[error("epochEnd.before: not the parent of the first block that names a committee")]
    Before,
    /// The closing block names no next committee, or not that of the members.
    #[error("epochEnd.members: not those that the closing block names")]
    OtherMembers,
    /// A block of the tail is not an empty child of the one before it that names the same committee, and nothing above
    /// the closing block executed.
    #[error(
        "epochEnd.tail[{position}]: no empty block on the one before it that closes the epoch like it"
    )]
    Tail {
        /// Its position.
        position: usize,
    },
    /// The certificate is of another block than the last, or not by a quorum of the committee.
    #[error("epochEnd.cert: no quorum's for the last block")]
    Cert,
    /// The members cannot form a committee.
    #[error("epochEnd.members: {0}")]
    Members(#[from] CommitteeError),
}

impl EpochEnd {
    /// The epoch that ended.
    pub const fn epoch(&self) -> Epoch {
        self.closing.epoch
    }

    /// The closing block as votes of the next epoch name it, for which it is what block 0 is for epoch 0: certified and
    /// final in view 0, by definition.
    pub fn genesis(&self) -> VoteData {
        let closing = self.closing.vote_data();
        VoteData { epoch: closing.epoch.next(), view: View::ZERO, ..closing }
    }

    /// Checks the proof against the committee of the epoch that it is about; gives the next epoch's.
    ///
    /// # Errors
    /// See [`EpochEndError`].
    pub fn verify(
        &self,
        committee: &Committee,
        scheme: &dyn VoteScheme,
    ) -> Result<Committee, EpochEndError> {
        let (found, expected) = (self.closing.epoch, committee.epoch());
        if found != expected || self.closing.chain != committee.chain() {
            return Err(EpochEndError::OtherEpoch { found, expected });
        }
        let successor = self.successor()?;
        self.check_before()?;
        self.check_tail()?;
        let last = self.tail.last().unwrap_or(&self.closing).vote_data();
        // Block 0, or what stands for it, is not what ends an epoch: no certificate is good without signatures.
        let signed = last.view > View::ZERO && self.cert.data == last;
        if !signed || !self.cert.verify(committee, &self.before.vote_data(), scheme) {
            return Err(EpochEndError::Cert);
        }
        Ok(successor)
    }

    /// The next epoch's committee, of a proof that was verified before.
    ///
    /// # Errors
    /// [`EpochEndError::Members`] and [`EpochEndError::OtherMembers`].
    pub fn successor(&self) -> Result<Committee, EpochEndError> {
        let epoch = self.closing.epoch.next();
        let committee = Committee::new(self.closing.chain, epoch, self.members.clone())?;
        if self.closing.next_committee == Some(committee.hash()) {
            Ok(committee)
        } else {
            Err(EpochEndError::OtherMembers)
        }
    }

    fn check_before(&self) -> Result<(), EpochEndError> {
        let Self { before, closing, .. } = self;
        let is_open = before.next_committee.is_none() || before.epoch < closing.epoch;
        if is_child(closing, before) && is_open { Ok(()) } else { Err(EpochEndError::Before) }
    }

    fn check_tail(&self) -> Result<(), EpochEndError> {
        let closing = &self.closing;
        let empty = Payload::EMPTY.hash();
        let mut parent = closing;
        for (position, header) in self.tail.iter().enumerate() {
            let closes = header.epoch == closing.epoch
                && header.next_committee == closing.next_committee
                && header.payload == empty
                && header.executed.height <= closing.height;
            if !closes || !is_child(header, parent) {
                return Err(EpochEndError::Tail { position });
            }
            parent = header;
        }
        Ok(())
    }
}

fn is_child(header: &BlockHeader, parent: &BlockHeader) -> bool {
    header.parent == parent.hash() && header.height.prev() == Some(parent.height)
}

impl Canonical for EpochEnd {
    const NAME: &'static str = "end of an epoch";
    const BYTES_MAX: usize = 128 * 1024;
}

// 204 bytes of a header, 137 of a member, and room for the certificate.
const _: () = assert!(
    (limits::EPOCH_TAIL_MAX + 2) * 204 + limits::VALIDATORS_MAX * 137 + CommitCert::BYTES_MAX + 8
        <= EpochEnd::BYTES_MAX
);

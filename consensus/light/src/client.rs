//! The client.

use std::sync::Arc;

use heddle_state::Proof;
use heddle_types::BlockHash;
use heddle_types::BlockHeader;
use heddle_types::Committee;
use heddle_types::Entry;
use heddle_types::EpochEnd;
use heddle_types::Height;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::VoteScheme;

use crate::Checkpoint;
use crate::FinalHeader;
use crate::LightError;

/// Follows a chain by what its committees signed.
#[derive(Clone)]
pub struct LightClient {
    committee: Committee,
    height: Height,
    block: Option<BlockHash>,
    time: UnixMillis,
    scheme: Arc<dyn VoteScheme>,
}

impl LightClient {
    /// Begins at a checkpoint, which is believed.
    ///
    /// # Errors
    /// [`LightError::Checkpoint`].
    pub fn new(checkpoint: &Checkpoint, scheme: Arc<dyn VoteScheme>) -> Result<Self, LightError> {
        let Checkpoint { height, block, time, .. } = *checkpoint;
        Ok(Self { committee: checkpoint.committee()?, height, block, time, scheme })
    }

    /// Where it is: another client may begin there.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            chain: self.committee.chain(),
            epoch: self.committee.epoch(),
            members: self.committee.validators().to_vec(),
            height: self.height,
            block: self.block,
            time: self.time,
        }
    }

    /// The committee that decides, as far as is known.
    pub const fn committee(&self) -> &Committee {
        &self.committee
    }

    /// Goes on to the next epoch.
    ///
    /// # Errors
    /// When the proof is none for the committee's epoch, or contradicts what is final.
    pub fn end_epoch(&mut self, end: &EpochEnd) -> Result<(), LightError> {
        let next = end.verify(&self.committee, self.scheme.as_ref())?;
        let found = end.closing.height;
        // The newest header may be of the closing block's tail, one above it for each.
        let tail = end.tail.iter().find(|header| header.height == self.height);
        if found < self.height && tail.map(BlockHeader::hash) != self.block {
            return Err(LightError::EpochEndsBelow { found, expected: self.height });
        }
        self.committee = next;
        self.height = found;
        self.block = Some(end.closing.hash());
        self.time = end.closing.time;
        Ok(())
    }

    /// Believes a header, if it is final and not older than the newest one.
    ///
    /// A header that names a next committee may be one of the empty blocks with which an epoch ends: the root that it names is
    /// certified like any other's, but there may be another block of its height in the next epoch.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn accept(&mut self, shown: &FinalHeader) -> Result<(), LightError> {
        self.verify(shown)?;
        let (found, newest) = (shown.header.height, self.height);
        if found < newest {
            return Err(LightError::Older { found, newest });
        }
        let hash = shown.header.hash();
        if let Some(known) = self.block.filter(|known| found == newest && *known != hash) {
            return Err(LightError::Fork { height: found, found: hash, known });
        }
        self.height = found;
        self.block = Some(hash);
        self.time = shown.header.time;
        Ok(())
    }

    /// What stood at `key` after the height that the header says was executed; none: nothing did.
    ///
    /// # Errors
    /// Whatever is wrong with the header or the proof.
    pub fn read(
        &mut self,
        shown: &FinalHeader,
        proof: &Proof,
        key: &StateKey,
    ) -> Result<Option<Entry>, LightError> {
        self.verify(shown)?;
        let entry = proof.verify(shown.header.executed.root, key)?.cloned();
        self.accept(shown)?;
        Ok(entry)
    }

    /// A header that is known to be final needs no certificate: that of the block which closed an epoch is by the committee
    /// before.
    fn verify(&self, shown: &FinalHeader) -> Result<(), LightError> {
        if self.block == Some(shown.header.hash()) {
            return Ok(());
        }
        shown.verify(&self.committee, self.scheme.as_ref())
    }
}

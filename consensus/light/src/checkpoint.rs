//! Where a light client begins, and where it is.

use heddle_types::BlockHash;
use heddle_types::ChainId;
use heddle_types::Committee;
use heddle_types::CommitteeError;
use heddle_types::Epoch;
use heddle_types::Genesis;
use heddle_types::GenesisError;
use heddle_types::Height;
use heddle_types::UnixMillis;
use heddle_types::Validator;

/// A committee, and the newest final block that is known of its epoch or one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The chain.
    pub chain: ChainId,
    /// The committee's epoch.
    pub epoch: Epoch,
    /// The committee's members, in order.
    pub members: Vec<Validator>,
    /// The block's height.
    pub height: Height,
    /// The block; none at the beginning of a chain, whose state this client does not compute.
    pub block: Option<BlockHash>,
    /// The block's time.
    pub time: UnixMillis,
}

impl Checkpoint {
    /// The beginning of a chain.
    ///
    /// # Errors
    /// When the genesis is none.
    pub fn of_genesis(genesis: &Genesis) -> Result<Self, GenesisError> {
        let committee = genesis.committee()?;
        Ok(Self {
            chain: committee.chain(),
            epoch: committee.epoch(),
            members: committee.validators().to_vec(),
            height: Height::ZERO,
            block: None,
            time: genesis.time,
        })
    }

    /// The committee.
    ///
    /// # Errors
    /// When the members cannot form one.
    pub fn committee(&self) -> Result<Committee, CommitteeError> {
        Committee::new(self.chain, self.epoch, self.members.clone())
    }
}

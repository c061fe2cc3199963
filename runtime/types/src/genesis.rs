//! Where a chain begins.

use thiserror::Error;

use crate::address::Address;
use crate::block::BlockHeader;
use crate::block::ExecutedRoot;
use crate::block::Payload;
use crate::canonical::canonical;
use crate::codec;
use crate::codec::Canonical;
use crate::committee::Committee;
use crate::committee::CommitteeError;
use crate::committee::Validator;
use crate::hash::BlockHash;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::hash::StateRoot;
use crate::limits;
use crate::quantity::Amount;
use crate::quantity::Epoch;
use crate::quantity::Height;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;
use crate::time::UnixMillis;

canonical! {
    /// Everything that two nodes must agree on before the first block.
    pub struct Genesis {
        /// Format: 1.
        pub version: u8,
        /// When the chain begins; the time of block 0.
        pub time: UnixMillis,
        /// Whether this is a development chain, with a faucet and `dev_` methods.
        pub dev: bool,
        /// The first committee.
        pub validators: Vec<Validator> => limits::VALIDATORS_MAX,
        /// Who holds how much of the native asset, strictly ascending by address.
        pub accounts: Vec<GenesisAccount> => limits::GENESIS_ACCOUNTS_MAX,
        /// The account that `requestAirdrop` pays from; development chains only.
        pub faucet: Option<Address>,
    }

    /// A first balance.
    pub struct GenesisAccount {
        /// Whose.
        pub address: Address,
        /// How much of the native asset.
        pub amount: Amount,
    }
}

/// Why a genesis cannot begin a chain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// Another format.
    #[error("version: {found}, expected 1")]
    Version {
        /// The version found.
        found: u8,
    },
    /// The validators form no committee.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// Accounts out of order, named twice, or too many.
    #[error("accounts[{position}]: addresses must be strictly ascending, at most 100000 of them")]
    Accounts {
        /// The first offender.
        position: usize,
    },
    /// The balances' sum is past the largest amount.
    #[error("accounts[{position}].amount: the sum of all is past 2^120 - 1")]
    Supply {
        /// Where the sum overflowed.
        position: usize,
    },
    /// A faucet on a chain that is not for development.
    #[error("faucet: allowed on a development chain only")]
    Faucet,
}

impl Genesis {
    /// The format that this code reads and writes.
    pub const VERSION: u8 = 1;

    /// The chain's identity.
    pub fn chain_id(&self) -> ChainId {
        ChainId(Hash32::of(Domain::GENESIS, &[&codec::encode(self)]))
    }

    /// The first committee.
    ///
    /// # Errors
    /// Whatever makes this no valid genesis.
    pub fn committee(&self) -> Result<Committee, GenesisError> {
        if self.version != Self::VERSION {
            return Err(GenesisError::Version { found: self.version });
        }
        if self.faucet.is_some() && !self.dev {
            return Err(GenesisError::Faucet);
        }
        let mut sum = Amount::ZERO;
        for (position, account) in self.accounts.iter().enumerate() {
            let ordered = position == 0 || self.accounts[position - 1].address < account.address;
            if !ordered || position >= limits::GENESIS_ACCOUNTS_MAX {
                return Err(GenesisError::Accounts { position });
            }
            sum = sum.checked_add(account.amount).ok_or(GenesisError::Supply { position })?;
        }
        Ok(Committee::new(self.chain_id(), Epoch::ZERO, self.validators.clone())?)
    }

    /// Block 0. `root` is the state's after the first balances.
    pub fn header(&self, root: StateRoot) -> BlockHeader {
        BlockHeader {
            version: BlockHeader::VERSION,
            chain: self.chain_id(),
            epoch: Epoch::ZERO,
            view: View::ZERO,
            height: Height::ZERO,
            parent: BlockHash::ZERO,
            payload: Payload::EMPTY.hash(),
            executed: ExecutedRoot { height: Height::ZERO, root },
            time: self.time,
            proposer: ValidatorIndex::ZERO,
            next_committee: None,
        }
    }
}

impl Canonical for Genesis {
    const NAME: &'static str = "genesis";
    const BYTES_MAX: usize = 8 * 1024 * 1024;
}

//! Where a chain begins.

use thiserror::Error;

use crate::address::Address;
use crate::block::BlockHeader;
use crate::block::ExecutedRoot;
use crate::block::Payload;
use crate::bls::BlsSignature;
use crate::canonical::canonical;
use crate::codec;
use crate::codec::Bytes;
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
use crate::state_key::ProgramId;
use crate::time::UnixMillis;

canonical! {
    /// Everything that two nodes must agree on before the first block.
    pub struct Genesis {
        /// Format: 3.
        pub version: u8,
        /// When the chain begins; the time of block 0.
        pub time: UnixMillis,
        /// Whether this is a development chain, with a faucet and `dev_` methods.
        pub dev: bool,
        /// The first committee.
        pub validators: Vec<Validator> => limits::VALIDATORS_MAX,
        /// That each validator's vote key is held, in their order; none where they have no vote keys.
        pub possessions: Vec<BlsSignature> => limits::VALIDATORS_MAX,
        /// Who holds how much of the native asset, strictly ascending by address.
        pub accounts: Vec<GenesisAccount> => limits::GENESIS_ACCOUNTS_MAX,
        /// The account that `requestAirdrop` pays from; development chains only.
        pub faucet: Option<Address>,
        /// What programs begin with, strictly ascending by program.
        pub sections: Vec<GenesisSection> => limits::GENESIS_SECTIONS_MAX,
    }

    /// A program's part of a genesis. What it says is the program's business.
    pub struct GenesisSection {
        /// Whose.
        pub program: ProgramId,
        /// In the program's own encoding; not empty.
        pub data: Bytes => limits::GENESIS_SECTION_BYTES_MAX,
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
    #[error("version: {found}, expected {}", Genesis::VERSION)]
    Version {
        /// The version found.
        found: u8,
    },
    /// The validators form no committee.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// A vote key without its proof, or a proof without a vote key.
    #[error("validators[{position}].voteProof: does not prove that somebody holds its voteKey")]
    Possession {
        /// The first offender's position.
        position: usize,
    },
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
    /// Sections out of order, named twice, empty, or too many.
    #[error(
        "sections[{position}]: programs must be strictly ascending, at most 64 of them, and none's data empty"
    )]
    Sections {
        /// The first offender.
        position: usize,
    },
    /// More bytes than all sections may have together.
    #[error(
        "sections[{position}].data: with those before, more than {} bytes",
        limits::GENESIS_SECTION_BYTES_MAX
    )]
    SectionBytes {
        /// Where the sum is past the limit.
        position: usize,
    },
}

impl Genesis {
    /// The format that this code reads and writes.
    pub const VERSION: u8 = 3;

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
        self.check_sections()?;
        let committee = Committee::new(self.chain_id(), Epoch::ZERO, self.validators.clone())?;
        self.check_possessions()?;
        Ok(committee)
    }

    fn check_possessions(&self) -> Result<(), GenesisError> {
        let count = self.validators.len().max(self.possessions.len());
        let is_good = |position: &usize| {
            let vote_key = self.validators.get(*position).and_then(|one| one.vote_key);
            match (vote_key, self.possessions.get(*position)) {
                (None, None) => true,
                (Some(key), Some(proof)) => key.is_possessed(proof),
                (None, Some(_)) | (Some(_), None) => false,
            }
        };
        match (0..count).find(|position| !is_good(position)) {
            Some(position) => Err(GenesisError::Possession { position }),
            None => Ok(()),
        }
    }

    fn check_sections(&self) -> Result<(), GenesisError> {
        let mut bytes = 0_usize;
        for (position, section) in self.sections.iter().enumerate() {
            let ordered = position == 0 || self.sections[position - 1].program < section.program;
            if !ordered || section.data.is_empty() || position >= limits::GENESIS_SECTIONS_MAX {
                return Err(GenesisError::Sections { position });
            }
            bytes = bytes.saturating_add(section.data.len());
            if bytes > limits::GENESIS_SECTION_BYTES_MAX {
                return Err(GenesisError::SectionBytes { position });
            }
        }
        Ok(())
    }

    /// The data of `program`'s section; empty when it has none.
    pub fn section(&self, program: ProgramId) -> &[u8] {
        let section = self.sections.iter().find(|section| section.program == program);
        section.map_or(&[], |section| &section.data)
    }

    /// Block 0. `root` is that of the state with which the chain begins.
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

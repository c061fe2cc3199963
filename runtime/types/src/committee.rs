//! Who decides in an epoch.

use thiserror::Error;

use crate::bls::BlsPublicKey;
use crate::canonical::canonical;
use crate::codec;
use crate::ed25519::PublicKey;
use crate::hash::ChainId;
use crate::hash::Domain;
use crate::hash::Hash32;
use crate::limits;
use crate::quantity::Epoch;
use crate::quantity::ValidatorIndex;
use crate::quantity::View;

canonical! {
    /// One member of a committee.
    pub struct Validator {
        /// Its identity: on the network, and to users. Without a vote key it signs what consensus signs, too.
        pub public_key: PublicKey,
        /// Signs what consensus signs, if the chain's committees decide with BLS.
        pub vote_key: Option<BlsPublicKey>,
        /// Its weight in quorums.
        pub power: u64,
    }
}

impl Validator {
    /// One that signs with its identity's key.
    pub const fn new(public_key: PublicKey, power: u64) -> Self {
        Self { public_key, vote_key: None, power }
    }
}

/// The validators of one epoch of one chain, and what a quorum of them is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    chain: ChainId,
    epoch: Epoch,
    validators: Vec<Validator>,
    total_power: u64,
}

/// Why validators cannot form a committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommitteeError {
    /// None, or too many.
    #[error("validators: {found}, expected 1 to {}", limits::VALIDATORS_MAX)]
    Size {
        /// How many there are.
        found: usize,
    },
    /// One without weight, or weights whose sum overflows.
    #[error(
        "validators[{position}].power: {power}; each must be at least 1 and their sum below 2^62"
    )]
    Power {
        /// The first offender's position.
        position: usize,
        /// Its power.
        power: u64,
    },
    /// A key that stands there twice.
    #[error("validators[{position}].publicKey: stands in the list already")]
    Duplicate {
        /// The second one's position.
        position: usize,
    },
    /// One with a vote key among those without, or the other way round.
    #[error("validators[{position}].voteKey: all have one, or none")]
    VoteKeys {
        /// The first that differs from those before it.
        position: usize,
    },
    /// A vote key that stands there twice.
    #[error("validators[{position}].voteKey: stands in the list already")]
    DuplicateVoteKey {
        /// The second one's position.
        position: usize,
    },
}

impl Committee {
    /// From its members.
    ///
    /// # Errors
    /// See [`CommitteeError`].
    pub fn new(
        chain: ChainId,
        epoch: Epoch,
        validators: Vec<Validator>,
    ) -> Result<Self, CommitteeError> {
        if validators.is_empty() || validators.len() > limits::VALIDATORS_MAX {
            return Err(CommitteeError::Size { found: validators.len() });
        }
        let mut total_power = 0_u64;
        for (position, validator) in validators.iter().enumerate() {
            let power = validator.power;
            total_power = total_power
                .checked_add(power)
                .filter(|total| power > 0 && *total < 1 << 62)
                .ok_or(CommitteeError::Power { position, power })?;
            check_keys(&validators[..position], validator, position)?;
        }
        Ok(Self { chain, epoch, validators, total_power })
    }

    /// The chain.
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The epoch.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The members, by index.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// Whether its members sign with vote keys.
    pub fn has_vote_keys(&self) -> bool {
        self.validators.iter().any(|validator| validator.vote_key.is_some())
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.validators.len()
    }

    /// Never: a committee has a member.
    pub fn is_empty(&self) -> bool {
        self.validators.is_empty()
    }

    /// All indices, ascending.
    pub fn indices(&self) -> impl Iterator<Item = ValidatorIndex> + use<> {
        let len = u16::try_from(self.validators.len()).unwrap_or(u16::MAX);
        (0..len).map(ValidatorIndex::new)
    }

    /// The member at `index`.
    pub fn validator(&self, index: ValidatorIndex) -> Option<&Validator> {
        self.validators.get(usize::from(index.get()))
    }

    /// The index of the member with this key.
    pub fn index_of(&self, key: &PublicKey) -> Option<ValidatorIndex> {
        let position = self.validators.iter().position(|validator| validator.public_key == *key)?;
        u16::try_from(position).ok().map(ValidatorIndex::new)
    }

    /// The power that a quorum has at least: more than two thirds of all.
    pub const fn quorum_power(&self) -> u64 {
        self.total_power - self.fault_power()
    }

    /// The power that may be faulty: less than a third of all.
    pub const fn fault_power(&self) -> u64 {
        (self.total_power - 1) / 3
    }

    /// The power of `voters`, none if they are not strictly ascending members.
    pub fn power_of(&self, voters: impl IntoIterator<Item = ValidatorIndex>) -> Option<u64> {
        let mut last = None;
        let mut power = 0_u64;
        for voter in voters {
            if last.is_some_and(|last| last >= voter) {
                return None;
            }
            last = Some(voter);
            power = power.checked_add(self.validator(voter)?.power)?;
        }
        Some(power)
    }

    /// Whether `voters` are strictly ascending members with the power of a quorum.
    pub fn is_quorum(&self, voters: impl IntoIterator<Item = ValidatorIndex>) -> bool {
        self.power_of(voters).is_some_and(|power| power >= self.quorum_power())
    }

    /// Who leads `view`: each in turn.
    pub fn leader(&self, view: View) -> ValidatorIndex {
        let len = self.validators.len() as u64;
        u16::try_from(view.get() % len).map(ValidatorIndex::new).unwrap_or_default()
    }

    /// The hash by which a header names it as the next committee.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(
            Domain::COMMITTEE,
            &[&codec::encode(&self.epoch), &codec::encode(&self.validators)],
        )
    }
}

fn check_keys(
    before: &[Validator],
    validator: &Validator,
    position: usize,
) -> Result<(), CommitteeError> {
    let has_key = validator.vote_key.is_some();
    if before.iter().any(|other| other.public_key == validator.public_key) {
        Err(CommitteeError::Duplicate { position })
    } else if before.iter().any(|other| other.vote_key.is_some() != has_key) {
        Err(CommitteeError::VoteKeys { position })
    } else if has_key && before.iter().any(|other| other.vote_key == validator.vote_key) {
        Err(CommitteeError::DuplicateVoteKey { position })
    } else {
        Ok(())
    }
}

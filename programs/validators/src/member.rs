//! One validator, as state has it.

use std::net::SocketAddr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::Canonical;
use heddle_types::PublicKey;
use heddle_types::Validator;

use crate::error::ValidatorsError;
use crate::limits::QUIC_BYTES_MAX;
use crate::limits::VOTE_KEY_BYTES_MAX;

/// Who governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Config {
    /// Who admits members and sets their power.
    pub authority: Address,
}

impl Canonical for Config {
    const NAME: &'static str = "validators configuration";
    const BYTES_MAX: usize = 32;
}

/// One validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Member {
    /// The identity on the network; signs votes, where there is no vote key.
    pub public_key: PublicKey,
    /// Signs votes, on a chain whose validators vote with BLS keys.
    pub vote_key: Option<BlsPublicKey>,
    /// Its weight in quorums; not zero.
    pub power: u64,
    /// The account that answers for it: rotates its key, moves its address, lets it leave.
    pub operator: Address,
    /// Where it listens for other validators, by UDP. Scope and flow of an IPv6 address are not kept.
    pub quic: SocketAddr,
}

impl Member {
    /// The most bytes that one has.
    pub const BYTES_MAX: usize = 32 + VOTE_KEY_BYTES_MAX + 8 + 32 + QUIC_BYTES_MAX;

    /// As a committee has it.
    pub const fn to_validator(&self) -> Validator {
        Validator { public_key: self.public_key, vote_key: self.vote_key, power: self.power }
    }
}

/// Checks that others can dial `quic`: a port that is not zero, at one host's IP address.
///
/// # Errors
/// [`ValidatorsError::InvalidAddress`].
pub(crate) fn check_quic(quic: &SocketAddr) -> Result<(), ValidatorsError> {
    let is_good = quic.port() != 0 && !quic.ip().is_unspecified() && !quic.ip().is_multicast();
    if is_good { Ok(()) } else { Err(ValidatorsError::InvalidAddress) }
}

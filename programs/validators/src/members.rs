//! The list of members, and what may become of it. Pure: who may ask for what is the program's business.

use std::io;
use std::net::SocketAddr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::BlsPublicKey;
use heddle_types::BoundedRead;
use heddle_types::Canonical;
use heddle_types::PublicKey;
use heddle_types::Validator;

use crate::error::ValidatorsError;
use crate::limits::MEMBERS_MAX;
use crate::limits::POWER_SUM_END;
use crate::member::Member;
use crate::member::check_quic;

/// The members in their order (R4). At least one, and always fit to be a committee (R3).
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Members(Vec<Member>);

impl Members {
    /// From members in their order.
    ///
    /// # Errors
    /// [`ValidatorsError::LastMember`] for none, and as for [`Self::join`].
    pub fn new(members: Vec<Member>) -> Result<Self, ValidatorsError> {
        let mut checked = Self(Vec::new());
        for member in members {
            checked.join(member)?;
        }
        if checked.0.is_empty() { Err(ValidatorsError::LastMember) } else { Ok(checked) }
    }

    /// Admits one, as the last.
    ///
    /// # Errors
    /// [`ValidatorsError::TooManyMembers`], and as for [`Self::rotate`], [`Self::set_power`] and [`Self::set_address`].
    pub fn join(&mut self, member: Member) -> Result<(), ValidatorsError> {
        if self.0.len() >= MEMBERS_MAX {
            return Err(ValidatorsError::TooManyMembers);
        }
        self.check_new_key(&member.public_key)?;
        self.check_vote_key(member.vote_key.as_ref())?;
        self.check_address(&member.quic)?;
        self.check_power(0, member.power)?;
        self.0.push(member);
        Ok(())
    }

    /// Lets one go.
    ///
    /// # Errors
    /// [`ValidatorsError::UnknownKey`], [`ValidatorsError::LastMember`].
    pub fn leave(&mut self, key: &PublicKey) -> Result<(), ValidatorsError> {
        let position = self.position(key)?;
        if self.0.len() == 1 {
            return Err(ValidatorsError::LastMember);
        }
        self.0.remove(position);
        Ok(())
    }

    /// Gives one another power.
    ///
    /// # Errors
    /// [`ValidatorsError::UnknownKey`], [`ValidatorsError::NoChange`], [`ValidatorsError::ZeroPower`],
    /// [`ValidatorsError::TooMuchPower`].
    pub fn set_power(&mut self, key: &PublicKey, power: u64) -> Result<(), ValidatorsError> {
        let position = self.position(key)?;
        let before = self.0[position].power;
        if before == power {
            return Err(ValidatorsError::NoChange);
        }
        self.check_power(before, power)?;
        self.0[position].power = power;
        Ok(())
    }

    /// Gives one another key, and where they vote with others, another for that.
    ///
    /// # Errors
    /// [`ValidatorsError::UnknownKey`], [`ValidatorsError::NoChange`], [`ValidatorsError::DuplicateKey`],
    /// [`ValidatorsError::MissingVoteKey`], [`ValidatorsError::UnusedVoteKey`].
    pub fn rotate(
        &mut self,
        old: &PublicKey,
        (new, vote_key): (PublicKey, Option<BlsPublicKey>),
    ) -> Result<(), ValidatorsError> {
        let position = self.position(old)?;
        if *old == new {
            return Err(ValidatorsError::NoChange);
        }
        self.check_new_key(&new)?;
        self.check_vote_key(vote_key.as_ref())?;
        (self.0[position].public_key, self.0[position].vote_key) = (new, vote_key);
        Ok(())
    }

    /// Gives one another address.
    ///
    /// # Errors
    /// [`ValidatorsError::UnknownKey`], [`ValidatorsError::NoChange`], [`ValidatorsError::InvalidAddress`],
    /// [`ValidatorsError::DuplicateAddress`].
    pub fn set_address(
        &mut self,
        key: &PublicKey,
        quic: SocketAddr,
    ) -> Result<(), ValidatorsError> {
        let position = self.position(key)?;
        if self.0[position].quic == quic {
            return Err(ValidatorsError::NoChange);
        }
        self.check_address(&quic)?;
        self.0[position].quic = quic;
        Ok(())
    }

    /// The member with this key.
    ///
    /// # Errors
    /// [`ValidatorsError::UnknownKey`].
    pub fn get(&self, key: &PublicKey) -> Result<&Member, ValidatorsError> {
        Ok(&self.0[self.position(key)?])
    }

    /// All, in order.
    pub fn as_slice(&self) -> &[Member] {
        &self.0
    }

    /// The keys and powers: what the next committee is to be.
    pub fn validators(&self) -> Vec<Validator> {
        self.0.iter().map(Member::to_validator).collect()
    }

    fn position(&self, key: &PublicKey) -> Result<usize, ValidatorsError> {
        let found = self.0.iter().position(|member| member.public_key == *key);
        found.ok_or(ValidatorsError::UnknownKey)
    }

    fn check_new_key(&self, key: &PublicKey) -> Result<(), ValidatorsError> {
        match self.position(key) {
            Ok(_) => Err(ValidatorsError::DuplicateKey),
            Err(_) => Ok(()),
        }
    }

    /// Whether `key` may stand beside those of the others: all vote in one way.
    fn check_vote_key(&self, key: Option<&BlsPublicKey>) -> Result<(), ValidatorsError> {
        let Some(first) = self.0.first() else { return Ok(()) };
        match (first.vote_key.is_some(), key) {
            (true, None) => Err(ValidatorsError::MissingVoteKey),
            (false, Some(_)) => Err(ValidatorsError::UnusedVoteKey),
            (false, None) => Ok(()),
            (true, Some(_)) => {
                let is_taken = self.0.iter().any(|member| member.vote_key.as_ref() == key);
                if is_taken { Err(ValidatorsError::DuplicateKey) } else { Ok(()) }
            }
        }
    }

    fn check_address(&self, quic: &SocketAddr) -> Result<(), ValidatorsError> {
        check_quic(quic)?;
        let is_taken = self.0.iter().any(|member| member.quic == *quic);
        if is_taken { Err(ValidatorsError::DuplicateAddress) } else { Ok(()) }
    }

    /// Whether `power` may take the place of what was `before`.
    fn check_power(&self, before: u64, power: u64) -> Result<(), ValidatorsError> {
        if power == 0 {
            return Err(ValidatorsError::ZeroPower);
        }
        let others = self.0.iter().map(|member| u128::from(member.power)).sum::<u128>();
        let sum = others.saturating_sub(u128::from(before)).saturating_add(u128::from(power));
        if sum < u128::from(POWER_SUM_END) { Ok(()) } else { Err(ValidatorsError::TooMuchPower) }
    }
}

impl BorshDeserialize for Members {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let members = Vec::read_bounded(reader, MEMBERS_MAX)?;
        Self::new(members)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.text().name))
    }
}

impl Canonical for Members {
    const NAME: &'static str = "members";
    const BYTES_MAX: usize = 4 + MEMBERS_MAX * Member::BYTES_MAX;
}

const _: () = assert!(Members::BYTES_MAX <= heddle_types::limits::VALUE_BYTES_MAX);

//! The program's part of the first state.

use std::net::SocketAddr;

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_sdk::CallError;
use heddle_sdk::GenesisView;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::Genesis;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Validator;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::ValidatorsError;
use crate::keys;
use crate::limits::MEMBERS_MAX;
use crate::limits::QUIC_BYTES_MAX;
use crate::member::Config;
use crate::member::Member;
use crate::members::Members;

/// The program's section of a genesis. Without one the genesis' validators stay for ever.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ValidatorsGenesis {
    /// Who admits members and sets their power.
    pub authority: Address,
    /// What the genesis does not say of its validators: one for each, in their order.
    pub members: Vec<GenesisMember>,
}

/// What makes a genesis' validator a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GenesisMember {
    /// The account that answers for it.
    pub operator: Address,
    /// Where it listens for other validators.
    pub quic: SocketAddr,
}

impl ValidatorsGenesis {
    /// As a genesis' section.
    pub fn to_section(&self) -> GenesisSection {
        GenesisSection { program: ProgramId::VALIDATORS, data: encode(self).into() }
    }
}

impl Canonical for ValidatorsGenesis {
    const NAME: &'static str = "validators section";
    const BYTES_MAX: usize = 32 + 4 + MEMBERS_MAX * (32 + QUIC_BYTES_MAX);
}

/// The members with which a chain begins; none where its validators stay, or the genesis is none for this program.
pub fn genesis_members(genesis: &Genesis) -> Option<Members> {
    let section = decode_exact(genesis.section(ProgramId::VALIDATORS)).ok()?;
    join(&genesis.validators, &section).ok()
}

/// What the section says.
///
/// # Errors
/// [`ValidatorsError`], for whatever a chain could not have come to by calls.
pub(crate) fn entries(
    section: &[u8],
    view: &GenesisView<'_>,
) -> Result<Vec<(StateKey, Value)>, CallError> {
    if section.is_empty() {
        return Ok(Vec::new());
    }
    let section: ValidatorsGenesis =
        decode_exact(section).map_err(|_| ValidatorsError::MalformedSection)?;
    let members = join(view.validators(), &section)?;
    let config = Config { authority: section.authority };
    Ok(vec![
        (keys::config_key(), Value::from(encode(&config))),
        (keys::members_key(), Value::from(encode(&members))),
    ])
}

fn join(validators: &[Validator], section: &ValidatorsGenesis) -> Result<Members, ValidatorsError> {
    if section.members.len() != validators.len() {
        return Err(ValidatorsError::MalformedSection);
    }
    let members = validators.iter().zip(&section.members).map(|(validator, member)| {
        let Validator { public_key, vote_key, power } = *validator;
        let GenesisMember { operator, quic } = *member;
        Member { public_key, vote_key, power, operator, quic }
    });
    Members::new(members.collect())
}

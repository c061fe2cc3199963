//! What members, their operators and the authority may do.

use std::net::SocketAddr;

use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_types::Address;
use heddle_types::BlsSignature;
use heddle_types::PublicKey;
use heddle_types::Signature;

use crate::call::Join;
use crate::call::Rotate;
use crate::error::ValidatorsError;
use crate::event::AddressChanged;
use crate::event::KeyRotated;
use crate::event::PowerChanged;
use crate::event::ValidatorsEvent;
use crate::limits::WORK_PER_PROOF;
use crate::limits::WORK_PER_VOTE_PROOF;
use crate::member::Config;
use crate::members::Members;
use crate::possession::Claim;
use crate::state::read_config;
use crate::state::read_members;
use crate::state::write_config;
use crate::state::write_members;

/// Who signed, by what that lets it do (R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    address: Address,
    is_authority: bool,
}

impl Signer {
    /// The call's. Without a configuration nobody may do anything.
    pub(crate) fn of(ctx: &mut CallContext<'_, '_>) -> Result<Self, CallError> {
        let address = *ctx.signer();
        let config = read_config(ctx)?.ok_or(ValidatorsError::NotAuthorised)?;
        Ok(Self { address, is_authority: config.authority == address })
    }

    fn require_authority(self) -> Result<(), ValidatorsError> {
        if self.is_authority { Ok(()) } else { Err(ValidatorsError::NotAuthorised) }
    }

    fn require_operator(self, operator: &Address) -> Result<(), ValidatorsError> {
        if self.address == *operator { Ok(()) } else { Err(ValidatorsError::NotAuthorised) }
    }

    fn require_either(self, operator: &Address) -> Result<(), ValidatorsError> {
        self.require_authority().or_else(|_| self.require_operator(operator))
    }
}

pub(crate) fn join(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    Join { member, proof, vote_proof }: Join,
) -> Result<(), CallError> {
    signer.require_authority()?;
    let mut members = read_members(ctx)?;
    members.join(member)?;
    let claim =
        Claim { chain: ctx.block().chain, operator: member.operator, vote_key: member.vote_key };
    check_proofs(ctx, &claim, &member.public_key, (&proof, vote_proof.as_ref()))?;
    finish(ctx, &members, ValidatorsEvent::Joined(member))
}

pub(crate) fn leave(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    public_key: PublicKey,
) -> Result<(), CallError> {
    let mut members = read_members(ctx)?;
    signer.require_either(&members.get(&public_key)?.operator)?;
    members.leave(&public_key)?;
    finish(ctx, &members, ValidatorsEvent::Left(public_key))
}

pub(crate) fn set_power(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    public_key: PublicKey,
    power: u64,
) -> Result<(), CallError> {
    signer.require_authority()?;
    let mut members = read_members(ctx)?;
    members.set_power(&public_key, power)?;
    finish(ctx, &members, ValidatorsEvent::PowerChanged(PowerChanged { public_key, power }))
}

pub(crate) fn rotate(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    Rotate { old, new, vote_key, proof, vote_proof }: Rotate,
) -> Result<(), CallError> {
    let mut members = read_members(ctx)?;
    let operator = members.get(&old)?.operator;
    signer.require_either(&operator)?;
    members.rotate(&old, (new, vote_key))?;
    let claim = Claim { chain: ctx.block().chain, operator, vote_key };
    check_proofs(ctx, &claim, &new, (&proof, vote_proof.as_ref()))?;
    finish(ctx, &members, ValidatorsEvent::KeyRotated(KeyRotated { old, new, vote_key }))
}

pub(crate) fn set_address(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    public_key: PublicKey,
    quic: SocketAddr,
) -> Result<(), CallError> {
    let mut members = read_members(ctx)?;
    signer.require_operator(&members.get(&public_key)?.operator)?;
    members.set_address(&public_key, quic)?;
    finish(ctx, &members, ValidatorsEvent::AddressChanged(AddressChanged { public_key, quic }))
}

pub(crate) fn set_authority(
    ctx: &mut CallContext<'_, '_>,
    signer: Signer,
    authority: Address,
) -> Result<(), CallError> {
    signer.require_authority()?;
    if signer.address == authority {
        return Err(ValidatorsError::NoChange.into());
    }
    write_config(ctx, Config { authority })?;
    Ok(ValidatorsEvent::AuthorityChanged(authority).emit(ctx)?)
}

fn finish(
    ctx: &mut CallContext<'_, '_>,
    members: &Members,
    event: ValidatorsEvent,
) -> Result<(), CallError> {
    write_members(ctx, members)?;
    Ok(event.emit(ctx)?)
}

/// R2. The last check of a call, because it is the dear one; the dearer half of it comes last.
fn check_proofs(
    ctx: &mut CallContext<'_, '_>,
    claim: &Claim,
    key: &PublicKey,
    (proof, vote_proof): (&Signature, Option<&BlsSignature>),
) -> Result<(), CallError> {
    ctx.charge(WORK_PER_PROOF)?;
    if !claim.is_proved(key, proof) {
        return Err(ValidatorsError::BadProof.into());
    }
    match (claim.vote_key, vote_proof) {
        (None, None) => Ok(()),
        (Some(vote_key), Some(vote_proof)) => {
            ctx.charge(WORK_PER_VOTE_PROOF)?;
            let is_good = vote_key.is_possessed(vote_proof);
            if is_good { Ok(()) } else { Err(ValidatorsError::BadProof.into()) }
        }
        (None, Some(_)) | (Some(_), None) => Err(ValidatorsError::BadProof.into()),
    }
}

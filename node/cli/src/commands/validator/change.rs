//! `heddle validator join|leave|power|rotate|address|authority`: one transaction each.

use std::net::SocketAddr;

use clap::Args;
use heddle_localnet::cluster::VoteScheme;
use heddle_rpc_api::GetCommittee;
use heddle_rpc_api::GetStatus;
use heddle_rpc_api::Sent;
use heddle_rpc_api::TransactionInfo;
use heddle_rpc_api::ValidatorSet;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::ChainId;
use heddle_types::PublicKey;
use heddle_validators::Join;
use heddle_validators::Member;
use heddle_validators::Rotate;
use heddle_validators::ValidatorsCall;

use super::names::Name;
use super::proof::NewKeyArgs;
use super::proof::Proved;
use super::proof::scheme_of;
use crate::commands::order::SendArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::rpc::Rpc;
use crate::sending;
use crate::signer::SignerArgs;
use crate::submission::Submission;
use crate::submission::Submitted;

/// A new validator.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    #[command(flatten)]
    key: NewKeyArgs,
    /// Its weight in quorums
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    power: u64,
    /// Where it listens for other validators, by UDP
    #[arg(long, value_name = "IP:PORT")]
    quic: SocketAddr,
    /// The account that answers for it; whoever signs, if nothing is said
    #[arg(long, value_name = "ADDRESS")]
    operator: Option<Address>,
    #[command(flatten)]
    how: HowArgs,
}

/// A validator that goes.
#[derive(Debug, Args)]
pub(crate) struct LeaveArgs {
    /// Its key, or its number among those to decide next
    #[arg(value_name = "VALIDATOR", value_parser = Name::parse)]
    validator: Name,
    #[command(flatten)]
    how: HowArgs,
}

/// A validator's power.
#[derive(Debug, Args)]
pub(crate) struct PowerArgs {
    /// Its key, or its number among those to decide next
    #[arg(value_name = "VALIDATOR", value_parser = Name::parse)]
    validator: Name,
    /// Its new weight in quorums
    #[arg(value_name = "POWER", value_parser = clap::value_parser!(u64).range(1..))]
    power: u64,
    #[command(flatten)]
    how: HowArgs,
}

/// A validator's new key.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// Its present key, or its number among those to decide next
    #[arg(value_name = "VALIDATOR", value_parser = Name::parse)]
    validator: Name,
    #[command(flatten)]
    key: NewKeyArgs,
    #[command(flatten)]
    how: HowArgs,
}

/// A validator's address.
#[derive(Debug, Args)]
pub(crate) struct AddressArgs {
    /// Its key, or its number among those to decide next
    #[arg(value_name = "VALIDATOR", value_parser = Name::parse)]
    validator: Name,
    /// Where it listens for other validators, by UDP
    #[arg(value_name = "IP:PORT")]
    quic: SocketAddr,
    #[command(flatten)]
    how: HowArgs,
}

/// Another authority.
#[derive(Debug, Args)]
pub(crate) struct AuthorityArgs {
    /// The account that is to have it
    #[arg(value_name = "ADDRESS")]
    authority: Address,
    #[command(flatten)]
    how: HowArgs,
}

/// Who signs, and how it is sent.
#[derive(Debug, Args)]
struct HowArgs {
    #[command(flatten)]
    signer: SignerArgs,
    #[command(flatten)]
    send: SendArgs,
}

pub(crate) fn join(args: &JoinArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let operator = args.operator.map_or_else(|| args.how.signer.address(), Ok)?;
    let (chain, set) = (chain(&rpc)?, rpc.call(&GetCommittee {})?);
    let Proved { public_key, vote_key, proof, vote_proof } =
        args.key.proved((&chain, scheme(&set)), &operator)?;
    let member = Member { public_key, vote_key, power: args.power, operator, quic: args.quic };
    let call = ValidatorsCall::Join(Join { member, proof, vote_proof });
    args.how.send(&rpc, &call, output)
}

pub(crate) fn leave(args: &LeaveArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let public_key = args.validator.key(&rpc)?;
    args.how.send(&rpc, &ValidatorsCall::Leave { public_key }, output)
}

pub(crate) fn power(args: &PowerArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let public_key = args.validator.key(&rpc)?;
    let call = ValidatorsCall::SetPower { public_key, power: args.power };
    args.how.send(&rpc, &call, output)
}

pub(crate) fn rotate(args: &RotateArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let old = args.validator.key(&rpc)?;
    let (chain, set) = (chain(&rpc)?, rpc.call(&GetCommittee {})?);
    let operator = operator_of(&set, &old)?;
    let Proved { public_key: new, vote_key, proof, vote_proof } =
        args.key.proved((&chain, scheme(&set)), &operator)?;
    let rotate = Rotate { old, new, vote_key, proof, vote_proof };
    args.how.send(&rpc, &ValidatorsCall::Rotate(rotate), output)
}

pub(crate) fn address(args: &AddressArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let public_key = args.validator.key(&rpc)?;
    let call = ValidatorsCall::SetAddress { public_key, quic: args.quic };
    args.how.send(&rpc, &call, output)
}

pub(crate) fn authority(args: &AuthorityArgs, output: Output) -> Result<(), CliError> {
    let rpc = args.how.signer.rpc()?;
    let call = ValidatorsCall::SetAuthority { authority: args.authority };
    args.how.send(&rpc, &call, output)
}

fn chain(rpc: &Rpc) -> Result<ChainId, CliError> {
    Ok(rpc.call(&GetStatus {})?.chain_id)
}

/// How the chain's validators vote.
fn scheme(set: &ValidatorSet) -> VoteScheme {
    scheme_of(set.validators.first().and_then(|one| one.vote_key.as_ref()))
}

fn operator_of(set: &ValidatorSet, key: &PublicKey) -> Result<Address, CliError> {
    let candidates = &set.candidates;
    let found = candidates.iter().find(|candidate| candidate.public_key == *key);
    found.map(|candidate| candidate.operator).ok_or_else(|| {
        CliError::refused(format!(
            "VALIDATOR: found {key}, expected the key of one of the {} that are to decide next; see `heddle validator list`",
            candidates.len()
        ))
    })
}

impl HowArgs {
    fn send(&self, rpc: &Rpc, call: &ValidatorsCall, output: Output) -> Result<(), CliError> {
        let submission = Submission {
            key: &self.signer.key()?,
            calls: vec![call.to_call()],
            access: Access::DERIVED,
            nonce: None,
            max_fee: self.send.max_fee(),
            wait: self.send.wait(),
        };
        match submission.submit(rpc)? {
            Submitted::Sent(sent) => output.result(&sent, |Sent { id }| format!("sent {id}")),
            Submitted::Settled(info) => report(&info, output),
        }
    }
}

fn report(info: &TransactionInfo, output: Output) -> Result<(), CliError> {
    output.result(info, |info| {
        let height = info.height.map(|height| format!(" at height {height}")).unwrap_or_default();
        format!("{} {}{height}", info.id, sending::status_text(info.status))
    })?;
    sending::check(info).map_err(CliError::printed)
}

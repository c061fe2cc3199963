//! The list as a program.

use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Program;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::call::Join;
use crate::call::Rotate;
use crate::call::ValidatorsCall;
use crate::change;
use crate::change::Signer;
use crate::error::ValidatorsError;
use crate::event::ValidatorsEvent;
use crate::genesis;
use crate::keys;

/// What a call with a proof takes, in about nanoseconds.
const PROOF_NANOS: u64 = 120_000;
/// What a vote key's proof takes besides.
const VOTE_PROOF_NANOS: u64 = 800_000;
/// Calls for which a call with a vote key's proof counts besides itself, to buy the work of verifying it.
const VOTE_PROOF_CALLS: u32 = 4;

/// The list of validators.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validators;

impl Program for Validators {
    fn id(&self) -> ProgramId {
        ProgramId::VALIDATORS
    }

    fn name(&self) -> &'static str {
        "validators"
    }

    fn access(
        &self,
        call: &[u8],
        _signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        match decode(call)? {
            ValidatorsCall::SetAuthority { authority: _ } => {
                declaration.declare(keys::config_key(), AccessMode::Write)?;
                return Ok(());
            }
            ValidatorsCall::Join(Join { vote_proof, .. })
            | ValidatorsCall::Rotate(Rotate { vote_proof, .. }) => {
                declaration.cost(PROOF_NANOS);
                if vote_proof.is_some() {
                    declaration.cost(VOTE_PROOF_NANOS);
                    declaration.count(VOTE_PROOF_CALLS);
                }
            }
            ValidatorsCall::Leave { .. }
            | ValidatorsCall::SetPower { .. }
            | ValidatorsCall::SetAddress { .. } => {}
        }
        declaration.declare(keys::config_key(), AccessMode::Read)?;
        Ok(declaration.declare(keys::members_key(), AccessMode::Write)?)
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let call = decode(call)?;
        let signer = Signer::of(ctx)?;
        match call {
            ValidatorsCall::Join(call) => change::join(ctx, signer, call),
            ValidatorsCall::Leave { public_key } => change::leave(ctx, signer, public_key),
            ValidatorsCall::SetPower { public_key, power } => {
                change::set_power(ctx, signer, public_key, power)
            }
            ValidatorsCall::Rotate(call) => change::rotate(ctx, signer, call),
            ValidatorsCall::SetAddress { public_key, quic } => {
                change::set_address(ctx, signer, public_key, quic)
            }
            ValidatorsCall::SetAuthority { authority } => {
                change::set_authority(ctx, signer, authority)
            }
        }
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        ValidatorsError::from_code(code).map(ValidatorsError::text)
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        ValidatorsEvent::decode(kind, data).map(|event| event.describe())
    }

    fn describe_call(&self, call: &[u8]) -> Option<Described> {
        decode(call).ok().map(|call| call.describe())
    }

    fn genesis(
        &self,
        data: &[u8],
        view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        genesis::entries(data, view)
    }
}

fn decode(call: &[u8]) -> Result<ValidatorsCall, ValidatorsError> {
    decode_exact(call).map_err(|_| ValidatorsError::MalformedCall)
}

//! Clearing as a program.

use heddle_sdk::BlockSpace;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::Resident;
use heddle_sdk::SetFull;
use heddle_sdk::WorkItem;
use heddle_sdk::native;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::AssetId;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::admin;
use crate::agent::Agent;
use crate::audit;
use crate::begin;
use crate::call::ClearingCall;
use crate::collateral;
use crate::collateral::NewAccount;
use crate::collateral::Payment;
use crate::error::ClearingError;
use crate::event::ClearingEvent;
use crate::genesis;
use crate::ids::AccountId;
use crate::keys;
use crate::keys::Lane;
use crate::liquidation;
use crate::liquidation::touched_inbox;
use crate::settlement;
use crate::suspense;
use crate::venue::vault;

/// What a call takes, in about nanoseconds.
const CALL_NANOS: u64 = 1_500;

/// Margin accounts and everything that happens to them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clearing;

impl Program for Clearing {
    fn id(&self) -> ProgramId {
        ProgramId::CLEARING
    }

    fn name(&self) -> &'static str {
        "clearing"
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        declaration.cost(CALL_NANOS);
        Ok(declare(&decode(call)?, signer, declaration)?)
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let signer = *ctx.signer();
        match decode(call)? {
            ClearingCall::Open { sub, isolated, asset, amount } => {
                let new = NewAccount { owner: signer, sub, isolated };
                collateral::open(ctx, &new, Payment { asset, amount })
            }
            ClearingCall::Deposit { account, asset, amount } => {
                collateral::deposit(ctx, &signer, account, Payment { asset, amount })
            }
            ClearingCall::Withdraw { account, asset, amount } => {
                collateral::withdraw(ctx, &signer, account, Payment { asset, amount })
            }
            ClearingCall::Move { from, to, amount } => {
                collateral::transfer(ctx, &signer, (from, to), amount)
            }
            ClearingCall::SetAgent { account, agent, expiry, budget } => {
                admin::set_agent(ctx, &signer, (account, &agent), Agent { expiry, budget })
            }
            ClearingCall::RevokeAgent { account, agent } => {
                admin::revoke_agent(ctx, &signer, (account, &agent))
            }
            ClearingCall::Donate { asset, amount } => {
                collateral::donate(ctx, &signer, Payment { asset, amount })
            }
            ClearingCall::SetBackstop { account, volunteers } => {
                admin::set_backstop(ctx, &signer, (account, volunteers))
            }
            ClearingCall::SetParams { params } => admin::set_params(ctx, &signer, &params),
            ClearingCall::SetFeeVolumes { volumes } => {
                admin::set_fee_volumes(ctx, &signer, volumes)
            }
            ClearingCall::SetAuthority { authority } => {
                admin::set_authority(ctx, &signer, authority)
            }
        }
    }

    fn space(&self, call: &[u8]) -> BlockSpace {
        decode(call).map_or(BlockSpace::Ordinary, |call| call.space())
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        ClearingError::from_code(code).map(ClearingError::text)
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        ClearingEvent::decode(kind, data).map(|event| event.describe())
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

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Begin, Phase::Settle, Phase::Risk, Phase::Fold]
    }

    fn plan_phase(&self, phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        match phase {
            // What was decided is carried out on the marks that it was decided on, and who is next is found on the new ones.
            Phase::Begin => {
                let phases = [liquidation::plan_begin, begin::plan, liquidation::plan_find];
                phases.into_iter().flat_map(|plan| plan(view)).collect()
            }
            Phase::Settle => settlement::plan(view),
            Phase::Risk => liquidation::plan_risk(view),
            Phase::Fold => [liquidation::plan_fold(view), audit::plan(view)].concat(),
            Phase::Transactions | Phase::Match => Vec::new(),
        }
    }

    fn complete_item(
        &self,
        phase: Phase,
        view: &PhaseView<'_>,
        planned: WorkItem,
    ) -> Option<WorkItem> {
        match phase {
            Phase::Settle => settlement::complete(view, planned),
            Phase::Risk => liquidation::complete_risk(view, &planned),
            Phase::Begin | Phase::Transactions | Phase::Match | Phase::Fold => Some(planned),
        }
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        if let Some(done) = liquidation::run(ctx) {
            return done;
        }
        match ctx.phase() {
            Phase::Begin => begin::run(ctx),
            Phase::Settle => settlement::run(ctx),
            Phase::Fold => audit::run(ctx),
            Phase::Transactions | Phase::Match | Phase::Risk => Ok(()),
        }
    }

    fn item_failed(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        match ctx.phase() {
            Phase::Begin => begin::failed(ctx),
            Phase::Settle => suspense::failed(ctx),
            Phase::Risk => liquidation::failed(ctx),
            Phase::Transactions | Phase::Match | Phase::Fold => Ok(()),
        }
    }

    fn load_resident(
        &self,
        name: &[u8],
        read: &mut dyn FnMut(&[u8]) -> Option<Value>,
    ) -> Result<Box<dyn Resident>, CallError> {
        liquidation::load(name, read)
    }
}

fn decode(call: &[u8]) -> Result<ClearingCall, ClearingError> {
    decode_exact(call).map_err(|_| ClearingError::MalformedCall)
}

fn declare(
    call: &ClearingCall,
    signer: &Address,
    declaration: &mut Declaration<'_>,
) -> Result<(), SetFull> {
    use AccessMode::Read;
    use AccessMode::Write;
    match call {
        ClearingCall::Open { sub, isolated: _, asset, amount: _ } => {
            declaration.declare(keys::owner_key(signer, *sub), Write)?;
            declaration.declare(keys::next_account_key(), Write)?;
            declare_lanes(declaration, &[Lane::Accounts, Lane::Vault])?;
            declare_payment(declaration, signer, asset)
        }
        ClearingCall::Deposit { account, asset, amount: _ } => {
            declaration.declare(keys::account_key(*account), Write)?;
            declaration.declare(touched_inbox(), AccessMode::Append)?;
            declare_lanes(declaration, &[Lane::Accounts, Lane::Vault])?;
            declare_payment(declaration, signer, asset)
        }
        ClearingCall::Withdraw { account, asset, amount: _ } => {
            declaration.declare(keys::venue_key(), Read)?;
            declaration.declare(keys::account_key(*account), Write)?;
            declaration.declare(keys::risk_table_key(), Read)?;
            declaration.declare(touched_inbox(), AccessMode::Append)?;
            declare_lanes(declaration, &[Lane::Accounts, Lane::Vault])?;
            declaration.declare(native::balance_key(&vault(), asset), AccessMode::Add)?;
            declaration.declare(native::balance_key(signer, asset), AccessMode::Add)
        }
        ClearingCall::Move { from, to, amount: _ } => {
            declaration.declare(keys::risk_table_key(), Read)?;
            declaration.declare(touched_inbox(), AccessMode::Append)?;
            declaration.declare(keys::account_key(*from), Write)?;
            declaration.declare(keys::account_key(*to), Write)
        }
        ClearingCall::SetAgent { account, agent, expiry: _, budget: _ }
        | ClearingCall::RevokeAgent { account, agent } => {
            declare_agent(declaration, *account, agent)
        }
        ClearingCall::Donate { asset, amount: _ } => {
            declare_lanes(declaration, &[Lane::Insurance, Lane::Vault])?;
            declare_payment(declaration, signer, asset)
        }
        ClearingCall::SetBackstop { account, volunteers: _ } => {
            declaration.declare(keys::account_key(*account), Write)?;
            declaration.declare(keys::backstops_key(), Write)
        }
        ClearingCall::SetParams { params } => {
            declaration.declare(keys::venue_key(), Read)?;
            declaration.declare(keys::params_key(params.market), Write)
        }
        ClearingCall::SetFeeVolumes { volumes: _ }
        | ClearingCall::SetAuthority { authority: _ } => {
            declaration.declare(keys::venue_key(), Write)
        }
    }
}

/// Declares what a payment from the ledger into the vault touches.
fn declare_payment(
    declaration: &mut Declaration<'_>,
    signer: &Address,
    asset: &AssetId,
) -> Result<(), SetFull> {
    declaration.declare(keys::venue_key(), AccessMode::Read)?;
    declaration.declare(native::balance_key(signer, asset), AccessMode::Write)?;
    declaration.declare(native::balance_key(&vault(), asset), AccessMode::Add)
}

fn declare_agent(
    declaration: &mut Declaration<'_>,
    account: AccountId,
    agent: &Address,
) -> Result<(), SetFull> {
    declaration.declare(keys::account_key(account), AccessMode::Read)?;
    declaration.declare(keys::agent_key(account, agent), AccessMode::Write)
}

fn declare_lanes(declaration: &mut Declaration<'_>, lanes: &[Lane]) -> Result<(), SetFull> {
    lanes.iter().try_for_each(|lane| declaration.declare(lane.key(), AccessMode::Add))
}

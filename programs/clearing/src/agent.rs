//! Who may act for an account.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::Workspace;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::account::Account;
use crate::error::ClearingError;
use crate::ids::AccountId;
use crate::keys;
use crate::state;

/// A key that may trade for an account and do nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Agent {
    /// It may act in blocks before this time.
    pub expiry: UnixMillis,
    /// The notional that it may still place orders for.
    pub budget: Quote,
}

impl Canonical for Agent {
    const NAME: &'static str = "agent";
    const BYTES_MAX: usize = 24;
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who signed.
    pub signer: Address,
    /// The time of the block.
    pub now: UnixMillis,
    /// As what.
    pub role: Role,
}

/// As what somebody acts, as the call says: by it the call's keys are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Role {
    /// As the account's owner.
    Owner = 0,
    /// As an agent of it.
    Agent = 1,
}

/// The account, if the actor may place orders of this notional for it; what an agent may place is less by that then. Needs `Write` of
/// [`crate::account_key`] where the account is written after, and for an agent of [`crate::agent_key`].
///
/// # Errors
/// [`ClearingError::UnknownAccount`], [`ClearingError::NotAuthorised`], [`ClearingError::AgentExpired`],
/// [`ClearingError::AgentBudget`], or what the workspace aborts for.
pub fn authorise(
    work: &mut Workspace<'_>,
    account: AccountId,
    actor: &Actor,
    notional: Quote,
) -> Result<Account, CallError> {
    let account = state::read_account(work, account)?;
    match actor.role {
        Role::Owner if account.owner == actor.signer => Ok(account),
        Role::Owner => Err(ClearingError::NotAuthorised.into()),
        Role::Agent => {
            spend(work, &account, actor, notional)?;
            Ok(account)
        }
    }
}

fn spend(
    work: &mut Workspace<'_>,
    account: &Account,
    actor: &Actor,
    notional: Quote,
) -> Result<(), CallError> {
    let key = keys::agent_key(account.id, &actor.signer);
    let agent: Agent = state::read(work, &key)?.ok_or(ClearingError::NotAuthorised)?;
    if actor.now >= agent.expiry {
        return Err(ClearingError::AgentExpired.into());
    }
    let left = agent.budget.checked_sub(notional).filter(|left| *left >= Quote::ZERO);
    let budget = left.ok_or(ClearingError::AgentBudget)?;
    if budget != agent.budget {
        state::write(work, &key, &Agent { budget, ..agent })?;
    }
    Ok(())
}

//! What an owner and the authority set.

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::SetFull;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::Address;

use crate::agent::Agent;
use crate::backstop::Backstops;
use crate::collateral;
use crate::error::ClearingError;
use crate::event::AgentRevoked;
use crate::event::AgentSet;
use crate::event::AuthoritySet;
use crate::event::BackstopChanged;
use crate::event::ClearingEvent;
use crate::event::ParamsSet;
use crate::event::Time;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::keys;
use crate::limits::FEE_TIERS_MAX;
use crate::limits::MARKETS_MAX;
use crate::market::MarketState;
use crate::params::MarketParams;
use crate::state;
use crate::venue::Venue;

/// Declares what [`create_market`] touches.
///
/// # Errors
/// [`SetFull`]; pass it on with `?`.
pub fn declare_market(declaration: &mut Declaration<'_>, market: MarketId) -> Result<(), SetFull> {
    declaration.declare(keys::venue_key(), AccessMode::Write)?;
    declaration.declare(keys::params_key(market), AccessMode::Write)?;
    declaration.declare(keys::market_state_key(market), AccessMode::Write)
}

/// Makes a market that accounts can hold positions in, from the next block on. For the program that has its book, which checks who
/// may. Its number must be the next one.
///
/// # Errors
/// [`ClearingError::MarketExists`] when it has another number, [`ClearingError::TooMany`],
/// [`ClearingError::InvalidParams`], or what the workspace aborts for.
pub fn create_market(work: &mut Workspace<'_>, params: &MarketParams) -> Result<(), CallError> {
    let venue = state::read_venue(work)?;
    params.check()?;
    if params.market.get() != venue.markets {
        return Err(ClearingError::MarketExists.into());
    }
    if usize::from(venue.markets) >= MARKETS_MAX {
        return Err(ClearingError::TooMany.into());
    }
    let markets = venue.markets.saturating_add(1);
    state::write(work, &keys::venue_key(), &Venue { markets, ..venue })?;
    state::write(work, &keys::params_key(params.market), params)?;
    state::write(work, &keys::market_state_key(params.market), &MarketState::NEW)?;
    Ok(ClearingEvent::from(ParamsSet { market: params.market }).emit(work)?)
}

pub(crate) fn set_params(
    work: &mut Workspace<'_>,
    signer: &Address,
    params: &MarketParams,
) -> Result<(), CallError> {
    governed(work, signer)?;
    params.check()?;
    let before = state::read_params(work, params.market)?;
    // Positions and prices are counted in them.
    if (before.unit, before.tick) != (params.unit, params.tick) {
        return Err(ClearingError::InvalidParams.into());
    }
    state::write(work, &keys::params_key(params.market), params)?;
    Ok(ClearingEvent::from(ParamsSet { market: params.market }).emit(work)?)
}

pub(crate) fn set_fee_volumes(
    work: &mut Workspace<'_>,
    signer: &Address,
    fee_volumes: [Quote; FEE_TIERS_MAX],
) -> Result<(), CallError> {
    let venue = governed(work, signer)?;
    let venue = Venue { fee_volumes, ..venue };
    venue.check()?;
    Ok(state::write(work, &keys::venue_key(), &venue)?)
}

pub(crate) fn set_authority(
    work: &mut Workspace<'_>,
    signer: &Address,
    authority: Address,
) -> Result<(), CallError> {
    let venue = governed(work, signer)?;
    state::write(work, &keys::venue_key(), &Venue { authority, ..venue })?;
    Ok(ClearingEvent::from(AuthoritySet { authority }).emit(work)?)
}

pub(crate) fn set_agent(
    work: &mut Workspace<'_>,
    signer: &Address,
    (account, address): (AccountId, &Address),
    agent: Agent,
) -> Result<(), CallError> {
    collateral::owned(work, signer, account)?;
    if agent.budget < Quote::ZERO {
        return Err(ClearingError::InvalidParams.into());
    }
    state::write(work, &keys::agent_key(account, address), &agent)?;
    let Agent { expiry, budget } = agent;
    let event = AgentSet { account, agent: *address, expiry: Time(expiry), budget };
    Ok(ClearingEvent::from(event).emit(work)?)
}

pub(crate) fn revoke_agent(
    work: &mut Workspace<'_>,
    signer: &Address,
    (account, address): (AccountId, &Address),
) -> Result<(), CallError> {
    let owner = state::read_account(work, account)?.owner;
    if owner != *signer {
        return Err(ClearingError::NotAuthorised.into());
    }
    work.delete(&keys::agent_key(account, address))?;
    Ok(ClearingEvent::from(AgentRevoked { account, agent: *address }).emit(work)?)
}

pub(crate) fn set_backstop(
    work: &mut Workspace<'_>,
    signer: &Address,
    (id, volunteers): (AccountId, bool),
) -> Result<(), CallError> {
    let mut account = collateral::owned(work, signer, id)?;
    let mut all: Backstops = state::read(work, &keys::backstops_key())?.unwrap_or_default();
    if volunteers {
        all.enter(id).map_err(|_| ClearingError::TooMany)?;
    } else {
        all.leave(id);
    }
    account.is_backstop = volunteers;
    state::write_account(work, &account)?;
    state::write(work, &keys::backstops_key(), &all)?;
    Ok(ClearingEvent::from(BackstopChanged { account: id, volunteers }).emit(work)?)
}

/// The venue, if the signer governs it.
fn governed(work: &mut Workspace<'_>, signer: &Address) -> Result<Venue, CallError> {
    let venue = state::read_venue(work)?;
    if venue.authority == *signer { Ok(venue) } else { Err(ClearingError::NotAuthority.into()) }
}

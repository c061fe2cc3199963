//! Reading, creating and changing markets.

use heddle_clearing::MarketId;
use heddle_clearing::limits::MARKETS_MAX;
use heddle_sdk::Abort;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Workspace;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::accounts::of_clearing;
use crate::call::NewMarket;
use crate::error::ExchangeError;
use crate::event::ExchangeEvent;
use crate::event::ModeChanged;
use crate::keys;
use crate::listing::Market;
use crate::market::InvalidRules;
use crate::market::ModeChange;
use crate::market::Session;

/// A market's listing.
pub(crate) fn read_market(
    state: &mut Workspace<'_>,
    market: MarketId,
) -> Result<Market, CallError> {
    let value = state.read(&keys::market_key(market))?.ok_or(ExchangeError::UnknownMarket)?;
    Ok(decode_exact(value.as_bytes()).map_err(|_| ExchangeError::UnknownMarket)?)
}

/// A market's state.
pub(crate) fn read_session(
    state: &mut Workspace<'_>,
    market: MarketId,
) -> Result<Session, CallError> {
    let value = state.read(&keys::session_key(market))?.ok_or(ExchangeError::UnknownMarket)?;
    Ok(decode_exact(value.as_bytes()).map_err(|_| ExchangeError::UnknownMarket)?)
}

/// Leaves a market's state.
pub(crate) fn write_session(
    state: &mut Workspace<'_>,
    market: MarketId,
    to: &Session,
) -> Result<(), Abort> {
    state.write(&keys::session_key(market), Value::from(encode(to)))
}

/// The number of markets that these bytes say.
pub(crate) fn decode_count(value: Option<&Value>) -> u16 {
    let bytes = value.and_then(|value| <[u8; 2]>::try_from(value.as_bytes()).ok());
    bytes.map_or(0, u16::from_le_bytes)
}

/// Declares what creating a market touches.
pub(crate) fn declare_create(
    new: &NewMarket,
    declaration: &mut Declaration<'_>,
) -> Result<(), CallError> {
    let market = new.params.market;
    declaration.declare(keys::authority_key(), AccessMode::Read)?;
    declaration.declare(keys::count_key(), AccessMode::Write)?;
    declaration.declare(keys::market_key(market), AccessMode::Write)?;
    declaration.declare(keys::session_key(market), AccessMode::Write)?;
    Ok(heddle_clearing::declare_market(declaration, market)?)
}

/// Creates a market. Its number is the next one, which whoever asks for it has to say.
pub(crate) fn create(
    state: &mut Workspace<'_>,
    signer: &Address,
    new: &NewMarket,
) -> Result<(), CallError> {
    check_authority(state, signer)?;
    let count = state.read(&keys::count_key())?;
    let count = decode_count(count.as_ref());
    let market = new.params.market;
    if usize::from(count) >= MARKETS_MAX {
        return Err(ExchangeError::TooManyMarkets.into());
    }
    if market.get() != count {
        return Err(ExchangeError::UnknownMarket.into());
    }
    check_listing(&new.market)?;
    of_clearing(heddle_clearing::create_market(state, &new.params))?;
    state.write(&keys::count_key(), Value::new(&count.saturating_add(1).to_le_bytes()))?;
    state.write(&keys::market_key(market), Value::from(encode(&new.market)))?;
    write_session(state, market, &Session::new())?;
    Ok(ExchangeEvent::MarketCreated(market).emit(state)?)
}

/// Checks what a market says of itself.
pub(crate) fn check_listing(market: &Market) -> Result<(), ExchangeError> {
    let decimals = market.price_decimals.max(market.size_decimals);
    if decimals > Market::DECIMALS_MAX {
        return Err(ExchangeError::InvalidRules);
    }
    market.rules.check().map_err(|_: InvalidRules| ExchangeError::InvalidRules)
}

/// Declares what a change of mode touches.
pub(crate) fn declare_mode(
    market: MarketId,
    declaration: &mut Declaration<'_>,
) -> Result<(), CallError> {
    declaration.declare(keys::authority_key(), AccessMode::Read)?;
    Ok(declaration.declare(keys::session_key(market), AccessMode::Write)?)
}

/// Changes a market's mode.
pub(crate) fn change_mode(
    state: &mut Workspace<'_>,
    signer: &Address,
    (market, change): (MarketId, ModeChange),
) -> Result<(), CallError> {
    check_authority(state, signer)?;
    let mut changed = read_session(state, market)?;
    if !changed.change(change) {
        return Err(ExchangeError::InvalidTransition.into());
    }
    write_session(state, market, &changed)?;
    let mode = changed.mode().number();
    Ok(ExchangeEvent::Mode(ModeChanged { market, mode }).emit(state)?)
}

fn check_authority(state: &mut Workspace<'_>, signer: &Address) -> Result<(), CallError> {
    let authority = state.read(&keys::authority_key())?;
    if authority.is_some_and(|authority| authority.as_bytes() == signer.as_bytes()) {
        Ok(())
    } else {
        Err(ExchangeError::NotAuthority.into())
    }
}

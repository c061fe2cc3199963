//! The exchange's part of the first state.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_clearing::MarketId;
use heddle_clearing::limits::MARKETS_MAX;
use heddle_sdk::CallError;
use heddle_sdk::GenesisView;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;

use crate::error::ExchangeError;
use crate::keys;
use crate::listing::Market;
use crate::market::Session;
use crate::markets;

/// The exchange's section of a genesis. What positions need in its markets is in the section of clearing.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ExchangeGenesis {
    /// Who may create and change markets.
    pub authority: Address,
    /// The markets that exist from the start, by number.
    pub markets: Vec<Market>,
}

impl ExchangeGenesis {
    /// As a genesis' section.
    pub fn to_section(&self) -> GenesisSection {
        GenesisSection { program: ProgramId::EXCHANGE, data: encode(self).into() }
    }
}

impl Canonical for ExchangeGenesis {
    const NAME: &'static str = "exchange's section";
    const BYTES_MAX: usize = 64 + MARKETS_MAX * Market::BYTES_MAX;
}

/// The first entries. Without a section there are no markets, and nobody who could create one.
pub(crate) fn entries(
    section: &[u8],
    view: &GenesisView<'_>,
) -> Result<Vec<(StateKey, Value)>, CallError> {
    if section.is_empty() {
        return Ok(Vec::new());
    }
    let genesis: ExchangeGenesis =
        decode_exact(section).map_err(|_| ExchangeError::MalformedSection)?;
    let count =
        u16::try_from(genesis.markets.len()).map_err(|_| ExchangeError::MalformedSection)?;
    let mut entries = vec![
        (keys::authority_key(), Value::new(genesis.authority.as_bytes())),
        (keys::count_key(), Value::new(&count.to_le_bytes())),
    ];
    for (number, market) in (0..count).zip(&genesis.markets) {
        let id = MarketId::new(number);
        markets::check_listing(market)?;
        if view.read(&heddle_clearing::params_key(id)).is_none() {
            return Err(ExchangeError::MalformedSection.into());
        }
        entries.push((keys::market_key(id), Value::from(encode(market))));
        entries.push((keys::session_key(id), Value::from(encode(&Session::new()))));
    }
    Ok(entries)
}

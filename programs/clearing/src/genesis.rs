//! Clearing's part of the first state.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_sdk::CallError;
use heddle_sdk::GenesisView;
use heddle_sdk::encode_number;
use heddle_sdk::native;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Canonical;
use heddle_types::GenesisAccount;
use heddle_types::GenesisSection;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::limits::GENESIS_SECTION_BYTES_MAX;

use crate::account::Account;
use crate::error::ClearingError;
use crate::ids::AccountId;
use crate::keys;
use crate::keys::Lane;
use crate::limits::FEE_TIERS_MAX;
use crate::limits::MARKETS_MAX;
use crate::market::MarketState;
use crate::params::MarketParams;
use crate::venue::Venue;
use crate::venue::vault;

/// Clearing's section of a genesis.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClearingGenesis {
    /// Who changes parameters.
    pub authority: Address,
    /// The collateral asset. In the ledger's section [`vault`] has the sum of all first collateral and insurance.
    pub asset: AssetId,
    /// Volumes from which each fee tier holds, rising from zero.
    pub fee_volumes: [Quote; FEE_TIERS_MAX],
    /// The first markets, by number.
    pub markets: Vec<MarketParams>,
    /// The first accounts, numbered in this order: sub-account 0 of each owner, strictly ascending by address, and its collateral.
    pub accounts: Vec<GenesisAccount>,
    /// What the insurance fund begins with.
    pub insurance: Amount,
}

impl ClearingGenesis {
    /// As a genesis' section.
    pub fn to_section(&self) -> GenesisSection {
        GenesisSection { program: ProgramId::CLEARING, data: encode(self).into() }
    }

    /// What the vault holds at the start; none past [`Amount::MAX`].
    pub fn vault_balance(&self) -> Option<Amount> {
        let amounts = self.accounts.iter().map(|account| account.amount);
        amounts.into_iter().try_fold(self.insurance, Amount::checked_add)
    }
}

impl Canonical for ClearingGenesis {
    const NAME: &'static str = "clearing section";
    const BYTES_MAX: usize = GENESIS_SECTION_BYTES_MAX;
}

/// The first entries. Without a section there is no venue: nobody can open an account.
///
/// # Errors
/// [`ClearingError::MalformedSection`], [`ClearingError::InvalidParams`].
pub(crate) fn entries(
    section: &[u8],
    view: &GenesisView<'_>,
) -> Result<Vec<(StateKey, Value)>, CallError> {
    if section.is_empty() {
        return Ok(Vec::new());
    }
    let genesis: ClearingGenesis =
        decode_exact(section).map_err(|_| ClearingError::MalformedSection)?;
    let markets = genesis.check(view)?;
    let ClearingGenesis { authority, asset, fee_volumes, .. } = genesis;
    let venue = Venue { authority, asset, fee_volumes, markets };
    venue.check()?;
    let mut entries = vec![(keys::venue_key(), Value::from(encode(&venue)))];
    for params in &genesis.markets {
        entries.push((keys::params_key(params.market), Value::from(encode(params))));
        let state = Value::from(encode(&MarketState::NEW));
        entries.push((keys::market_state_key(params.market), state));
    }
    genesis.account_entries(&mut entries)?;
    Ok(entries)
}

impl ClearingGenesis {
    /// Checks everything but the venue; how many markets there are.
    fn check(&self, view: &GenesisView<'_>) -> Result<u16, ClearingError> {
        const MALFORMED: ClearingError = ClearingError::MalformedSection;
        let held = view.read(&native::balance_key(&vault(), &self.asset));
        let held = held.and_then(|value| native::decode_amount(value.as_bytes()));
        if Some(held.unwrap_or(Amount::ZERO)) != self.vault_balance() {
            return Err(MALFORMED);
        }
        if !self.accounts.is_sorted_by(|a, b| a.address < b.address) {
            return Err(MALFORMED);
        }
        if self.markets.len() > MARKETS_MAX {
            return Err(ClearingError::TooMany);
        }
        for (number, params) in (0..).zip(&self.markets) {
            params.check()?;
            if params.market.get() != number {
                return Err(MALFORMED);
            }
        }
        u16::try_from(self.markets.len()).map_err(|_| MALFORMED)
    }

    fn account_entries(&self, entries: &mut Vec<(StateKey, Value)>) -> Result<(), ClearingError> {
        let mut sum = 0_i128;
        let mut next = 0_u32;
        for GenesisAccount { address, amount } in &self.accounts {
            let id = AccountId::new(next);
            let mut account = Account::new(id, *address, 0);
            account.cash = Quote::new(amount.signed());
            // Amounts sum to at most 2^120, as was checked.
            sum = sum.saturating_add(amount.signed());
            entries.push((keys::account_key(id), Value::from(encode(&account))));
            entries.push((keys::owner_key(address, 0), Value::new(&next.to_le_bytes())));
            next = next.checked_add(1).ok_or(ClearingError::TooMany)?;
        }
        let insurance = self.insurance.signed();
        let number = |number| Value::new(&encode_number(number));
        entries.push((keys::next_account_key(), Value::new(&next.to_le_bytes())));
        entries.push((Lane::Accounts.key(), number(sum)));
        entries.push((Lane::Insurance.key(), number(insurance)));
        entries.push((Lane::Vault.key(), number(sum.saturating_add(insurance))));
        Ok(())
    }
}

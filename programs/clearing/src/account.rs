//! A margin account.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_types::Address;
use heddle_types::Canonical;

use crate::error::ClearingError;
use crate::exposure::EXPOSURE_BYTES;
use crate::exposure::Exposure;
use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::limits::MARKETS_MAX;
use crate::margin::difference;
use crate::volume::Volume;

/// A margin account: collateral, and what it has in each market.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Whose.
    pub owner: Address,
    /// Which of the owner's.
    pub sub: u8,
    /// Whether it may act.
    pub status: AccountStatus,
    /// Isolated margin: the only market that it may hold. None for cross margin.
    pub isolated: Option<MarketId>,
    /// Whether it takes over positions of accounts in distress.
    pub is_backstop: bool,
    /// Which fees it pays, by what it traded.
    pub fee_tier: u8,
    /// The number of its next order.
    pub next_order: u32,
    /// Collateral; below zero it is owed.
    pub cash: Quote,
    /// What it traded lately.
    pub volume: Volume,
    /// By market, none of them empty.
    pub exposures: Vec<Exposure>,
}

/// Whether an account may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum AccountStatus {
    /// It may.
    Active = 0,
    /// It may not: settling it failed.
    Frozen = 1,
}

impl Canonical for Account {
    const NAME: &'static str = "margin account";
    const BYTES_MAX: usize = 112 + MARKETS_MAX * EXPOSURE_BYTES;
}

impl Account {
    /// A new account without collateral.
    pub const fn new(id: AccountId, owner: Address, sub: u8) -> Self {
        Self {
            id,
            owner,
            sub,
            status: AccountStatus::Active,
            isolated: None,
            is_backstop: false,
            fee_tier: 0,
            next_order: 0,
            cash: Quote::ZERO,
            volume: Volume::NONE,
            exposures: Vec::new(),
        }
    }

    /// Cash less what the positions cost: what of the vault is this account's, before the prices of the day.
    ///
    /// # Errors
    /// [`ClearingError::Overflow`].
    pub fn net(&self) -> Result<Quote, ClearingError> {
        let entries = self.exposures.iter().map(|exposure| exposure.entry);
        entries.into_iter().try_fold(self.cash, difference)
    }

    /// What it has in a market.
    #[inline]
    pub fn exposure(&self, market: MarketId) -> Option<&Exposure> {
        self.place_of(market).ok().map(|place| &self.exposures[place])
    }

    /// Where a market's exposure is, or belongs. Accounts hold few markets, most of them one.
    #[inline]
    pub(crate) fn place_of(&self, market: MarketId) -> Result<usize, usize> {
        let before = self.exposures.iter().take_while(|exposure| exposure.market < market).count();
        match self.exposures.get(before) {
            Some(exposure) if exposure.market == market => Ok(before),
            Some(_) | None => Err(before),
        }
    }
}

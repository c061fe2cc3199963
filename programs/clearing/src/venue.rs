//! What holds for all accounts and markets.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Quote;
use heddle_types::Address;
use heddle_types::AssetId;
use heddle_types::Canonical;

use crate::error::ClearingError;
use crate::limits::FEE_TIERS_MAX;

/// Who governs, what accounts hold, and how many markets there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Venue {
    /// Who changes parameters.
    pub authority: Address,
    /// The asset that accounts hold as collateral, and that everything is paid in.
    pub asset: AssetId,
    /// Volumes from which each fee tier holds, rising from zero.
    pub fee_volumes: [Quote; FEE_TIERS_MAX],
    /// How many markets there are: the number of the next one.
    pub markets: u16,
}

impl Canonical for Venue {
    const NAME: &'static str = "venue";
    const BYTES_MAX: usize = 110;
}

impl Venue {
    /// Checks that volumes rise from zero.
    ///
    /// # Errors
    /// [`ClearingError::InvalidParams`].
    pub fn check(&self) -> Result<(), ClearingError> {
        let is_good = self.fee_volumes[0].is_zero() && self.fee_volumes.is_sorted();
        if is_good { Ok(()) } else { Err(ClearingError::InvalidParams) }
    }
}

/// Where the ledger keeps what accounts hold: a balance that nobody has a key for.
pub fn vault() -> Address {
    static VAULT: std::sync::LazyLock<Address> =
        std::sync::LazyLock::new(|| Address::of_program("clearing"));
    *VAULT
}

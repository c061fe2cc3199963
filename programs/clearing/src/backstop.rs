//! Accounts that volunteered to take positions of others below two thirds of their maintenance margin.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Canonical;

use crate::ids::AccountId;
use crate::limits::BACKSTOPS_MAX;

#[cfg(test)]
mod tests;

/// The volunteers, by account. They take turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Backstops(Vec<AccountId>);

impl Canonical for Backstops {
    const NAME: &'static str = "backstops";
    const BYTES_MAX: usize = 4 + BACKSTOPS_MAX * 4;
}

/// No more can volunteer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackstopsFull;

impl Backstops {
    /// The account volunteers. Nothing changes if it already has.
    ///
    /// # Errors
    /// [`BackstopsFull`] from [`BACKSTOPS_MAX`] on.
    pub fn enter(&mut self, account: AccountId) -> Result<(), BackstopsFull> {
        let Err(place) = self.0.binary_search(&account) else {
            return Ok(());
        };
        if self.0.len() >= BACKSTOPS_MAX {
            return Err(BackstopsFull);
        }
        self.0.insert(place, account);
        Ok(())
    }

    /// The account volunteers no more.
    pub fn leave(&mut self, account: AccountId) {
        self.0.retain(|other| *other != account);
    }

    /// Whose turn it is: they come one after the other, by account, and then the first again.
    pub fn at(&self, turn: u64) -> Option<AccountId> {
        let count = u64::try_from(self.0.len()).ok()?;
        let place = usize::try_from(turn.checked_rem(count)?).ok()?;
        self.0.get(place).copied()
    }

    /// All of them.
    pub fn as_slice(&self) -> &[AccountId] {
        &self.0
    }
}

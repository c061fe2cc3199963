//! Accounts that volunteered to take positions of others below two thirds of their maintenance margin.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_types::Canonical;

use crate::ids::AccountId;
use crate::limits::BACKSTOPS_MAX;

#[cfg(test)]
mod tests;

/// The volunteers, in the order in which they are asked: whoever took a position is asked last from then on.
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
    /// The account volunteers, and is asked last. Nothing changes if it already has.
    ///
    /// # Errors
    /// [`BackstopsFull`] from [`BACKSTOPS_MAX`] on.
    pub fn enter(&mut self, account: AccountId) -> Result<(), BackstopsFull> {
        if self.0.contains(&account) {
            return Ok(());
        }
        if self.0.len() >= BACKSTOPS_MAX {
            return Err(BackstopsFull);
        }
        self.0.push(account);
        Ok(())
    }

    /// The account volunteers no more.
    pub fn leave(&mut self, account: AccountId) {
        self.0.retain(|other| *other != account);
    }

    /// The first that `takes`, which is asked last from now on.
    pub fn choose(&mut self, takes: impl FnMut(&AccountId) -> bool) -> Option<AccountId> {
        let place = self.0.iter().position(takes)?;
        let chosen = self.0.remove(place);
        self.0.push(chosen);
        Some(chosen)
    }

    /// All of them, in the order in which they are asked.
    pub fn as_slice(&self) -> &[AccountId] {
        &self.0
    }
}

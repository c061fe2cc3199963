//! Where clearing keeps what.

use heddle_types::Address;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::ids::AccountId;
use crate::ids::MarketId;

/// Where an account is: `"a" ‖ id`.
pub fn account_key(account: AccountId) -> StateKey {
    key(&[b"a", &account.get().to_be_bytes()])
}

/// Where the open orders of an account in a market are: `"w" ‖ id ‖ market`.
pub fn orders_key(account: AccountId, market: MarketId) -> StateKey {
    key(&[b"w", &account.get().to_be_bytes(), &market.get().to_be_bytes()])
}

/// Where the number of an owner's sub-account is: `"i" ‖ owner ‖ sub`.
pub fn owner_key(owner: &Address, sub: u8) -> StateKey {
    key(&[b"i", owner.as_bytes(), &[sub]])
}

/// Where an agent of an account is: `"g" ‖ id ‖ address`.
pub fn agent_key(account: AccountId, agent: &Address) -> StateKey {
    key(&[b"g", &account.get().to_be_bytes(), agent.as_bytes()])
}

/// Where a market's [`crate::MarketParams`] are: `"m" ‖ market`.
pub fn params_key(market: MarketId) -> StateKey {
    key(&[b"m", &market.get().to_be_bytes()])
}

/// Where a market's [`crate::MarketState`] is: `"s" ‖ market`.
pub fn market_state_key(market: MarketId) -> StateKey {
    key(&[b"s", &market.get().to_be_bytes()])
}

/// Where the exchange says what a market's book looks like: `"b" ‖ market`.
pub fn book_summary_key(market: MarketId) -> StateKey {
    key(&[b"b", &market.get().to_be_bytes()])
}

/// Where the [`crate::RiskTable`] is: `"t"`.
pub fn risk_table_key() -> StateKey {
    key(&[b"t"])
}

/// Where the program's own [`crate::Venue`] is: `"v"`.
pub fn venue_key() -> StateKey {
    key(&[b"v"])
}

/// Where the number of the next account is: `"n"`, 4 bytes, little-endian.
pub fn next_account_key() -> StateKey {
    key(&[b"n"])
}

/// Where the accounts are that take over positions of others: `"k"`.
pub fn backstops_key() -> StateKey {
    key(&[b"k"])
}

/// Where the outcomes are kept that a frozen account was not settled for: `"x" ‖ id ‖ height ‖ part`.
pub fn suspense_key(account: AccountId, height: Height, part: u16) -> StateKey {
    let (account, height) = (account.get().to_be_bytes(), height.get().to_be_bytes());
    key(&[b"x", &account, &height, &part.to_be_bytes()])
}

/// A sum of money that anybody may add to: 16 bytes, see [`heddle_sdk::encode_number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The insurance fund: `"l" ‖ 0`.
    Insurance,
    /// Fees received, rebates paid: `"l" ‖ 1`.
    Fees,
    /// What rounding left over: `"l" ‖ 2`.
    Dust,
    /// Sum of cash less entries over all accounts: `"l" ‖ 3`.
    Accounts,
    /// Cash less entries of what frozen accounts were not settled for: `"l" ‖ 4`.
    Suspense,
    /// What was paid into the vault less what was paid out: `"l" ‖ 5`.
    Vault,
    /// Funding paid and not received yet in a market: `"f" ‖ market`.
    Funding(MarketId),
    /// Shared loss collected and not passed on yet in a market: `"p" ‖ market`.
    SharedLoss(MarketId),
    /// Sum of all positions of a market, which is zero: `"z" ‖ market`.
    Lots(MarketId),
}

impl Lane {
    /// Where it is.
    pub fn key(self) -> StateKey {
        match self {
            Self::Insurance => key(&[b"l", &[0]]),
            Self::Fees => key(&[b"l", &[1]]),
            Self::Dust => key(&[b"l", &[2]]),
            Self::Accounts => key(&[b"l", &[3]]),
            Self::Suspense => key(&[b"l", &[4]]),
            Self::Vault => key(&[b"l", &[5]]),
            Self::Funding(market) => key(&[b"f", &market.get().to_be_bytes()]),
            Self::SharedLoss(market) => key(&[b"p", &market.get().to_be_bytes()]),
            Self::Lots(market) => key(&[b"z", &market.get().to_be_bytes()]),
        }
    }
}

fn key(parts: &[&[u8]]) -> StateKey {
    StateKey::new(ProgramId::CLEARING, parts).expect("at most 37 bytes, and 59 fit a key")
}

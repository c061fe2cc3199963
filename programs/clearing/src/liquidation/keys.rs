//! Where liquidation keeps what: everything begins with `"L"`.

use heddle_sdk::ResidentKey;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::ids::MarketId;

/// Where accounts are appended whose margin is to be looked at in this block's risk phase: `"Lt"`, see [`super::touch`].
pub fn touched_inbox() -> StateKey {
    key(b't', &[])
}

/// The liquidation index of a market: `"L" ‖ market`.
///
/// # Panics
/// Never: 3 bytes fit a name.
pub fn index_of(market: MarketId) -> ResidentKey {
    let [high, low] = market.get().to_be_bytes();
    ResidentKey::new(ProgramId::CLEARING, &[b'L', high, low]).expect("3 bytes fit a name")
}

/// A page of the accounts that the next block acts on: `"Lq" ‖ page`.
pub(super) fn queue_key(page: u8) -> StateKey {
    key(b'q', &[page])
}

/// A page of what accounts owe that insurance does not pay: `"Ld" ‖ page`.
pub(super) fn deficits_key(page: u8) -> StateKey {
    key(b'd', &[page])
}

/// A page of the positions of a market that the next block closes against others: `"Lp" ‖ market ‖ page`.
pub(super) fn plan_key(market: MarketId, page: u8) -> StateKey {
    let [high, low] = market.get().to_be_bytes();
    key(b'p', &[high, low, page])
}

/// Debts by which the market's loss index is still to be raised: `"Ls" ‖ market`, a number.
pub(super) fn to_share_key(market: MarketId) -> StateKey {
    key(b's', &market.get().to_be_bytes())
}

/// Where the risk phase says what is to be done: `"Li"`.
pub(super) fn intents_inbox() -> StateKey {
    key(b'i', &[])
}

/// Where the risk phase says what a market's index is to watch: `"Lu" ‖ market`.
pub(super) fn updates_inbox(market: MarketId) -> StateKey {
    key(b'u', &market.get().to_be_bytes())
}

/// Sums over all bad debts since genesis: `"Lb" ‖ which`, numbers. The first is the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BadDebt {
    /// What accounts owed, and owe no more.
    Settled = 0,
    /// What insurance paid of it.
    Insurance = 1,
    /// What counterparties paid of it by getting less than the mark.
    Deleveraged = 2,
    /// What was shared by all open interest.
    Shared = 3,
}

impl BadDebt {
    /// Where it is.
    pub fn key(self) -> StateKey {
        key(b'b', &[self as u8])
    }
}

fn key(tag: u8, rest: &[u8]) -> StateKey {
    StateKey::new(ProgramId::CLEARING, &[b"L", &[tag], rest]).expect("at most 5 bytes fit a key")
}

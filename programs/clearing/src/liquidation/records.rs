//! What one phase leaves for another.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_types::Canonical;
use heddle_types::UnixMillis;

use crate::ids::AccountId;
use crate::ids::MarketId;
use crate::index::Watched;
use crate::limits::DEFICITS_PER_PAGE;
use crate::limits::MATCHES_PER_PAGE;
use crate::limits::OWED_MARKETS_MAX;
use crate::limits::QUEUE_PER_PAGE;
use crate::limits::TOUCHED_PER_ENTRY;

/// An account to be looked at, and the market because of which, if it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Touched {
    /// Which.
    pub account: AccountId,
    /// Where its position changed, or crossed a threshold.
    pub market: Option<MarketId>,
}

impl Touched {
    /// Because of something that is not about one market.
    pub const fn account(account: AccountId) -> Self {
        Self { account, market: None }
    }
}

/// An entry of the inbox of accounts to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct TouchedEntry(pub(super) Vec<Touched>);

impl Canonical for TouchedEntry {
    const NAME: &'static str = "touched accounts";
    const BYTES_MAX: usize = 4 + TOUCHED_PER_ENTRY * 7;
}

/// What a market's index is to watch of an account from now on; nothing if it has no position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Update {
    pub(super) account: AccountId,
    pub(super) watched: Option<Watched>,
}

impl Canonical for Update {
    const NAME: &'static str = "liquidation index update";
    const BYTES_MAX: usize = 64;
}

/// What the risk phase found.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Intent {
    /// The account is to be acted on.
    Act(AccountId),
    /// It owes.
    Owes(Owes),
}

impl Canonical for Intent {
    const NAME: &'static str = "liquidation intent";
    const BYTES_MAX: usize = 32 + OWED_MARKETS_MAX * 26;
}

/// What an account owes, and its positions with their notionals, the largest ones.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Owes {
    pub(super) account: AccountId,
    pub(super) debt: Quote,
    pub(super) positions: Vec<OwedMarket>,
}

/// A position of an account that owes, and an amount of money: its notional, or its part of the debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct OwedMarket {
    pub(super) market: MarketId,
    pub(super) lots: SignedLots,
    pub(super) amount: Quote,
}

/// What an account owes after insurance, by market.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Deficit {
    pub(super) account: AccountId,
    pub(super) parts: Vec<OwedMarket>,
}

/// A page of deficits, by account.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Deficits(pub(super) Vec<Deficit>);

impl Canonical for Deficits {
    const NAME: &'static str = "deficits";
    const BYTES_MAX: usize = 4 + DEFICITS_PER_PAGE * (8 + OWED_MARKETS_MAX * 26);
}

/// A page of the accounts that the next block acts on.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Queue {
    pub(super) decided_at: UnixMillis,
    pub(super) entries: Vec<QueueEntry>,
}

impl Canonical for Queue {
    const NAME: &'static str = "liquidation queue";
    const BYTES_MAX: usize = 12 + QUEUE_PER_PAGE * 20;
}

/// An account to act on, and what insurance pays of what it owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct QueueEntry {
    pub(super) account: AccountId,
    pub(super) insurance: Quote,
}

/// A page of the positions of one market that the next block closes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Plan {
    pub(super) decided_at: UnixMillis,
    pub(super) closings: Vec<PlannedClosing>,
}

impl Canonical for Plan {
    const NAME: &'static str = "deleveraging plan";
    // A closing without matches counts as one.
    const BYTES_MAX: usize = 12 + MATCHES_PER_PAGE * (24 + 12);
}

/// A position to be closed against others, and what is owed for it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct PlannedClosing {
    pub(super) account: AccountId,
    pub(super) debt: Quote,
    pub(super) matches: Vec<(AccountId, Lots)>,
}

/// The markets in which an account is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Look {
    pub(super) account: AccountId,
    pub(super) markets: Vec<MarketId>,
}

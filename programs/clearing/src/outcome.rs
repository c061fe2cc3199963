//! What became of orders, as a market appends it for the accounts to be settled.

use borsh::BorshDeserialize;
use borsh::BorshSerialize;

use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::Canonical;
use heddle_types::ProgramId;
use heddle_types::StateKey;

use crate::ids::MarketId;
use crate::ids::OrderId;
use crate::ids::Side;
use crate::limits::OUTCOMES_MAX;

/// Something that happened to one order, or to two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Outcome {
    /// Two orders traded.
    Trade(Trade),
    /// An order is gone before it traded in full, or before it rested, and its account did not ask for that in this block.
    Closed(Closed),
    /// An order got smaller by so many lots without trading, by [`crate::SelfTrade::DecrementTake`]. One with nothing left is gone.
    Decremented(OrderId, Lots),
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Trade {
    /// The order that rested. In an auction, the one with the lower name.
    pub maker: OrderId,
    /// The order that came to it.
    pub taker: OrderId,
    /// What the taker did.
    pub taker_side: Side,
    /// At this price.
    pub price: Ticks,
    /// So much.
    pub lots: Lots,
    /// Which fees and rules it has.
    pub kind: TradeKind,
}

/// Which fees and rules a trade has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum TradeKind {
    /// The maker pays the maker's fee, the taker the taker's.
    Continuous = 0,
    /// Both pay the maker's fee, but no rebate is paid.
    Auction = 1,
    /// The taker is liquidated.
    Liquidation = 2,
}

/// An order that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Closed {
    /// Which.
    pub id: OrderId,
    /// What was left of it.
    pub lots: Lots,
    /// Why.
    pub reason: CloseReason,
}

/// Why an order is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum CloseReason {
    /// What was immediate could not trade further.
    Unfilled = 0,
    /// It had to trade in full and could not.
    Killed = 1,
    /// It must not take, and would have.
    WouldTake = 2,
    /// Its time is over.
    Expired = 3,
    /// It met an order of its own account.
    SelfTrade = 4,
    /// There is no position left that it could make smaller.
    NothingToReduce = 5,
    /// The market's open interest may not grow further.
    OpenInterestCap = 6,
    /// It has met as many orders as one order may in a block.
    MatchLimit = 7,
    /// The account's time to say that it lives is over.
    CancelAfter = 8,
    /// The price is outside of the market's band.
    OutsideBand = 9,
    /// The market does not take such orders now.
    MarketClosed = 10,
    /// The market broke and is frozen.
    MarketFrozen = 11,
    /// The book is full.
    BookFull = 12,
}

/// One entry of a market's outcomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Outcomes(pub Vec<Outcome>);

impl Canonical for Outcomes {
    const NAME: &'static str = "outcomes";
    // The longest outcome is a trade: 31 bytes and its kind.
    const BYTES_MAX: usize = 4 + OUTCOMES_MAX * 40;
}

/// Where a market's outcomes are appended.
///
/// # Panics
/// Never: 3 bytes fit a key.
pub fn outcome_inbox(market: MarketId) -> StateKey {
    StateKey::new(ProgramId::CLEARING, &[b"o", &market.get().to_be_bytes()]).expect("3 bytes fit")
}

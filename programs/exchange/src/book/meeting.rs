//! What happens where an incoming order meets a resting one: the rules, on plain values, for both the order that is matched and
//! the one that is only tried.

use heddle_clearing::AccountId;
use heddle_clearing::CloseReason;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;

use super::env::Band;
use super::env::Env;
use super::traders;

/// An order, as far as it matters to the one that it meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Party {
    /// Whose.
    pub(super) account: AccountId,
    /// What that account's position is now.
    pub(super) position: SignedLots,
    /// What is left of it; of an iceberg that rests, what others see.
    pub(super) lots: Lots,
    /// Whether it may only make a position smaller.
    pub(super) reduce_only: bool,
}

/// What comes of a meeting. Nothing happens to whom it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// So much trades. Not zero.
    Trade(Lots),
    /// Both get smaller by so much.
    Decrement(Lots),
    /// The resting order goes, and the incoming one goes on.
    CloseMaker(CloseReason),
    /// What is left of the incoming order goes.
    CloseTaker(CloseReason),
}

/// What the two do not know of themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub(super) env: &'a Env,
    /// Of the incoming order.
    pub(super) taker_side: Side,
    /// Of the incoming order.
    pub(super) self_trade: SelfTrade,
    /// The resting order's.
    pub(super) price: Ticks,
    pub(super) open_interest: Lots,
}

/// What comes of it where `taker` meets `maker`.
#[inline]
pub(super) fn meet(terms: &Terms<'_>, taker: &Party, maker: &Party) -> Meeting {
    if let Some(band) = &terms.env.band
        && !band.contains(terms.price)
    {
        return outside(band, terms);
    }
    if taker.account == maker.account {
        return meet_oneself(terms.self_trade, taker, maker);
    }
    let mut lots = taker.lots.min(maker.lots);
    if taker.reduce_only {
        lots = lots.min(traders::reducible(taker.position, terms.taker_side));
        if lots.is_zero() {
            return Meeting::CloseTaker(CloseReason::NothingToReduce);
        }
    }
    if maker.reduce_only {
        lots = lots.min(traders::reducible(maker.position, terms.taker_side.opposite()));
        if lots.is_zero() {
            return Meeting::CloseMaker(CloseReason::NothingToReduce);
        }
    }
    lots = lots.min(most_for_open_interest(terms, lots, taker, maker));
    if lots.is_zero() {
        return Meeting::CloseTaker(CloseReason::OpenInterestCap);
    }
    Meeting::Trade(lots)
}

/// Who is to blame: the incoming order if it went past the band, the resting one if the band went past it.
#[cold]
fn outside(band: &Band, terms: &Terms<'_>) -> Meeting {
    let is_past = match terms.taker_side {
        Side::Buy => terms.price > band.high,
        Side::Sell => terms.price < band.low,
    };
    let reason = CloseReason::OutsideBand;
    if is_past { Meeting::CloseTaker(reason) } else { Meeting::CloseMaker(reason) }
}

fn meet_oneself(rule: SelfTrade, taker: &Party, maker: &Party) -> Meeting {
    match rule {
        SelfTrade::Abort => Meeting::CloseTaker(CloseReason::SelfTrade),
        SelfTrade::CancelProvide => Meeting::CloseMaker(CloseReason::SelfTrade),
        SelfTrade::DecrementTake => Meeting::Decrement(taker.lots.min(maker.lots)),
    }
}

/// The most that the two may trade, if they want to trade `lots`, so that open interest does not pass its bound.
///
/// It grows by what the buyer's long position grows, less what the seller's shrinks. So a trade of as much as the buyer is short
/// and the seller long adds nothing, and what goes beyond adds all of itself.
#[inline]
fn most_for_open_interest(terms: &Terms<'_>, lots: Lots, taker: &Party, maker: &Party) -> Lots {
    let room = terms.env.open_interest_cap.get().saturating_sub(terms.open_interest.get());
    if lots.get() <= room {
        return lots;
    }
    let closes = traders::reducible(taker.position, terms.taker_side).get();
    let closes_too = traders::reducible(maker.position, terms.taker_side.opposite()).get();
    Lots::new(room.saturating_add(closes).saturating_add(closes_too))
}

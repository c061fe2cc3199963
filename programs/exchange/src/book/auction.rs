//! The call auction: all that has collected trades at one price.
//!
//! That is the price at which most lots trade; of several such prices, which are always neighbours, the middle of the lowest and
//! the highest, rounded down (Vega). Who takes part is paired best price first, then oldest first, until one side has nobody left
//! within the price.
//!
//! The rules of a meeting are those of continuous matching, with the younger order in the place of the incoming one: its rule says what
//! happens where an account meets itself, and it goes when open interest may not grow. A reduce-only order counts for the price with
//! what its account's position allows before the auction. An iceberg takes part with all of it, at its place: shown bit by bit, two of
//! them could take as many meetings as they have lots.
//!
//! Orders priced beyond the band, which has moved past them since they came, are closed before: what is left of both sides can only
//! meet within it. The book is never crossed afterwards. Where others could still trade, because
//! some were closed on the way that counted for the price, there is another round, at a price of its own; and after the last one that
//! may be, the younger of two that could still trade is closed.

use heddle_clearing::CloseReason;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Side;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::Ticks;

use super::Book;
use super::env::Env;
use super::env::Uncrossing;
use super::limits::AUCTION_ROUNDS_MAX;
use super::meeting;
use super::meeting::Meeting;
use super::meeting::Party;
use super::meeting::Terms;
use super::rank::Rank;
use super::slab::Slot;
use super::traders;

/// Two orders that both accept the auction's price.
#[derive(Clone, Copy, Debug)]
struct Pair {
    price: Ticks,
    bid: Slot,
    ask: Slot,
}

/// Lots that are wanted at a price or better, by price, best first.
type Demand = Vec<(Ticks, u64)>;

impl Book {
    /// What an auction would come to now. None when no two orders could trade.
    pub fn indicative(&self) -> Option<Uncrossing> {
        let (bid, ask) = (self.best(Side::Buy)?, self.best(Side::Sell)?);
        uncrossing(&self.demand(Side::Buy, ask), &self.demand(Side::Sell, bid))
    }

    /// Stage 6, and before stage 4 where orders have collected without an auction.
    pub(super) fn uncross(&mut self, env: &Env, out: &mut Vec<Outcome>) {
        if let Some(band) = env.band {
            self.close_beyond(Side::Buy, band.high, out);
            self.close_beyond(Side::Sell, band.low, out);
        }
        for _ in 0..AUCTION_ROUNDS_MAX {
            let Some(Uncrossing { price, .. }) = self.indicative() else { break };
            self.round(env, price, out);
        }
        while let Some(pair) = self.crossing() {
            let meeting = match self.meeting_at(env, &pair) {
                Meeting::Trade(_) => Meeting::CloseTaker(CloseReason::MatchLimit),
                other @ (Meeting::Decrement(_)
                | Meeting::CloseMaker(_)
                | Meeting::CloseTaker(_)) => other,
            };
            self.settle(&pair, meeting, out);
        }
        for id in std::mem::take(&mut self.immediate) {
            if let Some(slot) = self.orders.find(id) {
                self.close_resting(slot, CloseReason::Unfilled, out);
            }
        }
    }

    fn round(&mut self, env: &Env, price: Ticks, out: &mut Vec<Outcome>) {
        while let Some(pair) = self.pair(price) {
            let meeting = self.meeting_at(env, &pair);
            self.settle(&pair, meeting, out);
        }
    }

    /// Closes the orders of a side that are better than `most`.
    fn close_beyond(&mut self, side: Side, most: Ticks, out: &mut Vec<Outcome>) {
        while let Some((rank, slot)) = self.ladder(side).first()
            && rank < Rank::of(side, most)
        {
            self.close_resting(slot, CloseReason::OutsideBand, out);
        }
    }

    /// The best bid and the best ask, if they could trade.
    fn crossing(&self) -> Option<Pair> {
        let price = self.best(Side::Sell)?;
        self.pair(price)
    }

    /// The lots of a side at prices as good as `worst` or better.
    fn demand(&self, side: Side, worst: Ticks) -> Demand {
        let worst = Rank::of(side, worst);
        let mut sum = 0_u64;
        let levels = self.ladder(side).levels().take_while(|(rank, _)| *rank <= worst);
        levels
            .map(|(rank, head)| {
                let lots = self.orders.queue(head).map(|slot| self.tradable(slot).get());
                // 2^17 orders of 2^40 lots.
                sum = lots.fold(sum, u64::saturating_add);
                (rank.price(side), sum)
            })
            .collect()
    }

    fn tradable(&self, slot: Slot) -> Lots {
        let order = self.orders.get(slot);
        if order.reduce_only {
            let position = self.traders.get(order.seat).lots;
            order.lots.min(traders::reducible(position, order.side))
        } else {
            order.lots
        }
    }

    /// The first bid and the first ask that both accept the price.
    fn pair(&self, price: Ticks) -> Option<Pair> {
        let first = |side| {
            let (rank, slot) = self.ladder(side).first()?;
            (rank <= Rank::of(side, price)).then_some(slot)
        };
        Some(Pair { price, bid: first(Side::Buy)?, ask: first(Side::Sell)? })
    }

    fn meeting_at(&self, env: &Env, pair: &Pair) -> Meeting {
        let (young, old) = (pair.young(self), pair.old(self));
        let terms = Terms {
            env,
            taker_side: self.orders.get(young).side,
            self_trade: self.orders.get(young).self_trade,
            price: pair.price,
            open_interest: self.traders.open_interest(),
        };
        meeting::meet(&terms, &self.party(young), &self.party(old))
    }

    fn settle(&mut self, pair: &Pair, meeting: Meeting, out: &mut Vec<Outcome>) {
        let (young, old) = (pair.young(self), pair.old(self));
        match meeting {
            Meeting::Trade(lots) => self.trade_at(pair, lots, out),
            Meeting::Decrement(lots) => {
                for slot in [young, old] {
                    out.push(Outcome::Decremented(self.orders.get(slot).id, lots));
                    self.shrink(slot, lots);
                }
            }
            Meeting::CloseTaker(reason) => self.close_resting(young, reason, out),
            Meeting::CloseMaker(reason) => self.close_resting(old, reason, out),
        }
    }

    fn party(&self, slot: Slot) -> Party {
        let order = self.orders.get(slot);
        Party {
            account: order.id.account,
            position: self.traders.get(order.seat).lots,
            lots: order.lots,
            reduce_only: order.reduce_only,
        }
    }

    fn trade_at(&mut self, pair: &Pair, lots: Lots, out: &mut Vec<Outcome>) {
        let Pair { price, bid, ask } = *pair;
        let (buyer, seller) = (self.orders.get(bid), self.orders.get(ask));
        let seats = (buyer.seat, seller.seat);
        out.push(Outcome::Trade(trade(price, buyer.id, seller.id, lots)));
        self.shift(seats.0, Side::Buy, lots);
        self.shift(seats.1, Side::Sell, lots);
        self.count(price, lots);
        self.shrink(bid, lots);
        self.shrink(ask, lots);
    }
}

impl Pair {
    fn young(&self, book: &Book) -> Slot {
        if self.is_bid_younger(book) { self.bid } else { self.ask }
    }

    fn old(&self, book: &Book) -> Slot {
        if self.is_bid_younger(book) { self.ask } else { self.bid }
    }

    fn is_bid_younger(&self, book: &Book) -> bool {
        book.orders.get(self.bid).priority > book.orders.get(self.ask).priority
    }
}

fn trade(price: Ticks, buyer: OrderId, seller: OrderId, lots: Lots) -> Trade {
    let (maker, taker, taker_side) =
        if buyer < seller { (buyer, seller, Side::Sell) } else { (seller, buyer, Side::Buy) };
    Trade { maker, taker, taker_side, price, lots, kind: TradeKind::Auction }
}

/// The price of most volume. Bids wanted at a price fall as it rises and asks rise, so the most is reached between two of the
/// prices named: the lowest at which enough is asked, and the highest at which enough is bid.
fn uncrossing(bids: &Demand, asks: &Demand) -> Option<Uncrossing> {
    let asked = |price: Ticks| {
        let within = asks.partition_point(|(ask, _)| *ask <= price);
        within.checked_sub(1).map_or(0, |last| asks[last].1)
    };
    let most = bids.iter().map(|(price, bid)| (*bid).min(asked(*price))).max()?;
    if most == 0 {
        return None;
    }
    let first =
        |side: &Demand| side.iter().find(|(_, lots)| *lots >= most).map(|(price, _)| *price);
    let (low, high) = (first(asks)?, first(bids)?);
    let half = high.get().saturating_sub(low.get()) >> 1;
    Some(Uncrossing { price: Ticks::new(low.get().saturating_add(half)), lots: Lots::new(most) })
}

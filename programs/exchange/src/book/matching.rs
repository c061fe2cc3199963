//! An incoming order against the other side: best price first, oldest first.

use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_num::Ticks;

use super::Book;
use super::env::Band;
use super::env::Env;
use super::limits::MATCHES_PER_ORDER_MAX;
use super::meeting;
use super::meeting::Meeting;
use super::meeting::Party;
use super::meeting::Terms;
use super::rank::Rank;
use super::slab::Extra;
use super::slab::Order;
use super::slab::Slot;
use super::traders;
use super::traders::Seat;

/// An order on its way through the other side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) id: OrderId,
    pub(super) seat: Seat,
    pub(super) side: Side,
    /// The worst rank on the other side that it takes.
    pub(super) limit: Rank,
    /// What is left of it.
    pub(super) left: Lots,
    pub(super) self_trade: SelfTrade,
    pub(super) reduce_only: bool,
    is_liquidation: bool,
}

impl Taker {
    /// Before it has met anyone.
    #[inline]
    pub(super) const fn new(place: &Place, seat: Seat) -> Self {
        Self {
            id: place.id,
            seat,
            side: place.side,
            limit: Rank::of(place.side.opposite(), place.price),
            left: place.lots,
            self_trade: place.self_trade,
            reduce_only: place.reduce_only,
            is_liquidation: place.is_liquidation,
        }
    }

    /// As whom it meets others.
    #[inline]
    pub(super) const fn party(&self, position: SignedLots) -> Party {
        Party { account: self.id.account, position, lots: self.left, reduce_only: self.reduce_only }
    }
}

impl Book {
    /// Takes in an active order: it trades with what it meets, and what is left of it rests or goes.
    #[inline]
    pub(super) fn enter(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        let Some(seat) = self.traders.add_order(place.id.account) else {
            return close(place.id, place.lots, CloseReason::BookFull, out);
        };
        let mut taker = Taker::new(place, seat);
        let reason = match self.refusal(env, place, &taker) {
            Some(reason) => Some(reason),
            None => self.take(env, &mut taker, out).or_else(|| self.rest(env, place, &taker)),
        };
        if let Some(reason) = reason {
            close(place.id, taker.left, reason, out);
            self.traders.drop_order(seat);
        } else if taker.left.is_zero() {
            self.traders.drop_order(seat);
        }
    }

    /// Why the order may not even try.
    #[inline]
    fn refusal(&mut self, env: &Env, place: &Place, taker: &Taker) -> Option<CloseReason> {
        if let Some(reason) = self.refusal_to_rest(env, place, taker.seat) {
            return Some(reason);
        }
        match place.time_in_force {
            TimeInForce::PostOnly => {
                let first = self.ladder(taker.side.opposite()).first();
                let takes = first.is_some_and(|(rank, _)| rank <= taker.limit);
                takes.then_some(CloseReason::WouldTake)
            }
            TimeInForce::FillOrKill => {
                (!self.would_fill(env, taker)).then_some(CloseReason::Killed)
            }
            TimeInForce::GoodTillCancelled
            | TimeInForce::GoodTillTime(_)
            | TimeInForce::ImmediateOrCancel => None,
        }
    }

    /// Why the order may not be in the book at all.
    #[inline]
    pub(super) fn refusal_to_rest(
        &self,
        env: &Env,
        place: &Place,
        seat: Seat,
    ) -> Option<CloseReason> {
        if place.reduce_only {
            let position = self.traders.get(seat).lots;
            if traders::reducible(position, place.side).is_zero() {
                return Some(CloseReason::NothingToReduce);
            }
        }
        match place.time_in_force {
            TimeInForce::GoodTillTime(end) => (end <= env.now).then_some(CloseReason::Expired),
            TimeInForce::GoodTillCancelled
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill
            | TimeInForce::PostOnly => None,
        }
    }

    /// Meets resting orders until nothing is left, or none is left within its price. Why it ends before that, if it does.
    #[inline]
    fn take(
        &mut self,
        env: &Env,
        taker: &mut Taker,
        out: &mut Vec<Outcome>,
    ) -> Option<CloseReason> {
        let side = taker.side.opposite();
        let mut met = 0_u32;
        while !taker.left.is_zero() {
            let (rank, slot) = self.ladder(side).first()?;
            if rank > taker.limit {
                break;
            }
            if met == MATCHES_PER_ORDER_MAX {
                return Some(CloseReason::MatchLimit);
            }
            met = met.saturating_add(1);
            match self.meeting(env, taker, rank.price(side), slot) {
                Meeting::Trade(lots) => self.trade(taker, slot, lots, out),
                Meeting::Decrement(lots) => self.decrement(taker, slot, lots, out),
                Meeting::CloseMaker(reason) => self.close_resting(slot, reason, out),
                Meeting::CloseTaker(reason) => {
                    self.tally.hit_band |= reason == CloseReason::OutsideBand;
                    return Some(reason);
                }
            }
        }
        None
    }

    #[inline]
    fn meeting(&self, env: &Env, taker: &Taker, price: Ticks, slot: Slot) -> Meeting {
        let maker = self.orders.get(slot);
        let terms = Terms {
            env,
            taker_side: taker.side,
            self_trade: taker.self_trade,
            price,
            open_interest: self.traders.open_interest(),
        };
        let maker = Party {
            account: maker.id.account,
            position: self.traders.get(maker.seat).lots,
            lots: self.orders.shown(slot),
            reduce_only: maker.reduce_only,
        };
        meeting::meet(&terms, &taker.party(self.traders.get(taker.seat).lots), &maker)
    }

    #[inline]
    fn trade(&mut self, taker: &mut Taker, slot: Slot, lots: Lots, out: &mut Vec<Outcome>) {
        let maker = self.orders.get(slot);
        let (seat, price) = (maker.seat, maker.price());
        out.push(Outcome::Trade(Trade {
            maker: maker.id,
            taker: taker.id,
            taker_side: taker.side,
            price,
            lots,
            kind: if taker.is_liquidation { TradeKind::Liquidation } else { TradeKind::Continuous },
        }));
        taker.left = less(taker.left, lots);
        self.shift(taker.seat, taker.side, lots);
        self.shift(seat, taker.side.opposite(), lots);
        self.count(price, lots);
        self.consume(slot, lots);
    }

    /// Moves a position by what an order of `side` traded.
    #[inline]
    pub(super) fn shift(&mut self, seat: Seat, side: Side, lots: Lots) {
        // No order has more than 2^40 lots. If one had, its trade would pass a position's bound, which panics.
        let lots = i64::try_from(lots.get()).unwrap_or(i64::MAX);
        let by = match side {
            Side::Buy => lots,
            Side::Sell => lots.wrapping_neg(),
        };
        self.traders.shift(seat, SignedLots::new(by));
    }

    /// Counts a trade for the block's summary.
    #[inline]
    pub(super) fn count(&mut self, price: Ticks, lots: Lots) {
        self.head.last = Some(price);
        let volume = &mut self.tally.volume;
        *volume = Lots::new(volume.get().saturating_add(lots.get()));
        let traded = self.tally.traded.unwrap_or(Band { low: price, high: price });
        self.tally.traded = Some(traded.with(price));
    }

    /// Makes a resting order smaller by what it traded of what others saw of it. An iceberg that has shown all shows
    /// more, behind the others of its price; an order with nothing left is gone.
    #[inline]
    pub(super) fn consume(&mut self, slot: Slot, lots: Lots) {
        let order = self.orders.change(slot);
        if order.lots <= lots {
            return self.remove(slot);
        }
        order.lots = less(order.lots, lots);
        if order.has_extra {
            self.consume_shown(slot, lots);
        }
    }

    #[cold]
    fn consume_shown(&mut self, slot: Slot, lots: Lots) {
        let left = self.orders.get(slot).lots;
        let extra = self.orders.change_extra(slot);
        let Some(display) = extra.display else { return };
        extra.shown = less(extra.shown, lots);
        if extra.shown.is_zero() {
            extra.shown = display.min(left);
            let priority = self.next_priority();
            let order = self.orders.change(slot);
            order.priority = priority;
            let (side, rank) = (order.side, order.rank);
            self.ladders[side as usize].rotate(&mut self.orders, rank, slot);
        }
    }

    #[cold]
    fn decrement(&mut self, taker: &mut Taker, slot: Slot, lots: Lots, out: &mut Vec<Outcome>) {
        out.push(Outcome::Decremented(taker.id, lots));
        out.push(Outcome::Decremented(self.orders.get(slot).id, lots));
        taker.left = less(taker.left, lots);
        self.consume(slot, lots);
    }

    #[cold]
    pub(super) fn close_resting(
        &mut self,
        slot: Slot,
        reason: CloseReason,
        out: &mut Vec<Outcome>,
    ) {
        let order = self.orders.get(slot);
        close(order.id, order.lots, reason, out);
        self.remove(slot);
    }

    /// Puts what is left of an order into the book, if it is one that stays. Why it goes, if it does.
    #[inline]
    fn rest(&mut self, env: &Env, place: &Place, taker: &Taker) -> Option<CloseReason> {
        if taker.left.is_zero() {
            return None;
        }
        match place.time_in_force {
            TimeInForce::ImmediateOrCancel => return Some(CloseReason::Unfilled),
            TimeInForce::FillOrKill => return Some(CloseReason::Killed),
            TimeInForce::GoodTillCancelled
            | TimeInForce::GoodTillTime(_)
            | TimeInForce::PostOnly => {}
        }
        if is_beyond(env, place) {
            return Some(CloseReason::OutsideBand);
        }
        self.put(place, taker.left, taker.seat)
    }

    /// Puts what is left of an order into the book. Why that is not possible, if it is not.
    #[inline]
    pub(super) fn put(&mut self, place: &Place, left: Lots, seat: Seat) -> Option<CloseReason> {
        let priority = self.next_priority();
        let mut order = Order::new(place, left, seat, priority);
        order.has_extra = place.display.is_some();
        let (side, rank) = (order.side, order.rank);
        let shown = place.display.map_or(Lots::ZERO, |display| display.min(left));
        let extra = Extra { trigger: None, display: place.display, shown };
        let Some(slot) = self.orders.insert(order, extra) else {
            return Some(CloseReason::BookFull);
        };
        if let TimeInForce::GoodTillTime(end) = place.time_in_force {
            self.timers.expiries.insert((end, place.id));
        }
        self.ladders[side as usize].push(&mut self.orders, rank, slot);
        None
    }
}

/// Whether the order would, once it rests, ask others to trade with it outside of the band.
#[inline]
fn is_beyond(env: &Env, place: &Place) -> bool {
    env.band.is_some_and(|band| match place.side {
        Side::Buy => place.price > band.high,
        Side::Sell => place.price < band.low,
    })
}

/// An order is gone.
#[cold]
pub(super) fn close(id: OrderId, lots: Lots, reason: CloseReason, out: &mut Vec<Outcome>) {
    out.push(Outcome::Closed(Closed { id, lots, reason }));
}

/// What is left. Nothing trades more than it has.
#[inline]
pub(super) fn less(lots: Lots, by: Lots) -> Lots {
    Lots::new(lots.get().saturating_sub(by.get()))
}

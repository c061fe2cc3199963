//! Whether an order would trade in full, found out without touching anything.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use heddle_clearing::Side;
use heddle_num::Lots;
use heddle_num::SignedLots;

use super::Book;
use super::env::Env;
use super::limits::MATCHES_PER_ORDER_MAX;
use super::limits::REHEARSALS_PER_BLOCK_MAX;
use super::matching::Taker;
use super::matching::less;
use super::meeting;
use super::meeting::Meeting;
use super::meeting::Party;
use super::meeting::Terms;
use super::rank::Rank;
use super::slab::Slot;
use super::traders::Seat;

/// An order that goes through the other side as if it traded, with the positions as they would be.
struct Rehearsal<'a> {
    book: &'a Book,
    env: &'a Env,
    taker: Taker,
    positions: BTreeMap<Seat, SignedLots>,
    open_interest: u64,
    met: u32,
}

/// A resting order as the rehearsal left it.
#[derive(Clone, Copy)]
struct Left {
    slot: Slot,
    lots: Lots,
    shown: Lots,
}

impl Book {
    /// Whether all of the order would trade at once. Not once so many were tried in this block that it would take too long.
    pub(super) fn would_fill(&mut self, env: &Env, taker: &Taker) -> bool {
        if self.tally.rehearsed >= REHEARSALS_PER_BLOCK_MAX {
            return false;
        }
        let (would_fill, met) = self.rehearse(env, taker);
        self.tally.rehearsed = self.tally.rehearsed.saturating_add(met);
        would_fill
    }

    /// Whether all of the order would trade, and how many orders it met.
    fn rehearse(&self, env: &Env, taker: &Taker) -> (bool, u32) {
        let limit = taker.limit;
        let mut rehearsal = Rehearsal {
            book: self,
            env,
            taker: *taker,
            positions: BTreeMap::new(),
            open_interest: self.traders.open_interest().get(),
            met: 0,
        };
        let levels = self.ladder(taker.side.opposite()).levels();
        for (rank, head) in levels.take_while(|(rank, _)| *rank <= limit) {
            let goes_on = rehearsal.sweep(rank, head);
            if rehearsal.taker.left.is_zero() || !goes_on {
                break;
            }
        }
        (rehearsal.taker.left.is_zero(), rehearsal.met)
    }
}

impl Rehearsal<'_> {
    /// Meets the orders of one level. False when the order ends there.
    fn sweep(&mut self, rank: Rank, head: Slot) -> bool {
        let mut refilled = VecDeque::new();
        for slot in self.book.orders.queue(head) {
            let lots = self.book.orders.get(slot).lots;
            let mut maker = Left { slot, lots, shown: self.book.orders.shown(slot) };
            if !self.meet(rank, &mut maker) {
                return false;
            }
            refilled.extend(Some(maker).filter(|maker| !maker.lots.is_zero()));
        }
        while let Some(mut maker) = refilled.pop_front() {
            if !self.meet(rank, &mut maker) {
                return false;
            }
            refilled.extend(Some(maker).filter(|maker| !maker.lots.is_zero()));
        }
        true
    }

    /// Meets one resting order until it has shown all that it shows, so that it is gone or has lost its place. False when the incoming
    /// order ends there.
    fn meet(&mut self, rank: Rank, maker: &mut Left) -> bool {
        while !maker.shown.is_zero() {
            if self.taker.left.is_zero() || self.met == MATCHES_PER_ORDER_MAX {
                return false;
            }
            self.met = self.met.saturating_add(1);
            match self.meeting(rank, maker) {
                Meeting::Trade(lots) => self.trade(maker, lots),
                Meeting::CloseMaker(_) => (maker.lots, maker.shown) = (Lots::ZERO, Lots::ZERO),
                Meeting::CloseTaker(_) | Meeting::Decrement(_) => return false,
            }
        }
        let display = self.book.orders.extra(maker.slot).display;
        maker.shown = display.map_or(maker.lots, |display| display.min(maker.lots));
        true
    }

    fn meeting(&self, rank: Rank, maker: &Left) -> Meeting {
        let order = self.book.orders.get(maker.slot);
        let terms = Terms {
            env: self.env,
            taker_side: self.taker.side,
            self_trade: self.taker.self_trade,
            price: rank.price(order.side),
            open_interest: Lots::new(self.open_interest),
        };
        let party = Party {
            account: order.id.account,
            position: self.position(order.seat),
            lots: maker.shown,
            reduce_only: order.reduce_only,
        };
        meeting::meet(&terms, &self.taker.party(self.position(self.taker.seat)), &party)
    }

    fn trade(&mut self, maker: &mut Left, lots: Lots) {
        maker.lots = less(maker.lots, lots);
        maker.shown = less(maker.shown, lots);
        self.taker.left = less(self.taker.left, lots);
        let seat = self.book.orders.get(maker.slot).seat;
        self.shift(self.taker.seat, self.taker.side, lots);
        self.shift(seat, self.taker.side.opposite(), lots);
    }

    fn position(&self, seat: Seat) -> SignedLots {
        self.positions.get(&seat).copied().unwrap_or_else(|| self.book.traders.get(seat).lots)
    }

    fn shift(&mut self, seat: Seat, side: Side, lots: Lots) {
        let old = self.position(seat);
        // Far below 2^63: a position has 2^48 lots at most, and an order 2^40.
        let by = i64::try_from(lots.get()).unwrap_or(i64::MAX);
        let new = match side {
            Side::Buy => old.get().saturating_add(by),
            Side::Sell => old.get().saturating_sub(by),
        };
        let grown = self.open_interest.saturating_add(new.max(0).unsigned_abs());
        self.open_interest = grown.saturating_sub(old.get().max(0).unsigned_abs());
        self.positions.insert(seat, SignedLots::new(new));
    }
}

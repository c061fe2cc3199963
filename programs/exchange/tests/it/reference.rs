//! The rules of a book in the plainest form: one list of orders, searched from end to end each time. All or nothing is tried on
//! a copy.

use std::collections::BTreeMap;

use heddle_clearing::AccountId;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Band;
use heddle_exchange::Env;
use heddle_exchange::Level;
use heddle_exchange::Matching;
use heddle_exchange::book_limits::AUCTION_ROUNDS_MAX;
use heddle_exchange::book_limits::MATCHES_PER_ORDER_MAX;
use heddle_num::Lots;
use heddle_num::Ticks;
use heddle_types::UnixMillis;

/// A book in the plainest form.
#[derive(Clone, Default)]
pub(crate) struct Reference {
    orders: Vec<Order>,
    positions: BTreeMap<AccountId, i64>,
    deadlines: BTreeMap<AccountId, UnixMillis>,
    last: Option<Ticks>,
    next_age: u64,
}

#[derive(Clone)]
struct Order {
    /// With what is left of it; with a trigger while it waits.
    place: Place,
    shown: u64,
    age: u64,
    /// Its first age.
    came: u64,
}

/// Why an incoming order ended.
enum End {
    Nothing,
    Closed(CloseReason),
}

impl Reference {
    pub(crate) fn run_block(&mut self, env: &Env, instructions: &[Instruction]) -> Vec<Outcome> {
        let mut out = Vec::new();
        for instruction in instructions {
            match *instruction {
                Instruction::MovePosition(account, by) => self.shift(account, by.get()),
                Instruction::CancelAfter(account, Some(time)) => {
                    self.deadlines.insert(account, time);
                }
                Instruction::CancelAfter(account, None) => {
                    self.deadlines.remove(&account);
                }
                Instruction::Place(_) | Instruction::Cancel(_) | Instruction::Reduce(..) => {}
            }
        }
        for instruction in instructions {
            match *instruction {
                Instruction::Cancel(id) => self.orders.retain(|order| order.place.id != id),
                Instruction::Reduce(id, by) => self.reduce(id, by.get()),
                _ => {}
            }
        }
        self.expire(env, &mut out);
        let crosses = self.depth(Side::Buy).first().map(|level| level.price)
            >= self.depth(Side::Sell).first().map(|level| level.price)
            && !self.depth(Side::Sell).is_empty();
        if env.mode == Matching::Continuous && crosses {
            self.uncross(env, &mut out);
        }
        self.trigger(env, &mut out);
        for post_only in [true, false] {
            for place in placed(instructions) {
                if (place.time_in_force == TimeInForce::PostOnly) == post_only {
                    self.place(env, &place, &mut out);
                }
            }
        }
        if env.mode == Matching::Uncross {
            self.uncross(env, &mut out);
        }
        out
    }

    pub(crate) fn depth(&self, side: Side) -> Vec<Level> {
        let mut levels = BTreeMap::<u32, (u64, u32)>::new();
        for order in self.orders.iter().filter(|order| rests(order, side)) {
            let level = levels.entry(order.place.price.get()).or_default();
            *level = (level.0 + order.shown, level.1 + 1);
        }
        let level = |(price, (lots, orders))| Level {
            price: Ticks::new(price),
            lots: Lots::new(lots),
            orders,
        };
        let levels = levels.into_iter().map(level);
        match side {
            Side::Buy => levels.rev().collect(),
            Side::Sell => levels.collect(),
        }
    }

    pub(crate) fn orders_of(&self, account: AccountId) -> Vec<Place> {
        let mut theirs: Vec<&Order> =
            self.orders.iter().filter(|order| order.place.id.account == account).collect();
        theirs.sort_by_key(|order| order.age);
        theirs.into_iter().map(|order| order.place).collect()
    }

    pub(crate) fn position(&self, account: AccountId) -> i64 {
        self.positions.get(&account).copied().unwrap_or(0)
    }

    pub(crate) fn open_interest(&self) -> u64 {
        self.positions.values().filter_map(|lots| u64::try_from(*lots).ok()).sum()
    }

    pub(crate) fn last(&self) -> Option<Ticks> {
        self.last
    }

    pub(crate) fn next_due(&self) -> Option<UnixMillis> {
        let ends = self.orders.iter().filter_map(|order| end(&order.place));
        ends.chain(self.deadlines.values().copied()).min()
    }

    fn expire(&mut self, env: &Env, out: &mut Vec<Outcome>) {
        let mut ended: Vec<(UnixMillis, OrderId)> = Vec::new();
        for order in &self.orders {
            ended.extend(
                end(&order.place).filter(|end| *end <= env.now).map(|end| (end, order.place.id)),
            );
        }
        ended.sort_unstable();
        for (_, id) in ended {
            self.close(id, CloseReason::Expired, out);
        }
        let late: Vec<AccountId> = self
            .deadlines
            .iter()
            .filter(|(_, time)| **time <= env.now)
            .map(|(account, _)| *account)
            .collect();
        self.deadlines.retain(|account, _| !late.contains(account));
        let mut theirs: Vec<(u64, OrderId)> = Vec::new();
        for order in self.orders.iter().filter(|order| late.contains(&order.place.id.account)) {
            theirs.push((order.age, order.place.id));
        }
        theirs.sort_unstable();
        for (_, id) in theirs {
            self.close(id, CloseReason::CancelAfter, out);
        }
    }

    fn reduce(&mut self, id: OrderId, by: u64) {
        let Some(order) = self.orders.iter_mut().find(|order| order.place.id == id) else { return };
        let left = order.place.lots.get().saturating_sub(by);
        order.place.lots = Lots::new(left);
        order.shown = order.shown.min(left);
        self.orders.retain(|order| !order.place.lots.is_zero());
    }

    fn trigger(&mut self, env: &Env, out: &mut Vec<Outcome>) {
        if !matches!(env.mode, Matching::Continuous | Matching::Uncross) {
            return;
        }
        let mut reached: Vec<(u8, i64, u64, OrderId)> = Vec::new();
        for order in &self.orders {
            let Some(trigger) = order.place.trigger.filter(|trigger| is_reached(env, trigger))
            else {
                continue;
            };
            let price = i64::from(trigger.price.get());
            reached.push(match trigger.when {
                TriggerWhen::AtOrAbove => (0, price, order.age, order.place.id),
                TriggerWhen::AtOrBelow => (1, -price, order.age, order.place.id),
            });
        }
        reached.sort_unstable();
        for (.., id) in reached {
            let place = self.take_out(id).place;
            self.place(env, &Place { trigger: None, ..place }, out);
        }
    }

    fn place(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        let ended = end(place).is_some_and(|end| end <= env.now);
        let waits = match env.mode {
            Matching::Continuous | Matching::Uncross => {
                place.trigger.is_some_and(|trigger| !is_reached(env, &trigger))
            }
            Matching::Collect => place.trigger.is_some(),
            Matching::CancelOnly => false,
        };
        let reduces = !place.reduce_only || self.reducible(place.id.account, place.side) > 0;
        let time_in_force = place.time_in_force;
        let immediate = time_in_force == TimeInForce::ImmediateOrCancel;
        let refused = match env.mode {
            Matching::CancelOnly => Some(CloseReason::MarketClosed),
            _ if waits => ended.then_some(CloseReason::Expired),
            Matching::Collect if immediate => Some(CloseReason::MarketClosed),
            Matching::Collect | Matching::Uncross if time_in_force == TimeInForce::FillOrKill => {
                Some(CloseReason::MarketClosed)
            }
            _ if !reduces => Some(CloseReason::NothingToReduce),
            _ => ended.then_some(CloseReason::Expired),
        };
        match refused {
            Some(reason) => out.push(closed(place.id, place.lots.get(), reason)),
            None if waits => self.put(*place),
            None if env.mode == Matching::Continuous => self.enter(env, place, out),
            None => self.put(Place { trigger: None, ..*place }),
        }
    }

    fn enter(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        let mut place = Place { trigger: None, ..*place };
        match place.time_in_force {
            TimeInForce::PostOnly if self.best_for(&place).is_some() => {
                return out.push(closed(place.id, place.lots.get(), CloseReason::WouldTake));
            }
            TimeInForce::FillOrKill => {
                let (mut copy, mut tried, mut fate) = (self.clone(), place, Vec::new());
                copy.take(env, &mut tried, &mut fate);
                let decremented = fate.iter().any(|o| matches!(o, Outcome::Decremented(..)));
                if !tried.lots.is_zero() || decremented {
                    return out.push(closed(place.id, place.lots.get(), CloseReason::Killed));
                }
            }
            _ => {}
        }
        let past_band = env.band.is_some_and(|band| match place.side {
            Side::Buy => place.price > band.high,
            Side::Sell => place.price < band.low,
        });
        match self.take(env, &mut place, out) {
            End::Closed(reason) => out.push(closed(place.id, place.lots.get(), reason)),
            End::Nothing if place.lots.is_zero() => {}
            End::Nothing if place.time_in_force == TimeInForce::ImmediateOrCancel => {
                out.push(closed(place.id, place.lots.get(), CloseReason::Unfilled));
            }
            End::Nothing if past_band => {
                out.push(closed(place.id, place.lots.get(), CloseReason::OutsideBand));
            }
            End::Nothing => self.put(place),
        }
    }

    fn take(&mut self, env: &Env, taker: &mut Place, out: &mut Vec<Outcome>) -> End {
        for met in 0_u32.. {
            let Some(at) = self.best_for(taker).filter(|_| !taker.lots.is_zero()) else {
                return End::Nothing;
            };
            if met == MATCHES_PER_ORDER_MAX {
                return End::Closed(CloseReason::MatchLimit);
            }
            let maker = self.orders[at].clone();
            let price = maker.place.price;
            if let Some(band) = env.band.filter(|band| !band.contains(price)) {
                let past =
                    if taker.side == Side::Buy { price > band.high } else { price < band.low };
                if past {
                    return End::Closed(CloseReason::OutsideBand);
                }
                self.close(maker.place.id, CloseReason::OutsideBand, out);
                continue;
            }
            let wanted = taker.lots.get().min(maker.shown);
            match self.agree(env, (taker, taker.lots.get()), (&maker.place, maker.shown)) {
                Agreed::Trade(lots) => {
                    let kind = match taker.is_liquidation {
                        true => TradeKind::Liquidation,
                        false => TradeKind::Continuous,
                    };
                    out.push(Outcome::Trade(Trade {
                        maker: maker.place.id,
                        taker: taker.id,
                        taker_side: taker.side,
                        price,
                        lots: Lots::new(lots),
                        kind,
                    }));
                    taker.lots = Lots::new(taker.lots.get() - lots);
                    self.move_lots(taker.id.account, taker.side, lots);
                    self.move_lots(maker.place.id.account, taker.side.opposite(), lots);
                    self.last = Some(price);
                    self.consume(maker.place.id, lots);
                }
                Agreed::Decrement => {
                    out.push(Outcome::Decremented(taker.id, Lots::new(wanted)));
                    out.push(Outcome::Decremented(maker.place.id, Lots::new(wanted)));
                    taker.lots = Lots::new(taker.lots.get() - wanted);
                    self.consume(maker.place.id, wanted);
                }
                Agreed::TakerGoes(reason) => return End::Closed(reason),
                Agreed::MakerGoes(reason) => self.close(maker.place.id, reason, out),
            }
        }
        End::Nothing
    }

    fn agree(&self, env: &Env, taker: (&Place, u64), maker: (&Place, u64)) -> Agreed {
        let ((taker, taker_lots), (maker, maker_lots)) = (taker, maker);
        if taker.id.account == maker.id.account {
            return match taker.self_trade {
                SelfTrade::Abort => Agreed::TakerGoes(CloseReason::SelfTrade),
                SelfTrade::CancelProvide => Agreed::MakerGoes(CloseReason::SelfTrade),
                SelfTrade::DecrementTake => Agreed::Decrement,
            };
        }
        let taker_closes = self.reducible(taker.id.account, taker.side);
        let maker_closes = self.reducible(maker.id.account, maker.side);
        if taker.reduce_only && taker_closes == 0 {
            return Agreed::TakerGoes(CloseReason::NothingToReduce);
        }
        if maker.reduce_only && maker_closes == 0 {
            return Agreed::MakerGoes(CloseReason::NothingToReduce);
        }
        let mut lots = taker_lots.min(maker_lots);
        lots = if taker.reduce_only { lots.min(taker_closes) } else { lots };
        lots = if maker.reduce_only { lots.min(maker_closes) } else { lots };
        // Lot by lot: the last that does not lead past the cap, or past where it is already.
        let bound = env.open_interest_cap.get().max(self.open_interest());
        while lots > 0 && self.open_interest_after(taker, maker, lots) > bound {
            lots -= 1;
        }
        match lots {
            0 => Agreed::TakerGoes(CloseReason::OpenInterestCap),
            lots => Agreed::Trade(lots),
        }
    }

    fn open_interest_after(&self, taker: &Place, maker: &Place, lots: u64) -> u64 {
        let mut copy = Self { positions: self.positions.clone(), ..Self::default() };
        copy.move_lots(taker.id.account, taker.side, lots);
        copy.move_lots(maker.id.account, maker.side, lots);
        copy.open_interest()
    }

    fn uncross(&mut self, env: &Env, out: &mut Vec<Outcome>) {
        if let Some(band) = env.band {
            self.close_beyond(band, out);
        }
        for _ in 0..AUCTION_ROUNDS_MAX {
            let Some(price) = self.auction_price() else { break };
            while let Some((bid, ask)) = self.pair(price) {
                self.meet(env, (price, Trading::Allowed), (bid, ask), out);
            }
        }
        while let Some(ask) = self.depth(Side::Sell).first().map(|level| level.price)
            && let Some((bid, ask_id)) = self.pair(ask)
        {
            self.meet(env, (ask, Trading::Over), (bid, ask_id), out);
        }
        let immediate = |order: &&Order| {
            order.place.trigger.is_none()
                && order.place.time_in_force == TimeInForce::ImmediateOrCancel
        };
        let mut left: Vec<(u64, OrderId)> = self
            .orders
            .iter()
            .filter(immediate)
            .map(|order| (order.came, order.place.id))
            .collect();
        left.sort_unstable();
        for (_, id) in left {
            self.close(id, CloseReason::Unfilled, out);
        }
    }

    /// Bids above the band from the best on, then asks below it.
    fn close_beyond(&mut self, band: Band, out: &mut Vec<Outcome>) {
        if self.orders.is_empty() {
            return;
        }
        for (side, end) in [(Side::Buy, band.high), (Side::Sell, band.low)] {
            while let Some(best) =
                self.best_for(&Place { side: side.opposite(), price: end, ..self.orders[0].place })
            {
                let place = self.orders[best].place;
                if place.price == end {
                    break;
                }
                self.close(place.id, CloseReason::OutsideBand, out);
                if self.orders.is_empty() {
                    return;
                }
            }
        }
    }

    /// Every price that an order names is tried, and those just beside it; the best are neighbours, so the middle needs no more.
    fn auction_price(&self) -> Option<Ticks> {
        let prices: Vec<u32> = self.orders.iter().map(|order| order.place.price.get()).collect();
        let volumes: Vec<(u64, u32)> =
            prices.iter().map(|price| (self.volume_at(*price), *price)).collect();
        let most = volumes.iter().map(|(volume, _)| *volume).max().filter(|most| *most > 0)?;
        let best = volumes.iter().filter(|(volume, _)| *volume == most).map(|(_, price)| *price);
        let (low, high) = (best.clone().min()?, best.max()?);
        Some(Ticks::new(u32::midpoint(low, high)))
    }

    fn volume_at(&self, price: u32) -> u64 {
        let lots = |side: Side| -> u64 {
            let accepts = |order: &&Order| {
                rests(order, side)
                    && match side {
                        Side::Buy => order.place.price.get() >= price,
                        Side::Sell => order.place.price.get() <= price,
                    }
            };
            let tradable = |order: &Order| match order.place.reduce_only {
                true => order.place.lots.get().min(self.reducible(order.place.id.account, side)),
                false => order.place.lots.get(),
            };
            self.orders.iter().filter(accepts).map(tradable).sum()
        };
        lots(Side::Buy).min(lots(Side::Sell))
    }

    fn pair(&self, price: Ticks) -> Option<(OrderId, OrderId)> {
        let would = |side: Side| Place { side: side.opposite(), price, ..self.orders[0].place };
        self.orders.first()?;
        let bid = self.best_for(&would(Side::Buy))?;
        let ask = self.best_for(&would(Side::Sell))?;
        Some((self.orders[bid].place.id, self.orders[ask].place.id))
    }

    fn meet(
        &mut self,
        env: &Env,
        (price, trading): (Ticks, Trading),
        pair: (OrderId, OrderId),
        out: &mut Vec<Outcome>,
    ) {
        let (mut young, mut old) = (self.order(pair.0).clone(), self.order(pair.1).clone());
        if young.age < old.age {
            std::mem::swap(&mut young, &mut old);
        }
        let (young_lots, old_lots) = (young.place.lots.get(), old.place.lots.get());
        match self.agree(env, (&young.place, young_lots), (&old.place, old_lots)) {
            Agreed::Trade(_) if trading == Trading::Over => {
                self.close(young.place.id, CloseReason::MatchLimit, out);
            }
            Agreed::Trade(lots) => {
                let maker = pair.0.min(pair.1);
                let taker = pair.0.max(pair.1);
                let taker_side = if taker == pair.0 { Side::Buy } else { Side::Sell };
                let (kind, lots) = (TradeKind::Auction, Lots::new(lots));
                out.push(Outcome::Trade(Trade { maker, taker, taker_side, price, lots, kind }));
                self.move_lots(pair.0.account, Side::Buy, lots.get());
                self.move_lots(pair.1.account, Side::Sell, lots.get());
                self.last = Some(price);
                self.reduce(pair.0, lots.get());
                self.reduce(pair.1, lots.get());
            }
            Agreed::Decrement => {
                let lots = young_lots.min(old_lots);
                for id in [young.place.id, old.place.id] {
                    out.push(Outcome::Decremented(id, Lots::new(lots)));
                    self.reduce(id, lots);
                }
            }
            Agreed::TakerGoes(reason) => self.close(young.place.id, reason, out),
            Agreed::MakerGoes(reason) => self.close(old.place.id, reason, out),
        }
    }

    /// The order that is first in turn to trade with `taker`.
    fn best_for(&self, taker: &Place) -> Option<usize> {
        let side = taker.side.opposite();
        let mut best: Option<(usize, i64, u64)> = None;
        for (at, order) in self.orders.iter().enumerate().filter(|(_, order)| rests(order, side)) {
            let price = i64::from(order.place.price.get());
            let limit = i64::from(taker.price.get());
            let (price, limit) = if side == Side::Sell { (price, limit) } else { (-price, -limit) };
            let is_better = best.is_none_or(|(_, other, age)| (price, order.age) < (other, age));
            if price <= limit && is_better {
                best = Some((at, price, order.age));
            }
        }
        best.map(|(at, ..)| at)
    }

    fn consume(&mut self, id: OrderId, lots: u64) {
        let at = self.orders.iter().position(|order| order.place.id == id).unwrap();
        let order = &mut self.orders[at];
        order.place.lots = Lots::new(order.place.lots.get() - lots);
        order.shown -= lots;
        if order.place.lots.is_zero() {
            self.orders.remove(at);
        } else if order.shown == 0 {
            order.shown = shown(&order.place);
            order.age = self.next_age;
            self.next_age += 1;
        }
    }

    fn put(&mut self, place: Place) {
        let age = self.next_age;
        self.orders.push(Order { place, shown: shown(&place), age, came: age });
        self.next_age += 1;
    }

    fn close(&mut self, id: OrderId, reason: CloseReason, out: &mut Vec<Outcome>) {
        let order = self.take_out(id);
        out.push(closed(id, order.place.lots.get(), reason));
    }

    fn take_out(&mut self, id: OrderId) -> Order {
        let at = self.orders.iter().position(|order| order.place.id == id).unwrap();
        self.orders.remove(at)
    }

    fn order(&self, id: OrderId) -> &Order {
        self.orders.iter().find(|order| order.place.id == id).unwrap()
    }

    fn reducible(&self, account: AccountId, side: Side) -> u64 {
        match side {
            Side::Sell => u64::try_from(self.position(account)).unwrap_or(0),
            Side::Buy => u64::try_from(-self.position(account)).unwrap_or(0),
        }
    }

    fn move_lots(&mut self, account: AccountId, side: Side, lots: u64) {
        let lots = i64::try_from(lots).unwrap();
        self.shift(account, if side == Side::Buy { lots } else { -lots });
    }

    fn shift(&mut self, account: AccountId, by: i64) {
        *self.positions.entry(account).or_default() += by;
    }
}

/// Whether orders may still trade in an auction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trading {
    Allowed,
    Over,
}

/// What two orders come to.
enum Agreed {
    Trade(u64),
    Decrement,
    TakerGoes(CloseReason),
    MakerGoes(CloseReason),
}

/// The orders that a block places, less what the block itself took back of them.
fn placed(instructions: &[Instruction]) -> Vec<Place> {
    let mut places = Vec::new();
    for instruction in instructions {
        let Instruction::Place(mut place) = *instruction else { continue };
        for instruction in instructions {
            let by = match *instruction {
                Instruction::Cancel(id) if id == place.id => place.lots.get(),
                Instruction::Reduce(id, by) if id == place.id => by.get(),
                _ => 0,
            };
            place.lots = Lots::new(place.lots.get().saturating_sub(by));
        }
        places.extend(Some(place).filter(|place| !place.lots.is_zero()));
    }
    places
}

fn rests(order: &Order, side: Side) -> bool {
    order.place.side == side && order.place.trigger.is_none()
}

fn shown(place: &Place) -> u64 {
    place.display.map_or(place.lots, |display| display.min(place.lots)).get()
}

fn end(place: &Place) -> Option<UnixMillis> {
    match place.time_in_force {
        TimeInForce::GoodTillTime(end) => Some(end),
        _ => None,
    }
}

fn is_reached(env: &Env, trigger: &Trigger) -> bool {
    env.mark.is_some_and(|mark| match trigger.when {
        TriggerWhen::AtOrAbove => mark >= trigger.price,
        TriggerWhen::AtOrBelow => mark <= trigger.price,
    })
}

fn closed(id: OrderId, lots: u64, reason: CloseReason) -> Outcome {
    Outcome::Closed(Closed { id, lots: Lots::new(lots), reason })
}

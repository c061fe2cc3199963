//! A block's instructions, in stages.

use heddle_clearing::AccountId;
use heddle_clearing::CloseReason;
use heddle_clearing::Instruction;
use heddle_clearing::OrderId;
use heddle_clearing::Outcome;
use heddle_clearing::Place;
use heddle_clearing::TimeInForce;
use heddle_num::Lots;
use heddle_num::SignedLots;
use heddle_types::UnixMillis;

use super::Book;
use super::Tally;
use super::env::Env;
use super::env::Matching;
use super::env::Summary;
use super::limits::OUTCOMES_PER_BLOCK_MAX;
use super::matching::close;
use super::matching::less;
use super::slab::Slot;

/// When a new order's turn is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    PostOnly,
    Other,
}

impl Turn {
    const fn of(place: &Place) -> Self {
        match place.time_in_force {
            TimeInForce::PostOnly => Self::PostOnly,
            TimeInForce::GoodTillCancelled
            | TimeInForce::GoodTillTime(_)
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill => Self::Other,
        }
    }
}

impl Book {
    /// Carries out a block's instructions in the stages that the module's documentation lists. What happened is pushed to `out`.
    ///
    /// # Panics
    /// When an instruction is not what may be admitted: see [`Self::place`].
    pub fn run_block(
        &mut self,
        env: &Env,
        instructions: &[Instruction],
        out: &mut Vec<Outcome>,
    ) -> Summary {
        self.tally = Tally { outcomes_before: out.len(), ..Tally::default() };
        self.move_positions(instructions);
        self.withdraw(instructions);
        self.expire(env.now, out);
        if env.mode == Matching::Continuous && self.is_crossed() {
            self.uncross(env, out);
        }
        self.trigger(env, out);
        self.place_all(env, instructions, Turn::PostOnly, out);
        self.place_all(env, instructions, Turn::Other, out);
        if env.mode == Matching::Uncross {
            self.uncross(env, out);
        }
        self.summary()
    }

    /// Stage 1.
    fn move_positions(&mut self, instructions: &[Instruction]) {
        for instruction in instructions {
            match instruction {
                Instruction::MovePosition(account, by) => self.move_position(*account, *by),
                Instruction::CancelAfter(account, time) => self.set_deadline(*account, *time),
                Instruction::Place(_) | Instruction::Cancel(_) | Instruction::Reduce(..) => {}
            }
        }
    }

    fn move_position(&mut self, account: AccountId, by: SignedLots) {
        let seat = self.traders.admit(account);
        self.traders.shift(seat, by);
        self.traders.leave(seat);
    }

    /// One without room for it has no orders either that it could be for.
    fn set_deadline(&mut self, account: AccountId, time: Option<UnixMillis>) {
        let Some(seat) = self.traders.enter(account) else { return };
        if let Some(old) = self.traders.set_deadline(seat, time) {
            self.timers.deadlines.remove(&(old, account));
        }
        self.timers.deadlines.extend(time.map(|time| (time, account)));
        self.traders.leave(seat);
    }

    /// Stage 2. What names no order in the book may name one of this block.
    fn withdraw(&mut self, instructions: &[Instruction]) {
        self.annulled.clear();
        for instruction in instructions {
            match instruction {
                Instruction::Cancel(id) => {
                    if self.cancel(*id).is_none() {
                        self.annulled.push((*id, Lots::MAX));
                    }
                }
                Instruction::Reduce(id, by) => {
                    if self.reduce(*id, *by).is_none() {
                        self.annulled.push((*id, *by));
                    }
                }
                Instruction::Place(_)
                | Instruction::CancelAfter(..)
                | Instruction::MovePosition(..) => {}
            }
        }
        self.annulled.sort_unstable();
    }

    /// Stage 3.
    fn expire(&mut self, now: UnixMillis, out: &mut Vec<Outcome>) {
        while let Some(&(end, id)) = self.timers.expiries.first()
            && end <= now
        {
            let slot = self.orders.find(id).expect("what expires is in the book");
            self.close_resting(slot, CloseReason::Expired, out);
        }
        let mut late = Vec::new();
        while let Some(&(time, account)) = self.timers.deadlines.first()
            && time <= now
        {
            self.set_deadline(account, None);
            late.push(account);
        }
        if !late.is_empty() {
            late.sort_unstable();
            self.cancel_all_of(&late, out);
        }
    }

    /// One pass over all orders, however many accounts are late.
    fn cancel_all_of(&mut self, accounts: &[AccountId], out: &mut Vec<Outcome>) {
        let theirs = self
            .orders
            .iter()
            .filter(|(_, order)| accounts.binary_search(&order.id.account).is_ok());
        let mut theirs: Vec<(u64, Slot)> =
            theirs.map(|(slot, order)| (order.priority, slot)).collect();
        theirs.sort_unstable();
        for (_, slot) in theirs {
            self.close_resting(slot, CloseReason::CancelAfter, out);
        }
    }

    /// Stage 4, first part. A waiting order that becomes active is a new order of the same name.
    fn trigger(&mut self, env: &Env, out: &mut Vec<Outcome>) {
        let Some(mark) = env.mark else { return };
        match env.mode {
            Matching::Continuous | Matching::Uncross => {}
            Matching::Collect | Matching::CancelOnly => return,
        }
        for slot in self.timers.reached(mark) {
            if self.has_no_room(out) {
                return;
            }
            let place = Place { trigger: None, ..self.orders.place(slot) };
            self.remove(slot);
            self.place(env, &place, out);
        }
    }

    /// Stage 4, second part, or stage 5.
    fn place_all(
        &mut self,
        env: &Env,
        instructions: &[Instruction],
        turn: Turn,
        out: &mut Vec<Outcome>,
    ) {
        for instruction in instructions {
            let Instruction::Place(place) = instruction else { continue };
            if Turn::of(place) == turn {
                self.place_unless_annulled(env, place, out);
            }
        }
    }

    fn place_unless_annulled(&mut self, env: &Env, place: &Place, out: &mut Vec<Outcome>) {
        let annulled = self.annulled(place.id);
        if self.has_no_room(out) && annulled < place.lots {
            close(place.id, less(place.lots, annulled), CloseReason::MatchLimit, out);
        } else if annulled.is_zero() {
            self.place(env, place, out);
        } else if annulled < place.lots {
            self.place(env, &Place { lots: less(place.lots, annulled), ..*place }, out);
        }
    }

    /// Whether so much happened in this block that nothing more may.
    fn has_no_room(&self, out: &[Outcome]) -> bool {
        out.len().saturating_sub(self.tally.outcomes_before) >= OUTCOMES_PER_BLOCK_MAX
    }

    /// By how much instructions of this block made an order of this block smaller.
    fn annulled(&self, id: OrderId) -> Lots {
        let from = self.annulled.partition_point(|(other, _)| *other < id);
        let theirs = self.annulled[from..].iter().take_while(|(other, _)| *other == id);
        Lots::new(theirs.fold(0, |sum, (_, lots)| lots.get().saturating_add(sum)))
    }
}

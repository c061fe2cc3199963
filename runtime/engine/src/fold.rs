//! Sums of adds: each is worked out once, by the first that reads it, for all who read it.
//!
//! Adds to a key form a chain, newest first, down to the value before them. A *fold* is the sum up to one of them. All of its adds
//! are done before a task that reads it runs; whoever needs it then sums it up, and one of those stores it.

use crate::job::Job;
use crate::job::Key;
use crate::place::Kind;
use crate::place::Place;
use crate::plan::Fold;
use crate::plan::Slot;
use crate::planned::Block;
use crate::sync::Ordering;

impl<J: Job> Block<'_, J> {
    /// The newest add of a fold, or the task before its adds, that is not done.
    pub(crate) fn unfinished_add(&self, fold: u32) -> Option<u32> {
        let memory = self.memory;
        let record = &memory.plan.folds[fold as usize];
        if record.is_ready() {
            return None;
        }
        // Acquires what was acquired by whoever found those adds done.
        let (mut place, mut producer) = match record.checked.load(Ordering::Acquire) {
            Fold::UNCHECKED => record.head(),
            slot => link_of(&memory.plan.slots[slot as usize]),
        };
        loop {
            if let Kind::Folded(older) = place.kind() {
                let older = &memory.plan.folds[older as usize];
                if older.is_ready() {
                    return None;
                }
                (place, producer) = older.head();
            }
            let unfinished = producer.filter(|task| !memory.waiters.is_done(*task));
            let Kind::Added(slot) = place.kind() else {
                return unfinished;
            };
            if unfinished.is_some() {
                return unfinished;
            }
            record.checked.store(slot, Ordering::Release);
            (place, producer) = link_of(&memory.plan.slots[slot as usize]);
        }
    }

    /// Sees to it that a fold has its value. Everything that it sums up is done.
    pub(crate) fn sum_up(&self, fold: u32, key: Key, folding: &mut Vec<u32>) {
        let record = &self.memory.plan.folds[fold as usize];
        if record.is_ready() {
            return;
        }
        let value = self.sum(record.head().0, key, folding);
        self.publish(fold, value);
        while !record.is_ready() {
            // Whoever claimed it has its value at hand and stores it.
            std::thread::yield_now();
        }
    }

    /// The value after the adds up to `head`, folded in the order of their tasks. Gives older folds on the way their value.
    #[expect(unsafe_code, reason = "deltas are published by their tasks' flags, see `cells.rs`")]
    pub(crate) fn sum(&self, head: Place, key: Key, folding: &mut Vec<u32>) -> J::Value {
        let plan = &self.memory.plan;
        folding.clear();
        let mut place = head;
        let mut value = loop {
            match place.kind() {
                Kind::Value | Kind::Cell(_) => break self.at(place, key).clone(),
                Kind::Added(slot) => {
                    folding.push(place.to_bits());
                    place = plan.slots[slot as usize].from();
                }
                Kind::Folded(fold) => {
                    let record = &plan.folds[fold as usize];
                    if record.is_ready() {
                        break self.at(place, key).clone();
                    }
                    folding.push(place.to_bits());
                    place = record.head().0;
                }
            }
        };
        for bits in folding.iter().rev() {
            match Place::from_bits(*bits).kind() {
                Kind::Added(slot) => {
                    if plan.slots[slot as usize].is_added() {
                        // SAFETY: the task of the add is done.
                        let delta = unsafe { self.memory.deltas.get(slot as usize) };
                        self.job.fold(key, &mut value, delta);
                    }
                }
                Kind::Folded(fold) => self.publish(fold, value.clone()),
                Kind::Value | Kind::Cell(_) => {}
            }
        }
        value
    }

    #[expect(unsafe_code, reason = "a fold has one who claims it, see `cells.rs`")]
    fn publish(&self, fold: u32, value: J::Value) {
        let state = &self.memory.plan.folds[fold as usize].state;
        let claimed =
            state.compare_exchange(Fold::OPEN, Fold::CLAIMED, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_ok() {
            // SAFETY: one worker claims a fold, and nobody reads it before it is ready.
            unsafe { self.memory.folds.set(fold as usize, value) };
            state.store(Fold::READY, Ordering::Release);
        }
    }
}

fn link_of(slot: &Slot) -> (Place, Option<u32>) {
    (slot.from(), slot.producer())
}

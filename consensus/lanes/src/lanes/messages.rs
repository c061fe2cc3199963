//! What peers say.

use std::sync::Arc;

use heddle_types::CheckedBatch;
use heddle_types::Hash32;
use heddle_types::ValidatorIndex;

use crate::fork::Fork;
use crate::io::Action;
use crate::io::Fault;
use crate::lane::Offered;
use crate::lane::Origin;
use crate::lanes::Lanes;
use crate::lanes::is_ours;
use crate::limits;
use crate::message::Acks;
use crate::message::Fetch;
use crate::message::Message;
use crate::place::Place;

impl Lanes {
    pub(super) fn on_message(
        &mut self,
        from: ValidatorIndex,
        message: Message,
        actions: &mut Vec<Action>,
    ) {
        if self.lane(from).is_none() || Some(from) == self.me {
            return;
        }
        let fault = match message {
            Message::Batch(batch) => self.on_batch(from, batch, actions),
            Message::Acks(acks) => self.on_acks(from, &acks, actions),
            Message::Fetch(fetch) => self.on_fetch(from, fetch, actions),
            Message::Fetched { digest, batches } => {
                self.on_fetched(from, &digest, batches, actions)
            }
            Message::Fork(fork) => {
                self.on_fork(*fork, actions);
                Ok(())
            }
            Message::Header(signed) => {
                let lane = self.lane(signed.header.lane);
                if let Some(fork) = lane.and_then(|lane| lane.fork_of(&signed)) {
                    self.on_fork(fork, actions);
                }
                Ok(())
            }
        };
        if let Err(fault) = fault {
            actions.push(Action::Misbehaved { peer: from, fault });
        }
    }

    /// L3
    fn on_batch(
        &mut self,
        from: ValidatorIndex,
        batch: Arc<CheckedBatch>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Fault> {
        if batch.header().lane != from {
            return Err(Fault::NotOwner);
        }
        let place = Place { sequence: batch.header().sequence, digest: batch.digest() };
        match self.take(batch, Origin::Owner, actions) {
            Offered::OffChain => Err(Fault::OffChain),
            Offered::Dropped => Ok(()),
            Offered::Kept => {
                // Who sends a batch has it, and all before it.
                self.hear(from, from, place);
                Ok(())
            }
        }
    }

    fn on_acks(
        &mut self,
        from: ValidatorIndex,
        acks: &Acks,
        actions: &mut Vec<Action>,
    ) -> Result<(), Fault> {
        if acks.epoch != self.committee.epoch() {
            return Ok(());
        }
        for reference in &acks.places {
            if self.lane(reference.lane).is_none() {
                return Err(Fault::UnknownLane);
            }
            self.hear(reference.lane, from, Place::of(reference));
            self.show(reference.lane, from, Place::of(reference), actions);
        }
        Ok(())
    }

    fn hear(&mut self, lane: ValidatorIndex, from: ValidatorIndex, place: Place) {
        let index = usize::from(lane.get());
        let (Some(held), Some(acks)) = (self.lanes.get(index), self.acks.get_mut(index)) else {
            return;
        };
        let delivered = held.delivered();
        acks.hear(from, place, delivered.sequence);
        let is_own = Some(lane) == self.me;
        if is_own && (place.sequence <= delivered.sequence || held.batch(place).is_some()) {
            self.own.on_ack(self.now, from, place.sequence);
        }
    }

    /// Whoever acknowledged another batch than the one here is shown the header of that, now and then: it forks, or it was lied.
    fn show(
        &mut self,
        index: ValidatorIndex,
        to: ValidatorIndex,
        place: Place,
        actions: &mut Vec<Action>,
    ) {
        let lane = self.lane(index).filter(|lane| lane.fork().is_none());
        let header = lane.and_then(|lane| lane.contradicted_by(place)).cloned();
        if let Some(header) = header
            && self.shown.insert((index, to))
        {
            let message = Message::Header(Box::new(header));
            actions.push(Action::Send { to, message });
        }
    }

    /// What is asked for may be of an epoch that is over: the store knows.
    fn on_fetch(
        &mut self,
        from: ValidatorIndex,
        fetch: Fetch,
        actions: &mut Vec<Action>,
    ) -> Result<(), Fault> {
        let is_lane = usize::from(fetch.batch.lane.get()) < heddle_types::limits::VALIDATORS_MAX;
        let count = fetch.batch.sequence.saturating_sub(fetch.above);
        if !is_lane {
            return Err(Fault::UnknownLane);
        }
        if !(1..=limits::CUT_LANE_BATCHES_MAX).contains(&count) {
            return Err(Fault::WrongRange);
        }
        actions.push(Action::Serve { to: from, fetch });
        Ok(())
    }

    /// Takes what was asked for and what comes before it, down to what is here. An answer that was not asked for, or comes when it
    /// is no longer needed, is nothing.
    fn on_fetched(
        &mut self,
        from: ValidatorIndex,
        digest: &Hash32,
        batches: Vec<Arc<CheckedBatch>>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Fault> {
        let Some((lane, need)) = self.wants.take_asked(from, digest) else { return Ok(()) };
        let mut next = need.place;
        let mut verdict = Ok(());
        let is_vain = batches.is_empty();
        for batch in batches {
            let header = batch.header();
            let place = Place { sequence: header.sequence, digest: batch.digest() };
            if header.lane != lane || place != next {
                verdict = Err(Fault::WrongBatch);
                break;
            }
            next = Place { sequence: next.sequence - 1, digest: header.parent };
            let taken = self.take(batch, need.origin, actions) == Offered::Kept;
            let is_last = next.sequence <= need.above
                || self.lane(lane).is_some_and(|lane| lane.batch(next).is_some());
            if !taken || is_last {
                break;
            }
        }
        if is_vain || verdict.is_err() {
            self.wants.on_vain(self.now, lane, need.place);
        }
        verdict
    }

    pub(super) fn on_fork(&mut self, fork: Fork, actions: &mut Vec<Action>) {
        let lane = self.lanes.get_mut(usize::from(fork.lane().get()));
        let [first, _] = fork.headers();
        let is_new = is_ours(&self.committee, &first.header)
            && lane.is_some_and(|lane| lane.mark_forked(&fork));
        if !is_new {
            return;
        }
        actions.push(Action::Evidence(Box::new(fork.clone())));
        actions.push(Action::Broadcast(Message::Fork(Box::new(fork))));
    }

    /// Takes a verified batch, whoever sent it.
    fn take(
        &mut self,
        batch: Arc<CheckedBatch>,
        origin: Origin,
        actions: &mut Vec<Action>,
    ) -> Offered {
        let owner = batch.header().lane;
        let Some(lane) = self.lanes.get_mut(usize::from(owner.get())) else {
            return Offered::Dropped;
        };
        if !is_ours(&self.committee, batch.header()) {
            return Offered::Dropped;
        }
        let fork = lane.fork_of(batch.signed());
        let offered = lane.offer(Arc::clone(&batch), origin);
        if let Some(fork) = fork {
            self.on_fork(fork, actions);
        }
        if offered == Offered::Kept {
            if Some(owner) == self.me && self.own.doubt() {
                let place = Place { sequence: batch.header().sequence, digest: batch.digest() };
                actions.push(Action::OwnKeyElsewhere { place });
                actions.push(Action::Returned(self.own.take_queue()));
            }
            actions.push(Action::Store(batch));
            self.changed = true;
        }
        offered
    }
}

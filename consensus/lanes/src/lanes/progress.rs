//! What is done after every input, as far as it has become possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_types::BatchHeader;
use heddle_types::CheckedBatch;
use heddle_types::Hash32;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::finals::FinalCut;
use crate::io::Action;
use crate::lane::Lane;
use crate::lane::Offered;
use crate::lane::Origin;
use crate::lanes::Lanes;
use crate::limits;
use crate::message::Acks;
use crate::message::Fetch;
use crate::message::Message;
use crate::place::Place;
use crate::propose;
use crate::wants::Ask;
use crate::wants::Need;

impl Lanes {
    pub(super) fn progress(&mut self, actions: &mut Vec<Action>) {
        if std::mem::take(&mut self.changed) {
            self.deliver(actions);
            if self.halted {
                return;
            }
            self.checks.judge(&self.lanes, actions);
            let needs = self.needs();
            self.wants.set(self.now, &needs);
        }
        self.seal(actions);
        self.send_new(actions);
        self.send_again(actions);
        self.send_acks(actions);
        self.ask(actions);
    }

    /// L7
    fn deliver(&mut self, actions: &mut Vec<Action>) {
        loop {
            match self.finals.take_available(&self.lanes) {
                Ok(None) => return,
                Ok(Some(cut)) => self.hand_out(&cut, actions),
                Err((height, fault)) => {
                    self.halted = true;
                    actions.push(Action::Broken { height, fault });
                    return;
                }
            }
        }
    }

    fn hand_out(&mut self, cut: &FinalCut, actions: &mut Vec<Action>) {
        let (mut batches, mut lost) = (Vec::new(), Vec::new());
        for index in propose::rotated(self.lanes.len(), cut.height) {
            let Some(reference) = cut.cut.iter().find(|reference| reference.lane == index) else {
                continue;
            };
            let place = usize::from(index.get());
            let (Some(lane), Some(acks)) = (self.lanes.get_mut(place), self.acks.get_mut(place))
            else {
                continue;
            };
            let before = lane.durable();
            let passed = lane.deliver(Place::of(reference));
            let passed = passed.expect("take_available found the whole path");
            acks.forget(lane.delivered().sequence);
            if lane.durable() != before {
                self.unacked.insert(index);
            }
            batches.extend(passed.batches);
            lost.extend(passed.lost);
        }
        actions.push(Action::Deliver { height: cut.height, batches });
        if !lost.is_empty() {
            actions.push(Action::Discard(lost));
        }
    }

    /// Everything that is missing, final cuts' first.
    fn needs(&self) -> BTreeMap<(ValidatorIndex, Place), Need> {
        let mut needs = BTreeMap::new();
        for missing in self.finals.missing(&self.lanes) {
            let (place, above) = (missing.place, missing.above);
            let need = Need { place, above, origin: Origin::Final, hint: None };
            needs.entry((missing.lane, place)).or_insert(need);
        }
        for (missing, proposer) in self.checks.missing(&self.lanes) {
            let (place, above) = (missing.place, missing.above);
            let need = Need { place, above, origin: Origin::Check, hint: Some(proposer) };
            needs.entry((missing.lane, place)).or_insert(need);
        }
        needs
    }

    /// A batch is signed at a place of which nothing else was, and sent when it is durable. L1, L2
    fn seal(&mut self, actions: &mut Vec<Action>) {
        let (Some(me), Some(signer)) = (self.me, self.signer.clone()) else { return };
        let Some(lane) = self.lanes.get_mut(usize::from(me.get())) else { return };
        while let Some(transactions) = self.own.take_batch(self.now, lane) {
            let tip = lane.tip();
            let header = BatchHeader {
                chain: self.committee.chain(),
                epoch: self.committee.epoch(),
                lane: me,
                sequence: tip.sequence.saturating_add(1),
                parent: tip.digest,
                body: Hash32::ZERO,
                bytes: 0,
                transactions: 0,
            };
            let batch = CheckedBatch::build(header, transactions, signer.as_ref());
            let batch = Arc::new(batch);
            let offered = lane.offer(Arc::clone(&batch), Origin::Owner);
            assert_eq!(offered, Offered::Kept, "the own lane goes on where it ends, and has room");
            actions.push(Action::Store(batch));
        }
    }

    /// L2
    fn send_new(&mut self, actions: &mut Vec<Action>) {
        let Some(lane) = self.me.and_then(|me| self.lanes.get(usize::from(me.get()))) else {
            return;
        };
        let (sent, durable) = (self.own.sent(), lane.durable().sequence);
        if durable <= sent || !self.own.is_intact() {
            return;
        }
        for batch in batches_between(lane, sent, durable) {
            actions.push(Action::Broadcast(Message::Batch(batch)));
        }
        self.own.on_sent(self.now, durable, lane.delivered().sequence);
    }

    /// L9
    fn send_again(&mut self, actions: &mut Vec<Action>) {
        let Some(lane) = self.me.and_then(|me| self.lanes.get(usize::from(me.get()))) else {
            return;
        };
        for (to, above) in self.own.take_behind(self.now, lane.delivered().sequence) {
            let batches = batches_between(lane, above, self.own.sent());
            for batch in batches.into_iter().take(limits::PUSH_AGAIN_BATCHES_MAX) {
                actions.push(Action::Send { to, message: Message::Batch(batch) });
            }
        }
    }

    /// L2
    fn send_acks(&mut self, actions: &mut Vec<Action>) {
        if self.now >= self.ack_at {
            self.ack_at = self.now.after(Millis::new(limits::ACK_REPEAT_MS));
            self.shown.clear();
            let indices = self.committee.indices().zip(&self.lanes);
            for (index, lane) in indices.filter(|(_, lane)| lane.durable() != lane.delivered()) {
                self.unacked.insert(index);
                let fork = lane.fork().cloned().map(Box::new);
                actions.extend(fork.map(|fork| Action::Broadcast(Message::Fork(fork))));
            }
        }
        let lanes = std::mem::take(&mut self.unacked);
        if self.me.is_none() {
            return;
        }
        let others = lanes.into_iter().filter(|lane| Some(*lane) != self.me);
        let places = others.filter_map(|index| Some((index, self.lane(index)?.durable())));
        let places = places.filter(|(_, place)| place.sequence > 0);
        let places: Vec<_> = places.map(|(index, place)| place.in_lane(index)).collect();
        if !places.is_empty() {
            let acks = Acks { epoch: self.committee.epoch(), places };
            actions.push(Action::Broadcast(Message::Acks(acks)));
        }
    }

    fn ask(&mut self, actions: &mut Vec<Action>) {
        let (acks, committee, me) = (&self.acks, &self.committee, self.me);
        let order = |lane: ValidatorIndex, need: &Need| {
            let acks = acks.get(usize::from(lane.get()));
            let exact = acks.into_iter().flat_map(|acks| acks.holders(need.place));
            let likely = acks.into_iter().flat_map(|acks| acks.likely(need.place));
            let others = committee.indices();
            let all = exact.chain(likely).chain(need.hint).chain([lane]).chain(others);
            let mut order: Vec<ValidatorIndex> = Vec::new();
            for peer in all.filter(|peer| Some(*peer) != me) {
                if !order.contains(&peer) {
                    order.push(peer);
                }
            }
            order
        };
        for Ask { lane, need, peers } in self.wants.ask(self.now, order) {
            let batch = need.place.in_lane(lane);
            let fetch = Fetch { epoch: self.committee.epoch(), batch, above: need.above };
            let send = |to| Action::Send { to, message: Message::Fetch(fetch.clone()) };
            actions.extend(peers.into_iter().map(send));
        }
    }
}

/// The batches of the followed branch above one number and up to another, ascending.
fn batches_between(lane: &Lane, above: u64, last: u64) -> Vec<Arc<CheckedBatch>> {
    let branch = lane.branch(lane.delivered()).unwrap_or_default().into_iter();
    let wanted = branch.filter(|place| place.sequence > above && place.sequence <= last);
    wanted.filter_map(|place| lane.batch(place).cloned()).collect()
}

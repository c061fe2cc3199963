//! The Byzantine validators of a run: what they say goes through their behaviours and the wire, and what others hear of them
//! is noted.

use std::rc::Rc;

use heddle_machine::Action;
use heddle_wire::PeerMessage;

use super::byzantine::Hand;
use super::byzantine::Misbehave;
use super::oracle::Violation;
use super::world::Event;
use super::world::World;

/// How long a Byzantine validator is quiet that heard its own key in use elsewhere, in microseconds.
const PAUSE_US: u64 = 5_000;

impl World {
    pub(super) fn is_honest(&self, node: usize) -> bool {
        self.byzantine.get(node).is_none_or(Option::is_none)
    }

    /// Lets a Byzantine validator act, and sends what it says.
    pub(super) fn misbehave(
        &mut self,
        node: usize,
        act: impl FnOnce(&mut dyn Misbehave, &mut Hand<'_>),
    ) {
        let me = self.universe.index(&self.universe.committee, node);
        let Some(behaviour) = self.byzantine[node].as_mut() else { return };
        let mut hand = Hand {
            me,
            signer: self.universe.signers[node],
            committee: &self.universe.committee,
            dice: &mut self.dice,
            sent: Vec::new(),
        };
        act(behaviour.as_mut(), &mut hand);
        for (to, message) in hand.sent {
            self.send_over_wire(node, to, &message);
        }
    }

    /// As bytes, which the receiver may refuse.
    fn send_over_wire(&mut self, from: usize, to: usize, message: &PeerMessage) {
        let bytes = heddle_wire::encode(message);
        let raw = heddle_wire::decode(message.channel(), &bytes);
        // All transactions of a run are good.
        let checked = raw.ok().and_then(|raw| raw.check(|_, _| true).ok());
        let Some(message) = checked else {
            let at = self.now + 1;
            return self.schedule(at, Event::Garbage { from, to });
        };
        if let PeerMessage::Consensus(message) = &message {
            self.oracle.rules.on_said(message);
        }
        self.post(from, to, &Rc::new(message));
    }

    /// `to` hears `from`: a Byzantine one may act on it, and what a Byzantine one says is noted.
    pub(super) fn overhear(&mut self, from: usize, to: usize, message: &PeerMessage) {
        self.misbehave(to, |behaviour, hand| behaviour.hear(hand, from, message));
        if self.is_honest(from) || !self.is_honest(to) {
            return;
        }
        let Some(running) = &self.nodes[to].running else { return };
        let view = running.machine.status().agreement.view;
        let hearer = (to, self.nodes[to].life);
        self.accusations.on_heard(hearer, view, &self.universe, (from, message));
    }

    pub(super) fn note_evidence(
        &mut self,
        node: usize,
        actions: &[Action],
    ) -> Result<(), Violation> {
        let hearer = (node, self.nodes[node].life);
        for action in actions {
            if let Action::Evidence(evidence) = action {
                let byzantine = &self.byzantine;
                let is_byzantine = |who: usize| byzantine.get(who).is_some_and(Option::is_some);
                self.accusations.on_evidence(hearer, evidence, is_byzantine)?;
            }
        }
        Ok(())
    }

    pub(super) fn wall_of(&mut self, node: usize, wall_ms: u64) -> u64 {
        let mut shown = wall_ms;
        self.misbehave(node, |behaviour, hand| shown = behaviour.clock(hand, wall_ms));
        shown
    }

    /// The machine of a Byzantine validator stops when it hears what its key signed without it.
    pub(super) fn stop_for_a_while(&mut self, node: usize) {
        let life = self.nodes[node].life;
        let at = self.now + PAUSE_US;
        self.schedule(at, Event::Resume { node, life });
    }

    /// It goes on with the highest certificate that anybody has, so that it does not stop there again.
    pub(super) fn resume(&mut self, node: usize, life: u64) -> Result<(), Violation> {
        if self.running(node, life).is_none() {
            return Ok(());
        }
        let records = self.nodes.iter().filter_map(|node| node.disk.safety.as_ref());
        let highest = records.map(|record| &record.high_qc).max_by_key(|qc| qc.data.view).cloned();
        let disk = &mut self.nodes[node].disk;
        if let (Some(record), Some(highest)) = (&mut disk.safety, highest)
            && highest.data.view > record.high_qc.data.view
        {
            record.high_qc = highest;
        }
        self.start(node)
    }
}

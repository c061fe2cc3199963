//! What the machines ask for, done on the simulated network, disk and processor.

use std::rc::Rc;
use std::sync::Arc;

use heddle_machine::Action;
use heddle_machine::Input;
use heddle_types::ExecutedRoot;
use heddle_wire::PeerMessage;

use super::disk::Outcome;
use super::oracle::Violation;
use super::world::Event;
use super::world::World;

impl World {
    pub(super) fn perform(&mut self, index: usize, action: Action) -> Result<(), Violation> {
        match action {
            Action::Send { to, message } => self.send(index, &[usize::from(to.get())], &message),
            Action::Broadcast(message) => {
                let others: Vec<usize> = (0..self.plan.nodes).filter(|to| *to != index).collect();
                self.send(index, &others, &message)
            }
            Action::Execute { block, cert } => {
                self.oracle.on_final(index, &block, &cert)?;
                let life = self.nodes[index].life;
                let Some(running) = self.nodes[index].running.as_mut() else { return Ok(()) };
                running.executing.push_back((block, cert));
                if running.executing.len() == 1 {
                    self.schedule_execution(index, life);
                }
                Ok(())
            }
            Action::Reply { ticket, result } => {
                self.on_reply(ticket, result.err());
                Ok(())
            }
            Action::Serve { to, id, request } => {
                let response = self.nodes[index].disk.serve(&request);
                let message = PeerMessage::Response { id, response };
                self.send(index, &[usize::from(to.get())], &message)
            }
            Action::OwnKeyElsewhere { .. } if !self.is_honest(index) => {
                self.stop_for_a_while(index);
                Ok(())
            }
            Action::Misbehaved { .. } if !self.is_honest(index) => Ok(()),
            Action::Misbehaved { peer, .. } if !self.is_honest(usize::from(peer.get())) => Ok(()),
            Action::Diverged { height, own, certified } => Err(Violation(format!(
                "node {index} computed {own} at height {height}, a quorum certified {certified}"
            ))),
            Action::OwnKeyElsewhere { view } => Err(Violation(format!(
                "node {index} does not know its own signature of view {view}"
            ))),
            Action::Misbehaved { peer, fault } => {
                Err(Violation(format!("node {index} accuses node {peer} of {fault:?}")))
            }
            // Noted when the machine said it.
            Action::Evidence(_)
            | Action::Dropped(_)
            | Action::Voting(_)
            | Action::StoreBlock(_)
            | Action::StoreTimeoutCert(_)
            | Action::Persist(_) => Ok(()),
        }
    }

    pub(super) fn send(
        &mut self,
        from: usize,
        to: &[usize],
        message: &PeerMessage,
    ) -> Result<(), Violation> {
        if !self.is_honest(from) {
            self.misbehave(from, |behaviour, hand| behaviour.tell(hand, to, message));
            return Ok(());
        }
        if let PeerMessage::Consensus(message) = message {
            self.oracle.rules.on_sent(from, message, &self.nodes[from].disk)?;
        }
        let message = Rc::new(message.clone());
        for &to in to {
            self.post(from, to, &message);
        }
        Ok(())
    }

    /// Gives a message to the network.
    pub(super) fn post(&mut self, from: usize, to: usize, message: &Rc<PeerMessage>) {
        for delay in self.network.copies(from, to, &mut self.dice) {
            let message = Rc::clone(message);
            let at = self.now + delay;
            self.schedule(at, Event::Deliver { from, to, message });
        }
    }

    fn schedule_execution(&mut self, index: usize, life: u64) {
        let at = self.now + self.dice.between(50, 1_500);
        self.schedule(at, Event::Executed { node: index, life });
    }

    pub(super) fn on_executed(&mut self, index: usize, life: u64) -> Result<(), Violation> {
        if self.running(index, life).is_some() {
            self.on_write(index);
        }
        let Some(running) = self.running(index, life) else { return Ok(()) };
        let Some((block, cert)) = running.executing.pop_front() else { return Ok(()) };
        let more = !running.executing.is_empty();
        let disk = &mut self.nodes[index].disk;
        let height = block.header().height;
        let expected = disk.last().executed.height.next();
        if height != expected {
            return Err(Violation(format!(
                "node {index} was given height {height} instead of {expected}"
            )));
        }
        let outcome = self.universe.outcome_of(&disk.state, &block, &mut self.outcomes)?;
        let root = disk.state.apply(&outcome.changes);
        let executed = ExecutedRoot { height, root };
        let changes = Arc::clone(&outcome.changes);
        disk.append(Outcome { block, cert, executed, changes });
        self.oracle.on_executed(index, executed, &outcome.transaction_ids)?;
        if more {
            self.schedule_execution(index, life);
        }
        let skipped = outcome.skipped.clone();
        self.tell(index, Input::Executed { executed, skipped })
    }
}

//! What the machines ask for, done on the simulated network, disk and processor.

use std::rc::Rc;
use std::sync::Arc;

use heddle_hotstuff::Executed;
use heddle_hotstuff::Message;
use heddle_machine::Action;
use heddle_machine::Input;
use heddle_types::Committee;
use heddle_types::ExecutedRoot;
use heddle_types::ValidatorIndex;
use heddle_wire::PeerMessage;

use super::disk::Outcome;
use super::oracle::Violation;
use super::world::Event;
use super::world::World;

impl World {
    pub(super) fn perform(&mut self, index: usize, action: Action) -> Result<(), Violation> {
        match action {
            Action::Committee(committee) => self.on_committee(index, committee),
            Action::Send { to, message } => {
                let to: Vec<usize> = self.node_of(index, to).into_iter().collect();
                self.send(index, &to, &message)
            }
            Action::Broadcast(message) => {
                let members = self.members_of(index);
                let others: Vec<usize> = members.into_iter().filter(|to| *to != index).collect();
                self.send(index, &others, &message)
            }
            Action::ServeEpochEnd { to, epoch } => {
                let to: Vec<usize> = self.node_of(index, to).into_iter().collect();
                let end = self.nodes[index].disk.ends.get(&epoch).cloned();
                let message = end.map(|end| Message::EpochEnd(Box::new(end)));
                message.map_or(Ok(()), |message| {
                    self.send(index, &to, &PeerMessage::Consensus(message))
                })
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
                let to: Vec<usize> = self.node_of(index, to).into_iter().collect();
                self.send(index, &to, &message)
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
            | Action::EpochEnded(_)
            | Action::Persist(_) => Ok(()),
        }
    }

    /// From here on the node's indices are positions in this committee.
    fn on_committee(&mut self, index: usize, committee: Arc<Committee>) -> Result<(), Violation> {
        let end = self.nodes[index].disk.last_end().cloned();
        self.oracle.on_committee(index, &committee, end.as_ref())?;
        if let Some(running) = self.nodes[index].running.as_mut() {
            running.committee = committee;
        }
        for peer in (0..self.plan.nodes).filter(|peer| *peer != index) {
            let peer = self.told_index(index, peer);
            self.tell(index, Input::PeerUp(peer))?;
        }
        Ok(())
    }

    /// Which node an action of `index` means.
    fn node_of(&self, index: usize, peer: ValidatorIndex) -> Option<usize> {
        let running = self.nodes[index].running.as_ref()?;
        self.universe.node(&running.committee, peer)
    }

    /// Where a node stands in the committee that it knows, if it does.
    pub(super) fn own_index(&self, index: usize) -> Option<ValidatorIndex> {
        let running = self.nodes[index].running.as_ref()?;
        running.committee.index_of(&self.universe.signers[index].0)
    }

    fn members_of(&self, index: usize) -> Vec<usize> {
        let Some(running) = self.nodes[index].running.as_ref() else { return Vec::new() };
        let members = running.committee.indices();
        members.filter_map(|member| self.universe.node(&running.committee, member)).collect()
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
            let me = self.own_index(from);
            self.oracle.rules.on_sent((from, me), message, &self.nodes[from].disk)?;
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
        let candidates = self.universe.candidates(&disk.state);
        let told = Executed { root: executed, candidates: Arc::clone(&candidates) };
        disk.append(Outcome { block, cert, executed, changes, candidates });
        self.oracle.on_executed(index, executed, &outcome.transaction_ids)?;
        if more {
            self.schedule_execution(index, life);
        }
        let skipped = outcome.skipped.clone();
        self.tell(index, Input::Executed { executed: told, skipped })
    }
}

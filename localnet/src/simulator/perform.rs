//! What the machines ask for, done on the simulated network, disk and processor.

use std::cell::RefCell;
use std::sync::Arc;

use heddle_executor::BlockInput;
use heddle_executor::Choice;
use heddle_executor::Config;
use heddle_executor::Executor;
use heddle_executor::Parallel;
use heddle_executor::Sequential;
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

thread_local! {
    /// What every block is executed by besides the specification.
    static PARALLEL: RefCell<Parallel> = {
        let config = Config { choice: Choice::Planned, chunk: Some(1), ..Config::threads(2) };
        RefCell::new(Parallel::new(config))
    };
}

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
                self.oracle.on_final(index, block.header().height, block.hash())?;
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
            Action::Diverged { height, own, certified } => Err(Violation(format!(
                "node {index} computed {own} at height {height}, a quorum certified {certified}"
            ))),
            Action::Evidence(evidence) => Err(Violation(format!("false evidence: {evidence:?}"))),
            Action::OwnKeyElsewhere { view } => Err(Violation(format!(
                "node {index} does not know its own signature of view {view}"
            ))),
            Action::Misbehaved { peer, fault } => {
                Err(Violation(format!("node {index} accuses node {peer} of {fault:?}")))
            }
            Action::Dropped(_)
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
        if let PeerMessage::Consensus(message) = message {
            self.oracle.on_sent(from, message, &self.nodes[from].disk)?;
        }
        for &to in to {
            for delay in self.network.copies(from, to, &mut self.dice) {
                let message = message.clone();
                let at = self.now + delay;
                self.schedule(at, Event::Deliver { from, to, message });
            }
        }
        Ok(())
    }

    fn schedule_execution(&mut self, index: usize, life: u64) {
        let at = self.now + self.dice.between(50, 1_500);
        self.schedule(at, Event::Executed { node: index, life });
    }

    pub(super) fn on_executed(&mut self, index: usize, life: u64) -> Result<(), Violation> {
        let programs = Arc::clone(&self.universe.programs);
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
        let input = BlockInput { header: block.header(), transactions: block.transactions() };
        let outcome = Sequential::default().execute(&programs, &disk.state, &input);
        PARALLEL.with_borrow_mut(|parallel| {
            let again = parallel.execute(&programs, &disk.state, &input);
            if again == outcome {
                Ok(())
            } else {
                Err(Violation(format!(
                    "height {height}: the parallel executor gives another outcome"
                )))
            }
        })?;
        let root = disk.state.apply(&outcome.changes);
        let executed = ExecutedRoot { height, root };
        let candidates = self.universe.candidates(&disk.state);
        let told = Executed { root: executed, candidates: Arc::clone(&candidates) };
        disk.outcomes.push(Outcome { block, cert, executed, candidates });
        disk.blocks.retain(|_, block| block.header().height > height);
        self.oracle.on_executed(index, executed, &outcome.transaction_ids)?;
        if more {
            self.schedule_execution(index, life);
        }
        let skipped = outcome.skipped.iter().map(|skip| skip.0).collect();
        self.tell(index, Input::Executed { executed: told, skipped })
    }
}

//! Faults begin and end.

use heddle_types::View;

use super::node::Write;
use super::oracle::Violation;
use super::plan::Fault;
use super::world::Event;
use super::world::World;

impl World {
    /// Starts the faults that wait for a view.
    pub(super) fn on_view(&mut self, view: View) -> Result<(), Violation> {
        if view <= self.highest_view {
            return Ok(());
        }
        self.highest_view = view;
        let waiting = std::mem::take(&mut self.waiting);
        for position in waiting {
            let (at, for_us) = match self.plan.faults[position] {
                Fault::CrashLeader { view, for_us } | Fault::IsolateLeader { view, for_us, .. } => {
                    (view, for_us)
                }
                Fault::Partition { .. } | Fault::Crash { .. } | Fault::LoseSafety { .. } => {
                    continue;
                }
            };
            if at > view.get() {
                self.waiting.push(position);
                continue;
            }
            self.active += 1;
            self.schedule(self.now, Event::Begin(position));
            self.schedule(self.now + for_us, Event::End(position));
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, position: usize) -> Result<(), Violation> {
        let name = position as u64;
        match self.plan.faults[position].clone() {
            Fault::Partition { sides, .. } => self.network.partition(name, sides),
            Fault::Crash { node, .. } => self.crash(node),
            Fault::LoseSafety { node, .. } => {
                self.crash(node);
                self.nodes[node].disk.safety = None;
            }
            Fault::CrashLeader { view, .. } => self.crash(self.leader(view)),
            Fault::IsolateLeader { view, with, .. } => {
                let leader = self.leader(view);
                let mut sides = vec![0; self.plan.nodes];
                for next in 0..=with {
                    sides[(leader + next) % self.plan.nodes] = 1;
                }
                self.network.partition(name, sides);
            }
        }
        Ok(())
    }

    pub(super) fn end(&mut self, position: usize) -> Result<(), Violation> {
        self.active -= 1;
        let node = match self.plan.faults[position] {
            Fault::Partition { .. } | Fault::IsolateLeader { .. } => {
                self.network.heal(position as u64);
                return Ok(());
            }
            Fault::Crash { node, .. } | Fault::LoseSafety { node, .. } => node,
            Fault::CrashLeader { view, .. } => self.leader(view),
        };
        if self.nodes[node].running.is_none() { self.start(node) } else { Ok(()) }
    }

    fn leader(&self, view: u64) -> usize {
        usize::from(self.universe.committee.leader(View::new(view)).get())
    }

    /// Whatever was on its way to the disk is there or not, by chance; nothing behind it is.
    fn crash(&mut self, index: usize) {
        let Some(running) = self.nodes[index].running.take() else { return };
        let arrived = running.syncing && self.dice.chance(500);
        let write = running.todo.front().filter(|_| arrived).and_then(Write::of);
        if let Some(write) = write {
            self.nodes[index].disk.write(write);
        }
    }
}

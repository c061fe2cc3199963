//! Faults begin and end.

use heddle_machine::Input;
use heddle_types::View;

use super::disk::Write;
use super::oracle::Violation;
use super::plan::Fault;
use super::plan::Remains;
use super::rules::Member;
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
                Fault::CrashAtWrite { .. } => {
                    self.waiting.push(position);
                    continue;
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
                self.nodes[node].disk.lose_safety();
            }
            Fault::CrashLeader { view, .. } => self.crash(self.leader(view)),
            // It has crashed already, in the middle of the write.
            Fault::CrashAtWrite { .. } => {}
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
                let together = self.network.heal(position as u64);
                return together.into_iter().try_for_each(|(a, b)| self.reach(a, b));
            }
            Fault::Crash { node, .. } | Fault::LoseSafety { node, .. } => node,
            Fault::CrashLeader { view, .. } => self.leader(view),
            Fault::CrashAtWrite { .. } => self.crashed_at_write,
        };
        if self.nodes[node].running.is_some() {
            return Ok(());
        }
        self.start(node)?;
        (0..self.plan.nodes)
            .filter(|other| *other != node)
            .try_for_each(|other| self.reach(node, other))
    }

    /// Two nodes can hear each other again, and notice.
    fn reach(&mut self, a: usize, b: usize) -> Result<(), Violation> {
        for (one, other) in [(a, b), (b, a)] {
            let other = self.told_index(one, other);
            self.tell(one, Input::PeerReachable(other))?;
        }
        Ok(())
    }

    fn leader(&self, view: u64) -> usize {
        usize::from(self.universe.committee.leader(View::new(view)).get())
    }

    /// A node begins a write; the fault that waits for it strikes.
    pub(super) fn on_write(&mut self, index: usize) {
        self.writes += 1;
        let number = self.writes;
        let due = |position: &usize| match self.plan.faults[*position] {
            Fault::CrashAtWrite { write, remains, for_us } if write == number => {
                Some((*position, remains, for_us))
            }
            _ => None,
        };
        let Some((position, remains, for_us)) = self.waiting.iter().find_map(due) else { return };
        self.waiting.retain(|other| *other != position);
        self.active += 1;
        self.schedule(self.now + for_us, Event::End(position));
        self.crashed_at_write = index;
        let me = self.own_index(index);
        if let Some(write) = self.stop(index) {
            self.write_partly((index, me), write, remains);
        }
        // After the write: a synced row of the log keeps what stands before it.
        self.nodes[index].disk.lose_power(0);
    }

    /// The node ends, or its power fails. Of a write on its way any part may be there, and of what was not synced any
    /// beginning.
    fn crash(&mut self, index: usize) {
        let me = self.own_index(index);
        let write = self.stop(index);
        if self.dice.chance(500) || !self.may_lose_power(index) {
            let remains = if self.dice.chance(500) { Remains::All } else { Remains::Nothing };
            return write
                .into_iter()
                .for_each(|write| self.write_partly((index, me), write, remains));
        }
        let unsynced = self.nodes[index].disk.unsynced() as u64;
        let kept = usize::try_from(self.dice.below(unsynced + 1)).unwrap_or(0);
        let remains = match self.sectors_kept() {
            0 => Remains::Nothing,
            SECTORS_ALL => Remains::All,
            _ => Remains::Torn,
        };
        // What is written last is there only with all before it.
        let remains = match &write {
            Some(Write::Block(_) | Write::TimeoutCert(_) | Write::EpochEnd(_))
                if kept < self.nodes[index].disk.unsynced() =>
            {
                Remains::Nothing
            }
            _ => remains,
        };
        self.nodes[index].disk.lose_power(kept);
        if let Some(write) = write {
            self.write_partly((index, me), write, remains);
        }
        self.nodes[index].disk.forget_unsynced_records();
    }

    /// In lease mode whose power fails is mute for a while: no more than may be faulty at a time.
    fn may_lose_power(&self, index: usize) -> bool {
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != index);
        let mute = others.filter(|(_, node)| node.disk.safety.is_none()).count();
        self.nodes[index].disk.lease.is_none() || mute < (self.plan.members - 1) / 3
    }

    /// The sectors that a crash leaves of a write, a bit each: none, all, or any.
    fn sectors_kept(&mut self) -> u64 {
        match self.dice.below(3) {
            0 => 0,
            1 => SECTORS_ALL,
            _ => self.dice.below(SECTORS_ALL + 1),
        }
    }

    /// Nothing of the node is left but its disk, and the write that was on its way there.
    fn stop(&mut self, index: usize) -> Option<Write> {
        let running = self.nodes[index].running.take()?;
        running.todo.front().filter(|_| running.syncing).and_then(Write::of)
    }

    fn write_partly(&mut self, (index, me): Member, write: Write, remains: Remains) {
        match (remains, write) {
            (Remains::Nothing, _)
            | (Remains::Torn, Write::Block(_) | Write::TimeoutCert(_) | Write::EpochEnd(_)) => {}
            (Remains::All, write) => self.write((index, me), write),
            (Remains::Torn, Write::Record(_)) => {
                // One node without a record is what four can bear.
                if std::mem::take(&mut self.may_tear) {
                    self.nodes[index].disk.lose_safety();
                }
            }
        }
    }

    /// The disk has it.
    pub(super) fn write(&mut self, (index, me): Member, write: Write) {
        if let Write::Record(record) = &write {
            self.oracle.rules.on_record((index, me), record);
        }
        self.nodes[index].disk.write(write);
    }
}

/// A slot of the safety file: eight sectors of 512 bytes, a bit each.
const SECTORS_ALL: u64 = 255;

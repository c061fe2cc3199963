//! How long it takes from the start of a task to the end of all that waits for it: the longest first is how few workers end
//! soonest, when tasks are long and not alike (Graham's list scheduling by critical path).

use crate::job::Mode;
use crate::job::Task;
use crate::place::Kind;
use crate::place::Place;
use crate::plan::Plan;
use crate::tasks::Tasks;

/// Levels of a planned block, and their memory from block to block.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    /// By task.
    levels: Vec<u32>,
    /// By task: the highest level among those that wait for it.
    behind: Vec<u32>,
    /// By slot: the highest level among the tasks that wait for the sum that the slot's add is part of.
    behind_add: Vec<u32>,
    /// All tasks, highest level first.
    order: Vec<u32>,
}

impl Levels {
    /// Of a block that is planned from the first task to the last.
    pub(crate) fn work_out(&mut self, plan: &Plan, tasks: &Tasks) {
        let len = tasks.len();
        self.levels.clear();
        self.levels.resize(len, 0);
        self.behind.clear();
        self.behind.resize(len, 0);
        self.behind_add.clear();
        self.behind_add.resize(tasks.declared(), 0);
        self.order.clear();
        for number in (0..u32::try_from(len).expect("at most 2^30 tasks")).rev() {
            self.order.push(number);
            self.levels[number as usize] = self.level(plan, tasks, Task::new(number));
        }
        // Of equals the first in the block comes first: most others wait for such.
        let levels = &self.levels;
        self.order.sort_unstable_by_key(|task| (std::cmp::Reverse(levels[*task as usize]), *task));
    }

    /// The tasks, in the order in which they should start.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// A task's level, in nanoseconds of expected cost.
    pub(crate) fn of(&self, task: u32) -> u32 {
        self.levels[task as usize]
    }

    /// All later tasks have raised what is behind this one.
    fn level(&mut self, plan: &Plan, tasks: &Tasks, task: Task) -> u32 {
        let (first, accesses) = tasks.slots_of(task);
        let slots = first as usize..first as usize + accesses.len();
        let adds = self.behind_add[slots.clone()].iter().copied().max().unwrap_or(0);
        let behind = adds.max(self.behind[task.index()]);
        let level = tasks.cost(task).saturating_add(behind);
        for slot in slots {
            let record = &plan.slots[slot];
            // Who waits for an add waits for all adds before it too.
            let raise = match record.mode() {
                Mode::Read | Mode::Write => level,
                Mode::Add => self.behind_add[slot],
            };
            self.raise(plan, (record.from(), record.producer()), raise);
        }
        level
    }

    fn raise(&mut self, plan: &Plan, (place, producer): (Place, Option<u32>), level: u32) {
        let behind = match place.kind() {
            Kind::Folded(fold) => return self.raise(plan, plan.folds[fold as usize].head(), level),
            Kind::Added(slot) => &mut self.behind_add[slot as usize],
            Kind::Value | Kind::Cell(_) => match producer {
                Some(task) => &mut self.behind[task as usize],
                None => return,
            },
        };
        *behind = level.max(*behind);
    }
}

//! The tasks of a block and the keys that they declare.

use crate::job::Key;
use crate::job::Mode;
use crate::job::Task;

const MODE_SHIFT: u32 = 30;
const READ: u32 = 0;
const WRITE: u32 = 1;
const ADD: u32 = 2;

/// One declared key of a task, in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access(u32);

impl Access {
    #[inline]
    const fn new(key: Key, mode: Mode) -> Self {
        let mode = match mode {
            Mode::Read => READ,
            Mode::Write => WRITE,
            Mode::Add => ADD,
        };
        Self(key.get() | mode << MODE_SHIFT)
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn key(self) -> Key {
        Key::new(self.0 & (Key::COUNT_MAX - 1))
    }

    #[inline]
    pub(crate) const fn mode(self) -> Mode {
        match self.0 >> MODE_SHIFT {
            READ => Mode::Read,
            WRITE => Mode::Write,
            _ => Mode::Add,
        }
    }
}

/// The tasks of a block, in order, with the keys that each declares and what it is expected to cost.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    accesses: Vec<Access>,
    ends: Vec<u32>,
    costs: Vec<u32>,
    total_cost: u64,
    adds: u32,
    keys: u32,
}

impl Tasks {
    /// Declares `key` for the task that [`Self::end_task`] will end. Each key once a task.
    pub fn declare(&mut self, key: Key, mode: Mode) {
        self.adds += u32::from(mode == Mode::Add);
        self.keys = self.keys.max(key.get() + 1);
        self.accesses.push(Access::new(key, mode));
    }

    /// Ends a task; `cost` is about how long it runs, in nanoseconds.
    ///
    /// # Panics
    /// When there are 2^30 declared keys, or as many tasks.
    pub fn end_task(&mut self, cost: u32) {
        let end = u32::try_from(self.accesses.len()).ok().filter(|end| *end < Key::COUNT_MAX);
        assert!(self.ends.len() < Key::COUNT_MAX as usize, "at most 2^30 tasks");
        self.ends.push(end.expect("at most 2^30 declared keys"));
        self.costs.push(cost);
        self.total_cost += u64::from(cost);
    }

    /// Forgets all tasks and keeps the memory.
    pub fn clear(&mut self) {
        self.accesses.clear();
        self.ends.clear();
        self.costs.clear();
        self.total_cost = 0;
        self.adds = 0;
        self.keys = 0;
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One more than the largest key that is declared.
    pub const fn keys(&self) -> u32 {
        self.keys
    }

    /// How many keys the tasks declare, each as often as it is declared.
    pub fn declared(&self) -> usize {
        self.accesses.len()
    }

    /// What `task` declares, in the order in which it was declared: that of its slots.
    #[inline]
    pub fn slots(&self, task: Task) -> impl ExactSizeIterator<Item = (Key, Mode)> {
        self.slots_of(task).1.iter().map(|access| (access.key(), access.mode()))
    }

    /// The expected cost of `task` in nanoseconds.
    #[inline]
    pub fn cost(&self, task: Task) -> u32 {
        self.costs[task.index()]
    }

    /// The expected cost of all tasks in nanoseconds.
    pub fn total_cost(&self) -> u64 {
        self.total_cost
    }

    /// How many adds are declared.
    pub(crate) const fn adds(&self) -> u32 {
        self.adds
    }

    /// The position of a task's first slot among all slots, and what its slots are.
    #[inline]
    pub(crate) fn slots_of(&self, task: Task) -> (u32, &[Access]) {
        let first = task.get().checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        (first, &self.accesses[first as usize..self.ends[task.index()] as usize])
    }
}

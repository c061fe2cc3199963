//! What is executed: tasks, and how one of them sees the values at its keys.

/// The number of a key: dense, from 0. Whoever makes a block gives the numbers, by interning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u32);

/// The number of a task: its position in the order whose result every execution must give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task(u32);

impl Key {
    /// As many keys as there may be in a block.
    pub const COUNT_MAX: u32 = 1 << 30;

    /// From its number.
    ///
    /// # Panics
    /// At [`Key::COUNT_MAX`] and above.
    #[inline]
    pub const fn new(number: u32) -> Self {
        assert!(number < Self::COUNT_MAX, "at most 2^30 keys");
        Self(number)
    }

    /// Its number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// As a position in memory.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Task {
    /// From its number.
    #[inline]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// As a position in memory.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a task that declares its keys touches one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The value is read and stays as it is.
    Read,
    /// The value is read and may be replaced.
    Write,
    /// Something is added, unseen. Adds are folded in the order of their tasks.
    Add,
}

/// What the tasks of a block do.
///
/// Running is a function of what the view gives: for the same values a task always writes the same. It may run more than
/// once, on values that turn out to be stale; only its last run counts, and only that run's output is kept.
pub trait Job: Sync {
    /// What is at a key. Compared to find out whether what a task saw ahead of time still stands.
    type Value: Clone + Default + Eq + Send + Sync;
    /// What an [`Mode::Add`] adds.
    type Delta: Clone + Default + Send + Sync;
    /// What a task leaves besides values.
    type Output: Default + Send + Sync;
    /// Memory that a worker's tasks use one after the other.
    type Scratch: Default + Send;

    /// Adds `delta` to `value`. Has no other effect; may be called more often than there are adds.
    fn fold(&self, key: Key, value: &mut Self::Value, delta: &Self::Delta);

    /// Runs one task. Must not panic: that breaks the block, which is then run again in order.
    fn run<V>(&self, task: Task, view: &mut V, scratch: &mut Self::Scratch) -> Self::Output
    where
        V: View<Value = Self::Value, Delta = Self::Delta>;
}

/// The values at a task's declared keys. A *slot* is a position among the keys that the task declares.
///
/// All slots of a task are read before the first is written: a task keeps what it writes to itself until it is done.
pub trait View {
    /// What is at a key.
    type Value;
    /// What is added unseen.
    type Delta;

    /// What is at the slot's key when all tasks before this one are done. The slot is declared `Read` or `Write`.
    fn read(&self, slot: usize) -> &Self::Value;

    /// Replaces what is at the slot's key. The slot is declared `Write`; at most once a slot.
    fn write(&mut self, slot: usize, value: Self::Value);

    /// Adds to what is at the slot's key. The slot is declared `Add`; at most once a slot.
    fn add(&mut self, slot: usize, delta: Self::Delta);
}

/// What the tasks of a block do that declare nothing.
///
/// As for [`Job`], running is a function of what the view gives. Values that a run reads one after the other may be such as
/// are never there at the same time in the order of the tasks; it must end on these too.
pub trait OpenJob: Sync {
    /// What is at a key. Compared to find out whether what was read still stands.
    type Value: Clone + Default + Eq + Send + Sync;
    /// What an add adds.
    type Delta: Clone + Send + Sync;
    /// What a task leaves besides values.
    type Output: Default + Send;
    /// Memory that a worker's tasks use one after the other.
    type Scratch: Default + Send;

    /// What is at `key` before the first task. The same whenever it is asked.
    fn base(&self, key: Key) -> Self::Value;

    /// Adds `delta` to `value`, with no other effect.
    fn fold(&self, key: Key, value: &mut Self::Value, delta: &Self::Delta);

    /// Runs one task.
    ///
    /// # Errors
    /// [`Blocked`] exactly when the view said so; the run has no effect and is repeated. Must not panic.
    fn run<V>(
        &self,
        task: Task,
        view: &mut V,
        scratch: &mut Self::Scratch,
    ) -> Result<Self::Output, Blocked>
    where
        V: OpenView<Value = Self::Value, Delta = Self::Delta>;
}

/// What a task that declares nothing sees.
///
/// A task keeps what it writes to itself until it is done: reads give what was there before it.
pub trait OpenView {
    /// What is at a key.
    type Value;
    /// What is added unseen.
    type Delta;

    /// What is at `key` when all tasks before this one are done, as far as is known now.
    ///
    /// # Errors
    /// [`Blocked`] when a task before this one is about to change it, or when the run is in vain because a value that it has
    /// read is another now; then also for every further read.
    fn read(&mut self, key: Key) -> Result<Self::Value, Blocked>;

    /// Replaces what is at `key`. Of several to one key the last holds; an add to the key is replaced too.
    fn write(&mut self, key: Key, value: Self::Value);

    /// Adds to what is at `key`. At most once a key, and to none that is written.
    fn add(&mut self, key: Key, delta: Self::Delta);
}

/// A run met Block-STM's `ESTIMATE`: it waits for this task, and is repeated after it. Or the task is its own, and it is
/// repeated at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked(pub Task);

//! Random blocks of tasks, and what they give in order.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread;

use heddle_engine::Blocked;
use heddle_engine::Key;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Task;
use proptest::prelude::*;

/// One thing that a task does. What it has read so far goes into everything that it does afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Read(u32),
    Write(u32),
    Add(u32),
    /// Reads the key that what was read so far says.
    ReadAnywhere,
    /// Writes there.
    WriteAnywhere,
    /// Ends the task without effect if what it has read says so: one in three.
    MayFail,
}

/// What happens between two things that a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    None,
    /// A short while.
    Spin,
    /// Nothing, a while, or the thread yields: different in each run.
    Random,
}

/// Tasks, each a list of what it does.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    tasks: Vec<Vec<Op>>,
    keys: u32,
    delay: Delay,
    /// One more than the highest task that has started, if tasks are to overlap.
    started: Option<Arc<AtomicU32>>,
}

/// What a block leaves.
pub(crate) struct Expected {
    pub(crate) outputs: Vec<u64>,
    /// Ascending by key.
    pub(crate) writes: Vec<(u32, u64)>,
}

impl Block {
    pub(crate) fn new(tasks: Vec<Vec<Op>>, delay: Delay) -> Self {
        Self { tasks, keys: 16, delay, started: None }
    }

    /// A task ends only when the next one has begun, or after a while.
    pub(crate) fn overlap(&mut self) {
        self.started = Some(Arc::default());
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.tasks.len()).unwrap()
    }

    /// The specification: a map, and one task after the other.
    pub(crate) fn in_order(&self) -> Expected {
        let mut state = State { block: self, values: BTreeMap::new() };
        let mut outputs = Vec::new();
        for task in (0..self.len()).map(Task::new) {
            let mut effects = Effects { state: &state, list: Vec::new() };
            outputs.push(self.act(task, &mut effects).unwrap());
            for (key, effect) in effects.list {
                let mut value = state.value(key);
                match effect {
                    Effect::Write(new) => value = new,
                    Effect::Add(delta) => self.fold(key, &mut value, &delta),
                }
                state.values.insert(key, value);
            }
        }
        let writes = state.values.into_iter().map(|(key, value)| (key.get(), value)).collect();
        Expected { outputs, writes }
    }

    fn act<V>(&self, task: Task, view: &mut V) -> Result<u64, Blocked>
    where
        V: OpenView<Value = u64, Delta = u64>,
    {
        let mut seen = mix(u64::from(task.get()), 1);
        let mut changes: Vec<(Key, Effect)> = Vec::new();
        for op in &self.tasks[task.index()] {
            self.delay.wait();
            let anywhere = Key::new(u32::try_from(seen % u64::from(self.keys)).unwrap());
            match *op {
                Op::Read(key) => seen = mix(seen, view.read(Key::new(key))?),
                Op::ReadAnywhere => seen = mix(seen, view.read(anywhere)?),
                Op::Write(key) => changes.push((Key::new(key), Effect::Write(seen))),
                Op::WriteAnywhere => changes.push((anywhere, Effect::Write(seen))),
                Op::Add(key) if changes.iter().all(|(other, _)| other.get() != key) => {
                    changes.push((Key::new(key), Effect::Add(seen)));
                }
                Op::Add(_) => {}
                Op::MayFail if seen.is_multiple_of(3) => return Ok(0),
                Op::MayFail => {}
            }
        }
        for (key, effect) in changes {
            match effect {
                Effect::Write(value) => view.write(key, value),
                Effect::Add(delta) => view.add(key, delta),
            }
        }
        Ok(seen)
    }
}

impl OpenJob for Block {
    type Value = u64;
    type Delta = u64;
    type Output = u64;
    type Scratch = ();

    fn base(&self, key: Key) -> u64 {
        mix(u64::from(key.get()), 2)
    }

    fn fold(&self, _: Key, value: &mut u64, delta: &u64) {
        // Not commutative: the order of adds shows.
        *value = mix(*value, *delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<u64, Blocked>
    where
        V: OpenView<Value = u64, Delta = u64>,
    {
        if let Some(started) = &self.started {
            started.fetch_max(task.get() + 1, Ordering::Relaxed);
        }
        let output = self.act(task, view)?;
        if let Some(started) = &self.started {
            let is_alone = || started.load(Ordering::Relaxed) <= task.get() + 1;
            (0..100).take_while(|_| is_alone()).for_each(|_| thread::yield_now());
        }
        Ok(output)
    }
}

struct State<'a> {
    block: &'a Block,
    values: BTreeMap<Key, u64>,
}

impl State<'_> {
    fn value(&self, key: Key) -> u64 {
        self.values.get(&key).copied().unwrap_or_else(|| self.block.base(key))
    }
}

#[derive(Clone, Copy)]
enum Effect {
    Write(u64),
    Add(u64),
}

struct Effects<'a> {
    state: &'a State<'a>,
    list: Vec<(Key, Effect)>,
}

impl OpenView for Effects<'_> {
    type Value = u64;
    type Delta = u64;

    fn read(&mut self, key: Key) -> Result<u64, Blocked> {
        Ok(self.state.value(key))
    }

    fn write(&mut self, key: Key, value: u64) {
        self.list.push((key, Effect::Write(value)));
    }

    fn add(&mut self, key: Key, delta: u64) {
        self.list.push((key, Effect::Add(delta)));
    }
}

impl Delay {
    fn wait(self) {
        thread_local! {
            static STATE: Cell<u64> = const { Cell::new(1) };
        }
        let spins = match self {
            Self::None => 0,
            Self::Spin => 100,
            Self::Random => {
                let random = mix(STATE.get(), 3);
                STATE.set(random);
                match random % 16 {
                    0 => {
                        thread::yield_now();
                        0
                    }
                    1 => 20_000,
                    2..6 => 500,
                    _ => 0,
                }
            }
        };
        (0..spins).for_each(|_| hint::spin_loop());
    }
}

/// Well mixed, and different when the arguments are swapped.
fn mix(first: u64, second: u64) -> u64 {
    let mut word = first.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ second;
    word = (word ^ word >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^ word >> 29
}

/// Blocks over few keys or many.
pub(crate) fn blocks(delay: Delay) -> impl Strategy<Value = Block> {
    let keys = prop::sample::select(vec![2_u32, 3, 10, 100, 1000, 10_000]);
    keys.prop_flat_map(move |keys| {
        let op = prop_oneof![
            4 => (0..keys).prop_map(Op::Read),
            4 => (0..keys).prop_map(Op::Write),
            2 => (0..keys).prop_map(Op::Add),
            1 => Just(Op::ReadAnywhere),
            1 => Just(Op::WriteAnywhere),
            1 => Just(Op::MayFail),
        ];
        let task = prop::collection::vec(op, 0..7);
        prop::collection::vec(task, 0..250).prop_map(move |tasks| Block {
            tasks,
            keys,
            delay,
            started: None,
        })
    })
}

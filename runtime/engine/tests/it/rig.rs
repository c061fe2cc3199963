//! Tasks whose results depend on every value that they saw, and on the order of adds.

use heddle_engine::Job;
use heddle_engine::Key;
use heddle_engine::Mode;
use heddle_engine::Task;
use heddle_engine::Tasks;
use heddle_engine::View;
use proptest::prelude::*;

/// One declared key of a task, and whether the task really touches it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) key: u32,
    pub(crate) mode: Mode,
    pub(crate) is_used: bool,
}

/// What a block's tasks do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) keys: u32,
    pub(crate) tasks: Vec<Vec<Touch>>,
    /// Whether tasks take a random time.
    pub(crate) is_disturbed: bool,
}

/// Values are numbers; adding is not commutative on purpose, so that the order of adds is seen.
impl Job for Script {
    type Value = u128;
    type Delta = u128;
    type Output = u128;
    type Scratch = Vec<usize>;

    fn fold(&self, key: Key, value: &mut u128, delta: &u128) {
        *value = mix(*value ^ u128::from(key.get()), *delta);
    }

    fn run<V>(&self, task: Task, view: &mut V, used: &mut Vec<usize>) -> u128
    where
        V: View<Value = u128, Delta = u128>,
    {
        let touches = &self.tasks[task.index()];
        let mut seen = u128::from(task.get()) + 1;
        used.clear();
        for (slot, touch) in touches.iter().enumerate() {
            if touch.is_used {
                used.push(slot);
                if touch.mode != Mode::Add {
                    seen = mix(seen, *view.read(slot));
                }
            }
        }
        if self.is_disturbed {
            disturb(seen);
        }
        for slot in used.iter().copied() {
            let value = mix(seen, slot as u128);
            match touches[slot].mode {
                Mode::Read => {}
                // Whether it writes depends on what it saw.
                Mode::Write if seen.is_multiple_of(5) => {}
                Mode::Write => view.write(slot, value),
                Mode::Add if seen.is_multiple_of(3) => {}
                Mode::Add => view.add(slot, value),
            }
        }
        seen
    }
}

fn disturb(seen: u128) {
    match seen % 7 {
        0 => std::thread::yield_now(),
        1 => std::thread::sleep(std::time::Duration::from_micros(20)),
        2 => (0..500).for_each(|_| std::hint::spin_loop()),
        _ => {}
    }
}

fn mix(a: u128, b: u128) -> u128 {
    const FACTOR: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
    (a.rotate_left(29) ^ b).wrapping_mul(FACTOR).rotate_left(64)
}

impl Script {
    /// What the tasks declare.
    pub(crate) fn declared(&self) -> Tasks {
        let mut tasks = Tasks::default();
        for touches in &self.tasks {
            touches.iter().for_each(|touch| tasks.declare(Key::new(touch.key), touch.mode));
            tasks.end_task(100);
        }
        tasks
    }

    /// What is at the keys before the block.
    pub(crate) fn values(&self) -> Vec<u128> {
        (0..u128::from(self.keys)).map(|key| mix(key, 1)).collect()
    }
}

/// Blocks of up to `tasks` tasks on up to `keys` keys.
pub(crate) fn script(keys: u32, tasks: usize) -> impl Strategy<Value = Script> {
    (1..=keys).prop_flat_map(move |keys| {
        let touch = (0..keys, 0..10_u8, 0..4_u8).prop_map(|(key, mode, used)| {
            let mode = match mode {
                0..3 => Mode::Read,
                3..7 => Mode::Write,
                _ => Mode::Add,
            };
            Touch { key, mode, is_used: used > 0 }
        });
        let task = prop::collection::vec(touch, 0..6).prop_map(|mut touches| {
            touches.sort_by_key(|touch| touch.key);
            touches.dedup_by_key(|touch| touch.key);
            touches
        });
        prop::collection::vec(task, 0..tasks).prop_map(move |tasks| Script {
            keys,
            tasks,
            is_disturbed: false,
        })
    })
}

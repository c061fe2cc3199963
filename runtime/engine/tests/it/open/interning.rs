//! A job that finds out about keys while it runs, and numbers them as they come.

use std::collections::BTreeMap;
use std::sync::Mutex;

use heddle_engine::Blocked;
use heddle_engine::Config;
use heddle_engine::Key;
use heddle_engine::OpenEngine;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Task;

#[derive(Default)]
struct Interning {
    numbers: Mutex<BTreeMap<u64, Key>>,
}

impl Interning {
    fn key(&self, name: u64) -> Key {
        let mut numbers = self.numbers.lock().unwrap();
        let next = Key::new(u32::try_from(numbers.len()).unwrap());
        *numbers.entry(name).or_insert(next)
    }
}

impl OpenJob for Interning {
    type Value = u64;
    type Delta = u64;
    type Output = ();
    type Scratch = ();

    fn base(&self, _: Key) -> u64 {
        0
    }

    fn fold(&self, _: Key, value: &mut u64, delta: &u64) {
        *value += delta;
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<(), Blocked>
    where
        V: OpenView<Value = u64, Delta = u64>,
    {
        let task = u64::from(task.get());
        let chain = self.key(1_000_000 + task % 50);
        let length = view.read(chain)?;
        view.write(chain, length + 1);
        view.write(self.key(task), length);
        view.add(self.key(2_000_000), 1);
        Ok(())
    }
}

#[test]
fn keys_may_be_numbered_while_tasks_run() {
    let job = Interning::default();
    let mut engine = OpenEngine::new(Config::threads(4));
    engine.run(&job, 5000);
    let mut values = BTreeMap::new();
    engine.writes(|key, value| assert!(values.insert(key, value).is_none()));
    let expected = |name| match name {
        0..1_000_000 => name / 50,
        1_000_000..2_000_000 => 100,
        _ => 5000,
    };
    let numbers = job.numbers.lock().unwrap();
    assert_eq!(numbers.len(), 5051);
    for (name, key) in &*numbers {
        assert_eq!(values[key], expected(*name), "{name}");
    }
}

//! What Block-STM costs: blocks of 10,000 tasks that read two keys, work, and write both, against a dense sequential loop.
//!
//! `cargo run --release -p heddle-engine --example open [threads] [rounds] [keys] [work]`. The two take turns; medians of nanoseconds a
//! task. The work is a chain of multiplications, calibrated once.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "measures"
)]

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

use heddle_engine::Blocked;
use heddle_engine::Config;
use heddle_engine::Key;
use heddle_engine::OpenEngine;
use heddle_engine::OpenJob;
use heddle_engine::OpenView;
use heddle_engine::Task;

const TASKS: u32 = 10_000;

/// Moves an amount from one account to another.
struct Transfers {
    accounts: Vec<[u32; 2]>,
    base: Vec<u128>,
    steps: u32,
}

impl Transfers {
    fn new(accounts: u32, steps: u32, seed: u64) -> Self {
        let mut state = seed;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((state >> 33) % u64::from(accounts)).expect("below a u32")
        };
        let pair = || {
            let from = draw();
            let to = draw();
            [from, if to == from { (to + 1) % accounts } else { to }]
        };
        let pairs = std::iter::repeat_with(pair).take(TASKS as usize).collect();
        Self { accounts: pairs, base: vec![1 << 64; accounts as usize], steps }
    }

    fn work(&self, seed: u128) -> u128 {
        let mut word = seed as u64 | 1;
        for _ in 0..self.steps {
            word = word.wrapping_mul(6_364_136_223_846_793_005).rotate_left(7);
        }
        u128::from(black_box(word) & 1)
    }

    /// The same tasks, as one would write them if there were nothing but a loop.
    fn run_dense(&self, values: &mut [u128], outputs: &mut [u64]) {
        for (pair, output) in self.accounts.iter().zip(outputs) {
            let [from, to] = pair.map(|account| account as usize);
            let amount = 1 + self.work(values[from] ^ values[to]);
            values[from] -= amount;
            values[to] += amount;
            *output = amount as u64;
        }
    }
}

impl OpenJob for Transfers {
    type Value = u128;
    type Delta = u128;
    type Output = u64;
    type Scratch = ();

    fn base(&self, key: Key) -> u128 {
        self.base[key.index()]
    }

    fn fold(&self, _: Key, value: &mut u128, delta: &u128) {
        *value += delta;
    }

    fn run<V>(&self, task: Task, view: &mut V, (): &mut ()) -> Result<u64, Blocked>
    where
        V: OpenView<Value = u128, Delta = u128>,
    {
        let [from, to] = self.accounts[task.index()].map(Key::new);
        let (left, right) = (view.read(from)?, view.read(to)?);
        let amount = 1 + self.work(left ^ right);
        view.write(from, left - amount);
        view.write(to, right + amount);
        Ok(amount as u64)
    }
}

/// Steps that take about so many nanoseconds.
fn steps_for(nanoseconds: u32) -> u32 {
    const STEPS: u32 = 1_000_000;
    let job = Transfers { accounts: Vec::new(), base: Vec::new(), steps: STEPS };
    let best = (0..20).map(|_| time(|| _ = black_box(job.work(black_box(1))))).min();
    let picoseconds = best.expect("20 rounds").as_nanos() * 1000 / u128::from(STEPS);
    u32::try_from(u128::from(nanoseconds) * 1000 / picoseconds).expect("few steps")
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64 / f64::from(TASKS)
}

/// One line of the table.
fn measure(engine: &mut OpenEngine<Transfers>, rounds: u64, accounts: u32, work_ns: u32) {
    let steps = steps_for(work_ns);
    let mut dense = (Vec::new(), vec![0; TASKS as usize]);
    let (mut sequential, mut open) = (Vec::new(), Vec::new());
    let mut last = None;
    for round in 0..rounds {
        let job = Transfers::new(accounts, steps, round);
        dense.0.clone_from(&job.base);
        sequential.push(time(|| job.run_dense(&mut dense.0, &mut dense.1)));
        let mut values = job.base.clone();
        open.push(time(|| {
            last = Some(engine.run(&job, TASKS));
            engine.writes(|key, value| values[key.index()] = value);
        }));
        assert!(values == dense.0, "values");
        assert!(engine.outputs() == dense.1, "outputs");
    }
    let (sequential, open) = (median(sequential), median(open));
    let last = last.expect("at least one round");
    println!(
        "{accounts:>8} keys {work_ns:>6} ns of work: sequential {sequential:7.1}, open {open:7.1}, {:.2}x; {:?}, executions {}, aborts {}, waits {}, in order {}",
        sequential / open,
        last.reason,
        last.executions,
        last.aborts,
        last.waits,
        last.in_order,
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let threads = arguments.next().unwrap_or(2);
    let rounds = arguments.next().unwrap_or(31);
    let mut engine = OpenEngine::new(Config::threads(usize::try_from(threads).expect("few")));
    let only = arguments.map(|number| u32::try_from(number).expect("small")).collect::<Vec<_>>();
    for accounts in [2, 100, 20_000, 1_000_000] {
        for work_ns in [0, 140, 1400, 14_000] {
            let wanted = [accounts, work_ns];
            if only.iter().zip(wanted).all(|(only, wanted)| *only == wanted) {
                measure(&mut engine, rounds, accounts, work_ns);
            }
        }
    }
}

//! From a workload's settings to the blocks that are run.

use std::path::Path;

use heddle_engine::Mode as Access;
use heddle_engine::Task;
use heddle_engine::Tasks;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::error::BenchError;
use crate::exec::contender::Contender;
use crate::exec::ethereum::Pace;
use crate::exec::ethereum::Transactions;
use crate::exec::history::History;
use crate::exec::history::Part;
use crate::exec::job::Cell;
use crate::exec::job::Steps;
use crate::exec::path::CriticalPath;
use crate::exec::path::Lengths;
use crate::exec::path::Touch;
use crate::exec::race::Course;
use crate::exec::race::Rules;
use crate::exec::row::Label;
use crate::exec::row::Row;
use crate::exec::transfer::Interner;
use crate::exec::transfer::Shape;
use crate::exec::transfer::Transfers;
use crate::trace;

/// Blocks that are made up differ, in as many ways as it takes to fill this many nanoseconds ...
const DIFFERENT_NANOS: u64 = 40_000_000;
/// ... and at least and at most this many: more would be read from memory, where a node has them in its caches.
const DIFFERENT_BLOCKS: [u64; 2] = [2, 8];

/// Blocks on which the engine's ways are compared.
#[derive(Debug)]
pub(crate) struct Blocks<J> {
    histories: Vec<History<J>>,
    /// About how long running all of them once takes, in nanoseconds.
    nanos: u64,
}

impl<J: Steps> Blocks<J> {
    /// Runs a race on them.
    pub(crate) fn race(&self, rules: &Rules, label: &Label) -> Vec<Row> {
        let entry =
            |mode, threads| Contender::new(&self.histories, (mode, threads), rules.speculate);
        let course = Course { label, nanos: self.nanos, ideal: &|threads| self.ideal(threads) };
        rules.run(&course, &mut rules.racers(entry))
    }

    /// The work of all blocks by the least time for it, where each part of a block waits for the one before.
    fn ideal(&self, threads: u16) -> f64 {
        let parts = || self.histories.iter().flat_map(History::parts);
        let work: u64 = parts().map(|part| part.lengths.work).sum();
        let bound: f64 = parts().map(|part| part.lengths.bound(threads)).sum();
        work as f64 / bound
    }
}

/// Blocks of transfers.
#[derive(Clone, Debug)]
pub(crate) struct MadeUp {
    pub(crate) shape: Shape,
    /// Tasks a block.
    pub(crate) block: u32,
    /// How many of them, at a block's end, declare nothing.
    pub(crate) open: u32,
    pub(crate) seed: u64,
}

impl MadeUp {
    /// The same for the same seed.
    pub(crate) fn blocks(&self) -> Blocks<Transfers> {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        let nanos = u64::from(self.block) * u64::from(self.shape.cost());
        let [least, most] = DIFFERENT_BLOCKS;
        let blocks = DIFFERENT_NANOS.div_ceil(nanos.max(1)).clamp(least, most);
        let start = (0..self.shape.places()).map(|place| Cell::start(place.into())).collect();
        let history = History::new(start, (0..blocks).map(|_| self.block(&mut dice)).collect());
        Blocks { histories: vec![history], nanos: nanos * blocks }
    }

    fn block(&self, dice: &mut ChaCha8Rng) -> (Vec<Part<Transfers>>, Vec<u32>) {
        let mut interner = Interner::new(self.shape.places());
        let mut part = |count, make: fn(Transfers, Tasks, Lengths) -> Part<Transfers>| {
            let (job, tasks) = self.shape.draw(count, dice, &mut interner);
            let lengths = lengths(&tasks);
            make(job, tasks, lengths)
        };
        let mut parts = vec![part(self.block - self.open, Part::declared)];
        if self.open > 0 {
            parts.push(part(self.open, Part::open));
        }
        (parts, interner.into_places())
    }
}

/// All traced blocks of a directory that have at least `txs_min` transactions, each on values of its own.
pub(crate) fn ethereum(
    dir: &Path,
    txs_min: u32,
    pace: Pace,
) -> Result<Blocks<Transactions>, BenchError> {
    let blocks = trace::read_accesses(dir).map_err(|e| BenchError::failed(e.to_string()))?;
    let enough = blocks.iter().filter(|block| block.txs.len() >= txs_min as usize);
    let mut nanos = 0.0;
    let history = |block| {
        let (job, tasks, lengths) = Transactions::of(block, pace);
        nanos += lengths.work as f64 * pace.ns_per_gas;
        let start = (0..block.locations).map(|key| Cell::start(key.into())).collect();
        let part = Part::declared(job, tasks, lengths);
        History::new(start, vec![(vec![part], (0..block.locations).collect())])
    };
    let histories: Vec<_> = enough.map(history).collect();
    if histories.is_empty() {
        let dir = dir.display();
        let line = format!("{dir}: found no block with {txs_min} transactions; lower --min-txs");
        return Err(BenchError::failed(line));
    }
    Ok(Blocks { histories, nanos: nanos as u64 })
}

/// How long tasks take by what they declare.
fn lengths(tasks: &Tasks) -> Lengths {
    let mut path = CriticalPath::new(tasks.keys() as usize);
    let count = u32::try_from(tasks.len()).expect("tasks are numbered in 32 bits");
    for task in (0..count).map(Task::new) {
        let touches: Vec<_> =
            tasks.slots(task).map(|(key, access)| (key.index(), touch(access))).collect();
        path.push(tasks.cost(task).into(), touches.into_iter());
    }
    path.lengths()
}

const fn touch(access: Access) -> Touch {
    match access {
        Access::Read => Touch::Read,
        Access::Write => Touch::Write,
        Access::Add => Touch::Add,
    }
}

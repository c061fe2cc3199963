//! Blocks one after the other on the values of their keys, and what must come out.

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Key;
use heddle_engine::Task;
use heddle_engine::Tasks;

use crate::exec::job::Cell;
use crate::exec::job::Steps;
use crate::exec::path::Lengths;

/// Blocks, the values at all keys before them, and all values after them.
#[derive(Debug)]
pub(crate) struct History<J> {
    start: Vec<Cell>,
    blocks: Vec<Block<J>>,
    end: Vec<Cell>,
}

/// What is executed at once: one part, or two of which the second begins when the first is done.
#[derive(Debug)]
pub(crate) struct Block<J> {
    parts: Vec<Part<J>>,
    /// The keys that its tasks declare, ascending, with their values after it.
    touched: Vec<(Key, Cell)>,
}

/// Tasks that are run in the same way.
#[derive(Debug)]
pub(crate) struct Part<J> {
    /// What they do.
    pub(crate) job: J,
    /// What they declare.
    pub(crate) tasks: Tasks,
    /// How long they must take.
    pub(crate) lengths: Lengths,
    /// Whether they are run as if they declared nothing, wherever others are run declared.
    #[expect(dead_code, reason = "read once the engine has its open way")]
    pub(crate) open: bool,
    outputs: Vec<u64>,
}

impl<J> Part<J> {
    /// Tasks that may be run declared.
    pub(crate) const fn declared(job: J, tasks: Tasks, lengths: Lengths) -> Self {
        Self { job, tasks, lengths, open: false, outputs: Vec::new() }
    }

    /// Tasks that are always run open, except in order.
    pub(crate) const fn open(job: J, tasks: Tasks, lengths: Lengths) -> Self {
        Self { job, tasks, lengths, open: true, outputs: Vec::new() }
    }

    /// Whether these are the outputs of its tasks.
    pub(crate) fn gave(&self, outputs: &[u64]) -> bool {
        self.outputs == outputs
    }
}

impl<J> Block<J> {
    /// In the order in which they are run.
    pub(crate) fn parts(&self) -> &[Part<J>] {
        &self.parts
    }

    /// Whether `values` hold what the block's tasks leave at their keys.
    pub(crate) fn left(&self, values: &[Cell]) -> bool {
        self.touched.iter().all(|(key, cell)| values[key.index()] == *cell)
    }
}

impl<J: Steps> History<J> {
    /// Runs the parts of each block in order on one thread, and remembers what came out.
    pub(crate) fn new(start: Vec<Cell>, blocks: Vec<Vec<Part<J>>>) -> Self {
        let config = Config { choice: Choice::Sequential, ..Config::threads(1) };
        let mut engine = Engine::new(config);
        let mut end = start.clone();
        let mut settle = |mut parts: Vec<Part<J>>| {
            for part in &mut parts {
                engine.run(&part.job, &part.tasks, &mut end);
                part.outputs = engine.outputs().to_vec();
            }
            let keys = keys(&parts);
            let touched = keys.into_iter().map(|key| (key, end[key.index()])).collect();
            Block { parts, touched }
        };
        let blocks = blocks.into_iter().map(&mut settle).collect();
        Self { start, blocks, end }
    }

    /// The values before the first block.
    pub(crate) fn start(&self) -> &[Cell] {
        &self.start
    }

    /// In the order in which they are run.
    pub(crate) fn blocks(&self) -> &[Block<J>] {
        &self.blocks
    }

    /// Whether `values` are all of those after the last block.
    pub(crate) fn ended(&self, values: &[Cell]) -> bool {
        self.end == values
    }

    /// All parts of all blocks.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part<J>> {
        self.blocks.iter().flat_map(Block::parts)
    }
}

fn keys<J>(parts: &[Part<J>]) -> Vec<Key> {
    let declared = |part: &Part<J>| {
        let tasks = 0..u32::try_from(part.tasks.len()).expect("tasks are numbered in 32 bits");
        let keys = tasks.flat_map(|task| part.tasks.slots(Task::new(task)).map(|(key, _)| key));
        keys.collect::<Vec<_>>()
    };
    let mut keys: Vec<Key> = parts.iter().flat_map(declared).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

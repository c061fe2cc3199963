//! Blocks one after the other on the values of their keys, and what must come out.

use std::sync::Arc;

use heddle_engine::Choice;
use heddle_engine::Config;
use heddle_engine::Engine;
use heddle_engine::Tasks;

use crate::exec::job::Cell;
use crate::exec::job::Steps;
use crate::exec::path::Lengths;

/// Values, and blocks one after the other on them.
#[derive(Debug)]
pub(crate) struct History<J> {
    start: Vec<Cell>,
    blocks: Vec<Block<J>>,
}

/// What is executed at once, on keys that are numbered anew: a node gives a block's keys their numbers when it decodes it, and
/// fetches their values in one batch.
#[derive(Debug)]
pub(crate) struct Block<J> {
    /// One part, or two of which the second begins when the first is done.
    parts: Vec<Part<J>>,
    /// Where the values at its keys come from and go to, by key.
    places: Vec<u32>,
    /// What is at its keys after it, by key.
    end: Vec<Cell>,
}

/// Tasks that are run in the same way.
#[derive(Debug)]
pub(crate) struct Part<J> {
    /// What they do.
    pub(crate) job: Arc<J>,
    /// What they declare.
    pub(crate) tasks: Tasks,
    /// How long they must take.
    pub(crate) lengths: Lengths,
    /// Whether they are run as if they declared nothing, wherever others are run declared.
    pub(crate) open: bool,
    outputs: Vec<u64>,
}

impl<J> Part<J> {
    /// Tasks that may be run declared.
    pub(crate) fn declared(job: J, tasks: Tasks, lengths: Lengths) -> Self {
        let job = Arc::new(job);
        Self { job, tasks, lengths, open: false, outputs: Vec::new() }
    }

    /// Tasks that are always run open, except in order.
    pub(crate) fn open(job: J, tasks: Tasks, lengths: Lengths) -> Self {
        Self { open: true, ..Self::declared(job, tasks, lengths) }
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

    /// Fetches the values at its keys.
    pub(crate) fn fetch(&self, all: &[Cell], values: &mut Vec<Cell>) {
        values.clear();
        values.extend(self.places.iter().map(|place| all[*place as usize]));
    }

    /// Puts the values at its keys back.
    pub(crate) fn store(&self, values: &[Cell], all: &mut [Cell]) {
        for (place, value) in self.places.iter().zip(values) {
            all[*place as usize] = *value;
        }
    }

    /// Whether `values` are what the block's tasks leave at its keys.
    pub(crate) fn left(&self, values: &[Cell]) -> bool {
        self.end == values
    }
}

impl<J: Steps> History<J> {
    /// Runs the parts of each block in order on one thread, and remembers what came out. Blocks come with their places.
    pub(crate) fn new(start: Vec<Cell>, blocks: Vec<(Vec<Part<J>>, Vec<u32>)>) -> Self {
        let config = Config { choice: Choice::Sequential, ..Config::threads(1) };
        let mut engine = Engine::new(config);
        let mut all = start.clone();
        let mut settle = |(parts, places)| {
            let mut block = Block { parts, places, end: Vec::new() };
            let mut values = Vec::new();
            block.fetch(&all, &mut values);
            for part in &mut block.parts {
                let report = engine.run(&*part.job, &part.tasks, &mut values);
                report.expect("only the planned way breaks");
                part.outputs = engine.outputs().to_vec();
            }
            block.store(&values, &mut all);
            Block { end: values, ..block }
        };
        let blocks = blocks.into_iter().map(&mut settle).collect();
        Self { start, blocks }
    }

    /// The values before the first block.
    pub(crate) fn start(&self) -> &[Cell] {
        &self.start
    }

    /// In the order in which they are run.
    pub(crate) fn blocks(&self) -> &[Block<J>] {
        &self.blocks
    }

    /// All parts of all blocks.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part<J>> {
        self.blocks.iter().flat_map(Block::parts)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::exec::transfer::Interner;
    use crate::exec::transfer::Shape;
    use crate::exec::transfer::Transfers;

    /// Two blocks of two transfers each between two accounts.
    fn history() -> History<Transfers> {
        let shape = Shape { accounts: 2, steps: 3, work_ns: 0, over_declare: 0, counter: false };
        let mut dice = ChaCha8Rng::seed_from_u64(1);
        let mut block = || {
            let mut interner = Interner::new(shape.places());
            let (job, tasks) = shape.draw(2, &mut dice, &mut interner);
            (vec![Part::declared(job, tasks, Lengths::default())], interner.into_places())
        };
        History::new((0..2).map(Cell::start).collect(), vec![block(), block()])
    }

    #[test]
    fn what_running_in_order_leaves_is_right_and_anything_else_is_not() {
        let history = history();
        let block = &history.blocks()[0];
        assert!(block.left(&block.end));
        assert!(!block.left(history.start()));
        for key in 0..2 {
            let mut wrong = block.end.clone();
            wrong[key].mark ^= 1;
            assert!(!block.left(&wrong));
        }
        let part = &block.parts()[0];
        let right = part.outputs.clone();
        assert!(part.gave(&right));
        assert!(!part.gave(&right[..1]));
        assert!(!part.gave(&[right[1], right[0]]));
    }

    #[test]
    fn a_block_begins_with_what_the_one_before_left() {
        let history = history();
        let [first, second] = history.blocks() else { panic!("two blocks") };
        let mut engine = Engine::<Transfers>::new(Config::threads(1));
        let (mut all, mut values) = (history.start().to_vec(), Vec::new());
        first.store(&first.end, &mut all);
        second.fetch(&all, &mut values);
        let part = &second.parts()[0];
        engine.run(&*part.job, &part.tasks, &mut values).unwrap();
        assert!(second.left(&values));
        second.fetch(history.start(), &mut values);
        engine.run(&*part.job, &part.tasks, &mut values).unwrap();
        assert!(!second.left(&values));
    }

    #[test]
    fn another_order_leaves_other_values() {
        let cell = |deltas: [u64; 2]| {
            let mut cell = Cell::start(7);
            deltas.into_iter().for_each(|delta| cell.fold(delta));
            cell
        };
        assert_eq!(cell([1, 2]).amount, cell([2, 1]).amount);
        assert_ne!(cell([1, 2]), cell([2, 1]));
    }
}

//! What one worker of a planned block has for itself.

use crate::job::Job;
use crate::job::Key;
use crate::report::Span;

/// Keys of conflicts that a worker notes in a block.
const CONFLICTS_MAX: usize = 1024;

/// A worker's own memory, from block to block.
pub(crate) struct Worker<J: Job> {
    pub(crate) number: u32,
    /// Tasks that are ready and that it will run next, the last first.
    pub(crate) local: Vec<u32>,
    /// Tasks that it has run and whose waiters it has not looked after.
    pub(crate) finished: Vec<u32>,
    /// Tasks that no longer wait for what they waited for, and that it has to look after.
    pub(crate) released: Vec<u32>,
    pub(crate) scratch: J::Scratch,
    pub(crate) folding: Vec<u32>,
    /// Tasks that it has run and not told of.
    pub(crate) untold: u32,
    pub(crate) tally: Tally,
}

/// What a worker counts in a block.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) executions: u64,
    pub(crate) speculative: u64,
    pub(crate) aborts: u64,
    pub(crate) waits: u64,
    pub(crate) conflicts: Vec<Key>,
    pub(crate) spans: Vec<Span>,
}

impl Tally {
    pub(crate) fn note(&mut self, key: Key) {
        self.waits += 1;
        if self.conflicts.len() < CONFLICTS_MAX {
            self.conflicts.push(key);
        }
    }

    pub(crate) fn clear(&mut self) {
        let Self { executions, speculative, aborts, waits, conflicts, spans } = self;
        (*executions, *speculative, *aborts, *waits) = (0, 0, 0, 0);
        conflicts.clear();
        spans.clear();
    }
}

impl<J: Job> Worker<J> {
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            local: Vec::new(),
            finished: Vec::new(),
            released: Vec::new(),
            scratch: J::Scratch::default(),
            folding: Vec::new(),
            untold: 0,
            tally: Tally::default(),
        }
    }

    /// Ready for another block, whatever became of the last.
    pub(crate) fn reset(&mut self) {
        self.local.clear();
        self.finished.clear();
        self.released.clear();
        self.untold = 0;
        self.tally.clear();
    }
}

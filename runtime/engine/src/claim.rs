//! Which task a worker looks at next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::PoisonError;

use crate::levels::Levels;
use crate::sync::AtomicU32;
use crate::sync::Mutex;
use crate::sync::MutexGuard;
use crate::sync::Ordering;
use crate::sync::lock;

/// Tasks in their order, a few at a time, as far as they are planned.
#[derive(Debug)]
pub(crate) struct InOrder {
    next: AtomicU32,
    planned: AtomicU32,
    chunk: u32,
}

impl InOrder {
    /// From `start` on, `chunk` tasks at once; planned up to `planned`.
    pub(crate) fn new(start: u32, planned: u32, chunk: u32) -> Self {
        let (next, planned) = (AtomicU32::new(start), AtomicU32::new(planned));
        Self { next, planned, chunk: chunk.max(1) }
    }

    /// Up to which task they are planned.
    pub(crate) fn planned(&self) -> u32 {
        self.planned.load(Ordering::Relaxed)
    }

    /// Tasks up to `end` are planned.
    pub(crate) fn publish(&self, end: u32) {
        // Releases the plan of these tasks.
        self.planned.store(end, Ordering::Release);
    }

    /// Whether there is something to claim, as far as can be seen from here.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.planned.load(Ordering::Acquire)
    }

    /// The next tasks; none when all that are planned are claimed.
    #[inline]
    pub(crate) fn claim(&self) -> Option<Range<u32>> {
        let mut start = self.next.load(Ordering::Relaxed);
        loop {
            // Acquires the plan of what is claimed.
            let planned = self.planned.load(Ordering::Acquire);
            if start >= planned {
                return None;
            }
            let end = planned.min(start + self.chunk);
            match self.next.compare_exchange_weak(start, end, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(start..end),
                Err(now) => start = now,
            }
        }
    }
}

/// Tasks by level, highest first: those that nobody has looked at yet, and those that have become ready since.
#[derive(Debug)]
pub(crate) struct ByLevel<'a> {
    levels: &'a Levels,
    queue: Mutex<Queue>,
}

/// The part of [`ByLevel`] that outlives blocks, and that changes.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    next: usize,
    ready: BinaryHeap<(u32, Reverse<u32>)>,
}

impl<'a> ByLevel<'a> {
    /// With the levels of a block; `queue` is of an earlier one.
    pub(crate) fn new(levels: &'a Levels, mut queue: Queue) -> Self {
        queue.next = 0;
        queue.ready.clear();
        Self { levels, queue: Mutex::new(queue) }
    }

    /// A task that has become ready.
    pub(crate) fn push(&self, task: u32) {
        self.lock().ready.push((self.levels.of(task), Reverse(task)));
    }

    /// The next to look at; it may have to wait. None when there is none at the moment.
    pub(crate) fn pop(&self) -> Option<u32> {
        let mut queue = self.lock();
        let next = self.levels.order().get(queue.next).copied();
        let top = queue.ready.peek().map(|(level, Reverse(task))| (*level, *task));
        match (next, top) {
            (Some(next), Some((level, _))) if self.levels.of(next) > level => {
                queue.next += 1;
                Some(next)
            }
            (_, Some((_, task))) => {
                queue.ready.pop();
                Some(task)
            }
            (Some(next), None) => {
                queue.next += 1;
                Some(next)
            }
            (None, None) => None,
        }
    }

    /// Whether there is something to pop.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        let queue = self.lock();
        queue.next < self.levels.order().len() || !queue.ready.is_empty()
    }

    /// Its memory.
    pub(crate) fn into_queue(self) -> Queue {
        self.queue.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

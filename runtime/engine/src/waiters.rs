//! Who waits for whom: a flag a task, and a list of those that wait for it.
//!
//! A task that ends sets its flag, with a plain store, and looks at its list *some time later*; a fence lies between. A task
//! that wants to wait first enters the list, and then looks at the flag; a fence lies between. So at least one of the two
//! sees the other. Whoever finds waiters of a task that is done takes the whole list and looks after all of them: each
//! waiter is taken by exactly one. A plain store and a fence now and then are much cheaper than an exchange a task.
//!
//! A task stands in one list at a time.

use std::ops::Range;

use crate::cells::prefetch_slice;
use crate::sync::AtomicU32;
use crate::sync::Ordering;
use crate::sync::fence;

/// Flags and lists of the tasks of a block, by their numbers; see the module.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    words: Vec<Word>,
}

#[derive(Debug, Default)]
struct Word {
    done: AtomicU32,
    /// The newest that waits for this task, plus one; 0 for none.
    list: AtomicU32,
    /// The next in the list that this task stands in, plus one; 0 for none.
    next: AtomicU32,
}

/// What became of the wish to wait.
#[derive(Debug)]
pub(crate) enum Waiting<'a> {
    /// Whoever finishes the task looks after the waiter.
    Listed,
    /// The task is done. The caller looks after these, of which the waiter may be one.
    Done(Released<'a>),
}

/// Tasks that waited for one that is done, newest first. Whoever holds this looks after them.
#[derive(Debug)]
pub(crate) struct Released<'a> {
    waiters: &'a Waiters,
    list: u32,
}

impl Waiters {
    /// For `len` tasks, none of which is done.
    pub(crate) fn reset(&mut self, len: usize) {
        self.words.truncate(len);
        for word in &self.words {
            word.done.store(0, Ordering::Relaxed);
            word.list.store(0, Ordering::Relaxed);
        }
        self.words.resize_with(len, Word::default);
    }

    /// Fetches what concerns these tasks, ahead of time.
    pub(crate) fn prefetch(&self, tasks: &Range<u32>) {
        prefetch_slice(&self.words[tasks.start as usize..tasks.end as usize]);
    }

    /// Whether `task` is done. If so, all that it wrote may be read.
    #[inline]
    pub(crate) fn is_done(&self, task: u32) -> bool {
        // Acquires what `finish` released.
        self.words[task as usize].done.load(Ordering::Acquire) != 0
    }

    /// Ends `task` and publishes what it wrote. Its waiters are left for [`Self::fence`] and [`Self::release`].
    #[inline]
    pub(crate) fn finish(&self, task: u32) {
        self.words[task as usize].done.store(1, Ordering::Release);
    }

    /// To be called between finishing tasks and releasing their waiters.
    #[inline]
    pub(crate) fn fence() {
        // Pairs with the fence of `wait`: either the waiter sees the flag, or `release` sees the waiter.
        fence(Ordering::SeqCst);
    }

    /// Those that wait for a finished task.
    #[inline]
    pub(crate) fn release(&self, task: u32) -> Released<'_> {
        let list = &self.words[task as usize].list;
        let waits = list.load(Ordering::Relaxed) != 0;
        // Acquires the links, and what was done for the waiters before they entered the list.
        let list = if waits { list.swap(0, Ordering::Acquire) } else { 0 };
        Released { waiters: self, list }
    }

    /// Makes `waiter` wait for `task`, unless that is done.
    pub(crate) fn wait(&self, waiter: u32, task: u32) -> Waiting<'_> {
        let word = &self.words[task as usize];
        let mut head = word.list.load(Ordering::Relaxed);
        loop {
            // Published by the exchange below.
            self.words[waiter as usize].next.store(head, Ordering::Relaxed);
            let entered = word.list.compare_exchange_weak(
                head,
                waiter + 1,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match entered {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        // Pairs with `Self::fence`.
        fence(Ordering::SeqCst);
        if self.is_done(task) { Waiting::Done(self.release(task)) } else { Waiting::Listed }
    }
}

impl Iterator for Released<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let waiter = self.list.checked_sub(1)?;
        // Before the waiter is given out: it may then enter another list, which overwrites its link.
        self.list = self.waiters.words[waiter as usize].next.load(Ordering::Relaxed);
        Some(waiter)
    }
}

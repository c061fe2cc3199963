//! A thread's inbox: what others tell it waits in turns.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use parking_lot::Condvar;
use parking_lot::Mutex;

use crate::node::turns::Room;
use crate::node::turns::Source;
use crate::node::turns::Turns;

/// What is told to a thread.
pub(crate) trait FromSource {
    /// Whose turn it takes.
    fn source(&self) -> Source;
}

/// Where a thread is told.
#[derive(Debug)]
pub(crate) struct Entrance<T>(Arc<Waiting<T>>);

/// Where the thread hears. Once it is dropped, whoever tells tells nobody.
#[derive(Debug)]
pub(crate) struct Inbox<T>(Arc<Waiting<T>>);

#[derive(Debug)]
struct Waiting<T> {
    told: Mutex<Letters<T>>,
    came: Condvar,
}

#[derive(Debug)]
struct Letters<T> {
    turns: Turns<T>,
    is_closed: bool,
}

/// An inbox in which so much of each source may wait.
pub(crate) fn inbox<T>(room: Room) -> (Entrance<T>, Inbox<T>) {
    let told = Mutex::new(Letters { turns: Turns::new(room), is_closed: false });
    let waiting = Arc::new(Waiting { told, came: Condvar::new() });
    (Entrance(Arc::clone(&waiting)), Inbox(waiting))
}

impl<T: FromSource> Entrance<T> {
    /// Tells what there is always room for, because nobody can make much of it.
    pub(crate) fn tell(&self, item: T) {
        let mut told = self.0.told.lock();
        if !told.is_closed {
            told.turns.push_anyway(item.source(), item, 0);
            self.0.came.notify_one();
        }
    }

    /// Tells what takes up so many bytes; gives it back when its source has no room. Never waits.
    pub(crate) fn try_tell(&self, item: T, bytes: usize) -> Option<T> {
        let mut told = self.0.told.lock();
        if told.is_closed {
            return None;
        }
        let refused = told.turns.push(item.source(), item, bytes).err();
        if refused.is_none() {
            self.0.came.notify_one();
        }
        refused
    }

    /// What waits is forgotten, and whatever is told from now on is told nobody.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl<T> Inbox<T> {
    /// The next thing, if one waits.
    pub(crate) fn try_next(&self) -> Option<T> {
        self.0.told.lock().turns.pop()
    }

    /// The next thing; none if there is none within this time, or none any more. Without a time it waits for as long as it takes.
    pub(crate) fn next_within(&self, wait: Option<Duration>) -> Option<T> {
        let deadline = wait.and_then(|wait| Instant::now().checked_add(wait));
        let Waiting { told, came } = &*self.0;
        let mut told = told.lock();
        loop {
            let next = told.turns.pop();
            if next.is_some() || told.is_closed {
                return next;
            }
            match deadline {
                None => came.wait(&mut told),
                Some(deadline) => {
                    if came.wait_until(&mut told, deadline).timed_out() {
                        return told.turns.pop();
                    }
                }
            }
        }
    }
}

impl<T> Waiting<T> {
    fn close(&self) {
        let mut told = self.told.lock();
        told.is_closed = true;
        // Whoever waits for an answer to one of them is not to wait any longer.
        told.turns.clear();
        self.came.notify_all();
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

// By hand, for what is told need not be cloned for it.
impl<T> Clone for Entrance<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests;

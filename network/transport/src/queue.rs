//! Frames that wait for one connection.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits;

/// A bounded queue with one reader. Never waits when putting.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

/// The queue is full; nothing was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Outbox {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { waiting: Mutex::default(), wake: Notify::new(), bytes_max }
    }

    pub(crate) fn push(&self, body: Bytes) -> Result<(), Full> {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes.saturating_add(body.len());
        if waiting.frames.len() >= limits::QUEUE_FRAMES_MAX || bytes > self.bytes_max {
            return Err(Full);
        }
        waiting.bytes = bytes;
        waiting.frames.push_back(body);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// Moves what waits, up to what is written at once, to `out`; waits until there is something.
    pub(crate) async fn take(&self, out: &mut Vec<Bytes>) {
        loop {
            // A wake-up between the look and the wait is kept by `Notify`.
            if self.try_take(out) {
                return;
            }
            self.wake.notified().await;
        }
    }

    fn try_take(&self, out: &mut Vec<Bytes>) -> bool {
        let mut waiting = self.waiting.lock();
        let mut taken = 0_usize;
        while taken < limits::WRITE_BYTES_MAX {
            let Some(body) = waiting.frames.pop_front() else { break };
            taken = taken.saturating_add(body.len());
            out.push(body);
        }
        waiting.bytes = waiting.bytes.saturating_sub(taken);
        taken > 0
    }
}

#[cfg(test)]
mod tests;

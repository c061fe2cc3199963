//! Frames that wait for one connection.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits;

/// A bounded queue with one reader. Never waits when putting.
///
/// Frames of which somebody said that they go first have a queue of their own, so that they find room and do not wait behind others;
/// half of what is written at once is theirs, as far as there are any.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    first: Frames,
    others: Frames,
}

/// Frames in their order.
#[derive(Debug, Default)]
struct Frames {
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
        self.waiting.lock().others.push(body, self.bytes_max)?;
        self.wake.notify_one();
        Ok(())
    }

    /// Puts a frame that goes before those of [`Self::push`]. There is room for a quarter of what there is for those, besides.
    pub(crate) fn push_first(&self, body: Bytes) -> Result<(), Full> {
        self.waiting.lock().first.push(body, self.bytes_max / 4)?;
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
        waiting.first.take(limits::WRITE_BYTES_MAX / 2, &mut taken, out);
        waiting.others.take(limits::WRITE_BYTES_MAX, &mut taken, out);
        waiting.first.take(limits::WRITE_BYTES_MAX, &mut taken, out);
        taken > 0
    }
}

impl Frames {
    fn push(&mut self, body: Bytes, bytes_max: usize) -> Result<(), Full> {
        let bytes = self.bytes.saturating_add(body.len());
        if self.frames.len() >= limits::QUEUE_FRAMES_MAX || bytes > bytes_max {
            return Err(Full);
        }
        self.bytes = bytes;
        self.frames.push_back(body);
        Ok(())
    }

    /// Moves frames to `out` until `taken` bytes are `until`.
    fn take(&mut self, until: usize, taken: &mut usize, out: &mut Vec<Bytes>) {
        while *taken < until {
            let Some(body) = self.frames.pop_front() else { break };
            *taken = taken.saturating_add(body.len());
            self.bytes = self.bytes.saturating_sub(body.len());
            out.push(body);
        }
    }
}

#[cfg(test)]
mod tests;

//! What waits for the driver, whom every other thread tells what happened.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use parking_lot::Condvar;
use parking_lot::Mutex;

use crate::node::driver::DriverEvent;
use crate::node::turns::Room;
use crate::node::turns::Turns;

/// What may wait of one source. What comes when more waits is dropped.
const ROOM: Room = Room { items: 4_096, bytes: 32 * 1024 * 1024 };

/// Where the driver is told.
#[derive(Clone)]
pub(crate) struct Entrance(Arc<Waiting>);

/// Where the driver hears. Once it is dropped, whoever tells tells nobody.
pub(crate) struct Inbox(Arc<Waiting>);

struct Waiting {
    events: Mutex<Events>,
    came: Condvar,
}

struct Events {
    turns: Turns<DriverEvent>,
    is_closed: bool,
}

/// Nothing that waits.
pub(crate) fn inbox() -> (Entrance, Inbox) {
    let events = Mutex::new(Events { turns: Turns::new(ROOM), is_closed: false });
    let waiting = Arc::new(Waiting { events, came: Condvar::new() });
    (Entrance(Arc::clone(&waiting)), Inbox(waiting))
}

impl Entrance {
    /// Tells what there is always room for: what others cannot make more of than connections allow.
    pub(crate) fn tell(&self, event: DriverEvent) {
        let mut events = self.0.events.lock();
        if !events.is_closed {
            events.turns.push_anyway(event.source(), event, 0);
            self.0.came.notify_one();
        }
    }

    /// Tells what came in so many bytes. Never waits.
    ///
    /// # Errors
    /// Gives it back when its source has no room.
    pub(crate) fn try_tell(&self, event: DriverEvent, bytes: usize) -> Result<(), DriverEvent> {
        let mut events = self.0.events.lock();
        if !events.is_closed {
            events.turns.push(event.source(), event, bytes)?;
            self.0.came.notify_one();
        }
        Ok(())
    }
}

impl Inbox {
    /// The next event, if one waits.
    pub(crate) fn try_next(&self) -> Option<DriverEvent> {
        self.0.events.lock().turns.pop()
    }

    /// The next event; none if there is none within this time.
    pub(crate) fn next_within(&self, wait: Option<Duration>) -> Option<DriverEvent> {
        let deadline = wait.and_then(|wait| Instant::now().checked_add(wait));
        let Waiting { events, came } = &*self.0;
        let mut events = events.lock();
        loop {
            if let Some(event) = events.turns.pop() {
                return Some(event);
            }
            match deadline {
                None => came.wait(&mut events),
                Some(deadline) => {
                    if came.wait_until(&mut events, deadline).timed_out() {
                        return events.turns.pop();
                    }
                }
            }
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut events = self.0.events.lock();
        events.is_closed = true;
        // Whoever waits for an answer to one of them is not to wait any longer.
        events.turns.clear();
    }
}

#[cfg(test)]
mod tests;

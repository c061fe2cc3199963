//! What happened, in order.

use super::Take;
use super::Touch;
use super::Update;
use super::recording::Recording;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'r> {
    /// Somebody took what was there.
    Take(&'r Take),
    /// Levels changed; what the best prices were after that, if the recording says so.
    Update(&'r Update, Option<Touch>),
}

impl Recording {
    /// Updates by number. A trade comes before the first update that is not older than it: that is the one which shows what
    /// it left.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let mut takes = self.takes.as_slice();
        let mut touches = self.touches.as_slice();
        let mut touch = None;
        self.updates.iter().flat_map(move |update| {
            let before = takes.iter().take_while(|take| take.time <= update.time).count();
            let (taken, later) = takes.split_at(before);
            takes = later;
            while let Some((first, rest)) = touches.split_first().filter(|(t, _)| t.id <= update.id)
            {
                (touch, touches) = (Some(first.touch), rest);
            }
            taken.iter().map(Event::Take).chain([Event::Update(update, touch)])
        })
    }
}

//! The events of one transaction.

use std::io;
use std::ops::Deref;

use borsh::BorshSerialize;

use crate::codec::BoundedRead;
use crate::receipt::Event;

/// What a transaction reported, in order. A single event, which is what nearly all have, is held in place: it needs no memory of
/// its own.
#[derive(Clone, Debug, Default)]
pub struct Events(Held);

#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    None,
    One(Event),
    Many(Vec<Event>),
}

impl Events {
    /// All events of `list`, which is empty then and keeps its memory.
    #[inline]
    pub fn take(list: &mut Vec<Event>) -> Self {
        if list.len() > 1 {
            let mut many = Vec::with_capacity(list.len());
            many.append(list);
            return Self(Held::Many(many));
        }
        Self(list.pop().map_or(Held::None, Held::One))
    }
}

impl Deref for Events {
    type Target = [Event];

    fn deref(&self) -> &[Event] {
        match &self.0 {
            Held::None => &[],
            Held::One(event) => std::slice::from_ref(event),
            Held::Many(events) => events,
        }
    }
}

impl From<Vec<Event>> for Events {
    fn from(mut events: Vec<Event>) -> Self {
        if events.len() > 1 { Self(Held::Many(events)) } else { Self::take(&mut events) }
    }
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Events {}

impl BorshSerialize for Events {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        (**self).serialize(writer)
    }
}

impl BoundedRead for Events {
    fn read_bounded<R: io::Read>(reader: &mut R, max: usize) -> io::Result<Self> {
        Vec::<Event>::read_bounded(reader, max).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventData;
    use crate::ProgramId;

    #[test]
    fn events_are_the_list_that_they_were_made_from() {
        let event = |n: u16| Event {
            program: ProgramId(1),
            kind: n,
            data: EventData::new(&n.to_le_bytes()),
        };
        for len in 0..4 {
            let list: Vec<_> = (0..len).map(event).collect();
            let mut taken = list.clone();
            let events = Events::take(&mut taken);
            assert!(taken.is_empty());
            assert_eq!(&*events, list.as_slice());
            assert_eq!(events, Events::from(list.clone()));
            assert_ne!(events, Events::from(vec![event(9)]));
            let bytes = borsh::to_vec(&events).unwrap();
            assert_eq!(bytes, borsh::to_vec(&list).unwrap());
            assert_eq!(Events::read_bounded(&mut bytes.as_slice(), 4).unwrap(), events);
        }
    }
}

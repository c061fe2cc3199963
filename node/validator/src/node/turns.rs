//! Things of several sources that wait, read in turns.
//!
//! Whoever has one thing there waits for at most one of each other source, however much those brought: a member that floods its
//! peers with well-formed messages costs them a share of their time, and nobody his votes.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use heddle_types::PublicKey;
use heddle_wire::Channel;

/// Whom something is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A thread of this node.
    Own,
    /// Users, all of them together.
    Users,
    /// Another node. Its votes do not wait behind the transactions that it passes on.
    Peer(PublicKey, Channel),
}

impl Source {
    /// Which node, if it is another.
    pub(crate) const fn peer(self) -> Option<PublicKey> {
        match self {
            Self::Own | Self::Users => None,
            Self::Peer(key, _) => Some(key),
        }
    }
}

/// How much may wait of one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// How many things.
    pub(crate) items: usize,
    /// Their bytes. A single thing may be larger.
    pub(crate) bytes: usize,
}

/// A queue for each source.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    room: Room,
    /// Of those of whom something waits.
    lines: BTreeMap<Source, Line<T>>,
    /// The same ones, whose turn is first.
    turns: VecDeque<Source>,
}

#[derive(Debug)]
struct Line<T> {
    /// With its bytes, first come first.
    items: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Turns<T> {
    /// Nothing yet.
    pub(crate) const fn new(room: Room) -> Self {
        Self { room, lines: BTreeMap::new(), turns: VecDeque::new() }
    }

    /// Puts something of `bytes` behind all else of its source; gives it back when that source has no room.
    pub(crate) fn push(&mut self, source: Source, item: T, bytes: usize) -> Result<(), T> {
        if let Some(line) = self.lines.get(&source) {
            let bytes = line.bytes.saturating_add(bytes);
            if line.items.len() >= self.room.items || bytes > self.room.bytes {
                return Err(item);
            }
        }
        self.push_anyway(source, item, bytes);
        Ok(())
    }

    /// The same, whether there is room or not.
    pub(crate) fn push_anyway(&mut self, source: Source, item: T, bytes: usize) {
        let line = self.lines.entry(source).or_insert_with(|| {
            self.turns.push_back(source);
            Line { items: VecDeque::new(), bytes: 0 }
        });
        line.items.push_back((item, bytes));
        line.bytes = line.bytes.saturating_add(bytes);
    }

    /// Takes one thing of the source whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.pop_where(|_| true).map(|(_, item)| item)
    }

    /// The same of those sources of which this holds; says of which.
    pub(crate) fn pop_where(&mut self, may: impl Fn(Source) -> bool) -> Option<(Source, T)> {
        let place = self.turns.iter().position(|source| may(*source))?;
        let source = self.turns.remove(place)?;
        let item = self.take_of(source)?;
        if self.lines.contains_key(&source) {
            self.turns.push_back(source);
        }
        Some((source, item))
    }

    /// Takes one thing more of a source, out of turn.
    pub(crate) fn pop_of(&mut self, source: Source) -> Option<T> {
        let item = self.take_of(source)?;
        if !self.lines.contains_key(&source) {
            self.turns.retain(|waiting| *waiting != source);
        }
        Some(item)
    }

    /// Forgets all that waits.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.turns.clear();
    }

    fn take_of(&mut self, source: Source) -> Option<T> {
        let line = self.lines.get_mut(&source)?;
        let (item, bytes) = line.items.pop_front()?;
        line.bytes = line.bytes.saturating_sub(bytes);
        if line.items.is_empty() {
            self.lines.remove(&source);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests;

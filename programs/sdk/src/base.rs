//! What a transaction or phase item stands on.

use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;

/// State as one transaction or phase item finds it.
///
/// `slot` is the key's position in the transaction's declaration, from which an executor knows the key's place in its own tables;
/// none when the key is not declared, because the transaction is open.
pub trait Base {
    /// What is at `key`.
    ///
    /// # Errors
    /// [`Blocked`] when that is not known yet.
    fn entry<'s>(&'s self, key: &StateKey, slot: Option<usize>) -> Result<HeldEntry<'s>, Blocked>;

    /// Whether `key` was there when the block began. An add must not see what earlier transactions of the block made of its key, but
    /// this it may know.
    fn was_there(&self, key: &StateKey, slot: Option<usize>) -> bool;
}

/// An entry that is borrowed where that is possible.
#[derive(Clone, Debug, Default)]
pub enum HeldEntry<'s> {
    /// There is none.
    #[default]
    Absent,
    /// It stays where it is while the transaction runs, and is the answer as often as the base is asked.
    Borrowed(&'s Entry),
    /// A copy.
    Owned(Entry),
}

impl From<Option<Entry>> for HeldEntry<'_> {
    fn from(entry: Option<Entry>) -> Self {
        entry.map_or(Self::Absent, Self::Owned)
    }
}

impl<'s> From<Option<&'s Entry>> for HeldEntry<'s> {
    fn from(entry: Option<&'s Entry>) -> Self {
        entry.map_or(Self::Absent, Self::Borrowed)
    }
}

/// What is to be read is not known before this transaction has run (Block-STM's `ESTIMATE`). The execution that meets it is void and
/// will be repeated, whatever its program makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked(pub u32);

/// State in which nothing has happened since the block began.
pub struct BlockStart<'a>(pub &'a dyn StateView);

impl Base for BlockStart<'_> {
    fn entry<'s>(&'s self, key: &StateKey, _slot: Option<usize>) -> Result<HeldEntry<'s>, Blocked> {
        Ok(self.0.entry(key).into())
    }

    fn was_there(&self, key: &StateKey, _slot: Option<usize>) -> bool {
        self.0.entry(key).is_some()
    }
}

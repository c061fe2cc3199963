//! What a transaction or phase item stands on.

use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::StateView;

/// State as one transaction or phase item finds it.
///
/// `slot` is the key's position in the transaction's declaration, from which an executor knows the key's place in its own tables;
/// none when the key is not declared, because the transaction is open.
pub trait Base {
    /// What is at `key`: an entry that stays where it is while the transaction runs and is the answer as often as this is
    /// asked, or a copy that is put into `copy`.
    ///
    /// # Errors
    /// [`Blocked`] when that is not known yet.
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked>;

    /// Whether `key` was there when the block began. An add must not see what earlier transactions of the block made of its key, but
    /// this it may know.
    fn was_there(&self, key: &StateKey, slot: Option<usize>) -> bool;
}

/// What is to be read is not known before this transaction has run (Block-STM's `ESTIMATE`). The execution that meets it is void and
/// will be repeated, whatever its program makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked(pub u32);

/// State in which nothing has happened since the block began.
pub struct BlockStart<'a>(pub &'a dyn StateView);

impl Base for BlockStart<'_> {
    fn entry<'s>(
        &'s self,
        key: &StateKey,
        _slot: Option<usize>,
        copy: &'s mut Option<Entry>,
    ) -> Result<Option<&'s Entry>, Blocked> {
        *copy = self.0.entry(key);
        Ok(copy.as_ref())
    }

    fn was_there(&self, key: &StateKey, _slot: Option<usize>) -> bool {
        self.0.entry(key).is_some()
    }
}

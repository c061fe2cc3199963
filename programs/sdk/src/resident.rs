//! Resident objects: typed state that a program keeps in memory from block to block, such as an order book.
//!
//! For program authors:
//!
//! * An object is named by a [`ResidentKey`]. A work item names at most one ([`crate::WorkItem::with_resident`]) and then has it to
//!   itself: in [`crate::Program::run_item`], [`crate::PhaseContext::resident`] gives it as the type that it is.
//! * What stands in state are the object's *parts*, under suffixes that the program chooses, and a *stamp*. When an item has
//!   succeeded, [`Resident::flush`] hands out the parts that changed, and only those are encoded, hashed and stored; they cost work
//!   by their bytes. Parts carry no deposit, so take room for what users make large in a transaction that pays.
//! * [`crate::Program::load_resident`] makes the object from its parts alone. There is no listing of parts: keep what lists them, such
//!   as the prices that have a level, in a part of its own. An object that has no parts yet is the empty one.
//! * An item that fails, panics or runs out of work leaves the object as it was before the item: what it did to the one in memory is
//!   dropped, and the next item has it loaded again. [`crate::Program::item_failed`] has no object: freeze what the item was about at a
//!   key of its own. Let few phases have two items for one object: if the first fails, all items of the phase run again in order.
//! * **Nothing may depend on whether an object was in memory or was loaded**, on this node or another: what is loaded must behave as what
//!   was flushed did, down to which parts it flushes next and in how much memory it fits. Whatever changes behaviour belongs
//!   into a part and into [`Resident::image`]. The test chain loads every object after every block and compares the images.
//! * Loading is not metered, because it must not show; so bound what an object can grow to.
//! * No transaction may touch a stamp or a part, whatever it declares, nor may an item but through the object. Planning a phase may
//!   read them, and so may anyone outside of execution.
//!
//! ```text
//! key bytes:   TAG | length of the name | name                the stamp
//!              TAG | length of the name | name | suffix       a part; the suffix is not empty
//! ```
//!
//! The stamp is a hash over the stamp before and the parts flushed since, so it says which parts there are: an object in memory is
//! good for exactly the states that hold its stamp. No executor needs to be told that a block was abandoned or that state was replaced.

use std::any::Any;

use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;

use crate::limits::RESIDENT_NAME_BYTES_MAX;

/// The first byte of every key that belongs to a resident object. No other key may begin with it.
pub const RESIDENT_TAG: u8 = 0xff;

/// Typed state in memory, whose parts stand in state.
pub trait Resident: Any + Send {
    /// Hands out each part that changed since the object was loaded or last flushed, by its suffix: its value, or none if it is gone.
    /// Afterwards nothing has changed. Of several to one suffix the last counts; their order does not matter otherwise.
    fn flush(&mut self, out: &mut dyn FnMut(&[u8], Option<Value>));

    /// All that it is, in bytes: equal for two objects exactly when nothing can tell them apart. For tests and tools; no block depends
    /// on it.
    fn image(&self) -> Vec<u8>;
}

/// The name of a resident object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResidentKey(StateKey);

impl ResidentKey {
    /// The object of `program` with this name; none when that has more than [`RESIDENT_NAME_BYTES_MAX`] bytes.
    pub fn new(program: ProgramId, name: &[u8]) -> Option<Self> {
        if name.len() > RESIDENT_NAME_BYTES_MAX {
            return None;
        }
        let len = u8::try_from(name.len()).ok()?;
        StateKey::new(program, &[&[RESIDENT_TAG, len], name]).map(Self)
    }

    /// Where its stamp is: 24 bytes, once it has parts.
    pub const fn stamp(&self) -> &StateKey {
        &self.0
    }

    /// Where the part with this suffix is; none when the suffix is empty or too long for a key.
    pub fn part(&self, suffix: &[u8]) -> Option<StateKey> {
        if suffix.is_empty() {
            return None;
        }
        StateKey::new(self.0.program(), &[self.0.bytes(), suffix])
    }

    /// Whose it is.
    pub const fn program(&self) -> ProgramId {
        self.0.program()
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        self.0.bytes().get(2..).unwrap_or_default()
    }
}

/// Whether only the runtime may touch a key, on behalf of a resident object.
#[inline]
pub(crate) const fn is_reserved(key: &StateKey) -> bool {
    key.first_byte() == RESIDENT_TAG
}

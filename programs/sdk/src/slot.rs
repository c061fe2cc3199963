//! One key as a workspace sees it.

use heddle_types::Entry;
use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::Value;

use crate::base::Base;
use crate::base::Blocked;
use crate::number;

/// One key as a workspace sees it.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// What is beneath, if the base gave a copy of it.
    copy: Option<Entry>,
    /// Whether nothing is beneath, as far as is known.
    is_absent: bool,
    is_read: bool,
    local: Local,
}

/// What a workspace has done to a key.
///
/// ```text
/// Untouched --add--> Added --read--> Put     (a read after an add has seen the sum)
///     \--write/delete--> Put <--write/add--> Deleted
/// ```
#[derive(Debug, Default)]
pub(crate) enum Local {
    #[default]
    Untouched,
    Added(i128),
    Put(Value),
    Deleted,
}

impl Slot {
    #[inline]
    pub(crate) fn put(&mut self, value: Value) {
        self.local = Local::Put(value);
    }

    pub(crate) fn delete(&mut self) {
        self.local = Local::Deleted;
    }

    #[inline]
    pub(crate) fn add(&mut self, delta: i128) {
        self.local = match std::mem::take(&mut self.local) {
            Local::Untouched => Local::Added(delta),
            Local::Added(before) => Local::Added(before.wrapping_add(delta)),
            Local::Put(value) => Local::Put(number::add_to_value(Some(&value), delta)),
            Local::Deleted => Local::Put(number::add_to_value(None, delta)),
        };
    }

    /// Its value.
    #[inline]
    pub(crate) fn read(&mut self, place: Place<'_>) -> Result<Option<Value>, Blocked> {
        self.is_read = true;
        let delta = match &self.local {
            Local::Put(value) => return Ok(Some(value.clone())),
            Local::Deleted => return Ok(None),
            Local::Untouched => return Ok(self.beneath(place)?.map(|entry| entry.value.clone())),
            Local::Added(delta) => *delta,
        };
        let sum = number::add_to_value(self.beneath(place)?.map(|entry| &entry.value), delta);
        self.local = Local::Put(sum.clone());
        Ok(Some(sum))
    }

    /// What is beneath.
    #[inline]
    pub(crate) fn beneath<'e>(
        &'e mut self,
        place: Place<'e>,
    ) -> Result<Option<&'e Entry>, Blocked> {
        if self.copy.is_some() || self.is_absent {
            return Ok(self.copy.as_ref());
        }
        let found = place.base.entry(place.key, place.slot, &mut self.copy)?;
        self.is_absent = found.is_none();
        Ok(found)
    }

    /// How it was touched so far.
    #[inline]
    pub(crate) const fn touch(&self) -> Touch {
        let changed = match self.local {
            Local::Untouched => Touch::NONE,
            Local::Added(_) => Touch::ADD,
            Local::Put(_) | Local::Deleted => Touch::WRITE,
        };
        if self.is_read { changed.with(Touch::READ) } else { changed }
    }

    /// What is done to it; it is done no more then.
    #[inline]
    pub(crate) fn take_local(&mut self) -> Local {
        std::mem::take(&mut self.local)
    }
}

/// Where a slot's key is beneath.
#[derive(Clone, Copy)]
pub(crate) struct Place<'e> {
    pub(crate) base: &'e dyn Base,
    pub(crate) key: &'e StateKey,
    pub(crate) slot: Option<usize>,
}

//! One key as a workspace sees it.

use heddle_types::StateKey;
use heddle_types::Touch;
use heddle_types::Value;

use crate::base::Base;
use crate::base::Blocked;
use crate::base::HeldEntry;
use crate::number;
use crate::workspace::Change;

/// One key as a workspace sees it.
#[derive(Debug, Default)]
pub(crate) struct Slot<'s> {
    /// What is beneath, once it was looked up.
    base: Option<HeldEntry<'s>>,
    is_read: bool,
    local: Local,
}

/// ```text
/// Untouched --add--> Added --read--> Put     (a read after an add has seen the sum)
///     \--write/delete--> Put <--write/add--> Deleted
/// ```
#[derive(Debug, Default)]
enum Local {
    #[default]
    Untouched,
    Added(i128),
    Put(Value),
    Deleted,
}

impl<'s> Slot<'s> {
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

    /// Its value; what is beneath `key` is looked up when that is needed.
    #[inline]
    pub(crate) fn read(
        &mut self,
        base: &'s dyn Base,
        key: &StateKey,
        base_slot: Option<usize>,
    ) -> Result<Option<Value>, Blocked> {
        self.is_read = true;
        match &self.local {
            Local::Put(value) => return Ok(Some(value.clone())),
            Local::Deleted => return Ok(None),
            Local::Untouched | Local::Added(_) => {}
        }
        let beneath = self.base(base, key, base_slot)?.get().map(|entry| entry.value.clone());
        let Local::Added(delta) = self.local else { return Ok(beneath) };
        let sum = number::add_to_value(beneath.as_ref(), delta);
        self.local = Local::Put(sum.clone());
        Ok(Some(sum))
    }

    /// What is beneath.
    #[inline]
    pub(crate) fn base(
        &mut self,
        base: &'s dyn Base,
        key: &StateKey,
        base_slot: Option<usize>,
    ) -> Result<&HeldEntry<'s>, Blocked> {
        if self.base.is_none() {
            self.base = Some(base.entry(key, base_slot)?);
        }
        Ok(self.base.as_ref().expect("it was just looked up"))
    }

    /// How it was touched so far.
    pub(crate) const fn touch(&self) -> Touch {
        let changed = match self.local {
            Local::Untouched => Touch::NONE,
            Local::Added(_) => Touch::ADD,
            Local::Put(_) | Local::Deleted => Touch::WRITE,
        };
        if self.is_read { changed.with(Touch::READ) } else { changed }
    }

    /// Whether what is beneath is part of its change and was not looked up yet.
    pub(crate) const fn needs_base(&self) -> bool {
        self.base.is_none() && matches!(self.local, Local::Put(_) | Local::Deleted)
    }

    /// What is done to it.
    ///
    /// # Panics
    /// When what is beneath is needed and was not looked up.
    pub(crate) fn take_change(&mut self) -> Option<Change<'s>> {
        let base = |slot: &mut Self| slot.base.take().expect("looked up before");
        match std::mem::take(&mut self.local) {
            Local::Untouched => None,
            Local::Added(delta) => Some(Change::Add(delta)),
            Local::Put(value) => Some(Change::Put { base: base(self), value }),
            Local::Deleted => Some(Change::Delete { base: base(self) }),
        }
    }
}

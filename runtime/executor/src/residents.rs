//! Resident objects of phase items: taken, flushed, and left for the next item. What they are is said in [`heddle_sdk::resident`].
//!
//! Why no stale object can be seen, whatever an executor keeps and however it was called before:
//!
//! 1. The stamp is a hash over the stamp before it and the parts flushed since. Only here is it written, and parts are written only with
//!    it: so, from the empty object on, equal stamps of one object mean equal parts.
//! 2. An object goes to an item only together with the stamp to which it was loaded or flushed, and only if that is the stamp that
//!    the item sees. So what the object is, is a function of what the item sees.
//! 3. An item that fails drops its object. Nothing that it did to the object is anywhere else.

use borsh::BorshSerialize;

use heddle_sdk::CallError;
use heddle_sdk::Program;
use heddle_sdk::Resident;
use heddle_sdk::ResidentKey;
use heddle_sdk::Workspace;
use heddle_sdk::limits::RESIDENT_PARTS_MAX;
use heddle_types::AccessMode;
use heddle_types::Domain;
use heddle_types::Hash32;
use heddle_types::StateKey;
use heddle_types::StateView;
use heddle_types::TxFailure;
use heddle_types::Value;
use heddle_types::limits::VALUE_BYTES_MAX;

use crate::panics;
use crate::phases::Item;

mod kept;

pub(crate) use kept::KeptResidents;

/// What stands at an object's key; nothing before its first part.
pub(crate) type Stamp = Option<Value>;

/// A part that was flushed: its key, and its value or none if it is gone.
pub(crate) type Part = (StateKey, Option<Value>);

/// Bytes of a stamp: as many as a value holds in place, nearly, so that nobody finds two histories with one stamp.
const STAMP_BYTES: usize = 24;

/// Bytes that a part takes besides its value in what the stamp is a hash of, with room for the stamp before.
const KEY_BYTES_ABOUT: usize = 128;

/// Where items get their objects.
pub(crate) trait Objects {
    /// The object as it is at this stamp; none if its program cannot load it.
    ///
    /// # Errors
    /// [`Unavailable`] when it would have to be loaded here, where nothing can be.
    fn take(&mut self, wanted: Wanted<'_>) -> Result<Option<Box<dyn Resident>>, Unavailable>;

    /// Leaves an object for the next item.
    fn keep(&mut self, key: &ResidentKey, stamp: Stamp, object: Box<dyn Resident>);
}

/// The object that an item needs is neither at hand nor can it be loaded. The execution of the item is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable;

/// An object at a stamp, and whose it is.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) program: &'a dyn Program,
    pub(crate) key: &'a ResidentKey,
    pub(crate) stamp: &'a Stamp,
}

/// For items that run one after the other: an object that is not kept is loaded from the parts in this state.
pub(crate) struct KeptOrLoaded<'a> {
    pub(crate) kept: Option<&'a mut KeptResidents>,
    pub(crate) state: &'a dyn StateView,
}

impl Objects for KeptOrLoaded<'_> {
    fn take(&mut self, wanted: Wanted<'_>) -> Result<Option<Box<dyn Resident>>, Unavailable> {
        let Wanted { program, key, stamp } = wanted;
        let kept = self.kept.as_mut().and_then(|kept| kept.take(key, stamp));
        Ok(kept.or_else(|| load(program, key, self.state)))
    }

    fn keep(&mut self, key: &ResidentKey, stamp: Stamp, object: Box<dyn Resident>) {
        if let Some(kept) = &mut self.kept {
            kept.put(*key, stamp, object);
        }
    }
}

/// Makes an object from its parts in `state`; none if its program refuses or panics.
pub(crate) fn load(
    program: &dyn Program,
    key: &ResidentKey,
    state: &dyn StateView,
) -> Option<Box<dyn Resident>> {
    let mut read = |suffix: &[u8]| state.entry(&key.part(suffix)?).map(|entry| entry.value);
    panics::catch(|| program.load_resident(key.name(), &mut read)).ok()?.ok()
}

/// The object that an item names, with the slot of its stamp, if it may have it.
pub(crate) fn named(item: &Item) -> Option<(&ResidentKey, usize)> {
    let key = item.work.resident.as_ref().filter(|key| key.program() == item.program)?;
    Some((key, item.work.access.slot_for(key.stamp(), AccessMode::Write)?))
}

/// An object while an item runs.
pub(crate) struct InUse<'i> {
    key: &'i ResidentKey,
    slot: usize,
    stamp: Stamp,
    object: Box<dyn Resident>,
}

impl<'i> InUse<'i> {
    /// The item's object; none if it names none or that cannot be loaded.
    pub(crate) fn take(
        program: &dyn Program,
        item: &'i Item,
        work: &mut Workspace<'_>,
        objects: &mut dyn Objects,
    ) -> Result<Option<Self>, Unavailable> {
        let Some((key, slot)) = named(item) else {
            return Ok(None);
        };
        let beneath = work.beneath(slot).expect("all that an item declares is known when it runs");
        let stamp = beneath.map(|entry| entry.value.clone());
        let object = objects.take(Wanted { program, key, stamp: &stamp })?;
        Ok(object.map(|object| Self { key, slot, stamp, object }))
    }

    pub(crate) fn object(&mut self) -> &mut (dyn Resident + 'static) {
        self.object.as_mut()
    }

    /// Adds the parts that changed to `parts`, by key, and puts the stamp that they make. Whatever does not fit fails the item. Calls
    /// the program.
    pub(crate) fn flush(
        &mut self,
        work: &mut Workspace<'_>,
        parts: &mut Vec<Part>,
    ) -> Result<(), CallError> {
        let key = self.key;
        self.object.flush(&mut |suffix, value| {
            // The failure is the workspace's.
            let _fits = put_part(key, (suffix, value), work, parts);
        });
        if parts.is_empty() {
            return Ok(());
        }
        // The last to a key holds.
        parts.reverse();
        parts.sort_by_key(|part| part.0);
        parts.dedup_by_key(|part| part.0);
        let stamp = next_stamp(key, &self.stamp, parts);
        work.put(self.slot, stamp.clone());
        self.stamp = Some(stamp);
        Ok(())
    }

    /// Leaves it for the next item.
    pub(crate) fn keep(self, objects: &mut dyn Objects) {
        objects.keep(self.key, self.stamp, self.object);
    }
}

fn put_part(
    key: &ResidentKey,
    (suffix, value): (&[u8], Option<Value>),
    work: &mut Workspace<'_>,
    parts: &mut Vec<Part>,
) -> Result<(), CallError> {
    let len = value.as_ref().map_or(0, |value| value.as_bytes().len());
    work.charge_put(suffix.len().saturating_add(len))?;
    match key.part(suffix) {
        Some(part) if len <= VALUE_BYTES_MAX && parts.len() < RESIDENT_PARTS_MAX => {
            parts.push((part, value));
            Ok(())
        }
        Some(_) | None => Err(work.fail(TxFailure::OutOfMeter).into()),
    }
}

fn next_stamp(key: &ResidentKey, before: &Stamp, parts: &[Part]) -> Value {
    let len = |(_, value): &Part| value.as_ref().map_or(0, |value| value.as_bytes().len());
    let len = parts.iter().map(|part| KEY_BYTES_ABOUT.saturating_add(len(part))).sum();
    let mut bytes = Vec::with_capacity(len);
    (key.stamp(), before, parts).serialize(&mut bytes).expect("writing into memory");
    let hash = Hash32::of(Domain::RESIDENT, &[&bytes]);
    Value::new(&hash.as_bytes()[..STAMP_BYTES])
}

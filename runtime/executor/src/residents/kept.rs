//! Resident objects that stay in memory from block to block.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use heddle_sdk::Programs;
use heddle_sdk::Resident;
use heddle_sdk::ResidentKey;
use heddle_sdk::limits::RESIDENTS_KEPT_MAX;
use heddle_types::StateView;

use crate::phases::Item;
use crate::residents;
use crate::residents::Stamp;

/// An object with the stamp to which it was loaded or flushed.
struct Held {
    stamp: Stamp,
    object: Box<dyn Resident>,
    /// When it was used last; in memory, each is another.
    used: u64,
}

/// Objects in memory, at most so many: the one that was not used for longest goes.
pub(crate) struct KeptResidents {
    max: usize,
    /// Whose objects these are.
    programs: Option<Programs>,
    objects: BTreeMap<ResidentKey, Held>,
    by_use: BTreeMap<u64, ResidentKey>,
    uses: u64,
}

impl Default for KeptResidents {
    fn default() -> Self {
        Self {
            max: RESIDENTS_KEPT_MAX,
            programs: None,
            objects: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
        }
    }
}

impl KeptResidents {
    /// Begins a block, which these programs execute. Objects of others are of no use to them.
    pub(crate) fn begin(&mut self, programs: &Programs) {
        if !self.programs.as_ref().is_some_and(|known| known.is_same(programs)) {
            self.objects.clear();
            self.by_use.clear();
            self.programs = Some(programs.clone());
        }
    }

    /// Keeps at most `max` from here on.
    pub(crate) fn set_max(&mut self, max: usize) {
        self.max = max;
        self.evict();
    }

    /// Puts an object into memory, as it is at this stamp.
    pub(crate) fn put(&mut self, key: ResidentKey, stamp: Stamp, object: Box<dyn Resident>) {
        self.remove(&key);
        self.uses += 1;
        let used = self.uses;
        self.by_use.insert(used, key);
        self.objects.insert(key, Held { stamp, object, used });
        self.evict();
    }

    /// Takes an object out of memory, if it is there as it is at this stamp. One at another stamp is dropped.
    pub(crate) fn take(&mut self, key: &ResidentKey, stamp: &Stamp) -> Option<Box<dyn Resident>> {
        let held = self.remove(key)?;
        (held.stamp == *stamp).then_some(held.object)
    }

    /// Whether more objects than may be in memory are named by these items.
    pub(crate) fn is_outnumbered(&self, items: &[Item]) -> bool {
        let named = items.iter().filter_map(residents::named);
        let named: BTreeSet<_> = named.map(|(key, _)| key).collect();
        named.len() > self.max
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// What is wrong with the first object that is not what its program loads from `state`. Objects at other stamps do not count.
    pub(crate) fn first_difference(&self, state: &dyn StateView) -> Option<String> {
        let programs = self.programs.as_ref()?;
        let is_current = |(key, held): &(&ResidentKey, &Held)| {
            state.entry(key.stamp()).map(|entry| entry.value) == held.stamp
        };
        self.objects.iter().filter(is_current).find_map(|(key, held)| {
            let program = programs.get(key.program())?;
            let loaded = residents::load(program, key, state).map(|object| object.image());
            let image = held.object.image();
            (loaded.as_ref() != Some(&image)).then(|| {
                format!("{} {:?}: {image:?} in memory, {loaded:?} loaded", key.stamp(), held.stamp)
            })
        })
    }

    fn remove(&mut self, key: &ResidentKey) -> Option<Held> {
        let held = self.objects.remove(key)?;
        self.by_use.remove(&held.used);
        Some(held)
    }

    fn evict(&mut self) {
        while self.objects.len() > self.max
            && let Some((_, key)) = self.by_use.pop_first()
        {
            self.objects.remove(&key);
        }
    }
}
